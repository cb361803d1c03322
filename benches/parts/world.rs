//! A tree of any size, made in memory and always the same, and the live state that fits it.
//!
//! Each group has [`MEMBERS`] members, and each person is in ten groups: 1,000,000 memberships are 5,000 groups of 200
//! among 100,000 people. `rollbook.lock` has the IDs of all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::civil::Date;
use rollbook::atlassian;
use rollbook::config;
use rollbook::model::{
    AccountId, AccountKind, AppRole, Capabilities, Changes, Declaration, Email, Grants, GroupId, GroupKind,
    GroupName, Header, JiraRights, Listing, LiveAccount, LiveGroup, LiveState, Locator, Lock, LockedId,
    ManagedBy, Plan, Reading, Rights, Rows, SourceFile, Surface, SyncedGroups, Tree, Usage, UserStatus,
};
use rollbook::plan::{self, Context, Desired, Rates, Resolved, Scope};

/// The date as of which everything is evaluated.
pub(crate) const TODAY: Date = jiff::civil::date(2026, 11, 22);

/// The members that each group lists.
const MEMBERS: usize = 200;

/// How many groups are in one file.
const GROUPS_A_FILE: usize = 50;

const RATES: Rates = Rates {
    per_second: atlassian::per_second,
    route: atlassian::route,
    members_a_page: atlassian::jira::MEMBERS_PAGE,
};

/// Whether groups include the members of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nesting {
    /// None does.
    Flat,
    /// Every tenth includes the nine that follow it.
    Nested,
}

/// A tree, and its declaration.
#[derive(Debug)]
pub(crate) struct World {
    /// Its files.
    pub(crate) tree: Tree,
    /// Their declaration.
    pub(crate) declaration: Declaration,
    groups: usize,
}

impl World {
    /// A tree of `memberships` memberships, which should be a multiple of 10,000.
    pub(crate) fn of(memberships: usize, nesting: Nesting) -> Self {
        let groups = memberships / MEMBERS;
        let tree = tree(groups, nesting);
        let parsed = config::parse(&tree, TODAY);
        assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
        let declaration = parsed.declaration.expect("a tree without diagnostics says something");
        Self { tree, declaration, groups }
    }

    /// The desired state of the tree.
    pub(crate) fn desired(&self) -> Desired<'_> {
        Desired::of(&self.declaration, TODAY)
    }

    /// The live state that matches a flat tree.
    pub(crate) fn live(&self) -> LiveState {
        self.live_with(|group| members(self.groups, group).collect())
    }

    /// The live state from which one membership in a hundred differs: half of them are missing, and as many are
    /// not in the tree.
    pub(crate) fn drifted(&self) -> LiveState {
        self.live_with(|group| {
            let declared: BTreeSet<usize> = members(self.groups, group).collect();
            let others = (0..people(self.groups)).filter(|person| !declared.contains(person));
            let extra: Vec<usize> = others.take(MEMBERS / 200).collect();
            declared.into_iter().skip(MEMBERS / 200).chain(extra).collect()
        })
    }

    fn live_with(&self, members: impl Fn(usize) -> Vec<usize>) -> LiveState {
        let group = |group| LiveGroup { id: group_id(group), name: GroupName::new(group_name(group)) };
        let accounts = (0..people(self.groups)).map(|person| (account_id(person), account(person)));
        let members = (0..self.groups).map(|group| {
            let rows = members(group).into_iter().map(account_id).collect();
            (group_id(group), listing(rows))
        });
        LiveState {
            rights: rights(),
            groups: listing((0..self.groups).map(group).collect()),
            members: members.collect(),
            users: Reading::NotRead,
            accounts: accounts.collect(),
            people: BTreeMap::new(),
            searched: BTreeSet::new(),
            scim_users: Reading::NotRead,
            grants: Grants::default(),
            synced: SyncedGroups::default(),
        }
    }
}

/// The input of a plan once the differences are known.
#[derive(Debug)]
pub(crate) struct Drift<'a> {
    tree: Resolved<'a>,
    world: &'a World,
    live: LiveState,
    capabilities: Capabilities,
    digest: String,
    /// The differences.
    pub(crate) changes: Changes,
}

impl<'a> Drift<'a> {
    /// The differences of one membership in a hundred.
    pub(crate) fn of(world: &'a World) -> Self {
        let live = world.drifted();
        let tree = Resolved::of(world.desired(), &live);
        let changes = plan::diff(&tree, &live, &Locator::new(&world.tree));
        let questions = plan::questions(&changes, &live, &world.declaration);
        let kind = GroupKind {
            managed_by: ManagedBy::People,
            usage: Usage::Group,
            modifiable: None,
            deletable: None,
        };
        let kinds = questions.group_kinds.into_keys().map(|id| (id, Some(kind.clone())));
        let capabilities = Capabilities {
            group_kinds: kinds.collect(),
            app_roles: Reading::Read(Vec::<AppRole>::new()),
            ..Capabilities::default()
        };
        let digest = plan::tree_digest(&world.tree);
        Self { tree, world, live, capabilities, digest, changes }
    }

    /// The plan of these changes.
    pub(crate) fn route(&self, changes: Changes) -> Plan {
        let context = Context {
            tree: &self.tree,
            locator: &Locator::new(&self.world.tree),
            live: &self.live,
            capabilities: &self.capabilities,
            header: Header {
                made: "2026-11-22T12:00:00Z".into(),
                today: TODAY,
                commit: None,
                rollbook: VERSION.into(),
                snapshot: None,
                checksum: None,
            },
            tree_digest: &self.digest,
            scope: &Scope::default(),
            base: None,
            applied: None,
            authors: &[],
            undoes: false,
            notes: &[],
            reviewed: None,
            before: None,
            site_day: None,
            rates: &RATES,
        };
        plan::make(changes, &context)
    }
}

/// The version that makes the plans here.
pub(crate) const VERSION: &str = "bench";

fn people(groups: usize) -> usize {
    groups * MEMBERS / 10
}

/// The people in a group. Each is in it once, and in ten groups in total.
fn members(groups: usize, group: usize) -> impl Iterator<Item = usize> {
    (0..MEMBERS).map(move |member| (group * 20 + member * 13) % people(groups))
}

fn group_name(group: usize) -> String {
    format!("team-{group:05}")
}

fn email(person: usize) -> String {
    format!("person.{person:06}@acme.com")
}

/// An ID as long as Atlassian's; the order of the IDs differs from that of the names.
fn account_id(person: usize) -> AccountId {
    AccountId::new(format!("712020:{:08x}-5e1f-4c0b-9d3a-0123456789ab", scattered(person)))
}

fn group_id(group: usize) -> GroupId {
    GroupId::new(format!("{:08x}-63d7-4a1e-8f20-ba9876543210", scattered(group)))
}

/// Maps a number to a unique one, far from that of its neighbour.
fn scattered(number: usize) -> usize {
    (number * 0x9E37_79B1) & 0xFFFF_FFFF
}

fn account(person: usize) -> LiveAccount {
    LiveAccount {
        id: account_id(person),
        kind: AccountKind::Atlassian,
        status: UserStatus::Active,
        name: format!("Person {person}"),
        email: Email::parse(&email(person)).ok(),
    }
}

/// The rights of a site administrator's key.
fn rights() -> Rights {
    let acting = LiveAccount { id: AccountId::new("712020:robot"), email: None, ..account(0) };
    let jira = JiraRights {
        acting,
        browse_users: true,
        administer: true,
        site_admin_groups: listing(Vec::new()),
        site_admin: true,
    };
    Rights { surfaces: BTreeSet::from([Surface::Jira]), jira: Some(jira) }
}

fn listing<T: Ord>(rows: Vec<T>) -> Listing<T> {
    Listing::checked(Rows { total: Some(rows.len()), rows, ended: true }).expect("the rows are distinct")
}

fn tree(groups: usize, nesting: Nesting) -> Tree {
    let root = "version: 1\nsite: https://acme.atlassian.net\npolicy:\n  mode: exact\n";
    let mut files = vec![file("rollbook.yaml", root.to_owned()), file("rollbook.lock", lock(groups))];
    for start in (0..groups).step_by(GROUPS_A_FILE) {
        let mut text = "groups:\n".to_owned();
        for group in start..groups.min(start + GROUPS_A_FILE) {
            declare(&mut text, groups, group, nesting).expect("a String takes every text");
        }
        files.push(file(&format!("groups/{:03}.yaml", start / GROUPS_A_FILE), text));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Tree { files }
}

fn file(path: &str, text: String) -> SourceFile {
    SourceFile { path: path.to_owned(), text }
}

fn declare(text: &mut String, groups: usize, group: usize, nesting: Nesting) -> std::fmt::Result {
    writeln!(text, "  {}:\n    members:", group_name(group))?;
    if nesting == Nesting::Nested && group.is_multiple_of(10) {
        for inner in group + 1..group + 10 {
            writeln!(text, "      - group: {}", group_name(inner))?;
        }
    }
    for person in members(groups, group) {
        // As people write them, one entry in ten with conditions.
        match person % 10 {
            0 => {
                let user = email(person);
                writeln!(text, "      - {{ user: {user}, until: 2027-06-30, because: OPS-1 }}")?;
            }
            _ => writeln!(text, "      - {}", email(person))?,
        }
    }
    Ok(())
}

fn lock(groups: usize) -> String {
    let mut lock = Lock::default();
    for person in 0..people(groups) {
        let email = Email::parse(&email(person)).expect("it is an email");
        lock.users.insert(email, LockedId { id: account_id(person), from: "jira".into() });
    }
    for group in 0..groups {
        lock.groups
            .insert(GroupName::new(group_name(group)), LockedId { id: group_id(group), from: "jira".into() });
    }
    config::lock_text(&lock)
}
