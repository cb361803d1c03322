//! What the policy and its waivers name: groups and people of the tree, or of Atlassian alone.

use std::collections::BTreeSet;

use crate::model::{Diagnostic, GroupName, Severity, UserRef};

use super::codes;
use super::context::Context;
use super::draft::Draft;
use super::suggest;

/// Checks every rule of this file.
pub(super) fn check(cx: &mut Context, draft: &Draft) {
    mentions(cx, draft);
    waivers(cx, draft);
}

/// A rule may name a group that lives at Atlassian alone; but a name close to a declared one is probably a
/// slip, and the rule then guards nothing.
fn mentions(cx: &mut Context, draft: &Draft) {
    let declared = draft.declared_groups();
    let mentions = std::mem::take(&mut cx.mentions);
    for mention in &mentions {
        let rule = mention.rule;
        if let Some(declaration) = declared.get(&mention.name) {
            if draft.is_absent(&mention.name) && (rule == "privileged" || rule == "protect") {
                cx.report(
                    Diagnostic::warning(
                        codes::ABSENT_GROUP,
                        format!("`{}` is to be deleted, and `{rule}` forbids it", mention.name),
                    )
                    .at(mention.span, "named here")
                    .at(*declaration, "declared absent here")
                    .help("Remove it from the policy first."),
                );
            }
            continue;
        }
        let names = declared.keys().map(GroupName::as_str);
        let near = cx.mistakes.few().then(|| suggest::very_near(mention.name.as_str(), names)).flatten();
        if let Some(near) = near {
            cx.report(
                Diagnostic::warning(
                    codes::CLOSE_GROUP_NAME,
                    format!("`{rule}` names `{}`, which is not declared", mention.name),
                )
                .at(mention.span, "declared nowhere")
                .help(format!("Did you mean `{near}`? If not, this is fine.")),
            );
        }
    }
    cx.mentions = mentions;
}

fn waivers(cx: &mut Context, draft: &Draft) {
    let mentioned: BTreeSet<GroupName> = cx.mentions.iter().map(|mention| mention.name.clone()).collect();
    let known = |name: &GroupName| draft.declared_groups().contains_key(name) || mentioned.contains(name);
    for address in draft.waivers.iter().flat_map(|waiver| &waiver.addresses) {
        if let Some(group) = address.value.group()
            && !known(group)
        {
            let near = cx.near(group.as_str(), draft.declared_groups().keys().map(GroupName::as_str));
            let help = suggest::help(near, || "Correct the name, or remove the address.".to_owned());
            let diagnostic =
                Diagnostic::error(codes::WAIVER_NAMES_NOTHING, format!("no group `{group}` is declared"));
            cx.report(diagnostic.at(cx.span(address.origin), "waives nothing").help(help));
        }
        unknown_person(cx, draft, address);
    }
}

/// A waiver may be for somebody whom the same change takes out of the tree, so this is a warning.
fn unknown_person(cx: &mut Context, draft: &Draft, address: &crate::model::Located<crate::model::Address>) {
    let Some(UserRef::Email(email)) = address.value.user() else {
        return;
    };
    if cx.people.contains(email) {
        return;
    }
    let people: Vec<String> = if cx.mistakes.few() && draft.users.len() < 10_000 {
        cx.people.iter().map(|(email, _)| email.as_str().to_owned()).take(10_001).collect()
    } else {
        Vec::new()
    };
    let near = suggest::near(email.as_str(), people.iter().map(String::as_str));
    let help = suggest::help(near, || "Correct the e-mail, or remove the address.".to_owned());
    let diagnostic = Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::error(codes::WAIVER_NAMES_NOTHING, format!("nobody is declared as `{email}`"))
    };
    cx.report(diagnostic.at(cx.span(address.origin), "may waive nothing").help(help));
}
