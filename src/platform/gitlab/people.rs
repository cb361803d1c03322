//! Who is behind a merge request or a commit on GitLab.
//!
//! For a commit, GitLab reports the names that its author wrote, but no account. The project's events report who pushed, and
//! so do the system notes of a merge request once it is open.

use jiff::Timestamp;
use serde::Deserialize;

use super::{MergeRequest, User};
use crate::platform::error::{Error, Lacking};
use crate::platform::people::Person;
use crate::platform::service::{PullRequest, Service, part};
use crate::platform::trace::{self, Back, Push, Told};

#[derive(Deserialize)]
struct Commit {
    id: String,
    author_email: Option<String>,
    committer_email: Option<String>,
}

#[derive(Deserialize)]
struct Note {
    system: bool,
    body: String,
    author: Option<User>,
}

#[derive(Deserialize)]
struct Event {
    created_at: Option<Timestamp>,
    author: Option<User>,
    push_data: Option<PushData>,
}

#[derive(Deserialize)]
struct PushData {
    ref_type: String,
    #[serde(rename = "ref")]
    branch: Option<String>,
    action: Option<String>,
    commit_from: Option<String>,
    commit_to: Option<String>,
}

#[derive(Deserialize)]
struct Comparison {
    commits: Vec<Commit>,
}

/// Reads the commits of a merge request (`GET /projects/:id/merge_requests/:iid/commits`), and who added some since it was
/// opened (`GET /projects/:id/merge_requests/:iid/notes`).
pub(in crate::platform) async fn told(service: &Service, pull: &PullRequest) -> Result<Told, Error> {
    let path = service.of_project(&format!("/merge_requests/{}/commits", pull.number));
    let commits: Vec<Commit> = service.client.list(&path, Lacking::Reads).await?;
    let path =
        service.of_project(&format!("/merge_requests/{}/notes?activity_filter=only_activity", pull.number));
    let notes: Vec<Note> = service.client.list(&path, Lacking::Reads).await?;
    let added = notes.iter().filter(|note| note.system && tells_of_commits(&note.body));
    let people = added.filter_map(|note| note.author.as_ref()).map(account).collect();
    Ok(Told { commits: commits.iter().map(committed).collect(), pushes: None, people })
}

/// Whether a note is like `added 1 commit`, whose author pushed it; `added 1h of time spent` is not.
fn tells_of_commits(note: &str) -> bool {
    let mut words = note.split_whitespace();
    words.next() == Some("added") && words.nth(1).is_some_and(|what| what.starts_with("commit"))
}

/// `GET /projects/:id/merge_requests?state=merged&target_branch=BRANCH`.
pub(in crate::platform) async fn merged_into(
    service: &Service,
    branch: &str,
) -> Result<Vec<PullRequest>, Error> {
    let path = service.of_project(&format!("/merge_requests?state=merged&target_branch={}", part(branch)));
    merged(service, &path, branch).await
}

/// Finds the merge requests that brought a commit to a branch: `GET /projects/:id/repository/commits/:sha/merge_requests`.
pub(in crate::platform) async fn brought(
    service: &Service,
    commit: &str,
    branch: &str,
) -> Result<Vec<PullRequest>, Error> {
    let path = service.of_project(&format!("/repository/commits/{commit}/merge_requests"));
    merged(service, &path, branch).await
}

async fn merged(service: &Service, path: &str, branch: &str) -> Result<Vec<PullRequest>, Error> {
    let requests: Vec<MergeRequest> = service.client.list(path, Lacking::Reads).await?;
    let merged = requests.into_iter().filter(|it| it.state == "merged" && it.target_branch == branch);
    Ok(merged.map(Into::into).collect())
}

/// `GET /projects/:id/events?action=pushed`, newest first. `push_data.action` is `created` if the push created the branch,
/// and a push that removes it has no `commit_to` (docs.gitlab.com/api/events; `EventCreateService` and `PushEventPayload` in
/// GitLab's sources). A merge is a push to its target by the person who merged.
pub(in crate::platform) async fn pushes(service: &Service, back: &Back<'_>) -> Result<Vec<Push>, Error> {
    let enough = |read: &[Event]| {
        back.is_reached(read.iter().map(|event| {
            let data = event.push_data.as_ref();
            let branch = data.and_then(|data| data.branch.as_deref()).unwrap_or_default();
            let after = data.and_then(|data| data.commit_to.as_deref()).unwrap_or_default();
            (event.created_at, branch, after)
        }))
    };
    let path = service.of_project("/events?action=pushed");
    let events: Vec<Event> = service.client.list_until(&path, Lacking::Reads, enough).await?;
    let push = |event: Event| {
        let data = event.push_data.filter(|data| data.ref_type == "branch")?;
        let (branch, after) = (data.branch?, data.commit_to?);
        let by =
            somebody(event.author.as_ref(), || format!("the account that pushed {after}, which is gone"));
        let made = data.action.as_deref() == Some("created");
        let before = (!made).then(|| data.commit_from.unwrap_or_default());
        Some(Push { branch, before, after, by: Some(by) })
    };
    Ok(events.into_iter().filter_map(push).collect())
}

/// `GET /projects/:id/repository/compare?from=…&to=…`, with 404 if a commit no longer exists. The listing of a merge request's
/// own commits reports no parents.
pub(in crate::platform) async fn between(
    service: &Service,
    from: &str,
    to: &str,
) -> Result<Option<Vec<trace::Commit>>, Error> {
    let path = service.of_project(&format!("/repository/compare?from={from}&to={to}"));
    let found: Option<Comparison> = service.client.find(&path, Lacking::Reads).await?;
    Ok(found.map(|found| found.commits.iter().map(committed).collect()))
}

fn account(user: &User) -> Person {
    Person::Account(user.username.clone())
}

pub(super) fn somebody(user: Option<&User>, gone: impl FnOnce() -> String) -> Person {
    user.map_or_else(|| Person::Unknown(gone()), account)
}

/// A commit's author and committer.
fn committed(commit: &Commit) -> trace::Commit {
    let person = |email: &Option<String>| match email.as_deref() {
        Some(email) => no_reply(email).unwrap_or_else(|| Person::Email(email.to_owned())),
        None => Person::Unknown(format!("the author of {}", commit.id)),
    };
    let people = [&commit.author_email, &commit.committer_email].map(person).into();
    trace::Commit { id: commit.id.clone(), people }
}

/// The account of the address that GitLab gives to users who hide theirs: `ID-USERNAME@users.noreply.HOST`.
fn no_reply(email: &str) -> Option<Person> {
    let (name, host) = email.split_once('@')?;
    let (id, username) = name.split_once('-')?;
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    (is_id && host.starts_with("users.noreply.")).then(|| Person::Account(username.to_owned()))
}
