//! Invitations: the surface, the mail and the groups of each.

use std::collections::BTreeMap;

use crate::model::{
    Action, Address, App, Change, Email, GroupId, Key, Operation, PlannedOperation, Ref, Surface, UserRef,
};

use super::super::context::Context;
use super::super::identity::{Obstacle, ObstacleCode};
use super::{Operations, Router, Routes, Step, note};

/// Invites somebody, through the surface that can do it.
pub(super) fn invite(
    router: &Router<'_>,
    change: &Change,
    email: &Email,
    name: Option<&String>,
    apps: &[App],
) -> Result<Step, Obstacle> {
    let (defaults, unknown) = router.may.invite(change, apps)?;
    let via = router.surfaces.invitation(email, apps)?;
    let wants_mail = router.context.tree.desired.declaration.policy.invite_mail;
    let sends_mail = match via {
        Surface::Jira => true,
        Surface::Organization => wants_mail,
        Surface::UserManagement | Surface::Scim => false,
    };
    let no_mail = (wants_mail && !sends_mail).then(|| {
        let text = format!("{email} is provisioned without the mail that `invite-mail` asks for");
        note("no-mail", text, change)
    });
    let operation = Operation::InviteUser {
        email: email.clone(),
        name: name.cloned(),
        apps: apps.to_vec(),
        groups: Vec::new(),
        defaults,
        sends_mail,
    };
    Ok(Step { operation, via, notes: unknown.into_iter().chain(no_mail).collect() })
}

/// Reports the groups that an invitation by the organization adds to, and invitations that would have no effect: the
/// organization brings people in by what it gives them (docs/atlassian.md#inviting-through-the-organization).
pub(super) fn lead_into_groups(found: &mut Routes, context: &Context<'_>) {
    for (user, groups) in invited_groups(&found.operations) {
        let key = Key { address: Address::User(user), action: Action::Invite };
        let jira = context.live.rights.has(Surface::Jira);
        let Some(planned) = found.operations.get_mut(&key) else { continue };
        let Operation::InviteUser { apps, groups: carried, sends_mail, .. } = &mut planned.operation else {
            continue;
        };
        // A group that must first be created is waited for only if nothing else lets the person in.
        let exists = |group: &&Ref<GroupId>| group.known().is_some();
        let waits = apps.is_empty() && !groups.iter().any(|group| exists(&group));
        *carried = if waits {
            groups.into_iter().take(1).collect()
        } else {
            groups.into_iter().filter(|group| exists(&group)).collect()
        };
        if !carried.is_empty() || !apps.is_empty() {
            continue;
        }
        if jira {
            planned.via = Surface::Jira;
            *sends_mail = true;
        } else {
            found.block_planned(
                &key,
                Obstacle {
                    code: ObstacleCode::InviteLeadsNowhere,
                    why: "an invitation by the organization needs an app or a group that exists".into(),
                    help: "Give the person an app, with `apps:`, or a group.".into(),
                },
            );
        }
    }
}

/// The groups to which the plan adds each person that the organization invites, existing groups first.
fn invited_groups(operations: &Operations) -> BTreeMap<UserRef, Vec<Ref<GroupId>>> {
    let invited = |planned: &&PlannedOperation| {
        let by_organization = planned.via == Surface::Organization;
        by_organization && matches!(planned.operation, Operation::InviteUser { .. })
    };
    let users = operations.values().filter(invited).filter_map(|planned| planned.key.address.user());
    let mut groups: BTreeMap<UserRef, Vec<Ref<GroupId>>> =
        users.map(|user| (user.clone(), Vec::new())).collect();
    for planned in operations.values().filter(|planned| planned.via == Surface::Organization) {
        if let Operation::AddMember { group, .. } = &planned.operation
            && let Some(of_user) = planned.key.address.user().and_then(|user| groups.get_mut(user))
        {
            of_user.push(group.clone());
        }
    }
    for of_user in groups.values_mut() {
        of_user.sort();
    }
    groups
}
