//! `rollbook check`.

use clap::{Args, ValueEnum};

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::model::{Declaration, DeclaredGroup, Diagnostic, GroupState, Severity};
use crate::plan::{self, Beside, Desired};
use crate::render::{self, count};

use super::session::is_whole;
use super::{OUTPUT, SELECTION, Session, block_on, connect, reserved};

/// The arguments of `check`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: CheckFormat,
    /// Also look up every declared name on the site
    #[arg(long, help_heading = SELECTION)]
    live: bool,
}

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CheckFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For annotations on the lines of a change, as GitHub Actions takes them.
    Github,
}

/// Checks the tree, and prints every diagnostic.
///
/// # Errors
/// [`Error`] when the tree cannot be found or stdout fails; an invalid tree is an exit code.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let root = session.root()?;
    let mut loaded = config::load(&root, session.today);
    loaded.diagnostics.extend(config::not_included(&root, &loaded.tree));
    is_whole(&root, &loaded.tree)?;
    loaded.diagnostics.extend(reserved::tracked(&root));
    let unresolved = match &loaded.declaration {
        Some(declaration) if arguments.live => unresolved(session, declaration)?,
        Some(_) | None => Vec::new(),
    };
    let all_resolved = unresolved.is_empty();
    loaded.diagnostics.extend(unresolved);
    let text = match arguments.format {
        CheckFormat::Json => render::diagnostics_json(&loaded.tree, &loaded.diagnostics),
        CheckFormat::Github => {
            render::diagnostics_github(&loaded.tree, &loaded.diagnostics, &session.prefix())
        }
        CheckFormat::Text => {
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
    let is_warning = |diagnostic: &&Diagnostic| diagnostic.severity != Severity::Error;
    let warnings = count(loaded.diagnostics.iter().filter(is_warning).count(), "warning");
    let live = match (arguments.live, all_resolved) {
        (false, _) => "",
        (true, true) => "; every name was found on the site",
        (true, false) => "; some names were not found on the site",
    };
    session.terminal.say(&format!("valid: {groups}, {users}, {warnings}{live}"));
    Ok(if all_resolved { Exit::Done } else { Exit::Incomplete })
}

/// Finds the declared users and groups that the site does not have.
fn unresolved(session: &Session, declaration: &Declaration) -> Result<Vec<Diagnostic>, Error> {
    let desired = Desired::of(declaration, session.today);
    let surfaces = connect(session, &declaration.settings)?;
    let live = block_on(async { Ok(fetch::live_state(&surfaces, &desired, Beside::default()).await?) })?;
    Ok(plan::unresolved(&desired, &live))
}
