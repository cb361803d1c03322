//! Where the browser comes back: one address of this machine, one answer, and a page that says what happened.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::model::ErrorExt as _;
use crate::render::escape_untrusted;

use super::Made;
use super::error::LoginError;

/// Where the browser is sent unless the environment says otherwise. The port is in nobody's list, and fixed, since
/// Atlassian compares the whole address (docs/atlassian.md#logins-in-the-browser).
pub const DEFAULT_REDIRECT: &str = "http://localhost:28417/callback";

/// How much of a text from outside is shown, in characters.
const SHOWN: usize = 200;

/// How long the browser may take to fetch the last page.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// The address that the browser is sent back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    text: String,
    /// The host and the port, as the browser names them.
    authority: String,
    port: u16,
    path: String,
}

/// What the browser brought.
#[derive(Debug)]
pub enum Answer {
    /// A code to redeem.
    Code(SecretString),
    /// Why there is none.
    Refused(LoginError),
}

/// Who waits for a page.
pub(super) type Reply = oneshot::Sender<Page>;

/// A page for the browser.
#[derive(Clone, Debug)]
pub struct Page {
    status: StatusCode,
    title: &'static str,
    text: String,
}

/// A server on loopback that waits for the browser.
pub struct Listening {
    redirect: Redirect,
    arrivals: mpsc::Receiver<(Vec<(String, String)>, Reply)>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// What a request needs to be taken for the browser's.
#[derive(Clone)]
struct Door {
    redirect: Redirect,
    arrivals: mpsc::Sender<(Vec<(String, String)>, Reply)>,
}

impl Redirect {
    /// Takes `http://localhost:PORT/PATH`, or the same of `127.0.0.1`.
    ///
    /// # Errors
    /// [`LoginError::Redirect`].
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        let wrong = || LoginError::Redirect(text.to_owned());
        let rest = text.strip_prefix("http://").ok_or_else(wrong)?;
        let (authority, path) = rest.split_once('/').ok_or_else(wrong)?;
        let (host, port) = authority.split_once(':').ok_or_else(wrong)?;
        let port: u16 =
            port.parse().ok().filter(|it: &u16| *it > 0 && it.to_string() == port).ok_or_else(wrong)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || ['/', '-', '.', '_', '~'].contains(&c);
        if !["localhost", "127.0.0.1"].contains(&host) || !path.chars().all(plain) {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), authority: authority.to_owned(), port, path: format!("/{path}") })
    }

    /// The address, as the app has to have it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What an address that somebody pasted says, if it is the answer to the login of this `state`.
    pub fn answer_in(&self, address: &str, state: &str) -> Option<Answer> {
        let (before, query) = address.split_once('?')?;
        let query = query.split('#').next().unwrap_or_default();
        if before == self.text { answer(&pairs(query), state) } else { None }
    }
}

/// What the browser brought, if it is the answer to the login of this `state`.
fn answer(pairs: &[(String, String)], state: &str) -> Option<Answer> {
    let one = |name: &str| {
        let mut values = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    };
    if one("state") != Some(state) {
        return None;
    }
    let shown = |text: &str| escape_untrusted(&text.chars().take(SHOWN).collect::<String>()).into_owned();
    let description = one("error_description").map(shown).unwrap_or_default();
    match (one("error"), one("code")) {
        (Some("access_denied"), _) => Some(Answer::Refused(LoginError::Declined(description))),
        (Some(error), _) => Some(Answer::Refused(LoginError::Refused { error: shown(error), description })),
        (None, Some(code)) if !code.is_empty() => Some(Answer::Code(code.to_owned().into())),
        (None, _) => None,
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let split = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    query.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
}

impl Listening {
    /// Starts to listen, on this machine alone.
    ///
    /// # Errors
    /// [`LoginError::Listen`].
    pub async fn start(redirect: &Redirect) -> Result<Self, LoginError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, redirect.port));
        let failed = |source| LoginError::Listen { address: address.to_string(), source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let (sender, arrivals) = mpsc::channel(8);
        let (stop, stopped) = oneshot::channel::<()>();
        let door = Door { redirect: redirect.clone(), arrivals: sender };
        let router = Router::new().fallback(arrive).with_state(door);
        let server = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            // What the socket says meanwhile shows in that nobody comes.
            let _ = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
        });
        Ok(Self { redirect: redirect.clone(), arrivals, stop, server })
    }

    /// Waits for the answer to the login of this `state`. `refused` is called for each that is to another one: such a page may be
    /// open in another window, and anybody may send the browser here.
    pub async fn answer(&mut self, state: &str, refused: impl Fn()) -> (Answer, Reply) {
        loop {
            let Some((pairs, reply)) = self.arrivals.recv().await else {
                // The server lives as long as this does.
                std::future::pending::<()>().await;
                continue;
            };
            if let Some(answer) = answer(&pairs, state) {
                return (answer, reply);
            }
            refused();
            // The browser may have left.
            let _ = reply.send(Page::not_the_answer(self.redirect.as_str()));
        }
    }

    /// Shows the last page, and ends.
    pub async fn finish(self, reply: Reply, page: &Page) {
        let _ = reply.send(page.clone());
        let _ = self.stop.send(());
        // Connections that a browser keeps open are not waited for.
        let abort = self.server.abort_handle();
        if timeout(LAST_PAGE, self.server).await.is_err() {
            abort.abort();
        }
    }
}

/// Takes what a browser sends to the address, and nothing else: another name for this machine may be a page's that leads here.
async fn arrive(State(door): State<Door>, request: Request) -> Response {
    let named = |headers: &HeaderMap| {
        headers.get(header::HOST).and_then(|it| it.to_str().ok()).map(str::to_ascii_lowercase)
    };
    if named(request.headers()).as_deref() != Some(door.redirect.authority.as_str()) {
        return Page::nothing(StatusCode::MISDIRECTED_REQUEST).into_response();
    }
    if request.uri().path() != door.redirect.path {
        return Page::nothing(StatusCode::NOT_FOUND).into_response();
    }
    if request.method() != Method::GET {
        return Page::nothing(StatusCode::METHOD_NOT_ALLOWED).into_response();
    }
    let (reply, page) = oneshot::channel();
    let pairs = pairs(request.uri().query().unwrap_or_default());
    let _ = door.arrivals.send((pairs, reply)).await;
    page.await.unwrap_or_else(|_| Page::nothing(StatusCode::SERVICE_UNAVAILABLE)).into_response()
}

impl Page {
    /// Says how a login went.
    pub fn of(result: &Result<Made, LoginError>, site: &str) -> Self {
        match result {
            Ok(made) => Self {
                status: StatusCode::OK,
                title: "Signed in",
                text: format!(
                    "Rollbook is signed in to {site} as {}. You can close this window and go back to the terminal.",
                    made.entry.account.name
                ),
            },
            Err(error) => {
                let help = error.help().unwrap_or_default();
                let text = format!("{}. {help} Nothing was stored.", error.chain());
                Self { status: StatusCode::BAD_REQUEST, title: "Not signed in", text }
            }
        }
    }

    fn not_the_answer(address: &str) -> Self {
        let text = format!(
            "This is not the answer to the login that waits at {address}. Close this window, and open the address that the \
             terminal shows."
        );
        Self { status: StatusCode::BAD_REQUEST, title: "Not this login", text }
    }

    fn nothing(status: StatusCode) -> Self {
        Self {
            status,
            title: "Nothing here",
            text: "Rollbook waits for a login at another address.".to_owned(),
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title} · Rollbook</title>\
             <style>body{{font:1.1em sans-serif;max-width:36em;margin:4em auto;padding:0 1em;color-scheme:light dark}}</style>\
             <h1>{title}</h1><p>{text}</p></html>",
            title = self.title,
            text = escaped(&self.text),
        );
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
            // The address holds the code.
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (self.status, headers, html).into_response()
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn only_a_port_of_this_machine_is_a_redirect() {
        for right in [
            DEFAULT_REDIRECT,
            "http://127.0.0.1:9123/callback",
            "http://localhost:8080/",
            "http://localhost:1/a/b-c",
        ] {
            assert_eq!(Redirect::parse(right).unwrap().as_str(), right);
        }
        for wrong in [
            "",
            "https://localhost:8080/callback",
            "http://localhost/callback",
            "http://localhost:0/callback",
            "http://localhost:080/callback",
            "http://localhost:99999/callback",
            "http://localhost:8080",
            "http://localhost:8080/callback?x=y",
            "http://localhost:8080/call back",
            "http://0.0.0.0:8080/callback",
            "http://evil.example:8080/callback",
            "http://localhost.evil.example:8080/callback",
            "http://root@localhost:8080/callback",
        ] {
            assert!(matches!(Redirect::parse(wrong), Err(LoginError::Redirect(_))), "{wrong}");
        }
    }

    #[test]
    fn an_answer_is_taken_for_its_own_state_alone() {
        let redirect = Redirect::parse(DEFAULT_REDIRECT).unwrap();
        let at = |query: &str| redirect.answer_in(&format!("{DEFAULT_REDIRECT}?{query}"), "s");
        let Some(Answer::Code(code)) = at("code=a%2Bb+c&state=s#x") else { panic!("a code") };
        assert_eq!(code.expose_secret(), "a+b c");
        for nothing in [
            "code=a",
            "code=a&state=t",
            "code=a&state=s&state=s",
            "code=&state=s",
            "state=s",
            "code=a&code=b&state=s",
        ] {
            assert!(at(nothing).is_none(), "{nothing}");
        }
        assert!(matches!(
            at("error=access_denied&error_description=User%20said%20no&state=s"),
            Some(Answer::Refused(LoginError::Declined(why))) if why == "User said no"
        ));
        assert!(matches!(
            at("error=invalid_scope&state=s"),
            Some(Answer::Refused(LoginError::Refused { .. }))
        ));
        assert!(redirect.answer_in("http://localhost:28417/other?code=a&state=s", "s").is_none());
        assert!(redirect.answer_in("a line", "s").is_none());
    }

    #[test]
    fn a_page_shows_no_markup_of_others() {
        let page = Page::of(
            &Err(LoginError::Declined("<script>alert('1')</script>&\"".into())),
            "https://acme.atlassian.net",
        );
        let html = escaped(&page.text);
        assert!(!html.contains('<') && html.contains("&lt;script&gt;alert(&#39;1&#39;)"), "{html}");
    }
}
