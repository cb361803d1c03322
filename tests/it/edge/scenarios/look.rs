//! Plans and states as lines that one can read.

use std::collections::BTreeSet;

use rollbook::model::{Key, Plan};
use rollbook::sandbox::{Account, Group, ScimRecord, State};

/// A plan: its operations with their surface and what they wait for, and what is blocked with its code.
pub(super) fn lines(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for planned in &plan.operations {
        let requires: Vec<String> = planned.requires.iter().map(Key::to_string).collect();
        let after =
            if requires.is_empty() { String::new() } else { format!(" after {}", requires.join(", ")) };
        lines.push(format!("{} via {}{after}", planned.key, planned.via));
    }
    for blocked in &plan.blocked {
        lines.push(format!("blocked: {} {}: {}", blocked.action, blocked.address, blocked.code));
    }
    lines.join("\n")
}

/// The codes of a plan's notes.
pub(super) fn notes(plan: &Plan) -> Vec<&'static str> {
    plan.notes.iter().map(|note| crate::world::code(&note.code)).collect()
}

/// Everything that differs between two states, by line. Ids are compared, and what is new has its name.
pub(super) fn difference(before: &State, after: &State) -> String {
    let parts = |state: &State| (state.site.clone(), state.organization.clone(), state.apps.clone());
    assert_eq!(parts(before), parts(after), "site, organization and apps stay");
    assert_eq!(before.credentials, after.credentials, "credentials stay");
    let mut lines = Vec::new();
    let ids: BTreeSet<&String> = before.accounts.keys().chain(after.accounts.keys()).collect();
    for id in ids {
        let then = before.accounts.get(id).map(|account| of_account(account, before.scim.get(id)));
        let now = after.accounts.get(id).map(|account| of_account(account, after.scim.get(id)));
        let name = who(if now.is_some() { after } else { before }, id);
        match (then, now) {
            (Some(then), Some(now)) if then != now => lines.push(format!("{name}: {then} -> {now}")),
            (Some(_), Some(_)) => {}
            (None, Some(now)) => lines.push(format!("{name}: new, {now}")),
            (_, None) => lines.push(format!("{name}: gone")),
        }
    }
    lines.sort();
    let mut groups = Vec::new();
    let ids: BTreeSet<&String> = before.groups.keys().chain(after.groups.keys()).collect();
    for id in ids {
        match (before.groups.get(id), after.groups.get(id)) {
            (Some(then), Some(now)) => {
                let (members, grants) = (now.members.clone(), now.grants.clone());
                let same = Group { members, grants, ..then.clone() };
                assert_eq!(&same, now, "only members of a group change, and what it gives");
                groups.extend(moved(after, then, now));
            }
            (None, Some(now)) => {
                let described =
                    now.description.as_ref().map(|text| format!(" \"{text}\"")).unwrap_or_default();
                let kind = format!("{:?}{described}", now.managed_by);
                groups.push(format!("{}: new, {kind}: {}", now.name, names(after, now.members.iter())));
            }
            (Some(then), None) => groups.push(format!("{}: gone", then.name)),
            (None, None) => {}
        }
    }
    groups.sort();
    lines.extend(groups);
    lines.join("\n")
}

fn moved(state: &State, then: &Group, now: &Group) -> Option<String> {
    let joined = now.members.difference(&then.members).map(|id| format!("+{}", who(state, id)));
    let left = then.members.difference(&now.members).map(|id| format!("-{}", who(state, id)));
    let mut moved: Vec<String> = joined.chain(left).collect();
    let (then_gives, gives) = (given(then), given(now));
    moved.extend(gives.difference(&then_gives).map(|role| format!("+{role}")));
    moved.extend(then_gives.difference(&gives).map(|role| format!("-{role}")));
    moved.sort();
    (!moved.is_empty()).then(|| format!("{}: {}", now.name, moved.join(" ")))
}

/// The roles that a group gives, as `APP/ROLE`.
fn given(group: &Group) -> BTreeSet<String> {
    let word = |role| serde_json::to_value(role).ok().and_then(|word| Some(word.as_str()?.to_owned()));
    let apps = group.grants.iter();
    apps.flat_map(|(app, roles)| roles.0.iter().map(move |role| format!("{app}/{}", word(role).unwrap())))
        .collect()
}

fn names<'a>(state: &State, ids: impl Iterator<Item = &'a String>) -> String {
    let mut names: Vec<String> = ids.map(|id| who(state, id)).collect();
    names.sort();
    names.join(" ")
}

/// What precedes the `@` of an email.
fn who(state: &State, id: &str) -> String {
    let email = state.accounts.get(id).and_then(|account| account.email.clone());
    email.unwrap_or_else(|| id.to_owned()).replace("@acme.com", "")
}

/// An account as words: nothing of it is left out.
fn of_account(account: &Account, record: Option<&ScimRecord>) -> String {
    let Account {
        email,
        name,
        kind,
        app_type,
        active,
        pending,
        suspended,
        deletion,
        managed,
        roles,
        grants,
        hide_email,
        last_active,
        removed,
        profile,
    } = account;
    let local = email.as_deref().unwrap_or_default().split('@').next().unwrap_or_default();
    let mut words = vec![format!("{kind:?}"), if *active { "active" } else { "deactivated" }.to_owned()];
    let flags = [
        (*pending, "pending"),
        (*suspended, "suspended"),
        (*removed, "removed"),
        (!*managed, "unmanaged"),
        (*hide_email, "hidden"),
    ];
    words.extend(flags.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()));
    words.extend(deletion.map(|deletion| format!("{deletion:?}")));
    words.extend(app_type.map(|kind| format!("{kind:?}")));
    words.extend(roles.iter().map(|role| format!("{role:?}")));
    words.extend(grants.iter().map(|(app, roles)| format!("{app}: {:?}", roles.0)));
    words.extend((name != local).then(|| format!("called {name}")));
    words.extend(record.map(|record| {
        let ScimRecord { id: _, user_name, external_id, active, attributes: _ } = record;
        let external = external_id.as_deref().unwrap_or_default();
        let is = if *active { "active" } else { "inactive" };
        let named = if Some(user_name) == email.as_ref() { "" } else { user_name };
        format!("scim {is} {named}{external}").trim_end().to_owned()
    }));
    words.extend((!profile.is_empty()).then(|| format!("profile {profile:?}")));
    words.extend(last_active.map(|at| format!("last active {at}")));
    // Nearly everybody is a person.
    words.retain(|word| word != "Atlassian");
    words.join(" ")
}
