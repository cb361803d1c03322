//! Turns responses into outcomes: everything that was touched is read again, patiently, since reads may lag behind writes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::timeout;

use crate::atlassian::{MadeIds, Surfaces};
use crate::model::{self, Ending, Outcome, Plan, Response};

use super::look::{Expectation, expectation, look};

/// How long reads may lag behind writes.
const PATIENCE: Duration = Duration::from_secs(model::PATIENCE as u64);

/// The same for roles of groups.
const ROLE_PATIENCE: Duration = Duration::from_secs(model::ROLE_PATIENCE as u64);

/// How long to wait between two reads of the same thing.
const INTERVAL: Duration = Duration::from_secs(3);

/// Turns responses into outcomes. Every operation with a response gets one.
pub(super) async fn settle(
    surfaces: &Surfaces,
    plan: &Plan,
    answers: &[Option<Response>],
    made: &MadeIds,
    ending: Option<Ending>,
) -> BTreeMap<usize, Outcome> {
    let mut outcomes = BTreeMap::new();
    let mut open: BTreeMap<usize, (Expectation, &Response)> = BTreeMap::new();
    for (at, response) in answers.iter().enumerate().filter_map(|(at, answer)| Some((at, answer.as_ref()?))) {
        match response {
            Response::Refused { text: why } => {
                outcomes.insert(at, Outcome::Failed { why: why.clone() });
            }
            // The next run may do it.
            Response::NotSent => {}
            Response::Done | Response::Claimed { .. } | Response::Lost { .. } => {
                open.insert(at, (expectation(&plan.operations[at], made, &plan.surface_ids), response));
            }
        }
    }
    let begin = tokio::time::Instant::now();
    loop {
        let looked = look(surfaces, open.values().map(|(expectation, _)| expectation));
        let seen = match ending {
            // A quota may make reads wait for an hour, and there is no more time.
            Some(Ending::TimedOut) => timeout(PATIENCE, looked).await.unwrap_or_default(),
            Some(Ending::Whole | Ending::Stopped | Ending::Credential) | None => looked.await,
        };
        let waited = begin.elapsed();
        open.retain(|at, (expectation, response)| {
            match outcome(response, seen.shows(expectation), waited >= patience(expectation)) {
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

/// How long to wait for a read that shows an expectation.
fn patience(expectation: &Expectation) -> Duration {
    match expectation {
        Expectation::Nothing => Duration::ZERO,
        Expectation::Role { .. } => ROLE_PATIENCE,
        Expectation::Member { .. }
        | Expectation::Group { .. }
        | Expectation::Named(_)
        | Expectation::Account { .. }
        | Expectation::Person(_)
        | Expectation::ScimMember { .. }
        | Expectation::ScimUser(_)
        | Expectation::ScimName { .. } => PATIENCE,
    }
}

/// The outcome according to a response and a read; `None` while another look may help.
fn outcome(response: &Response, shown: Result<bool, String>, last: bool) -> Option<Outcome> {
    match (response, shown) {
        (Response::NotSent, _) => Some(Outcome::NotAttempted),
        (Response::Refused { text: why }, _) => Some(Outcome::Failed { why: why.clone() }),
        (Response::Done | Response::Lost { .. }, Ok(true)) => Some(Outcome::Applied { seen: true }),
        (Response::Claimed { .. }, Ok(true)) => Some(Outcome::Satisfied),
        (_, Ok(false) | Err(_)) if !last => None,
        (Response::Done, Ok(false)) => Some(Outcome::Applied { seen: false }),
        // A read that cannot show it does not contradict the response.
        (Response::Done, Err(_)) => Some(Outcome::Unconfirmed),
        (Response::Claimed { text }, Ok(false)) => {
            Some(Outcome::Failed { why: format!("{text}; but reads do not show it") })
        }
        (Response::Claimed { text }, Err(why)) => {
            Some(Outcome::Unsettled { why: format!("{text}; the read to confirm it failed: {why}") })
        }
        (Response::Lost { text }, Ok(false)) => {
            Some(Outcome::Unsettled { why: format!("{text}; reads do not show it yet") })
        }
        (Response::Lost { text }, Err(why)) => Some(Outcome::Unsettled { why: format!("{text}; {why}") }),
    }
}
