//! The stored logins: a file for each site, which nobody else may read, and a lock next to it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::atlassian::{LoginStore, Stored, Tokens};
use crate::files::{Readers, replace};

use super::error::LoginError;

/// The version of the file, which no other program reads.
const VERSION: u32 = 1;

/// The most bytes of a stored login. Atlassian's tokens are a few thousand.
const LARGEST: u64 = 256 * 1024;

/// How long another process may hold the lock while it stores a login.
const PATIENCE: Duration = Duration::from_secs(180);

/// The store of one site's login.
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
    site: String,
}

/// A stored login.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The site's origin.
    pub site: String,
    /// Its cloud id.
    pub cloud_id: String,
    /// The authorization server that made the login: no other is sent it.
    pub authority: String,
    /// The app that it was made with.
    pub client_id: String,
    /// Whom it acts as.
    pub account: Account,
    /// When consent was given.
    pub consented: Timestamp,
    /// The tokens; `None` if Atlassian does not renew them any more.
    pub tokens: Option<Tokens>,
}

/// An account, for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// The account id.
    pub id: String,
    /// The display name.
    pub name: String,
}

/// The file. It has no `Debug`, and is in no other place.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    version: u32,
    site: String,
    cloud_id: String,
    authority: String,
    client_id: String,
    account: Account,
    consented: Timestamp,
    renewed: Option<Timestamp>,
    access_ends: Option<Timestamp>,
    access_token: Option<String>,
    refresh_token: Option<String>,
}

impl FileStore {
    /// The store of a site, by its origin, in the folder of what Rollbook keeps for a user.
    pub fn of(state: &Path, origin: &str) -> Self {
        let host = origin.split_once("://").map_or(origin, |(_, host)| host);
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
        let name: String = host.chars().map(plain).collect();
        Self { path: state.join("logins").join(format!("{name}.json")), site: origin.to_owned() }
    }

    /// Every store that there is, ordered by name.
    ///
    /// # Errors
    /// [`LoginError::Store`] when the folder cannot be read.
    pub fn all(state: &Path) -> Result<Vec<Self>, LoginError> {
        let folder = state.join("logins");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(LoginError::Broken { path: folder, why: error.to_string() }),
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
        paths.sort();
        Ok(paths.into_iter().map(|path| Self { path, site: String::new() }).collect())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The stored login; `None` if there is none.
    ///
    /// # Errors
    /// [`LoginError::Broken`] when it cannot be read, others could read it, or it is for another site.
    pub fn entry(&self) -> Result<Option<Entry>, LoginError> {
        self.load().map_err(|why| self.broken(&why))
    }

    /// The error that this file cannot be used.
    pub(super) fn broken(&self, why: &str) -> LoginError {
        LoginError::Broken { path: self.path.clone(), why: why.to_owned() }
    }

    /// Makes the folder, and tries that a file can be made there.
    ///
    /// # Errors
    /// [`LoginError::Store`].
    pub(super) fn prepare(&self) -> Result<(), LoginError> {
        let failed = |error: io::Error| LoginError::Store(format!("{}: {error}", self.path.display()));
        make_private(self.folder()).map_err(failed)?;
        self.lock_file().map(drop).map_err(failed)
    }

    /// Stores a login instead of the one that is there.
    ///
    /// # Errors
    /// [`LoginError::Store`].
    pub async fn replace(&self, entry: &Entry) -> Result<(), LoginError> {
        let _lock = self.lock().await?;
        self.save(entry).map_err(LoginError::Store)
    }

    /// Removes the login. Whether there was one.
    ///
    /// # Errors
    /// [`LoginError::Broken`] when it cannot be removed.
    pub async fn remove(&self) -> Result<bool, LoginError> {
        if !self.path.exists() {
            return Ok(false);
        }
        let _lock = self.lock().await?;
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.broken(&error.to_string())),
        }
    }

    async fn lock(&self) -> Result<Box<dyn Send>, LoginError> {
        let start = Instant::now();
        loop {
            if let Some(lock) = self.try_lock().map_err(LoginError::Store)? {
                return Ok(lock);
            }
            if start.elapsed() >= PATIENCE {
                return Err(LoginError::Store("another run does not let go of it".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    fn lock_file(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.create(true).truncate(false).write(true).open(self.path.with_extension("lock"))
    }

    fn load(&self) -> Result<Option<Entry>, String> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        only_mine(&file)?;
        let mut text = String::new();
        file.take(LARGEST).read_to_string(&mut text).map_err(|error| error.to_string())?;
        // What serde says of a text may quote it.
        let text: Text =
            serde_json::from_str(&text).map_err(|_| "it is not a login of Rollbook's".to_owned())?;
        if text.version != VERSION {
            return Err("another version of Rollbook wrote it".to_owned());
        }
        if !self.site.is_empty() && text.site != self.site {
            return Err(format!("it is for {}", text.site));
        }
        Ok(Some(text.into()))
    }

    fn save(&self, entry: &Entry) -> Result<(), String> {
        let text = serde_json::to_string_pretty(&Text::from(entry)).map_err(|error| error.to_string())?;
        make_private(self.folder())
            .and_then(|()| replace(&self.path, &text, Readers::Owner))
            .map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

impl LoginStore for FileStore {
    fn try_lock(&self) -> Result<Option<Box<dyn Send>>, String> {
        let failed = |error: io::Error| format!("{}: {error}", self.path.display());
        let file = self.lock_file().map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    fn read(&self) -> Result<Stored, String> {
        Ok(match self.load()? {
            Some(Entry { tokens: Some(tokens), .. }) => Stored::Tokens(tokens),
            Some(Entry { tokens: None, .. }) => Stored::Ended,
            None => Stored::Nothing,
        })
    }

    fn write(&self, tokens: &Tokens) -> Result<(), String> {
        match self.load()? {
            Some(entry) => self.save(&Entry { tokens: Some(tokens.clone()), ..entry }),
            None => Err("somebody logged out meanwhile".to_owned()),
        }
    }

    fn end(&self) -> Result<(), String> {
        match self.load()? {
            Some(entry) => self.save(&Entry { tokens: None, ..entry }),
            None => Ok(()),
        }
    }
}

impl From<Text> for Entry {
    fn from(text: Text) -> Self {
        let Text { renewed, access_ends, access_token, refresh_token, .. } = text;
        let tokens = renewed.zip(access_ends).zip(access_token.zip(refresh_token));
        let tokens = tokens.map(|((renewed, access_ends), (access, refresh))| Tokens {
            access: SecretString::from(access),
            access_ends,
            refresh: SecretString::from(refresh),
            renewed,
        });
        let Text { site, cloud_id, authority, client_id, account, consented, .. } = text;
        Self { site, cloud_id, authority, client_id, account, consented, tokens }
    }
}

impl From<&Entry> for Text {
    fn from(entry: &Entry) -> Self {
        let tokens = entry.tokens.as_ref();
        Self {
            version: VERSION,
            site: entry.site.clone(),
            cloud_id: entry.cloud_id.clone(),
            authority: entry.authority.clone(),
            client_id: entry.client_id.clone(),
            account: entry.account.clone(),
            consented: entry.consented,
            renewed: tokens.map(|it| it.renewed),
            access_ends: tokens.map(|it| it.access_ends),
            access_token: tokens.map(|it| it.access.expose_secret().to_owned()),
            refresh_token: tokens.map(|it| it.refresh.expose_secret().to_owned()),
        }
    }
}

/// Refuses a file that others may read: they may have.
#[cfg(unix)]
fn only_mine(file: &File) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(format!("others may read or change it (mode {mode:o})")) }
}

#[cfg(not(unix))]
fn only_mine(_: &File) -> Result<(), String> {
    Ok(())
}

/// Makes a folder that nobody else may look into.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}
