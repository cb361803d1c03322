//! Problems that the memberships of a tree show before anything is read: members of two groups that exclude each other,
//! and floors that will break. Both are warnings, since an error would stop the run that ends memberships.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::model::{Address, Diagnostic, GroupName, GroupState, Guard, Located, Mode, Origin, Waiver};

use super::codes;
use super::context::Context;
use super::draft::Draft;
use super::flatten::{Flat, Way, Who, flattened, takes_synced};
use super::suggest::listed;

/// How many days ahead floors are checked: as many as plans report expiring access.
const AHEAD: i64 = 14;

/// Checks every rule of this file. The tree must have no errors: if it was not read completely, its memberships are unknown.
pub(super) fn check(cx: &mut Context, draft: &Draft) {
    let policy = &draft.policy;
    let excluded = policy.exclusive.iter().flat_map(|list| &list.value).map(|name| &name.value);
    let flat = flattened(draft, excluded.chain(policy.keep_at_least.keys()));
    for list in &policy.exclusive {
        exclusive(cx, draft, &flat, list);
    }
    for (name, floor) in &policy.keep_at_least {
        if let Some(members) = flat.get(name).filter(|_| !takes_synced(draft, name)) {
            keep_at_least(cx, draft, name, *floor, members);
        }
    }
}

fn exclusive<'d>(
    cx: &mut Context,
    draft: &'d Draft,
    flat: &BTreeMap<&'d GroupName, Flat<'d>>,
    list: &'d Located<Vec<Located<GroupName>>>,
) {
    let mut places: BTreeMap<Who<'_>, Vec<(&GroupName, Way<'_>)>> = BTreeMap::new();
    for name in &list.value {
        for (who, way) in flat.get(&name.value).into_iter().flatten() {
            if way.holds_on(cx.today) {
                places.entry(*who).or_default().push((&name.value, *way));
            }
        }
    }
    for (who, mut groups) in places.into_iter().filter(|(_, groups)| groups.len() > 1) {
        let membership = |name: &GroupName| Address::Member(name.clone(), who.named());
        groups.retain(|(name, _)| !is_waived(draft, Guard::Exclusive, &membership(name), cx.today));
        groups.sort_by_key(|(_, way)| way.entry.origin);
        let [_, .., (latest, _)] = groups.as_slice() else { continue };
        let names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("`{}` is in {}, which exclude each other", who.named(), listed(&names));
        let shown = Diagnostic::warning(codes::EXCLUSIVE_PAIR, message);
        let shown = groups.iter().fold(shown, |shown, (name, way)| {
            shown.at(cx.span(way.entry.origin), format!("in `{name}` by this entry"))
        });
        cx.report(shown.at(cx.span(list.origin), "nobody may be in two of these").help(format!(
            "Remove them from all but one, or waive `exclusive` for `{}` until a date.",
            membership(latest)
        )));
    }
}

fn keep_at_least(cx: &mut Context, draft: &Draft, name: &GroupName, floor: Located<u32>, members: &Flat<'_>) {
    let Some(group) = draft.groups.get(name) else { return };
    let GroupState::Present(present) = &group.state else { return };
    match present.mode.unwrap_or(draft.policy.mode) {
        Mode::Exact => {}
        // The group may have other members that the tree does not show.
        Mode::AtLeast => return,
    }
    let people: Vec<Way<'_>> = members
        .iter()
        .filter_map(|(who, way)| match who {
            Who::Person(_) => Some(*way),
            // Usually a service account; floors count people.
            Who::Account(_) => None,
        })
        .collect();
    let last = cx.today.checked_add(AHEAD.days()).unwrap_or(cx.today);
    let days: BTreeSet<Date> =
        people.iter().filter_map(|way| way.until).filter(|day| (cx.today..=last).contains(day)).collect();
    let left = |day: Date| people.iter().filter(|way| way.holds_on(day)).count();
    let address = Address::Group(name.clone());
    let breaks = |day: &Date| {
        left(*day) < floor.value as usize && !is_waived(draft, Guard::KeepAtLeast, &address, *day)
    };
    let Some(day) = days.into_iter().find(breaks) else { return };
    let (left, floor_is) = (left(day), floor.value);
    let ends = people.iter().filter(|way| way.until.is_some_and(|until| (cx.today..=day).contains(&until)));
    let ends: BTreeSet<Origin> = ends.map(|way| way.entry.origin).collect();
    let shown = Diagnostic::warning(
        codes::FLOOR_WILL_BREAK,
        format!("`{name}` falls to {left} on {day}; `keep-at-least` requires {floor_is}"),
    )
    .at(cx.span(group.origin), "fewer than the floor from that date on")
    .at(cx.span(floor.origin), "the floor");
    let shown = ends.into_iter().fold(shown, |shown, origin| shown.at(cx.span(origin), "ends by then"));
    cx.report(shown.help(
        "Declare somebody else, or a later `until`, before that date: from then on, `keep-at-least` refuses a plan \
         that ends these memberships.",
    ));
}

/// Whether a waiver sets a guard aside for an address on a date.
fn is_waived(draft: &Draft, guard: Guard, address: &Address, day: Date) -> bool {
    let holds = |waiver: &&Waiver| waiver.guard == guard && waiver.until > day;
    draft.waivers.iter().filter(holds).any(|waiver| waiver.covers(address))
}
