//! The names under which runs write into a work tree, and what a commit has there. Each run refuses what somebody else put
//! in its place.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::codes;
use crate::git::{self, GitError};
use crate::model::{Diagnostic, listed};

use super::journal::JOURNALS;

/// What the folders of `rollbook ci` begin with.
pub(super) const OUT: &str = "rollbook-out-";

/// What git tracks at the top of a repository where `rollbook ci` makes its folders, and what lies in it.
///
/// # Errors
/// [`GitError`] when git cannot tell.
pub(super) fn tracked_outs(folder: &Path) -> Result<BTreeSet<String>, GitError> {
    git::tracked_like(folder, &[&format!(":(top,glob){OUT}*"), &format!(":(top,glob){OUT}*/**")])
}

/// Warns of files and links that git tracks where runs write. There is nothing to warn of where git cannot tell.
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
        let help = "Take it out of the repository, and never commit what a run leaves behind: it names people, and a run may \
                    refuse to go on.";
        Some(Diagnostic::warning(codes::RESERVED_NAME, message).help(help))
    };
    places.into_iter().filter_map(warning).collect()
}
