//! What a surface answers to a write, before a read confirms it, and what the journal is told of it.

use tokio::sync::watch;

use crate::atlassian::{Concern, Error, MadeIds, Sent, Surfaces, Written};
use crate::model::{
    AnsweredOperation, CreatedIds, ErrorExt, Exchange, Key, PlannedOperation, Response, SentOperation,
    SurfaceIds,
};

/// An answer with all that is known of it.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) response: Response,
    /// Why it was refused, where that may be about more than the operation.
    pub(super) refusal: Option<Error>,
    /// The ids that came to be.
    pub(super) made: Option<CreatedIds>,
    exchanges: Vec<Exchange>,
}

/// Sends operations that one request can carry out, and brings what became of each.
pub(super) async fn write(
    surfaces: &Surfaces,
    planned: &[&PlannedOperation],
    made: &MadeIds,
    ids: &SurfaceIds,
    halt: &watch::Receiver<bool>,
) -> Vec<Came> {
    if planned.is_empty() {
        return Vec::new();
    }
    surfaces.write(planned, made, ids, halt).await.into_iter().map(Came::of).collect()
}

impl Came {
    /// Nothing, of operations that were not sent.
    pub(super) fn none(batch: Vec<usize>) -> Vec<(usize, Self)> {
        batch.into_iter().map(|at| (at, Self::unsent(Response::NotSent))).collect()
    }

    /// No second invitation of somebody who came since the plan was made.
    pub(super) fn there() -> Self {
        let why = "somebody of this e-mail came into the organization since the plan was made, so that no second invitation was \
                   sent; plan again";
        Self::unsent(Response::Refused { text: why.to_owned() })
    }

    fn unsent(response: Response) -> Self {
        Self { response, refusal: None, made: None, exchanges: Vec::new() }
    }

    fn of(sent: Sent) -> Self {
        let (response, refusal, made) = match sent.written {
            Ok(Written::Done { made }) => (Response::Done, None, made),
            Ok(Written::ClaimsSatisfied { text }) => (Response::Claimed { text }, None, None),
            Err(error) if error.halted() => (Response::NotSent, None, None),
            Err(error) if error.answer_lost() => (Response::Lost { text: error.chain() }, None, None),
            Ok(Written::Refused(error)) | Err(error) => {
                (Response::Refused { text: error.chain() }, Some(error), None)
            }
        };
        let refusal = refusal.filter(|error| error.concern() != Concern::Operation);
        Self { response, refusal, made, exchanges: sent.exchanges }
    }

    /// What the journal keeps of it.
    pub(super) fn told(&self, key: &Key) -> AnsweredOperation {
        AnsweredOperation {
            key: key.clone(),
            exchanges: self.exchanges.clone(),
            said: self.response.clone(),
            made: self.made.clone(),
        }
    }
}

/// What the journal keeps of an operation that is about to be sent.
pub(super) fn about_to_send(planned: &PlannedOperation, ids: &MadeIds) -> SentOperation {
    let operation = &planned.operation;
    let group = operation.group_ref().and_then(|group| ids.group(&group).ok());
    let account = operation.account_ref().and_then(|account| ids.account(&account).ok());
    SentOperation::of(&planned.key, planned.via, operation, group, account)
}
