//! Moves the ref of the last commit whose apply completed, where one did.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::error::Error;
use crate::git::{self, APPLIED, GitError};
use crate::model::{Action, DeclarationChange, Declared, GroupName, Plan, UserRef};

use super::Session;
use super::execution::Ended;

/// Where the ref was before anything was done.
pub(super) struct Mark {
    folder: PathBuf,
    before: Result<Option<String>, GitError>,
}

impl Mark {
    /// Looks where the ref is.
    pub(super) fn read(session: &Session) -> Result<Self, Error> {
        let folder = session.root()?;
        let before = git::applied(&folder);
        Ok(Self { folder, before })
    }

    /// Moves the ref where the site is now as the plan's commit has it, and says where it is, or why it stays.
    pub(super) fn settle(&self, session: &Session, plan: &Plan, ended: &Result<Ended, Error>) {
        let before = match &self.before {
            Ok(before) => before.as_deref(),
            // Where git is not installed, nobody uses the ref.
            Err(GitError::NoGit(_)) => return,
            Err(error) => {
                session.terminal.tell(&format!("{APPLIED} was not moved: {error}."));
                return;
            }
        };
        let moved = completed(plan, ended).and_then(|commit| {
            if before == Some(commit) {
                return Ok(commit);
            }
            git::move_applied(&self.folder, commit, before)
                .map(|()| commit)
                .map_err(|error| error.to_string())
        });
        match (moved, before) {
            (Ok(commit), _) => session.terminal.say(&format!("{APPLIED} is at {}.", git::short(commit))),
            (Err(why), Some(before)) => {
                session.terminal.say(&format!("{APPLIED} stays at {}: {why}.", git::short(before)));
            }
            (Err(_), None) => {}
        }
    }
}

/// The commit that the site is in line with now, but for what should still lose access; or why it is not.
pub(super) fn completed<'a>(plan: &'a Plan, ended: &Result<Ended, Error>) -> Result<&'a str, String> {
    if plan.review.is_some() {
        return Err("the run was limited to the reviewed plan".into());
    }
    if !plan.narrowed_to.is_empty() {
        return Err(format!("the run was limited to {}", plan.narrowed_to.join(" and ")));
    }
    let ended = match ended {
        Ok(Ended { journalled: Ok(()), report, .. }) => report,
        Ok(Ended { journalled: Err(error), .. }) | Err(error) => return Err(error.to_string()),
    };
    let done = ended.outcomes.iter().filter(|(_, outcome)| outcome.done()).count();
    match plan.operations.len().saturating_sub(done) {
        0 => {}
        1 => return Err("1 operation was not done".into()),
        many => return Err(format!("{many} operations were not done")),
    }
    match plan.blocked.iter().filter(|blocked| !revokes(blocked.action)).count() {
        0 => {}
        1 => return Err("1 grant is blocked".into()),
        many => return Err(format!("{many} grants are blocked")),
    }
    if let Some(group) = held(plan) {
        return Err(format!("access to the privileged group {group} is to end, and that is blocked"));
    }
    plan.header
        .commit
        .as_deref()
        .ok_or_else(|| "the tree is not that of the commit that is checked out".into())
}

/// A privileged group in which an end of the base is dropped while a revoke is blocked: by the next base nobody would know
/// of that end. So it is where the line of somebody goes who is offboarded, and who may stay under another email.
fn held(plan: &Plan) -> Option<&GroupName> {
    let revokes = || plan.blocked.iter().filter(|blocked| revokes(blocked.action));
    let in_groups: BTreeSet<&GroupName> = revokes().filter_map(|blocked| blocked.address.group()).collect();
    let of_nobody: BTreeSet<&UserRef> = revokes()
        .filter(|blocked| blocked.code == "end-of-nobody" && blocked.address.group().is_none())
        .filter_map(|blocked| blocked.address.user())
        .collect();
    let is_held = |change: &&DeclarationChange| {
        let in_group = || change.address.group().is_some_and(|group| in_groups.contains(group));
        change.privileged
            && match change.declared {
                Declared::Kept { .. } => in_group(),
                Declared::End { base, head } => {
                    base.is_some() && (head.is_none() || head > base) && in_group()
                }
                Declared::Leaves => change.address.user().is_some_and(|user| of_nobody.contains(user)),
                Declared::GroupLeaves { .. } | Declared::Enters => false,
            }
    };
    let declared = plan.base.iter().flat_map(|base| &base.declared);
    declared.filter(is_held).find_map(|change| change.address.group())
}

/// Whether it takes something from somebody. What does not and is blocked stays a part of the next change, with its
/// author, until it is done; a revoke that is blocked gives nobody anything.
fn revokes(action: Action) -> bool {
    match action {
        Action::Remove | Action::Suspend | Action::Deactivate | Action::Delete | Action::Revoke => true,
        Action::Create
        | Action::Invite
        | Action::Activate
        | Action::Update
        | Action::Add
        | Action::Assign => false,
    }
}
