//! `rollbook prune`.

use clap::Args;
use jiff::civil::Date;

use crate::config::{self, EditError};
use crate::error::Error;
use crate::exit::Exit;
use crate::fetch;
use crate::model::{Declaration, GroupName, LiveState, Locator, Tree};
use crate::plan::{self, Beside, Desired, Resolved};
use crate::render::{self, count};

use super::rewrite::{changed, differences, write};
use super::{SAFETY, Session, block_on, connect};

/// The arguments of `prune`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Write nothing; show what would change, and exit with 1 when something would
    #[arg(long, help_heading = SAFETY)]
    check: bool,
}

/// Removes expired entries from the tree, once the site no longer has the people they brought or the roles they gave: before that a line still
/// says why somebody is to go. The plan after it asks for what it asked for before.
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
    let Pruned { tree, entries, comments, left } = pruned(&loaded.tree, &loaded.declaration, &live, today)?;
    let files = changed(&loaded.tree, &tree);
    if arguments.check {
        session.data(&differences(&files))?;
    } else {
        write(session, &root, &files)?;
    }
    let entries = if entries == 1 { "1 entry".into() } else { format!("{entries} entries") };
    let verb = if arguments.check { "would go" } else { "gone" };
    let with = if comments == 0 { String::new() } else { format!(", with {}", count(comments, "comment")) };
    session.terminal.say(&format!("{entries} {verb}{with}"));
    for name in &left {
        let name = render::escape_untrusted(name.as_str());
        session.terminal.tell(&format!(
            "left: an entry of {name} is in a place where it cannot be removed, or in a file that other trees may include"
        ));
    }
    Ok(match (arguments.check && !files.is_empty(), left.is_empty()) {
        (true, _) => Exit::Failed,
        (false, false) => Exit::Incomplete,
        (false, true) => Exit::Done,
    })
}

/// A tree without the entries that are no longer needed.
#[derive(Debug)]
pub struct Pruned {
    /// All files.
    pub tree: Tree,
    /// How many entries were removed.
    pub entries: usize,
    /// How many comments were removed with them.
    pub comments: usize,
    /// The groups with an entry that could not be removed.
    pub left: Vec<GroupName>,
}

/// Removes entries from a tree, whose declaration is `declaration`.
///
/// # Errors
/// [`Error::Edit`] when the edit would change the meaning of the tree, [`Error::AsksForMore`] when it would ask for more
/// or for less, since less could leave access in place.
pub fn pruned(
    tree: &Tree,
    declaration: &Declaration,
    live: &LiveState,
    today: Date,
) -> Result<Pruned, Error> {
    let desired = Desired::of(declaration, today);
    let mut spent = plan::spent(&desired, live);
    let mut left = Vec::new();
    let edited = loop {
        match config::without_entries(tree, declaration, &spent, today) {
            Err(EditError::Form(name)) if spent.leave(&name) => left.push(name),
            edited => break edited?,
        }
    };
    let changes = |declaration: &Declaration, tree: &Tree| {
        plan::diff(&Resolved::of(Desired::of(declaration, today), live), live, &Locator::new(tree))
    };
    let (before, after) = (changes(declaration, tree), changes(&edited.declaration, &edited.tree));
    for (before, after) in [(&before, &after), (&after, &before)] {
        let asked = plan::asked_anew(&desired, before, after);
        if !asked.is_empty() {
            return Err(Error::AsksForMore(asked));
        }
    }
    Ok(Pruned { tree: edited.tree, entries: spent.count(), comments: edited.comments, left })
}
