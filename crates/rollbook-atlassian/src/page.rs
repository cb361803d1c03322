//! Reads listings page by page, and returns only complete ones (docs/design.md#whole-or-nothing).
//!
//! The offset of a page is computed from the number of received rows, never from the requested number: a page may hold
//! fewer (docs/atlassian.md#page-sizes). Pages after the first are read several at a time; if they do not fit together, the
//! listing is read once more, one page after the other, and otherwise it is an error.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::{self, DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};

use super::client::Client;
use super::error::{Error, SendError, SendKind};
use super::fault::Fault;
use super::request::Request;
use rollbook_core::model::{AccountId, Email, IncompleteRead, Listing, Rows};

/// The most pages of one listing that are requested at a time: one large group must not be slower than many small ones.
/// The limiter bounds their sum.
const PAGES_AT_A_TIME: usize = 50;

/// The smallest page that is requested when larger ones take the server too long.
const SMALLEST: usize = 10;

/// More rows than any listing has: the size that a response claims must not cause endless requests or exhaust memory.
const MOST_ROWS: usize = 5_000_000;

/// A page of the documented shape `{startAt, maxResults, total, isLast, nextPage, values}`, of which `total` and
/// `isLast` may be missing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    total: Option<usize>,
    is_last: Option<bool>,
    values: Vec<T>,
}

/// A row of a listing.
pub(super) trait Row {
    /// The ID that identifies a row.
    type Id: Ord + Clone;

    /// Its ID, if it has one. Rows without one only count towards the total.
    fn key(&self) -> Option<Self::Id>;

    /// Its name for people, if it has no ID.
    fn shown(&self) -> String {
        String::new()
    }
}

/// Reads every page of a paged listing. `request` makes the request for the page that starts at a row.
///
/// Rows are identified by their IDs. Returns the rows with the listing of their IDs, in the listing's order.
///
/// # Errors
/// [`SendKind::Incomplete`] when the pages did not fit together twice, otherwise as [`Client::read`].
pub(super) async fn paged<T: DeserializeOwned + Row>(
    client: &Client,
    request: impl Fn(usize) -> Request,
) -> Result<(Listing<T::Id>, Vec<T>), Error> {
    let first = parallel(client, &request).await?;
    if let Ok(whole) = checked(first) {
        return Ok(whole);
    }
    tracing::debug!(request = %request(0), "the pages did not fit together; reading them again");
    let second = one_by_one(client, &request).await?;
    checked(second).map_err(|cause| incomplete(client, &request(0), cause))
}

/// Reads a listing of bare arrays, without a total: an empty array is the end. `request` takes the first row and the size
/// of the page.
///
/// # Errors
/// As [`paged`].
pub(super) async fn bare<T: DeserializeOwned + Row>(
    client: &Client,
    size: usize,
    request: impl Fn(usize, usize) -> Request,
) -> Result<(Listing<T::Id>, Vec<T>), Error> {
    let mut result = Err(IncompleteRead::Unended { read: 0 });
    for _ in 0..2 {
        result = checked(arrays(client, size, &request).await?);
        if result.is_ok() {
            break;
        }
    }
    result.map_err(|cause| incomplete(client, &request(0, size), cause))
}

/// Makes a listing, and puts the rows into its order. It knows those without an ID only by name.
pub(super) fn checked<T: Row>(read: Rows<T>) -> Result<(Listing<T::Id>, Vec<T>), IncompleteRead> {
    let Rows { rows, total, ended } = read;
    let came = rows.len();
    let (mut rows, unidentified): (Vec<T>, Vec<T>) = rows.into_iter().partition(|row| row.key().is_some());
    let total = match total.map(|total| (total, total.checked_sub(unidentified.len()))) {
        Some((total, None)) => return Err(IncompleteRead::Miscounted { distinct: came, total }),
        Some((_, identified)) => identified,
        None => None,
    };
    rows.sort_by_cached_key(Row::key);
    let listing = Listing::checked(Rows { rows: rows.iter().filter_map(Row::key).collect(), total, ended })?;
    Ok((listing.beside(unidentified.iter().map(Row::shown)), rows))
}

async fn parallel<T: DeserializeOwned>(
    client: &Client,
    request: &impl Fn(usize) -> Request,
) -> Result<Rows<T>, Error> {
    let first: Page<T> = client.read(&request(0)).await?;
    let size = first.values.len();
    let total = first.total.unwrap_or(size);
    if first.is_last == Some(true) || size == 0 || total <= size {
        return Ok(rows([first]));
    }
    bounded(client, &request(0), total)?;
    let rest: Vec<Page<T>> = stream::iter((size..total).step_by(size))
        .map(|start| async move { client.read(&request(start)).await })
        .buffered(PAGES_AT_A_TIME)
        .try_collect()
        .await?;
    Ok(rows(std::iter::once(first).chain(rest)))
}

async fn one_by_one<T: DeserializeOwned + Row>(
    client: &Client,
    request: &impl Fn(usize) -> Request,
) -> Result<Rows<T>, Error> {
    let mut pages: Vec<Page<T>> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut read = 0;
    loop {
        let page: Page<T> = client.read(&request(read)).await?;
        let last = page.is_last == Some(true) || page.values.is_empty();
        let repeats = page.values.iter().filter_map(Row::key).any(|id| !seen.insert(id));
        read += page.values.len();
        bounded(client, &request(0), read)?;
        pages.push(page);
        // With a server that ignores `startAt`, this would never end.
        if last || repeats {
            return Ok(rows(pages));
        }
    }
}

/// Joins pages. They end when the last one says so, or if it cannot, when the number of rows is right. If the totals of the
/// pages differ, the one that does not fit is used: the list changed.
fn rows<T>(pages: impl IntoIterator<Item = Page<T>>) -> Rows<T> {
    let mut rows = Vec::new();
    let mut totals = Vec::new();
    let mut last = None;
    for page in pages {
        // A page without rows is also an end, unless it claims that more follow.
        last = page.is_last.or(page.values.is_empty().then_some(true));
        totals.extend(page.total);
        rows.extend(page.values);
    }
    let misfit = totals.iter().find(|total| **total != rows.len());
    let total = misfit.or(totals.first()).copied();
    let ended = last.unwrap_or(total == Some(rows.len()));
    Rows { rows, total, ended }
}

/// Reads the arrays. Each after the first starts with the last row of the one before, so that an insertion or removal in
/// between shows: there is no total. Only a row without an ID may go unnoticed.
async fn arrays<T: DeserializeOwned + Row>(
    client: &Client,
    mut size: usize,
    request: &impl Fn(usize, usize) -> Request,
) -> Result<Rows<T>, Error> {
    let mut rows: Vec<T> = Vec::new();
    loop {
        let start = rows.len().saturating_sub(1);
        let page: Vec<T> = match client.read(&request(start, size)).await {
            Ok(page) => page,
            // The server gave up after 10 s: a smaller page is less work (docs/atlassian.md#every-user).
            Err(error) if error.status() == Some(409) && size > SMALLEST => {
                size = (size / 2).max(SMALLEST);
                continue;
            }
            Err(error) => return Err(error),
        };
        let ended = |rows, ended| Rows { rows, total: None, ended };
        let Some(before) = rows.last() else {
            if page.is_empty() {
                return Ok(ended(rows, true));
            }
            rows = page;
            continue;
        };
        let mut page = page.into_iter();
        if page.next().map(|row| row.key()) != Some(before.key()) {
            return Ok(ended(rows, false));
        }
        let read = rows.len();
        bounded(client, &request(start, size), read)?;
        rows.extend(page);
        if rows.len() == read {
            return Ok(ended(rows, true));
        }
    }
}

/// Refuses a listing with more rows than possible.
pub(super) fn bounded(client: &Client, request: &Request, rows: usize) -> Result<(), Error> {
    if rows > MOST_ROWS {
        return Err(shape(client, request, &format!("it has more than {MOST_ROWS} rows")));
    }
    Ok(())
}

/// The error for an incomplete listing.
pub(super) fn incomplete(client: &Client, request: &Request, cause: IncompleteRead) -> Error {
    SendError { at: client.at(request), kind: SendKind::Incomplete(cause) }.into()
}

/// The error for a response that is not as documented, found after it was decoded.
pub(super) fn shape(client: &Client, request: &Request, why: &str) -> Error {
    SendError::failed(client.at(request), Fault::Shape(why.to_owned())).into()
}

/// The account of an ID; `None` for `unknown`, which according to Atlassian's description of `User` marks a corrupted record
/// of a deleted account: several rows may have it.
pub(super) fn identified(account_id: &AccountId) -> Option<AccountId> {
    (account_id.as_str() != "unknown").then(|| account_id.clone())
}

/// Reads an ID or a name, which cannot be empty.
pub(super) fn present<'de, D: Deserializer<'de>, T: for<'t> From<&'t str>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Present(PhantomData))
}

struct Present<T>(PhantomData<T>);

impl<T: for<'t> From<&'t str>> Visitor<'_> for Present<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        if text.is_empty() {
            return Err(E::custom("an ID or a name is empty"));
        }
        Ok(T::from(text))
    }
}

/// Reads an email: absent, null or empty if it is hidden (docs/atlassian.md#hidden-emails). An invalid email counts as
/// hidden.
pub(super) fn shown_email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Email>, D::Error> {
    deserializer.deserialize_option(ShownEmail)
}

struct ShownEmail;

impl<'de> Visitor<'de> for ShownEmail {
    type Value = Option<Email>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or null")
    }

    fn visit_none<E>(self) -> Result<Option<Email>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<Email>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Email>, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<Email>, E> {
        Ok(Email::parse(text).ok())
    }
}
