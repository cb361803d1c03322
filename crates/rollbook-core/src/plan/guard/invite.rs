//! `invite-domain`: somebody may be invited only at listed domains.

use crate::model::{Guard, Operation};

use super::{Case, Rules, Tripped};

/// Refused when the plan invites somebody at a domain that is not listed. The diff blocks whatever the tree's own rules
/// forbid, so this judges what was set aside, and domains that the base did not list.
pub(super) fn invite_domain(case: &Case<'_>, rules: &Rules<'_>) -> Vec<Tripped> {
    let policy = rules.policy();
    let invited = case.operations.values().filter_map(|planned| {
        let Operation::InviteUser { email, .. } = &planned.operation else { return None };
        (!policy.invites_at(email)).then(|| (planned.key.address.clone(), email))
    });
    let listed = case.context.tree.desired.declaration.policy.invite_domains.iter();
    let listed = |domain: &str| {
        let same = listed.clone().find(|listed| listed.value.eq_ignore_ascii_case(domain));
        same.map_or_else(|| domain.to_owned(), |listed| listed.value.clone())
    };
    invited
        .map(|(address, email)| Tripped {
            guard: Guard::InviteDomain,
            addresses: vec![address],
            rule: format!("policy.invite-domains: {}", listed(email.domain())),
            why: format!("{email} would be invited, and {} is not among `invite-domains`", email.domain()),
            help: "Make sure that the address is right, and that the person belongs here.".into(),
        })
        .collect()
}
