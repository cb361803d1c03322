//! Users of the SCIM directory: listing, provisioning, changing (fact sheet §4).

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::sandbox::change::{Change, Refused};
use crate::sandbox::reply::Reply;
use crate::sandbox::seed::{SeedScim, SeedUser};
use crate::sandbox::state::ScimRecord;
use crate::sandbox::turn::Turn;

use super::errors::{bad_request, exists, not_found};
use super::wire::{Attributes, page, reply, user};
use super::{filter, patch as patches, require_directory};

/// `GET /Users`: by `userName`, whatever its case, or by `externalId`; no other attribute.
pub(super) fn list(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    require_directory(turn)?;
    let attributes = Attributes::of(turn)?;
    let wanted = turn.query.filled("filter").map(|text| filter::read(text, &["userName", "externalId"]));
    let wanted = wanted.transpose()?;
    let matches = |record: &ScimRecord| match &wanted {
        None => true,
        Some(("userName", name)) => record.user_name.eq_ignore_ascii_case(name),
        Some((_, id)) => record.external_id.as_ref() == Some(id),
    };
    let mut rows: Vec<(&String, &ScimRecord)> =
        turn.state().scim.iter().filter(|(_, record)| matches(record)).collect();
    rows.sort_unstable_by_key(|(_, record)| &record.id);
    page(turn, rows, |(account_id, record)| attributes.cut(shown(turn, account_id, record)))
}

/// `GET /Users/{userId}`.
pub(super) fn get(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    let account_id = asked(turn)?;
    show(turn, &account_id, StatusCode::OK)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewUser {
    user_name: Option<String>,
    external_id: Option<String>,
    #[serde(default)]
    emails: Vec<Email>,
    display_name: Option<String>,
    #[serde(default)]
    name: Name,
    /// `true` if it is left out (fact sheet §4).
    #[serde(default = "yes")]
    active: bool,
}

#[derive(Deserialize)]
struct Email {
    value: String,
    #[serde(default)]
    primary: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Name {
    formatted: Option<String>,
    #[serde(rename = "givenName")]
    given: Option<String>,
    #[serde(rename = "familyName")]
    family: Option<String>,
}

fn yes() -> bool {
    true
}

impl NewUser {
    fn shown_name(&self) -> Option<String> {
        let parts = [self.name.given.as_deref(), self.name.family.as_deref()];
        let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let given = self.display_name.clone().or_else(|| self.name.formatted.clone());
        given.or((!joined.is_empty()).then_some(joined))
    }
}

/// `POST /Users`: makes an account, or links to the one that has the e-mail. Assumptions: a new account needs a
/// verified domain (the rule of 2022, relaxed since in a way that is not known); linking takes a removed account
/// back into the directory, and says whether it is active.
pub(super) fn create(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    require_directory(turn)?;
    let new: NewUser = turn.json().map_err(|error| bad_request("invalidSyntax", &error.to_string()))?;
    let user_name = new.user_name.clone().filter(|name| !name.is_empty());
    let user_name = user_name.ok_or_else(|| bad_request("invalidValue", "userName is required."))?;
    let mut primary = new.emails.iter().filter(|email| email.primary);
    let (Some(email), None) = (primary.next(), primary.next()) else {
        return Err(bad_request("invalidValue", "Exactly one email must be primary."));
    };
    let email = email.value.clone();
    let taken = |record: &&ScimRecord| record.user_name.eq_ignore_ascii_case(&user_name);
    if turn.state().scim.values().any(|record| taken(&record)) {
        return Err(exists("USER", "userName", &user_name));
    }
    // Stale records with the same externalId are a cause too (fact sheet §4).
    let same = |record: &ScimRecord| record.external_id.is_some() && record.external_id == new.external_id;
    if let Some(external) = new.external_id.as_ref().filter(|_| turn.state().scim.values().any(same)) {
        return Err(exists("USER", "externalId", external));
    }
    let existing = turn.state().account_id(&email).map(str::to_owned);
    if existing.as_ref().is_some_and(|id| turn.state().scim.contains_key(id)) {
        return Err(exists("USER", "email", &email));
    }
    if existing.is_none() && !turn.state().organization.has_verified(&email) {
        return Err(bad_request("invalidValue", &format!("The domain of {email} is not verified.")));
    }
    let id = provision(turn, &new, user_name, &email, existing).map_err(|why| refused(&why))?;
    turn.subject.account_id = Some(id.clone());
    show(turn, &id, StatusCode::CREATED)
}

fn provision(
    turn: &mut Turn<'_>,
    new: &NewUser,
    user_name: String,
    email: &str,
    existing: Option<String>,
) -> Result<String, Refused> {
    let linked = existing.is_some();
    let id = if let Some(id) = existing {
        id
    } else {
        let seed = SeedUser { email: Some(email.to_owned()), ..SeedUser::default() };
        turn.world.change(&Change::CreateUser(seed))?;
        let made = turn.state().account_id(email).map(str::to_owned);
        made.ok_or_else(|| Refused::UnknownUser(email.to_owned()))?
    };
    let external_id = new.external_id.clone();
    let scim = SeedScim { id: None, user_name: Some(user_name), external_id, active: new.active };
    turn.world.change(&Change::SetScim { user: id.clone(), scim })?;
    if linked {
        turn.world.change(&Change::ReturnUser { user: id.clone() })?;
    }
    set_active(turn, &id, new.active)?;
    if let Some(name) = new.shown_name() {
        turn.world.change(&Change::RenameUser { user: id.clone(), name })?;
    }
    Ok(id)
}

/// Carries over what the identity provider says: a managed account is active everywhere or nowhere. Assumption:
/// the access of one that the organization does not manage is suspended or restored.
fn set_active(turn: &mut Turn<'_>, id: &str, active: bool) -> Result<(), Refused> {
    let managed = turn.state().accounts.get(id).is_some_and(|account| account.managed);
    let user = id.to_owned();
    turn.world.change(&if managed {
        Change::SetActive { user, active }
    } else {
        Change::SetSuspended { user, suspended: !active }
    })
}

/// What a PATCH sets.
enum Set {
    Active(bool),
    Name(String),
    ExternalId(String),
}

/// `PATCH /Users/{userId}`: `active`, the name and `externalId`; 200 with the whole user. Anything else is refused,
/// since the sandbox would lose it.
pub(super) fn patch(turn: &mut Turn<'_>) -> Result<Reply, Reply> {
    let account_id = asked(turn)?;
    let mut sets = Vec::new();
    for operation in patches::read(turn)? {
        if operation.kind == patches::Kind::Remove {
            return Err(bad_request("mutability", "The sandbox does not emulate the removal of attributes."));
        }
        for (path, value) in operation.attributes()? {
            sets.push(set(&path, &value)?);
        }
    }
    for set in sets {
        carry_out(turn, &account_id, set).map_err(|why| refused(&why))?;
    }
    show(turn, &account_id, StatusCode::OK)
}

fn set(path: &str, value: &Value) -> Result<Set, Reply> {
    let invalid = || bad_request("invalidValue", &format!("{path} cannot be {value}."));
    let text = || value.as_str().map(str::to_owned).ok_or_else(invalid);
    match path.to_ascii_lowercase().as_str() {
        // Entra sends the text "False" (fact sheet §4: texts and booleans occur).
        "active" => match (value.as_bool(), value.as_str().map(str::to_ascii_lowercase).as_deref()) {
            (Some(active), _) => Ok(Set::Active(active)),
            (None, Some("true")) => Ok(Set::Active(true)),
            (None, Some("false")) => Ok(Set::Active(false)),
            (None, _) => Err(invalid()),
        },
        "displayname" | "name.formatted" => Ok(Set::Name(text()?)),
        "externalid" => Ok(Set::ExternalId(text()?)),
        _ => Err(bad_request("invalidPath", &format!("The sandbox does not emulate changes of {path}."))),
    }
}

fn carry_out(turn: &mut Turn<'_>, account_id: &str, set: Set) -> Result<(), Refused> {
    let user = account_id.to_owned();
    match set {
        Set::Name(name) => turn.world.change(&Change::RenameUser { user, name }),
        Set::Active(active) => {
            with_record(turn, account_id, |record| record.active = active)?;
            set_active(turn, account_id, active)
        }
        Set::ExternalId(id) => with_record(turn, account_id, |record| record.external_id = Some(id)),
    }
}

fn with_record(
    turn: &mut Turn<'_>,
    account_id: &str,
    change: impl FnOnce(&mut SeedScim),
) -> Result<(), Refused> {
    let unknown = || Refused::UnknownUser(account_id.to_owned());
    let record = turn.state().scim.get(account_id).cloned().ok_or_else(unknown)?;
    let ScimRecord { id, user_name, external_id, active } = record;
    let mut scim = SeedScim { id: Some(id), user_name: Some(user_name), external_id, active };
    change(&mut scim);
    turn.world.change(&Change::SetScim { user: account_id.to_owned(), scim })
}

/// The account behind the path's SCIM id; an account id is none.
fn asked(turn: &mut Turn<'_>) -> Result<String, Reply> {
    require_directory(turn)?;
    let scim_id = turn.parameter("userId");
    let found = turn.state().account_of_scim(scim_id).map(str::to_owned);
    let account_id = found.ok_or_else(|| not_found("user", scim_id))?;
    turn.subject.account_id = Some(account_id.clone());
    Ok(account_id)
}

fn show(turn: &Turn<'_>, account_id: &str, status: StatusCode) -> Result<Reply, Reply> {
    let attributes = Attributes::of(turn)?;
    let record = turn.state().scim.get(account_id).ok_or_else(|| not_found("user", account_id))?;
    Ok(reply(status, &attributes.cut(shown(turn, account_id, record))))
}

fn shown(turn: &Turn<'_>, account_id: &str, record: &ScimRecord) -> Value {
    let account = turn.state().accounts.get(account_id);
    account.map(|account| user(turn, account_id, account, record)).unwrap_or_default()
}

fn refused(why: &Refused) -> Reply {
    if let Refused::ScimExists(name) = why {
        return exists("USER", "userName", name);
    }
    bad_request("invalidValue", &why.to_string())
}
