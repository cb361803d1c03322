//! Corrupts the answers to one request, in every way that there is: the connection, the status, the text and, for
//! listings, the rows.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::atlassian::contract::Asked;

/// What is done to an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Spoil {
    /// Another answer comes, of this status, with this text.
    Instead(u16, &'static str),
    /// 429, and to be asked again in a second.
    TooMany,
    /// Half of the text comes as if it were the whole.
    Truncated,
    /// It is said to be gzip, and is not.
    Gzip,
    /// The connection ends before the head.
    Reset,
    /// The connection ends in the text.
    ResetInBody,
    /// Nothing comes.
    Stall,
    /// Half of the text comes, and no more.
    StallInBody,
    /// Something is done to the rows of a listing.
    Rows(Rows),
}

/// What is done to a page of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// No row comes, and the total stays.
    None,
    /// No row comes, and the page says that there is none and that it is the last.
    Vanished,
    /// The first row, or the last one, does not come, and the total stays.
    FirstLost,
    LastLost,
    /// The first row does not come, and the total says one less.
    FirstHidden,
    /// The first row comes twice.
    Twice,
    /// The total is one more, or one less.
    TotalMore,
    TotalLess,
    /// The page has half of its rows, and says that it is the last.
    HalfAndLast,
    /// The page has its rows, and says that it is not the last, or names no next one.
    NotLast,
    /// The first page comes again.
    FirstPage,
}

/// What breaks an answer, so that it is invalid.
pub(crate) const BROKEN: [Spoil; 13] = [
    Spoil::Instead(500, r#"{"errorMessages":["Internal server error"],"errors":{}}"#),
    Spoil::Instead(502, "<html><h1>Bad Gateway</h1></html>"),
    Spoil::Instead(503, ""),
    Spoil::Instead(504, "upstream request timeout"),
    Spoil::Instead(200, "<html><title>Log in</title></html>"),
    Spoil::Instead(200, r#"{"values":[{"accountId":"712020:b"#),
    Spoil::TooMany,
    Spoil::Truncated,
    Spoil::Gzip,
    Spoil::Reset,
    Spoil::ResetInBody,
    Spoil::Stall,
    Spoil::StallInBody,
];

/// What an API says in earnest, or could.
pub(crate) const REFUSED: [Spoil; 11] = [
    Spoil::Instead(400, r#"{"errorMessages":["no"],"errors":{}}"#),
    Spoil::Instead(401, ""),
    Spoil::Instead(401, r#"{"code":401,"message":"Unauthorized; scope does not match"}"#),
    Spoil::Instead(403, r#"{"errorMessages":["no"],"errors":{}}"#),
    Spoil::Instead(404, r#"{"errorMessages":["no"],"errors":{}}"#),
    Spoil::Instead(404, "<html><title>Not found</title></html>"),
    Spoil::Instead(200, ""),
    Spoil::Instead(200, "null"),
    Spoil::Instead(200, "{}"),
    Spoil::Instead(200, "[]"),
    Spoil::Instead(204, ""),
];

/// What can be wrong with a page.
pub(crate) const PAGES: [Spoil; 11] = [
    Spoil::Rows(Rows::None),
    Spoil::Rows(Rows::Vanished),
    Spoil::Rows(Rows::FirstLost),
    Spoil::Rows(Rows::LastLost),
    Spoil::Rows(Rows::FirstHidden),
    Spoil::Rows(Rows::Twice),
    Spoil::Rows(Rows::TotalMore),
    Spoil::Rows(Rows::TotalLess),
    Spoil::Rows(Rows::HalfAndLast),
    Spoil::Rows(Rows::NotLast),
    Spoil::Rows(Rows::FirstPage),
];

/// How often a request's answers are corrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Often {
    Once,
    Always,
}

/// A door before a router that corrupts the answers to one request. Clones share what was asked.
#[derive(Clone)]
pub(crate) struct Spoiler {
    inner: Router,
    spoil: Option<(Asked, Spoil, Often)>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    asked: Vec<Asked>,
    spoilt: usize,
    /// The first page of the listing that is corrupted.
    first: Option<Value>,
}

impl Spoiler {
    /// One that lets everything through.
    pub(crate) fn calm(inner: Router) -> Self {
        Self { inner, spoil: None, seen: Arc::default() }
    }

    /// One that corrupts the answers to a request.
    pub(crate) fn of(inner: Router, asked: Asked, spoil: Spoil, often: Often) -> Self {
        Self { inner, spoil: Some((asked, spoil, often)), seen: Arc::default() }
    }

    /// What was asked, each request once, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let mut distinct: Vec<Asked> = Vec::new();
        for asked in &self.seen.lock().unwrap().asked {
            if !distinct.contains(asked) {
                distinct.push(asked.clone());
            }
        }
        distinct
    }

    /// How many answers came out other than the sandbox gave them.
    pub(crate) fn spoilt(&self) -> usize {
        self.seen.lock().unwrap().spoilt
    }

    pub(crate) fn router(&self) -> Router {
        let door = self.clone();
        Router::new().fallback(move |request: Request| door.clone().pass(request))
    }

    async fn pass(self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let asked = Asked::of(parts.method.as_str(), &parts.uri.to_string(), &text);
        self.seen.lock().unwrap().asked.push(asked.clone());
        let request = Request::from_parts(parts, Body::from(body));
        let (head, body) = self.inner.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let answer = |body: Vec<u8>| Response::from_parts(head.clone(), Body::from(body));
        let Some((target, spoil, often)) = &self.spoil else { return answer(body) };
        if same_listing(target, &asked) {
            let mut seen = self.seen.lock().unwrap();
            seen.first = seen.first.take().or_else(|| serde_json::from_slice(&body).ok());
        }
        let enough = *often == Often::Once && self.spoilt() > 0;
        if *target != asked || enough {
            return answer(body);
        }
        let first = self.seen.lock().unwrap().first.clone();
        match apply(*spoil, &head, &body, first) {
            Some(spoilt) => {
                self.seen.lock().unwrap().spoilt += 1;
                spoilt.await
            }
            None => answer(body),
        }
    }
}

/// Whether two requests are for pages of one listing.
fn same_listing(one: &Asked, other: &Asked) -> bool {
    let place = |name: &str| ["startAt", "startIndex", "cursor"].contains(&name);
    let of = |asked: &Asked| {
        let query = asked.query.iter().filter(|(name, _)| !place(name)).cloned().collect::<Vec<_>>();
        let mut body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        if let Some(body) = body.as_object_mut() {
            body.remove("cursor");
        }
        (asked.route(), query, body)
    };
    of(one) == of(other)
}

/// Corrupts the response; `None` if there is nothing to corrupt.
fn apply(
    spoil: Spoil,
    head: &http::response::Parts,
    body: &[u8],
    first: Option<Value>,
) -> Option<impl Future<Output = Response> + Send + use<>> {
    let half = body[..body.len() / 2].to_vec();
    let mut answer = Response::from_parts(head.clone(), Body::empty());
    let cut = || Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    match spoil {
        Spoil::Instead(status, text) => {
            answer = (StatusCode::from_u16(status).unwrap(), text).into_response();
        }
        Spoil::TooMany => {
            answer = (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "{}").into_response();
        }
        Spoil::Truncated => *answer.body_mut() = Body::from(half),
        Spoil::Gzip => {
            answer.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
            *answer.body_mut() = Body::from("this is not gzip");
        }
        Spoil::Reset => *answer.body_mut() = Body::from_stream(futures_util::stream::iter([cut() as Part])),
        Spoil::ResetInBody => {
            *answer.body_mut() = Body::from_stream(futures_util::stream::iter([Ok(half), cut()]));
        }
        Spoil::Stall => {}
        Spoil::StallInBody => {
            use futures_util::StreamExt as _;
            let stall = futures_util::stream::pending::<Part>();
            *answer.body_mut() = Body::from_stream(futures_util::stream::iter([Ok(half)]).chain(stall));
        }
        Spoil::Rows(rows) => {
            let page: Value = serde_json::from_slice(body).ok()?;
            let spoilt = page_with(rows, page.clone(), first)?;
            if spoilt == page {
                return None;
            }
            *answer.body_mut() = Body::from(spoilt.to_string());
        }
    }
    Some(async move {
        if spoil == Spoil::Stall {
            std::future::pending::<()>().await;
        }
        answer
    })
}

type Part = Result<Vec<u8>, std::io::Error>;

/// A page with its rows corrupted; nothing for what is not a page, or has no total where one is to be changed.
fn page_with(how: Rows, mut page: Value, first: Option<Value>) -> Option<Value> {
    let count = rows(&mut page)?.len();
    match how {
        Rows::None => rows(&mut page)?.clear(),
        Rows::Vanished => {
            rows(&mut page)?.clear();
            let _ = add(&mut page, -i64::try_from(count).unwrap());
            last(&mut page);
        }
        Rows::FirstLost | Rows::FirstHidden | Rows::TotalLess if count == 0 => return None,
        Rows::FirstLost => drop(rows(&mut page)?.remove(0)),
        Rows::FirstHidden => {
            rows(&mut page)?.remove(0);
            add(&mut page, -1)?;
        }
        Rows::LastLost => drop(rows(&mut page)?.pop()?),
        Rows::Twice => {
            let row = rows(&mut page)?.first()?.clone();
            rows(&mut page)?.push(row);
        }
        Rows::TotalMore => add(&mut page, 1)?,
        Rows::TotalLess => add(&mut page, -1)?,
        Rows::HalfAndLast => {
            rows(&mut page)?.truncate(count / 2);
            last(&mut page);
        }
        Rows::NotLast => {
            if let Some(is_last) = page.get_mut("isLast") {
                *is_last = json!(false);
            } else {
                page.get_mut("links")?["next"] = json!("nowhere");
            }
        }
        Rows::FirstPage => return first,
    }
    Some(page)
}

fn rows(page: &mut Value) -> Option<&mut Vec<Value>> {
    if page.is_array() {
        return page.as_array_mut();
    }
    let keys = ["values", "data", "Resources", "groups"];
    let key = keys.into_iter().find(|key| page.get(key).is_some_and(Value::is_array))?;
    page[key].as_array_mut()
}

/// Says that a page is the last one.
fn last(page: &mut Value) {
    if let Some(is_last) = page.get_mut("isLast") {
        *is_last = json!(true);
    }
    if let Some(next) = page.get_mut("links").and_then(|links| links.get_mut("next")) {
        *next = Value::Null;
    }
}

/// Adds to the total; `None` if there is none.
fn add(page: &mut Value, more: i64) -> Option<()> {
    let key = ["total", "totalResults"].into_iter().find(|key| page.get(key).is_some())?;
    let total = page[key].as_i64()?;
    page[key] = json!(total + more);
    Some(())
}
