//! `self-grant`: the authors of a change do not let themselves into a privileged group, by whatever name.

use rollbook::model::Surface;

use super::{NONE, hired, otherwise, refused_first, shown_first};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Account, World};

const REFUSE: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n";
const GROUPS: &str =
    "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [dina@acme.com, chen@acme.com]\n";
const REFUSED: [&str; 1] = ["self-grant member.payroll/dina@acme.com: refused"];

fn base() -> World {
    World::of(REFUSE, "", GROUPS).then_base()
}

/// dina comes into the privileged group.
fn granted(world: World) -> World {
    world.edit("[ada@acme.com]", "[ada@acme.com, dina@acme.com]")
}

#[test]
fn an_author_whom_nobody_knows_may_be_anybody() {
    let slip = granted(base()).by("dinna@acme.com");
    let plan = slip.plan();
    assert_eq!(rulings(&plan), REFUSED);
    assert!(plan.guards[0].why.contains("dinna@acme.com"), "{}", plan.guards[0].why);
    refused_first(&slip, "self-grant");
    // Neither does the change say who its author is, nor does one known author stand for another.
    let declares_itself = granted(base()).edit("[dina@acme.com, chen", "[new@acme.com, dina@acme.com, chen");
    assert_eq!(rulings(&declares_itself.by("new@acme.com").plan()), REFUSED);
    assert_eq!(rulings(&granted(base()).by("ada@acme.com").by("dinna@acme.com").plan()), REFUSED);
    // Into a group that is yet to be made, in whatever case the rule has it.
    let made = base().edit("[payroll]", "[Wages]").then_base();
    let made = made.edit("  team:", "  wages:\n    members: [dina@acme.com]\n  team:");
    let refused = ["self-grant member.wages/dina@acme.com: refused"];
    assert_eq!(rulings(&made.clone().by("dinna@acme.com").plan()), refused);
    assert_eq!(rulings(&made.clone().by("dina@acme.com").plan()), refused);
    assert_eq!(rulings(&made.by("chen@acme.com").plan()), NONE);
    // Neighbours: a colleague whom the base knows, one whom the lock knows, and one whom the site alone knows.
    assert_eq!(rulings(&granted(base()).by("chen@acme.com").plan()), NONE);
    let locked = World::of(REFUSE, "", GROUPS)
        .lock("users:\n  kim@acme.com: { account: acc-kim@acme.com, from: jira }\n")
        .then_base()
        .change(hired(&["kim@acme.com"]));
    assert_eq!(rulings(&granted(locked).by("kim@acme.com").plan()), NONE);
    assert_eq!(rulings(&granted(base().change(hired(&["eve@acme.com"]))).by("eve@acme.com").plan()), NONE);
    // A slip does not refuse what grants nothing privileged.
    let harmless = base().edit("chen@acme.com]", "chen@acme.com, ada@acme.com]").by("dinna@acme.com");
    let plan = harmless.plan();
    assert_eq!((rulings(&plan), keys(&plan).len()), (vec!["self-grant : not judged".to_owned()], 1));
    assert!(plan.guards[0].why.contains("dinna@acme.com"), "{}", plan.guards[0].why);
    assert!(plan.guards[0].help.contains("ROLLBOOK_AUTHORS"), "{}", plan.guards[0].help);
}

#[test]
fn the_rules_about_the_author_are_those_of_the_base() {
    let own = granted(base()).by("dina@acme.com");
    let waive = |address: &str| {
        format!(
            "waive:\n  - {{ guard: self-grant, for: [{address}], because: me, until: 2026-12-31 }}\npolicy:"
        )
    };
    let loosened = [
        own.clone().edit("policy:", &waive("member.payroll/dina@acme.com")),
        own.clone().edit("policy:", &waive("group.payroll")),
        own.clone().edit("self-grant: refuse", "self-grant: allow"),
        own.clone().edit("  self-grant: refuse\n", ""),
        own.clone().edit("  privileged: [payroll]\n", ""),
        own.clone().edit("privileged: [payroll]", "privileged: [team]"),
    ];
    for world in &loosened {
        assert!(rulings(&world.plan()).contains(&REFUSED[0].to_owned()), "{:?}", rulings(&world.plan()));
        refused_first(world, "self-grant");
    }
    // One for somebody else does not cover the author, and one that the base has covers only the person it names.
    let of_base = |address: &str| {
        let world = World::of(REFUSE, "", GROUPS).edit("policy:", &waive(address)).then_base();
        rulings(&granted(world).by("dina@acme.com").plan())
    };
    assert_eq!(of_base("member.payroll/chen@acme.com"), REFUSED);
    assert_eq!(of_base("member.payroll/dina@acme.com"), ["self-grant member.payroll/dina@acme.com: waived"]);
    // Neighbour: what a colleague loosens for somebody else, whom they let in.
    let by_chen = granted(base()).by("chen@acme.com").edit("policy:", &waive("member.payroll/dina@acme.com"));
    assert_eq!(rulings(&by_chen.plan()), NONE);
}

#[test]
fn what_one_apply_refused_the_next_one_does_not_do() {
    // Dina's own grant was refused, and is in the base of chen's change.
    let mut next = granted(World::of(REFUSE, "", GROUPS)).then_base();
    next = next.edit("chen@acme.com]", "chen@acme.com, ada@acme.com]").by("chen@acme.com");
    next.base_applied = false;
    let plan = next.plan();
    assert_eq!(rulings(&plan), REFUSED);
    assert!(plan.guards[0].why.contains("main asks for it as well"), "{}", plan.guards[0].why);
    assert!(plan.guards[0].help.contains("--base applied"), "{}", plan.guards[0].help);
    // Back in, by being activated.
    let users = "  dina@acme.com: { active: true }\n";
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let mut woken = granted(World::of(&format!("{head}{REFUSE}"), users, GROUPS)).then_base();
    woken = woken.by("chen@acme.com").change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.join("payroll", "dina@acme.com");
        live.account("dina@acme.com").suspended = true;
    });
    woken.base_applied = false;
    assert!(rulings(&woken.plan()).contains(&"self-grant user.dina@acme.com: refused".to_owned()));
    // Neighbours: an apply of the base has completed, so that somebody took it away by hand; and other drift.
    let applied = World { base_applied: true, ..next.clone() };
    assert_eq!(rulings(&applied.plan()), NONE);
    let mut other = World::of(REFUSE, "", GROUPS).then_base().by("chen@acme.com");
    other = other.change(|live| live.leave("team", "dina@acme.com"));
    other.base_applied = false;
    assert_eq!(
        (keys(&other.plan()), rulings(&other.plan())),
        (vec!["add member.team/dina@acme.com".into()], vec![])
    );
}

/// People hide their emails; pins say who they are.
fn pinned() -> World {
    let users = "  dina@acme.com: { account: acc-dina }\n  chen@acme.com: { account: acc-chen }\n";
    let world = World::of(REFUSE, users, GROUPS).then_base();
    world.change(|live| live.accounts.values_mut().for_each(|account| account.hidden = account.name != "ADA"))
}

#[test]
fn a_change_does_not_say_who_its_author_is() {
    let moved = pinned()
        .edit(
            "dina@acme.com: { account: acc-dina }",
            "dina@acme.com: { account: acc-other }\n  new@acme.com: { account: acc-dina }",
        )
        .edit("[ada@acme.com]", "[ada@acme.com, new@acme.com]")
        .change(|live| {
            let account = Account { email: None, ..Account::person("other@acme.com") };
            live.accounts.insert("acc-other".into(), account);
        })
        .by("dina@acme.com");
    let found = rulings(&moved.plan());
    assert!(found.contains(&"self-grant member.payroll/new@acme.com: refused".to_owned()), "{found:?}");
    assert!(found.contains(&"self-grant user.dina@acme.com: refused".to_owned()), "{found:?}");
    refused_first(&moved, "self-grant");
    // A pin that leaves, and a lock line that moves, are the same.
    let unpinned = pinned().edit("  dina@acme.com: { account: acc-dina }\n", "").by("dina@acme.com");
    assert!(rulings(&unpinned.plan()).contains(&"self-grant user.dina@acme.com: refused".to_owned()));
    let lock = "users:\n  dina@acme.com: { account: acc-dina, from: jira }\n";
    let locked = World::of(REFUSE, "  dina@acme.com: { account: acc-dina }\n", GROUPS)
        .edit("  dina@acme.com: { account: acc-dina }\n", "  dina@acme.com: {}\n")
        .lock(lock)
        .then_base()
        .edit("account: acc-dina,", "account: acc-else,")
        .change(|live| {
            live.account("dina@acme.com").hidden = true;
            live.accounts.insert("acc-else".into(), Account { email: None, ..Account::person("e@acme.com") });
        });
    assert!(
        rulings(&locked.by("dina@acme.com").plan())
            .contains(&"self-grant user.dina@acme.com: refused".to_owned())
    );
    // By the address without its `+` and what follows it.
    let plus = granted(base()).by("dina+git@acme.com").change(hired(&["dina+git@acme.com"]));
    assert_eq!(rulings(&plus.plan()), REFUSED);
    // Neighbours: a colleague corrects the pin; and an author who moves nothing of their own.
    let account = |live: &mut crate::world::Live| {
        live.accounts
            .insert("acc-other".into(), Account { email: None, ..Account::person("other@acme.com") });
    };
    let corrected =
        pinned().edit("account: acc-dina", "account: acc-other").change(account).by("chen@acme.com");
    assert_eq!(rulings(&corrected.plan()), NONE);
    let added = pinned().edit("  chen@acme.com:", "  eve@acme.com: { account: acc-other }\n  chen@acme.com:");
    assert_eq!(rulings(&added.change(account).by("dina@acme.com").plan()), NONE);
}

#[test]
fn an_author_is_known_by_the_lock_and_by_the_address_of_before() {
    // The tree has the new address of the account, the lock the old one, by which git knows its owner.
    let lock = "users:\n  dina@acme.com: { account: acc-d, from: jira }\n";
    let groups = GROUPS.replace("[dina@acme.com, ", "[d.new@acme.com, ");
    let world = World::of(REFUSE, "  d.new@acme.com: { account: acc-d }\n", &groups).lock(lock).then_base();
    let own = world.clone().edit("[ada@acme.com]", "[ada@acme.com, d.new@acme.com]");
    let refused = ["self-grant member.payroll/d.new@acme.com: refused"];
    assert_eq!(rulings(&own.clone().by("dina@acme.com").plan()), refused);
    assert_eq!(rulings(&own.clone().by("d.new@acme.com").plan()), refused);
    // Also where the change takes the line out of the lock.
    let without =
        own.clone().edit("users:\n  dina@acme.com: { account: acc-d, from: jira }\n", "users: {}\n");
    let without = rulings(&without.by("dina@acme.com").plan());
    assert!(without.contains(&refused[0].to_owned()), "{without:?}");
    // Neighbour: somebody else makes the change.
    assert_eq!(rulings(&own.by("chen@acme.com").plan()), NONE);
}

#[test]
fn to_take_back_ones_own_end_is_a_grant_of_all_that_it_would_take() {
    // The base has dina leave; no apply has done it yet.
    let policy = REFUSE.replace("policy:\n", "policy:\n  offboard: remove\n");
    let groups = GROUPS.replace("[ada@acme.com]", "[ada@acme.com, dina@acme.com]");
    let world = World::of(&policy, "  dina@acme.com: { active: true }\n", &groups);
    let leaving = world.edit("active: true", "active: false").then_base();
    let back = leaving.clone().edit("active: false", "active: true");
    let plan = back.clone().by("dina@acme.com").plan();
    assert_eq!((keys(&plan), codes(&plan)), (vec![], vec![]));
    assert_eq!(rulings(&plan), REFUSED);
    let kept = [
        "user.dina@acme.com: kept, not remove offboarded, privileged",
        "member.payroll/dina@acme.com: kept, not remove offboarded, privileged",
        "member.team/dina@acme.com: kept, not remove offboarded",
    ];
    assert_eq!(otherwise(&plan), kept);
    assert_eq!(plan.base.as_ref().unwrap().adopted, [], "nobody did it by hand");
    shown_first(&back.clone().by("dina@acme.com"), "stays: the base would remove (offboarded), privileged");
    // By leaving the line out, by another name, or by an `except` or a group's own end that is taken back.
    let dropped = leaving.clone().edit("  dina@acme.com: { active: false }\n", "  dina@acme.com: {}\n");
    assert_eq!(rulings(&dropped.by("dina@acme.com").plan()), REFUSED);
    let removed = World::of(REFUSE, "", &groups)
        .edit("[ada@acme.com, dina@acme.com]", "[ada@acme.com]")
        .then_base()
        .edit("[ada@acme.com]", "[ada@acme.com, dina@acme.com]");
    assert_eq!(rulings(&removed.by("dina@acme.com").plan()), REFUSED);
    let nested = "  payroll:\n    nest: true\n    members: [{ group: team, except: [dina@acme.com] }]\n  \
                  team:\n    members: [dina@acme.com, chen@acme.com]\n";
    let nested =
        World::of(REFUSE, "", nested).then_base().change(|live| live.join("payroll", "dina@acme.com"));
    let excepted = nested.edit(", except: [dina@acme.com]", "").by("dina@acme.com");
    assert_eq!(rulings(&excepted.plan()), REFUSED);
    // Neighbours: a colleague takes it back; and one who was in nothing privileged.
    assert_eq!(rulings(&back.by("chen@acme.com").plan()), NONE);
    let harmless = World::of(&policy, "  dina@acme.com: { active: true }\n", GROUPS);
    let harmless =
        harmless.edit("active: true", "active: false").then_base().edit("active: false", "active: true");
    assert_eq!(rulings(&harmless.by("dina@acme.com").plan()), NONE);
}

#[test]
fn a_name_that_means_another_account_is_refused_of_an_author_whom_nobody_knows() {
    let groups = GROUPS.replace("dina@acme.com,", "dina@acme.com, eve@acme.com,");
    let world = World::of(REFUSE, "  eve@acme.com: { account: acc-eve }\n", &groups).change(|live| {
        live.account("eve@acme.com").email = None;
        live.accounts.insert("acc-new".into(), Account { email: None, ..Account::person("eve@acme.com") });
    });
    let moved = world.then_base().edit("account: acc-eve", "account: acc-new");
    let by = |author: &str| rulings(&moved.clone().by(author).plan());
    let refused = ["self-grant user.eve@acme.com: refused"];
    assert_eq!(by("dinna@acme.com"), refused);
    assert!(rulings(&moved.plan()).contains(&refused[0].to_owned()), "nobody names the author");
    assert_eq!(by("eve@acme.com"), refused, "one's own name");
    assert_eq!(by("chen@acme.com"), NONE);
    for author in ["dinna@acme.com", "eve@acme.com"] {
        let why = moved.clone().by("chen@acme.com").by(author).plan().guards[0].why.clone();
        assert!(why.starts_with(&format!("{author} made this change, ")), "{why}");
    }
    // Also where the site itself says that the account is eve's: a name that had an id is somebody else's to move.
    let shown = moved.change(|live| {
        live.accounts.insert("acc-new".into(), Account::person("eve@acme.com"));
    });
    assert_eq!(rulings(&shown.clone().by("dinna@acme.com").plan()), refused);
    assert_eq!(rulings(&shown.clone().by("eve@acme.com").plan()), refused);
    assert_eq!(rulings(&shown.by("chen@acme.com").plan()), NONE);
}

#[test]
fn without_an_author_everybody_who_comes_may_be_one() {
    assert_eq!(rulings(&granted(base()).plan()), REFUSED);
    assert_eq!(rulings(&granted(base()).by("chen@acme.com").plan()), NONE);
}

#[test]
fn who_comes_back_under_another_address_of_the_author_is_said_to_be_maybe_the_author() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let why = |email: &str| {
        let users = format!("  {email}: {{ active: false }}\n");
        let world = World::of(&format!("{head}{REFUSE}"), &users, GROUPS).change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
            let id = live.id_of(email);
            live.account(email).suspended = true;
            live.group("payroll").members.insert(id);
        });
        let world = world.then_base().edit("active: false", "active: true");
        // That the group does not declare them is another matter.
        let world = world.edit("payroll:\n", "payroll:\n    mode: at-least\n").by("dina@acme.com");
        let plan = world.plan();
        let user = format!("user.{email}");
        let mut guards = plan.guards.iter();
        let verdict = guards.find(|it| it.addresses.iter().any(|address| address.to_string() == user));
        verdict.unwrap_or_else(|| panic!("{:?} {:?}", rulings(&plan), keys(&plan))).why.clone()
    };
    assert_eq!(why("dina+x@acme.com"), "dina+x@acme.com may be dina@acme.com, who made this change");
    assert_eq!(why("dina@acme.com"), "dina@acme.com, who made this change, would join a privileged group");
}

#[test]
fn an_author_who_hides_their_email_may_be_whom_they_invite() {
    let pinned = World::of(REFUSE, "  dina@acme.com: { account: acc-dina@acme.com }\n", GROUPS)
        .change(|live| live.account("dina@acme.com").email = None)
        .then_base();
    let joins = |world: World| {
        let world = world.edit("  dina@acme.com:", "  real@acme.com: { active: true }\n  dina@acme.com:");
        world.edit("[ada@acme.com]", "[ada@acme.com, real@acme.com]")
    };
    let by = |author: &str| rulings(&joins(pinned.clone()).by(author).plan());
    assert!(by("dina@acme.com").iter().any(|it| it.starts_with("self-grant")), "{:?}", by("dina@acme.com"));
    assert_eq!(by("chen@acme.com"), NONE, "a colleague, whose account shows another email");
}

#[test]
fn nobody_but_an_owner_of_the_rules_takes_the_operator_away() {
    let owned = "operator: root@acme.com\npolicy:\n  privileged: [payroll]\n  self-grant: refuse\n  admins: [chen@acme.com]\n";
    let base = World::of(owned, "", GROUPS).change(hired(&["root@acme.com"])).then_base();
    let gone = base.edit("operator: root@acme.com\n", "");
    assert_eq!(rulings(&gone.clone().by("dina@acme.com").plan()), ["self-grant : refused"]);
    assert_eq!(rulings(&gone.by("chen@acme.com").plan()), NONE);
}
