//! `policy:`, the rules that a tree sets for itself.

use std::collections::BTreeMap;

use crate::model::{GroupName, GroupRevokes, Located, MaxRevokes, Policy, Protect, UnlistedUsers};

use super::codes;
use super::context::{Context, Mention};
use super::fields::{Fields, map};
use super::node::{Node, Value};
use super::values::{
    at_least, boolean, choice, domain, email, group_name, group_name_text, is_text, list, list_of, number,
};

/// Decodes `policy:`. A setting that cannot be decoded has its default; the tree is not used then.
pub(super) fn policy(cx: &mut Context, node: &Node<'_>) -> Policy {
    let Some(mut fields) = Fields::of(cx, node, "`policy`") else {
        return Policy::default();
    };
    let limited = fields.take("max-revokes").is_some_and(limits_all);
    let policy = Policy {
        mode: fields.take("mode").and_then(|node| choice(cx, node)).unwrap_or_default(),
        unlisted_users: fields.take("unlisted-users").and_then(|node| {
            let value = choice(cx, node)?;
            if value == UnlistedUsers::Offboard && !limited {
                cx.mistake(
                    codes::OFFBOARD_WITHOUT_LIMIT,
                    node.span,
                    "`offboard` without `max-revokes.total`",
                    "one mistake in a file could offboard everybody",
                    "Limit how much one plan may revoke, such as `max-revokes: { total: 20 }`.",
                );
            }
            Some(cx.locate(value, node.span))
        }),
        unlisted_groups: fields.take("unlisted-groups").and_then(|node| choice(cx, node)).unwrap_or_default(),
        direct_roles: fields.take("direct-roles").and_then(|node| choice(cx, node)).unwrap_or_default(),
        invite_domains: fields
            .take("invite-domains")
            .map_or_else(Vec::new, |node| list_of(cx, node, "a list of domains", domain)),
        invite_mail: fields
            .take("invite-mail")
            .and_then(|node| boolean(cx, node))
            .is_some_and(|value| value.value),
        offboard: fields.take("offboard").and_then(|node| choice(cx, node)).unwrap_or_default(),
        max_revokes: fields.take("max-revokes").and_then(|node| max_revokes(cx, node)),
        keep_at_least: fields
            .take("keep-at-least")
            .map_or_else(BTreeMap::new, |node| keep_at_least(cx, node)),
        protect: fields.take("protect").map_or_else(Protect::default, |node| protect(cx, node)),
        privileged: fields.take("privileged").map_or_else(Vec::new, |node| groups(cx, node, "privileged")),
        self_grant: fields.take("self-grant").and_then(|node| choice(cx, node)).unwrap_or_default(),
        exclusive: fields.take("exclusive").map_or_else(Vec::new, |node| exclusive(cx, node)),
        admins: fields
            .take("admins")
            .map_or_else(Vec::new, |node| list_of(cx, node, "a list of emails", email)),
    };
    fields.finish(cx);
    policy
}

/// Whether `max-revokes` limits a plan as a whole, or has mistakes that are reported at their place.
fn limits_all(node: &Node<'_>) -> bool {
    match &node.value {
        Value::Map(map) => !map.whole || map.entries.iter().any(|entry| entry.key.text == "total"),
        Value::Scalar(_) | Value::List(_) | Value::Reported => true,
    }
}

fn max_revokes(cx: &mut Context, node: &Node<'_>) -> Option<MaxRevokes> {
    let help = format!("Write `max-revokes: {{ total: {} }}`.", written(node, "20"));
    if !cx.shaped(node, is_map(node), "limits (`max-revokes`)", help) {
        return None;
    }
    let mut fields = Fields::of(cx, node, "`max-revokes`")?;
    let total = fields.take("total");
    let group = fields.take("group");
    if total.is_none() && group.is_none() {
        fields.missing("total", "Write `total`, `group` or both, or leave `max-revokes` out.");
    }
    let total = total.and_then(|node| number(cx, node, 0, u32::MAX)).map(|total| total.value);
    let group = group.and_then(|node| group_revokes(cx, node));
    fields.finish(cx);
    Some(MaxRevokes { total, group })
}

fn group_revokes(cx: &mut Context, node: &Node<'_>) -> Option<GroupRevokes> {
    let help = format!("Write `group: {{ count: {}, percent: 20 }}`.", written(node, "5"));
    if !cx.shaped(node, is_map(node), "limits (`max-revokes.group`)", help) {
        return None;
    }
    let mut fields = Fields::of(cx, node, "`max-revokes.group`")?;
    let help = "Write both: a plan is refused when a group loses more than both.";
    let count = fields.require("count", help).and_then(|node| number(cx, node, 0, u32::MAX));
    let percent = fields.require("percent", help).and_then(|node| number(cx, node, 0, 100));
    fields.finish(cx);
    Some(GroupRevokes { count: count?.value, percent: percent?.value })
}

fn keep_at_least(cx: &mut Context, node: &Node<'_>) -> BTreeMap<GroupName, Located<u32>> {
    let mut kept = BTreeMap::new();
    let help = format!(
        "Give each group a minimum number of members, such as `keep-at-least: {{ ops: {} }}`.",
        written(node, "2")
    );
    if !cx.shaped(node, is_map(node), "groups with numbers", help) {
        return kept;
    }
    let Some(map) = map(cx, node, "groups with numbers") else {
        return kept;
    };
    for entry in &map.entries {
        let count = number(cx, &entry.value, 1, u32::MAX);
        if !is_text(cx, &entry.key, entry.span, "a group's name") {
            continue;
        }
        let Some(name) = group_name_text(cx, &entry.key.text, entry.span) else {
            continue;
        };
        mention(cx, "keep-at-least", &Located::new(name.clone(), entry.span.origin), entry.span);
        if let Some(count) = count {
            kept.insert(name, count);
        }
    }
    kept
}

fn protect(cx: &mut Context, node: &Node<'_>) -> Protect {
    let help = "Write `protect: { users: [EMAIL], groups: [GROUP] }`, or one of the two.";
    if !cx.shaped(node, is_map(node), "users and groups (`protect`)", help.into()) {
        return Protect::default();
    }
    let Some(mut fields) = Fields::of(cx, node, "`protect`") else {
        return Protect::default();
    };
    let users =
        fields.take("users").map_or_else(Vec::new, |node| list_of(cx, node, "a list of emails", email));
    let groups = fields.take("groups").map_or_else(Vec::new, |node| groups(cx, node, "protect"));
    fields.finish(cx);
    Protect { users, groups }
}

fn exclusive(cx: &mut Context, node: &Node<'_>) -> Vec<Located<Vec<Located<GroupName>>>> {
    let Some(lists) = list(cx, node, "a list of lists of groups") else {
        return Vec::new();
    };
    let is_list = |node: &&Node<'_>| matches!(node.value, Value::List(_) | Value::Reported);
    if let Some(first) = lists.iter().find(|node| !is_list(node)) {
        let help = "Write a list for each set of groups that exclude each other: `exclusive: [[a, b]]`.";
        cx.shaped(first, false, "a list of groups", help.into());
        return Vec::new();
    }
    lists
        .iter()
        .filter_map(|node| {
            let names = groups(cx, node, "exclusive");
            let help = "Name at least two groups: nobody may be in two of them.";
            at_least(cx, node, &names, 2, help).then(|| cx.locate(names, node.span))
        })
        .collect()
}

fn groups(cx: &mut Context, node: &Node<'_>, rule: &'static str) -> Vec<Located<GroupName>> {
    let help = format!("Write a list, such as `[{}]`.", written(node, "ops"));
    if !cx.shaped(node, matches!(node.value, Value::List(_)), "a list of groups", help) {
        return Vec::new();
    }
    list_of(cx, node, "a list of groups", |cx, node| {
        let name = group_name(cx, node)?;
        mention(cx, rule, &name, node.span);
        Some(name)
    })
}

fn is_map(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Map(_))
}

/// The incomplete text that people wrote, or an example.
fn written<'n>(node: &'n Node<'_>, example: &'n str) -> &'n str {
    match &node.value {
        Value::Scalar(scalar) => &scalar.text,
        Value::List(_) | Value::Map(_) | Value::Reported => example,
    }
}

fn mention(cx: &mut Context, rule: &'static str, name: &Located<GroupName>, span: crate::model::Span) {
    cx.mentions.push(Mention { rule, name: name.value.clone(), span });
}
