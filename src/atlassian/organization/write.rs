//! Writes: a request for an operation of a plan, and what its answer says. Pure, but for the sending.

use std::collections::BTreeMap;
use std::slice;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::wire::{Created, Invited, InvitedUser};
use super::{Organization, Place};
use crate::atlassian::error::{Answered, Error, Fault};
use crate::atlassian::limiter::published_rate;
use crate::atlassian::request::{Body, Host, Request};
use crate::atlassian::send::Answer;
use crate::atlassian::words::Words;
use crate::atlassian::written::{MadeId, MadeIds, Written, lost};
use crate::model::{AccountId, App, Email, GroupId, GroupName, Operation};

/// How many people one request invites: the documented most (fact sheet §5).
pub const INVITATIONS: usize = 25;

const GROUPS: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups";
const GROUP: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}";
const MEMBERS: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships";
const MEMBER: &str =
    "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}";
const USER: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}";
const SUSPEND: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend";
const RESTORE: &str = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore";
const INVITE: &str = "/admin/v2/orgs/{orgId}/users/invite";

/// What this surface can say beyond the operation.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// What a group that is created is for.
    pub description: Option<String>,
    /// The resource that an app is, such as `ari:cloud:jira-software::site/CLOUD_ID`.
    pub resources: BTreeMap<App, String>,
    /// Groups that an invitation leads into: it needs an app or a group to lead into a directory.
    pub groups: Vec<GroupId>,
    /// Whether an invitation sends a mail; it does not by itself (fact sheet §5).
    pub mail: bool,
}

/// A person to invite, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Invite<'a> {
    apps: &'a [App],
    email: &'a Email,
}

/// Why there is no invitation to make.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoInvitation {
    /// The resource of an app is not known.
    #[error("an invitation of the organization cannot give `{0}`: its resource is not known")]
    App(App),
    /// It would lead nowhere: people come into a directory by what they are given (fact sheet §5).
    #[error("an invitation of the organization without an app and a group leads into no directory")]
    Nowhere,
}

impl NoInvitation {
    /// A full sentence that says what to do.
    pub fn help(&self) -> &'static str {
        "Give the person an app or a group, or let Jira invite them."
    }
}

impl<'a> Invite<'a> {
    /// The invitation that an operation is.
    pub fn of(operation: &'a Operation) -> Option<Self> {
        match operation {
            Operation::InviteUser { email, apps } => Some(Self { apps, email }),
            Operation::CreateGroup { .. }
            | Operation::AddMember { .. }
            | Operation::RemoveMember { .. }
            | Operation::RemoveUser { .. }
            | Operation::DeleteGroup { .. } => None,
        }
    }
}

/// The method and the route that carry an operation out (fact sheet §5).
pub fn route(operation: &Operation) -> (Method, &'static str) {
    match operation {
        Operation::CreateGroup { .. } => (Method::POST, GROUPS),
        Operation::InviteUser { .. } => (Method::POST, INVITE),
        Operation::AddMember { .. } => (Method::POST, MEMBERS),
        Operation::RemoveMember { .. } => (Method::DELETE, MEMBER),
        Operation::RemoveUser { .. } => (Method::DELETE, USER),
        Operation::DeleteGroup { .. } => (Method::DELETE, GROUP),
    }
}

/// How many requests of this kind are let through a second.
pub fn per_second(operation: &Operation) -> f64 {
    let (method, route) = route(operation);
    published_rate(&method, route)
}

/// Makes the request that carries an operation out (fact sheet §5).
///
/// # Errors
/// [`Error::Unresolved`] when an operation that it requires has not made its id, [`Error::Invitation`] when an
/// invitation would lead nowhere.
pub fn request(
    operation: &Operation,
    made: &MadeIds,
    place: &Place,
    details: &Details,
) -> Result<Request, Error> {
    let (method, route) = route(operation);
    let write = || at(method, route, place);
    Ok(match operation {
        Operation::CreateGroup { name } => {
            let mut body = json!({ "name": name });
            if let Some(description) = &details.description {
                body["description"] = description.as_str().into();
            }
            write().body(Body::Json(body))
        }
        Operation::InviteUser { email, apps } => {
            invitation(slice::from_ref(&Invite { apps, email }), place, details)?
        }
        Operation::AddMember { group, account } => write()
            .segment(made.group(group)?.as_str())
            .body(Body::Json(json!({ "accountId": made.account(account)? }))),
        Operation::RemoveMember { membership } => {
            write().segment(membership.group().as_str()).segment(membership.account().as_str())
        }
        Operation::RemoveUser { account, .. } => write().segment(account.as_str()),
        Operation::DeleteGroup { group, .. } => write().segment(group.as_str()),
    })
}

/// `POST …/users/{a}/suspend`: takes the access in this directory away, and keeps the groups (fact sheet §5).
pub fn suspend(place: &Place, account: &AccountId) -> Request {
    at(Method::POST, SUSPEND, place).segment(account.as_str())
}

/// `POST …/users/{a}/restore`: gives back what suspension took (fact sheet §5).
pub fn restore(place: &Place, account: &AccountId) -> Request {
    at(Method::POST, RESTORE, place).segment(account.as_str())
}

/// `POST /v2/orgs/{o}/users/invite` for people who are invited to the same apps, at most [`INVITATIONS`]
/// (fact sheet §5).
///
/// # Errors
/// [`NoInvitation`] when it would lead nowhere, or to an app whose resource is not known.
pub fn invitation(invites: &[Invite<'_>], place: &Place, details: &Details) -> Result<Request, NoInvitation> {
    let apps = invites.first().map_or(&[][..], |invite| invite.apps);
    if apps.is_empty() && details.groups.is_empty() {
        return Err(NoInvitation::Nowhere);
    }
    let rules = apps.iter().map(|app| match details.resources.get(app) {
        Some(resource) => Ok(json!({ "resource": resource, "role": "atlassian/user" })),
        None => Err(NoInvitation::App(app.clone())),
    });
    let rules = rules.collect::<Result<Vec<Value>, _>>()?;
    let emails: Vec<&Email> = invites.iter().map(|invite| invite.email).collect();
    let mut body = json!({ "emails": emails, "sendNotification": details.mail });
    if !rules.is_empty() {
        body["permissionRules"] = rules.into();
    }
    if !details.groups.is_empty() {
        body["additionalGroups"] = json!(details.groups);
    }
    let write = Request::write(Method::POST, Host::Admin, INVITE).segment(&*place.organization);
    Ok(write.body(Body::Json(body)))
}

fn at(method: Method, route: &'static str, place: &Place) -> Request {
    Request::write(method, Host::Admin, route).segment(&*place.organization).segment(&*place.directory)
}

/// Says what the answer to an operation means.
///
/// # Errors
/// [`Error::AnswerLost`] when it says success and does not name what came to be.
pub fn interpret(operation: &Operation, answer: &Answer) -> Result<Written, Error> {
    if let Some(invite) = Invite::of(operation) {
        return invited(invite, answer);
    }
    if answer.status().is_success() {
        return Ok(Written::Done { made: made_by(operation, answer)? });
    }
    let words = Words::of(&String::from_utf8_lossy(answer.body()));
    if claims_satisfied(operation, answer.status(), &words) {
        return Ok(Written::ClaimsSatisfied { text: claim(operation, &words) });
    }
    Ok(Written::Refused(answer.failed()))
}

fn made_by(operation: &Operation, answer: &Answer) -> Result<Option<MadeId>, Error> {
    match operation {
        Operation::CreateGroup { .. } => {
            // What the 201 holds is not documented.
            let created: Created = serde_json::from_slice(answer.body()).unwrap_or_default();
            match created.group() {
                Some(group) => Ok(Some(MadeId::Group(group))),
                None => Err(unnamed(answer)),
            }
        }
        Operation::InviteUser { .. }
        | Operation::AddMember { .. }
        | Operation::RemoveMember { .. }
        | Operation::RemoveUser { .. }
        | Operation::DeleteGroup { .. } => Ok(None),
    }
}

/// 409 to an addition means that the account is in the group already, or that an app's user limit is reached;
/// only a licence code tells which (fact sheet §5). To a removal no code is documented, so that the text decides.
fn claims_satisfied(operation: &Operation, status: StatusCode, words: &Words) -> bool {
    let says = |text| words.as_str().to_ascii_lowercase().contains(text);
    match operation {
        Operation::AddMember { .. } => {
            let licence = ["admin-409-3", "admin-uam-409-3", "license", "licence"].into_iter().any(says);
            status == StatusCode::CONFLICT && !licence
        }
        Operation::RemoveMember { .. } => status == StatusCode::NOT_FOUND && says("not a member"),
        Operation::CreateGroup { .. }
        | Operation::InviteUser { .. }
        | Operation::RemoveUser { .. }
        | Operation::DeleteGroup { .. } => false,
    }
}

/// A claim in words: the two meanings of a 409, since the API need not say which it is.
fn claim(operation: &Operation, words: &Words) -> String {
    match operation {
        Operation::AddMember { .. } => {
            let said = if words.is_empty() { String::new() } else { format!(" ({words})") };
            format!("the account is in the group already, or an app has no seat left{said}")
        }
        Operation::CreateGroup { .. }
        | Operation::InviteUser { .. }
        | Operation::RemoveMember { .. }
        | Operation::RemoveUser { .. }
        | Operation::DeleteGroup { .. } => words.to_string(),
    }
}

/// Says what the answer to an invitation means for one of those who are in it. 206 means that something failed;
/// for whom and what, its items say (fact sheet §5).
///
/// # Errors
/// [`Error::AnswerLost`] when it says success and nothing of this person, or went well in part.
pub fn invited(invite: Invite<'_>, answer: &Answer) -> Result<Written, Error> {
    if !answer.status().is_success() {
        return Ok(Written::Refused(answer.failed()));
    }
    let all: Invited = answer.decode().map_err(|error| lost(answer, error))?;
    let is_theirs = |item: &&InvitedUser| {
        let email = item.email.as_deref().and_then(|text| Email::parse(text).ok());
        email.as_ref() == Some(invite.email)
    };
    let item = all.data.iter().find(is_theirs).ok_or_else(|| unnamed(answer))?;
    let failures: Vec<String> = item.assignments().filter_map(super::wire::Assignment::failure).collect();
    if !failures.is_empty() {
        let in_part = failures.len() < item.assignments().count();
        let error = refused(answer, &failures.join("; "));
        return if in_part { Err(lost(answer, error)) } else { Ok(Written::Refused(error)) };
    }
    match item.id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => Ok(Written::Done { made: Some(MadeId::Account(AccountId::new(id))) }),
        None => Err(unnamed(answer)),
    }
}

fn refused(answer: &Answer, why: &str) -> Error {
    let answered = Answered { status: answer.status().as_u16(), words: Words::of(why), trace: None };
    Error::Failed { at: answer.at().clone(), fault: Box::new(Fault::Refused(answered)) }
}

fn unnamed(answer: &Answer) -> Error {
    let fault = Fault::Shape("it does not name what came to be".to_owned());
    Error::AnswerLost { at: answer.at().clone(), fault: Box::new(fault) }
}

impl Organization {
    /// Carries an operation out: sends its request, again only where it was certainly not done, and interprets
    /// the answer.
    ///
    /// # Errors
    /// [`Error::AnswerLost`] when it may have been done; [`Error::Failed`] when it was not sent;
    /// [`Error::Unresolved`] when an operation that it requires has not made its id; [`Error::Invitation`] when
    /// an invitation would lead nowhere.
    pub async fn write(
        &self,
        operation: &Operation,
        made: &MadeIds,
        details: &Details,
    ) -> Result<Written, Error> {
        let request = request(operation, made, self.place().await?, details)?;
        let answer = self.client.write(&request).await?;
        match (interpret(operation, &answer), operation) {
            (Err(error), Operation::CreateGroup { name }) => self.created(name, error).await,
            (written, _) => written,
        }
    }

    /// Looks for a group whose creation succeeded without a word of its id.
    async fn created(&self, name: &GroupName, error: Error) -> Result<Written, Error> {
        let Ok(found) = self.groups(Some(slice::from_ref(name))).await else { return Err(error) };
        let mut named = found.iter().filter(|group| group.name == *name);
        match (named.next(), named.next()) {
            (Some(group), None) => Ok(Written::Done { made: Some(MadeId::Group(group.id.clone())) }),
            (Some(_) | None, _) => Err(error),
        }
    }

    /// Invites people, 25 of those who get the same apps a request. What became of each comes in the order of
    /// `invites`.
    pub async fn invite(
        &self,
        invites: &[Invite<'_>],
        details: &Details,
    ) -> Result<Vec<Result<Written, Error>>, Error> {
        let place = self.place().await?;
        let mut by_apps: BTreeMap<&[App], Vec<usize>> = BTreeMap::new();
        for (at, invite) in invites.iter().enumerate() {
            by_apps.entry(invite.apps).or_default().push(at);
        }
        let mut came: BTreeMap<usize, Result<Written, Error>> = BTreeMap::new();
        for batch in by_apps.values().flat_map(|all| all.chunks(INVITATIONS)) {
            let of_batch: Vec<Invite<'_>> = batch.iter().map(|at| invites[*at]).collect();
            let request = invitation(&of_batch, place, details);
            for (at, written) in batch.iter().zip(self.invite_batch(request, &of_batch).await) {
                came.insert(*at, written);
            }
        }
        Ok(came.into_values().collect())
    }

    async fn invite_batch(
        &self,
        request: Result<Request, NoInvitation>,
        batch: &[Invite<'_>],
    ) -> Vec<Result<Written, Error>> {
        let request = match request {
            Ok(request) => request,
            Err(why) => return batch.iter().map(|_| Err(why.clone().into())).collect(),
        };
        match self.client.write(&request).await {
            Ok(answer) => batch.iter().map(|invite| invited(*invite, &answer)).collect(),
            Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}
