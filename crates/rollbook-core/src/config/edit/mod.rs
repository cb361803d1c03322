//! Changes to people's files. The document is changed, so that every comment stays with its item and a changed file has the
//! form of `fmt`; every other file keeps its bytes. The resulting declaration is compared with the intended one.

mod access;
mod add;
mod files;
mod keep;
mod remove;
mod rename;
mod write;

use crate::model::{Diagnostic, Email, GroupName};

pub use access::{AccessEdit, NewAccess, granted, offboarded, onboarded, revoked};
pub use add::{FilePer, Imported, imported, root_text};
pub use remove::{Edited, without_entries};
pub use rename::{Rename, renamed};

const BY_HAND: &str = "Write this part by hand, then try again.";

/// Why no file can be changed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum EditError {
    /// The tree does not include a file of this path.
    #[error("`include` matches no file such as {0}")]
    #[diagnostic(help("Add patterns for files below groups/ and users/ to `include`."))]
    NotIncluded(String),
    /// A file's form does not allow changes to members.
    #[error("the members of {0} are written in a form that cannot be changed")]
    #[diagnostic(help("Write `members` as a list in the group's own file, then try again."))]
    Form(GroupName),
    /// A file's form takes no change to a user.
    #[error("the entry of {0} is written in a form that cannot be changed")]
    #[diagnostic(help("Write it as a mapping under `users`, then try again."))]
    UserForm(Email),
    /// No group of this name is declared.
    #[error("the configuration declares no group {name}")]
    #[diagnostic(help("{}", near.as_ref().map_or_else(
        || "Declare it first; `rollbook import --group NAME` takes over one that the site has.".to_owned(),
        |near| format!("Did you mean `{near}`?")
    )))]
    UnknownGroup {
        /// The name.
        name: GroupName,
        /// A group that is declared, whose name is close.
        near: Option<GroupName>,
    },
    /// The edit would not have the effect that was asked for, or another one as well.
    #[error("{message}")]
    #[diagnostic(help("{help}"))]
    OtherEffect {
        /// What is in the way, with its place.
        message: String,
        /// What to do instead.
        help: String,
    },
    /// The edit would change a file that other trees include as well.
    #[error("{0} is outside the tree's folder, and other trees may include it")]
    #[diagnostic(help(
        "Change it by hand, and plan every tree that `rollbook trees --base HEAD --changed` lists then."
    ))]
    Shared(String),
    /// The changed tree would be invalid.
    #[error("the tree would become invalid: {}", .0.first().map_or("", |first| &first.message))]
    #[diagnostic(help("{BY_HAND}"))]
    Invalid(Vec<Diagnostic>),
    /// The edit would change the meaning of the tree.
    #[error("the edit would change the meaning of the tree")]
    #[diagnostic(help("{BY_HAND}"))]
    OtherMeaning,
}

impl EditError {
    fn other(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::OtherEffect { message: message.into(), help: help.into() }
    }
}
