//! The state of a run: which operations are ready, which wait for which, and the responses.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::atlassian::{MadeIds, most_together, together};
use crate::model::{
    AccountId, Action, Direction, GroupId, Key, Lock, LockedId, Operation, Outcome, PlannedOperation, Ref,
    Report, Response, Surface,
};

use super::lost::may_repeat;

/// How often an operation whose response was lost is sent again, each time after a look that did not find it done. The
/// network may fail for a while, independent of the operation.
const REPEATS: usize = 4;

/// Operations with the same surface and action share a rate limit.
type Way = (Surface, Action);

/// Operations that may start, revokes first.
type Ready = BinaryHeap<Reverse<(Direction, usize)>>;

/// The state of a run.
pub(super) struct Run<'p> {
    operations: &'p [PlannedOperation],
    index: BTreeMap<&'p Key, usize>,
    footprints: Vec<Footprint>,
    /// How many requirements of each operation are not done.
    waiting: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    ready: BTreeMap<Way, Ready>,
    /// Those that were sent and whose outcome is still unknown.
    in_flight: BTreeSet<usize>,
    /// Those whose response was lost: how, and how often.
    lost: BTreeMap<usize, (String, usize)>,
    /// Those of the lost ones that must be looked for.
    unseen: BTreeSet<usize>,
    pub(super) answers: Vec<Option<Response>>,
    skipped: Vec<Option<usize>>,
    pub(super) made: MadeIds,
}

impl<'p> Run<'p> {
    pub(super) fn of(operations: &'p [PlannedOperation]) -> Self {
        let index: BTreeMap<&Key, usize> =
            operations.iter().enumerate().map(|(index, planned)| (&planned.key, index)).collect();
        let mut run = Self {
            footprints: operations.iter().map(|planned| Footprint::of(&planned.operation)).collect(),
            waiting: vec![0; operations.len()],
            dependents: vec![Vec::new(); operations.len()],
            ready: BTreeMap::new(),
            in_flight: BTreeSet::new(),
            lost: BTreeMap::new(),
            unseen: BTreeSet::new(),
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
        let direction = self.operations[at].operation.direction();
        self.ready.entry(self.way(at)).or_default().push(Reverse((direction, at)));
    }

    fn way(&self, at: usize) -> Way {
        (self.operations[at].via, self.operations[at].key.action)
    }

    /// Takes the next ready operation that conflicts with nothing in flight, and the other such ones that one request can
    /// carry out with it. At most half of the `workers` go one way while another is ready: revokes come first, and while they
    /// wait for their rate limit, additions use theirs.
    pub(super) fn next_batch(&mut self, workers: usize) -> Vec<usize> {
        let on_its_way = |way: Way| self.in_flight.iter().filter(|at| self.way(**at) == way).count();
        let ready = self.ready.iter().filter_map(|(way, ready)| Some((ready.peek()?.0, *way)));
        let mut ways: Vec<_> =
            ready.map(|(first, way)| (on_its_way(way) >= workers.div_ceil(2), first, way)).collect();
        ways.sort_unstable();
        let batch = ways.into_iter().find_map(|(_, _, way)| self.batch_of(way)).unwrap_or_default();
        self.in_flight.extend(&batch);
        batch
    }

    /// The IDs that the operations of a batch need and that others created.
    pub(super) fn made_for(&self, batch: &[usize]) -> MadeIds {
        self.made.of(batch.iter().flat_map(|at| &self.operations[*at].requires))
    }

    fn batch_of(&mut self, way: Way) -> Option<Vec<usize>> {
        let mut ready = self.ready.remove(&way)?;
        let mut aside = Vec::new();
        let mut first = None;
        while let Some(Reverse((direction, at))) = ready.pop() {
            if self.is_free(at) {
                first = Some(at);
                break;
            }
            aside.push(Reverse((direction, at)));
        }
        ready.extend(aside);
        let batch = first.map(|first| self.together_with(first, &mut ready));
        if !ready.is_empty() {
            self.ready.insert(way, ready);
        }
        batch
    }

    fn is_free(&self, at: usize) -> bool {
        !self.in_flight.iter().any(|other| self.footprints[at].conflicts_with(&self.footprints[*other]))
    }

    /// Adds the operations that can share a request: they have the same surface and action.
    fn together_with(&self, first: usize, ready: &mut Ready) -> Vec<usize> {
        let mut batch = vec![first];
        let most = most_together(&self.operations[first]);
        if most > 1 {
            let goes =
                |at: usize| together(&self.operations[first], &self.operations[at]) && self.is_free(at);
            let mut others: Vec<usize> =
                ready.iter().map(|Reverse((_, at))| *at).filter(|at| goes(*at)).collect();
            others.sort_unstable();
            others.truncate(most - 1);
            ready.retain(|Reverse((_, at))| others.binary_search(at).is_err());
            batch.extend(others);
        }
        batch
    }

    /// Takes a response in, and returns how many operations it settled or gave up.
    pub(super) fn answer(&mut self, at: usize, response: Response) -> usize {
        match (&response, self.lost.get_mut(&at)) {
            (Response::Lost { text: how }, None) => {
                self.lost.insert(at, (how.clone(), 1));
                self.unseen.insert(at);
                return 0;
            }
            // It may have been done the first time, and be refused for that.
            (Response::Lost { text: how } | Response::Refused { text: how }, Some((text, times))) => {
                if !text.ends_with(how) {
                    text.push_str(&format!("; sent again: {how}"));
                }
                *times += 1;
                self.unseen.insert(at);
                return 0;
            }
            (Response::Done | Response::Claimed { .. } | Response::Refused { .. }, _)
            | (Response::NotSent, None) => {}
            // It was sent before, and its outcome is unknown.
            (Response::NotSent, Some(_)) => return self.give_up_lost(at),
        }
        self.in_flight.remove(&at);
        self.unseen.remove(&at);
        let lost = self.lost.remove(&at);
        match response {
            Response::NotSent => 0,
            Response::Done | Response::Claimed { .. } => {
                self.answers[at] = Some(match (response, lost) {
                    // It was done the first time, or by somebody else; if reads do not show it, the outcome is unknown.
                    (Response::Claimed { text }, Some((how, _))) => {
                        Response::Lost { text: format!("{how}; sent again: {text}") }
                    }
                    (response, _) => response,
                });
                self.release_dependents(at);
                1
            }
            Response::Refused { .. } | Response::Lost { .. } => {
                self.answers[at] = Some(response);
                1 + self.skip_dependents(at)
            }
        }
    }

    /// Counts an operation as failed, whatever its response; those that require it are not done.
    pub(super) fn reject(&mut self, at: usize, why: String) -> usize {
        self.in_flight.remove(&at);
        self.unseen.remove(&at);
        self.lost.remove(&at);
        self.answers[at] = Some(Response::Refused { text: why });
        1 + self.skip_dependents(at)
    }

    /// The operations whose response was lost and that must be looked for. They are in flight until then.
    pub(super) fn unseen(&self) -> Vec<usize> {
        self.unseen.iter().copied().collect()
    }

    /// Whether the outcome of an operation whose response was lost is still unknown.
    pub(super) fn is_lost(&self, at: usize) -> bool {
        self.lost.contains_key(&at)
    }

    /// Whether an operation may be sent again, when it has been looked for and not found done.
    pub(super) fn may_repeat(&self, at: usize) -> bool {
        may_repeat(&self.operations[at].operation)
            && self.lost.get(&at).is_some_and(|(_, times)| *times <= REPEATS)
    }

    /// Lets an operation be sent once more.
    pub(super) fn repeat(&mut self, at: usize) {
        self.in_flight.remove(&at);
        self.unseen.remove(&at);
        self.make_ready(at);
    }

    /// Leaves an operation whose response was lost to the reads after the writes; those that require it are not done.
    pub(super) fn give_up_lost(&mut self, at: usize) -> usize {
        self.in_flight.remove(&at);
        self.unseen.remove(&at);
        // It may have been given up already.
        let Some((how, _)) = self.lost.remove(&at) else { return 0 };
        self.answers[at] = Some(Response::Lost { text: how });
        1 + self.skip_dependents(at)
    }

    /// Leaves all operations whose response was lost, including those that would have been sent again, except those that are
    /// under way for the second time.
    pub(super) fn give_up_all_lost(&mut self) -> usize {
        let rests = |at: &usize| self.unseen.contains(at) || !self.in_flight.contains(at);
        let all: Vec<usize> = self.lost.keys().copied().filter(rests).collect();
        all.into_iter().map(|at| self.give_up_lost(at)).sum()
    }

    fn release_dependents(&mut self, at: usize) {
        for dependent in std::mem::take(&mut self.dependents[at]) {
            self.waiting[dependent] -= 1;
            if self.waiting[dependent] == 0 && self.skipped[dependent].is_none() {
                self.make_ready(dependent);
            }
        }
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
        Report { outcomes: keys.zip(outcomes).collect(), ended: None, made: self.came_to_be() }
    }

    /// The IDs that the operations created, by their names in the tree.
    fn came_to_be(&self) -> Lock {
        let mut lock = Lock::default();
        for planned in self.operations {
            let from = planned.via.to_string();
            if let Operation::CreateGroup { name, .. } = &planned.operation
                && let Ok(id) = self.made.group(&Ref::Made(planned.key.clone()))
            {
                lock.groups.insert(name.clone(), LockedId { id, from });
            } else if let Operation::InviteUser { email, .. } = &planned.operation
                && let Ok(id) = self.made.account(&Ref::Made(planned.key.clone()))
            {
                lock.users.insert(email.clone(), LockedId { id, from });
            }
        }
        lock
    }
}

/// What an operation changes. Two that change the same are not in flight at once: the winner would be random.
#[derive(Debug)]
struct Footprint {
    account: Option<Ref<AccountId>>,
    group: Option<Ref<GroupId>>,
    /// Whether it changes the account or the group as a whole, with all its memberships.
    whole: bool,
}

impl Footprint {
    fn of(operation: &Operation) -> Self {
        let whole = !matches!(operation, Operation::AddMember { .. } | Operation::RemoveMember { .. });
        Self { account: operation.account_ref(), group: operation.group_ref(), whole }
    }

    /// Whether both change one membership, or one changes the account or group of the other as a whole.
    fn conflicts_with(&self, other: &Self) -> bool {
        let account = self.account.is_some() && self.account == other.account;
        let group = self.group.is_some() && self.group == other.group;
        account && group || (account || group) && (self.whole || other.whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;

    #[test]
    fn what_changes_one_membership_or_the_whole_of_it_conflicts() {
        let add = |group: &str, account: &str| Operation::AddMember {
            group: Ref::Known(group.into()),
            account: Ref::Known(account.into()),
        };
        let suspend =
            |account: &str| Operation::SuspendUser { account: account.into(), memberships: Vec::new() };
        let delete = |group: &str| Operation::DeleteGroup { group: group.into(), members: Vec::new() };
        let new = Ref::Made(Key { address: Address::Group("new".into()), action: Action::Create });
        let create = Operation::CreateGroup { name: "new".into(), description: None };
        let to_new = Operation::AddMember { group: new, account: Ref::Known("ada".into()) };
        for (one, other, expected) in [
            (add("g", "ada"), add("g", "ada"), true),
            (add("g", "ada"), add("g", "bob"), false),
            (add("g", "ada"), add("h", "ada"), false),
            (add("g", "ada"), suspend("ada"), true),
            (add("g", "ada"), suspend("bob"), false),
            (suspend("ada"), suspend("ada"), true),
            (suspend("ada"), suspend("bob"), false),
            (delete("g"), add("g", "ada"), true),
            (delete("g"), add("h", "ada"), false),
            (delete("g"), suspend("ada"), false),
            (create.clone(), create.clone(), false),
            (create, add("g", "ada"), false),
            (to_new.clone(), suspend("ada"), true),
            (to_new, add("g", "ada"), false),
        ] {
            let (one, other) = (Footprint::of(&one), Footprint::of(&other));
            assert_eq!(
                (one.conflicts_with(&other), other.conflicts_with(&one)),
                (expected, expected),
                "{one:?} {other:?}"
            );
        }
    }
}
