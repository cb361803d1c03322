//! What the name of a revision means. git prefers a tag to a branch of the same name and only warns, so anybody who may
//! push a tag could choose the base: a name that means two things is refused.

use std::path::Path;

use super::{GitError, line, run};

/// How many objects of an abbreviated ID are named.
const SHOWN: usize = 4;

/// Makes sure that a revision begins with a name that means one thing: HEAD, an ID or a ref.
pub(super) fn mean_one_thing(folder: &Path, revision: &str) -> Result<(), GitError> {
    let name = name_of(revision);
    // HEAD precedes every ref, and belongs to this clone.
    if matches!(name, "" | "@" | "HEAD") || is_whole_id(folder, name)? {
        return Ok(());
    }
    let mut meanings = refs(folder, name)?;
    if name.starts_with("refs/") {
        // git would look for refs/heads/refs/… if there is no ref with exactly this name.
        let exact = !meanings.is_empty();
        return if exact { Ok(()) } else { Err(GitError::no_commit(folder, revision)?) };
    }
    if !meanings.is_empty() {
        meanings.extend(objects(folder, name)?);
    }
    if meanings.len() > 1 {
        return Err(GitError::Ambiguous { name: name.to_owned(), meanings });
    }
    Ok(())
}

/// Finds other meanings of the name in git's warning: a ref that no pattern above finds, such as `FETCH_HEAD`, or an
/// ambiguous abbreviated ID.
pub(super) fn git_doubts(folder: &Path, revision: &str, says: &str) -> Result<Option<GitError>, GitError> {
    let name = name_of(revision);
    if !says.contains("is ambiguous") || matches!(name, "" | "@" | "HEAD") || is_whole_id(folder, name)? {
        return Ok(None);
    }
    // A full name is that ref, even if others end with it: git prefers it.
    if name.starts_with("refs/") {
        return Ok(None);
    }
    let mut meanings = refs(folder, name)?;
    meanings.extend(objects(folder, name)?);
    if meanings.len() < 2 {
        meanings.push(format!("{name} in git's own folder"));
    }
    Ok(Some(GitError::Ambiguous { name: name.to_owned(), meanings }))
}

/// A revision without its suffixes, such as `~1` (gitrevisions(7)).
fn name_of(revision: &str) -> &str {
    let end = [revision.find(['~', '^', ':']), revision.find("@{")].into_iter().flatten().min();
    &revision[..end.unwrap_or(revision.len())]
}

/// Whether it is a full ID, which no ref can replace.
fn is_whole_id(folder: &Path, name: &str) -> Result<bool, GitError> {
    if !matches!(name.len(), 40 | 64) || !is_hex(name) {
        return Ok(false);
    }
    let found = run(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", name])?;
    Ok(line(&found.stdout).eq_ignore_ascii_case(name))
}

/// The refs that a name may stand for, in the order in which git tries them (gitrevisions(7)).
fn refs(folder: &Path, name: &str) -> Result<Vec<String>, GitError> {
    let full = if name.starts_with("refs/") {
        vec![name.to_owned()]
    } else {
        let places = ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
        let mut full: Vec<String> = places.iter().map(|place| format!("{place}{name}")).collect();
        full.push(format!("refs/remotes/{name}/HEAD"));
        full
    };
    let mut arguments = vec!["for-each-ref", "--format=%(refname)"];
    arguments.extend(full.iter().map(String::as_str));
    let listed = run(folder, &arguments)?;
    let listed = String::from_utf8_lossy(&listed.stdout);
    // A pattern also matches the refs below it.
    Ok(full.into_iter().filter(|name| listed.lines().any(|it| it == name)).collect())
}

/// The objects whose ID a name may abbreviate, also as `git describe` writes it.
fn objects(folder: &Path, name: &str) -> Result<Vec<String>, GitError> {
    let digits = name.rsplit_once("-g").map_or(name, |(_, digits)| digits);
    if digits.len() < 4 || !is_hex(digits) {
        return Ok(Vec::new());
    }
    let found = run(folder, &["rev-parse", &format!("--disambiguate={digits}")])?;
    let found = String::from_utf8_lossy(&found.stdout);
    Ok(found.lines().take(SHOWN).map(|id| format!("object {id}")).collect())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
