//! What a surface answers to a write, before a read confirms it.

use crate::atlassian::{Error, MadeId, MadeIds, Surfaces, Written};
use crate::model::{PlannedOperation, SurfaceIds};

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
}

/// Sends operations that one request can carry out, and brings what became of each and the id that it made.
pub(super) async fn write(
    surfaces: &Surfaces,
    planned: &[&PlannedOperation],
    made: &MadeIds,
    ids: &SurfaceIds,
) -> Vec<(Answered, Option<MadeId>)> {
    surfaces.write(planned, made, ids).await.into_iter().map(answered).collect()
}

fn answered(written: Result<Written, Error>) -> (Answered, Option<MadeId>) {
    match written {
        Ok(Written::Done { made }) => (Answered::Done, made),
        Ok(Written::ClaimsSatisfied { text }) => (Answered::Claimed(text), None),
        Err(error) if error.answer_lost() => (Answered::Lost(error.chain()), None),
        Ok(Written::Refused(error)) | Err(error) => (Answered::Refused(error.chain()), None),
    }
}
