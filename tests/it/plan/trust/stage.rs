//! The world of a cell: the tree before, the tree that brings the group where it is, the tree that does the deed, and what
//! the site has of it.

use rollbook::config;
use rollbook::model::{Plan, Surface};

use super::axes::{Author, Cell, History, Kind, Rule};
use super::says::{Named, Says, Site};
use super::{Verdict, verdict};
use crate::world::World;

/// The trees of a cell, in their order, and the site.
pub(super) struct Stage {
    pub(super) before: Says,
    pub(super) prepared: Says,
    pub(super) after: Says,
    pub(super) site: Site,
}

impl Stage {
    pub(super) fn of(rule: Rule, kind: Kind) -> Self {
        let members: &[&'static str] = match rule {
            Rule::LastAdmin => &["bob"],
            // Whom Rollbook acts as would be in the way first.
            Rule::Deleting | Rule::ProtectDeleting => &["ada", "bob"],
            _ => &["ada", "bob", "root"],
        };
        let site = Site {
            name: match kind {
                Kind::RenamedPinned | Kind::RenamedLocked => "payroll-2026",
                _ => "payroll",
            },
            members: members.iter().copied().collect(),
            team: match rule {
                Rule::Nesting => ["eve"].into(),
                _ => [].into(),
            },
            strangers: [].into(),
            synced: matches!(kind, Kind::Synced | Kind::SyncedOurs),
            default: matches!(kind, Kind::Default | Kind::DefaultUnread),
            reads_apps: kind != Kind::DefaultUnread,
            administers: kind == Kind::Administers || rule == Rule::LastAdmin,
        };
        let mut plainly = Says::plainly(members);
        if rule == Rule::Nesting {
            plainly.team = vec!["eve"];
        }
        let (before, prepared) = prepared(rule, kind, plainly);
        let mut stage = Self { before, after: prepared.clone(), prepared, site };
        stage.deed(rule, kind);
        stage
    }

    fn deed(&mut self, rule: Rule, kind: Kind) {
        match rule {
            Rule::MaxRevokes => {
                self.leaves("ada", kind);
                self.leaves("bob", kind);
            }
            Rule::KeepAtLeast | Rule::Protect | Rule::ProtectPerson | Rule::LastAdmin => {
                self.leaves("bob", kind);
            }
            Rule::SelfLockout => self.leaves("root", kind),
            Rule::Exclusive if self.site.default => {
                self.is_invited();
                self.after.support.insert("eve");
            }
            Rule::Exclusive => {
                self.after.support.insert("bob");
            }
            Rule::SelfGrant if self.site.default => self.is_invited(),
            Rule::SelfGrant | Rule::IdentityUnresolved => self.comes(kind),
            Rule::IdentityChanged => {
                self.comes(kind);
                self.after.locked.push("eve@acme.com: { account: acc-dina@acme.com, from: jira }");
            }
            Rule::Nesting if kind == Kind::Nested => self.after.team.push("other"),
            Rule::Nesting => self.after.nested.push("team"),
            Rule::Deleting | Rule::ProtectDeleting => self.after.absent = true,
            Rule::Reactivation => {
                for tree in [&mut self.before, &mut self.prepared, &mut self.after] {
                    tree.users.push("bob@acme.com: { active: true }");
                }
            }
            Rule::InviteDomain => self.after.users.push("somebody@else.example: { active: true }"),
            Rule::SuspiciousRead => {
                self.after.listed.insert("dina");
            }
        }
    }

    /// Somebody leaves the group, as far as the tree has a say in who is in it.
    fn leaves(&mut self, who: &'static str, kind: Kind) {
        match kind {
            Kind::Left | Kind::Never | Kind::NeverInSnapshot => self.after.users.push(match who {
                "ada" => "ada@acme.com: { active: false }",
                "bob" => "bob@acme.com: { active: false }",
                _ => "root@acme.com: { active: false }",
            }),
            _ => {
                self.after.listed.remove(who);
                self.after.team.retain(|name| *name != who);
            }
        }
    }

    /// eve comes into the group. Where the tree does not declare it, she was to leave it and stays.
    fn comes(&mut self, kind: Kind) {
        match kind {
            Kind::Left | Kind::Never | Kind::NeverInSnapshot => {
                self.site.members.insert("eve");
                let leaves = "eve@acme.com: { active: false }";
                match kind {
                    Kind::Left => {
                        self.before.leaves.insert("eve");
                    }
                    _ => self.before.users.push(leaves),
                }
                self.prepared.users.push(leaves);
            }
            Kind::Nested => self.after.team.push("eve"),
            _ => {
                self.after.listed.insert("eve");
            }
        }
    }

    /// eve, who has no account, is invited to the app that puts new users into the group.
    fn is_invited(&mut self) {
        self.site.strangers.insert("eve");
        for tree in [&mut self.before, &mut self.prepared, &mut self.after] {
            tree.named = Named::Not;
        }
        self.after.users.push("eve@acme.com: { active: true, apps: [jira] }");
    }
}

/// The tree before, and the one that brings the group to where it is.
fn prepared(rule: Rule, kind: Kind, plainly: Says) -> (Says, Says) {
    let named = |named| Says { named, ..plainly.clone() };
    match kind {
        Kind::Declared | Kind::NotInSnapshot => (named(Named::Not), plainly),
        Kind::Left => (plainly.clone(), named(Named::Not)),
        Kind::Never | Kind::NeverInSnapshot => (named(Named::Not), named(Named::Not)),
        Kind::Rekeyed => (plainly.clone(), named(Named::AsWages)),
        Kind::RenamedPinned => (named(Named::Pinned), named(Named::Pinned)),
        Kind::RenamedLocked => (named(Named::Locked), named(Named::Locked)),
        Kind::Nested => {
            let inner = if rule == Rule::SelfLockout { "root" } else { "bob" };
            let mut nests = Says { nested: vec!["team"], nest: true, team: vec![inner], ..plainly.clone() };
            nests.listed.remove(inner);
            (plainly, nests)
        }
        Kind::Default | Kind::DefaultUnread | Kind::Synced | Kind::SyncedOurs | Kind::Administers => {
            (plainly.clone(), plainly)
        }
    }
}

/// The policy of a cell.
fn policy(rule: Rule, kind: Kind) -> &'static str {
    match rule {
        Rule::MaxRevokes => "max-revokes: { group: { count: 1, percent: 10 } }",
        Rule::KeepAtLeast => "keep-at-least: { payroll: 3 }",
        Rule::Protect | Rule::ProtectDeleting => "protect: { groups: [payroll] }",
        Rule::ProtectPerson => "protect: { users: [bob@acme.com] }",
        Rule::Exclusive => "exclusive: [[payroll, support]]",
        Rule::SelfGrant if kind == Kind::Administers => "self-grant: refuse",
        Rule::SelfGrant => "privileged: [payroll]\n  self-grant: refuse",
        Rule::Nesting | Rule::Deleting if kind == Kind::Administers => "mode: exact",
        Rule::Nesting | Rule::Deleting => "privileged: [payroll]",
        Rule::SelfLockout
        | Rule::LastAdmin
        | Rule::IdentityChanged
        | Rule::IdentityUnresolved
        | Rule::Reactivation
        | Rule::InviteDomain
        | Rule::SuspiciousRead => "mode: exact",
    }
}

/// The world of a cell.
pub(super) fn world(cell: Cell, stage: &Stage) -> World {
    let Stage { before, prepared, after, site } = stage;
    let mut head = after.clone();
    let mut base = match cell.history {
        History::One | History::Since | History::Loosened => before.clone(),
        History::Two => prepared.clone(),
        History::Before => after.clone(),
    };
    if matches!(cell.history, History::Since | History::Before) {
        head.other.insert("dina");
    }
    let second = "evelyn@acme.com: { account: acc-eve@acme.com, from: jira }";
    match cell.author {
        Author::SecondInLock => [&mut head, &mut base].into_iter().for_each(|tree| tree.locked.push(second)),
        Author::SecondInBase => base.locked.push(second),
        _ => {}
    }
    let mut site = site.clone();
    if cell.history == History::Two {
        site.team.extend(prepared.team.iter().copied());
    }
    let policy = policy(cell.rule, cell.kind);
    let mut world = match (cell.history, cell.rule) {
        (History::Loosened, Rule::InviteDomain) => {
            head.world(policy).edit("[acme.com]", "[acme.com, else.example]")
        }
        (History::Loosened, _) => head.world("mode: exact"),
        (History::One | History::Two | History::Since | History::Before, _) => head.world(policy),
    };
    world.base = Some(base.world(policy).files);
    world.base_applied = cell.history != History::Before;
    world.live = site.live();
    if cell.kind == Kind::SyncedOurs {
        world = with_settings(world, "scim: { directory: d-1, authority: rollbook }\n");
        world.live.surfaces = [Surface::Jira, Surface::Scim].into();
        world.live.accounts.values_mut().for_each(|account| account.scim = true);
    }
    if cell.rule == Rule::Reactivation {
        world = with_settings(world, "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n");
        world.live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        world.live.account("bob@acme.com").suspended = true;
    }
    if cell.rule == Rule::IdentityUnresolved {
        let eve = world.live.account("eve@acme.com");
        // A record in the SCIM directory would show the email.
        (eve.hidden, eve.scim) = (true, false);
    }
    world = cell.author.emails().iter().fold(world, |world, email| world.by(email));
    if cell.rule == Rule::SuspiciousRead {
        world = world.then_reviewed();
        world.live.groups.get_mut("id-payroll").unwrap().members.clear();
    }
    world
}

/// Adds settings to the tree and to its base.
fn with_settings(mut world: World, settings: &str) -> World {
    let files = world.base.iter_mut().chain([&mut world.files]).flatten();
    for (_, root) in files.filter(|(path, _)| path == "rollbook.yaml") {
        *root = root.replacen("policy:", &format!("{settings}policy:"), 1);
    }
    world
}

/// The plan of a cell, or why there is none.
pub(super) fn plan(cell: Cell, stage: &Stage) -> Result<Plan, Verdict> {
    let world = world(cell, stage);
    let parsed = config::parse(&world.tree(), world.today);
    if parsed.declaration.is_none() {
        let mistake = &parsed.diagnostics[0];
        return Err(verdict(format!("mistake `{}`", mistake.code), &mistake.message));
    }
    if !cell.kind.is_unread() {
        return Ok(world.plan());
    }
    // It was taken when no tree and no rule spoke of the group, and the people who are in it were declared.
    let users = vec!["ada@acme.com: { active: true }", "bob@acme.com: { active: true }"];
    let mut old = Says { named: Named::Not, users, ..stage.before.clone() }.world("mode: exact");
    old.live = world.live.clone();
    world.plan_from_text(&old.snapshot(false)).map_err(|error| verdict("no plan", error.to_string()))
}
