//! Cursors: a token that holds its request and the position in it, so that other parameters are discarded
//! (docs/atlassian.md#cursors).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::request_context::RequestContext;

use super::errors::error;

/// A request, and the first row of the response.
#[derive(Serialize, Deserialize)]
pub(super) struct Cursor<T> {
    #[serde(rename = "r")]
    pub(super) request: T,
    #[serde(rename = "f")]
    pub(super) from: usize,
}

impl<T: Serialize + DeserializeOwned> Cursor<T> {
    /// Reads a token: 400 for one that is invalid.
    pub(super) fn read(token: &str) -> Result<Cursor<T>, Reply> {
        let invalid = || error(StatusCode::BAD_REQUEST, "ADMIN-400-1", "Invalid page cursor");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        serde_json::from_slice(&bytes).map_err(|_| invalid())
    }

    fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The rows of one page, and the token of the next if there is one.
    pub(super) fn page<R>(self, rows: Vec<R>, limit: usize) -> (Vec<R>, Option<String>) {
        let total = rows.len();
        let page: Vec<R> = rows.into_iter().skip(self.from).take(limit).collect();
        let from = self.from.saturating_add(page.len());
        let next = (from < total).then(|| Cursor { request: self.request, from }.token());
        (page, next)
    }
}

/// The `links` of a page of v2: bare tokens, without a key on the last page.
pub(super) fn links(next: Option<&str>) -> Value {
    next.map_or_else(|| json!({}), |next| json!({ "next": next }))
}

/// The `links` of a page of v1: URLs, without a key on the last page.
pub(super) fn url_links(context: &RequestContext<'_>, path: &str, next: Option<&str>) -> Value {
    let own = context.url(path, []);
    next.map_or_else(
        || json!({ "self": own }),
        |next| json!({ "self": own, "next": context.url(path, [("cursor", next)]) }),
    )
}
