//! Who is behind a pull request or a commit on Bitbucket.
//!
//! Accounts are identified by `account_id`, since users may change their nickname.

use serde::Deserialize;

use super::{Pull, User, short};
use crate::platform::error::{Error, Lacking};
use crate::platform::people::{People, Person};
use crate::platform::range::same_commit;
use crate::platform::service::{PullRequest, Service, part};
use crate::platform::trace::{self, Push, Told};

#[derive(Deserialize)]
struct Commit {
    hash: String,
    author: Author,
}

#[derive(Deserialize)]
struct Author {
    /// `Name <email>`, as the commit has it.
    raw: Option<String>,
    /// Missing if no account has the email.
    user: Option<User>,
}

#[derive(Deserialize)]
struct Activity {
    update: Option<Update>,
}

#[derive(Deserialize)]
struct Update {
    author: Option<User>,
    source: Option<super::End>,
}

/// Reads a pull request's commits, and who pushed each new state of its branch since it was opened
/// (`GET /repositories/{workspace}/{repo_slug}/pullrequests/{id}/activity`: there is an `update` for its opening, for each new
/// state, and for edits of the title). Bitbucket does not report who pushed before the opening, so the opening does not
/// count as a push.
pub(in crate::platform) async fn told(service: &Service, pull: &PullRequest) -> Result<Told, Error> {
    let number = pull.number;
    let path = service.of_repository(&format!("/pullrequests/{number}/commits"));
    let mut commits = listed(service, &path).await?.unwrap_or_default();
    if commits.is_empty() {
        commits = merged(service, pull).await?;
    }
    let mut people = People::new();
    if commits.is_empty() {
        people.insert(Person::Unknown(format!("the authors of pull request {number}, whose branch is gone")));
    }
    let Some(branch) = &pull.branch else { return Ok(Told { commits, pushes: None, people }) };
    let path = service.of_repository(&format!("/pullrequests/{number}/activity"));
    let activities: Vec<Activity> = service.client.list(&path, Lacking::Reads).await?;
    let updates: Vec<Update> = activities.into_iter().filter_map(|activity| activity.update).collect();
    let push = |states: &[Update]| {
        let [update, older] = states else { return None };
        let gone = || format!("the account that brought {} to pull request {number}", update.commit());
        (update.commit() != older.commit()).then(|| Push {
            branch: branch.clone(),
            before: Some(older.commit()),
            after: update.commit(),
            by: Some(somebody(update.author.as_ref(), gone)),
        })
    };
    Ok(Told { commits, pushes: Some(updates.windows(2).filter_map(push).collect()), people })
}

/// Lists commits; `None` if the fork, a branch or a commit no longer exists.
async fn listed(service: &Service, path: &str) -> Result<Option<Vec<trace::Commit>>, Error> {
    match service.client.list::<Commit>(path, Lacking::Reads).await {
        Err(Error::Refused { status: 404, .. }) => Ok(None),
        commits => Ok(Some(commits?.iter().map(committed).collect())),
    }
}

/// `GET /repositories/{workspace}/{repo_slug}/commits/{revision}?exclude=…`, as `git log A ^B`; a revision is a ref or a
/// commit's ID.
pub(in crate::platform) async fn between(
    service: &Service,
    from: &str,
    to: &str,
) -> Result<Option<Vec<trace::Commit>>, Error> {
    let path = format!("/commits/{}?exclude={}", part(to), part(from));
    listed(service, &service.of_repository(&path)).await
}

/// Lists the commits of a merged pull request whose branch no longer exists: those of its newest commit that the target did
/// not have before the merge. The list is empty if Bitbucket no longer has that commit.
async fn merged(service: &Service, pull: &PullRequest) -> Result<Vec<trace::Commit>, Error> {
    #[derive(Deserialize)]
    struct Merge {
        parents: Vec<super::Hash>,
    }
    let Some(merge) = pull.merges.first().filter(|_| !pull.head.is_empty()) else { return Ok(Vec::new()) };
    // A fast-forward has no separate commit, so its start is unknown.
    if *merge == pull.head {
        return Ok(Vec::new());
    }
    let path = service.of_repository(&format!("/commit/{}", part(merge)));
    let merge: Option<Merge> = service.client.find(&path, Lacking::Reads).await?;
    let Some(before) = merge.and_then(|merge| merge.parents.into_iter().next()) else {
        return Ok(Vec::new());
    };
    Ok(between(service, &before.hash, &pull.head).await?.unwrap_or_default())
}

/// Lists the pull requests that were merged into a branch, newest first.
pub(in crate::platform) async fn merged_into(
    service: &Service,
    branch: &str,
    enough: impl Fn(&[Pull]) -> bool,
) -> Result<Vec<PullRequest>, Error> {
    let query = part(&format!("state=\"MERGED\" AND destination.branch.name=\"{branch}\""));
    let path = service.of_repository(&format!("/pullrequests?q={query}&sort=-updated_on"));
    let merged: Vec<Pull> = service.client.list_until(&path, Lacking::Reads, enough).await?;
    let merged = merged.into_iter().filter(|pull| pull.destination.branch() == branch);
    Ok(merged.map(Into::into).collect())
}

/// Finds the pull requests that brought each of the commits to a branch, by the `merge_commit` of the merged ones; a query by
/// commit needs an installed app.
pub(in crate::platform) async fn brought(
    service: &Service,
    commits: &[String],
    branch: &str,
) -> Result<Vec<Vec<PullRequest>>, Error> {
    let is_of = |pull: &Pull, sha: &str| {
        pull.destination.branch() == branch
            && pull.merge_commit.as_ref().is_some_and(|commit| same_commit(&commit.hash, sha))
    };
    let all = |read: &[Pull]| commits.iter().all(|sha| read.iter().any(|pull| is_of(pull, sha)));
    let merged = merged_into(service, branch, all).await?;
    let of = |sha: &String| {
        let brought = merged.iter().filter(|pull| pull.merges.iter().any(|merge| same_commit(merge, sha)));
        brought.cloned().collect()
    };
    Ok(commits.iter().map(of).collect())
}

impl Update {
    fn commit(&self) -> String {
        self.source.as_ref().map_or_else(String::new, super::End::commit)
    }
}

pub(super) fn somebody(user: Option<&User>, gone: impl FnOnce() -> String) -> Person {
    // The account of an access token has no `account_id` of a person.
    let id = user.and_then(|user| user.account_id.as_ref().or(user.uuid.as_ref()));
    id.map_or_else(|| Person::Unknown(gone()), |id| Person::Account(id.clone()))
}

/// A commit's author; Bitbucket reports no committer.
fn committed(commit: &Commit) -> trace::Commit {
    let unknown = || format!("the author of {}", commit.hash);
    let raw = commit.author.raw.as_deref().unwrap_or_default();
    let email = raw.rsplit_once('<').and_then(|(_, end)| end.strip_suffix('>'));
    let person = match (&commit.author.user, email) {
        (None, Some(email)) => Person::Email(email.to_owned()),
        (user, _) => somebody(user.as_ref(), unknown),
    };
    trace::Commit { id: short(&commit.hash), people: [person].into() }
}
