//! Accounts as sites have them that are years old: erased ones, and people that the organization does not show.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::look::lines;
use super::{BOTH, JIRA, Scene, same, site, told};
use crate::edge::site::{declared, plan_of};

const ERASED: &str = "5be37f8aa430e70fb00dfdaa";

fn with_erased() -> String {
    format!(
        "
apps: [{{ key: jira-software, name: Jira Software }}]
users:
  - {{ email: ada@acme.com }}
  - {{ account-id: {ERASED}, deletion: done }}
groups:
  - {{ name: devs, members: [ada@acme.com, {ERASED}] }}
  - {{ name: jira-software-users, grants: {{ jira-software: user }}, default-for: [jira-software], members: [ada@acme.com] }}
"
    )
}

/// Nobody can be meant by an erased account: it is not a candidate for somebody new.
#[tokio::test(start_paused = true)]
async fn an_erased_account_blocks_no_invitation() {
    let scene = Scene::of(&with_erased(), JIRA);
    let tree = "policy: { invite-domains: [acme.com] }\nusers: { new@acme.com: { active: true, apps: [jira-software] } }\n";
    same(&lines(&scene.plan(tree).await), "invite user.new@acme.com via jira");
}

/// Somebody else hides their email and may be meant, so that they stay; the erased account goes.
#[tokio::test(start_paused = true)]
async fn an_erased_account_leaves_while_others_are_unresolved() {
    let seed = with_erased().replace("users:\n", "users:\n  - { email: eve@acme.com, hide-email: true }\n");
    let seed = seed.replace("members: [ada@acme.com, 5be", "members: [ada@acme.com, eve@acme.com, 5be");
    let scene = Scene::of(&seed, JIRA);
    let plan = scene.plan("groups: { devs: { members: [ada@acme.com, kim@acme.com] } }\n").await;
    let shown = lines(&plan);
    assert!(shown.contains(&format!("remove member.devs/account:{ERASED} via jira")), "{shown}");
    let unresolved = shown.lines().filter(|line| line.ends_with(": identity-unresolved"));
    assert_eq!(unresolved.count(), 2, "kim, and eve who may be kim: {shown}");
    assert_eq!(scene.apply(&plan).await, format!("devs: -{ERASED}"));
}

/// A door before a sandbox whose organization does not show one account, and knows none of its memberships.
fn hiding(scene: &Scene, account: &'static str, asked: &Arc<Mutex<Vec<String>>>) -> Router {
    let (inner, asked) = (scene.sandbox.router(), Arc::clone(asked));
    Router::new().fallback(move |request: Request| {
        let (inner, asked) = (inner.clone(), Arc::clone(&asked));
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            if method == "DELETE" {
                asked.lock().unwrap().push(path.clone());
            }
            if path.starts_with("/admin/") && path.ends_with(account) {
                return not_found();
            }
            let (head, body) = inner.oneshot(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            if !path.ends_with("/users/search") {
                return Response::from_parts(head, Body::from(body));
            }
            let mut value: Value = serde_json::from_slice(&body).unwrap();
            value["data"].as_array_mut().unwrap().retain(|row| row["accountId"] != account);
            (head.status, [("content-type", "application/json")], value.to_string()).into_response()
        }
    })
}

/// Captured from a real organization.
fn not_found() -> Response {
    let body = r#"{"errors":[{"id":"65e99414","code":"ADMIN-UAM-404-1","status":"404","title":"Unknown Resource","detail":"One or more user not found in the directory"}]}"#;
    (StatusCode::NOT_FOUND, [("content-type", "application/json")], body).into_response()
}

/// Whom the organization does not show, it does not remove either: Jira does both.
#[tokio::test(start_paused = true)]
async fn whom_the_organization_does_not_show_is_removed_through_jira() {
    let seed = "
users:
  - { email: ada@acme.com }
  - { account-id: acc-pam, email: pam@partner.example, name: Pam }
groups:
  - { name: devs, members: [ada@acme.com, acc-pam] }
";
    let scene = Scene::of(seed, BOTH);
    let asked = Arc::default();
    let surfaces = scene.surfaces_behind(&hiding(&scene, "acc-pam", &asked));
    let tree = scene.tree("groups: { devs: { members: [ada@acme.com] } }\n");
    let plan = plan_of(&surfaces, &tree, &declared(&tree)).await.unwrap();
    same(&lines(&plan), "remove member.devs/pam@partner.example via jira");
    let told = told(&site::apply(&surfaces, &plan, 10).await);
    assert!(told.iter().all(|told| told.ends_with(": seen")), "{told:?}");
    assert_eq!(*asked.lock().unwrap(), ["/rest/api/3/group/user"]);
    // The next plan has nothing left to ask for.
    let plan = plan_of(&surfaces, &tree, &declared(&tree)).await.unwrap();
    same(&lines(&plan), "");
}
