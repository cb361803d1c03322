//! `rollbook ci apply`.

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::platform::{self, Started, same_commit};
use crate::render;

use super::super::applied::completed;
use super::super::execution::{ApplyOptions, Execution};
use super::super::plan::Part;
use super::super::planning::{Asked, Source};
use super::super::session::Known;
use super::super::{Session, block_on, connect};
use super::Context;
use super::out::Out;

/// The arguments of `ci apply`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Apply although the branch has moved on since: this may undo operations of a later apply that did not complete
    #[arg(long)]
    outdated: bool,
}

/// Applies the commits of the default branch since the last apply that completed.
///
/// # Errors
/// [`Error`] when there is no plan, it may not be carried out, or the branch has moved on.
pub(super) fn run(session: &Session, context: &Context, arguments: &Arguments) -> Result<Exit, Error> {
    let Started::Push { branch } = &context.job.started else {
        return Err(context.misfit("apply", "pushes to the default branch"));
    };
    let service = context.service("whether this commit is the newest")?;
    let out = Out::new(session, &context.job)?;
    let part = block_on(async {
        let head = context.newest_of_default(session, branch).await?;
        let newest = service.newest(branch).await?;
        if !arguments.outdated && !same_commit(&newest, &head) {
            return Err(platform::Error::Outdated { branch: branch.clone(), newest, commit: head }.into());
        }
        context.range_of_apply(session, branch).await?.part(context)
    })?;
    carry_out(session, &out, &part)
}

/// Carries the plan of a part out, and writes plan, journal and report.
pub(super) fn carry_out(session: &Session, out: &Out, part: &Part) -> Result<Exit, Error> {
    let loaded = session.load_compared(part, Known::Tracked)?;
    let settings = &loaded.declaration.settings;
    let surfaces = connect(session, settings)?;
    let options = ApplyOptions::unattended(out.path("journal.jsonl"));
    block_on(async {
        let planned = session.plan(Source::Live(&surfaces), &loaded, &Asked::of(part)).await?;
        out.write("plan.json", &render::plan_json(&planned.plan))?;
        let execution = Execution {
            session,
            surfaces: &surfaces,
            settings,
            allowed: &part.allow,
            options: &options,
            reviewed: false,
        };
        let ended = execution.carry_out(&planned).await;
        let completed = completed(&planned.plan, &ended).is_ok();
        let ended = ended?;
        let report = render::report_text(&planned.plan, &ended.report, session.terminal.width());
        out.write_text("report.txt", &report)?;
        out.summarize_text(&report)?;
        // The job's success is the record that the site matches, except for access that should still end.
        let mut exit = ended.exit()?;
        if exit == Exit::Incomplete && completed {
            session
                .terminal
                .say("note: only revokes are blocked, which give nobody anything; the apply is complete");
            exit = Exit::Done;
        }
        out.output("exit-code", &exit.code().to_string())?;
        Ok(exit)
    })
}
