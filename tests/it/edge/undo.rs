//! What a run did is taken back, by what it wrote down.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt as _;
use rollbook::model::{Address, Journal, Operation, Outcome, Plan, Tree};
use rollbook::sandbox::{Change, Options, Sandbox, State};

use super::front::Front;
use super::random::World;
use super::site::{
    apply, apply_journalled, declared, members, one_file, plan, plan_or_undo, seeded, surfaces, told,
};

const SEED: &str = "
users:
  - { email: ada@acme.com, name: Ada }
  - { email: bob@acme.com, name: Bob }
  - { email: eve@acme.com, name: Eve }
groups:
  - { name: sre, members: [ada@acme.com, eve@acme.com] }
  - { name: old, members: [eve@acme.com] }
";

const TREE: &str = "
groups:
  sre: { members: [ada@acme.com, bob@acme.com] }
  new: { members: [ada@acme.com] }
  old: { absent: true }
";

async fn undoing(front: &Front, tree: &Tree, journal: &Journal) -> Plan {
    plan_or_undo(&surfaces(front, 8), tree, &declared(tree), Some(journal)).await.unwrap()
}

fn keys(plan: &Plan) -> Vec<String> {
    plan.operations.iter().map(|planned| planned.key.to_string()).collect()
}

fn blocked(plan: &Plan) -> Vec<String> {
    plan.blocked.iter().map(|it| format!("{} {}: {}", it.action, it.address, it.code)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_done_is_taken_back_and_what_cannot_be_is_named() {
    let front = seeded(SEED, &Options::default());
    let tree = one_file(TREE);
    let planned = plan(&surfaces(&front, 8), &tree).await.unwrap();
    let (report, journal) = apply_journalled(&surfaces(&front, 8), &planned, 4).await;
    assert!(report.complete(), "{:?}", told(&report));
    let back = undoing(&front, &tree, &journal).await;
    let takes = [
        "remove member.new/ada@acme.com",
        "remove member.sre/bob@acme.com",
        "delete group.new",
        "add member.sre/eve@acme.com",
    ];
    let found = keys(&back);
    assert_eq!(found.len(), takes.len(), "{found:?}");
    assert!(takes.iter().all(|key| found.contains(&(*key).to_owned())), "{found:?}");
    assert_eq!(blocked(&back), ["create group.old: undo-impossible"]);
    assert!(back.operations.iter().all(|planned| planned.origin.path.as_ref() == "journal.jsonl"));
    apply(&surfaces(&front, 8), &back, 4).await;
    assert_eq!(members(&front.sandbox.state(), "sre"), ["Ada", "Eve"]);
    assert_eq!(front.sandbox.state().group_named("new"), None);
    // There is nothing left of it.
    assert_eq!(keys(&undoing(&front, &tree, &journal).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_group_into_which_others_came_stays() {
    let front = seeded(SEED, &Options::default());
    let tree = one_file(TREE);
    let planned = plan(&surfaces(&front, 8), &tree).await.unwrap();
    let (_, journal) = apply_journalled(&surfaces(&front, 8), &planned, 4).await;
    front.sandbox.edit(&Change::AddMember { group: "new".into(), user: "bob@acme.com".into() }).unwrap();
    let back = undoing(&front, &tree, &journal).await;
    assert!(blocked(&back).contains(&"delete group.new: undo-impossible".to_owned()), "{:?}", blocked(&back));
    assert!(keys(&back).contains(&"remove member.new/ada@acme.com".to_owned()), "{:?}", keys(&back));
}

/// The members of each group, without some accounts.
fn memberships(state: &State, without: &BTreeSet<String>) -> BTreeMap<String, BTreeSet<String>> {
    let members = |members: &BTreeSet<String>| members.difference(without).cloned().collect();
    state.groups.iter().map(|(id, group)| (id.clone(), members(&group.members))).collect()
}

async fn is_taken_back(number: u64) {
    let world = World::of(number);
    let front = Front::new(Sandbox::new(&world.seed, &Options::default()).unwrap());
    let tree = world.tree();
    let before = front.sandbox.state();
    let planned = plan(&surfaces(&front, 8), &tree).await.unwrap();
    let (report, journal) = apply_journalled(&surfaces(&front, 8), &planned, 8).await;
    assert!(report.outcomes.iter().all(|(_, outcome)| *outcome != Outcome::NotAttempted));
    let back = undoing(&front, &tree, &journal).await;
    let undone = apply(&surfaces(&front, 8), &back, 8).await;
    let open: Vec<String> = told(&undone).into_iter().filter(|line| !line.ends_with(": seen")).collect();
    assert!(undone.complete(), "{open:#?}");

    let mut lost = BTreeSet::new();
    let mut expected_blocks = Vec::new();
    let mut before_groups = before.groups.clone();
    for operation in &planned.operations {
        match &operation.operation {
            Operation::RemoveUser { account, .. } => {
                lost.insert(account.to_string());
                expected_blocks.push(operation.key.address.clone());
            }
            Operation::DeleteGroup { group, .. } => {
                before_groups.remove(group.as_str());
                expected_blocks.push(operation.key.address.clone());
            }
            _ => {}
        }
    }
    let mut after = front.sandbox.state();
    // A group that was made and may not be deleted is named.
    let held: BTreeSet<&str> =
        back.blocked.iter().filter_map(|blocked| Some(blocked.address.group()?.as_str())).collect();
    after.groups.retain(|id, group| before.groups.contains_key(id) || !held.contains(group.name.as_str()));
    // What the tree denies is not given back.
    for blocked in back.blocked.iter().filter(|blocked| blocked.code == "undo-denied") {
        let denied = planned.operations.iter().find(|it| it.key.address == blocked.address);
        let Some(Operation::RemoveMember { membership }) = denied.map(|it| &it.operation) else { continue };
        let group = before_groups.get_mut(membership.group().as_str()).expect("the group was there");
        assert!(group.members.remove(membership.account().as_str()), "{} was a member", blocked.address);
    }
    let expected = memberships(&State { groups: before_groups, ..before }, &lost);
    assert_eq!(memberships(&after, &lost), expected, "{:#?}{:#?}", keys(&back), blocked(&back));
    for address in expected_blocks {
        assert!(back.blocked.iter().any(|blocked| blocked.address == address), "{address} is named");
    }
    let of_lost = |address: &Address| {
        let user = address.user().map(ToString::to_string).unwrap_or_default();
        let removed = |id: &String| {
            let email = after.accounts[id].email.clone().unwrap_or_default();
            user == format!("account:{id}") || user.eq_ignore_ascii_case(&email)
        };
        lost.iter().any(removed)
    };
    for blocked in &back.blocked {
        let named = [
            "undo-impossible",
            "undo-unknown",
            "undo-denied",
            "delete-refused",
            "synced-group",
            "requires-blocked",
        ]
        .contains(&blocked.code.as_ref());
        assert!(named || of_lost(&blocked.address), "{blocked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn random_runs_are_taken_back() {
    for number in 0..100 {
        let run = std::panic::AssertUnwindSafe(is_taken_back(number)).catch_unwind();
        if let Err(panic) = run.await {
            eprintln!("world {number}");
            std::panic::resume_unwind(panic);
        }
    }
}
