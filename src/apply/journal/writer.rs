//! The file of a journal, and the thread that writes it: all waiting lines, then one sync for all of them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::JournalError;
use crate::journal::Chain;
use crate::model::Record;

type Written = Result<(), Arc<io::Error>>;

/// Records to write, and the channel that reports the result.
struct Job {
    at: Timestamp,
    records: Vec<Record>,
    done: oneshot::Sender<Written>,
}

/// A thread and the channel to it.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Sender<Job>,
    thread: JoinHandle<Result<String, Arc<io::Error>>>,
}

impl Writer {
    pub(super) fn start(file: File) -> io::Result<Self> {
        let (jobs, waiting) = channel();
        let builder = thread::Builder::new().name("journal".into());
        let thread = builder.spawn(move || Pen { file, chain: Chain::default(), length: 0 }.run(&waiting))?;
        Ok(Self { jobs, thread })
    }

    pub(super) async fn write(&self, at: Timestamp, records: Vec<Record>) -> Written {
        let (done, told) = oneshot::channel();
        // If the thread is gone, `done` is dropped.
        let _ = self.jobs.send(Job { at, records, done });
        told.await.unwrap_or_else(|_| Err(gone()))
    }

    pub(super) fn close(self) -> Result<String, Arc<io::Error>> {
        drop(self.jobs);
        self.thread.join().unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> Arc<io::Error> {
    Arc::new(io::Error::from(ErrorKind::BrokenPipe))
}

struct Pen {
    file: File,
    chain: Chain,
    /// How many bytes are on disk.
    length: u64,
}

impl Pen {
    /// Writes until the channel is closed, and returns the last hash. After a failure nothing is written: a line
    /// after a missing one would record a request that must not be sent.
    fn run(mut self, waiting: &Receiver<Job>) -> Result<String, Arc<io::Error>> {
        let mut state: Written = Ok(());
        while let Ok(first) = waiting.recv() {
            let jobs: Vec<Job> = std::iter::once(first).chain(waiting.try_iter()).collect();
            let mut text = String::new();
            let mut done = Vec::with_capacity(jobs.len());
            for job in jobs {
                done.push(job.done);
                if state.is_ok() {
                    text.extend(job.records.into_iter().map(|record| self.chain.next(job.at, record)));
                }
            }
            if state.is_ok() {
                state = self.put(&text).map_err(Arc::new);
            }
            for done in done {
                // The caller may be gone.
                let _ = done.send(state.clone());
            }
        }
        state.map(|()| self.chain.last().to_owned())
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.length += text.len() as u64,
            // Removes the partial lines if possible, so that the rest stays intact.
            Err(_) => drop(self.file.set_len(self.length).and_then(|()| self.file.sync_data())),
        }
        written
    }
}

/// Creates the file of a journal, readable only by its owner, and durable across a power failure.
pub(super) fn create(path: &Path) -> Result<File, JournalError> {
    let failed = |source: io::Error| JournalError::Create { path: path.to_path_buf(), source: source.into() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_folder(folder).map_err(failed)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    let file = options.open(path).map_err(|error| {
        let is_there = error.kind() == ErrorKind::AlreadyExists;
        if is_there { JournalError::Exists(path.to_path_buf()) } else { failed(error) }
    })?;
    sync_folder(folder).map_err(failed)?;
    Ok(file)
}

/// Creates a folder and its missing parents, and writes each entry to disk.
fn create_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|it| !it.as_os_str().is_empty() && !it.exists()).collect();
    let mut builder = DirBuilder::new();
    private(&mut builder);
    for folder in missing.into_iter().rev() {
        match builder.create(folder) {
            // Another run may have created it first.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made?,
        }
        let above = folder.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync_folder(above)?;
    }
    fs::metadata(folder).map(|_| ())
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(unix)]
fn private(builder: &mut DirBuilder) {
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
}

/// A file's entry in its folder is on disk once the folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

#[cfg(not(unix))]
fn private(_: &mut DirBuilder) {}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
