//! `rollbook fmt`.

use clap::Args;

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{SourceFile, Tree};
use crate::render::count;

use super::rewrite::{changed, differences, write};
use super::{SAFETY, Session};

/// The arguments of `fmt`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Write nothing; show what would change, and exit with 1 when something would
    #[arg(long, help_heading = SAFETY)]
    check: bool,
}

/// Brings every file that people write into its canonical form. Only `rollbook lock` writes the lock.
///
/// # Errors
/// [`Error`] when the tree is not valid, a file has no canonical form with the same meaning, or one cannot be
/// written; each file is replaced atomically.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let root = session.root()?;
    let loaded = session.load()?;
    let tree = formatted(&loaded.tree)?;
    let changed = changed(&loaded.tree, &tree);
    // Each file keeps its meaning; this compares all of them together.
    let again = config::parse(&tree, session.today).declaration;
    if again.map(crate::model::Declaration::placeless) != Some(loaded.declaration.placeless()) {
        let path = changed.iter().map(|(_, after)| after.path.clone()).collect::<Vec<_>>().join(", ");
        return Err(Error::Format { path, source: config::FormatError::OtherMeaning });
    }
    let files = count(changed.len(), "file");
    if arguments.check {
        session.data(&differences(&changed))?;
        session.terminal.say(&format!("{files} to be formatted"));
        return Ok(if changed.is_empty() { Exit::Done } else { Exit::Failed });
    }
    write(session, &root, &changed)?;
    session.terminal.say(&format!("{files} formatted"));
    Ok(Exit::Done)
}

fn formatted(tree: &Tree) -> Result<Tree, Error> {
    let file = |file: &SourceFile| {
        let text = if file.path == config::LOCK { Ok(file.text.clone()) } else { config::format(&file.text) };
        let text = text.map_err(|source| Error::Format { path: file.path.clone(), source })?;
        Ok(SourceFile { path: file.path.clone(), text })
    };
    Ok(Tree { files: tree.files.iter().map(file).collect::<Result<_, Error>>()? })
}
