//! The state of a run: what is ready, what waits for what, and what came back.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::atlassian::{MadeIds, most_together, together};
use crate::model::{Direction, Key, Lock, LockedId, Operation, Outcome, PlannedOperation, Ref, Report};

use super::answer::Answered;

/// The state of a run.
pub(super) struct Run<'p> {
    operations: &'p [PlannedOperation],
    index: BTreeMap<&'p Key, usize>,
    /// How many requirements of each operation are not done.
    waiting: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    ready: BinaryHeap<Reverse<(Direction, usize)>>,
    pub(super) answers: Vec<Option<Answered>>,
    skipped: Vec<Option<usize>>,
    pub(super) made: MadeIds,
}

impl<'p> Run<'p> {
    pub(super) fn of(operations: &'p [PlannedOperation]) -> Self {
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
    pub(super) fn next_batch(&mut self) -> Vec<usize> {
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
    pub(super) fn answer(&mut self, at: usize, answered: Answered) -> usize {
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

    pub(super) fn report(self, mut settled: BTreeMap<usize, Outcome>) -> Report {
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
