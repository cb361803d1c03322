//! Logins in the browser: how they are renewed, when they end, and that nothing that passes loses one. Time is tokio's, for the
//! client and for the sandbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use futures_util::future::join_all;
use http::{Request, StatusCode};
use jiff::Timestamp;
use rollbook::atlassian::{
    Client, Credential, Endpoints, Error, Jira, Login, LoginStore, OAuthApp, Options, Overrides, Stored,
    Tokens,
};
use rollbook::login::{Account, Entry, FileStore};
use rollbook::model::ErrorExt as _;
use rollbook::sandbox::{self, Answer, Failure, Moment, Sandbox, Seed};
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, advance};
use tower::ServiceExt as _;

const SITE: &str = "https://acme.atlassian.net";
const CALLBACK: &str = "http://localhost:28417/callback";
const TOKEN: &str = "POST /oauth/token";
const DAY: Duration = Duration::from_secs(86_400);

thread_local! {
    static START: Instant = Instant::now();
}

/// The time of day, which follows tokio's clock.
fn wall() -> Timestamp {
    let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    start.saturating_add(START.with(Instant::elapsed)).unwrap()
}

/// A site that somebody is signed in to.
struct Desk {
    sandbox: Sandbox,
    store: Arc<FileStore>,
    _folder: tempfile::TempDir,
}

impl Desk {
    async fn signed_in() -> Self {
        START.with(|_| ());
        let yaml = format!(
            "site: {{ name: acme }}\nusers: [{{ email: root@acme.com }}]\n\
             groups: [{{ name: site-admins, site-admin: true, members: [root@acme.com] }}]\n\
             credentials: [{{ oauth-app: {{ client-id: app, client-secret: app-secret, callbacks: [\"{CALLBACK}\"] }} }}]"
        );
        let sandbox = Sandbox::new(&Seed::parse(&yaml).unwrap(), &sandbox::Options::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(FileStore::of(folder.path(), SITE));
        let desk = Self { sandbox, store, _folder: folder };
        let code = consent(&desk.sandbox).await;
        let tokens =
            desk.client(Arc::clone(&desk.store) as _).redeem(&app(), &code.into(), CALLBACK).await.unwrap();
        let entry = Entry {
            site: SITE.into(),
            cloud_id: "cloud".into(),
            authority: "https://auth.atlassian.com".into(),
            client_id: "app".into(),
            account: Account { id: "712020:root".into(), name: "Root".into() },
            consented: wall(),
            tokens: Some(tokens),
        };
        std::fs::create_dir(desk.store.path().parent().unwrap()).unwrap();
        desk.store.replace(&entry).await.unwrap();
        desk
    }

    fn client(&self, store: Arc<dyn LoginStore>) -> Client {
        let endpoints = Endpoints::new(SITE, &Overrides::default()).unwrap();
        let login = Credential::Login(Login { app: app(), store });
        let options = Options { wall, seed: 7, ..Options::default() };
        Client::in_process(self.sandbox.router(), endpoints, login, options).unwrap()
    }

    /// Asks Jira something, as a run of its own.
    async fn run(&self) -> Result<(), Error> {
        Jira::new(self.client(Arc::clone(&self.store) as _)).rights().await.map(drop)
    }

    fn tokens(&self) -> Tokens {
        self.store.entry().unwrap().unwrap().tokens.unwrap()
    }

    fn refresh(&self) -> String {
        self.tokens().refresh.expose_secret().to_owned()
    }

    fn asked(&self) -> u64 {
        self.sandbox.requests().count(TOKEN)
    }
}

fn app() -> OAuthApp {
    OAuthApp { id: "app".into(), secret: "app-secret".to_owned().into() }
}

/// Somebody accepts, and the browser brings this code.
async fn consent(sandbox: &Sandbox) -> String {
    let form = format!(
        "audience=api.atlassian.com&client_id=app&response_type=code&state=s&decision=accept&account=root@acme.com\
         &redirect_uri={CALLBACK}&scope=read:jira-user+read:jira-work+manage:jira-configuration+offline_access"
    );
    let request = Request::post("/authorize").header("content-type", "application/x-www-form-urlencoded");
    let answer = sandbox.router().oneshot(request.body(Body::from(form)).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    let location = answer.headers()["location"].to_str().unwrap();
    location.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn an_access_token_is_used_until_two_minutes_before_its_end() {
    let desk = Desk::signed_in().await;
    let first = desk.refresh();
    advance(Duration::from_secs(3600 - 125)).await;
    desk.run().await.unwrap();
    assert_eq!((desk.asked(), desk.refresh()), (1, first.clone()));
    advance(Duration::from_secs(10)).await;
    desk.run().await.unwrap();
    assert_eq!(desk.asked(), 2);
    assert_ne!(desk.refresh(), first);
    // One run that lasts for hours renews it meanwhile, and once for all who wait.
    let jira = Jira::new(desk.client(Arc::clone(&desk.store) as _));
    for _ in 0..3 {
        advance(Duration::from_secs(3600)).await;
        for rights in join_all((0..20).map(|_| jira.rights())).await {
            rights.unwrap();
        }
    }
    assert_eq!(desk.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn runs_at_once_share_one_renewal() {
    let desk = Desk::signed_in().await;
    advance(Duration::from_secs(3600)).await;
    for result in join_all((0..20).map(|_| desk.run())).await {
        result.unwrap();
    }
    assert_eq!(desk.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_access_token_that_is_refused_early_is_renewed_once() {
    let desk = Desk::signed_in().await;
    let refused = || Failure::Instead(answer(StatusCode::UNAUTHORIZED, "{}"));
    desk.sandbox.fail_next("GET /rest/api/3/myself", refused());
    desk.run().await.unwrap();
    assert_eq!(desk.asked(), 2);
    for _ in 0..2 {
        desk.sandbox.fail_next("GET /rest/api/3/myself", refused());
    }
    let error = desk.run().await.unwrap_err();
    assert!(error.help().unwrap().contains("Run `rollbook login` again"), "{error}");
    assert_eq!(desk.asked(), 3);
}

fn answer(status: StatusCode, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.to_owned() }
}

/// A network, a proxy, a quota: each passes, and the login is there afterwards.
#[tokio::test(start_paused = true)]
async fn what_passes_never_ends_a_login() {
    for failure in [
        Failure::Reset(Moment::BeforeWork),
        Failure::Reset(Moment::AfterWork),
        Failure::Truncated,
        Failure::Instead(answer(StatusCode::SERVICE_UNAVAILABLE, "<html>no</html>")),
        Failure::Instead(answer(StatusCode::INTERNAL_SERVER_ERROR, "{}")),
        Failure::Instead(answer(StatusCode::TOO_MANY_REQUESTS, "{}")),
        Failure::Instead(answer(StatusCode::FORBIDDEN, "{\"message\":\"a proxy\"}")),
        Failure::Instead(answer(
            StatusCode::UNAUTHORIZED,
            r#"{"error":"access_denied","error_description":"Unauthorized"}"#,
        )),
    ] {
        let desk = Desk::signed_in().await;
        advance(Duration::from_secs(3600)).await;
        for _ in 0..2 {
            desk.sandbox.fail_next(TOKEN, failure.clone());
        }
        // Some are retried, and others end their run.
        let mut runs = 0;
        while let Err(error) = desk.run().await {
            assert!(matches!(desk.store.read().unwrap(), Stored::Tokens(_)), "{failure:?}: {error}");
            runs += 1;
            assert!(runs < 3, "{failure:?}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_not_stored_is_made_again_within_ten_minutes_and_told_of_later() {
    let desk = Desk::signed_in().await;
    advance(Duration::from_secs(3600)).await;
    let before = desk.store.entry().unwrap().unwrap();
    desk.run().await.unwrap();
    // As a run leaves it that is killed between the answer and the disk.
    desk.store.replace(&before).await.unwrap();
    advance(Duration::from_secs(9 * 60)).await;
    desk.run().await.unwrap();
    desk.store.replace(&before).await.unwrap();
    advance(Duration::from_secs(2 * 60)).await;
    let error = desk.run().await.unwrap_err();
    assert!(error.chain().contains("invalid_grant"), "{}", error.chain());
    let asked = desk.asked();
    let error = desk.run().await.unwrap_err();
    let help = error.help().unwrap();
    assert!(error.to_string().contains("the login has ended") && help.contains("90 days"), "{error}: {help}");
    assert_eq!(desk.asked(), asked, "what has ended is not tried again");
}

#[tokio::test(start_paused = true)]
async fn a_login_ends_when_it_is_not_used_and_a_year_after_the_consent() {
    let desk = Desk::signed_in().await;
    advance(89 * DAY).await;
    desk.run().await.unwrap();
    advance(91 * DAY).await;
    let error = desk.run().await.unwrap_err();
    assert!(error.help().unwrap().contains("365 days after the consent"), "{error}");

    let desk = Desk::signed_in().await;
    for _ in 0..18 {
        advance(20 * DAY).await;
        desk.run().await.unwrap();
    }
    advance(20 * DAY).await;
    desk.run().await.unwrap_err();
    assert!(matches!(desk.store.read().unwrap(), Stored::Ended));
}

/// A disk that is full for a while.
#[derive(Debug)]
struct Full {
    store: Arc<FileStore>,
    full: AtomicBool,
}

impl LoginStore for Full {
    fn try_lock(&self) -> Result<Option<Box<dyn Send>>, String> {
        self.store.try_lock()
    }

    fn read(&self) -> Result<Stored, String> {
        self.store.read()
    }

    fn write(&self, tokens: &Tokens) -> Result<(), String> {
        if self.full.load(Ordering::SeqCst) { Err("no space left".into()) } else { self.store.write(tokens) }
    }

    fn end(&self) -> Result<(), String> {
        self.store.end()
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_cannot_be_stored_serves_its_run_and_is_stored_later() {
    let desk = Desk::signed_in().await;
    let full = Arc::new(Full { store: Arc::clone(&desk.store), full: AtomicBool::new(true) });
    let jira = Jira::new(desk.client(Arc::clone(&full) as _));
    let before = desk.refresh();
    for _ in 0..3 {
        advance(Duration::from_secs(3600)).await;
        jira.rights().await.unwrap();
    }
    assert_eq!((desk.asked(), desk.refresh()), (4, before.clone()));
    full.full.store(false, Ordering::SeqCst);
    advance(Duration::from_secs(3600)).await;
    jira.rights().await.unwrap();
    assert_ne!(desk.refresh(), before);
    advance(Duration::from_secs(3600)).await;
    desk.run().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_code_is_for_one_use_one_app_and_its_own_address() {
    let desk = Desk::signed_in().await;
    let client = desk.client(Arc::clone(&desk.store) as _);
    let code = consent(&desk.sandbox).await;
    let redeem =
        async |code: &str, app: &OAuthApp, to: &str| client.redeem(app, &code.to_owned().into(), to).await;
    let wrong = OAuthApp { secret: "wrong".to_owned().into(), ..app() };
    let error = redeem(&code, &wrong, CALLBACK).await.unwrap_err();
    assert!(error.help().unwrap().contains("ROLLBOOK_OAUTH_CLIENT_SECRET"), "{error}");
    redeem(&code, &app(), "http://127.0.0.1:28417/callback").await.unwrap_err();
    redeem(&code, &app(), CALLBACK).await.unwrap();
    redeem(&code, &app(), CALLBACK).await.unwrap_err();
    let late = consent(&desk.sandbox).await;
    advance(Duration::from_secs(301)).await;
    let error = redeem(&late, &app(), CALLBACK).await.unwrap_err();
    assert!(!error.chain().contains(&late), "{}", error.chain());
}
