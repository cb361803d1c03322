//! Who made a change: maps the accounts that a platform names to emails of the tree.
//!
//! The author of a commit is free text; who opened and pushed, the platform knows. All of them count, and an unknown person
//! may be anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::error::Error;
use crate::model::Email;

/// A person who took part in a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Person {
    /// An account of the platform: GitHub's login, GitLab's user name, Bitbucket's `account_id`.
    Account(String),
    /// An email that a commit names, without an account that the platform reports.
    Email(String),
    /// A person whom the platform does not name, described by what they did.
    Unknown(String),
}

/// Everybody who took part in a change.
pub type People = BTreeSet<Person>;

/// `ROLLBOOK_AUTHORS`: the email in the tree of each account of the platform. Administrators of the repository set it, and
/// a change cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authors(BTreeMap<String, Email>);

impl Person {
    /// The name in messages.
    fn told(&self) -> String {
        match self {
            Self::Account(name) => format!("the account {name}, which ROLLBOOK_AUTHORS does not name"),
            Self::Email(email) => format!("{email}, which a commit names and ROLLBOOK_AUTHORS does not"),
            Self::Unknown(what) => what.clone(),
        }
    }
}

impl Authors {
    /// Reads the variable: a JSON object from accounts to emails. A key may also be an email that commits name.
    ///
    /// # Errors
    /// [`Error::Authors`] when it has another form, or names one account twice.
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

    /// The emails of everybody who took part.
    ///
    /// # Errors
    /// A description of each unknown person; a change without any person is unknown too.
    pub fn emails(&self, people: &People) -> Result<Vec<Email>, Vec<String>> {
        if people.is_empty() {
            return Err(vec!["nobody that the platform names".to_owned()]);
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

/// The entries of an object, also those that repeat a key.
struct Entries(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from accounts to emails")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some((account, email)) = map.next_entry::<String, String>()? {
                    if account.trim() != account || account.is_empty() {
                        return Err(A::Error::custom(format!("`{account}` is not an account")));
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
                "zed@home.example, which a commit names and ROLLBOOK_AUTHORS does not",
                "the account that pushed 1234567",
            ]
        );
        assert!(authors.emails(&People::new()).is_err(), "nobody at all may be anybody, too");
        assert!(Authors::default().emails(&people(&[Person::Account("ada".into())])).is_err());
    }

    #[test]
    fn what_is_no_map_of_accounts_is_refused() {
        for (text, why) in [
            ("", "cannot be read"),
            ("[]", "an object from accounts to emails"),
            (r#"{ "ada": 1 }"#, "cannot be read"),
            (r#"{ "ada": "no email" }"#, "names `no email` for ada"),
            (r#"{ "ada": "ada@acme.com", "ada": "eve@acme.com" }"#, "names ada twice"),
            (r#"{ "ada": "ada@acme.com", "ADA": "ada@acme.com" }"#, "names ADA twice"),
            (r#"{ " ada": "ada@acme.com" }"#, "is not an account"),
        ] {
            let error = Authors::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
