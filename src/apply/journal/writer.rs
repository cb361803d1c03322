//! The thread that writes a journal: all lines that wait, then one sync for all of them.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::journal::Chain;
use crate::model::Record;

type Written = Result<(), Arc<io::Error>>;

/// Records that are to be written, and who waits for them.
struct Job {
    at: Timestamp,
    records: Vec<Record>,
    done: oneshot::Sender<Written>,
}

/// A thread and the way to it.
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
        // A thread that is gone tells nobody.
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
    /// The bytes that are on disk.
    length: u64,
}

impl Pen {
    /// Writes until nobody can send any more, and gives the last hash. After a failure nothing is written: a line
    /// that follows a missing one would tell of a request that must not be sent.
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
                // Whoever asked may be gone.
                let _ = done.send(state.clone());
            }
        }
        state.map(|()| self.chain.last().to_owned())
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.length += text.len() as u64,
            // What is there of the lines is taken away, as far as that can be done, so that the rest stays whole.
            Err(_) => drop(self.file.set_len(self.length).and_then(|()| self.file.sync_data())),
        }
        written
    }
}
