//! Who is behind each commit of a change: the pull requests and the pushes that brought it.
//!
//! The platforms' files only fetch lists; this file decides what they mean, for all platforms alike. A commit was brought by
//! the oldest push whose newest commit it is, otherwise by the oldest such push of a later commit. If no listed push brought
//! a commit, its pusher is unknown, and the change may be anybody's.

use std::collections::{BTreeSet, VecDeque};

use jiff::{Timestamp, ToSpan as _};

use super::error::Error;
use super::people::{People, Person};
use super::service::{PullRequest, Service};

/// How many days of pushes before the opening of a pull request are searched.
const DAYS_BEFORE: i64 = 90;

/// How many branches deep a chain of pull requests that were merged into each other's branch is followed.
const DEEPEST: usize = 8;

/// A commit, with its author and committer as far as the platform reports them.
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) people: People,
}

/// A push that a platform lists.
pub(super) struct Push {
    pub(super) branch: String,
    /// The branch's newest commit before. `None` if the push created it; empty if the platform does not report it.
    pub(super) before: Option<String>,
    /// The branch's newest commit afterwards.
    pub(super) after: String,
    /// Who pushed. `None` for the merge of a pull request: the person who merged need not be the author.
    pub(super) by: Option<Person>,
}

/// A platform's lists for one pull request.
pub(super) struct Told {
    pub(super) commits: Vec<Commit>,
    /// The pushes to its branch, newest first, if the platform lists pushes by pull request.
    pub(super) pushes: Option<Vec<Push>>,
    /// Who else took part in it.
    pub(super) people: People,
}

/// How far back pushes are read.
pub(super) struct Back<'a> {
    /// The time; `None` if it is unknown, and then all are read.
    since: Option<Timestamp>,
    /// The branch, and its newest commit then.
    to: Option<(&'a str, &'a str)>,
}

impl<'a> Back<'a> {
    fn of(pulls: &[PullRequest], to: Option<(&'a str, &'a str)>) -> Self {
        let since =
            |pull: &PullRequest| pull.opened.and_then(|at| at.checked_sub((DAYS_BEFORE * 24).hours()).ok());
        Self { since: pulls.iter().map(since).min().unwrap_or(Some(Timestamp::MAX)), to }
    }

    /// Whether the pushes go back far enough, by the time, the branch and the commit of each.
    pub(super) fn is_reached<'p>(
        &self,
        mut read: impl DoubleEndedIterator<Item = (Option<Timestamp>, &'p str, &'p str)> + Clone,
    ) -> bool {
        let to = self.to.is_none_or(|to| read.clone().any(|(_, branch, after)| (branch, after) == to));
        to && read
            .next_back()
            .is_some_and(|(at, ..)| at.is_some_and(|at| self.since.is_some_and(|it| at < it)))
    }
}

/// Where commits came from, as far as pushes show it.
#[derive(Default)]
struct Origins<'a> {
    pushes: Vec<&'a Push>,
    /// The commits at which branches were before them, and to which no listed push brought them.
    untold: BTreeSet<&'a str>,
}

/// Finds the oldest push whose newest commit is this one. It brought the commit; later pushes of it, such as of a copy of the
/// branch, did not. Pushes to the main branch are checked as commits of the main branch.
fn first(pushes: &[Push], commit: &str, main: &str) -> Option<usize> {
    pushes.iter().rposition(|push| push.after == commit && push.branch != main)
}

/// Finds the pushes that brought commits, and the older pushes to the same branches, back to their creation: an older push
/// may have brought the commits that a newer one rewrote.
fn origins<'a>(pushes: &'a [Push], main: &str, commits: impl IntoIterator<Item = &'a str>) -> Origins<'a> {
    let (mut found, mut seen) = (Origins::default(), BTreeSet::new());
    for commit in commits {
        let mut next = first(pushes, commit, main);
        while let Some(at) = next.filter(|at| seen.insert(*at)) {
            let (push, older) = (&pushes[at], &pushes[at + 1..]);
            found.pushes.push(push);
            next = match &push.before {
                // The branch was created from another one, or restored.
                None if older.iter().all(|it| it.branch != main || it.after != push.after) => {
                    first(pushes, &push.after, main)
                }
                None => None,
                Some(before) => {
                    if !older.iter().any(|it| it.after == *before) {
                        found.untold.insert(before);
                    }
                    let same = older.iter().position(|it| it.branch == push.branch);
                    let same = same.filter(|same| older[*same].after == *before);
                    same.or_else(|| first(older, before, main)).map(|same| at + 1 + same)
                }
            };
        }
    }
    found
}

/// Traces one change.
struct Trace<'a> {
    service: &'a Service,
    /// The branch that the change goes to.
    main: &'a str,
    /// The pushes to the repository, newest first.
    pushes: &'a [Push],
    /// The pull requests that were already read.
    asked: BTreeSet<u64>,
    people: People,
}

impl Service {
    /// Finds everybody who opened, pushed to or committed in a pull request into the branch `main`, or in one that was merged
    /// into the branch of such a pull request.
    ///
    /// # Errors
    /// [`Error`] when the platform does not report it.
    pub async fn people(&self, pull: PullRequest, main: &str) -> Result<People, Error> {
        let pulls = vec![pull];
        let pushes = self.pushes(&Back::of(&pulls, None)).await?;
        let mut trace = Trace::new(self, main, &pushes);
        trace.follow(pulls).await?;
        Ok(trace.people)
    }

    /// Finds everybody behind commits of the branch `main`, oldest first, that came after `base`: the people of the pull
    /// requests that brought them, otherwise those who pushed them, and those behind the commits that such a push merged.
    ///
    /// # Errors
    /// As above.
    pub async fn people_of(&self, commits: &[String], base: &str, main: &str) -> Result<People, Error> {
        let brought = self.brought(commits, main).await?;
        let came: Vec<(&String, bool)> = commits.iter().zip(brought.iter().map(Vec::is_empty)).collect();
        let pulls: Vec<PullRequest> = brought.into_iter().flatten().collect();
        let to = came.iter().any(|(_, direct)| *direct).then_some((main, base));
        let pushes = self.pushes(&Back::of(&pulls, to)).await?;
        let mut trace = Trace::new(self, main, &pushes);
        trace.follow(pulls).await?;
        let mut before = base;
        for run in came.chunk_by(|one, other| one.1 == other.1) {
            let commits: Vec<&str> = run.iter().map(|(commit, _)| commit.as_str()).collect();
            let [.., last] = commits[..] else { continue };
            if run.iter().all(|(_, direct)| *direct) {
                let merged = trace.direct(&commits, last, before).await?;
                trace.follow(merged).await?;
            }
            before = last;
        }
        Ok(trace.people)
    }
}

impl<'a> Trace<'a> {
    fn new(service: &'a Service, main: &'a str, pushes: &'a [Push]) -> Self {
        Self { service, main, pushes, asked: BTreeSet::new(), people: People::new() }
    }

    fn unknown(&mut self, who: String) {
        self.people.insert(Person::Unknown(who));
    }

    /// Follows pull requests, those that were merged into their branches, and so on. Commits that the main branch already had
    /// do not count as a change.
    async fn follow(&mut self, pulls: Vec<PullRequest>) -> Result<(), Error> {
        let mut waiting: VecDeque<(usize, PullRequest)> = pulls.into_iter().map(|pull| (0, pull)).collect();
        while let Some((depth, pull)) = waiting.pop_front() {
            let of_main = depth > 0 && pull.branch.as_deref() == Some(self.main);
            if of_main || !self.asked.insert(pull.number) {
                continue;
            }
            if depth > DEEPEST {
                let number = pull.number;
                self.unknown(format!(
                    "the accounts behind pull request {number}, which came through more than {DEEPEST} branches"
                ));
                continue;
            }
            let merged = self.pull_request(&pull).await?;
            waiting.extend(merged.into_iter().map(|pull| (depth + 1, pull)));
        }
        Ok(())
    }

    /// Adds the opener of a pull request, its commits' authors and committers, and their pushers. Returns the pull requests
    /// that were merged into its branch. No platform reports who pushed to a fork.
    async fn pull_request(&mut self, pull: &PullRequest) -> Result<Vec<PullRequest>, Error> {
        let Told { commits, pushes, people } = self.service.told(pull).await?;
        self.people.insert(pull.opener.clone());
        self.people.extend(people);
        self.people.extend(commits.iter().flat_map(|commit| commit.people.clone()));
        let Some(branch) = &pull.branch else {
            self.unknown(format!("the accounts that pushed to the fork of pull request {}", pull.number));
            return Ok(Vec::new());
        };
        let pushes = pushes.as_deref().unwrap_or(self.pushes);
        let head = pull.head.as_str();
        if first(pushes, head, self.main).is_none() {
            self.unknown(format!("the account that pushed {head} to {branch}"));
        }
        let commits = commits.iter().map(|commit| commit.id.as_str()).chain([head]).collect();
        self.pushed(pushes, &commits, head, [branch.as_str()].into()).await
    }

    /// Adds those who pushed commits to the main branch that no pull request brought, and the authors and committers of
    /// these. `before` is the branch's commit before them. Returns the pull requests that were merged into the branches that
    /// such a push merged.
    async fn direct(
        &mut self,
        commits: &[&str],
        last: &str,
        before: &str,
    ) -> Result<Vec<PullRequest>, Error> {
        let brought = self.service.between(before, last).await?.unwrap_or_else(|| {
            self.unknown(format!("the authors of the commits that came to {} as {last}", self.main));
            Vec::new()
        });
        self.people.extend(brought.iter().flat_map(|commit| commit.people.clone()));
        let ids: BTreeSet<&str> =
            brought.iter().map(|commit| commit.id.as_str()).chain(commits.iter().copied()).collect();
        let (pushes, main) = (self.pushes, self.main);
        let mut on_main =
            pushes.iter().filter(|push| push.branch == main).skip_while(|push| push.after != last);
        let mut at = last;
        while at != before {
            let Some(push) = on_main.next().filter(|push| push.after == at) else {
                self.unknown(format!("the account that pushed {at} to {main}"));
                break;
            };
            let who =
                || Person::Unknown(format!("the accounts behind the commits merged into {main} as {at}"));
            self.people.insert(push.by.clone().unwrap_or_else(who));
            at = match push.before.as_deref() {
                Some(older) if older == before || ids.contains(older) => older,
                Some(older) if self.has_some_of(older, &ids, last).await? => older,
                Some(_) | None => break,
            };
        }
        self.pushed(pushes, &ids, last, BTreeSet::new()).await
    }

    /// Adds those who first pushed commits, the newest of which is `head`. Returns the pull requests that were merged into the
    /// branches through which they came.
    async fn pushed<'c>(
        &mut self,
        pushes: &'c [Push],
        commits: &BTreeSet<&'c str>,
        head: &str,
        mut branches: BTreeSet<&'c str>,
    ) -> Result<Vec<PullRequest>, Error> {
        let origins = origins(pushes, self.main, commits.iter().copied());
        self.people.extend(origins.pushes.iter().filter_map(|push| push.by.clone()));
        for commit in origins.untold {
            if self.has_some_of(commit, commits, head).await? {
                self.unknown(format!("the account that pushed {commit}, of which no push is listed"));
            }
        }
        branches.extend(origins.pushes.iter().map(|push| push.branch.as_str()));
        let mut merged = Vec::new();
        for branch in branches {
            merged.extend(self.service.merged_into(branch).await?);
        }
        let is_of = |pull: &PullRequest, commit: &str| {
            pull.merges.is_empty() || pull.merges.iter().any(|merge| merge == commit)
        };
        for push in origins.pushes.iter().filter(|push| push.by.is_none()) {
            let of = |pull: &PullRequest| pull.target == push.branch && is_of(pull, &push.after);
            if !merged.iter().any(of) {
                self.unknown(format!(
                    "the accounts behind the commits merged into {} as {}",
                    push.branch, push.after
                ));
            }
        }
        let at = origins.pushes.iter().map(|push| push.after.as_str());
        let at: BTreeSet<&str> = at.chain(commits.iter().copied()).collect();
        merged.retain(|pull| at.iter().any(|commit| is_of(pull, commit)));
        Ok(merged)
    }

    /// Whether a branch that was at a commit contained some of these then, the newest of which is `head`. True if the platform
    /// does not report it.
    async fn has_some_of(&self, commit: &str, commits: &BTreeSet<&str>, head: &str) -> Result<bool, Error> {
        if commit.is_empty() || commits.contains(commit) {
            return Ok(true);
        }
        let since = self.service.between(commit, head).await?.unwrap_or_default();
        Ok(!commits.iter().all(|one| since.iter().any(|it| it.id == *one)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A push: its account, branch, commit before (empty if it created the branch) and commit after.
    fn push((by, branch, before, after): (&str, &str, &str, &str)) -> Push {
        let before = (!before.is_empty()).then(|| before.to_owned());
        Push { branch: branch.into(), before, after: after.into(), by: Some(Person::Account(by.into())) }
    }

    /// The accounts that are found, and the commits that are untold.
    fn found(pushes: &[(&str, &str, &str, &str)], commits: &[&str]) -> (String, String) {
        let pushes: Vec<Push> = pushes.iter().copied().map(push).collect();
        let found = origins(&pushes, "main", commits.iter().copied());
        let by = |push: &&Push| match &push.by {
            Some(Person::Account(name)) => name.clone(),
            by => panic!("{by:?}"),
        };
        let people: BTreeSet<String> = found.pushes.iter().map(by).collect();
        let join = |words: Vec<&str>| words.join(" ");
        (join(people.iter().map(String::as_str).collect()), join(found.untold.into_iter().collect()))
    }

    #[test]
    fn a_commit_came_by_the_oldest_push_to_it() {
        let known = |people: &str| (people.to_owned(), String::new());
        let main = ("ines", "main", "a", "m");
        let made = ("chen", "feat", "", "m");
        assert_eq!(found(&[("chen", "feat", "m", "c2"), made, main], &["c1", "c2"]), known("chen"));
        // A later creator of a branch at that commit has nothing to do with it.
        let pushed = [("zoe", "copy", "", "c1"), ("chen", "feat", "m", "c1"), made, main];
        assert_eq!(found(&pushed, &["c1"]), known("chen"));
        // Deleted, restored and rewritten.
        let rewritten =
            [("chen", "feat", "c1", "d1"), ("chen", "feat", "", "c1"), ("mal", "feat", "", "c1"), main];
        assert_eq!(found(&rewritten, &["d1"]), known("chen mal"));
        // Two branches are created from one commit of the main branch.
        let two = [("chen", "feat", "m", "c1"), made, ("zoe", "other", "", "m"), main];
        assert_eq!(found(&two, &["c1"]), known("chen"));
    }

    #[test]
    fn what_no_older_push_brought_is_untold() {
        let untold = |people: &str, commits: &str| (people.to_owned(), commits.to_owned());
        let listed = [("chen", "feat", "c2", "c3"), ("chen", "feat", "", "c1")];
        assert_eq!(found(&listed, &["c1", "c2", "c3"]), untold("chen", "c2"));
        // A later push does not show where it came from.
        let later = [("zoe", "copy", "", "c2"), listed[0], listed[1]];
        assert_eq!(found(&later, &["c1", "c2", "c3"]), untold("chen zoe", "c2"));
        // The platform does not say where the branch was.
        let mut pushes = [push(listed[0])];
        pushes[0].before = Some(String::new());
        assert_eq!(origins(&pushes, "main", ["c3"]).untold, BTreeSet::from([""]));
    }

    #[test]
    fn pushes_are_read_back_to_a_time_and_to_a_commit() {
        let at = |day: &str| Some(format!("2026-{day}T10:00:00Z").parse::<Timestamp>().unwrap());
        let read = [(at("11-20"), "main", "b"), (at("08-01"), "main", "a")];
        let reached = |since, to, read: &[_]| Back { since, to }.is_reached(read.iter().copied());
        assert!(reached(at("08-02"), None, &read));
        assert!(!reached(at("07-31"), None, &read));
        assert!(!reached(at("08-02"), None, &read[..1]));
        assert!(reached(at("08-02"), Some(("main", "b")), &read));
        assert!(!reached(at("08-02"), Some(("feat", "b")), &read));
        assert!(!reached(None, None, &read), "all are read where no time is known");
    }
}
