//! The rules that may refuse a plan.

use std::str::FromStr;

use super::words::words;

words! {
    /// A rule that may refuse a plan.
    pub enum Guard {
        /// The plan revokes more than the policy allows.
        MaxRevokes = "max-revokes",
        /// A group would keep fewer active members than the policy says.
        KeepAtLeast = "keep-at-least",
        /// The plan revokes something that the policy protects.
        Protect = "protect",
        /// The plan narrows the credential's own account, or the operator's.
        SelfLockout = "self-lockout",
        /// No active administrator would be left.
        LastAdmin = "last-admin",
        /// Somebody would be in two groups that exclude each other.
        Exclusive = "exclusive",
        /// The author of the change would grant themselves a privileged group.
        SelfGrant = "self-grant",
        /// An account would be activated that somebody else suspended.
        Reactivation = "reactivation",
        /// Somebody would be invited at a domain that is not listed.
        InviteDomain = "invite-domain",
        /// An email or a name means another ID than before.
        IdentityChanged = "identity-changed",
        /// A person could not be resolved.
        IdentityUnresolved = "identity-unresolved",
        /// A group that was full now reads as empty.
        SuspiciousRead = "suspicious-read",
        /// The credential belongs to a site that the tree does not name.
        WrongSite = "wrong-site",
    }
}

/// A text that is not a guard, or not one that may be waived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a guard that can be waived")]
pub struct UnknownGuard;

impl FromStr for Guard {
    type Err = UnknownGuard;

    fn from_str(text: &str) -> Result<Self, UnknownGuard> {
        Self::of(text).filter(|guard| guard.waivable()).ok_or(UnknownGuard)
    }
}

impl Guard {
    /// Whether a waiver may name it (docs/design.md#waivers). A guard against something that must never happen cannot
    /// be waived, and neither can one against an unknown identity.
    pub fn waivable(self) -> bool {
        match self {
            Self::MaxRevokes
            | Self::KeepAtLeast
            | Self::Protect
            | Self::Exclusive
            | Self::SelfGrant
            | Self::Reactivation
            | Self::InviteDomain => true,
            Self::SelfLockout
            | Self::LastAdmin
            | Self::IdentityChanged
            | Self::IdentityUnresolved
            | Self::SuspiciousRead
            | Self::WrongSite => false,
        }
    }
}
