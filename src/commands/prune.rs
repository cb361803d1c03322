//! `rollbook prune`.

use clap::Args;

use crate::config::{self, ImportError};
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::model::{Declaration, Locator, Tree};
use crate::plan::{self, Beside, Desired};
use crate::render::{self, count};

use super::rewrite::{changed, differences, write};
use super::{Session, block_on, connect};

/// What `prune` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Write nothing, show what would change, and end with 1 when something would
    #[arg(long)]
    check: bool,
}

/// Takes entries out of the tree whose `until` has come, once live no longer has whom they brought: before that a line
/// still says why somebody is to go. The plan after it asks for nothing that it did not ask for before.
///
/// # Errors
/// [`Error`] when the tree or the site cannot be read, or a file cannot be written.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let loaded = session.load()?;
    let (root, today) = (session.root()?, session.today);
    let desired = Desired::of(&loaded.declaration, today);
    let surfaces = connect(session, &loaded.declaration.settings)?;
    let live = block_on(
        session.telling(async { Ok(fetch::live_state(&surfaces, &desired, Beside::default()).await?) }),
    )?;
    let changes = |declaration: &Declaration, tree: &Tree| {
        plan::diff(&Desired::of(declaration, today), &live, &Locator::new(tree))
    };
    let before = changes(&loaded.declaration, &loaded.tree);
    let mut spent = plan::spent(&desired, &before, &Locator::new(&loaded.tree));
    let mut left = Vec::new();
    let removed = loop {
        match config::without_entries(&loaded.tree, &loaded.declaration, &spent, today) {
            Err(ImportError::Form(name)) if spent.remove(&name).is_some() => left.push(name),
            removed => break removed?,
        }
    };
    let asked = plan::asked_by_import(&desired, &before, &changes(&removed.declaration, &removed.tree));
    if !asked.is_empty() {
        return Err(Error::ImportAsks(asked));
    }
    let files = changed(&loaded.tree, &removed.tree);
    if arguments.check {
        session.data(&differences(&files))?;
    } else {
        write(session, &root, &files)?;
    }
    let entries = count(spent.values().map(std::collections::BTreeSet::len).sum(), "entry");
    let verb = if arguments.check { "would go" } else { "gone" };
    session.terminal.say(&format!("{entries} {verb}"));
    for name in &left {
        let name = render::harmless(name.as_str());
        session.terminal.tell(&format!("left: an entry of {name} stands where it cannot be cut out"));
    }
    Ok(match (arguments.check && !files.is_empty(), left.is_empty()) {
        (true, _) => Exit::Failed,
        (false, false) => Exit::Incomplete,
        (false, true) => Exit::Done,
    })
}
