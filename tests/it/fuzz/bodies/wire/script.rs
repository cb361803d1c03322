//! A peer that answers as the input says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What separates two answers; no JSON can hold it.
const NEXT: u8 = 0x1e;

/// More answers than this are refusals, whatever is asked, so that every call ends.
const MOST: usize = 48;

/// The email of the account whose token the secret is.
pub(super) const EMAIL: &str = "root@acme.com";

/// Answers, one after the other; the last one stays.
pub(super) struct Script {
    /// What the credentials hold. Each input has its own: a fuzzer reads what it is compared with, and a secret that it
    /// writes by itself was repeated by nobody.
    pub(super) secret: String,
    answers: Vec<Answer>,
    log: Mutex<Log>,
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
}

/// What was asked and answered.
#[derive(Clone, Default)]
pub(super) struct Log {
    given: usize,
    /// The status of the last answer.
    pub(super) last: Option<u16>,
    /// How often each request was answered by something else than a refusal at the door.
    pub(super) accepted: BTreeMap<(String, String), usize>,
}

impl Log {
    pub(super) fn last_is_success(&self) -> bool {
        self.last.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Script {
    pub(super) fn of(data: &[u8]) -> Self {
        // FNV-1a.
        let hash = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let secret = format!("ATATT3x/Ff+GF0-{hash:016x}=5C0F{:08X}", hash >> 32);
        let answers = data.split(|byte| *byte == NEXT).take(MOST);
        let answers = answers.map(|answer| Answer::of(answer, &secret)).collect();
        Self { secret, answers, log: Mutex::default() }
    }

    /// The parts of the secret that would help somebody, in lower case: as it is, and as Basic sends it.
    pub(super) fn secrets(&self, basic: bool) -> Vec<String> {
        // The first bytes of the pair are the email's.
        let pair = pair(&self.secret);
        let pair = if basic { &pair[(EMAIL.len() + 2) * 4 / 3..] } else { "" };
        let parts = [self.secret.as_str(), pair].into_iter().flat_map(|text| text.split(['/', '+', '=']));
        parts.filter(|part| part.len() >= 8).map(str::to_ascii_lowercase).collect()
    }

    pub(super) fn log(&self) -> Log {
        self.log.lock().expect("nothing panics while it is held").clone()
    }

    pub(super) fn router(self: &Arc<Self>) -> Router {
        let script = Arc::clone(self);
        Router::new().fallback(move |method: Method, uri: Uri| {
            let answer = script.answer(&method, &uri);
            async move { answer }
        })
    }

    fn answer(&self, method: &Method, uri: &Uri) -> Response<Body> {
        let mut log = self.log.lock().expect("nothing panics while it is held");
        if uri.path() == "/_edge/tenant_info" {
            return Response::new(Body::from(r#"{"cloudId":"cloud"}"#));
        }
        let answer = match self.answers.get(log.given).or(self.answers.last()) {
            Some(answer) if log.given < MOST => answer.clone(),
            Some(_) | None => Answer { status: StatusCode::GONE, headers: Vec::new(), body: Vec::new() },
        };
        log.given += 1;
        log.last = Some(answer.status.as_u16());
        if answer.status != StatusCode::TOO_MANY_REQUESTS && answer.status != StatusCode::UNAUTHORIZED {
            *log.accepted.entry((method.to_string(), uri.path().to_owned())).or_default() += 1;
        }
        let mut response = Response::new(Body::from(answer.body));
        *response.status_mut() = answer.status;
        response.headers_mut().extend(answer.headers);
        response
    }
}

impl Answer {
    /// The status in a line, a header a line, an empty line, and the body. In headers and body a `$` and a letter
    /// stand for a secret in one of its forms.
    fn of(data: &[u8], secret: &str) -> Self {
        let (head, body) = match data.windows(2).position(|pair| pair == b"\n\n") {
            Some(at) => (&data[..at], &data[at + 2..]),
            None => (data, &[][..]),
        };
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.trim().parse().ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.parse().ok()?, HeaderValue::from_bytes(&told(value.as_bytes(), secret)).ok()?))
        });
        Self { status, headers: headers.take(16).collect(), body: told(body, secret) }
    }
}

/// What Basic makes of a secret.
fn pair(secret: &str) -> String {
    STANDARD.encode(format!("{EMAIL}:{secret}"))
}

/// Puts the secrets where they are to be repeated.
fn told(text: &[u8], secret: &str) -> Vec<u8> {
    let escaped = |of: fn(char) -> String| secret.chars().map(of).collect::<String>();
    let mut told = Vec::new();
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        let form = (*byte == b'$').then(|| rest.clone().next()).flatten();
        let repeated = match form {
            Some(b'T') => secret.to_owned(),
            Some(b'B') => pair(secret),
            Some(b'J') => escaped(|c| format!("\\u{:04x}", u32::from(c))),
            Some(b'S') => secret.replace('/', "\\/"),
            Some(b'P') => secret.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"),
            Some(b'H') => secret.replace('/', "&#x2F;").replace('+', "&#43;").replace('=', "&#x3D;"),
            Some(b'Z') => escaped(|c| format!("{c}\u{200b}")),
            Some(b'L') => secret.to_ascii_lowercase(),
            Some(_) | None => {
                told.push(*byte);
                continue;
            }
        };
        told.extend(repeated.bytes());
        rest.next();
    }
    told
}
