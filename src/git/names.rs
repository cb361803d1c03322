//! What a name of a revision means. git takes a tag before a branch of the same name and goes on with a warning, and
//! anybody who may push a tag could choose the base with that: so a name that means two things is refused.

use std::path::Path;

use super::{GitError, line, run};

/// How many objects of an abbreviated id are named.
const SHOWN: usize = 4;

/// Makes sure that a revision begins with a name that means one thing: HEAD, an id or a ref.
pub(super) fn mean_one_thing(folder: &Path, revision: &str) -> Result<(), GitError> {
    let name = name_of(revision);
    // What is checked out comes before every ref, and only this clone says what it is.
    if matches!(name, "" | "@" | "HEAD") || is_whole_id(folder, name)? {
        return Ok(());
    }
    let mut meanings = refs(folder, name)?;
    if name.starts_with("refs/") {
        // git would look for refs/heads/refs/… where there is no ref of the very name.
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

/// What git itself found that the name may mean as well, by what it says: a ref that no pattern above finds, such as
/// `FETCH_HEAD`, or an id of too few digits.
pub(super) fn git_doubts(folder: &Path, revision: &str, says: &str) -> Result<Option<GitError>, GitError> {
    let name = name_of(revision);
    if !says.contains("is ambiguous") || matches!(name, "" | "@" | "HEAD") || is_whole_id(folder, name)? {
        return Ok(None);
    }
    // A whole name is that ref, whatever else ends like it: git takes it first.
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

/// A revision without what leads on from it (gitrevisions(7)).
fn name_of(revision: &str) -> &str {
    let end = [revision.find(['~', '^', ':']), revision.find("@{")].into_iter().flatten().min();
    &revision[..end.unwrap_or(revision.len())]
}

/// Whether it is a whole id, which no ref stands in for.
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
    // A pattern takes what is below it as well.
    Ok(full.into_iter().filter(|name| listed.lines().any(|it| it == name)).collect())
}

/// The objects of which a name may be an abbreviated id, also as `git describe` writes it.
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
