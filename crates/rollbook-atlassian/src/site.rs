//! Whether the host is the site that the tree names (docs/design.md#the-right-site). Without a replacement, the host's own
//! name shows it; a replacement is asked.

use serde::Deserialize;
use tokio::sync::OnceCell;

use super::client::Client;
use super::endpoints::same_origin;
use super::error::{Error, SetupError};
use super::request::{Host, Request};

/// How much of another site's address is shown, in characters.
const SHOWN: usize = 100;

/// A host that is asked which site it is, without a credential.
#[derive(Debug)]
pub struct Site {
    client: Client,
    tree: String,
    said: OnceCell<()>,
}

/// `GET {site}/rest/api/3/serverInfo`, which is public (docs/atlassian.md#anonymous-answers). `baseUrl` is the
/// site's own address.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerInfo {
    base_url: String,
}

impl Site {
    /// The host to ask for a tree of this site; `None` if the host's own name is the site's, and no cloud ID is given.
    pub fn to_be_asked(tree: &str, client: Client) -> Option<Self> {
        let doubtful = client.endpoints.has_stand_in(tree) || client.options.cloud_id.is_some();
        doubtful.then(|| Self { client, tree: tree.to_owned(), said: OnceCell::new() })
    }

    /// Asks which site it is, once.
    ///
    /// # Errors
    /// [`SetupError::WrongSite`] or [`SetupError::OtherSite`] when it is another, otherwise as [`Client::read`].
    pub async fn confirm(&self) -> Result<(), Error> {
        self.said.get_or_try_init(|| async { self.ask().await }).await.copied()
    }

    async fn ask(&self) -> Result<(), Error> {
        if self.client.endpoints.has_stand_in(&self.tree) {
            let request = Request::read(Host::Site, "/rest/api/3/serverInfo");
            let ServerInfo { base_url } = self.client.read(&request).await?;
            if !same_origin(&base_url, &self.tree) {
                let says = base_url.chars().take(SHOWN).collect();
                return Err(SetupError::WrongSite { says, tree: self.tree.clone() }.into());
            }
        }
        if self.client.options.cloud_id.is_some() {
            self.client.cloud_id().await?;
        }
        Ok(())
    }
}
