//! `users:`, the people of a tree.

use crate::model::{DeclaredUser, Diagnostic, Email};

use super::codes;
use super::context::Context;
use super::draft::Draft;
use super::fields::{Fields, map};
use super::node::{Entry, Node};
use super::values::{account_id, app, boolean, email_text, is_text, list_of, prose, until};

/// Decodes `users:` of one file into the draft.
pub(super) fn users(cx: &mut Context, node: &Node<'_>, draft: &mut Draft) {
    let Some(map) = map(cx, node, "emails, each with its declaration") else {
        return;
    };
    for entry in &map.entries {
        if let Some(email) = key(cx, entry) {
            let user = user(cx, entry);
            draft.add_user(cx, email, user, entry.span);
        }
    }
}

fn key(cx: &mut Context, entry: &Entry<'_>) -> Option<Email> {
    if !is_text(cx, &entry.key, entry.span, "an email") {
        return None;
    }
    let email = email_text(cx, &entry.key.text, entry.span)?;
    let email = cx.person(email, entry.span);
    Some(cx.locate(email, entry.span).value)
}

fn user(cx: &mut Context, entry: &Entry<'_>) -> Option<DeclaredUser> {
    let mut fields = Fields::of(cx, &entry.value, "a user")?;
    let name = fields.take("name").and_then(|node| prose(cx, node, "a display name"));
    let active = fields.take("active").and_then(|node| boolean(cx, node));
    let apps_entry = fields.entry("apps");
    let apps = apps_entry.map_or_else(Vec::new, |entry| list_of(cx, &entry.value, "a list of app keys", app));
    let account = fields.take("account").and_then(|node| account_id(cx, node));
    let until_entry = fields.entry("until");
    let help = "Set a later date; or remove the person from `users` and from every group once the account is inactive.";
    let until = until_entry.and_then(|entry| until(cx, &entry.value, help));
    let because = fields.take("because").and_then(|node| prose(cx, node, "a reason"));
    fields.finish(cx);
    if let (Some(entry), Some(false)) = (until_entry, active.map(|active| active.value)) {
        cx.report(
            Diagnostic::warning(codes::UNTIL_ON_INACTIVE, "`until` of a user who is offboarded")
                .at(entry.span, "`active: false` ends all access today")
                .help("Keep one of the two."),
        );
    }
    if let (Some(entry), Some(false)) = (apps_entry, active.map(|active| active.value)) {
        cx.report(
            Diagnostic::warning(codes::APPS_ON_INACTIVE, "`apps` of a user who is offboarded")
                .at(entry.span, "nobody is invited with `active: false`")
                .help("Remove `apps`."),
        );
    }
    let because = because.map(|because| because.value);
    Some(DeclaredUser { origin: entry.span.origin, name, active, apps, account, until, because })
}
