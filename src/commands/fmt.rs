//! `rollbook fmt`.

use clap::Args;
use similar::TextDiff;

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{SourceFile, Tree};
use crate::render::{self, count};

use super::Session;
use super::files::{Readers, replace};

/// What `fmt` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Write nothing, show what would change, and end with 1 when something would
    #[arg(long)]
    check: bool,
}

/// Brings every file that people write into its canonical form. The lock is for `rollbook lock` to write.
///
/// # Errors
/// [`Error`] when the tree is not valid, a file has no form that says the same, or one cannot be written; a file has
/// been replaced whole or not at all.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let root = session.root()?;
    let loaded = session.load()?;
    let tree = formatted(&loaded.tree)?;
    let files = loaded.tree.files.iter().zip(&tree.files);
    let changed: Vec<(&SourceFile, &SourceFile)> =
        files.filter(|(before, after)| before.text != after.text).collect();
    // Each file says the same by itself; this is what all of them say together.
    let again = config::parse(&tree, session.today).declaration;
    if again.map(crate::model::Declaration::placeless) != Some(loaded.declaration.placeless()) {
        let path = changed.iter().map(|(_, after)| after.path.clone()).collect::<Vec<_>>().join(", ");
        return Err(Error::Format { path, source: config::FormatError::OtherMeaning });
    }
    let files = count(changed.len(), "file");
    if arguments.check {
        session.data(&changed.iter().map(|(before, after)| difference(before, after)).collect::<String>())?;
        session.terminal.say(&format!("{files} to be formatted"));
        return Ok(if changed.is_empty() { Exit::Done } else { Exit::Failed });
    }
    for (_, after) in &changed {
        let path = root.join(&after.path);
        replace(&path, &after.text, Readers::Everybody)
            .map_err(Error::io(format!("failed to write {}", path.display())))?;
        session.data(&format!("{}\n", render::harmless(&after.path)))?;
    }
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

/// What would change, in the form that `patch` reads.
fn difference(before: &SourceFile, after: &SourceFile) -> String {
    let path = render::harmless(&before.path).into_owned();
    let diff = TextDiff::from_lines(before.text.as_str(), after.text.as_str());
    diff.unified_diff().header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}
