//! The output of a job: files for the platform to store, its summary and the step's outputs.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::model::ErrorExt as _;
use crate::platform::{Folder, Job};
use crate::render::{self, Failure};

use super::super::Session;
use super::super::reserved::{OUT, tracked_outs};
use crate::files::{Readers, replace};

/// The most bytes of a job's summary: GitHub takes a MiB for all steps together and does not show a longer one.
const SUMMARY: usize = 500_000;

/// A new folder that nobody else could have filled, and the platform's files for the rest.
pub(super) struct Out {
    folder: PathBuf,
    summary: Option<PathBuf>,
    outputs: Option<PathBuf>,
}

impl Out {
    /// Creates the folder. If the platform stores only files of the work tree, its name is new in each run, so that no file
    /// of a commit can take its place.
    pub(super) fn new(session: &Session, job: &Job) -> Result<Self, Error> {
        let (Folder::Outside(parent) | Folder::Inside(parent)) = &job.folder;
        // The platform would store a similar folder together with the run's own.
        if let Folder::Inside(parent) = &job.folder
            && let Some(file) = tracked_outs(parent)?.into_iter().next()
        {
            return Err(Error::Usage(format!(
                "git tracks {file}, and `{OUT}` begins the folders of runs: remove it"
            )));
        }
        let made = tempfile::Builder::new().prefix(OUT).tempdir_in(parent);
        let made = made.map_err(Error::io(format!("failed to make a folder in {}", parent.display())))?;
        let out = Self { folder: made.keep(), summary: job.summary.clone(), outputs: job.outputs.clone() };
        session.terminal.say(&format!("The output of this run is in {}.", out.folder.display()));
        out.output("out", &out.folder.display().to_string())?;
        Ok(out)
    }

    /// The path of a file of this name.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, Error> {
        let path = self.path(name);
        replace(&path, text, Readers::Owner).map_err(failed(&path))?;
        Ok(path)
    }

    /// Writes a text that was made for a terminal, without its colors.
    pub(super) fn write_text(&self, name: &str, text: &str) -> Result<PathBuf, Error> {
        self.write(name, &plain(text))
    }

    /// Adds to the job's summary, if the platform shows one.
    pub(super) fn summarize(&self, markdown: &str) -> Result<(), Error> {
        summarize(self.summary.as_deref(), markdown)
    }

    /// Adds a text that was made for a terminal to the job's summary.
    pub(super) fn summarize_text(&self, text: &str) -> Result<(), Error> {
        let text = plain(text);
        // The fence is longer than any run of backticks in the text.
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.summarize(&format!("{fence}text\n{}\n{fence}\n", text.trim_end()))
    }

    /// Sets an output of the step, which is one line.
    pub(super) fn output(&self, name: &str, value: &str) -> Result<(), Error> {
        let Some(path) = &self.outputs else { return Ok(()) };
        append(path, &format!("{name}={}\n", value.replace(['\n', '\r'], " ")))
    }
}

/// Adds to a job's summary why it failed, if the platform shows one.
pub(super) fn summarize_failure(session: &Session, job: &Job, error: &Error) -> Result<(), Error> {
    summarize(job.summary.as_deref(), &render::failure_markdown(&failure(session, error, None)))
}

/// An error as a page shows it. `run` is the address of the run that says more.
pub(super) fn failure<'a>(session: &Session, error: &'a Error, run: Option<&'a str>) -> Failure<'a> {
    let mistakes = if let Error::Invalid(invalid) = error {
        Some((&invalid.tree, invalid.diagnostics.as_slice(), session.prefix()))
    } else {
        None
    };
    Failure { why: error.chain(), help: error.help(), mistakes, run }
}

fn summarize(path: Option<&Path>, markdown: &str) -> Result<(), Error> {
    let Some(path) = path else { return Ok(()) };
    if markdown.len() <= SUMMARY {
        return append(path, markdown);
    }
    append(path, "The summary is longer than GitHub shows; the job's log and its files have all of it.\n")
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn append(path: &Path, text: &str) -> Result<(), Error> {
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(failed(path))?;
    file.write_all(text.as_bytes()).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    Error::io(format!("failed to write {}", path.display()))
}
