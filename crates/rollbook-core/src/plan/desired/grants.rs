//! The roles in apps that a group should give on a date.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::{Access, DeclaredGrant, Origin, Reason};

use super::Denial;

/// The roles in apps that a group should give, and those that it should not give, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesiredGrants {
    /// The roles that it gives.
    pub held: BTreeMap<Access, GrantEntry>,
    /// The roles that it should not give, in either mode: by `absent`, or since the `until` is past.
    pub denied: BTreeMap<Access, Denial>,
}

/// Why a group should give a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantEntry {
    /// The entry.
    pub origin: Origin,
    /// The first day on which it does not apply any more.
    pub until: Option<Date>,
}

impl DesiredGrants {
    /// Evaluates entries for a date.
    pub(super) fn of(entries: &[DeclaredGrant], today: Date) -> Self {
        let mut grants = Self::default();
        for entry in entries {
            let (access, origin) = (entry.access.value.clone(), entry.access.origin);
            let until = entry.until.map(|until| until.value);
            let reason = match until {
                _ if entry.absent => Some(Reason::Declared),
                Some(until) if until <= today => Some(Reason::Expired),
                Some(_) | None => None,
            };
            match reason {
                Some(reason) => {
                    grants.denied.insert(access, Denial { reason, origin });
                }
                None => {
                    grants.held.insert(access, GrantEntry { origin, until });
                }
            }
        }
        grants
    }

    /// Whether it should give a role that lets people decide about the access of others.
    pub(in crate::plan) fn is_privileged(&self) -> bool {
        self.held.keys().any(|access| access.role.is_privileged())
    }
}
