//! The path of every request: failure → rate limit → authentication → scopes → handler → log → delivery.

use axum::body::Bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{Method, StatusCode};
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use percent_encoding::percent_decode_str;

use super::auth::{self, Caller, Door, Identity};
use super::deliver::{Delivery, Sent, Way};
use super::emulator::Sandbox;
use super::fault_roll::FaultRoll;
use super::limits::{Exceeded, Limiter};
use super::log::{RequestLog, Write};
use super::query::Query;
use super::reply::Reply;
use super::request_context::{Access, RequestContext, Route, Subject, edge_error, encode, parameters};
use super::script::{Failure, Moment, Scripts};
use super::world::World;
use super::{jira, management, organization, scim};

/// The longest body that is read, in bytes.
const BODY_LIMIT: usize = 1 << 20;

/// The parts of a sandbox inside its lock.
pub(super) struct Inside {
    pub(super) world: World,
    pub(super) limiter: Limiter,
    pub(super) scripts: Scripts,
    pub(super) dice: FaultRoll,
    pub(super) log: RequestLog,
}

/// Answers a request to a route.
pub(super) async fn pass(sandbox: Sandbox, route: &'static Route, door: Door, request: Request) -> Response {
    sandbox.wait_latency().await;
    let (parts, body) = request.into_parts();
    if parts.method != route.method {
        // axum answers HEAD with the route of GET; it is unknown whether Atlassian does.
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return refusal(door, route.path, status, "Method Not Allowed").into_response();
    }
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return refusal(door, route.path, status, "Payload Too Large").into_response();
    };
    let delivery = sandbox.inside(|inside| inside.answer(route, door, &parts, body));
    delivery.send(sandbox.closing()).await
}

/// Answers a request that fits no route: with 404, or with 405 if the path has routes of other methods.
pub(super) async fn astray(sandbox: Sandbox, status: StatusCode, request: Request) -> Response {
    sandbox.wait_latency().await;
    let path = request.uri().path();
    let asked = format!("{} {path}", request.method());
    let surface = |start: &str| path.starts_with(start);
    let door = if surface("/scim/") {
        Door::Scim
    } else if surface("/admin/") {
        Door::Organization
    } else if surface("/users/") {
        Door::Management
    } else {
        Door::Site
    };
    sandbox.inside(|inside| inside.log.add(&asked, status.as_u16()));
    refusal(door, path, status, &format!("There is no {asked} here.")).into_response()
}

impl Inside {
    fn answer(&mut self, route: &'static Route, door: Door, parts: &Parts, body: Bytes) -> Delivery {
        self.world.catch_up();
        let name = route.name();
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let mut trace = Trace { by: None, done: false, subject: Subject::named_in(&query, &body) };
        let asked = Asked { route, door, parts, query, body };
        let delivery = match self.what_goes_wrong(&name, door) {
            None => Delivery::whole(self.work(asked, &mut trace)),
            Some(failure) => self.fail(&failure, asked, &mut trace),
        };
        let (seq, status) = (self.log.total(), delivery.status());
        self.log.add(&name, status);
        if route.method != Method::GET {
            let at_ms = u64::try_from(self.world.uptime().as_millis()).unwrap_or(u64::MAX);
            let Trace { by, done, subject: Subject { group_id, account_id } } = trace;
            let write = Write { seq, at_ms, route: name, status, done, by, group_id, account_id };
            self.log.writes.push(write);
        }
        delivery
    }

    /// Takes the failure that a test asked for, otherwise draws one.
    fn what_goes_wrong(&mut self, name: &str, door: Door) -> Option<Failure> {
        if let Some(failure) = self.scripts.take(name) {
            self.log.spoilt("scripted");
            return Some(failure);
        }
        let (fault, failure) = self.dice.draw(door, self.world.now())?;
        self.log.spoilt(fault.name());
        Some(failure)
    }

    fn fail(&mut self, failure: &Failure, asked: Asked<'_>, trace: &mut Trace) -> Delivery {
        match failure {
            Failure::Instead(answer) => Delivery::whole(Reply::from(answer)),
            Failure::AfterWork(answer) => {
                self.work(asked, trace);
                Delivery::whole(Reply::from(answer))
            }
            Failure::Truncated => Delivery::whole(self.work(asked, trace).truncated()),
            Failure::Gzip(garbled) => Delivery::whole(self.work(asked, trace).gzipped(*garbled)),
            Failure::Slow => Delivery { reply: self.work(asked, trace), way: Way::Slow },
            Failure::Reset(moment) => self.break_off(*moment, Way::Cut, asked, trace),
            Failure::Stalled(moment) => self.break_off(*moment, Way::Stalled, asked, trace),
            Failure::Moving => {
                let mut subject = trace.subject.clone();
                subject.add(&parameters(asked.route.path, asked.parts.uri.path()));
                let moved = match asked.route.method {
                    Method::GET => self.world.change_concurrently(&subject, self.dice.rng()),
                    _ => None,
                };
                let reply = self.work(asked, trace);
                if let Some(moved) = moved {
                    self.world.put_back(&moved);
                }
                Delivery::whole(reply)
            }
        }
    }

    fn break_off(
        &mut self,
        moment: Moment,
        way: fn(Sent) -> Way,
        asked: Asked<'_>,
        trace: &mut Trace,
    ) -> Delivery {
        let reply = match moment {
            Moment::BeforeWork => Reply::empty(StatusCode::OK),
            Moment::AfterWork | Moment::InBody => self.work(asked, trace),
        };
        // A response without a body is complete as soon as its head is sent.
        let sent = if moment == Moment::InBody && reply.has_body() { Sent::HalfBody } else { Sent::Nothing };
        Delivery { reply, way: way(sent) }
    }

    fn work(&mut self, asked: Asked<'_>, trace: &mut Trace) -> Reply {
        let Asked { route, door, parts, query, body } = asked;
        if door != Door::Edge
            && let Err(exceeded) = self.limiter.take(&route.method, route.path)
        {
            return self.too_many(refusal(door, route.path, TOO_MANY, "Rate limit exceeded."), exceeded);
        }
        if door == Door::Gateway && !self.is_for_this_site(parts) {
            return edge_error(StatusCode::NOT_FOUND, "Not Found");
        }
        if !says_its_kind(door, parts, &body) {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return refusal(door, route.path, status, "Unsupported Media Type");
        }
        let header = parts.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("unreadable"));
        let identity = auth::identify(&self.world, door, header);
        let login_failed = matches!(identity, Identity::Wrong);
        let caller = match admit(route, door, identity) {
            Ok(caller) => caller,
            Err(reply) => return reply,
        };
        trace.by = caller.as_ref().and_then(|caller| caller.account_id.clone());
        let base = self.base(door, parts);
        let mut subject = std::mem::take(&mut trace.subject);
        let parameters = parameters(route.path, parts.uri.path());
        subject.add(&parameters);
        let path = route.path;
        let version = jira::version(parts.uri.path());
        let world = &mut self.world;
        let mut context =
            RequestContext { world, caller, query, body, base, version, path, parameters, subject };
        context.world.actor.clone_from(&trace.by);
        let reply = (route.run)(&mut context).unwrap_or_else(|refusal| refusal);
        context.world.actor = None;
        trace.subject = context.subject;
        trace.done = reply.status.is_success();
        if login_failed && route.access == Access::Anonymous {
            return reply.header("x-seraph-loginreason", "AUTHENTICATED_FAILED");
        }
        reply
    }

    /// The 429 of a burst limit, with the headers of docs/atlassian.md#headers-of-a-429.
    fn too_many(&self, refusal: Reply, exceeded: Exceeded) -> Reply {
        let seconds = exceeded.wait.as_secs() + u64::from(exceeded.wait.subsec_nanos() > 0);
        let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
        let free_at = self.world.now().saturating_add(exceeded.wait).and_then(|at| at.round(up));
        let reset = free_at.unwrap_or(Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%SZ");
        refusal
            .header("retry-after", &seconds.to_string())
            .header("x-ratelimit-limit", &exceeded.limit.to_string())
            .header("x-ratelimit-remaining", "0")
            .header("x-ratelimit-reset", &reset.to_string())
            .header("ratelimit-reason", "jira-burst-based")
    }

    /// Whether the gateway path `/ex/jira/{cloudId}/…` names this site.
    fn is_for_this_site(&self, parts: &Parts) -> bool {
        let named = parts.uri.path().split('/').nth(3).unwrap_or_default();
        percent_decode_str(named).decode_utf8_lossy() == self.world.state.site.cloud_id.as_str()
    }

    /// The prefix of a route's path in URLs: the host that the client called, so that it can follow them.
    fn base(&self, door: Door, parts: &Parts) -> String {
        let site = &self.world.state.site;
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let origin = match (parts.uri.authority(), host) {
            (Some(authority), _) => format!("{}://{authority}", parts.uri.scheme_str().unwrap_or("http")),
            (None, Some(host)) => format!("http://{host}"),
            (None, None) => site.url(),
        };
        match door {
            Door::Gateway => format!("{origin}/ex/jira/{}", encode(&site.cloud_id)),
            Door::Site | Door::Edge | Door::Organization | Door::Management | Door::Scim => origin,
        }
    }
}

/// A request to a route.
struct Asked<'a> {
    route: &'static Route,
    door: Door,
    parts: &'a Parts,
    query: Query,
    body: Bytes,
}

/// The data of a request for the log.
struct Trace {
    by: Option<String>,
    done: bool,
    subject: Subject,
}

const TOO_MANY: StatusCode = StatusCode::TOO_MANY_REQUESTS;

/// A refusal that no handler made, in the words of the surface.
fn refusal(door: Door, path: &str, status: StatusCode, message: &str) -> Reply {
    match door {
        Door::Site | Door::Gateway | Door::Edge => jira::error(status, message),
        Door::Organization => organization::refusal(path, status, message),
        Door::Management => management::refusal(status),
        Door::Scim => scim::refusal(status, message),
    }
}

/// Whether a request says that its body is JSON. Assumption: otherwise the response is 415. Jira requires it with every
/// POST; the other surfaces have POSTs without a body.
fn says_its_kind(door: Door, parts: &Parts, body: &[u8]) -> bool {
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let json = kind.eq_ignore_ascii_case("application/json");
    match door {
        Door::Site | Door::Gateway => parts.method != Method::POST || json,
        // Forms are what browsers send, and what OAuth 2.0 has (RFC 6749 §4.1.3); Atlassian takes both.
        Door::Edge => {
            let form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
            parts.method != Method::POST || json || form
        }
        Door::Organization | Door::Management => body.is_empty() || json,
        Door::Scim => body.is_empty() || json || kind.eq_ignore_ascii_case("application/scim+json"),
    }
}

/// Admits a request, with an account or anonymously, or answers 401.
fn admit(route: &Route, door: Door, identity: Identity) -> Result<Option<Caller>, Reply> {
    match (route.access, identity) {
        (Access::Open, _) => Ok(None),
        (Access::Account | Access::Anonymous, Identity::Known(caller)) => {
            if route.scopes.are_met_by(&caller.scopes) {
                return Ok(Some(caller));
            }
            Err(match door {
                Door::Organization => organization::scope_missing(route.path),
                Door::Management => management::scope_missing(),
                // A missing scope is a 401, not a 403 (docs/atlassian.md#missing-scopes).
                Door::Site | Door::Gateway | Door::Edge | Door::Scim => {
                    edge_error(StatusCode::UNAUTHORIZED, "Unauthorized; scope does not match")
                }
            })
        }
        (Access::Anonymous, Identity::Anonymous | Identity::Wrong) if door == Door::Site => Ok(None),
        (Access::Account | Access::Anonymous, Identity::Anonymous | Identity::Wrong) => match door {
            Door::Site => Err(jira::unauthenticated()),
            Door::Gateway | Door::Edge => Err(edge_error(StatusCode::UNAUTHORIZED, "Unauthorized")),
            Door::Organization | Door::Management | Door::Scim => {
                Err(refusal(door, route.path, StatusCode::UNAUTHORIZED, "Unauthorized"))
            }
        },
    }
}
