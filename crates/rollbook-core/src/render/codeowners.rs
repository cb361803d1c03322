//! CODEOWNERS, as GitHub, GitLab and Bitbucket read it: the last pattern that matches a file counts, and one of its owners
//! reviews.
//!
//! Only patterns that mean the same to all three are written: `*` for everything, `/folder/` for what is in a folder at any
//! depth, and whole paths. `/folder/**` is not among them: GitLab documents Ruby's `File.fnmatch` with `FNM_PATHNAME`,
//! where a `**` at the end takes the folder's own files alone.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use crate::model::Email;

/// What opens and closes Rollbook's part of a CODEOWNERS.
const BEGIN: &str = "# Begin: written by `rollbook codeowners`.";
const END: &str = "# End: written by `rollbook codeowners`.";

/// Why somebody or something cannot be written in a CODEOWNERS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeownersError {
    /// Nobody owns the rules.
    #[error("`policy.admins` names nobody, so that nobody would own rollbook.yaml")]
    NoAdmins,
    /// What cannot be written in a line: paths that have a meaning of their own in a pattern, and emails that hold the
    /// character that starts a comment.
    #[error("{}", unwritable(.paths, .owners))]
    Unwritable {
        /// The paths, each with its first odd character.
        paths: BTreeMap<String, char>,
        /// The owners.
        owners: BTreeSet<Email>,
    },
    /// The part that Rollbook writes has no end, or two beginnings.
    #[error("the lines that open and close what Rollbook wrote are not a pair")]
    Marks,
}

/// A CODEOWNERS with Rollbook's part in it, the rest as it was. `prefix` is the tree's folder in its repository with a `/`
/// at its end, or empty; `ci` holds the repository's paths that decide what runs with credentials and who reviews, folders
/// with a `/` at their end.
///
/// # Errors
/// [`CodeownersError`] when a line would mean something else than it says.
pub fn codeowners(
    before: &str,
    owners: &BTreeMap<String, BTreeSet<Email>>,
    admins: &BTreeSet<Email>,
    prefix: &str,
    ci: &[&str],
) -> Result<String, CodeownersError> {
    if admins.is_empty() {
        return Err(CodeownersError::NoAdmins);
    }
    let files = owners.iter().map(|(path, emails)| (format!("{prefix}{path}"), emails));
    // A file that comes later belongs to somebody from the start.
    let first = (prefix.to_owned(), admins);
    let lines: Vec<(String, &BTreeSet<Email>)> =
        iter::once(first).chain(files).chain(ci.iter().map(|path| ((*path).to_owned(), admins))).collect();
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

/// Makes sure that every line would mean what it says.
fn all_writable(lines: &[(String, &BTreeSet<Email>)]) -> Result<(), CodeownersError> {
    let odd = |c: &char| "*?[]!#\\".contains(*c) || c.is_control();
    let paths: BTreeMap<String, char> =
        lines.iter().filter_map(|(path, _)| Some((path.clone(), path.chars().find(odd)?))).collect();
    let emails = lines.iter().flat_map(|(_, emails)| *emails);
    let owners: BTreeSet<Email> = emails.filter(|email| email.as_str().contains('#')).cloned().collect();
    if paths.is_empty() && owners.is_empty() {
        return Ok(());
    }
    Err(CodeownersError::Unwritable { paths, owners })
}

fn unwritable(paths: &BTreeMap<String, char>, owners: &BTreeSet<Email>) -> String {
    let paths =
        paths.iter().map(|(path, odd)| format!("the path {path:?} cannot be written as a pattern ({odd:?})"));
    let owners = owners.iter().map(|owner| format!("the owner {owner} cannot be named"));
    paths.chain(owners).collect::<Vec<_>>().join("; ")
}

/// Puts Rollbook's part where it was, or at the end, where it counts.
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
