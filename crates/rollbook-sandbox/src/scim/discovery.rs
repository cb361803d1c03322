//! The directory's own features, types and schemas (RFC 7644 §4). The description has the paths but no bodies; features
//! and schemas are as go-atlassian captured them in 2021, the types as in RFC 7643 §6.

use http::StatusCode;
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request_context::RequestContext;

use super::errors::not_found;
use super::schema::{
    ATLASSIAN, ATLASSIAN_ATTRIBUTES, Attribute, ENTERPRISE, ENTERPRISE_ATTRIBUTES, GROUP, GROUP_ATTRIBUTES,
    USER, USER_ATTRIBUTES,
};
use super::wire::{location, reply};
use super::{require_directory, wire};

/// A schema: its URN, name, description and attributes.
type Schema = (&'static str, &'static str, &'static str, &'static [Attribute]);

/// The schemas of discovery itself are not published (capture).
const SCHEMAS: [Schema; 4] = [
    (USER, "User", "User Account", USER_ATTRIBUTES),
    (ENTERPRISE, "EnterpriseUser", "Enterprise User", ENTERPRISE_ATTRIBUTES),
    (ATLASSIAN, "AtlassianExternal", "Atlassian account of a user", ATLASSIAN_ATTRIBUTES),
    (GROUP, "Group", "Group", GROUP_ATTRIBUTES),
];

/// A type of resource: its name, path, schema, and the schemas that may extend it.
type Kind = (&'static str, &'static str, &'static str, &'static [&'static str]);

const KINDS: [Kind; 2] =
    [("User", "/Users", USER, &[ENTERPRISE, ATLASSIAN]), ("Group", "/Groups", GROUP, &[])];

/// `GET /ServiceProviderConfig`. Pages do not follow its `maxResults`; they have 100 rows
/// (docs/atlassian.md#listings-of-scim).
pub(super) fn features(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context)?;
    let config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "maxResults": 10_000, "supported": true },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "Authentication scheme using the OAuth Bearer Token Standard",
        }],
        "meta": {
            "location": location(context, "/ServiceProviderConfig"),
            "resourceType": "ServiceProviderConfig",
            "lastModified": "2018-05-03T19:31:29.723Z",
            "created": "2018-05-03T19:31:29.723Z",
        },
    });
    Ok(reply(StatusCode::OK, &config))
}

/// `GET /Schemas`: complete, since it is not paged (description).
pub(super) fn schemas(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context)?;
    Ok(whole(&SCHEMAS.map(|known| schema(context, &known))))
}

/// `GET /Schemas/{urn}`.
pub(super) fn one_schema(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context)?;
    let asked = context.parameter("urn");
    let found = SCHEMAS.iter().find(|(urn, ..)| *urn == asked).ok_or_else(|| not_found("schema", asked))?;
    Ok(reply(StatusCode::OK, &schema(context, found)))
}

/// `GET /ResourceTypes`: complete.
pub(super) fn kinds(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context)?;
    Ok(whole(&KINDS.map(|known| kind(context, &known))))
}

/// `GET /ResourceTypes/{name}`.
pub(super) fn one_kind(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    require_directory(context)?;
    let asked = context.parameter("name");
    let found = KINDS.iter().find(|(name, ..)| *name == asked);
    let found = found.ok_or_else(|| not_found("resource type", asked))?;
    Ok(reply(StatusCode::OK, &kind(context, found)))
}

fn whole(resources: &[Value]) -> Reply {
    let total = resources.len();
    reply(StatusCode::OK, &wire::list(total, 1, resources))
}

fn schema(context: &RequestContext<'_>, (urn, name, description, attributes): &Schema) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": urn,
        "name": name,
        "description": description,
        "attributes": attributes.iter().map(Attribute::json).collect::<Value>(),
        "meta": { "resourceType": "Schema", "location": location(context, &format!("/Schemas/{urn}")) },
    })
}

fn kind(context: &RequestContext<'_>, (name, endpoint, schema, extensions): &Kind) -> Value {
    let extensions = extensions.iter().map(|schema| json!({ "schema": schema, "required": false }));
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name,
        "name": name,
        "description": name,
        "endpoint": endpoint,
        "schema": schema,
        "schemaExtensions": extensions.collect::<Value>(),
        "meta": { "resourceType": "ResourceType", "location": location(context, &format!("/ResourceTypes/{name}")) },
    })
}
