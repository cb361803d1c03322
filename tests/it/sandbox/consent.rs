//! The sandbox as an authorization server: what it asks a person, where it sends the browser, and what it answers apps.

use rollbook::sandbox::{Change, Options, Sandbox, Seed};
use serde_json::{Value, json};

use crate::sandbox::{ACME, Answered, GATEWAY, ask_as};

const CALLBACK: &str = "http://127.0.0.1:9123/callback";
const ASKED: &str = "audience=api.atlassian.com&client_id=app&response_type=code&prompt=consent&state=a%26b\
                     &scope=read%3Ajira-user+offline_access&redirect_uri=http%3A%2F%2F127.0.0.1%3A9123%2Fcallback";

fn sandbox() -> Sandbox {
    let app = format!(
        "{ACME}  - oauth-app: {{ client-id: app, client-secret: s3cret-app, callbacks: [\"{CALLBACK}\"], \
         sites: [\"https://other.atlassian.net\"] }}\n  \
         - oauth-app: {{ client-id: app-2, client-secret: s3cret-2, callbacks: [\"{CALLBACK}\"] }}\n"
    );
    Sandbox::new(&Seed::parse(&app).unwrap(), &Options::default()).unwrap()
}

async fn page(sandbox: &Sandbox, query: &str) -> Answered {
    ask_as(sandbox, None, "GET", &format!("/authorize?{query}"), "").await
}

/// Where the browser is sent by a decision.
async fn decided(sandbox: &Sandbox, form: &str) -> String {
    let answer = ask_as(sandbox, None, "POST", "/authorize", form).await;
    assert_eq!(answer.status, 302, "{}", answer.text);
    answer.header("location").to_owned()
}

async fn token(sandbox: &Sandbox, form: &str) -> Answered {
    ask_as(sandbox, None, "POST", "/oauth/token", form).await
}

async fn signed_in(sandbox: &Sandbox, more: &str) -> Value {
    let location = decided(sandbox, &format!("{ASKED}&decision=accept&account=root@acme.com{more}")).await;
    let code = location.split_once("code=").unwrap().1.split('&').next().unwrap();
    let form = "grant_type=authorization_code&client_id=app&client_secret=s3cret-app";
    let answer = token(sandbox, &format!("{form}&code={code}&redirect_uri={CALLBACK}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn the_browser_is_sent_to_a_registered_address_alone() {
    let sandbox = sandbox();
    let asks = page(&sandbox, ASKED).await;
    assert_eq!(asks.status, 200);
    assert!(asks.text.contains("id=\"accept\"") && asks.text.contains("value=\"a&amp;b\""), "{}", asks.text);
    for (part, other) in [
        ("client_id=app", "client_id=nobody"),
        ("9123%2Fcallback", "9123%2Fcallback%2F"),
        ("9123%2Fcallback", "9124%2Fcallback"),
        ("127.0.0.1", "localhost"),
        ("9123%2Fcallback", "9123%2F%3Cscript%3E"),
    ] {
        let asked = ASKED.replacen(part, other, 1);
        let answer = page(&sandbox, &asked).await;
        assert!(answer.status == 400 && answer.header("location").is_empty(), "{other}: {}", answer.text);
        assert!(!answer.text.contains("<script>"), "{}", answer.text);
        let form = format!("{asked}&decision=accept&account=root@acme.com");
        assert_eq!(ask_as(&sandbox, None, "POST", "/authorize", &form).await.status, 400, "{other}");
    }
    for (part, other, error) in [
        ("api.atlassian.com", "else", "invalid_request"),
        ("response_type=code", "response_type=token", "unsupported_response_type"),
        ("read%3Ajira-user+offline_access", "", "invalid_scope"),
    ] {
        let answer = page(&sandbox, &ASKED.replacen(part, other, 1)).await;
        let location = answer.header("location").to_owned();
        assert!(location.starts_with(&format!("{CALLBACK}?error={error}")), "{location}");
        assert!(location.ends_with("&state=a%26b"), "{location}");
    }
    let declined = decided(&sandbox, &format!("{ASKED}&decision=decline")).await;
    assert!(declined.contains("error=access_denied") && declined.contains("state=a%26b"), "{declined}");
    let inactive = decided(&sandbox, &format!("{ASKED}&decision=accept&account=old@acme.com")).await;
    assert!(inactive.contains("error=login_required"), "{inactive}");
}

#[tokio::test]
async fn an_app_proves_itself_and_gets_tokens_for_jira_alone() {
    let sandbox = sandbox();
    let made = signed_in(&sandbox, "").await;
    assert_eq!(
        (&made["expires_in"], &made["scope"]),
        (&json!(3600), &json!("read:jira-user offline_access"))
    );
    let bearer = format!("Bearer {}", made["access_token"].as_str().unwrap());
    let ask = async |path: &str| ask_as(&sandbox, Some(&bearer), "GET", path, "").await;
    let own = ask(&format!("{GATEWAY}/rest/api/3/myself")).await;
    assert_eq!((own.status.as_u16(), &own.json()["accountId"]), (200, &json!("712020:root")));
    for refused in
        ["/rest/api/3/myself", "/admin/v1/orgs", "/users/712020:root/manage", "/scim/directory/x/Users"]
    {
        assert_eq!(ask(refused).await.status, 401, "{refused}");
    }
    let sites = ask("/oauth/token/accessible-resources").await.each("url");
    assert_eq!(sites, ["https://other.atlassian.net", "https://acme.atlassian.net"]);

    let refresh = made["refresh_token"].as_str().unwrap();
    let wrong = |secret: &str, app: &str| {
        format!("grant_type=refresh_token&client_id={app}&client_secret={secret}&refresh_token={refresh}")
    };
    let answer = token(&sandbox, &wrong("", "app")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (401, &json!("access_denied")));
    let answer = token(&sandbox, &wrong("s3cret-2", "app-2")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (403, &json!("invalid_grant")));
    let body = json!({ "grant_type": "refresh_token", "client_id": "app", "client_secret": "s3cret-app", "refresh_token": refresh });
    let next = token(&sandbox, &body.to_string()).await.json();
    assert_ne!(next["refresh_token"], made["refresh_token"], "JSON is taken as well as a form");
    sandbox.edit(&Change::ExpireSecret { secret: "s3cret-app".into() }).unwrap();
    assert_eq!(ask(&format!("{GATEWAY}/rest/api/3/myself")).await.status, 401, "the app was deleted");
}

#[tokio::test]
async fn a_consent_to_another_site_opens_no_door_here() {
    let sandbox = sandbox();
    let made = signed_in(&sandbox, "&site=https%3A%2F%2Fother.atlassian.net").await;
    let bearer = format!("Bearer {}", made["access_token"].as_str().unwrap());
    let sites = ask_as(&sandbox, Some(&bearer), "GET", "/oauth/token/accessible-resources", "").await;
    assert_eq!(sites.each("url"), ["https://other.atlassian.net"]);
    let path = format!("{GATEWAY}/rest/api/3/myself");
    assert_eq!(ask_as(&sandbox, Some(&bearer), "GET", &path, "").await.status, 401);
    let online = ASKED.replace("+offline_access", "");
    let location = decided(&sandbox, &format!("{online}&decision=accept&account=root@acme.com")).await;
    let code = location.split_once("code=").unwrap().1.split('&').next().unwrap();
    let form = "grant_type=authorization_code&client_id=app&client_secret=s3cret-app";
    let answer = token(&sandbox, &format!("{form}&code={code}&redirect_uri={CALLBACK}")).await;
    assert!(answer.json().get("refresh_token").is_none(), "{}", answer.text);
}
