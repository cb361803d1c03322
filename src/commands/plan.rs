//! `rollbook plan`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Address, Email, Guard, Note, Plan, Reason};
use crate::plan::{self, Lookup, Scope};
use crate::render::{self, Grouping};

use super::planning::{Asked, Planned, Source};
use super::session::{Known, Loaded};
use super::snapshot::opened;
use super::{OUTPUT, SAFETY, SELECTION, Session, block_on, connect};
use crate::files::{Readers, replace};

/// The arguments of `plan`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    part: Part,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: PlanFormat,
    /// Group the lines of the text form by this [default: group]
    #[arg(long, value_name = "WHAT", help_heading = OUTPUT)]
    by: Option<By>,
    /// Save the plan to a file, for `show` and `apply`
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    out: Option<PathBuf>,
    /// Plan against a snapshot instead of the site, without credentials or requests
    #[arg(long, value_name = "FILE", help_heading = SELECTION)]
    live: Option<PathBuf>,
    /// Mask emails and display names in the output
    #[arg(long, conflicts_with = "out", help_heading = OUTPUT)]
    redact: bool,
    /// Exit with 2 when there are changes
    #[arg(long, help_heading = OUTPUT)]
    detailed_exitcode: bool,
}

/// The selected part of a tree.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Part {
    /// Only this address and what it requires: group.NAME, user.EMAIL or member.NAME/EMAIL; may be repeated
    #[arg(long, value_name = "ADDRESS", help_heading = SELECTION)]
    pub(super) target: Vec<Address>,
    /// Only operations for these reasons: declared, synced, undeclared, expired, excepted, offboarded or unlisted
    #[arg(long, value_name = "REASON", value_delimiter = ',', help_heading = SELECTION)]
    pub(super) reason: Vec<Reason>,
    /// Resolve users only from pins and rollbook.lock
    #[arg(long, help_heading = SAFETY)]
    pub(super) locked: bool,
    /// Compare with this: a revision, such as refs/remotes/origin/main, `applied` for the last commit whose apply
    /// completed, or a folder, by an absolute path or one that starts with a dot
    #[arg(long, value_name = "REV|DIR", help_heading = SELECTION)]
    pub(super) base: Option<String>,
    /// Who made the change since the base; may be repeated, or a list with commas
    #[arg(long = "author", value_name = "EMAIL", value_parser = Email::parse, value_delimiter = ',', help_heading = SAFETY)]
    pub(super) authors: Vec<Email>,
    /// An older snapshot: the plan is refused if a group that had members then reads as empty now
    #[arg(long, value_name = "FILE", help_heading = SAFETY)]
    pub(super) snapshot: Option<PathBuf>,
    /// Waive a guard for this run, such as max-revokes; may be repeated
    #[arg(long, value_name = "GUARD", help_heading = SAFETY)]
    pub(super) allow: Vec<Guard>,
    /// The commit that a platform names to compare the tree with, instead of `base`
    #[arg(skip)]
    pub(super) against: Option<Against>,
    /// Notes for reviewers in addition to the plan's own
    #[arg(skip)]
    pub(super) notes: Vec<Note>,
}

/// The commit that a platform names to compare a tree with.
#[derive(Clone, Debug)]
pub(super) struct Against {
    /// The commit.
    pub(super) commit: String,
    /// Its name in a plan.
    pub(super) name: String,
    /// How many commits of its branch the tree lacks.
    pub(super) behind: usize,
    /// The last commit whose apply completed, if the platform knows one.
    pub(super) applied: Option<String>,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For a comment on a pull request.
    Markdown,
    /// For annotations on the lines of a change, as GitHub Actions takes them.
    Github,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum By {
    Group,
    User,
}

/// Makes a plan and prints it.
///
/// # Errors
/// [`Error`] when there is no plan.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let grouping = arguments.format.grouping(arguments.by)?;
    let loaded = session.load_compared(&arguments.part, Known::NotIgnored)?;
    let planned = planned(session, &loaded, &arguments.part, arguments.live.as_deref())?;
    let plan = if arguments.redact { masked(&planned, &loaded) } else { planned.plan };
    print(session, &plan, arguments.format, grouping)?;
    if let Some(path) = &arguments.out {
        replace(path, &render::plan_json(&plan), Readers::Owner)
            .map_err(Error::io(format!("failed to write {}", path.display())))?;
        session.terminal.say(&format!("The plan is in {}.", path.display()));
    }
    Ok(exit(&plan, arguments.detailed_exitcode))
}

/// Makes a plan of a tree, against the site or against a snapshot of it.
pub(super) fn planned(
    session: &Session,
    loaded: &Loaded,
    part: &Part,
    live: Option<&Path>,
) -> Result<Planned, Error> {
    let asked = Asked::of(part);
    if let Some(path) = live {
        let snapshot = opened(session, loaded, part, path)?;
        return block_on(session.plan(Source::Snapshot(&snapshot), loaded, &asked));
    }
    let surfaces = connect(session, &loaded.declaration.settings)?;
    block_on(session.plan(Source::Live(&surfaces), loaded, &asked))
}

/// The plan without emails and display names, both the site's and the tree's.
fn masked(planned: &Planned, loaded: &Loaded) -> Plan {
    let live = planned.live.accounts.values().map(|account| account.name.clone());
    let declared =
        loaded.declaration.users.values().filter_map(|user| Some(user.name.as_ref()?.value.clone()));
    plan::redacted(&planned.plan, &live.chain(declared).collect())
}

/// Prints a plan.
pub(super) fn print(
    session: &Session,
    plan: &Plan,
    format: PlanFormat,
    grouping: Grouping,
) -> Result<(), Error> {
    let text = match format {
        PlanFormat::Json => render::plan_json(plan),
        PlanFormat::Text => render::plan_text(plan, grouping, session.terminal.width()),
        PlanFormat::Markdown => render::plan_markdown(plan, render::CommentLimit::GITHUB),
        PlanFormat::Github => render::plan_github(plan, &session.prefix()),
    };
    session.data(&text)
}

/// A refusal takes precedence over anything blocked, and that over pending changes (docs/design.md#exit-codes).
pub(super) fn exit(plan: &Plan, detailed: bool) -> Exit {
    if plan.refusals().next().is_some() {
        return Exit::Refused;
    }
    match (plan.blocked.is_empty(), plan.operations.is_empty()) {
        (false, _) => Exit::Incomplete,
        (true, false) if detailed => Exit::Pending,
        (true, _) => Exit::Done,
    }
}

impl Part {
    /// Whether it is the whole tree.
    pub(super) fn is_whole(&self) -> bool {
        self.target.is_empty() && self.reason.is_empty()
    }

    pub(super) fn lookup(&self) -> Lookup {
        if self.locked { Lookup::Locked } else { Lookup::Everywhere }
    }

    pub(super) fn scope(&self) -> Scope {
        Scope { targets: self.target.clone(), reasons: self.reason.clone() }
    }
}

impl PlanFormat {
    /// How the lines are grouped.
    ///
    /// # Errors
    /// [`Error::Usage`] when the format does not have the grouping.
    pub(super) fn grouping(self, by: Option<By>) -> Result<Grouping, Error> {
        match (self, by) {
            (_, None) | (Self::Text, Some(By::Group)) => Ok(Grouping::Group),
            (Self::Text, Some(By::User)) => Ok(Grouping::User),
            (Self::Json | Self::Markdown | Self::Github, Some(_)) => Err(Error::Usage(
                "--by groups the lines of the text form: leave it out with --format".to_owned(),
            )),
        }
    }
}
