//! The environment variables: the one place that reads them.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use hyper_util::client::proxy::matcher::Matcher;
use secrecy::SecretString;

use crate::atlassian::{CloudId, Credential, HostError, OAuthApp, Overrides, Pace, TokenKind};
use crate::platform::{self, Variables};

/// Every variable with its purpose, in the order in which help shows them. A secret may also come from the
/// file that its name with `_FILE` names.
pub const VARIABLES: &[(&str, &str)] = &[
    (EMAIL, "the email of the account whose API token is used"),
    (API_TOKEN, "its API token"),
    (TOKEN_KIND, "`scoped` for a token with scopes; `classic` is the default"),
    (CLIENT_ID, "the ID of a service account's OAuth 2.0 client"),
    (CLIENT_SECRET, "its secret"),
    (ACCESS_TOKEN, "an OAuth 2.0 access token that something else got"),
    (OAUTH_CLIENT_ID, "the client id of the OAuth 2.0 (3LO) app of `rollbook login`"),
    (OAUTH_CLIENT_SECRET, "its secret"),
    (OAUTH_REDIRECT, "its callback URL, instead of http://localhost:28417/callback"),
    (CLOUD_ID, "the site's cloud id, which is checked; implies a scoped token"),
    (ORG_API_KEY, "an API key of the tree's `organization`"),
    (SCIM_API_KEY, "the key of the tree's `scim` directory"),
    (SCIM_CLIENT_ID, "instead of that key: the ID of a service account's OAuth 2.0 client for the directory"),
    (SCIM_CLIENT_SECRET, "its secret"),
    (SITE, "must equal the tree's `site`"),
    (ORGANIZATION, "must equal the tree's `organization`"),
    (ENDPOINT_SITE, "a host that replaces only the site's, for a sandbox or a proxy"),
    (ENDPOINT_GATEWAY, "a host that replaces api.atlassian.com and auth.atlassian.com"),
    (ENDPOINT_SCIM, "a host for the SCIM directory only"),
    (CI_TOKEN, "`rollbook ci`: a token for the platform's API"),
    (CI_USER, "the email of its account, if the token is a Bitbucket API token"),
    (
        CI_LOGIN,
        "the account that comments, if the platform does not report it: a GitHub login or a Bitbucket UUID",
    ),
    (
        AUTHORS,
        "a JSON object that maps the platform's accounts to emails in the tree, such as `{\"ada\": \"ada@acme.com\"}` for a \
         GitHub login or a GitLab user name, or `{\"712020:5e1f…\": \"ada@acme.com\"}` for a Bitbucket account ID",
    ),
    (APPLIED_FROM, "the commit that the site matched before the first apply"),
    ("ROLLBOOK_APPLY_WORKFLOW", "GitHub: the workflow file that applies, instead of `apply.yml`"),
    ("ROLLBOOK_APPLY_ENVIRONMENT", "GitLab: the environment that applies, instead of `rollbook-apply`"),
    ("ROLLBOOK_BITBUCKET_API", "a stand-in on this machine instead of https://api.bitbucket.org/2.0"),
    (
        PACE,
        "`answers` slows down only when a response says so; `published`, the default, keeps to Atlassian's limits",
    ),
];

/// The most bytes that a secret's file may hold; access tokens are a few thousand at most.
const LARGEST_SECRET: u64 = 64 * 1024;

const EMAIL: &str = "ROLLBOOK_EMAIL";
const API_TOKEN: &str = "ROLLBOOK_API_TOKEN";
const TOKEN_KIND: &str = "ROLLBOOK_TOKEN_KIND";
const CLIENT_ID: &str = "ROLLBOOK_CLIENT_ID";
const CLIENT_SECRET: &str = "ROLLBOOK_CLIENT_SECRET";
const ACCESS_TOKEN: &str = "ROLLBOOK_ACCESS_TOKEN";
/// The client id of the app that people consent to.
pub const OAUTH_CLIENT_ID: &str = "ROLLBOOK_OAUTH_CLIENT_ID";
/// Its secret.
pub const OAUTH_CLIENT_SECRET: &str = "ROLLBOOK_OAUTH_CLIENT_SECRET";
/// Its callback URL.
pub const OAUTH_REDIRECT: &str = "ROLLBOOK_OAUTH_REDIRECT";
const CLOUD_ID: &str = "ROLLBOOK_CLOUD_ID";
/// An organization's API key.
pub const ORG_API_KEY: &str = "ROLLBOOK_ORG_API_KEY";
/// The key of a SCIM directory.
pub const SCIM_API_KEY: &str = "ROLLBOOK_SCIM_API_KEY";
const SCIM_CLIENT_ID: &str = "ROLLBOOK_SCIM_CLIENT_ID";
/// The secret of an OAuth client for a SCIM directory.
pub const SCIM_CLIENT_SECRET: &str = "ROLLBOOK_SCIM_CLIENT_SECRET";
/// Must equal the tree's `site`.
pub const SITE: &str = "ROLLBOOK_SITE";
/// Must equal the tree's `organization`.
pub const ORGANIZATION: &str = "ROLLBOOK_ORGANIZATION";
const ENDPOINT_SITE: &str = "ROLLBOOK_ENDPOINT_SITE";
const ENDPOINT_GATEWAY: &str = "ROLLBOOK_ENDPOINT_GATEWAY";
const ENDPOINT_SCIM: &str = "ROLLBOOK_ENDPOINT_SCIM";
const PACE: &str = "ROLLBOOK_PACE";
const CI_TOKEN: &str = "ROLLBOOK_CI_TOKEN";
const CI_USER: &str = "ROLLBOOK_CI_USER";
const CI_LOGIN: &str = "ROLLBOOK_CI_LOGIN";
const AUTHORS: &str = "ROLLBOOK_AUTHORS";
const APPLIED_FROM: &str = "ROLLBOOK_APPLIED_FROM";

/// What the environment says.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The credential for Jira.
    pub jira: Option<Credential>,
    /// An organization's API key, for the Organizations and the User management API.
    pub organization_key: Option<Credential>,
    /// A SCIM directory's key, or an OAuth client for it.
    pub scim: Option<Credential>,
    /// Hosts that stand in for Atlassian's.
    pub overrides: Overrides,
    /// The site's ID behind the gateway.
    pub cloud_id: Option<CloudId>,
    /// The host of the SCIM directory, if it is not the gateway.
    pub scim_endpoint: Option<String>,
    /// The rate limits that requests keep to.
    pub pace: Pace,
    /// The required value of the tree's `site`.
    pub site: Option<String>,
    /// The required value of the tree's `organization`.
    pub organization: Option<String>,
    /// The app of logins in the browser.
    pub app: Option<OAuthApp>,
    /// Where what Rollbook keeps for a user is.
    pub state_folder: Option<PathBuf>,
}

/// What the environment says of logging in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The app.
    pub app: Option<OAuthApp>,
    /// Its callback URL, where it is not the default.
    pub redirect: Option<String>,
    /// Hosts that stand in for Atlassian's.
    pub overrides: Overrides,
    /// What the tree's `site` must be.
    pub site: Option<String>,
    /// Where what Rollbook keeps for a user is.
    pub state_folder: Option<PathBuf>,
    /// Whether a browser that is started here is seen by the person who runs Rollbook.
    pub shows_pages: bool,
}

const SECRET_ALONE: &str = "Name a readable file that contains only the secret.";

/// Why the environment is invalid.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum EnvironmentError {
    /// No credential is set.
    #[error("no credential is set")]
    #[diagnostic(help(
        "Set ROLLBOOK_EMAIL and ROLLBOOK_API_TOKEN, or ROLLBOOK_CLIENT_ID and ROLLBOOK_CLIENT_SECRET, or \
         ROLLBOOK_ACCESS_TOKEN for Jira, or ROLLBOOK_ORG_API_KEY for the organization; or sign in with `rollbook login`."
    ))]
    NoCredential,
    /// One of a pair is set.
    #[error("{0} is set, and {1} is not")]
    #[diagnostic(help("Set both, or neither."))]
    Half(&'static str, &'static str),
    /// More than one credential is set.
    #[error("more than one credential is set: {0}")]
    #[diagnostic(help("Keep one of them, so that it is clear who acts."))]
    Several(String),
    /// A value is not among those that a variable takes.
    #[error("{0} is neither `classic` nor `scoped`")]
    #[diagnostic(help("Write `scoped` for a token that was made with scopes, or leave it out."))]
    TokenKind(&'static str),
    /// The same for the pace.
    #[error("{PACE} is neither `published` nor `answers`")]
    #[diagnostic(help("Leave it out to keep to Atlassian's published limits."))]
    Pace,
    /// A value is not UTF-8.
    #[error("{0} does not hold text")]
    #[diagnostic(help("Set it again."))]
    NotText(String),
    /// A secret's file cannot be read.
    #[error("failed to read the file that {variable} names")]
    #[diagnostic(help("{SECRET_ALONE}"))]
    File {
        /// The variable.
        variable: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// A secret's file is too large to hold one.
    #[error("the file that {0} names is larger than {LARGEST_SECRET} bytes")]
    #[diagnostic(help("{SECRET_ALONE}"))]
    TooLarge(String),
    /// A secret's file is empty.
    #[error("the file that {0} names is empty")]
    #[diagnostic(help("{SECRET_ALONE}"))]
    Empty(String),
    /// A secret is set twice.
    #[error("{0} and {0}_FILE are both set")]
    #[diagnostic(help("Keep one of them."))]
    Twice(&'static str),
    /// The cloud ID is invalid.
    #[error("{CLOUD_ID} is invalid")]
    #[diagnostic(help("Copy it from `https://SITE/_edge/tenant_info`, or leave it out."))]
    CloudId(#[source] HostError),
    /// A proxy is named that would not be used.
    #[error("{variable} names {value}, which is not a proxy that can be used")]
    #[diagnostic(help(
        "Name an HTTP proxy, such as http://proxy.example:3128: SOCKS is not supported. Rollbook does not silently bypass a proxy \
         that it cannot use; if you want that, name the hosts in NO_PROXY."
    ))]
    Proxy {
        /// The variable.
        variable: &'static str,
        /// Its value, without user and password.
        value: String,
    },
    /// A host that stands in for one of Atlassian's is invalid.
    #[error("{ENDPOINT_SITE}, {ENDPOINT_GATEWAY} or {ENDPOINT_SCIM} is invalid")]
    #[diagnostic(transparent)]
    Endpoint(#[source] HostError),
}

impl Environment {
    /// Reads the variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] when more than one credential for Jira is set, or a value is invalid.
    pub fn read() -> Result<Self, EnvironmentError> {
        let cloud_id = text(CLOUD_ID)?.map(|id| CloudId::parse(&id)).transpose();
        Ok(Self {
            jira: credential()?,
            organization_key: secret(ORG_API_KEY)?.map(Credential::ApiKey),
            scim: scim_credential()?,
            scim_endpoint: text(ENDPOINT_SCIM)?,
            overrides: Overrides { site: text(ENDPOINT_SITE)?, gateway: text(ENDPOINT_GATEWAY)? },
            cloud_id: cloud_id.map_err(EnvironmentError::CloudId)?,
            pace: pace()?,
            site: text(SITE)?,
            organization: text(ORGANIZATION)?,
            app: oauth_app()?,
            state_folder: state_folder()?,
        })
    }
}

impl SignIn {
    /// Reads the variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] when a value is invalid.
    pub fn read() -> Result<Self, EnvironmentError> {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        // Elsewhere than on these systems a desktop is reached without a variable.
        let desktop = cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY");
        Ok(Self {
            app: oauth_app()?,
            redirect: text(OAUTH_REDIRECT)?,
            overrides: Overrides { site: text(ENDPOINT_SITE)?, gateway: text(ENDPOINT_GATEWAY)? },
            site: text(SITE)?,
            state_folder: state_folder()?,
            shows_pages: desktop && !set("SSH_CONNECTION") && !set("SSH_TTY") && !set("CI"),
        })
    }
}

fn oauth_app() -> Result<Option<OAuthApp>, EnvironmentError> {
    let app = (OAUTH_CLIENT_SECRET, secret(OAUTH_CLIENT_SECRET)?);
    Ok(pair((OAUTH_CLIENT_ID, text(OAUTH_CLIENT_ID)?), app)?.map(|(id, secret)| OAuthApp { id, secret }))
}

/// The folder of what Rollbook keeps for a user (XDG Base Directory Specification: a relative path is to be ignored).
fn state_folder() -> Result<Option<PathBuf>, EnvironmentError> {
    let absolute = |name| Ok(text(name)?.map(PathBuf::from).filter(|path| path.is_absolute()));
    if cfg!(windows) {
        return Ok(absolute("LOCALAPPDATA")?.map(|folder| folder.join("rollbook")));
    }
    let state = match absolute("XDG_STATE_HOME")? {
        Some(state) => Some(state),
        None => absolute("HOME")?.map(|home| home.join(".local/state")),
    };
    Ok(state.map(|state| state.join("rollbook")))
}

/// Where the environment says that the system's certificate authorities are (rustls-native-certs reads both).
pub fn authorities() -> Vec<(&'static str, String)> {
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| Some((name, env::var_os(name)?)));
    named.into_iter().flatten().map(|(name, value)| (name, value.to_string_lossy().into_owned())).collect()
}

/// Refuses a proxy that is named for one of these origins and would not be used: reqwest would pass an unknown kind by without
/// a word, and could not speak SOCKS.
///
/// # Errors
/// [`EnvironmentError::Proxy`].
pub fn judge_proxies<'a>(origins: impl Iterator<Item = &'a str>) -> Result<(), EnvironmentError> {
    let without = text("NO_PROXY")?.or(text("no_proxy")?).unwrap_or_default();
    let through = |proxy: &str, without: &str, origin: &str| {
        let matcher = Matcher::builder().https(proxy.to_owned()).no(without.to_owned()).build();
        matcher.intercept(&origin.parse().ok()?)
    };
    let mut origins = origins.filter(|origin| through("http://proxy.invalid", &without, origin).is_some());
    let Some(origin) = origins.next() else { return Ok(()) };
    for names in [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]] {
        for variable in names {
            let Some(value) = text(variable)? else { continue };
            let used = through(&value, "", origin);
            if !used.is_some_and(|used| matches!(used.uri().scheme_str(), Some("http" | "https"))) {
                return Err(EnvironmentError::Proxy { variable, value: without_user(&value) });
            }
        }
    }
    Ok(())
}

/// Removes a user name and password from an address.
fn without_user(address: &str) -> String {
    let Some((before, host)) = address.rsplit_once('@') else { return address.to_owned() };
    before.split_once("://").map_or(format!("…@{host}"), |(scheme, _)| format!("{scheme}://…@{host}"))
}

/// What the environment says about the platform that runs a job.
#[derive(Clone, Debug)]
pub struct CiEnvironment {
    /// Everything that is text.
    pub variables: Variables,
    /// A token for the platform's API.
    pub token: Option<platform::Credential>,
    /// The account that it acts as.
    pub login: Option<String>,
    /// The platform accounts and their emails, as JSON.
    pub authors: Option<String>,
    /// The commit that the site matched before the first apply.
    pub applied_from: Option<String>,
}

impl CiEnvironment {
    /// Reads the variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] when a value is invalid.
    pub fn read() -> Result<Self, EnvironmentError> {
        // Nothing here asks by name for a value that is not text.
        let variables = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let token = match (text(CI_USER)?, secret(CI_TOKEN)?) {
            (_, None) => None,
            (None, Some(token)) => Some(platform::Credential::Token(token)),
            (Some(user), Some(token)) => Some(platform::Credential::Account { user, token }),
        };
        Ok(Self {
            variables: variables.collect(),
            token,
            login: text(CI_LOGIN)?,
            authors: text(AUTHORS)?,
            applied_from: text(APPLIED_FROM)?,
        })
    }
}

fn credential() -> Result<Option<Credential>, EnvironmentError> {
    let basic = pair((EMAIL, text(EMAIL)?), (API_TOKEN, secret(API_TOKEN)?))?;
    let client = pair((CLIENT_ID, text(CLIENT_ID)?), (CLIENT_SECRET, secret(CLIENT_SECRET)?))?;
    let bearer = secret(ACCESS_TOKEN)?;
    match (basic, client, bearer) {
        (Some((email, token)), None, None) => {
            Ok(Some(Credential::Basic { email, token, kind: token_kind()? }))
        }
        (None, Some((id, secret)), None) => Ok(Some(Credential::ClientCredentials { id, secret })),
        (None, None, Some(token)) => Ok(Some(Credential::Bearer(token))),
        (None, None, None) => Ok(None),
        (basic, client, bearer) => {
            let set = [
                (basic.is_some(), API_TOKEN),
                (client.is_some(), CLIENT_SECRET),
                (bearer.is_some(), ACCESS_TOKEN),
            ];
            let names: Vec<&str> = set.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
            Err(EnvironmentError::Several(names.join(", ")))
        }
    }
}

fn scim_credential() -> Result<Option<Credential>, EnvironmentError> {
    let client =
        pair((SCIM_CLIENT_ID, text(SCIM_CLIENT_ID)?), (SCIM_CLIENT_SECRET, secret(SCIM_CLIENT_SECRET)?))?;
    match (secret(SCIM_API_KEY)?, client) {
        (Some(_), Some(_)) => Err(EnvironmentError::Several(format!("{SCIM_API_KEY}, {SCIM_CLIENT_SECRET}"))),
        (Some(key), None) => Ok(Some(Credential::DirectoryKey(key))),
        (None, client) => Ok(client.map(|(id, secret)| Credential::DirectoryClient { id, secret })),
    }
}

fn pair(
    (first, one): (&'static str, Option<String>),
    (second, other): (&'static str, Option<SecretString>),
) -> Result<Option<(String, SecretString)>, EnvironmentError> {
    match (one, other) {
        (Some(one), Some(other)) => Ok(Some((one, other))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(EnvironmentError::Half(first, second)),
        (None, Some(_)) => Err(EnvironmentError::Half(second, first)),
    }
}

fn token_kind() -> Result<TokenKind, EnvironmentError> {
    match text(TOKEN_KIND)?.as_deref() {
        // The cloud id is for the gateway, where classic tokens do not work (docs/atlassian.md#classic-api-tokens).
        None if text(CLOUD_ID)?.is_some() => Ok(TokenKind::Scoped),
        None | Some("classic") => Ok(TokenKind::Classic),
        Some("scoped") => Ok(TokenKind::Scoped),
        Some(_) => Err(EnvironmentError::TokenKind(TOKEN_KIND)),
    }
}

fn pace() -> Result<Pace, EnvironmentError> {
    match text(PACE)?.as_deref() {
        None | Some("published") => Ok(Pace::Published),
        Some("answers") => Ok(Pace::Answers),
        Some(_) => Err(EnvironmentError::Pace),
    }
}

/// A variable that is set to nothing is not set, as CI systems do for secrets that a run may not see.
fn text(name: &str) -> Result<Option<String>, EnvironmentError> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(EnvironmentError::NotText(name.into())),
    }
}

fn secret(name: &'static str) -> Result<Option<SecretString>, EnvironmentError> {
    let file_variable = format!("{name}_FILE");
    match (text(name)?, text(&file_variable)?) {
        (Some(_), Some(_)) => Err(EnvironmentError::Twice(name)),
        (Some(value), None) => Ok(Some(SecretString::from(value))),
        (None, None) => Ok(None),
        (None, Some(path)) => {
            let read = secret_in(Path::new(&path));
            let value =
                read.map_err(|source| EnvironmentError::File { variable: file_variable.clone(), source })?;
            let value = value.ok_or_else(|| EnvironmentError::TooLarge(file_variable.clone()))?;
            // Mounted secrets and editors end a file with a line break.
            match value.trim_end_matches(['\n', '\r']) {
                "" => Err(EnvironmentError::Empty(file_variable)),
                value => Ok(Some(SecretString::from(value.to_string()))),
            }
        }
    }
}

/// Reads a secret's file; `None` if it is too large. It may be a pipe, as shells make them.
fn secret_in(path: &Path) -> io::Result<Option<String>> {
    let mut text = String::new();
    fs::File::open(path)?.take(LARGEST_SECRET + 1).read_to_string(&mut text)?;
    Ok((text.len() as u64 <= LARGEST_SECRET).then_some(text))
}
