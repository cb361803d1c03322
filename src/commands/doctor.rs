//! `rollbook doctor`.

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::model::{Diagnosis, ErrorExt as _, Health, Surface};
use crate::render;

use super::connect::connect_to_look;
use super::{Format, OUTPUT, Session, block_on};

/// The arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: Format,
}

/// Tries each credential, and prints what it can do and what cannot be done without it.
///
/// # Errors
/// [`Error`] when the tree or the environment is invalid; a credential that fails is an exit code.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let (surfaces, unused) = connect_to_look(session, &loaded.declaration.settings)?;
    let mut diagnoses = block_on(async {
        // Nothing of another site is shown. An unreachable host shows in the results.
        if let Some(site) = &surfaces.site
            && let Err(error) = site.confirm().await
            && error.is_another_site()
        {
            return Err(Error::Client(error));
        }
        Ok(fetch::diagnoses(&surfaces, &loaded.declaration).await)
    })?;
    for (surface, error) in unused {
        let help = error.help();
        // One key is for the organization and for its accounts.
        let same = |it: Surface| if it == Surface::UserManagement { Surface::Organization } else { it };
        for diagnosis in diagnoses.iter_mut().filter(|diagnosis| same(diagnosis.surface) == surface) {
            diagnosis.state = Health::Unused { why: error.to_string(), help: help.clone() };
        }
    }
    session.data(&match arguments.format {
        Format::Json => render::diagnoses_json(&diagnoses),
        Format::Text => render::diagnoses_text(&diagnoses, session.terminal.width()),
    })?;
    Ok(if diagnoses.iter().any(Diagnosis::fails) { Exit::Failed } else { Exit::Done })
}
