//! The laws of edits: whatever style of YAML a file is written in, `fmt`, `import` and `prune` leave every comment with
//! what it is about, say exactly what is meant afterwards, and leave a file as `fmt` would; and prettier changes nothing
//! of it.

mod places;
mod prettier;
mod typist;

use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;
use rollbook::config::{
    self, EditError, FilePer, NewAccess, format, granted, imported, parse, revoked, without_entries,
};
use rollbook::model::{
    Access, AccountId, App, Declaration, Email, GroupName, Import, ImportedGroup, ImportedMember, Role,
    Spent, Tree, UserRef,
};
use serde_json::{Value, json};

use crate::world::TODAY;
use typist::{Typed, typed};

/// The file that holds a random tree's groups and people.
pub(crate) const FILE: &str = "groups/all.yaml";

/// How many trees there are.
fn trees() -> u32 {
    crate::soak::worlds() / 2
}

/// What a tree's text is drawn by: where it is short, or zero, a tree is small and plain.
fn tape() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..500)
}

fn declaration(tree: &Tree) -> Result<Declaration, TestCaseError> {
    let parsed = parse(tree, TODAY);
    parsed
        .declaration
        .ok_or_else(|| TestCaseError::fail(format!("{:#?}\n{}", parsed.diagnostics, text(tree, FILE))))
}

fn text<'t>(tree: &'t Tree, path: &str) -> &'t str {
    &tree.file(path).unwrap_or_else(|| panic!("{path}")).1.text
}

fn says(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Every comment is there, and stands with what it is about.
fn keeps(typed: &Typed, after: &str, gone: &[String]) -> Result<(), TestCaseError> {
    let found = places::of(after);
    let is_gone = |of: &str| gone.iter().any(|gone| of == gone || of.starts_with(&format!("{gone}\u{1f}")));
    let parent = |path: &str| Some(path.rsplit_once('\u{1f}').map_or("", |(parent, _)| parent).to_owned());
    for (comment, of) in typed.comments.iter().filter(|(_, of)| !is_gone(of)) {
        let place = found.get(comment).cloned();
        // The first line of a list's item is its first key's; a comment that a blank line parts is about the list.
        let is_item = |path: &String| path.split('\u{1f}').count() == 4;
        let fits = place.as_ref() == Some(of)
            || place.as_deref().and_then(parent).as_ref() == Some(of)
            || place.is_some() && parent(of).filter(is_item) == place;
        prop_assert!(fits, "{comment} is about {of:?} and is at {place:?}\n{}\n=>\n{after}", typed.text);
    }
    let left = typed.comments.values().filter(|of| !is_gone(of)).count();
    prop_assert_eq!(
        found.len(),
        left,
        "a comment stayed that was about what went\n{}\n=>\n{}",
        &typed.text,
        after
    );
    Ok(())
}

/// As `fmt` leaves it.
fn is_formatted(text: &str) -> Result<(), TestCaseError> {
    let formatted = format(text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
    prop_assert_eq!(&formatted, text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: trees(), failure_persistence: None, max_shrink_iters: 4_000, ..ProptestConfig::default()
    })]

    #[test]
    fn a_formatted_file_says_the_same_with_its_comments(tape in tape()) {
        let typed = typed(&tape);
        let tree = typed.tree();
        let before = declaration(&tree)?;
        prop_assert_eq!(says(&typed.text), typed.says.clone(), "{}", typed.text);
        let after = format(&typed.text).map_err(|error| TestCaseError::fail(format!("{error}\n{}", typed.text)))?;
        keeps(&typed, &after, &[])?;
        is_formatted(&after)?;
        prop_assert_eq!(says(&after), typed.says.clone(), "{}\n=>\n{}", typed.text, after);
        let formatted = crate::config::tree(&[("rollbook.yaml", typist::ROOT), (FILE, &after)]);
        prop_assert_eq!(declaration(&formatted)?.placeless(), before.placeless());
    }

    #[test]
    fn an_import_adds_and_moves_nothing(tape in tape(), picks in prop::collection::vec((any::<u8>(), 1..4_u8), 1..4)) {
        let typed = typed(&tape);
        let tree = typed.tree();
        let before = declaration(&tree)?;
        let (import, meant) = import(&typed, &picks);
        let done = imported(&tree, &before, import, FilePer::Group, TODAY)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{}", typed.text)))?;
        prop_assert!(done.import.left.is_empty(), "{:?}", done.import.left);
        let after = text(&done.tree, FILE);
        keeps(&typed, after, &[])?;
        prop_assert_eq!(says(after), meant, "{}\n=>\n{}", typed.text, after);
        for file in done.tree.files.iter().filter(|file| file.path != config::ROOT) {
            is_formatted(&file.text)?;
        }
        prop_assert_eq!(text(&done.tree, config::ROOT), typist::ROOT, "nothing was to be added there");
    }

    #[test]
    fn what_is_pruned_goes_with_its_comments_and_nothing_else(tape in tape(), picks in any::<u64>()) {
        let typed = typed(&tape);
        let tree = typed.tree();
        let before = declaration(&tree)?;
        let (entries, gone, meant) = pruned(&typed, picks);
        let done = without_entries(&tree, &before, &entries, TODAY)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{}", typed.text)))?;
        let after = text(&done.tree, FILE);
        if gone.is_empty() {
            prop_assert_eq!(after, &typed.text, "nothing was to go");
            return Ok(());
        }
        keeps(&typed, after, &gone)?;
        prop_assert_eq!(says(after), meant, "{}\n=>\n{}", typed.text, after);
        is_formatted(after)?;
        prop_assert_eq!(done.comments, typed.comments.len() - places::of(after).len());
    }

    #[test]
    fn a_grant_is_one_entry_more_and_its_revoke_leaves_what_was_before(tape in tape(), pick in any::<u8>(), terms in any::<bool>()) {
        let typed = typed(&tape);
        let tree = typed.tree();
        let before = declaration(&tree)?;
        let name = &typed.groups[usize::from(pick) % typed.groups.len()];
        let (user, group) = (UserRef::Email(Email::parse("newcomer@acme.com").unwrap()), GroupName::new(name));
        let access = NewAccess {
            user: user.clone(),
            group: group.clone(),
            until: terms.then(|| date(2027, 1, 31)),
            because: terms.then(|| "on call: #1".to_owned()),
        };
        let fail = |error: EditError| TestCaseError::fail(format!("{error}\n{}", typed.text));
        let done = granted(&tree, &before, &access, TODAY).map_err(fail)?;
        let after = text(&done.tree, FILE);
        let mut meant = typed.says.clone();
        meant["groups"][name]["members"].as_array_mut().unwrap().push(if terms {
            json!({ "user": "newcomer@acme.com", "until": "2027-01-31", "because": "on call: #1" })
        } else {
            json!("newcomer@acme.com")
        });
        prop_assert_eq!(says(after), meant, "{}\n=>\n{}", typed.text, after);
        // What keeps every byte is as people wrote it.
        let formatted = |text: &str| format(text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")));
        keeps(&typed, &formatted(after)?, &[])?;
        let back = revoked(&done.tree, &done.declaration, (&user, &group), TODAY).map_err(fail)?;
        if back.notes.is_empty() {
            let back = text(&back.tree, FILE);
            prop_assert_eq!(says(back), typed.says.clone(), "{}\n=>\n{}", after, back);
            keeps(&typed, &formatted(back)?, &[])?;
        } else {
            prop_assert!(text(&back.tree, FILE).contains(&TODAY.to_string()), "the site keeps undeclared members");
        }
    }
}

/// An import into some groups of a tree, and what the file is to say then.
fn import(typed: &Typed, picks: &[(u8, u8)]) -> (Import, Value) {
    let mut meant = typed.says.clone();
    let mut groups: BTreeMap<GroupName, ImportedGroup> = BTreeMap::new();
    for (pick, count) in picks {
        let name = &typed.groups[usize::from(*pick) % typed.groups.len()];
        let group = groups.entry(GroupName::new(name)).or_insert_with(|| ImportedGroup {
            name: GroupName::new(name),
            declared: true,
            remark: None,
            members: Vec::new(),
            unmanaged: false,
            grants: Vec::new(),
        });
        let says = &mut meant["groups"][name];
        if pick % 2 == 0 && says.get("grants").is_none() {
            group.grants = vec![access("confluence"), access("jira-software")];
            says["grants"] = json!([
                { "app": "confluence", "role": "user" }, { "app": "jira-software", "role": "user" }
            ]);
        }
        for number in 0..*count {
            let at = group.members.len();
            let (user, says, remark) = if (pick ^ number) % 3 == 0 {
                let id = format!("712020:new{at}");
                (
                    UserRef::Account(AccountId::new(&id)),
                    json!({ "account": id }),
                    Some("Somebody: hidden".to_owned()),
                )
            } else {
                let email = format!("new{at}@acme.com");
                (UserRef::Email(Email::parse(&email).unwrap()), json!(email), None)
            };
            group.members.push(ImportedMember { user, remark });
            meant["groups"][name]["members"].as_array_mut().unwrap().push(says);
        }
    }
    let new = ImportedGroup {
        name: GroupName::new("brand new"),
        declared: false,
        remark: Some("gives administration".into()),
        members: vec![ImportedMember {
            user: UserRef::Email(Email::parse("x@acme.com").unwrap()),
            remark: None,
        }],
        unmanaged: false,
        grants: vec![access("jira-software")],
    };
    let synced = ImportedGroup {
        name: GroupName::new("synced"),
        declared: false,
        remark: None,
        members: Vec::new(),
        unmanaged: true,
        grants: Vec::new(),
    };
    let groups = groups.into_values().chain([new, synced]).collect();
    let users = [(Email::parse("newcomer@acme.com").unwrap(), Some("New Comer".to_owned()))].into();
    (Import { groups, users, ..Import::default() }, meant)
}

fn access(app: &str) -> Access {
    Access { app: App::new(app), role: Role::new("user") }
}

/// Entries to take out, what the comments that go with them are about, and what the file is to say then.
fn pruned(typed: &Typed, picks: u64) -> (Spent, Vec<String>, Value) {
    let mut meant = typed.says.clone();
    let (mut entries, mut gone) = (Spent::default(), Vec::new());
    let mut number = 0;
    for name in &typed.groups {
        let members = meant["groups"][name]["members"].as_array_mut().unwrap();
        let mut place = 0;
        members.retain(|member| {
            let goes = picks >> (number % 64) & 1 == 1;
            if goes {
                entries.members.entry(GroupName::new(name)).or_default().insert(place);
                gone.push(["groups", name, "members", &places::label(member)].join("\u{1f}"));
            }
            (place, number) = (place + 1, number + 1);
            !goes
        });
    }
    (entries, gone, meant)
}
