//! Answers a page at a time: a document whose lists are cut, and a cursor that leads to the rest of the same document.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::tools::Failed;

/// How many rows a page has unless the call says otherwise, and at most.
pub(super) const USUAL: usize = 100;
pub(super) const MOST: usize = 1000;

/// The most bytes of a page's rows and of all else in it. An answer is sent twice, as data and as a text that quotes it, and
/// clients end the connection at a line of 10 MiB.
const LARGEST: usize = 400 * 1024;

/// How many documents are held for their next pages.
const HELD: usize = 4;

/// Documents that have been answered in part.
#[derive(Default)]
pub(super) struct Pages(Mutex<Held>);

#[derive(Default)]
struct Held {
    last: u64,
    documents: VecDeque<(u64, Map<String, Value>)>,
}

impl Pages {
    /// The first page of a document.
    pub(super) fn first(&self, document: &Map<String, Value>, limit: usize) -> Result<Value, Failed> {
        let (page, next) = page(document, 0, limit)?;
        let next = next.map(|at| {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            held.last += 1;
            let id = held.last;
            held.documents.push_back((id, document.clone()));
            if held.documents.len() > HELD {
                held.documents.pop_front();
            }
            format!("{id}.{at}")
        });
        Ok(with_next(page, document, next))
    }

    /// The page that a cursor leads to.
    pub(super) fn next(&self, cursor: &str, limit: usize) -> Result<Value, Failed> {
        let gone = || {
            let why =
                "the cursor is not valid any more: ask again without one, for a new answer from its start";
            Failed(why.to_owned())
        };
        let (id, at) = cursor.split_once('.').ok_or_else(gone)?;
        let (id, at): (u64, usize) = id.parse().ok().zip(at.parse().ok()).ok_or_else(gone)?;
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, document) = held.documents.iter().find(|(held, _)| *held == id).ok_or_else(gone)?;
        let (page, next) = page(document, at, limit)?;
        Ok(with_next(page, document, next.map(|at| format!("{id}.{at}"))))
    }
}

fn with_next(mut page: Map<String, Value>, document: &Map<String, Value>, next: Option<String>) -> Value {
    page.insert("rows".to_owned(), rows(document).into());
    page.insert("next".to_owned(), next.map_or(Value::Null, Value::from));
    Value::Object(page)
}

/// How many rows all lists of a document have.
fn rows(document: &Map<String, Value>) -> usize {
    document.values().filter_map(Value::as_array).map(Vec::len).sum()
}

/// The part of a document from a row on, counted through all its lists, and where the next one begins.
fn page(
    document: &Map<String, Value>,
    from: usize,
    limit: usize,
) -> Result<(Map<String, Value>, Option<usize>), Failed> {
    let (mut seen, mut taken, mut bytes) = (0, 0, 0);
    let mut full = false;
    let mut page = Map::new();
    for (name, value) in document {
        let Value::Array(list) = value else {
            bytes += value.to_string().len();
            page.insert(name.clone(), value.clone());
            continue;
        };
        let mut part = Vec::new();
        for row in list {
            let here = seen;
            seen += 1;
            if here < from || full {
                continue;
            }
            let size = row.to_string().len();
            if taken == limit || taken > 0 && bytes + size > LARGEST {
                full = true;
                continue;
            }
            (taken, bytes) = (taken + 1, bytes + size);
            part.push(row.clone());
        }
        page.insert(name.clone(), part.into());
    }
    if bytes > 2 * LARGEST {
        let why = "a single row of the answer is larger than an answer may be: use the command line instead";
        return Err(Failed(why.to_owned()));
    }
    Ok((page, Some(from + taken).filter(|next| *next < seen)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn pages_hold_every_row_once() {
        let whole = document(&json!({ "site": "s", "a": [1, 2, 3], "b": [], "c": ["x", "y"] }));
        for limit in 1..7 {
            let pages = Pages::default();
            let (mut a, mut c) = (Vec::new(), Vec::new());
            let mut page = pages.first(&whole, limit).unwrap();
            loop {
                assert_eq!((&page["site"], &page["rows"], &page["b"]), (&json!("s"), &json!(5), &json!([])));
                a.extend(page["a"].as_array().unwrap().clone());
                c.extend(page["c"].as_array().unwrap().clone());
                let Some(next) = page["next"].as_str() else { break };
                page = pages.next(next, limit).unwrap();
            }
            assert_eq!((json!(a), json!(c)), (whole["a"].clone(), whole["c"].clone()));
        }
    }

    #[test]
    fn a_page_stays_small_and_a_cursor_ends() {
        let rows: Vec<String> = (0..1000).map(|_| "x".repeat(2000)).collect();
        let pages = Pages::default();
        let page = pages.first(&document(&json!({ "rows": rows })), 1000).unwrap();
        assert!(page.to_string().len() < 500 * 1024);
        let next = page["next"].as_str().unwrap().to_owned();
        pages.next(&next, 1000).unwrap();
        for _ in 0..HELD {
            pages.first(&document(&json!({ "list": [1, 2] })), 1).unwrap();
        }
        for gone in [next.as_str(), "", "x", "1.x", "99.0", "18446744073709551615.1"] {
            pages.next(gone, 10).unwrap_err();
        }
        let huge = json!({ "list": ["y".repeat(3 * LARGEST)] });
        pages.first(&document(&huge), 10).unwrap_err();
    }
}
