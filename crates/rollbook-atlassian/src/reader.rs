//! Which of two surfaces is asked, where both could say it.

use super::error::Error;
use super::jira::Jira;
use super::organization::Organization;
use super::surfaces::Surfaces;
use rollbook_core::model::{AccountId, Listing, LiveAccount, LiveGroup, OrganizationUser, Surface};

/// Where groups, members and users are listed: in Jira, which shows apps and admin groups too, else in the organization
/// (docs/atlassian.md#what-the-organization-does-not-show).
#[derive(Clone, Copy, Debug)]
pub enum Reader<'a> {
    /// In Jira.
    Jira(&'a Jira),
    /// In the organization.
    Organization(&'a Organization),
}

impl Surfaces {
    /// What lists; nothing where there is a credential for neither.
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

    /// Every group.
    ///
    /// # Errors
    /// As [`Client::read`](super::Client::read), and when the listing did not come whole.
    pub async fn groups(&self) -> Result<Listing<LiveGroup>, Error> {
        match self {
            Self::Jira(jira) => jira.groups().await,
            Self::Organization(organization) => organization.live_groups().await,
        }
    }

    /// The accounts of these ids that it knows.
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
