//! Rules that name people: they hold for the account.

use rollbook::model::Surface;

use super::{NONE, hired, said};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Account, World};

#[test]
fn somebody_suspended_by_hand_stays_so_under_another_email() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let users = "  bob@acme.com: { account: acc-bob, active: true }\n";
    let world = World::of(head, users, "  sre:\n    members: [bob@acme.com]\n").then_base().change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.accounts.get_mut("acc-bob").unwrap().suspended = true;
    });
    let renamed = world
        .clone()
        .edit("  bob@acme.com: {", "  robert@acme.com: {")
        .edit("[bob@acme.com]", "[robert@acme.com]");
    assert_eq!(codes(&renamed.plan()), [("activate user.robert@acme.com".into(), "reactivation")]);
    // Removed by hand, and invited back under another address of the same account.
    // Neighbours: the base had them inactive, and somebody else comes back.
    let back = World::of(head, &users.replace("true", "false"), "  sre:\n    members: []\n").then_base();
    let back = back.edit(
        "  bob@acme.com: { account: acc-bob, active: false }",
        "  robert@acme.com: { account: acc-bob, active: true }",
    );
    let back = back.change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.accounts.get_mut("acc-bob").unwrap().suspended = true;
    });
    assert_eq!(
        (rulings(&back.plan()), keys(&back.plan())),
        (vec![], vec!["activate user.robert@acme.com".into()])
    );
}

#[test]
fn a_locked_account_that_shows_another_email_is_not_let_into_a_privileged_group() {
    let lock = "users:\n  erik@acme.com: { account: acc-erik@acme.com, from: jira }\n";
    let world = |policy: &str| {
        let groups = "  payroll:\n    members: [ada@acme.com, erik@acme.com]\n";
        World::of(policy, "", groups).lock(lock).change(|live| {
            live.leave("payroll", "erik@acme.com");
            live.account("erik@acme.com").email = Some("mallory@acme.com".into());
        })
    };
    let marked = world("policy:\n  privileged: [payroll]\n");
    let expected = [("add member.payroll/erik@acme.com".to_owned(), "email-changed")];
    assert_eq!((keys(&marked.plan()), codes(&marked.plan())), (vec![], expected.to_vec()));
    assert_eq!(codes(&marked.clone().then_base().plan()), expected);
    // Through a group that it takes in, and where the site makes it privileged.
    let nested = marked.clone().edit(
        "    members: [ada@acme.com, erik@acme.com]\n",
        "    nest: true\n    members: [ada@acme.com, group: team]\n  team:\n    members: [erik@acme.com]\n",
    );
    assert!(codes(&nested.plan()).contains(&expected[0]), "{:?}", codes(&nested.plan()));
    let admins =
        world("policy:\n  mode: exact\n").change(|live| live.admin_groups = ["id-payroll".to_owned()].into());
    assert_eq!(codes(&admins.plan()), expected);
    // Back in, where the account is still a member.
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let woken = |privileged: &str| {
        let policy = format!("{head}policy:\n  privileged: [{privileged}]\n");
        let groups = "  payroll:\n    members: [ada@acme.com, erik@acme.com]\n";
        let world = World::of(&policy, "  erik@acme.com: { active: false }\n", groups).lock(lock).then_base();
        world.edit("active: false", "active: true").change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
            live.join("payroll", "erik@acme.com");
            let erik = live.account("erik@acme.com");
            (erik.suspended, erik.email) = (true, Some("mallory@acme.com".into()));
        })
    };
    assert_eq!(codes(&woken("payroll").plan()), [("activate user.erik@acme.com".into(), "email-changed")]);
    assert_eq!(keys(&woken("other").plan()), ["activate user.erik@acme.com"]);
    // Neighbours: a plain group goes on with a note; a pin, and an email that is hidden, say nothing else.
    let plain = world("policy:\n  mode: exact\n").plan();
    assert_eq!((keys(&plain), codes(&plain)), (vec!["add member.payroll/erik@acme.com".into()], vec![]));
    assert_eq!(said(&plain, "email-changed").len(), 1);
    let hidden = marked.change(|live| live.account("mallory@acme.com").hidden = true).plan();
    assert_eq!((keys(&hidden), codes(&hidden)), (vec!["add member.payroll/erik@acme.com".into()], vec![]));
}

const PROTECT: &str = "policy:\n  protect: { users: [boss@acme.com] }\n";

/// Nobody shows the email that is protected, and an account that hides its own is in a group undeclared.
fn unseen() -> World {
    World::of(PROTECT, "", "  team:\n    members: [ada@acme.com]\n").change(|live| {
        live.accounts.retain(|_, account| account.email.as_deref() != Some("boss@acme.com"));
        live.accounts
            .insert("acc-hidden".into(), Account { hidden: true, ..Account::person("b@else.example") });
        live.group("team").members.insert("acc-hidden".into());
    })
}

#[test]
fn while_somebody_protected_is_unseen_nobody_who_hides_loses_anything() {
    let plan = unseen().plan();
    assert_eq!(
        (keys(&plan), codes(&plan)),
        (vec![], vec![("remove member.team/account:acc-hidden".into(), "identity-unresolved")])
    );
    let told = said(&plan, "rule-names-nothing");
    assert!(told.len() == 1 && told[0].contains("boss@acme.com"), "{told:?}");
    // In a group that goes, and by being unlisted.
    let deleted = unseen().edit("members: [ada@acme.com]", "absent: true").plan();
    assert_eq!(keys(&deleted), NONE, "{:?}", rulings(&deleted));
    let unlisted = "policy:\n  unlisted-users: offboard\n  offboard: remove\n  max-revokes: { total: 9 }\n  protect: { users: [boss@acme.com] }\n";
    let mut unlisted = unseen().edit(PROTECT, unlisted);
    unlisted.files.push(("users/all.yaml".into(), "users:\n  ada@acme.com: {}\n".into()));
    unlisted.files.sort();
    let unlisted = unlisted.plan();
    assert!(
        codes(&unlisted).contains(&("remove user.account:acc-hidden".into(), "identity-unresolved")),
        "{:?}",
        codes(&unlisted)
    );
    assert!(!keys(&unlisted).iter().any(|key| key.contains("acc-hidden")), "{:?}", keys(&unlisted));
    // The protection that the change itself drops still holds for what the base's names may mean.
    let dropped = unseen().then_base().edit("protect: { users: [boss@acme.com] }", "mode: exact").plan();
    assert_eq!(keys(&dropped), NONE);
    // Neighbours: one who shows an email goes, and a pin tells them apart.
    let shown = unseen().change(|live| {
        live.group("team").members.remove("acc-hidden");
        live.hire("mallory@acme.com");
        live.join("team", "mallory@acme.com");
    });
    assert_eq!(keys(&shown.plan()), ["remove member.team/mallory@acme.com"]);
    let mut pinned = unseen();
    pinned.files.push(("users/all.yaml".into(), "users:\n  boss@acme.com: { account: acc-boss }\n".into()));
    pinned.files.sort();
    let pinned = pinned.change(|live| {
        live.accounts.insert("acc-boss".into(), Account { hidden: true, ..Account::person("boss@acme.com") });
    });
    assert_eq!(keys(&pinned.plan()), ["remove member.team/account:acc-hidden"]);
}

fn adopted(world: &World) -> Vec<String> {
    let plan = world.plan();
    plan.base.as_ref().unwrap().adopted.iter().map(|it| format!("{} {}", it.undoes, it.address)).collect()
}

#[test]
fn what_this_plan_takes_away_is_not_adopted() {
    // By hand dina is in payroll; the change declares her under a name that means somebody else.
    let groups = "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [dina@acme.com]\n";
    let world = World::of(
        "policy:\n  privileged: [payroll]\n",
        "  d@acme.com: { account: acc-dina@acme.com }\n",
        groups,
    )
    .edit("  team:\n    members: [dina@acme.com]\n", "")
    .then_base()
    .change(|live| {
        live.hire("other@acme.com");
        let dina = "acc-dina@acme.com".to_owned();
        live.group("payroll").members.insert(dina);
    });
    let moved = world
        .clone()
        .edit("account: acc-dina@acme.com", "account: acc-other@acme.com")
        .edit("[ada@acme.com]", "[ada@acme.com, d@acme.com]");
    let removed: Vec<String> =
        keys(&moved.plan()).into_iter().filter(|key| key.starts_with("remove")).collect();
    assert_eq!(removed.len(), 1, "{:?}", keys(&moved.plan()));
    assert_eq!(adopted(&moved), NONE);
    // Renamed to the right one, it is adopted under the name that it has now.
    let declared = world.clone().edit("[ada@acme.com]", "[ada@acme.com, d@acme.com]");
    assert_eq!(keys(&declared.plan()), NONE);
    assert_eq!(adopted(&declared).len(), 1);
    let by_account = world.edit("[ada@acme.com]", "[ada@acme.com, account: acc-dina@acme.com]");
    assert_eq!((keys(&by_account.plan()).len(), adopted(&by_account).len()), (0, 1));
}

#[test]
fn a_leaver_whom_nobody_knows_is_said() {
    let policy = "policy:\n  offboard: remove\n";
    let groups = "  team:\n    members: [hugo@acme.com]\n";
    let mut slip = World::of(policy, "", groups).then_base();
    slip.files.push(("users/all.yaml".into(), "users:\n  hugoo@acme.com: { active: false }\n".into()));
    slip.files.sort();
    let told = [
        "nobody on the site has the email hugoo@acme.com, so nobody loses access; did you mean hugo@acme.com?",
    ];
    assert_eq!(said(&slip.plan(), "leaver-unknown"), told);
    assert_eq!(keys(&slip.plan()), NONE);
    assert!(slip.text().contains("hugoo@acme.com"), "{}", slip.text());
    assert!(slip.markdown().contains("did you mean"), "{}", slip.markdown());
    // Somebody who was declared and becomes a leaver by the change.
    let users = "  hugoo@acme.com: {}\n";
    let turned = World::of(policy, users, groups)
        .then_base()
        .edit("hugoo@acme.com: {}", "hugoo@acme.com: { active: false }");
    let turned = turned
        .change(|live| live.accounts.retain(|_, account| account.email.as_deref() != Some("hugoo@acme.com")));
    assert_eq!(said(&turned.plan(), "leaver-unknown"), told);
    // Close to a person that only the site knows, and to nobody.
    let mut near = slip.clone().edit("hugoo@acme.com", "martta@acme.com").change(hired(&["marta@acme.com"]));
    assert!(said(&near.plan(), "leaver-unknown")[0].ends_with("did you mean marta@acme.com?"));
    near = near.edit("martta@acme.com", "xyz@else.example");
    assert!(said(&near.plan(), "leaver-unknown")[0].ends_with("nobody loses access"));
    // Neighbours: one who is there, and one whom the base offboarded already.
    let right = slip.clone().edit("hugoo@acme.com", "hugo@acme.com").edit("[hugo@acme.com]", "[]").plan();
    assert_eq!(said(&right, "leaver-unknown"), NONE);
    assert!(!keys(&right).is_empty());
    assert_eq!(said(&slip.then_base().plan(), "leaver-unknown"), NONE);
}
