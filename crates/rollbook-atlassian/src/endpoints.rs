//! Where requests may go: only this file turns a text into a host that is sent a credential.
//!
//! Credentials go to Atlassian's own hosts. Any other host, including this machine's ports, must come through
//! [`Overrides`], which the caller fills from the environment, since a pull request can edit the tree
//! (docs/design.md#hosts).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use rollbook_core::model::AtlassianCloud;

use super::request::Host;

/// Hosts that the environment names instead of Atlassian's: `https` origins, or loopback ones.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Replaces the site that the tree names.
    pub site: Option<String>,
    /// Replaces the gateway and the authorization server.
    pub gateway: Option<String>,
}

/// The hosts that requests go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    site: Origin,
    gateway: Origin,
    auth: Origin,
    directory: Origin,
}

/// A scheme, a host and a port: where a credential may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    text: String,
    loopback: bool,
}

/// The ID of a site behind the gateway: letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudId(String);

/// Why a text names no host that may be sent a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum HostError {
    /// It is not an origin: a scheme, a host in ASCII, perhaps a port, and nothing else.
    #[error("{0:?} is not of the form https://HOST")]
    #[diagnostic(help("Name the site only by its address, such as `https://acme.atlassian.net`."))]
    Shape(String),
    /// It is not `https`, and not loopback.
    #[error("{0:?} is not https")]
    #[diagnostic(help("Use `https://`; plain `http://` is for loopback only."))]
    Insecure(String),
    /// It is not an Atlassian host.
    #[error("{0:?} is not an Atlassian host; refusing to send credentials to it")]
    #[diagnostic(help(
        "Name the site by its `*.atlassian.net` address; any other host has to be set in the environment, with \
         ROLLBOOK_ENDPOINT_SITE for the site and ROLLBOOK_ENDPOINT_GATEWAY for the gateway."
    ))]
    Foreign(String),
    /// It is this machine, where any program may listen.
    #[error(
        "{0:?} is a port of this machine, and ROLLBOOK_ENDPOINT_SITE does not name it, so no credential is sent to it"
    )]
    #[diagnostic(help(
        "Set ROLLBOOK_ENDPOINT_SITE to that address, if this is your sandbox: a pull request can edit the tree, and \
         anybody on this machine may listen there."
    ))]
    Loopback(String),
    /// The replacement for the site has no Atlassian gateway.
    #[error("{0:?} is not an Atlassian site, so its gateway is unknown")]
    #[diagnostic(help("Set ROLLBOOK_ENDPOINT_GATEWAY as well as ROLLBOOK_ENDPOINT_SITE."))]
    NoGateway(String),
    /// The cloud ID may only hold letters, digits and hyphens.
    #[error("the cloud ID {0:?} may only hold letters, digits and hyphens")]
    #[diagnostic(help("Copy the cloud ID from `https://SITE/_edge/tenant_info`."))]
    CloudId(String),
}

impl Endpoints {
    /// The origins that are not on this machine, which may be behind a proxy.
    pub fn remote_hosts(&self) -> impl Iterator<Item = &str> {
        let all = [&self.site, &self.gateway, &self.auth, &self.directory];
        all.into_iter().filter(|origin| !origin.loopback).map(Origin::as_str)
    }

    /// Finds the hosts for the site that the tree names, or for its replacement.
    ///
    /// A replacement for the site does not replace anything else: gateway and authorization server stay Atlassian's unless they
    /// are named as well. A site on this machine must be named in the overrides, and is its own gateway, like the sandbox.
    ///
    /// # Errors
    /// [`HostError`] when the site is neither Atlassian's nor a loopback origin that the overrides name, the gateway is
    /// unknown, or an override is not an `https` or loopback origin.
    pub fn new(site: &str, overrides: &Overrides) -> Result<Self, HostError> {
        let (named, cloud) = Self::of_tree(site)?;
        let site = match (&overrides.site, cloud) {
            (Some(text), _) => Origin::parse(text)?,
            (None, Some(_)) => named.clone(),
            (None, None) => return Err(HostError::Loopback(site.to_owned())),
        };
        let (gateway, auth) = match (&overrides.gateway, cloud) {
            (Some(text), _) => {
                let origin = Origin::parse(text)?;
                (origin.clone(), origin)
            }
            (None, Some(cloud)) => (Origin::https(cloud.gateway), Origin::https(cloud.auth)),
            (None, None) if site == named => (named.clone(), named),
            (None, None) => return Err(HostError::NoGateway(named.text)),
        };
        let directory = gateway.clone();
        Ok(Self { site, gateway, auth, directory })
    }

    /// Makes sure that a tree may name a site: one of Atlassian's, or a port of this machine.
    ///
    /// # Errors
    /// [`HostError`] when it may not.
    pub fn may_name(site: &str) -> Result<(), HostError> {
        Self::of_tree(site).map(|_| ())
    }

    /// The origin that a tree names, in its one form.
    ///
    /// # Errors
    /// As [`Endpoints::may_name`].
    pub fn named(site: &str) -> Result<String, HostError> {
        Self::of_tree(site).map(|(origin, _)| origin.text)
    }

    /// Whether two texts name one origin.
    pub fn same(one: &str, other: &str) -> bool {
        same_origin(one, other)
    }

    /// Whether a text names a port of this machine.
    pub fn is_this_machine(site: &str) -> bool {
        Origin::parse(site).is_ok_and(|origin| origin.loopback)
    }

    /// Sends SCIM requests to a host that the environment names, instead of the gateway.
    ///
    /// # Errors
    /// [`HostError`] when it is not an `https` or loopback origin.
    pub fn with_directory(self, text: &str) -> Result<Self, HostError> {
        Ok(Self { directory: Origin::parse(text)?, ..self })
    }

    fn of_tree(text: &str) -> Result<(Origin, Option<&'static AtlassianCloud>), HostError> {
        let origin = Origin::parse(text)?;
        if origin.loopback {
            return Ok((origin, None));
        }
        match AtlassianCloud::of_site(origin.name()) {
            Some(cloud) => Ok((origin, Some(cloud))),
            None => Err(HostError::Foreign(text.to_owned())),
        }
    }

    /// Whether the environment's host answers for the site that the tree names.
    pub(super) fn has_stand_in(&self, tree: &str) -> bool {
        Origin::parse(tree).as_ref() != Ok(&self.site)
    }

    /// The site's host, for people.
    pub fn site_name(&self) -> &str {
        self.site.name()
    }

    /// The origin at which a credential of this kind reaches Jira, or the origin of another host.
    pub(super) fn origin(&self, host: Host, door: Door) -> &Origin {
        match (host, door) {
            (Host::Jira | Host::Site, Door::Site) | (Host::Site, Door::Gateway) => &self.site,
            (Host::Jira, Door::Gateway) | (Host::Admin | Host::Resources, _) => &self.gateway,
            (Host::Directory, _) => &self.directory,
            (Host::Auth, _) => &self.auth,
        }
    }
}

/// The host by which a credential reaches Jira (docs/atlassian.md#surfaces-and-hosts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// `https://SITE/rest/api/3/…`
    Site,
    /// `https://api.atlassian.com/ex/jira/{cloudId}/rest/api/3/…`
    Gateway,
}

impl Origin {
    fn https(name: &str) -> Self {
        Self { text: format!("https://{name}"), loopback: false }
    }

    /// Takes a scheme, a host and perhaps a port. Refuses every other part of a URL, and every host that is not plain ASCII,
    /// so that the text has only one reading.
    fn parse(text: &str) -> Result<Self, HostError> {
        let shape = || HostError::Shape(without_user(text));
        let (scheme, rest) = text.split_once("://").ok_or_else(shape)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        let (host, port) = split_port(&authority).ok_or_else(shape)?;
        let loopback = is_loopback(host);
        if !loopback && !is_dns_name(host) {
            return Err(shape());
        }
        let default = match scheme.to_ascii_lowercase().as_str() {
            "https" => 443,
            "http" if loopback => 80,
            "http" => return Err(HostError::Insecure(without_user(text))),
            _ => return Err(shape()),
        };
        let scheme = scheme.to_ascii_lowercase();
        let text = match port {
            Some(port) if port != default => format!("{scheme}://{host}:{port}"),
            Some(_) | None => format!("{scheme}://{host}"),
        };
        Ok(Self { text, loopback })
    }

    /// The origin, such as `https://acme.atlassian.net`.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, with the port if it is not the scheme's.
    pub(super) fn name(&self) -> &str {
        self.text.split_once("://").map_or("", |(_, name)| name)
    }

    /// Whether it is this machine, which needs no proxy.
    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }
}

/// Whether two texts name one origin.
pub(super) fn same_origin(one: &str, other: &str) -> bool {
    Origin::parse(one).is_ok_and(|one| Origin::parse(other).as_ref() == Ok(&one))
}

/// A text as it may be shown: the part before an `@` may be a password.
fn without_user(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        (None, Some((_, host))) => format!("…@{host}"),
        (_, None) => text.to_owned(),
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end = authority.find(']').map_or(0, |bracket| bracket + 1);
    match authority[end..].find(':') {
        None => Some((authority, None)),
        Some(colon) => {
            let (host, port) = authority.split_at(end + colon);
            let digits = &port[1..];
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten().map(|port| (host, Some(port)))
        }
    }
}

/// Whether a host, perhaps with a port, is this machine.
pub(super) fn names_loopback(authority: &str) -> bool {
    split_port(authority).is_some_and(|(host, _)| is_loopback(host))
}

fn is_loopback(host: &str) -> bool {
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || v6.is_some_and(|host| host.parse() == Ok(Ipv6Addr::LOCALHOST))
}

/// Letters, digits and inner hyphens in labels of 1 to 63, and a last label that is not a number, so that nothing
/// can be read as an IP address (RFC 1123 §2.1).
fn is_dns_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_is_word =
        host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()));
    host.len() <= 253 && last_is_word && host.split('.').all(label)
}

impl CloudId {
    /// Checks a text.
    ///
    /// # Errors
    /// [`HostError::CloudId`] when it is empty or could leave its place in a path.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if text.is_empty() || text.len() > 128 || !text.bytes().all(plain) {
            return Err(HostError::CloudId(text.chars().take(128).collect()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CloudId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
