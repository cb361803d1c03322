//! Moves the ref of the last commit whose apply completed, if one did.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::error::Error;
use crate::git::{self, APPLIED, GitError};
use crate::model::{Action, DeclarationChange, Declared, GroupName, Plan, UserRef};

use super::Session;
use super::execution::Ended;

/// The ref's commit before the run.
pub(super) struct Mark {
    folder: PathBuf,
    before: Result<Option<String>, GitError>,
}

impl Mark {
    /// Reads the ref.
    pub(super) fn read(session: &Session) -> Result<Self, Error> {
        let folder = session.root()?;
        let before = git::applied(&folder);
        Ok(Self { folder, before })
    }

    /// Moves the ref if the site now matches the plan's commit, and says where it is, or why it stays.
    pub(super) fn settle(&self, session: &Session, plan: &Plan, ended: &Result<Ended, Error>) {
        let before = match &self.before {
            Ok(before) => before.as_deref(),
            // Without git, the ref is not used.
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

/// The commit that the site now matches, except for access that should still end; or why there is none.
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
        return Err(format!("access to the privileged group {group} should end, but that is blocked"));
    }
    plan.header
        .commit
        .as_deref()
        .ok_or_else(|| "the tree is not that of the commit that is checked out".into())
}

/// Finds a privileged group in which an end date of the base is dropped while a revoke is blocked: the next base would no
/// longer have that end date. This also happens when the line of an offboarded person is removed who may stay under another
/// email.
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

/// Whether it revokes access. Any other blocked action stays a part of the next change, with its author, until it is done; a
/// blocked revoke gives nobody access.
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
