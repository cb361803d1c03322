//! How `apply` and `undo` carry a plan out: shown, asked about, journalled, reported.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::apply::{Executor, JournalWriter, Progress};
use crate::atlassian::{IN_FLIGHT, Surfaces};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Guard, Plan, Report, Settings, Surface};
use crate::render::{self, Grouping};

use super::planning::Planned;
use super::session::tell_waits;
use super::{Format, OUTPUT, SAFETY, Session, journal};

/// The default number of operations under way at a time. Most of them wait for the rate limit; the number of requests
/// really in flight is that rate times the latency, about the 5 to 10 that Atlassian reportedly advises
/// (docs/atlassian.md#burst-limits).
pub const CONCURRENCY: usize = IN_FLIGHT;

/// How a plan is carried out.
#[derive(Debug, Args)]
pub(super) struct ApplyOptions {
    /// Apply without asking; required without a terminal
    #[arg(long, help_heading = SAFETY)]
    yes: bool,
    /// Maximum number of operations in flight
    #[arg(long, value_name = "N", default_value_t = CONCURRENCY, value_parser = at_least_one, help_heading = SAFETY)]
    concurrency: usize,
    /// Stop starting operations after this long, such as 30m; those already sent are finished and reported
    #[arg(long, value_name = "DURATION", value_parser = some_time, help_heading = SAFETY)]
    timeout: Option<Duration>,
    /// Where to write the journal; it must not exist yet, and missing folders are created [default: a new file in .rollbook/journals]
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    journal: Option<PathBuf>,
    /// Output format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: Format,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        Ok(_) | Err(_) => Err("it needs a whole number from 1".into()),
    }
}

fn some_time(text: &str) -> Result<Duration, String> {
    let duration: Option<SignedDuration> = text.parse().ok();
    let longer_than_nothing = duration.and_then(|it| Duration::try_from(it).ok()).filter(|it| !it.is_zero());
    longer_than_nothing.ok_or_else(|| "the duration must be greater than zero, such as 30m or 1h 30m".into())
}

/// How many operations at a time, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) concurrency: usize,
    pub(super) timeout: Option<Duration>,
}

impl ApplyOptions {
    /// For a job: without asking, with the journal in this file.
    pub(super) fn unattended(journal: PathBuf) -> Self {
        Self {
            yes: true,
            concurrency: CONCURRENCY,
            timeout: None,
            journal: Some(journal),
            format: Format::Text,
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds { concurrency: self.concurrency, timeout: self.timeout }
    }

    /// The file that the command line names for the journal.
    pub(super) fn journal(&self) -> Option<&Path> {
        self.journal.as_deref()
    }
}

/// Carries a plan out.
pub(super) struct Execution<'a> {
    pub(super) session: &'a Session,
    pub(super) surfaces: &'a Surfaces,
    pub(super) settings: &'a Settings,
    pub(super) allowed: &'a [Guard],
    pub(super) options: &'a ApplyOptions,
    /// Whether the plan was reviewed, so no question is asked.
    pub(super) reviewed: bool,
}

/// The result of a run.
pub(super) struct Ended {
    pub(super) report: Report,
    /// Whether the journal holds all of it.
    pub(super) journalled: Result<(), Error>,
    exit: Exit,
}

impl Ended {
    fn with(exit: Exit) -> Self {
        Self { report: Report::default(), journalled: Ok(()), exit }
    }

    /// How the run ends: a broken journal takes precedence over operations that were not done.
    pub(super) fn exit(self) -> Result<Exit, Error> {
        self.journalled.map(|()| self.exit)
    }
}

impl Execution<'_> {
    /// Shows the plan, asks, carries it out, and prints the outcome.
    pub(super) async fn carry_out(&self, planned: &Planned) -> Result<Ended, Error> {
        let Self { session, options, .. } = self;
        let plan = &planned.plan;
        let without_asking = options.yes || self.reviewed;
        let shown = render::plan_text(plan, Grouping::Group, session.terminal.width());
        let misfits = plan.review.as_ref().is_some_and(|review| !review.misfits.is_empty());
        // The site may already have the state that a guard refuses: a refused plan need not have operations.
        let refused = plan.refusals().next().is_some();
        // A question needs the plan to be shown, and the plan says why it is not carried out.
        if without_asking && !misfits && !refused {
            session.terminal.say(&shown);
        } else {
            session.terminal.tell(&shown);
        }
        if misfits {
            return Err(Error::NoLongerFits);
        }
        if refused {
            return Err(Error::Guarded(plan.refusals().map(|verdict| verdict.guard).collect()));
        }
        if plan.operations.is_empty() {
            self.print(plan, &Report::default())?;
            return Ok(Ended::with(ended(plan, &Report::default())));
        }
        self.may_write(planned)?;
        if !without_asking && !session.terminal.can_ask() {
            return Err(Error::Usage(
                "there is no terminal to ask on, so nothing was changed; pass `--yes` to apply without asking"
                    .into(),
            ));
        }
        let [operations, grants, revokes] = [
            (plan.operations.len(), "operation"),
            (plan.summary.grants, "grant"),
            (plan.summary.revokes, "revoke"),
        ]
        .map(|(number, what)| render::count(number, what));
        let question = format!("Apply {operations} ({grants}, {revokes})? Type `yes` to confirm:");
        let confirmed =
            without_asking || session.terminal.confirm(&question).map_err(Error::io("failed to ask"))?;
        if !confirmed {
            session.terminal.say("Nothing was changed.");
            return Ok(Ended::with(Exit::Failed));
        }
        let run =
            journal::Run { plan, rights: &planned.rights, settings: self.settings, allowed: self.allowed };
        let (journal, path) = journal::begin(session, options.journal.as_deref(), &run).await?;
        let report = execute(session, self.surfaces, planned, &journal, options.bounds()).await;
        self.print(plan, &report)?;
        let journalled = journal::end(session, journal, &path);
        Ok(Ended { exit: ended(plan, &report), report, journalled })
    }

    /// Makes sure that the credentials may write the plan's operations. The tree names the owner of an organization's key.
    fn may_write(&self, planned: &Planned) -> Result<(), Error> {
        let through = |surfaces: &[Surface]| {
            planned.plan.operations.iter().any(|operation| surfaces.contains(&operation.via))
        };
        if let Some(jira) = planned.rights.jira.as_ref().filter(|jira| !jira.site_admin)
            && through(&[Surface::Jira])
        {
            return Err(Error::CannotWrite(jira.acting.id.clone()));
        }
        if self.settings.operator.is_none() && through(&[Surface::Organization, Surface::UserManagement]) {
            return Err(Error::NoOperator);
        }
        Ok(())
    }

    fn print(&self, plan: &Plan, report: &Report) -> Result<(), Error> {
        let Self { session, options, .. } = self;
        match options.format {
            Format::Json => session.data(&render::report_json(plan, report)),
            Format::Text if report.outcomes.is_empty() && plan.blocked.is_empty() => Ok(()),
            Format::Text => session.data(&render::report_text(plan, report, session.terminal.width())),
        }
    }
}

/// Carries a plan out with progress on stderr; the first Ctrl-C stops it gracefully, the second at once.
pub(super) async fn execute(
    session: &Session,
    surfaces: &Surfaces,
    planned: &Planned,
    journal: &JournalWriter,
    bounds: Bounds,
) -> Report {
    let plan = &planned.plan;
    let (stop, stopped) = watch::channel(false);
    let terminal = session.terminal;
    let interrupts = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            terminal.tell("Stopping: finishing what is under way. Ctrl-C again stops at once.");
            // The executor may be done already.
            let _ = stop.send(true);
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    let mut bar = session.terminal.progress("applying", plan.operations.len());
    let executor = Executor {
        surfaces,
        journal,
        concurrency: bounds.concurrency,
        stop: stopped,
        // A timeout beyond the clock's range does not count.
        deadline: bounds.timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
        accounts: &planned.live.accounts,
    };
    let aside = bar.aside();
    let run = executor.run(plan, |progress| match progress {
        Progress::Answered => bar.step(),
        Progress::Settling => bar.turn_to("reading the changes again"),
    });
    let report = tokio::select! {
        report = run => report,
        never = tell_waits(&session.waits, |wait| aside.say(wait)) => match never {},
    };
    bar.finish();
    interrupts.abort();
    report
}

fn ended(plan: &Plan, report: &Report) -> Exit {
    if report.complete() && plan.blocked.is_empty() { Exit::Done } else { Exit::Incomplete }
}
