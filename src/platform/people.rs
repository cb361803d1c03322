//! Who made a change, from the accounts that a platform names to e-mails of the tree.
//!
//! Whose a commit is, its author writes, and anybody may write anything; who opened and pushed, the platform knows. All of
//! them count, and one who cannot be known may be anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::error::Error;
use crate::model::Email;

/// Somebody who took part in a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Person {
    /// An account of the platform: GitHub's login, GitLab's user name, Bitbucket's `account_id`.
    Account(String),
    /// An e-mail that a commit names, whose account the platform does not know or tell.
    Email(String),
    /// Somebody whom the platform does not name, with what they did.
    Unknown(String),
}

/// Everybody who took part in a change.
pub type People = BTreeSet<Person>;

/// `ROLLBOOK_AUTHORS`: which e-mail of the tree an account of the platform stands for. Administrators of the repository
/// set it, and a change cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authors(BTreeMap<String, Email>);

/// A push that a platform tells of.
pub(super) struct Push {
    /// The commit at which the branch was then.
    pub(super) after: String,
    /// Who pushed.
    pub(super) by: Person,
}

/// The people of the pull requests that `brought` each of the commits, and the commits that none brought.
pub(super) async fn of_pull_requests<'a>(
    commits: &'a [String],
    brought: impl AsyncFn(&str) -> Result<Vec<u64>, Error>,
    people: impl AsyncFn(u64) -> Result<People, Error>,
) -> Result<(People, Vec<&'a str>), Error> {
    let (mut all, mut asked, mut direct) = (People::new(), BTreeSet::new(), Vec::new());
    for commit in commits {
        let numbers = brought(commit).await?;
        if numbers.is_empty() {
            direct.push(commit.as_str());
        }
        for number in numbers {
            if asked.insert(number) {
                all.extend(people(number).await?);
            }
        }
    }
    Ok((all, direct))
}

/// Who pushed the commits of a pull request whose newest is `head`.
pub(super) fn pushers_of(head: &str, commits: &BTreeSet<&str>, pushes: &[Push]) -> People {
    let of = pushes.iter().filter(|push| commits.contains(push.after.as_str()));
    let mut people: People = of.map(|push| push.by.clone()).collect();
    // The newest came by some push.
    if !pushes.iter().any(|push| push.after == head) {
        people.insert(Person::Unknown(format!("the account that pushed {head}")));
    }
    people
}

/// Who pushed commits to a branch directly. `commits` are all that came to it, oldest first, and `direct` those of them that
/// no pull request brought. A push takes the branch to its last commit, so that it may have brought every one up to there.
pub(super) fn pushers(commits: &[String], direct: &[&str], pushes: &[Push], branch: &str) -> People {
    let mut people = People::new();
    let mut waiting = None;
    for commit in commits {
        let by: Vec<&Push> = pushes.iter().filter(|push| push.after == *commit).collect();
        if !direct.contains(&commit.as_str()) {
            // What is told of a merge is who merged; whatever was pushed ended before it.
            people.extend(waiting.take().map(|commit| unknown_pusher(commit, branch)));
            continue;
        }
        if by.is_empty() {
            waiting = Some(commit);
        } else {
            waiting = None;
            people.extend(by.into_iter().map(|push| push.by.clone()));
        }
    }
    people.extend(waiting.map(|commit| unknown_pusher(commit, branch)));
    people
}

fn unknown_pusher(commit: &str, branch: &str) -> Person {
    Person::Unknown(format!("the account that pushed {commit} to {branch}"))
}

impl Person {
    /// How they are told of.
    fn told(&self) -> String {
        match self {
            Self::Account(name) => format!("the account {name}, which ROLLBOOK_AUTHORS does not name"),
            Self::Email(email) => format!("{email}, whom a commit names and ROLLBOOK_AUTHORS does not"),
            Self::Unknown(what) => what.clone(),
        }
    }
}

impl Authors {
    /// Reads the variable: a JSON object from accounts to e-mails. A key may also be an e-mail that commits name.
    ///
    /// # Errors
    /// [`Error::Authors`] when it is something else, or names one account twice.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let Entries(entries) =
            serde_json::from_str(text).map_err(|error| Error::Authors(format!("cannot be read: {error}")))?;
        let mut authors = BTreeMap::new();
        for (account, email) in entries {
            let parsed = Email::parse(&email)
                .map_err(|why| Error::Authors(format!("names `{email}` for {account}: {why}")))?;
            if authors.insert(account.to_lowercase(), parsed).is_some() {
                return Err(Error::Authors(format!("names {account} twice")));
            }
        }
        Ok(Self(authors))
    }

    /// The e-mails of everybody who took part, or who of them cannot be known.
    ///
    /// # Errors
    /// What is known of each who is not; nobody at all is not known, either.
    pub fn emails(&self, people: &People) -> Result<Vec<Email>, Vec<String>> {
        if people.is_empty() {
            return Err(vec!["nobody whom the platform names".to_owned()]);
        }
        let mut emails = BTreeSet::new();
        let mut unknown = Vec::new();
        for person in people {
            match self.email(person) {
                Some(email) => {
                    emails.insert(email.clone());
                }
                None => unknown.push(person.told()),
            }
        }
        if unknown.is_empty() { Ok(emails.into_iter().collect()) } else { Err(unknown) }
    }

    fn email(&self, person: &Person) -> Option<&Email> {
        match person {
            Person::Account(name) => self.0.get(&name.to_lowercase()),
            Person::Email(email) => {
                let named = email.to_lowercase();
                let itself = |it: &&Email| it.as_str().to_lowercase() == named;
                self.0.get(&named).or_else(|| self.0.values().find(itself))
            }
            Person::Unknown(_) => None,
        }
    }
}

/// The entries of an object, also those that stand twice.
struct Entries(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from accounts to e-mails")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some((account, email)) = map.next_entry::<String, String>()? {
                    if account.trim() != account || account.is_empty() {
                        return Err(A::Error::custom(format!("`{account}` is no account")));
                    }
                    entries.push((account, email));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(of: &[Person]) -> People {
        of.iter().cloned().collect()
    }

    #[test]
    fn accounts_and_emails_of_commits_become_emails_of_the_tree() {
        let authors = Authors::parse(
            r#"{ "Ada": "ada@acme.com", "ada@home.example": "ada@acme.com", "bruno": "bruno@acme.com" }"#,
        )
        .unwrap();
        let account = |name: &str| Person::Account(name.into());
        let email = |name: &str| Person::Email(name.into());
        let known =
            people(&[account("ada"), account("BRUNO"), email("ADA@home.example"), email("bruno@acme.com")]);
        let emails = authors.emails(&known).unwrap();
        assert_eq!(emails.iter().map(Email::as_str).collect::<Vec<_>>(), ["ada@acme.com", "bruno@acme.com"]);
    }

    #[test]
    fn one_who_cannot_be_known_makes_it_anybody() {
        let authors = Authors::parse(r#"{ "ada": "ada@acme.com" }"#).unwrap();
        let some = people(&[
            Person::Account("ada".into()),
            Person::Account("zed".into()),
            Person::Email("zed@home.example".into()),
            Person::Unknown("the account that pushed 1234567".into()),
        ]);
        assert_eq!(
            authors.emails(&some).unwrap_err(),
            [
                "the account zed, which ROLLBOOK_AUTHORS does not name",
                "zed@home.example, whom a commit names and ROLLBOOK_AUTHORS does not",
                "the account that pushed 1234567",
            ]
        );
        assert!(authors.emails(&People::new()).is_err(), "nobody at all may be anybody, too");
        assert!(Authors::default().emails(&people(&[Person::Account("ada".into())])).is_err());
    }

    #[test]
    fn every_commit_came_by_some_push() {
        let commits: Vec<String> = ["a", "b", "m", "c"].map(str::to_owned).into();
        let push = |after: &str, by: &str| Push { after: after.into(), by: Person::Account(by.into()) };
        let unknown = |commit: &str| Person::Unknown(format!("the account that pushed {commit} to main"));
        let told = |direct: &[&str], pushes: &[Push]| pushers(&commits, direct, pushes, "main");
        let both = [push("b", "ada"), push("c", "bruno")];
        assert_eq!(
            told(&["a", "b", "c"], &both),
            people(&[Person::Account("ada".into()), Person::Account("bruno".into())])
        );
        // No push is told of that could have brought the last one, or the first two before the merge.
        assert_eq!(
            told(&["a", "b", "c"], &both[..1]),
            people(&[Person::Account("ada".into()), unknown("c")])
        );
        assert_eq!(
            told(&["a", "b", "c"], &both[1..]),
            people(&[Person::Account("bruno".into()), unknown("b")])
        );
        assert_eq!(told(&[], &both), People::new());
        let of = |head: &str| pushers_of(head, &["a", "b"].into(), &both);
        assert_eq!(of("b"), people(&[Person::Account("ada".into())]));
        assert!(of("a").contains(&Person::Unknown("the account that pushed a".into())));
    }

    #[test]
    fn what_is_no_map_of_accounts_is_refused() {
        for (text, why) in [
            ("", "cannot be read"),
            ("[]", "an object from accounts to e-mails"),
            (r#"{ "ada": 1 }"#, "cannot be read"),
            (r#"{ "ada": "no e-mail" }"#, "names `no e-mail` for ada"),
            (r#"{ "ada": "ada@acme.com", "ada": "eve@acme.com" }"#, "names ada twice"),
            (r#"{ "ada": "ada@acme.com", "ADA": "ada@acme.com" }"#, "names ADA twice"),
            (r#"{ " ada": "ada@acme.com" }"#, "is no account"),
        ] {
            let error = Authors::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
