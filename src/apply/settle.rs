//! Turns answers into outcomes: what was touched is read again, patiently, since reads may lag behind writes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::timeout;

use crate::atlassian::{MadeIds, Surfaces};
use crate::model::{self, Confirmation, Ending, Outcome, Plan};

use super::answer::Answered;
use super::look::look;
use super::sight::{Sight, sight};

/// How long reads may lag behind writes.
const PATIENCE: Duration = Duration::from_secs(model::PATIENCE as u64);

/// How long to wait between two reads of the same thing.
const INTERVAL: Duration = Duration::from_secs(3);

/// Turns answers into outcomes. Every operation that was answered gets one.
pub(super) async fn settle(
    surfaces: &Surfaces,
    plan: &Plan,
    answers: &[Option<Answered>],
    made: &MadeIds,
    ending: Option<Ending>,
) -> BTreeMap<usize, Outcome> {
    let mut outcomes = BTreeMap::new();
    let mut open: BTreeMap<usize, (Sight, &Answered)> = BTreeMap::new();
    for (at, answered) in answers.iter().enumerate().filter_map(|(at, answer)| Some((at, answer.as_ref()?))) {
        match answered {
            Answered::Refused(why) => {
                outcomes.insert(at, Outcome::Failed { why: why.clone() });
            }
            // It may be done by the next run.
            Answered::NotSent => {}
            Answered::Done | Answered::Claimed(_) | Answered::Lost(_) => {
                open.insert(at, (sight(&plan.operations[at], made, &plan.surface_ids), answered));
            }
        }
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let looked = look(surfaces, open.values().map(|(sight, _)| sight));
        let seen = match ending {
            // A quota may make reads wait for an hour, and there is no more time.
            Some(Ending::TimedOut) => timeout(PATIENCE, looked).await.unwrap_or_default(),
            Some(Ending::Whole | Ending::Stopped | Ending::Credential) | None => looked.await,
        };
        let late = tokio::time::Instant::now() >= deadline;
        open.retain(|at, (sight, answered)| {
            match outcome(answered, seen.shows(sight), late || *sight == Sight::Nothing) {
                Some(outcome) => {
                    outcomes.insert(*at, outcome);
                    false
                }
                None => true,
            }
        });
        if open.is_empty() {
            return outcomes;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// What an answer and a read together say; nothing while there is reason to look once more.
fn outcome(answered: &Answered, shown: Result<bool, String>, last: bool) -> Option<Outcome> {
    match (answered, shown) {
        (Answered::NotSent, _) => Some(Outcome::NotAttempted),
        (Answered::Refused(why), _) => Some(Outcome::Failed { why: why.clone() }),
        (Answered::Done | Answered::Lost(_), Ok(true)) => Some(Outcome::Applied(Confirmation::Seen)),
        (Answered::Claimed(_), Ok(true)) => Some(Outcome::AlreadySatisfied),
        (_, Ok(false) | Err(_)) if !last => None,
        (Answered::Done, Ok(false)) => Some(Outcome::Applied(Confirmation::NotYetVisible)),
        // What a read cannot tell is not what it tells otherwise.
        (Answered::Done, Err(_)) => Some(Outcome::Applied(Confirmation::NotRead)),
        (Answered::Claimed(text), Ok(false)) => {
            Some(Outcome::Failed { why: format!("{text}; but reads do not show it") })
        }
        (Answered::Claimed(text), Err(why)) => {
            Some(Outcome::Unsettled { why: format!("{text}; the read to confirm it failed: {why}") })
        }
        (Answered::Lost(text), Ok(false)) => {
            Some(Outcome::Unsettled { why: format!("{text}; reads do not show it yet") })
        }
        (Answered::Lost(text), Err(why)) => Some(Outcome::Unsettled { why: format!("{text}; {why}") }),
    }
}
