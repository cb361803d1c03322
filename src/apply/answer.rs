//! What a surface answers to a write, before a read confirms it, and what the journal is told of it.

use tokio::sync::watch;

use crate::atlassian::{Concern, Error, MadeId, MadeIds, Sent, Surfaces, Written};
use crate::model::{
    AnsweredOperation, ErrorExt, Exchange, Key, Made, PlannedOperation, Said, SentOperation, SurfaceIds, cut,
};

/// An answer. The texts are the surface's own words where it had any.
#[derive(Clone, Debug)]
pub(super) enum Answered {
    /// It was done.
    Done,
    /// The surface says that nothing needed doing.
    Claimed(String),
    /// It was not done.
    Refused(String),
    /// The answer was lost.
    Lost(String),
    /// The run was stopped before it was sent.
    NotSent,
}

/// An answer with all that is known of it.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) answered: Answered,
    /// Why it was refused, where that may be about more than the operation.
    pub(super) refusal: Option<Error>,
    /// The id that came to be.
    pub(super) made: Option<MadeId>,
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
        let none =
            |at| (at, Self { answered: Answered::NotSent, refusal: None, made: None, exchanges: Vec::new() });
        batch.into_iter().map(none).collect()
    }

    /// No second invitation of somebody who came since the plan was made.
    pub(super) fn there() -> Self {
        let why = "somebody of this e-mail came into the organization since the plan was made, so that no second invitation was \
                   sent; plan again";
        Self { answered: Answered::Refused(why.to_owned()), refusal: None, made: None, exchanges: Vec::new() }
    }

    fn of(sent: Sent) -> Self {
        let (answered, refusal, made) = match sent.written {
            Ok(Written::Done { made }) => (Answered::Done, None, made),
            Ok(Written::ClaimsSatisfied { text }) => (Answered::Claimed(text), None, None),
            Err(error) if error.halted() => (Answered::NotSent, None, None),
            Err(error) if error.answer_lost() => (Answered::Lost(error.chain()), None, None),
            Ok(Written::Refused(error)) | Err(error) => (Answered::Refused(error.chain()), Some(error), None),
        };
        let refusal = refusal.filter(|error| error.concern() != Concern::Operation);
        Self { answered, refusal, made, exchanges: sent.exchanges }
    }

    /// What the journal keeps of it.
    pub(super) fn told(&self, key: &Key) -> AnsweredOperation {
        let said = match &self.answered {
            Answered::Done => Said::Done,
            Answered::Claimed(text) => Said::Claimed { text: cut(text) },
            Answered::Refused(text) => Said::Refused { text: cut(text) },
            Answered::Lost(text) => Said::Lost { text: cut(text) },
            Answered::NotSent => Said::NotSent,
        };
        let made = self.made.as_ref().map(made_by);
        AnsweredOperation { key: key.clone(), exchanges: self.exchanges.clone(), said, made }
    }
}

/// What the journal keeps of an operation that is about to be sent.
pub(super) fn about_to_send(planned: &PlannedOperation, ids: &MadeIds) -> SentOperation {
    let operation = &planned.operation;
    let group = operation.group_ref().and_then(|group| ids.group(&group).ok());
    let account = operation.account_ref().and_then(|account| ids.account(&account).ok());
    SentOperation::of(&planned.key, planned.via, operation, group, account)
}

/// What the journal keeps of an id that came to be.
pub(super) fn made_by(id: &MadeId) -> Made {
    let made = Made::default();
    match id.clone() {
        MadeId::Group(id) => Made { group: Some(id), ..made },
        MadeId::Account(id) => Made { account: Some(id), ..made },
        MadeId::Invited(id, joined) => {
            Made { account: Some(id), joined: joined.into_iter().collect(), ..made }
        }
        MadeId::ScimGroup(id) => Made { scim_group: Some(id), ..made },
        MadeId::ScimUser(id, account) => Made { scim_user: Some(id), account, ..made },
    }
}
