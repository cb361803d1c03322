//! `rollbook check`.

use clap::Args;

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{DeclaredGroup, GroupState};
use crate::render::{self, count};

use super::{Format, Session};

/// What `check` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How to print what is found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
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
    let Some(declaration) = &loaded.declaration else {
        session.terminal.say(&format!("not valid: {} read", count(loaded.tree.files.len(), "file")));
        return Ok(Exit::Invalid);
    };
    let is_present = |group: &&DeclaredGroup| matches!(group.state, GroupState::Present(_));
    let groups = count(declaration.groups.values().filter(is_present).count(), "group");
    let users = count(declaration.users.len(), "user");
    let warnings = count(loaded.diagnostics.len(), "warning");
    session.terminal.say(&format!("valid: {groups}, {users}, {warnings}"));
    Ok(Exit::Done)
}
