//! A plan by person: what they gain and what they lose.

use std::collections::BTreeMap;

use crate::model::{
    Address, Direction, GroupName, Inactive, Kept, Operation, Plan, PlannedOperation, UserRef,
};
use crate::render::escape_untrusted;
use crate::render::lines::{CHANGE, Lead, count, wrapped};

use super::groups::{Whole, group};
use super::rows::{Line, OwnedRow, details, origin_of, person, rows, short, sign_of, style_of};

/// The line of an operation on an account.
fn user_row(planned: &PlannedOperation) -> OwnedRow {
    let direction = planned.operation.direction();
    let who =
        planned.key.address.user().map(|user| person(user, planned.name.as_deref())).unwrap_or_default();
    let mut middle = vec![format!("{}, via {}", planned.key.action, planned.via)];
    middle.extend(account_details(&planned.operation));
    middle.extend(details(planned));
    OwnedRow {
        style: style_of(direction),
        head: format!("{} user {who}", sign_of(direction)),
        middle: middle.join(", "),
        right: short(&planned.origin),
    }
}

pub(in crate::render) fn account_details(operation: &Operation) -> Vec<String> {
    match operation {
        Operation::InviteUser { apps, groups, sends_mail, .. } => {
            let apps: Vec<_> = apps.iter().map(|app| escape_untrusted(app.as_str())).collect();
            let apps = if apps.is_empty() { "no app".into() } else { apps.join(" and ") };
            let groups = (!groups.is_empty()).then(|| format!("into {}", count(groups.len(), "group")));
            let mail = if *sends_mail { "sends mail" } else { "sends no mail" };
            [Some(apps), groups, Some(mail.into())].into_iter().flatten().collect()
        }
        Operation::ActivateUser { from, memberships, .. } => {
            let was = match from {
                Inactive::Suspended => "was suspended",
                Inactive::Deactivated => "was deactivated",
            };
            let again = (!memberships.is_empty()).then(|| format!("in {} again", names(memberships)));
            [Some(was.into()), again].into_iter().flatten().collect()
        }
        Operation::UpdateUser { name, .. } => vec![format!("named {}", escape_untrusted(name))],
        Operation::SuspendUser { memberships, .. } | Operation::DeactivateUser { memberships, .. }
            if !memberships.is_empty() =>
        {
            vec![format!("stays in {} without effect", names(memberships))]
        }
        Operation::RemoveUser { memberships, .. } if !memberships.is_empty() => {
            vec![format!("leaves {}", names(memberships))]
        }
        Operation::SuspendUser { .. }
        | Operation::DeactivateUser { .. }
        | Operation::RemoveUser { .. }
        | Operation::CreateGroup { .. }
        | Operation::AddMember { .. }
        | Operation::RemoveMember { .. }
        | Operation::DeleteGroup { .. } => Vec::new(),
    }
}

/// The groups that the site puts somebody into because of the apps of their invitation.
pub(in crate::render) fn joins(planned: &PlannedOperation) -> Option<String> {
    let groups: Vec<_> =
        planned.operation.defaults().iter().map(|group| escape_untrusted(group.name.as_str())).collect();
    let privileged = if planned.privileged { ", privileged" } else { "" };
    (!groups.is_empty()).then(|| format!("joins {} by the app{privileged}", groups.join(" and ")))
}

/// The lines of an operation on an account.
pub(super) fn user_rows(planned: &PlannedOperation, width: usize) -> String {
    let joins = joins(planned).map(|joins| wrapped(&joins, &Lead::ABOUT, width));
    user_row(planned).text(width) + &joins.unwrap_or_default()
}

fn names(memberships: &[Kept]) -> String {
    let names: Vec<_> = memberships.iter().map(|kept| escape_untrusted(kept.group.as_str())).collect();
    names.join(" and ")
}

pub(super) fn by_user(plan: &Plan, operations: &[&PlannedOperation], width: usize) -> String {
    let mut people: BTreeMap<&UserRef, Vec<&PlannedOperation>> = BTreeMap::new();
    let mut groups: Vec<&PlannedOperation> = Vec::new();
    for planned in operations.iter().copied() {
        match planned.key.address.user() {
            Some(user) => people.entry(user).or_default().push(planned),
            None => groups.push(planned),
        }
    }
    let mut text = String::new();
    for (user, operations) in people {
        let gains =
            operations.iter().filter(|planned| planned.operation.direction() == Direction::Grant).count();
        let name = operations.iter().find_map(|planned| planned.name.as_deref());
        let head = format!("~ user {}", person(user, name));
        let middle = format!("gains {gains}, loses {}", operations.len() - gains);
        let row = OwnedRow { style: CHANGE, head, middle, right: String::new() };
        text.push_str(&row.text(width));
        let mut lines: Vec<Line> = operations.iter().map(|planned| membership_line(planned)).collect();
        text.push_str(&rows(&mut lines, width));
        let joins = operations.iter().filter_map(|planned| joins(planned));
        text.extend(joins.map(|joins| wrapped(&joins, &Lead::ABOUT, width)));
    }
    let whole = Whole::of(plan);
    for planned in groups {
        let name = planned.key.address.group().cloned().unwrap_or_else(|| GroupName::new(""));
        text.push_str(&group(&name, &whole, &[planned], true, width));
    }
    text
}

fn membership_line(planned: &PlannedOperation) -> Line {
    let direction = planned.operation.direction();
    let what = match &planned.key.address {
        Address::Member(name, _) => escape_untrusted(name.as_str()).into_owned(),
        Address::User(_) | Address::Group(_) => format!("the site ({})", planned.key.action),
    };
    let mut middle = details(planned);
    if planned.privileged {
        middle.push("privileged".into());
    }
    Line {
        direction,
        head: format!("{} {what}", sign_of(direction)),
        middle: middle.join(", "),
        right: origin_of(planned),
    }
}
