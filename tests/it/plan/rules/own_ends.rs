//! The `until` of a person under `users:`.

use jiff::civil::date;
use rollbook::model::{Reason, Surface};

use super::{NONE, hired, notes, otherwise, said, shown_first};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Group, World};

const KIM: &str = "  kim@acme.com: { active: true, until: 2026-12-01, because: OPS-1 }\n";
const TEAMS: &str = "  team:\n    members: [kim@acme.com, ada@acme.com]\n  wide:\n    mode: at-least\n    members:\n      - \
                     group: team\n";
const REFUSE: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  admins: [root@acme.com]\n";

/// Kim is in two groups that list them, and in one that the tree does not declare.
fn contractor(policy: &str) -> World {
    World::of(policy, KIM, TEAMS).change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization].into();
        let kim = live.id_of("kim@acme.com");
        for group in ["side", "payroll"] {
            live.groups.insert(format!("id-{group}"), Group::of(group, [kim.clone()].into()));
        }
    })
}

fn on(day: jiff::civil::Date, world: World) -> World {
    World { today: day, ..world }
}

#[test]
fn everything_ends_with_the_account_on_the_day() {
    let world = contractor("policy:\n  offboard: suspend\n");
    assert_eq!(keys(&on(date(2026, 11, 30), world.clone()).plan()), NONE);
    let last = on(date(2026, 12, 1), world.clone());
    let plan = last.plan();
    let ends = [
        "remove member.payroll/kim@acme.com",
        "remove member.side/kim@acme.com",
        "remove member.team/kim@acme.com",
        "remove member.wide/kim@acme.com",
        "suspend user.kim@acme.com",
    ];
    let mut found = keys(&plan);
    found.sort();
    assert_eq!(found, ends);
    assert!(plan.operations.iter().all(|planned| planned.reason == Reason::Offboarded));
    // By night as well, and not by a clock that is wrong.
    let night = |mut world: World| {
        world.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
        world
    };
    assert_eq!(keys(&night(last.clone().then_base()).plan()).len(), 5);
    let mut early = night(last.then_base());
    early.site_day = Some(date(2026, 11, 22));
    let plan = early.plan();
    assert_eq!(keys(&plan), NONE);
    assert!(codes(&plan).iter().all(|(_, code)| *code == "clock-off"), "{:?}", codes(&plan));
}

#[test]
fn a_listing_lasts_no_longer_than_the_person() {
    let ends = |world: &World| -> Vec<_> {
        let mut found: Vec<_> = world
            .plan()
            .operations
            .iter()
            .map(|planned| (planned.key.address.to_string(), planned.until))
            .collect();
        found.sort();
        found
    };
    let joins = |users: &str, groups: &str| {
        World::of("", users, groups).change(|live| {
            live.leave("team", "kim@acme.com");
            live.leave("wide", "kim@acme.com");
        })
    };
    let day = Some(date(2026, 12, 1));
    assert_eq!(
        ends(&joins(KIM, TEAMS)),
        [("member.team/kim@acme.com".into(), day), ("member.wide/kim@acme.com".into(), day)]
    );
    let earlier = TEAMS.replace("[kim@acme.com, ", "[{ user: kim@acme.com, until: 2026-11-25 }, ");
    assert_eq!(ends(&joins(KIM, &earlier))[0].1, Some(date(2026, 11, 25)), "an entry may end earlier");
    let later = earlier.replace("2026-11-25", "2027-11-25");
    assert_eq!(ends(&joins(KIM, &later))[0].1, day);
    // The same person by the account's id.
    let by_id = TEAMS.replace("[kim@acme.com, ", "[{ account: acc-kim@acme.com }, ");
    let pinned = KIM.replace("until", "account: acc-kim@acme.com, until");
    assert_eq!(ends(&joins(&pinned, &by_id))[0].1, day);
    // What ends soon is said.
    let soon = World::of("", KIM, TEAMS).plan();
    assert_eq!(said(&soon, "expires-soon").len(), 2, "{:?}", notes(&soon));
}

#[test]
fn who_moves_their_own_end_away_keeps_what_they_hold() {
    let base = contractor(REFUSE).change(hired(&["zed@acme.com"])).then_base();
    let refused = ["self-grant member.payroll/kim@acme.com: refused"];
    for (from, to, shown) in [
        ("until: 2026-12-01", "until: 2027-12-01", "until 2026-12-01 → until 2027-12-01"),
        (", until: 2026-12-01, because: OPS-1", "", "until 2026-12-01 → no end"),
    ] {
        let world = base.clone().edit(from, to).by("kim@acme.com");
        assert_eq!(keys(&world.plan()), NONE);
        assert_eq!(rulings(&world.plan()), refused, "{shown}");
        shown_first(&world, shown);
        assert_eq!(rulings(&base.clone().edit(from, to).by("ada@acme.com").plan()), NONE, "a colleague may");
    }
    // The line goes as a whole.
    let left =
        base.clone().edit(&format!("users:\n{KIM}"), "users:\n  zed@acme.com: {}\n").by("kim@acme.com");
    assert_eq!(rulings(&left.plan()), refused);
    // Another email of the same account.
    let renamed = base.clone().edit("  kim@acme.com: { active: true, until: 2026-12-01", "  kim@acme.com: { account: \
                                                                                    acc-kim@acme.com, until: 2026-12-02");
    assert_eq!(rulings(&renamed.by("kim@acme.com").plan()), refused);
    // After that day, before an apply has ended it.
    let over =
        on(date(2026, 12, 2), base.clone()).edit("until: 2026-12-01", "until: 2027-12-01").by("kim@acme.com");
    assert_eq!((keys(&over.plan()), rulings(&over.plan())), (vec![], refused.map(String::from).to_vec()));
    // Neighbours: nearer, and nobody in anything privileged.
    let nearer = base.clone().edit("until: 2026-12-01", "until: 2026-11-25").by("kim@acme.com").plan();
    assert_eq!(rulings(&nearer), NONE);
    assert_eq!(otherwise(&nearer)[0], "user.kim@acme.com: 2026-12-01 to 2026-11-25");
    let plain = base
        .change(|live| live.leave("payroll", "kim@acme.com"))
        .edit("until: 2026-12-01", "until: 2027-12-01");
    assert_eq!(rulings(&plain.by("kim@acme.com").plan()), NONE);
}

#[test]
fn two_emails_of_one_account_offboard_it_once() {
    let users = "  kim@acme.com: { until: 2026-11-22 }\n  old@acme.com: { account: \
                 acc-kim@acme.com, active: false }\n";
    let world = World::of("policy:\n  offboard: deactivate\n", users, TEAMS).change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
    });
    let plan = world.plan();
    let accounts = plan.operations.iter().filter(|planned| planned.key.address.group().is_none());
    assert_eq!(accounts.count(), 1, "{:?}", keys(&plan));
}

#[test]
fn an_end_for_somebody_whom_no_group_lists_is_shown_and_judged() {
    let policy = format!("{REFUSE}  protect: {{ users: [kim@acme.com] }}\n");
    let base = |policy: &str| {
        let world = contractor(policy).edit(KIM, "  ada@acme.com: {}\n").edit("kim@acme.com, ada@", "ada@");
        let world = world.change(|live| {
            let kim = live.id_of("kim@acme.com");
            live.groups.get_mut("id-team").unwrap().members.remove(&kim);
            live.groups.get_mut("id-wide").unwrap().members.remove(&kim);
        });
        world.then_base().change(hired(&["root@acme.com"]))
    };
    let ended = |policy: &str| {
        base(policy)
            .edit("  ada@acme.com: {}\n", "  ada@acme.com: {}\n  kim@acme.com: { until: 2026-12-01 }\n")
    };
    let plan = ended(REFUSE).by("ada@acme.com").plan();
    let said = otherwise(&plan);
    assert!(said.contains(&"user.kim@acme.com: no end to 2026-12-01".to_owned()), "{said:#?}");
    let payroll = "member.payroll/kim@acme.com: no end to 2026-12-01, privileged".to_owned();
    assert!(said.contains(&payroll), "{said:#?}");
    assert_eq!(rulings(&plan), NONE);
    shown_first(&ended(REFUSE).by("ada@acme.com"), "no end → until 2026-12-01");
    let judged = rulings(&ended(&policy).by("ada@acme.com").plan());
    assert!(judged.contains(&"protect member.payroll/kim@acme.com: refused".to_owned()), "{judged:#?}");
    // Neighbour: without an end, nothing is said.
    let plan = base(REFUSE).edit("  ada@acme.com: {}\n", "  ada@acme.com: {}\n  kim@acme.com: {}\n").plan();
    assert_eq!(otherwise(&plan), NONE);
}

#[test]
fn nobody_tightens_a_rule_that_keeps_them_in_past_their_own_end() {
    let kept = |author: &str| {
        let world = contractor(REFUSE).then_base().change(hired(&["root@acme.com"]));
        let world = world
            .edit("  privileged: [payroll]\n", "  privileged: [payroll]\n  protect: { groups: [payroll] }\n");
        rulings(&world.by(author).plan())
    };
    assert!(kept("kim@acme.com").contains(&"self-grant : refused".to_owned()), "{:?}", kept("kim@acme.com"));
    assert_eq!(kept("ada@acme.com"), NONE);
    assert_eq!(kept("root@acme.com"), NONE);
}
