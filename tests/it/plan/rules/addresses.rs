//! An address that no account shows any more: the person who held it may go on under another one.

use rollbook::model::{Reason, Surface};

use super::{NONE, hired, otherwise};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Account, Group, World};

const RULES: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  admins: [root@acme.com]\n  invite-domains: \
                     [acme.com]\n";
const PAYROLL: &str = "  payroll:\n    mode: at-least\n    members:\n      - ada@acme.com\n      - { user: dina@acme.com, until: \
                       2027-01-10 }\n";
const TEAM: &str = "  team:\n    members: [erik@acme.com]\n";

/// Dina is in payroll until a day; Erik, Root and Zed stand by.
fn world(users: &str) -> World {
    World::of(RULES, users, &format!("{PAYROLL}{TEAM}")).change(hired(&["root@acme.com", "zed@acme.com"]))
}

/// Dina's account shows another email now.
fn renamed(world: World) -> World {
    world.change(|live| live.account("dina@acme.com").email = Some("dee@acme.com".into()))
}

#[test]
fn nobody_is_invited_anew_at_an_address_that_an_apply_brought_to_the_site() {
    let active = "  dina@acme.com: { active: true }\n";
    let held = ("invite user.dina@acme.com".to_owned(), "reactivation");
    let moved = renamed(world(active).then_base()).by("erik@acme.com");
    let plan = moved.plan();
    assert!(codes(&plan).contains(&held), "{:#?}", codes(&plan));
    assert_eq!(rulings(&plan), NONE);
    let why = &plan.blocked.iter().find(|it| it.code == "reactivation").unwrap().why;
    assert!(why.contains("no account shows the address any more"), "{why}");
    // Everybody else's changes go on.
    let others = moved.edit("[erik@acme.com]", "[erik@acme.com, zed@acme.com]").plan();
    assert_eq!((keys(&others), rulings(&others)), (vec!["add member.team/zed@acme.com".into()], vec![]));
    // That only this change asks for them to be active makes no difference.
    let asked = renamed(world("  zed@acme.com: { active: true }\n").then_base());
    let asked = asked.edit("users:\n", "users:\n  dina@acme.com: { active: true }\n").by("erik@acme.com");
    assert!(codes(&asked.plan()).contains(&held), "{:#?}", codes(&asked.plan()));
    // Neighbours: a change may invite somebody new, and a lock line tells whose the address was.
    let hires = world("  zed@acme.com: { active: true }\n")
        .then_base()
        .edit("users:\n", "users:\n  finn@acme.com: { active: true }\n");
    assert_eq!(rulings(&hires.by("erik@acme.com").plan()), NONE);
    let locked = world(active)
        .lock("users:\n  dina@acme.com: { account: acc-dina@acme.com, from: jira }\n")
        .then_base();
    assert_eq!(rulings(&renamed(locked).by("erik@acme.com").plan()), NONE);
}

#[test]
fn an_author_whom_nobody_knows_does_not_let_the_site_know_them() {
    let joins = |author: &str| {
        let base = world("  zed@acme.com: { active: true }\n").then_base();
        base.edit("users:\n", "users:\n  finn@acme.com: { active: true }\n").by(author)
    };
    for author in ["finn@acme.com", "finn+work@acme.com"] {
        let plan = joins(author).plan();
        assert_eq!(rulings(&plan), ["self-grant user.finn@acme.com: refused"], "{author}");
        assert!(plan.guards[0].why.contains(author), "{}", plan.guards[0].why);
    }
    assert_eq!(rulings(&joins("erik@acme.com").plan()), NONE);
    // One whom nobody knows may invite others, since those are told by their own address.
    assert_eq!(rulings(&joins("gina@acme.com").plan()), ["self-grant : not judged"]);
}

#[test]
fn an_end_of_nobody_is_not_moved_to_an_account_outside_of_the_group() {
    let tied = |account: &str, author: &str| {
        let pin = format!("users:\n  dina@acme.com: {{ account: {account} }}\n");
        renamed(world("  erik@acme.com: { active: true }\n").then_base()).edit("users:\n", &pin).by(author)
    };
    let refused = ["self-grant user.dina@acme.com: refused"];
    for account in ["acc-zed@acme.com", "acc-that-is-gone"] {
        let rulings = rulings(&tied(account, "erik@acme.com").plan());
        assert_eq!(rulings[rulings.len() - 1..], refused, "{account}");
    }
    // So is a user without an account who is offboarded by the same change.
    let leaves = renamed(world("  erik@acme.com: { active: true }\n").then_base())
        .edit("      - { user: dina@acme.com, until: 2027-01-10 }\n", "")
        .edit("users:\n", "users:\n  dina@acme.com: { active: false, account: acc-zed@acme.com }\n");
    let judged = rulings(&leaves.by("erik@acme.com").plan());
    assert!(judged.contains(&refused[0].to_owned()), "{judged:#?}");
    // Neighbours: whose account it is, a colleague may say; and one who owns the rules whatever is so.
    assert_eq!(rulings(&tied("acc-dina@acme.com", "erik@acme.com").plan()), NONE);
    assert_eq!(rulings(&tied("acc-zed@acme.com", "root@acme.com").plan()), NONE);
}

#[test]
fn an_author_is_known_by_every_address_that_leads_to_another() {
    // dina@ and dina+two@ are one mailbox; the account of the second is locked as deedee@, whose note has a third.
    let lock = "users:\n  dina+two@acme.com: { account: acc-two, from: jira }\n  deedee@acme.com: { account: acc-two, from: jira }\n";
    let world = World::of(
        "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  admins: [root@acme.com]\n",
        "",
        "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [dina@acme.com, chen@acme.com, deedee+3@acme.com]\n",
    );
    let world = world.lock(lock).change(hired(&["root@acme.com"])).then_base();
    let granted =
        |author: &str| world.clone().edit("[ada@acme.com]", "[ada@acme.com, deedee+3@acme.com]").by(author);
    assert_eq!(
        rulings(&granted("dina@acme.com").plan()),
        ["self-grant member.payroll/deedee+3@acme.com: refused"]
    );
    assert_eq!(rulings(&granted("chen@acme.com").plan()), NONE);
}

#[test]
fn a_line_of_nobody_that_goes_does_not_hide_whom_the_base_would_take_out() {
    let policy = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n";
    let groups = "  payroll:\n    members: [ada@acme.com, gone@acme.com]\n  team:\n    members: [dina@acme.com, erik@acme.com]\n";
    let world = World::of(policy, "", groups).then_base().change(|live| {
        live.account("gone@acme.com").email = Some("other@acme.com".into());
        live.join("payroll", "dina@acme.com");
    });
    let kept = world
        .edit("    members: [ada@acme.com, gone@acme.com]", "    mode: at-least\n    members: [ada@acme.com]")
        .by("dina@acme.com");
    let said = otherwise(&kept.plan());
    let own = "member.payroll/dina@acme.com: kept, not remove undeclared, privileged";
    assert!(said.iter().any(|line| line == own), "{said:#?}");
    let rulings = rulings(&kept.plan());
    assert!(rulings.contains(&"self-grant member.payroll/dina@acme.com: refused".to_owned()), "{rulings:#?}");
}

#[test]
fn an_account_of_which_nothing_says_whose_it_is_is_let_in_by_owners_alone() {
    let world = |base: &str| {
        let policy = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  admins: [root@acme.com]\n";
        let groups = "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [dina@acme.com]\n";
        let nameless = Account { email: None, ..Account::person("x@acme.com") };
        let users = format!("  dina@acme.com: {{}}\n{base}");
        World::of(policy, &users, groups).change(hired(&["root@acme.com", "erik@acme.com"])).change(|live| {
            live.accounts.insert("acc-x".into(), nameless);
            live.accounts.insert("acc-bot".into(), Account::app("bot"));
        })
    };
    let let_in = |world: World, line: &str, author: &str| {
        world.then_base().edit("[ada@acme.com]", &format!("[ada@acme.com, {line}]")).by(author).plan()
    };
    let pinned = "  xena@acme.com: { account: acc-x }\n";
    let refused = let_in(world(""), "{ account: acc-x }", "erik@acme.com");
    assert_eq!(rulings(&refused), ["self-grant member.payroll/account:acc-x: refused"]);
    let why = &refused.guards[0].why;
    assert!(why.contains("whose account acc-x is") && why.contains("erik@acme.com"), "{why}");
    // What the change itself says of the account is the author's word.
    let own = world("").then_base().edit("users:\n", &format!("users:\n{pinned}"));
    let own = own.edit("[ada@acme.com]", "[ada@acme.com, xena@acme.com]").by("erik@acme.com").plan();
    assert_eq!(rulings(&own), ["self-grant member.payroll/xena@acme.com: refused"]);
    // Neighbours: an account that the base ties to a person, one that shows its email, and an owner's change.
    assert_eq!(rulings(&let_in(world(pinned), "xena@acme.com", "erik@acme.com")), NONE);
    assert_eq!(rulings(&let_in(world(""), "dina@acme.com", "erik@acme.com")), NONE);
    assert_eq!(
        rulings(&let_in(world(""), "{ account: acc-bot }", "erik@acme.com")),
        ["self-grant member.payroll/account:acc-bot: refused"],
        "nothing says who holds the token of an app"
    );
    assert_eq!(rulings(&let_in(world(""), "{ account: acc-x }", "root@acme.com")), NONE);
}

#[test]
fn what_an_authors_other_account_shows_is_read() {
    // dina+two@ is locked to an account that nothing else speaks of; it shows deedee@, which leads to a third account.
    let lock = "users:\n  ada@acme.com: { account: acc-ada@acme.com, from: jira }\n  dina@acme.com: { account: acc-dina@acme.com, from: jira }\n  dina+two@acme.com: { account: acc-two, from: jira }\n  deedee+3@acme.com: { account: acc-three, from: jira }\n";
    let policy = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n";
    let groups =
        "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [dina@acme.com, deedee+3@acme.com]\n";
    let world = |shown: &'static str| {
        World::of(policy, "", groups).lock(lock).change(move |live| {
            live.surfaces = [Surface::Jira].into();
            live.accounts.insert("acc-two".into(), Account::person(shown));
            live.accounts
                .insert("acc-three".into(), Account { email: None, ..Account::person("x@acme.com") });
        })
    };
    let granted = |shown| {
        let world = world(shown).then_base().edit("[ada@acme.com]", "[ada@acme.com, deedee+3@acme.com]");
        rulings(&world.by("dina@acme.com").plan())
    };
    assert_eq!(granted("deedee@acme.com"), ["self-grant member.payroll/deedee+3@acme.com: refused"]);
    assert_eq!(granted("other@acme.com"), NONE);
}

#[test]
fn an_end_of_nobody_is_not_moved_from_its_author_to_another_member() {
    // Dina shows dee@ now, goes on in payroll, and ties the old address to Zed, who is in payroll as well.
    let base =
        |users: &str| renamed(world(users).then_base()).change(|live| live.join("payroll", "zed@acme.com"));
    let tied = |account: &str, author: &str| {
        let pin = format!("users:\n  dina@acme.com: {{ account: {account} }}\n");
        rulings(&base("  erik@acme.com: { active: true }\n").edit("users:\n", &pin).by(author).plan())
    };
    let refused = ["self-grant user.dina@acme.com: refused"];
    assert_eq!(tied("acc-zed@acme.com", "dee@acme.com"), refused);
    // Neighbours: a colleague says whose it is, and so does an owner of the rules.
    assert_eq!(tied("acc-dina@acme.com", "erik@acme.com"), NONE);
    assert_eq!(tied("acc-zed@acme.com", "root@acme.com"), NONE);
    // Nor does she tighten a rule that keeps her in.
    let kept = base("  erik@acme.com: { active: true }\n")
        .edit("  privileged: [payroll]\n", "  privileged: [payroll]\n  protect: { groups: [payroll] }\n");
    let of = |author: &str| rulings(&kept.clone().by(author).plan());
    assert!(of("dee@acme.com").contains(&"self-grant : refused".to_owned()), "{:?}", of("dee@acme.com"));
    assert!(!of("erik@acme.com").contains(&"self-grant : refused".to_owned()), "{:?}", of("erik@acme.com"));
}

#[test]
fn a_name_of_nobody_is_tied_to_somebody_else_by_those_alone_who_own_the_rules() {
    // It has no end yet: one that a colleague gives it later would end the access of the wrong account.
    let base = || {
        let world = world("  erik@acme.com: { active: true }\n");
        let world = world.edit("{ user: dina@acme.com, until: 2027-01-10 }", "dina@acme.com").then_base();
        renamed(world).change(|live| live.join("payroll", "zed@acme.com"))
    };
    let tied = |account: &str, author: &str| {
        let pin = format!("users:\n  dina@acme.com: {{ account: {account} }}\n");
        rulings(&base().edit("users:\n", &pin).by(author).plan())
    };
    let refused = ["self-grant user.dina@acme.com: refused"];
    assert_eq!(tied("acc-zed@acme.com", "dee@acme.com"), refused);
    assert_eq!(tied("acc-dina@acme.com", "erik@acme.com"), NONE);
    assert_eq!(tied("acc-zed@acme.com", "root@acme.com"), NONE);
}

#[test]
fn nor_is_a_name_of_nobody_that_ends_with_its_person() {
    // Payroll does not list her; the end is under `users:`, or comes with the tie.
    let line = "      - { user: dina@acme.com, until: 2027-01-10 }\n";
    let base = |users: &str| {
        let world = renamed(world(users).edit(line, "").then_base());
        world.change(|live| live.join("payroll", "zed@acme.com"))
    };
    let own_end = "  dina@acme.com: { until: 2027-01-10 }\n";
    let pinned = |end: &str, account: &str| format!("  dina@acme.com: {{ {end}, account: {account} }}\n");
    let refused = "self-grant user.dina@acme.com: refused".to_owned();
    let tied = |base: World, from: &str, to: &str, author: &str| {
        rulings(&base.edit(from, to).by(author).plan()).contains(&refused)
    };
    let until = pinned("until: 2027-01-10", "acc-zed@acme.com");
    assert!(tied(base(own_end), own_end, &until, "dee@acme.com"));
    let kept = pinned("name: Dina", "acc-zed@acme.com");
    assert!(tied(base(own_end), own_end, &kept, "dee@acme.com"));
    let erik = "  erik@acme.com: { active: true }\n";
    let leaves = format!("{erik}{}", pinned("active: false", "acc-that-is-gone"));
    assert!(tied(base(erik), erik, &leaves, "erik@acme.com"));
    // Neighbours: to her own account by a colleague, and by an owner of the rules.
    let own = pinned("until: 2027-01-10", "acc-dina@acme.com");
    assert!(!tied(base(own_end), own_end, &own, "erik@acme.com"));
    assert!(!tied(base(own_end), own_end, &until, "root@acme.com"));
}

#[test]
fn an_account_named_by_id_may_be_whom_a_group_denies_by_an_email_of_nobody() {
    // Dina is left out of payroll by her email, and comes in by the id of her account through a nested group.
    let groups = "  payroll:\n    nest: true\n    members:\n      - ada@acme.com\n      - { group: team, except: [dina@acme.com] }\n  \
                  team:\n    members:\n      - { user: dina@acme.com, until: 2027-01-10 }\n      - { group: inner }\n  inner:\n    \
                  members: [{ account: acc-dina@acme.com }]\n";
    let world = World::of(RULES, "", groups)
        .change(hired(&["root@acme.com"]))
        .change(|live| {
            live.groups
                .get_mut("id-payroll")
                .unwrap()
                .members
                .clone_from(&["acc-ada@acme.com".into()].into());
        })
        .then_base();
    let add = "add member.payroll/account:acc-dina@acme.com".to_owned();
    let plan = renamed(world.clone()).by("root@acme.com").plan();
    assert!(!keys(&plan).contains(&add), "{:#?}", keys(&plan));
    let blocked: Vec<_> = plan.blocked.iter().map(|it| (it.address.to_string(), it.code.as_ref())).collect();
    let expected = ("member.payroll/account:acc-dina@acme.com".to_owned(), "identity-unresolved");
    assert!(blocked.contains(&expected), "{blocked:#?}");
    // Whether somebody else hides their email makes no difference.
    let hides = |live: &mut crate::world::Live| {
        let hidden = Account { hidden: true, ..Account::person("hidden@acme.com") };
        live.accounts.insert("acc-hidden".into(), hidden);
    };
    let plan = renamed(world.clone()).change(hides).by("root@acme.com").plan();
    assert!(!keys(&plan).contains(&add), "{:#?}", keys(&plan));
    // Neighbour: a line of the lock tells that it is she, who is left out.
    let pinned = world.lock("users:\n  dina@acme.com: { account: acc-dina@acme.com, from: jira }\n");
    let plan = renamed(pinned.then_base()).plan();
    assert!(!keys(&plan).contains(&add), "{:#?}", keys(&plan));
    assert!(plan.blocked.is_empty(), "{:#?}", plan.blocked);
}

#[test]
fn a_member_named_by_id_may_be_whom_an_end_of_nobody_is_about() {
    let named = |member: &str| {
        let groups = format!("  payroll:\n    members: [ada@acme.com, {member}]\n{TEAM}");
        let users = "  dina@acme.com: { until: 2026-01-02 }\n";
        let world = World::of(RULES, users, &groups).change(hired(&["root@acme.com"])).then_base();
        let mut night = renamed(world);
        night.scope.reasons = vec![rollbook::model::Reason::Expired, rollbook::model::Reason::Offboarded];
        let plan = night.plan();
        plan.blocked.iter().map(|it| it.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(named("{ account: acc-dina@acme.com }"), ["end-of-nobody"]);
    // Neighbour: who is named by an email is not she.
    assert_eq!(named("zed@acme.com"), Vec::<String>::new());
}

#[test]
fn an_own_end_of_nobody_is_not_dropped_by_a_member_who_is_named_by_id() {
    let end = "  dina@acme.com: { until: 2027-01-10 }\n";
    let groups = format!("  payroll:\n    members: [ada@acme.com, {{ account: acc-dina@acme.com }}]\n{TEAM}");
    let world = World::of(RULES, &format!("  erik@acme.com: {{}}\n{end}"), &groups);
    let base = renamed(world.change(hired(&["root@acme.com"])).then_base());
    let dropped = |author: &str| rulings(&base.clone().edit(end, "").by(author).plan());
    assert_eq!(dropped("dee@acme.com"), ["self-grant member.payroll/dina@acme.com: refused"]);
    // Neighbours: a colleague, and an owner of the rules.
    assert_eq!(dropped("erik@acme.com"), NONE);
    assert_eq!(dropped("root@acme.com"), NONE);
}

#[test]
fn a_new_name_beside_an_end_of_nobody_is_shown_as_what_the_base_would_end() {
    let base = renamed(world("  erik@acme.com: { active: true }\n").then_base());
    let base = World { today: jiff::civil::date(2027, 1, 12), ..base };
    let named = |email: &str, author: &str| {
        let world = base.clone().change(|live| live.join("payroll", "zed@acme.com"));
        world
            .edit("      - { user: dina", &format!("      - {email}@acme.com\n      - {{ user: dina"))
            .by(author)
    };
    let kept = "member.payroll/dina@acme.com: kept, not remove expired, privileged".to_owned();
    let plan = named("dee", "erik@acme.com").plan();
    assert!(otherwise(&plan).contains(&kept), "{:#?}", otherwise(&plan));
    assert_eq!(rulings(&plan), NONE);
    let own = rulings(&named("dee", "dee@acme.com").plan());
    assert_eq!(
        own.last().map(String::as_str),
        Some("self-grant member.payroll/dina@acme.com: refused"),
        "{own:?}"
    );
    // A night names what only such a change keeps.
    let mut night = named("dee", "erik@acme.com");
    night.scope.reasons = vec![rollbook::model::Reason::Expired];
    let codes: Vec<_> = night.plan().blocked.iter().map(|it| it.code.clone()).collect();
    assert!(codes.iter().any(|code| code == "kept-by-change"), "{codes:?}");
    // Neighbour: nothing is said where nobody new is named.
    assert!(!otherwise(&base.plan()).contains(&kept), "{:#?}", otherwise(&base.plan()));
}

/// Payroll is privileged, and the tree does not declare it: Dina and Ada are in it.
fn undeclared(users: &str) -> World {
    World::of(RULES, users, TEAM).change(hired(&["root@acme.com", "zed@acme.com"])).change(|live| {
        for email in ["ada@acme.com", "dina@acme.com"] {
            live.accounts.insert(format!("acc-{email}"), Account::person(email));
        }
        let members = ["acc-ada@acme.com".into(), "acc-dina@acme.com".into()].into();
        live.groups.insert("id-payroll".into(), Group::of("payroll", members));
    })
}

#[test]
fn an_own_end_of_nobody_counts_in_a_privileged_group_that_the_tree_does_not_declare() {
    let end = "  dina@acme.com: { until: 2027-01-10 }\n";
    let users = |end: &str| format!("  erik@acme.com: {{}}\n  ada@acme.com: {{}}\n{end}");
    let base = renamed(undeclared(&users(end)).then_base());
    // On the day, it is said that somebody stays who may be her.
    let night = |world: World| {
        let mut night = World { today: jiff::civil::date(2027, 1, 12), ..world };
        night.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
        codes(&night.plan()).into_iter().map(|(_, code)| code.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(night(base.clone()), ["end-of-nobody"]);
    // The end does not go by a change of hers, whether it has come or not.
    let refused = ["self-grant member.payroll/dina@acme.com: refused"];
    let dropped = |base: &World, line: &str, author: &str| {
        let plan = base.clone().edit(line, "").by(author).plan();
        (otherwise(&plan), rulings(&plan))
    };
    let moved = vec!["member.payroll/dina@acme.com: 2027-01-10 to no end, privileged".to_owned()];
    assert_eq!(dropped(&base, end, "dee@acme.com"), (moved.clone(), refused.map(Into::into).to_vec()));
    assert_eq!(dropped(&base, end, "erik@acme.com"), (moved, vec![]));
    let left = "  dina@acme.com: { active: false }\n";
    let leaver = renamed(undeclared(&users(left)).then_base());
    let kept = vec!["member.payroll/dina@acme.com: kept, not suspend offboarded, privileged".to_owned()];
    assert_eq!(dropped(&leaver, left, "dee@acme.com"), (kept.clone(), refused.map(Into::into).to_vec()));
    assert_eq!(dropped(&leaver, left, "erik@acme.com"), (kept, vec![]));
    // Nor does it come to mean somebody else.
    let tied = |author: &str| {
        let pinned = "  dina@acme.com: { until: 2027-01-10, account: acc-zed@acme.com }\n";
        rulings(&base.clone().edit(end, pinned).by(author).plan())
    };
    assert_eq!(tied("dee@acme.com"), ["self-grant user.dina@acme.com: refused"]);
    assert_eq!(tied("root@acme.com"), NONE);
    // Neighbours: a line of the lock says who she is; and nobody stays whom the tree does not name.
    let locked =
        undeclared(&users(end)).lock("users:\n  dina@acme.com: { account: acc-dina@acme.com, from: jira }\n");
    assert_eq!(night(renamed(locked.then_base())), ["no-surface"], "Jira suspends nobody");
    let named = base.edit("users:\n", "users:\n  dee@acme.com: {}\n").then_base();
    assert_eq!(night(named), Vec::<String>::new());
}

#[test]
fn a_new_name_beside_an_own_end_of_nobody_is_shown_as_what_the_base_would_end() {
    let end = "  erik@acme.com: {}\n  dina@acme.com: { until: 2027-01-10 }\n";
    let line = "      - { user: dina@acme.com, until: 2027-01-10 }\n";
    let base = renamed(world(end).edit(line, "").then_base());
    let named = |entry: &str, author: &str| {
        let plan = base.clone().edit("      - ada@acme.com\n", &format!("      - ada@acme.com\n{entry}"));
        let plan = plan.by(author).plan();
        (otherwise(&plan), rulings(&plan))
    };
    let moved = ["member.payroll/dina@acme.com: 2027-01-10 to no end, privileged".to_owned()];
    let new = "      - dee@acme.com\n";
    let (shown, rulings) = named(new, "erik@acme.com");
    let (enters, ends) = shown.split_last().unwrap();
    assert_eq!(enters, "member.payroll/dee@acme.com: enters, privileged");
    assert_eq!((ends, rulings), (&moved[..], vec![]));
    assert_eq!(
        named(new, "dee@acme.com").1.last().unwrap(),
        "self-grant member.payroll/dina@acme.com: refused"
    );
    // Neighbour: a name that ends on the same day.
    let ends = "      - { user: dee@acme.com, until: 2027-01-10 }\n";
    let added = vec!["member.payroll/dee@acme.com: no end to 2027-01-10, privileged".to_owned()];
    assert_eq!(named(ends, "erik@acme.com"), (added, vec![]));
}
