//! Plans on values: a world that matches its tree, one change, and what a person sees.

pub(crate) mod expired;
pub(crate) mod explain;
pub(crate) mod grants;
pub(crate) mod guards;
pub(crate) mod guards_base;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod laws;
pub(crate) mod laws_base;
pub(crate) mod laws_rules;
pub(crate) mod lock;
pub(crate) mod oracle;
pub(crate) mod reading;
pub(crate) mod reviewed;
pub(crate) mod rules;
pub(crate) mod snapshot;
pub(crate) mod surfaces;
pub(crate) mod synced;
pub(crate) mod trust;

use rollbook::model::{AccountKind, Action, Address, Key, ManagedBy, Plan, Reason, Usage};

use crate::plan::guards::rulings;
use crate::world::{Account, Group, World, plain};

const POLICY: &str = "policy:\n  invite-domains: [acme.com]\n  privileged: [admins]\n";

pub(crate) fn company() -> World {
    let users = "  ada@acme.com: { active: true }\n  bob@acme.com: { name: Bob }\n";
    let groups = "  platform:\n    members:\n      - ada@acme.com\n      - bob@acme.com\n      - group: sre\n\
                  \x20 sre:\n    members: [ada@acme.com, eve@acme.com]\n\
                  \x20 admins:\n    mode: at-least\n    members: [ada@acme.com]\n";
    World::of(POLICY, users, groups)
}

pub(crate) fn keys(plan: &Plan) -> Vec<String> {
    plan.operations.iter().map(|planned| planned.key.to_string()).collect()
}

pub(crate) fn codes(plan: &Plan) -> Vec<(String, &'static str)> {
    plan.blocked
        .iter()
        .map(|blocked| (format!("{} {}", blocked.action, blocked.address), crate::world::code(&blocked.code)))
        .collect()
}

fn position(plan: &Plan, key: &str) -> usize {
    keys(plan).iter().position(|found| found == key).unwrap_or_else(|| panic!("{key} in {:?}", keys(plan)))
}

#[test]
fn nothing_changed_gives_an_empty_plan() {
    let plan = company().plan();
    assert_eq!(keys(&plan), Vec::<String>::new());
    assert_eq!(codes(&plan), []);
    assert_eq!(plan.cost.requests, 0);
    insta::assert_snapshot!("nothing_changed", company().text());
}

/// What an apply may wait for is part of what it takes: four requests have taken 7 seconds.
#[test]
fn an_estimate_of_time_counts_the_looks_after_the_writes() {
    let world = company().change(|live| live.leave("sre", "eve@acme.com"));
    assert_eq!(world.plan().cost.requests, 2);
    for told in [world.text(), world.markdown()] {
        assert!(told.contains("2 requests, about 1 to 31 s"), "{told}");
    }
}

/// Letters of another script make a domain that looks like another one.
#[test]
fn a_domain_of_another_script_is_shown_in_both_forms() {
    let emails = ["ada@\u{430}\u{440}\u{440}\u{4cf}\u{435}.com", "bob@xn--mller-kva.example", "eve@acme.com"];
    let groups = format!("  sre:\n    members: [{}]\n", emails.join(", "));
    let world = World::of("", "", &groups).change(|live| {
        for email in emails {
            live.leave("sre", email);
        }
    });
    for (form, told) in
        [("text", world.text()), ("by user", world.text_by_user()), ("markdown", world.markdown())]
    {
        assert!(
            told.contains("ada@\u{430}\u{440}\u{440}\u{4cf}\u{435}.com (xn--80ak6aa92e.com)"),
            "{form}: {told}"
        );
        assert!(told.contains("bob@xn--mller-kva.example (m\u{fc}ller.example)"), "{form}: {told}");
        assert!(!told.contains("eve@acme.com ("), "{form}: {told}");
    }
}

#[test]
fn who_joins_and_who_leaves() {
    let world = company().change(|live| {
        live.hire("mallory@acme.com");
        live.join("platform", "mallory@acme.com");
        live.leave("platform", "eve@acme.com");
        live.leave("admins", "ada@acme.com");
    });
    insta::assert_snapshot!("who_joins_and_who_leaves", world.text());
    insta::assert_snapshot!("who_joins_and_who_leaves_by_user", world.text_by_user());
}

#[test]
fn time_exceptions_and_offboarding_remove_even_where_undeclared_members_stay() {
    let groups = "  team:\n    mode: at-least\n    members:\n\
                  \x20     - { user: kim@acme.com, until: 2026-11-22, because: OPS-1 }\n\
                  \x20     - { user: lee@acme.com, until: 2026-11-23 }\n\
                  \x20     - { group: inner, except: [max@acme.com] }\n\
                  \x20     - bob@acme.com\n\
                  \x20 inner:\n    members: [max@acme.com, ned@acme.com]\n";
    let world = World::of("", "  bob@acme.com: { active: false }\n", groups).change(|live| {
        for who in ["kim@acme.com", "max@acme.com", "bob@acme.com"] {
            live.join("team", who);
        }
        live.hire("undeclared@acme.com");
        live.join("team", "undeclared@acme.com");
    });
    let plan = world.plan();
    let reasons: Vec<(String, Reason)> =
        plan.operations.iter().map(|planned| (planned.key.to_string(), planned.reason)).collect();
    assert_eq!(
        reasons,
        [
            ("remove member.team/bob@acme.com".into(), Reason::Offboarded),
            ("remove member.team/kim@acme.com".into(), Reason::Expired),
            ("remove member.team/max@acme.com".into(), Reason::Excepted),
        ]
    );
    assert_eq!(codes(&plan), [("suspend user.bob@acme.com".into(), "no-surface")]);
    insta::assert_snapshot!("time_exceptions_and_offboarding", world.text());
}

#[test]
fn the_latest_until_wins_over_all_paths() {
    let groups = "  outer:\n    members:\n\
                  \x20     - { group: one, until: 2026-12-24 }\n\
                  \x20     - { group: two }\n\
                  \x20 one:\n    members: [{ user: kim@acme.com, until: 2027-06-01 }]\n\
                  \x20 two:\n    members: [{ user: kim@acme.com, until: 2027-02-01 }]\n";
    let world = World::of("", "", groups).change(|live| live.leave("outer", "kim@acme.com"));
    let untils: Vec<_> = world.plan().operations.iter().map(|planned| planned.until).collect();
    assert_eq!(untils, [Some(jiff::civil::date(2027, 2, 1))]);
}

#[test]
fn a_new_group_is_created_before_its_members_and_a_tombstone_names_who_loses() {
    let world = company()
        .edit(
            "  sre:\n",
            "  new-team:\n    description: New\n    members: [ada@acme.com, bob@acme.com]\n  sre:\n",
        )
        .edit("  admins:\n", "  old-team: { absent: true }\n  admins:\n")
        .change(|live| {
            let members = [live.id_of("ada@acme.com"), live.id_of("eve@acme.com")].into();
            live.groups.insert("id-old".into(), Group::of("old-team", members));
        });
    let plan = world.plan();
    assert_eq!(plan.summary.revokes, 2, "a deleted group counts each member");
    assert!(position(&plan, "create group.new-team") < position(&plan, "add member.new-team/ada@acme.com"));
    insta::assert_snapshot!("created_and_deleted_groups", world.text());
}

#[test]
fn deleting_is_refused_for_groups_that_matter() {
    let tombstone = |name: &str| {
        let absent = format!("  {name}: {{ absent: true }}\n");
        World::of("policy:\n  privileged: [marked]\n  protect: { groups: [guarded] }\n", "", &absent).change(
            |live| {
                live.groups.insert("id-gone".into(), Group::of(name, [].into()));
            },
        )
    };
    let code = |world: World| codes(&world.plan());
    let refused = |name: &str| vec![(format!("delete group.{name}"), "delete-refused")];
    assert_eq!(code(tombstone("marked")), refused("marked"));
    let guarded = tombstone("guarded").plan();
    assert_eq!(
        (codes(&guarded), rulings(&guarded)),
        (vec![], vec!["protect group.guarded: refused".to_owned()])
    );
    let admin = tombstone("owners").change(|live| live.admin_groups = ["id-gone".to_string()].into());
    assert_eq!(code(admin), refused("owners"));
    let grants = tombstone("users")
        .change(|live| live.roles = vec![("jira-software".into(), vec!["id-gone".into()], vec![])]);
    assert_eq!(code(grants), refused("users"));
    let unknown = tombstone("any").change(|live| live.read_only = true);
    assert_eq!(code(unknown), refused("any"), "what cannot be read is not guessed");
    assert_eq!(keys(&tombstone("any").plan()), ["delete group.any"]);
}

#[test]
fn a_declared_user_who_does_not_exist_is_invited_at_a_listed_domain_only() {
    let world = company()
        .edit("  bob@acme.com: { name: Bob }\n", "  bob@acme.com: { name: Bob }\n  zoe@acme.com: { active: true, apps: [jira-software] }\n  pat@else.example: { active: true }\n  ned@acme.com: {}\n")
        .edit("[ada@acme.com, eve@acme.com]", "[ada@acme.com, eve@acme.com, zoe@acme.com, pat@else.example, una@acme.com]")
        .change(|live| live.roles = vec![("jira-software".into(), vec![], vec![])]);
    let plan = world.plan();
    assert!(
        position(&plan, "invite user.zoe@acme.com") < position(&plan, "add member.platform/zoe@acme.com")
    );
    insta::assert_snapshot!("invitations", world.text());
}

#[test]
fn an_app_that_would_fill_an_exact_group_by_itself_is_refused() {
    let world = company()
        .edit("  bob@acme.com:", "  zoe@acme.com: { active: true, apps: [jira-software] }\n  bob@acme.com:")
        .change(|live| live.roles = vec![("jira-software".into(), vec![], vec!["id-sre".into()])]);
    assert_eq!(codes(&world.plan()), [("invite user.zoe@acme.com".into(), "default-group")]);
    let unknown = world.change(|live| live.roles = vec![("jira-core".into(), vec![], vec![])]);
    assert_eq!(codes(&unknown.plan()), [("invite user.zoe@acme.com".into(), "unknown-app")]);
}

#[test]
fn what_jira_cannot_change_is_blocked_while_planning() {
    let world = company().change(|live| {
        live.leave("sre", "eve@acme.com");
        live.leave("platform", "bob@acme.com");
        live.group("sre").managed_by = ManagedBy::External;
        live.group("platform").usage = Usage::Team;
        live.account("ada@acme.com").active = false;
    });
    assert_eq!(
        codes(&world.plan()),
        [
            ("activate user.ada@acme.com".into(), "no-surface"),
            ("add member.platform/bob@acme.com".into(), "atlassian-team"),
            ("add member.sre/eve@acme.com".into(), "synced-group"),
        ]
    );
}

#[test]
fn apps_stay_unless_the_group_says_otherwise_and_customers_always() {
    let add = |world: World| {
        world.change(|live| {
            live.accounts.insert("bot".into(), Account::app("Bot"));
            let customer = Account { kind: AccountKind::Customer, ..Account::person("client@else.example") };
            live.accounts.insert("client".into(), customer);
            live.group("sre").members.extend(["bot".to_string(), "client".to_string()]);
        })
    };
    assert_eq!(keys(&add(company()).plan()), Vec::<String>::new());
    let exact = company().edit("  sre:\n", "  sre:\n    apps-in-group: exact\n");
    assert_eq!(keys(&add(exact).plan()), ["remove member.sre/account:bot"]);
}

#[test]
fn a_person_who_is_removed_loses_undeclared_groups_first() {
    let world = World::of(
        "policy:\n  offboard: remove\n",
        "  bob@acme.com: { active: false }\n",
        "  team:\n    members: [bob@acme.com, ada@acme.com]\n",
    )
    .change(|live| {
        live.join("team", "bob@acme.com");
        let members = [live.id_of("bob@acme.com")].into();
        live.groups.insert("id-elsewhere".into(), Group::of("elsewhere", members));
    });
    assert_eq!(
        keys(&world.plan()),
        [
            "remove member.elsewhere/bob@acme.com",
            "remove member.team/bob@acme.com",
            "remove user.bob@acme.com"
        ]
    );
    insta::assert_snapshot!("removed_user", world.text());
}

#[test]
fn a_group_at_its_floor_gets_its_new_members_first() {
    let swap = |floor: &str| {
        World::of(
            &format!("policy:\n  keep-at-least: {{ team: {floor} }}\n"),
            "",
            "  team:\n    members: [a@acme.com, b@acme.com]\n",
        )
        .change(|live| {
            live.leave("team", "b@acme.com");
            live.hire("old@acme.com");
            live.join("team", "old@acme.com");
        })
        .plan()
    };
    assert_eq!(keys(&swap("1")), ["remove member.team/old@acme.com", "add member.team/b@acme.com"]);
    assert_eq!(keys(&swap("2")), ["add member.team/b@acme.com", "remove member.team/old@acme.com"]);
}

#[test]
fn a_target_takes_what_it_requires_and_nothing_else() {
    let mut world = company()
        .edit("  sre:\n", "  new-team:\n    members: [ada@acme.com, bob@acme.com]\n  sre:\n")
        .change(|live| live.leave("sre", "eve@acme.com"));
    world.scope.targets = vec!["member.new-team/ada@acme.com".parse().unwrap()];
    assert_eq!(keys(&world.plan()), ["create group.new-team", "add member.new-team/ada@acme.com"]);
    world.scope.targets = vec!["user.eve@acme.com".parse().unwrap()];
    assert_eq!(keys(&world.plan()), ["add member.sre/eve@acme.com"]);
    world.scope.targets.clear();
    world.scope.reasons = vec![Reason::Expired];
    assert_eq!(keys(&world.plan()), Vec::<String>::new());
}

#[test]
fn what_depends_on_something_blocked_is_blocked() {
    let world =
        company().edit("  sre:\n", "  idp-team:\n    source: scim\n    members: [ada@acme.com]\n  sre:\n");
    assert_eq!(
        codes(&world.plan()),
        [
            ("create group.idp-team".into(), "no-surface"),
            ("add member.idp-team/ada@acme.com".into(), "requires-blocked"),
        ]
    );
}

#[test]
fn names_from_outside_cannot_forge_a_line() {
    let world = company().change(|live| {
        live.accounts.insert(
            "acc-evil".into(),
            Account {
                name: "Eve\n+ group admins\u{1b}[2K\u{202e}\u{9b}1A[link](x) @team `x` <b>".into(),
                hidden: true,
                ..Account::person("evil@acme.com")
            },
        );
        live.group("sre").members.insert("acc-evil".into());
        live.groups.insert("id-g".into(), Group::of("g\r\nNo changes.\u{2028}", [].into()));
    });
    let world = world.edit("policy:\n", "policy:\n  unlisted-groups: report\n  unlisted-users: report\n");
    let text = world.text();
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\r', '\u{2028}']), "{text}");
    assert!(
        !text.lines().any(|line| line.starts_with("+ group admins") || line.starts_with("No changes")),
        "{text}"
    );
    insta::assert_snapshot!("hostile_names", text);
}

#[test]
fn a_name_that_is_broken_at_a_space_forges_no_line() {
    let padding = "x".repeat(60);
    let forged =
        format!("{padding} + group admins - user root@acme.com {padding} ~ group sre {padding} Plan: none");
    let world = company().edit("policy:\n", "policy:\n  unlisted-groups: report\n").change(|live| {
        live.groups.insert("id-g".into(), Group::of(&forged, [].into()));
        live.groups.insert("id-c".into(), Group::of(&format!("SRE {forged}"), [].into()));
    });
    let spelled = world.edit("  sre:\n", &format!("  \"sre {forged}\": {{ members: [] }}\n  sre:\n"));
    let signs = ["+ group", "- user", "~ group", "+ ", "- ", "! "];
    let starts = |line: &&str| signs.iter().any(|sign| line.trim_start().starts_with(sign));
    let text = spelled.text();
    let heads: Vec<&str> = text.lines().filter(starts).collect();
    assert!(heads.len() == 1 && heads[0].starts_with("! create group sre "), "{text}");
    assert_eq!(text.lines().filter(|line| line.trim_start().starts_with("Plan:")).count(), 0, "{text}");
}

#[test]
fn eighty_columns_hold_long_names_and_long_lists() {
    let long = "a-very-long-group-name-that-somebody-thought-was-a-good-idea-at-the-time";
    let members: Vec<String> =
        (0..5).map(|n| format!("firstname.lastname-the-{n}th-of-somewhere@subsidiary.acme.com")).collect();
    let groups = format!("  {long}:\n    members: [{}]\n", members.join(", "));
    let world = World::of("", "", &groups).change(|live| live.group(long).members.clear());
    let text = world.text();
    insta::assert_snapshot!("long_names", text);
    let passing: Vec<&str> = text.lines().filter(|line| line.chars().count() > 84).collect();
    assert_eq!(passing, Vec::<&str>::new());
}

#[test]
fn three_thousand_operations_are_still_one_line_each() {
    let members: Vec<String> = (0..3000).map(|n| format!("user{n}@acme.com")).collect();
    let groups = format!("  everyone:\n    members: [{}]\n", members.join(", "));
    let world = World::of("", "", &groups).change(|live| live.group("everyone").members.clear());
    let text = world.text();
    assert_eq!(text.lines().filter(|line| line.starts_with("    + user")).count(), 3000);
    assert!(text.lines().count() < 3010, "{}", text.lines().count());
    assert!(text.contains("3000 grants, 0 revokes\n"), "{}", text.lines().next().unwrap_or_default());
}

#[test]
fn rules_that_cannot_be_judged_are_named() {
    let world = World::of("policy:\n  self-grant: refuse\n", "", "");
    let guards: Vec<_> = world.plan().guards.iter().map(|verdict| verdict.guard.as_str()).collect();
    assert_eq!(guards, ["self-grant"]);
    assert!(world.text().contains("Not judged, though the tree asks for it: self-grant, since it needs the"));
}

#[test]
fn the_json_form_is_the_plan() {
    let world = company().change(|live| live.leave("sre", "eve@acme.com"));
    insta::assert_snapshot!("plan_json", rollbook::render::plan_json(&world.plan()));
}

#[test]
fn a_key_reads_as_what_it_does() {
    let address: Address = "member.sre/ada@acme.com".parse().unwrap();
    assert_eq!(Key { address, action: Action::Add }.to_string(), "add member.sre/ada@acme.com");
    assert_eq!(plain("a\nfingerprint 12"), "a");
}

#[test]
fn nothing_narrows_the_account_that_acts_nor_the_operator() {
    let world =
        World::of("operator: boss@acme.com\n", "", "  team:\n    members: [ada@acme.com]\n").change(|live| {
            live.hire("root@acme.com");
            live.join("team", "root@acme.com");
            live.hire("boss@acme.com");
            live.join("team", "boss@acme.com");
        });
    assert_eq!(keys(&world.plan()), Vec::<String>::new());
    assert_eq!(
        codes(&world.plan()),
        [
            ("remove member.team/boss@acme.com".into(), "self-lockout"),
            ("remove member.team/root@acme.com".into(), "self-lockout"),
        ]
    );
}

#[test]
fn a_part_of_the_tree_does_not_hide_what_blocks_it() {
    let mut world = company().change(|live| live.group("sre").name = "SRE".into());
    world.scope.reasons = vec![Reason::Expired];
    assert_eq!(codes(&world.plan()), [("create group.sre".into(), "group-spelling")]);
    world.scope.reasons.clear();
    for (target, seen) in
        [("user.eve@acme.com", true), ("member.sre/eve@acme.com", true), ("group.admins", false)]
    {
        world.scope.targets = vec![target.parse().unwrap()];
        assert_eq!(codes(&world.plan()).len(), usize::from(seen), "{target}");
    }
    insta::assert_snapshot!("narrowed", world.text());
}

#[test]
fn a_leaver_in_a_deleted_group_is_counted_once() {
    let world = World::of(
        "policy:\n  offboard: remove\n",
        "  bob@acme.com: { active: false }\n",
        "  old: { absent: true }\n",
    )
    .change(|live| {
        live.hire("ada@acme.com");
        let members = [live.id_of("ada@acme.com"), live.id_of("bob@acme.com")].into();
        live.groups.insert("id-old".into(), Group::of("old", members));
    });
    let plan = world.plan();
    assert_eq!(
        keys(&plan),
        ["remove member.old/bob@acme.com", "delete group.old", "remove user.bob@acme.com"]
    );
    let counts: Vec<_> = plan.groups.iter().map(|group| (group.before, group.after)).collect();
    assert_eq!((counts, plan.summary.revokes), (vec![(2, 0)], 2));
}

#[test]
fn what_goes_with_a_removed_user_is_said() {
    let world = World::of("policy:\n  offboard: remove\n", "  bob@acme.com: { active: false }\n", "").change(
        |live| {
            let members = [live.id_of("bob@acme.com")].into();
            live.groups.insert("id-okta".into(), Group::of("okta-all", members));
            live.group("okta-all").managed_by = ManagedBy::External;
        },
    );
    assert!(world.text().contains("remove, leaves okta-all, offboarded"), "{}", world.text());
}

#[test]
fn a_changed_email_is_noted_once() {
    let world = company().lock("users:\n  eve@acme.com: { account: acc-eve@acme.com, from: jira }\n").change(
        |live| {
            live.account("eve@acme.com").email = Some("eve.new@acme.com".into());
            let eve = live.id_of("eve.new@acme.com");
            live.group("sre").members.remove(&eve);
        },
    );
    let notes: Vec<_> = world.plan().notes.iter().map(|note| crate::world::code(&note.code)).collect();
    assert_eq!(
        (keys(&world.plan()), notes),
        (vec!["add member.sre/eve@acme.com".into()], vec!["email-changed", "name-ignored", "not-in-lock"])
    );
}
