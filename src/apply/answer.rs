//! The response of a surface to a write, before a read confirms it, and its entry in the journal.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::watch;

use crate::atlassian::{Concern, Error, MadeIds, Sent, Surfaces, WriteOutcome};
use crate::model::{
    AccountId, AnsweredOperation, CreatedIds, Email, ErrorExt, Exchange, Key, LiveAccount, Operation,
    OrganizationUser, PlannedOperation, Response, SentOperation, Surface, SurfaceIds, UserStatus,
};

/// A response, with everything that is known about it.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) response: Response,
    /// Why it was refused, if that may concern more than the operation.
    pub(super) refusal: Option<Error>,
    /// The IDs that were created.
    pub(super) made: Option<CreatedIds>,
    exchanges: Vec<Exchange>,
}

/// Sends operations that one request can carry out, except invitations of users who have joined, and returns the outcome of
/// each.
pub(super) async fn write(
    surfaces: &Surfaces,
    planned: &[&PlannedOperation],
    made: &MadeIds,
    ids: &SurfaceIds,
    known: &BTreeMap<AccountId, LiveAccount>,
    halt: &watch::Receiver<bool>,
) -> Vec<Reply> {
    let there = invited_already(surfaces, planned, known).await;
    let rest: Vec<&PlannedOperation> =
        planned.iter().zip(&there).filter(|(_, there)| !**there).map(|(planned, _)| *planned).collect();
    let sent = if rest.is_empty() { Vec::new() } else { surfaces.write(&rest, made, ids, halt).await };
    let mut sent = sent.into_iter().map(Reply::of);
    there.iter().filter_map(|there| if *there { Some(Reply::there()) } else { sent.next() }).collect()
}

/// Finds the invitations of users who have joined the organization since the plan was made: another one would send a second
/// mail. If that is unknown, the invitation is sent; Jira hides emails, and SCIM refuses a second record.
async fn invited_already(
    surfaces: &Surfaces,
    planned: &[&PlannedOperation],
    known: &BTreeMap<AccountId, LiveAccount>,
) -> Vec<bool> {
    let invited = |planned: &PlannedOperation| {
        let Operation::InviteUser { email, .. } = &planned.operation else { return None };
        (planned.via == Surface::Organization).then(|| email.clone())
    };
    let emails: Vec<Option<Email>> = planned.iter().map(|planned| invited(planned)).collect();
    let asked: Vec<Email> = emails.iter().flatten().cloned().collect();
    let found = match &surfaces.organization {
        Some(organization) if !asked.is_empty() => {
            organization.find_by_email(&asked).await.unwrap_or_default()
        }
        Some(_) | None => Vec::new(),
    };
    let came = |person: OrganizationUser| {
        let is_new = person.status != UserStatus::NotInvited && !known.contains_key(&person.account);
        person.email.filter(|_| is_new)
    };
    let there: BTreeSet<Email> = found.into_iter().filter_map(came).collect();
    emails.iter().map(|email| email.as_ref().is_some_and(|email| there.contains(email))).collect()
}

impl Reply {
    /// The replies for operations that were not sent.
    pub(super) fn none(batch: Vec<usize>) -> Vec<(usize, Self)> {
        batch.into_iter().map(|at| (at, Self::unsent(Response::NotSent))).collect()
    }

    /// The reply for an invitation that was not sent, because the user has joined since the plan was made.
    pub(super) fn there() -> Self {
        let why = "a user with this email has joined the organization since the plan was made, so no second invitation was \
                   sent; plan again";
        Self::unsent(Response::Refused { text: why.to_owned() })
    }

    fn unsent(response: Response) -> Self {
        Self { response, refusal: None, made: None, exchanges: Vec::new() }
    }

    fn of(sent: Sent) -> Self {
        let (response, refusal, made) = match sent.written {
            Ok(WriteOutcome::Done { made }) => (Response::Done, None, made),
            Ok(WriteOutcome::ReportedUnchanged { text }) => (Response::Claimed { text }, None, None),
            Err(error) if error.halted() => (Response::NotSent, None, None),
            Err(error) if error.answer_lost() => (Response::Lost { text: error.chain() }, None, None),
            Ok(WriteOutcome::Refused(error)) | Err(error) => {
                (Response::Refused { text: error.chain() }, Some(error), None)
            }
        };
        let refusal = refusal.filter(|error| error.concern() != Concern::Operation);
        Self { response, refusal, made, exchanges: sent.exchanges }
    }

    /// Its entry in the journal.
    pub(super) fn told(&self, key: &Key) -> AnsweredOperation {
        AnsweredOperation {
            key: key.clone(),
            exchanges: self.exchanges.clone(),
            said: self.response.clone(),
            made: self.made.clone(),
        }
    }
}

/// The journal's entry of an operation that is about to be sent.
pub(super) fn about_to_send(planned: &PlannedOperation, ids: &MadeIds) -> SentOperation {
    let operation = &planned.operation;
    let group = operation.group_ref().and_then(|group| ids.group(&group).ok());
    let account = operation.account_ref().and_then(|account| ids.account(&account).ok());
    SentOperation::of(&planned.key, planned.via, operation, group, account)
}
