//! Settings, policy and waivers as texts by key, so that a difference in any of them can be shown.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AppsInGroup, Declaration, GroupName, GroupState, Members, Mode, Policy, RuleChange, Settings, Source,
    UnlistedUsers, joined, rule_of_exclusive, rule_of_waiver,
};

type Texts = BTreeMap<String, String>;

pub(super) fn changes(base: &Declaration, head: &Declaration) -> Vec<RuleChange> {
    let (before, after) = (texts(base), texts(head));
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let mut told: Vec<RuleChange> = changed
        .map(|key| RuleChange {
            rule: key.clone(),
            base: before.get(key).cloned(),
            head: after.get(key).cloned(),
        })
        .collect();
    told.sort_by_key(rank);
    told
}

/// The order for a reviewer, if there is not room for everything: first rules that were changed or removed, then new ones,
/// and last the groups' own settings, of which one change may bring any number.
fn rank(change: &RuleChange) -> (bool, bool) {
    (change.rule.starts_with("groups."), change.base.is_none())
}

fn texts(declaration: &Declaration) -> Texts {
    let mut texts = Texts::new();
    settings(&mut texts, &declaration.settings);
    policy(&mut texts, &declaration.policy);
    // Two waivers of one guard for one address are a set: whichever a guard uses, the other one is shown as well.
    let mut waivers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for waiver in &declaration.waivers {
        for address in &waiver.addresses {
            let text = format!("until {}: {}", waiver.until, waiver.because);
            waivers.entry(rule_of_waiver(waiver.guard, &address.value)).or_default().insert(text);
        }
    }
    for (key, waived) in waivers {
        texts.insert(key, waived.into_iter().collect::<Vec<_>>().join("; "));
    }
    for (name, group) in &declaration.groups {
        let owners: Vec<&str> = group.owners.iter().map(|owner| owner.value.as_str()).collect();
        if !owners.is_empty() {
            texts.insert(format!("groups.{name}.owners"), joined(owners, ", "));
        }
        if let GroupState::Present(members) = &group.state {
            group_rules(&mut texts, name, members);
        }
    }
    texts
}

/// The settings of a group besides its members. Every field is named, so that a new one cannot be forgotten here.
fn group_rules(texts: &mut Texts, name: &GroupName, members: &Members) {
    // The roles of a group are compared separately.
    let Members { entries: _, mode, source, apps_in_group, nest, unmanaged, grants: _ } = members;
    let synced: BTreeSet<&str> = members.synced().map(|(_, name)| name.as_str()).collect();
    let mut say = |key: &str, value: Option<&str>| {
        texts.extend(value.map(|value| (format!("groups.{name}.{key}"), value.to_owned())));
    };
    say("mode", mode.map(Mode::as_str));
    // Defaults of a group are left out.
    say("source", (*source != Source::default()).then(|| source.as_str()));
    say("apps-in-group", (*apps_in_group != AppsInGroup::default()).then(|| apps_in_group.as_str()));
    say("nest", nest.then_some("true"));
    say("members", unmanaged.then_some("unmanaged"));
    // It may bring nobody today.
    let synced = joined(synced, ", ");
    say("synced", (!synced.is_empty()).then_some(&synced));
}

fn settings(texts: &mut Texts, settings: &Settings) {
    let Settings { site, organization, directory, operator, scim, include, share } = settings;
    texts.insert("site".into(), site.value.clone());
    texts.insert("include".into(), joined(include.iter().map(String::as_str), ", "));
    let mut optional = |key: &str, value: Option<String>| {
        texts.extend(value.map(|value| (key.to_owned(), value)));
    };
    optional("share", (!share.is_empty()).then(|| joined(share.iter().map(String::as_str), ", ")));
    optional("organization", organization.as_ref().map(|id| id.value.clone()));
    optional("directory", directory.as_ref().map(|id| id.value.clone()));
    optional("operator", operator.as_ref().map(|email| email.value.to_string()));
    optional("scim.directory", scim.as_ref().map(|scim| scim.directory.value.clone()));
    optional("scim.authority", scim.as_ref().map(|scim| scim.authority.as_str().to_owned()));
}

/// Every field is named, so that a new one cannot be forgotten here.
fn policy(texts: &mut Texts, policy: &Policy) {
    let Policy {
        mode,
        unlisted_users,
        unlisted_groups,
        direct_roles,
        invite_domains,
        invite_mail,
        offboard,
        max_revokes,
        keep_at_least,
        protect,
        privileged,
        self_grant,
        exclusive,
        admins,
    } = policy;
    let mut say = |key: String, value: String| {
        texts.insert(format!("policy.{key}"), value);
    };
    say("mode".into(), mode.as_str().into());
    let unlisted_users = unlisted_users.map_or(UnlistedUsers::Ignore, |policy| policy.value);
    say("unlisted-users".into(), unlisted_users.as_str().into());
    say("unlisted-groups".into(), unlisted_groups.as_str().into());
    say("direct-roles".into(), direct_roles.as_str().into());
    say("invite-mail".into(), invite_mail.to_string());
    say("offboard".into(), offboard.as_str().into());
    say("self-grant".into(), self_grant.as_str().into());
    if let Some(max) = max_revokes {
        if let Some(total) = max.total {
            say("max-revokes.total".into(), total.to_string());
        }
        if let Some(group) = max.group {
            say("max-revokes.group".into(), format!("{} and {} percent", group.count, group.percent));
        }
    }
    for (group, floor) in keep_at_least {
        say(format!("keep-at-least.{group}"), floor.value.to_string());
    }
    let domains = invite_domains.iter().map(|domain| ("invite-domains", domain.value.as_str()));
    let users = protect.users.iter().map(|user| ("protect.users", user.value.as_str()));
    let groups = protect.groups.iter().map(|group| ("protect.groups", group.value.as_str()));
    let marked = privileged.iter().map(|group| ("privileged", group.value.as_str()));
    let owners = admins.iter().map(|admin| ("admins", admin.value.as_str()));
    for (key, item) in domains.chain(users).chain(groups).chain(marked).chain(owners) {
        say(format!("{key}: {item}"), "listed".into());
    }
    for list in exclusive {
        let key = rule_of_exclusive(&list.value);
        texts.insert(key, "listed".into());
    }
}
