//! The parts that commands share: a tree, a connection, a plan.

use std::convert::Infallible;
use std::env;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use tracing::warn;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

use crate::atlassian::{Pause, Waiting, Waits};
use crate::config;
use crate::error::Error;
use crate::git;
use crate::model::{Declaration, Diagnostic, ErrorExt, Severity, Snapshot, Tree};
use crate::render::{self, Colour, DiagnosticStyle, Frames};
use crate::terminal::Terminal;

use super::plan::Part;
use super::planning::LoadedBase;
use super::snapshot::opened;

/// Rollbook's version, as plans and journals name it.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The input of every command.
#[derive(Clone, Debug)]
pub struct Session {
    /// The process's streams.
    pub terminal: Terminal,
    /// The tree's folder, if `-C` names it.
    pub dir: Option<PathBuf>,
    /// The date as of which `until` is evaluated, in UTC.
    pub today: Date,
    /// Whether `--today` names that date, so this machine's clock does not matter.
    pub day_named: bool,
    /// Where the surfaces report long waits.
    pub waits: Waits,
}

/// A tree that is valid.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) tree: Tree,
    pub(super) declaration: Declaration,
    pub(super) base: Option<LoadedBase>,
    /// The tree at the last commit whose apply completed, if it is not the base.
    pub(super) applied: Option<LoadedBase>,
    /// The earlier snapshot of the site, if a part names one.
    pub(super) snapshot: Option<Snapshot>,
}

/// How git must treat the files of a tree that is compared with a revision.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// It does not ignore them: uncommitted files may still be reviewed.
    NotIgnored,
    /// It tracks them.
    Tracked,
}

impl Known {
    /// Refuses the first file that git ignores or does not track.
    fn judge(self, untracked: Vec<git::Untracked>) -> Result<(), Error> {
        let refused = untracked.into_iter().find(|file| match self {
            Self::NotIgnored => file.ignored,
            Self::Tracked => true,
        });
        refused.map_or(Ok(()), |file| Err(Error::Unreviewed(file)))
    }
}

/// Logs to stderr: warnings, with `-v` reads and writes, with `-vv` every request.
pub fn log(verbose: u8, color: bool) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Other crates' logs may hold headers and bodies.
    let ours = Targets::new().with_target("rollbook", level);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(color)
        .with_target(false)
        .without_time()
        // It would write to stderr, and panic if stderr is closed.
        .log_internal_errors(false)
        .finish()
        .with(ours);
    // A user of the library may have set another one.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

impl Session {
    /// Finds the tree's folder.
    pub(super) fn root(&self) -> Result<PathBuf, Error> {
        if let Some(dir) = &self.dir {
            // The read reports any other error.
            return match dir.join("rollbook.yaml").symlink_metadata().map_err(|error| error.kind()) {
                Err(ErrorKind::NotFound | ErrorKind::NotADirectory) => Err(Error::NoTreeIn(dir.clone())),
                Ok(_) | Err(_) => Ok(dir.clone()),
            };
        }
        let here = env::current_dir().map_err(Error::io("failed to find the current folder"))?;
        config::find_root(&here).ok_or(Error::NoTree(here))
    }

    /// Reads the tree, the base of a part, and the earlier snapshot. With a revision, git must also know the tree's files.
    pub(super) fn load_compared(&self, part: &Part, known: Known) -> Result<Loaded, Error> {
        let base = match (&part.against, &part.base) {
            (Some(against), _) => Some(self.base_at(against)?),
            (None, Some(named)) => Some(self.base(named)?),
            (None, None) => None,
        };
        let mut loaded = Loaded { base, ..self.load()? };
        if loaded.base.as_ref().is_some_and(LoadedBase::is_commit) {
            known.judge(git::untracked(&self.root()?, &loaded.tree)?)?;
        }
        loaded.applied = self.applied(&loaded, part)?;
        if let Some(path) = &part.snapshot {
            loaded.snapshot = Some(opened(self, &loaded, part, path)?);
        }
        Ok(loaded)
    }

    /// Reads the tree; its diagnostics go to stderr.
    pub(super) fn load(&self) -> Result<Loaded, Error> {
        let root = self.root()?;
        let loaded = config::load(&root, self.today);
        is_whole(&root, &loaded.tree)?;
        let style = self.diagnostic_style(self.terminal.stderr_in_color());
        let errors = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
        let shown: Vec<Diagnostic> = loaded
            .diagnostics
            .into_iter()
            .filter(|diagnostic| errors(diagnostic) || !self.terminal.quiet)
            .collect();
        let shown = ended_once(shown);
        if !shown.is_empty() {
            self.terminal.tell(&render::diagnostics(&loaded.tree, &shown, style));
        }
        match loaded.declaration {
            Some(declaration) => {
                Ok(Loaded { tree: loaded.tree, declaration, base: None, applied: None, snapshot: None })
            }
            None => Err(Error::invalid(loaded.tree, shown)),
        }
    }

    /// The tree's folder in its repository, with a `/` at its end; empty if it is the repository's own, or in none.
    pub(super) fn prefix(&self) -> String {
        self.root().ok().and_then(|root| git::prefix(&root)).unwrap_or_default()
    }

    /// A session for each tree of a folder's repository, ordered by folder: for those that git tracks and that exist, and for
    /// this one.
    pub(super) fn trees(&self, folder: &Path) -> Result<Vec<Self>, Error> {
        let missing = git::trees_left_out(folder).map_err(Error::Trees)?;
        if !missing.is_empty() {
            return Err(Error::LeftOut(missing));
        }
        let top = git::top(folder).unwrap_or_else(|| folder.to_path_buf());
        let mut folders = git::trees(folder).map_err(Error::Trees)?;
        folders.extend(self.root().is_ok().then(|| self.prefix()));
        folders.sort();
        folders.dedup();
        let dirs = folders.iter().map(|folder| top.join(folder));
        let there = dirs.filter(|dir| dir.join(config::ROOT).symlink_metadata().is_ok());
        Ok(there.map(|dir| Self { dir: Some(dir), ..self.clone() }).collect())
    }

    pub(super) fn diagnostic_style(&self, color: bool) -> DiagnosticStyle {
        DiagnosticStyle {
            frames: Frames::Unicode,
            colour: if color { Colour::Ansi } else { Colour::None },
            width: self.terminal.width(),
        }
    }

    /// Does something, and reports waits meanwhile.
    pub(super) async fn telling<T>(&self, work: impl Future<Output = T>) -> T {
        let waits = tell_waits(&self.waits, |wait| self.terminal.say(wait));
        tokio::select! {
            biased;
            done = work => done,
            never = waits => match never {},
        }
    }

    /// Prints data.
    pub(super) fn data(&self, text: &str) -> Result<(), Error> {
        self.terminal.data(text).map_err(Error::io("failed to print"))
    }
}

/// Merges the reports of expired access into one; only `check` shows each.
fn ended_once(mut shown: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let ended = |diagnostic: &Diagnostic| diagnostic.code == config::codes::UNTIL_PAST;
    let more = shown.iter().filter(|diagnostic| ended(diagnostic)).count().saturating_sub(1);
    if more == 0 {
        return shown;
    }
    let mut first = true;
    shown.retain(|diagnostic| !ended(diagnostic) || std::mem::take(&mut first));
    if let Some(told) = shown.iter_mut().find(|diagnostic| ended(diagnostic)) {
        told.message = format!("{}; the same holds for {}", told.message, render::count(more, "other line"));
        told.help = Some(
            "`rollbook prune` removes such entries from groups, and `rollbook check` shows each.".to_owned(),
        );
    }
    shown
}

/// Makes sure that a folder holds all files of its tree that should be in it. Warns if git cannot tell.
pub(super) fn is_whole(folder: &Path, tree: &Tree) -> Result<(), Error> {
    match git::left_out(folder, tree) {
        Ok(paths) if paths.is_empty() => Ok(()),
        Ok(paths) => Err(Error::LeftOut(paths)),
        Err(error) => {
            let help = error.help().unwrap_or_default();
            warn!("git cannot tell whether the whole tree is checked out: {error}. {help}");
            Ok(())
        }
    }
}

/// Reports every wait that ends later than the one before.
pub(super) async fn tell_waits(waits: &Waits, mut tell: impl FnMut(&str)) -> Infallible {
    let mut told = waits.subscribe();
    let mut last = Timestamp::MIN;
    loop {
        // `waits` holds the sender, so the channel stays open.
        let _ = told.changed().await;
        let waiting = told.borrow_and_update().clone();
        // Concurrent requests are refused together.
        if let Some(waiting) = waiting.filter(|waiting| waiting.until.as_second() > last.as_second() + 1) {
            last = waiting.until;
            tell(&wait_line(&waiting));
        }
    }
}

fn wait_line(Waiting { request, pause, until }: &Waiting) -> String {
    let what = match pause {
        Pause::Nothing => format!("{request} failed and is sent again"),
        Pause::Route => format!("the limit of {request} is used up: waiting"),
        Pause::Everything => "a quota of the site is used up: waiting".to_owned(),
    };
    format!("{what} until {}", until.strftime("%H:%M:%S UTC"))
}

/// Runs work that waits for the network.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(Error::io("failed to start"))?.block_on(work)
}
