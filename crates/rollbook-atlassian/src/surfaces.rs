//! All surfaces with a credential: each operation is sent to the surface that its plan names.

use std::collections::BTreeSet;

use http::Method;
use jiff::SignedDuration;
use tokio::sync::watch;

use super::client::Client;
use super::error::Error;
use super::fault::Concern;
use super::jira::{self, Jira};
use super::limiter::published_rate;
use super::management::{self, Management};
use super::organization::{self, Invite, Organization};
use super::request::RequestError;
use super::scim::{self, Known, Scim};
use super::send::Sending;
use super::site::Site;
use super::write_outcome::{MadeIds, WriteOutcome};
use rollbook_core::model::{Exchange, Operation, PlannedOperation, Surface, SurfaceIds};

/// The surfaces, each behind its own credential.
#[derive(Debug, Default)]
pub struct Surfaces {
    /// Jira REST v3.
    pub jira: Option<Jira>,
    /// The Organizations API.
    pub organization: Option<Organization>,
    /// The User management API.
    pub management: Option<Management>,
    /// The User provisioning API.
    pub scim: Option<Scim>,
    /// The host to ask which site it is, if that is necessary.
    pub site: Option<Site>,
}

/// The difference of two clocks from which one of them counts as wrong.
const CLOCKS: SignedDuration = SignedDuration::from_hours(24);

/// The outcome of one operation, and the requests that were sent for it.
#[derive(Debug)]
pub struct Sent {
    /// The meaning of its response.
    pub written: Result<WriteOutcome, Error>,
    /// The requests, in order. One that several operations share is listed for each.
    pub exchanges: Vec<Exchange>,
}

/// Several operations that one request can carry out.
enum Together<'a> {
    /// People with the same offer.
    Invites(Vec<Invite<'a>>),
    /// Members of one group of the SCIM directory.
    Additions(Vec<&'a Operation>),
}

/// The method and the route that carry an operation out through a surface; `None` if it cannot do it.
pub fn route(via: Surface, operation: &Operation) -> Option<(Method, &'static str)> {
    match via {
        Surface::Jira => jira::route(operation),
        Surface::Organization => organization::route(operation),
        Surface::UserManagement => management::route(operation),
        Surface::Scim => scim::route(operation),
    }
}

/// How many operations of this kind the published limits let through per second (docs/atlassian.md#limits).
pub fn per_second(via: Surface, operation: &Operation) -> f64 {
    route(via, operation).map_or(f64::INFINITY, |(method, route)| published_rate(&method, route))
}

/// How many operations that go [`together`] with this one a request takes; one if none do.
pub fn most_together(planned: &PlannedOperation) -> usize {
    match (planned.via, &planned.operation) {
        (Surface::Organization, Operation::InviteUser { .. }) => organization::INVITATIONS,
        (Surface::Scim, Operation::AddMember { .. }) => scim::ADDITIONS,
        _ => 1,
    }
}

/// Whether one request can carry both operations out.
pub fn together(one: &PlannedOperation, other: &PlannedOperation) -> bool {
    if one.via != other.via {
        return false;
    }
    match (one.via, &one.operation, &other.operation) {
        (Surface::Organization, one @ Operation::InviteUser { .. }, other @ Operation::InviteUser { .. }) => {
            let offer = |operation| Invite::of(operation).map(|invite| invite.offer());
            offer(one) == offer(other)
        }
        (
            Surface::Scim,
            Operation::AddMember { group: one, .. },
            Operation::AddMember { group: other, .. },
        ) => one == other,
        _ => false,
    }
}

impl Surfaces {
    /// How far Atlassian's clock is ahead of this machine's, if that is more than a day.
    pub fn clock_off(&self) -> Option<SignedDuration> {
        let clients = [
            self.jira.as_ref().map(Jira::client),
            self.organization.as_ref().map(Organization::client),
            self.management.as_ref().map(Management::client),
            self.scim.as_ref().map(Scim::client),
        ];
        let clocks = clients.into_iter().flatten().filter_map(Client::clock);
        clocks.min_by_key(|off| off.abs()).filter(|off| off.abs() > CLOCKS)
    }

    /// The surfaces that have a credential.
    pub fn configured(&self) -> BTreeSet<Surface> {
        [
            self.jira.as_ref().map(|_| Surface::Jira),
            self.organization.as_ref().map(|_| Surface::Organization),
            self.management.as_ref().map(|_| Surface::UserManagement),
            self.scim.as_ref().map(|_| Surface::Scim),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Carries out operations that go [`together`], and returns the outcome of each. If a request for several is refused,
    /// nothing of it was done, and each is sent separately, since only one of them may be at fault. Operations that are unsent
    /// when `halt` turns true are not sent.
    pub async fn write(
        &self,
        planned: &[&PlannedOperation],
        made: &MadeIds,
        ids: &SurfaceIds,
        halt: &watch::Receiver<bool>,
    ) -> Vec<Sent> {
        let mut together = Sending::until(halt.clone());
        if planned.len() > 1 {
            let written = self.write_together(planned, made, ids, &mut together).await;
            let refused = |written: &Result<WriteOutcome, Error>| match written {
                Ok(WriteOutcome::Refused(_)) => true,
                Ok(_) => false,
                Err(error) => !error.answer_lost(),
            };
            if !written.iter().all(refused) {
                let sent = |written| Sent { written, exchanges: together.exchanges.clone() };
                return written.into_iter().map(sent).collect();
            }
        }
        let mut all = Vec::with_capacity(planned.len());
        for one in planned {
            let mut sending = together.clone();
            let written = self.write_one(one, made, ids, &mut sending).await;
            all.push(Sent { written, exchanges: sending.exchanges });
        }
        all
    }

    /// Whether the credential of a surface may still write, as far as a read shows it: an account may lose its right during a
    /// run. True unless a read shows otherwise.
    pub async fn may_write(&self, surface: Surface) -> bool {
        let denied = |error: &Error| error.is_denied() || error.concern() == Concern::Credential;
        match (surface, &self.jira, &self.organization) {
            (Surface::Jira, Some(jira), _) => match jira.rights().await {
                Ok(rights) => rights.site_admin,
                Err(error) => !denied(&error),
            },
            (Surface::Organization | Surface::UserManagement, _, Some(organization)) => {
                organization.directories().await.map_or_else(|error| !denied(&error), |_| true)
            }
            (Surface::Jira, None, _)
            | (Surface::Organization | Surface::UserManagement, _, None)
            | (Surface::Scim, ..) => true,
        }
    }

    async fn write_together(
        &self,
        planned: &[&PlannedOperation],
        made: &MadeIds,
        ids: &SurfaceIds,
        sending: &mut Sending,
    ) -> Vec<Result<WriteOutcome, Error>> {
        let operations = planned.iter().map(|planned| &planned.operation);
        let together = match planned.first().map(|planned| planned.via) {
            Some(Surface::Organization) => Together::Invites(operations.filter_map(Invite::of).collect()),
            _ => Together::Additions(operations.collect()),
        };
        match (together, &self.organization, &self.scim) {
            (Together::Invites(invites), Some(organization), _) if invites.len() == planned.len() => {
                organization.invite(&invites, made, ids, sending).await
            }
            (Together::Additions(additions), _, Some(scim)) => {
                let added = scim.add_together(&additions, Known { ids, made }, sending).await;
                planned.iter().map(|_| added.clone().map(|()| WriteOutcome::Done { made: None })).collect()
            }
            _ => planned.iter().map(|one| Err(RequestError::Unsupported(one.via).into())).collect(),
        }
    }

    async fn write_one(
        &self,
        planned: &PlannedOperation,
        made: &MadeIds,
        ids: &SurfaceIds,
        sending: &mut Sending,
    ) -> Result<WriteOutcome, Error> {
        let operation = &planned.operation;
        let unsupported = || Error::from(RequestError::Unsupported(planned.via));
        if carried(planned, made) {
            return Ok(WriteOutcome::Done { made: None });
        }
        match planned.via {
            Surface::Jira => {
                self.jira.as_ref().ok_or_else(unsupported)?.write(operation, made, sending).await
            }
            Surface::Organization => {
                self.organization.as_ref().ok_or_else(unsupported)?.write(operation, made, ids, sending).await
            }
            Surface::UserManagement => {
                self.management.as_ref().ok_or_else(unsupported)?.write(operation, sending).await
            }
            Surface::Scim => {
                self.scim
                    .as_ref()
                    .ok_or_else(unsupported)?
                    .write(operation, Known { ids, made }, sending)
                    .await
            }
        }
    }
}

/// Whether an invitation has already done it (docs/design.md#invitations: an invitation carries the declared groups
/// with it).
fn carried(planned: &PlannedOperation, made: &MadeIds) -> bool {
    let Operation::AddMember { group, .. } = &planned.operation else { return false };
    let Ok(group) = made.group(group) else { return false };
    planned.requires.iter().any(|key| made.joined(key, &group))
}
