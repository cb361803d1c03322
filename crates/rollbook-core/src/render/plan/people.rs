//! A plan by person: gains and losses.

use std::collections::BTreeMap;

use crate::model::{
    AccessChange, Address, Beneficiary, Direction, GroupName, Inactive, Kept, Key, Operation, Plan,
    PlannedOperation, UserRef,
};
use crate::render::escape_untrusted;
use crate::render::lines::{CHANGE, Lead, wrapped};

use super::access::people_of;
use super::groups::{Rank, Whole, group, rank, ranked};
use super::rows::{Line, OwnedRow, details, origin_of, person, rows, short, sign_of, style_of};

/// The line of an operation on an account.
fn user_row(planned: &PlannedOperation, plan: &Whole<'_>) -> OwnedRow {
    let direction = planned.operation.direction();
    let who =
        planned.key.address.user().map(|user| person(user, planned.name.as_deref())).unwrap_or_default();
    let privileged = (planned.privileged && joins(planned).is_none()).then(|| "privileged".to_owned());
    let mut middle: Vec<String> = privileged.into_iter().collect();
    middle.extend(account_details(planned));
    middle.extend(details(planned));
    middle.extend(plan.via(&[planned]));
    OwnedRow {
        style: style_of(direction),
        head: format!("{} user {who}", sign_of(direction)),
        middle: middle.join(", "),
        right: short(&planned.origin),
    }
}

/// The effects of an operation on an account. The groups of an invitation are operations too.
pub(in crate::render) fn account_details(planned: &PlannedOperation) -> Vec<String> {
    let mut details = Vec::new();
    match &planned.operation {
        Operation::InviteUser { apps, sends_mail, .. } => {
            let apps: Vec<_> = apps.iter().map(|app| escape_untrusted(app.as_str())).collect();
            let apps =
                if apps.is_empty() { ", no app".into() } else { format!(" to {}", apps.join(" and ")) };
            let mail = if *sends_mail { "by mail" } else { "without mail" };
            return vec![format!("{} {mail}{apps}", planned.key.action)];
        }
        Operation::ActivateUser { from, memberships, .. } => {
            let was = match from {
                Inactive::Suspended => "was suspended",
                Inactive::Deactivated => "was deactivated",
            };
            details.push(was.to_owned());
            details.extend((!memberships.is_empty()).then(|| format!("in {} again", names(memberships))));
        }
        Operation::UpdateUser { name, .. } => details.push(format!("named {}", escape_untrusted(name))),
        Operation::SuspendUser { memberships, .. } | Operation::DeactivateUser { memberships, .. }
            if !memberships.is_empty() =>
        {
            details.push(format!("stays in {} without effect", names(memberships)));
        }
        Operation::RemoveUser { memberships, .. } if !memberships.is_empty() => {
            details.push(format!("leaves {}", names(memberships)));
        }
        Operation::SuspendUser { .. }
        | Operation::DeactivateUser { .. }
        | Operation::RemoveUser { .. }
        | Operation::CreateGroup { .. }
        | Operation::AddMember { .. }
        | Operation::RemoveMember { .. }
        | Operation::DeleteGroup { .. }
        | Operation::AssignRole { .. }
        | Operation::RevokeRole { .. } => {}
    }
    details.insert(0, planned.key.action.to_string());
    details
}

/// The groups to which the site adds somebody because of the apps of their invitation.
pub(in crate::render) fn joins(planned: &PlannedOperation) -> Option<String> {
    let groups: Vec<_> =
        planned.operation.defaults().iter().map(|group| escape_untrusted(group.name.as_str())).collect();
    let privileged = if planned.privileged { ", privileged" } else { "" };
    (!groups.is_empty()).then(|| format!("joins {} by the app{privileged}", groups.join(" and ")))
}

/// The lines of an operation on an account.
pub(super) fn user_rows(planned: &PlannedOperation, plan: &Whole<'_>, width: usize) -> String {
    let joins = joins(planned).map(|joins| wrapped(&joins, &Lead::ABOUT, width));
    user_row(planned, plan).text(width) + &joins.unwrap_or_default()
}

fn names(memberships: &[Kept]) -> String {
    let names: Vec<_> = memberships.iter().map(|kept| escape_untrusted(kept.group.as_str())).collect();
    names.join(" and ")
}

/// The operations on one person, and the roles that their groups start or stop giving.
#[derive(Default)]
struct Changes<'a> {
    operations: Vec<&'a PlannedOperation>,
    roles: Vec<Role<'a>>,
}

/// A role that somebody gets or loses by an operation on a group.
struct Role<'a> {
    planned: &'a PlannedOperation,
    change: &'a AccessChange,
    person: &'a Beneficiary,
    what: String,
}

pub(super) fn by_user(plan: &Plan, operations: &[&PlannedOperation], width: usize) -> String {
    let mut people: BTreeMap<&UserRef, Changes<'_>> = BTreeMap::new();
    let mut groups: BTreeMap<&GroupName, Vec<&PlannedOperation>> = BTreeMap::new();
    for planned in operations.iter().copied() {
        match (planned.key.address.user(), planned.key.address.group()) {
            (Some(user), _) => people.entry(user).or_default().operations.push(planned),
            (None, Some(name)) => groups.entry(name).or_default().push(planned),
            (None, None) => {}
        }
    }
    let by_key: BTreeMap<&Key, &PlannedOperation> =
        operations.iter().map(|planned| (&planned.key, *planned)).collect();
    for (change, person, what) in people_of(plan) {
        if let Some(planned) = by_key.get(&change.key).copied() {
            let roles = &mut people.entry(&person.user).or_default().roles;
            roles.push(Role { planned, change, person, what });
        }
    }
    let whole = Whole::of(plan);
    let people = people.into_iter().map(|(user, changes)| {
        let by_roles = changes.roles.iter().map(|role| role.planned);
        let all: Vec<_> = changes.operations.iter().copied().chain(by_roles).collect();
        (rank(&all), person_rows(user, &changes, &whole, width))
    });
    let groups = groups
        .into_iter()
        .map(|(name, operations)| (rank(&operations), group(name, &whole, &operations, width)));
    ranked(people.chain(groups))
}

/// The gains and losses of one person. A single line is not counted.
fn person_rows(user: &UserRef, changes: &Changes<'_>, plan: &Whole<'_>, width: usize) -> String {
    let Changes { operations, roles } = changes;
    let name = operations.iter().find_map(|planned| planned.name.as_deref());
    let name = name.or_else(|| roles.iter().find_map(|role| role.person.name.as_deref()));
    let mut lines: Vec<Line> = operations.iter().map(|planned| membership_line(planned, plan)).collect();
    lines.extend(roles.iter().map(role_line));
    let of = |direction| lines.iter().filter(|line| line.direction == direction).count();
    let counts = [("gains", of(Direction::Grant)), ("loses", of(Direction::Revoke))];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0 && lines.len() > 1)
        .map(|(verb, count)| format!("{verb} {count}"))
        .collect();
    let head = format!("~ user {}", person(user, name));
    let mut text =
        OwnedRow { style: CHANGE, head, middle: counts.join(", "), right: String::new() }.text(width);
    text.push_str(&rows(&mut lines, width));
    let joins = operations.iter().filter_map(|planned| joins(planned));
    text.extend(joins.map(|joins| wrapped(&joins, &Lead::ABOUT, width)));
    text
}

/// A role that somebody gets or loses, since a group starts or stops giving it.
fn role_line(role: &Role<'_>) -> Line {
    let direction = role.planned.operation.direction();
    let privileged = if role.planned.privileged { "privileged, " } else { "" };
    let group = role.planned.key.address.group().map_or("", GroupName::as_str);
    let doubt = if role.change.exact { "" } else { ", unless another group gives it" };
    Line {
        direction,
        head: format!("{} {}", sign_of(direction), role.what),
        middle: format!("{privileged}by group {}{doubt}", escape_untrusted(group)),
        right: String::new(),
    }
}

fn membership_line(planned: &PlannedOperation, plan: &Whole<'_>) -> Line {
    let direction = planned.operation.direction();
    let privileged = (rank(&[planned]) == Rank::Privileged).then(|| "privileged".to_owned());
    let mut middle: Vec<String> = privileged.into_iter().collect();
    let what = match &planned.key.address {
        Address::Member(name, _) => escape_untrusted(name.as_str()).into_owned(),
        Address::User(_) | Address::Group(_) | Address::Grant(..) => {
            middle.extend(account_details(planned));
            "the site".to_owned()
        }
    };
    middle.extend(details(planned));
    middle.extend(plan.via(&[planned]));
    Line {
        direction,
        head: format!("{} {what}", sign_of(direction)),
        middle: middle.join(", "),
        right: origin_of(planned),
    }
}
