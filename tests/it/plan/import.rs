//! Importing: what the site has is declared and nothing else, and what a person wrote stays as it is.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollbook::commands::import::{Declared, declare};
use rollbook::config::{self, FilePer};
use rollbook::error::Error;
use rollbook::model::{
    AccountKind, Additions, Email, ErrorExt as _, GroupFacts, Import, LiveState, PlannedOperation, Reason,
    Surface, Tree,
};
use rollbook::plan::{self, Beside, Desired, Lookup, Selection};

use crate::spec::{Spec, spec, told};
use crate::world::{Account, Group, TODAY, World};

/// How many worlds there are.
fn worlds() -> u32 {
    crate::soak::worlds() / 4
}

/// What an import of a world would add.
fn found(world: &World, selection: &Selection, users: bool) -> (Import, LiveState) {
    let declaration = world.declaration();
    let desired = Desired::of(&declaration, world.today);
    let anew = desired.clone().with_lookup(Lookup::ForLock);
    let beside = Beside { import: Some(selection), ..Beside::default() };
    let mut live = world.live.state(&anew, beside);
    live.learn(world.live.everybody());
    let questions = plan::import_questions(&desired, &live, selection);
    let answers = world.live.answer(&questions, &declaration);
    let app_roles = answers.app_roles.read().cloned().unwrap_or_default();
    let facts = GroupFacts { kinds: answers.group_kinds, app_roles, ..GroupFacts::default() };
    let additions = Additions { users, grants: false };
    (plan::import(&desired, &live, &facts, selection, additions), live)
}

fn imported(world: &World, selection: &Selection, users: bool, per: FilePer) -> Result<Declared, Error> {
    let (import, live) = found(world, selection, users);
    declare(&world.tree(), &world.declaration(), import, &live, (per, world.today))
}

fn with_tree(world: &World, tree: &Tree) -> World {
    let files = tree.files.iter().map(|file| (file.path.clone(), file.text.clone()));
    World { files: files.collect(), ..world.clone() }
}

/// A world with nothing declared, and with whatever nobody reviewed.
fn undeclared(spec: &Spec, hostile: &[usize]) -> World {
    let mut world = spec.world();
    world.files.retain(|(path, _)| path == config::ROOT);
    let names = [
        "Jira Administrators",
        "a: b # c",
        "- x",
        "no",
        "1.0",
        "SRE",
        "sre",
        "gr\u{e9}",
        "\"q\" 'r'",
        "~",
        "{}",
        "x\u{202e}y",
        "\u{440}\u{430}y",
        "pay",
        "p\u{430}y",
        " lead",
        "a\nb",
        "0x1F",
        "*",
        "<<",
        "# all",
        "é",
    ];
    for (index, pick) in hostile.iter().enumerate() {
        let members: BTreeSet<String> = world
            .live
            .accounts
            .iter()
            .filter(|(_, of)| !of.removed)
            .map(|(id, _)| id.clone())
            .skip(index)
            .collect();
        let id = format!("id-hostile-{pick}");
        world.live.groups.insert(id, Group::of(names[pick % names.len()], members));
    }
    if hostile.len() > 3 {
        let mut twin = Account::person("p0@acme.com");
        twin.name = "Twin\n- eve@acme.com".into();
        world.live.accounts.insert("712020:twin".into(), twin);
        world.live.accounts.insert("712020:odd".into(), Account::person("\u{440}@acme.com"));
        for group in world.live.groups.values_mut() {
            group.members.extend(["712020:twin".into(), "712020:odd".into()]);
        }
    }
    world
}

fn says_the_same_to_another_reader(tree: &Tree) -> Result<(), TestCaseError> {
    for file in &tree.files {
        let theirs: serde_yaml::Value = serde_yaml::from_str(&file.text)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{}", file.text)))?;
        let ours: serde_json::Value = serde_saphyr::from_str(&file.text)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{}", file.text)))?;
        prop_assert_eq!(serde_json::to_value(theirs).unwrap(), ours, "{}", file.text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: worlds(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_new_tree_asks_for_nothing(
        spec in spec(),
        hostile in prop::collection::vec(0..40_usize, 0..6),
        (users, prefix) in any::<(bool, bool)>(),
    ) {
        let world = undeclared(&spec, &hostile);
        let per = if prefix { FilePer::Prefix } else { FilePer::Group };
        let declared = imported(&world, &Selection::default(), users, per)
            .map_err(|error| told(&TestCaseError::fail(error.chain()), &world))?;
        let after = with_tree(&world, &declared.tree);
        let plan = after.plan();
        prop_assert!(plan.operations.is_empty() && plan.blocked.is_empty(), "{}\n{:#?}", after.text(), after.files);
        prop_assert!(declared.unresolved.is_empty(), "{:?}", declared.unresolved);
        says_the_same_to_another_reader(&declared.tree)?;
        let groups: usize = after.declaration().groups.len();
        let names: BTreeSet<&str> = world.live.groups.values().map(|group| group.name.as_str()).collect();
        prop_assert_eq!(groups + declared.import.left.len(), names.len());

        let again = imported(&after, &Selection::default(), users, per).map_err(|it| TestCaseError::fail(it.chain()))?;
        prop_assert!(again.import.is_empty(), "{:?}\n{:#?}", again.import, after.files);
        let texts = |tree: &Tree| tree.files.iter().map(|file| file.text.clone()).collect::<Vec<_>>();
        prop_assert_eq!(texts(&again.tree), texts(&declared.tree));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: worlds() / 2, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_that_is_there_asks_for_nothing_anew(spec in spec(), users in any::<bool>()) {
        let world = spec.world();
        let declared = imported(&world, &Selection::default(), users, FilePer::Group)
            .map_err(|error| told(&TestCaseError::fail(error.chain()), &world))?;
        let (before, tree) = (world.plan(), &declared.tree);
        let after = with_tree(&world, tree);
        // What somebody is called depends on what is read, and what they come back to on what is declared.
        let asked = |planned: &PlannedOperation| {
            let mut asked = before.operations.iter();
            asked.any(|before| before.key == planned.key || before.operation == planned.operation)
                // It waited for a removal that could not be done, of a membership that is declared now.
                || before.blocked.iter().any(|it| {
                    it.code == "requires-blocked" && (&it.address, it.action) == (&planned.key.address, planned.key.action)
                })
                // Nobody could tell who they were before the organization was asked.
                || before.blocked.iter().any(|blocked| {
                    let group = planned.key.address.group();
                    blocked.code == "identity-unresolved" && group.is_some() && blocked.address.group() == group
                })
        };
        // Who leaves altogether leaves the groups that are declared now, too.
        let operations = after.plan().operations;
        for planned in operations.iter().filter(|planned| planned.reason != Reason::Offboarded) {
            prop_assert!(asked(planned), "{}\n{}", planned.key, after.text());
        }
        let again = imported(&after, &Selection::default(), users, FilePer::Group)
            .map_err(|it| TestCaseError::fail(it.chain()))?;
        prop_assert!(again.import.is_empty(), "{:?}\n{:#?}", again.import, after.files);
    }
}

#[test]
fn whom_users_cannot_name_is_said() {
    let mut world = World::of("", "", "").change(|live| {
        live.hire("kim@acme.com");
        live.hire("zoe@acme.com");
    });
    world.live.account("zoe@acme.com").hidden = true;
    let name = world.live.account("zoe@acme.com").name.clone();
    let (import, _) = found(&world, &Selection::default(), true);
    let users: Vec<&str> = import.users.keys().map(Email::as_str).collect();
    assert_eq!((users, import.unnamed), (vec!["kim@acme.com"], vec![name]));
    let (import, _) = found(&world, &Selection::default(), false);
    assert_eq!((import.users.len(), import.unnamed.len()), (0, 0));
}

/// Two lines of `users` are told apart by who they are, where a name does not do it.
#[test]
fn people_of_one_name_are_declared_with_it() {
    let world = World::of("", "", "").change(|live| {
        for email in ["kim@acme.com", "k.lee@acme.com", "zoe@acme.com"] {
            live.hire(email);
        }
        live.account("kim@acme.com").name = "Kim Lee: x".into();
        live.account("k.lee@acme.com").name = "Kim Lee: x".into();
    });
    let declared = imported(&world, &Selection::default(), true, FilePer::Group).unwrap();
    let (_, file) = declared.tree.file("users/people.yaml").unwrap();
    assert!(file.text.contains("  kim@acme.com: { name: \"Kim Lee: x\", active: true }\n"), "{}", file.text);
    assert!(file.text.contains("  zoe@acme.com: { active: true }\n"), "{}", file.text);
    assert!(with_tree(&world, &declared.tree).plan().operations.is_empty());
    // Nobody would see what such a name says.
    let hidden = world.change(|live| {
        for email in ["kim@acme.com", "k.lee@acme.com"] {
            live.account(email).name = "Kim\u{200b} Lee".into();
        }
    });
    let declared = imported(&hidden, &Selection::default(), true, FilePer::Group).unwrap();
    let (_, file) = declared.tree.file("users/people.yaml").unwrap();
    assert!(file.text.contains("  kim@acme.com: { active: true }\n"), "{}", file.text);
}

const GROUPS: &str = "  # who is on call\n  \
                      sre: # ours\n    members: # all of them\n      - ada@acme.com   # lead\n      \
                      - { user: bob@acme.com, because: OPS-1 } # until spring\n      # more to come\n  \
                      design: { members: [eve@acme.com, { group: sre }], mode: exact } # small\n  \
                      sales: { members: [] }\n  loose: { mode: at-least, members: [] }\n  gone: { absent: true }\n";

fn adopted() -> World {
    World::of("", "", GROUPS).change(|live| {
        for email in ["kim@acme.com", "zoe@acme.com"] {
            live.hire(email);
        }
        live.hire("hidden@acme.com");
        live.account("hidden@acme.com").hidden = true;
        for (group, email) in [
            ("sre", "kim@acme.com"),
            ("sre", "hidden@acme.com"),
            ("design", "kim@acme.com"),
            ("design", "hidden@acme.com"),
            ("design", "zoe@acme.com"),
            ("sales", "kim@acme.com"),
            ("loose", "kim@acme.com"),
        ] {
            live.join(group, email);
        }
    })
}

#[test]
fn members_are_added_where_the_list_is() {
    let world = adopted();
    let declared = imported(&world, &Selection::default(), false, FilePer::Group).unwrap();
    let (_, file) = declared.tree.file("groups/all.yaml").unwrap();
    insta::assert_snapshot!(file.text);
    assert!(with_tree(&world, &declared.tree).plan().operations.is_empty());
    let windows = with_tree(
        &world,
        &Tree {
            files: world
                .tree()
                .files
                .into_iter()
                .map(|file| rollbook::model::SourceFile { text: file.text.replace('\n', "\r\n"), ..file })
                .collect(),
        },
    );
    let declared = imported(&windows, &Selection::default(), false, FilePer::Group).unwrap();
    let (_, crlf) = declared.tree.file("groups/all.yaml").unwrap();
    assert_eq!(crlf.text, file.text, "as `fmt` leaves it");
}

#[test]
fn nobody_gets_into_a_group_by_way_of_another() {
    let world = adopted().change(|live| live.leave("design", "zoe@acme.com"));
    let groups = "  all: { members: [{ group: design }] }\n";
    let nested = World::of("", "", &format!("{GROUPS}{groups}"));
    let mut world = World { files: nested.files, ..world };
    world.live.groups.insert("id-all".into(), Group::of("all", BTreeSet::new()));
    let declared = imported(&world, &Selection::default(), false, FilePer::Group).unwrap();
    let left: Vec<String> =
        declared.import.left.iter().map(|left| format!("{}: {}", left.address, left.why)).collect();
    insta::assert_snapshot!(left.join("\n"));
}

#[test]
fn a_group_that_is_not_exact_is_completed_when_it_is_named() {
    let world = adopted();
    let declared = imported(&world, &Selection::of(&["lo*".into()]), false, FilePer::Group).unwrap();
    let (_, file) = declared.tree.file("groups/all.yaml").unwrap();
    assert!(file.text.contains("loose: { mode: at-least, members: [kim@acme.com] }"), "{}", file.text);
    assert!(file.text.contains("sales: { members: [] }"), "nothing else was selected: {}", file.text);
}

#[test]
fn what_the_tree_takes_away_is_not_brought_back() {
    let world = World::of(
        "",
        "  bob@acme.com: { active: false }\n",
        "  sre: { members: [ada@acme.com, { user: kim@acme.com, until: 2026-01-01 }, bob@acme.com] }\n  gone: { absent: true }\n",
    );
    let world = world.change(|live| {
        live.hire("kim@acme.com");
        live.join("sre", "kim@acme.com");
        live.join("sre", "bob@acme.com");
        live.groups.insert("id-gone".into(), Group::of("gone", BTreeSet::new()));
    });
    let before = world.plan();
    assert!(!before.operations.is_empty());
    let declared = imported(&world, &Selection::default(), false, FilePer::Group).unwrap();
    assert!(declared.import.is_empty(), "{:?}", declared.import);
    let after = with_tree(&world, &declared.tree).plan();
    assert_eq!(after.operations.len(), before.operations.len());
}

#[test]
fn groups_that_the_language_cannot_tell_apart_are_left_out() {
    let members = || BTreeSet::from(["acc-ada@acme.com".to_owned()]);
    let world = World::of("", "", "  sre: { members: [ada@acme.com] }\n").change(|live| {
        live.groups.insert("id-1".into(), Group::of("Ops", members()));
        live.groups.insert("id-2".into(), Group::of("ops", members()));
        live.groups.insert("id-3".into(), Group::of("SRE", members()));
        live.groups.insert("id-4".into(), Group::of("fine", members()));
    });
    let declared = imported(&world, &Selection::default(), false, FilePer::Group).unwrap();
    let left: Vec<String> =
        declared.import.left.iter().map(|left| format!("{}: {}", left.address, left.why)).collect();
    insta::assert_snapshot!(left.join("\n"));
    let names: Vec<&str> = declared.import.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["fine"]);
}

#[test]
fn somebody_whom_the_tree_may_mean_is_not_declared_again() {
    let world =
        World::of("", "", "  sre: { members: [ada@acme.com, eve@acme.com] }\n  ops: { members: [] }\n");
    let world = world.change(|live| {
        live.account("eve@acme.com").hidden = true;
        live.join("ops", "eve@acme.com");
    });
    let declared = imported(&world, &Selection::default(), false, FilePer::Group).unwrap();
    assert!(declared.import.is_empty());
    let left: Vec<String> = declared.import.left.iter().map(|left| left.address.to_string()).collect();
    assert_eq!(left, ["member.ops/account:acc-eve@acme.com", "member.sre/account:acc-eve@acme.com"]);
}

#[test]
fn a_tree_whose_include_takes_no_such_file_is_left_alone() {
    let mut world = World::of("include: ['one*.yaml']\n", "", "");
    world.files.push(("one.yaml".into(), "groups: {}\n".into()));
    world.live.groups.insert("id-1".into(), Group::of("ops", BTreeSet::new()));
    let error = imported(&world, &Selection::default(), false, FilePer::Group).unwrap_err();
    assert_eq!(error.chain(), "nothing was written: `include` matches no file such as groups/ops.yaml");
}

#[test]
fn apps_and_synced_groups_are_told_of() {
    let mut world = World::of("", "", "");
    world.live.accounts.insert("robot".into(), Account::app("Robot"));
    world
        .live
        .accounts
        .insert("c".into(), Account { kind: AccountKind::Customer, ..Account::person("c@x.y") });
    let mut group = Group::of("all", BTreeSet::from(["robot".to_owned(), "c".to_owned()]));
    group.managed_by = rollbook::model::ManagedBy::External;
    world.live.groups.insert("id-all".into(), group);
    world.live.surfaces = [Surface::Jira].into();
    let declared = imported(&world, &Selection::default(), true, FilePer::Group).unwrap();
    insta::assert_snapshot!(declared.tree.file("groups/all.yaml").unwrap().1.text);
    assert_eq!(TODAY, world.today);
}

/// Who comes by a synced group is declared by that, and the group itself is not declared as if the tree decided about it.
#[test]
fn people_of_a_synced_group_are_not_declared_again() {
    let groups = "  team:\n    members: [ada@acme.com, synced: okta]\n";
    let world = World::of("", "", groups).change(|live| {
        live.hire("bob@acme.com");
        live.hire("max@acme.com");
        let okta = BTreeSet::from(["acc-bob@acme.com".to_owned()]);
        let okta = Group { managed_by: rollbook::model::ManagedBy::External, ..Group::of("okta", okta) };
        live.groups.insert("id-okta".into(), okta);
        live.join("team", "bob@acme.com");
        live.join("team", "max@acme.com");
    });
    let (import, _) = found(&world, &Selection::default(), false);
    let members: Vec<String> =
        import.groups.iter().flat_map(|group| &group.members).map(|member| member.user.to_string()).collect();
    assert_eq!(members, ["max@acme.com"]);
    let left: Vec<String> = import.left.iter().map(|left| left.address.to_string()).collect();
    assert_eq!(left, ["group.okta"]);
}
