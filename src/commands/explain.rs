//! `rollbook explain`.

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::model::{AccountId, Email, GroupName, Locator, UserRef};
use crate::plan::{self, Desired};
use crate::render::{self, About};

use super::{Format, Session};

/// What `explain` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A person, by e-mail or as account:ID, or a group by its name
    #[arg(value_name = "USER|GROUP")]
    about: String,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Prints every way by which the tree puts a person into groups, or people into a group.
///
/// # Errors
/// [`Error`] when the tree is not valid, or names neither.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let desired = Desired::of(&loaded.declaration, session.today);
    let locator = Locator::new(&loaded.tree);
    let name = arguments.about.as_str();
    let group = GroupName::new(name);
    let (about, explanation) = if loaded.declaration.groups.contains_key(&group) {
        (About::Group, plan::explain_group(&desired, &group, &locator))
    } else {
        let user = user(name)
            .filter(|user| desired.people().contains(user))
            .ok_or_else(|| Error::Usage(format!("the tree declares neither a person nor a group {name}")))?;
        (About::User, plan::explain_user(&desired, &user, &locator))
    };
    session.data(&match arguments.format {
        Format::Json => render::explanation_json(name, &explanation),
        Format::Text => render::explanation_text(name, about, &explanation, session.terminal.width()),
    })?;
    Ok(Exit::Done)
}

fn user(text: &str) -> Option<UserRef> {
    match text.strip_prefix("account:") {
        Some(id) => Some(UserRef::Account(AccountId::new(id))),
        None => Email::parse(text).ok().map(UserRef::Email),
    }
}
