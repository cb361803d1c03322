//! Pruning: an entry leaves the tree when nobody it takes out is left anywhere, and not before.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollbook::commands::prune::{Pruned, pruned};
use rollbook::config::EditError;
use rollbook::error::Error;
use rollbook::model::{Action, ErrorExt as _, Plan, Surface};
use rollbook::plan::{Beside, Desired};

use crate::soak::worlds;
use crate::spec::{spec, spec_with_sources, told};
use crate::world::World;

pub(crate) fn prune(world: &World) -> Result<Pruned, Error> {
    let declaration = world.declaration();
    let live = world.live.state(&Desired::of(&declaration, world.today), Beside::default());
    pruned(&world.tree(), &declaration, &live, world.today)
}

fn after(world: &World, pruned: &Pruned) -> World {
    let files = pruned.tree.files.iter().map(|file| (file.path.clone(), file.text.clone()));
    World { files: files.collect(), ..world.clone() }
}

/// What is done to which group and account, whatever they are called.
type Deed = (Action, Option<String>, Option<String>);

fn deeds(plan: &Plan) -> BTreeSet<Deed> {
    let deed = |planned: &rollbook::model::PlannedOperation| {
        let operation = &planned.operation;
        let account = operation.account().map(ToString::to_string);
        (planned.key.action, planned.key.address.group().map(ToString::to_string), account)
    };
    plan.operations.iter().map(deed).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: worlds() / 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pruned_tree_asks_for_no_more_and_no_less(spec in prop_oneof![spec(), spec_with_sources()]) {
        let world = spec.world();
        match prune(&world) {
            Ok(pruned) => {
                let (before, plan) = (world.plan(), after(&world, &pruned).plan());
                let more: BTreeSet<Deed> = deeds(&plan).difference(&deeds(&before)).cloned().collect();
                // Without somebody who cannot be told from others, the others can be told.
                let blocked: BTreeSet<_> = before.blocked.iter().map(|blocked| blocked.address.group()).collect();
                let was_blocked = |(_, group, _): &Deed| blocked.iter().any(|it| it.map(ToString::to_string) == *group);
                let pruned = told(&TestCaseError::fail("pruned"), &world);
                // The lock's line of somebody that the tree no longer names tells nobody apart any more.
                let after = deeds(&plan);
                let mut less = deeds(&before).difference(&after).cloned().collect::<BTreeSet<_>>().into_iter();
                let in_doubt = |(action, group, _): Deed| plan.blocked.iter().any(|it| {
                    // Of whom nobody can tell whether they have an account, the tree asks to be active, invited or not.
                    let same = it.action == action || (it.action, action) == (Action::Activate, Action::Invite);
                    same && it.address.group().map(ToString::to_string) == group && it.code == "identity-unresolved"
                });
                prop_assert!(less.all(in_doubt), "{}", pruned);
                prop_assert!(more.iter().all(was_blocked), "{:?}\n{}", more, pruned);
            }
            Err(Error::AsksForMore(_)) => {}
            // Whom a group does not name any more cannot be excepted from it.
            Err(Error::Edit(EditError::Invalid(found))) => {
                prop_assert!(found.iter().any(|found| found.code == "except-names-nobody"), "{found:?}");
            }
            Err(error) => return Err(TestCaseError::fail(error.chain())),
        }
    }
}

const SRE: &str =
    "  sre: { mode: at-least, members: [ada@acme.com, { user: kim@acme.com, until: 2026-01-01 }] }\n";

fn entries(world: &World) -> usize {
    prune(world).unwrap().entries
}

#[test]
fn an_entry_goes_when_its_person_is_gone() {
    let world = World::of("", "", SRE).change(|live| live.hire("kim@acme.com"));
    assert_eq!(entries(&world), 1);
    assert_eq!(entries(&world.clone().change(|live| live.join("sre", "kim@acme.com"))), 0);
}

/// Kim was never found: one of the members who hide their email may be Kim.
#[test]
fn an_entry_stays_while_a_member_may_be_its_person() {
    let world = World::of("", "", SRE).change(|live| {
        live.accounts.remove("acc-kim@acme.com");
        live.hire("hidden@acme.com");
        live.account("hidden@acme.com").hidden = true;
    });
    assert_eq!(entries(&world), 1, "no member of the group hides");
    assert_eq!(entries(&world.change(|live| live.join("sre", "hidden@acme.com"))), 0);
}

#[test]
fn an_entry_stays_while_its_group_cannot_be_told() {
    let world = World::of("", "", SRE).lock("groups:\n  sre: { id: another, from: jira }\n");
    let world = world.change(|live| {
        live.hire("kim@acme.com");
        live.join("sre", "kim@acme.com");
    });
    assert_eq!(entries(&world), 0);
}

/// What takes Kim out of `all` is that `sre` denies them.
#[test]
fn an_entry_stays_while_its_person_is_left_in_a_group_around() {
    let around = format!("{SRE}  all: {{ mode: at-least, members: [{{ group: sre }}] }}\n");
    let world = World::of("", "", &around).change(|live| live.hire("kim@acme.com"));
    assert_eq!(entries(&world), 1);
    let left = world.change(|live| live.join("all", "kim@acme.com"));
    assert_eq!(left.plan().operations.len(), 1, "{}", left.text());
    assert_eq!(entries(&left), 0);
}

/// A role that ended goes once its group no longer gives it.
#[test]
fn an_ended_role_is_pruned_once_it_is_gone() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n";
    let groups = "  team:\n    members: [ada@acme.com]\n    grants:\n      # for the audit\n      \
                  - { app: jira-software, role: user, until: 2026-11-20 }\n      \
                  - { app: confluence, role: user }\n";
    let world = World::of(head, "", groups).change(|live| {
        live.surfaces = BTreeSet::from([Surface::Jira, Surface::Organization]);
        live.apps.insert("jira-software".into());
    });
    let done = prune(&world).unwrap();
    assert_eq!((done.entries, done.comments), (1, 1));
    let text = &done.tree.files.iter().find(|file| file.path == "groups/all.yaml").unwrap().text;
    assert!(text.contains("confluence") && !text.contains("jira-software"), "{text}");
    let given = ("id-team".to_owned(), "jira-software".to_owned(), "user".to_owned());
    let there = world.change(|live| live.grants.extend([given]));
    assert_eq!(prune(&there).unwrap().entries, 0);
}
