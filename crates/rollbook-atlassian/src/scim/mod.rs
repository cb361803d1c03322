//! The surface `scim`: the User provisioning API (docs/atlassian.md#scim).
//!
//! Never sends a `PUT`, which clears omitted fields, nor a `DELETE` of a user, which cannot be undone. SCIM IDs have their
//! own type. The published description is of 2022; docs/atlassian.md#scim lists the changes since.

mod operation;
mod read;
mod requests;
mod wire;
mod write;

use std::sync::Arc;

use super::client::Client;
use rollbook_core::model::Authority;

pub use operation::{ADDITIONS, Known, route};
pub use requests::{
    NewUser, PAGE, RemoveShape, add_members, create_group, create_user, delete_group, group, group_named,
    groups, remove_member, set_active, set_name, user, user_named, users,
};
pub use write::Writes;

/// The surface, behind one directory's key.
#[derive(Debug)]
pub struct Scim {
    client: Arc<Client>,
    directory: String,
    authority: Authority,
}

impl Scim {
    /// Makes the surface from a client for a directory, named by the last part of its base URL. Operations are carried out
    /// only with `authority: rollbook`.
    pub fn new(client: Arc<Client>, directory: impl Into<String>, authority: Authority) -> Self {
        Self { client, directory: directory.into(), authority }
    }

    /// Whether the tree gives Rollbook the authority to write to it.
    pub fn is_ours(&self) -> bool {
        self.authority == Authority::Rollbook
    }

    /// The client that it uses.
    pub fn client(&self) -> &Client {
        &self.client
    }
}
