//! `rollbook schema`, `completions` and `man`: what is generated from the program itself.

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::render;

use super::Session;

/// What `schema` takes.
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// Of what
    #[arg(value_name = "OF", default_value = "tree")]
    of: Document,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Document {
    /// rollbook.yaml and the files that it includes
    Tree,
    /// What `plan --format json` prints
    Plan,
}

/// What `completions` takes.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Prints a JSON Schema.
///
/// # Errors
/// [`Error::Io`] when stdout fails.
pub fn schema(session: &Session, arguments: &SchemaArguments) -> Result<Exit, Error> {
    let text = match arguments.of {
        Document::Tree => format!("{:#}\n", config::schema()),
        Document::Plan => render::plan_schema(),
    };
    session.data(&text)?;
    Ok(Exit::Done)
}

/// Prints a completion script.
///
/// # Errors
/// [`Error::Io`] when stdout fails.
pub fn completions(
    session: &Session,
    arguments: &CompletionsArguments,
    command: &mut Command,
) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "rollbook", &mut script);
    session.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints the manual page, as roff.
///
/// # Errors
/// [`Error::Io`] when stdout fails.
pub fn man(session: &Session, command: Command) -> Result<Exit, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(Error::io("failed to make the page"))?;
    session.data(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
