//! Whatever happens to any one read, a plan is the plan of complete reads, a part of it that says what it lacks, or
//! there is none (docs/design.md#whole-or-nothing).

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use rollbook::model::{Address, Declaration, Direction, Key, Plan, Tree};

use super::{ALL, JIRA, Keys, ORGANIZATION, Scene};
use crate::atlassian::contract::Asked;
use crate::edge::site::{self, PlanError};
use crate::edge::spoil::{BROKEN, Often, PAGES, REFUSED, Rows, Spoil, Spoiler};

/// A site on which a plan needs every read that there is: groups and users of several pages, somebody whose email is
/// hidden, somebody who leaves and is in a group that nothing declares, and a group of an identity provider.
fn seed() -> String {
    let people = |from, to| (from..to).map(|n| format!("p{n}@acme.com")).collect::<Vec<_>>().join(", ");
    let users: Vec<String> = (0..60).map(|n| format!("{{ email: p{n}@acme.com }}")).collect();
    format!(
        "
apps: [{{ key: jira-software, name: Jira, seats: 100 }}]
users:
  - {{ email: bob@acme.com, scim: {{}} }}
  - {{ email: cy@acme.com, scim: {{}} }}
  - {{ email: dee@acme.com, hide-email: true, account-id: '712020:dee' }}
  - {{ email: eve@acme.com, active: false }}
groups:
  - {{ name: everyone, managed-by: EXTERNAL, members: [bob@acme.com, cy@acme.com] }}
  - {{ name: devs, members: [bob@acme.com, dee@acme.com, {}] }}
  - {{ name: jira-users, grants: {{ jira-software: user }}, default-for: [jira-software], members: [{}] }}
  - {{ name: lunch, members: [cy@acme.com, eve@acme.com] }}
  - {{ name: old, members: [eve@acme.com] }}
",
        people(0, 55),
        people(50, 60),
    )
    .replace("users:\n", &format!("users:\n  - {}\n", users.join("\n  - ")))
}

/// Adds and removes, an invitation, a group to create and one to delete, and people who leave.
fn tree(offboard: &str) -> String {
    let people =
        |from: usize, to: usize| (from..to).map(|n| format!("p{n}@acme.com")).collect::<Vec<_>>().join(", ");
    format!(
        "
policy: {{ offboard: {offboard}, invite-domains: [acme.com] }}
users:
  new@acme.com: {{ active: true, apps: [jira-software] }}
  cy@acme.com: {{ active: false }}
  dee@acme.com: {{ account: '712020:dee' }}
groups:
  devs: {{ members: [dee@acme.com, new@acme.com, {}] }}
  made: {{ members: [p1@acme.com] }}
  old: {{ absent: true }}
",
        people(1, 57),
    )
}

/// A scene, what its tree declares, and the plan of whole reads.
struct Calm {
    scene: Scene,
    router: Router,
    tree: Tree,
    declaration: Declaration,
}

impl Calm {
    async fn plan(&self, door: &Spoiler) -> Result<Plan, PlanError> {
        let surfaces = self.scene.surfaces_behind(&door.router());
        site::plan_of(&surfaces, &self.tree, &self.declaration).await
    }
}

/// What every way of failing made of a plan.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    same: usize,
    /// Plans that say what was not read, and lack only what depends on it.
    told: usize,
    /// Plans that differ, by why the client cannot tell the answer from a true one.
    unseen: BTreeMap<&'static str, usize>,
}

/// Why a client cannot tell a wrong page from a right one. What such a page leads to is another plan, and never one
/// that revokes what the tree does not want revoked.
fn unseen(asked: &Asked, spoil: Spoil) -> Option<&'static str> {
    let path = asked.path.as_str();
    let consistent = matches!(spoil, Spoil::Rows(Rows::Vanished | Rows::FirstHidden));
    let fewer = matches!(
        spoil,
        Spoil::Rows(Rows::None | Rows::Vanished | Rows::FirstLost | Rows::LastLost | Rows::HalfAndLast)
            | Spoil::Instead(200, "[]")
    );
    match path {
        // A total that fits the rows is what a site with these rows would say. With a snapshot at hand a group that
        // is empty all of a sudden will be `suspicious-read` (docs/design.md#whole-or-nothing).
        "/rest/api/3/group/bulk" | "/rest/api/3/group/member" if consistent => Some("total and rows fit"),
        path if path.starts_with("/scim/") && consistent => Some("total and rows fit"),
        // Arrays that are the whole: no total, no page, and nobody who must be in it. The listing of every user is an
        // array too, and is read in pages that overlap: nothing can be missing there unseen.
        "/rest/api/3/user/groups" | "/rest/api/3/applicationrole" if fewer => Some("an array without total"),
        // It shows so many matches and no more, however many are asked for, so that the total may be larger. A group
        // that it does not show is not known to be synced; Atlassian then refuses the write itself.
        "/rest/api/3/groups/picker" if fewer || consistent => Some("a picker, which need not show all"),
        // Chains of pages whose end is where no cursor comes, and which have no total.
        path if path.starts_with("/admin/") && fewer => Some("a chain without total"),
        _ => None,
    }
}

/// Whether a plan says that something was not read, has nothing that the plan of whole reads has not, and what it lacks of
/// that is blocked: by itself, or with the person whom it is about.
pub(super) fn says_what_it_lacks(plan: &Plan, expected: &Plan) -> bool {
    let told = plan.blocked.iter().map(|it| &it.why).chain(plan.notes.iter().map(|it| &it.text));
    let whole: BTreeSet<&Key> = expected.operations.iter().map(|planned| &planned.key).collect();
    let here: BTreeSet<&Key> = plan.operations.iter().map(|planned| &planned.key).collect();
    let is_blocked = |key: &Key| {
        plan.blocked.iter().any(|it| {
            let person = it.address.group().is_none() && it.address.user() == key.address.user();
            // What a group gives is read at once.
            let role = matches!(&it.address, Address::Group(_)) && it.address.group() == key.address.group();
            let role = role && key.address.access().is_some();
            it.address == key.address || person || role
        })
    };
    told.into_iter().any(|text| text.contains("was not read"))
        && here.is_subset(&whole)
        && whole.difference(&here).all(|key| is_blocked(key))
}

/// Plans again with one read corrupted, and holds what comes to the law.
async fn spoilt(calm: &Calm, expected: &Plan, case: (&Asked, Spoil, Often), tally: &mut Tally) {
    let (asked, spoil, often) = case;
    let door = Spoiler::of(calm.router.clone(), asked.clone(), spoil, often);
    let plan = calm.plan(&door).await;
    if door.spoilt() == 0 {
        return;
    }
    let told = || format!("{asked} {spoil:?} {often:?}");
    let plan = match plan {
        Ok(plan) => plan,
        Err(error) => {
            assert!(often == Often::Always, "{}: a read that breaks once is repeated: {error:?}", told());
            tally.refused += 1;
            return;
        }
    };
    if plan.operations == expected.operations {
        tally.same += 1;
        return;
    }
    if says_what_it_lacks(&plan, expected) {
        tally.told += 1;
        return;
    }
    let Some(why) = unseen(asked, spoil) else { panic!("{}: {:#?}", told(), plan.operations) };
    *tally.unseen.entry(why).or_default() += 1;
    // What the tree wants revoked: it is planned, or blocked by what this plan did not get to see.
    let wanted: BTreeSet<&Key> = expected.operations.iter().map(|planned| &planned.key).collect();
    let blocked: BTreeSet<Key> =
        expected.blocked.iter().map(|it| Key { action: it.action, address: it.address.clone() }).collect();
    for planned in plan.operations.iter().filter(|it| it.operation.direction() == Direction::Revoke) {
        let known = wanted.contains(&planned.key) || blocked.contains(&planned.key);
        assert!(known, "{}: {} is revoked", told(), planned.key);
    }
}

async fn every_read_fails(keys: Keys, offboard: &str) -> Tally {
    let scene = Scene::of(&seed(), keys);
    let tree = scene.tree(&tree(offboard));
    let declaration = site::declared(&tree);
    let router = scene.sandbox.router();
    let calm = Calm { scene, router, tree, declaration };
    let door = Spoiler::calm(calm.router.clone());
    let expected = calm.plan(&door).await.unwrap();
    let revokes = expected.operations.iter().filter(|it| it.operation.direction() == Direction::Revoke);
    assert!(revokes.count() > 2 && expected.operations.len() > 6, "{:#?}", expected.operations);
    let mut tally = Tally::default();
    for asked in &door.asked() {
        // What breaks on the way is the same with other surfaces; what a listing of Jira says may not be.
        let known = keys.organization && asked.path.starts_with("/rest/");
        for spoil in BROKEN.into_iter().filter(|_| !known) {
            spoilt(&calm, &expected, (asked, spoil, Often::Once), &mut tally).await;
        }
        let ways = BROKEN.iter().filter(|_| !known).chain(&REFUSED).chain(&PAGES);
        for spoil in ways {
            spoilt(&calm, &expected, (asked, *spoil, Often::Always), &mut tally).await;
        }
    }
    // The organization's searches are POST requests.
    let reads = |route: &str| route.ends_with("/search") || route.ends_with("/workspaces");
    let writes = calm.scene.requests().writes;
    assert!(writes.iter().all(|write| reads(&write.route)), "{writes:?}");
    println!("{tally:#?}");
    assert!(tally.refused > 150 && tally.same > 150 && tally.told > 40, "{tally:#?}");
    tally
}

/// The reasons for which a wrong page went unseen.
fn reasons(tally: &Tally) -> Vec<&str> {
    tally.unseen.keys().copied().collect()
}

#[tokio::test(start_paused = true)]
async fn every_read_of_jira_fails_in_every_way() {
    let tally = every_read_fails(JIRA, "remove").await;
    let pages = ["a picker, which need not show all", "an array without total", "total and rows fit"];
    assert_eq!(reasons(&tally), pages);
}

#[tokio::test(start_paused = true)]
async fn every_read_of_the_organization_fails_in_every_way() {
    let tally = every_read_fails(ORGANIZATION, "suspend").await;
    assert_eq!(reasons(&tally), ["a chain without total"]);
}

#[tokio::test(start_paused = true)]
async fn every_read_of_every_surface_fails_in_every_way() {
    let tally = every_read_fails(ALL, "deactivate").await;
    let pages = ["a chain without total", "an array without total", "total and rows fit"];
    assert_eq!(reasons(&tally), pages);
}
