//! `rollbook check`.

use clap::{Args, ValueEnum};

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{DeclaredGroup, GroupState, Severity};
use crate::render;

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
    let warnings = counted(loaded.diagnostics.len() - errors, "warning");
    let told = match &loaded.declaration {
        None => {
            let (errors, files) = (counted(errors, "error"), counted(loaded.tree.files.len(), "file"));
            format!("not valid: {errors}, {warnings} in {files}")
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
