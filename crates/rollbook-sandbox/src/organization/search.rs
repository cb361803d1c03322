//! The parameters of the two searches, with the bounds of the published description.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::words::{Grant, PlatformRole};

use super::cursor::Cursor;
use super::errors::{bad_request, not_emulated};

/// `MultiDirectoryUserSearchRequest`.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UserSearch {
    pub(super) emails: Vec<String>,
    pub(super) search_term: Option<String>,
    pub(super) account_ids: Vec<String>,
    pub(super) group_ids: Vec<String>,
    pub(super) email_domains: Vec<String>,
    pub(super) directory_ids: Vec<String>,
    pub(super) account_status: Vec<String>,
    pub(super) membership_status: Vec<String>,
    pub(super) status: Vec<String>,
    pub(super) claim_status: Option<String>,
    pub(super) role_ids: Vec<String>,
    pub(super) resource_ids: Vec<String>,
    pub(super) expand: Vec<String>,
    pub(super) limit: Option<usize>,
}

/// `MultiDirectoryGroupSearchRequest`.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GroupSearch {
    pub(super) group_ids: Vec<String>,
    pub(super) group_names: Vec<String>,
    pub(super) search_term: Option<String>,
    pub(super) account_ids: Vec<String>,
    pub(super) directory_ids: Vec<String>,
    pub(super) resource_ids: Vec<String>,
    pub(super) resource_owners: Vec<String>,
    pub(super) role_ids: Vec<String>,
    pub(super) expand: Vec<String>,
    pub(super) limit: Option<usize>,
}

/// A list of a request: its key, its length, and the maximum.
type Bounded = (&'static str, usize, usize);

pub(super) trait Search: Serialize + serde::de::DeserializeOwned {
    /// The keys of the description that the sandbox does not emulate.
    const LEFT_OUT: &'static [&'static str];
    /// The keys that are lists, which a query repeats or separates by commas.
    const LISTS: &'static [&'static str];
    /// The values of `expand`.
    const EXPANDS: &'static [&'static str];
    fn lists(&self) -> Vec<Bounded>;
    /// Why two keys do not go together.
    fn contradiction(&self) -> Option<&'static str>;
    /// Refuses values outside a closed set, or that the sandbox does not emulate.
    fn check_values(&self) -> Result<(), Reply> {
        Ok(())
    }
    fn expand(&self) -> &[String];
    fn limit(&self) -> Option<usize>;
}

impl Search for UserSearch {
    const LEFT_OUT: &'static [&'static str] = &["mfaEnabled"];
    const LISTS: &'static [&'static str] = &[
        "accountIds",
        "groupIds",
        "emailDomains",
        "directoryIds",
        "accountStatus",
        "membershipStatus",
        "status",
        "roleIds",
        "resourceIds",
    ];
    const EXPANDS: &'static [&'static str] =
        &["platformRoles", "counts.resources", "productAccess", "groups"];

    fn lists(&self) -> Vec<Bounded> {
        vec![
            ("emails", self.emails.len(), 100),
            ("accountIds", self.account_ids.len(), 10),
            ("groupIds", self.group_ids.len(), 10),
            ("emailDomains", self.email_domains.len(), 10),
            ("directoryIds", self.directory_ids.len(), 10),
            ("roleIds", self.role_ids.len(), 10),
            ("resourceIds", self.resource_ids.len(), 20),
        ]
    }

    fn contradiction(&self) -> Option<&'static str> {
        (!self.emails.is_empty() && self.search_term.is_some())
            .then_some("'emails' and 'searchTerm' are mutually exclusive")
    }

    fn check_values(&self) -> Result<(), Reply> {
        // A role of an app is asked about with its resource.
        let is_known = |id: &String| match self.resource_ids.as_slice() {
            [] => PlatformRole::of_id(id).is_some(),
            _ => Grant::of_id(id).is_some(),
        };
        match self.role_ids.iter().find(|id| !is_known(id)) {
            Some(id) => check_role(id).and_then(|()| Err(not_emulated(&format!("the role {id}")))),
            None => Ok(()),
        }
    }

    fn expand(&self) -> &[String] {
        &self.expand
    }

    fn limit(&self) -> Option<usize> {
        self.limit
    }
}

impl Search for GroupSearch {
    const LEFT_OUT: &'static [&'static str] = &[];
    const LISTS: &'static [&'static str] =
        &["groupIds", "accountIds", "directoryIds", "resourceIds", "resourceOwners", "roleIds"];
    const EXPANDS: &'static [&'static str] = &["counts.resources", "counts.users"];

    fn lists(&self) -> Vec<Bounded> {
        vec![
            ("groupIds", self.group_ids.len(), 10),
            ("groupNames", self.group_names.len(), 100),
            ("accountIds", self.account_ids.len(), 10),
            ("directoryIds", self.directory_ids.len(), 10),
            ("resourceIds", self.resource_ids.len(), 20),
            ("resourceOwners", self.resource_owners.len(), 10),
            ("roleIds", self.role_ids.len(), 10),
        ]
    }

    fn check_values(&self) -> Result<(), Reply> {
        self.role_ids.iter().try_for_each(|role| check_role(role))
    }

    fn contradiction(&self) -> Option<&'static str> {
        let other = self.search_term.is_some() || !self.group_ids.is_empty();
        (!self.group_names.is_empty() && other)
            .then_some("'groupNames' is mutually exclusive with 'groupIds' and 'searchTerm'")
    }

    fn expand(&self) -> &[String] {
        &self.expand
    }

    fn limit(&self) -> Option<usize> {
        self.limit
    }
}

/// 400 for an unknown role.
pub(super) fn check_role(id: &str) -> Result<(), Reply> {
    let known = PlatformRole::of_id(id).is_some() || Grant::of_id(id).is_some();
    if known { Ok(()) } else { Err(bad_request(&format!("'{id}' is not a role"))) }
}

/// Reads a search. With a cursor, everything else in the body is discarded; an empty body asks for everything.
pub(super) fn read<S: Search + Default>(context: &RequestContext<'_>) -> Result<Cursor<S>, Reply> {
    if context.body.is_empty() {
        return Ok(Cursor { request: S::default(), from: 0 });
    }
    let body: Value = context.json().map_err(|error| bad_request(&error.to_string()))?;
    let Some(keys) = body.as_object() else {
        return Err(bad_request("The body is not an object"));
    };
    if let Some(token) = keys.get("cursor").filter(|token| !token.is_null()) {
        return Cursor::read(token.as_str().unwrap_or_default());
    }
    if let Some(key) = S::LEFT_OUT.iter().find(|key| keys.contains_key(**key)) {
        return Err(not_emulated(key));
    }
    // The description's `minItems` is 1 wherever it names a `maxItems`.
    if let Some((key, _)) = keys.iter().find(|(_, value)| value.as_array().is_some_and(Vec::is_empty)) {
        return Err(bad_request(&format!("'{key}' must not be empty")));
    }
    checked(&body)
}

/// Reads the same search from a query, for the routes that will be removed after June 2027.
pub(super) fn of_query<S: Search + Default>(context: &RequestContext<'_>) -> Result<Cursor<S>, Reply> {
    if let Some(token) = context.query.filled("cursor") {
        return Cursor::read(token);
    }
    let mut body = Map::new();
    for (key, value) in context.query.pairs() {
        if S::LEFT_OUT.contains(&key) || ["sortBy", "counts"].contains(&key) {
            return Err(not_emulated(key));
        }
        if S::LISTS.contains(&key) {
            let list = body.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            if let Some(list) = list.as_array_mut() {
                list.extend(value.split(',').map(Value::from));
            }
        } else if key == "limit" {
            let limit: u32 = value.parse().map_err(|_| bad_request("'limit' must be between 1 and 100"))?;
            body.insert(key.to_owned(), limit.into());
        } else {
            body.insert(key.to_owned(), value.into());
        }
    }
    checked(&Value::Object(body))
}

fn checked<S: Search>(body: &Value) -> Result<Cursor<S>, Reply> {
    let request = S::deserialize(body).map_err(|error| bad_request(&error.to_string()))?;
    if let Some((key, _, most)) = request.lists().into_iter().find(|(_, count, most)| count > most) {
        return Err(bad_request(&format!("'{key}' must not have more than {most} items")));
    }
    if let Some(unknown) = request.expand().iter().find(|it| !S::EXPANDS.contains(&it.as_str())) {
        return Err(bad_request(&format!("'{unknown}' cannot be expanded")));
    }
    if request.limit().is_some_and(|limit| !(1..=100).contains(&limit)) {
        return Err(bad_request("'limit' must be between 1 and 100"));
    }
    request.check_values()?;
    match request.contradiction() {
        None => Ok(Cursor { request, from: 0 }),
        Some(why) => Err(bad_request(why)),
    }
}
