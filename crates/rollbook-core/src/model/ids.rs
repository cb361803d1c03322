//! Identifiers: opaque strings that must not be mixed up, each with its own type.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compared::compared;

macro_rules! string_id {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Keeps the text as it is.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The text, exactly as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                if Arc::ptr_eq(&self.0, &other.0) {
                    return true;
                }
                compared();
                self.0 == other.0
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                if Arc::ptr_eq(&self.0, &other.0) {
                    return Ordering::Equal;
                }
                compared();
                self.0.cmp(&other.0)
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

string_id! {
    /// An Atlassian account: opaque, at most 128 characters, newer ones hold a `:` (docs/atlassian.md#account-ids).
    AccountId
}

string_id! {
    /// A group across all Atlassian products; it outlives a rename (docs/atlassian.md#group-ids-and-names).
    GroupId
}

string_id! {
    /// A group's name: mutable, and compared exactly (docs/atlassian.md#group-ids-and-names).
    GroupName
}

string_id! {
    /// A user or a group in a SCIM directory. It is neither an account ID nor a group ID (docs/atlassian.md#scim-ids).
    ScimId
}

string_id! {
    /// An app's key, such as `jira-software` (docs/atlassian.md#apps-and-seats).
    App
}

string_id! {
    /// A role in an app, such as `user` or `admin`: Atlassian's ID without `atlassian/`
    /// (docs/atlassian.md#roles-of-groups).
    Role
}

impl GroupName {
    /// Folds the name, to compare names that a person would mistake for one another. Atlassian's own
    /// exact search for group names ignores case (docs/atlassian.md#searches).
    pub fn folded(&self) -> String {
        self.as_str().to_lowercase()
    }
}
