//! The guards: rules that may refuse a plan (design §9). Each is a function from a plan and a tree's rules to what
//! tripped, and is asked under the rules of the tree and under those of its base, so that a change cannot quietly
//! loosen what it is judged by (design §6).
//!
//! They judge what is left after narrowing. What must never happen at all (`self-lockout`, `last-admin`) and what is
//! not known (`identity-changed`, `identity-unresolved`) is blocked before, at its own address, and so is an
//! invitation that nothing sets `invite-domain` aside for. That a credential belongs to the site that the tree names
//! (`wrong-site`) is made sure of before anything is read.

mod after;
mod declared;
mod exclusive;
mod floors;
mod invite;
mod protect;
mod reactivation;
mod revokes;
mod self_grant;
mod suspicious;

use std::collections::BTreeMap;

use crate::model::{Address, Guard, Key, PlannedOperation, RuleSource, Ruling, Verdict, Waiver};

use super::desired::Desired;
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

/// The rules that a tree sets, and whom and what it means by the names in them.
struct Rules<'a> {
    desired: &'a Desired<'a>,
    people: &'a Resolution,
    groups: &'a GroupResolution,
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
    let own = Rules { desired: case.context.desired, people: case.people, groups: case.groups };
    let mut verdicts: Vec<Verdict> =
        tripped(case, &own).into_iter().map(|tripped| own.verdict(tripped)).collect();
    verdicts.extend(self_grant::unjudged(case, &own));
    if let Some(base) = case.context.base {
        let rules = Rules { desired: base.desired, people: &base.people, groups: &base.groups };
        for tripped in tripped(case, &rules) {
            if rules.waiver(&tripped).is_none() {
                loosened(&mut verdicts, tripped);
            }
        }
    }
    verdicts.sort();
    verdicts
}

fn tripped(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let guards = [
        revokes::max_revokes,
        floors::keep_at_least,
        protect::protect,
        exclusive::exclusive,
        self_grant::self_grant,
        reactivation::reactivation,
        invite::invite_domain,
        suspicious::suspicious_read,
    ];
    guards.into_iter().flat_map(|guard| guard(case, rules)).collect()
}

/// Takes in what the rules of the base would refuse: where those of the tree do not, the change allows it.
fn loosened(verdicts: &mut Vec<Verdict>, tripped: Tripped) {
    let Tripped { guard, addresses, why, help } = tripped;
    let judged = verdicts.iter_mut().find(|verdict| verdict.guard == guard && verdict.addresses == addresses);
    let ruling = match judged.as_ref().map(|verdict| &verdict.ruling) {
        None => Ruling::AllowedByChange { by: RuleSource::Policy },
        Some(Ruling::Waived { because, until }) => {
            Ruling::AllowedByChange { by: RuleSource::Waiver { because: because.clone(), until: *until } }
        }
        // What is refused, or allowed for one run, is said already.
        Some(Ruling::Refused | Ruling::Allowed | Ruling::AllowedByChange { .. } | Ruling::NotJudged) => {
            return;
        }
    };
    match judged {
        Some(verdict) => verdict.ruling = ruling,
        None => verdicts.push(Verdict { guard, ruling, addresses, why, help }),
    }
}

impl Rules<'_> {
    fn verdict(&self, tripped: Tripped) -> Verdict {
        let ruling = if self.desired.allow.contains(&tripped.guard) {
            Ruling::Allowed
        } else {
            self.waiver(&tripped).map_or(Ruling::Refused, |waiver| Ruling::Waived {
                because: waiver.because.clone(),
                until: waiver.until,
            })
        };
        let Tripped { guard, addresses, why, help } = tripped;
        Verdict { guard, ruling, addresses, why, help }
    }

    /// A waiver that takes in everything that tripped a guard. A plan as a whole is waived by nothing.
    fn waiver(&self, tripped: &Tripped) -> Option<&Waiver> {
        let Tripped { guard, addresses, .. } = tripped;
        let covers = |waiver: &&Waiver| {
            !addresses.is_empty() && addresses.iter().all(|address| waiver.covers(address))
        };
        self.desired.waivers(*guard).find(covers)
    }
}
