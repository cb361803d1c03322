//! Makes surfaces from the names in a tree and the credentials in the environment.

use std::sync::Arc;

use crate::atlassian::{
    Client, Credential, CredentialKind, Endpoints, HostError, Jira, Management, Network, Options,
    Organization, Scim, Site, Surfaces,
};
use crate::environment::{self, Environment, EnvironmentError};
use crate::error::Error;
use crate::login;
use crate::model::{Settings, Surface};

use super::Session;

/// Connects to the surfaces that the tree names, with the environment's credentials.
///
/// # Errors
/// [`Error`] when the two name different places, a credential is unused, or a host may not be sent one.
pub(super) fn connect(session: &Session, settings: &Settings) -> Result<Surfaces, Error> {
    let (surfaces, unused) = connect_to_look(session, settings)?;
    unused.into_iter().next().map_or(Ok(surfaces), |(_, error)| Err(error))
}

/// Connects to the surfaces that the tree names. Sets unused credentials aside, and returns for each the error that
/// [`connect`] would give.
///
/// # Errors
/// As for [`connect`], but an unused credential is not an error.
pub(super) fn connect_to_look(
    session: &Session,
    settings: &Settings,
) -> Result<(Surfaces, Vec<(Surface, Error)>), Error> {
    let mut environment = credentials(settings)?;
    let unused = take_unused(&mut environment, settings);
    Ok((surfaces(session, settings, environment)?, unused))
}

/// Connects to a site that has no tree yet. A key that needs an ID of the tree is set aside if another credential can
/// read, with a message that says how to use it.
///
/// # Errors
/// As [`connect`].
pub(super) fn connect_to_start(session: &Session, settings: &Settings) -> Result<Surfaces, Error> {
    let mut environment = credentials(settings)?;
    let reads = environment.jira.is_some();
    for (surface, error) in take_unused(&mut environment, settings) {
        let Error::KeyForNothing { variable, .. } = error else { return Err(error) };
        let how = match surface {
            Surface::Scim => {
                "an import does not use it. Later, `scim: { directory: ID }` in rollbook.yaml names its directory."
            }
            Surface::Organization | Surface::UserManagement | Surface::Jira if reads => {
                "`--organization ID` names the organization, whose ID is in the address of admin.atlassian.com. With \
                 it, emails that Jira hides are known."
            }
            Surface::Organization | Surface::UserManagement | Surface::Jira => return Err(error),
        };
        session.terminal.tell(&format!("{variable} is set and was not used: {how}"));
    }
    surfaces(session, settings, environment)
}

/// Reads the environment. Where it has no credential for Jira, the login of the site is one.
fn credentials(settings: &Settings) -> Result<Environment, Error> {
    let mut environment = Environment::read()?;
    if environment.jira.is_none()
        && let Some((login, cloud_id)) = login::stored(&environment, &settings.site.value)?
    {
        environment.jira = Some(Credential::Login(login));
        environment.cloud_id.get_or_insert(cloud_id);
    }
    if environment.jira.is_none() && environment.organization_key.is_none() {
        return Err(EnvironmentError::NoCredential.into());
    }
    Ok(environment)
}

/// Takes out of an environment the credentials that a tree has no use for.
fn take_unused(environment: &mut Environment, settings: &Settings) -> Vec<(Surface, Error)> {
    let mut unused = Vec::new();
    if settings.organization.is_none() && environment.organization_key.take().is_some() {
        let error = Error::KeyForNothing { variable: environment::ORG_API_KEY, setting: "organization" };
        unused.push((Surface::Organization, error));
    }
    if settings.scim.is_none() {
        environment.scim_endpoint = None;
        let scim = environment.scim.take();
        let error = scim.map(|it| Error::KeyForNothing { variable: variable_of(&it), setting: "scim" });
        unused.extend(error.map(|error| (Surface::Scim, error)));
    }
    unused
}

/// Connects to the surfaces that the tree names, with these credentials, all of which it uses.
pub(super) fn surfaces(
    session: &Session,
    settings: &Settings,
    environment: Environment,
) -> Result<Surfaces, Error> {
    let site = &settings.site.value;
    agree(site, environment::SITE, environment.site.as_deref())?;
    let organization = settings.organization.as_ref().map(|id| id.value.clone());
    let named = organization.as_deref().unwrap_or("no organization");
    agree(named, environment::ORGANIZATION, environment.organization.as_deref())?;
    // The tree's site is checked separately, so that each reports its own mistakes.
    Endpoints::may_name(site)?;
    let mut endpoints = Endpoints::new(site, &environment.overrides).map_err(of_hosts)?;
    if let Some(host) = &environment.scim_endpoint {
        endpoints = endpoints.with_directory(host).map_err(EnvironmentError::Endpoint)?;
    }
    let options = Options {
        cloud_id: environment.cloud_id,
        pace: environment.pace,
        waits: Some(session.waits.clone()),
        authorities: environment::authorities(),
        ..Options::default()
    };
    environment::judge_proxies(endpoints.remote_hosts())?;
    let network = Network::default();
    let client = |credential: Credential| {
        Client::over(network.clone(), endpoints.clone(), credential, options.clone())
    };

    let mut surfaces = Surfaces::default();
    // Any credential will do: this request does not send it.
    if let Some(credential) = environment.jira.as_ref().or(environment.organization_key.as_ref()) {
        surfaces.site = Site::to_be_asked(site, client(credential.clone())?);
    }
    if let Some(credential) = environment.jira {
        surfaces.jira = Some(Jira::new(client(credential)?));
    }
    if let Some((key, id)) = environment.organization_key.zip(organization) {
        let client = Arc::new(client(key)?);
        let directory = settings.directory.as_ref().map(|id| id.value.clone());
        surfaces.organization = Some(Organization::new(Arc::clone(&client), id, directory));
        surfaces.management = Some(Management::new(client));
    }
    if let Some((credential, scim)) = environment.scim.zip(settings.scim.as_ref()) {
        let client = Arc::new(client(credential)?);
        surfaces.scim = Some(Scim::new(client, scim.directory.value.clone(), scim.authority));
    }
    Ok(surfaces)
}

/// The variable that holds the secret for a SCIM directory.
fn variable_of(credential: &Credential) -> &'static str {
    match credential.kind() {
        CredentialKind::DirectoryClient => environment::SCIM_CLIENT_SECRET,
        CredentialKind::DirectoryKey
        | CredentialKind::Nothing
        | CredentialKind::Classic
        | CredentialKind::Scoped
        | CredentialKind::Bearer
        | CredentialKind::ClientCredentials
        | CredentialKind::Login
        | CredentialKind::ApiKey => environment::SCIM_API_KEY,
    }
}

/// The error for the hosts: of the environment alone, or of the tree and the environment together.
fn of_hosts(error: HostError) -> Error {
    match error {
        HostError::Loopback(_) | HostError::NoGateway(_) => Error::Host(error),
        HostError::Shape(_) | HostError::Insecure(_) | HostError::Foreign(_) | HostError::CloudId(_) => {
            Error::Environment(EnvironmentError::Endpoint(error))
        }
    }
}

pub(super) fn agree(tree: &str, variable: &'static str, environment: Option<&str>) -> Result<(), Error> {
    match environment {
        Some(named) if named.trim_end_matches('/') != tree.trim_end_matches('/') => {
            Err(Error::WrongSite { tree: tree.into(), variable, environment: named.into() })
        }
        Some(_) | None => Ok(()),
    }
}
