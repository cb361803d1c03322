//! A sequence: a tree and a site, and what happens to them one after the other.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::ToSpan;
use jiff::civil::Date;
use rollbook::config;
use rollbook::model::{Action, Email, Plan, Reason};
use rollbook::plan::Scope;

use super::edit::Edit;
use super::meaning::Meaning;
use super::rules::{self, Finding, Judge};
use super::site::{Course, Drift, NEWCOMER, Name, PEOPLE, Person, account, carry_out};
use super::tree::{Files, Tree};
use crate::world::{Live, TODAY, World};

/// All of it: the same case happens in the same way.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) tree: Tree,
    pub(super) live: Live,
    pub(super) events: Vec<Event>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    /// A change is merged, and an apply follows.
    Change(Change),
    Drift(Drift),
    Days(i64),
    /// `apply --reason expired,offboarded`.
    Night(Course),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) author: Author,
    pub(super) edits: Vec<Edit>,
    pub(super) course: Course,
}

/// Who makes a change, and what the platform says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Author {
    pub(super) person: Person,
    pub(super) told: Told,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    /// The email that the person has on the site.
    Current,
    /// Another one of their addresses.
    Other(Name),
    /// One that nobody has.
    Slip,
    Nothing,
}

/// How far sequences got, so that one that does nothing is not taken for one that breaks nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reached {
    /// Changes that are trees.
    pub(super) merged: usize,
    /// Changes that are not trees.
    pub(super) rejected: usize,
    pub(super) refused: usize,
    /// Applies that were done whole.
    pub(super) whole: usize,
    pub(super) incomplete: usize,
    pub(super) operations: usize,
}

/// A sequence under way.
struct Sequence<'a> {
    reached: &'a mut Reached,
    live: Live,
    today: Date,
    /// The tree of the last apply that was done whole.
    base: Tree,
    /// What is merged.
    head: Tree,
    /// Who made the changes from the base to the head.
    authors: Vec<Author>,
}

/// Makes the plan of a world with a base. `authors` are all who made the changes since; empty where that is not known.
/// This is the one place that knows how a world is given them.
fn plan(mut world: World, base: &Files, authors: &[Email]) -> Plan {
    world.base = Some(base.clone());
    world.authors = authors.to_vec();
    world.plan()
}

/// Whether a tree is one.
pub(super) fn is_valid(tree: &Tree, today: Date) -> bool {
    config::parse(&world(tree, &Live::default(), today).tree(), today).declaration.is_some()
}

fn world(tree: &Tree, live: &Live, today: Date) -> World {
    static EMPTY: std::sync::LazyLock<World> = std::sync::LazyLock::new(|| World::of("", "", ""));
    let mut world = EMPTY.clone();
    world.files = tree.files();
    world.live = live.clone();
    world.today = today;
    world
}

/// Lets everything of a case happen, to the first promise that is broken.
pub(super) fn happens(case: &Case, reached: &mut Reached) -> Result<(), Finding> {
    if !is_valid(&case.tree, TODAY) {
        return Ok(());
    }
    let mut sequence = Sequence {
        reached,
        live: case.live.clone(),
        today: TODAY,
        base: case.tree.clone(),
        head: case.tree.clone(),
        authors: Vec::new(),
    };
    case.events.iter().try_for_each(|event| sequence.event(event))
}

impl Sequence<'_> {
    fn event(&mut self, event: &Event) -> Result<(), Finding> {
        match event {
            Event::Drift(drift) => drift.happen(&mut self.live),
            Event::Days(days) => self.today = self.today.checked_add(days.days()).expect("a day"),
            Event::Change(change) => {
                let mut head = self.head.clone();
                change.edits.iter().for_each(|edit| edit.make(&mut head, self.today));
                if head == self.head || !is_valid(&head, self.today) {
                    self.reached.rejected += 1;
                    return Ok(());
                }
                self.reached.merged += 1;
                self.head = head;
                self.authors.push(change.author);
                self.apply(change.course, false)?;
            }
            Event::Night(course) => self.apply(*course, true)?,
        }
        Ok(())
    }

    fn apply(&mut self, course: Course, nightly: bool) -> Result<(), Finding> {
        let (start, head) = (self.live.clone(), self.head.clone());
        let planned = catch_unwind(AssertUnwindSafe(|| self.plan(nightly)));
        let plan = planned.map_err(|panic| panicked(panic.as_ref(), "planning"))?;
        // At night the rules of a change that waits do not apply yet: what both trees end, ends.
        let policy = if nightly { self.base.policy.clone() } else { head.policy.clone() };
        let judged = Tree { policy, ..head.clone() };
        let judge = Judge {
            base: &self.base,
            head: &judged,
            today: self.today,
            start: &start,
            plan: &plan,
            suspects: self.suspects(),
            nightly,
            told: self.authors.iter().all(|author| author.told != Told::Nothing),
        };
        let refused = plan.refusals().next().is_some();
        let mut whole = false;
        if refused {
            self.reached.refused += 1;
        } else {
            let (mut live, mut operations) = (start.clone(), 0);
            let carried = catch_unwind(AssertUnwindSafe(|| {
                carry_out(&mut live, &plan, course, |planned, before, after| {
                    operations += 1;
                    judge.step(&rules::Step { planned, before, after })
                })
            }));
            whole = carried.map_err(|panic| panicked(panic.as_ref(), "carrying a plan out"))??;
            self.reached.operations += operations;
            *(if whole { &mut self.reached.whole } else { &mut self.reached.incomplete }) += 1;
            self.live = live;
        }
        if whole && !nightly {
            judge.nobody_keeps_themselves_in(&self.live)?;
            judge.nesting_is_said()?;
        }
        if nightly && (whole || refused) {
            rules::ends_come(&judge, &self.live)?;
        }
        let grants = |action: Action| match action {
            Action::Create | Action::Invite | Action::Activate | Action::Add | Action::Assign => true,
            Action::Update
            | Action::Remove
            | Action::Suspend
            | Action::Deactivate
            | Action::Delete
            | Action::Revoke => false,
        };
        if whole && !nightly && !plan.blocked.iter().any(|blocked| grants(blocked.action)) {
            self.base = head;
            self.authors.clear();
        }
        Ok(())
    }

    fn plan(&self, nightly: bool) -> Plan {
        let mut world = world(&self.head, &self.live, self.today);
        if nightly {
            world.scope = Scope { reasons: vec![Reason::Expired, Reason::Offboarded], ..Scope::default() };
        }
        plan(world, &self.base.files(), &self.told())
    }

    /// The authors that the platform reports: none if it does not know one of them.
    fn told(&self) -> Vec<Email> {
        let emails: Option<BTreeSet<Email>> = self.authors.iter().map(|author| self.email(*author)).collect();
        emails.unwrap_or_default().into_iter().collect()
    }

    fn email(&self, Author { person, told }: Author) -> Option<Email> {
        let current = self.live.accounts.get(&account(person)).and_then(|account| account.email.clone());
        let email = match told {
            Told::Current => current.unwrap_or_else(|| Name::Email.of(person)),
            Told::Other(name) => name.of(person),
            Told::Slip => format!("{person}{person}@acme.com"),
            Told::Nothing => return None,
        };
        Some(Email::parse(&email).expect("an email"))
    }

    /// Everybody who may have made one of the changes.
    fn suspects(&self) -> BTreeSet<Person> {
        let unknown = self.authors.iter().any(|author| author.told == Told::Nothing);
        let everybody = PEOPLE.into_iter().chain([NEWCOMER]).filter(|_| unknown);
        let authors = self.authors.iter().filter(|author| !self.is_somebody_else(**author));
        authors.map(|author| author.person).chain(everybody).collect()
    }

    /// Whether what the platform says of an author is somebody else's by the base, and the site does not tell otherwise:
    /// nobody could know.
    fn is_somebody_else(&self, author: Author) -> bool {
        let Some(email) = self.email(author) else { return false };
        let theirs = account(author.person);
        let meaning = Meaning { tree: &self.base, live: &self.live, today: self.today };
        let shown = self.live.accounts.get(&theirs).is_some_and(|account| {
            account.email.as_deref() == Some(email.as_str()) && (!account.hidden || self.base.organization)
        });
        !shown && meaning.account(email.as_str()).is_some_and(|account| account != theirs)
    }
}

fn panicked(panic: &(dyn std::any::Any + Send), during: &str) -> Finding {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
    Finding {
        rule: "panic",
        refused: BTreeSet::new(),
        what: format!("{during}: {text}"),
        plan: String::new(),
    }
}
