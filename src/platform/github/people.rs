//! Who is behind a pull request or a commit of GitHub's.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Pull, User, pull};
use crate::platform::error::{Error, Lacking};
use crate::platform::people::{People, Person, Push, of_pull_requests, pushers, pushers_of};
use crate::platform::service::{Service, part};

/// The account that GitHub commits with for a merge or an edit on its pages.
const WEB: &str = "web-flow";

/// The most commits that a pull request's listing has.
const LISTED_COMMITS: usize = 250;

#[derive(Deserialize)]
struct Commit {
    sha: String,
    /// Nothing where the e-mail is no account's.
    author: Option<User>,
    committer: Option<User>,
    #[serde(rename = "commit")]
    written: Written,
}

#[derive(Deserialize)]
struct Written {
    author: Option<Signature>,
    committer: Option<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    email: Option<String>,
}

#[derive(Deserialize)]
struct Activity {
    after: String,
    #[serde(rename = "activity_type")]
    kind: String,
    actor: Option<User>,
}

/// Who opened it, its commits' authors and committers, who pushed to its branch, and who is behind what was merged into that.
pub(in crate::platform) async fn people(service: &Service, number: u64) -> Result<People, Error> {
    let pull = pull(service, number).await?;
    let (mut people, commits) = opened(service, &pull).await?;
    people.extend(pushed(service, &pull, &commits).await?);
    Ok(people)
}

/// Who opened a pull request, and its commits with their authors and committers.
async fn opened(service: &Service, pull: &Pull) -> Result<(People, Vec<Commit>), Error> {
    let number = pull.number;
    let gone = || format!("the account that opened pull request {number}, which is gone");
    let mut people = People::from([somebody(pull.user.as_ref(), gone)]);
    let path = service.at(&format!("/pulls/{number}/commits"));
    let commits: Vec<Commit> = service.client.list(&path, Lacking::Reads).await?;
    if commits.len() >= LISTED_COMMITS {
        people.insert(Person::Unknown(format!(
            "the authors of what pull request {number} has beyond the {LISTED_COMMITS} commits that GitHub lists"
        )));
    }
    people.extend(commits.iter().flat_map(committed));
    Ok((people, commits))
}

/// Who pushed to a pull request's branch since it was made: `GET /repos/{owner}/{repo}/activity`, which knows its own
/// repository's branches. A push counts also where its commits were written anew since. Into a fork only its owner and those
/// whom they let in can push, and GitHub does not tell who did.
async fn pushed(service: &Service, pull: &Pull, commits: &[Commit]) -> Result<People, Error> {
    let own = pull.head.repo.as_ref().is_some_and(|repo| repo.full_name == service.repository);
    if !own {
        let who = format!("the accounts that pushed to the fork of pull request {}", pull.number);
        return Ok([Person::Unknown(who)].into());
    }
    let branch = &pull.head.branch;
    let mut since_made = activities(service, branch).await?;
    if let Some(made) = since_made.iter().position(|activity| activity.kind == "branch_creation") {
        since_made.truncate(made + 1);
    }
    let pushes: Vec<Push> = since_made.into_iter().filter(Activity::is_push).map(Activity::push).collect();
    let mut people: People = pushes.iter().map(|push| push.by.clone()).collect();
    let path = service.at(&format!("/pulls?state=closed&base={}", part(branch)));
    let into: Vec<Pull> = service.client.list(&path, Lacking::Reads).await?;
    let merged: Vec<&Pull> =
        into.iter().filter(|it| it.merged_at.is_some() && it.base.branch == *branch).collect();
    for other in &merged {
        people.extend(opened(service, other).await?.0);
    }
    // The newest commit came by a push, or by a merge on GitHub's pages.
    if merged.is_empty() {
        people.extend(pushers_of(
            &pull.head.sha,
            &commits.iter().map(|commit| commit.sha.as_str()).collect(),
            &pushes,
        ));
    }
    Ok(people)
}

fn somebody(user: Option<&User>, gone: impl FnOnce() -> String) -> Person {
    let login = user.and_then(|user| user.login.clone());
    login.map_or_else(|| Person::Unknown(gone()), Person::Account)
}

/// A commit's author and committer.
fn committed(commit: &Commit) -> People {
    let ends = [(&commit.author, &commit.written.author), (&commit.committer, &commit.written.committer)];
    let person = |(user, signature): (&Option<User>, &Option<Signature>)| match user
        .as_ref()
        .and_then(|user| user.login.as_deref())
    {
        Some(WEB) => None,
        Some(login) => Some(Person::Account(login.to_owned())),
        None => {
            let email = signature.as_ref().and_then(|it| it.email.clone());
            Some(
                email.map_or_else(|| Person::Unknown(format!("the author of {}", commit.sha)), Person::Email),
            )
        }
    };
    ends.into_iter().filter_map(person).collect()
}

/// The people of the pull request that brought each commit to the branch (`GET /repos/{owner}/{repo}/commits/{sha}/pulls`),
/// or else those who pushed it there.
pub(in crate::platform) async fn people_of(
    service: &Service,
    commits: &[String],
    branch: &str,
) -> Result<People, Error> {
    let brought = async |sha: &str| {
        let path = service.at(&format!("/commits/{sha}/pulls"));
        let pulls: Vec<Pull> = service.client.list(&path, Lacking::Reads).await?;
        let merged = pulls.iter().filter(|pull| pull.merged_at.is_some() && pull.base.branch == branch);
        Ok(merged.map(|pull| pull.number).collect())
    };
    let (mut people, direct) =
        of_pull_requests(commits, brought, async |number| self::people(service, number).await).await?;
    for sha in &direct {
        let path = service.at(&format!("/commits/{sha}"));
        people.extend(committed(&service.client.get(&path, Lacking::Reads).await?));
    }
    if !direct.is_empty() {
        let pushes = activities(service, branch).await?.into_iter().filter(Activity::is_push);
        let pushes: Vec<Push> = pushes.map(Activity::push).collect();
        people.extend(pushers(commits, &direct, &pushes, branch));
    }
    Ok(people)
}

/// The commits that a branch was at, back to a certain one.
pub(super) async fn positions(
    service: &Service,
    branch: &str,
    back_to: &str,
) -> Result<BTreeSet<String>, Error> {
    let path = service.at(&format!("/activity?ref={}", part(&format!("refs/heads/{branch}"))));
    let reached = |read: &[Activity]| read.iter().any(|activity| activity.after == back_to);
    let activities = service.client.list_until(&path, Lacking::Reads, reached).await?;
    Ok(activities.into_iter().map(|activity| activity.after).collect())
}

/// `GET /repos/{owner}/{repo}/activity`, newest first.
async fn activities(service: &Service, branch: &str) -> Result<Vec<Activity>, Error> {
    let path = service.at(&format!("/activity?ref={}", part(&format!("refs/heads/{branch}"))));
    service.client.list_until(&path, Lacking::Reads, |_| false).await
}

impl Activity {
    /// A merge on GitHub's pages is by who merged, who need not be who wrote.
    fn is_push(&self) -> bool {
        matches!(self.kind.as_str(), "push" | "force_push" | "branch_creation")
    }

    fn push(self) -> Push {
        let by = somebody(self.actor.as_ref(), || {
            format!("the account that pushed {}, which is gone", self.after)
        });
        Push { after: self.after, by }
    }
}
