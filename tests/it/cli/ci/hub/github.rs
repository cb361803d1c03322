//! GitHub's shapes (github/rest-api-description).

use rollbook::platform::Kind;
use serde_json::{Value, json};

use super::{Answered, Asked, Commit, Entry, Pull, Push, State, me};

impl State {
    pub(super) fn github(&mut self, asked: &Asked<'_>) -> Answered {
        let own = me(Kind::GitHub);
        assert_eq!(&asked.parts[..3.min(asked.parts.len())], ["repos", "acme", "access"]);
        match (asked.method, &asked.parts[3..]) {
            ("GET", []) => {
                Answered::One(json!({ "full_name": "acme/access", "default_branch": self.default_branch }))
            }
            ("GET", ["branches", branch]) => {
                Answered::One(json!({ "name": branch, "commit": { "sha": self.tip(branch) } }))
            }
            ("GET", ["pulls"]) => {
                if asked.asks("state") == "closed" {
                    let of = |it: &&Pull| !it.open && it.target == asked.asks("base");
                    return Answered::List(self.pulls.iter().filter(of).map(pull).collect());
                }
                assert_eq!(asked.asks("state"), "all");
                let of = |pull: &&Pull| asked.asks("head") == format!("{}:{}", owner(pull), pull.branch);
                Answered::List(self.pulls.iter().filter(of).map(pull).collect())
            }
            ("GET", ["pulls", number]) => {
                self.pull(number).map_or(Answered::Missing, |it| Answered::One(pull(it)))
            }
            ("GET", ["pulls", number, "commits"]) => {
                let of = self.pull(number).map(|pull| self.commits_of(pull)).unwrap_or_default();
                Answered::List(of.iter().map(|it| self.github_commit(it)).collect())
            }
            ("GET", ["activity"]) => {
                let of = |it: &Value| asked.asks("ref").is_empty() || it["ref"] == asked.asks("ref");
                Answered::List(self.pushes.iter().rev().map(activity).filter(of).collect())
            }
            ("GET", ["commits", sha, "pulls"]) => {
                Answered::List(self.pulls_with(sha).into_iter().map(pull).collect())
            }
            ("GET", ["compare", range]) => {
                let (from, to) = range.split_once("...").unwrap();
                let commits: Vec<Value> =
                    self.compared(from, to).iter().map(|it| self.github_commit(it)).collect();
                Answered::One(json!({ "total_commits": commits.len(), "commits": commits }))
            }
            ("GET", ["actions", "workflows", "apply.yml", "runs"]) => {
                let runs = self.runs.iter().rev().map(|run| {
                    json!({
                        "head_sha": run.commit, "head_branch": run.branch, "event": run.source,
                        "conclusion": if run.success { "success" } else { "failure" },
                        "head_repository": { "full_name": "acme/access" },
                    })
                });
                Answered::One(
                    json!({ "total_count": self.runs.len(), "workflow_runs": runs.collect::<Vec<_>>() }),
                )
            }
            ("GET", ["issues", number, "comments"]) => {
                Answered::List(self.comments_of(number).into_iter().map(entry).collect())
            }
            ("POST", ["issues", number, "comments"]) => {
                let made = self.add(false, number.parse().unwrap(), own, String::new(), asked.text("body"));
                Answered::Made(entry(&made))
            }
            ("PATCH", ["issues", "comments", id]) => match self.entry(false, id) {
                None => Answered::Missing,
                Some(it) => {
                    it.body = asked.text("body");
                    Answered::One(entry(it))
                }
            },
            ("DELETE", ["issues", "comments", id]) => self.delete(id),
            ("GET", ["issues"]) => {
                let of = |it: &&Entry| it.open && it.author == asked.asks("creator");
                Answered::List(self.issues.iter().filter(of).map(entry).collect())
            }
            ("POST", ["issues"]) => {
                let made = self.add(true, 0, own, asked.text("title"), asked.text("body"));
                Answered::Made(entry(&made))
            }
            ("PATCH", ["issues", id]) => {
                let it = self.entry(true, id).unwrap();
                if asked.sent["state"] == "closed" {
                    it.open = false;
                } else {
                    (it.title, it.body) = (asked.text("title"), asked.text("body"));
                }
                Answered::One(entry(it))
            }
            _ => asked.unknown(),
        }
    }

    fn github_commit(&self, commit: &Commit) -> Value {
        // A commit whose email belongs to no account has nothing there, or an empty object.
        let user = |email: &String| match email.as_str() {
            "noreply@github.com" => json!({ "login": "web-flow" }),
            email => self.accounts.get(email).map_or(json!({}), |login| json!({ "login": login })),
        };
        json!({
            "sha": commit.id, "author": user(&commit.author), "committer": user(&commit.committer),
            "commit": { "author": { "email": commit.author }, "committer": { "email": commit.committer } },
            "parents": commit.parents.iter().map(|id| json!({ "sha": id })).collect::<Vec<_>>(),
        })
    }
}

fn activity(push: &Push) -> Value {
    let kind = match (&push.before, &push.after) {
        _ if push.merge => "pr_merge",
        (_, None) => "branch_deletion",
        (None, _) => "branch_creation",
        (Some(_), Some(_)) => "push",
    };
    let or_none = |commit: &Option<String>| commit.clone().unwrap_or_else(|| "0".repeat(40));
    json!({
        "before": or_none(&push.before), "after": or_none(&push.after), "activity_type": kind,
        "ref": format!("refs/heads/{}", push.branch), "timestamp": format!("{}T10:00:00Z", push.day),
        "actor": push.by.as_ref().map(|by| json!({ "login": by })),
    })
}

fn owner(pull: &Pull) -> &str {
    if pull.fork { &pull.by } else { "acme" }
}

fn pull(pull: &Pull) -> Value {
    json!({
        "number": pull.number, "title": pull.title, "state": if pull.open { "open" } else { "closed" }, "user": { "login": pull.by },
        "head": { "sha": pull.head, "ref": pull.branch, "repo": { "full_name": format!("{}/access", owner(pull)) } },
        "base": { "sha": pull.base, "ref": pull.target, "repo": { "full_name": "acme/access" } },
        "created_at": "2026-11-20T10:00:00Z",
        "merged_at": pull.merged.as_ref().map(|_| "2026-11-22T10:00:00Z"), "merge_commit_sha": pull.merged,
    })
}

fn entry(it: &Entry) -> Value {
    json!({ "id": it.id, "number": it.id, "user": { "login": it.author }, "title": it.title, "body": it.body })
}
