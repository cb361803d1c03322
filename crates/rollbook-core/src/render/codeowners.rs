//! CODEOWNERS, as GitHub, GitLab and Bitbucket read it: the last pattern that matches a file counts, and one of its owners
//! reviews.
//!
//! Only patterns that mean the same to all three are written: `*` for everything, `/folder/` for what is in a folder at any
//! depth, and whole paths. `/folder/**` is not among them: GitLab documents Ruby's `File.fnmatch` with `FNM_PATHNAME`,
//! where a `**` at the end takes the folder's own files alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Email;

/// What opens and closes Rollbook's part of a CODEOWNERS.
const BEGIN: &str = "# Begin: written by `rollbook codeowners`.";
const END: &str = "# End: written by `rollbook codeowners`.";

/// Why somebody or something cannot stand in a CODEOWNERS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeownersError {
    /// Nobody owns the rules.
    #[error("`policy.admins` names nobody, so that nobody would own rollbook.yaml")]
    NoAdmins,
    /// A file's path has a meaning of its own in a pattern.
    #[error("the path {0:?} cannot be written as a pattern")]
    Path(String),
    /// An e-mail holds the character that starts a comment.
    #[error("the owner {0} cannot be named")]
    Owner(Email),
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
    let mut part = format!("{BEGIN}\n");
    // A file that comes later belongs to somebody from the start.
    part.push_str(&if prefix.is_empty() { owned("*", admins)? } else { line(prefix, admins)? });
    for (path, emails) in owners {
        part.push_str(&line(&format!("{prefix}{path}"), emails)?);
    }
    for path in ci {
        part.push_str(&line(path, admins)?);
    }
    part.push_str(&format!("{END}\n"));
    spliced(before, &part)
}

fn line(path: &str, emails: &BTreeSet<Email>) -> Result<String, CodeownersError> {
    if let Some(odd) = path.chars().find(|c| "*?[]!#\\".contains(*c) || c.is_control()) {
        return Err(CodeownersError::Path(format!("{path} ({odd:?})")));
    }
    owned(&format!("/{}", path.replace(' ', "\\ ")), emails)
}

fn owned(pattern: &str, emails: &BTreeSet<Email>) -> Result<String, CodeownersError> {
    if let Some(email) = emails.iter().find(|email| email.as_str().contains('#')) {
        return Err(CodeownersError::Owner(email.clone()));
    }
    let emails: Vec<&str> = emails.iter().map(Email::as_str).collect();
    Ok(format!("{pattern} {}\n", emails.join(" ")))
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
