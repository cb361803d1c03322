//! The routes besides Jira: the cloud ID of the site, and OAuth tokens (docs/atlassian.md#cloud-id,
//! docs/atlassian.md#client-credentials).

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::credential::SeedCredential;
use super::reply::Reply;
use super::request_context::{Access, RequestContext, Route, Scopes};
use super::world::TOKEN_LIFE;

/// The routes besides Jira.
pub(super) static ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/_edge/tenant_info",
        access: Access::Open,
        scopes: Scopes::NONE,
        run: tenant_info,
    },
    Route {
        method: Method::POST,
        path: "/oauth/token",
        access: Access::Open,
        scopes: Scopes::NONE,
        run: token,
    },
    Route {
        method: Method::GET,
        path: "/oauth/token/accessible-resources",
        access: Access::Account,
        scopes: Scopes::NONE,
        run: accessible_resources,
    },
];

#[expect(clippy::unnecessary_wraps, reason = "every handler has one signature")]
fn tenant_info(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    Ok(Reply::json(StatusCode::OK, &json!({ "cloudId": context.state().site.cloud_id })))
}

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
}

/// Makes an access token from the client credentials in the JSON body.
fn token(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let refuse = |status, error: &str, text: &str| {
        Reply::json(status, &json!({ "error": error, "error_description": text }))
    };
    let asked: TokenRequest = context
        .json()
        .map_err(|_| refuse(StatusCode::BAD_REQUEST, "invalid_request", "The body is not a token request"))?;
    if asked.grant_type != "client_credentials" {
        let text = "Only client_credentials can be used here";
        return Err(refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", text));
    }
    let fits = |credential: &SeedCredential| match credential {
        SeedCredential::OauthClient(client) => {
            !client.expired
                && client.client_id == asked.client_id
                && client.client_secret == asked.client_secret
        }
        SeedCredential::Basic(_)
        | SeedCredential::Scoped(_)
        | SeedCredential::Bearer(_)
        | SeedCredential::OrgApiKey(_)
        | SeedCredential::ScimApiKey(_) => false,
    };
    let Some(index) = context.state().credentials.iter().position(fits) else {
        return Err(refuse(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"));
    };
    let scope = context.state().credentials.get(index).map(|it| it.scopes().join(" ")).unwrap_or_default();
    let token = context.world.make_token(index);
    Ok(Reply::json(
        StatusCode::OK,
        &json!({
            "access_token": token,
            "expires_in": TOKEN_LIFE.as_secs(),
            "token_type": "Bearer",
            "scope": scope,
        }),
    ))
}

#[expect(clippy::unnecessary_wraps, reason = "every handler has one signature")]
fn accessible_resources(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let site = &context.state().site;
    let scopes = context.caller.as_ref().map(|caller| caller.scopes.as_slice()).unwrap_or_default();
    let resource = json!({ "id": site.cloud_id, "url": site.url(), "name": site.name, "scopes": scopes });
    Ok(Reply::json(StatusCode::OK, &[resource]))
}
