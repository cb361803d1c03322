//! `keep-at-least`, `max-revokes` and the last administrator: who counts, and in which order people come and go.

use rollbook::model::{AccountKind, ManagedBy, Reason, Surface};
use rollbook::plan::Scope;

use super::{NONE, hired, refused_first, requires, said};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Account, Group, World};

const FLOOR: &str = "policy:\n  keep-at-least: { support: 2 }\n";
const SUPPORT: &str = "  support:\n    members: [ada@acme.com, bruno@acme.com]\n";

#[test]
fn a_floor_holds_for_the_group_whatever_the_tree_calls_it() {
    // The rename is applied and committed; the edit comes later.
    let renamed = World::of(FLOOR, "", SUPPORT).edit("  support:\n", "  helpdesk:\n    id: id-support\n");
    let refused = ["keep-at-least group.helpdesk: refused"];
    let leaves = renamed.clone().then_base().edit(", bruno@acme.com", "");
    assert_eq!(rulings(&leaves.plan()), refused);
    refused_first(&leaves, "keep-at-least");
    let together = World::of(FLOOR, "", SUPPORT)
        .then_base()
        .edit("  support:\n", "  helpdesk:\n    id: id-support\n")
        .edit(", bruno@acme.com", "");
    assert_eq!(rulings(&together.plan()), refused, "with the rename itself");
    // The site has the new name too; the lock of before knows the old one.
    let everywhere = leaves.clone().lock("groups:\n  support: { id: id-support, from: jira }\n");
    let everywhere = everywhere.change(|live| live.group("support").name = "helpdesk".into());
    assert_eq!(rulings(&everywhere.plan()), refused);
    // Who is offboarded leaves as well.
    let offboarded = World::of(
        &FLOOR.replace("policy:\n", "policy:\n  offboard: remove\n"),
        "  bruno@acme.com: { active: true }\n",
        SUPPORT,
    );
    let offboarded = offboarded
        .edit("  support:\n", "  helpdesk:\n    id: id-support\n")
        .then_base()
        .edit("active: true", "active: false");
    assert_eq!(rulings(&offboarded.plan()), refused);
    // Neighbours: one leaves and another one comes; another group loses its second last.
    let relieved = renamed.then_base().edit("bruno@acme.com", "carla@acme.com");
    let relieved = relieved.change(hired(&["carla@acme.com"]));
    assert_eq!(rulings(&relieved.plan()), NONE);
    let other =
        World::of(FLOOR, "", &format!("{SUPPORT}  sre:\n    members: [eve@acme.com, kim@acme.com]\n"));
    assert_eq!(rulings(&other.then_base().edit(", kim@acme.com", "").plan()), NONE);
}

#[test]
fn a_floor_counts_people_with_an_active_account() {
    let refused = ["keep-at-least group.support: refused"];
    let leaves = |who: &str, users: &str| {
        let groups = format!("  support:\n    members: [ada@acme.com, bruno@acme.com, {who}]\n");
        let policy = format!("{FLOOR}  invite-domains: [acme.com]\n");
        World::of(&policy, users, &groups).then_base().edit(" bruno@acme.com,", "")
    };
    let app = leaves("account: acc-app", "");
    assert_eq!(rulings(&app.plan()), refused, "an app is nobody");
    let invited = leaves("zoe@acme.com", "  zoe@acme.com: { active: true }\n").change(|live| {
        let zoe = live.id_of("zoe@acme.com");
        live.leave("support", "zoe@acme.com");
        live.accounts.remove(&zoe);
    });
    assert!(keys(&invited.plan()).contains(&"invite user.zoe@acme.com".to_owned()));
    let anew = [refused[0], "reactivation user.zoe@acme.com: refused"];
    assert_eq!(rulings(&invited.plan()), anew, "whom the plan invites has not come yet");
    let asleep = leaves("zoe@acme.com", "").change(|live| live.account("zoe@acme.com").active = false);
    assert_eq!(rulings(&asleep.plan()), refused);
    let customer = leaves("account: acc-customer", "").change(|live| {
        live.accounts.get_mut("acc-customer").unwrap().kind = AccountKind::Customer;
    });
    assert_eq!(rulings(&customer.plan()), refused);
    let comes = leaves("zoe@acme.com", "").change(|live| {
        live.leave("support", "zoe@acme.com");
        live.account("zoe@acme.com").active = false;
    });
    assert_eq!(rulings(&comes.plan()), refused, "who comes must be active too");
    // Neighbours.
    assert_eq!(rulings(&leaves("zoe@acme.com", "").plan()), NONE);
    let joins = leaves("zoe@acme.com", "").change(|live| live.leave("support", "zoe@acme.com"));
    assert_eq!(rulings(&joins.plan()), NONE);
}

const SELF_GRANT: &str = "self-grant: refuse\n  privileged: [support]";

/// Access that ended in two groups, one of which has a floor.
fn night(reasons: Vec<Reason>) -> World {
    let ended = "{ user: bruno@acme.com, until: 2026-11-20 }";
    let groups = format!(
        "  support:\n    members: [ada@acme.com, {ended}]\n  team:\n    members: [ada@acme.com, {ended}]\n"
    );
    let mut world = World::of(FLOOR, "", &groups).change(|live| {
        live.hire("bruno@acme.com");
        live.join("support", "bruno@acme.com");
        live.join("team", "bruno@acme.com");
    });
    world.scope.reasons = reasons;
    world
}

#[test]
fn one_refused_floor_keeps_nobody_elses_expired_access() {
    let plan = night(vec![Reason::Expired, Reason::Offboarded]).plan();
    assert_eq!(rulings(&plan), NONE);
    assert_eq!(keys(&plan), ["remove member.team/bruno@acme.com"]);
    assert_eq!(codes(&plan), [("remove member.support/bruno@acme.com".into(), "keep-at-least")]);
    assert_eq!(plan.blocked[0].reason, Reason::Expired, "the night shows what it could not end");
    // So does a protection.
    let mut protected =
        night(vec![Reason::Expired]).edit("keep-at-least: { support: 2 }", "protect: { groups: [support] }");
    protected.scope.reasons = vec![Reason::Expired];
    assert_eq!(keys(&protected.plan()), ["remove member.team/bruno@acme.com"]);
    assert_eq!(codes(&protected.plan()), [("remove member.support/bruno@acme.com".into(), "protect")]);
    // Somebody who is offboarded may be the one who is missing then.
    let mut leaver = World::of(
        &FLOOR.replace("policy:\n", "policy:\n  offboard: remove\n"),
        "  bruno@acme.com: { active: false }\n",
        "  support:\n    members: [ada@acme.com]\n  team:\n    members: [{ user: eve@acme.com, until: 2026-11-20 }]\n",
    )
    .change(|live| {
        live.join("support", "bruno@acme.com");
        live.hire("eve@acme.com");
        live.join("team", "eve@acme.com");
    });
    leaver.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
    assert!(keys(&leaver.plan()).contains(&"remove member.team/eve@acme.com".to_owned()));
    assert!(!keys(&leaver.plan()).contains(&"remove member.support/bruno@acme.com".to_owned()));
    // What a change declares is judged with the change, and not in the night.
    let mut beside =
        night(vec![Reason::Expired]).edit("keep-at-least: { support: 2 }", SELF_GRANT).then_base();
    beside = beside.edit("[ada@acme.com, { user", "[ada@acme.com, eve@acme.com, { user").by("eve@acme.com");
    beside = beside.change(hired(&["eve@acme.com"])).change(|live| live.join("support", "eve@acme.com"));
    assert_eq!((rulings(&beside.plan()), keys(&beside.plan()).len()), (vec![], 2));
    let merge = World { scope: Scope::default(), ..beside.clone() };
    assert_eq!(rulings(&merge.plan()), ["self-grant member.support/eve@acme.com: refused"]);
    // So is one that is about another group than is asked for.
    let mut elsewhere = merge.clone();
    elsewhere.scope.targets = vec!["group.team".parse().unwrap()];
    assert_eq!(rulings(&elsewhere.plan()), NONE);
    elsewhere.scope.targets = vec!["group.support".parse().unwrap()];
    assert_eq!(rulings(&elsewhere.plan()), rulings(&merge.plan()));
    // Neighbours: a merge is refused as a whole, and a night that breaks nothing blocks nothing.
    assert_eq!(rulings(&night(Vec::new()).plan()), ["keep-at-least group.support: refused"]);
    let calm = night(vec![Reason::Expired]).edit("support: 2", "support: 1").plan();
    assert_eq!((codes(&calm), keys(&calm).len()), (vec![], 2));
}

/// Four of five leave the site, and nothing declares them in the group.
fn leavers(policy: &str, surfaces: &[Surface]) -> World {
    let users: String = (1..5).map(|number| format!("  p{number}@acme.com: {{ active: true }}\n")).collect();
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let policy = format!("{head}policy:\n  offboard: remove\n  {policy}\n");
    let all = "[p0@acme.com, p1@acme.com, p2@acme.com, p3@acme.com, p4@acme.com]";
    let surfaces = surfaces.iter().copied().collect();
    World::of(&policy, &users, &format!("  team:\n    members: {all}\n"))
        .then_base()
        .change(|live| live.surfaces = surfaces)
}

fn offboarding(mut world: World, people: usize) -> World {
    for number in 1..=people {
        let from = format!("p{number}@acme.com: {{ active: true }}");
        world = world.edit(&from, &from.replace("true", "false"));
    }
    world
}

#[test]
fn a_group_loses_those_too_whose_account_ends() {
    let limit = "max-revokes: { group: { count: 2, percent: 20 } }";
    let refused = ["max-revokes group.team: refused"];
    for surfaces in [&[Surface::Jira][..], &[Surface::Organization], &[Surface::Jira, Surface::Organization]]
    {
        let world = leavers(limit, surfaces);
        assert_eq!(rulings(&offboarding(world.clone(), 3).plan()), refused, "{surfaces:?}");
        assert_eq!(rulings(&offboarding(world, 2).plan()), NONE, "{surfaces:?}");
    }
    // And those who are lost with a deleted group.
    let world = World::of(
        &format!("policy:\n  {limit}\n"),
        "",
        "  team:\n    members: [p0@acme.com, p1@acme.com, p2@acme.com]\n",
    );
    let deleted =
        world.then_base().edit("    members: [p0@acme.com, p1@acme.com, p2@acme.com]", "    absent: true");
    assert!(rulings(&deleted.plan()).contains(&refused[0].to_owned()), "{:?}", rulings(&deleted.plan()));
}

#[test]
fn a_leaver_counts_the_same_through_every_surface() {
    let counts: Vec<usize> =
        [&[Surface::Jira][..], &[Surface::Organization], &[Surface::Jira, Surface::Organization]]
            .into_iter()
            .map(|surfaces| {
                offboarding(leavers("max-revokes: { total: 9 }", surfaces), 4).plan().summary.revokes
            })
            .collect();
    assert_eq!(counts, [4, 4, 4], "one membership each, and the account with it");
    let limit = |most: u32| {
        let policy = format!("max-revokes: {{ total: {most} }}");
        let surfaces = [[Surface::Jira], [Surface::Organization]];
        let of = |surface: &[Surface]| rulings(&offboarding(leavers(&policy, surface), 4).plan());
        surfaces.map(|surface| of(&surface))
    };
    assert_eq!(limit(3), [["max-revokes : refused"], ["max-revokes : refused"]]);
    assert_eq!(limit(4), [NONE, NONE]);
    // Somebody who is in no group counts once.
    let lone = |surface: Surface| {
        let world = leavers("max-revokes: { total: 0 }", &[surface])
            .edit("[p0@acme.com, p1@acme.com,", "[p0@acme.com,");
        let world = world.then_base().change(|live| live.leave("team", "p1@acme.com"));
        (rulings(&offboarding(world.clone(), 1).plan()), offboarding(world, 1).plan().summary.revokes)
    };
    for surface in [Surface::Jira, Surface::Organization] {
        assert_eq!(lone(surface), (vec!["max-revokes : refused".into()], 1));
    }
}

/// The seed and the tree that made `plan` panic.
fn full_licence(policy: &str) -> World {
    World::of(
        policy,
        "  ada@acme.com: { active: false }\n",
        "  gold:\n    members: [ben@acme.com, cleo@acme.com]\n",
    )
    .change(|live| {
        live.leave("gold", "cleo@acme.com");
        live.join("gold", "ada@acme.com");
        live.roles = vec![("jira-software".into(), vec!["id-gold".into()], Vec::new())];
        live.seats = [("jira-software".to_owned(), 0)].into();
    })
}

#[test]
fn a_full_licence_a_leaver_a_joiner_and_a_floor_have_an_order() {
    // `plan` panicked, since the leaver waited for the joiner and the joiner for the seat.
    let floor = "policy:\n  offboard: remove\n  keep-at-least: { gold: 2 }\n";
    let plan = full_licence(floor).plan();
    let order =
        ["add member.gold/cleo@acme.com", "remove member.gold/ada@acme.com", "remove user.ada@acme.com"];
    assert_eq!(keys(&plan), order);
    assert_eq!(requires(&plan, order[1]), [order[0]]);
    assert_eq!(rulings(&plan), NONE);
    // By suspension, with a group that excludes, and with the last administrator as the leaver.
    let others = [
        "policy:\n  offboard: suspend\n  keep-at-least: { gold: 2 }\n",
        "policy:\n  offboard: remove\n  keep-at-least: { gold: 2 }\n  exclusive: [[gold, silver]]\n",
    ];
    for policy in others {
        let plan = full_licence(policy).plan();
        let at = |key: &str| keys(&plan).iter().position(|it| it == key);
        let (add, remove) = (at("add member.gold/cleo@acme.com"), at("remove member.gold/ada@acme.com"));
        assert!(add < remove && add.is_some(), "{policy}: {:?}", keys(&plan));
    }
    let admins = full_licence(floor).change(|live| live.admin_groups = ["id-gold".to_owned()].into());
    assert_eq!(keys(&admins.plan()), order);
    // Neighbour: without a floor the seat is freed first.
    let free = full_licence("policy:\n  offboard: remove\n").plan();
    let order =
        ["remove member.gold/ada@acme.com", "add member.gold/cleo@acme.com", "remove user.ada@acme.com"];
    let found = keys(&free);
    assert_eq!(found.iter().position(|it| it == order[0]), Some(0), "{found:?}");
    assert_eq!(said(&free, "seats-short"), NONE);
}

#[test]
fn nothing_leaves_the_site_to_an_app() {
    let world = |admins: &str| {
        World::of("", "", &format!("  site-admins:\n    members: [{admins}]\n"))
            .then_base()
            .change(|live| live.admin_groups = ["id-site-admins".to_owned()].into())
    };
    let last = [("remove member.site-admins/ada@acme.com".to_owned(), "last-admin")];
    let app = world("ada@acme.com, account: acc-app").edit("ada@acme.com, ", "");
    assert_eq!(codes(&app.plan()), last);
    let asleep = world("ada@acme.com, bob@acme.com").edit("ada@acme.com, ", "");
    assert_eq!(
        codes(&asleep.clone().change(|live| live.account("bob@acme.com").active = false).plan()),
        last
    );
    // A new app does not count as a new administrator.
    let comes = world("ada@acme.com").edit("ada@acme.com", "account: acc-new");
    let comes = comes.change(|live| {
        live.accounts.insert("acc-new".into(), Account::app("Robot"));
    });
    assert_eq!(codes(&comes.plan()), last);
    // Neighbours: a person who stays, and one who comes.
    assert_eq!(codes(&asleep.plan()), []);
    let relieved =
        world("ada@acme.com").edit("ada@acme.com", "bob@acme.com").change(hired(&["bob@acme.com"]));
    assert_eq!((codes(&relieved.plan()), keys(&relieved.plan()).len()), (vec![], 2));
}

#[test]
fn a_group_that_was_not_read_loses_those_whose_account_sleeps_and_no_others() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let users = "  bob@acme.com: { active: true }\n";
    let groups = "  old:\n    members: []\n  team:\n    members: [bob@acme.com, ada@acme.com]\n";
    // An identity provider keeps the members of `payroll` and of `loose`, so that a suspension ends none of them.
    let changed = |of_payroll: &str, from: &str, to: &str| {
        let taken = World::of(head, users, groups).change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
            let other = if of_payroll == "bob" { "ada" } else { "bob" };
            for (name, who) in [("payroll", of_payroll), ("loose", other)] {
                let member = format!("acc-{who}@acme.com");
                let group = Group { managed_by: ManagedBy::External, ..Group::of(name, [member].into()) };
                live.groups.insert(format!("id-{name}"), group);
            }
        });
        let text = taken.snapshot(false);
        let floor = format!("{head}policy:\n  keep-at-least: {{ payroll: 1 }}\n");
        let changed = World { live: taken.live, ..World::of(&floor, users, groups) };
        changed.edit(from, to).plan_from_text(&text).unwrap()
    };
    let leaves = ("active: true", "active: false");
    let refused = changed("bob", leaves.0, leaves.1);
    assert!(keys(&refused).contains(&"suspend user.bob@acme.com".to_owned()), "{:?}", codes(&refused));
    assert_eq!(rulings(&refused), ["keep-at-least group.payroll: refused"]);
    assert!(refused.guards[0].why.ends_with("were not read"), "{}", refused.guards[0].why);
    // Neighbours: they are in another group of that kind, and another group is deleted.
    let other = changed("ada", leaves.0, leaves.1);
    assert!(keys(&other).contains(&"suspend user.bob@acme.com".to_owned()), "{:?}", codes(&other));
    assert_eq!(rulings(&other), NONE);
    let deleted = changed("bob", "old:\n    members: []", "old:\n    absent: true");
    assert_eq!((keys(&deleted), rulings(&deleted)), (vec!["delete group.old".into()], vec![]));
}

#[test]
fn what_goes_with_a_deleted_group_does_not_go_with_an_account_again() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let world = World::of(
        &format!("{head}policy:\n  offboard: remove\n"),
        "  bob@acme.com: { active: true }\n",
        "  team:\n    members: [bob@acme.com, ada@acme.com]\n",
    );
    let world = world.edit("active: true", "active: false").change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.groups.insert("id-old".into(), Group::of("old", ["acc-bob@acme.com".to_owned()].into()));
    });
    assert!(world.text().contains("leaves old"), "{}", world.text());
    let deleted = world.edit("groups:\n", "groups:\n  old: { absent: true }\n");
    assert!(keys(&deleted.plan()).contains(&"delete group.old".to_owned()), "{:?}", codes(&deleted.plan()));
    assert!(!deleted.text().contains("leaves old"), "{}", deleted.text());
    assert_eq!(deleted.plan().summary.revokes, 2, "one membership of each group");
}

#[test]
fn a_night_that_keeps_a_protected_membership_keeps_the_account_with_it() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let groups = "  support:\n    members: [ada@acme.com]\n  team:\n    members: [ada@acme.com]\n";
    let of = |policy: &str, group: &str| {
        let policy = format!("{head}policy:\n  offboard: suspend\n{policy}");
        let mut world = World::of(&policy, "  bob@acme.com: { active: false }\n", groups).change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
            live.join(group, "bob@acme.com");
        });
        world.scope.reasons = vec![Reason::Offboarded];
        let plan = world.plan();
        (keys(&plan), codes(&plan))
    };
    let protect = "  protect: { groups: [support] }\n";
    let [member, user] = ["remove member.support/bob@acme.com", "suspend user.bob@acme.com"];
    // Suspended, bob would stay in the group without effect.
    assert_eq!(of(protect, "support"), (vec![], vec![(user.into(), "protect"), (member.into(), "protect")]));
    // Neighbours: another group, and no such rule.
    assert_eq!(of(protect, "team"), (vec![user.into(), "remove member.team/bob@acme.com".into()], vec![]));
    assert_eq!(of("", "support"), (vec![user.into(), member.into()], vec![]));
}
