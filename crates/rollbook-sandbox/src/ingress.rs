//! The routes besides Jira: the cloud ID of the site, and OAuth tokens (docs/atlassian.md#cloud-id,
//! docs/atlassian.md#client-credentials).

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::json;

use super::consent::{self, Exchange, refusal};
use super::credential::SeedCredential;
use super::query::Query;
use super::reply::Reply;
use super::request_context::{Access, RequestContext, Route, Scopes};
use super::world::{Holder, TOKEN_LIFE};

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

/// The fields of a token request, from JSON or a form.
fn fields(context: &RequestContext<'_>) -> Result<Query, Reply> {
    let text = String::from_utf8_lossy(&context.body);
    if !text.trim_start().starts_with('{') {
        return Ok(Query::parse(&text));
    }
    let fields: BTreeMap<String, String> = context.json().map_err(|_| {
        refusal(StatusCode::BAD_REQUEST, "invalid_request", "The body is not a token request")
    })?;
    Ok(Query::of(fields))
}

/// Makes an access token out of client credentials, a code or a refresh token.
fn token(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let fields = fields(context)?;
    let field = |name| fields.one(name).unwrap_or_default();
    match field("grant_type") {
        "client_credentials" => client_token(context, field("client_id"), field("client_secret")),
        grant @ ("authorization_code" | "refresh_token") => {
            let app = context.state().credentials.iter().find_map(|it| it.oauth_app(field("client_id")));
            if app.is_none_or(|app| app.client_secret != field("client_secret")) {
                return Err(refusal(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"));
            }
            let asked = Exchange {
                client_id: field("client_id"),
                code: field("code"),
                redirect_uri: field("redirect_uri"),
                refresh_token: field("refresh_token"),
            };
            consent::exchange(context.world, grant, &asked)
        }
        _ => {
            let text = "This grant type cannot be used here";
            Err(refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type", text))
        }
    }
}

fn client_token(context: &mut RequestContext<'_>, id: &str, secret: &str) -> Result<Reply, Reply> {
    let fits = |credential: &SeedCredential| match credential {
        SeedCredential::OauthClient(client) => {
            !client.expired && client.client_id == id && client.client_secret == secret
        }
        SeedCredential::Basic(_)
        | SeedCredential::Scoped(_)
        | SeedCredential::Bearer(_)
        | SeedCredential::OauthApp(_)
        | SeedCredential::OrgApiKey(_)
        | SeedCredential::ScimApiKey(_) => false,
    };
    let Some(index) = context.state().credentials.iter().position(fits) else {
        return Err(refusal(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"));
    };
    let scope = context.state().credentials.get(index).map(|it| it.scopes().join(" ")).unwrap_or_default();
    let token = context.world.make_token(Holder::Client(index));
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
    let resources = match context.caller.as_ref().and_then(|caller| caller.consent) {
        Some(consent) => consent::sites_of(context, consent, resource),
        None => vec![resource],
    };
    Ok(Reply::json(StatusCode::OK, &resources))
}
