//! Listings: whole, or an error. Never a part.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::response::Response;
use rollbook::atlassian::{Error, Jira};
use rollbook::model::{AccountId, GroupId, IncompleteRead, Listing};
use serde_json::{Value, json};

use crate::atlassian::{Peer, Seen, jira, json as answer};

/// A page of some values, as the specification has it.
fn page(start: usize, values: &[String], total: usize, last: bool) -> Value {
    json!({ "startAt": start, "maxResults": 50, "total": total, "isLast": last, "values": rows(values) })
}

fn rows(ids: &[String]) -> Vec<Value> {
    ids.iter().map(|id| json!({ "accountId": id, "active": true })).collect()
}

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|index| format!("a{index:04}")).collect()
}

/// Pages of at most `size` of so many people, whatever is asked for.
fn honest(seen: &Seen, count: usize, size: usize) -> Value {
    let start = seen.number("startAt").min(count);
    let end = (start + size.min(seen.number("maxResults"))).min(count);
    page(start, &ids(start..end), count, end == count)
}

async fn members(jira: &Jira) -> Result<Listing<AccountId>, Error> {
    jira.members(&GroupId::new("g")).await.map(|(listing, _)| listing)
}

fn asked(peer: &Peer) -> Vec<usize> {
    peer.seen.lock().unwrap().iter().map(|seen| seen.number("startAt")).collect()
}

/// Reads the members from a peer that answers the n-th request, counted from 0, so.
async fn read(
    peer: &Peer,
    page: impl Fn(usize, &Seen) -> Value + Clone + Send + Sync + 'static,
) -> Result<usize, IncompleteRead> {
    let count = std::sync::Arc::new(AtomicUsize::new(0));
    let router = peer.router(move |seen| -> Response {
        answer(200, &page(count.fetch_add(1, Ordering::SeqCst), seen).to_string())
    });
    match members(&jira(router)).await {
        Ok(listing) => {
            let all: Vec<_> = listing.iter().map(AccountId::as_str).collect();
            assert_eq!(all, ids(0..all.len()), "all of them, in order");
            Ok(all.len())
        }
        Err(error) if error.incomplete().is_some() => Err(error.incomplete().unwrap().clone()),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn offsets_follow_from_what_came_and_not_from_what_was_asked() {
    for (count, size, requests) in
        [(0, 50, 1), (1, 50, 1), (50, 50, 1), (51, 50, 2), (1234, 50, 25), (100, 7, 15)]
    {
        let peer = Peer::default();
        assert_eq!(read(&peer, move |_, seen| honest(seen, count, size)).await, Ok(count));
        let mut asked = asked(&peer);
        asked.sort_unstable();
        assert_eq!(asked, (0..requests).map(|page| page * size).collect::<Vec<_>>(), "{count} by {size}");
    }
}

#[tokio::test]
async fn a_page_that_comes_back_short_is_made_up_for() {
    // The third page holds 49 of 50, always: reading by what came finds the missing one.
    let short = |_, seen: &Seen| {
        let mut page = honest(seen, 200, 50);
        if seen.number("startAt") == 100 {
            page["values"].as_array_mut().unwrap().pop();
        }
        page
    };
    let peer = Peer::default();
    assert_eq!(read(&peer, short).await, Ok(200));
    assert_eq!(asked(&peer)[4..], [0, 50, 100, 149, 199], "one after the other");
}

#[tokio::test]
async fn a_page_that_comes_back_empty_is_no_end() {
    let once = |nth, seen: &Seen| match nth {
        2 => page(seen.number("startAt"), &[], 200, true),
        _ => honest(seen, 200, 50),
    };
    assert_eq!(read(&Peer::default(), once).await, Ok(200), "read again");
    let always = |_, seen: &Seen| match seen.number("startAt") {
        100 => page(100, &[], 200, true),
        _ => honest(seen, 200, 50),
    };
    let missing = IncompleteRead::Miscounted { distinct: 100, total: 200 };
    assert_eq!(read(&Peer::default(), always).await, Err(missing));
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_read_is_read_again() {
    // Somebody left after the first page: everybody moved up, and one would be skipped.
    let left = |nth, seen: &Seen| match (nth, seen.number("startAt")) {
        (0, _) => page(0, &ids(0..50), 101, false),
        _ => honest(seen, 100, 50),
    };
    assert_eq!(read(&Peer::default(), left).await, Ok(100));
    // Somebody came in.
    let came = |nth, seen: &Seen| honest(seen, if nth == 0 { 100 } else { 101 }, 50);
    assert_eq!(read(&Peer::default(), came).await, Ok(101));
    // Only the last page knows of somebody who came in before it.
    let late = |nth, seen: &Seen| {
        let mut page = honest(seen, 100, 50);
        if nth == 1 {
            page["total"] = json!(101);
        }
        if nth < 2 { page } else { honest(seen, 101, 50) }
    };
    assert_eq!(read(&Peer::default(), late).await, Ok(101));
    // It never stands still.
    let restless = |nth: usize, seen: &Seen| honest(seen, 100 + nth, 50);
    assert!(read(&Peer::default(), restless).await.is_err());
}

#[tokio::test]
async fn a_row_that_comes_twice_is_not_counted_for_another() {
    let twice = |seen: &Seen| {
        let mut page = honest(seen, 100, 50);
        if seen.number("startAt") == 50 {
            page["values"][0] = json!({ "accountId": "a0000", "active": true });
        }
        page
    };
    let once = move |nth, seen: &Seen| {
        if nth < 2 { twice(seen) } else { honest(seen, 100, 50) }
    };
    assert_eq!(read(&Peer::default(), once).await, Ok(100));
    let missing = IncompleteRead::Miscounted { distinct: 99, total: 100 };
    assert_eq!(read(&Peer::default(), move |_, seen| twice(seen)).await, Err(missing));
}

#[tokio::test]
async fn a_server_that_ignores_offsets_is_not_read_for_ever() {
    let stuck = |_, _: &Seen| page(0, &ids(0..50), 150, false);
    assert!(read(&Peer::default(), stuck).await.is_err());
    let endless = |_, _: &Seen| json!({ "isLast": false, "values": rows(&ids(0..50)) });
    assert!(read(&Peer::default(), endless).await.is_err());
}

#[tokio::test]
async fn the_end_may_go_unsaid_where_the_total_says_it() {
    let without = |field: &'static str| {
        move |_, seen: &Seen| {
            let mut page = honest(seen, 120, 50);
            page.as_object_mut().unwrap().remove(field);
            page
        }
    };
    assert_eq!(read(&Peer::default(), without("isLast")).await, Ok(120));
    assert_eq!(read(&Peer::default(), without("total")).await, Ok(120));
    let neither = |_, seen: &Seen| json!({ "values": honest(seen, 120, 50)["values"] });
    assert_eq!(read(&Peer::default(), neither).await, Ok(120), "an empty page ends it");
    let cut =
        |_, seen: &Seen| json!({ "isLast": true, "total": 120, "values": honest(seen, 50, 50)["values"] });
    assert!(read(&Peer::default(), cut).await.is_err(), "an end that comes before the total is an error");
    let no_values = peer_says(r#"{"total":0,"isLast":true}"#).await;
    assert!(no_values.contains("not as documented"), "{no_values}");
    let bare_object = peer_says("{}").await;
    assert!(bare_object.contains("not as documented"), "{bare_object}");
}

async fn peer_says(body: &'static str) -> String {
    let jira = jira(Peer::default().router(move |_| answer(200, body)));
    members(&jira).await.unwrap_err().to_string()
}

#[tokio::test]
async fn one_failed_page_fails_the_listing() {
    let router = Peer::default().router(|seen| match seen.number("startAt") {
        100 => answer(403, ""),
        _ => answer(200, &honest(seen, 500, 50).to_string()),
    });
    assert_eq!(members(&jira(router)).await.unwrap_err().status(), Some(403));
}

/// Users as bare arrays of at most `size`; the n-th request sees so many of them.
async fn users(
    peer: &Peer,
    people: impl Fn(usize) -> Vec<String> + Clone + Send + Sync + 'static,
    size: usize,
) -> Result<Vec<String>, Error> {
    let count = std::sync::Arc::new(AtomicUsize::new(0));
    let router = peer.router(move |seen| {
        let people = people(count.fetch_add(1, Ordering::SeqCst));
        let asked = seen.number("maxResults");
        if asked > 500 {
            return answer(409, "");
        }
        let start = seen.number("startAt").min(people.len());
        let end = (start + size.min(asked)).min(people.len());
        answer(200, &Value::from(rows(&people[start..end])).to_string())
    });
    let (listing, accounts) = jira(router).users().await?;
    assert_eq!(listing.len(), accounts.len());
    Ok(listing.iter().map(ToString::to_string).collect())
}

#[tokio::test]
async fn bare_arrays_end_where_no_row_comes() {
    for (count, size) in
        [(0, 1000), (1, 1000), (499, 1000), (500, 1000), (501, 1000), (1300, 1000), (130, 50)]
    {
        let peer = Peer::default();
        assert_eq!(users(&peer, move |_| ids(0..count), size).await.unwrap(), ids(0..count));
        let sizes: Vec<_> = peer.seen.lock().unwrap().iter().map(|seen| seen.number("maxResults")).collect();
        assert_eq!(sizes[..2], [1000, 500], "a page that takes too long is asked for in halves");
        assert!(sizes[2..].iter().all(|size| *size == 500));
    }
}

#[tokio::test]
async fn bare_arrays_that_move_are_read_again() {
    // Somebody who had been read is gone when the second page is asked for: one who moved up would be skipped.
    let moved = |nth| ids(usize::from(nth > 1)..1000);
    assert_eq!(users(&Peer::default(), moved, 500).await.unwrap(), ids(1..1000));
    let came = |nth| if nth > 1 { ids(0..1000) } else { ids(1..1000) };
    assert_eq!(users(&Peer::default(), came, 500).await.unwrap(), ids(0..1000));
    let restless = |nth: usize| ids(nth..1000 + nth);
    let error = users(&Peer::default(), restless, 500).await.unwrap_err();
    assert!(error.incomplete().is_some(), "{error}");
}

#[tokio::test]
async fn a_server_that_finds_every_size_too_large_is_an_error() {
    let peer = Peer::default();
    let jira = jira(peer.router(|_| answer(409, "")));
    assert_eq!(jira.users().await.unwrap_err().status(), Some(409));
    assert!(peer.lines().len() < 10, "{:?}", peer.lines());
}

/// What an answer says of its own size is believed only as far as it can be true.
#[tokio::test(start_paused = true)]
async fn a_size_that_no_listing_has_is_refused() {
    for total in [u64::MAX, 1 << 40, 5_000_001] {
        let peer = Peer::default();
        let router = peer.router(move |_| {
            let page = json!({ "total": total, "isLast": false, "values": rows(&ids(0..1)) });
            answer(200, &page.to_string())
        });
        let error = members(&jira(router)).await.unwrap_err();
        assert!(error.to_string().ends_with("it has more than 5000000 rows"), "{error}");
        assert_eq!(peer.lines().len(), 1, "nothing more is asked for");
    }
}
