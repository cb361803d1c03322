//! Bitbucket Cloud's shapes (developer.atlassian.com/cloud/bitbucket/rest).

use rollbook::platform::Kind;
use serde_json::{Value, json};

use super::{Answered, Asked, Commit, Entry, Pull, State, me};

impl State {
    pub(super) fn bitbucket(&mut self, asked: &Asked<'_>) -> Answered {
        let own = me(Kind::Bitbucket);
        if asked.parts == ["user"] {
            return Answered::One(json!({ "uuid": own, "account_id": "712020:robot" }));
        }
        assert_eq!(&asked.parts[..3.min(asked.parts.len())], ["repositories", "acme", "access"]);
        match (asked.method, &asked.parts[3..]) {
            ("GET", []) => Answered::One(json!({ "mainbranch": { "name": self.default_branch } })),
            ("GET", ["refs", "branches", branch]) => {
                Answered::One(json!({ "name": branch, "target": { "hash": self.tip(branch) } }))
            }
            ("GET", ["pullrequests"]) => {
                let query = asked.asks("q");
                assert!(query.contains("state=\"MERGED\""), "{query}");
                let of = |it: &&Pull| {
                    it.merged.is_some()
                        && query.contains(&format!("destination.branch.name=\"{}\"", it.target))
                };
                Answered::List(self.pulls.iter().rev().filter(of).map(pull).collect())
            }
            ("GET", ["pullrequests", number]) => {
                self.pull(number).map_or(Answered::Missing, |it| Answered::One(pull(it)))
            }
            ("GET", ["commit", id]) => {
                let parents = self.commits(&["-1", id]).remove(0).parents;
                let parents = parents.iter().map(|id| json!({ "hash": id })).collect::<Vec<_>>();
                Answered::One(json!({ "hash": id, "parents": parents }))
            }
            ("GET", ["commits", revision]) => {
                if self.forgotten {
                    return Answered::Missing;
                }
                let of = self.commits(&[*revision, &format!("^{}", asked.asks("exclude"))]);
                Answered::List(of.iter().map(|it| self.bitbucket_commit(it)).collect())
            }
            // None once the branch is gone.
            ("GET", ["pullrequests", number, "commits"]) => {
                let pull = self.pull(number).filter(|pull| !pull.gone);
                let of = pull.map(|pull| self.commits_of(pull)).unwrap_or_default();
                Answered::List(of.iter().map(|it| self.bitbucket_commit(it)).collect())
            }
            ("GET", ["pullrequests", number, "activity"]) => {
                let pull = self.pull(number).unwrap();
                let update = |by: Option<&String>, commit: &str| {
                    let author = by.map(|by| user(by));
                    json!({ "update": { "author": author, "source": { "commit": { "hash": short(commit) } } } })
                };
                let (head, before) = &pull.opened;
                let since = self.pushes[*before..].iter().rev().filter(|push| push.branch == pull.branch);
                let since = since.filter_map(|push| Some(update(push.by.as_ref(), push.after.as_ref()?)));
                let approval = json!({ "approval": { "user": user("chen") } });
                Answered::List(since.chain([approval, update(Some(&pull.by), head)]).collect())
            }
            ("GET", ["pullrequests", number, "comments"]) => {
                let deleted =
                    json!({ "id": 9_000, "content": { "raw": "" }, "user": user("ada"), "deleted": true });
                let shown = self.comments_of(number).into_iter().map(comment);
                Answered::List(shown.chain([deleted]).collect())
            }
            ("POST", ["pullrequests", number, "comments"]) => {
                let body = raw(asked.sent);
                // Not documented; more are refused by the server product.
                assert!(body.encode_utf16().count() <= 32_768, "the comment is too long");
                let made = self.add(false, number.parse().unwrap(), own, String::new(), body);
                Answered::Made(comment(&made))
            }
            ("PUT", ["pullrequests", _, "comments", id]) => match self.entry(false, id) {
                None => Answered::Missing,
                Some(it) => {
                    it.body = raw(asked.sent);
                    Answered::One(comment(it))
                }
            },
            ("DELETE", ["pullrequests", _, "comments", id]) => self.delete(id),
            ("GET", ["pipelines"]) => {
                assert_eq!((asked.asks("status"), asked.asks("sort")), ("PASSED", "-created_on"));
                assert_eq!(
                    (asked.asks("trigger_type"), asked.asks("target.selector.type")),
                    ("PUSH", "BRANCH")
                );
                let runs = self.runs.iter().rev().filter(|run| run.success).map(|run| {
                    let selector = if run.source == "schedule" { "custom" } else { "branches" };
                    let trigger = if run.source == "manual" { "manual" } else { "push" };
                    json!({
                        "trigger": { "type": format!("pipeline_trigger_{trigger}") },
                        "target": {
                            "type": "pipeline_ref_target", "ref_type": "branch", "ref_name": run.branch,
                            "commit": { "hash": run.commit }, "selector": { "type": selector },
                        },
                        "state": { "name": "COMPLETED", "result": { "name": "SUCCESSFUL" } },
                    })
                });
                Answered::List(runs.collect())
            }
            _ => asked.unknown(),
        }
    }

    fn bitbucket_commit(&self, commit: &Commit) -> Value {
        let user = self.accounts.get(&commit.author).map(|name| user(name));
        json!({ "hash": commit.id, "author": { "raw": format!("Somebody <{}>", commit.author), "user": user } })
    }
}

fn user(name: &str) -> Value {
    json!({ "account_id": format!("712020:{name}"), "uuid": format!("{{{name}}}"), "nickname": "ada" })
}

fn short(id: &str) -> &str {
    &id[..12]
}

fn pull(pull: &Pull) -> Value {
    let state = match (pull.open, &pull.merged) {
        (true, _) => "OPEN",
        (false, Some(_)) => "MERGED",
        (false, None) => "DECLINED",
    };
    let own = json!({ "full_name": "acme/access" });
    json!({
        "id": pull.number, "title": pull.title, "state": state, "author": user(&pull.by),
        "source": { "repository": if pull.fork { Value::Null } else { own.clone() }, "branch": { "name": pull.branch }, "commit": { "hash": short(&pull.head) } },
        "destination": { "repository": own, "branch": { "name": pull.target }, "commit": { "hash": short(&pull.base) } },
        "merge_commit": pull.merged.as_ref().map(|id| json!({ "hash": short(id) })),
    })
}

fn raw(sent: &Value) -> String {
    sent["content"]["raw"].as_str().unwrap().to_owned()
}

fn comment(it: &Entry) -> Value {
    json!({ "id": it.id, "content": { "raw": it.body }, "user": { "uuid": it.author }, "deleted": false })
}
