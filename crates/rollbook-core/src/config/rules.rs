//! The groups and people that the policy and its waivers name: of the tree, or only of Atlassian.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, Diagnostic, GroupName, Guard, Severity, Span, UserRef};

use super::codes;
use super::context::Context;
use super::draft::Draft;
use super::suggest;

/// Checks every rule of this file.
pub(super) fn check(cx: &mut Context, draft: &Draft) {
    mentions(cx, draft);
    waivers(cx, draft);
    waived_twice(cx, draft);
    inactive_owners(cx, draft);
}

/// A rule may name a group that only Atlassian has; but a name close to a declared one is probably a typing mistake,
/// and the rule then has no effect.
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
                        format!("`{}` will be deleted, and `{rule}` forbids it", mention.name),
                    )
                    .at(mention.span, "named here")
                    .at(*declaration, "declared absent here")
                    .help("Remove it from the policy first."),
                );
            }
            continue;
        }
        // `rollbook lock` writes the groups that only rules name: they are on the site.
        if draft.lock.place(&mention.name).is_some() {
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

/// A waiver may be for a group that only Atlassian has: guards judge deletions and people who leave, too.
fn waivers(cx: &mut Context, draft: &Draft) {
    let mentioned: BTreeSet<GroupName> = cx.mentions.iter().map(|mention| mention.name.clone()).collect();
    let declared = draft.declared_groups();
    for address in draft.waivers.iter().flat_map(|waiver| &waiver.addresses) {
        if let Some(group) = address.value.group()
            && !declared.contains_key(group)
            && !mentioned.contains(group)
        {
            let names = declared.keys().map(GroupName::as_str);
            let near = cx.mistakes.few().then(|| suggest::very_near(group.as_str(), names)).flatten();
            if let Some(near) = near {
                cx.report(
                    Diagnostic::warning(
                        codes::WAIVER_NAMES_NOTHING,
                        format!("no group `{group}` is declared"),
                    )
                    .at(cx.span(address.origin), "may waive nothing")
                    .help(format!("Did you mean `{near}`? If not, this is fine.")),
                );
            }
        }
        unknown_person(cx, draft, address);
    }
}

/// Reports two waivers for the same thing: a reviewer may see a change of one, while the other stays in force.
fn waived_twice(cx: &mut Context, draft: &Draft) {
    let mut firsts: BTreeMap<(Guard, &Address), Span> = BTreeMap::new();
    for waiver in &draft.waivers {
        for address in &waiver.addresses {
            let span = cx.span(address.origin);
            let Some(first) = firsts.get(&(waiver.guard, &address.value)) else {
                firsts.insert((waiver.guard, &address.value), span);
                continue;
            };
            cx.report(
                Diagnostic::error(
                    codes::WAIVED_TWICE,
                    format!("`{}` is waived twice for `{}`", waiver.guard, address.value),
                )
                .at(span, "again here")
                .at(*first, "first here")
                .help("Keep one of them: the guard is waived until the later date, whichever of them is changed."),
            );
        }
    }
}

/// Reports an owner who is offboarded and reviews nothing: their groups or files have fewer reviewers than it seems, or none.
fn inactive_owners(cx: &mut Context, draft: &Draft) {
    let admins = draft.policy.admins.iter().map(|admin| (admin, "is one of `policy.admins`".to_owned()));
    let owners = draft
        .groups
        .iter()
        .flat_map(|(name, group)| group.owners.iter().map(move |owner| (owner, format!("owns `{name}`"))));
    for (person, role) in admins.chain(owners) {
        let user = draft.users.get(&person.value);
        let Some(offboarded) = user.and_then(|user| user.offboarded_on(cx.today)) else { continue };
        let diagnostic = Diagnostic::warning(
            codes::INACTIVE_OWNER,
            format!("`{}` {role} and is offboarded", person.value),
        );
        cx.report(
            diagnostic
                .at(cx.span(person.origin), "reviews nothing")
                .at(cx.span(offboarded), "offboarded here")
                .help("Name somebody else: `rollbook codeowners` leaves this person out."),
        );
    }
}

/// Warns of an unknown person, and no more: the same change may remove the person from the tree.
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
    let help =
        suggest::help(near, || "Correct the email; if only the site knows it, this is fine.".to_owned());
    let diagnostic = Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::error(codes::WAIVER_NAMES_NOTHING, format!("nobody is declared as `{email}`"))
    };
    cx.report(diagnostic.at(cx.span(address.origin), "may waive nothing").help(help));
}
