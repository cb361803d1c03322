//! GitLab's shapes (docs.gitlab.com/api).

use rollbook::platform::Kind;
use serde_json::{Value, json};

use super::{Answered, Asked, Commit, Entry, Pull, State, me};

impl State {
    pub(super) fn gitlab(&mut self, asked: &Asked<'_>) -> Answered {
        let own = me(Kind::GitLab);
        if asked.parts == ["user"] {
            return Answered::One(json!({ "id": 7, "username": "project_17_bot" }));
        }
        assert_eq!(&asked.parts[..2.min(asked.parts.len())], ["projects", "17"]);
        match (asked.method, &asked.parts[2..]) {
            ("GET", []) => Answered::One(json!({ "id": 17, "default_branch": self.default_branch })),
            ("GET", ["repository", "branches", branch]) => {
                Answered::One(json!({ "name": branch, "commit": { "id": self.tip(branch) } }))
            }
            ("GET", ["merge_requests"]) => {
                assert_eq!(asked.asks("state"), "merged");
                let of = |it: &&Pull| it.merged.is_some() && it.target == asked.asks("target_branch");
                Answered::List(self.pulls.iter().filter(of).map(|pull| self.merge_request(pull)).collect())
            }
            ("GET", ["merge_requests", number]) => {
                self.pull(number).map_or(Answered::Missing, |it| Answered::One(self.merge_request(it)))
            }
            ("GET", ["merge_requests", number, "commits"]) => {
                let of = self.pull(number).map(|pull| self.commits_of(pull)).unwrap_or_default();
                Answered::List(of.iter().map(commit).collect())
            }
            ("GET", ["merge_requests", number, "notes"]) => {
                let mut notes: Vec<Value> = self.comments_of(number).into_iter().map(note).collect();
                let system = |body: &str| json!({ "id": 9_000, "body": body, "system": true, "author": { "id": 1, "username": "ada" } });
                notes.extend(
                    self.pull(number)
                        .filter(|pull| pull.by == "ada")
                        .map(|_| system("requested review from @bruno")),
                );
                Answered::List(notes)
            }
            ("POST", ["merge_requests", number, "notes"]) => {
                let made = self.add(false, number.parse().unwrap(), own, String::new(), asked.text("body"));
                Answered::Made(note(&made))
            }
            ("PUT", ["merge_requests", _, "notes", id]) => match self.entry(false, id) {
                None => Answered::Missing,
                Some(it) => {
                    it.body = asked.text("body");
                    Answered::One(note(it))
                }
            },
            ("DELETE", ["merge_requests", _, "notes", id]) => self.delete(id),
            ("GET", ["events"]) => {
                let pushes = self.pushes.iter().rev().map(|push| {
                    let author = push.by.as_ref().map(|by| json!({ "id": 1, "username": by }));
                    let action = match (&push.before, &push.after) {
                        (_, None) => "removed",
                        (None, _) => "created",
                        (Some(_), Some(_)) => "pushed",
                    };
                    json!({
                        "action_name": "pushed to", "author": author, "created_at": format!("{}T10:00:00.000Z", push.day),
                        "push_data": {
                            "ref_type": "branch", "ref": push.branch, "action": action, "commit_from": push.before,
                            "commit_to": push.after,
                        },
                    })
                });
                Answered::List(pushes.collect())
            }
            ("GET", ["repository", "commits", sha, "merge_requests"]) => Answered::List(
                self.pulls_with(sha).into_iter().map(|pull| self.merge_request(pull)).collect(),
            ),
            ("GET", ["repository", "compare"]) => {
                let commits = self.compared(asked.asks("from"), asked.asks("to"));
                Answered::One(json!({ "commits": commits.iter().map(commit).collect::<Vec<_>>() }))
            }
            ("GET", ["deployments"]) => {
                assert_eq!((asked.asks("environment"), asked.asks("sort")), ("rollbook-apply", "desc"));
                let runs = self.runs.iter().rev().filter(|run| run.success).map(|run| {
                    // One that the API made has no job.
                    let job = (run.source != "api").then(|| {
                        json!({ "name": "apply", "ref": run.branch, "tag": false, "pipeline": { "source": run.source } })
                    });
                    json!({ "sha": run.commit, "ref": run.branch, "status": "success", "deployable": job })
                });
                Answered::List(runs.collect())
            }
            ("GET", ["issues"]) => {
                let of = |it: &&Entry| it.open && it.author == asked.asks("author_id");
                Answered::List(self.issues.iter().filter(of).map(issue).collect())
            }
            ("POST", ["issues"]) => {
                let made = self.add(true, 0, own, asked.text("title"), asked.text("description"));
                Answered::Made(issue(&made))
            }
            ("PUT", ["issues", id]) => {
                let it = self.entry(true, id).unwrap();
                if asked.sent["state_event"] == "close" {
                    it.open = false;
                } else {
                    (it.title, it.body) = (asked.text("title"), asked.text("description"));
                }
                Answered::One(issue(it))
            }
            _ => asked.unknown(),
        }
    }

    fn merge_request(&self, pull: &Pull) -> Value {
        let behind = self.commits(&[&self.tip(&pull.target), &format!("^{}", pull.head)]).len();
        let state = match (pull.open, &pull.merged) {
            (true, _) => "opened",
            (false, Some(_)) => "merged",
            (false, None) => "closed",
        };
        json!({
            "iid": pull.number, "title": pull.title, "sha": pull.head, "state": state, "source_branch": pull.branch,
            "target_branch": pull.target, "source_project_id": if pull.fork { 18 } else { 17 }, "target_project_id": 17,
            "author": { "id": 1, "username": pull.by }, "created_at": "2026-11-20T10:00:00.000Z",
            "diverged_commits_count": behind, "merge_commit_sha": pull.merged,
        })
    }
}

/// GitLab shows for a commit what its author wrote, and no account.
fn commit(commit: &Commit) -> Value {
    json!({ "id": commit.id, "author_email": commit.author, "committer_email": commit.committer })
}

fn author(it: &Entry) -> Value {
    json!({ "id": it.author.parse::<u64>().unwrap_or(8), "username": "somebody" })
}

fn note(it: &Entry) -> Value {
    json!({ "id": it.id, "body": it.body, "author": author(it), "system": false })
}

fn issue(it: &Entry) -> Value {
    json!({ "iid": it.id, "title": it.title, "description": it.body, "author": author(it) })
}
