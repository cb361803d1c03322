//! Writes a journal: every operation is on disk before it is sent (docs/design.md#journal).

mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::journal::Chain;
use crate::model::Record;
use writer::{Writer, create};

/// A journal that is being written.
#[derive(Debug)]
pub struct JournalWriter {
    to: To,
    wall: fn() -> Timestamp,
}

#[derive(Debug)]
enum To {
    File(Writer),
    Memory(Mutex<Memory>),
}

/// A journal in memory.
#[derive(Debug)]
struct Memory {
    chain: Chain,
    text: String,
    /// How many bytes still fit, like on a disk.
    room: usize,
}

const NAME_WRITABLE: &str = "Name a file with --journal that can be written, on a disk with room.";

/// Why a journal cannot be created or continued.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
pub enum JournalError {
    /// There is a file already, which may be the journal of another run.
    #[error("{} exists already", .0.display())]
    #[diagnostic(help("Name another file with --journal: a journal is never overwritten or appended to."))]
    Exists(PathBuf),
    /// The file could not be created.
    #[error("the journal {} cannot be created", path.display())]
    #[diagnostic(help("{NAME_WRITABLE}"))]
    Create {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: Arc<io::Error>,
    },
    /// A line could not be written to disk.
    #[error("the journal cannot be written")]
    #[diagnostic(help("{NAME_WRITABLE}"))]
    Write(#[source] Arc<io::Error>),
}

impl JournalWriter {
    /// Creates the file, and its folder if that is missing, readable only by the owner.
    ///
    /// # Errors
    /// [`JournalError`] when the file exists already or cannot be created.
    pub fn create(path: PathBuf, wall: fn() -> Timestamp) -> Result<Self, JournalError> {
        let file = create(&path)?;
        let writer =
            Writer::start(file).map_err(|source| JournalError::Create { path, source: source.into() })?;
        Ok(Self { to: To::File(writer), wall })
    }

    /// Keeps a journal in memory, of `room` bytes at most: for runs that need none later, and for tests.
    pub fn in_memory(room: usize, wall: fn() -> Timestamp) -> Self {
        let memory = Memory { chain: Chain::default(), text: String::new(), room };
        Self { to: To::Memory(Mutex::new(memory)), wall }
    }

    /// Writes records, and returns when they are on disk.
    ///
    /// # Errors
    /// [`JournalError::Write`] when they are not, or an earlier one is not: nothing may be sent any more.
    pub async fn write(&self, records: Vec<Record>) -> Result<(), JournalError> {
        let at = (self.wall)();
        match &self.to {
            To::File(writer) => writer.write(at, records).await,
            // Its content is sound even if a thread panicked while holding it.
            To::Memory(memory) => memory.lock().unwrap_or_else(PoisonError::into_inner).write(at, records),
        }
        .map_err(JournalError::Write)
    }

    /// Closes the journal, and returns the hash of its last line.
    ///
    /// # Errors
    /// [`JournalError::Write`] when one of its lines was not written to disk.
    pub fn close(self) -> Result<String, JournalError> {
        match self.to {
            To::File(writer) => writer.close().map_err(JournalError::Write),
            To::Memory(memory) => {
                let memory = memory.into_inner().unwrap_or_else(PoisonError::into_inner);
                memory.fits("").map_err(JournalError::Write)?;
                Ok(memory.chain.last().to_owned())
            }
        }
    }

    /// The text of a journal in memory; empty for one in a file.
    pub fn text(&self) -> String {
        match &self.to {
            To::File(_) => String::new(),
            To::Memory(memory) => memory.lock().unwrap_or_else(PoisonError::into_inner).text.clone(),
        }
    }
}

impl Memory {
    fn write(&mut self, at: Timestamp, records: Vec<Record>) -> Result<(), Arc<io::Error>> {
        for record in records {
            let mut chain = self.chain.clone();
            let line = chain.next(at, record);
            if let Err(full) = self.fits(&line) {
                // From now on no line fits, however short.
                self.room = 0;
                return Err(full);
            }
            self.text.push_str(&line);
            self.chain = chain;
        }
        Ok(())
    }

    fn fits(&self, line: &str) -> Result<(), Arc<io::Error>> {
        if self.text.len() + line.len() <= self.room {
            Ok(())
        } else {
            Err(Arc::new(io::Error::from(io::ErrorKind::StorageFull)))
        }
    }
}
