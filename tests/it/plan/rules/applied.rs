//! A privileged grant that is left over from the base passes only where an apply has completed that asked for it: by account
//! and group, whatever the tree of that apply calls them.

use rollbook::model::{Reason, Surface};

use super::NONE;
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::World;

const POLICY: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n";
const GROUPS: &str =
    "  payroll:\n    members: [ada@acme.com, eve@acme.com]\n  team:\n    members: [dina@acme.com]\n";
const REFUSED: [&str; 1] = ["self-grant member.payroll/eve@acme.com: refused"];

/// The files of the last commit whose apply completed, instead of those of the base.
fn applied(world: &World, edits: &[(&str, &str)]) -> World {
    let edited = edits.iter().fold(world.clone(), |world, (from, to)| world.edit(from, to));
    World { applied: Some(edited.files), ..world.clone() }
}

/// The base asks for what the tree asks for, and no apply of it is known; somebody else made the change.
fn left_over(groups: &str) -> World {
    let world = World::of(POLICY, "", groups).then_base().by("dina@acme.com");
    World { base_applied: false, ..world }
}

#[test]
fn what_an_apply_has_asked_for_is_granted_by_account_and_group() {
    let world = left_over(GROUPS).change(|live| live.leave("payroll", "eve@acme.com"));
    assert_eq!(rulings(&world.plan()), REFUSED, "nothing is known to have been applied");
    assert_eq!(rulings(&applied(&world, &[]).plan()), NONE);
    let judged = |edits: &[(&str, &str)]| rulings(&applied(&world, edits).plan());
    // By other names of the account and of the group.
    assert_eq!(judged(&[(", eve@acme.com]", ", account: acc-eve@acme.com]")]), NONE);
    assert_eq!(judged(&[("  payroll:\n", "  wages:\n    id: id-payroll\n")]), NONE);
    // Neighbours: it asked for others in the group, or for the person in another group.
    assert_eq!(judged(&[(", eve@acme.com]", "]")]), REFUSED);
    assert_eq!(judged(&[(", eve@acme.com]", "]"), ("[dina@acme.com]", "[eve@acme.com]")]), REFUSED);
    assert_eq!(judged(&[(", eve@acme.com]", ", { user: eve@acme.com, until: 2026-11-20 }]")]), REFUSED);
}

#[test]
fn what_an_apply_has_asked_for_is_granted_in_a_group_that_is_yet_to_be_made() {
    let world = left_over(GROUPS).change(|live| {
        live.groups.remove("id-payroll");
        live.groups.remove("id-team");
    });
    let refused = [
        "self-grant member.payroll/ada@acme.com: refused",
        "self-grant member.payroll/eve@acme.com: refused",
    ];
    assert_eq!(rulings(&world.plan()), refused);
    assert_eq!(rulings(&applied(&world, &[]).plan()), NONE);
    let both = "[ada@acme.com, eve@acme.com]";
    // Neighbour: it asked for both in another group that is yet to be made.
    let other = applied(&world, &[(both, "[]"), ("[dina@acme.com]", both)]);
    assert_eq!(rulings(&other.plan()), refused);
}

#[test]
fn what_an_apply_has_asked_for_of_an_account_is_granted() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let users = "  eve@acme.com: { active: true }\n  kim@acme.com: { active: false }\n";
    let world = World::of(&format!("{head}{POLICY}"), users, GROUPS).change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.account("eve@acme.com").suspended = true;
        live.account("kim@acme.com").suspended = true;
    });
    let world = World { base_applied: false, ..world.then_base().by("dina@acme.com") };
    let judged = |world: &World| {
        let plan = world.plan();
        let activation = "activate user.eve@acme.com".to_owned();
        // Where nothing else refuses it, it waits as one who was suspended by hand.
        let waits = codes(&plan).contains(&(activation.clone(), "reactivation"));
        assert!(keys(&plan) == [activation] || waits);
        let mut judged = rulings(&plan);
        judged.retain(|it| it.starts_with("self-grant"));
        judged
    };
    let refused = ["self-grant user.eve@acme.com: refused"];
    assert_eq!(judged(&world), refused);
    assert_eq!(judged(&applied(&world, &[])), NONE);
    // Neighbours: it said so of somebody else, or said the opposite, or nothing.
    let active = ("eve@acme.com: { active: true }", "eve@acme.com: { active: false }");
    assert_eq!(judged(&applied(&world, &[active])), refused);
    let other = ("kim@acme.com: { active: false }", "kim@acme.com: { active: true }");
    assert_eq!(judged(&applied(&world, &[active, other])), refused);
    assert_eq!(judged(&applied(&world, &[("active: true", "name: EVE"), other])), refused);
}

#[test]
fn a_night_ends_what_the_base_ends_whatever_a_later_change_means_by_its_name() {
    let crew = "  crew:\n    id: id-crew\n    members: [dina@acme.com]\n";
    let wages = |id: &str, until: &str| {
        format!(
            "  wages:\n    id: {id}\n    members:\n      - ada@acme.com\n      - {{ user: dina@acme.com{until} }}\n"
        )
    };
    let policy = "policy:\n  privileged: [wages]\n";
    let base = World::of(policy, "", &format!("{crew}{}", wages("id-wages", ", until: 2026-01-02"))).change(
        |live| {
            live.join("wages", "dina@acme.com");
            live.group("wages").name = "payroll".into();
            live.group("crew").name = "squad".into();
        },
    );
    let night = |changed: World| {
        let mut night = World { base: Some(base.files.clone()), ..changed };
        night.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
        night.plan()
    };
    let removed = |plan: &rollbook::model::Plan| {
        let memberships =
            plan.operations.iter().filter_map(|it| it.operation.group().map(ToString::to_string));
        memberships.collect::<Vec<_>>()
    };
    assert_eq!(removed(&night(base.clone())), ["id-wages"]);
    // A change that was not applied swaps the ids, and names Dina in both.
    let swapped = base.clone().edit("id: id-wages", "id: id-other").edit("id: id-crew", "id: id-wages");
    let swapped = swapped.edit("id: id-other", "id: id-crew").edit(", until: 2026-01-02", "");
    let plan = night(swapped);
    assert_eq!(
        (keys(&plan), removed(&plan)),
        (vec!["remove member.crew/dina@acme.com".into()], vec!["id-wages".into()])
    );
    // Or gives the name of the group to another one, and leaves the group out.
    let taken =
        base.clone().edit(crew, "").edit("id: id-wages", "id: id-crew").edit(", until: 2026-01-02", "");
    assert_eq!(removed(&night(taken)), ["id-wages"]);
}

#[test]
fn a_night_counts_what_a_later_change_ends_for_no_reason_of_a_night_as_kept() {
    // The base ends Dina and Erik on a day; a change that was not applied takes their lines out, so that they are undeclared.
    let ended = "      - { user: dina@acme.com, until: 2026-01-02 }\n";
    let team = format!("  team:\n    members:\n      - ada@acme.com\n{ended}");
    let base = World::of("", "", &team).change(|live| live.join("team", "dina@acme.com"));
    let night = |changed: World| {
        let mut night = World { base: Some(base.files.clone()), ..changed };
        night.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
        night.plan()
    };
    assert_eq!(keys(&night(base.clone())), ["remove member.team/dina@acme.com"]);
    let kept = night(base.clone().edit(ended, ""));
    let named = vec![("remove member.team/dina@acme.com".to_owned(), "kept-by-change")];
    assert_eq!((keys(&kept), codes(&kept)), (vec![], named));
}

#[test]
fn a_night_ends_what_the_base_ends_whomever_a_later_change_of_the_lock_names() {
    // Dina shows another email by now, and Erik, whom the base keeps, hides his.
    let lock = "users:\n  dina@acme.com: { account: acc-dina@acme.com, from: jira }\n  erik@acme.com: { account: \
                acc-erik@acme.com, from: jira }\n";
    let groups = "  payroll:\n    members:\n      - ada@acme.com\n      - { user: dina@acme.com, until: 2026-01-02 }\n  team:\n    \
                  members: [erik@acme.com]\n";
    let night = |head: &str, swapped: bool| {
        let policy = format!("{head}policy:\n  privileged: [payroll]\n  protect: {{ users: [PROTECTED] }}\n");
        let protected = if head.is_empty() { "erik@acme.com" } else { "ada@acme.com" };
        let base = World::of(&policy.replace("PROTECTED", protected), "", groups).lock(lock).change(|live| {
            live.join("payroll", "dina@acme.com");
            live.account("dina@acme.com").email = Some("dee@acme.com".into());
            live.account("erik@acme.com").email = None;
        });
        let mut night = base.clone().then_base();
        if swapped {
            let swap = [("acc-dina@", "acc-x@"), ("acc-erik@", "acc-dina@"), ("acc-x@", "acc-erik@")];
            night = swap.iter().fold(night, |world, (from, to)| world.edit(from, to));
        }
        night.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
        let plan = night.plan();
        let removed = plan.operations.iter().filter_map(|it| it.operation.account().map(ToString::to_string));
        (removed.collect::<Vec<_>>(), rulings(&plan))
    };
    for head in ["", "operator: erik@acme.com\n"] {
        for swapped in [false, true] {
            let ends = (vec!["acc-dina@acme.com".to_owned()], vec![]);
            assert_eq!(night(head, swapped), ends, "{head:?} {swapped}");
        }
    }
}
