//! `rollbook login`.

use clap::Args;

use crate::atlassian::{Endpoints, Options};
use crate::environment::{self, SignIn};
use crate::error::Error;
use crate::exit::Exit;
use crate::login::{Attempt, Entry, FileStore, LoginError, Made, Way};
use crate::render::escape_untrusted;

use super::connect::agree;
use super::{Session, block_on};

/// What `login` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The site to sign in to [default: the tree's]
    #[arg(long, value_name = "URL")]
    site: Option<String>,
    /// Print the address, and take the address that the browser was sent to as a line of input
    #[arg(long, conflicts_with = "status")]
    no_browser: bool,
    /// Show who is signed in and until when, and sign nobody in
    #[arg(long)]
    status: bool,
}

/// Signs somebody in with the browser, or says who is.
///
/// # Errors
/// [`Error`] when nobody is signed in afterwards.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let sign_in = SignIn::read()?;
    let site = site_of(session, arguments.site.as_deref())?;
    if arguments.status {
        return status(session, site.as_deref(), &sign_in);
    }
    let site = site.ok_or_else(no_site)?;
    agree(&site, environment::SITE, sign_in.site.as_deref())?;
    let endpoints = Endpoints::new(&site, &sign_in.overrides)?;
    environment::judge_proxies(endpoints.remote_hosts())?;
    let options = Options {
        waits: Some(session.waits.clone()),
        authorities: environment::authorities(),
        ..Options::default()
    };
    let attempt = Attempt { site: &site, sign_in, options, terminal: session.terminal };
    let way = if arguments.no_browser { Way::Paste } else { Way::Listen };
    let made = block_on(async { Ok(session.telling(Box::pin(attempt.run(way))).await?) })?;
    session.terminal.say(&welcome(&made));
    Ok(Exit::Done)
}

/// The site that is meant: the named one, or that of the tree, if there is one.
pub(super) fn site_of(session: &Session, named: Option<&str>) -> Result<Option<String>, Error> {
    if let Some(named) = named {
        return Ok(Some(named.to_owned()));
    }
    match session.load() {
        Ok(loaded) => Ok(Some(loaded.declaration.settings.site.value)),
        Err(Error::NoTree(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Nothing says which site is meant.
pub(super) fn no_site() -> Error {
    Error::Usage("there is no tree here whose site could be meant: add --site URL".to_owned())
}

fn welcome(made: &Made) -> String {
    let Made { entry, site_admin, clock_off } = made;
    let (latest, _) = entry.ends();
    let mut text = format!(
        "Signed in to {} as {}. The login ends when it is not used for 90 days, and on {} at the latest.",
        entry.site,
        escape_untrusted(&entry.account.name),
        latest.strftime("%Y-%m-%d"),
    );
    if !site_admin {
        text.push_str("\nThe account is not a site administrator: it can plan, and not apply.");
    }
    if let Some(off) = clock_off {
        let way = if off.is_negative() { "ahead of" } else { "behind" };
        let minutes = off.abs().as_mins();
        text.push_str(&format!(
            "\nThis machine's clock is {minutes} minutes {way} Atlassian's: set it, since these days are by it."
        ));
    }
    text
}

/// Says who is signed in, to the site or to each.
fn status(session: &Session, site: Option<&str>, sign_in: &SignIn) -> Result<Exit, Error> {
    let folder = sign_in.state_folder.as_ref().ok_or(LoginError::NoFolder)?;
    let stores = match site {
        Some(site) => vec![FileStore::of(folder, &Endpoints::named(site)?)],
        None => FileStore::all(folder)?,
    };
    let mut entries = Vec::new();
    for store in &stores {
        entries.extend(store.entry()?.map(|entry| described(&entry, store)));
    }
    if entries.is_empty() {
        return Err(Error::NotSignedIn(site.unwrap_or("any site").to_owned()));
    }
    let usable = entries.iter().all(|(_, usable)| *usable);
    let text: String = entries.into_iter().map(|(text, _)| text).collect();
    session.data(&text)?;
    Ok(if usable { Exit::Done } else { Exit::Failed })
}

/// What is known of a login without asking, and whether it can still be used.
fn described(entry: &Entry, store: &FileStore) -> (String, bool) {
    let (latest, unused) = entry.ends();
    let now = jiff::Timestamp::now();
    let first = unused.map_or(latest, |unused| unused.min(latest));
    let usable = entry.tokens.is_some() && now < first;
    let day = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
    let state = if usable {
        format!("ends on {} unless it is used before, and on {} at the latest", day(first), day(latest))
    } else if entry.tokens.is_none() {
        "has ended: Atlassian does not renew it any more; run `rollbook login`".to_owned()
    } else {
        format!("has ended on {}; run `rollbook login`", day(first))
    };
    let text = format!(
        "{site}\n  account  {name} ({id})\n  login    {state}\n  app      {app}\n  file     {path}\n",
        site = entry.site,
        name = escape_untrusted(&entry.account.name),
        id = escape_untrusted(&entry.account.id),
        app = escape_untrusted(&entry.client_id),
        path = escape_untrusted(&store.path().display().to_string()),
    );
    (text, usable)
}
