//! `rollbook show`, and how a saved plan is read.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::plan::SavedPlan;

use super::Session;
use super::files::read_text;
use super::plan::{By, PlanFormat, print};
use super::session::VERSION;

/// The largest plan that is read, in bytes.
const LARGEST: u64 = 512 << 20;

/// What `show` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The plan, as `plan --out` wrote it
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: PlanFormat,
    /// What to gather the lines of the text form under
    #[arg(long, value_name = "WHAT", default_value = "group")]
    by: By,
}

/// Prints a saved plan.
///
/// # Errors
/// [`Error`] when it is none, or stdout fails.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let saved = saved_plan(&arguments.plan)?;
    print(session, saved.plan(), arguments.format, arguments.by)?;
    Ok(Exit::Done)
}

/// Reads a plan that this version wrote.
pub(super) fn saved_plan(path: &Path) -> Result<SavedPlan, Error> {
    let text = read_text(path, LARGEST).map_err(Error::io(format!("failed to read {}", path.display())))?;
    SavedPlan::read(&text, VERSION).map_err(|source| Error::Saved { path: path.to_path_buf(), source })
}
