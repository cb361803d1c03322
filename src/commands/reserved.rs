//! The names under which runs write into a work tree, and committed files of these names. Each run refuses files of others
//! in its place.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::codes;
use crate::git::{self, GitError};
use crate::model::{Diagnostic, listed};

use super::journal::JOURNALS;

/// The prefix of the folders of `rollbook ci`.
pub(super) const OUT: &str = "rollbook-out-";

/// The files that git tracks at the top of a repository under the names of folders of `rollbook ci`.
///
/// # Errors
/// [`GitError`] when git fails.
pub(super) fn tracked_outs(folder: &Path) -> Result<BTreeSet<String>, GitError> {
    git::tracked_like(folder, &[&format!(":(top,glob){OUT}*"), &format!(":(top,glob){OUT}*/**")])
}

/// Warns about files and links that git tracks where runs write. If git fails, there is no warning.
pub(super) fn tracked(root: &Path) -> Vec<Diagnostic> {
    let outs = tracked_outs(root).unwrap_or_default();
    let journals = git::tracked_like(root, &[&format!(":(glob){JOURNALS}")]).unwrap_or_default();
    let places = [(outs, "`rollbook ci`"), (journals, "`rollbook apply`")];
    let warning = |(paths, writes): (BTreeSet<String>, &str)| {
        if paths.is_empty() {
            return None;
        }
        let paths: Vec<String> = paths.into_iter().collect();
        let message = format!("git tracks {}, where {writes} writes", listed(&paths, 1));
        let help = "Remove it from the repository, and never commit the output of a run: it names people, and a run may \
                    refuse to continue.";
        Some(Diagnostic::warning(codes::RESERVED_NAME, message).help(help))
    };
    places.into_iter().filter_map(warning).collect()
}
