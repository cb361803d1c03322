//! What a waiver of `self-grant` sets aside, and for whom anybody may write one; and accounts of which nothing says whose they
//! are.

use rollbook::model::Surface;

use super::{NONE, hired};
use crate::plan::guards::rulings;
use crate::world::{Account, World};

const POLICY: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  protect: { users: [] }\n  admins: [ines@acme.com]\n";
const WAIVE: &str =
    "waive:\n  - { guard: self-grant, for: [ADDRESS], because: \"A reason\", until: 2027-01-01 }\n";
const LOOSENED: &str = "self-grant : refused";

/// Mal has a second account, which shows a note of their address. Nobody knows whose acc-x is.
fn world(members: &str) -> World {
    let groups = format!(
        "  payroll:\n    members: [{members}]\n  team:\n    members: [mal@acme.com, chen@acme.com]\n"
    );
    let users = "  mal@acme.com: {}\n  root@acme.com: {}\n";
    World::of(&format!("operator: root@acme.com\n{POLICY}"), users, &groups)
        .change(hired(&["ines@acme.com", "root@acme.com"]))
        .change(|live| {
            let second =
                Account { email: Some("mal+two@acme.com".into()), ..Account::person("two@acme.com") };
            live.accounts.insert("acc-two".into(), second);
            let nameless = Account { email: None, ..Account::person("x@acme.com") };
            live.accounts.insert("acc-x".into(), nameless);
        })
}

fn waived(world: World, address: &str) -> World {
    world.edit("operator:", &format!("{}operator:", WAIVE.replace("ADDRESS", address)))
}

fn judged(world: World, author: &str) -> Vec<String> {
    rulings(&world.by(author).plan())
}

#[test]
fn a_waiver_lets_nobody_say_who_somebody_is() {
    let lines = |ines: &str| format!("users:\n  ines@acme.com: {{ account: {ines}, from: jira }}\n");
    let locked = |base: World| base.lock(&lines("acc-ines@acme.com")).then_base();
    for account in ["acc-mal@acme.com", "acc-chen@acme.com"] {
        let moved = locked(waived(world("ada@acme.com"), "user.ines@acme.com"));
        let moved = moved.edit("acc-ines@acme.com, from", &format!("{account}, from"));
        assert_eq!(judged(moved, "mal@acme.com"), ["self-grant user.ines@acme.com: refused"], "{account}");
    }
    let first = waived(world("ada@acme.com"), "user.ines@acme.com").then_base();
    let first = first.lock(&lines("acc-mal@acme.com"));
    assert_eq!(judged(first, "mal@acme.com"), ["self-grant user.ines@acme.com: refused"]);
    let dropped = locked(waived(world("ada@acme.com"), "user.ines@acme.com"));
    let dropped = dropped.edit(&lines("acc-ines@acme.com"), "users: {}\n");
    assert_eq!(judged(dropped, "mal@acme.com"), ["self-grant user.ines@acme.com: refused"]);
    // Neighbour: a grant it does set aside.
    let granted = waived(world("ada@acme.com"), "member.payroll/mal@acme.com").then_base();
    let granted = granted.edit("[ada@acme.com]", "[ada@acme.com, mal@acme.com]");
    assert_eq!(judged(granted, "mal@acme.com"), ["self-grant member.payroll/mal@acme.com: waived"]);
}

#[test]
fn nobody_waives_the_rule_for_an_account_that_may_be_theirs() {
    let of = |address: &str, author: &str| {
        let world = waived(world("ada@acme.com").then_base(), address).change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        });
        judged(world, author)
    };
    for address in
        ["member.payroll/account:acc-x", "user.account:acc-two", "member.payroll/account:acc-later"]
    {
        assert_eq!(of(address, "mal@acme.com"), [LOOSENED], "{address}");
        assert_eq!(of(address, "ines@acme.com"), NONE, "{address}");
    }
    // Neighbours: a colleague's account, by its id and by an address that no line and no member names.
    assert_eq!(of("member.payroll/account:acc-chen@acme.com", "mal@acme.com"), NONE);
    assert_eq!(of("user.ines@acme.com", "mal@acme.com"), NONE);
}

#[test]
fn the_end_of_an_account_that_may_be_the_authors_stays() {
    let line = "{ account: acc-x, until: 2027-01-10 }";
    let base = |account: Option<&'static str>| {
        world(&format!("ada@acme.com, {line}")).then_base().change(move |live| {
            live.accounts.get_mut("acc-x").unwrap().email = account.map(Into::into);
            live.groups.get_mut("id-payroll").unwrap().members.insert("acc-x".into());
        })
    };
    let dropped = |base: World| base.edit(line, "{ account: acc-x }");
    let refused = ["self-grant member.payroll/account:acc-x: refused"];
    assert_eq!(judged(dropped(base(None)), "mal@acme.com"), refused);
    assert_eq!(judged(dropped(base(None)), "ines@acme.com"), NONE);
    assert_eq!(judged(dropped(base(Some("chen@acme.com"))), "mal@acme.com"), NONE, "it shows whose it is");
    // A tie of the change itself tells nobody whose it is.
    let pinned = base(None)
        .edit("  root@acme.com: {}\n", "  root@acme.com: {}\n  junk@acme.com: { account: acc-x }\n");
    let pinned = pinned.edit(line, "junk@acme.com");
    assert_eq!(judged(pinned, "mal@acme.com"), ["self-grant member.payroll/junk@acme.com: refused"]);
    // Nor does anybody tighten a rule that keeps it in.
    let kept = base(None).edit("{ users: [] }", "{ users: [], groups: [payroll] }");
    assert_eq!(judged(kept.clone(), "mal@acme.com"), [LOOSENED]);
    assert_eq!(judged(kept, "ines@acme.com"), NONE);
    // Nor declares it a member whom somebody has put in by hand.
    let adopted = world("ada@acme.com").then_base().change(|live| {
        live.groups.get_mut("id-payroll").unwrap().members.insert("acc-x".into());
    });
    let adopted = adopted.edit("[ada@acme.com]", "[ada@acme.com, { account: acc-x }]");
    assert_eq!(judged(adopted.clone(), "mal@acme.com"), refused);
    assert_eq!(judged(adopted, "ines@acme.com"), NONE);
}

#[test]
fn whose_a_newly_tied_account_is_the_organization_is_asked() {
    let pinned = |account: &str, author: &str| {
        let world = world("ada@acme.com").then_base().change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        });
        let pin = format!("users:\n  other@acme.com: {{ account: {account} }}\n");
        judged(world.edit("users:\n", &pin), author)
    };
    assert_eq!(pinned("acc-two", "mal@acme.com"), ["self-grant user.other@acme.com: refused"]);
    assert_eq!(pinned("acc-two", "chen@acme.com"), NONE);
    assert_eq!(pinned("acc-chen@acme.com", "mal@acme.com"), NONE);
}

#[test]
fn a_waiver_does_not_come_to_mean_somebody_or_something_else() {
    let waive = |guard: &str, address: &str| {
        let waiver = WAIVE.replace("self-grant", guard).replace("ADDRESS", address);
        world("ada@acme.com").edit("operator:", &format!("{waiver}operator:")).then_base()
    };
    for guard in ["protect", "exclusive", "max-revokes", "keep-at-least", "reactivation"] {
        let person = waive(guard, "user.gone@acme.com");
        let person = person.lock("users:\n  gone@acme.com: { account: acc-chen@acme.com, from: jira }\n");
        assert_eq!(
            judged(person.clone(), "mal@acme.com"),
            ["self-grant user.gone@acme.com: refused"],
            "{guard}"
        );
        assert_eq!(judged(person, "ines@acme.com"), NONE, "{guard}");
        let group = waive(guard, "group.launch").edit("  team:\n", "  launch:\n    id: id-team\n");
        let found = judged(group, "mal@acme.com");
        assert!(found.contains(&"self-grant group.launch: refused".to_owned()), "{guard}: {found:?}");
    }
    // Neighbour: a line of a user that no rule and no waiver names.
    let other = waive("protect", "user.gone@acme.com");
    let other = other.lock("users:\n  chen@acme.com: { account: acc-chen@acme.com, from: jira }\n");
    assert_eq!(judged(other, "mal@acme.com"), NONE);
}

#[test]
fn a_waiver_follows_its_account_to_another_name_by_anybody() {
    let base = waived(world("ada@acme.com, chen@acme.com"), "member.payroll/chen@acme.com")
        .lock("users:\n  chen@acme.com: { account: acc-chen@acme.com, from: jira }\n")
        .then_base()
        .change(|live| live.account("chen@acme.com").email = Some("li@acme.com".into()));
    let renamed = base
        .edit("  chen@acme.com:", "  li@acme.com:")
        .edit("member.payroll/chen@", "member.payroll/li@")
        .edit("[ada@acme.com, chen@", "[ada@acme.com, li@")
        .edit("[mal@acme.com, chen@", "[mal@acme.com, li@");
    assert_eq!(judged(renamed.clone(), "mal@acme.com"), NONE);
    // Neighbours: for longer, and for an account that the base does not waive it for.
    let longer = renamed.clone().edit("2027-01-01", "2027-06-01");
    assert_eq!(judged(longer, "mal@acme.com"), [LOOSENED]);
    let other = renamed.edit("member.payroll/li@", "member.payroll/late@");
    assert_eq!(judged(other, "mal@acme.com"), [LOOSENED]);
}
