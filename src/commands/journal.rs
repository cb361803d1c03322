//! `rollbook journal`, and the journal that an apply writes.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::apply::{JournalError, JournalWriter};
use crate::error::{Error, RunsError};
use crate::exit::Exit;
use crate::git;
use crate::journal::{Broken, JournalFile, Parsed, Wrong, parse};
use crate::model::{Begin, Guard, JOURNAL_FORMAT, Journal, Plan, Record, Rights, Settings};
use crate::render;

use super::{Format, OUTPUT, Session};

/// Where journals are kept under the tree's root.
pub(super) const JOURNALS: &str = ".rollbook";

/// The largest journal that is read, in bytes: a hundred times that of an apply of 10,000 operations.
pub(super) const LARGEST: u64 = 1024 * 1024 * 1024;

/// The arguments of `journal`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the runs of this folder, newest first: when, who, which commit, and how each ended
    List {
        /// Output format
        #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
        format: Format,
    },
    /// Check that journals are intact, and show what was in flight
    Verify {
        /// The journals
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// The last hash that the apply printed, to notice missing lines at the end of one journal
        #[arg(long, value_name = "HASH")]
        last: Option<String>,
    },
    /// Show what was done: who, when, which plan, and the outcome of every operation
    Show {
        /// The journal [default: that of the newest run in the tree's folder]
        file: Option<PathBuf>,
        /// Output format
        #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
        format: Format,
    },
}

/// Reads journals and prints their content. Fails if one is broken.
///
/// # Errors
/// [`Error`] when a file cannot be read.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let width = session.terminal.width();
    match &arguments.command {
        Command::List { format } => {
            let runs = runs(session)?;
            session.data(&match format {
                Format::Text => render::journals_text(&runs, width),
                Format::Json => render::journals_json(&runs),
            })?;
            Ok(sound(runs.iter().all(|run| run.parsed.broken.is_none())))
        }
        Command::Verify { files, last } => verify(session, files, last.as_deref()),
        Command::Show { file, format } => {
            let file = match file {
                Some(file) => file.clone(),
                None => newest(session)?,
            };
            let parsed = read(&file)?;
            session.data(&match format {
                Format::Text => render::journal_text(&parsed, width),
                Format::Json => render::journal_json(&parsed),
            })?;
            Ok(sound(parsed.broken.is_none()))
        }
    }
}

fn verify(session: &Session, files: &[PathBuf], last: Option<&str>) -> Result<Exit, Error> {
    if last.is_some() && files.len() > 1 {
        return Err(Error::Usage("`--last` is the last hash of one journal, and several are named".into()));
    }
    let mut all = true;
    for file in files {
        let parsed = read(file)?;
        if files.len() > 1 {
            session.data(&format!("{}\n", render::escape_untrusted(&file.display().to_string())))?;
        }
        session.data(&render::verification(&parsed, session.terminal.width()))?;
        let other = last.filter(|last| !last.eq_ignore_ascii_case(&parsed.journal.last));
        if let Some(last) = other {
            let last = render::escape_untrusted(last);
            session.data(&format!("It should be {last}: lines are missing at the end.\n"))?;
        }
        all &= parsed.broken.is_none() && other.is_none();
    }
    Ok(sound(all))
}

/// The journals of the tree's folder, the newest run first. One without the start of its run precedes all.
fn runs(session: &Session) -> Result<Vec<JournalFile>, Error> {
    let folder = session.root()?.join(JOURNALS).join("journals");
    let failed = || Error::io(format!("failed to read {}", folder.display()));
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed())?,
    };
    let mut runs = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed())?.path();
        if path.extension().is_some_and(|it| it == "jsonl") {
            runs.push(JournalFile { parsed: read(&path)?, path });
        }
    }
    runs.sort_by(|a, b| {
        (b.began().is_none(), b.began(), &b.path).cmp(&(a.began().is_none(), a.began(), &a.path))
    });
    Ok(runs)
}

/// The journal of the newest run in the tree's folder.
pub(super) fn newest(session: &Session) -> Result<PathBuf, Error> {
    // A committed journal may be of no run of this folder: anybody who may push could have forged it.
    let tracked =
        git::tracked_like(&session.root()?, &[&format!(":(glob){JOURNALS}/journals/**")]).unwrap_or_default();
    if let Some(path) = tracked.first() {
        return Err(Error::Usage(format!(
            "git tracks {}, which need not be of a run of this folder: remove it from the repository, or name the journal",
            render::escape_untrusted(path)
        )));
    }
    let runs = runs(session)?;
    let Some(newest) = runs.into_iter().next() else {
        return Err(RunsError::None(session.root()?.join(JOURNALS).join("journals")).into());
    };
    if newest.began().is_none() {
        return Err(Error::BrokenJournal { path: newest.path, line: 1 });
    }
    session
        .terminal
        .say(&format!("The newest run: {}", render::escape_untrusted(&newest.path.display().to_string())));
    Ok(newest.path)
}

/// Makes sure that no other run of this folder is under way, as long as the file is held. Two at once would plan the same
/// operations, and invite users twice. If the journal is elsewhere, as in CI, the caller must prevent that.
pub(super) fn alone(session: &Session, journal: Option<&Path>) -> Result<Option<File>, Error> {
    if journal.is_some() {
        return Ok(None);
    }
    let path = private_folder(&session.root()?)?.join("lock");
    let failed = |source: io::Error| Error::io(format!("failed to lock {}", path.display()))(source);
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(RunsError::Other(path).into()),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn sound(sound: bool) -> Exit {
    if sound { Exit::Done } else { Exit::Failed }
}

/// Reads an unaltered journal.
pub(super) fn sound_journal(path: &Path) -> Result<Journal, Error> {
    let Parsed { journal, broken } = read(path)?;
    match broken {
        // The last line of an interrupted run may be incomplete; the outcome of its operation is unknown.
        None | Some(Broken { wrong: Wrong::CutOff, .. }) => Ok(journal),
        Some(broken) => Err(Error::BrokenJournal { path: path.to_path_buf(), line: broken.line }),
    }
}

fn read(path: &Path) -> Result<Parsed, Error> {
    let bytes =
        crate::files::read(path, LARGEST).map_err(Error::io(format!("failed to read {}", path.display())))?;
    Ok(parse(&bytes))
}

/// A run, for its journal.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rights: &'a Rights,
    pub(super) settings: &'a Settings,
    pub(super) allowed: &'a [Guard],
}

/// Creates the journal of a run and writes its first line.
pub(super) async fn begin(
    session: &Session,
    file: Option<&Path>,
    run: &Run<'_>,
) -> Result<(JournalWriter, PathBuf), Error> {
    let path = match file {
        Some(path) => path.to_path_buf(),
        None => in_tree(&session.root()?, &run.plan.fingerprint)?,
    };
    let journal = JournalWriter::create(path.clone(), Timestamp::now)?;
    journal.write(vec![Record::Begin(run.begin())]).await?;
    Ok((journal, path))
}

/// The default path of a journal.
fn in_tree(root: &Path, fingerprint: &str) -> Result<PathBuf, JournalError> {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ");
    let plan: String = fingerprint.chars().take(8).collect();
    Ok(private_folder(root)?.join("journals").join(format!("{time}-{plan}.jsonl")))
}

/// Returns the folder for files that a tree's runs keep on this machine; creates it if missing. git ignores it.
fn private_folder(root: &Path) -> Result<PathBuf, JournalError> {
    let folder = root.join(JOURNALS);
    let failed = |source: io::Error| JournalError::Create { path: folder.clone(), source: source.into() };
    let journals = folder.join("journals");
    for folder in [&folder, &journals] {
        // A tree may come from anybody, and must not choose where on this machine journals go.
        if fs::symlink_metadata(folder).is_ok_and(|it| !it.is_dir()) {
            return Err(failed(io::Error::other("it is not a folder, or a link to one")));
        }
    }
    make_private(&folder).map_err(failed)?;
    let ignore = OpenOptions::new().write(true).create_new(true).open(folder.join(".gitignore"));
    match ignore.map_err(|error| (error.kind(), error)) {
        Ok(mut file) => file.write_all(b"*\n").map_err(failed)?,
        Err((ErrorKind::AlreadyExists, _)) => {}
        Err((_, error)) => return Err(failed(error)),
    }
    Ok(folder)
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

impl Run<'_> {
    fn begin(&self) -> Begin {
        let Self { plan, rights, settings, allowed } = self;
        Begin {
            format: JOURNAL_FORMAT.into(),
            rollbook: plan.header.rollbook.clone(),
            site: plan.site.clone(),
            organization: settings.organization.as_ref().map(|id| id.value.clone()),
            account: rights.acting().cloned(),
            operator: settings.operator.as_ref().map(|operator| operator.value.clone()),
            fingerprint: plan.fingerprint.clone(),
            commit: plan.header.commit.clone(),
            today: Some(plan.header.today),
            allowed: allowed.to_vec(),
            operations: plan.operations.len(),
        }
    }
}

/// Closes a journal, and prints its path. An incomplete journal is an error.
pub(super) fn end(session: &Session, journal: JournalWriter, path: &Path) -> Result<(), Error> {
    let last = journal.close().map_err(Error::JournalBroke)?;
    let path = path.display().to_string();
    session.terminal.say(&format!("Journal: {}\nLast hash: {last}", render::escape_untrusted(&path)));
    Ok(())
}
