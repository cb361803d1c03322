//! How a plan differs from the base revision that it was compared with (docs/design.md#change-drift-adopted).

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::{Action, Address, Key};
use super::email::Email;
use super::operation::Reason;
use super::tree::Location;

/// A revision of the tree, as the caller named it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// The name, such as `origin/main`, or a folder.
    pub name: String,
    /// Its commit, if it is one.
    pub commit: Option<String>,
    /// Whether the planned tree contains it; `None` if that is unknown.
    pub contained: Option<bool>,
    /// Whether it is the last commit whose apply completed.
    pub applied: bool,
    /// How many commits of its branch the tree lacks.
    #[serde(default)]
    pub behind: usize,
}

/// The differences between a tree and its base that a reviewer must not miss, and the site's state that the tree adopts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The base.
    pub revision: Revision,
    /// The authors of the change, according to the caller.
    #[serde(default)]
    pub authors: Vec<Email>,
    /// The declared names that mean another ID than in the base.
    pub identities: Vec<IdentityChange>,
    /// The settings and rules that differ.
    pub rules: Vec<RuleChange>,
    /// Differences in the declarations that no operation shows completely: groups that leave the tree, end dates that
    /// move, and revokes of the base that are dropped.
    pub declared: Vec<DeclarationChange>,
    /// State of the site that the base would change and the tree accepts: a manual change that is declared now.
    pub adopted: Vec<Adopted>,
}

/// A declared name whose pin or lock gives another ID than before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct IdentityChange {
    /// The user or the group.
    pub address: Address,
    /// Its ID in the base; `None` if the base has none.
    pub base: Option<String>,
    /// Its ID in the tree; `None` if the tree has none any more.
    pub head: Option<String>,
    /// The live name of the account or group that the tree means, if it was read.
    pub name: Option<String>,
}

/// A declaration that differs between a tree and its base.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct DeclarationChange {
    /// The group or the membership.
    pub address: Address,
    /// The difference.
    pub declared: Declared,
    /// Whether it concerns a privileged group.
    pub privileged: bool,
    /// The display name of the live account that it is about, if there is one.
    pub name: Option<String>,
    /// The place in the tree, or in the base if the tree does not mention it any more.
    pub origin: Location,
}

/// A difference between declarations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "differs", rename_all = "kebab-case")]
pub enum Declared {
    /// The tree does not declare the group any more, and its members stay.
    GroupLeaves {
        /// Live members; `None` if they were not read.
        members: Option<usize>,
        /// Revokes in it that the base would make, and that are dropped.
        revokes: usize,
    },
    /// The tree declares a membership of a privileged group for the first time, and the site has it already.
    Enters,
    /// The tree does not declare the membership, or the user, any more, and the access stays.
    Leaves,
    /// The membership has another end date.
    End {
        /// The first day without it in the base; `None` if it does not end.
        #[schemars(with = "Option<String>")]
        base: Option<Date>,
        /// The first day without it in the tree; `None` if it does not end any more.
        #[schemars(with = "Option<String>")]
        head: Option<Date>,
    },
    /// The base would end the membership, and the tree does not.
    Kept {
        /// The base's operation.
        undoes: Action,
        /// The reason for it.
        reason: Reason,
    },
}

/// A setting or a rule that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RuleChange {
    /// Its key in `rollbook.yaml`.
    pub rule: String,
    /// The old value; `None` if there was none.
    pub base: Option<String>,
    /// The new value; `None` if it is gone.
    pub head: Option<String>,
}

/// How a reviewed plan compares with a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// The fingerprint of the reviewed plan.
    pub fingerprint: String,
    /// The reviewed operations that the site already satisfies.
    pub satisfied: Vec<Key>,
    /// New operations on things that the reviewed plan changes. They are not done.
    pub not_reviewed: Vec<Key>,
    /// How many other operations the tree needs. They are not done either.
    pub elsewhere: usize,
    /// The reviewed operations that no longer follow. If there is one, nothing is done.
    pub misfits: Vec<Misfit>,
}

/// A reviewed operation that no longer follows from the tree and the site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Misfit {
    /// The operation.
    pub key: Key,
    /// Why: a lowercase fragment.
    pub why: String,
}

/// A manual change that the tree adopts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Adopted {
    /// The thing that was changed.
    pub address: Address,
    /// The operation by which the base would have undone it.
    pub undoes: Action,
    /// Whether it concerns a privileged group.
    pub privileged: bool,
    /// The display name of the live account that it is about, if there is one.
    pub name: Option<String>,
    /// Where the base asks for the operation.
    pub origin: Location,
}
