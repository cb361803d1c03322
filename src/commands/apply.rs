//! `rollbook apply`.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::git;
use crate::model::{Lock, Settings};
use crate::plan::SavedPlan;
use crate::render::count;

use super::applied::Mark;
use super::execution::{ApplyOptions, Execution};
use super::plan::Part;
use super::planning::{Asked, Source};
use super::session::Known;
use super::show::saved_plan;
use super::{OUTPUT, SAFETY, Session, block_on, connect, journal};
use crate::files::{Readers, replace};

/// The arguments of `apply`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Carry out only what this reviewed plan has, as `plan --out` wrote it, without asking
    #[arg(value_name = "PLAN", conflicts_with_all = ["target", "reason"])]
    plan: Option<PathBuf>,
    /// Refuse a PLAN that is older, such as 24h
    #[arg(long, value_name = "DURATION", requires = "plan", help_heading = SAFETY)]
    max_age: Option<SignedDuration>,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    options: ApplyOptions,
    /// Write the IDs of new accounts and groups into rollbook.lock
    #[arg(long, help_heading = OUTPUT)]
    write_lock: bool,
}

impl Arguments {
    /// The plan that was reviewed, if one is named and may still be used.
    fn reviewed(&self, settings: &Settings) -> Result<Option<SavedPlan>, Error> {
        let Some(path) = &self.plan else { return Ok(None) };
        let unfit = |source| Error::Saved { path: path.clone(), source };
        let saved = saved_plan(path)?;
        saved.for_site(&settings.site.value).map_err(unfit)?;
        if let Some(most) = self.max_age {
            saved.not_older(most, Timestamp::now()).map_err(unfit)?;
        }
        Ok(Some(saved))
    }
}

/// Shows the plan, asks, carries it out, and prints the outcome.
///
/// # Errors
/// [`Error`] when there is no plan, or it may not be carried out.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load_compared(&arguments.part, Known::Tracked)?;
    // Otherwise the ref, which every later apply is compared with, would stay.
    let moves_on = arguments.plan.is_none() && arguments.part.is_whole();
    if moves_on && arguments.part.base.as_deref() == Some(git::APPLIED_WORD) {
        git::commit_of(&session.root()?, &loaded.tree).ok_or(Error::NoCommit)?;
    }
    let reviewed = arguments.reviewed(&loaded.declaration.settings)?;
    let _alone = journal::alone(session, arguments.options.journal())?;
    let surfaces = connect(session, &loaded.declaration.settings)?;
    let mark = Mark::read(session)?;
    block_on(async {
        let asked = Asked { reviewed: reviewed.as_ref(), ..Asked::of(&arguments.part) };
        let planned = session.plan(Source::Live(&surfaces), &loaded, &asked).await?;
        let execution = Execution {
            session,
            surfaces: &surfaces,
            settings: &loaded.declaration.settings,
            allowed: &arguments.part.allow,
            options: &arguments.options,
            reviewed: arguments.plan.is_some(),
        };
        let ended = execution.carry_out(&planned).await;
        mark.settle(session, &planned.plan, &ended);
        let ended = ended?;
        if arguments.write_lock {
            write_lock(session, &loaded.declaration.lock, &ended.report.made)?;
        }
        ended.exit()
    })
}

/// Adds the created IDs to the lock; its entries stay.
fn write_lock(session: &Session, lock: &Lock, made: &Lock) -> Result<(), Error> {
    let mut lock = lock.clone();
    lock.users.extend(made.users.clone());
    lock.groups.extend(made.groups.clone());
    if made == &Lock::default() {
        return Ok(());
    }
    let path = session.root()?.join(config::LOCK);
    replace(&path, &config::lock_text(&lock), Readers::Everybody)
        .map_err(Error::io(format!("failed to write {}", path.display())))?;
    let (users, groups) = (count(made.users.len(), "user"), count(made.groups.len(), "group"));
    session.terminal.say(&format!("{}: {users} and {groups} added", config::LOCK));
    Ok(())
}
