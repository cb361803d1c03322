//! What the User management API answers, as far as it is used.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{Privileges, Restriction};

/// The answer to `GET …/manage`: a rule a privilege.
#[derive(Debug, Deserialize)]
pub(super) struct Manageability {
    #[serde(rename = "lifecycle.enablement")]
    lifecycle: Option<Rule>,
    #[serde(rename = "email.set")]
    email: Option<Rule>,
    /// A rule a field of the profile.
    #[serde(rename = "profile.write")]
    profile: Option<BTreeMap<String, Rule>>,
}

/// `Manageability.Rule.Simple`.
#[derive(Debug, Deserialize)]
struct Rule {
    allowed: bool,
    reason: Option<Reason>,
}

#[derive(Debug, Deserialize)]
struct Reason {
    key: String,
}

/// A refusal with a key.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    key: String,
    context: Option<Context>,
}

/// The context of `forbidden.action`; those of other keys are of other shapes, and are not read.
#[derive(Debug, Deserialize)]
struct Context {
    reason: Option<Reason>,
}

impl Manageability {
    pub(super) fn privileges(&self) -> Privileges {
        let profile = self.profile.iter().flat_map(BTreeMap::values);
        let mut rules = self.lifecycle.iter().chain(&self.email).chain(profile);
        let may_disable = match &self.lifecycle {
            Some(rule) => rule.restriction().map_or(Ok(()), Err),
            None => Err(Restriction::Unsaid),
        };
        Privileges {
            scim_owned: rules.any(|rule| rule.restriction() == Some(Restriction::Scim)),
            managed: may_disable != Err(Restriction::ManagedElsewhere),
            may_disable,
        }
    }
}

impl Rule {
    fn restriction(&self) -> Option<Restriction> {
        match (self.allowed, &self.reason) {
            (true, _) => None,
            (false, Some(reason)) => Some(reason.restriction()),
            (false, None) => Some(Restriction::Unsaid),
        }
    }
}

impl Reason {
    fn restriction(&self) -> Restriction {
        match self.key.as_str() {
            "externalDirectory.scim" => Restriction::Scim,
            "externalDirectory.google" => Restriction::Google,
            "authPolicy.saml" => Restriction::Saml,
            "administrative.notMyself" => Restriction::Myself,
            "administrative" => Restriction::Administrative,
            "myselfOnly" => Restriction::MyselfOnly,
            "managedAccount" => Restriction::ManagedElsewhere,
            "blocked.exportControl" => Restriction::ExportControl,
            other => Restriction::Other(other.to_owned()),
        }
    }
}

impl Refusal {
    /// What it says of the account, if it is one of the documented ones.
    pub(super) fn restriction(&self) -> Option<Restriction> {
        match self.key.as_str() {
            "forbidden.action" => {
                let reason = self.context.as_ref().and_then(|context| context.reason.as_ref());
                Some(reason.map_or(Restriction::Unsaid, Reason::restriction))
            }
            "forbidden.targetUnverified" => Some(Restriction::Unverified),
            "forbidden" | "forbidden.unclaimedDomain" | "accountNotFound" => Some(Restriction::NotManaged),
            _ => None,
        }
    }
}
