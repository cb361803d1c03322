//! Laws of planning, over random worlds: what a plan leads to is compared with an oracle that knows nothing of
//! the planner.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollbook::model::{AccountKind, Address, Key, Operation, Plan, Surface};
use rollbook::render;

use crate::soak::worlds;
use crate::spec::{PEOPLE, Spec, account, email, spec, told};
use crate::world::{Account, Live, World};

fn blocked_members(plan: &Plan) -> BTreeSet<(String, String)> {
    let blocked = plan.blocked.iter();
    blocked
        .filter_map(|blocked| match &blocked.address {
            Address::Member(group, user) => Some((group.to_string(), user.to_string())),
            Address::Group(_) | Address::User(_) | Address::Grant(..) => None,
        })
        .collect()
}

/// Every membership of declared groups is as the oracle says, but for what the plan says is blocked.
fn reaches_desired(spec: &Spec, before: &Live, after: &Live, plan: &Plan) -> Result<(), TestCaseError> {
    let blocked = blocked_members(plan);
    let blocked_groups: BTreeSet<String> = plan
        .blocked
        .iter()
        .filter_map(|blocked| match &blocked.address {
            Address::Group(name) => Some(name.to_string()),
            Address::Member(..) | Address::User(_) | Address::Grant(..) => None,
        })
        .collect();
    // Somebody the plan could not tell from others who hide their email.
    let untold: BTreeSet<String> = plan
        .blocked
        .iter()
        .filter(|blocked| blocked.code == "identity-unresolved")
        .filter_map(|blocked| blocked.address.user().map(ToString::to_string))
        .collect();
    let team_of = |live: &Live, index: usize| {
        let made = live.groups.get(&format!("made-g{index}"));
        live.groups.get(&format!("id-{index}")).or(made).cloned()
    };
    let holds = |live: &Live, index: usize, id: &str| {
        team_of(live, index).is_some_and(|team| team.members.contains(id))
    };
    for (index, team) in spec.groups.iter().enumerate() {
        let name = format!("g{index}");
        if blocked_groups.contains(&name) {
            continue;
        }
        let exists = team_of(after, index).is_some();
        prop_assert_eq!(exists, !team.absent, "{} exists", name);
        let told = |person: &usize| !team.absent && !untold.contains(&email(*person));
        for (person, of) in spec.people.iter().enumerate().filter(|(person, _)| told(person)) {
            let ids = [account(person), format!("made-{}", email(person))];
            for id in ids.iter().filter(|id| after.accounts.contains_key(*id)) {
                // An invited user is a person, whatever else has their email.
                let kind = if id.starts_with("made-") { AccountKind::Atlassian } else { of.kind };
                let stays = match kind {
                    AccountKind::Customer => true,
                    AccountKind::App => !team.apps_exact,
                    AccountKind::Atlassian | AccountKind::Unknown => false,
                } || team.at_least;
                let was = holds(before, index, id);
                // An app is nobody's email, so only a pin makes the tree speak of it; a customer never is.
                let is_named = match kind {
                    AccountKind::Atlassian | AccountKind::Unknown => true,
                    AccountKind::App => of.pinned && of.declared,
                    AccountKind::Customer => false,
                };
                let is_blocked = |who: String| blocked.contains(&(name.clone(), who));
                // A user removed from the site loses what could not be taken away before.
                let removed = spec.offboard == "remove" && spec.active(person) == Some(false);
                if is_blocked(format!("account:{id}")) || (is_named && !removed && is_blocked(email(person)))
                {
                    prop_assert_eq!(holds(before, index, id), holds(after, index, id), "{} blocked", name);
                    continue;
                }
                let wanted = match () {
                    // The organization shows no apps.
                    () if !spec.has(Surface::Jira)
                        && matches!(kind, AccountKind::App | AccountKind::Customer) =>
                    {
                        was
                    }
                    () if is_named && spec.wants(index, person) => true,
                    () if is_named && spec.denies(index, person) => false,
                    () => was && stays,
                };
                prop_assert_eq!(holds(after, index, id), wanted, "{} in {}", id, name);
            }
        }
    }
    Ok(())
}

/// Nothing that the tree does not speak of is touched.
fn leaves_the_rest_alone(spec: &Spec, before: &Live, after: &Live) -> Result<(), TestCaseError> {
    let leaver =
        |id: &str| (0..PEOPLE).any(|person| account(person) == id && spec.active(person) == Some(false));
    let stays = |live: &Live| -> BTreeSet<String> {
        live.groups["id-undeclared"].members.iter().filter(|id| !leaver(id)).cloned().collect()
    };
    prop_assert_eq!(stays(before), stays(after));
    let kept = |live: &Live| -> Vec<String> {
        live.accounts.keys().filter(|id| !leaver(id) && !id.starts_with("made-")).cloned().collect()
    };
    prop_assert_eq!(kept(before), kept(after));
    Ok(())
}

/// Everybody's access is as the tree asks, but for what the plan says is blocked; nobody else's changes.
fn gives_and_takes_access(
    spec: &Spec,
    before: &Live,
    after: &Live,
    plan: &Plan,
) -> Result<(), TestCaseError> {
    let blocked: BTreeSet<String> = plan
        .blocked
        .iter()
        .filter_map(|blocked| match &blocked.address {
            Address::User(user) => Some(user.to_string()),
            Address::Member(..) | Address::Group(_) | Address::Grant(..) => None,
        })
        .collect();
    let has_access = |account: &Account| account.active && !account.suspended && !account.removed;
    for (id, account) in &after.accounts {
        let person = (0..PEOPLE)
            .find(|person| crate::spec::account(*person) == *id || format!("made-{}", email(*person)) == *id);
        let person = person.expect("everybody is one of them");
        let was = before.accounts.get(id).map(has_access);
        let is_person = account.kind == AccountKind::Atlassian;
        let pinned = spec.people[person].pinned;
        match spec.active(person) {
            _ if blocked.contains(&email(person)) => {
                prop_assert_eq!(was, Some(has_access(account)), "{} is blocked", id);
            }
            Some(wanted) if is_person || pinned && account.kind == AccountKind::App => {
                prop_assert_eq!(has_access(account), wanted, "the access of {}", id);
            }
            Some(_) | None => {
                prop_assert!(was.is_none_or(|was| was == has_access(account)), "{} is left alone", id);
            }
        }
    }
    Ok(())
}

pub(crate) fn requirements_come_first(plan: &Plan) -> Result<(), TestCaseError> {
    let mut done = BTreeSet::new();
    for planned in &plan.operations {
        for required in &planned.requires {
            prop_assert!(done.contains(required), "{} before {}", required, planned.key);
        }
        prop_assert!(done.insert(planned.key.clone()), "{} appears twice", planned.key);
    }
    Ok(())
}

pub(crate) fn body(plan: &Plan) -> String {
    render::plan_json(plan)
}

/// The plan without what moving a line in a file changes.
pub(crate) fn without_places(plan: &Plan) -> Vec<(String, Operation, Vec<String>)> {
    let operations = plan.operations.iter();
    operations
        .map(|planned| {
            let requires = planned.requires.iter().map(ToString::to_string).collect();
            (planned.key.to_string(), planned.operation.clone(), requires)
        })
        .collect()
}

/// The same tree with the entries of its maps in the opposite order.
fn upside_down(world: &World) -> World {
    let mut world = world.clone();
    for (_, text) in &mut world.files {
        let Some(at) = text.find("groups:\n").or_else(|| text.find("users:\n")) else { continue };
        let (head, body) = text.split_at(at + text[at..].find('\n').unwrap() + 1);
        let mut entries: Vec<String> = Vec::new();
        for line in body.lines() {
            if line.starts_with("  ") && !line.starts_with("   ") {
                entries.push(String::new());
            }
            let entry = entries.last_mut().expect("a body starts with an entry");
            entry.push_str(line);
            entry.push('\n');
        }
        entries.reverse();
        *text = format!("{head}{}", entries.concat());
    }
    world.files.reverse();
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: worlds(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_leads_to_what_the_tree_asks_for(spec in spec()) {
        let world = spec.world();
        let plan = world.plan();
        requirements_come_first(&plan)?;

        let mut after = world.clone();
        after.live.apply(&plan);
        reaches_desired(&spec, &world.live, &after.live, &plan).map_err(|error| told(&error, &world))?;
        leaves_the_rest_alone(&spec, &world.live, &after.live)?;
        gives_and_takes_access(&spec, &world.live, &after.live, &plan).map_err(|error| told(&error, &world))?;

        let mut second = after.plan();
        // An account that might have been somebody that is invited now can be told apart from then on.
        let held = |key: &Key| plan.blocked.iter().any(|blocked| {
            blocked.code == "identity-unresolved" && (&blocked.address, blocked.action) == (&key.address, key.action)
        });
        if second.operations.iter().all(|planned| held(&planned.key)) {
            let mut later = after.clone();
            later.live.apply(&second);
            second = later.plan();
        }
        prop_assert_eq!(without_places(&second), vec![], "the second plan is empty");

        let mut backwards = world.clone();
        backwards.live.backwards = true;
        prop_assert_eq!(body(&plan), body(&backwards.plan()), "the order of rows and pages");
        prop_assert_eq!(without_places(&plan), without_places(&upside_down(&world).plan()), "the order of entries");
    }
}
