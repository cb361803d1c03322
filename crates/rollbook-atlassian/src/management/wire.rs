//! The responses of the User management API, as far as they are used.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use rollbook_core::model::{Privileges, Restriction};

/// The response to `GET …/manage`: one rule per privilege.
#[derive(Debug, Deserialize)]
pub(super) struct Manageability {
    #[serde(rename = "lifecycle.enablement")]
    lifecycle: Option<Rule>,
    #[serde(rename = "email.set")]
    email: Option<Rule>,
    /// One rule per field of the profile.
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
    /// An object with a `reason` for `forbidden.action`; a text for other keys (live, 2026-10-05).
    context: Option<Value>,
}

impl Manageability {
    pub(super) fn privileges(&self) -> Privileges {
        let profile = self.profile.iter().flat_map(BTreeMap::values);
        let mut rules = self.lifecycle.iter().chain(&self.email).chain(profile);
        let may_disable = match &self.lifecycle {
            Some(rule) => rule.restriction().map_or(Ok(()), Err),
            None => Err(Restriction::NotReported),
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
            (false, None) => Some(Restriction::NotReported),
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
    /// Its meaning for the account, if it is a documented one.
    pub(super) fn restriction(&self) -> Option<Restriction> {
        match self.key.as_str() {
            "forbidden.action" => {
                let reason = self.context.as_ref().and_then(|context| context.get("reason"));
                let reason = reason.and_then(|reason| Reason::deserialize(reason).ok());
                Some(reason.map_or(Restriction::NotReported, |reason| reason.restriction()))
            }
            "forbidden.targetUnverified" => Some(Restriction::Unverified),
            "forbidden.unclaimedDomain" => Some(Restriction::NotManaged),
            "accountNotFound" => {
                let said = self.context.as_ref().and_then(Value::as_str).filter(|text| !text.is_empty());
                Some(said.map_or(Restriction::NotManaged, |text| Restriction::Other(text.to_owned())))
            }
            // `forbidden` alone may be about the key or about the account: people have to read the words.
            _ => None,
        }
    }
}
