//! `rollbook schema`, `completions` and `man`: output that is generated from the program itself.

use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::formats;
use crate::render;

use super::Session;

/// The arguments of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// The document
    #[arg(value_name = "OF", default_value = "tree")]
    of: Document,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Document {
    /// rollbook.yaml and the files that it includes
    Tree,
    /// The output of `plan --format json`
    Plan,
    /// The output of `apply` and `undo --format json`
    Report,
    /// The output of `check --format json`
    Diagnostics,
    /// The output of `doctor --format json`
    Doctor,
    /// The output of `explain --format json`
    Explanation,
    /// The output of `users --format json`
    Users,
    /// What `users --by app --format json` prints
    Access,
    /// What `snapshot --out` writes
    Snapshot,
    /// A line of the file that `apply --journal` writes
    Journal,
    /// The output of `journal show --format json`
    JournalReport,
    /// The output of `journal list --format json`
    Journals,
    /// What `history --format json` prints
    History,
    /// What `trees --format json` prints
    Trees,
}

/// The arguments of `completions`.
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
    let format = match arguments.of {
        Document::Tree => None,
        Document::Plan => Some(formats::PLAN),
        Document::Report => Some(formats::REPORT),
        Document::Diagnostics => Some(formats::DIAGNOSTICS),
        Document::Doctor => Some(formats::DOCTOR),
        Document::Explanation => Some(formats::EXPLANATION),
        Document::Users => Some(formats::USERS),
        Document::Access => Some(formats::ACCESS),
        Document::Snapshot => Some(formats::SNAPSHOT),
        Document::Journal => Some(formats::JOURNAL),
        Document::JournalReport => Some(formats::JOURNAL_REPORT),
        Document::Journals => Some(formats::JOURNALS),
        Document::History => Some(formats::HISTORY),
        Document::Trees => Some(formats::TREES),
    };
    let text = format.and_then(render::schema_of).unwrap_or_else(|| format!("{:#}\n", config::schema()));
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
