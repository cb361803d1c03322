//! Reads listings by cursor, and returns only complete ones (docs/design.md#whole-or-nothing).
//!
//! These listings have no total. They end only with a page without a link to a next one: an empty page with a link is not
//! the end, and neither is a link without a target.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::Client;
use super::error::Error;
use super::page::{Row, checked, incomplete};
use super::request::Request;
use rollbook_core::model::{IncompleteRead, Listing, Rows};

/// More pages than any organization has, in case a server always links one more.
const MOST_PAGES: usize = 50_000;

/// A page `{data, links: {next}}` of the Organizations API.
#[derive(Debug, Deserialize)]
struct Page<T> {
    data: Vec<T>,
    links: Option<Links>,
}

#[derive(Debug, Deserialize)]
struct Links {
    next: Option<String>,
}

/// Reads every page. `request` makes the request for the first page, or for the one that a cursor leads to.
///
/// # Errors
/// [`SendKind::Incomplete`](crate::SendKind::Incomplete) when the chain of pages broke off or repeated itself twice,
/// otherwise as [`Client::read`].
pub(super) async fn chain<T: DeserializeOwned + Row>(
    client: &Client,
    request: impl Fn(Option<&str>) -> Request,
) -> Result<(Listing<T::Id>, Vec<T>), Error> {
    let mut result = Err(IncompleteRead::Unended { read: 0 });
    for _ in 0..2 {
        result = checked(pages(client, &request).await?);
        if result.is_ok() {
            break;
        }
    }
    result.map_err(|cause| incomplete(client, &request(None), cause))
}

async fn pages<T: DeserializeOwned + Row>(
    client: &Client,
    request: &impl Fn(Option<&str>) -> Request,
) -> Result<Rows<T>, Error> {
    let mut rows: Vec<T> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut cursors: BTreeSet<String> = BTreeSet::new();
    let mut cursor: Option<String> = None;
    loop {
        let page: Page<T> = client.read(&request(cursor.as_deref())).await?;
        let mut repeats = false;
        for id in page.data.iter().filter_map(Row::key) {
            repeats |= !seen.insert(id);
        }
        rows.extend(page.data);
        // Some last pages have an empty text (two clients of this API read it in this way).
        let Some(next) = page.links.and_then(|links| links.next).filter(|next| !next.is_empty()) else {
            return Ok(Rows { rows, total: None, ended: true });
        };
        // A circular chain would never end, and neither it nor a too long one is a listing.
        let next = cursor_in(&next).filter(|next| cursors.len() < MOST_PAGES && cursors.insert(next.clone()));
        match next {
            Some(next) if !repeats => cursor = Some(next),
            Some(_) | None => return Ok(Rows { rows, total: None, ended: repeats }),
        }
    }
}

/// The cursor in `links.next`: v2 gives it bare, v1 gives a URL that holds it (docs/atlassian.md#cursors). Only the
/// cursor is taken from a URL: a response must not choose where the next request goes.
fn cursor_in(next: &str) -> Option<String> {
    let cursor = match next.split_once('?') {
        Some((_, query)) => {
            let value = query.split(['&', '#']).find_map(|pair| pair.strip_prefix("cursor="))?;
            percent_decode_str(value).decode_utf8().ok()?.into_owned()
        }
        None if next.contains("://") => return None,
        None => next.to_owned(),
    };
    Some(cursor).filter(|cursor| !cursor.is_empty())
}

#[cfg(test)]
mod tests {
    use super::cursor_in;

    #[test]
    fn both_styles_of_cursors() {
        for (next, cursor) in [
            ("Qh8E1QpVV00ys/xI7pHI7Q..", Some("Qh8E1QpVV00ys/xI7pHI7Q..")),
            ("kloHX1ZQ==", Some("kloHX1ZQ==")),
            ("/odd/base64", Some("/odd/base64")),
            ("https://api.atlassian.com/admin/v1/orgs/o/domains?cursor=a%2Fb%3D&x=1", Some("a/b=")),
            ("/admin/v1/orgs/o/domains?limit=1&cursor=ab", Some("ab")),
            ("https://evil.example.com/?cursor=ab", Some("ab")),
            ("https://api.atlassian.com/admin/v1/orgs/o/domains", None),
            ("https://api.atlassian.com/admin/v1/orgs/o/domains?cursor=", None),
            ("https://api.atlassian.com/admin/v1/orgs/o/domains?precursor=a", None),
            ("", None),
        ] {
            assert_eq!(cursor_in(next).as_deref(), cursor, "{next}");
        }
    }
}
