//! Changes to people's files. The document is changed, so that every comment stays with its item and a changed file has the
//! form of `fmt`; every other file keeps its bytes. The resulting declaration is compared with the intended one.

mod add;
mod files;
mod remove;
mod rename;
mod write;

use crate::model::{Diagnostic, GroupName};

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
