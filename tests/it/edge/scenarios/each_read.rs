//! Each read of the table in `model::Read`, refused and corrupted in turn: what follows is what the table says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::every_read::says_what_it_lacks;
use super::look::lines;
use super::{ALL, BOTH, JIRA, Keys, ORGANIZATION, Scene};
use crate::atlassian::contract::Asked;
use crate::edge::site::{self, PlanError};
use crate::edge::spoil::{Often, Spoil, Spoiler};
use rollbook::model::{Plan, Read, Without};

/// A site and a tree that ask every question of the table but [`Read::Site`].
const SEED: &str = "
apps: [{ key: jira-software, name: Jira, seats: 100 }]
users:
  - { email: bob@acme.com, account-id: '712020:bob', scim: {} }
  - { email: cy@acme.com }
  - { email: ida@acme.com, active: false, account-id: '712020:ida' }
  - { email: una@acme.com, grants: { jira-software: user } }
  - { email: kim@acme.com, managed: true, account-id: '712020:kim' }
  - { email: leo@acme.com, suspended: true, account-id: '712020:leo' }
groups:
  - { name: everyone, managed-by: EXTERNAL, members: [] }
  - { name: idp, managed-by: EXTERNAL, members: [bob@acme.com] }
  - { name: followers, members: [bob@acme.com] }
  - { name: devs, members: [una@acme.com] }
  - { name: lunch, members: [cy@acme.com] }
  - { name: jira-users, grants: { jira-software: user }, default-for: [jira-software], members: [cy@acme.com] }
  - { name: chiefs, grants: { jira-software: admin }, members: [una@acme.com] }
  - { name: bosses, grants: { jira-software: admin }, members: [una@acme.com] }
";

const TREE: &str = "
policy: { offboard: deactivate, invite-domains: [acme.com], direct-roles: report }
users:
  new@acme.com: { active: true, apps: [jira-software] }
  two@acme.com: { active: true }
  kim@acme.com: { active: false }
  cy@acme.com: { active: false }
  ida@acme.com: { account: '712020:ida', active: true }
groups:
  everyone: { members: [bob@acme.com] }
  devs: { members: [account: '712020:leo', new@acme.com] }
  made: { members: [bob@acme.com] }
  followers: { members: [synced: idp] }
  chiefs: { mode: at-least, members: [], grants: [{ app: jira-software, role: admin, absent: true }] }
";

/// A tree for which nobody needs to know who is there at all.
const SMALL: &str = "
groups:
  devs: { mode: at-least, members: [account: '712020:leo'] }
  everyone: { mode: at-least, members: [account: '712020:bob'] }
";

/// What is done to a read, with a part of what has to be said then.
const WAYS: [(Spoil, &str); 7] = [
    (Spoil::Instead(401, ""), "401"),
    (Spoil::Instead(403, r#"{"errorMessages":["You are not to know"],"errors":{}}"#), "You are not to know"),
    (Spoil::Instead(404, r#"{"errorMessages":["Nothing to see"],"errors":{}}"#), "Nothing to see"),
    (Spoil::Instead(500, r#"{"errorMessages":["It broke"],"errors":{}}"#), "It broke"),
    (Spoil::Instead(200, ""), "status 200"),
    (Spoil::Instead(200, r#"{"shape":"unknown"}"#), "not as documented"),
    (Spoil::Instead(200, "<html><title>Log in</title></html>"), "got a web page"),
];

/// The questions that a request may be about, by the table.
fn candidates(asked: &Asked) -> BTreeSet<Read> {
    let fits = |route: &str| {
        let (method, template) = route.split_once(' ').unwrap();
        let parts = |path: &str| path.split('/').map(ToOwned::to_owned).collect::<Vec<_>>();
        let (template, path) = (parts(template), parts(&asked.path));
        let same = template.iter().zip(&path).all(|(one, other)| one.starts_with('{') || one == other);
        method == asked.method && template.len() == path.len() && same
    };
    Read::ALL.into_iter().filter(|read| read.requests().iter().any(|route| fits(route))).collect()
}

/// What a plan says was not read.
fn unread(plan: &Plan) -> BTreeMap<Read, String> {
    let said = plan.blocked.iter().map(|it| &it.why).chain(plan.notes.iter().map(|it| &it.text));
    let of = |text: &String| {
        let is_said = |read: &Read| text.contains(&format!("{} was not read", read.what()));
        Some((Read::ALL.into_iter().find(is_said)?, text.clone()))
    };
    said.filter_map(of).collect()
}

/// The outcome of each question, in each way, over the walks.
#[derive(Default)]
struct Walk {
    /// Those without which there was no plan.
    ended: BTreeSet<Read>,
    /// Those that a plan did without, by the number of the way.
    told: BTreeMap<Read, BTreeSet<usize>>,
}

impl Walk {
    async fn through(&mut self, keys: Keys, tree: &str) {
        let scene = Scene::of(SEED, keys);
        let tree = scene.tree(tree);
        let declaration = site::declared(&tree);
        let router = scene.sandbox.router();
        let plan = async |door: &Spoiler| {
            site::plan_of(&scene.surfaces_behind(&door.router()), &tree, &declaration).await
        };
        let door = Spoiler::calm(router.clone());
        let whole = plan(&door).await.unwrap();
        assert_eq!(unread(&whole), BTreeMap::new());
        for asked in door.asked() {
            let candidates = candidates(&asked);
            assert!(!candidates.is_empty(), "{asked}: no question of the table asks it");
            for (way, (spoil, words)) in WAYS.iter().enumerate() {
                let door = Spoiler::of(router.clone(), asked.clone(), *spoil, Often::Always);
                self.take(
                    &candidates,
                    way,
                    words,
                    (plan(&door).await, &whole),
                    &format!("{asked} {spoil:?}"),
                );
            }
        }
    }

    fn take(
        &mut self,
        candidates: &BTreeSet<Read>,
        way: usize,
        words: &str,
        (plan, whole): (Result<Plan, PlanError>, &Plan),
        case: &str,
    ) {
        match plan {
            Err(PlanError::Live(error)) => {
                let text = error.to_string();
                assert!(text.contains(words), "{case}: {words} is not in {text}");
                let deciding: Vec<Read> =
                    candidates.iter().copied().filter(|read| read.without() == Without::NoPlan).collect();
                assert!(!deciding.is_empty(), "{case}: the table says that the rest goes on: {text}");
                self.ended.extend(deciding);
            }
            Err(PlanError::Capabilities(error)) => panic!("{case}: a question ended the plan: {error}"),
            Ok(plan) => {
                let unread = unread(&plan);
                // An answer without the field that was asked for says nothing of an account.
                let unsaid = plan.blocked.iter().any(|it| it.why.contains("does not say whether"));
                // What was not to be done anyway does not depend on it.
                let unsaid = unsaid || lines(&plan) == lines(whole);
                assert!(
                    unsaid || says_what_it_lacks(&plan, whole),
                    "{case}\n{}\n{}",
                    lines(&plan),
                    lines(whole)
                );
                assert!(unsaid || !unread.is_empty(), "{case}");
                for (read, text) in unread {
                    // Any question to the organization may be the first that needs its directory.
                    let is_it = candidates.contains(&read) || candidates.contains(&Read::Directory);
                    assert!(is_it, "{case}: {text}");
                    assert_ne!(read.without(), Without::NoPlan, "{case}: {text}");
                    assert!(text.contains(words), "{case}: {words} is not in {text}");
                    self.told.entry(read).or_default().insert(way);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_read_that_fails_has_the_consequence_that_the_table_says() {
    let mut walk = Walk::default();
    let removes = TREE.replace("offboard: deactivate", "offboard: remove");
    for (keys, tree) in [(ALL, TREE), (BOTH, TREE), (JIRA, &removes), (ORGANIZATION, &removes)] {
        walk.through(keys, tree).await;
        walk.through(keys, SMALL).await;
    }
    for read in Read::ALL {
        match read.without() {
            // Which site it is, a sandbox in this process is not asked: `cli::sites` tests it.
            Without::NoPlan if read == Read::Site => {}
            Without::NoPlan => assert!(walk.ended.contains(&read), "{read:?} was not walked"),
            Without::Blocked | Without::Noted => {
                let ways = walk.told.get(&read).map_or(0, BTreeSet::len);
                // A right's answer may lack any field.
                let all = WAYS.len() - usize::from(read == Read::Privileges);
                assert_eq!(ways, all, "{read:?} was reported in {ways} of {all} ways");
            }
        }
    }
}

/// The table as a page.
fn page() -> String {
    let mut page = "\
# What a plan reads, and the effect of a failed read

<!-- A test writes this page: ROLLBOOK_BLESS=1 cargo test --test it each_read -->

A plan asks the surfaces questions. Some decide whose access is revoked, or whose an account is: if one of these gets no answer,
there is no plan. Any other missing answer affects only the operations that depend on it: the plan blocks them, or a note says
what it leaves out, each time with the surface's own message.

| question | requests | purpose | without an answer |
| --- | --- | --- | --- |
"
    .to_owned();
    for read in Read::ALL {
        let what = read.what();
        let requests: Vec<String> = read.requests().iter().map(|route| format!("`{route}`")).collect();
        page.push_str(&format!(
            "| {what} | {} | {} | {} |\n",
            requests.join("<br>"),
            read.needed_for(),
            read.without()
        ));
    }
    page
}

#[test]
fn the_page_says_what_the_table_says() {
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        fs::write("docs/reads.md", page()).unwrap();
    }
    assert_eq!(
        fs::read_to_string("docs/reads.md").unwrap_or_default(),
        page(),
        "bless it with ROLLBOOK_BLESS=1"
    );
}
