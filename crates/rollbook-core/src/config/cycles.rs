//! Cycles of `group:` entries.

use std::collections::BTreeMap;

use crate::model::{Diagnostic, GroupName, Member, MemberRef};

use super::codes;
use super::context::Context;
use super::draft::Draft;

/// How many groups of a cycle are named.
const LONGEST_SHOWN: usize = 20;

/// A group on the path from the start of a walk.
struct Step<'d> {
    name: &'d GroupName,
    /// The entries that must still be followed.
    rest: std::slice::Iter<'d, Member>,
    /// The entry that leads to the next step.
    via: Option<&'d Member>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    OnPath,
    Done,
}

/// Reports every cycle that a depth-first walk closes, each once, with its whole path.
pub(super) fn check(cx: &mut Context, draft: &Draft) {
    let mut marks: BTreeMap<&GroupName, Mark> = BTreeMap::new();
    for start in draft.groups.keys() {
        if marks.contains_key(start) {
            continue;
        }
        let mut path = vec![step(draft, start)];
        marks.insert(start, Mark::OnPath);
        while let Some(top) = path.last_mut() {
            let Some((member, target)) = top.rest.find_map(nested) else {
                marks.insert(top.name, Mark::Done);
                path.pop();
                continue;
            };
            top.via = Some(member);
            match marks.get(target) {
                Some(Mark::Done) => {}
                Some(Mark::OnPath) => cx.report(cycle(cx, &path, target)),
                None => {
                    marks.insert(target, Mark::OnPath);
                    path.push(step(draft, target));
                }
            }
        }
    }
}

fn step<'d>(draft: &'d Draft, name: &'d GroupName) -> Step<'d> {
    Step { name, rest: draft.entries(name).iter(), via: None }
}

fn nested(member: &Member) -> Option<(&Member, &GroupName)> {
    match &member.who {
        MemberRef::Group(name) => Some((member, name)),
        MemberRef::User(_) | MemberRef::Account(_) | MemberRef::Synced(_) => None,
    }
}

fn cycle(cx: &Context, path: &[Step<'_>], target: &GroupName) -> Diagnostic {
    let start = path.iter().position(|step| step.name == target).unwrap_or_default();
    let around = &path[start..];
    let mut names: Vec<String> =
        around.iter().take(LONGEST_SHOWN).map(|step| format!("`{}`", step.name)).collect();
    if around.len() > LONGEST_SHOWN {
        names.push("…".to_owned());
    }
    names.push(format!("`{target}`"));
    let message = format!("groups contain each other: {}", names.join(" → "));
    around
        .iter()
        .take(LONGEST_SHOWN)
        .filter_map(|step| Some((step.name, step.via?)))
        .fold(Diagnostic::error(codes::GROUP_CYCLE, message), |diagnostic, (name, via)| {
            diagnostic.at(cx.span(via.origin), format!("`{name}` takes this group's members"))
        })
        .help("Remove one of these entries.")
}
