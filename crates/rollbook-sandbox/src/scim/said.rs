//! The identity provider's data of a person, and its effect on the account.

use serde_json::{Map, Value};

use crate::change::{Change, Refused};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::seed::SeedScim;
use crate::state::{Account, ScimRecord, State};

use super::errors::{bad_request, exists};
use super::schema;
use super::wire::attributes;

/// A person, read from attributes.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) user_name: String,
    pub(super) external_id: Option<String>,
    pub(super) active: bool,
    /// The primary email.
    pub(super) email: String,
    /// All other attributes, with the complete emails.
    attributes: Map<String, Value>,
}

impl Said {
    /// 400 without `userName` and without exactly one primary email (description).
    pub(super) fn read(sent: &Map<String, Value>) -> Result<Said, Reply> {
        let mut attributes = schema::clean(schema::of_user(), sent)?;
        let mut text = |name: &str| match attributes.remove(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            _ => None,
        };
        let user_name =
            text("userName").ok_or_else(|| bad_request("invalidValue", "userName is required."))?;
        let external_id = text("externalId");
        // `true` if it is left out (docs/atlassian.md#users-of-scim).
        let active = attributes.remove("active") != Some(Value::Bool(false));
        let emails = attributes.get("emails").and_then(Value::as_array);
        let is_primary = |email: &&Value| email.get("primary") == Some(&Value::Bool(true));
        let mut primary = emails.into_iter().flatten().filter(is_primary);
        let email = match (primary.next(), primary.next()) {
            (Some(email), None) => email.get("value").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        let email = email.ok_or_else(|| bad_request("invalidValue", "Exactly one email must be primary."))?;
        Ok(Said { user_name, external_id, active, email, attributes })
    }

    /// The current data of a person, as attributes that a PATCH changes.
    pub(super) fn so_far(account: &Account, record: &ScimRecord) -> Map<String, Value> {
        let mut said = attributes(account, record);
        said.insert("userName".to_owned(), Value::from(record.user_name.clone()));
        said.extend(record.external_id.iter().map(|id| ("externalId".to_owned(), Value::from(id.clone()))));
        said.insert("active".to_owned(), Value::from(record.active));
        said
    }

    /// The name that people see: the display name, the formatted one, or its parts.
    fn shown_name(&self) -> Option<String> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let part = |name: &str| text(self.attributes.get("name").and_then(|parts| parts.get(name)));
        let joined = ["givenName", "familyName"].into_iter().filter_map(part).collect::<Vec<_>>().join(" ");
        let given = text(self.attributes.get("displayName")).or_else(|| part("formatted"));
        given.or((!joined.is_empty()).then_some(joined))
    }

    /// 409 if another record has the user name or the identity provider's ID, or another account the email. Stale records with
    /// the same `externalId` are a cause too (docs/atlassian.md#errors-of-scim).
    pub(super) fn require_unique(&self, state: &State, own: Option<&str>) -> Result<(), Reply> {
        let others =
            || state.scim.iter().filter(|(id, _)| own != Some(id.as_str())).map(|(_, record)| record);
        if others().any(|record| record.user_name.eq_ignore_ascii_case(&self.user_name)) {
            return Err(exists("USER", "userName", &self.user_name));
        }
        let same =
            |record: &ScimRecord| record.external_id.is_some() && record.external_id == self.external_id;
        if let Some(external) = self.external_id.as_ref().filter(|_| others().any(same)) {
            return Err(exists("USER", "externalId", external));
        }
        let holder = state.account_id(&self.email);
        let taken = match own {
            Some(own) => holder.is_some_and(|holder| holder != own),
            None => holder.is_some_and(|holder| state.scim.contains_key(holder)),
        };
        if taken { Err(exists("USER", "email", &self.email)) } else { Ok(()) }
    }

    /// Applies it to an account: the record, the email, the name that people see.
    pub(super) fn carry_out(self, context: &mut RequestContext<'_>, account_id: &str) -> Result<(), Refused> {
        let user = account_id.to_owned();
        let name = self.shown_name();
        let id = context.state().scim.get(account_id).map(|record| record.id.clone());
        let scim = SeedScim {
            id,
            user_name: Some(self.user_name),
            external_id: self.external_id,
            active: self.active,
            attributes: Some(self.attributes),
        };
        context.world.change(&Change::SetScim { user: user.clone(), scim })?;
        let account = context.state().accounts.get(account_id);
        if account.is_some_and(|account| account.email.as_ref() != Some(&self.email)) {
            context.world.change(&Change::ChangeEmail { user: user.clone(), email: self.email })?;
        }
        if let Some(name) = name {
            context.world.change(&Change::RenameUser { user, name })?;
        }
        Ok(())
    }
}
