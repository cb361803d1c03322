//! CODEOWNERS, as GitHub, GitLab and Bitbucket read it: the last pattern that matches a file counts, and one of its owners
//! reviews.
//!
//! Only patterns that mean the same to all three are written: `*` for everything, `/folder/` for everything in a folder at
//! any depth, and complete paths. `/folder/**` is not among them: GitLab documents Ruby's `File.fnmatch` with
//! `FNM_PATHNAME`, where a `**` at the end matches only the folder's own files.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Email, in_repository};

/// The lines around Rollbook's part of a CODEOWNERS.
const BEGIN: &str = "# Begin: written by `rollbook codeowners`.";
const END: &str = "# End: written by `rollbook codeowners`.";

/// Why a CODEOWNERS cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeownersError {
    /// Nobody owns the rules of a tree.
    #[error("`policy.admins` names nobody, so nobody would own {0}rollbook.yaml")]
    NoAdmins(String),
    /// Nobody may review a path for all trees that it belongs to.
    #[error("{path} belongs to several trees, and nobody owns it in each of them: {}", .trees.join(", "))]
    NoCommonOwner {
        /// The path without an owner.
        path: String,
        /// The folders of the trees.
        trees: Vec<String>,
    },
    /// Text that cannot be written in a line: paths with a special meaning in a pattern, and emails with the character
    /// that starts a comment.
    #[error("{}", unwritable(.paths, .owners))]
    Unwritable {
        /// The paths, each with its first odd character.
        paths: BTreeMap<String, char>,
        /// The owners.
        owners: BTreeSet<Email>,
    },
    /// The part that Rollbook writes has no end mark, or two start marks.
    #[error("the lines around Rollbook's part are not a pair")]
    Marks,
}

/// A tree of a repository, and its reviewers.
#[derive(Clone, Debug)]
pub struct OwnedTree {
    /// Its folder in the repository, with a `/` at its end, or empty.
    pub folder: String,
    /// The owners of the rules, and of everything without its own owner.
    pub admins: BTreeSet<Email>,
    /// The owners of its files, by their paths in the tree.
    pub files: BTreeMap<String, BTreeSet<Email>>,
    /// The folders that it shares, as it names them.
    pub shares: Vec<String>,
}

/// The owners of a path in each tree that it belongs to.
type Claims<'a> = BTreeMap<String, Vec<(&'a OwnedTree, &'a BTreeSet<Email>)>>;

/// Replaces Rollbook's part of a CODEOWNERS, and keeps the rest. One owner of a path is enough for a platform, so an owner
/// here owns the path in every tree that it belongs to. `ci` has the repository's paths that decide which code runs with
/// credentials and who reviews, folders with a `/` at their end; they belong to every tree.
///
/// # Errors
/// [`CodeownersError`] when a line would not mean what it says, or when somebody could review for a tree in which they
/// own nothing.
pub fn codeowners(before: &str, trees: &[OwnedTree], ci: &[&str]) -> Result<String, CodeownersError> {
    let (mut folders, mut files, mut all): (Claims<'_>, Claims<'_>, Claims<'_>) = Default::default();
    for tree in trees {
        if tree.admins.is_empty() {
            return Err(CodeownersError::NoAdmins(tree.folder.clone()));
        }
        let path = |path: &str| in_repository(&tree.folder, path).unwrap_or_else(|| path.to_owned());
        // A file that is added later has owners from the start.
        folders.entry(tree.folder.clone()).or_default().push((tree, &tree.admins));
        for share in &tree.shares {
            folders.entry(format!("{}/", path(share))).or_default().push((tree, &tree.admins));
        }
        for (file, owners) in &tree.files {
            files.entry(path(file)).or_default().push((tree, owners));
        }
        for path in ci {
            all.entry((*path).to_owned()).or_default().push((tree, &tree.admins));
        }
    }
    for (folder, claims) in &mut folders {
        let holds = |tree: &&OwnedTree| folder.starts_with(&tree.folder) && *folder != tree.folder;
        let around = trees.iter().filter(holds).max_by_key(|tree| tree.folder.len());
        // A tree inside another one is not a part of it, but a shared folder is.
        if claims.iter().all(|(tree, _)| tree.folder != *folder) {
            claims.extend(around.map(|tree| (tree, &tree.admins)));
        }
    }
    let lines = folders.iter().chain(&files).chain(ci.iter().filter_map(|path| all.get_key_value(*path)));
    let lines = lines.map(|(path, claims)| Ok((path.clone(), common(path, claims)?)));
    let lines: Vec<(String, BTreeSet<Email>)> = lines.collect::<Result<_, _>>()?;
    all_writable(&lines)?;
    let mut part = format!("{BEGIN}\n");
    for (path, emails) in lines {
        let pattern = if path.is_empty() { "*".to_owned() } else { format!("/{}", path.replace(' ', "\\ ")) };
        let emails: Vec<&str> = emails.iter().map(Email::as_str).collect();
        part.push_str(&format!("{pattern} {}\n", emails.join(" ")));
    }
    part.push_str(&format!("{END}\n"));
    spliced(before, &part)
}

/// The owners that a path has in every one of its trees.
fn common(path: &str, claims: &[(&OwnedTree, &BTreeSet<Email>)]) -> Result<BTreeSet<Email>, CodeownersError> {
    let mut common = claims.first().map(|(_, owners)| (*owners).clone()).unwrap_or_default();
    common.retain(|owner| claims.iter().all(|(_, owners)| owners.contains(owner)));
    if common.is_empty() {
        let trees = claims.iter().map(|(tree, _)| tree.folder.clone()).collect();
        return Err(CodeownersError::NoCommonOwner { path: path.to_owned(), trees });
    }
    Ok(common)
}

/// Checks that every line would mean what it says.
fn all_writable(lines: &[(String, BTreeSet<Email>)]) -> Result<(), CodeownersError> {
    let odd = |c: &char| "*?[]!#\\".contains(*c) || c.is_control();
    let paths: BTreeMap<String, char> =
        lines.iter().filter_map(|(path, _)| Some((path.clone(), path.chars().find(odd)?))).collect();
    let emails = lines.iter().flat_map(|(_, emails)| emails);
    let owners: BTreeSet<Email> = emails.filter(|email| email.as_str().contains('#')).cloned().collect();
    if paths.is_empty() && owners.is_empty() {
        return Ok(());
    }
    Err(CodeownersError::Unwritable { paths, owners })
}

fn unwritable(paths: &BTreeMap<String, char>, owners: &BTreeSet<Email>) -> String {
    let paths = paths
        .iter()
        .map(|(path, odd)| format!("the path {path:?} contains {odd:?}, which a pattern cannot express"));
    let owners = owners.iter().map(|owner| format!("the owner {owner} cannot be named"));
    paths.chain(owners).collect::<Vec<_>>().join("; ")
}

/// Puts Rollbook's part in its old place, or at the end, where it takes precedence.
fn spliced(before: &str, part: &str) -> Result<String, CodeownersError> {
    let marks = |mark: &str| before.match_indices(&format!("{mark}\n")).map(|(at, _)| at).collect::<Vec<_>>();
    match (marks(BEGIN).as_slice(), marks(END).as_slice()) {
        ([], []) if before.is_empty() => Ok(part.to_owned()),
        ([], []) => Ok(format!("{}\n\n{part}", before.trim_end_matches('\n'))),
        ([begin], [end]) if begin < end => {
            Ok(format!("{}{part}{}", &before[..*begin], &before[end + END.len() + 1..]))
        }
        _ => Err(CodeownersError::Marks),
    }
}
