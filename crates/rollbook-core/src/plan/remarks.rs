//! Notes on the rules: those without effect, and those that the site already violates.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;

use crate::model::{
    AccountId, Capabilities, DeclaredGroup, DirectRole, DirectRoles, Email, GroupId, GroupName, GroupState,
    Note, Read, Reading, SelfGrant, Surface, TargetGroup, UserRef, Who,
};

use super::context::Context;
use super::identity::{GroupIdentity, Identity, Marked};
use super::projection::Projection;
use super::rules::{RuleBook, Rules, Unseen, group_id};

/// How many days ahead a plan reports expiring access (docs/design.md#time).
const EXPIRES_SOON: i64 = 14;

/// The notes.
pub(super) fn on_rules(rules: &RuleBook<'_>, context: &Context<'_>) -> Vec<Note> {
    let mut notes = rules_for_nothing(rules, context);
    notes.extend(rules_of_left_groups(rules, context));
    notes.extend(standing_pairs(rules, context));
    notes.extend(unknown_leavers(context));
    notes.extend(expiring(rules, context));
    notes.extend(tombstones_of_nothing(context));
    notes.extend(unknown_deciders(rules, context));
    notes
}

/// Groups of the site that decide about apps without the tree saying so, where nothing told which they are.
fn unknown_deciders(rules: &RuleBook<'_>, context: &Context<'_>) -> Option<Note> {
    let live = context.live;
    let mut judged = rules.both().map(Rules::policy);
    let asks = context.base.is_some() && judged.any(|policy| policy.self_grant == SelfGrant::Refuse);
    let is_unread = live.rights.has(Surface::Organization) && live.grants.deciding.read().is_none();
    (asks && is_unread).then(|| {
        let text = "which groups give a role in an app that lets people decide about access was not read: `self-grant` knows \
                    those alone that the tree declares";
        Note::new("not-read", text.to_owned(), None)
    })
}

/// Groups that the change declares absent and that are not there: nothing is deleted now, and the next group of that name is.
fn tombstones_of_nothing(context: &Context<'_>) -> Vec<Note> {
    let Some(base) = context.base.filter(|_| !context.undoes) else { return Vec::new() };
    let is_absent = |group: &DeclaredGroup| matches!(group.state, GroupState::Absent);
    let before = &base.tree.desired.declaration.groups;
    let mut notes = Vec::new();
    for (name, group) in &context.tree.desired.declaration.groups {
        let is_new = !before.get(name).is_some_and(is_absent);
        if is_absent(group) && is_new && matches!(context.tree.groups.get(name), GroupIdentity::Missing) {
            let text = format!(
                "group {name} is already absent; while the line remains, any new group of this name is deleted"
            );
            notes.push(Note::new("absent-already", text, Some(context.locator.locate(group.origin))));
        }
    }
    notes
}

/// Access that expires soon, and the rule that will block its end.
fn expiring(rules: &RuleBook<'_>, context: &Context<'_>) -> Vec<Note> {
    let desired = &context.tree.desired;
    let horizon = desired.today.checked_add(EXPIRES_SOON.days()).unwrap_or(desired.today);
    let mut notes = Vec::new();
    for (name, group) in desired.groups.iter().filter(|_| !context.undoes) {
        for (user, entry) in &group.members {
            let Some(until) = entry.until.filter(|until| *until <= horizon) else { continue };
            let text = match stopped_by(rules, context, name, user) {
                Some(rule) => format!("{user} should leave {name} on {until}, and {rule} prevents it"),
                None => format!("{user} leaves {name} on {until}"),
            };
            notes.push(Note::new("expires-soon", text, Some(context.locator.locate(entry.origin))));
        }
    }
    notes
}

/// The rule that keeps somebody in a group, whatever else is done.
fn stopped_by(
    rules: &RuleBook<'_>,
    context: &Context<'_>,
    name: &GroupName,
    user: &UserRef,
) -> Option<String> {
    let (id, account) = (group_id(context.tree, name, context.live), context.tree.account(user));
    let protected = || rules.both().map(|rules| &Rules::policy(rules).protect);
    let groups = protected().flat_map(|protect| &protect.groups).map(|group| &group.value);
    if Marked::of(groups, &rules.names).marks(id, name) {
        return Some("`policy.protect.groups`".into());
    }
    let mut people = protected().flat_map(|protect| &protect.users).map(|user| &user.value);
    let is_meant = |email: &Email| match account {
        Some(id) => rules.kept(email).contains(id),
        None => *user == UserRef::Email(email.clone()),
    };
    if people.any(is_meant) {
        return Some("`policy.protect.users`".into());
    }
    let account = account?;
    if rules.is_operator(account) || context.live.rights.acting() == Some(account) {
        return Some("`self-lockout`".into());
    }
    let Unseen { email, rule, .. } = rules.may_be(account, context.live.accounts.get(account))?;
    Some(format!("`{rule}`, which names {email}, whose account is unknown,"))
}

/// Names in the tree's rules that neither the site nor the tree has: a rule without effect must not look as if it had one.
fn rules_for_nothing(rules: &RuleBook<'_>, context: &Context<'_>) -> Vec<Note> {
    let policy = &context.tree.desired.declaration.policy;
    let made = |name: &GroupName| context.tree.desired.groups.contains_key(name);
    let mut notes = Vec::new();
    for (rule, name, origin) in policy.named_groups() {
        if rules.names.ids(name).next().is_none() && !made(name) {
            let text = format!(
                "policy.{rule} names {name}, and neither the site nor the tree has such a group: the rule has no effect"
            );
            notes.push(Note::new("rule-names-nothing", text, Some(context.locator.locate(origin))));
        }
    }
    let operator = &context.tree.desired.declaration.settings.operator;
    let users = policy.protect.users.iter().map(|user| ("policy.protect.users", user));
    for (rule, user) in users.chain(operator.iter().map(|user| ("operator", user))) {
        let email = &user.value;
        let holds = if context.tree.people.missing_may_hide() {
            "until it is known, no account that hides its email loses anything"
        } else {
            "it protects nobody"
        };
        if rules.accounts(email).is_empty() {
            let text = format!("{rule} names {email}, whose account is unknown: {holds}");
            notes.push(Note::new("rule-names-nothing", text, Some(context.locator.locate(user.origin))));
        }
    }
    notes
}

/// Rules of the tree that name a group which the change stops declaring. They apply to the people who stay in it, and
/// may refuse the next change.
fn rules_of_left_groups(rules: &RuleBook<'_>, context: &Context<'_>) -> Vec<Note> {
    let Some(base) = context.base.filter(|_| !context.undoes) else { return Vec::new() };
    let mut notes = Vec::new();
    for left in base.left(context.tree) {
        for (rule, name, origin) in context.tree.desired.declaration.policy.named_groups() {
            let means = |id: &GroupId| rules.names.ids(name).any(|named| named == id);
            if name == left.name || left.id.is_some_and(means) {
                let text = format!(
                    "policy.{rule} names {name}, which this change stops declaring: its members stay, and the rule \
                     applies to them"
                );
                notes.push(Note::new("rule-names-left-group", text, Some(context.locator.locate(origin))));
            }
        }
    }
    notes
}

/// People who are already in two groups of a list, and stay in both. The plan did not add them, so it is not refused.
fn standing_pairs(rules: &RuleBook<'_>, context: &Context<'_>) -> Vec<Note> {
    let site = Projection::before(context);
    let mut told: BTreeSet<String> = BTreeSet::new();
    for list in rules.excluding() {
        let mut members: BTreeSet<&AccountId> = BTreeSet::new();
        let read = list.iter().flat_map(|listed| &listed.ids).filter_map(|id| context.live.members.get(*id));
        members.extend(read.flatten());
        for account in members {
            let who = Who::Account(account);
            // A name that may mean two groups still belongs to the list.
            let held: Vec<&GroupId> = list
                .iter()
                .filter_map(|listed| {
                    listed.ids.iter().copied().find(|id| site.holds(TargetGroup::Group(id), who))
                })
                .collect();
            if let [one, other, ..] = held.as_slice() {
                let user = context.tree.people.name_of(account, context.live.accounts.get(account));
                let name = |id: &GroupId| context.name_of(id, &GroupName::new(id.as_str()));
                told.insert(format!(
                    "{user} is in {} and in {}, which exclude each other",
                    name(one),
                    name(other)
                ));
            }
        }
    }
    told.into_iter().map(|text| Note::new("exclusive-stands", text, None)).collect()
}

/// Unknown people that the change offboards: a typing mistake must not look like a person who left.
fn unknown_leavers(context: &Context<'_>) -> Vec<Note> {
    let Some(base) = context.base else { return Vec::new() };
    let before = &base.tree.desired;
    let tree = context.tree;
    let users = tree.desired.declaration.users.iter();
    let leaving = users.filter(|(email, _)| {
        tree.desired.offboarded(email).is_some()
            && before.offboarded(email).is_none()
            && *tree.people.person(&UserRef::Email((*email).clone())) == Identity::Missing
    });
    let mut notes = Vec::new();
    for (email, user) in leaving {
        let shown = context.live.accounts.values().filter_map(|account| account.email.as_ref());
        let declared = tree.desired.emails().filter(|other| *other != email);
        let known: BTreeSet<&str> = shown.chain(declared).map(Email::as_str).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let near = similar::get_close_matches(email.as_str(), &known, 3, 0.85);
        let meant =
            if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        let text = format!("nobody on the site has the email {email}, so nobody loses access{meant}");
        notes.push(Note::new("leaver-unknown", text, Some(context.locator.locate(user.origin))));
    }
    notes
}

/// With `direct-roles: report`, the roles that people hold directly, or that nobody could tell.
pub(super) fn on_direct_roles(context: &Context<'_>) -> Vec<Note> {
    let tree = context.tree;
    if tree.desired.declaration.policy.direct_roles == DirectRoles::Ignore {
        return Vec::new();
    }
    let told = context.capabilities.unread_at_all(Read::DirectRoles).is_some();
    let Reading::Read(held) = &context.capabilities.direct_roles else {
        let why = if context.live.rights.has(Surface::Organization) {
            "the snapshot was taken without asking for them"
        } else {
            "the organization alone shows them, and there is no API key for it"
        };
        let text = format!("which roles in apps people hold directly is not known: {why}");
        return (!told).then(|| Note::new("direct-roles-unknown", text, None)).into_iter().collect();
    };
    let mut of: BTreeMap<&AccountId, Vec<String>> = BTreeMap::new();
    for DirectRole { account, access } in held {
        of.entry(account).or_default().push(access.to_string());
    }
    let note = |(account, roles): (&AccountId, Vec<String>)| {
        let told = context.capabilities.people.get(account).and_then(Option::as_ref);
        let email = told.and_then(|person| person.email.as_ref());
        let user = match (tree.people.name_of(account, context.account(account)), email) {
            (UserRef::Account(_), Some(email)) => UserRef::Email(email.clone()),
            (user, _) => user,
        };
        let text =
            format!("{user} holds {} directly, not by a group: no tree manages it", roles.join(" and "));
        Note::new("direct-role", text, None)
    };
    of.into_iter().map(note).collect()
}

/// The questions that got no answer, and the consequences for the plan.
pub(super) fn on_unread(capabilities: &Capabilities) -> Vec<Note> {
    let mut notes = Vec::new();
    for unread in &capabilities.unread {
        let goes_on = match unread.read {
            Read::AppRoles => "seats and default groups are not shown",
            Read::Resources => "invitations to apps do not go through the organization",
            Read::Domains => "nobody is provisioned through SCIM",
            Read::DirectRoles => "they are not named",
            Read::Site
            | Read::Rights
            | Read::Directory
            | Read::Groups
            | Read::Members
            | Read::People
            | Read::Everybody
            | Read::Named
            | Read::Records
            | Read::GroupKind
            | Read::Memberships
            | Read::Account
            | Read::Standing
            | Read::Privileges
            | Read::SiteAdmins
            | Read::OrganizationAdmins
            | Read::Directories
            | Read::DirectoryGroup
            | Read::Grants
            | Read::RoleGivers
            | Read::Synced => continue,
        };
        notes.push(Note::new("not-read", format!("{unread}; {goes_on}"), None));
    }
    notes
}
