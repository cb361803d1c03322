//! The one error of the edge: why a command ended early, with its exit code and its help.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use crate::apply::JournalError;
use crate::atlassian::{self, HostError};
use crate::config::{EditError, ExportError, FormatError, ReviewFileError};
use crate::environment::EnvironmentError;
use crate::exit::Exit;
use crate::fetch;
use crate::git;
use crate::login::LoginError;
use crate::model::{self, Address, Diagnostic, Guard, Tree};
use crate::plan::SavedPlanError;
use crate::plan::snapshot::SnapshotError;
use crate::platform;
use crate::sandbox::SeedError;

/// Why the runs of a tree's folder cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RunsError {
    /// It holds no journal.
    #[error("{0} holds no journal")]
    #[diagnostic(help("Name the file: a run of CI, or with `--journal`, keeps its journal elsewhere."))]
    None(PathBuf),
    /// Another run is under way.
    #[error("another run of this folder is under way and holds {0}")]
    #[diagnostic(help("Wait until it has ended, and plan again: the site then has its changes."))]
    Other(PathBuf),
}

/// A tree that is not valid.
#[derive(Debug)]
pub struct InvalidTree {
    /// The files that could be read.
    pub tree: Tree,
    /// Its mistakes and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// The help when guards refuse.
const WAIVE: &str = "The plan above says what was violated, and how it may be waived: in rollbook.yaml, reviewed, or with \
                     `rollbook apply --allow`, by hand, for one run.";

/// Why a command ended early.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// The tree is invalid; its diagnostics have been printed.
    #[error("the tree is not valid")]
    Invalid(Box<InvalidTree>),
    /// The base is invalid; its diagnostics have been printed.
    #[error("the base {0} is not valid")]
    #[diagnostic(help("Correct the base first, in a separate change."))]
    InvalidBase(String),
    /// The base cannot be read.
    #[error("failed to read the base")]
    #[diagnostic(transparent)]
    Base(#[from] git::GitError),
    /// The trees of a repository cannot be listed.
    #[error("failed to list the trees of the repository")]
    #[diagnostic(transparent)]
    Trees(#[source] git::GitError),
    /// A file is not an access review.
    #[error("the review {path} cannot be used")]
    #[diagnostic(help(
        "Take the file as `rollbook review start` wrote it, and change `decision`, `by` and `because` only."
    ))]
    Review {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReviewFileError,
    },
    /// The decisions of a review do not hold.
    #[error("the review is refused, so nothing was changed: {0} Problems: {1}.")]
    #[diagnostic(help("`rollbook review check` lists them all."))]
    ReviewRefused(String, usize),
    /// Not everything on the site was read, so that a review would leave somebody out.
    #[error("the site cannot be read completely, and a review must not leave anybody out: {0}")]
    #[diagnostic(help("Set a credential for Jira, which shows the members of every group."))]
    PartialReview(String),
    /// The history of a tree cannot be read.
    #[error("failed to read the history")]
    #[diagnostic(transparent)]
    History(#[source] git::GitError),
    /// A file of the tree is in no commit, so that it came by no review.
    #[error("{}", unreviewed(.0))]
    #[diagnostic(help(
        "{}", if .0.ignored { "Add it with `git add -f` and commit it, or remove it." } else { "Add and commit it, or remove it." }
    ))]
    Unreviewed(git::Untracked),
    /// The tree does not belong to a commit, so no apply of it completes one.
    #[error(
        "the tree is not that of the commit that is checked out, to which `--base applied` would move on"
    )]
    #[diagnostic(help(
        "Commit the change. If `git status` shows none, an attribute in .gitattributes (`ident`, `working-tree-encoding`, \
         `filter`) makes git write bytes that differ from the commit's: remove it."
    ))]
    NoCommit,
    /// Files of the tree are not checked out, so they would be planned as if they had been deleted.
    #[error("the checkout leaves out {}", left_out(.0))]
    #[diagnostic(help(
        "`git sparse-checkout disable` checks out the whole tree, and `git sparse-checkout add FOLDER` adds one folder. \
         Missing files would be planned as deleted."
    ))]
    LeftOut(Vec<String>),
    /// No `rollbook.yaml` was found.
    #[error("there is no rollbook.yaml in {0} or any folder above it")]
    #[diagnostic(help(
        "Name the tree's folder with -C, or start from the one in the project's examples/minimal."
    ))]
    NoTree(PathBuf),
    /// The folder that `-C` names holds no `rollbook.yaml`.
    #[error("there is no rollbook.yaml in {0}")]
    #[diagnostic(help("Pass -C the folder that contains it; folders above and below are not searched."))]
    NoTreeIn(PathBuf),
    /// The command line or the environment is invalid.
    #[error("{0}")]
    Usage(String),
    /// The environment is invalid.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Environment(#[from] EnvironmentError),
    /// The tree and the environment name different places.
    #[error("the tree names {tree}, and {variable} names {environment}")]
    #[diagnostic(help("Use the credentials of the site that the tree names."))]
    WrongSite {
        /// The place that the tree names.
        tree: String,
        /// The variable.
        variable: &'static str,
        /// The place that it names.
        environment: String,
    },
    /// The environment holds a key, and the tree does not name what it is for.
    #[error("{variable} is set, and the tree names no `{setting}`")]
    #[diagnostic(help(
        "Name it in rollbook.yaml, or unset the variable: nothing else uses it. An organization's ID is in the address of \
         admin.atlassian.com; docs/surfaces.md explains each."
    ))]
    KeyForNothing {
        /// The variable.
        variable: &'static str,
        /// The setting that it would be for.
        setting: &'static str,
    },
    /// A saved plan is invalid or outdated.
    #[error("the plan {path} cannot be used")]
    #[diagnostic(help("Make a new plan with `plan --out`, and have it reviewed."))]
    Saved {
        /// The plan.
        path: PathBuf,
        /// Why.
        source: SavedPlanError,
    },
    /// A snapshot is invalid, or not for this tree.
    #[error("the snapshot cannot be used")]
    #[diagnostic(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A journal was altered after it was written.
    #[error("the journal {path} is broken at line {line}, so nothing of it is undone")]
    #[diagnostic(help("`rollbook journal verify` says more."))]
    BrokenJournal {
        /// The journal.
        path: PathBuf,
        /// The first altered line.
        line: usize,
    },
    /// The runs of the tree's folder cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Runs(#[from] RunsError),
    /// A journal's site or organization differs from the tree's.
    #[error("the journal is of {journal}, but the tree names {tree}, or their organizations differ")]
    #[diagnostic(help("Use the tree of the journal's site."))]
    OtherJournal {
        /// The journal's site.
        journal: String,
        /// The tree's site.
        tree: String,
    },
    /// A part of a reviewed plan no longer follows.
    #[error("the reviewed plan no longer follows from the tree and the site, so nothing was changed")]
    #[diagnostic(help("The plan above shows the difference. Make a new one, and have it reviewed."))]
    NoLongerFits,
    /// Guards refuse the plan.
    #[error("the plan is refused by {}, so nothing was changed", names(.0))]
    #[diagnostic(help("{WAIVE}"))]
    Guarded(BTreeSet<Guard>),
    /// Guards refuse a plan that will not be carried out.
    #[error("the plan is refused by {}", names(.0))]
    #[diagnostic(help("{WAIVE}"))]
    PlanRefused(BTreeSet<Guard>),
    /// The job that should have made a plan left none.
    #[error("the job that plans left no plan")]
    #[diagnostic(help("Its log says why."))]
    NotPlanned,
    /// The credential may not write.
    #[error("account {0} is not a site administrator, so nothing was changed")]
    #[diagnostic(help(
        "Use the credential of a site administrator: a member of a group that gives site administration."
    ))]
    CannotWrite(crate::model::AccountId),
    /// The account that an organization's key acts for is unknown, so it could be locked out.
    #[error("`operator` is not set, so nothing was changed through the organization")]
    #[diagnostic(help(
        "Name the account that Rollbook acts for in rollbook.yaml, as `operator: you@acme.com`: an organization's key does \
         not say whose it is, and no plan may reduce that account's access."
    ))]
    NoOperator,
    /// A login in the browser cannot be made or used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Login(#[from] LoginError),
    /// Nobody is signed in.
    #[error("nobody is signed in to {0}")]
    #[diagnostic(help("Run `rollbook login`."))]
    NotSignedIn(String),
    /// A host may not be sent a credential.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Host(#[from] HostError),
    /// A read failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fetch(#[from] fetch::Error),
    /// The client could not be created.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Client(#[from] atlassian::Error),
    /// There is no journal to write to.
    #[error("{}, so nothing was changed", model::ErrorExt::chain(.0))]
    #[diagnostic(transparent)]
    Journal(JournalError),
    /// The journal failed while a plan was carried out.
    #[error("{}, so no further operation was started", model::ErrorExt::chain(.0))]
    #[diagnostic(help(
        "Make room, see the rest with `rollbook plan`, and apply again; the report lists the completed operations."
    ))]
    JournalBroke(JournalError),
    /// An export of accounts is invalid.
    #[error("{path} is not an Atlassian user export")]
    Export {
        /// The file.
        path: PathBuf,
        /// The mistake.
        source: ExportError,
    },
    /// A file has no canonical form with the same meaning.
    #[error("{path} was left as it is, and so was every other file")]
    #[diagnostic(help("Write the unusual part in a simpler way; then it can be formatted."))]
    Format {
        /// The file, relative to the tree.
        path: String,
        /// Why.
        source: FormatError,
    },
    /// The tree's files cannot be changed.
    #[error("nothing was written")]
    #[diagnostic(transparent)]
    Edit(#[from] EditError),
    /// The changed tree would no longer ask for the same access.
    #[error("nothing was written: the tree would ask for something else for {}", addresses(.0))]
    #[diagnostic(help("Change that part of the tree by hand; `rollbook plan` then shows its effect."))]
    AsksForMore(BTreeSet<Address>),
    /// There is no CODEOWNERS for the tree.
    #[error("no CODEOWNERS was written")]
    #[diagnostic(help(
        "`policy: {{ admins: [you@acme.com] }}` in rollbook.yaml names who owns the rules. If trees share files, name \
         somebody in each of them. Rename paths that cannot be written in a line."
    ))]
    Codeowners(#[from] crate::render::CodeownersError),
    /// Nobody who owns the rules is active.
    #[error("everybody in `policy.admins` is `active: false`, so nobody would own {0}rollbook.yaml")]
    #[diagnostic(help("Name somebody under `policy.admins` who is active."))]
    NoActiveAdmin(String),
    /// A sandbox seed is invalid.
    #[error("{path} is not a sandbox seed")]
    Seed {
        /// The seed.
        path: PathBuf,
        /// The mistake.
        source: SeedError,
    },
    /// The platform cannot be asked, or the job must not continue.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Platform(#[from] platform::Error),
    /// A file, a socket or the terminal failed.
    #[error("{what}")]
    Io {
        /// The action that failed, as `failed to …`.
        what: String,
        /// The system's error.
        source: io::Error,
    },
}

fn names(guards: &BTreeSet<Guard>) -> String {
    guards.iter().map(|guard| guard.as_str()).collect::<Vec<_>>().join(" and ")
}

fn unreviewed(file: &git::Untracked) -> String {
    let does = if file.ignored { "ignores" } else { "does not track" };
    format!("git {does} {}, a file of the tree, so no review has seen it", file.path)
}

/// Names the first of the files, and how many there are.
fn left_out(paths: &[String]) -> String {
    let first = paths.first().map_or("", String::as_str);
    match paths.len() {
        0 | 1 => format!("{first}, a file of the tree"),
        several => format!("{several} files of the tree, such as {first}"),
    }
}

fn addresses(addresses: &BTreeSet<Address>) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<atlassian::SetupError> for Error {
    fn from(error: atlassian::SetupError) -> Self {
        Self::Client(error.into())
    }
}

impl Error {
    /// Wraps a system error.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Wraps an invalid tree and its diagnostics.
    pub(crate) fn invalid(tree: Tree, diagnostics: Vec<Diagnostic>) -> Self {
        Self::Invalid(Box::new(InvalidTree { tree, diagnostics }))
    }

    /// How the run ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Invalid(_)
            | Self::InvalidBase(_)
            | Self::NoTree(_)
            | Self::NoTreeIn(_)
            | Self::Host(
                HostError::Shape(_) | HostError::Insecure(_) | HostError::Foreign(_) | HostError::CloudId(_),
            ) => Exit::Invalid,
            Self::Usage(_)
            | Self::Environment(_)
            | Self::KeyForNothing { .. }
            | Self::Seed { .. }
            | Self::Export { .. } => Exit::Usage,
            Self::Platform(error) => error.exit(),
            Self::Login(error) => error.exit(),
            Self::Saved { .. } | Self::NoLongerFits => Exit::Unfit,
            Self::Client(error) | Self::Fetch(fetch::Error::Surface(error)) if error.is_another_site() => {
                Exit::Refused
            }
            Self::WrongSite { .. }
            | Self::Host(HostError::Loopback(_) | HostError::NoGateway(_))
            | Self::Unreviewed(_)
            | Self::NoCommit
            | Self::LeftOut(_)
            | Self::Snapshot(SnapshotError::OtherSite { .. } | SnapshotError::OtherPlace { .. })
            | Self::OtherJournal { .. }
            | Self::NoOperator
            | Self::Guarded(_)
            | Self::PlanRefused(_) => Exit::Refused,
            Self::Base(_)
            | Self::Trees(_)
            | Self::History(_)
            | Self::Review { .. }
            | Self::ReviewRefused(..)
            | Self::PartialReview(_)
            | Self::NotPlanned
            | Self::NotSignedIn(_)
            | Self::CannotWrite(_)
            | Self::Fetch(_)
            | Self::Snapshot(_)
            | Self::Client(_)
            | Self::Journal(_)
            | Self::JournalBroke(_)
            | Self::BrokenJournal { .. }
            | Self::Runs(_)
            | Self::Format { .. }
            | Self::Codeowners(_)
            | Self::NoActiveAdmin(_)
            | Self::Edit(_)
            | Self::AsksForMore(_)
            | Self::Io { .. } => Exit::Failed,
        }
    }
}
