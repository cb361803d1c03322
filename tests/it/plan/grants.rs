//! Plans on values: the roles in apps that groups give, who gets and loses them, and which rules hold for them.

use std::collections::BTreeSet;

use rollbook::model::{App, Declared, ManagedBy, Operation, Plan, PlannedOperation, Reason, Surface, Usage};
use rollbook::plan::{self, Beside, Desired, FoundRoles, GrantReads, RoleSearch};

use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Group, Live, World, plain};

const ENGINEERING: &str = "  engineering:\n    members: [ada@acme.com, bob@acme.com]\n    grants:\n      \
                           - { app: jira-software, role: user }\n";
const OPS: &str = "  ops:\n    members: [eve@acme.com]\n";

/// A tree with an organization, and the site as it asks; `policy` goes on from the head of `rollbook.yaml`.
fn tree(policy: &str, groups: &str) -> World {
    let head =
        format!("organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n{policy}");
    World::of(&head, "", groups).change(|live| {
        live.surfaces = BTreeSet::from([Surface::Jira, Surface::Organization]);
        live.apps.extend(["jira-software", "confluence"].map(String::from));
    })
}

/// Takes a role from a group of the site, or gives it.
fn gives(group: &str, app: &str, role: &str, held: bool) -> impl FnOnce(&mut Live) + use<> {
    let role = (format!("id-{group}"), app.to_owned(), role.to_owned());
    move |live| {
        assert!(if held { live.grants.insert(role) } else { live.grants.remove(&role) }, "it differs");
    }
}

fn changes(plan: &Plan) -> Vec<String> {
    let change = |change: &rollbook::model::AccessChange| {
        let people = change.people.iter().map(|person| person.user.to_string());
        let people: Vec<String> = people.collect();
        let exact = if change.exact { "exactly " } else { "up to " };
        let mails = if change.mails > 0 { format!(", {} mailed", change.mails) } else { String::new() };
        format!("{}: {exact}{}{mails}", change.key, people.join(" "))
    };
    plan.access.iter().map(change).collect()
}

const GIVE: &str = "assign grant.engineering/jira-software/user";
const TAKE: &str = "revoke grant.engineering/jira-software/user";
const NONE: [&str; 0] = [];

#[test]
fn a_role_is_given_and_the_plan_says_to_whom_and_that_they_get_mails() {
    let world = tree("", ENGINEERING).change(gives("engineering", "jira-software", "user", false));
    let plan = world.plan();
    assert_eq!(keys(&plan), [GIVE]);
    assert_eq!(plan.operations[0].via, Surface::Organization);
    assert_eq!(changes(&plan), [format!("{GIVE}: exactly ada@acme.com bob@acme.com, 2 mailed")]);
    assert_eq!((plan.summary.grants, plan.summary.revokes), (1, 0));
    insta::assert_snapshot!(world.text());
    insta::assert_snapshot!(
        "by_user",
        plain(&rollbook::render::plan_text(&plan, rollbook::render::Grouping::User, 100))
    );
    insta::assert_snapshot!("markdown", world.markdown());
    insta::assert_snapshot!("json", rollbook::render::plan_json(&plan));
    let mut after = world.live.clone();
    after.apply(&plan);
    let settled = world.change(|live| *live = after);
    assert_eq!(keys(&settled.plan()), NONE);
}

#[test]
fn a_reviewer_sees_at_a_glance_that_forty_people_get_an_app() {
    let people: Vec<String> = (0..40).map(|n| format!("p{n}@acme.com")).collect();
    let groups = ENGINEERING.replace("ada@acme.com, bob@acme.com", &people.join(", "));
    let world = tree("", &groups).change(gives("engineering", "jira-software", "user", false));
    let text = world.markdown();
    assert!(text.contains("**40 people get it, Atlassian mails up to 40**"), "{text}");
    assert!(text.lines().nth(1).is_some_and(|line| line.contains("40 people")), "{text}");
}

#[test]
fn a_role_that_the_list_leaves_out_is_taken_and_a_group_without_a_list_is_left_alone() {
    let extra = tree("", ENGINEERING).change(gives("engineering", "confluence", "guest", true));
    let plan = extra.plan();
    assert_eq!(keys(&plan), ["revoke grant.engineering/confluence/guest"]);
    assert_eq!(plan.summary.revokes, 2, "a person and an app");
    let text = extra.text();
    assert!(text.contains("2 people lose it"), "{text}");
    let loose = tree("", &format!("{ENGINEERING}{OPS}")).change(gives("ops", "confluence", "user", true));
    assert_eq!(keys(&loose.plan()), NONE);
    // At least what is listed.
    let least = extra.clone().edit("    grants:", "    mode: at-least\n    grants:");
    assert_eq!(keys(&least.plan()), NONE);
    // By name it goes from any.
    let absent = least
        .edit("role: user }\n", "role: user }\n      - { app: confluence, role: guest, absent: true }\n");
    assert_eq!(keys(&absent.plan()), ["revoke grant.engineering/confluence/guest"]);
    // A role that nobody can assign does not differ.
    let special = tree("", ENGINEERING).change(gives("engineering", "confluence", "ai-access", true));
    assert_eq!(keys(&special.plan()), NONE);
}

#[test]
fn a_role_ends_on_its_day_and_is_put_back_by_nobody() {
    let ended = ENGINEERING.replace("role: user", "role: user, until: 2026-11-20");
    let world = tree("", &ended).change(gives("engineering", "jira-software", "user", true));
    assert_eq!(keys(&world.plan()), [TAKE]);
    let gone = tree("", &ended);
    assert_eq!(keys(&gone.plan()), NONE);
    let to_come = ENGINEERING.replace("role: user", "role: user, until: 2026-12-20");
    assert_eq!(keys(&tree("", &to_come).plan()), NONE);
}

#[test]
fn the_role_of_a_default_group_goes_by_name_alone() {
    let world = tree("", &ENGINEERING.replace("role: user", "role: guest"))
        .change(gives("engineering", "jira-software", "user", true))
        .change(|live| {
            live.defaults.insert(("id-engineering".into(), "jira-software".into()));
        });
    assert_eq!(keys(&world.plan()), NONE);
    let text = world.text();
    assert!(text.contains("default group"), "{text}");
    let by_name = world
        .edit("role: guest }\n", "role: guest }\n      - { app: jira-software, role: user, absent: true }\n");
    assert_eq!(keys(&by_name.plan()), [TAKE]);
}

#[test]
fn what_cannot_be_given_says_why() {
    let given = || tree("", ENGINEERING).change(gives("engineering", "jira-software", "user", false));
    // Without the organization.
    let alone = given().change(|live| live.surfaces = BTreeSet::from([Surface::Jira]));
    assert_eq!(codes(&alone.plan()), [("assign group.engineering".into(), "no-surface")]);
    // An app that the site does not have.
    let unknown = given().change(|live| {
        live.apps.remove("jira-software");
        live.apps.insert("jira-servicedesk".into());
    });
    let plan = unknown.plan();
    assert_eq!(keys(&plan), NONE);
    assert_eq!(codes(&plan).len(), 1);
    // A read that was refused.
    let unread = given().change(|live| live.refused = [rollbook::model::Read::Grants].into());
    assert_eq!(keys(&unread.plan()), NONE);
    assert_eq!(codes(&unread.plan()).len(), 1);
    // A team.
    let team = given().change(|live| live.group("engineering").usage = Usage::Team);
    assert_eq!(keys(&team.plan()), NONE);
    assert_eq!(codes(&team.plan())[0].0, GIVE);
    // A synced group can be given a role: its members alone are not changed here.
    let synced = given().change(|live| live.group("engineering").managed_by = ManagedBy::External);
    assert_eq!(keys(&synced.plan()), [GIVE]);
}

const OKTA: &str = "  okta-engineering:\n    members: unmanaged\n    grants:\n      \
                    - { app: jira-software, role: user }\n";

fn synced(live: &mut Live) {
    let mut group = Group::of("okta-engineering", BTreeSet::new());
    group.managed_by = ManagedBy::External;
    live.groups.insert("id-okta-engineering".into(), group);
    for person in ["ada@acme.com", "bob@acme.com", "zoe@acme.com"] {
        live.hire(person);
        live.join("okta-engineering", person);
    }
}

#[test]
fn the_members_of_a_synced_group_are_left_alone_and_its_role_is_given() {
    let world = tree("", OKTA).change(synced);
    assert_eq!(keys(&world.plan()), NONE, "its members are nobody's business here");
    let missing = world.clone().change(gives("okta-engineering", "jira-software", "user", false));
    let plan = missing.plan();
    assert_eq!(keys(&plan), ["assign grant.okta-engineering/jira-software/user"]);
    assert_eq!(
        changes(&plan),
        [
            "assign grant.okta-engineering/jira-software/user: exactly ada@acme.com bob@acme.com zoe@acme.com, 3 mailed"
        ]
    );
    // A group that is not there is made by nobody here.
    let nowhere = world.change(|live| {
        live.groups.remove("id-okta-engineering");
        live.grants.clear();
    });
    assert_eq!(codes(&nowhere.plan()), [("create group.okta-engineering".into(), "group-missing")]);
}

#[test]
fn to_move_an_app_takes_it_from_nobody() {
    let engineering =
        "  engineering:\n    mode: at-least\n    members: [ada@acme.com, bob@acme.com]\n    grants: []\n";
    let world = tree("policy:\n  max-revokes: { total: 0 }\n", &format!("{engineering}{OKTA}"))
        .change(synced)
        .change(gives("okta-engineering", "jira-software", "user", false))
        .change(gives("engineering", "jira-software", "user", true))
        .edit("    mode: at-least\n", "");
    let plan = world.plan();
    assert_eq!(
        keys(&plan),
        ["assign grant.okta-engineering/jira-software/user", TAKE],
        "the new one first: {}",
        world.text()
    );
    assert_eq!(plan.operations[1].requires.len(), 1);
    assert_eq!(
        changes(&plan),
        [
            &format!("{TAKE}: exactly "),
            "assign grant.okta-engineering/jira-software/user: exactly zoe@acme.com, 1 mailed",
        ]
    );
    assert_eq!(
        rulings(&plan),
        ["max-revokes : refused"],
        "an operation is one, also where it reaches nobody"
    );
    // Bob is in the old group alone, and would lose the app.
    let loses = world.change(|live| live.leave("okta-engineering", "bob@acme.com"));
    assert_eq!(changes(&loses.plan())[0], format!("{TAKE}: exactly bob@acme.com"));
}

#[test]
fn guards_count_those_who_lose_a_role() {
    let policy = "policy:\n  max-revokes: { total: 1 }\n";
    let world = tree(policy, &ENGINEERING.replace("role: user", "role: guest")).change(gives(
        "engineering",
        "jira-software",
        "user",
        true,
    ));
    assert_eq!(rulings(&world.plan()), ["max-revokes : refused"]);
    let two =
        tree("policy:\n  max-revokes: { total: 2 }\n", &ENGINEERING.replace("role: user", "role: guest"))
            .change(gives("engineering", "jira-software", "user", true));
    assert_eq!(rulings(&two.plan()), NONE);
    let protected =
        world.clone().edit("max-revokes: { total: 1 }", "protect: { users: [bob@acme.com] }").plan();
    assert_eq!(rulings(&protected).len(), 1, "{:?}", rulings(&protected));
    assert!(rulings(&protected)[0].starts_with("protect"), "{:?}", rulings(&protected));
    // They have it from another group, too.
    let elsewhere = world.clone().edit("max-revokes: { total: 1 }", "protect: { users: [bob@acme.com] }");
    let elsewhere = elsewhere.change(|live| {
        let bob = live.id_of("bob@acme.com");
        live.groups.insert("id-more".into(), Group::of("more", [bob].into()));
        live.grants.insert(("id-more".into(), "jira-software".into(), "user".into()));
    });
    // Its members were not read, so that nobody can say that he keeps it.
    assert_eq!(rulings(&elsewhere.plan()).len(), 1);
    let floor = world.edit("max-revokes: { total: 1 }", "keep-at-least: { engineering: 1 }").plan();
    assert_eq!(rulings(&floor), ["keep-at-least group.engineering: refused"]);
}

const ADMINS: &str = "  admins:\n    members: [ada@acme.com, kim@acme.com]\n    grants:\n      \
                      - { app: jira-software, role: admin }\n";

#[test]
fn nobody_takes_the_last_administration_of_an_app() {
    let world = tree("", &ADMINS.replace("role: admin", "role: guest"))
        .change(gives("admins", "jira-software", "admin", true))
        .change(gives("admins", "jira-software", "guest", false));
    let keeps = ("revoke grant.admins/jira-software/admin".to_owned(), "last-admin");
    assert!(codes(&world.plan()).contains(&keeps), "{:?}", codes(&world.plan()));
    // Another group has people who administer it.
    let other = world.change(|live| {
        live.hire("eve@acme.com");
        let eve = live.id_of("eve@acme.com");
        live.groups.insert("id-more".into(), Group::of("more", [eve].into()));
        live.grants.insert(("id-more".into(), "jira-software".into(), "admin".into()));
    });
    assert_eq!(codes(&other.plan()), []);
}

#[test]
fn nobody_gives_themselves_a_privileged_role() {
    let policy = "policy:\n  self-grant: refuse\n";
    let groups = "  engineering:\n    members: [ada@acme.com, bob@acme.com]\n    grants: []\n";
    let base = tree(policy, groups).change(|live| live.hire("eve@acme.com")).then_base();
    let admin = base.clone().edit("grants: []", "grants:\n      - { app: jira-software, role: admin }");
    let by_ada = admin.clone().by("ada@acme.com").plan();
    assert!(rulings(&by_ada).iter().any(|ruling| ruling.contains("self-grant")), "{:?}", rulings(&by_ada));
    assert!(by_ada.operations[0].privileged);
    let by_eve = admin.by("eve@acme.com").plan();
    assert_eq!(rulings(&by_eve), NONE);
    // To use the app is nobody's privilege.
    let user = base.edit("grants: []", "grants:\n      - { app: jira-software, role: user }");
    assert_eq!(rulings(&user.by("ada@acme.com").plan()), NONE);
}

#[test]
fn a_role_that_is_given_for_longer_is_shown_first_and_judged() {
    let policy = "policy:\n  self-grant: refuse\n";
    let admin = ADMINS.replace("role: admin", "role: admin, until: 2026-12-20");
    let base = tree(policy, &admin).change(|live| live.hire("eve@acme.com")).then_base();
    let later = base.clone().edit("until: 2026-12-20", "until: 2027-06-30");
    let text = later.text();
    assert!(text.contains("2027-06-30"), "{text}");
    assert_eq!(keys(&later.plan()), NONE);
    let by_ada = later.clone().by("ada@acme.com").plan();
    assert!(rulings(&by_ada).iter().any(|ruling| ruling.contains("self-grant")), "{:?}", rulings(&by_ada));
    assert_eq!(rulings(&later.by("eve@acme.com").plan()), NONE);
    // To end it sooner gives nobody anything.
    let sooner = base.edit("until: 2026-12-20", "until: 2026-12-01").by("ada@acme.com");
    assert_eq!(rulings(&sooner.plan()), NONE);
}

#[test]
fn a_privileged_role_that_is_there_already_is_shown_when_the_tree_declares_it_first() {
    let list = "    grants:\n      - { app: jira-software, role: admin }\n";
    let declared = |world: &World| {
        let plan = world.plan();
        assert_eq!(keys(&plan), NONE);
        let base = plan.base.expect("it has a base");
        let declared = base.declared.into_iter().map(|change| (change.declared, change.privileged));
        (declared.collect::<Vec<_>>(), base.adopted.len())
    };
    let after = |base: &World, head: World| World { base: Some(base.files.clone()), ..head };
    let head = tree("", ADMINS);
    let silent = head.clone().edit(list, "");
    assert_eq!(declared(&after(&silent, head.clone())), (vec![(Declared::Enters, true)], 0));
    // With an end, that is what is new.
    let ending = head.clone().edit("role: admin", "role: admin, until: 2026-12-20");
    let end = Declared::End { base: None, head: Some(jiff::civil::date(2026, 12, 20)) };
    assert_eq!(declared(&after(&silent, ending)), (vec![(end, true)], 0));
    // What the base would end is adopted, and a role to use the app is nobody's privilege.
    let ends = head.clone().edit(list, "    grants: []\n");
    assert_eq!(declared(&after(&ends, head)), (Vec::new(), 1));
    let user = tree("", ENGINEERING);
    let list = "    grants:\n      - { app: jira-software, role: user }\n";
    assert_eq!(declared(&after(&user.clone().edit(list, ""), user)), (Vec::new(), 0));
}

#[test]
fn a_night_ends_the_role_of_the_group_that_the_base_means() {
    let crew = "  crew:\n    id: id-crew\n    members: [ada@acme.com]\n";
    let admins = ADMINS.replace("    members", "    id: id-admins\n    members");
    let admins = admins.replace("role: admin", "role: admin, until: 2026-01-02");
    let base = tree("", &format!("{crew}{admins}"))
        .change(gives("admins", "jira-software", "admin", true))
        .change(|live| {
            live.hire("eve@acme.com");
            let eve = live.id_of("eve@acme.com");
            live.groups.insert("id-more".into(), Group::of("more", [eve].into()));
            live.grants.insert(("id-more".into(), "jira-software".into(), "admin".into()));
            live.group("admins").name = "app-admins".into();
            live.group("crew").name = "squad".into();
        });
    let night = |head: World| {
        let mut night = World { base: Some(base.files.clone()), ..head };
        night.scope.reasons = vec![Reason::Expired, Reason::Offboarded];
        let plan = night.plan();
        let mut declared = plan.base.iter().flat_map(|base| &base.declared);
        assert!(!declared.any(|it| matches!(it.declared, Declared::Kept { .. })), "the night ends it");
        let group = |it: &PlannedOperation| {
            (it.key.to_string(), it.operation.group().map(ToString::to_string).unwrap_or_default())
        };
        plan.operations.iter().map(group).collect::<Vec<_>>()
    };
    let ends = |key: &str| vec![(key.to_owned(), "id-admins".to_owned())];
    assert_eq!(night(base.clone()), ends("revoke grant.admins/jira-software/admin"));
    // A change that was not applied swaps the ids, and keeps the role.
    let swapped = base.clone().edit("id: id-admins", "id: id-other").edit("id: id-crew", "id: id-admins");
    let swapped = swapped.edit("id: id-other", "id: id-crew").edit(", until: 2026-01-02", "");
    assert_eq!(night(swapped), ends("revoke grant.crew/jira-software/admin"));
}

#[test]
fn a_full_licence_gives_no_more_seats() {
    let world =
        tree("", ENGINEERING).change(gives("engineering", "jira-software", "user", false)).change(|live| {
            live.roles = vec![("jira-software".into(), Vec::new(), Vec::new())];
            live.seats.insert("jira-software".into(), 1);
        });
    let plan = world.plan();
    let short = |plan: &Plan| plan.notes.iter().any(|note| note.code == "seats-short");
    assert!(short(&plan), "{}", world.text());
    let enough = world.change(|live| {
        live.seats.insert("jira-software".into(), 2);
    });
    assert!(!short(&enough.plan()), "{}", enough.text());
    // Who has the app by another group takes no seat.
    let elsewhere = enough.change(|live| {
        live.seats.insert("jira-software".into(), 1);
        let bob = live.id_of("bob@acme.com");
        live.groups.insert("id-more".into(), Group::of("more", [bob].into()));
        live.roles[0].1.push("id-more".into());
    });
    assert!(short(&elsewhere.plan()), "nobody read who is in that group: {}", elsewhere.text());
}

#[test]
fn a_new_group_is_made_before_it_gives_anything_and_one_that_gives_is_not_deleted() {
    let world = tree("", ENGINEERING).change(|live| {
        live.groups.clear();
        live.grants.clear();
    });
    let plan = world.plan();
    assert_eq!(keys(&plan)[0], "create group.engineering");
    let give = plan.operations.iter().find(|planned| planned.key.to_string() == GIVE).unwrap();
    assert!(give.requires.iter().any(|key| key.to_string() == "create group.engineering"));
    let mut after = world.live.clone();
    after.apply(&plan);
    assert_eq!(after.grants.len(), 1);
    assert!(matches!(give.operation, Operation::AssignRole { .. }));
}

/// A whole tree of many groups that give a few roles, and how its roles are read.
fn many(groups: usize) -> (World, Vec<rollbook::model::GroupId>, Vec<RoleSearch>) {
    let group = |index: usize| {
        format!(
            "  g{index}:\n    members: []\n    grants:\n      - {{ app: jira-software, role: user }}\n      \
             - {{ app: confluence, role: user }}\n      - {{ app: jira-servicedesk, role: user }}\n"
        )
    };
    let world = tree("", &(0..groups).map(group).collect::<String>());
    let declaration = world.declaration();
    let desired = Desired::of(&declaration, world.today);
    let live = world.live.state(&desired, Beside::default());
    let asked = plan::grant_groups(&desired, Beside::default(), &live.groups);
    let apps: BTreeSet<App> = live.grants.resources.keys().cloned().collect();
    let searches = match plan::grant_reads(&asked, &desired, Beside::default(), &apps) {
        GrantReads::Groups => Vec::new(),
        GrantReads::Searches(searches) => searches,
    };
    (world, asked, searches)
}

#[test]
fn roles_are_read_with_the_fewest_requests() {
    let (_, few, searches) = many(3);
    assert_eq!((few.len(), searches.len()), (3, 0), "each by itself");
    let (world, asked, searches) = many(200);
    // Two pages for each of the three roles, and one request for the other roles of each app.
    assert_eq!((asked.len(), searches.len()), (200, 6));
    let found: Vec<_> = searches
        .iter()
        .map(|search| {
            let declared = search.roles.len() == 1;
            (search.clone(), asked.iter().filter(|_| declared).cloned().collect())
        })
        .collect();
    let declaration = world.declaration();
    let desired = Desired::of(&declaration, world.today);
    let live = world.live.state(&desired, Beside::default());
    let FoundRoles { of, unclear } =
        plan::by_search(&asked, &found, &desired, Beside::default(), &live.groups);
    assert_eq!((of.len(), unclear.len()), (200, 0));
    assert!(of.values().all(|held| held.len() == 3));
    // What a search finds besides is asked of the group itself.
    let mut other = found;
    let of_others = other.iter_mut().find(|(search, _)| search.roles.len() > 1).unwrap();
    of_others.1.insert(asked[7].clone());
    let told = plan::by_search(&asked, &other, &desired, Beside::default(), &live.groups);
    assert_eq!(told.unclear, [asked[7].clone()]);
}

/// The site lets a group decide about an app, and no list of the tree says so: who lets themselves into it is judged.
#[test]
fn who_joins_a_group_that_decides_about_an_app_is_judged_though_no_list_says_so() {
    let policy = "policy: { self-grant: refuse, admins: [root@acme.com] }\n";
    let joins = |role: &str| {
        let world = tree(policy, OPS).change(gives("ops", "confluence", role, true)).then_base();
        let world = world.change(|live| live.hire("ada@acme.com"));
        world.edit("[eve@acme.com]", "[eve@acme.com, ada@acme.com]")
    };
    let refused = ["self-grant member.ops/ada@acme.com: refused"];
    assert_eq!(rulings(&joins("admin").by("ada@acme.com").plan()), refused);
    assert_eq!(rulings(&joins("user-access-admin").by("ada@acme.com").plan()), refused);
    assert_eq!(rulings(&joins("admin").by("eve@acme.com").plan()), NONE);
    assert_eq!(rulings(&joins("user").by("ada@acme.com").plan()), NONE);
    // Where that cannot be read, the plan says so.
    let unread =
        joins("admin").change(|live| live.refused = BTreeSet::from([rollbook::model::Read::RoleGivers]));
    let plan = unread.by("ada@acme.com").plan();
    assert_eq!(rulings(&plan), NONE);
    assert!(plan.notes.iter().any(|note| note.code == "not-read"), "{:?}", plan.notes);
}

/// A role that the base would end and cannot, since nobody can tell which group it means, is not kept without a word.
#[test]
fn a_role_of_a_group_that_nobody_can_tell_does_not_stay_by_a_change_of_its_holder() {
    let policy = "policy: { self-grant: refuse, admins: [root@acme.com] }\n";
    let ended = "  engineering:\n    mode: at-least\n    members: [ada@acme.com, bob@acme.com]\n    grants:\n      \
                 - { app: jira-software, role: admin, until: 2026-11-20 }\n";
    let world =
        tree(policy, ended).change(gives("engineering", "jira-software", "admin", true)).change(|live| {
            live.groups.insert("id-other".into(), Group::of("engineering", BTreeSet::new()));
        });
    let entry = "    grants:\n      - { app: jira-software, role: admin, until: 2026-11-20 }\n";
    let kept = world.then_base().edit(entry, "    id: id-engineering\n    grants: []\n");
    let plan = kept.clone().by("ada@acme.com").plan();
    assert_eq!(keys(&plan), NONE);
    let refused = "self-grant grant.engineering/jira-software/admin: refused".to_owned();
    assert!(rulings(&plan).contains(&refused), "{:?}", rulings(&plan));
    // Who ends it as the base does keeps nothing.
    let ends =
        kept.edit("    grants: []\n", "    grants: [{ app: jira-software, role: admin, absent: true }]\n");
    let plan = ends.by("ada@acme.com").plan();
    assert!(!rulings(&plan).contains(&refused), "{:?}", rulings(&plan));
}
