//! Who is behind a pull request or a commit of Bitbucket's.
//!
//! Accounts are told by `account_id`, since a nickname is its owner's to change.

use serde::Deserialize;

use super::{Pull, User, pull};
use crate::platform::error::{Error, Lacking};
use crate::platform::people::{People, Person, of_pull_requests};
use crate::platform::range::same_commit;
use crate::platform::service::{Service, part};

#[derive(Deserialize)]
struct Commit {
    hash: String,
    author: Author,
}

#[derive(Deserialize)]
struct Author {
    /// `Name <e-mail>`, as the commit has it.
    raw: Option<String>,
    /// Missing where the e-mail is no account's.
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

/// Who opened it, its commits' authors, who brought each new state of its branch
/// (`GET /repositories/{workspace}/{repo_slug}/pullrequests/{id}/activity`: an `update` is written for each, and for edits of
/// the title as well), and who is behind what was merged into its branch.
pub(in crate::platform) async fn people(service: &Service, number: u64) -> Result<People, Error> {
    let pull = pull(service, number).await?;
    let mut people = opened(service, &pull).await?;
    let path = service.of_repository(&format!("/pullrequests/{number}/activity"));
    let activities: Vec<Activity> = service.client.list(&path, Lacking::Reads).await?;
    let updates: Vec<&Update> = activities.iter().filter_map(|activity| activity.update.as_ref()).collect();
    let brought = |(at, update): &(usize, &&Update)| {
        let older = updates.get(at + 1).map_or("", |older| older.commit());
        update.commit() != older
    };
    for (_, update) in updates.iter().enumerate().filter(brought) {
        let gone = || format!("the account that brought {} to pull request {number}", update.commit());
        people.insert(somebody(update.author.as_ref(), gone));
    }
    let head = pull.source.commit();
    if !updates.iter().any(|update| same_commit(update.commit(), head)) {
        people.insert(Person::Unknown(format!("the account that pushed {head}")));
    }
    for merged in merged_into(service, pull.source.branch(), |_| false).await? {
        people.extend(opened(service, &merged).await?);
    }
    Ok(people)
}

/// Who opened a pull request, and its commits' authors.
async fn opened(service: &Service, pull: &Pull) -> Result<People, Error> {
    let number = pull.id;
    let opener = somebody(pull.author.as_ref(), || format!("the account that opened pull request {number}"));
    let path = service.of_repository(&format!("/pullrequests/{number}/commits"));
    let mut commits = listed(service, &path).await?;
    if commits.is_empty() {
        commits = merged(service, pull).await?;
    }
    let mut people: People = commits.iter().map(committed).chain([opener]).collect();
    if commits.is_empty() {
        people.insert(Person::Unknown(format!("the authors of pull request {number}, whose branch is gone")));
    }
    Ok(people)
}

/// A listing of commits; there are none where the fork, or one of the branches, is gone.
async fn listed(service: &Service, path: &str) -> Result<Vec<Commit>, Error> {
    match service.client.list(path, Lacking::Reads).await {
        Err(Error::Refused { status: 404, .. }) => Ok(Vec::new()),
        commits => commits,
    }
}

/// The commits that a merged pull request brought, where its branch is gone: those of its newest commit without those that the
/// branch had before the merge (`GET /repositories/{workspace}/{repo_slug}/commits/{revision}?exclude=…`, as `git log A ^B`,
/// where a revision is a ref or a commit's id). There are none where Bitbucket has no such commit any more.
async fn merged(service: &Service, pull: &Pull) -> Result<Vec<Commit>, Error> {
    #[derive(Deserialize)]
    struct Merge {
        parents: Vec<super::Hash>,
    }
    let head = pull.source.commit();
    let Some(merge) = pull.merge_commit.as_ref().filter(|_| !head.is_empty()) else { return Ok(Vec::new()) };
    // A fast-forward has no commit of its own, so that nothing tells where it began.
    if same_commit(&merge.hash, head) {
        return Ok(Vec::new());
    }
    let path = service.of_repository(&format!("/commit/{}", part(&merge.hash)));
    let merge: Option<Merge> = service.client.find(&path, Lacking::Reads).await?;
    let Some(before) = merge.and_then(|merge| merge.parents.into_iter().next()) else {
        return Ok(Vec::new());
    };
    let path = format!("/commits/{}?exclude={}", part(head), part(&before.hash));
    listed(service, &service.of_repository(&path)).await
}

/// The pull requests that were merged into a branch, newest first.
async fn merged_into(
    service: &Service,
    branch: &str,
    enough: impl Fn(&[Pull]) -> bool,
) -> Result<Vec<Pull>, Error> {
    let query = part(&format!("state=\"MERGED\" AND destination.branch.name=\"{branch}\""));
    let path = service.of_repository(&format!("/pullrequests?q={query}&sort=-updated_on"));
    let merged: Vec<Pull> = service.client.list_until(&path, Lacking::Reads, enough).await?;
    Ok(merged.into_iter().filter(|pull| pull.destination.branch() == branch).collect())
}

impl Update {
    fn commit(&self) -> &str {
        self.source.as_ref().map_or("", super::End::commit)
    }
}

fn somebody(user: Option<&User>, gone: impl FnOnce() -> String) -> Person {
    // An access token's account has no `account_id` that a person could have.
    let id = user.and_then(|user| user.account_id.as_ref().or(user.uuid.as_ref()));
    id.map_or_else(|| Person::Unknown(gone()), |id| Person::Account(id.clone()))
}

fn committed(commit: &Commit) -> Person {
    if commit.author.user.is_some() {
        return somebody(commit.author.user.as_ref(), || format!("the author of {}", commit.hash));
    }
    let raw = commit.author.raw.as_deref().unwrap_or_default();
    let email = raw.rsplit_once('<').and_then(|(_, end)| end.strip_suffix('>'));
    email.map_or_else(
        || Person::Unknown(format!("the author of {}", commit.hash)),
        |email| Person::Email(email.to_owned()),
    )
}

/// The people of the pull requests that brought commits to the branch. Which those are, the merged ones say by their
/// `merge_commit`; to ask by commit, an app has to be installed first. Of a commit that came otherwise nobody knows who
/// pushed it.
pub(in crate::platform) async fn people_of(
    service: &Service,
    commits: &[String],
    branch: &str,
) -> Result<People, Error> {
    if commits.is_empty() {
        return Ok(People::new());
    }
    let brought = |pull: &Pull, sha: &str| {
        pull.destination.branch() == branch
            && pull.merge_commit.as_ref().is_some_and(|commit| same_commit(&commit.hash, sha))
    };
    let all = |read: &[Pull]| commits.iter().all(|sha| read.iter().any(|pull| brought(pull, sha)));
    let merged = merged_into(service, branch, all).await?;
    let brought =
        async |sha: &str| Ok(merged.iter().filter(|pull| brought(pull, sha)).map(|pull| pull.id).collect());
    let (mut people, direct) =
        of_pull_requests(commits, brought, async |number| self::people(service, number).await).await?;
    let unknown = |sha| Person::Unknown(format!("the account that pushed {sha} to {branch}"));
    people.extend(direct.into_iter().map(unknown));
    Ok(people)
}
