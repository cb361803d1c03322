//! `rollbook rename`.

use clap::Args;

use crate::config::{self, Rename};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Declaration, Email, GroupName};
use crate::plan::Desired;
use crate::render::count;

use super::rewrite::{changed, differences, write};
use super::{SAFETY, Session};

/// The arguments of `rename`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The email or group name to replace
    #[arg(value_name = "OLD")]
    old: String,
    /// The new email or group name
    #[arg(value_name = "NEW")]
    new: String,
    /// Write nothing; show what would change, and exit with 1 when something would
    #[arg(long, help_heading = SAFETY)]
    check: bool,
}

/// Renames a person or a group in every file of the tree, with its rules and its lock. It neither reads nor changes the
/// site.
///
/// # Errors
/// [`Error`] when the tree is not valid, when it has no such name or has the new one already, or when a file cannot be
/// written.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let root = session.root()?;
    let rename = rename(session, &loaded.declaration, arguments)?;
    let edited = config::renamed(&loaded.tree, &loaded.declaration, &rename, session.today)?;
    let files = changed(&loaded.tree, &edited.tree);
    if arguments.check {
        session.data(&differences(&files))?;
        session.terminal.say(&format!("{} to be changed", count(files.len(), "file")));
        return Ok(Exit::Failed);
    }
    write(session, &root, &files)?;
    session.terminal.say(&format!("{} changed", count(files.len(), "file")));
    if let Rename::Group(..) = rename {
        session.terminal.say(
            "Atlassian cannot rename a group by API: rename it in the admin console, too. Without that, a plan \
             follows `id` or the lock, and asks for a new group where neither has it.",
        );
    }
    Ok(Exit::Done)
}

/// The renaming of a group or of an email that the tree has, to a name that it lacks.
fn rename(session: &Session, declaration: &Declaration, arguments: &Arguments) -> Result<Rename, Error> {
    let Arguments { old, new, .. } = arguments;
    let taken = || Error::Usage(format!("the tree already has {new}: two would become one"));
    let (from, to) = (GroupName::new(old), GroupName::new(new));
    if declaration.groups.contains_key(&from) {
        if declaration.groups.contains_key(&to) {
            return Err(taken());
        }
        return Ok(Rename::Group(from, to));
    }
    let email = |text: &str| Email::parse(text).ok();
    let desired = Desired::of(declaration, session.today);
    let people = desired.people();
    let has = |email: &Email| {
        people.iter().any(|user| matches!(user, crate::model::UserRef::Email(it) if it == email))
    };
    let Some(from) = email(old).filter(has) else {
        return Err(Error::Usage(format!("the tree declares no group and no person named {old}")));
    };
    let to = email(new).ok_or_else(|| Error::Usage(format!("{new} is not an email, and {old} is one")))?;
    // Another spelling of the same address is the same person.
    if to != from && has(&to) {
        return Err(taken());
    }
    Ok(Rename::Email(from, to))
}
