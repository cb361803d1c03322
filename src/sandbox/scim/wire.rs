//! The JSON of SCIM's answers, by the schemas of the published description (spec 2022-08-29).

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::sandbox::reply::Reply;
use crate::sandbox::state::{Account, Group, ScimRecord, State};
use crate::sandbox::turn::Turn;
use crate::sandbox::words::ManagedBy;

use super::errors::bad_request;

/// Where Atlassian says which account it is.
pub(super) const EXTENSION: &str = "urn:scim:schemas:extension:atlassian-external:1.0";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// The most resources of a page, whatever `count` says (fact sheet §4: Atlassian's KB; the cap is not established).
const MOST: usize = 100;

/// A success, with SCIM's own content type, as in the description's examples.
pub(super) fn reply(status: StatusCode, body: &Value) -> Reply {
    Reply::typed(status, "application/scim+json;charset=UTF-8", body)
}

/// Whether SCIM owns a group.
pub(super) fn is_synced(group: &Group) -> bool {
    group.managed_by == ManagedBy::External
}

/// `ScimUser`.
pub(super) fn user(turn: &Turn<'_>, account_id: &str, account: &Account, record: &ScimRecord) -> Value {
    let synced = |id: &&str| turn.state().groups.get(*id).is_some_and(is_synced);
    let groups = turn.world.groups_seen(account_id).into_iter().filter(synced).filter_map(|id| {
        let group = turn.state().groups.get(id)?;
        let id = State::scim_group_id(id);
        Some(json!({ "type": "Group", "value": id, "display": group.name, "$ref": location(turn, "Groups", &id) }))
    });
    let groups: Vec<Value> = groups.collect();
    let emails: Vec<Value> = account
        .email
        .iter()
        .map(|email| json!({ "value": email, "type": "work", "primary": true }))
        .collect();
    let mut user = json!({
        "schemas": [USER, EXTENSION],
        "id": record.id,
        "userName": record.user_name,
        "name": { "formatted": account.name },
        "displayName": account.name,
        "emails": emails,
        "active": record.active,
        "groups": groups,
        "meta": meta(turn, "USER", "Users", &record.id),
        EXTENSION: { "atlassianAccountId": account_id },
    });
    if let (Some(external), Some(user)) = (&record.external_id, user.as_object_mut()) {
        user.insert("externalId".to_owned(), json!(external));
    }
    user
}

/// `ScimGroup`, with those of `members` that have a SCIM record.
pub(super) fn group(turn: &Turn<'_>, id: &str, group: &Group, members: &BTreeSet<String>) -> Value {
    let member = |account_id: &String| {
        let record = turn.state().scim.get(account_id)?;
        let url = location(turn, "Users", &record.id);
        Some(json!({ "type": "User", "value": record.id, "display": record.user_name, "$ref": url }))
    };
    let members: Vec<Value> = members.iter().filter_map(member).collect();
    let id = State::scim_group_id(id);
    json!({
        "schemas": [GROUP],
        "id": id,
        "displayName": group.name,
        "members": members,
        "meta": meta(turn, "GROUP", "Groups", &id),
    })
}

/// When things were made is not kept.
fn meta(turn: &Turn<'_>, kind: &str, folder: &str, id: &str) -> Value {
    json!({
        "resourceType": kind,
        "location": location(turn, folder, id),
        "created": "2024-01-01T00:00:00.000Z",
        "lastModified": "2024-01-01T00:00:00.000Z",
    })
}

fn location(turn: &Turn<'_>, folder: &str, id: &str) -> String {
    turn.url(&format!("/scim/directory/{}/{folder}/{id}", turn.parameter("directoryId")), [])
}

/// The page of a listing that `startIndex`, from 1 on, and `count` ask for.
pub(super) fn page<R>(turn: &Turn<'_>, rows: Vec<R>, show: impl Fn(R) -> Value) -> Result<Reply, Reply> {
    let number = |key: &str, default: usize| match turn.query.filled(key) {
        None => Ok(default),
        // Assumption: what is no number is a 400. Less than the least is the least (RFC 7644).
        Some(text) => text
            .parse::<i64>()
            .map(|number| usize::try_from(number).unwrap_or(0))
            .map_err(|_| bad_request("invalidValue", &format!("'{key}' must be a number: {text}"))),
    };
    let start = number("startIndex", 1)?.max(1);
    let count = number("count", MOST)?.min(MOST);
    let total = rows.len();
    let resources: Vec<Value> = rows.into_iter().skip(start - 1).take(count).map(show).collect();
    let list = json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    Ok(reply(StatusCode::OK, &list))
}

/// Says which attributes of a user are shown.
pub(super) enum Attributes {
    All,
    Only(Vec<String>),
    Without(Vec<String>),
}

impl Attributes {
    /// Reads `attributes` and `excludedAttributes`, which exclude each other. Of `emails.value`, the sandbox knows
    /// `emails`.
    pub(super) fn of(turn: &Turn<'_>) -> Result<Attributes, Reply> {
        let list = |key: &str| {
            let names = turn.query.filled(key)?.split(',');
            Some(names.map(|name| name.split('.').next().unwrap_or_default().trim().to_owned()).collect())
        };
        match (list("attributes"), list("excludedAttributes")) {
            (Some(_), Some(_)) => {
                let why = "'attributes' and 'excludedAttributes' are mutually exclusive.";
                Err(bad_request("invalidSyntax", why))
            }
            (Some(names), None) => Ok(Attributes::Only(names)),
            (None, Some(names)) => Ok(Attributes::Without(names)),
            (None, None) => Ok(Attributes::All),
        }
    }

    pub(super) fn cut(&self, user: Value) -> Value {
        let Value::Object(user) = user else { return user };
        let holds = |list: &[String], key: &str| list.iter().any(|name| name.eq_ignore_ascii_case(key));
        let stays = |key: &str| match self {
            Attributes::All => true,
            Attributes::Only(list) => holds(list, key),
            Attributes::Without(list) => !holds(list, key),
        };
        let always = |key: &str| ["schemas", "id"].contains(&key);
        user.into_iter().filter(|(key, _)| always(key) || stays(key)).collect::<Map<_, _>>().into()
    }
}
