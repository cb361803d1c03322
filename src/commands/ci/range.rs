//! The base of a job's tree, and the authors of the changes in between.

use std::path::Path;

use crate::error::Error;
use crate::git;
use crate::model::{Email, ErrorExt, Note};
use crate::platform::{
    self, Authors, Change, Checkout, Compared, People, base_of_change, last_completed, same_commit,
};

use super::super::Session;
use super::super::plan::{Against, Part};
use super::Context;

/// The range between a base and the tree.
pub(super) struct Range {
    against: Against,
    /// Its authors; `None` if it has no commits.
    people: Option<People>,
    /// Notes for reviewers about it.
    notes: Vec<Note>,
}

impl Range {
    /// The part of a plan with this range.
    ///
    /// # Errors
    /// [`Error`] when `ROLLBOOK_AUTHORS` is invalid.
    pub(super) fn part(self, context: &Context) -> Result<Part, Error> {
        let named = context.authors.as_deref().map(Authors::parse).transpose()?.unwrap_or_default();
        let emails = self.people.as_ref().map(|people| named.emails(people));
        let (authors, unknown): (Vec<Email>, Vec<String>) = match emails {
            None => (Vec::new(), Vec::new()),
            Some(Ok(authors)) => (authors, Vec::new()),
            Some(Err(unknown)) => (Vec::new(), unknown),
        };
        let mut notes = self.notes;
        notes.extend(unknown.into_iter().map(|who| {
            let text =
                format!("the authors of this change may be anybody, since they are not all known: {who}");
            Note { code: "author-unknown".into(), text, names: Vec::new(), origin: None }
        }));
        Ok(Part { against: Some(self.against), authors, notes, ..Part::default() })
    }
}

fn checkout(folder: &Path) -> Result<Checkout, Error> {
    let (head, parents) = git::checked_out(folder)?;
    Ok(Checkout { head, parents })
}

/// The newest commit of a pull request's target in this clone: of its remote branch, otherwise the one that the platform names.
fn target(folder: &Path, change: &Change) -> Result<String, Error> {
    match (git::remote_branch(folder, &change.target)?, &change.target_commit) {
        (Some(tip), _) => Ok(tip),
        (None, Some(named)) => Ok(git::whole_id(folder, named)?),
        (None, None) => Ok(git::whole_id(folder, &format!("refs/remotes/origin/{}", change.target))?),
    }
}

/// Whether the commit that a pull request was merged with is of its target, according to the platform or to this clone's
/// remote branch. In a merge train it is the merge of the one ahead.
fn is_of_target(folder: &Path, change: &Change, base: &str) -> Result<bool, Error> {
    if change.target_commit.as_deref().is_some_and(|named| same_commit(named, base)) {
        return Ok(true);
    }
    match git::remote_branch(folder, &change.target)? {
        Some(tip) => Ok(git::is_contained(folder, base, &tip)?),
        None => Ok(false),
    }
}

impl Context {
    /// Finds the range of a pull request. Its base is the merge's other parent, otherwise the commit at which it left its
    /// target.
    pub(super) async fn range_of_change(&self, session: &Session, change: &Change) -> Result<Range, Error> {
        let folder = session.root()?;
        let checkout = checkout(&folder)?;
        let default_branch = self.default_branch().await?;
        let compared = base_of_change(change, &checkout, &default_branch)?;
        // HEAD may be the target itself: then it holds the change already, or it is the wrong checkout.
        if let Compared::Merged(target) = &compared
            && *target == checkout.head
            && !git::is_contained(&folder, &change.head, target).unwrap_or(false)
        {
            let (head, change) = (checkout.head, change.head.clone());
            return Err(platform::Error::OtherCheckout { head, change }.into());
        }
        let (commit, tip, mut behind) = match &compared {
            Compared::Merged(commit) => {
                let (base, target) = (commit.clone(), change.target.clone());
                if !is_of_target(&folder, change, commit)? {
                    return Err(platform::Error::OutsideTarget { base, target }.into());
                }
                (base.clone(), base, 0)
            }
            Compared::Branch => {
                let tip = target(&folder, change)?;
                let lacking = git::lacks(&folder, &checkout.head, &tip)?;
                (git::merge_base(&folder, &tip, &checkout.head)?, tip, lacking)
            }
        };
        let mut said = git::messages(&folder, &commit, &checkout.head)?;
        let (mut people, mut applied, mut notes) = (People::new(), None, Vec::new());
        if let Some(service) = self.service.as_ref().filter(|_| !change.untrusted) {
            let now = service.pull_request(change.number).await?;
            said.push(now.title.clone());
            // This clone may know an older target than the platform does.
            if compared == Compared::Branch {
                let now = now.behind.unwrap_or_default();
                behind = behind.max(usize::try_from(now).unwrap_or(usize::MAX));
            }
            people = service.people(now, &default_branch).await?;
            applied = self.applied_if_known(&folder, &default_branch, &tip, &mut notes).await;
        } else if !change.untrusted {
            let text = "ROLLBOOK_CI_TOKEN is not set, so the platform was not asked for the authors of this change, nor for the \
                        last apply"
                .into();
            notes.push(Note { code: "platform-not-asked".into(), text, names: Vec::new(), origin: None });
        }
        notes.extend(skipped(&said));
        Ok(Range {
            against: Against { commit, name: default_branch, behind, applied },
            people: Some(people),
            notes,
        })
    }

    /// Finds the last commit whose apply completed; if it is unknown, a note says why.
    async fn applied_if_known(
        &self,
        folder: &Path,
        branch: &str,
        head: &str,
        notes: &mut Vec<Note>,
    ) -> Option<String> {
        match self.applied(folder, branch, head).await {
            Ok(commit) => Some(commit),
            Err(error) => {
                let help =
                    error.help().map(|help| format!(". {}", help.trim_end_matches('.'))).unwrap_or_default();
                let text = format!("the last apply is unknown: {}{help}", error.chain());
                notes.push(Note { code: "applied-unknown".into(), text, names: Vec::new(), origin: None });
                None
            }
        }
    }

    /// Finds the range of a group of a merge queue. Its base is the commit that the platform names.
    pub(super) async fn range_of_queue(
        &self,
        session: &Session,
        target: &str,
        base: &str,
        number: Option<u64>,
    ) -> Result<Range, Error> {
        let folder = session.root()?;
        let default_branch = self.default_branch().await?;
        if target != default_branch {
            return Err(
                platform::Error::OtherTarget { target: target.to_owned(), default: default_branch }.into()
            );
        }
        let head = checkout(&folder)?.head;
        let commit = git::whole_id(&folder, base)?;
        let (mut people, mut applied, mut notes) = (People::new(), None, Vec::new());
        if let Some(service) = &self.service {
            // The platform names one pull request; if the group has more, their authors are unknown.
            let alone = git::first_parents(&folder, &commit, &head)?.len() == 1;
            if let Some(number) = number.filter(|_| alone) {
                people = service.people(service.pull_request(number).await?, &default_branch).await?;
            }
            applied = self.applied_if_known(&folder, &default_branch, &commit, &mut notes).await;
        }
        // Groups are based on those ahead of them, which are in no branch yet.
        let merged = match git::remote_branch(&folder, &default_branch)? {
            Some(tip) => git::is_contained(&folder, &commit, &tip)?,
            None => false,
        };
        let name = if merged { default_branch } else { format!("the merge queue of {default_branch}") };
        Ok(Range { against: Against { commit, name, behind: 0, applied }, people: Some(people), notes })
    }

    /// Finds the range of an apply. Its base is the last commit whose apply completed.
    pub(super) async fn range_of_apply(&self, session: &Session, branch: &str) -> Result<Range, Error> {
        let folder = session.root()?;
        let head = checkout(&folder)?.head;
        let commit = self.applied(&folder, branch, &head).await?;
        let commits = git::first_parents(&folder, &commit, &head)?;
        let service = self.service("who made the change")?;
        let people = match commits.as_slice() {
            [] => None,
            commits => Some(service.people_of(commits, &commit, branch).await?),
        };
        let against = Against {
            applied: Some(commit.clone()),
            commit,
            name: format!("the last apply of {branch}"),
            behind: 0,
        };
        Ok(Range { against, people, notes: Vec::new() })
    }

    /// Finds the last commit whose apply completed and which `head` contains.
    pub(super) async fn applied(&self, folder: &Path, branch: &str, head: &str) -> Result<String, Error> {
        let told = self.service("what was applied")?.completed(branch).await?;
        let first = match &self.applied_from {
            None => None,
            Some(named) if !named.bytes().all(|byte| byte.is_ascii_hexdigit()) || named.len() < 40 => {
                let (name, value) = ("ROLLBOOK_APPLIED_FROM", named.clone());
                return Err(
                    platform::Error::Variable { name, value, takes: "the full ID of a commit" }.into()
                );
            }
            Some(named) => Some(named.as_str()),
        };
        let line = git::line_of(folder, head)?;
        // A commit that this clone lacks is of another history.
        let contains = |one: &str, other: &str| {
            if git::whole_id(folder, one).is_err() || git::whole_id(folder, other).is_err() {
                return Ok(false);
            }
            Ok::<_, Error>(git::is_contained(folder, one, other)?)
        };
        let commit = last_completed(&told, &line, first, (self.job.kind, branch), contains)?;
        Ok(git::whole_id(folder, &commit)?)
    }
}

/// Finds words in a commit's message or a title at which platforms start no job; a merge copies them.
fn skipped(messages: &[String]) -> Option<Note> {
    const WORDS: [&str; 9] = [
        "[skip ci]",
        "[ci skip]",
        "[no ci]",
        "[skip actions]",
        "[actions skip]",
        "[skip-ci]",
        "[ci-skip]",
        "[skip_ci]",
        "[ci_skip]",
    ];
    let said = |message: &String| {
        let message = message.to_lowercase();
        let word = WORDS.into_iter().find(|word| message.contains(word));
        word.or_else(|| message.contains("skip-checks:").then_some("skip-checks:"))
    };
    let word = messages.iter().find_map(said)?;
    let text = format!(
        "a commit or the title says `{word}`, and if the merge copies it, no job applies this change until the next one"
    );
    Some(Note { code: "skips-ci".into(), text, names: Vec::new(), origin: None })
}
