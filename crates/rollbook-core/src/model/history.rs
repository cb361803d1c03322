//! What the history of a repository says of access: the commits that go in, the stretches that come out.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::address::Address;

/// The commits that a branch contains.
#[derive(Clone, Debug, Default)]
pub struct Revisions {
    /// The tree's folder in the repository, with a `/` at its end; empty for the repository's own.
    pub folder: String,
    /// Each after its parents. The last one is the branch's newest.
    pub commits: Vec<Commit>,
    /// The commits whose parents are not here, since the clone is shallow.
    pub cut: BTreeSet<String>,
}

/// A commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its full ID.
    pub id: String,
    /// The ids of its parents. The branch itself was at the first one before.
    pub parents: Vec<String>,
    /// `NAME <EMAIL>`, as the commit has it.
    pub author: String,
    /// When it was committed.
    pub date: Timestamp,
    /// The whole message.
    pub message: String,
    /// The YAML files and locks that differ from its first parent's; without a parent, all of them.
    pub files: Vec<FileChange>,
}

/// A file that a commit changes.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// From the repository's folder.
    pub path: String,
    /// The object at the path; `None` if the commit has none.
    pub object: Option<Object>,
}

/// What a commit has at a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// A regular file, by the id of its contents.
    File(String),
    /// A link, or a commit of another repository.
    Other,
}

/// What a tree ever declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Whether all commits are here: of a shallow clone the oldest beginnings are not known.
    pub complete: bool,
    /// Of memberships, of grants of groups, and of users who are declared active; ordered by address, the oldest of each
    /// first.
    pub stretches: Vec<Stretch>,
    /// The files that could not be read, at the first commit of each. Each counts there as it did before.
    pub unread: Vec<UnreadFile>,
}

/// A time in which the tree declared something without a break, by whatever entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// What it declared, by the last names that group and user had.
    pub address: Address,
    /// The first day (UTC) on which it has ended by itself.
    pub until: Option<Date>,
    /// Why, as the entry last said.
    pub because: Option<String>,
    /// Its beginning; `None` if that is in a commit which the clone lacks.
    pub from: Option<Turn>,
    /// What ended it; nothing while it lasts, and where `until` ended it.
    pub to: Option<Turn>,
}

/// What began or ended a stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The commit that wrote it; `None` if the clone lacks it.
    pub commit: Option<String>,
    /// When the branch had it.
    pub date: Timestamp,
    /// Who wrote the commit.
    pub author: Option<String>,
    /// The merge that brought it onto the branch, where that is another commit.
    pub merge: Option<String>,
    /// The number of the pull request, as the message of the merge or of the commit says.
    pub pull_request: Option<u64>,
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadFile {
    /// The commit.
    pub commit: String,
    /// From the tree's folder.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

impl Stretch {
    /// Whether it lasts on a day.
    pub fn lasts_on(&self, day: Date) -> bool {
        self.to.is_none() && self.until.is_none_or(|until| until > day)
    }

    /// Whether it began on a day or later, or ended from that day to `today`.
    pub fn turned_since(&self, day: Date, today: Date) -> bool {
        let turned = |turn: &Option<Turn>| turn.as_ref().is_some_and(|turn| turn.day() >= day);
        let ended = self.to.is_none() && self.until.is_some_and(|until| (day..=today).contains(&until));
        turned(&self.from) || turned(&self.to) || ended
    }
}

impl Turn {
    /// Its day in UTC.
    pub fn day(&self) -> Date {
        day_of(self.date)
    }
}

impl Commit {
    /// Its day in UTC.
    pub fn day(&self) -> Date {
        day_of(self.date)
    }
}

fn day_of(time: Timestamp) -> Date {
    time.to_zoned(jiff::tz::TimeZone::UTC).date()
}
