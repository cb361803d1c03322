//! What the tests of the sandbox share: a seed, and requests straight into its router.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

pub(crate) mod access;
pub(crate) mod consent;
pub(crate) mod contract;
pub(crate) mod faults;
pub(crate) mod invite;
pub(crate) mod jira;
pub(crate) mod management;
pub(crate) mod organization;
pub(crate) mod reads;
pub(crate) mod roles;
pub(crate) mod scim;
pub(crate) mod seed;
pub(crate) mod surfaces;
pub(crate) mod writes;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use rollbook::sandbox::{Options, Sandbox, Seed, SeedUser};
use serde_json::Value;
use tower::ServiceExt as _;

/// A small site: one admin, people with and without rights, a hidden email, a bot, a synced group, a team.
pub(crate) const ACME: &str = r#"
site: { name: acme, cloud-id: 11111111-2222-5333-8444-555555555555 }
apps:
  - { key: jira-software, name: Jira Software, seats: 5 }
users:
  - { account-id: "712020:root", email: root@acme.com, name: Root }
  - { account-id: "712020:ada", email: ada@acme.com, name: Ada Lovelace }
  - { account-id: "712020:eve", email: eve@acme.com, name: Eve, hide-email: true }
  - { account-id: "712020:old", email: old@acme.com, name: Old Hand, active: false }
  - { account-id: "712020:out", email: out@contractor.example, name: Outsider }
  - { account-id: "712020:bot", email: ci@serviceaccount.atlassian.com, name: CI, type: app, app-type: service }
  - { account-id: "5b10addon", name: Add-on, type: app }
  - { account-id: "qm:cust", email: client@else.example, name: Client, type: customer }
groups:
  - { name: site-admins, id: g-admins, site-admin: true, members: [root@acme.com, "712020:bot", "5b10addon"] }
  - name: jira-users
    id: g-users
    grants: { jira-software: user }
    default-for: [jira-software]
    members: [ada@acme.com, eve@acme.com, old@acme.com]
  - { name: Empty Room, id: g-empty }
  - { name: okta-all, id: g-okta, managed-by: EXTERNAL, members: [ada@acme.com] }
  - { name: A Team, id: g-team, usage: TEAM_COLLABORATION }
credentials:
  - basic: { account: root@acme.com, token: root-token }
  - basic: { account: ada@acme.com, token: ada-token }
  - basic: { account: out@contractor.example, token: out-token }
  - basic: { account: eve@acme.com, token: eve-token, expired: true }
  - bearer: { account: "5b10addon", token: addon-token }
  - scoped: { account: "712020:bot", token: bot-token }
  - scoped: { account: "712020:bot", token: narrow-token, scopes: ["read:jira-user"] }
  - bearer: { account: root@acme.com, token: root-bearer }
  - oauth-client: { account: "712020:bot", client-id: id-1, client-secret: s3cret }
"#;

/// What precedes a path at the gateway of [`ACME`].
pub(crate) const GATEWAY: &str = "/ex/jira/11111111-2222-5333-8444-555555555555";

pub(crate) fn acme() -> Sandbox {
    acme_with(&Options::default())
}

pub(crate) fn acme_with(options: &Options) -> Sandbox {
    Sandbox::new(&Seed::parse(ACME).unwrap(), options).unwrap()
}

/// [`ACME`] with `count` more people in `Empty Room`: `p000@acme.com` and on, every tenth inactive.
pub(crate) fn crowded(count: usize) -> Sandbox {
    let mut seed = Seed::parse(ACME).unwrap();
    let people: Vec<String> = (0..count).map(|number| format!("p{number:03}@acme.com")).collect();
    for (number, email) in people.iter().enumerate() {
        let (email, active) = (Some(email.clone()), number % 10 != 0);
        seed.users.push(SeedUser { email, active, ..SeedUser::default() });
    }
    seed.groups.iter_mut().find(|group| group.name == "Empty Room").unwrap().members = people;
    Sandbox::new(&seed, &Options::default()).unwrap()
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answered {
    /// The body as JSON; `null` when it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The first error message, or the first error of a field.
    pub(crate) fn message(&self) -> String {
        let json = self.json();
        let field = json["errors"].as_object().and_then(|errors| errors.values().next());
        let message = json["errorMessages"].get(0).or(field).and_then(Value::as_str);
        message.unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The texts under `key` of an array, or of the `values` of a page.
    pub(crate) fn each(&self, key: &str) -> Vec<String> {
        let json = self.json();
        let rows =
            json.as_array().or_else(|| json["values"].as_array()).or_else(|| json["groups"].as_array());
        rows.unwrap().iter().map(|row| row[key].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// The `Authorization` header of Basic.
pub(crate) fn basic(email: &str, token: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{email}:{token}")))
}

/// Asks as the site admin of [`ACME`].
pub(crate) async fn ask(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Answered {
    ask_as(sandbox, Some(&basic("root@acme.com", "root-token")), method, path, body).await
}

pub(crate) async fn get(sandbox: &Sandbox, path: &str) -> Answered {
    ask(sandbox, "GET", path, "").await
}

pub(crate) async fn ask_as(
    sandbox: &Sandbox,
    authorization: Option<&str>,
    method: &str,
    path: &str,
    body: &str,
) -> Answered {
    let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = sandbox.router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answered { status: parts.status, headers: parts.headers, text }
}
