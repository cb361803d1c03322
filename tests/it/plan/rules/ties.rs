//! Who and what a name means is said by pins and the lock: who owns the rules says it for names in rules, nobody says it of
//! themselves, and no change says who may make it.

use rollbook::config;
use rollbook::model::{Severity, Surface};

use super::{NONE, hired, refused_first};
use crate::plan::codes;
use crate::plan::guards::rulings;
use crate::world::{Account, Group, Live, World};

const RULES: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  protect: { groups: [vault] }\n  \
                     admins: [root@acme.com, ines@acme.com, it-team@acme.com]\n";
const GROUPS: &str = "  payroll:\n    members: [ada@acme.com]\n  team:\n    members: [ada@acme.com, mal@acme.com]\n  \
                      vault:\n    members: [bea@acme.com]\n";
const USERS: [&str; 4] = ["ada", "ines", "mal", "root"];
const LOOSENED: &str = "self-grant : refused";

fn line(email: &str, account: &str) -> String {
    format!("  {email}@acme.com: {{ account: acc-{account}@acme.com, from: jira }}\n")
}

fn group(name: &str, id: &str) -> String {
    format!("  {name}: {{ id: id-{id}, from: jira }}\n")
}

fn lock() -> String {
    let users: String = USERS.iter().map(|user| line(user, user)).collect();
    let groups: String = ["payroll", "team", "vault"].iter().map(|name| group(name, name)).collect();
    format!("users:\n{users}groups:\n{groups}")
}

/// Everybody and everything is in the lock but for it-team@, whom nobody knows.
fn tree(rules: &str) -> World {
    let world = World::of(rules, "", GROUPS).lock(&lock()).then_base();
    world.change(hired(&["root@acme.com", "ines@acme.com", "chen@acme.com"]))
}

fn base() -> World {
    tree(RULES)
}

fn has(world: &World, ruling: &str) {
    let found = rulings(&world.plan());
    assert!(found.contains(&ruling.to_owned()), "{ruling} is not in {found:?}");
    refused_first(world, "self-grant");
}

/// The account of mal@ shows another email.
fn goes_by(email: &'static str) -> impl Fn(&mut Live) {
    move |live| live.account("mal@acme.com").email = Some(email.into())
}

#[test]
fn a_pin_and_a_line_of_the_lock_that_differ_are_a_mistake() {
    let mistakes = |world: World| {
        let found = config::parse(&world.tree(), world.today).diagnostics;
        let errors = found.into_iter().filter(|it| it.severity == Severity::Error);
        errors.map(|it| (it.code, it.message, it.help.unwrap())).collect::<Vec<_>>()
    };
    let pinned = |email: &str, id: &str| {
        let mut world = base();
        let pin = format!("users:\n  {email}@acme.com: {{ account: acc-{id}@acme.com, active: false }}\n");
        world.files.push(("users/z.yaml".into(), pin));
        world
    };
    // Also of one whom nothing but a rule names.
    for email in ["ines", "mal"] {
        let [(code, message, help)] = &mistakes(pinned(email, "nobody"))[..] else { panic!("{email}") };
        assert_eq!(*code, "pin-differs-from-lock");
        let said = format!(
            "`{email}@acme.com` is pinned to `acc-nobody@acme.com`, and rollbook.lock says `acc-{email}@acme.com`"
        );
        assert_eq!(*message, said);
        assert!(help.contains("delete this line of rollbook.lock and run `rollbook lock`"), "{help}");
        assert!(help.contains("remove the pin"), "{help}");
    }
    let [(code, message, _)] = &mistakes(base().edit("  vault:\n", "  vault:\n    id: id-other\n"))[..]
    else {
        panic!("of a group");
    };
    let said = "`vault` is pinned to `id-other`, and rollbook.lock says `id-vault`";
    assert_eq!((*code, message.as_str()), ("pin-differs-from-lock", said));
    // Neighbours: they say the same, and one of them is taken back.
    assert_eq!(mistakes(pinned("ines", "ines")), []);
    assert_eq!(mistakes(pinned("ines", "other").edit(&line("ines", "ines"), "")), []);
    assert_eq!(mistakes(base().edit("  vault:\n", "  vault:\n    id: id-vault\n")), []);
}

#[test]
fn no_change_makes_its_author_an_owner_of_the_rules() {
    let loosen = |world: World| world.edit("self-grant: refuse", "self-grant: allow");
    // By a line of the lock for an owner, or for the address of one without an account.
    let line_of = |from: &str, to: &str| loosen(base().edit(from, to)).by("mal@acme.com");
    for (moved, address) in [
        (line_of(&line("ines", "ines"), &line("ines", "mal")).edit(&line("mal", "mal"), ""), "ines"),
        (line_of(&line("ines", "ines"), &(line("ines", "ines") + &line("it-team", "mal"))), "it-team"),
    ] {
        has(&moved, LOOSENED);
        has(&moved, &format!("self-grant user.{address}@acme.com: refused"));
    }
    // By a pin of their own address, and by taking an owner's address on the site.
    let pinned = |world: World| {
        let mut world = world.edit(&line("mal", "mal"), "").edit(&line("ines", "ines"), "");
        let pin = "users:\n  mal@acme.com: { account: acc-ines@acme.com }\n";
        world.files.push(("users/z.yaml".into(), pin.into()));
        world
    };
    has(&loosen(pinned(base())).by("mal@acme.com"), LOOSENED);
    for email in ["it-team@acme.com", "ines@acme.com"] {
        let taken =
            base().change(goes_by(email)).change(|live| drop(live.accounts.remove("acc-ines@acme.com")));
        has(&loosen(taken).by(email), LOOSENED);
    }
    // Neighbours: an owner, an owner who goes by another address now, and one whom the site alone knows.
    assert_eq!(rulings(&loosen(base()).by("ines@acme.com").plan()), NONE);
    let renamed = base().change(|live| live.account("ines@acme.com").email = Some("i.new@acme.com".into()));
    assert_eq!(rulings(&loosen(renamed).by("i.new@acme.com").plan()), NONE);
    let shown = base().change(hired(&["it-team@acme.com"]));
    assert_eq!(rulings(&loosen(shown).by("it-team@acme.com").plan()), NONE);
}

#[test]
fn nobody_takes_their_own_tie_away() {
    let own = line("mal", "mal");
    let refused = "self-grant user.mal@acme.com: refused";
    // Also with all that named them, as `rollbook lock` would do it, and for a second account that shows the address now.
    let left = base().edit(&own, "").edit(", mal@acme.com]", "]");
    has(&base().edit(&own, "").by("mal@acme.com"), refused);
    has(&left.clone().by("mal@acme.com"), refused);
    has(&left.clone().by("chen@acme.com").by("mal@acme.com"), refused);
    let second = base().change(goes_by("z@acme.com")).change(|live| {
        live.accounts.insert("acc-malb@acme.com".into(), Account::person("mal@acme.com"));
    });
    has(&second.edit(&own, &line("mal", "malb")).by("mal@acme.com"), refused);
    // Whom nobody knows may be anybody, while the tree still has the name.
    has(&base().edit(&own, "").by("nobody@acme.com"), refused);
    has(&base().edit(&own, ""), refused);
    // Neighbours: what `rollbook lock` takes out and adds, by somebody else, by nobody who is named, and by oneself.
    assert_eq!(rulings(&left.clone().by("chen@acme.com").plan()), NONE);
    assert!(!rulings(&left.plan()).contains(&refused.to_owned()), "{:?}", rulings(&left.plan()));
    let added = base().edit(&own, &(own.clone() + &line("chen", "chen"))).edit("[bea", "[chen@acme.com, bea");
    assert_eq!(rulings(&added.by("chen@acme.com").plan()), NONE);
}

#[test]
fn those_who_own_the_rules_tie_the_names_in_them() {
    let by = |world: &World, who: &str| rulings(&world.clone().by(&format!("{who}@acme.com")).plan());
    let refused = |name: &str| [format!("self-grant group.{name}: refused")];
    // A privileged group loses its line, and could be renamed unseen; a protected one gets another group's id.
    let gone = base().edit(&group("payroll", "payroll"), "");
    let other = base()
        .edit(&group("vault", "vault"), "")
        .edit("groups:\n  payroll: {", "groups:\n  vault: { id: id-team, from: jira }\n  payroll: {");
    let other = other
        .edit(&group("team", "team"), "")
        .edit("  team:\n    members: [ada@acme.com, mal@acme.com]\n", "");
    for (world, name) in [(&gone, "payroll"), (&other, "vault")] {
        for who in ["mal", "chen"] {
            let found = by(world, who);
            assert!(found.contains(&refused(name)[0]), "{found:?}");
        }
        assert!(!by(world, "ines").contains(&refused(name)[0]), "{:?}", by(world, "ines"));
    }
    let plan = gone.clone().by("mal@acme.com").plan();
    assert_eq!(
        plan.guards[0].why,
        "mal@acme.com made this change, which lets group.payroll mean nothing instead of id-payroll at main: the owners of the \
         rules decide what a rule means"
    );
    assert!(plan.guards[0].help.contains("`policy.admins` of the base"), "{}", plan.guards[0].help);
    // In another case, which a rule takes for the same name.
    let cased = base().edit(&group("vault", "vault"), &(group("vault", "vault") + &group("VAULT", "team")));
    assert_eq!(by(&cased, "mal"), refused("VAULT"));
    // A name by which somebody is to leave a privileged group, after a date, or with all their access.
    let ends = base().edit(
        "members: [ada@acme.com]\n  team",
        "members: [{ user: ada@acme.com, until: 2026-01-01 }]\n  team",
    );
    let mut leaves = base();
    leaves.files.push(("users/z.yaml".into(), "users:\n  ada@acme.com: { active: false }\n".into()));
    for world in [ends, leaves] {
        let moved = world.then_base().edit(&line("ada", "ada"), &line("ada", "chen"));
        let found = by(&moved, "mal");
        assert!(found.contains(&"self-grant user.ada@acme.com: refused".to_owned()), "{found:?}");
        let found = by(&moved, "ines");
        assert!(!found.contains(&"self-grant user.ada@acme.com: refused".to_owned()), "{found:?}");
    }
    // A person whom a waiver of the guard names.
    let waive = "waive:\n  - { guard: self-grant, for: [member.payroll/bea@acme.com], because: OPS-1, until: 2026-12-31 }\n";
    let mut waived = tree(&format!("{waive}{RULES}"))
        .edit(&line("ada", "ada"), &(line("ada", "ada") + &line("bea", "bea")));
    waived.base = Some(waived.files.clone());
    assert_eq!(by(&waived.edit(&line("bea", "bea"), ""), "mal"), ["self-grant user.bea@acme.com: refused"]);
    // Neighbours: a name that no rule speaks of, and a line that says what the site shows.
    assert_eq!(by(&base().edit(&group("team", "team"), ""), "mal"), NONE);
    let mut first = base();
    first
        .base
        .as_mut()
        .unwrap()
        .iter_mut()
        .for_each(|(_, text)| *text = text.replace(&group("payroll", "payroll"), ""));
    assert_eq!(by(&first, "mal"), NONE);
}

#[test]
fn a_rule_of_groups_follows_its_group_by_anybody() {
    let rules = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  keep-at-least: { team: 1 }\n  admins: [root@acme.com]\n";
    let world = tree(rules).change(|live| live.group("team").name = "crew".into());
    let followed =
        world.clone().edit("  team:\n", "  squad:\n").edit(&group("team", "team"), &group("squad", "team"));
    let lost = ["keep-at-least group.squad: refused", "self-grant group.team: refused"];
    assert_eq!(rulings(&followed.clone().by("mal@acme.com").plan()), lost);
    let followed = followed.edit("{ team: 1 }", "{ squad: 1 }");
    assert_eq!(rulings(&followed.by("mal@acme.com").plan()), NONE);
    // Also where neither a pin nor a line said before which group it is.
    let world = World::of(rules, "", "  team:\n    members: [ada@acme.com, mal@acme.com]\n").then_base();
    let pinned = world.change(hired(&["root@acme.com"])).edit("  team:\n", "  squad:\n    id: id-team\n");
    assert_eq!(rulings(&pinned.edit("{ team: 1 }", "{ squad: 1 }").by("mal@acme.com").plan()), NONE);
    // Not to another group, though a line goes; nor by a name that the rule has already.
    let locked = tree(rules).edit(&group("team", "team"), &group("old", "old")).then_base();
    let other = locked
        .edit("  team:\n", "  squad:\n")
        .edit(&group("old", "old"), &group("squad", "vault"))
        .edit(&group("vault", "vault"), "")
        .edit("{ team: 1 }", "{ squad: 1 }");
    has(&other.by("mal@acme.com"), "self-grant group.squad: refused");
    let both = tree(&rules.replace("{ team: 1 }", "{ team: 1, squad: 1 }"));
    let both = both.edit("  team:\n", "  squad:\n").edit(&group("team", "team"), &group("squad", "team"));
    has(&both.by("mal@acme.com"), "self-grant group.squad: refused");
    // Of several lists of `exclusive`, those alone follow that have the group.
    let lists = rules.replace("keep-at-least: { team: 1 }", "exclusive: [[payroll, vault], [team, vault]]");
    let listed = tree(&lists).change(|live| live.group("team").name = "squad".into());
    let listed = listed
        .edit("  team:\n", "  squad:\n")
        .edit(&group("team", "team"), &group("squad", "team"))
        .edit("[team, vault]", "[squad, vault]");
    assert_eq!(rulings(&listed.by("mal@acme.com").plan()), NONE);
    // A privileged one by those alone who own the rules, in one change, as the help says.
    let world = tree(RULES).change(|live| live.group("payroll").name = "pay".into());
    let key =
        world.edit("  payroll:\n", "  pay:\n").edit(&group("payroll", "payroll"), &group("pay", "payroll"));
    let plan = key.clone().by("root@acme.com").plan();
    assert_eq!(rulings(&plan), ["self-grant group.pay: refused"]);
    let help = "Name the group in `policy.privileged` as the tree does now, pay, in the same change. Somebody listed in \
                `policy.admins` of the base has to make it.";
    assert_eq!(plan.guards[0].help, help);
    let policy = key.edit("[payroll]", "[pay]");
    assert_eq!(rulings(&policy.clone().by("root@acme.com").plan()), NONE);
    has(&policy.by("chen@acme.com"), LOOSENED);
}

/// Dina comes into payroll by an address.
fn granted(world: World, email: &str) -> World {
    world.edit(
        "payroll:\n    members: [ada@acme.com]",
        &format!("payroll:\n    members: [ada@acme.com, {email}]"),
    )
}

#[test]
fn an_address_that_nobody_has_is_waived_by_those_who_own_the_rules() {
    let waive = |who: &str| {
        format!(
            "waive:\n  - {{ guard: self-grant, for: [member.payroll/{who}@acme.com], because: joins, until: 2026-12-31 }}\npolicy:"
        )
    };
    let waived = |who: &str| base().edit("policy:", &waive(who));
    let plan = waived("x").by("mal@acme.com").plan();
    assert_eq!(rulings(&plan), [LOOSENED]);
    assert!(
        plan.guards[0].why.ends_with("and nobody has that address yet: it may become anybody's"),
        "{}",
        plan.guards[0].why
    );
    // Neither does a pin of the change give it to somebody, nor an invitation.
    let mut pinned = waived("x");
    pinned
        .files
        .push(("users/z.yaml".into(), "users:\n  x@acme.com: { account: acc-bea@acme.com }\n".into()));
    pinned.live.account("bea@acme.com").hidden = true;
    has(&pinned.by("mal@acme.com"), LOOSENED);
    let mut invited = waived("x");
    invited.files.push(("users/z.yaml".into(), "users:\n  x@acme.com: { active: true }\n".into()));
    has(&invited.by("mal@acme.com"), LOOSENED);
    // What an owner of the rules waives for a newcomer does not cover an account that has another name in the base.
    let of_base = tree(&waive("x").replace("policy:", RULES));
    let taken = granted(of_base.clone(), "x@acme.com").change(goes_by("x@acme.com"));
    let refused = "self-grant member.payroll/x@acme.com: refused";
    has(&taken.clone().by("mal@acme.com"), refused);
    has(&taken.by("x@acme.com"), refused);
    // Nor does a waiver help an author whom nobody knows.
    let came = granted(of_base, "x@acme.com").change(hired(&["x@acme.com"]));
    has(&came.clone().by("nobody@acme.com"), refused);
    has(&came, refused);
    // Neighbours: for a colleague by anybody, for anybody by an owner, and x@ who has come.
    assert_eq!(rulings(&waived("chen").by("mal@acme.com").plan()), NONE);
    assert_eq!(rulings(&waived("x").by("ines@acme.com").plan()), NONE);
    let own = came.by("x@acme.com").plan();
    assert_eq!(rulings(&own), ["self-grant member.payroll/x@acme.com: waived"]);
    assert_eq!(codes(&own), vec![]);
}

/// Where the lock has everybody, nothing else asks for the users of the site.
#[test]
fn whom_a_rule_begins_to_speak_of_is_looked_up_on_the_site() {
    let bea = line("bea", "bea");
    let all = World::of(RULES, "", GROUPS).lock(&lock().replace("groups:\n", &format!("{bea}groups:\n")));
    let all = all.then_base().change(hired(&[
        "root@acme.com",
        "ines@acme.com",
        "chen@acme.com",
        "it-team@acme.com",
    ]));
    let waived = |who: &str| {
        let waiver = "waive:\n  - { guard: self-grant, for: [member.payroll/WHO@acme.com], because: joins, until: 2026-12-31 }\npolicy:";
        all.clone().edit("policy:", &waiver.replace("WHO", who)).by("mal@acme.com")
    };
    let locked = |account: &str| {
        all.clone().edit(&bea, &format!("{bea}{}", line("it-team", account))).by("mal@acme.com")
    };
    for organization in [false, true] {
        let at = |world: World| {
            let also = organization.then_some(Surface::Organization);
            world.change(|live| live.surfaces = [Surface::Jira].into_iter().chain(also).collect())
        };
        assert_eq!(rulings(&at(waived("chen")).plan()), NONE);
        has(&at(waived("x")), LOOSENED);
        // The first line of the lock for a user that a rule names: free where it says what the site shows.
        assert_eq!(rulings(&at(locked("it-team")).plan()), NONE);
        has(&at(locked("chen")), "self-grant user.it-team@acme.com: refused");
    }
}

#[test]
fn an_account_gets_a_second_name_by_those_alone_who_own_the_rules() {
    // Mal takes the address of an owner on the site for a moment, and locks it.
    let own = line("mal", "mal");
    let taken = |name: &str| base().edit(&own, &(own.clone() + &line(name, "mal")));
    let shows = taken("it-team").change(goes_by("it-team@acme.com"));
    for author in ["mal@acme.com", "chen@acme.com", "it-team@acme.com"] {
        has(&shows.clone().by(author), "self-grant user.it-team@acme.com: refused");
    }
    assert_eq!(rulings(&shows.clone().by("root@acme.com").plan()), NONE);
    let plan = shows.by("chen@acme.com").plan();
    assert!(
        plan.guards[0].why.contains("the base ties that account to another name"),
        "{}",
        plan.guards[0].why
    );
    // Neighbour: the one name that it has becomes another.
    let renamed = base()
        .edit(&own, &line("mallory", "mal"))
        .edit(", mal@acme.com]", ", mallory@acme.com]")
        .change(goes_by("mallory@acme.com"));
    assert_eq!(rulings(&renamed.by("chen@acme.com").plan()), NONE);
}

#[test]
fn a_line_for_a_name_that_the_tree_does_not_have_is_for_those_who_own_the_rules() {
    let of_user = base().edit(&line("mal", "mal"), &(line("mal", "mal") + &line("zed", "chen")));
    let of_group = |id: &str| {
        base().edit(&group("payroll", "payroll"), &(group("payroll", "payroll") + &group("launch", id)))
    };
    for (world, name) in [
        (of_user.clone(), "user.zed@acme.com"),
        (of_user.clone().change(hired(&["zed@acme.com"])), "user.zed@acme.com"),
        (of_group("other"), "group.launch"),
        (of_group("team"), "group.launch"),
    ] {
        for author in ["mal@acme.com", "nobody@acme.com"] {
            has(&world.clone().by(author), &format!("self-grant {name}: refused"));
        }
        assert_eq!(rulings(&world.by("root@acme.com").plan()), NONE, "{name}");
    }
    // So is a name that the tree has, where it is for a privileged group that the site calls otherwise.
    let undeclared = tree(RULES).edit("  payroll:\n    members: [ada@acme.com]\n", "").then_base();
    let launch = undeclared
        .edit("  team:\n", "  launch:\n    mode: at-least\n    members: [mal@acme.com]\n  team:\n")
        .edit(&group("payroll", "payroll"), &(group("payroll", "payroll") + &group("launch", "payroll")));
    has(&launch.clone().by("chen@acme.com"), "self-grant group.launch: refused");
    assert_eq!(rulings(&launch.by("root@acme.com").plan()), NONE);
    // One that the base has all the same is new in the change that brings the name.
    let named = |line: &str| {
        let world = base().edit(&group("vault", "vault"), &(group("vault", "vault") + line)).then_base();
        world
            .edit("  team:\n", "  launch:\n    members: [ada@acme.com]\n  team:\n")
            .by("chen@acme.com")
            .plan()
    };
    let changes = |plan: &rollbook::model::Plan| {
        let changes = &plan.base.as_ref().unwrap().identities;
        changes.iter().map(|it| (it.address.to_string(), it.head.clone())).collect::<Vec<_>>()
    };
    let plan = named(&group("launch", "other"));
    assert_eq!(changes(&plan), [("group.launch".to_owned(), Some("id-other".to_owned()))]);
    // Neighbour: the lock of the same change without such a line.
    assert_eq!(changes(&named("")), []);
}

#[test]
fn what_is_missing_to_judge_by_is_named() {
    let said = |world: &World| {
        let plan = world.plan();
        assert_eq!(rulings(&plan), ["self-grant : not judged"]);
        plan.guards[0].help.clone()
    };
    let alone = World { base: None, ..base() };
    assert_eq!(said(&alone), "Name them with `--base` and `--author`.");
    assert_eq!(said(&alone.clone().by("chen@acme.com")), "Name them with `--base`.");
    assert_eq!(said(&base()), "Name them with `--author`.");
    // Neighbour: a night judges no change.
    let mut night = base();
    night.scope.reasons = vec![rollbook::model::Reason::Expired, rollbook::model::Reason::Offboarded];
    assert_eq!(rulings(&night.plan()), NONE);
    assert_eq!(rulings(&World { base: None, ..night }.plan()), NONE);
}

#[test]
fn the_lock_keeps_what_rules_name() {
    let groups = "  team:\n    members: [ada@acme.com]\n";
    let rules = "policy:\n  privileged: [payroll]\n  admins: [ines@acme.com]\n";
    let lock = format!(
        "users:\n{}{}groups:\n{}{}",
        line("ines", "ines"),
        line("mal", "mal"),
        group("payroll", "payroll"),
        group("old", "old")
    );
    let world = World::of(rules, "", groups).lock(&lock).change(|live| {
        live.groups.insert("id-payroll".into(), Group::of("payroll", [].into()));
    });
    let locking = crate::plan::lock::lock(&world, &[]);
    let users: Vec<&str> = locking.lock.users.keys().map(rollbook::model::Email::as_str).collect();
    let names: Vec<&str> = locking.lock.groups.keys().map(rollbook::model::GroupName::as_str).collect();
    // Neighbours: what nothing names any more goes.
    assert_eq!((users, names), (vec!["ada@acme.com", "ines@acme.com"], vec!["payroll", "team"]));
    // A group that a rule names and the tree does not declare has no line yet: it is missed, and written.
    let lock = format!("users:\n{}groups:\n{}", line("ada", "ada"), group("team", "team"));
    let world = World::of(rules, "", groups).lock(&lock).change(|live| {
        live.groups.insert("id-payroll".into(), Group::of("payroll", [].into()));
    });
    let missed = world.plan().notes.iter().any(|it| it.code == "not-in-lock" && it.text.contains("payroll"));
    assert!(missed);
    let written = crate::plan::lock::lock(&world, &[]).lock.groups;
    let ids: Vec<&str> = written.values().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["id-payroll", "id-team"]);
}
