//! Laws of planning, over random worlds: what a plan leads to is compared with an oracle that knows nothing of
//! the planner.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollbook::model::{
    Access, AccountId, AccountKind, Action, Address, App, GroupName, Key, Operation, Plan, Reason, Role,
    Surface,
};
use rollbook::render;

use crate::soak::worlds;
use crate::spec::{APPS, PEOPLE, ROLES, Spec, account, email, spec, spec_with_sources, told};
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

/// Who has which role in which app, by account: of the people, since not every credential shows apps.
fn holders(live: &Live) -> BTreeSet<(String, Access)> {
    let roles = live.grants.iter().filter_map(|(id, app, role)| Some((live.groups.get(id)?, app, role)));
    let is_person = |id: &&String| live.accounts[*id].kind == AccountKind::Atlassian;
    let held = roles.flat_map(|(group, app, role)| {
        let access = Access { app: App::new(app), role: Role::new(role) };
        group.members.iter().filter(is_person).map(move |id| (id.clone(), access.clone()))
    });
    held.collect()
}

/// Nobody has another role in an app than before unless the plan says so: by a role that a group gives or gives no more, with
/// the people, or by who comes into a group or leaves it.
fn says_who_gets_and_loses_apps(before: &Live, after: &Live, plan: &Plan) -> Result<(), TestCaseError> {
    let (then, now) = (holders(before), holders(after));
    let told = |id: &str, access: &Access, action: Action| {
        let mut of = plan
            .access
            .iter()
            .filter(|change| change.key.action == action && change.key.address.access() == Some(access));
        let is_it = |account: Option<&AccountId>, user: &str| {
            account.is_some_and(|account| account.as_str() == id) || id.ends_with(user)
        };
        of.any(|change| change.people.iter().any(|it| is_it(it.account.as_ref(), &it.user.to_string())))
    };
    for (id, access) in now.difference(&then) {
        let came = after.groups.iter().any(|(group, of)| {
            let was = before.groups.get(group).is_some_and(|group| group.members.contains(id));
            !was && of.members.contains(id)
        });
        prop_assert!(came || told(id, access, Action::Assign), "{} gets {}", id, access);
    }
    for (id, access) in then.difference(&now) {
        let left = before.groups.iter().any(|(group, of)| {
            let is = after.groups.get(group).is_some_and(|group| group.members.contains(id));
            of.members.contains(id) && !is
        });
        prop_assert!(left || told(id, access, Action::Revoke), "{} loses {}", id, access);
    }
    Ok(())
}

/// Each group gives what the oracle says, but for what the plan says is blocked.
fn gives_as_desired(spec: &Spec, before: &Live, after: &Live, plan: &Plan) -> Result<(), TestCaseError> {
    let teams = spec.groups.iter().enumerate().map(|(index, team)| {
        (format!("g{index}"), index.to_string(), team.gives.as_ref(), team.at_least, team.default)
    });
    let sources = spec.sources.iter().enumerate().map(|(index, source)| {
        let gives = source.declared.as_ref().and_then(Option::as_ref);
        (format!("s{index}"), format!("s{index}"), gives, false, None)
    });
    for (name, id, gives, at_least, default) in teams.chain(sources) {
        let ids = [format!("id-{id}"), format!("made-{name}")];
        let Some(id) = ids.into_iter().find(|id| after.groups.contains_key(id)) else { continue };
        for (app, role) in (0..APPS.len()).flat_map(|app| (0..ROLES.len()).map(move |role| (app, role))) {
            let held = |live: &Live| {
                live.grants.contains(&(id.clone(), APPS[app].to_owned(), ROLES[role].to_owned()))
            };
            let access = Access { app: App::new(APPS[app]), role: Role::new(ROLES[role]) };
            let group = GroupName::new(&name);
            let is_blocked = plan.blocked.iter().any(|blocked| match &blocked.address {
                // What is said of its members does not hold back its roles.
                Address::Group(of) => *of == group && blocked.action != Action::Add,
                Address::Grant(of, by) => *of == group && *by == access,
                Address::Member(..) | Address::User(_) => false,
            });
            let was = held(before);
            let wanted = match gives.map(|gives| gives.get(&(app, role)).copied()) {
                _ if is_blocked => was,
                None => was,
                Some(Some(Some(until))) => until.is_none_or(|days| days > 0),
                Some(Some(None)) => false,
                Some(None) => was && (at_least || default == Some(app)),
            };
            prop_assert_eq!(held(after), wanted, "{} gives {}", name, access);
        }
    }
    Ok(())
}

/// Nobody comes by an entry that cannot be told, and nobody leaves for not being declared.
fn unclear_groups_keep_their_people(
    spec: &Spec,
    before: &Live,
    after: &Live,
    plan: &Plan,
) -> Result<(), TestCaseError> {
    for (index, team) in spec.groups.iter().enumerate() {
        let takes_unclear = team.synced.keys().any(|source| !spec.brings(*source));
        let id = format!("id-{index}");
        let (Some(then), Some(now)) = (before.groups.get(&id), after.groups.get(&id)) else { continue };
        if !takes_unclear {
            continue;
        }
        let name = Address::Group(GroupName::new(format!("g{index}")));
        prop_assert!(plan.blocked.iter().any(|blocked| blocked.address == name), "g{} is blocked", index);
        for person in (0..PEOPLE).filter(|person| spec.people[*person].kind == AccountKind::Atlassian) {
            let id = account(person);
            let gone = then.members.contains(&id) && !now.members.contains(&id);
            let own_end = team.direct.get(&person).is_some_and(|until| until.is_some_and(|days| days <= 0));
            prop_assert!(!gone || own_end || spec.denies(index, person), "{} stays in g{}", id, index);
        }
    }
    Ok(())
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

    #[test]
    fn synced_groups_and_roles_lead_to_what_the_tree_asks_for(spec in spec_with_sources()) {
        let world = spec.world();
        let plan = world.plan();
        requirements_come_first(&plan)?;

        let mut after = world.clone();
        after.live.apply(&plan);
        let (before, now) = (&world.live, &after.live);
        let told = |error: TestCaseError| told(&error, &world);
        reaches_desired(&spec, before, now, &plan).map_err(told)?;
        gives_as_desired(&spec, before, now, &plan).map_err(told)?;
        says_who_gets_and_loses_apps(before, now, &plan).map_err(told)?;
        unclear_groups_keep_their_people(&spec, before, now, &plan).map_err(told)?;
        leaves_the_rest_alone(&spec, before, now)?;
        gives_and_takes_access(&spec, before, now, &plan).map_err(told)?;

        // What was blocked may be possible once the rest is done: somebody has been invited by then, or another group has
        // administrators.
        let (mut known, mut rounds) = (plan.blocked.clone(), 0);
        let last = loop {
            let next = after.plan();
            let was_blocked = |key: &Key| {
                known.iter().any(|it| {
                    // A synced group that could not be told holds back all its groups' undeclared members.
                    let held = it.reason == Reason::Synced && it.address.user().is_none();
                    let held = held && it.address.group() == key.address.group();
                    held || (&it.address, it.action) == (&key.address, key.action)
                })
            };
            let anew: Vec<&Key> =
                next.operations.iter().map(|planned| &planned.key).filter(|key| !was_blocked(key)).collect();
            prop_assert!(anew.is_empty(), "{:?} was not said before", anew);
            rounds += 1;
            if next.operations.is_empty() || rounds == 4 {
                break next;
            }
            after.live.apply(&next);
            known.extend(next.blocked);
        };
        prop_assert_eq!(without_places(&last), vec![], "it comes to an end");

        let mut backwards = world.clone();
        backwards.live.backwards = true;
        prop_assert_eq!(body(&plan), body(&backwards.plan()), "the order of rows and pages");
        prop_assert_eq!(without_places(&plan), without_places(&upside_down(&world).plan()), "the order of entries");
    }
}
