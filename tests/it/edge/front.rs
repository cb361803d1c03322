//! What is between the client and the sandbox in these tests: it records every request and every answer,
//! holds both to the contract, and lets a test do something with them on the way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http_body_util::BodyExt as _;
use rollbook::sandbox::{Failure, Sandbox};
use tokio::time::{Instant, sleep};
use tower::ServiceExt as _;

use crate::atlassian::contract::{Asked, Verdict, contract};

/// What a test does to requests and answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trick {
    /// Lets the request through.
    Pass,
    /// Answers so, and does not ask the sandbox.
    Instead(u16, String),
    /// Asks the sandbox, and puts another text for a part of what it answers.
    Replace(&'static str, &'static str),
    /// Asks the sandbox, and breaks the connection off before the answer is complete.
    BreakOff,
}

type Tricks = dyn Fn(&Sandbox, &Asked) -> Trick + Send + Sync;

/// A request, its answer, and when it came. The status is 0 as long as no answer has.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) asked: Asked,
    pub(crate) status: u16,
    pub(crate) at: Instant,
}

/// A sandbox behind a watchful door. Clones share what was seen.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) sandbox: Sandbox,
    tricks: Arc<Tricks>,
    jitter: Option<Arc<Mutex<fastrand::Rng>>>,
    faulty: bool,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    exchanges: Vec<Exchange>,
    /// How many answers of a route are a test's own, and no matter of the contract.
    scripted: BTreeMap<String, usize>,
}

impl Front {
    pub(crate) fn new(sandbox: Sandbox) -> Self {
        Self {
            sandbox,
            tricks: Arc::new(|_, _| Trick::Pass),
            jitter: None,
            faulty: false,
            seen: Arc::default(),
        }
    }

    /// Does something to requests and answers.
    pub(crate) fn with(mut self, tricks: impl Fn(&Sandbox, &Asked) -> Trick + Send + Sync + 'static) -> Self {
        self.tricks = Arc::new(tricks);
        self
    }

    /// Lets every request wait for up to 40 ms, so that they come and are answered in another order.
    pub(crate) fn shaken(mut self, seed: u64) -> Self {
        self.jitter = Some(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))));
        self
    }

    /// Hands answers on as they are, and holds only requests to the contract: the sandbox corrupts answers by itself.
    pub(crate) fn faulty(mut self) -> Self {
        self.faulty = true;
        self
    }

    /// Lets the next request to `METHOD /route` fail; the answer is not held to the contract.
    pub(crate) fn fail_next(&self, route: &str, failure: Failure) {
        *self.seen.lock().unwrap().scripted.entry(route.to_owned()).or_default() += 1;
        self.sandbox.fail_next(route, failure);
    }

    /// What was asked and answered so far.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.seen.lock().unwrap().exchanges.clone()
    }

    /// How often a route was asked.
    pub(crate) fn count(&self, route: &str) -> usize {
        self.seen.lock().unwrap().exchanges.iter().filter(|it| it.asked.route() == route).count()
    }

    pub(crate) fn router(&self) -> Router {
        let (front, inner) = (self.clone(), self.sandbox.router());
        Router::new().fallback(move |request: Request| front.clone().pass(inner.clone(), request))
    }

    async fn pass(self, inner: Router, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let asked = Asked::of(parts.method.as_str(), &parts.uri.to_string(), &text);
        if let Some(contract) = contract() {
            assert_eq!(contract.request(&asked), Vec::<String>::new(), "{asked}");
        }
        if self.faulty {
            return self.hand_on(asked, inner, Request::from_parts(parts, Body::from(body))).await;
        }
        self.wait().await;
        let trick = (self.tricks)(&self.sandbox, &asked);
        if let Trick::Instead(status, text) = trick {
            return self.record(asked, answer(status, text));
        }
        let scripted = self.take_scripted(&asked.route());
        let (head, body) =
            inner.oneshot(Request::from_parts(parts, Body::from(body))).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        if let (Some(contract), false) = (contract(), scripted)
            && let Verdict::Wrong(wrong) = contract.answer(&asked, head.status.as_u16(), &text)
        {
            panic!("{asked}: {}: {wrong:#?}\n{text}", head.status);
        }
        self.wait().await;
        let body = match trick {
            Trick::Pass | Trick::Instead(..) => Body::from(body),
            Trick::Replace(from, to) => {
                assert!(text.contains(from), "{asked}: {from} is in {text}");
                Body::from(text.replace(from, to))
            }
            Trick::BreakOff => Body::from_stream(futures_util::stream::iter([
                Ok(body.slice(..body.len() / 2)),
                Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
            ])),
        };
        self.record(asked, Response::from_parts(head, body))
    }

    /// Records a request before its answer, which may never come.
    async fn hand_on(&self, asked: Asked, inner: Router, request: Request) -> Response {
        self.wait().await;
        let place = {
            let mut seen = self.seen.lock().unwrap();
            seen.exchanges.push(Exchange { asked, status: 0, at: Instant::now() });
            seen.exchanges.len() - 1
        };
        let answer = inner.oneshot(request).await.unwrap();
        self.seen.lock().unwrap().exchanges[place].status = answer.status().as_u16();
        answer
    }

    async fn wait(&self) {
        if let Some(rng) = &self.jitter {
            let wait = Duration::from_millis(rng.lock().unwrap().u64(..20));
            sleep(wait).await;
        }
    }

    fn take_scripted(&self, route: &str) -> bool {
        let mut seen = self.seen.lock().unwrap();
        let left = seen.scripted.get_mut(route).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_some()
    }

    fn record(&self, asked: Asked, answer: Response) -> Response {
        let exchange = Exchange { asked, status: answer.status().as_u16(), at: Instant::now() };
        self.seen.lock().unwrap().exchanges.push(exchange);
        answer
    }
}

fn answer(status: u16, text: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/json")], text).into_response()
}
