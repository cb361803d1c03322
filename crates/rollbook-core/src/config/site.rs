//! The valid values of `site`. A pull request can edit the tree, so the tree must not be able to send a credential to
//! any host except Atlassian's or this machine (docs/design.md#hosts).

use crate::model::AtlassianCloud;

/// Why a text is not a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It does not start with `https://`.
    Scheme,
    /// Something follows the host.
    Tail,
    /// A name or password precedes the host.
    UserInfo,
    /// A port follows Atlassian's host.
    Port,
    /// The host is in upper case.
    Case,
    /// The host is neither Atlassian's nor loopback.
    Host,
}

impl Refusal {
    /// The text at the place.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Scheme => "not an https URL",
            Self::Tail => "nothing may follow the host, not even a slash",
            Self::UserInfo => "it may not contain a name or password",
            Self::Port => "it may not contain a port",
            Self::Case => "a host is written in lower case",
            Self::Host => "not one of Atlassian's hosts",
        }
    }

    /// How to correct it.
    pub(super) fn help(self) -> &'static str {
        match self {
            Self::Scheme | Self::Tail | Self::UserInfo | Self::Port | Self::Case => {
                "Write it as `https://acme.atlassian.net`, with nothing before or after."
            }
            Self::Host => {
                "Name the site's own host, such as `https://acme.atlassian.net`, even if people use a custom domain. \
                 Another host can only be set in the environment (ROLLBOOK_ENDPOINT_SITE), since a pull request that \
                 edits this file must not be able to send a token elsewhere."
            }
        }
    }
}

/// Whether a text is the origin of a site: `https://NAME.atlassian.net`, or loopback with or without a port.
pub(super) fn check(site: &str) -> Result<(), Refusal> {
    let (host, secure) = match (site.strip_prefix("https://"), site.strip_prefix("http://")) {
        (Some(host), _) => (host, true),
        (None, Some(host)) => (host, false),
        (None, None) => return Err(Refusal::Scheme),
    };
    if is_loopback(host) {
        return Ok(());
    }
    if !secure {
        return Err(Refusal::Scheme);
    }
    if host.contains(['/', '?', '#', '\\']) {
        return Err(Refusal::Tail);
    }
    if host.contains('@') {
        return Err(Refusal::UserInfo);
    }
    if is_atlassian(host) {
        return Ok(());
    }
    let name = host.split(':').next().unwrap_or_default();
    if is_atlassian(name) {
        Err(Refusal::Port)
    } else if is_atlassian(&host.to_ascii_lowercase()) {
        Err(Refusal::Case)
    } else {
        Err(Refusal::Host)
    }
}

fn is_atlassian(host: &str) -> bool {
    AtlassianCloud::of_site(host).is_some()
}

fn is_loopback(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        host.strip_prefix(name).is_some_and(|rest| {
            rest.is_empty()
                || rest.strip_prefix(':').is_some_and(|port| {
                    port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
                })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_atlassian_and_this_machine_and_nothing_else() {
        let table = [
            ("https://acme.atlassian.net", Ok(())),
            ("https://acme-2.atlassian.net", Ok(())),
            ("https://acme.atlassian-us-gov-mod.net", Ok(())),
            ("http://127.0.0.1:8080", Ok(())),
            ("http://localhost", Ok(())),
            ("https://[::1]:8443", Ok(())),
            ("", Err(Refusal::Scheme)),
            ("acme.atlassian.net", Err(Refusal::Scheme)),
            ("HTTPS://acme.atlassian.net", Err(Refusal::Scheme)),
            ("http://acme.atlassian.net", Err(Refusal::Scheme)),
            ("ftp://acme.atlassian.net", Err(Refusal::Scheme)),
            ("http://localhost.evil.example", Err(Refusal::Scheme)),
            ("http://127.0.0.1:80@evil.example", Err(Refusal::Scheme)),
            ("http://localhost:+80", Err(Refusal::Scheme)),
            ("http://127.0.0.1:99999", Err(Refusal::Scheme)),
            ("https://acme.atlassian.net/", Err(Refusal::Tail)),
            ("https://acme.atlassian.net/jira", Err(Refusal::Tail)),
            ("https://evil.example/.atlassian.net", Err(Refusal::Tail)),
            ("https://evil.example?.atlassian.net", Err(Refusal::Tail)),
            ("https://evil.example#.atlassian.net", Err(Refusal::Tail)),
            ("https://evil.example\\.atlassian.net", Err(Refusal::Tail)),
            ("https://u:p@acme.atlassian.net", Err(Refusal::UserInfo)),
            ("https://acme.atlassian.net@evil.example", Err(Refusal::UserInfo)),
            ("https://acme.atlassian.net:443", Err(Refusal::Port)),
            ("https://ACME.atlassian.net", Err(Refusal::Case)),
            ("https://acme.atlassian.net.evil.example", Err(Refusal::Host)),
            ("https://atlassian.net", Err(Refusal::Host)),
            ("https://.atlassian.net", Err(Refusal::Host)),
            ("https://a.b.atlassian.net", Err(Refusal::Host)),
            ("https://evilatlassian.net", Err(Refusal::Host)),
            ("https://аcme.atlassian.net", Err(Refusal::Host)),
            ("https://acme.atlassian.net\n", Err(Refusal::Host)),
            ("https://acme.atlassian.net ", Err(Refusal::Host)),
            ("https://jira.acme.com", Err(Refusal::Host)),
            ("https://api.atlassian.com", Err(Refusal::Host)),
        ];
        for (site, verdict) in table {
            assert_eq!(check(site), verdict, "{site:?}");
        }
    }
}
