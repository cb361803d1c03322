//! `rollbook demo`: the whole loop on a sandbox, with the example organization.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use jiff::civil::{Date, date};
use secrecy::SecretString;

use crate::apply::JournalWriter;
use crate::atlassian::{Credential, Overrides, Pace, Surfaces, TokenKind};
use crate::environment::{self, Environment};
use crate::error::Error;
use crate::exit::Exit;
use crate::render::{self, Grouping};
use crate::sandbox::{self, Change, Sandbox, Seed};
use crate::terminal::Terminal;

use super::connect::surfaces;
use super::execution::{Bounds, execute};
use super::plan::Part;
use super::planning::{Asked, Source};
use super::session::Loaded;
use super::{Session, block_on};

/// The arguments of `demo`.
#[derive(Debug, Args)]
pub struct Arguments {}

/// The date of the example organization: its contracts expire one after the other.
const DAY: Date = date(2026, 11, 22);

/// The sandbox's response time, so that the progress of an apply is visible.
const LATENCY: Duration = Duration::from_millis(30);

macro_rules! example {
    ($($path:literal),* $(,)?) => {
        /// The tree of the example organization.
        pub const EXAMPLE: &[(&str, &str)] =
            &[$(($path, include_str!(concat!("../../examples/acme/", $path)))),*];
    };
}

example![
    "groups/admin/administrators.yaml",
    "groups/admin/apps.yaml",
    "groups/admin/directory.yaml",
    "groups/admin/retired.yaml",
    "groups/business/finance.yaml",
    "groups/business/legal.yaml",
    "groups/business/lyon-office.yaml",
    "groups/business/people.yaml",
    "groups/business/sales.yaml",
    "groups/business/support.yaml",
    "groups/engineering/data.yaml",
    "groups/engineering/design.yaml",
    "groups/engineering/platform.yaml",
    "groups/engineering/sre.yaml",
    "rollbook.lock",
    "rollbook.yaml",
    "users/contractors.yaml",
    "users/staff.yaml",
];

const SEED: &str = include_str!("../../examples/acme/sandbox.yaml");

/// A manual change in the middle of the demo.
const BY_HAND: (&str, &str) = ("payments-approvers", "marco@acme.com");

/// Shows the whole loop. It leaves nothing behind.
///
/// # Errors
/// [`Error`] when this machine has no loopback or no temporary folder.
pub fn run(session: &Session, _: &Arguments) -> Result<Exit, Error> {
    let folder = tempfile::tempdir().map_err(Error::io("failed to make a temporary folder"))?;
    write_example(folder.path()).map_err(Error::io("failed to write the example"))?;
    let seed = |source| Error::Seed { path: "examples/acme/sandbox.yaml".into(), source };
    let options = sandbox::Options { latency: LATENCY, ..sandbox::Options::default() };
    let sandbox = Sandbox::new(&Seed::parse(SEED).map_err(seed)?, &options).map_err(seed)?;
    let session =
        Session { dir: Some(folder.path().to_path_buf()), today: DAY, day_named: true, ..session.clone() };
    block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.map_err(Error::io("failed to listen on 127.0.0.1"))?;
        let address = listener.local_addr().map_err(Error::io("failed to listen on 127.0.0.1"))?;
        let url = format!("http://{address}");
        let running = sandbox.clone();
        let server =
            tokio::spawn(async move { sandbox::serve(&running, listener, std::future::pending()).await });
        let result = story(&session, &sandbox, &url).await;
        server.abort();
        result
    })?;
    Ok(Exit::Done)
}

async fn story(session: &Session, sandbox: &Sandbox, url: &str) -> Result<(), Error> {
    // The example has a warning, which only `check` should show.
    let quiet = Session { terminal: Terminal { quiet: true, ..session.terminal }, ..session.clone() };
    let loaded = quiet.load()?;
    let surfaces = connect(session, &loaded, sandbox, url)?;

    session.data(&format!(
        "This is the organization of examples/acme, at a sandbox on {url}.\nNo real site is contacted.\n\n\
         1. What would change?                                        rollbook plan\n\n"
    ))?;
    let planned = session.plan(Source::Live(&surfaces), &loaded, &Asked::of(&Part::default())).await?;
    show(session, &planned.plan)?;

    session.data("\n2. Change it.                                               rollbook apply\n\n")?;
    let journal = JournalWriter::in_memory(usize::MAX, jiff::Timestamp::now);
    let bounds = Bounds { concurrency: 4, timeout: None };
    let report = execute(session, &surfaces, &planned, &journal, bounds).await;
    session.data(&render::report_text(&planned.plan, &report, session.terminal.width()))?;

    session.data("\n3. And now?                                                  rollbook plan\n\n")?;
    show(session, &session.plan(Source::Live(&surfaces), &loaded, &Asked::of(&Part::default())).await?.plan)?;

    let (group, user) = BY_HAND;
    let change = Change::AddMember { group: group.into(), user: user.into() };
    sandbox.edit(&change).map_err(|refused| {
        Error::io("failed to change the sandbox")(io::Error::other(refused.to_string()))
    })?;
    session.data(&format!("\n4. Somebody adds {user} to {group} by hand.       rollbook plan\n\n"))?;
    show(session, &session.plan(Source::Live(&surfaces), &loaded, &Asked::of(&Part::default())).await?.plan)?;
    session.data(NEXT)
}

const NEXT: &str = "
What next?
  Keep trying:  rollbook sandbox --seed examples/acme/sandbox.yaml
                serves this site; run the lines that it prints in another shell,
                and then `rollbook -C examples/acme plan --today 2026-11-22`.
  A real site:  the README says which token and which rights it takes.
                `rollbook plan` only reads.
";

fn show(session: &Session, plan: &crate::model::Plan) -> Result<(), Error> {
    session.data(&render::plan_text(plan, Grouping::Group, session.terminal.width()))
}

/// Connects with the variables that the sandbox would have a shell export.
fn connect(session: &Session, loaded: &Loaded, sandbox: &Sandbox, url: &str) -> Result<Surfaces, Error> {
    let exports: BTreeMap<String, String> = sandbox.exports(url).into_iter().collect();
    let value = |name: &str| exports.get(name).cloned().unwrap_or_default();
    let secret = |name: &str| exports.get(name).cloned().map(SecretString::from);
    let environment = Environment {
        jira: Some(Credential::Basic {
            email: value("ROLLBOOK_EMAIL"),
            token: value("ROLLBOOK_API_TOKEN").into(),
            kind: TokenKind::Classic,
        }),
        organization_key: secret(environment::ORG_API_KEY).map(Credential::ApiKey),
        scim: secret(environment::SCIM_API_KEY).map(Credential::DirectoryKey),
        overrides: Overrides { site: Some(url.into()), gateway: Some(url.into()) },
        scim_endpoint: None,
        cloud_id: None,
        pace: Pace::default(),
        site: None,
        app: None,
        state_folder: None,
        organization: None,
    };
    surfaces(session, &loaded.declaration.settings, environment)
}

fn write_example(folder: &Path) -> io::Result<()> {
    for (path, text) in EXAMPLE {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}
