//! Locks on values: what is written, and what cannot be.

use std::collections::BTreeMap;

use rollbook::config;
use rollbook::model::{AccountId, Email};
use rollbook::plan::{self, Desired, Locking, Lookup};

use crate::world::World;

fn company() -> World {
    let users = "  ada@acme.com: { active: true }\n  eve@acme.com: { account: acc-eve@acme.com }\n";
    World::of("", users, "  sre:\n    members: [ada@acme.com, bob@acme.com]\n  old: { absent: true }\n")
}

pub(crate) fn lock(world: &World, exported: &[(&str, &str)]) -> Locking {
    let declaration = world.declaration();
    let desired = Desired::of(&declaration, world.today).with_lookup(Lookup::ForLock);
    let accounts = exported.iter().map(|(email, id)| (Email::parse(email).unwrap(), AccountId::new(id)));
    let accounts: BTreeMap<Email, AccountId> = accounts.collect();
    plan::lock(&desired, &world.live.state(&desired, plan::Beside::default()), &accounts)
}

fn users(locking: &Locking) -> Vec<(String, String, String)> {
    let users = locking.lock.users.iter();
    users.map(|(email, locked)| (email.to_string(), locked.id.to_string(), locked.from.clone())).collect()
}

fn codes(locking: &Locking) -> Vec<&'static str> {
    locking.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

fn row(who: &str, from: &str) -> (String, String, String) {
    (format!("{who}@acme.com"), format!("acc-{who}@acme.com"), from.into())
}

#[test]
fn everybody_and_everything_declared_is_locked() {
    let locking = lock(&company(), &[]);
    assert_eq!(users(&locking), [row("ada", "jira"), row("bob", "jira"), row("eve", "pin")]);
    let groups: Vec<_> =
        locking.lock.groups.iter().map(|(name, locked)| (name.as_str(), locked.id.as_str())).collect();
    assert_eq!((groups, codes(&locking)), (vec![("sre", "id-sre")], vec![]));
}

#[test]
fn a_lock_that_is_committed_changes_nothing_more() {
    let world = company();
    let text = config::lock_text(&lock(&world, &[]).lock);
    let locked = world.lock(text.split_once("version: 1\n").unwrap().1);
    assert_eq!(config::lock_text(&lock(&locked, &[]).lock), text);
    let hidden = locked.change(|live| live.account("bob@acme.com").hidden = true);
    assert_eq!(config::lock_text(&lock(&hidden, &[]).lock), text, "what was once known still counts");
}

#[test]
fn an_export_tells_of_hidden_emails_and_loses_to_what_is_live() {
    let world = company().change(|live| live.account("bob@acme.com").hidden = true);
    assert_eq!(codes(&lock(&world, &[])), ["identity-unresolved"]);
    let locking = lock(&world, &[("bob@acme.com", "acc-bob@acme.com")]);
    assert_eq!((users(&locking)[1].clone(), codes(&locking)), (row("bob", "accounts"), vec![]));
    let wrong = lock(&world, &[("bob@acme.com", "acc-ada@acme.com")]);
    assert_eq!(codes(&wrong), ["identity-unresolved"], "that account shows another email");
    let shown = lock(&company(), &[("bob@acme.com", "acc-eve@acme.com")]);
    assert_eq!(users(&shown)[1], row("bob", "jira"));
}

#[test]
fn an_email_that_means_another_account_is_never_switched() {
    let world = company().lock("users:\n  bob@acme.com: { account: acc-old, from: jira }\n");
    let locking = lock(&world, &[]);
    assert_eq!(codes(&locking), ["identity-changed"]);
    assert_eq!(users(&locking)[1], ("bob@acme.com".into(), "acc-old".into(), "jira".into()));
}

#[test]
fn a_pin_is_what_the_lock_says_once_the_line_that_differs_is_deleted() {
    let world = company();
    assert_eq!(users(&lock(&world, &[]))[2], row("eve", "pin"));
    let differs = world.lock("users:\n  eve@acme.com: { account: acc-old, from: jira }\n");
    assert_eq!(config::parse(&differs.tree(), differs.today).declaration, None, "until then it is a mistake");
}

#[test]
fn locked_looks_nowhere_else() {
    let world = company();
    let declaration = world.declaration();
    let desired = Desired::of(&declaration, world.today).with_lookup(Lookup::Locked);
    let live = world.live.state(&desired, plan::Beside::default());
    let tree = world.tree();
    let changes =
        plan::diff(&plan::Resolved::of(desired, &live), &live, &rollbook::model::Locator::new(&tree));
    let codes: Vec<_> = changes
        .blocked
        .iter()
        .map(|blocked| (blocked.address.to_string(), crate::world::code(&blocked.code)))
        .collect();
    assert!(codes.contains(&("member.sre/bob@acme.com".into(), "not-locked")), "{codes:?}");
    assert!(changes.changes.is_empty(), "{:?}", changes.changes);
}

#[test]
fn an_account_by_one_email_and_by_its_id_is_locked() {
    let world = company()
        .edit("[ada@acme.com, bob@acme.com]", "[ada@acme.com, bob@acme.com, account: acc-bob@acme.com]");
    let locking = lock(&world, &[]);
    assert_eq!(
        (users(&locking), codes(&locking)),
        (vec![row("ada", "jira"), row("bob", "jira"), row("eve", "pin")], vec![])
    );
}

#[test]
fn the_lock_says_what_shows_an_email_now_and_else_what_once_did() {
    let world = company().lock("users:\n  bob@acme.com: { account: acc-bob@acme.com, from: accounts }\n");
    assert_eq!(users(&lock(&world, &[]))[1], row("bob", "jira"));
    let renamed = world.change(|live| live.account("bob@acme.com").email = Some("robert@acme.com".into()));
    assert_eq!(
        users(&lock(&renamed, &[]))[1],
        row("bob", "accounts"),
        "another email says nothing of this one"
    );
}

#[test]
fn one_account_under_two_emails_is_locked_under_neither() {
    let world = company().edit("account: acc-eve@acme.com", "account: acc-bob@acme.com");
    let world = world.change(|live| drop(live.accounts.remove("acc-eve@acme.com")));
    let locking = lock(&world, &[]);
    assert_eq!((users(&locking), codes(&locking)), (vec![row("ada", "jira")], vec!["identity-shared"; 2]));
}

#[test]
fn a_group_that_was_deleted_leaves_the_lock() {
    let line = "groups:\n  old: { id: id-old, from: jira }\n";
    let locking = lock(&company().lock(line), &[]);
    assert_eq!(codes(&locking), Vec::<&str>::new());
    assert!(!locking.lock.groups.keys().any(|name| name.as_str() == "old"), "{:?}", locking.lock.groups);
    // One that is to exist, and is gone, is reported.
    let present = company().edit("old: { absent: true }", "old: { members: [] }").lock(line);
    let present = present.change(|live| live.groups.retain(|_, group| group.name != "old"));
    assert_eq!(codes(&lock(&present, &[])), ["group-gone"]);
}

fn notes(world: &World) -> Vec<String> {
    let told =
        |code: &str| ["no-longer-managed", "written-anew", "not-in-lock", "group-renamed"].contains(&code);
    let notes = world.plan().notes;
    notes.iter().filter(|note| told(&note.code)).map(|note| format!("{}: {}", note.code, note.text)).collect()
}

#[test]
fn what_is_written_anew_is_managed_still() {
    let world = World::of("", "", "  new:\n    id: id-new\n    members: [ada@acme.com]\n").lock(
        "users:\n  old@acme.com: { account: acc-ada@acme.com, from: jira }\n  gone@acme.com: { account: acc-gone, from: jira }\n\
         groups:\n  was: { id: id-new, from: jira }\n",
    );
    assert_eq!(
        notes(&world),
        [
            "no-longer-managed: gone@acme.com of rollbook.lock is not declared; access remains",
            "not-in-lock: rollbook.lock does not say which account or group is meant by ada@acme.com: `rollbook lock` records it",
            "written-anew: group was of rollbook.lock is declared as new now, the same group",
            "written-anew: old@acme.com of rollbook.lock is declared as ada@acme.com now, the same account",
        ]
    );
    assert_eq!(notes(&company()), Vec::<String>::new(), "without a lock there is nothing to say of it");
}

#[test]
fn a_name_that_was_for_the_invitation_is_not_told_for_ever() {
    let users = "  ada@acme.com: { active: true, name: Ada }\n";
    let world = World::of("", users, "  sre:\n    members: [ada@acme.com]\n")
        .change(|live| live.account("ada@acme.com").name = "Countess".into());
    let ignored = |world: &World| world.plan().notes.iter().any(|note| note.code == "name-ignored");
    assert!(ignored(&world));
    let locked = world.lock("users:\n  ada@acme.com: { account: acc-ada@acme.com, from: jira }\n");
    assert!(!ignored(&locked));
    assert!(ignored(&locked.then_base().edit("name: Ada", "name: Augusta")), "a change of it is reported");
}
