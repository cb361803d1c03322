//! The surface `organization`: the Organizations API (docs/atlassian.md#organizations-api).
//!
//! Only version 2, except the domains, which only version 1 has: the directory endpoints of version 1 were removed on
//! 30 June 2026, and the listings by `GET` of version 2 end on 30 June 2027.

mod read;
mod requests;
mod wire;
mod write;

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::client::Client;
use super::error::{Error, SetupError};

pub use requests::{ACCOUNTS, EMAILS, GROUPS, NAMES, PAGE, Place};
pub use write::{INVITATIONS, Invite, Offer, interpret, invitation, invited, request, route};

/// Read requests of this surface as pure values.
pub mod reads {
    pub use super::requests::{
        activity, by_email, directories, domains, everybody, groups, groups_by_id, groups_of,
        groups_with_roles, holders, members_of, memberships_of, resource_counts, roles_of, roles_of_person,
        with_role, workspaces,
    };
}

/// The surface, behind one organization's API key.
#[derive(Debug)]
pub struct Organization {
    client: Arc<Client>,
    id: String,
    given: Option<String>,
    place: OnceCell<Place>,
}

impl Organization {
    /// Makes the surface from a client. Without a directory, it is looked up when it is first needed.
    pub fn new(client: Arc<Client>, id: impl Into<String>, directory: Option<String>) -> Self {
        Self { client, id: id.into(), given: directory, place: OnceCell::new() }
    }

    /// The client that it uses.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the organization and its directory: the given one, or the only one that this key may see.
    ///
    /// # Errors
    /// [`SetupError::Directories`] when there is not exactly one, otherwise as [`Client::read`].
    pub async fn place(&self) -> Result<&Place, Error> {
        let place = |directory| Place { organization: self.id.clone(), directory };
        self.place
            .get_or_try_init(|| async {
                if let Some(directory) = &self.given {
                    return Ok(place(directory.clone()));
                }
                match <[_; 1]>::try_from(self.directories().await?) {
                    Ok([(directory, _)]) => Ok(place(directory)),
                    Err(found) => Err(SetupError::Directories {
                        found: found.into_iter().map(|(id, name)| format!("{id} ({name})")).collect(),
                    }
                    .into()),
                }
            })
            .await
    }
}
