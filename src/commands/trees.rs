//! `rollbook trees`.

use std::env;

use clap::{Args, ValueEnum};

use crate::config;
use crate::error::Error;
use crate::exit::Exit;
use crate::git;
use crate::render::{self, ListedTree, ListedTrees};

use super::session::is_whole;
use super::{OUTPUT, SELECTION, Session};

/// The arguments of `trees`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The revision that the trees are compared with, such as `origin/main`
    #[arg(long, value_name = "REVISION", help_heading = SELECTION)]
    base: Option<String>,
    /// Only trees that differ from the base, in their own files or in a shared one
    #[arg(long, requires = "base", help_heading = SELECTION)]
    changed: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = OUTPUT)]
    format: TreesFormat,
}

/// How trees are printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TreesFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For a matrix of CI: the folders as a JSON list on one line.
    Matrix,
}

/// Lists the trees of the repository.
///
/// # Errors
/// [`Error`] when there is no repository or no such revision, or a part of it is not checked out.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let here = || env::current_dir().map_err(Error::io("failed to find the current folder"));
    let folder = session.dir.clone().map_or_else(here, Ok)?;
    let base = arguments.base.as_deref();
    let sessions = session.trees(&folder)?;
    let mut trees: Vec<ListedTree> =
        sessions.iter().map(|tree| listed(tree, base)).collect::<Result<_, Error>>()?;
    let removed = match base {
        Some(base) => git::trees_of(&folder, base)?,
        None => Vec::new(),
    };
    let there = |folder: &String| trees.iter().any(|tree| tree.folder == *folder);
    let removed: Vec<String> =
        removed.into_iter().map(|folder| named(&folder)).filter(|it| !there(it)).collect();
    for folder in &removed {
        session.terminal.tell(&format!(
            "warning: the tree in {} is removed: its access stays on its site, and is no longer planned",
            render::escape_untrusted(folder)
        ));
    }
    trees.retain(|tree| !arguments.changed || tree.changed == Some(true));
    let listed = ListedTrees { base: arguments.base.clone(), trees, removed };
    session.data(&match arguments.format {
        TreesFormat::Text => render::trees_text(&listed),
        TreesFormat::Json => render::trees_json(&listed),
        TreesFormat::Matrix => render::trees_matrix(&listed),
    })?;
    Ok(Exit::Done)
}

/// A tree, and whether it differs from a revision. An incompletely readable tree counts as different: its plan says why.
fn listed(session: &Session, base: Option<&str>) -> Result<ListedTree, Error> {
    let root = session.root()?;
    let (tree, unreadable) = config::read_tree(&root);
    is_whole(&root, &tree)?;
    let declaration = config::parse(&tree, session.today).declaration.filter(|_| unreadable.is_empty());
    let changed = match base {
        Some(base) => Some(!git::is_as_at(&root, &tree, base)? || !unreadable.is_empty()),
        None => None,
    };
    let site = declaration.map(|declaration| declaration.settings.site.value);
    Ok(ListedTree { folder: named(&session.prefix()), site, changed })
}

/// A tree's folder, as people name it.
fn named(folder: &str) -> String {
    let name = folder.trim_end_matches('/');
    if name.is_empty() { ".".into() } else { name.into() }
}
