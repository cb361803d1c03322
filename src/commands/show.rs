//! `rollbook show`, and the reading of saved plans.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::plan::SavedPlan;

use super::plan::{By, PlanFormat, print};
use super::session::VERSION;
use super::{OUTPUT, Session};
use crate::files::read_text;

/// The largest plan that is read, in bytes.
pub(super) const LARGEST: u64 = 512 << 20;

/// The arguments of `show`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The plan, as `plan --out` wrote it
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: PlanFormat,
    /// Group the lines of the text form by this [default: group]
    #[arg(long, value_name = "WHAT", help_heading = OUTPUT)]
    by: Option<By>,
}

/// Prints a saved plan.
///
/// # Errors
/// [`Error`] when it is not a plan, or stdout fails.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let grouping = arguments.format.grouping(arguments.by)?;
    let saved = saved_plan(&arguments.plan)?;
    print(session, saved.plan(), arguments.format, grouping)?;
    Ok(Exit::Done)
}

/// Reads a plan that this version wrote.
pub(super) fn saved_plan(path: &Path) -> Result<SavedPlan, Error> {
    let text = read_text(path, LARGEST).map_err(Error::io(format!("failed to read {}", path.display())))?;
    SavedPlan::read(&text, VERSION).map_err(|source| Error::Saved { path: path.to_path_buf(), source })
}
