//! `grants:` of a group: the roles in apps that it gives to its members.

use std::collections::BTreeMap;

use crate::model::{Access, DeclaredGrant, Diagnostic, Located, Role, Span};

use super::codes;
use super::context::Context;
use super::fields::Fields;
use super::node::{Entry, Node};
use super::suggest;
use super::values::{app, boolean, list, prose, text, until};

/// Known keys of Atlassian's apps. There may be others: only a name that is close to one of these is doubted.
const APPS: [&str; 7] = [
    "jira-software",
    "jira-servicedesk",
    "jira-product-discovery",
    "jira-core",
    "confluence",
    "compass",
    "loom",
];

/// Decodes the entries; those with mistakes are left out. A role of one app that has two entries is a mistake.
pub(super) fn grants(cx: &mut Context, node: &Node<'_>) -> Option<Vec<DeclaredGrant>> {
    let mut firsts: BTreeMap<Access, Span> = BTreeMap::new();
    let mut found = Vec::new();
    for node in list(cx, node, "a list of grants")? {
        let Some(grant) = grant(cx, node) else { continue };
        let access = &grant.access.value;
        if let Some(first) = firsts.get(access) {
            let message = format!("two entries for `{}` in `{}`", access.role, access.app);
            let diagnostic = Diagnostic::error(codes::DUPLICATE_GRANT, message)
                .at(node.span, "again here")
                .at(*first, "first here")
                .help("Keep one entry: with two, it is unclear which one is meant.");
            cx.report(diagnostic);
            continue;
        }
        firsts.insert(access.clone(), node.span);
        found.push(grant);
    }
    Some(found)
}

fn grant(cx: &mut Context, node: &Node<'_>) -> Option<DeclaredGrant> {
    let mut fields = Fields::of(cx, node, "a grant")?;
    let app = fields
        .require("app", "Name the app by its key, such as `jira-software`.")
        .and_then(|node| Some((app(cx, node)?, node.span)));
    let role =
        fields.require("role", "Name the role, such as `user` or `admin`.").and_then(|node| role(cx, node));
    let absent = fields.entry("absent");
    let until_entry = fields.entry("until");
    let is_absent = absent.is_some_and(|entry| absence(cx, entry, until_entry));
    let help = "Remove the entry, or set a later date.";
    let until = until_entry.and_then(|entry| until(cx, &entry.value, help));
    let because = fields.take("because").and_then(|node| prose(cx, node, "a reason"));
    fields.finish(cx);
    let ((app, span), role) = (app?, role?);
    known(cx, app.value.as_str(), span);
    let access = Located::new(Access { app: app.value, role: role.value }, app.origin);
    Some(DeclaredGrant { access, absent: is_absent, until, because: because.map(|because| because.value) })
}

fn role(cx: &mut Context, node: &Node<'_>) -> Option<Located<Role>> {
    let word = text(cx, node, "a role")?;
    let role = Role::new(word);
    if role.is_assignable() {
        return Some(cx.locate(role, node.span));
    }
    let near = cx.near(Role::of_id(word).as_str(), Role::ASSIGNABLE);
    let help =
        suggest::help(near, || format!("The roles of groups are {}.", suggest::listed(&Role::ASSIGNABLE)));
    cx.mistake(codes::UNKNOWN_VALUE, node.span, format!("invalid role `{word}`"), "unknown role", help);
    None
}

/// `absent: true`: explicit, so that it also removes a role that the tree would leave to a default group.
fn absence(cx: &mut Context, entry: &Entry<'_>, until: Option<&Entry<'_>>) -> bool {
    let flag = boolean(cx, &entry.value);
    if flag.is_some_and(|flag| !flag.value) {
        cx.mistake(
            codes::UNKNOWN_VALUE,
            entry.value.span,
            "`absent: false` has no meaning",
            "only `true` makes sense",
            "Remove the key: an entry without it is a role that the group has.",
        );
    }
    if let Some(until) = until {
        cx.mistake(
            codes::ABSENT_GRANT_KEY,
            until.span,
            "`until` of a grant that is absent",
            "means nothing with `absent: true`",
            "Keep one of the two.",
        );
    }
    flag.is_some_and(|flag| flag.value)
}

/// Doubts the key of an app that is close to a known one. A plan compares it with the site's apps.
fn known(cx: &mut Context, app: &str, span: Span) {
    if APPS.contains(&app) {
        return;
    }
    let near = cx.mistakes.few().then(|| suggest::very_near(app, APPS)).flatten();
    if let Some(near) = near {
        cx.report(
            Diagnostic::warning(codes::CLOSE_APP_KEY, format!("`{app}` is close to the app `{near}`"))
                .at(span, "not a known app")
                .help(format!("Did you mean `{near}`? If not, this is fine.")),
        );
    }
}
