//! Which addresses may be sent a credential.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use rollbook::atlassian::{CloudId, Endpoints, HostError, Overrides};

fn tree(site: &str) -> Result<Endpoints, HostError> {
    Endpoints::new(site, &Overrides::default())
}

/// A site of this machine, which the environment names as well.
fn near(site: &str) -> Result<Endpoints, HostError> {
    Endpoints::new(site, &Overrides { site: Some(site.into()), gateway: None })
}

#[test]
fn atlassians_hosts_are_taken_and_loopback_that_the_environment_names() {
    for (site, name) in [
        ("https://acme.atlassian.net", "acme.atlassian.net"),
        ("https://acme.atlassian.net/", "acme.atlassian.net"),
        ("https://acme.atlassian.net:443", "acme.atlassian.net"),
        ("HTTPS://ACME.Atlassian.NET", "acme.atlassian.net"),
        ("https://acme-2.atlassian-us-gov-mod.net", "acme-2.atlassian-us-gov-mod.net"),
    ] {
        let taken = tree(site).map(|endpoints| endpoints.site_name().to_owned());
        assert_eq!(taken, Ok(name.to_owned()), "{site}");
    }
    for (site, name) in [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://127.9.9.9", "127.9.9.9"),
        ("http://localhost:1", "localhost:1"),
        ("https://[::1]:8443", "[::1]:8443"),
        ("http://[::1]", "[::1]"),
    ] {
        let taken = near(site).map(|endpoints| endpoints.site_name().to_owned());
        assert_eq!(taken, Ok(name.to_owned()), "{site}");
        assert_eq!(Endpoints::may_name(site), Ok(()), "a tree may name it");
        assert_eq!(tree(site), Err(HostError::Loopback(site.into())), "and is sent nothing for that");
        // Another port is another program.
        let other = Overrides { site: Some("http://127.0.0.1:9".into()), gateway: None };
        assert!(matches!(Endpoints::new(site, &other), Err(HostError::NoGateway(_))), "{site}");
    }
}

#[test]
fn nothing_else_that_a_tree_can_say_is_sent_a_credential() {
    let hostile = [
        "https://acme.atlassian.net.evil.com",
        "https://evil.com/acme.atlassian.net",
        "https://evil.com?.atlassian.net",
        "https://evil.com#.atlassian.net",
        "https://evil.com\\.atlassian.net",
        "https://acme.atlassian.net@evil.com",
        "https://acme.atlassian.net:443@evil.com",
        "https://user:pass@acme.atlassian.net",
        "https://acmeatlassian.net",
        "https://acme-atlassian.net",
        "https://atlassian.net",
        "https://.atlassian.net",
        "https://a.b.atlassian.net",
        "https://acme.atlassian.net.",
        "https://acme.atlassian.net..",
        "https://acme..atlassian.net",
        "https://-acme.atlassian.net",
        "https://acme.atlassian.net:8443",
        "https://acme.atlassian.net:0443x",
        "https://acme.atlassian.net:99999",
        "https://acme.atlassian.net:",
        "https://acme.atlassian.net/wiki",
        "https://acme.atlassian.net//",
        "https://acme.atlassian.net?x",
        "https://acme.atlassian.net\n",
        " https://acme.atlassian.net",
        "https://acme.%61tlassian.net",
        "https://аcme.atlassian.net",
        "https://acme.atlаssian.net",
        "https://acme。atlassian.net",
        "https://xn--acme-atlassian.net",
        "https://evil.atlassian.com",
        "https://api.atlassian.com",
        "https://id.atlassian.com",
        "https://acme.atlassian-us-gov.net",
        "https://acme.atlassian-us-gov-mod.com",
        "http://acme.atlassian.net",
        "ftp://acme.atlassian.net",
        "//acme.atlassian.net",
        "acme.atlassian.net",
        "https://",
        "",
        "https://localhost.evil.com",
        "https://evil.localhost",
        "https://127.0.0.1.evil.com",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.0.0.1",
        "https://0.0.0.0",
        "https://10.0.0.1",
        "https://[::ffff:127.0.0.1]",
        "https://[::]",
        "https://[::1].evil.com",
        "https://169.254.169.254",
    ];
    for site in hostile {
        assert!(tree(site).is_err(), "{site:?} gave {:?}", tree(site));
    }
    assert_eq!(tree("https://acme.example.com"), Err(HostError::Foreign("https://acme.example.com".into())));
}

#[test]
fn the_gateway_belongs_to_the_site() {
    // Endpoints has no public accessor for these, so that nobody can send to them but the client.
    let hosts = |endpoints: Endpoints| format!("{endpoints:?}");
    let commercial = hosts(tree("https://acme.atlassian.net").unwrap());
    assert!(
        commercial.contains("https://api.atlassian.com") && commercial.contains("https://auth.atlassian.com")
    );
    let government = hosts(tree("https://acme.atlassian-us-gov-mod.net").unwrap());
    assert!(government.contains("https://api.atlassian-us-gov-mod.com"), "{government}");
    assert!(government.contains("https://auth.atlassian-us-gov-mod.com"), "{government}");
    assert!(!government.contains("atlassian.com\""), "{government}");
    let sandbox = hosts(near("http://127.0.0.1:8080").unwrap());
    assert!(!sandbox.contains("atlassian"), "the sandbox's credential stays there: {sandbox}");
}

#[test]
fn an_override_names_any_https_host_and_nothing_less() {
    let site = |text: &str| Overrides { site: Some(text.into()), gateway: None };
    let gateway = |text: &str| Overrides { site: None, gateway: Some(text.into()) };
    let tree = "https://acme.atlassian.net";
    // What stands in for the site is sent nothing that is for the organization, its directory or the authorization server.
    let proxied = format!("{:?}", Endpoints::new(tree, &site("https://jira.acme.com:8443")).unwrap());
    assert_eq!(proxied.matches("https://jira.acme.com:8443").count(), 1, "{proxied}");
    assert_eq!(proxied.matches("https://api.atlassian.com").count(), 2, "gateway and SCIM: {proxied}");
    assert_eq!(proxied.matches("https://auth.atlassian.com").count(), 1, "{proxied}");
    let government = Endpoints::new("https://acme.atlassian-us-gov-mod.net", &site("https://jira.acme.com"));
    let government = format!("{:?}", government.unwrap());
    assert!(government.contains("https://api.atlassian-us-gov-mod.com"), "{government}");
    let both = format!("{:?}", Endpoints::new(tree, &gateway("https://gw.acme.com")).unwrap());
    assert_eq!(both.matches("https://gw.acme.com").count(), 3, "gateway, authorization and SCIM: {both}");
    assert!(both.contains("https://acme.atlassian.net"));
    for overrides in [
        site("http://jira.acme.com"),
        gateway("http://gw.acme.com"),
        site("https://a@b.com"),
        site("https://acme.com/path"),
        gateway(""),
        site("http://localhost.evil.com"),
        site("http://127.0.0.1.evil.com"),
        site("http://127.0.0.1@evil.com"),
        site("http://[::1]@evil.com"),
        site("http://[::1].evil.com"),
        site("http://0.0.0.0:8080"),
        site("http://[::]:8080"),
        site("http://127.1"),
        site("http://root:secret@127.0.0.1"),
        gateway("https://root:secret@gw.acme.com"),
    ] {
        assert!(Endpoints::new(tree, &overrides).is_err(), "{overrides:?}");
    }
}

/// A password has no place in an address, and is not repeated where somebody put one there.
#[test]
fn a_password_in_an_address_is_not_shown() {
    for text in [
        "https://root:secret@acme.com",
        "http://root:secret@acme.com/",
        "ftp://a@secret@acme.com",
        "secret@acme.com",
    ] {
        let overrides = Overrides { site: Some(text.into()), gateway: None };
        let error = Endpoints::new("https://acme.atlassian.net", &overrides).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("secret") && shown.contains("…@acme.com"), "{shown}");
    }
}

#[test]
fn a_host_for_scim_changes_nothing_else() {
    let acme = tree("https://acme.atlassian.net").unwrap();
    let other = format!("{:?}", acme.clone().with_directory("https://scim.acme.com").unwrap());
    assert_eq!(other.matches("https://scim.acme.com").count(), 1, "{other}");
    assert!(other.contains("https://api.atlassian.com"), "{other}");
    for text in ["http://scim.acme.com", "https://a@b.com", "https://acme.com/scim", ""] {
        assert!(acme.clone().with_directory(text).is_err(), "{text}");
    }
}

#[test]
fn a_cloud_id_cannot_leave_its_segment() {
    assert_eq!(CloudId::parse("1324a887-45db").unwrap().as_str(), "1324a887-45db");
    for hostile in ["", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "ä"] {
        assert!(CloudId::parse(hostile).is_err(), "{hostile:?}");
    }
    assert!(CloudId::parse(&"a".repeat(129)).is_err());
}
