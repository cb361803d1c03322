//! Sends the operations of a plan as they become ready, several at once, revokes first (docs/design.md#sending). Each is
//! written to the journal before it is sent and after its response.

use std::collections::BTreeMap;
use std::future::pending;

use futures_util::StreamExt;
use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::atlassian::{Concern, Error, Fault, MadeIds, Surfaces};
use crate::model::{
    AccountId, CreatedIds, End, Ending, ErrorExt, Found, LiveAccount, Look, Outcome, Plan, PlannedOperation,
    Record, Report, Response, Surface,
};

use super::answer::{self, Reply};
use super::journal::JournalWriter;
use super::look::{Expectation, expectation};
use super::lost::{self, is_enough};
use super::run::Run;
use super::settle;

/// Carries out plans.
#[derive(Debug)]
pub struct Executor<'a> {
    /// The surfaces.
    pub surfaces: &'a Surfaces,
    /// The journal, which records everything that is sent.
    pub journal: &'a JournalWriter,
    /// How many operations may be under way at a time; at least one.
    pub concurrency: usize,
    /// Turns true when no further operation may start. Sent operations are finished and reported.
    pub stop: watch::Receiver<bool>,
    /// The time when no further operation may start.
    pub deadline: Option<Instant>,
    /// The accounts that the site had when the plan was made. No invitation may result in one of them.
    pub accounts: &'a BTreeMap<AccountId, LiveAccount>,
}

/// The progress of an executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// One more operation got a response, or was given up.
    Answered,
    /// Every operation that could start got a response; everything that was touched is read again.
    Settling,
}

/// An event of a run.
enum Event {
    /// Operations got responses. There are none if the journal failed before the operations were sent.
    Answers(Vec<(usize, Reply)>, Journalled),
    /// Operations whose response was lost were looked for.
    Looks(Vec<lost::Look>, Journalled),
    /// A credential was tried with a read, after a write was refused: whether it may still write.
    Tried(Surface, Error, bool),
}

/// Whether the journal recorded everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Journalled {
    Whole,
    Broken,
}

/// A run and the requests that are under way in it.
struct Flight<'p, 'a, P> {
    plan: &'p Plan,
    accounts: &'p BTreeMap<AccountId, LiveAccount>,
    run: Run<'p>,
    under_way: FuturesUnordered<LocalBoxFuture<'a, Event>>,
    writing: usize,
    looking: bool,
    /// How often each surface has refused a write because a permission was missing.
    refused: BTreeMap<Surface, usize>,
    /// The refusals after which a credential must be tried.
    to_try: Vec<(Surface, Error)>,
    /// How many credentials are being tried: nothing starts meanwhile.
    trying: usize,
    /// Why nothing starts any more.
    ending: Option<Ending>,
    /// The message about it.
    ended: Option<String>,
    halt: watch::Sender<bool>,
    progress: P,
}

impl Executor<'_> {
    /// Carries out a plan and returns the outcome of every operation. It never fails as a whole: a failed
    /// operation skips only those that require it. If the journal fails, nothing more starts, and
    /// [`JournalWriter::close`] returns the error.
    pub async fn run(self, plan: &Plan, progress: impl FnMut(Progress)) -> Report {
        let mut flight = Flight {
            plan,
            accounts: self.accounts,
            run: Run::of(&plan.operations),
            under_way: FuturesUnordered::new(),
            writing: 0,
            looking: false,
            refused: BTreeMap::new(),
            to_try: Vec::new(),
            trying: 0,
            ending: None,
            ended: None,
            halt: watch::Sender::new(false),
            progress,
        };
        loop {
            if let Some(ending) = self.is_over() {
                flight.end(ending);
            }
            self.start(&mut flight);
            let event = tokio::select! {
                biased;
                event = flight.under_way.next() => event,
                ending = self.over(), if flight.ending.is_none() => {
                    flight.end(ending);
                    continue;
                }
            };
            let Some(event) = event else { break };
            flight.take(event);
        }
        flight.run.give_up_all_lost();
        (flight.progress)(Progress::Settling);
        let run = flight.run;
        let settled = settle::settle(self.surfaces, plan, &run.answers, &run.made, flight.ending).await;
        let report = Report { ended: flight.ended, ..run.report(settled) };
        self.conclude(&report, flight.ending).await;
        report
    }

    /// Starts the operations that may start.
    fn start<'a, P>(&'a self, flight: &mut Flight<'a, 'a, P>) {
        let workers = self.concurrency.max(1);
        for (surface, error) in std::mem::take(&mut flight.to_try) {
            flight.trying += 1;
            let tried = async move {
                let may = self.surfaces.may_write(surface).await;
                Event::Tried(surface, error, may)
            };
            flight.under_way.push(tried.boxed_local());
        }
        while flight.writing < workers && flight.ending.is_none() && flight.trying == 0 {
            let batch = flight.run.next_batch(workers);
            if batch.is_empty() {
                break;
            }
            flight.writing += 1;
            let (made, halt) = (flight.run.made_for(&batch), flight.halt.subscribe());
            flight.under_way.push(self.write(flight.plan, batch, made, halt).boxed_local());
        }
        let unseen = flight.run.unseen();
        if flight.ending.is_none() && !flight.looking && !unseen.is_empty() {
            flight.looking = true;
            let made = &flight.run.made;
            let expectation =
                |at: usize| expectation(&flight.plan.operations[at], made, &flight.plan.surface_ids);
            let expectations: Vec<(usize, Expectation)> =
                unseen.into_iter().map(|at| (at, expectation(at))).collect();
            let halt = flight.halt.subscribe();
            flight.under_way.push(self.look_for(flight.plan, expectations, halt).boxed_local());
        }
    }

    async fn write(
        &self,
        plan: &Plan,
        batch: Vec<usize>,
        made: MadeIds,
        halt: watch::Receiver<bool>,
    ) -> Event {
        let planned: Vec<&PlannedOperation> = batch.iter().map(|at| &plan.operations[*at]).collect();
        let sent = planned.iter().map(|planned| answer::about_to_send(planned, &made)).collect();
        if self.journal.write(vec![Record::Sent { operations: sent }]).await.is_err() {
            return Event::Answers(Reply::none(batch), Journalled::Broken);
        }
        let came =
            answer::write(self.surfaces, &planned, &made, &plan.surface_ids, self.accounts, &halt).await;
        let told = planned.iter().zip(&came).map(|(planned, came)| Record::Answered(came.told(&planned.key)));
        let journalled = self.note(told.collect()).await;
        Event::Answers(batch.into_iter().zip(came).collect(), journalled)
    }

    async fn look_for(
        &self,
        plan: &Plan,
        expectations: Vec<(usize, Expectation)>,
        mut halt: watch::Receiver<bool>,
    ) -> Event {
        let unknown = expectations.iter().map(|(at, _)| (*at, Found::Unknown, None)).collect();
        // Nothing waits for an expectation that no read can show.
        let expectations = expectations
            .into_iter()
            .filter(|(_, expectation)| *expectation != Expectation::Nothing)
            .collect();
        let looks = tokio::select! {
            biased;
            _ = halt.wait_for(|halt| *halt) => unknown,
            looks = lost::look_for(self.surfaces, expectations) => with_unknown(looks, unknown),
        };
        let told = looks.iter().map(|(at, found, made)| {
            let key = plan.operations[*at].key.clone();
            Record::Looked(Look { key, found: *found, made: made.clone() })
        });
        let journalled = self.note(told.collect()).await;
        Event::Looks(looks, journalled)
    }

    async fn note(&self, records: Vec<Record>) -> Journalled {
        if self.journal.write(records).await.is_ok() { Journalled::Whole } else { Journalled::Broken }
    }

    fn is_over(&self) -> Option<Ending> {
        if *self.stop.borrow() {
            return Some(Ending::Stopped);
        }
        self.deadline.filter(|deadline| Instant::now() >= *deadline).map(|_| Ending::TimedOut)
    }

    /// Waits until nothing may start any more.
    async fn over(&self) -> Ending {
        let mut stop = self.stop.clone();
        let stopped = async {
            if stop.wait_for(|stop| *stop).await.is_err() {
                // Its sender is gone, so nothing can stop it any more.
                pending::<()>().await;
            }
        };
        let late = async {
            match self.deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = stopped => Ending::Stopped,
            () = late => Ending::TimedOut,
        }
    }

    /// Writes the outcome of every operation to the journal. Its closing reports whether that succeeded.
    async fn conclude(&self, report: &Report, ending: Option<Ending>) {
        let outcomes = || report.outcomes.iter().map(|(_, outcome)| outcome);
        let settled = report
            .outcomes
            .iter()
            .map(|(key, outcome)| Record::Settled { key: key.clone(), became: outcome.clone() });
        let left = outcomes().any(|outcome| *outcome == Outcome::NotAttempted);
        let by = ending.filter(|_| left).unwrap_or(Ending::Whole);
        let end = Record::End(End::of(by, outcomes()));
        let _ = self.note(settled.chain([end]).collect()).await;
    }
}

/// Joins the operations that were looked for and those that no read can show.
fn with_unknown(mut looks: Vec<lost::Look>, unknown: Vec<lost::Look>) -> Vec<lost::Look> {
    let others = unknown.into_iter().filter(|(at, ..)| !looks.iter().any(|(found, ..)| found == at));
    let others: Vec<lost::Look> = others.collect();
    looks.extend(others);
    looks
}

impl<P: FnMut(Progress)> Flight<'_, '_, P> {
    /// Lets nothing start any more: waiting operations are not sent, and nothing is looked for before the end.
    fn end(&mut self, ending: Ending) {
        if self.ending.is_none() {
            self.ending = Some(ending);
            self.halt.send_replace(true);
        }
    }

    fn take(&mut self, event: Event) {
        let (settled, journalled) = match event {
            Event::Answers(answers, journalled) => {
                self.writing -= 1;
                (self.answers(answers), journalled)
            }
            Event::Looks(looks, journalled) => {
                self.looking = false;
                (looks.into_iter().map(|look| self.look(look)).sum(), journalled)
            }
            Event::Tried(surface, error, may) => {
                self.trying -= 1;
                if !may {
                    self.end_for(&error, &format!("The credential for {surface} may not write any more"));
                }
                (0, Journalled::Whole)
            }
        };
        if journalled == Journalled::Broken {
            self.end(Ending::Stopped);
        }
        let given_up = if self.ending.is_some() { self.run.give_up_all_lost() } else { 0 };
        for _ in 0..settled + given_up {
            (self.progress)(Progress::Answered);
        }
    }

    /// Sends nothing more, since every request with a credential would be refused.
    fn end_for(&mut self, error: &Error, what: &str) {
        if self.ending.is_none() {
            let help = error.help().map_or(String::new(), |help| format!(" {help}"));
            self.ended = Some(format!("{what}, so nothing more was sent: {}.{help}", error.chain()));
        }
        self.end(Ending::Credential);
    }

    /// Draws conclusions from a refusal that concerns more than its operation.
    fn refusal(&mut self, via: Surface, error: Error) {
        match error.concern() {
            Concern::Operation => {}
            Concern::Credential if matches!(error.fault(), Some(Fault::Limited(_))) => {
                self.end_for(&error, &format!("A quota for {via} is used up beyond the longest wait"));
            }
            Concern::Credential => {
                self.end_for(&error, &format!("The credential for {via} is not accepted any more"));
            }
            // One thing may be forbidden, or everything: a read shows which. The more refusals, the less a read is worth.
            Concern::Right => {
                let refused = self.refused.entry(via).or_default();
                *refused += 1;
                if refused.is_power_of_two() && self.ending.is_none() {
                    self.to_try.push((via, error));
                }
            }
        }
    }

    fn answers(&mut self, answers: Vec<(usize, Reply)>) -> usize {
        let mut settled = 0;
        for (at, Reply { response, refusal, made, .. }) in answers {
            if let Some(error) = refusal {
                self.refusal(self.plan.operations[at].via, error);
            }
            settled += match self.made(at, made) {
                Ok(()) => self.run.answer(at, response),
                Err(why) => self.run.reject(at, why),
            };
        }
        settled
    }

    /// Takes in the IDs that were created. An account that the site had before belongs to a person whom the plan mistakes for
    /// another one, because the account hides its email: it gets no further access.
    fn made(&mut self, at: usize, made: Option<CreatedIds>) -> Result<(), String> {
        let Some(made) = made else { return Ok(()) };
        let planned = &self.plan.operations[at];
        let is_theirs = |account: &LiveAccount| {
            let mut identified = self.plan.identities.iter();
            identified.any(|it| Some(&it.user) == planned.key.address.user() && it.account == account.id)
        };
        let account = made.account.as_ref().and_then(|id| self.accounts.get(id));
        if let Some(account) = account.filter(|account| !is_theirs(account)) {
            return Err(format!(
                "the invitation went to {} ({}), an account that the site had already and that hides its email; nothing \
                 else is done for it. Find out whose it is, then declare that person under one email, or pin the account \
                 with `account:` under `users:`",
                account.id, account.name
            ));
        }
        self.run.made.insert(planned.key.clone(), made);
        Ok(())
    }

    fn look(&mut self, (at, found, made): lost::Look) -> usize {
        // The run may have been stopped meanwhile.
        if !self.run.is_lost(at) {
            return 0;
        }
        let planned = &self.plan.operations[at];
        match found {
            Found::Done if is_enough(planned, made.as_ref()) => match self.made(at, made) {
                Ok(()) => self.run.answer(at, Response::Done),
                Err(why) => self.run.reject(at, why),
            },
            Found::NotDone if self.ending.is_none() && self.run.may_repeat(at) => {
                self.run.repeat(at);
                0
            }
            Found::Done | Found::NotDone | Found::Unknown => self.run.give_up_lost(at),
        }
    }
}
