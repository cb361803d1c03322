//! The surface `jira`: Jira Cloud platform, REST v3 (docs/atlassian.md#surfaces-and-hosts).

mod read;
mod requests;
mod wire;
mod write;

use super::client::Client;

pub use requests::{BATCH, MEMBERS_PAGE, USERS_PAGE};
pub use write::{interpret, request, route};

/// Read requests of this surface as pure values.
pub mod reads {
    pub use super::requests::{
        accounts, admin_groups, app_roles, group_picker, groups, groups_of, members, myself, permissions,
        site_admin_groups, users,
    };
}

/// The surface, behind one credential.
#[derive(Debug)]
pub struct Jira {
    client: Client,
}

impl Jira {
    /// Makes the surface from a client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client that it uses.
    pub fn client(&self) -> &Client {
        &self.client
    }
}
