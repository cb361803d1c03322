//! `rollbook check`.

use clap::{Args, ValueEnum};

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{GroupState, Severity};
use crate::render::{self, count};

use super::Session;

/// What `check` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How to print what is found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Checks the tree, and prints every diagnostic.
///
/// # Errors
/// [`Error`] when the tree cannot be found or stdout fails; an invalid tree is an exit code.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = config::load(&session.root()?, session.today);
    let text = match arguments.format {
        Format::Json => render::diagnostics_json(&loaded.tree, &loaded.diagnostics),
        Format::Text => {
            let style = session.diagnostic_style(session.terminal.stdout_in_color());
            render::diagnostics(&loaded.tree, &loaded.diagnostics, style)
        }
    };
    session.data(&text)?;
    let errors =
        loaded.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let warnings = loaded.diagnostics.len() - errors;
    let files = loaded.tree.files.len();
    match &loaded.declaration {
        None => session.terminal.say(&format!(
            "{}, {} in {}",
            count(errors, "error"),
            count(warnings, "warning"),
            count(files, "file")
        )),
        Some(declaration) => {
            let is_present = |state: &GroupState| matches!(state, GroupState::Present(_));
            let groups = declaration.groups.values().filter(|group| is_present(&group.state)).count();
            let users = declaration.users.len();
            session.terminal.say(&format!(
                "valid: {}, {}, {}",
                count(groups, "group"),
                count(users, "user"),
                count(warnings, "warning")
            ));
        }
        Some(declaration) => {
            let is_present = |group: &&DeclaredGroup| matches!(group.state, GroupState::Present(_));
            let groups = counted(declaration.groups.values().filter(is_present).count(), "group");
            format!("valid: {groups}, {}, {warnings}", counted(declaration.users.len(), "user"))
        }
    };
    session.terminal.say(&told);
    Ok(if loaded.declaration.is_some() { Exit::Done } else { Exit::Invalid })
}

fn counted(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
