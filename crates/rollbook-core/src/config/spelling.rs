//! Names that a reviewer would mistake for one another: look-alike characters, mixed scripts, case.

use std::collections::BTreeMap;

use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton;

use crate::model::{Diagnostic, Email, GroupName, Span};

use super::codes;
use super::context::Context;
use super::draft::Draft;

/// Checks every rule of this file. If all names are ASCII, only the font could make two look alike, and `rn` for `m` is
/// not a mistake, so those cost and report nothing.
pub(super) fn check(cx: &mut Context, draft: &Draft) {
    let people: Vec<(Email, Span)> = cx.people.iter().map(|(email, span)| (email.clone(), span)).collect();
    mixed_scripts(cx, &people);
    let emails: Vec<(&str, Span)> = people.iter().map(|(email, span)| (email.as_str(), *span)).collect();
    let fold_email = |text: &str| skeleton(&text.to_ascii_lowercase()).collect::<String>();
    look_alikes(cx, &emails, fold_email, codes::LOOK_ALIKE_EMAILS, "emails");
    group_case(cx, draft);
    let groups: Vec<(&str, Span)> =
        draft.declared_groups().iter().map(|(name, span)| (name.as_str(), *span)).collect();
    let fold_group = |text: &str| skeleton(&text.to_lowercase()).collect::<String>();
    look_alikes(cx, &groups, fold_group, codes::LOOK_ALIKE_GROUPS, "groups");
}

fn mixed_scripts(cx: &mut Context, people: &[(Email, Span)]) {
    for (email, span) in people.iter().filter(|(email, _)| !email.as_str().is_ascii()) {
        let mixed = email.as_str().split(['@', '.']).find(|part| !part.is_single_script());
        if let Some(part) = mixed {
            cx.mistake(
                codes::MIXED_SCRIPT_EMAIL,
                *span,
                format!("`{part}` in `{email}` mixes letters of several scripts"),
                "letters of several scripts",
                "Retype the address in one script: look-alike letters make it another person's.",
            );
        }
    }
}

fn look_alikes(
    cx: &mut Context,
    names: &[(&str, Span)],
    fold: impl Fn(&str) -> String,
    code: &'static str,
    what: &str,
) {
    if names.iter().all(|(name, _)| name.is_ascii()) {
        return;
    }
    let mut by_look: BTreeMap<String, Vec<(&str, Span)>> = BTreeMap::new();
    for (name, span) in names {
        by_look.entry(fold(name)).or_default().push((name, *span));
    }
    for alike in by_look.values().filter(|alike| alike.len() > 1) {
        // The others imitate the one that is ASCII.
        let original = alike.iter().find(|(name, _)| name.is_ascii()).unwrap_or(&alike[0]);
        for (name, span) in alike.iter().filter(|(name, _)| !name.is_ascii() && *name != original.0) {
            if name.to_lowercase() == original.0.to_lowercase() {
                continue;
            }
            cx.report(
                Diagnostic::error(code, format!("two {what} look the same: {}", escaped(name)))
                    .at(*span, "looks like the other one")
                    .at(original.1, "the other one")
                    .help("Retype the wrong one; if both are right, rename one: readers cannot tell them apart."),
            );
        }
    }
}

/// A name with its letters beyond ASCII spelled out, so that the difference shows.
fn escaped(name: &str) -> String {
    let spelled: String = name
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("<U+{:04X}>", u32::from(c)) })
        .collect();
    format!("`{spelled}`")
}

/// Atlassian's exact search for group names ignores case (docs/atlassian.md#searches), so two such names cannot be told
/// apart.
fn group_case(cx: &mut Context, draft: &Draft) {
    let mut folded: BTreeMap<String, (&GroupName, Span)> = BTreeMap::new();
    for (name, span) in draft.declared_groups() {
        let Some((first, place)) = folded.insert(name.folded(), (name, *span)) else {
            continue;
        };
        let (earlier, later) = if place < *span { (place, *span) } else { (*span, place) };
        cx.report(
            Diagnostic::error(
                codes::GROUP_NAME_CASE,
                format!("the groups `{first}` and `{name}` differ only in case"),
            )
            .at(later, "one")
            .at(earlier, "the other")
            .help("Rename one of them: Atlassian finds groups by name without regard to case."),
        );
    }
}
