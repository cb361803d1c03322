//! `rollbook logout`.

use clap::Args;

use crate::atlassian::Endpoints;
use crate::environment::SignIn;
use crate::error::Error;
use crate::exit::Exit;
use crate::login::{FileStore, LoginError};

use super::login::{no_site, site_of};
use super::{Session, block_on};

/// What `logout` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The site whose login to remove [default: the tree's]
    #[arg(long, value_name = "URL")]
    site: Option<String>,
}

/// Removes the login of a site from this machine. Atlassian has no way to end one (docs/atlassian.md#logins-in-the-browser).
///
/// # Errors
/// [`Error`] when it cannot be removed.
pub fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Error> {
    let sign_in = SignIn::read()?;
    let site = site_of(session, arguments.site.as_deref())?.ok_or_else(no_site)?;
    let folder = sign_in.state_folder.as_ref().ok_or(LoginError::NoFolder)?;
    let store = FileStore::of(folder, &Endpoints::named(&site)?);
    let removed = block_on(async { Ok(store.remove().await?) })?;
    session.terminal.say(&if removed {
        format!(
            "The login to {site} was removed from this machine. Atlassian takes the app out of your account at \
             https://id.atlassian.com/manage-profile/apps, which ends it everywhere."
        )
    } else {
        format!("Nobody was signed in to {site}.")
    });
    Ok(Exit::Done)
}
