//! From an answer that is no success to what is wrong.

use http::{StatusCode, Uri, header};

use super::auth::CredentialKind;
use super::error::{Answered, Fault};
use super::send::Answer;
use super::words::{looks_like_html, shown};

/// The headers by which Atlassian's support finds a request.
const TRACES: [&str; 2] = ["atl-traceid", "x-arequestid"];

/// What people see at a name under `atlassian.net` that is nobody's, or no longer somebody's.
const UNAVAILABLE: &str = "Site temporarily unavailable";

/// How a missing scope shows: the gateway's words, and those of the Organizations API (fact sheet §1.2, §2).
const SCOPES: [&str; 3] = ["scope does not match", "ADMIN-401-2", "INSUFFICIENT_SCOPE"];

/// The id by which Atlassian's support finds a request.
pub(super) fn trace_of(answer: &Answer) -> Option<String> {
    let trace = TRACES.iter().find_map(|name| answer.headers().get(*name)?.to_str().ok());
    trace.map(|trace| shown(trace, 64))
}

/// Says what is wrong with an answer whose status is no success, or whose body is no JSON.
pub(super) fn fault_of(answer: &Answer) -> Fault {
    let body = String::from_utf8_lossy(answer.body());
    let page = looks_like_html(&body);
    let answered =
        Answered { status: answer.status().as_u16(), words: answer.words_of(&body), trace: trace_of(answer) };
    let status = answer.status();
    if status.is_redirection() {
        return redirect(answer);
    }
    let no_json = !body.trim().is_empty() && serde_json::from_str::<serde::de::IgnoredAny>(&body).is_err();
    // Behind the gateway the host is right, whatever it says.
    let credential = answer.at().credential;
    let at_site = credential != CredentialKind::ApiKey && !credential.is_for_directory();
    if at_site && (body.contains(UNAVAILABLE) || status == StatusCode::NOT_FOUND && no_json) {
        return Fault::NoSite(answered);
    }
    match status {
        // The status is 401 and not 403.
        StatusCode::UNAUTHORIZED if SCOPES.iter().any(|text| answered.words.as_str().contains(text)) => {
            Fault::MissingScope(answered)
        }
        StatusCode::UNAUTHORIZED => Fault::Unauthorized(answered),
        // Some of Jira's writes answer 404 without a word to a credential that is not accepted (captured, 2023-05).
        _ if login_refused(answer) => Fault::Unauthorized(answered),
        _ if page => Fault::Page(answered),
        // Every operation of the User management API refuses a key with scopes so (jira.js, measured).
        StatusCode::FORBIDDEN if answered.words.as_str().to_ascii_lowercase().contains("scope") => {
            Fault::MissingScope(answered)
        }
        StatusCode::FORBIDDEN => Fault::Forbidden(answered),
        StatusCode::NOT_FOUND => Fault::NotFound(answered),
        StatusCode::TOO_MANY_REQUESTS => Fault::Limited(answered),
        _ if status.is_server_error() => Fault::Server(answered),
        _ if status.is_success() => Fault::NotJson(answered),
        _ => Fault::Refused(answered),
    }
}

/// Whether Jira says that it let nobody in with this credential. It says so beside public answers, too.
fn login_refused(answer: &Answer) -> bool {
    let reason = answer.headers().get("x-seraph-loginreason").and_then(|value| value.to_str().ok());
    let refused = ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"];
    !answer.status().is_success()
        && !answer.status().is_server_error()
        && reason.is_some_and(|reason| refused.iter().any(|word| reason.contains(word)))
}

/// Shows the host that a redirect leads to, and nothing else of it: the rest may hold what was asked.
fn redirect(answer: &Answer) -> Fault {
    let location =
        answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let uri = location.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host);
    let path = uri.as_ref().map_or("", Uri::path).to_ascii_lowercase();
    let status = answer.status().as_u16();
    let target = match host {
        Some(host) => shown(host, 100),
        None if location.is_empty() => "nowhere".to_owned(),
        None => "the same host".to_owned(),
    };
    // Atlassian's own login, and what identity providers call theirs.
    let login = host.is_some_and(|host| host == "id.atlassian.com" || host.starts_with("login."))
        || ["login", "saml", "sso", "signin"].iter().any(|word| path.contains(word));
    if login { Fault::Login { target, status } } else { Fault::Redirect { target, status } }
}

/// What is wrong with a certificate, where rustls (0.23) tells it by the names of its types.
pub fn of_certificate(why: &str) -> String {
    let has = |names: &[&str]| names.iter().any(|name| why.contains(name));
    let said = if has(&["UnknownIssuer", "CaUsedAsEndEntity"]) {
        "its certificate is signed by itself, or by an authority that this machine does not trust"
    } else if has(&["not valid for name", "NotValidForName"]) {
        "its certificate is for another host"
    } else if has(&["certificate expired", "Expired"]) {
        "its certificate has expired by this machine's clock"
    } else if has(&["not valid yet", "NotValidYet"]) {
        "its certificate is not valid yet by this machine's clock"
    } else {
        why
    };
    said.to_owned()
}

#[cfg(test)]
mod tests {
    use super::of_certificate;

    /// As rustls 0.23 and webpki 0.103 print them.
    #[test]
    fn a_certificate_is_told_of_in_plain_words() {
        for (printed, said) in [
            ("invalid peer certificate: UnknownIssuer", "signed by itself, or by an authority"),
            (
                "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
                "signed by itself, or by an authority",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"a.example\"; certificate is only valid for \
                 DnsName(\"b.example\")",
                "for another host",
            ),
            (
                "invalid peer certificate: certificate expired: verification time 1796000000 (UNIX), but certificate is not \
                 valid after 1795000000 (1000000 seconds ago)",
                "has expired",
            ),
            (
                "invalid peer certificate: certificate not valid yet: verification time 1795000000 (UNIX), but certificate \
                 is not valid before 1796000000 (1000000 seconds in future)",
                "not valid yet",
            ),
        ] {
            assert!(of_certificate(printed).contains(said), "{printed}: {}", of_certificate(printed));
        }
        let other = "received corrupt message of type InvalidContentType";
        assert_eq!(of_certificate(other), other);
    }
}
