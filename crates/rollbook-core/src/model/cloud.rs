//! Atlassian's own hosts: the only ones that a tree can send a credential to.

/// One of Atlassian's clouds.
#[derive(Debug)]
pub struct AtlassianCloud {
    /// The domain of its sites; a site's name is one label below it.
    pub sites: &'static str,
    /// The host of its gateway.
    pub gateway: &'static str,
    /// The host of its authorization server.
    pub auth: &'static str,
}

/// Commercial Atlassian Cloud (docs/atlassian.md#surfaces-and-hosts) and Atlassian Government Cloud. The latter's site
/// names are from support.atlassian.com "Get access to the Atlassian Government environment", gateway and authorization
/// server from developer.atlassian.com `platform/framework/agc/guides/manage-3lo-apps`. Other government names that
/// tools list, such as `atlassian-us-gov.net`, have no source at Atlassian and need an override.
const CLOUDS: [AtlassianCloud; 2] = [
    AtlassianCloud { sites: "atlassian.net", gateway: "api.atlassian.com", auth: "auth.atlassian.com" },
    AtlassianCloud {
        sites: "atlassian-us-gov-mod.net",
        gateway: "api.atlassian-us-gov-mod.com",
        auth: "auth.atlassian-us-gov-mod.com",
    },
];

impl AtlassianCloud {
    /// The cloud whose site a host is: one label below its domain, as the certificate of `*.atlassian.net`
    /// covers one (RFC 6125 §6.4.3).
    pub fn of_site(host: &str) -> Option<&'static Self> {
        CLOUDS.iter().find(|cloud| {
            let label = host.strip_suffix(cloud.sites).and_then(|rest| rest.strip_suffix('.'));
            label.is_some_and(is_label)
        })
    }
}

/// Whether a text is one label of a host name (RFC 1123 §2.1), in lower case.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
