//! What only those may change who own the rules: the settings through which access ends, rules for names that nobody has yet,
//! and whose the lines are of people who are let into a privileged group.

use jiff::civil::date;
use rollbook::model::Reason;

use super::{NONE, hired, refused_first};
use crate::guards::rulings;
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
    // Neighbours: an ordinary group, and a setting that comes to be.
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
    assert!(plan.blocked[0].why.contains("keeps z@acme.com, whom the tree does not name there"), "{plan:?}");
    // Neighbours: the account left the group, goes by the address, or is taken out by the next plan of the whole tree.
    assert_eq!(codes(&night("at-least", "z@acme.com", false)), []);
    assert_eq!(keys(&night("at-least", "mal@acme.com", true)), ["remove member.payroll/mal@acme.com"]);
    assert_eq!(codes(&night("exact", "z@acme.com", true)), []);
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
    // Less than the rule was is no rule that follows.
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
