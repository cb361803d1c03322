//! Why nobody is signed in.

use std::io;
use std::path::PathBuf;

use crate::atlassian::{self, HostError};
use crate::environment::{OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET, OAUTH_REDIRECT};
use crate::exit::Exit;

const MAKE_APP: &str = "docs/surfaces.md, under \"Signing in with the browser\", says how to make the app in the developer console.";

/// Why a login cannot be made, used or ended.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LoginError {
    /// There is no app.
    #[error("{OAUTH_CLIENT_ID} and {OAUTH_CLIENT_SECRET} are not set")]
    #[diagnostic(help("Set them to the client id and secret of an OAuth 2.0 (3LO) app. {MAKE_APP}"))]
    NoApp,
    /// There is a login, and no app to renew it with.
    #[error("there is a login to {site}, and {OAUTH_CLIENT_ID} and {OAUTH_CLIENT_SECRET} are not set")]
    #[diagnostic(help(
        "Set them to those of the app that it was made with, or end it with `rollbook logout`."
    ))]
    NoAppForLogin {
        /// The site.
        site: String,
    },
    /// The login was made with another app.
    #[error("the login to {site} was made with the app {made:?}, and {OAUTH_CLIENT_ID} names another one")]
    #[diagnostic(help("Set both variables to those of that app, or run `rollbook login` again."))]
    OtherApp {
        /// The site.
        site: String,
        /// The client id of that app.
        made: String,
    },
    /// The login was made elsewhere.
    #[error("the login was made at {made}, and the environment names {named}, which is not sent it")]
    #[diagnostic(help("Set ROLLBOOK_ENDPOINT_GATEWAY as it was, or run `rollbook login` again."))]
    OtherAuthority {
        /// Where.
        made: String,
        /// What the environment names.
        named: String,
    },
    /// There is no place for a login.
    #[error("there is no folder to store a login in: neither XDG_STATE_HOME nor HOME names one")]
    #[diagnostic(help("Set HOME to your home folder."))]
    NoFolder,
    /// The address that the browser is sent back to is invalid.
    #[error("{OAUTH_REDIRECT} is invalid: {0:?}")]
    #[diagnostic(help(
        "Write http://localhost:PORT/PATH or http://127.0.0.1:PORT/PATH, exactly as the app has it as its callback URL."
    ))]
    Redirect(String),
    /// Nobody can listen there.
    #[error("failed to listen on {address}, where the browser is to come back")]
    #[diagnostic(help(
        "End the program that uses the port, or give the app another callback URL and set {OAUTH_REDIRECT} to it, or use \
         `rollbook login --no-browser`, which needs no port."
    ))]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The browser did not come back.
    #[error("no answer came back to {0} within 5 minutes")]
    #[diagnostic(help(
        "Run it again. Where the browser said that the callback or redirect URL is not valid, give the app exactly this callback \
         URL in developer.atlassian.com/console, under Authorization, or set {OAUTH_REDIRECT} to the one that it has."
    ))]
    NoAnswer(String),
    /// Nothing was pasted.
    #[error("no address was pasted")]
    #[diagnostic(help("Run it again, and paste the address that the browser was sent to."))]
    NothingPasted,
    /// The consent was declined.
    #[error("the consent was declined in the browser{}", said(.0))]
    #[diagnostic(help(
        "Run `rollbook login` again and accept. Where there was nothing to accept, an administrator has to let the app in: a private \
         app is for its owner's organization alone, and an organization may block apps."
    ))]
    Declined(String),
    /// Atlassian sent the browser back with another error.
    #[error("Atlassian refused the login: {error}{}", said(.description))]
    #[diagnostic(help("Check the app's permissions in developer.atlassian.com/console. {MAKE_APP}"))]
    Refused {
        /// The code of the error.
        error: String,
        /// What it says besides.
        description: String,
    },
    /// The site is not among those that were consented to.
    #[error("the consent is not for {site}: it is for {}", listed(.granted))]
    #[diagnostic(help(
        "Run `rollbook login` again, and choose that site on the page, signed in as an account that may use it. Nothing was stored."
    ))]
    NotGranted {
        /// The site.
        site: String,
        /// The others.
        granted: Vec<String>,
    },
    /// Scopes are missing.
    #[error("the consent lacks the scopes {0}")]
    #[diagnostic(help(
        "Add them to the app in developer.atlassian.com/console, under Permissions, Jira API, and run `rollbook login` again."
    ))]
    Scopes(String),
    /// The login cannot be stored.
    #[error("the login cannot be stored: {0}")]
    #[diagnostic(help("Correct that, and run `rollbook login` again: what Atlassian gave is lost."))]
    Store(String),
    /// A stored login cannot be used.
    #[error("the stored login {path} cannot be used: {why}")]
    #[diagnostic(help("Run `rollbook logout`, which removes it, and `rollbook login`."))]
    Broken {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A host may not be sent anything.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Host(#[from] HostError),
    /// A request failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Client(#[from] atlassian::Error),
}

impl LoginError {
    /// How the run ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoApp | Self::NoAppForLogin { .. } | Self::NoFolder | Self::Redirect(_) => Exit::Usage,
            Self::NotGranted { .. }
            | Self::OtherApp { .. }
            | Self::OtherAuthority { .. }
            | Self::Host(HostError::Loopback(_) | HostError::NoGateway(_)) => Exit::Refused,
            Self::Client(error) => {
                if error.is_another_site() {
                    Exit::Refused
                } else {
                    Exit::Failed
                }
            }
            Self::Host(
                HostError::Shape(_) | HostError::Insecure(_) | HostError::Foreign(_) | HostError::CloudId(_),
            ) => Exit::Invalid,
            Self::Listen { .. }
            | Self::NoAnswer(_)
            | Self::NothingPasted
            | Self::Declined(_)
            | Self::Refused { .. }
            | Self::Scopes(_)
            | Self::Store(_)
            | Self::Broken { .. } => Exit::Failed,
        }
    }
}

fn said(description: &str) -> String {
    if description.is_empty() { String::new() } else { format!(": {description}") }
}

fn listed(granted: &[String]) -> String {
    if granted.is_empty() { "no site".to_owned() } else { granted.join(", ") }
}
