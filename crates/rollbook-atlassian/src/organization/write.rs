//! Writes: a request for an operation of a plan, and the meaning of its response. Pure, except the sending.

use std::collections::BTreeSet;
use std::slice;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::wire::{Created, Invited, InvitedUser};
use super::{Organization, Place};
use crate::answer::Answer;
use crate::error::Error;
use crate::fault::{Answered, Fault};
use crate::request::{Body, Host, Request, RequestError};
use crate::send::Sending;
use crate::words::Words;
use crate::write_outcome::{MadeIds, WriteOutcome};
use rollbook_core::model::{
    Access, AccountId, App, CreatedIds, Email, GroupId, GroupName, Inactive, Operation, Ref, Surface,
    SurfaceIds,
};

/// How many people one request invites: the documented maximum (docs/atlassian.md#inviting-through-the-organization).
pub const INVITATIONS: usize = 25;

const GROUPS: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups";
const GROUP: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}";
const MEMBERS: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships";
const MEMBER: &str =
    "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}";
const USER: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}";
const SUSPEND: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend";
const RESTORE: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore";
const ASSIGN: &str =
    "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments/assign";
const REVOKE: &str =
    "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments/revoke";
const INVITE: &str = "/admin/v2/orgs/{orgId}/users/invite";

/// A person to invite, and their access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Invite<'a> {
    email: &'a Email,
    to: Offer<'a>,
}

/// The access that an invitation gives; people with the same offer are invited together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer<'a> {
    apps: &'a [App],
    groups: &'a [Ref<GroupId>],
    sends_mail: bool,
}

impl<'a> Invite<'a> {
    /// The invitation of an operation, if it is one.
    pub fn of(operation: &'a Operation) -> Option<Self> {
        if let Operation::InviteUser { email, apps, groups, sends_mail, .. } = operation {
            return Some(Self { email, to: Offer { apps, groups, sends_mail: *sends_mail } });
        }
        None
    }

    /// The access that it gives.
    pub fn offer(&self) -> Offer<'a> {
        self.to
    }
}

/// The method and the route that carry an operation out (docs/atlassian.md#organizations-api); `None` if this API
/// cannot do it.
pub fn route(operation: &Operation) -> Option<(Method, &'static str)> {
    match operation {
        Operation::CreateGroup { .. } => Some((Method::POST, GROUPS)),
        Operation::InviteUser { .. } => Some((Method::POST, INVITE)),
        Operation::AddMember { .. } => Some((Method::POST, MEMBERS)),
        Operation::RemoveMember { .. } => Some((Method::DELETE, MEMBER)),
        Operation::SuspendUser { .. } => Some((Method::POST, SUSPEND)),
        Operation::ActivateUser { from: Inactive::Suspended, .. } => Some((Method::POST, RESTORE)),
        Operation::RemoveUser { .. } => Some((Method::DELETE, USER)),
        Operation::DeleteGroup { .. } => Some((Method::DELETE, GROUP)),
        Operation::AssignRole { .. } => Some((Method::POST, ASSIGN)),
        Operation::RevokeRole { .. } => Some((Method::POST, REVOKE)),
        Operation::ActivateUser { from: Inactive::Deactivated, .. }
        | Operation::UpdateUser { .. }
        | Operation::DeactivateUser { .. } => None,
    }
}

/// Makes the request that carries an operation out (docs/atlassian.md#organizations-api).
///
/// # Errors
/// [`RequestError`] when a required operation has not created its ID, an invitation would have no effect, or
/// this API cannot do it.
pub fn request(
    operation: &Operation,
    made: &MadeIds,
    place: &Place,
    ids: &SurfaceIds,
) -> Result<Request, RequestError> {
    let unsupported = || RequestError::Unsupported(Surface::Organization);
    let (method, route) = route(operation).ok_or_else(unsupported)?;
    let write = || at(method, route, place);
    Ok(match operation {
        Operation::CreateGroup { name, description } => {
            let mut body = json!({ "name": name });
            if let Some(description) = description {
                body["description"] = description.as_str().into();
            }
            write().body(Body::Json(body))
        }
        Operation::InviteUser { .. } => {
            let invites: Vec<Invite<'_>> = Invite::of(operation).into_iter().collect();
            invitation(&invites, made, place, ids)?
        }
        Operation::AddMember { group, account } => write()
            .segment(made.group(group)?.as_str())
            .body(Body::Json(json!({ "accountId": made.account(account)? }))),
        Operation::RemoveMember { membership } => {
            write().segment(membership.group().as_str()).segment(membership.account().as_str())
        }
        // Suspending keeps the groups, and restoring reverts it
        // (docs/atlassian.md#suspending-restoring-and-removing).
        Operation::SuspendUser { account, .. }
        | Operation::ActivateUser { account, .. }
        | Operation::RemoveUser { account, .. } => write().segment(account.as_str()),
        Operation::DeleteGroup { group, .. } => write().segment(group.as_str()),
        Operation::AssignRole { group, access } => {
            write().segment(made.group(group)?.as_str()).body(role(access, ids)?)
        }
        Operation::RevokeRole { held } => {
            write().segment(held.group().as_str()).body(role(held.access(), ids)?)
        }
        Operation::UpdateUser { .. } | Operation::DeactivateUser { .. } => return Err(unsupported()),
    })
}

/// A role in an app, as the requests of a group name it; requests of a person use other words
/// (docs/atlassian.md#roles-of-groups).
fn role(access: &Access, ids: &SurfaceIds) -> Result<Body, RequestError> {
    let resource = ids.resources.get(&access.app).ok_or_else(|| RequestError::NoRole(access.app.clone()))?;
    Ok(Body::Json(json!({ "resourceId": resource, "roleId": access.role.id() })))
}

/// `POST /v2/orgs/{o}/users/invite` for people with the same offer, at most [`INVITATIONS`]
/// (docs/atlassian.md#inviting-through-the-organization).
///
/// # Errors
/// [`RequestError`] when it would have no effect, the resource of an app is unknown, or a group has not been
/// created.
pub fn invitation(
    invites: &[Invite<'_>],
    made: &MadeIds,
    place: &Place,
    ids: &SurfaceIds,
) -> Result<Request, RequestError> {
    let Some(Offer { apps, groups, sends_mail }) = invites.first().map(Invite::offer) else {
        return Err(RequestError::LeadsNowhere);
    };
    if apps.is_empty() && groups.is_empty() {
        return Err(RequestError::LeadsNowhere);
    }
    let rules = apps.iter().map(|app| match ids.resources.get(app) {
        Some(resource) => Ok(json!({ "resource": resource, "role": "atlassian/user" })),
        None => Err(RequestError::NoResource(app.clone())),
    });
    let rules = rules.collect::<Result<Vec<Value>, _>>()?;
    let emails: Vec<&Email> = invites.iter().map(|invite| invite.email).collect();
    let mut body = json!({ "emails": emails, "sendNotification": sends_mail });
    if !rules.is_empty() {
        body["permissionRules"] = rules.into();
    }
    if !groups.is_empty() {
        let groups = groups.iter().map(|group| made.group(group)).collect::<Result<Vec<GroupId>, _>>()?;
        body["additionalGroups"] = json!(groups);
    }
    let write = Request::write(Method::POST, Host::Admin, INVITE).segment(&*place.organization);
    Ok(write.body(Body::Json(body)))
}

fn at(method: Method, route: &'static str, place: &Place) -> Request {
    Request::write(method, Host::Admin, route).segment(&*place.organization).segment(&*place.directory)
}

/// Interprets the response to an operation.
///
/// # Errors
/// [`SendKind::AnswerLost`](crate::SendKind::AnswerLost) when it says success and does not name the created ID.
pub fn interpret(operation: &Operation, answer: &Answer) -> Result<WriteOutcome, Error> {
    if let Some(invite) = Invite::of(operation) {
        return invited(invite, answer);
    }
    if answer.status().is_success() {
        return Ok(WriteOutcome::Done { made: made_by(operation, answer)? });
    }
    let words = answer.words();
    if claims_satisfied(operation, answer, &words) {
        return Ok(WriteOutcome::ReportedUnchanged { text: claim(operation, &words) });
    }
    Ok(WriteOutcome::Refused(answer.failed()))
}

fn made_by(operation: &Operation, answer: &Answer) -> Result<Option<CreatedIds>, Error> {
    if !matches!(operation, Operation::CreateGroup { .. }) {
        return Ok(None);
    }
    // The content of the 201 is not documented.
    let created: Created = serde_json::from_slice(answer.body()).unwrap_or_default();
    created.group().map(|group| Some(CreatedIds::group(group))).ok_or_else(|| unnamed(answer))
}

/// Reads the code of a 409 to an addition: `-2` is a conflict, so the account is in the group already, and `-3` means that
/// an app's user limit is reached (ConductorOne/baton-atlassian, measured). Without a code it may be either. The response to
/// a removal is 404 if a proxy that sent the request twice or somebody else has already removed it, or if the directory
/// does not know the account: a read shows which.
fn claims_satisfied(operation: &Operation, answer: &Answer, words: &Words) -> bool {
    let says = |text| words.as_str().to_ascii_lowercase().contains(text);
    if matches!(operation, Operation::AddMember { .. }) {
        let licence = ["admin-409-3", "admin-uam-409-3", "license", "licence"].into_iter().any(says);
        return answer.status() == StatusCode::CONFLICT && !licence;
    }
    operation.removes() && answer.finds_nothing()
}

/// The claim in words: if the code of a 409 does not distinguish its meanings, both.
fn claim(operation: &Operation, words: &Words) -> String {
    if !matches!(operation, Operation::AddMember { .. }) {
        return words.to_string();
    }
    let said = if words.is_empty() { String::new() } else { format!(" ({words})") };
    let mut codes = words.as_str().split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let conflict = codes.any(|code| code.eq_ignore_ascii_case("ADMIN-UAM-409-2"));
    let or = if conflict { "" } else { ", or an app has no seat left" };
    format!("the account is in the group already{or}{said}")
}

/// Interprets the response to an invitation for one of its people. 206 means that something failed; its items say what
/// (docs/atlassian.md#inviting-through-the-organization).
///
/// # Errors
/// [`SendKind::AnswerLost`](crate::SendKind::AnswerLost) when it says success without this person, or partly failed.
pub fn invited(invite: Invite<'_>, answer: &Answer) -> Result<WriteOutcome, Error> {
    if !answer.status().is_success() {
        return Ok(WriteOutcome::Refused(answer.failed()));
    }
    let all: Invited = answer.decode().map_err(|fault| answer.lost(fault))?;
    let is_theirs = |item: &&InvitedUser| {
        let email = item.email.as_deref().and_then(|text| Email::parse(text).ok());
        email.as_ref() == Some(invite.email)
    };
    let item = all.data.iter().find(is_theirs).ok_or_else(|| unnamed(answer))?;
    let id = item.id.as_deref().filter(|id| !id.is_empty()).map(AccountId::new);
    let failures: Vec<String> = item.assignments().filter_map(super::wire::Assignment::failure).collect();
    let joined: BTreeSet<GroupId> = item.joined().collect();
    match id {
        // A failed group is requested again, by a separate addition.
        Some(id) if failures.is_empty() || item.only_groups_failed() && !joined.is_empty() => {
            Ok(WriteOutcome::Done { made: Some(CreatedIds { joined, ..CreatedIds::account(id) }) })
        }
        None if failures.is_empty() => Err(unnamed(answer)),
        Some(_) | None => {
            let in_part = failures.len() < item.assignments().count();
            let words = answer.words_of(&failures.join("; "));
            let fault = Fault::Refused(Answered { status: answer.status().as_u16(), words, trace: None });
            if in_part { Err(answer.lost(fault)) } else { Ok(WriteOutcome::Refused(answer.fails_by(fault))) }
        }
    }
}

fn unnamed(answer: &Answer) -> Error {
    answer.lost(Fault::Shape("it does not name what it created".to_owned()))
}

impl Organization {
    /// Carries an operation out: sends its request, again only if it was certainly not done, and interprets the response.
    ///
    /// # Errors
    /// [`SendKind::AnswerLost`](crate::SendKind::AnswerLost) when it may have been done, another when it was not sent;
    /// [`RequestError`] as [`request`].
    pub async fn write(
        &self,
        operation: &Operation,
        made: &MadeIds,
        ids: &SurfaceIds,
        sending: &mut Sending,
    ) -> Result<WriteOutcome, Error> {
        let request = request(operation, made, self.place().await?, ids)?;
        let answer = self.client.write(&request, sending).await?;
        match (interpret(operation, &answer), operation) {
            (Err(error), Operation::CreateGroup { name, .. }) => self.created(name, error).await,
            (written, _) => written,
        }
    }

    /// Looks for a group whose creation succeeded without returning an ID.
    async fn created(&self, name: &GroupName, error: Error) -> Result<WriteOutcome, Error> {
        let Ok(found) = self.groups(Some(slice::from_ref(name))).await else { return Err(error) };
        let mut named = found.iter().filter(|group| group.name == *name);
        match (named.next(), named.next()) {
            (Some(group), None) => Ok(WriteOutcome::Done { made: Some(CreatedIds::group(group.id.clone())) }),
            (Some(_) | None, _) => Err(error),
        }
    }

    /// Invites people with the same offer, at most [`INVITATIONS`], with one request. Returns the outcomes in their
    /// order.
    pub async fn invite(
        &self,
        invites: &[Invite<'_>],
        made: &MadeIds,
        ids: &SurfaceIds,
        sending: &mut Sending,
    ) -> Vec<Result<WriteOutcome, Error>> {
        let sent = async {
            let request = invitation(invites, made, self.place().await?, ids)?;
            self.client.write(&request, sending).await
        };
        match sent.await {
            Ok(answer) => invites.iter().map(|invite| invited(*invite, &answer)).collect(),
            Err(error) => invites.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}
