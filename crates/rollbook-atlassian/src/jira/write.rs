//! Writes: a request for an operation of a plan, and the meaning of its response. Pure, except the sending.

use http::{Method, StatusCode};
use serde_json::json;

use super::Jira;
use super::wire::{CreatedGroup, CreatedUser};
use crate::answer::Answer;
use crate::error::Error;
use crate::fault::Fault;
use crate::request::{Body, Host, Request, RequestError};
use crate::send::Sending;
use crate::words::Words;
use crate::write_outcome::{MadeIds, WriteOutcome};
use rollbook_core::model::{AccountId, CreatedIds, GroupId, Operation, Surface};

const GROUP: &str = "/rest/api/3/group";
const GROUP_USER: &str = "/rest/api/3/group/user";
const USER: &str = "/rest/api/3/user";

/// The method and the route that carry an operation out (docs/atlassian.md#writing-to-jira); `None` if Jira
/// cannot do it.
pub fn route(operation: &Operation) -> Option<(Method, &'static str)> {
    match operation {
        Operation::CreateGroup { .. } => Some((Method::POST, GROUP)),
        Operation::InviteUser { .. } => Some((Method::POST, USER)),
        Operation::AddMember { .. } => Some((Method::POST, GROUP_USER)),
        Operation::RemoveMember { .. } => Some((Method::DELETE, GROUP_USER)),
        Operation::RemoveUser { .. } => Some((Method::DELETE, USER)),
        Operation::DeleteGroup { .. } => Some((Method::DELETE, GROUP)),
        Operation::ActivateUser { .. }
        | Operation::UpdateUser { .. }
        | Operation::SuspendUser { .. }
        | Operation::DeactivateUser { .. }
        | Operation::AssignRole { .. }
        | Operation::RevokeRole { .. } => None,
    }
}

/// Makes the request that carries an operation out (docs/atlassian.md#writing-to-jira). There is no other way to make
/// a write.
///
/// # Errors
/// [`RequestError`] when a required operation has not created its ID, or Jira cannot do it.
pub fn request(operation: &Operation, made: &MadeIds) -> Result<Request, RequestError> {
    let unsupported = || RequestError::Unsupported(Surface::Jira);
    let (method, route) = route(operation).ok_or_else(unsupported)?;
    let write = Request::write(method, Host::Jira, route);
    Ok(match operation {
        // Jira takes no description of a group (docs/atlassian.md#creating-and-deleting-a-group-in-jira).
        Operation::CreateGroup { name, .. } => write.body(Body::Json(json!({ "name": name }))),
        // `products` has been required since 9 May 2024; an empty one means no access
        // (docs/atlassian.md#inviting-through-jira).
        Operation::InviteUser { email, apps, .. } => {
            write.body(Body::Json(json!({ "emailAddress": email, "products": apps })))
        }
        Operation::AddMember { group, account } => write
            .query("groupId", made.group(group)?.as_str())
            .body(Body::Json(json!({ "accountId": made.account(account)? }))),
        Operation::RemoveMember { membership } => write
            .query("groupId", membership.group().as_str())
            .query("accountId", membership.account().as_str()),
        Operation::RemoveUser { account, .. } => write.query("accountId", account.as_str()),
        Operation::DeleteGroup { group, .. } => write.query("groupId", group.as_str()),
        Operation::ActivateUser { .. }
        | Operation::UpdateUser { .. }
        | Operation::SuspendUser { .. }
        | Operation::DeactivateUser { .. }
        | Operation::AssignRole { .. }
        | Operation::RevokeRole { .. } => return Err(unsupported()),
    })
}

/// Interprets the response to an operation.
///
/// # Errors
/// [`SendKind::AnswerLost`](crate::SendKind::AnswerLost) when it says success and does not name the created ID.
pub fn interpret(operation: &Operation, answer: &Answer) -> Result<WriteOutcome, Error> {
    if answer.status().is_success() {
        let made = made_by(operation, answer).map_err(|fault| answer.lost(fault))?;
        return Ok(WriteOutcome::Done { made });
    }
    let words = answer.words();
    if claims_satisfied(operation, answer, &words) {
        return Ok(WriteOutcome::ReportedUnchanged { text: words.to_string() });
    }
    Ok(WriteOutcome::Refused(answer.failed()))
}

fn made_by(operation: &Operation, answer: &Answer) -> Result<Option<CreatedIds>, Fault> {
    if matches!(operation, Operation::CreateGroup { .. }) {
        let group: CreatedGroup = answer.decode()?;
        return Ok(Some(CreatedIds::group(GroupId::new(group.group_id))));
    }
    if matches!(operation, Operation::InviteUser { .. }) {
        let user: CreatedUser = answer.decode()?;
        return Ok(Some(CreatedIds::account(AccountId::new(user.account_id))));
    }
    Ok(None)
}

/// Adding a member twice answers 400, removing nobody answers 400 or 404, and so do other mistakes: the text
/// decides (docs/atlassian.md#adding-and-removing-members). If the target of a removal is not found, a proxy that sent the
/// request twice or somebody else may have removed it: a read decides.
fn claims_satisfied(operation: &Operation, answer: &Answer, words: &Words) -> bool {
    let says = |text| words.as_str().to_ascii_lowercase().contains(text);
    let said = |text| answer.status() == StatusCode::BAD_REQUEST && says(text);
    if matches!(operation, Operation::AddMember { .. }) {
        return said("already a member of");
    }
    let left_before = matches!(operation, Operation::RemoveMember { .. }) && said("not a member of");
    left_before || operation.removes() && answer.finds_nothing()
}

impl Jira {
    /// Carries an operation out: sends its request, again only if it was certainly not done, and interprets the response.
    ///
    /// # Errors
    /// [`SendKind::AnswerLost`](crate::SendKind::AnswerLost) when it may have been done, another when it was not sent;
    /// [`RequestError`] as [`request`].
    pub async fn write(
        &self,
        operation: &Operation,
        made: &MadeIds,
        sending: &mut Sending,
    ) -> Result<WriteOutcome, Error> {
        let answer = self.client.write(&request(operation, made)?, sending).await?;
        interpret(operation, &answer)
    }
}
