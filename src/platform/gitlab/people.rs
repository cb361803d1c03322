//! Who is behind a merge request or a commit of GitLab's.
//!
//! Of a commit GitLab tells the names that its author wrote, and no account. Who pushed, the project's events tell, and
//! since a merge request is open its system notes as well.

use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;

use super::{MergeRequest, User, merge_request};
use crate::platform::error::{Error, Lacking};
use crate::platform::people::{People, Person, Push, of_pull_requests, pushers, pushers_of};
use crate::platform::service::{Service, part};

/// For how many days before a merge request was opened pushes to its branch are looked for.
const DAYS_BEFORE: i64 = 90;

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
    author: Option<User>,
    push_data: Option<PushData>,
}

#[derive(Deserialize)]
struct PushData {
    ref_type: String,
    #[serde(rename = "ref")]
    branch: Option<String>,
    commit_to: Option<String>,
}

/// Who opened it, its commits' authors and committers, who pushed to its branch, and who is behind what was merged into that.
pub(in crate::platform) async fn people(service: &Service, number: u64) -> Result<People, Error> {
    let request = merge_request(service, number).await?;
    let (mut people, commits) = opened(service, &request).await?;
    let path = service.of_project(&format!("/merge_requests/{number}/notes?activity_filter=only_activity"));
    let notes: Vec<Note> = service.client.list(&path, Lacking::Reads).await?;
    let added = notes.iter().filter(|note| note.system && tells_of_commits(&note.body));
    people.extend(added.filter_map(|note| note.author.as_ref()).map(account));
    people.extend(pushed(service, &request, &commits).await?);
    Ok(people)
}

/// `added 1 commit`, by who pushed it. `added 1h of time spent` is something else.
fn tells_of_commits(note: &str) -> bool {
    let mut words = note.split_whitespace();
    words.next() == Some("added") && words.nth(1).is_some_and(|what| what.starts_with("commit"))
}

/// Who opened a merge request, and its commits with their authors and committers.
async fn opened(service: &Service, request: &MergeRequest) -> Result<(People, Vec<Commit>), Error> {
    let number = request.iid;
    let gone = || format!("the account that opened !{number}, which is gone");
    let mut people = People::from([somebody(request.author.as_ref(), gone)]);
    let path = service.of_project(&format!("/merge_requests/{number}/commits"));
    let commits: Vec<Commit> = service.client.list(&path, Lacking::Reads).await?;
    people.extend(commits.iter().flat_map(committed));
    Ok((people, commits))
}

async fn pushed(service: &Service, request: &MergeRequest, commits: &[Commit]) -> Result<People, Error> {
    if request.source_project_id != Some(request.target_project_id) {
        return Ok(
            [Person::Unknown(format!("the accounts that pushed to the fork of !{}", request.iid))].into()
        );
    }
    let branch = &request.source_branch;
    let since = request.created_at.and_then(|at| at.checked_sub((DAYS_BEFORE * 24).hours()).ok());
    let pushes = pushes(service, branch, since).await?;
    // A push counts also where its commits were written anew since.
    let mut people: People = pushes.iter().map(|push| push.by.clone()).collect();
    let head = request.sha.as_deref().unwrap_or_default();
    people.extend(pushers_of(head, &commits.iter().map(|commit| commit.id.as_str()).collect(), &pushes));
    let path = service.of_project(&format!("/merge_requests?state=merged&target_branch={}", part(branch)));
    let into: Vec<MergeRequest> = service.client.list(&path, Lacking::Reads).await?;
    for other in into.iter().filter(|other| other.target_branch == *branch) {
        people.extend(opened(service, other).await?.0);
    }
    Ok(people)
}

/// `GET /projects/:id/events?action=pushed`. `after` is a day, and takes those that follow it.
async fn pushes(service: &Service, branch: &str, since: Option<Timestamp>) -> Result<Vec<Push>, Error> {
    let after = since.map(|at| format!("&after={}", at.strftime("%Y-%m-%d"))).unwrap_or_default();
    let path = service.of_project(&format!("/events?action=pushed{after}"));
    let events: Vec<Event> = service.client.list_until(&path, Lacking::Reads, |_| false).await?;
    let push = |event: Event| {
        let data = event.push_data.filter(|data| data.ref_type == "branch")?;
        let after = data.commit_to.filter(|_| data.branch.as_deref() == Some(branch))?;
        let by =
            somebody(event.author.as_ref(), || format!("the account that pushed {after}, which is gone"));
        Some(Push { after, by })
    };
    Ok(events.into_iter().filter_map(push).collect())
}

fn account(user: &User) -> Person {
    Person::Account(user.username.clone())
}

fn somebody(user: Option<&User>, gone: impl FnOnce() -> String) -> Person {
    user.map_or_else(|| Person::Unknown(gone()), account)
}

/// A commit's author and committer.
fn committed(commit: &Commit) -> People {
    let person = |email: &Option<String>| match email.as_deref() {
        Some(email) => no_reply(email).unwrap_or_else(|| Person::Email(email.to_owned())),
        None => Person::Unknown(format!("the author of {}", commit.id)),
    };
    [&commit.author_email, &commit.committer_email].map(person).into()
}

/// The account of an address that GitLab gives to those who hide theirs: `ID-USERNAME@users.noreply.HOST`.
fn no_reply(email: &str) -> Option<Person> {
    let (name, host) = email.split_once('@')?;
    let (id, username) = name.split_once('-')?;
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    (is_id && host.starts_with("users.noreply.")).then(|| Person::Account(username.to_owned()))
}

/// The people of the merge request that brought each commit to the branch
/// (`GET /projects/:id/repository/commits/:sha/merge_requests`), or else those who pushed it there.
pub(in crate::platform) async fn people_of(
    service: &Service,
    commits: &[String],
    branch: &str,
) -> Result<People, Error> {
    let brought = async |sha: &str| {
        let path = service.of_project(&format!("/repository/commits/{sha}/merge_requests"));
        let requests: Vec<MergeRequest> = service.client.list(&path, Lacking::Reads).await?;
        let merged = requests.iter().filter(|it| it.state == "merged" && it.target_branch == branch);
        Ok(merged.map(|request| request.iid).collect())
    };
    let (mut people, direct) =
        of_pull_requests(commits, brought, async |number| self::people(service, number).await).await?;
    for sha in &direct {
        let path = service.of_project(&format!("/repository/commits/{sha}"));
        people.extend(committed(&service.client.get(&path, Lacking::Reads).await?));
    }
    if !direct.is_empty() {
        people.extend(pushers(commits, &direct, &pushes(service, branch, None).await?, branch));
    }
    Ok(people)
}
