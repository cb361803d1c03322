//! Decides what a change is compared with: the base of a pull request, or the last apply that completed. Works on values.

use super::error::Error;
use super::job::{Change, Kind};

/// What is checked out, according to git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The commit.
    pub head: String,
    /// Its parents.
    pub parents: Vec<String>,
}

/// The base of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The other parent of the merge that the platform made of it: other merges meanwhile are not part of the change.
    Merged(String),
    /// The commit at which its branch left the other one: the plan lacks later merges of others.
    Branch,
}

/// Finds the base of a pull request from what is checked out.
///
/// GitHub checks out a merge whose first parent is the target; GitLab's merged results pipelines do as well (`detached` ones
/// do not). Bitbucket merges the target into the branch, so the target is the second parent, unless the branch had it.
///
/// # Errors
/// [`Error::OtherTarget`] when the pull request does not go into the default branch, [`Error::OtherCheckout`] when
/// the commit that is checked out is not the one that the platform started the job for.
pub fn base_of_change(change: &Change, checkout: &Checkout, default_branch: &str) -> Result<Compared, Error> {
    if change.target != default_branch {
        return Err(Error::OtherTarget { target: change.target.clone(), default: default_branch.to_owned() });
    }
    if same_commit(&checkout.head, &change.head) {
        return Ok(Compared::Branch);
    }
    let named =
        |commit: &str| change.target_commit.as_deref().is_some_and(|target| same_commit(commit, target));
    match checkout.parents.as_slice() {
        // Bitbucket's merge of a branch that the target holds already.
        _ if named(&checkout.head) => Ok(Compared::Merged(checkout.head.clone())),
        [target, head] if same_commit(head, &change.head) => Ok(Compared::Merged(target.clone())),
        // Only if the platform says that this is the target.
        [head, target] if same_commit(head, &change.head) && named(target) => {
            Ok(Compared::Merged(target.clone()))
        }
        _ => Err(Error::OtherCheckout { head: checkout.head.clone(), change: change.head.clone() }),
    }
}

/// Finds the newest commit whose apply completed. `told` are the records of the platform, newest first; `line` are the
/// commits that were the branch's newest, newest first; `first` is the start that administrators name.
///
/// A commit that was never the branch's newest does not count as a record: a tag may have the name of the branch, and a
/// commit of a pull request is part of the branch once it is merged. `contains` says whether the second commit contains the
/// first.
///
/// # Errors
/// [`Error::NeverApplied`] when there is none, [`Error::NotContained`] when `first`, or the newest record of the branch, is
/// of another history; any error of `contains`.
pub fn last_completed<E: From<Error>>(
    told: &[Record],
    line: &[String],
    first: Option<&str>,
    (kind, branch): (Kind, &str),
    contains: impl Fn(&str, &str) -> Result<bool, E>,
) -> Result<String, E> {
    let head = line.first().map_or("", String::as_str);
    let elsewhere =
        |applied: &str| Error::NotContained { applied: applied.to_owned(), head: head.to_owned() };
    for Record { commit, certain } in told {
        let ours = line.iter().any(|it| same_commit(it, commit)) || *certain && contains(commit, head)?;
        if !ours {
            // If the history was rewritten, `first` says where to continue; a commit that is only older does not.
            let stands = first.is_some_and(|first| same_commit(first, head));
            if *certain && !stands && (first.is_none() || contains(head, commit)?) {
                return Err(elsewhere(commit).into());
            }
            continue;
        }
        // Before `first`, the site did not match.
        if let Some(first) = first
            && !contains(first, commit)?
        {
            break;
        }
        return Ok(commit.clone());
    }
    match first {
        Some(first) if contains(first, head)? => Ok(first.to_owned()),
        Some(first) => Err(elsewhere(first).into()),
        None => Err(Error::NeverApplied { kind, branch: branch.to_owned() }.into()),
    }
}

/// A commit whose apply completed, according to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The commit.
    pub commit: String,
    /// Whether the platform itself says that the branch was at this commit: if the branch no longer contains it, its history
    /// was rewritten.
    pub certain: bool,
}

/// Whether two IDs are of one commit. Bitbucket's API gives only the first twelve digits.
pub fn same_commit(one: &str, other: &str) -> bool {
    let shorter = one.len().min(other.len());
    shorter >= 12
        && one.is_char_boundary(shorter)
        && other.is_char_boundary(shorter)
        && one[..shorter] == other[..shorter]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(letter: char) -> String {
        letter.to_string().repeat(40)
    }

    fn change(target: &str, target_commit: Option<char>) -> Change {
        Change {
            number: 5,
            head: id('b'),
            target: target.into(),
            target_commit: target_commit.map(id),
            untrusted: false,
        }
    }

    fn checkout(head: char, parents: &[char]) -> Checkout {
        Checkout { head: id(head), parents: parents.iter().copied().map(id).collect() }
    }

    #[test]
    fn the_platforms_merge_is_compared_with_its_target() {
        let based = |change: &Change, checkout: &Checkout| base_of_change(change, checkout, "main");
        let merged = |letter| Compared::Merged(id(letter));
        // GitHub and GitLab's merged results: the target is the first parent.
        assert_eq!(based(&change("main", None), &checkout('c', &['a', 'b'])).unwrap(), merged('a'));
        // Bitbucket merges the target into the branch, and names it by its first digits.
        let mut bitbucket = change("main", Some('a'));
        bitbucket.head.truncate(12);
        assert_eq!(based(&bitbucket, &checkout('c', &['b', 'a'])).unwrap(), merged('a'));
        assert_eq!(based(&bitbucket, &checkout('b', &['a'])).unwrap(), Compared::Branch);
        assert_eq!(based(&bitbucket, &checkout('a', &['d'])).unwrap(), merged('a'));
        // A merge that the author pushed is a commit of the branch.
        assert_eq!(based(&change("main", None), &checkout('b', &['d', 'a'])).unwrap(), Compared::Branch);
    }

    #[test]
    fn what_the_job_was_not_started_for_is_refused() {
        let refused = |change: &Change, checkout: &Checkout, why: &str| {
            let error = base_of_change(change, checkout, "main").unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        };
        refused(
            &change("aside", None),
            &checkout('b', &['a']),
            "this is for aside, and only main is applied",
        );
        refused(&change("main", None), &checkout('d', &['a']), "and the job was started for");
        refused(&change("main", None), &checkout('c', &['b', 'a']), "and the job was started for");
        refused(&change("main", Some('d')), &checkout('c', &['b', 'a']), "and the job was started for");
        let mut short = change("main", None);
        short.head.truncate(7);
        refused(&short, &checkout('b', &['a']), "and the job was started for");
    }

    fn last(told: &[char], first: Option<char>, line: &[char]) -> Result<String, Error> {
        let record = |letter: &char| Record { commit: id(*letter), certain: letter.is_ascii_lowercase() };
        let told: Vec<Record> = told.iter().map(record).collect();
        let line: Vec<String> = line.iter().copied().map(id).collect();
        let first = first.map(id);
        // The lowercase letters are the history; capitals are commits outside of it.
        let contains =
            |one: &str, other: &str| Ok::<_, Error>(one <= other && one >= "a" && other <= "eeee~");
        last_completed(&told, &line, first.as_deref(), (Kind::GitHub, "main"), contains)
    }

    /// The branch's own commits, newest first.
    const LINE: [char; 4] = ['e', 'd', 'c', 'b'];

    #[test]
    fn the_newest_apply_that_completed_is_the_base() {
        assert_eq!(last(&['d', 'b'], None, &LINE).unwrap(), id('d'));
        assert_eq!(last(&['b'], Some('b'), &LINE).unwrap(), id('b'));
        assert_eq!(last(&['e'], None, &LINE).unwrap(), id('e'));
        // The records before `first` are from another time, or were deleted.
        assert_eq!(last(&['b'], Some('c'), &LINE).unwrap(), id('c'));
        assert_eq!(last(&[], Some('c'), &LINE).unwrap(), id('c'));
        // A run of a tag with the branch's name, at a commit that was never its newest.
        assert_eq!(last(&['X', 'c'], None, &LINE).unwrap(), id('c'));
    }

    #[test]
    fn without_a_record_nothing_is_guessed() {
        let never = last(&[], None, &LINE).unwrap_err().to_string();
        assert_eq!(never, "no apply of main has completed yet, as far as GitHub Actions knows");
        assert!(last(&['X'], None, &LINE).unwrap_err().to_string().contains("has completed yet"));
        // Going back to an older one would count later commits as new.
        assert!(last(&['f', 'b'], None, &LINE).unwrap_err().to_string().contains("does not contain"));
        assert!(last(&[], Some('f'), &LINE).unwrap_err().to_string().contains("does not contain"));
        // After a force push, administrators say where to continue.
        assert_eq!(last(&['f'], Some('e'), &LINE).unwrap(), id('e'));
        assert_eq!(last(&['f'], Some('c'), &LINE).unwrap(), id('c'));
        // The newest record does not continue from an older commit.
        assert!(last(&['e'], Some('b'), &LINE[1..]).unwrap_err().to_string().contains("does not contain"));
        // Unless administrators say that the branch was reset to it.
        assert_eq!(last(&['e'], Some('d'), &LINE[1..]).unwrap(), id('d'));
        // A tag's run does not count as a record.
        assert_eq!(last(&['E', 'c'], Some('b'), &LINE[1..]).unwrap(), id('c'));
    }
}
