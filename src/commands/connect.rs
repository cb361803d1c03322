//! From what a tree names and the environment holds to surfaces.

use std::sync::Arc;

use crate::atlassian::{
    Client, Credential, CredentialKind, Endpoints, HostError, Jira, Management, Network, Options,
    Organization, Scim, Site, Surfaces,
};
use crate::environment::{self, Environment, EnvironmentError};
use crate::error::Error;
use crate::model::Settings;

use super::Session;

/// Connects to what the tree names, with what the environment holds.
///
/// # Errors
/// [`Error`] when the two name different places, a key has nothing to be for, or a host may not be sent one.
pub(super) fn connect(session: &Session, settings: &Settings) -> Result<Surfaces, Error> {
    surfaces(session, settings, Environment::read()?)
}

/// Connects to a site of which there is no tree yet. A key that needs an id of the tree is left aside where something else
/// can read, and it is said how to use it.
///
/// # Errors
/// As [`connect`].
pub(super) fn connect_to_start(session: &Session, settings: &Settings) -> Result<Surfaces, Error> {
    let mut environment = Environment::read()?;
    let reads = environment.jira.is_some();
    if reads && settings.organization.is_none() && environment.organization_key.take().is_some() {
        session.terminal.tell(&format!(
            "{} is set and was not used: `--organization ID` names the organization, whose id stands in the address of \
             admin.atlassian.com. With it, e-mails that Jira hides are known.",
            environment::ORG_API_KEY
        ));
    }
    if let Some(credential) = environment.scim.take() {
        environment.scim_endpoint = None;
        session.terminal.tell(&format!(
            "{} is set and was not used: an import reads nothing by it. Later, `scim: {{ directory: ID }}` in \
             rollbook.yaml names its directory.",
            variable_of(&credential)
        ));
    }
    surfaces(session, settings, environment)
}

/// Connects to what the tree names, with these credentials.
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
    // What the tree names is judged on its own, so that each is told of its own mistakes.
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
    // Any credential does: this request is sent none.
    if let Some(credential) = environment.jira.as_ref().or(environment.organization_key.as_ref()) {
        surfaces.site = Site::to_be_asked(site, client(credential.clone())?);
    }
    if let Some(credential) = environment.jira {
        surfaces.jira = Some(Jira::new(client(credential)?));
    }
    if let Some(key) = environment.organization_key {
        let id = organization
            .ok_or(Error::KeyForNothing { variable: environment::ORG_API_KEY, setting: "organization" })?;
        let client = Arc::new(client(key)?);
        let directory = settings.directory.as_ref().map(|id| id.value.clone());
        surfaces.organization = Some(Organization::new(Arc::clone(&client), id, directory));
        surfaces.management = Some(Management::new(client));
    }
    if let Some(credential) = environment.scim {
        let scim = settings.scim.as_ref();
        let scim =
            scim.ok_or(Error::KeyForNothing { variable: variable_of(&credential), setting: "scim" })?;
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
        | CredentialKind::ApiKey => environment::SCIM_API_KEY,
    }
}

/// What is wrong with the hosts: of the environment, or of what the tree and the environment name together.
fn of_hosts(error: HostError) -> Error {
    match error {
        HostError::Loopback(_) | HostError::NoGateway(_) => Error::Host(error),
        HostError::Shape(_) | HostError::Insecure(_) | HostError::Foreign(_) | HostError::CloudId(_) => {
            Error::Environment(EnvironmentError::Endpoint(error))
        }
    }
}

fn agree(tree: &str, variable: &'static str, environment: Option<&str>) -> Result<(), Error> {
    match environment {
        Some(named) if named.trim_end_matches('/') != tree.trim_end_matches('/') => {
            Err(Error::WrongSite { tree: tree.into(), variable, environment: named.into() })
        }
        Some(_) | None => Ok(()),
    }
}
