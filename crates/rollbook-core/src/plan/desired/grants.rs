//! The roles in apps that a group is to give on a day.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::{Access, DeclaredGrant, Origin, Reason};

use super::Denial;

/// The roles in apps that a group is to give, and those that it is not to give, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesiredGrants {
    /// The roles that it gives.
    pub held: BTreeMap<Access, GrantEntry>,
    /// What it is not to give, in whatever mode: by `absent`, or since the `until` has come.
    pub denied: BTreeMap<Access, Denial>,
}

/// Why a group is to give a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantEntry {
    /// The entry.
    pub origin: Origin,
    /// The first day on which it does not hold any more.
    pub until: Option<Date>,
}

impl DesiredGrants {
    /// What entries come to on a day.
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

    /// Whether it is to give a role that lets people decide about the access of others.
    pub(in crate::plan) fn is_privileged(&self) -> bool {
        self.held.keys().any(|access| access.role.is_privileged())
    }
}
