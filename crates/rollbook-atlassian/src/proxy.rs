//! The proxy before Atlassian: which one it is, and its response if it refuses.
//!
//! Finds the system's proxy with hyper-util's `Matcher`, as reqwest does.

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The most bytes of a response that are read for its status.
const STATUS_LINE: u64 = 64;

/// The proxy that a request goes through.
pub(super) struct Proxy {
    intercept: Intercept,
    /// `HOST:PORT` of the request's target.
    target: String,
}

/// The system's proxies.
pub(super) struct Proxies(Matcher);

impl Proxies {
    /// The proxies that the environment or the system's settings name.
    pub(super) fn of_system() -> Self {
        Self(Matcher::from_system())
    }

    /// The proxy for an address, if there is one.
    pub(super) fn before(&self, uri: &Uri) -> Option<Proxy> {
        let host = uri.host()?;
        let target = format!("{host}:{}", uri.port_u16().unwrap_or(443));
        self.0.intercept(uri).map(|intercept| Proxy { intercept, target })
    }
}

impl Proxy {
    /// Its address, without the user and the password.
    pub(super) fn name(&self) -> String {
        let uri = self.intercept.uri();
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        format!("{}://{authority}", uri.scheme_str().unwrap_or("http"))
    }

    /// Asks for the status with which it refuses to connect; `None` if it cannot be asked. hyper-util reports only 407 (0.1.21,
    /// `TunnelError`), so this asks again.
    pub(super) async fn refusal(&self) -> Option<u16> {
        let uri = self.intercept.uri();
        if uri.scheme_str() != Some("http") {
            return None;
        }
        let mut stream = TcpStream::connect((uri.host()?, uri.port_u16().unwrap_or(80))).await.ok()?;
        let target = &self.target;
        let mut asked = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(authorization) = self.intercept.basic_auth() {
            asked.extend([b"Proxy-Authorization: ", authorization.as_bytes(), b"\r\n"].concat());
        }
        asked.extend(b"\r\n");
        stream.write_all(&asked).await.ok()?;
        let mut line = Vec::new();
        stream.take(STATUS_LINE).read_to_end(&mut line).await.ok()?;
        status_of(&line)
    }
}

/// The status in a status line (RFC 9112 §4).
fn status_of(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line.get(..12)?).ok()?;
    line.strip_prefix("HTTP/1.")?.split_once(' ')?.1.parse().ok().filter(|status| *status != 200)
}
