//! Logins in the browser, OAuth 2.0 (3LO): the page that asks for consent, codes, and refresh tokens that rotate
//! (docs/atlassian.md#logins-in-the-browser).

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::credential::{SeedCredential, SeedOauthApp, SeedToken};
use super::ids::stable_uuid;
use super::query::Query;
use super::reply::Reply;
use super::request_context::{Access, RequestContext, Route, Scopes, encode};
use super::world::{Holder, TOKEN_LIFE, World};

/// How long a code may be redeemed. Assumption: five minutes.
const CODE_LIFE: Duration = Duration::from_secs(300);

/// How long a refresh token that was used is taken again.
const LEEWAY: Duration = Duration::from_secs(600);

/// A login ends when it is not used for so long, and so long after the consent.
const UNUSED: Duration = Duration::from_secs(90 * 86_400);
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// The scope that gives a refresh token.
const OFFLINE: &str = "offline_access";

/// The routes of the authorization server that a browser opens.
pub(super) static ROUTES: &[Route] = &[
    Route { method: Method::GET, path: "/authorize", access: Access::Open, scopes: Scopes::NONE, run: ask },
    Route {
        method: Method::POST,
        path: "/authorize",
        access: Access::Open,
        scopes: Scopes::NONE,
        run: decide,
    },
];

/// What people consented to.
#[derive(Default)]
pub(super) struct Consents {
    given: Vec<Consent>,
    codes: BTreeMap<String, Code>,
    refresh: BTreeMap<String, RefreshToken>,
}

/// One consent of an account to an app.
struct Consent {
    client_id: String,
    /// What its access tokens may do, and as whom.
    credential: SeedCredential,
    offline: bool,
    /// Whether the site is among those that were consented to.
    here: bool,
    given: Instant,
    used: Instant,
    withdrawn: bool,
}

struct Code {
    consent: usize,
    redirect: String,
    until: Instant,
}

struct RefreshToken {
    consent: usize,
    spent: Option<Instant>,
}

/// What an app asks a person for.
struct Asked<'a> {
    app: &'a SeedOauthApp,
    redirect: &'a str,
    scopes: Vec<&'a str>,
    state: Option<&'a str>,
}

impl Consents {
    /// The credential that an access token of a consent is.
    pub(super) fn credential(&self, consent: usize) -> Option<&SeedCredential> {
        self.given.get(consent).filter(|it| !it.withdrawn).map(|it| &it.credential)
    }

    /// Whether a consent is for the site.
    pub(super) fn is_for_site(&self, consent: usize) -> bool {
        self.given.get(consent).is_some_and(|it| it.here)
    }

    /// The client id of the app that a consent was given to.
    pub(super) fn client_of(&self, consent: usize) -> Option<&str> {
        self.given.get(consent).map(|it| it.client_id.as_str())
    }

    /// Ends the logins of an account, as a change of its password does.
    pub(super) fn withdraw(&mut self, account: &str) {
        for consent in self.given.iter_mut().filter(|it| it.credential.account() == Some(account)) {
            consent.withdrawn = true;
        }
    }
}

impl Consent {
    fn is_live(&self) -> bool {
        !self.withdrawn && self.used.elapsed() < UNUSED && self.given.elapsed() < LONGEST
    }
}

/// Reads what an app asks for. Where the browser cannot be sent back, a page says why.
fn read_request<'a>(context: &'a RequestContext<'_>, query: &'a Query) -> Result<Asked<'a>, Reply> {
    let page = |text: &str| {
        Reply::page(StatusCode::BAD_REQUEST, &format!("<h1>Something went wrong</h1><p>{text}</p>"))
    };
    let client_id = query.one("client_id").unwrap_or_default();
    let Some(app) = context.state().credentials.iter().find_map(|it| it.oauth_app(client_id)) else {
        return Err(page("There is no app with this <code>client_id</code>."));
    };
    let redirect = query.one("redirect_uri").unwrap_or_default();
    if !app.callbacks.iter().any(|callback| callback == redirect) {
        let text = format!(
            "<code>redirect_uri</code> is not registered for this client: <code>{}</code>",
            escaped(redirect)
        );
        return Err(page(&text));
    }
    let scopes: Vec<&str> =
        query.one("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty()).collect();
    let asked = Asked { app, redirect, scopes, state: query.one("state") };
    if query.one("audience") != Some("api.atlassian.com") {
        return Err(asked.back(&[("error", "invalid_request"), ("error_description", "Unknown audience")]));
    }
    if query.one("response_type") != Some("code") {
        return Err(asked.back(&[("error", "unsupported_response_type")]));
    }
    if asked.scopes.is_empty() {
        return Err(asked.back(&[("error", "invalid_scope")]));
    }
    Ok(asked)
}

impl Asked<'_> {
    /// Sends the browser back to the app.
    fn back(&self, answer: &[(&str, &str)]) -> Reply {
        let state = self.state.map(|state| ("state", state));
        let pairs = answer.iter().copied().chain(state);
        let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mark = if self.redirect.contains('?') { '&' } else { '?' };
        Reply::empty(StatusCode::FOUND)
            .header("location", &format!("{}{mark}{}", self.redirect, query.join("&")))
    }
}

/// The page that asks for consent. Nobody is signed in, so that it asks who consents, too.
fn ask(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let query = std::mem::take(&mut context.query);
    let asked = read_request(context, &query)?;
    let state = context.state();
    let hidden: String = query
        .pairs()
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escaped(name), escaped(value))
        })
        .collect();
    let mut people: Vec<(&String, _)> =
        state.accounts.iter().filter(|(_, account)| account.is_live()).collect();
    people.sort_by_key(|(id, _)| !state.is_site_admin(id));
    let people: String = people
        .into_iter()
        .map(|(id, account)| format!("<option value=\"{}\">{}</option>", escaped(id), escaped(&account.name)))
        .collect();
    let site = escaped(&state.site.url());
    let others: String = asked
        .app
        .sites
        .iter()
        .map(|name| format!("<option value=\"{0}\">{0}</option>", escaped(name)))
        .collect();
    let scopes: String = asked.scopes.iter().map(|scope| format!("<li>{}</li>", escaped(scope))).collect();
    Ok(Reply::page(
        StatusCode::OK,
        &format!(
            "<h1>An app wants to use Jira as you</h1><form method=\"post\" action=\"/authorize\">{hidden}\
             <p>You are <select name=\"account\">{people}</select></p>\
             <p>It may use <select name=\"site\"><option value=\"{site}\">{site}</option>{others}</select></p>\
             <ul>{scopes}</ul>\
             <p><button id=\"accept\" name=\"decision\" value=\"accept\">Accept</button> \
             <button id=\"decline\" name=\"decision\" value=\"decline\">Cancel</button></p></form>"
        ),
    ))
}

/// What the person decided on that page.
fn decide(context: &mut RequestContext<'_>) -> Result<Reply, Reply> {
    let form = Query::parse(&String::from_utf8_lossy(&context.body));
    let asked = read_request(context, &form)?;
    if form.one("decision") != Some("accept") {
        let why = "User did not authorize the request";
        return Ok(asked.back(&[("error", "access_denied"), ("error_description", why)]));
    }
    let state = context.state();
    let named = form.filled("account").and_then(|account| state.account_id(account).or(Some(account)));
    let live = |id: &&str| state.accounts.get(*id).is_some_and(super::state::Account::is_live);
    let Some(account) = named.filter(live).map(str::to_owned) else {
        return Ok(asked.back(&[("error", "login_required")]));
    };
    let offline = asked.scopes.contains(&OFFLINE);
    let scopes = asked.scopes.iter().filter(|scope| **scope != OFFLINE).map(ToString::to_string).collect();
    let here = form.one("site").is_none_or(|site| site == state.site.url());
    let (client_id, redirect) = (asked.app.client_id.clone(), asked.redirect.to_owned());
    let code = context.world.consent(
        client_id,
        &redirect,
        SeedToken { account, scopes, ..SeedToken::default() },
        offline,
        here,
    );
    let form = Query::parse(&String::from_utf8_lossy(&context.body));
    Ok(read_request(context, &form)?.back(&[("code", &code)]))
}

/// What a token request of an app says.
pub(super) struct Exchange<'a> {
    pub(super) client_id: &'a str,
    pub(super) code: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) refresh_token: &'a str,
}

/// Answers `grant_type: authorization_code` and `refresh_token` of an app that proved who it is.
pub(super) fn exchange(world: &mut World, grant_type: &str, asked: &Exchange<'_>) -> Result<Reply, Reply> {
    let invalid = |text| refusal(StatusCode::FORBIDDEN, "invalid_grant", text);
    let mine = |world: &World, consent: usize| world.consents.client_of(consent) == Some(asked.client_id);
    let consent = if grant_type == "authorization_code" {
        let unknown = invalid("Invalid authorization code");
        let Some(code) = world.consents.codes.get(asked.code) else { return Err(unknown) };
        if !mine(world, code.consent) || Instant::now() >= code.until {
            return Err(unknown);
        }
        if code.redirect != asked.redirect_uri {
            return Err(invalid("The redirect URI is wrong"));
        }
        let consent = code.consent;
        world.consents.codes.remove(asked.code);
        consent
    } else {
        let unknown = invalid("Unknown or invalid refresh token.");
        let found = world.consents.refresh.get(asked.refresh_token).map(|it| (it.consent, it.spent));
        let Some((consent, spent)) = found.filter(|(consent, _)| mine(world, *consent)) else {
            return Err(unknown);
        };
        let live = world.consents.given.get(consent).is_some_and(Consent::is_live);
        if !live || spent.is_some_and(|at| at.elapsed() >= LEEWAY) {
            return Err(unknown);
        }
        if let Some(token) = world.consents.refresh.get_mut(asked.refresh_token) {
            token.spent.get_or_insert_with(Instant::now);
        }
        consent
    };
    Ok(world.tokens_of(consent))
}

impl World {
    /// Notes a consent, and makes the code that the browser brings the app.
    fn consent(
        &mut self,
        client_id: String,
        redirect: &str,
        token: SeedToken,
        offline: bool,
        here: bool,
    ) -> String {
        let now = Instant::now();
        let credential = SeedCredential::Bearer(token);
        let consent = self.consents.given.len();
        self.consents.given.push(Consent {
            client_id,
            credential,
            offline,
            here,
            given: now,
            used: now,
            withdrawn: false,
        });
        let code = self.random_text("code");
        let redirect = redirect.to_owned();
        self.consents.codes.insert(code.clone(), Code { consent, redirect, until: now + CODE_LIFE });
        code
    }

    /// New tokens of a consent.
    fn tokens_of(&mut self, consent: usize) -> Reply {
        let access = self.make_token(Holder::Consent(consent));
        let refresh = self.random_text("refresh");
        let Some(given) = self.consents.given.get_mut(consent) else {
            return refusal(StatusCode::FORBIDDEN, "invalid_grant", "Unknown or invalid refresh token.");
        };
        given.used = Instant::now();
        let offline = given.offline.then_some(OFFLINE);
        let scopes: Vec<&str> = given.credential.scopes().iter().map(String::as_str).chain(offline).collect();
        let mut answer = json!({
            "access_token": access,
            "expires_in": TOKEN_LIFE.as_secs(),
            "token_type": "Bearer",
            "scope": scopes.join(" "),
        });
        if given.offline {
            answer["refresh_token"] = Value::from(refresh.clone());
            self.consents.refresh.insert(refresh, RefreshToken { consent, spent: None });
        }
        Reply::json(StatusCode::OK, &answer)
    }
}

/// The sites that a consent reaches: others that this app was consented to before come first.
pub(super) fn sites_of(context: &RequestContext<'_>, consent: usize, here: Value) -> Vec<Value> {
    let world = &context.world;
    let app = world.consents.client_of(consent).unwrap_or_default();
    let app = context.state().credentials.iter().find_map(|it| it.oauth_app(app));
    let scopes = world.consents.credential(consent).map(SeedCredential::scopes).unwrap_or_default();
    let other =
        |url: &String| json!({ "id": stable_uuid("cloud", url), "url": url, "name": url, "scopes": scopes });
    let others = app.into_iter().flat_map(|app| &app.sites).map(other);
    others.chain(world.consents.is_for_site(consent).then_some(here)).collect()
}

/// A refusal in the words of OAuth 2.0.
pub(super) fn refusal(status: StatusCode, error: &str, text: &str) -> Reply {
    Reply::json(status, &json!({ "error": error, "error_description": text }))
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
