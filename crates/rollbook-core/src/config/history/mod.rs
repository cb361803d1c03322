//! What the history of a tree says: since when each membership is declared, and by which commit. It compares what the
//! tree says at each commit with what it said before, and never lines: a list of emails is all alike, so that `git blame`
//! names the wrong commit for it (docs/design.md#the-history).
//!
//! `file` reads a file, `checkout` knows which files of a commit are the tree's, `state` what they say together and how that
//! differs from the commit before, and `stretches` follows the branch.

mod checkout;
mod file;
mod state;
mod stretches;

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::model::{History, Revisions};

use checkout::Checkout;
use file::Cache;
use state::Delta;

/// What a blob of git holds.
#[derive(Clone, Debug)]
pub enum Blob {
    /// A text.
    Text(String),
    /// Something else, with what that is, as in "is too large".
    Unreadable(&'static str),
}

/// Reads the memberships that a tree ever declared. `blob` gives what git holds under an id, and is asked for what differs
/// from the commit before alone.
///
/// # Errors
/// What `blob` fails with.
pub fn history<E>(
    revisions: &Revisions,
    mut blob: impl FnMut(&str) -> Result<Blob, E>,
) -> Result<History, E> {
    let commits = &revisions.commits;
    let ids: BTreeMap<&str, usize> =
        commits.iter().enumerate().map(|(index, commit)| (commit.id.as_str(), index)).collect();
    let parents: Vec<Vec<Option<usize>>> = commits
        .iter()
        .map(|commit| commit.parents.iter().map(|parent| ids.get(parent.as_str()).copied()).collect())
        .collect();
    let first = |index: usize| parents[index].first().copied().flatten();
    let mut children = vec![0_usize; commits.len()];
    (0..commits.len()).filter_map(first).for_each(|parent| children[parent] += 1);
    let mut cache = Cache::new(&revisions.folder, revisions);
    let mut checkouts: BTreeMap<usize, Rc<Checkout>> = BTreeMap::new();
    let mut deltas: Vec<Delta> = Vec::with_capacity(commits.len());
    for (index, commit) in commits.iter().enumerate() {
        let mut checkout = match first(index) {
            None => Rc::default(),
            Some(parent) => {
                children[parent] -= 1;
                let held = if children[parent] == 0 {
                    checkouts.remove(&parent)
                } else {
                    checkouts.get(&parent).cloned()
                };
                held.unwrap_or_default()
            }
        };
        let delta = if commit.files.is_empty() {
            Delta::default()
        } else {
            Rc::make_mut(&mut checkout).advance(commit, &mut cache, &mut blob)?
        };
        deltas.push(delta);
        if children[index] > 0 {
            checkouts.insert(index, checkout);
        }
    }
    Ok(History {
        complete: revisions.cut.is_empty(),
        stretches: stretches::stretches(revisions, &parents, &deltas),
        unread: cache.unread,
    })
}
