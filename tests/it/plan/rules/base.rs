//! What the base would have done as well, what it is in doubt about, and what it called groups.

use rollbook::model::{Drift, Plan, Reason};

use super::{NONE, otherwise};
use crate::plan::{codes, keys};
use crate::world::{Group, World};

/// The keys of what the base would need as well, and of what only the tree asks for.
fn parted(plan: &Plan) -> [Vec<String>; 2] {
    [Drift::Yes, Drift::No].map(|drift| {
        let operations = plan.operations.iter().filter(|planned| planned.drift == drift);
        operations.map(|planned| planned.key.to_string()).collect()
    })
}

fn adopted(plan: &Plan) -> Vec<String> {
    let adopted = &plan.base.as_ref().unwrap().adopted;
    adopted.iter().map(|it| format!("{} {}", it.undoes, it.address)).collect()
}

#[test]
fn what_a_leaver_loses_in_a_group_of_nobodys_is_drift_by_the_base() {
    let users = "  zed@acme.com: { active: false }\n  kim@acme.com: { active: true }\n";
    let world = World::of("policy:\n  offboard: remove\n", users, "  sre:\n    members: [ada@acme.com]\n");
    let world = world.then_base().change(|live| {
        for (name, email) in [("loose", "zed@acme.com"), ("other", "kim@acme.com")] {
            let member = live.id_of(email);
            live.groups.insert(format!("id-{name}"), Group::of(name, [member].into()));
        }
    });
    let [zed, kim] = ["zed", "kim"].map(|who| {
        let group = if who == "zed" { "loose" } else { "other" };
        [format!("remove member.{group}/{who}@acme.com"), format!("remove user.{who}@acme.com")]
    });
    assert_eq!(parted(&world.plan()), [zed.to_vec(), vec![]]);
    // Neighbour: another one leaves by the change.
    let change = world.edit("kim@acme.com: { active: true }", "kim@acme.com: { active: false }");
    assert_eq!(parted(&change.plan()), [zed.to_vec(), kim.to_vec()]);
}

#[test]
fn what_a_leaver_loses_in_a_group_that_leaves_is_drift_where_the_base_ends_it() {
    let groups = "  loose:\n    members: [ada@acme.com]\n  sre:\n    members: [ada@acme.com]\n";
    let world = World::of("policy:\n  offboard: remove\n", "  zed@acme.com: { active: true }\n", groups);
    let world = world.then_base().change(|live| live.join("loose", "zed@acme.com"));
    let left =
        world.edit("  loose:\n    members: [ada@acme.com]\n", "").edit("active: true", "active: false");
    let [member, user] = ["remove member.loose/zed@acme.com", "remove user.zed@acme.com"].map(String::from);
    assert_eq!(parted(&left.plan()), [vec![member], vec![user]]);
}

#[test]
fn what_the_base_would_make_otherwise_is_the_change() {
    let groups = "  fresh:\n    description: For one\n    members: [ada@acme.com]\n";
    let world = World::of("", "", groups).then_base().change(|live| {
        live.groups.remove("id-fresh");
    });
    let [create, add] = ["create group.fresh", "add member.fresh/ada@acme.com"].map(String::from);
    assert_eq!(parted(&world.plan()), [vec![create.clone(), add.clone()], vec![]]);
    assert_eq!(adopted(&world.plan()), NONE, "what the tree asks for as well is not adopted");
    let other = world.edit("For one", "For two");
    assert_eq!(parted(&other.plan()), [vec![add], vec![create]]);
}

#[test]
fn a_group_that_was_deleted_by_hand_is_adopted_where_the_tree_says_so() {
    let groups = "  old:\n    members: [ada@acme.com]\n  team:\n    members: [ada@acme.com]\n";
    let deleted = World::of("", "", groups).then_base().change(|live| {
        live.groups.remove("id-old");
    });
    let absent = deleted.clone().edit("old:\n    members: [ada@acme.com]", "old:\n    absent: true").plan();
    assert_eq!(keys(&absent), NONE);
    assert_eq!(adopted(&absent), ["create group.old", "add member.old/ada@acme.com"]);
    // Neighbour: the tree says nothing of it any more.
    let left = deleted.edit("  old:\n    members: [ada@acme.com]\n", "").plan();
    assert_eq!((keys(&left), adopted(&left)), (vec![], vec![]));
}

#[test]
fn a_name_that_means_another_group_is_shown_with_what_the_site_calls_that() {
    let world = World::of("", "", "  support:\n    members: [ada@acme.com]\n")
        .lock("groups:\n  support: { id: id-support, from: jira }\n")
        .change(|live| {
            for name in ["first", "third"] {
                live.groups.insert(format!("id-{name}"), Group::of(name, [].into()));
            }
        });
    let moved = world.then_base().edit("id: id-support", "id: id-third").plan();
    let identities = &moved.base.as_ref().unwrap().identities;
    let identities: Vec<_> = identities
        .iter()
        .map(|it| (it.address.to_string(), it.head.as_deref(), it.name.as_deref()))
        .collect();
    assert_eq!(identities, [("group.support".to_owned(), Some("id-third"), Some("third"))]);
}

#[test]
fn a_night_says_what_the_base_ends_in_doubt_and_only_where_a_change_keeps_it() {
    let groups = "  team:\n    members: [ada@acme.com, { user: ben@acme.com, until: 2026-11-20 }]\n";
    let world = World::of("", "", groups).change(|live| {
        live.join("team", "ben@acme.com");
        live.account("ben@acme.com").hidden = true;
    });
    let night = |reason: Reason| {
        let mut world = world.clone().then_base();
        world.scope.reasons = vec![reason];
        world
    };
    let codes = |world: World| codes(&world.plan());
    let ended = "remove member.team/ben@acme.com".to_owned();
    let kept = |world: World| world.edit("until: 2026-11-20", "until: 2099-01-01");
    assert_eq!(codes(kept(night(Reason::Expired))), [(ended.clone(), "kept-by-change")]);
    // Neighbours: the tree ends it as the base does, and a night of another kind does not ask.
    assert_eq!(codes(night(Reason::Expired)), [(ended, "identity-unresolved")]);
    assert_eq!(codes(kept(night(Reason::Offboarded))), []);
    assert_eq!(codes(night(Reason::Offboarded)), []);
}

#[test]
fn only_a_night_beside_what_was_applied_leaves_a_change_for_later() {
    let groups = "  team:\n    members: [ada@acme.com, { user: ben@acme.com, until: 2099-01-01 }]\n";
    let ended = World::of("", "", groups).change(|live| live.hire("new@acme.com")).then_base();
    let ended = ended.edit("2099-01-01", "2026-11-20").edit("[ada@acme.com", "[ada@acme.com, new@acme.com");
    let run = |reason: Reason, base_applied: bool| {
        let mut world = World { base_applied, ..ended.clone() };
        world.scope.reasons = vec![reason];
        let plan = world.plan();
        (keys(&plan), codes(&plan))
    };
    let [removed, added] = ["remove member.team/ben@acme.com", "add member.team/new@acme.com"];
    assert_eq!(run(Reason::Expired, true), (vec![], vec![(removed.into(), "change-not-applied")]));
    // Neighbours: nobody knows whether the base was applied, and a run that makes the change.
    assert_eq!(run(Reason::Expired, false), (vec![removed.into()], vec![]));
    assert_eq!(run(Reason::Declared, true), (vec![added.into()], vec![]));
}

#[test]
fn whom_the_tree_names_otherwise_does_not_leave_it() {
    let users = "  kim@acme.com: {}\n";
    let groups = "  sre:\n    members: [ada@acme.com, kim@acme.com]\n";
    let mut world = World::of("", users, groups).then_base();
    world.files.retain(|(path, _)| path != "users/all.yaml");
    let by_account = world.clone().edit(", kim@acme.com]", ", account: acc-kim@acme.com]").plan();
    assert_eq!((keys(&by_account), otherwise(&by_account)), (vec![], vec![]));
    assert_eq!(otherwise(&world.plan()), NONE, "a group names them");
    // Neighbour: nothing names them any more.
    let left = world.edit(", kim@acme.com]", "]").edit("sre:\n", "sre:\n    mode: at-least\n").plan();
    assert_eq!(otherwise(&left), ["user.kim@acme.com: leaves", "member.sre/kim@acme.com: leaves"]);
}
