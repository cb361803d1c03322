//! `rollbook grant`, `revoke`, `offboard` and `onboard`: access, edited in the tree.

use clap::Args;
use jiff::civil::Date;

use crate::config::{self, AccessEdit, EditError, NewAccess};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{AccountId, Email, GroupName, UserRef};
use crate::render;

use super::rewrite::{changed, differences, write_file};
use super::session::Loaded;
use super::{SAFETY, Session};

/// What `grant` takes.
#[derive(Debug, Args)]
pub struct GrantArguments {
    /// The user, by email or as account:ID
    #[arg(value_name = "USER")]
    user: String,
    /// The group, as the configuration names it
    #[arg(value_name = "GROUP")]
    group: String,
    /// The first day without it, in UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = crate::cli::day)]
    until: Option<Date>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// What `revoke` takes.
#[derive(Debug, Args)]
pub struct RevokeArguments {
    /// The user, by email or as account:ID
    #[arg(value_name = "USER")]
    user: String,
    /// The group, as the configuration names it
    #[arg(value_name = "GROUP")]
    group: String,
    #[command(flatten)]
    common: Common,
}

/// What `offboard` takes.
#[derive(Debug, Args)]
pub struct OffboardArguments {
    /// The user's email
    #[arg(value_name = "USER")]
    user: String,
    #[command(flatten)]
    common: Common,
}

/// What `onboard` takes.
#[derive(Debug, Args)]
pub struct OnboardArguments {
    /// The new user's email
    #[arg(value_name = "USER")]
    user: String,
    /// The email of the user whose groups they get
    #[arg(long, value_name = "OTHER")]
    like: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// Write nothing; show what would change, and exit with 1 when something would
    #[arg(long, help_heading = SAFETY)]
    check: bool,
}

/// Adds a user to a group of the tree.
///
/// # Errors
/// [`Error`] when the tree is not valid, the edit would not have this effect alone, or a file cannot be written.
pub fn grant(session: &Session, arguments: &GrantArguments) -> Result<Exit, Error> {
    let access = NewAccess {
        user: user(&arguments.user)?,
        group: GroupName::new(&arguments.group),
        until: arguments.until,
        because: arguments.because.clone(),
    };
    edit(session, &arguments.common, |loaded| {
        config::granted(&loaded.tree, &loaded.declaration, &access, session.today)
    })
}

/// Takes a user out of a group of the tree.
///
/// # Errors
/// As [`grant`].
pub fn revoke(session: &Session, arguments: &RevokeArguments) -> Result<Exit, Error> {
    let (user, group) = (user(&arguments.user)?, GroupName::new(&arguments.group));
    edit(session, &arguments.common, |loaded| {
        config::revoked(&loaded.tree, &loaded.declaration, (&user, &group), session.today)
    })
}

/// Declares a user offboarded.
///
/// # Errors
/// As [`grant`].
pub fn offboard(session: &Session, arguments: &OffboardArguments) -> Result<Exit, Error> {
    let user = email(&arguments.user)?;
    edit(session, &arguments.common, |loaded| {
        config::offboarded(&loaded.tree, &loaded.declaration, &user, session.today)
    })
}

/// Gives a user the groups of another.
///
/// # Errors
/// As [`grant`].
pub fn onboard(session: &Session, arguments: &OnboardArguments) -> Result<Exit, Error> {
    let (user, like) = (email(&arguments.user)?, email(&arguments.like)?);
    edit(session, &arguments.common, |loaded| {
        config::onboarded(&loaded.tree, &loaded.declaration, (&user, &like), session.today)
    })
}

/// Edits the tree, and prints the difference. It asks nothing of the site, and changes nothing there.
fn edit(
    session: &Session,
    common: &Common,
    edit: impl FnOnce(&Loaded) -> Result<AccessEdit, EditError>,
) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let root = session.root()?;
    let edited = edit(&loaded)?;
    let files = changed(&loaded.tree, &edited.tree);
    if !common.check {
        files.iter().try_for_each(|(before, after)| write_file(&root, *before, after))?;
    }
    session.data(&differences(&files))?;
    if files.is_empty() {
        session.terminal.say("The configuration says so already: nothing to change.");
    }
    for note in &edited.notes {
        session.terminal.say(&format!("note: {}", render::escape_untrusted(note)));
    }
    Ok(if common.check && !files.is_empty() { Exit::Failed } else { Exit::Done })
}

/// A user, by email or as `account:ID`.
pub(super) fn user(text: &str) -> Result<UserRef, Error> {
    match text.strip_prefix("account:") {
        Some(id) if !id.is_empty() => Ok(UserRef::Account(AccountId::new(id))),
        Some(_) | None => email(text).map(UserRef::Email),
    }
}

fn email(text: &str) -> Result<Email, Error> {
    Email::parse(text).map_err(|error| Error::Usage(format!("{text} is not an email: {error}")))
}
