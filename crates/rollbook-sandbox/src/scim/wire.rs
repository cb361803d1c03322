//! The JSON of SCIM's responses, by the schemas of the published description (spec 2022-08-29).

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::state::{Account, Group, ScimRecord, State};
use crate::words::ManagedBy;

use super::errors::{CONTENT_TYPE, bad_request};
use super::schema::{ATLASSIAN, ENTERPRISE, GROUP, USER};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// The most resources of a page, whatever `count` says (docs/atlassian.md#listings-of-scim: Atlassian's KB; the cap is
/// not established).
const MOST: usize = 100;

/// A success. A created resource has its address, as RFC 7644 §3.3 requires.
pub(super) fn reply(status: StatusCode, body: &Value) -> Reply {
    let reply = Reply::typed(status, CONTENT_TYPE, body);
    match body["meta"]["location"].as_str().filter(|_| status == StatusCode::CREATED) {
        Some(address) => reply.header("location", address),
        None => reply,
    }
}

/// Whether SCIM owns a group.
pub(super) fn is_synced(group: &Group) -> bool {
    group.managed_by == ManagedBy::External
}

/// `ScimUser`.
pub(super) fn user(
    context: &RequestContext<'_>,
    account_id: &str,
    account: &Account,
    record: &ScimRecord,
) -> Value {
    let synced = |id: &&str| context.state().groups.get(*id).is_some_and(is_synced);
    let groups = context.world.groups_seen(account_id).into_iter().filter(synced).filter_map(|id| {
        let group = context.state().groups.get(id)?;
        let id = State::scim_group_id(id);
        Some(json!({ "type": "Group", "value": id, "display": group.name, "$ref": location(context, &format!("/Groups/{id}")) }))
    });
    let groups: Vec<Value> = groups.collect();
    let attributes = attributes(account, record);
    // Captures have Atlassian's first, which makes scim2-client treat the resource as unknown.
    let mut schemas = vec![USER, ATLASSIAN];
    schemas.extend(attributes.contains_key(ENTERPRISE).then_some(ENTERPRISE));
    let mut user = Map::new();
    user.insert("schemas".to_owned(), json!(schemas));
    user.insert("id".to_owned(), json!(record.id));
    user.insert("userName".to_owned(), json!(record.user_name));
    user.extend(record.external_id.iter().map(|id| ("externalId".to_owned(), json!(id))));
    user.extend(attributes);
    user.insert("active".to_owned(), json!(record.active));
    user.insert("groups".to_owned(), json!(groups));
    user.insert("meta".to_owned(), meta(context, "User", "Users", &record.id));
    user.insert(ATLASSIAN.to_owned(), json!({ "atlassianAccountId": account_id }));
    user.into()
}

/// The identity provider's attributes of a person; for a seed's record without any, those of the account.
pub(super) fn attributes(account: &Account, record: &ScimRecord) -> Map<String, Value> {
    record.attributes.clone().unwrap_or_else(|| {
        let email = |email: &String| json!([{ "value": email, "type": "work", "primary": true }]);
        let known = [
            ("name", Some(json!({ "formatted": account.name }))),
            ("displayName", Some(json!(account.name))),
            ("emails", account.email.as_ref().map(email)),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    })
}

/// `ScimGroup`, with those of `members` that have a SCIM record.
pub(super) fn group(
    context: &RequestContext<'_>,
    id: &str,
    group: &Group,
    members: &BTreeSet<String>,
) -> Value {
    let member = |account_id: &String| {
        let record = context.state().scim.get(account_id)?;
        let url = location(context, &format!("/Users/{}", record.id));
        Some(json!({ "type": "User", "value": record.id, "display": record.user_name, "$ref": url }))
    };
    let members: Vec<Value> = members.iter().filter_map(member).collect();
    let id = State::scim_group_id(id);
    let mut json = json!({
        "schemas": [GROUP],
        "id": id,
        "displayName": group.name,
        "members": members,
        "meta": meta(context, "Group", "Groups", &id),
    });
    if let (Some(external), Some(json)) = (&group.external_id, json.as_object_mut()) {
        json.insert("externalId".to_owned(), json!(external));
    }
    json
}

/// The creation time is not kept.
fn meta(context: &RequestContext<'_>, kind: &str, folder: &str, id: &str) -> Value {
    json!({
        "resourceType": kind,
        "location": location(context, &format!("/{folder}/{id}")),
        "created": "2024-01-01T00:00:00.000Z",
        "lastModified": "2024-01-01T00:00:00.000Z",
    })
}

/// The address of a path of the directory.
pub(super) fn location(context: &RequestContext<'_>, path: &str) -> String {
    context.url(&format!("/scim/directory/{}{path}", context.parameter("directoryId")), [])
}

/// `ScimUserListResponse` and its like.
pub(super) fn list(total: usize, start: usize, resources: &[Value]) -> Value {
    json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

/// The page of a listing that `startIndex`, from 1 on, and `count` ask for.
pub(super) fn page<R>(
    context: &RequestContext<'_>,
    rows: Vec<R>,
    show: impl Fn(R) -> Value,
) -> Result<Reply, Reply> {
    let number = |key: &str, default: usize| match context.query.filled(key) {
        None => Ok(default),
        // Assumption: anything but a number is a 400. Values below the minimum count as the minimum (RFC 7644).
        Some(text) => text
            .parse::<i64>()
            .map(|number| usize::try_from(number).unwrap_or(0))
            .map_err(|_| bad_request("invalidValue", &format!("'{key}' must be a number: {text}"))),
    };
    let start = number("startIndex", 1)?.max(1);
    let count = number("count", MOST)?.min(MOST);
    let total = rows.len();
    let resources: Vec<Value> = rows.into_iter().skip(start - 1).take(count).map(show).collect();
    Ok(reply(StatusCode::OK, &list(total, start, &resources)))
}

/// The attributes of a user that are shown.
pub(super) enum Attributes {
    All,
    Only(Vec<String>),
    Without(Vec<String>),
}

impl Attributes {
    /// Reads `attributes` and `excludedAttributes`, which exclude each other. The sandbox treats `emails.value` as
    /// `emails`.
    pub(super) fn of(context: &RequestContext<'_>) -> Result<Attributes, Reply> {
        let list = |key: &str| {
            let names = context.query.filled(key)?.split(',');
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
