//! `rollbook ci nightly`.

use std::path::Path;

use clap::Args;

use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::git;
use crate::model::{Diagnosis, ErrorExt, Plan, Reason};
use crate::platform::{Issue, Kind, Service, Started};
use crate::render::{self, CommentLimit};

use super::super::plan::{Part, exit, planned};
use super::super::session::Known;
use super::super::{Session, block_on, connect};
use super::Context;
use super::apply::carry_out;
use super::out::Out;

/// The arguments of `ci nightly`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Change nothing: only report expired access like all other findings, with a credential that may only read
    #[arg(long)]
    read_only: bool,
}

/// The result of one check.
struct Finding {
    what: &'static str,
    /// The problem, if there is one.
    wrong: Option<String>,
    /// Memberships that wait for an identity provider, which is not a problem.
    waiting: usize,
    exit: Exit,
}

impl Finding {
    fn new(what: &'static str, wrong: Option<String>, exit: Exit) -> Self {
        Self { what, wrong, waiting: 0, exit }
    }

    fn of(what: &'static str, error: &Error) -> Self {
        let help = error.help().map(|help| format!(". {help}")).unwrap_or_default();
        Self::new(what, Some(format!("{}{help}", error.chain())), error.exit())
    }
}

/// Revokes expired access, looks for problems, and keeps one issue open as long as there is one.
///
/// # Errors
/// [`Error`] when the tree is invalid or the issue cannot be kept; the exit code shows the results of the checks.
pub(super) fn run(session: &Session, context: &Context, arguments: &Arguments) -> Result<Exit, Error> {
    let branch = match &context.job.started {
        Started::Schedule { branch } => branch,
        // No variable of Bitbucket distinguishes a schedule from a push.
        Started::Push { branch } if context.job.kind == Kind::Bitbucket => branch,
        Started::Change(_) | Started::Push { .. } | Started::Queue { .. } | Started::Planned { .. } => {
            return Err(context.misfit("nightly", "schedules of the default branch"));
        }
    };
    block_on(context.newest_of_default(session, branch))?;
    let out = Out::new(session, &context.job)?;
    let site = session.load()?.declaration.settings.site.value;
    let range = block_on(context.range_of_apply(session, branch)).and_then(|range| range.part(context));
    let mut findings = Vec::new();
    if !arguments.read_only {
        findings.push(expired(session, range.as_ref(), &out));
    }
    let (finding, plan) = drift(session, range.as_ref(), &out);
    findings.push(finding);
    findings.push(unapplied(session, context, branch));
    findings.push(credentials(session));
    let report = told(&findings);
    session.data(&report)?;
    out.write("nightly.txt", &report)?;
    out.summarize(&report)?;
    let worst = findings.iter().map(|finding| finding.exit).max().unwrap_or(Exit::Done);
    if let Some(service) = &context.service {
        let page = page(context, &site, &report, plan.as_ref());
        if let Err(error) = block_on(keep_issue(session, service, &site, &page, worst == Exit::Done)) {
            session.terminal.tell(&format!("error: the issue was not kept: {}", error.chain()));
            return Ok(worst.max(Exit::Failed));
        }
    }
    Ok(worst)
}

/// Revokes expired access, as the rules of the last applied tree allow.
fn expired(session: &Session, range: Result<&Part, &Error>, out: &Out) -> Finding {
    const WHAT: &str = "Expired access and offboarded people";
    let part = match range {
        Ok(part) => Part { reason: vec![Reason::Expired, Reason::Offboarded], ..part.clone() },
        Err(error) => return Finding::of(WHAT, error),
    };
    match carry_out(session, out, &part) {
        Ok(Exit::Done) => Finding::new(WHAT, None, Exit::Done),
        Ok(exit) => Finding::new(
            WHAT,
            Some("some access could not be revoked; the log and the journal list it".into()),
            exit,
        ),
        Err(error) => Finding::of(WHAT, &error),
    }
}

/// Compares the site with the newest tree.
fn drift(session: &Session, range: Result<&Part, &Error>, out: &Out) -> (Finding, Option<Plan>) {
    const WHAT: &str = "The site and the newest tree";
    // If the last apply is unknown, there is no base.
    let part = match range {
        Ok(part) => part.clone(),
        Err(error) => {
            session
                .terminal
                .tell(&format!("warning: the site is compared with nothing else: {}", error.chain()));
            Part::default()
        }
    };
    let made = session.load_compared(&part, Known::Tracked).and_then(|loaded| {
        let plan = planned(session, &loaded, &part, None)?.plan;
        out.write("drift.json", &render::plan_json(&plan))?;
        Ok(plan)
    });
    match made {
        Err(error) => (Finding::of(WHAT, &error), None),
        Ok(plan) => {
            let exit = exit(&plan, true);
            let wrong = (exit != Exit::Done).then(|| {
                let blocked = plan.blocked.len();
                let differs = render::count(plan.operations.len(), "operation");
                format!("they differ: {differs} would make them match, and {blocked} more are blocked")
            });
            (Finding { waiting: plan.summary.waiting, ..Finding::new(WHAT, wrong, exit) }, Some(plan))
        }
    }
}

/// Looks for commits that no apply has seen: a job that never started leaves no red mark.
fn unapplied(session: &Session, context: &Context, branch: &str) -> Finding {
    const WHAT: &str = "Commits that no apply has seen";
    let waiting = |folder: &Path| -> Result<usize, Error> {
        let (head, _) = git::checked_out(folder)?;
        let applied = block_on(context.applied(folder, branch, &head))?;
        Ok(git::first_parents(folder, &applied, &head)?.len())
    };
    match session.root().and_then(|folder| waiting(&folder)) {
        Ok(0) => Finding::new(WHAT, None, Exit::Done),
        Ok(many) => {
            let wrong = format!(
                "{branch} has {} since the last apply that completed: the apply of the next merge includes them",
                render::count(many, "commit")
            );
            Finding::new(WHAT, Some(wrong), Exit::Failed)
        }
        Err(error) => Finding::of(WHAT, &error),
    }
}

/// Tries each credential for Atlassian.
fn credentials(session: &Session) -> Finding {
    const WHAT: &str = "Credentials";
    let tried = session.load().and_then(|loaded| {
        let surfaces = connect(session, &loaded.declaration.settings)?;
        block_on(async { Ok(fetch::diagnoses(&surfaces, &loaded.declaration).await) })
    });
    match tried {
        Err(error) => Finding::of(WHAT, &error),
        Ok(diagnoses) => {
            let failing: Vec<String> =
                diagnoses.iter().filter(|it| it.fails()).map(|it| it.surface.to_string()).collect();
            let wrong = (!failing.is_empty()).then(|| {
                format!(
                    "the credential for {} does not work; `rollbook doctor` says more",
                    failing.join(" and ")
                )
            });
            let exit = if diagnoses.iter().any(Diagnosis::fails) { Exit::Failed } else { Exit::Done };
            Finding::new(WHAT, wrong, exit)
        }
    }
}

/// One line per check, and more for problems.
fn told(findings: &[Finding]) -> String {
    let line = |finding: &Finding| match &finding.wrong {
        None if finding.waiting > 0 => format!(
            "- {}: as they should be, except {} of people who left, which {} for an identity provider.\n",
            finding.what,
            render::count(finding.waiting, "membership"),
            if finding.waiting == 1 { "waits" } else { "wait" },
        ),
        None => format!("- {}: as they should be.\n", finding.what),
        Some(wrong) => {
            format!("- **{}**: {}.\n", finding.what, render::markdown_prose(wrong.trim_end_matches('.')))
        }
    };
    findings.iter().map(line).collect()
}

fn page(context: &Context, site: &str, report: &str, plan: Option<&Plan>) -> render::Page {
    let run = context
        .job
        .page
        .as_deref()
        .map(|page| format!("[This run]({page}) says more.\n\n"))
        .unwrap_or_default();
    let plan = plan.filter(|plan| exit(plan, true) != Exit::Done).map(|plan| {
        let text = render::plan_markdown(plan, CommentLimit::GITHUB);
        text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
    });
    render::issue(render::host_of(site), &format!("{report}\n{run}{}", plan.unwrap_or_default()))
}

/// Keeps one issue open as long as something is wrong, if the platform has issues.
async fn keep_issue(
    session: &Session,
    service: &Service,
    site: &str,
    page: &render::Page,
    well: bool,
) -> Result<(), Error> {
    let Some(issues) = service.issues() else { return Ok(()) };
    let Some(me) = service.me().await? else { return Ok(()) };
    let mut own: Vec<Issue> = issues.by(&me).await?;
    own.retain(|issue| issue.author == me && issue.body.starts_with(&page.marker));
    own.sort_by_key(|issue| issue.number);
    let title = format!("Access at {} is not as it should be", render::host_of(site));
    match (well, own.first()) {
        (false, None) => {
            let number = issues.open(&title, &page.text).await?;
            session.terminal.say(&format!("Issue {number} is open."));
        }
        (false, Some(issue)) => {
            issues.edit(issue.number, &title, &page.text).await?;
            session.terminal.say(&format!("Issue {} is up to date.", issue.number));
        }
        (true, _) => {}
    }
    // All of them once all is well, otherwise the extra ones that two runs at once left.
    for issue in own.iter().skip(usize::from(!well)) {
        issues.close(issue.number).await?;
        session.terminal.say(&format!("Issue {} is closed.", issue.number));
    }
    Ok(())
}
