//! Sends the operations of a plan: whatever is ready, several at once, revokes first (design §8).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::atlassian::{MadeIds, Surfaces, most_together, together};
use crate::model::{Direction, Key, Lock, LockedId, Operation, Outcome, Plan, PlannedOperation, Ref, Report};

use super::answer::{self, Answered};
use super::settle;

/// Carries out plans.
#[derive(Debug)]
pub struct Executor<'a> {
    /// The surfaces.
    pub surfaces: &'a Surfaces,
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

/// The state of a run.
struct Run<'p> {
    operations: &'p [PlannedOperation],
    index: BTreeMap<&'p Key, usize>,
    /// How many requirements of each operation are not done.
    waiting: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    ready: BinaryHeap<Reverse<(Direction, usize)>>,
    answers: Vec<Option<Answered>>,
    skipped: Vec<Option<usize>>,
    made: MadeIds,
}

impl Executor<'_> {
    /// Carries a plan out and says what became of every operation. It never fails as a whole: a failed
    /// operation skips those that require it, and nothing else.
    pub async fn run(mut self, plan: &Plan, mut progress: impl FnMut(Progress)) -> Report {
        let mut run = Run::of(&plan.operations);
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < self.concurrency.max(1) && !*self.stop.borrow_and_update() {
                let batch = run.next_batch();
                if batch.is_empty() {
                    break;
                }
                let made = run.made.clone();
                under_way.push(async move {
                    let planned: Vec<&PlannedOperation> =
                        batch.iter().map(|at| &plan.operations[*at]).collect();
                    let answers = answer::write(self.surfaces, &planned, &made, &plan.surface_ids).await;
                    batch.into_iter().zip(answers).collect::<Vec<_>>()
                });
            }
            let Some(answers) = under_way.next().await else { break };
            for (index, (answered, made)) in answers {
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
        run.report(settled)
    }
}

impl<'p> Run<'p> {
    fn of(operations: &'p [PlannedOperation]) -> Self {
        let index: BTreeMap<&Key, usize> =
            operations.iter().enumerate().map(|(index, planned)| (&planned.key, index)).collect();
        let mut run = Self {
            waiting: vec![0; operations.len()],
            dependents: vec![Vec::new(); operations.len()],
            ready: BinaryHeap::new(),
            answers: vec![None; operations.len()],
            skipped: vec![None; operations.len()],
            made: MadeIds::default(),
            operations,
            index,
        };
        for (at, planned) in operations.iter().enumerate() {
            for required in planned.requires.iter().filter_map(|key| run.index.get(key).copied()) {
                run.waiting[at] += 1;
                run.dependents[required].push(at);
            }
        }
        for at in 0..operations.len() {
            if run.waiting[at] == 0 {
                run.make_ready(at);
            }
        }
        run
    }

    fn make_ready(&mut self, at: usize) {
        self.ready.push(Reverse((self.operations[at].operation.direction(), at)));
    }

    /// The next operation that is ready, and the other ready ones that one request can carry out with it.
    fn next_batch(&mut self) -> Vec<usize> {
        let Some(Reverse((_, first))) = self.ready.pop() else { return Vec::new() };
        let mut batch = vec![first];
        let most = most_together(&self.operations[first]);
        if most > 1 {
            let goes = |at: usize| together(&self.operations[first], &self.operations[at]);
            let mut others: Vec<usize> =
                self.ready.iter().map(|Reverse((_, at))| *at).filter(|at| goes(*at)).collect();
            others.sort_unstable();
            others.truncate(most - 1);
            self.ready.retain(|Reverse((_, at))| others.binary_search(at).is_err());
            batch.extend(others);
        }
        batch
    }

    /// Takes an answer in, and returns how many operations it gave up.
    fn answer(&mut self, at: usize, answered: Answered) -> usize {
        let done = matches!(answered, Answered::Done | Answered::Claimed(_));
        self.answers[at] = Some(answered);
        if !done {
            return self.skip_dependents(at);
        }
        for dependent in std::mem::take(&mut self.dependents[at]) {
            self.waiting[dependent] -= 1;
            if self.waiting[dependent] == 0 && self.skipped[dependent].is_none() {
                self.make_ready(dependent);
            }
        }
        0
    }

    fn skip_dependents(&mut self, failed: usize) -> usize {
        let mut count = 0;
        let mut failing = vec![failed];
        while let Some(required) = failing.pop() {
            for dependent in std::mem::take(&mut self.dependents[required]) {
                if self.skipped[dependent].is_none() {
                    self.skipped[dependent] = Some(required);
                    count += 1;
                    failing.push(dependent);
                }
            }
        }
        count
    }

    fn report(self, mut settled: BTreeMap<usize, Outcome>) -> Report {
        let outcome = |at: usize| match (settled.remove(&at), self.skipped[at]) {
            (Some(outcome), _) => outcome,
            (None, Some(required)) => Outcome::Skipped { requires: self.operations[required].key.clone() },
            (None, None) => Outcome::NotAttempted,
        };
        let outcomes: Vec<Outcome> = (0..self.operations.len()).map(outcome).collect();
        let keys = self.operations.iter().map(|planned| planned.key.clone());
        Report { outcomes: keys.zip(outcomes).collect(), made: self.came_to_be() }
    }

    /// What the operations made, by the names that the tree has for it.
    fn came_to_be(&self) -> Lock {
        let mut lock = Lock::default();
        for planned in self.operations {
            let from = planned.via.to_string();
            match &planned.operation {
                Operation::CreateGroup { name, .. } => {
                    if let Ok(id) = self.made.group(&Ref::Made(planned.key.clone())) {
                        lock.groups.insert(name.clone(), LockedId { id, from });
                    }
                }
                Operation::InviteUser { email, .. } => {
                    if let Ok(id) = self.made.account(&Ref::Made(planned.key.clone())) {
                        lock.users.insert(email.clone(), LockedId { id, from });
                    }
                }
                Operation::ActivateUser { .. }
                | Operation::UpdateUser { .. }
                | Operation::AddMember { .. }
                | Operation::RemoveMember { .. }
                | Operation::SuspendUser { .. }
                | Operation::DeactivateUser { .. }
                | Operation::RemoveUser { .. }
                | Operation::DeleteGroup { .. } => {}
            }
        }
        lock
    }
}
