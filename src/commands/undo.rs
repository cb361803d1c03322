//! `rollbook undo`.

use std::path::PathBuf;

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Journal, Settings};

use super::execution::{ApplyOptions, Execution};
use super::journal::sound_journal;
use super::plan::Part;
use super::planning::{Asked, Source, Undo};
use super::session::Known;
use super::{Session, block_on, connect, journal};

/// The arguments of `undo`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The journal of the run to revert
    #[arg(value_name = "JOURNAL", required_unless_present = "last")]
    file: Option<PathBuf>,
    /// Revert the newest run of which the tree's folder has a journal
    #[arg(long, conflicts_with = "file")]
    last: bool,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    options: ApplyOptions,
}

/// Plans the inverse of the operations that a journal says were done, shows it, asks, and carries it out.
///
/// # Errors
/// [`Error`] when the journal is broken or of another site, there is no plan, or it may not be carried out.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    if !arguments.part.reason.is_empty() {
        let why = "all operations of an undo have the same reason: leave --reason out, or pass --target";
        return Err(Error::Usage(why.into()));
    }
    let file = match &arguments.file {
        Some(file) => file.clone(),
        None => journal::newest(session)?,
    };
    let journal = sound_journal(&file)?;
    let loaded = session.load_compared(&arguments.part, Known::NotIgnored)?;
    of_this_place(&journal, &loaded.declaration.settings)?;
    let _alone = journal::alone(session, arguments.options.journal())?;
    let surfaces = connect(session, &loaded.declaration.settings)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    block_on(async {
        let undo = Some(Undo { journal: &journal, name: &name });
        let asked = Asked { undo, ..Asked::of(&arguments.part) };
        let planned = session.plan(Source::Live(&surfaces), &loaded, &asked).await?;
        let execution = Execution {
            session,
            surfaces: &surfaces,
            settings: &loaded.declaration.settings,
            allowed: &arguments.part.allow,
            options: &arguments.options,
            reviewed: false,
        };
        let ended = execution.carry_out(&planned).await?;
        if !ended.report.outcomes.is_empty() {
            session
                .terminal
                .say("The tree still asks for the reverted access: revert the change there, too.");
        }
        ended.exit()
    })
}

/// Makes sure that the journal is of the site and the organization that the tree names.
fn of_this_place(journal: &Journal, settings: &Settings) -> Result<(), Error> {
    let begin = journal.begin();
    let site = begin.map(|begin| begin.site.clone());
    let organization = begin.and_then(|begin| begin.organization.clone());
    let named = settings.organization.as_ref().map(|id| id.value.clone());
    if site.as_ref() == Some(&settings.site.value) && organization == named {
        return Ok(());
    }
    Err(Error::OtherJournal { journal: site.unwrap_or_default(), tree: settings.site.value.clone() })
}
