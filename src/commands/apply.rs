//! `rollbook apply`.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::apply::{Executor, JournalWriter, Progress};
use crate::atlassian::Surfaces;
use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Lock, Plan, Report, Settings, Surface};
use crate::plan::SavedPlan;
use crate::render::{self, Grouping, count};

use super::files::replace;
use super::plan::Part;
use super::session::Planned;
use super::show::saved_plan;
use super::{Format, Session, block_on, connect, journal};

/// Operations under way at a time, where nothing else is asked for: Atlassian advises 5 to 10 (fact sheet §3.8).
const CONCURRENCY: usize = 10;

/// What `apply` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Carry out only what this reviewed plan has, as `plan --out` wrote it, without asking
    #[arg(value_name = "PLAN", conflicts_with_all = ["target", "reason"])]
    plan: Option<PathBuf>,
    /// The greatest age of PLAN, such as 24h
    #[arg(long, value_name = "DURATION", requires = "plan")]
    max_age: Option<SignedDuration>,
    #[command(flatten)]
    part: Part,
    /// Apply without asking; needed where nobody can answer
    #[arg(long)]
    yes: bool,
    /// How many operations may be under way at a time
    #[arg(long, value_name = "N", default_value_t = CONCURRENCY, value_parser = at_least_one)]
    concurrency: usize,
    /// Write the ids of what came to be into rollbook.lock
    #[arg(long)]
    write_lock: bool,
    /// Where the journal goes [default: a new file in .rollbook/journals]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        Ok(_) | Err(_) => Err("a whole number from 1 is needed".into()),
    }
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

/// Shows the plan, asks, carries it out, and prints what became of it.
///
/// # Errors
/// [`Error`] when there is no plan, or it may not be carried out.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let without_asking = arguments.yes || arguments.plan.is_some();
    if !without_asking && !session.terminal.can_ask() {
        return Err(Error::Usage("nobody can be asked here; `--yes` applies without asking".into()));
    }
    let loaded = session.load_compared(&arguments.part)?;
    let reviewed = arguments.reviewed(&loaded.declaration.settings)?;
    let surfaces = connect(&loaded.declaration.settings)?;
    block_on(async {
        let planned = session.plan(&surfaces, &loaded, &arguments.part, reviewed.as_ref()).await?;
        let plan = &planned.plan;
        let shown = render::plan_text(plan, Grouping::Group, session.terminal.width());
        // Nobody is asked about a plan that they were not shown.
        if without_asking {
            session.terminal.say(&shown);
        } else {
            session.terminal.tell(&shown);
        }
        if plan.review.as_ref().is_some_and(|review| !review.misfits.is_empty()) {
            return Err(Error::NoLongerFits);
        }
        if plan.operations.is_empty() {
            print(session, arguments.format, plan, &Report::default())?;
            return Ok(ended(plan, &Report::default()));
        }
        if plan.refusals().next().is_some() {
            return Err(Error::Guarded(plan.refusals().map(|verdict| verdict.guard).collect()));
        }
        may_write(&planned, &loaded.declaration.settings)?;
        let operations = render::count(plan.operations.len(), "operation");
        let question = format!("Apply {operations}? Only `yes` does:");
        let confirmed =
            without_asking || session.terminal.confirm(&question).map_err(Error::io("failed to ask"))?;
        if !confirmed {
            session.terminal.say("Nothing was changed.");
            return Ok(Exit::Failed);
        }
        let settings = &loaded.declaration.settings;
        let run = journal::Run { plan, rights: &planned.rights, settings, allowed: &arguments.part.allow };
        let (journal, path) = journal::begin(session, arguments.journal.as_deref(), &run).await?;
        let report = carry_out(session, &surfaces, plan, &journal, arguments.concurrency).await;
        print(session, arguments.format, plan, &report)?;
        let journalled = journal::end(session, journal, &path);
        if arguments.write_lock {
            write_lock(session, &loaded.declaration.lock, &report.made)?;
        }
        journalled?;
        Ok(ended(plan, &report))
    })
}

/// Adds what came to be to the lock; what it holds already stays.
fn write_lock(session: &Session, lock: &Lock, made: &Lock) -> Result<(), Error> {
    let mut lock = lock.clone();
    lock.users.extend(made.users.clone());
    lock.groups.extend(made.groups.clone());
    let path = session.root()?.join(config::LOCK);
    replace(&path, &config::lock_text(&lock))
        .map_err(Error::io(format!("failed to write {}", path.display())))?;
    let (users, groups) = (count(made.users.len(), "user"), count(made.groups.len(), "group"));
    session.terminal.say(&format!("{}: {users} and {groups} added", config::LOCK));
    Ok(())
}

/// Whether the credentials may write what the plan has for them. Whose an organization's key is, the tree says.
fn may_write(planned: &Planned, settings: &Settings) -> Result<(), Error> {
    let through = |surfaces: &[Surface]| {
        planned.plan.operations.iter().any(|operation| surfaces.contains(&operation.via))
    };
    if let Some(jira) = planned.rights.jira.as_ref().filter(|jira| !jira.site_admin)
        && through(&[Surface::Jira])
    {
        return Err(Error::CannotWrite(jira.acting.id.clone()));
    }
    if settings.operator.is_none() && through(&[Surface::Organization, Surface::UserManagement]) {
        return Err(Error::NoOperator);
    }
    Ok(())
}

/// Carries a plan out with progress on stderr; the first Ctrl-C stops it orderly, the second at once.
pub(super) async fn carry_out(
    session: &Session,
    surfaces: &Surfaces,
    plan: &Plan,
    journal: &JournalWriter,
    concurrency: usize,
) -> Report {
    let (stop, stopped) = watch::channel(false);
    let terminal = session.terminal;
    let interrupts = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            terminal.tell("Stopping: what is under way is finished. Ctrl-C again stops at once.");
            // The executor may be done already.
            let _ = stop.send(true);
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    let mut bar = session.terminal.progress("applying", plan.operations.len());
    let executor = Executor { surfaces, journal, concurrency, stop: stopped };
    let report = executor
        .run(plan, |progress| match progress {
            Progress::Answered => bar.step(),
            Progress::Settling => bar.turn_to("reading again what was touched"),
        })
        .await;
    bar.finish();
    interrupts.abort();
    report
}

fn print(session: &Session, format: Format, plan: &Plan, report: &Report) -> Result<(), Error> {
    match format {
        Format::Json => session.data(&render::report_json(plan, report)),
        Format::Text if report.outcomes.is_empty() && plan.blocked.is_empty() => Ok(()),
        Format::Text => session.data(&render::report_text(plan, report, session.terminal.width())),
    }
}

fn ended(plan: &Plan, report: &Report) -> Exit {
    if report.complete() && plan.blocked.is_empty() { Exit::Done } else { Exit::Incomplete }
}
