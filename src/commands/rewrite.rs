//! Writes the changed files of a tree.

use std::fs;
use std::path::Path;

use similar::TextDiff;

use crate::error::Error;
use crate::model::{SourceFile, Tree};
use crate::render;

use super::Session;
use crate::files::{Readers, replace};

/// The files that another tree adds or changes, each with its old text.
pub(super) fn changed<'a>(
    before: &'a Tree,
    after: &'a Tree,
) -> Vec<(Option<&'a SourceFile>, &'a SourceFile)> {
    let pairs = after.files.iter().map(|file| (before.file(&file.path).map(|(_, file)| file), file));
    pairs.filter(|(before, after)| before.is_none_or(|before| before.text != after.text)).collect()
}

/// Writes files, each atomically, and prints their paths.
///
/// # Errors
/// [`Error`] when one cannot be written; those before it have been.
pub(super) fn write(
    session: &Session,
    root: &Path,
    files: &[(Option<&SourceFile>, &SourceFile)],
) -> Result<(), Error> {
    for (before, after) in files {
        write_file(root, *before, after)?;
        session.data(&format!("{}\n", render::escape_untrusted(&after.path)))?;
    }
    Ok(())
}

/// Writes a file whole or not at all.
///
/// # Errors
/// [`Error`] when it cannot be written, or a new one is there by now.
pub(super) fn write_file(root: &Path, before: Option<&SourceFile>, after: &SourceFile) -> Result<(), Error> {
    let path = root.join(&after.path);
    let failed = || Error::io(format!("failed to write {}", path.display()));
    if before.is_none() {
        // A file that came since the tree was read is somebody's.
        if path.symlink_metadata().is_ok() {
            return Err(failed()(std::io::Error::other("it is there, and not a part of the tree")));
        }
        fs::create_dir_all(path.parent().unwrap_or(root)).map_err(failed())?;
    }
    replace(&path, &after.text, Readers::Everybody).map_err(failed())
}

/// What would change, in the form that `patch` reads.
pub(super) fn differences(files: &[(Option<&SourceFile>, &SourceFile)]) -> String {
    let difference = |(before, after): &(Option<&SourceFile>, &SourceFile)| {
        let path = render::escape_untrusted(&after.path).into_owned();
        let old = before.map_or("", |before| before.text.as_str());
        let from = if before.is_some() { format!("a/{path}") } else { "/dev/null".to_owned() };
        let diff = TextDiff::from_lines(old, after.text.as_str());
        diff.unified_diff().header(&from, &format!("b/{path}")).to_string()
    };
    files.iter().map(difference).collect()
}
