//! Sends the operations of a plan: whatever is ready, several at once, revokes first (design §8), each told to the
//! journal before it is sent and after its answer.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::atlassian::Surfaces;
use crate::model::{End, Ending, Outcome, Plan, PlannedOperation, Record, Report};

use super::answer::{self, Came};
use super::journal::{JournalError, JournalWriter};
use super::run::Run;
use super::settle;

/// Carries out plans.
#[derive(Debug)]
pub struct Executor<'a> {
    /// The surfaces.
    pub surfaces: &'a Surfaces,
    /// What is told of everything that is sent.
    pub journal: &'a JournalWriter,
    /// How many operations may be under way at a time; at least one.
    pub concurrency: usize,
    /// Turns true when no further operation may start. What is under way is finished and reported.
    pub stop: watch::Receiver<bool>,
}

/// What an executor is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// One more operation was answered, or given up.
    Answered,
    /// Every operation that could start was answered; what was touched is read again.
    Settling,
}

impl Executor<'_> {
    /// Carries a plan out and says what became of every operation. It never fails as a whole: a failed
    /// operation skips those that require it, and nothing else. Where the journal fails, nothing more starts, and
    /// [`JournalWriter::close`] says so.
    pub async fn run(mut self, plan: &Plan, mut progress: impl FnMut(Progress)) -> Report {
        let mut run = Run::of(&plan.operations);
        let mut under_way = FuturesUnordered::new();
        let mut journalled = true;
        loop {
            while under_way.len() < self.concurrency.max(1) && journalled && !*self.stop.borrow_and_update() {
                let batch = run.next_batch();
                if batch.is_empty() {
                    break;
                }
                let made = run.made.clone();
                let (surfaces, journal) = (self.surfaces, self.journal);
                under_way.push(async move {
                    let planned: Vec<&PlannedOperation> =
                        batch.iter().map(|at| &plan.operations[*at]).collect();
                    let sent = planned.iter().map(|planned| answer::about_to_send(planned, &made)).collect();
                    journal.write(vec![Record::Sent { operations: sent }]).await?;
                    let came = answer::write(surfaces, &planned, &made, &plan.surface_ids).await;
                    let told =
                        planned.iter().zip(&came).map(|(it, came)| Record::Answered(came.told(&it.key)));
                    let kept = journal.write(told.collect()).await.is_ok();
                    Ok::<_, JournalError>((batch.into_iter().zip(came).collect::<Vec<_>>(), kept))
                });
            }
            let Some(answers) = under_way.next().await else { break };
            // What could not be told to the journal was not sent.
            let (answers, kept) = answers.unwrap_or_default();
            journalled &= kept;
            for (index, Came { answered, made, .. }) in answers {
                if let Some(id) = made {
                    run.made.insert(plan.operations[index].key.clone(), id);
                }
                let given_up = run.answer(index, answered);
                for _ in 0..=given_up {
                    progress(Progress::Answered);
                }
            }
        }
        progress(Progress::Settling);
        let settled = settle::settle(self.surfaces, plan, &run.answers, &run.made).await;
        let report = run.report(settled);
        let left = report.outcomes.iter().any(|(_, outcome)| *outcome == Outcome::NotAttempted);
        self.conclude(&report, if left { Ending::Stopped } else { Ending::Whole }).await;
        report
    }

    /// Tells the journal what became of every operation. Whether it took it, its end says.
    async fn conclude(&self, report: &Report, by: Ending) {
        let settled = |(key, outcome): &(_, Outcome)| Record::Settled {
            key: Clone::clone(key),
            became: outcome.into(),
        };
        let mut records: Vec<Record> = report.outcomes.iter().map(settled).collect();
        records.push(Record::End(End::of(by, report.outcomes.iter().map(|(_, outcome)| outcome))));
        let _ = self.journal.write(records).await;
    }
}
