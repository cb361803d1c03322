//! The guards: rules that may refuse a plan (design §9). Each is a function from a plan to verdicts.
//!
//! They judge what is left after narrowing. What must never happen at all (`self-lockout`, `last-admin`) and what is
//! not known (`identity-changed`, `identity-unresolved`, `invite-domain`) is blocked before, at its own address.

mod after;
mod exclusive;
mod floors;
mod protect;
mod revokes;
mod unjudged;

use std::collections::BTreeMap;

use crate::model::{Address, Guard, Key, PlannedOperation, Ruling, Verdict, Waiver};

use super::groups::GroupResolution;
use super::resolve::Resolution;
use super::route::Context;

/// What guards judge.
pub(super) struct Case<'a> {
    pub(super) operations: &'a BTreeMap<Key, PlannedOperation>,
    pub(super) context: &'a Context<'a>,
    pub(super) people: &'a Resolution,
    pub(super) groups: &'a GroupResolution,
}

/// A guard that tripped, before anybody asks whether it is set aside.
struct Tripped {
    guard: Guard,
    /// The addresses of which a waiver has to name each, or something that takes it in.
    addresses: Vec<Address>,
    why: String,
    help: String,
}

/// Lets every guard judge.
pub(super) fn judge(case: &Case<'_>) -> Vec<Verdict> {
    let mut tripped = revokes::max_revokes(case);
    tripped.extend(floors::keep_at_least(case));
    tripped.extend(protect::protect(case));
    tripped.extend(exclusive::exclusive(case));
    let mut verdicts: Vec<Verdict> = tripped.into_iter().map(|tripped| case.verdict(tripped)).collect();
    verdicts.extend(unjudged::unjudged(case));
    verdicts.sort();
    verdicts
}

impl Case<'_> {
    fn verdict(&self, tripped: Tripped) -> Verdict {
        let Tripped { guard, addresses, why, help } = tripped;
        let ruling = if self.context.allow.contains(&guard) {
            Ruling::Allowed
        } else {
            self.waiver(guard, &addresses).map_or(Ruling::Refused, |waiver| Ruling::Waived {
                because: waiver.because.clone(),
                until: waiver.until,
            })
        };
        Verdict { guard, ruling, addresses, why, help }
    }

    /// A waiver that takes in everything that tripped a guard. A plan as a whole is waived by nothing.
    fn waiver(&self, guard: Guard, addresses: &[Address]) -> Option<&Waiver> {
        let covers = |waiver: &&Waiver| {
            !addresses.is_empty() && addresses.iter().all(|address| covered(waiver, address))
        };
        self.waivers(guard).find(covers)
    }

    /// Whether a waiver of a guard takes an address in.
    fn waives(&self, guard: Guard, address: &Address) -> bool {
        self.waivers(guard).any(|waiver| covered(waiver, address))
    }

    /// The waivers of a guard whose day has not come.
    fn waivers(&self, guard: Guard) -> impl Iterator<Item = &Waiver> {
        let desired = self.context.desired;
        let waivers = desired.declaration.waivers.iter();
        waivers.filter(move |waiver| waiver.guard == guard && waiver.until > desired.today)
    }
}

fn covered(waiver: &Waiver, address: &Address) -> bool {
    waiver.addresses.iter().any(|waived| waived.value.covers(address))
}
