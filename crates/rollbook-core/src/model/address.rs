//! Addresses: the names by which plans, waivers and `--target` speak of things.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::access::Access;
use super::email::{Email, EmailError};
use super::ids::{AccountId, App, GroupName, Role};
use super::words::words;

/// The characters of an address that are not encoded: letters, digits, and `- . _ ~ @ + :`.
const PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b'+')
    .remove(b':');

const ACCOUNT: &str = "account:";

/// A person, by email, or by account ID if there is no email.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserRef {
    /// By email.
    Email(Email),
    /// By account ID.
    Account(AccountId),
}

/// A thing that a plan can change: `group.NAME`, `user.EMAIL`, `member.NAME/EMAIL`, `grant.NAME/APP/ROLE`, with
/// `account:ID` if there is no email. Parts are percent-encoded in its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub enum Address {
    /// A group.
    Group(GroupName),
    /// A user.
    User(UserRef),
    /// A membership.
    Member(GroupName, UserRef),
    /// A role in an app that a group gives.
    Grant(GroupName, Access),
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not start with a kind.
    #[error("an address starts with `group.`, `user.`, `member.` or `grant.`")]
    Kind,
    /// `member.` without a slash.
    #[error("a membership's address is `member.GROUP/EMAIL`")]
    Membership,
    /// `grant.` without two slashes.
    #[error("the address of a grant is `grant.GROUP/APP/ROLE`")]
    Grant,
    /// A part is empty, or contains a slash or bytes that are not UTF-8.
    #[error("a part of the address is empty or not percent-encoded")]
    Part,
    /// Its email is invalid.
    #[error("invalid email: {0}")]
    Email(EmailError),
    /// The text before the address of a key is not an action.
    #[error("a key is `ACTION ADDRESS`")]
    Action,
}

words! {
    /// The change that an operation makes to the thing at its address.
    pub enum Action {
        /// A group is created.
        Create = "create",
        /// A user is invited.
        Invite = "invite",
        /// A user's account becomes active again.
        Activate = "activate",
        /// A user's name changes.
        Update = "update",
        /// A person joins a group.
        Add = "add",
        /// A membership ends, or a user leaves the directory.
        Remove = "remove",
        /// A user loses access in one directory.
        Suspend = "suspend",
        /// A user's account is closed for every product.
        Deactivate = "deactivate",
        /// A group is deleted.
        Delete = "delete",
        /// A group gets a role in an app.
        Assign = "assign",
        /// A group loses a role in an app.
        Revoke = "revoke",
    }
}

/// The identity of an operation in a plan: `ACTION ADDRESS`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String")]
pub struct Key {
    /// The thing that it changes.
    pub address: Address,
    /// The change.
    pub action: Action,
}

impl Address {
    /// The group that it names.
    pub fn group(&self) -> Option<&GroupName> {
        match self {
            Self::Group(name) | Self::Member(name, _) | Self::Grant(name, _) => Some(name),
            Self::User(_) => None,
        }
    }

    /// The person that it names.
    pub fn user(&self) -> Option<&UserRef> {
        match self {
            Self::User(user) | Self::Member(_, user) => Some(user),
            Self::Group(_) | Self::Grant(..) => None,
        }
    }

    /// The role in an app that it names.
    pub fn access(&self) -> Option<&Access> {
        match self {
            Self::Grant(_, access) => Some(access),
            Self::Group(_) | Self::User(_) | Self::Member(..) => None,
        }
    }

    /// Whether this address, used as a target, covers another one: an address covers itself, a group or a user its
    /// memberships, and a group its grants.
    pub fn covers(&self, other: &Self) -> bool {
        match self {
            Self::Group(name) => other.group() == Some(name),
            Self::User(user) => other.user() == Some(user),
            Self::Member(..) | Self::Grant(..) => self == other,
        }
    }
}

impl UserRef {
    /// The email, if they are named by one.
    pub fn email(&self) -> Option<&Email> {
        if let Self::Email(email) = self { Some(email) } else { None }
    }
}

impl fmt::Display for UserRef {
    /// Writes it for people, not encoded. [`Address`] encodes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => write!(f, "{email}"),
            Self::Account(id) => write!(f, "{ACCOUNT}{id}"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |text: &str| utf8_percent_encode(text, PART).to_string();
        match self {
            Self::Group(name) => write!(f, "group.{}", part(name.as_str())),
            Self::User(user) => write!(f, "user.{}", part(&user.to_string())),
            Self::Member(name, user) => {
                write!(f, "member.{}/{}", part(name.as_str()), part(&user.to_string()))
            }
            Self::Grant(name, Access { app, role }) => {
                write!(f, "grant.{}/{}/{}", part(name.as_str()), part(app.as_str()), part(role.as_str()))
            }
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action, self.address)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (kind, rest) = text.split_once('.').ok_or(AddressError::Kind)?;
        match kind {
            "group" => Ok(Self::Group(GroupName::new(decoded(rest)?))),
            "user" => Ok(Self::User(user(rest)?)),
            "member" => {
                let (group, person) = rest.split_once('/').ok_or(AddressError::Membership)?;
                Ok(Self::Member(GroupName::new(decoded(group)?), user(person)?))
            }
            "grant" => {
                let (group, access) = rest.split_once('/').ok_or(AddressError::Grant)?;
                let (app, role) = access.split_once('/').ok_or(AddressError::Grant)?;
                let access = Access { app: App::new(decoded(app)?), role: Role::new(decoded(role)?) };
                Ok(Self::Grant(GroupName::new(decoded(group)?), access))
            }
            _ => Err(AddressError::Kind),
        }
    }
}

impl FromStr for Key {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (word, address) = text.split_once(' ').ok_or(AddressError::Action)?;
        let action = Action::of(word);
        Ok(Self { action: action.ok_or(AddressError::Action)?, address: address.parse()? })
    }
}

fn decoded(part: &str) -> Result<String, AddressError> {
    if part.is_empty() || part.contains('/') {
        return Err(AddressError::Part);
    }
    percent_decode_str(part).decode_utf8().map(String::from).map_err(|_| AddressError::Part)
}

fn user(part: &str) -> Result<UserRef, AddressError> {
    person(&decoded(part)?)
}

fn person(text: &str) -> Result<UserRef, AddressError> {
    match text.strip_prefix(ACCOUNT) {
        Some("") => Err(AddressError::Part),
        Some(id) => Ok(UserRef::Account(AccountId::new(id))),
        None => Email::parse(text).map(UserRef::Email).map_err(AddressError::Email),
    }
}

impl Serialize for UserRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UserRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        person(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_come_back_as_they_were() {
        let names = ["a/b", "a%2Fb", "..", "q?#", "grün", "a b", "account:x", "x.y"];
        for name in names {
            let person =
                UserRef::Email(Email::parse(&format!("{}@acme.com", name.replace([' ', ':'], "_"))).unwrap());
            for address in [
                Address::Group(GroupName::new(name)),
                Address::Member(GroupName::new(name), person.clone()),
                Address::Member(GroupName::new(name), UserRef::Account(AccountId::new("712020:a/b"))),
                Address::Grant(GroupName::new(name), Access { app: App::new(name), role: Role::new(name) }),
            ] {
                assert_eq!(address.to_string().parse(), Ok(address.clone()), "{address}");
                for action in Action::ALL {
                    let key = Key { address: address.clone(), action };
                    assert_eq!(key.to_string().parse(), Ok(key));
                }
            }
        }
    }

    #[test]
    fn a_group_or_a_user_takes_in_its_memberships() {
        let member: Address = "member.sre/ada@acme.com".parse().unwrap();
        for (target, covers) in [
            ("group.sre", true),
            ("user.ADA@acme.com", true),
            ("member.sre/ada@acme.com", true),
            ("group.ops", false),
            ("member.sre/bob@acme.com", false),
        ] {
            assert_eq!(target.parse::<Address>().unwrap().covers(&member), covers, "{target}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!("sre".parse::<Address>(), Err(AddressError::Kind));
        assert_eq!("team.sre".parse::<Address>(), Err(AddressError::Kind));
        assert_eq!("member.sre".parse::<Address>(), Err(AddressError::Membership));
        assert_eq!("grant.sre/confluence".parse::<Address>(), Err(AddressError::Grant));
        assert_eq!("grant.sre/confluence/a/b".parse::<Address>(), Err(AddressError::Part));
        assert_eq!("group.".parse::<Address>(), Err(AddressError::Part));
        assert_eq!("group.sre".parse::<Key>(), Err(AddressError::Action));
        assert_eq!("rename group.sre".parse::<Key>(), Err(AddressError::Action));
        assert_eq!("user.ada".parse::<Address>(), Err(AddressError::Email(EmailError::Shape)));
    }
}
