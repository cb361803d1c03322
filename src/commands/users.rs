//! `rollbook users`.

use clap::{Args, ValueEnum};

use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::render;

use super::{Session, block_on, connect};

/// What `users` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: UsersFormat,
}

/// How the list of users is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum UsersFormat {
    /// For people.
    Text,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// Prints who is active, with their groups, and what is not known of them.
///
/// # Errors
/// [`Error`] when something cannot be read whole.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let settings = &loaded.declaration.settings;
    let surfaces = connect(session, settings)?;
    let reading =
        async { Ok(session.telling(Box::pin(fetch::roster(&surfaces, &settings.site.value))).await?) };
    let roster = block_on(reading)?;
    session.data(&match arguments.format {
        UsersFormat::Text => render::roster_text(&roster, session.terminal.width()),
        UsersFormat::Csv => render::roster_csv(&roster),
        UsersFormat::Json => render::roster_json(&roster),
    })?;
    if let UsersFormat::Csv = arguments.format {
        roster.unknown.iter().for_each(|sentence| session.terminal.say(sentence));
    }
    Ok(Exit::Done)
}
