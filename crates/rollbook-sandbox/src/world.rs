//! The state as writes see it and, `lag` later, as reads see it; with the clock, the IDs and the access tokens.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::change::{Change, How, Moved, Refused};
use super::consent::Consents;
use super::ids;
use super::state::State;
use super::words::Grants;

/// How long an access token lasts (docs/atlassian.md#client-credentials: 60 minutes is the usual figure).
pub(super) const TOKEN_LIFE: Duration = Duration::from_secs(3600);

/// The state and all other changing values.
pub(super) struct World {
    /// The true state, by which writes and rights are checked.
    pub(super) state: State,
    /// Access tokens made by `/oauth/token`: for what, and until when.
    pub(super) tokens: BTreeMap<String, (Holder, Instant)>,
    /// What people consented to in the browser.
    pub(super) consents: Consents,
    clock: Clock,
    rng: fastrand::Rng,
    lag: Duration,
    /// Memberships that changed less than `lag` ago, oldest first.
    unseen: VecDeque<(Instant, Moved)>,
    /// The roles of groups before each change in the last `lag`, oldest first.
    unseen_grants: VecDeque<(Instant, String, BTreeMap<String, Grants>)>,
    /// The account IDs of the people who were mailed that they got an app, in order (docs/atlassian.md#roles-of-groups).
    pub(super) mails: Vec<String>,
    /// The start of the hidden order of accounts.
    pivot: String,
    /// The organization's audit log, oldest first.
    pub(super) events: Vec<Event>,
    /// The current actor; `None` for changes behind the surfaces.
    pub(super) actor: Option<String>,
}

/// What an access token was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A service account's client: the index of the credential.
    Client(usize),
    /// What somebody consented to: its index.
    Consent(usize),
}

/// Something that happened, as the audit log keeps it.
pub(super) struct Event {
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) action: &'static str,
    pub(super) by: Option<String>,
    pub(super) group_id: Option<String>,
    pub(super) account_id: Option<String>,
}

/// The time of day, which follows tokio's clock.
struct Clock {
    epoch: Timestamp,
    origin: Instant,
}

impl World {
    pub(super) fn new(state: State, lag: Duration, rng_seed: u64, epoch: Timestamp) -> World {
        let mut rng = fastrand::Rng::with_seed(rng_seed);
        let pivot = format!("712020:{:08x}", rng.u32(..));
        let clock = Clock { epoch, origin: Instant::now() };
        World {
            state,
            tokens: BTreeMap::new(),
            consents: Consents::default(),
            clock,
            rng,
            lag,
            unseen: VecDeque::new(),
            unseen_grants: VecDeque::new(),
            mails: Vec::new(),
            pivot,
            events: Vec::new(),
            actor: None,
        }
    }

    /// Carries out a change; reads see its memberships and roles `lag` later.
    pub(super) fn change(&mut self, change: &Change) -> Result<(), Refused> {
        let rng = &mut self.rng;
        let gone = if let Change::DeleteGroup { group } = change {
            self.state.group_id(group).map(str::to_owned)
        } else {
            None
        };
        let before = if let Change::SetGrant { group, .. } = change {
            let group = self.state.group_id(group).and_then(|id| self.state.groups.get_key_value(id));
            group.map(|(id, group)| (id.clone(), group.grants.clone()))
        } else {
            None
        };
        let moved = self.state.apply(change, &mut || random_uuid(rng))?;
        if let Change::ExpireCredentials { user } = change
            && let Some(account) = self.state.account_id(user)
        {
            self.consents.withdraw(account);
        }
        self.log(change, &moved, gone);
        if !self.lag.is_zero() {
            let now = Instant::now();
            self.unseen_grants.extend(before.map(|(group, grants)| (now, group, grants)));
            self.unseen.extend(moved.into_iter().map(|moved| (now, moved)));
        }
        Ok(())
    }

    /// Writes the known events into the audit log: the creation and removal of groups and accounts, and memberships.
    /// Assumption: the names of the two actions of memberships, which are in no source.
    fn log(&mut self, change: &Change, moved: &[Moved], gone: Option<String>) {
        let named = if let Change::CreateGroup(seed) = change {
            Some(("group_created", self.state.group_named(&seed.name).map(str::to_owned), None))
        } else if let Change::CreateUser(seed) = change {
            let made = seed.email.as_deref().and_then(|email| self.state.account_id(email));
            Some(("user_created", None, made.map(str::to_owned)))
        } else {
            gone.map(|group| ("group_deleted", Some(group), None))
        };
        let moved = moved.iter().map(|moved| {
            let action = match moved.how {
                How::Joined => "user_added_to_group",
                How::Left => "user_removed_from_group",
            };
            (action, Some(moved.group_id.clone()), Some(moved.account_id.clone()))
        });
        let (at, by) = (self.now(), self.actor.clone());
        for (action, group_id, account_id) in named.into_iter().chain(moved).collect::<Vec<_>>() {
            let id = ids::stable_uuid("event", &self.events.len().to_string());
            self.events.push(Event { id, at, action, by: by.clone(), group_id, account_id });
        }
    }

    /// Forgets changes that reads may see by now. Must be called once before a request is answered.
    pub(super) fn catch_up(&mut self) {
        let lag = self.lag;
        let due = |at: &Instant| at.elapsed() >= lag;
        while self.unseen.front().is_some_and(|(at, _)| due(at)) {
            self.unseen.pop_front();
        }
        while self.unseen_grants.front().is_some_and(|(at, ..)| due(at)) {
            self.unseen_grants.pop_front();
        }
    }

    /// The roles of a group in apps, as reads see them.
    pub(super) fn grants_seen(&self, group_id: &str) -> &BTreeMap<String, Grants> {
        static NONE: BTreeMap<String, Grants> = BTreeMap::new();
        let before = self.unseen_grants.iter().find(|(_, group, _)| group == group_id);
        let now = || self.state.groups.get(group_id).map(|group| &group.grants);
        before.map(|(.., grants)| grants).or_else(now).unwrap_or(&NONE)
    }

    /// Whether reads do not see the last change of a membership yet.
    pub(super) fn is_unseen(&self, group_id: &str, account_id: &str) -> bool {
        self.unseen.iter().any(|(_, moved)| moved.group_id == group_id && moved.account_id == account_id)
    }

    /// The account IDs of a group's members as reads see them.
    pub(super) fn members_seen(&self, group_id: &str) -> Cow<'_, BTreeSet<String>> {
        static NOBODY: BTreeSet<String> = BTreeSet::new();
        let mut members = self
            .state
            .groups
            .get(group_id)
            .map_or(Cow::Borrowed(&NOBODY), |group| Cow::Borrowed(&group.members));
        for (_, moved) in self.unseen.iter().rev().filter(|(_, moved)| moved.group_id == group_id) {
            match moved.how {
                How::Joined => members.to_mut().remove(&moved.account_id),
                How::Left => members.to_mut().insert(moved.account_id.clone()),
            };
        }
        members
    }

    /// The IDs of an account's groups as reads see them.
    pub(super) fn groups_seen(&self, account_id: &str) -> Vec<&str> {
        let moved: BTreeSet<&str> = self.unseen.iter().map(|(_, moved)| moved.group_id.as_str()).collect();
        let is_in = |id: &str, members: &BTreeSet<String>| {
            if moved.contains(id) {
                self.members_seen(id).contains(account_id)
            } else {
                members.contains(account_id)
            }
        };
        self.state
            .groups
            .iter()
            .filter(|(id, group)| is_in(id, &group.members))
            .map(|(id, _)| id.as_str())
            .collect()
    }

    /// Puts account IDs into the hidden order in which Jira lists people. Jira sorts by a user name that no response shows
    /// (docs/atlassian.md#members-of-a-group), so the order looks arbitrary to a client; the sandbox sorts by ID, starting at a
    /// random one and wrapping around.
    pub(super) fn in_hidden_order<'a>(&self, ids: &'a BTreeSet<String>) -> impl Iterator<Item = &'a String> {
        let from = (Bound::Included(self.pivot.as_str()), Bound::Unbounded);
        let to = (Bound::Unbounded, Bound::Excluded(self.pivot.as_str()));
        ids.range::<str, _>(from).chain(ids.range::<str, _>(to))
    }

    /// The same order for every account of the site.
    pub(super) fn accounts_in_hidden_order(&self) -> impl Iterator<Item = &String> {
        let from = (Bound::Included(self.pivot.as_str()), Bound::Unbounded);
        let to = (Bound::Unbounded, Bound::Excluded(self.pivot.as_str()));
        let accounts = &self.state.accounts;
        accounts.range::<str, _>(from).chain(accounts.range::<str, _>(to)).map(|(id, _)| id)
    }

    /// Makes an access token.
    pub(super) fn make_token(&mut self, holder: Holder) -> String {
        let token = self.random_text("sandbox");
        self.tokens.insert(token.clone(), (holder, Instant::now() + TOKEN_LIFE));
        token
    }

    /// A text that nobody guesses.
    pub(super) fn random_text(&mut self, kind: &str) -> String {
        format!("{kind}.{}", random_uuid(&mut self.rng))
    }

    /// The time of day.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.epoch.saturating_add(self.uptime()).unwrap_or(Timestamp::MAX)
    }

    /// How long the sandbox has existed.
    pub(super) fn uptime(&self) -> Duration {
        self.clock.origin.elapsed()
    }
}

fn random_uuid(rng: &mut fastrand::Rng) -> String {
    ids::uuid(rng.u128(..).to_be_bytes(), 0x40)
}
