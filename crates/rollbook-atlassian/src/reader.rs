//! Chooses between two surfaces that can answer the same question.

use super::error::Error;
use super::jira::Jira;
use super::organization::Organization;
use super::surfaces::Surfaces;
use rollbook_core::model::{AccountId, Listing, LiveAccount, LiveGroup, OrganizationUser, Surface};

/// The surface that lists groups, members and users: Jira, which also shows apps and admin groups, otherwise the organization
/// (docs/atlassian.md#what-the-organization-does-not-show).
#[derive(Clone, Copy, Debug)]
pub enum Reader<'a> {
    /// Jira.
    Jira(&'a Jira),
    /// The organization.
    Organization(&'a Organization),
}

impl Surfaces {
    /// The surface that lists; `None` if there is a credential for neither.
    pub fn reader(&self) -> Option<Reader<'_>> {
        let organization = self.organization.as_ref().map(Reader::Organization);
        self.jira.as_ref().map(Reader::Jira).or(organization)
    }
}

impl Reader<'_> {
    /// The surface.
    pub fn surface(&self) -> Surface {
        match self {
            Self::Jira(_) => Surface::Jira,
            Self::Organization(_) => Surface::Organization,
        }
    }

    /// Lists every group.
    ///
    /// # Errors
    /// As [`Client::read`](super::Client::read), and when the listing is incomplete.
    pub async fn groups(&self) -> Result<Listing<LiveGroup>, Error> {
        match self {
            Self::Jira(jira) => jira.groups().await,
            Self::Organization(organization) => organization.live_groups().await,
        }
    }

    /// Reads the accounts of these IDs that it knows.
    ///
    /// # Errors
    /// As [`Reader::groups`].
    pub async fn accounts(&self, ids: &[AccountId]) -> Result<Vec<LiveAccount>, Error> {
        match self {
            Self::Jira(jira) => jira.accounts(ids).await,
            Self::Organization(organization) => {
                Ok(organization.people(ids).await?.iter().map(OrganizationUser::live).collect())
            }
        }
    }
}
