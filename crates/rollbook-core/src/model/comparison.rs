//! What a plan says of the base revision that it was compared with (docs/design.md#change-drift-adopted).

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::{Action, Address, Key};
use super::email::Email;
use super::operation::Reason;
use super::tree::Location;

/// A revision of the tree, as the one who asked for it named it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// The name, such as `origin/main`, or a folder.
    pub name: String,
    /// Its commit, where it is one.
    pub commit: Option<String>,
    /// Whether the tree that is planned contains it; nothing where that cannot be told.
    pub contained: Option<bool>,
    /// Whether it is the last commit whose apply completed.
    pub applied: bool,
    /// How many commits of the branch that it stands for the tree lacks.
    #[serde(default)]
    pub behind: usize,
}

/// How a tree differs from its base in what a reviewer must not miss, and what it takes over from the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The base.
    pub revision: Revision,
    /// Who made the change, as the caller says.
    #[serde(default)]
    pub authors: Vec<Email>,
    /// The declared names that mean another id than by the base.
    pub identities: Vec<IdentityChange>,
    /// The settings and rules that differ.
    pub rules: Vec<RuleChange>,
    /// What the tree declares otherwise, without an operation that shows it all: groups that leave the tree, ends that
    /// move, and revokes of the base that are dropped.
    pub declared: Vec<DeclarationChange>,
    /// What the site has, the base would change, and the tree accepts: it was done by hand and is declared now.
    pub adopted: Vec<Adopted>,
}

/// A declared name that means another id by pin or lock than it did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct IdentityChange {
    /// The user or the group.
    pub address: Address,
    /// Its id by the base; nothing where the base had none.
    pub base: Option<String>,
    /// Its id in the tree; nothing where the tree has none any more.
    pub head: Option<String>,
    /// The live name of what the tree means, where it was read.
    pub name: Option<String>,
}

/// Something that a tree declares otherwise than its base.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct DeclarationChange {
    /// The group or the membership.
    pub address: Address,
    /// What differs.
    pub declared: Declared,
    /// Whether it is about a privileged group.
    pub privileged: bool,
    /// The display name of the live account it is about, where there is one.
    pub name: Option<String>,
    /// Where the tree says it; where the base does, if the tree says nothing of it any more.
    pub origin: Location,
}

/// How what is declared differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "differs", rename_all = "kebab-case")]
pub enum Declared {
    /// The tree does not declare the group any more, and who is in it stays.
    GroupLeaves {
        /// Live members; nothing where they were not read.
        members: Option<usize>,
        /// Revokes that the base would make in it, and that are dropped.
        revokes: usize,
    },
    /// The tree declares a membership of a privileged group for the first time, and the site has it already.
    Enters,
    /// The tree does not declare the membership, or the user, any more, and the access stays.
    Leaves,
    /// The membership ends on another day.
    End {
        /// The first day without it by the base; nothing where it does not end.
        #[schemars(with = "Option<String>")]
        base: Option<Date>,
        /// The first day without it in the tree; nothing where it does not end any more.
        #[schemars(with = "Option<String>")]
        head: Option<Date>,
    },
    /// The base would end the membership, and the tree does not.
    Kept {
        /// What the base would do.
        undoes: Action,
        /// Why it would.
        reason: Reason,
    },
}

/// A setting or a rule that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RuleChange {
    /// Its key in `rollbook.yaml`.
    pub rule: String,
    /// What it was; nothing where it was not there.
    pub base: Option<String>,
    /// What it is; nothing where it is gone.
    pub head: Option<String>,
}

/// How a reviewed plan fares in a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// The fingerprint of the reviewed plan.
    pub fingerprint: String,
    /// What was reviewed, and is so already.
    pub satisfied: Vec<Key>,
    /// What is new, touches what the reviewed plan touches, and is not done.
    pub not_reviewed: Vec<Key>,
    /// How many other operations the tree needs. They are not done either.
    pub elsewhere: usize,
    /// What was reviewed and no longer follows. With one of them, nothing is done.
    pub misfits: Vec<Misfit>,
}

/// A reviewed operation that no longer follows from the tree and what is live.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Misfit {
    /// The operation.
    pub key: Key,
    /// Why: a lowercase fragment.
    pub why: String,
}

/// Something done by hand that the tree takes over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Adopted {
    /// What it is about.
    pub address: Address,
    /// What the base would have done about it.
    pub undoes: Action,
    /// Whether it touches a privileged group.
    pub privileged: bool,
    /// The display name of the live account it is about, where there is one.
    pub name: Option<String>,
    /// Where the base asks for what is not done any more.
    pub origin: Location,
}
