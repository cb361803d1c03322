//! Why a command ended early: the one error of the edge, with its exit code and its help.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use crate::apply::JournalError;
use crate::atlassian::{self, HostError};
use crate::config::{EditError, ExportError, FormatError};
use crate::environment::EnvironmentError;
use crate::exit::Exit;
use crate::fetch;
use crate::git;
use crate::model::{Address, Diagnostic, Guard, Tree};
use crate::plan::SavedPlanError;
use crate::plan::snapshot::SnapshotError;
use crate::platform;
use crate::sandbox::SeedError;

/// What is wrong with the runs of a tree's folder.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// It holds no journal.
    #[error("{0} holds no journal")]
    None(PathBuf),
    /// Another one is under way.
    #[error("another run of this folder is under way, which holds {0}")]
    Other(PathBuf),
}

impl RunsError {
    /// A full sentence that says what to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::None(_) => "Name the file: a run of CI, or with `--journal`, keeps its journal elsewhere.",
            Self::Other(_) => "Wait until it has ended, and plan again: what it does is then live.",
        }
    }
}

/// A tree that is not valid.
#[derive(Debug)]
pub struct InvalidTree {
    /// The files that could be read.
    pub tree: Tree,
    /// What is wrong with it, and its warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tree is invalid; its diagnostics have been printed.
    #[error("the tree is not valid")]
    Invalid(Box<InvalidTree>),
    /// What the tree is to be compared with is invalid; its diagnostics have been printed.
    #[error("the base {0} is not valid")]
    InvalidBase(String),
    /// What the tree is to be compared with cannot be read.
    #[error("failed to read the base")]
    Base(#[from] git::GitError),
    /// A file of the tree is in no commit, so that it came by no review.
    #[error("{}", unreviewed(.0))]
    Unreviewed(git::Untracked),
    /// The tree is no commit's, so that no apply of it completes one.
    #[error(
        "the tree is not that of the commit that is checked out, which `--base applied` is to move on to"
    )]
    NoCommit,
    /// Files of the tree are not checked out, so that they would be planned as if they had been deleted.
    #[error("the checkout leaves out {}", left_out(.0))]
    LeftOut(Vec<String>),
    /// No `rollbook.yaml` is to be found.
    #[error("neither {0} nor a folder above it holds a rollbook.yaml")]
    NoTree(PathBuf),
    /// The folder that `-C` names holds no `rollbook.yaml`.
    #[error("there is no rollbook.yaml in {0}")]
    NoTreeIn(PathBuf),
    /// The command line or the environment is not usable.
    #[error("{0}")]
    Usage(String),
    /// The environment is not usable.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The tree and the environment name different places.
    #[error("the tree names {tree}, and {variable} names {environment}")]
    WrongSite {
        /// What the tree names.
        tree: String,
        /// The variable.
        variable: &'static str,
        /// What it names.
        environment: String,
    },
    /// The environment holds a key for something that the tree does not name.
    #[error("{variable} is set, and the tree names no `{setting}`")]
    KeyForNothing {
        /// The variable.
        variable: &'static str,
        /// What it would be for.
        setting: &'static str,
    },
    /// A saved plan is not usable, or not any more.
    #[error("the plan {path} cannot be used")]
    Saved {
        /// The plan.
        path: PathBuf,
        /// Why.
        source: SavedPlanError,
    },
    /// A snapshot is not usable, or not for this tree.
    #[error("the snapshot cannot be used")]
    Snapshot(#[from] SnapshotError),
    /// A journal is not as it was written.
    #[error("the journal {path} is broken at line {line}, so nothing of it is taken back")]
    BrokenJournal {
        /// The journal.
        path: PathBuf,
        /// The first line that is not as it was written.
        line: usize,
    },
    /// The runs of the tree's folder.
    #[error(transparent)]
    Runs(#[from] RunsError),
    /// A journal is of another place than the tree.
    #[error("the journal is of {journal}, and the tree names {tree}, or their organizations differ")]
    OtherJournal {
        /// The journal's site.
        journal: String,
        /// The tree's site.
        tree: String,
    },
    /// Something of a reviewed plan no longer follows.
    #[error("the reviewed plan no longer follows from the tree and what is live, so nothing was changed")]
    NoLongerFits,
    /// Guards refuse the plan.
    #[error("the plan is refused by {}, so nothing was changed", names(.0))]
    Guarded(BTreeSet<Guard>),
    /// Guards refuse a plan that is not about to be carried out.
    #[error("the plan is refused by {}", names(.0))]
    PlanRefused(BTreeSet<Guard>),
    /// Another job was to make a plan, and left none.
    #[error("the job that plans left no plan")]
    NotPlanned,
    /// The credential may not write.
    #[error("account {0} is no site administrator, so nothing was changed")]
    CannotWrite(crate::model::AccountId),
    /// Nobody knows whom an organization's key acts for, so that it could lock them out.
    #[error("the tree names no `operator`, so nothing was changed through the organization")]
    NoOperator,
    /// A host may not be sent a credential.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A read failed.
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    /// The client could not be made.
    #[error(transparent)]
    Client(#[from] crate::atlassian::Error),
    /// There is no journal to write to.
    #[error("{}, so nothing was changed", chained(.0))]
    Journal(JournalError),
    /// The journal failed while a plan was carried out.
    #[error("{}, so no further operation was started", chained(.0))]
    JournalBroke(JournalError),
    /// An export of accounts is not usable.
    #[error("{path} is no export of users")]
    Export {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ExportError,
    },
    /// A file has no canonical form that says the same.
    #[error("{path} was left as it is, and so was every other file")]
    Format {
        /// The file, relative to the tree.
        path: String,
        /// Why.
        source: FormatError,
    },
    /// The tree's files cannot be changed.
    #[error("nothing was written")]
    Edit(#[from] EditError),
    /// The changed tree would ask for something else than before.
    #[error("nothing was written: the tree would ask for something else about {}", addresses(.0))]
    AsksAnew(BTreeSet<Address>),
    /// There is no CODEOWNERS for the tree.
    #[error("no CODEOWNERS was written")]
    Codeowners(#[from] crate::render::CodeownersError),
    /// Nobody of those who own the rules is active.
    #[error("everybody in `policy.admins` is `active: false`, so that nobody would own rollbook.yaml")]
    NoActiveAdmin,
    /// A sandbox seed is not usable.
    #[error("{path} is no sandbox seed")]
    Seed {
        /// The seed.
        path: PathBuf,
        /// What is wrong with it.
        source: SeedError,
    },
    /// The platform that runs a job cannot be asked, or the job must not go on.
    #[error(transparent)]
    Platform(#[from] platform::Error),
    /// A file, a socket or the terminal failed.
    #[error("{what}")]
    Io {
        /// What was tried, as `failed to …`.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

fn names(guards: &BTreeSet<Guard>) -> String {
    guards.iter().map(|guard| guard.as_str()).collect::<Vec<_>>().join(" and ")
}

fn unreviewed(file: &git::Untracked) -> String {
    let does = if file.ignored { "ignores" } else { "does not track" };
    format!("git {does} {}, a file of the tree, so that no review has seen it", file.path)
}

/// The first of the files, and how many there are.
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

/// What stands before more words of the same sentence, causes and all.
fn chained(error: &JournalError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl Error {
    /// Wraps what the system said.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// A tree that is not valid, with its diagnostics.
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
            Self::Platform(error) if error.is_setup() => Exit::Usage,
            Self::Platform(error) if error.is_refusal() => Exit::Refused,
            Self::Saved { .. } | Self::NoLongerFits => Exit::Unfit,
            Self::WrongSite { .. }
            | Self::Host(HostError::Loopback(_) | HostError::NoGateway(_))
            | Self::Unreviewed(_)
            | Self::NoCommit
            | Self::LeftOut(_)
            | Self::Snapshot(SnapshotError::OtherSite { .. } | SnapshotError::OtherPlace { .. })
            | Self::OtherJournal { .. }
            | Self::NoOperator
            | Self::Guarded(_)
            | Self::PlanRefused(_)
            | Self::Client(atlassian::Error::OtherSite { .. } | atlassian::Error::WrongSite { .. })
            | Self::Fetch(fetch::Error::Surface(
                atlassian::Error::OtherSite { .. } | atlassian::Error::WrongSite { .. },
            )) => Exit::Refused,
            Self::Base(_)
            | Self::Platform(_)
            | Self::NotPlanned
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
            | Self::NoActiveAdmin
            | Self::Edit(_)
            | Self::AsksAnew(_)
            | Self::Io { .. } => Exit::Failed,
        }
    }

    /// A full sentence that says what to do next, where there is something to do.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::NoTree(_) => Some(
                "Name the tree's folder with -C, or start from the one in the project's examples/minimal.",
            ),
            Self::NoTreeIn(_) => {
                Some("Let -C name the folder that holds it; nothing is looked for above or below.")
            }
            Self::InvalidBase(_) => Some("Correct the base first, in a change of its own."),
            Self::Base(error) => Some(error.help()),
            Self::Unreviewed(file) if file.ignored => {
                Some("Add it with `git add -f` and commit it, or remove it.")
            }
            Self::Unreviewed(_) => Some("Add and commit it, or remove it."),
            Self::NoCommit => Some(
                "Commit the change. Where `git status` shows none, an attribute in .gitattributes (`ident`, \
                 `working-tree-encoding`, `filter`) lets git write other bytes than the commit holds: take it out.",
            ),
            Self::LeftOut(_) => Some(
                "`git sparse-checkout disable` checks out the whole tree, and `git sparse-checkout add FOLDER` one folder. \
                 What is not there would be planned as deleted.",
            ),
            Self::Environment(error) => Some(error.help()),
            Self::WrongSite { .. } => Some("Use the credentials of the site that the tree names."),
            Self::KeyForNothing { .. } => Some(
                "Name it in rollbook.yaml, or leave the variable out: nothing else runs with it. An organization's id stands \
                 in the address of admin.atlassian.com; docs/surfaces.md says what each is for.",
            ),
            Self::Saved { .. } => Some("Make a new plan with `plan --out`, and have it reviewed."),
            Self::Snapshot(error) => Some(error.help()),
            Self::BrokenJournal { .. } => Some("`rollbook journal verify` says more."),
            Self::Runs(error) => Some(error.help()),
            Self::Format { .. } => Some("Write the unusual part in a simpler way; then it can be formatted."),
            Self::Edit(error) => Some(error.help()),
            Self::Codeowners(_) => Some(
                "`policy: { admins: [you@acme.com] }` in rollbook.yaml names who owns the rules; rename what cannot stand in \
                 a line.",
            ),
            Self::NoActiveAdmin => Some("Name somebody under `policy.admins` who is active."),
            Self::AsksAnew(_) => {
                Some("Change that part of the tree by hand; `rollbook plan` says what it asks for then.")
            }
            Self::OtherJournal { .. } => Some("Use the tree of the journal's site."),
            Self::NoLongerFits => Some("The plan above says what. Make a new one, and have it reviewed."),
            Self::NotPlanned => Some("Its log says why."),
            Self::Guarded(_) | Self::PlanRefused(_) => Some(
                "The plan above says what tripped, and how it may be waived: in rollbook.yaml, reviewed, or with \
                 `rollbook apply --allow`, by hand, for one run.",
            ),
            Self::NoOperator => Some(
                "Name who Rollbook acts for in rollbook.yaml, as `operator: you@acme.com`: an organization's key does \
                 not say whose it is, and nothing may narrow that account.",
            ),
            Self::CannotWrite(_) => Some(
                "Use the credential of a site administrator: a member of a group that gives site administration.",
            ),
            Self::Journal(JournalError::Exists(_)) => {
                Some("Name another file with --journal: a journal is never written over or added to.")
            }
            Self::Journal(_) => Some("Name a file with --journal that can be written, on a disk with room."),
            Self::JournalBroke(_) => Some(
                "Make room, see what is left with `rollbook plan`, and apply again; what was done is in the report.",
            ),
            Self::Platform(error) => Some(error.help()),
            Self::Host(error) => Some(error.help()),
            Self::Fetch(error) => error.help(),
            Self::Client(error) => error.help(),
            Self::Invalid(_) | Self::Usage(_) | Self::Seed { .. } | Self::Export { .. } | Self::Io { .. } => {
                None
            }
        }
    }

    /// The error and its causes, one after the other.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // A transparent error shows its cause's text as its own.
            if !text.ends_with(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        text
    }
}
