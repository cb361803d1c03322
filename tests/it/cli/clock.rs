//! A clock that is off: ends are not judged by it.

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::response::Response;
use tower::ServiceExt as _;

use super::{Ran, Rollbook, Served, Site, TODAY, files_of, rollbook};

/// A site whose answers are of another day than this machine's clock, whenever that is.
fn dated(site: &Site) -> Served {
    let inner = site.sandbox.router();
    Served::router(Router::new().fallback(move |request: Request| {
        let inner = inner.clone();
        async move {
            let mut answer: Response = inner.oneshot(request).await.unwrap();
            answer.headers_mut().insert("date", HeaderValue::from_static("Tue, 04 Jan 2000 12:00:00 GMT"));
            answer
        }
    }))
}

/// The smallest example, where Erik's access to `developers` has ended long ago by any clock of today.
fn tree(arguments: &[&str], site: &Site, host: &str) -> Rollbook {
    let files = files_of("minimal").into_iter().filter(|(path, _)| path != "sandbox.yaml");
    let run = files.fold(rollbook(arguments.iter().copied()), |run, (path, text)| {
        run.file(
            &path,
            &text.replace(
                "      - grace",
                "      - { user: erik@acme.com, until: 2000-01-02 }\n      - grace",
            ),
        )
    });
    let run = run.at(site).env("ROLLBOOK_ENDPOINT_SITE", host).env("ROLLBOOK_ENDPOINT_GATEWAY", host);
    run.hides(host, "[site]")
}

fn is_noted(ran: &Ran) -> bool {
    ran.stdout.contains("clock-off")
}

#[test]
fn nobody_loses_access_by_a_clock_that_is_off() {
    let site = Site::example("minimal");
    let other = dated(&site);
    let ran = tree(&["plan", "-q"], &site, &other.url).run().ends(6);
    assert!(is_noted(&ran) && ran.stdout.contains("Atlassian's responses say 2000-01-04"), "{ran}");
    assert!(!ran.stdout.contains("- erik@acme.com"), "{ran}");
    // A day that is named is meant, and a clock that is right says nothing.
    for (arguments, host) in
        [(&["plan", "-q", "--today", TODAY][..], other.url.as_str()), (&["plan", "-q"], site.url())]
    {
        let ran = tree(arguments, &site, host).run().ends(0);
        assert!(!is_noted(&ran) && ran.stdout.contains("- erik@acme.com"), "{ran}");
    }
    let ran = tree(&["apply", "--yes", "-q"], &site, &other.url).run().ends(6);
    assert!(ran.stdout.contains("the access has expired according to this machine's clock"), "{ran}");
    let state = site.sandbox.state();
    let developers = &state.groups[state.group_named("developers").unwrap()];
    assert!(developers.members.len() == 4, "{:?}", developers.members);
}

#[test]
fn doctor_says_that_the_clock_is_off() {
    let site = Site::example("minimal");
    let other = dated(&site);
    let ran = tree(&["doctor", "-q"], &site, &other.url).run().ends(0);
    assert!(ran.stdout.contains("This machine's clock is") && ran.stdout.contains("ahead of"), "{ran}");
    let ran = tree(&["doctor", "-q"], &site, site.url()).run().ends(0);
    assert!(!ran.stdout.contains("This machine's clock"), "{ran}");
}
