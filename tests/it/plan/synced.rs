//! Plans on values: groups that take their members from a group which an identity provider owns.

use std::collections::BTreeSet;

use rollbook::model::{GroupName, ManagedBy, Plan, Read, Reason, Surface, Usage};

use crate::plan::{codes, keys};
use crate::world::{Account, Group, Live, World};

const ENGINEERS: &str = "  engineers:\n    members:\n      - ada@acme.com\n      - synced: okta\n";
const NONE: [&str; 0] = [];

/// A tree with `engineers`, whose members are those of the tree and of `okta`, and `okta` with these people.
fn tree(policy: &str, groups: &str, okta: &[&str]) -> World {
    let okta: Vec<String> = okta.iter().map(|it| (*it).to_owned()).collect();
    World::of(policy, "", groups).change(|live| {
        for email in okta.iter().map(String::as_str).chain(["root@acme.com"]) {
            if !live.accounts.contains_key(&format!("acc-{email}")) {
                live.hire(email);
            }
        }
        let members = okta.iter().map(|email| format!("acc-{email}")).collect();
        let group =
            Group { managed_by: ManagedBy::External, usage: Usage::Group, ..Group::of("okta", members) };
        live.groups.insert("id-okta".into(), group);
    })
}

fn settled(world: World) -> World {
    let plan = world.plan();
    assert!(plan.blocked.is_empty(), "{:?}", plan.blocked);
    world.change(|live| live.apply(&plan))
}

/// What the guards say, each with the ruling.
fn rulings(plan: &Plan) -> Vec<String> {
    let told = crate::plan::guards::rulings(plan);
    let word = |ruling: &String| {
        let (guard, ruling) = (ruling.split(' ').next(), ruling.rsplit(": ").next());
        format!("{} {}", guard.unwrap_or_default(), ruling.unwrap_or_default())
    };
    told.iter().map(word).collect()
}

fn reasons(plan: &Plan) -> Vec<(String, Reason)> {
    plan.operations.iter().map(|planned| (planned.key.to_string(), planned.reason)).collect()
}

fn sleeps(email: &str) -> impl FnOnce(&mut Live) + use<'_> {
    move |live| live.account(email).active = false
}

#[test]
fn everybody_active_in_the_synced_group_comes_and_who_leaves_it_leaves() {
    let world =
        tree("", ENGINEERS, &["bob@acme.com", "cy@acme.com", "dan@acme.com"]).change(sleeps("dan@acme.com"));
    let world = world.change(|live| {
        live.accounts.insert("acc-robot".into(), Account::app("Robot"));
        live.group("okta").members.insert("acc-robot".into());
    });
    let plan = world.plan();
    let came = ["add member.engineers/bob@acme.com", "add member.engineers/cy@acme.com"];
    assert_eq!(reasons(&plan), came.map(|key| (key.to_owned(), Reason::Synced)));
    assert_eq!(plan.synced.len(), 1, "the plan holds whom it was made with");
    assert_eq!(plan.synced[0].members.len(), 4);
    insta::assert_snapshot!(world.text());
    let world = settled(world);
    assert_eq!(keys(&world.plan()), NONE);
    // A shrinking group takes its people along.
    let world = world.change(|live| live.leave("okta", "cy@acme.com"));
    let plan = world.plan();
    assert_eq!(reasons(&plan), [("remove member.engineers/cy@acme.com".to_owned(), Reason::Undeclared)]);
    assert_eq!(plan.summary.revokes, 1);
    // Whom the tree names stays, whatever the group says.
    let named = world.edit("      - ada@acme.com\n", "      - ada@acme.com\n      - cy@acme.com\n");
    assert_eq!(keys(&named.plan()), NONE);
}

#[test]
fn an_entry_may_leave_people_out_and_end() {
    let all = &["bob@acme.com", "cy@acme.com"];
    let except =
        ENGINEERS.replace("- synced: okta", "- { synced: okta, except: [cy@acme.com], because: OPS-1 }");
    let world = tree("", &except, all).change(|live| live.join("engineers", "cy@acme.com"));
    let expected = [
        ("remove member.engineers/cy@acme.com".to_owned(), Reason::Excepted),
        ("add member.engineers/bob@acme.com".to_owned(), Reason::Synced),
    ];
    assert_eq!(reasons(&world.plan()), expected);
    // Somebody who is not in the group is not left out of anything.
    let least = world.clone().edit("    members:", "    mode: at-least\n    members:");
    assert_eq!(reasons(&least.plan()), expected);
    let elsewhere = least.change(|live| live.leave("okta", "cy@acme.com"));
    assert_eq!(keys(&elsewhere.plan()), ["add member.engineers/bob@acme.com"]);
    let until =
        |day: &str| ENGINEERS.replace("- synced: okta", &format!("- {{ synced: okta, until: {day} }}"));
    let plan = tree("", &until("2026-12-24"), all).plan();
    assert_eq!(plan.operations[0].until.map(|day| day.to_string()).as_deref(), Some("2026-12-24"));
    let ended = tree("", &until("2026-11-20"), all).change(|live| live.join("engineers", "bob@acme.com"));
    assert_eq!(
        reasons(&ended.plan()),
        [("remove member.engineers/bob@acme.com".to_owned(), Reason::Expired)]
    );
}

/// Nobody knows who is meant by an email that no account shows: it may be anybody of those who come.
#[test]
fn an_exception_for_nobody_known_brings_nobody() {
    let except = ENGINEERS.replace("- synced: okta", "- { synced: okta, except: [eve@acme.com] }");
    let world = tree("", &except, &["bob@acme.com"]).change(|live| {
        live.join("engineers", "bob@acme.com");
        live.accounts.remove("acc-eve@acme.com");
    });
    let plan = world.plan();
    assert_eq!(codes(&plan), [("add group.engineers".into(), "identity-unresolved")]);
    assert_eq!(keys(&plan), NONE, "and takes nobody out");
}

#[test]
fn a_group_that_cannot_be_told_brings_nobody_and_takes_nobody_out() {
    let world = settled(tree("", ENGINEERS, &["bob@acme.com", "cy@acme.com"]));
    let world = world.change(|live| live.leave("okta", "cy@acme.com"));
    let blocked = |world: World, code| {
        let plan = world.plan();
        assert_eq!(keys(&plan), NONE, "{code}");
        assert_eq!(codes(&plan), [("add group.engineers".into(), code)]);
        assert!(
            plan.blocked[0].why.ends_with("; nobody comes into engineers by it, nor leaves undeclared"),
            "{plan:#?}"
        );
    };
    let kind = |managed_by: ManagedBy| move |live: &mut Live| live.group("okta").managed_by = managed_by;
    blocked(world.clone().change(kind(ManagedBy::People)), "not-synced");
    blocked(world.clone().change(kind(ManagedBy::NotReported)), "not-synced");
    blocked(world.clone().change(|live| live.group("okta").usage = Usage::Team), "atlassian-team");
    blocked(world.clone().change(|live| live.refused = BTreeSet::from([Read::Synced])), "not-read");
    let gone = |live: &mut Live| drop(live.groups.remove("id-okta"));
    blocked(world.clone().change(gone), "group-missing");
    let locked = world.clone().lock("groups:\n  okta: { id: id-okta, from: jira }\n");
    let notes = locked.plan().notes;
    let left_over = notes.iter().any(|note| note.code == "no-longer-managed");
    assert!(!left_over, "a line for a group that it takes members from is not left over: {notes:?}");
    blocked(locked.clone().change(gone), "group-gone");
    // Another group of the same name is not the same group.
    blocked(
        locked.change(|live| {
            let group = live.groups.remove("id-okta").unwrap();
            live.groups.insert("id-other".into(), group);
        }),
        "identity-changed",
    );
    // People whom the tree names come and go all the same.
    let plan = world
        .change(gone)
        .edit(
            "      - ada@acme.com\n",
            "      - bob@acme.com\n      - { user: ada@acme.com, until: 2026-11-20 }\n",
        )
        .plan();
    assert_eq!(keys(&plan), ["remove member.engineers/ada@acme.com"]);
}

/// Nobody is offboarded for not being declared while a synced group may declare them.
#[test]
fn unlisted_people_stay_while_a_synced_group_cannot_be_told() {
    let policy = "include: [groups/*.yaml]\npolicy: { unlisted-users: offboard, max-revokes: { total: 9 } }\noperator: root@acme.com\n";
    let world = settled(tree(policy, ENGINEERS, &["bob@acme.com"]));
    assert_eq!(keys(&world.plan()), NONE, "a synced group declares its people");
    let gone = world.change(|live| drop(live.groups.remove("id-okta"))).plan();
    assert_eq!(keys(&gone), NONE);
    assert!(codes(&gone).iter().any(|(key, _)| key.ends_with("user.bob@acme.com")), "{:?}", codes(&gone));
}

#[test]
fn a_synced_group_that_reads_as_empty_is_suspicious() {
    let world = settled(tree("", ENGINEERS, &["bob@acme.com", "cy@acme.com"]));
    let before = world.live.clone();
    let mut emptied = world.clone().change(|live| live.group("okta").members.clear());
    assert_eq!(keys(&emptied.plan()).len(), 2);
    emptied.before = Some(before);
    assert_eq!(rulings(&emptied.plan()), ["suspicious-read refused"]);
    // So is one that had people when the plan was reviewed, as soon as the plan changes what they were taken into.
    let drifted = world.change(|live| {
        live.hire("max@acme.com");
        live.join("engineers", "max@acme.com");
    });
    let reviewed = drifted.then_reviewed().change(|live| live.group("okta").members.clear()).plan();
    assert_eq!(keys(&reviewed), ["remove member.engineers/max@acme.com"]);
    assert_eq!(rulings(&reviewed), ["suspicious-read refused"]);
    let few = "policy: { max-revokes: { total: 1 } }\n";
    let many = settled(tree(few, ENGINEERS, &["bob@acme.com", "cy@acme.com"]));
    assert_eq!(
        rulings(&many.change(|live| live.group("okta").members.clear()).plan()),
        ["max-revokes refused"]
    );
}

#[test]
fn a_privileged_group_takes_a_synced_one_only_where_it_says_so() {
    let admins = "  admins:\n    members: [ada@acme.com, { synced: okta }]\n";
    let of = |groups: &str| {
        tree("", groups, &["bob@acme.com"]).change(|live| live.admin_groups.extend(["id-admins".into()]))
    };
    let plan = of(admins).plan();
    assert_eq!(keys(&plan), NONE);
    assert_eq!(
        codes(&plan),
        [
            ("add group.admins".into(), "nesting-privileged"),
            ("add member.admins/bob@acme.com".into(), "nesting-privileged")
        ]
    );
    let nests = of(&admins.replace("members", "nest: true\n    members"));
    assert_eq!(keys(&nests.plan()), ["add member.admins/bob@acme.com"]);
}

/// Somebody who lets a synced group into a privileged one, and is in it, grants themselves.
#[test]
fn an_author_who_is_in_the_synced_group_is_judged_as_if_they_were_named() {
    let policy = "policy: { privileged: [admins], self-grant: refuse, admins: [root@acme.com] }\n";
    let groups = "  admins:\n    nest: true\n    members:\n      - ada@acme.com\n";
    let world = tree(policy, groups, &["bob@acme.com", "cy@acme.com"]).then_base();
    let lets_in =
        world.clone().edit("      - ada@acme.com\n", "      - ada@acme.com\n      - synced: okta\n");
    let plan = lets_in.clone().by("bob@acme.com").plan();
    assert!(rulings(&plan).contains(&"self-grant refused".to_owned()), "{:?}", rulings(&plan));
    assert!(!rulings(&lets_in.clone().by("ada@acme.com").plan()).iter().any(|it| it == "self-grant refused"));
    // Nor by joining it by hand first.
    let by_hand = lets_in.change(|live| live.join("admins", "bob@acme.com")).by("bob@acme.com").plan();
    assert!(rulings(&by_hand).contains(&"self-grant refused".to_owned()), "{:?}", rulings(&by_hand));
    // Who comes into the synced group afterwards comes by drift.
    let both = world.edit("      - ada@acme.com\n", "      - ada@acme.com\n      - synced: okta\n");
    let drift = settled(both).then_base().change(|live| {
        live.hire("dan@acme.com");
        live.join("okta", "dan@acme.com");
    });
    let plan = drift.plan();
    assert_eq!(keys(&plan), ["add member.admins/dan@acme.com"]);
    assert_eq!(plan.operations[0].drift, rollbook::model::Drift::Yes);
}

/// A name that meant somebody else by the base is not the same person for being spelled alike.
#[test]
fn a_synced_person_of_the_same_email_is_another_account() {
    let policy = "policy: { privileged: [admins], self-grant: refuse, admins: [root@acme.com] }\n";
    let groups = "  admins:\n    nest: true\n    members:\n      - ada@acme.com\n      - eve@acme.com\n";
    let world = tree(policy, groups, &["bob@acme.com"]);
    // The account that shows eve's email now is bob's; the lock says that eve was another one.
    let mut world =
        world.lock("users:\n  eve@acme.com: { account: acc-eve@acme.com, from: jira }\n").then_base();
    world.files.retain(|(path, _)| path != "rollbook.lock");
    let world = world.edit("      - eve@acme.com\n", "      - synced: okta\n").change(|live| {
        live.account("eve@acme.com").email = None;
        live.account("bob@acme.com").email = Some("eve@acme.com".into());
    });
    let plan = world.by("eve@acme.com").plan();
    assert!(rulings(&plan).contains(&"self-grant refused".to_owned()), "{:?}", rulings(&plan));
}

#[test]
fn rules_meet_synced_people_as_they_meet_others() {
    let groups = "  makers:\n    members: [{ synced: okta }]\n  approvers:\n    members: [bob@acme.com]\n";
    let exclusive = "policy: { exclusive: [[makers, approvers]] }\n";
    assert_eq!(rulings(&tree(exclusive, groups, &["bob@acme.com"]).plan()), ["exclusive refused"]);
    let users = "policy: { protect: { users: [bob@acme.com] } }\n";
    let world = settled(tree(users, ENGINEERS, &["bob@acme.com"]));
    let left = world.change(|live| live.leave("okta", "bob@acme.com")).plan();
    assert!(rulings(&left).contains(&"protect refused".to_owned()), "{:?}", rulings(&left));
    let floor = settled(tree("policy: { keep-at-least: { engineers: 2 } }\n", ENGINEERS, &["bob@acme.com"]));
    let left = floor.change(|live| live.leave("okta", "bob@acme.com")).plan();
    assert_eq!(rulings(&left), ["keep-at-least refused"]);
}

/// Of somebody who hides their email nobody can tell that they are not the one whom the tree offboards.
#[test]
fn nobody_comes_who_may_be_offboarded() {
    let mut world = tree("", ENGINEERS, &["bob@acme.com"]);
    world.files.push(("users/all.yaml".into(), "users:\n  mallory@acme.com: { active: false }\n".into()));
    let hidden = world.change(|live| live.account("bob@acme.com").hidden = true);
    let plan = hidden.plan();
    assert_eq!(keys(&plan), NONE);
    let codes = codes(&plan);
    assert!(
        codes.contains(&("add member.engineers/account:acc-bob@acme.com".into(), "identity-unresolved")),
        "{codes:?}"
    );
}

#[test]
fn a_group_takes_what_another_one_takes_from_a_synced_group() {
    let groups = "  engineers:\n    members: [{ synced: okta }]\n  all:\n    members: [{ group: engineers, except: [cy@acme.com] }]\n";
    let world = tree("", groups, &["bob@acme.com", "cy@acme.com"]);
    let came = [
        "add member.all/bob@acme.com",
        "add member.engineers/bob@acme.com",
        "add member.engineers/cy@acme.com",
    ];
    assert_eq!(keys(&world.plan()), came);
    assert!(world.plan().operations.iter().all(|it| it.reason == Reason::Synced));
    let gone = settled(world).change(|live| drop(live.groups.remove("id-okta"))).plan();
    assert_eq!(keys(&gone), NONE);
    let both = ["add group.all", "add group.engineers"].map(|key| (key.to_owned(), "group-missing"));
    assert_eq!(codes(&gone), both);
}

#[test]
fn a_plan_from_a_snapshot_is_the_plan_from_the_site() {
    let world = tree("", ENGINEERS, &["bob@acme.com", "cy@acme.com"]).change(|live| {
        live.hire("max@acme.com");
        live.join("engineers", "max@acme.com");
    });
    for surfaces in [vec![Surface::Jira], vec![Surface::Jira, Surface::Organization]] {
        let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n";
        let mut world = world.clone().change(|live| live.surfaces = surfaces.into_iter().collect());
        world.files[0].1.push_str(head);
        let (site, text) = (world.plan(), world.snapshot(false));
        let from_snapshot = world.plan_from_text(&text).unwrap();
        assert_eq!(from_snapshot.operations, site.operations);
        assert_eq!(from_snapshot.synced, site.synced);
        assert_eq!(site.operations.len(), 3);
        // One that did not ask knows nothing, and takes nobody out.
        let plain = world.clone().edit("      - synced: okta\n", "");
        let lacks = world.plan_from_text(&plain.snapshot(false));
        assert_eq!(keys(&lacks.unwrap()), NONE);
    }
}

/// An entry that ended goes once nobody is left by it, and stays while nobody can tell who came by it.
#[test]
fn an_ended_entry_is_pruned_once_its_people_are_gone() {
    let ended = ENGINEERS.replace("- synced: okta", "- { synced: okta, until: 2026-11-20 }");
    let world = tree("", &ended, &["bob@acme.com"]);
    assert_eq!(crate::plan::expired::prune(&world).unwrap().entries, 1);
    let there = world.clone().change(|live| live.join("engineers", "bob@acme.com"));
    assert_eq!(crate::plan::expired::prune(&there).unwrap().entries, 0);
    let gone = world.change(|live| drop(live.groups.remove("id-okta")));
    assert_eq!(crate::plan::expired::prune(&gone).unwrap().entries, 0);
}

#[test]
fn the_owners_of_a_group_review_the_pin_of_the_synced_one_that_it_takes_in() {
    let groups = "  engineers:\n    owners: [ada@acme.com]\n    members: [synced: okta]\n";
    let pin = "  okta:\n    id: id-okta\n    owners: [bob@acme.com]\n    members: unmanaged\n";
    let mut world = World::of("", "", groups);
    world.files.push(("groups/okta.yaml".into(), format!("groups:\n{pin}")));
    let (tree, declaration) = (world.tree(), world.declaration());
    let owners = rollbook::config::owners_of_files(&declaration, &tree, world.today);
    let of_pin: Vec<&str> = owners["groups/okta.yaml"].iter().map(rollbook::model::Email::as_str).collect();
    assert_eq!(of_pin, ["ada@acme.com", "bob@acme.com"]);
}

#[test]
fn a_renamed_group_keeps_its_name_in_the_entries_that_take_from_it() {
    let groups = "  engineers:\n    members: [synced: okta]\n  okta: { id: id-okta, members: unmanaged }\n";
    let world = World::of("", "", groups);
    let (tree, declaration) = (world.tree(), world.declaration());
    let (from, to) = (GroupName::new("okta"), GroupName::new("entra"));
    let renamed = rollbook::config::Rename::Group(from, to);
    let renamed = rollbook::config::renamed(&tree, &declaration, &renamed, world.today).unwrap();
    let synced: Vec<&GroupName> = renamed.declaration.synced().map(|(_, name)| name).collect();
    assert_eq!(synced, [&GroupName::new("entra")]);
}
