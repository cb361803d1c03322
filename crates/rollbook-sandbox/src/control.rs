//! `/_sandbox/…`: looks into the sandbox and changes it behind the client's back. No credentials, no limits, no
//! log; [`super::serve`] listens on loopback only.

use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;

use super::change::Change;
use super::emulator::Sandbox;

/// `GET /_sandbox/state`, `GET /_sandbox/requests`, `GET /_sandbox/mails`, `POST /_sandbox/edit`.
pub(super) fn router(sandbox: &Sandbox) -> Router {
    let (state, requests, edit) = (sandbox.clone(), sandbox.clone(), sandbox.clone());
    let mails = sandbox.clone();
    Router::new()
        .route("/_sandbox/state", get(move || async move { Json(state.state()) }))
        .route("/_sandbox/requests", get(move || async move { Json(requests.requests()) }))
        .route("/_sandbox/mails", get(move || async move { Json(mails.mails()) }))
        .route("/_sandbox/edit", post(move |body: Bytes| async move { carry_out(&edit, &body) }))
}

/// 204 when done, 400 for an invalid change, 409 for an impossible one; the body says why.
fn carry_out(sandbox: &Sandbox, body: &[u8]) -> impl IntoResponse + use<> {
    let refuse = |status: StatusCode, why: String| (status, Json(json!({ "error": why }))).into_response();
    match serde_json::from_slice::<Change>(body) {
        Err(error) => refuse(StatusCode::BAD_REQUEST, error.to_string()),
        Ok(change) => match sandbox.edit(&change) {
            Err(refused) => refuse(StatusCode::CONFLICT, refused.to_string()),
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
        },
    }
}
