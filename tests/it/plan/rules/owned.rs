//! What only those may change who own the rules: the settings through which access ends, rules for names that nobody has yet,
//! and whose the lines are of people who are let into a privileged group.

use jiff::civil::date;
use rollbook::model::{Reason, Surface};

use super::{NONE, hired, refused_first, shown_first};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Account, Group, World};

const LOOSENED: &str = "self-grant : refused";

const HEAD: &str = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\ndirectory: 0b5e7c92-4a6d-4f7e-8c1b-d95a3e60f218\n\
                    operator: root@acme.com\n\
                    scim: { directory: 9f0b41c7-52d3-4e8a-b6a7-1c3d5e7f9a0b, authority: rollbook }\n";
const POLICY: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  keep-at-least: { team: 1 }\n  \
                      protect: { users: [bea@acme.com], groups: [team] }\n  admins: [ines@acme.com]\n";
const GROUPS: &str = "  payroll:\n    members: [ada@acme.com, bea@acme.com]\n  team:\n    members: [ada@acme.com, mal@acme.com]\n";

fn base() -> World {
    let line = |email: &str| format!("  {email}@acme.com: {{ account: acc-{email}@acme.com, from: jira }}\n");
    let lock: String = ["ada", "bea", "mal"].iter().map(|email| line(email)).collect();
    let world = World::of(&format!("{HEAD}{POLICY}"), "", GROUPS).lock(&format!("users:\n{lock}"));
    world.then_base().change(hired(&["root@acme.com", "ines@acme.com"]))
}

/// Refused for mal, and not for ines, whom the base names under `admins`.
#[track_caller]
fn owned(world: &World, ruling: &str) {
    let refused = world.clone().by("mal@acme.com");
    let found = rulings(&refused.plan());
    assert!(found.contains(&ruling.to_owned()), "{ruling} is not in {found:?}");
    refused_first(&refused, "self-grant");
    assert_eq!(rulings(&world.clone().by("ines@acme.com").plan()), NONE);
}

#[test]
fn nobody_takes_away_the_settings_through_which_access_ends() {
    for (from, to) in [
        ("authority: rollbook", "authority: identity-provider"),
        ("9f0b41c7-52d3-4e8a-b6a7-1c3d5e7f9a0b", "9f0b41c7-52d3-4e8a-b6a7-1c3d5e7f9a0c"),
        ("scim: { directory: 9f0b41c7-52d3-4e8a-b6a7-1c3d5e7f9a0b, authority: rollbook }\n", ""),
        ("directory: 0b5e7c92-4a6d-4f7e-8c1b-d95a3e60f218\n", ""),
        ("  payroll:\n", "  payroll:\n    source: scim\n"),
    ] {
        owned(&base().edit(from, to), LOOSENED);
    }
    // Neighbours: an ordinary group, and a new setting.
    let team = base().edit("  team:\n    members", "  team:\n    source: scim\n    members");
    assert_eq!(rulings(&team.by("mal@acme.com").plan()), NONE);
    let directory = "directory: 0b5e7c92-4a6d-4f7e-8c1b-d95a3e60f218\n";
    let new = base().edit(directory, "").then_base().edit("operator:", &format!("{directory}operator:"));
    assert_eq!(rulings(&new.by("mal@acme.com").plan()), NONE);
}

#[test]
fn nobody_makes_a_rule_for_a_name_that_may_become_theirs() {
    let users =
        |email: &str| base().edit("users: [bea@acme.com]", &format!("users: [bea@acme.com, {email}]"));
    owned(&users("later@acme.com"), LOOSENED);
    owned(&base().edit("groups: [team]", "groups: [team, payroll-eu]"), LOOSENED);
    owned(&base().edit("{ team: 1 }", "{ team: 1, payroll-eu: 2 }"), LOOSENED);
    // Neighbours: a colleague, a group of the site, and one that the change makes.
    assert_eq!(rulings(&users("ada@acme.com").by("mal@acme.com").plan()), NONE);
    let floor = |name: &str| base().edit("{ team: 1 }", &format!("{{ team: 1, {name}: 1 }}"));
    let of_site = floor("lunch").change(|live| {
        let members = [live.id_of("ada@acme.com")].into();
        live.groups.insert("id-lunch".into(), Group::of("lunch", members));
    });
    assert_eq!(rulings(&of_site.by("mal@acme.com").plan()), NONE);
    let made = floor("lunch").edit("  team:\n", "  lunch:\n    members: [ada@acme.com]\n  team:\n");
    assert_eq!(rulings(&made.by("mal@acme.com").plan()), NONE);
}

#[test]
fn a_line_of_somebody_who_is_let_in_is_for_those_who_own_the_rules() {
    let line = |email: &str| format!("  {email}@acme.com: {{ account: acc-{email}@acme.com, from: jira }}\n");
    owned(&base().edit(&line("ada"), ""), "self-grant user.ada@acme.com: refused");
    // Neighbours: a line of somebody who is let in nowhere, and of one who goes by another email in tree and lock.
    let world = base().edit("  team:\n    members: [ada", "  team:\n    members: [chen@acme.com, ada");
    let chen = line("chen");
    let world = world.edit("users:\n  ada", &format!("users:\n{chen}  ada")).then_base();
    let world = world.change(hired(&["chen@acme.com"])).change(|live| live.join("team", "chen@acme.com"));
    assert_eq!(rulings(&world.clone().edit(&chen, "").by("mal@acme.com").plan()), NONE);
    let renamed = base().change(|live| live.account("ada@acme.com").email = Some("ada.l@acme.com".into()));
    let renamed = renamed.edit("payroll:\n    members: [ada@", "payroll:\n    members: [ada.l@");
    let renamed = renamed.edit("team:\n    members: [ada@", "team:\n    members: [ada.l@");
    let renamed = renamed.edit("  ada@acme.com: {", "  ada.l@acme.com: {");
    assert_eq!(rulings(&renamed.by("mal@acme.com").plan()), NONE);
}

/// The lock says whom the policy protects, and mal has come by that address on the site.
#[test]
fn who_comes_by_the_address_of_somebody_who_is_kept_is_not_kept() {
    let ends = GROUPS
        .replace("[ada@acme.com, bea@acme.com]", "[ada@acme.com, { user: mal@acme.com, until: 2026-12-01 }]");
    let line = |email: &str| format!("  {email}@acme.com: {{ account: acc-{email}@acme.com, from: jira }}\n");
    let night = |policy: &str, locked: &[&str]| {
        let lock: String = locked.iter().map(|email| line(email)).collect();
        let mut world = World::of(policy, "", &ends).lock(&format!("users:\n{lock}")).then_base();
        world = world.change(hired(&["root@acme.com", "fox@acme.com"])).change(|live| {
            live.account("fox@acme.com").email = Some("fox.new@acme.com".into());
            live.account("mal@acme.com").email = Some("fox@acme.com".into());
        });
        world.today = date(2026, 12, 2);
        world.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
        world.plan()
    };
    let protect =
        "operator: root@acme.com\npolicy:\n  privileged: [payroll]\n  protect: { users: [fox@acme.com] }\n";
    for policy in [protect, "operator: fox@acme.com\npolicy:\n  privileged: [payroll]\n"] {
        let plan = night(policy, &["mal", "fox"]);
        assert_eq!(keys(&plan), ["remove member.payroll/mal@acme.com"], "{:?}", codes(&plan));
        // Neighbour: nothing says who is kept but the address.
        assert_eq!(keys(&night(policy, &["mal"])), NONE);
    }
}

/// Nothing ties mal@ to an account, and the account goes by another address now.
#[test]
fn an_end_of_nobody_is_told_where_somebody_stays() {
    let night = |mode: &str, email: &str, staying: bool| {
        let groups = format!(
            "  payroll:\n    mode: {mode}\n    members: [ada@acme.com, {{ user: mal@acme.com, until: 2026-12-01 }}]\n"
        );
        let mut world = World::of("policy:\n  privileged: [payroll]\n", "", &groups).then_base();
        world = world.change(|live| {
            live.account("mal@acme.com").email = Some(email.into());
            if !staying {
                live.leave("payroll", email);
            }
        });
        world.today = date(2026, 12, 2);
        world.scope.reasons = vec![Reason::Expired];
        world.plan()
    };
    let plan = night("at-least", "z@acme.com", true);
    assert_eq!(codes(&plan), [("remove member.payroll/mal@acme.com".into(), "end-of-nobody")]);
    assert!(plan.blocked[0].why.contains("keeps z@acme.com, who is not named there"), "{plan:?}");
    // A night takes nobody out of a group that is exact but for the reasons that it goes by.
    assert_eq!(codes(&night("exact", "z@acme.com", true)), codes(&plan));
    // Neighbours: the account left the group, or goes by the address.
    assert_eq!(codes(&night("at-least", "z@acme.com", false)), []);
    assert_eq!(keys(&night("at-least", "mal@acme.com", true)), ["remove member.payroll/mal@acme.com"]);
}

/// The tree has an end for mal@, whose account goes by another address now. Nothing ties the two.
fn renamed(mode: &str) -> World {
    let policy = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n  admins: [root@acme.com]\n";
    let groups = format!(
        "  payroll:\n    mode: {mode}\n    members:\n      - ada@acme.com\n      - {{ user: mal@acme.com, until: 2026-12-01 }}\n"
    );
    let world = World::of(policy, "", &groups).then_base().change(hired(&["root@acme.com", "bea@acme.com"]));
    world.change(|live| live.account("mal@acme.com").email = Some("z@acme.com".into()))
}

const END: &str = "      - { user: mal@acme.com, until: 2026-12-01 }\n";

#[test]
fn nobody_drops_their_own_end_under_another_address() {
    let refused = |world: &World, author: &str| {
        let found = rulings(&world.clone().by(author).plan());
        assert!(found.iter().any(|it| it.starts_with("self-grant member.payroll/")), "{author}: {found:?}");
    };
    for world in [
        renamed("at-least").edit(END, ""),
        renamed("at-least").edit(END, "").change(|live| live.account("bea@acme.com").hidden = true),
        renamed("at-least").edit("2026-12-01", "2099-01-01"),
        renamed("at-least").edit("  payroll:\n    mode: at-least\n", "  other:\n    mode: at-least\n"),
    ] {
        refused(&world, "z@acme.com");
        refused(&world, "mal@acme.com");
        refused(&world, "bot@acme.com");
        assert_eq!(rulings(&world.by("root@acme.com").plan()), NONE);
    }
    // Neighbours: a colleague; the account has left; and a group that is exact lets go of it.
    let dropped = renamed("at-least").edit(END, "");
    assert_eq!(rulings(&dropped.clone().by("bea@acme.com").plan()), NONE);
    let left = dropped.change(|live| live.leave("payroll", "z@acme.com"));
    assert_eq!(rulings(&left.by("z@acme.com").plan()), NONE);
    let exact = renamed("exact").edit(END, "").by("z@acme.com").plan();
    assert_eq!((rulings(&exact), keys(&exact)), (vec![], vec!["remove member.payroll/z@acme.com".into()]));
}

#[test]
fn a_dropped_end_of_nobody_is_told_at_night() {
    let night = |world: World| {
        let mut world = World { base_applied: true, ..world };
        world.today = date(2026, 12, 2);
        world.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
        codes(&world.plan())
    };
    let told = |code: &'static str| vec![("remove member.payroll/mal@acme.com".to_owned(), code)];
    let hidden = |world: World| world.change(|live| live.account("bea@acme.com").hidden = true);
    assert_eq!(night(renamed("at-least")), told("end-of-nobody"));
    assert_eq!(night(hidden(renamed("at-least"))), told("end-of-nobody"), "others hide their emails");
    assert_eq!(night(renamed("at-least").edit(END, "")), told("kept-by-change"));
    assert_eq!(night(renamed("at-least").edit("2026-12-01", "2099-01-01")), told("kept-by-change"));
    // Neighbour: nobody is left who could be meant.
    let left = |world: World| world.change(|live| live.leave("payroll", "z@acme.com"));
    assert_eq!(night(left(renamed("at-least").edit(END, ""))), []);
}

#[test]
fn a_leaver_of_nobody_is_told_by_the_change_that_says_so() {
    let offboard = |world: World| {
        let mut world = world.edit(END, "");
        let users = "users:\n  mal@acme.com: { active: false }\n";
        world.files.push(("users/z.yaml".into(), users.into()));
        world
    };
    let told = [("remove user.mal@acme.com".to_owned(), "end-of-nobody")];
    let at_least = |world: World| codes(&world.by("bea@acme.com").plan());
    let world = renamed("at-least")
        .edit("policy:\n", "policy:\n  offboard: remove\n  max-revokes: { total: 9 }\n")
        .then_base();
    assert_eq!(at_least(offboard(world.clone())), told);
    // Neighbours: said before, and nobody stays who could be meant.
    assert_eq!(at_least(offboard(world.clone()).then_base()), []);
    let left = offboard(world).change(|live| live.leave("payroll", "z@acme.com"));
    assert_eq!(at_least(left), []);
}

/// Every user that the tree names is in the lock, so that nobody need list the users of the site.
#[test]
fn an_account_that_is_named_by_its_id_may_show_the_authors_address() {
    let world = base().change(|live| {
        let second = Account { email: Some("mal+two@acme.com".into()), ..Account::person("two@acme.com") };
        live.accounts.insert("acc-two".into(), second);
        live.hire("chen@acme.com");
    });
    let by_id = |id: &str| {
        let entry = format!("  payroll:\n    members: [account: {id}, ada");
        world.clone().edit("  payroll:\n    members: [ada", &entry).by("mal@acme.com").plan()
    };
    let plan = by_id("acc-two");
    assert!(
        rulings(&plan).iter().any(|it| it.starts_with("self-grant member.payroll/")),
        "{:?}",
        rulings(&plan)
    );
    // Neighbour: a colleague's.
    assert_eq!(rulings(&by_id("acc-chen@acme.com")), NONE);
}

/// The tree ties an address to the account of mal, who was removed from the site.
#[test]
fn who_is_invited_again_is_the_account_that_they_had() {
    let again = |author: &str, privileged: &str| {
        let policy = format!(
            "{HEAD}policy:\n  invite-domains: [acme.com]\n  privileged: [{privileged}]\n  self-grant: refuse\n  admins: [ines@acme.com]\n"
        );
        let users =
            "  malory@acme.com: { account: acc-mal@acme.com }\n  root@acme.com: {}\n  ines@acme.com: {}\n";
        let groups = "  payroll:\n    members: [root@acme.com]\n  everybody:\n    mode: at-least\n    members: [root@acme.com]\n";
        let mut world = World::of(&policy, users, groups).then_base().change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization].into();
            let gone = Account { removed: true, ..Account::person("mal@acme.com") };
            live.accounts.insert("acc-mal@acme.com".into(), gone);
            live.roles = vec![("jira".into(), vec!["id-everybody".into()], vec!["id-everybody".into()])];
            live.hire("bea@acme.com");
        });
        world = world.edit(
            "{ account: acc-mal@acme.com }",
            "{ account: acc-mal@acme.com, active: true, apps: [jira] }",
        );
        world.by(author).plan()
    };
    let plan = again("mal@acme.com", "everybody");
    assert_eq!(keys(&plan), ["invite user.malory@acme.com"], "{:?}", codes(&plan));
    assert_eq!(rulings(&plan), ["self-grant user.malory@acme.com: refused"]);
    // Neighbours: a colleague lets them back, and an app of which nothing is privileged.
    assert_eq!(rulings(&again("bea@acme.com", "everybody")), NONE);
    assert_eq!(rulings(&again("mal@acme.com", "payroll")), NONE);
}

/// The lock ties an address of mal's that differs behind the `+` to an account that hides it, and mal@ to one that shows
/// another.
#[test]
fn an_account_that_the_tree_ties_to_a_note_of_the_authors_address_is_theirs() {
    let line = "  mal+two@acme.com: { account: acc-two, from: accounts }\n";
    let joins = |id: &str| {
        let world =
            base().edit("users:\n  ada", &format!("users:\n{line}  ada")).then_base().change(|live| {
                let second = Account { hidden: true, ..Account::person("mal+two@acme.com") };
                live.accounts.insert("acc-two".into(), second);
                live.account("mal@acme.com").email = Some("z@acme.com".into());
            });
        let entry = format!("  payroll:\n    members: [account: {id}, ada");
        world.edit("  payroll:\n    members: [ada", &entry)
    };
    for (id, author) in
        [("acc-two", "mal@acme.com"), ("acc-mal@acme.com", "mal+two@acme.com"), ("acc-two", "z@acme.com")]
    {
        let found = rulings(&joins(id).by(author).plan());
        let refused = found.iter().any(|it| it.starts_with("self-grant member.payroll/"));
        assert!(refused, "{id} {author}: {found:?}");
    }
    // Neighbour: a colleague lets that account in.
    assert_eq!(rulings(&joins("acc-two").by("ada@acme.com").plan()), NONE);
}

/// Everybody is in the lock, so that nobody lists the users of the site: whom nothing has shown yet is asked for.
#[test]
fn a_floor_counts_who_comes_and_was_not_listed() {
    let lock = "users:\n  ada@acme.com: { account: acc-ada@acme.com, from: jira }\n  bea@acme.com: { account: acc-bea@acme.com, from: jira }\n";
    let swap = |active: bool| {
        let world = World::of(
            "policy:\n  keep-at-least: { vault: 1 }\n",
            "",
            "  vault:\n    members: [ada@acme.com]\n",
        );
        let world = world.lock(lock).then_base().change(hired(&["bea@acme.com"]));
        let world = world.change(|live| live.account("bea@acme.com").active = active);
        rulings(&world.edit("[ada@acme.com]", "[bea@acme.com]").plan())
    };
    assert_eq!(swap(true), NONE);
    assert_eq!(swap(false), ["keep-at-least group.vault: refused"]);
}

#[test]
fn the_group_of_the_organizations_administrators_is_privileged() {
    let policy = format!("{HEAD}policy:\n  self-grant: refuse\n  admins: [ines@acme.com]\n");
    let groups =
        "  org-admins:\n    members: [ada@acme.com, ines@acme.com]\n  team:\n    members: [root@acme.com]\n";
    let world = World::of(&policy, "", groups)
        .then_base()
        .change(hired(&["mal@acme.com", "root@acme.com"]))
        .change(|live| {
            live.surfaces = [Surface::Jira, Surface::Organization].into();
            live.organization_admins = ["acc-ada@acme.com".into(), "acc-ines@acme.com".into()].into();
        });
    let joins = |group: &str| {
        let from = format!("  {group}:\n    members: [");
        rulings(&world.clone().edit(&from, &format!("{from}mal@acme.com, ")).by("mal@acme.com").plan())
    };
    assert_eq!(joins("org-admins"), ["self-grant member.org-admins/mal@acme.com: refused"]);
    assert_eq!(joins("team"), NONE);
    // Nobody deletes it, and it does not lose the last of them.
    let gone = "  org-admins: { absent: true }\n";
    let deleted =
        world.clone().edit("  org-admins:\n    members: [ada@acme.com, ines@acme.com]\n", gone).plan();
    assert_eq!(keys(&deleted), NONE, "{:?}", codes(&deleted));
    let emptied = world.edit("[ada@acme.com, ines@acme.com]", "[]").by("ines@acme.com").plan();
    assert!(codes(&emptied).iter().any(|(_, code)| *code == "last-admin"), "{:?}", codes(&emptied));
}

/// On the site, the group and the person that rules name go by another name, and others have come by theirs. An owner of the
/// rules corrects the lock and lets each rule follow.
#[test]
fn a_rule_follows_its_group_and_person_in_the_change_that_corrects_the_lock() {
    let policy =
        "operator: root@acme.com\npolicy:\n  self-grant: refuse\n  admins: [ines@acme.com]\n  RULE\n";
    let groups = "  team:\n    members: [ada@acme.com, bea@acme.com]\n  other:\n    members: []\n";
    let lock = "users:\n  ada@acme.com: { account: acc-ada@acme.com, from: jira }\ngroups:\n  team: { id: id-team, from: jira }\n";
    let corrected = |rule: &str, follows: &str| {
        let world = World::of(&policy.replace("RULE", rule), "", groups).lock(lock).then_base();
        let world = world.change(hired(&["root@acme.com", "ines@acme.com"])).change(|live| {
            let members = live.group("team").members.clone();
            live.groups.insert("id-new".into(), Group::of("team", members));
            live.groups.get_mut("id-team").unwrap().name = "team-old".into();
            live.account("ada@acme.com").email = Some("ada.old@acme.com".into());
            live.accounts.insert("acc-new".into(), Account::person("ada@acme.com"));
            live.group("team").members.insert("acc-new".into());
        });
        let world = world.edit("id-team", "id-new").edit("acc-ada@acme.com", "acc-new").edit(rule, follows);
        rulings(&world.by("ines@acme.com").plan())
    };
    for (rule, followed, guard) in [
        ("privileged: [team]", "privileged: [team, team-old]", "self-grant"),
        ("protect: { groups: [team] }", "protect: { groups: [team, team-old] }", "protect"),
        ("keep-at-least: { team: 2 }", "keep-at-least: { team: 2, team-old: 2 }", "keep-at-least"),
        ("exclusive: [[team, other]]", "exclusive: [[team, other], [other, team-old]]", "exclusive"),
        ("exclusive: [[team, other]]", "exclusive: [[team, team-old, other]]", "exclusive"),
    ] {
        let refused = format!("{guard} group.team-old: refused");
        assert!(corrected(rule, rule).contains(&refused), "{rule}: {:?}", corrected(rule, rule));
        assert!(!corrected(rule, followed).contains(&refused), "{followed}: {:?}", corrected(rule, followed));
    }
    // A rule that is weaker than it was does not follow the group.
    for (rule, less) in [
        ("keep-at-least: { team: 2 }", "keep-at-least: { team: 2, team-old: 1 }"),
        ("exclusive: [[team, other]]", "exclusive: [[team, other], [team, team-old]]"),
    ] {
        assert!(corrected(rule, less).iter().any(|it| it.ends_with("group.team-old: refused")), "{less}");
    }
    let protects = |users: &str| {
        corrected("protect: { users: [ada@acme.com] }", &format!("protect: {{ users: [{users}] }}"))
    };
    let refused = "protect user.ada@acme.com: refused".to_owned();
    assert!(protects("ada@acme.com").contains(&refused), "{:?}", protects("ada@acme.com"));
    assert!(!protects("ada@acme.com, ada.old@acme.com").contains(&refused));
}

/// A site administrator has created payroll again, and the lock still has the old id.
#[test]
fn anybody_corrects_the_line_of_a_group_that_was_made_anew() {
    let line = |id: &str| format!("groups:\n  payroll: {{ id: {id}, from: jira }}\n");
    let world = |stays: bool| {
        let mut world = base();
        world.files.iter_mut().filter(|(path, _)| path == "rollbook.lock").for_each(|(_, text)| {
            *text = format!("{text}{}", line("id-payroll"));
        });
        let world = world.then_base().change(|live| {
            let members = live.group("payroll").members.clone();
            live.groups.insert("id-new".into(), Group::of("payroll", members));
            live.groups.get_mut("id-payroll").unwrap().name = "payroll-old".into();
            if !stays {
                live.groups.remove("id-payroll");
            }
        });
        rulings(&world.edit("id-payroll", "id-new").by("mal@acme.com").plan())
    };
    assert_eq!(world(false), NONE);
    assert!(world(true).contains(&"self-grant group.payroll: refused".to_owned()), "{:?}", world(true));
}

/// The lock ties mal@ to an account that shows another address by now. What differs from mal@ behind the `+` is theirs still.
#[test]
fn an_author_is_known_by_the_other_addresses_of_their_account() {
    let world = base().change(|live| {
        live.account("mal@acme.com").email = Some("z@acme.com".into());
        live.accounts.insert("acc-two".into(), Account::person("mal+two@acme.com"));
        live.accounts.insert("acc-other".into(), Account::person("other@acme.com"));
    });
    let joins = |user: &str| {
        let entry = format!("  payroll:\n    members: [{user}, ada");
        rulings(&world.clone().edit("  payroll:\n    members: [ada", &entry).by("z@acme.com").plan())
    };
    for user in ["mal+two@acme.com", "account: acc-two"] {
        assert!(
            joins(user).iter().any(|it| it.starts_with("self-grant member.payroll/")),
            "{user}: {:?}",
            joins(user)
        );
    }
    // Neighbour: somebody else.
    assert_eq!(joins("other@acme.com"), NONE);
}

/// mal@ goes by z@ now, and the change writes that instead, without the end. The base cannot place mal@, so that the two are two
/// people to it.
#[test]
fn an_end_of_nobody_does_not_go_by_way_of_the_new_address() {
    let swapped = |mode: &str, entry: &str| renamed(mode).edit(END, &format!("      - {entry}\n"));
    let second = |world: World| world.change(|live| live.hire("mal+two@acme.com"));
    for (mode, entry) in [
        ("at-least", "z@acme.com"),
        ("exact", "z@acme.com"),
        ("at-least", "account: acc-mal@acme.com"),
        ("at-least", "{ user: z@acme.com, until: 2027-12-01 }"),
    ] {
        for author in ["mal+two@acme.com", "z@acme.com"] {
            let found = rulings(&second(swapped(mode, entry)).by(author).plan());
            assert!(
                found.iter().any(|it| it.starts_with("self-grant member.payroll/")),
                "{entry} {author}: {found:?}"
            );
        }
        let honest = swapped(mode, entry).by("bea@acme.com");
        assert_eq!(rulings(&honest.plan()), NONE, "a colleague may, and it is shown");
        shown_first(&honest, "until 2026-12-01 →");
        // What was refused does not hold it at night without a word.
        let mut night = swapped(mode, entry);
        night.today = date(2026, 12, 2);
        night.scope.reasons = vec![Reason::Expired];
        // The base takes the account out of a group that is exact by its new address as well.
        let mut told = vec![("remove member.payroll/mal@acme.com".to_owned(), "kept-by-change")];
        told.extend(
            (mode == "exact").then(|| ("remove member.payroll/z@acme.com".to_owned(), "kept-by-change")),
        );
        assert_eq!(codes(&night.plan()), told);
    }
    // Neighbour: the same end under the new address.
    let same = swapped("at-least", "{ user: z@acme.com, until: 2026-12-01 }").by("bea@acme.com");
    assert_eq!(rulings(&same.plan()), NONE);
    let night = |mut world: World| {
        world.today = date(2026, 12, 2);
        world.scope.reasons = vec![Reason::Expired];
        keys(&world.plan())
    };
    assert_eq!(night(same.then_base()), ["remove member.payroll/z@acme.com"]);
}
