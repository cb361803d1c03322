//! `rollbook codeowners`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use similar::TextDiff;

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::git;
use crate::render;

use super::Session;
use super::files::{Readers, read_text, replace};

/// Where platforms look for the file, in a repository.
const PLACES: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// What decides which commands run with credentials, and who reviews them.
const CI: [&str; 4] = [".github/**", ".gitlab-ci.yml", "bitbucket-pipelines.yml", "CODEOWNERS"];

/// The largest CODEOWNERS that is read, in bytes; GitHub takes 3 MB.
const LARGEST: u64 = 4 << 20;

/// What `codeowners` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Write nothing, show what would change, and end with 1 when something would
    #[arg(long)]
    check: bool,
    /// The file [default: the CODEOWNERS that the repository has, else .github/CODEOWNERS]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Writes who reviews which file of the tree into the repository's CODEOWNERS, beside what else stands there.
///
/// # Errors
/// [`Error`] when the tree is invalid, when nobody would own the rules, and when the file cannot be read or written.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let root = session.root()?;
    let prefix = session.prefix();
    let repository = git::top(&root).unwrap_or_else(|| root.clone());
    let place = || {
        let there = PLACES.into_iter().find(|place| repository.join(place).symlink_metadata().is_ok());
        repository.join(there.unwrap_or(PLACES[0]))
    };
    let path = arguments.file.clone().unwrap_or_else(place);
    let before = read(&path)?;
    let owners = config::owners_of_files(&loaded.declaration, &loaded.tree);
    let admins = config::active_admins(&loaded.declaration);
    if admins.is_empty() && !loaded.declaration.policy.admins.is_empty() {
        return Err(Error::NoActiveAdmin);
    }
    let after = render::codeowners(&before, &owners, &admins, &prefix, &CI)?;
    if after == before {
        session.terminal.say("CODEOWNERS is as the tree says");
        return Ok(Exit::Done);
    }
    if arguments.check {
        let diff = TextDiff::from_lines(before.as_str(), after.as_str());
        session.data(&diff.unified_diff().header("a/CODEOWNERS", "b/CODEOWNERS").to_string())?;
        session.terminal.say("CODEOWNERS is not as the tree says");
        return Ok(Exit::Failed);
    }
    let failed = || Error::io(format!("failed to write {}", path.display()));
    std::fs::create_dir_all(path.parent().unwrap_or(&repository)).map_err(failed())?;
    replace(&path, &after, Readers::Everybody).map_err(failed())?;
    session.terminal.say(&format!("wrote {}", path.display()));
    Ok(Exit::Done)
}

fn read(path: &Path) -> Result<String, Error> {
    match read_text(path, LARGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(Error::io(format!("failed to read {}", path.display()))),
    }
}
