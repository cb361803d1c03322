//! Logins in the browser: OAuth 2.0 with a person's consent (docs/design.md §18), for the surface `jira` alone.
//!
//! `callback` waits for the browser to come back, `store` keeps the tokens of a site for every later run, and this file is
//! the way from one to the other. A login is used for trees of its own site, at the authorization server that made it: where
//! requests go is for the environment to say, and never for the tree.

mod callback;
mod error;
mod store;

use std::io::{self, BufRead as _};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::atlassian::{
    self, Client, CloudId, Consent, Credential, Endpoints, Jira, Login, Network, OAuthApp, Options, Tokens,
};
use crate::environment::{Environment, SignIn};
use crate::render::escape_untrusted;
use crate::terminal::Terminal;

pub use callback::{Answer, DEFAULT_REDIRECT, Listening, Page, Redirect};
pub use error::LoginError;
pub use store::{Account, Entry, FileStore};

/// How long the browser may take.
pub const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What is asked for: to read and write users and groups, and a refresh token (docs/atlassian.md#scopes-of-jira).
const SCOPES: [&str; 4] = ["read:jira-user", "read:jira-work", "manage:jira-configuration", "offline_access"];

/// A login ends when it is not used for so long, and so long after the consent (docs/atlassian.md#logins-in-the-browser).
pub const UNUSED: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The longest that a login lasts.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A difference of clocks from which on the ends of a login are reported as uncertain.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);

/// How the browser comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To a port of this machine.
    Listen,
    /// By hand: somebody pastes the address that it was sent to.
    Paste,
}

/// A login that is about to be made.
pub struct Attempt<'a> {
    /// The site, as the tree names it.
    pub site: &'a str,
    /// What the environment says.
    pub sign_in: SignIn,
    /// What requests go by.
    pub options: Options,
    /// Where people are told what to do.
    pub terminal: Terminal,
}

/// What can be said of a login that was made.
pub struct Made {
    /// The site and the account.
    pub entry: Entry,
    /// Whether it may apply.
    pub site_admin: bool,
    /// How far Atlassian's clock is ahead of this machine's, where that matters.
    pub clock_off: Option<SignedDuration>,
}

/// The login of a site that is stored, as a credential, and the cloud id that it is for.
///
/// # Errors
/// [`LoginError`] when there is one that cannot be used.
pub fn stored(environment: &Environment, site: &str) -> Result<Option<(Login, CloudId)>, LoginError> {
    let Some(folder) = &environment.state_folder else { return Ok(None) };
    // The place that uses the hosts says what is wrong with them.
    let (Ok(origin), Ok(endpoints)) = (Endpoints::named(site), Endpoints::new(site, &environment.overrides))
    else {
        return Ok(None);
    };
    let store = FileStore::of(folder, &origin);
    let Some(entry) = store.entry()? else { return Ok(None) };
    let Some(app) = environment.app.clone() else { return Err(LoginError::NoAppForLogin { site: origin }) };
    if entry.client_id != app.id {
        return Err(LoginError::OtherApp { site: origin, made: entry.client_id.clone() });
    }
    if entry.authority != endpoints.authority() {
        let named = endpoints.authority().to_owned();
        return Err(LoginError::OtherAuthority { made: entry.authority.clone(), named });
    }
    let cloud_id = CloudId::parse(&entry.cloud_id).map_err(|error| store.broken(&error.to_string()))?;
    let name = escape_untrusted(&entry.account.name);
    tracing::info!("using the login to {origin} of {name}, from `rollbook login`");
    Ok(Some((Login { app, store: Arc::new(store) }, cloud_id)))
}

impl Attempt<'_> {
    /// Signs in: prints the address of the consent page, waits for the browser, and stores the login.
    ///
    /// # Errors
    /// [`LoginError`]; then nothing has been stored.
    pub async fn run(self, way: Way) -> Result<Made, LoginError> {
        let origin = Endpoints::named(self.site)?;
        let endpoints = Endpoints::new(self.site, &self.sign_in.overrides)?;
        let app = self.sign_in.app.clone().ok_or(LoginError::NoApp)?;
        let folder = self.sign_in.state_folder.clone().ok_or(LoginError::NoFolder)?;
        let redirect = Redirect::parse(self.sign_in.redirect.as_deref().unwrap_or(DEFAULT_REDIRECT))?;
        let store = FileStore::of(&folder, &origin);
        store.prepare()?;
        // Before anybody is asked anything: that it can listen, and that there is a place for the login.
        let listening = match way {
            Way::Listen => Some(Listening::start(&redirect).await?),
            Way::Paste => None,
        };
        let state = random_state()?;
        let consent =
            Consent { client_id: &app.id, scopes: &SCOPES, redirect: redirect.as_str(), state: &state };
        let address = endpoints.consent(&consent).map_err(atlassian::Error::from)?;
        self.explain(&address, &redirect, way);
        let redeem = async |code: SecretString| self.redeem(&endpoints, &app, &redirect, code, &store).await;
        match listening {
            Some(mut listening) => {
                if self.sign_in.shows_pages {
                    // That it says it did shows nothing.
                    let _ = open::that_detached(&address);
                }
                let refuse = || {
                    self.terminal.tell(
                        "The browser brought an answer to another login, which was refused. Still waiting for this one.",
                    );
                };
                let (answer, reply) = timeout(PATIENCE, listening.answer(&state, refuse))
                    .await
                    .map_err(|_| LoginError::NoAnswer(redirect.as_str().to_owned()))?;
                let result = match answer {
                    Answer::Code(code) => redeem(code).await,
                    Answer::Refused(error) => Err(error),
                };
                listening.finish(reply, &Page::of(&result, &origin)).await;
                result
            }
            None => match pasted(self.terminal, &redirect, &state).await? {
                Answer::Code(code) => redeem(code).await,
                Answer::Refused(error) => Err(error),
            },
        }
    }

    /// The address comes first, whatever happens to the browser.
    fn explain(&self, address: &str, redirect: &Redirect, way: Way) {
        let tell = |text: &str| self.terminal.tell(text);
        tell(&format!("Open this address in a browser, choose {}, and accept:\n\n  {address}\n", self.site));
        let callback = redirect.as_str();
        match way {
            Way::Listen => {
                self.terminal.say(&format!(
                    "Waiting 5 minutes for the browser to come back to {callback}, which has to be a callback of the app.\n\
                     Where the browser is on another machine, use `rollbook login --no-browser`."
                ));
            }
            Way::Paste => tell(&format!(
                "The browser then goes to {callback}, where nothing answers. Copy the whole address from its address bar, \
                 paste it here, and press Enter:"
            )),
        }
    }

    /// Gets the tokens, and stores them once they are known to be for the site.
    async fn redeem(
        &self,
        endpoints: &Endpoints,
        app: &OAuthApp,
        redirect: &Redirect,
        code: SecretString,
        store: &FileStore,
    ) -> Result<Made, LoginError> {
        let network = Network::default();
        let login = Credential::Login(Login { app: app.clone(), store: Arc::new(store.clone()) });
        let client = Client::over(network.clone(), endpoints.clone(), login, self.options.clone())
            .map_err(atlassian::Error::from)?;
        let tokens = client.redeem(app, &code, redirect.as_str()).await?;
        let consented = tokens.renewed;
        let bearer = |cloud_id: Option<CloudId>| {
            let options = Options { cloud_id, ..self.options.clone() };
            let bearer = Credential::Bearer(tokens.access.clone());
            Client::over(network.clone(), endpoints.clone(), bearer, options).map_err(atlassian::Error::from)
        };
        let cloud_id = self.granted(&bearer(None)?).await?;
        let rights = Jira::new(bearer(Some(cloud_id.clone()))?).rights().await?;
        let entry = Entry {
            site: Endpoints::named(self.site)?,
            cloud_id: cloud_id.to_string(),
            authority: endpoints.authority().to_owned(),
            client_id: app.id.clone(),
            account: Account { id: rights.acting.id.to_string(), name: rights.acting.name.clone() },
            consented,
            tokens: Some(tokens),
        };
        store.replace(&entry).await?;
        let clock_off = client.clock().filter(|off| off.abs() > CLOCKS);
        Ok(Made { entry, site_admin: rights.site_admin, clock_off })
    }

    /// The cloud id of the site, once it is among those that were consented to, with what Rollbook needs there.
    async fn granted(&self, client: &Client) -> Result<CloudId, LoginError> {
        let sites = client.granted_sites().await?;
        let found = client.cloud_id().await?.clone();
        // A sandbox by its port has another address than it names.
        let mine = sites.iter().find(|site| {
            site.id == found.as_str()
                && (Endpoints::is_this_machine(self.site) || Endpoints::same(&site.url, self.site))
        });
        let Some(mine) = mine else {
            let granted = sites.into_iter().map(|site| site.url).collect();
            return Err(LoginError::NotGranted { site: self.site.to_owned(), granted });
        };
        let lacks =
            |scope: &&&str| **scope != "offline_access" && !mine.scopes.iter().any(|it| it == **scope);
        let missing: Vec<&str> = SCOPES.iter().filter(lacks).copied().collect();
        if missing.is_empty() { Ok(found) } else { Err(LoginError::Scopes(missing.join(", "))) }
    }
}

/// Reads the address that somebody pastes, until one is the answer to this login.
async fn pasted(terminal: Terminal, redirect: &Redirect, state: &str) -> Result<Answer, LoginError> {
    let wait = async {
        loop {
            let (sender, receiver) = oneshot::channel();
            // A thread of its own: what waits for the terminal cannot be ended, and must not keep the process.
            std::thread::spawn(move || {
                let mut line = String::new();
                let read = io::stdin().lock().read_line(&mut line);
                let _ = sender.send(read.ok().filter(|bytes| *bytes > 0).map(|_| line));
            });
            let Ok(Some(line)) = receiver.await else { return Err(LoginError::NothingPasted) };
            match redirect.answer_in(line.trim(), state) {
                Some(answer) => return Ok(answer),
                None => terminal.tell(
                    "This is not the address that this login leads to. Paste all of it, with `code` and `state`:",
                ),
            }
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| Err(LoginError::NoAnswer(redirect.as_str().to_owned())))
}

/// What the browser has to bring back: 32 random bytes.
fn random_state() -> Result<String, LoginError> {
    use base64::Engine as _;
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| LoginError::Store(format!("there are no random bytes: {error}")))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

impl Entry {
    /// When the login ends at the latest, and when it ends unless it is used before.
    pub fn ends(&self) -> (Timestamp, Option<Timestamp>) {
        let after = |at: Timestamp, life| at.saturating_add(life).unwrap_or(Timestamp::MAX);
        let unused = self.tokens.as_ref().map(|tokens: &Tokens| after(tokens.renewed, UNUSED));
        (after(self.consented, LONGEST), unused)
    }
}
