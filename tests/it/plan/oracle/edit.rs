//! Everything that an author can change about a tree.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::site::{GROUPS, Name, Person, ROBOT, account, group_id, owner};
use super::tree::{Member, Offboard, Team, Tree, User, Waived, Waiver, Who};

/// A group, by its name at the start: an edit is about whatever key stands for it now.
pub(super) type Group = &'static str;

/// An end, so many days from now.
pub(super) type Days = Option<i64>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Edit {
    /// A member comes, by one of their addresses.
    Add(Group, Person, Name, Days),
    AddByAccount(Group, Person, Days),
    AddRobot(Group),
    Drop(Group, Person),
    /// A `group:` entry comes, perhaps without somebody.
    AddGroup(Group, Group, Option<Person>, Days),
    DropGroups(Group),
    /// The end of somebody's entry becomes another one.
    Until(Group, Person, Days),
    UntilOfGroups(Group, Days),
    Mode(Group, Option<bool>),
    /// The policy's mode.
    AtLeast(bool),
    /// Another key, with the id under it.
    Move(Group),
    /// The group leaves the tree, by its block or by `include`: what is parsed is the same.
    Undeclare(Group),
    Absent(Group),
    /// A pin of a group, to its own id or another group's.
    Pin(Group, Option<Group>),
    Lock(Group, Option<Group>),
    /// A second key for the same id.
    Twin(Group, Option<Person>),
    Nest(Group, bool),
    /// The pin of one of somebody's addresses, to their account or another person's.
    PinUser(Person, Name, Option<Person>),
    LockUser(Person, Name, Option<Person>),
    /// One address is written instead of another one everywhere but in the policy, and keeps the pin.
    Readdress(Person, Name),
    Active(Person, Option<bool>),
    /// The end of somebody's account becomes another one.
    Ends(Person, Days),
    /// An invitation, perhaps with the app.
    Invite(Person, Name, bool),
    Waive(&'static str, Group, Option<Person>, bool),
    Operator(Option<Person>),
    Rule(Rule),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    SelfGrant(bool),
    Privileged(Group, bool),
    ProtectUser(Person, bool),
    ProtectGroup(Group, bool),
    Floor(Group, Option<usize>),
    Exclusive(Group, Group, bool),
    MaxRevokes(Option<usize>),
    Offboard(Offboard),
    Invites(bool),
    Unlisted(bool),
    Admin(Person),
}

impl Edit {
    /// A short word for what kind of edit it is.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Add(_, _, Name::Tagged, _) => "add-tagged",
            Self::Add(_, _, Name::Email | Name::Later | Name::Former, _) => "add",
            Self::AddByAccount(..) => "add-by-account",
            Self::AddRobot(_) => "add-app",
            Self::Drop(..) => "drop",
            Self::AddGroup(_, _, None, _) => "add-group",
            Self::AddGroup(_, _, Some(_), _) => "add-group-except",
            Self::DropGroups(_) => "drop-groups",
            Self::Until(_, _, Some(_)) | Self::UntilOfGroups(_, Some(_)) => "until",
            Self::Until(_, _, None) | Self::UntilOfGroups(_, None) => "drop-until",
            Self::Mode(..) => "mode",
            Self::AtLeast(_) => "policy-mode",
            Self::Move(_) => "move-key",
            Self::Undeclare(_) => "undeclare",
            Self::Absent(_) => "absent",
            Self::Pin(..) => "pin-group",
            Self::Lock(..) => "lock-group",
            Self::Twin(..) => "second-key",
            Self::Nest(..) => "nest",
            Self::PinUser(..) => "pin-user",
            Self::LockUser(..) => "lock-user",
            Self::Readdress(..) => "readdress",
            Self::Active(_, Some(true)) => "active-true",
            Self::Active(_, Some(false)) => "active-false",
            Self::Active(_, None) => "active-dropped",
            Self::Ends(_, Some(_)) => "user-until",
            Self::Ends(_, None) => "drop-user-until",
            Self::Invite(_, _, false) => "invite",
            Self::Invite(_, _, true) => "invite-with-app",
            Self::Waive(..) => "waive",
            Self::Operator(_) => "operator",
            Self::Rule(rule) => rule.kind(),
        }
    }

    pub(super) fn make(&self, tree: &mut Tree, today: Date) {
        let end = |days: Days| days.map(|days| today.checked_add(days.days()).expect("a day"));
        match self {
            Self::Add(group, person, name, days) => {
                add(tree, group, Who::Email(name.of(person)), end(*days));
            }
            Self::AddByAccount(group, person, days) => {
                add(tree, group, Who::Account(account(person)), end(*days));
            }
            Self::AddRobot(group) => add(tree, group, Who::Account(ROBOT.into()), None),
            Self::AddGroup(group, inner, except, days) => {
                let except = except.map(|person| Name::Email.of(person));
                let inner = key(tree, inner);
                add(tree, group, Who::Group(inner, except.into_iter().collect()), end(*days));
            }
            Self::Drop(group, person) => leave(tree, group, |member| is(member, person)),
            Self::DropGroups(group) => leave(tree, group, is_group),
            Self::Until(group, person, days) => last(tree, group, end(*days), |member| is(member, person)),
            Self::UntilOfGroups(group, days) => last(tree, group, end(*days), is_group),
            Self::Mode(group, at_least) => team(tree, group, |team| team.at_least = *at_least),
            Self::AtLeast(at_least) => tree.policy.at_least = *at_least,
            Self::Nest(group, nest) => team(tree, group, |team| team.nest = *nest),
            Self::Absent(group) => team(tree, group, |team| {
                *team = Team { id: team.id.clone(), absent: true, ..Team::default() };
            }),
            Self::Pin(group, to) => team(tree, group, |team| team.id = to.map(group_id)),
            Self::Move(group) => move_key(tree, group),
            Self::Undeclare(group) => drop(tree.groups.remove(&key(tree, group))),
            Self::Lock(group, to) => {
                let name = key(tree, group);
                lock(&mut tree.locked_groups, name, to.map(group_id));
            }
            Self::Twin(group, person) => second_key(tree, group, *person),
            Self::PinUser(person, name, to) => {
                tree.users.entry(name.of(person)).or_default().account = to.map(account);
            }
            Self::LockUser(person, name, to) => {
                lock(&mut tree.locked_users, name.of(person), to.map(account));
            }
            Self::Readdress(person, name) => readdress(tree, person, &name.of(person)),
            Self::Active(person, active) => user(tree, person).active = *active,
            Self::Ends(person, days) => user(tree, person).until = end(*days),
            Self::Invite(person, name, app) => {
                let user = User { active: Some(true), app: *app, ..User::default() };
                tree.users.insert(name.of(person), user);
            }
            Self::Waive(guard, group, person, front) => {
                let name = key(tree, group);
                let of = match person.map(|person| Name::Email.of(person)) {
                    Some(email) if *guard == "reactivation" => Waived::User(email),
                    Some(email) => Waived::Member(name, email),
                    None => Waived::Group(name),
                };
                let until = today.checked_add(60.days()).expect("a day");
                let at = if *front { 0 } else { tree.waivers.len() };
                tree.waivers.insert(at, Waiver { guard, of, until });
            }
            Self::Operator(person) => tree.operator = person.map(|person| Name::Email.of(person)),
            Self::Rule(rule) => rule.make(tree),
        }
    }
}

impl Rule {
    fn kind(&self) -> &'static str {
        match self {
            Self::SelfGrant(_) => "rule-self-grant",
            Self::Privileged(..) => "rule-privileged",
            Self::ProtectUser(..) | Self::ProtectGroup(..) => "rule-protect",
            Self::Floor(..) => "rule-floor",
            Self::Exclusive(..) => "rule-exclusive",
            Self::MaxRevokes(_) => "rule-max-revokes",
            Self::Offboard(_) => "rule-offboard",
            Self::Invites(_) => "rule-invites",
            Self::Unlisted(_) => "rule-unlisted",
            Self::Admin(_) => "rule-admins",
        }
    }

    fn make(&self, tree: &mut Tree) {
        fn listed(list: &mut Vec<String>, name: String, wanted: bool) {
            list.retain(|it| *it != name);
            list.extend(wanted.then_some(name));
        }
        let name = |group: &str| key(tree, group);
        match self {
            Self::SelfGrant(refuses) => tree.policy.refuses_self_grant = *refuses,
            Self::Privileged(group, on) => listed(&mut tree.policy.privileged, (*group).into(), *on),
            Self::ProtectUser(person, on) => {
                listed(&mut tree.policy.protected_users, Name::Email.of(person), *on);
            }
            Self::ProtectGroup(group, on) => listed(&mut tree.policy.protected_groups, (*group).into(), *on),
            Self::Floor(group, floor) => {
                let name = name(group);
                tree.policy.floors.remove(*group);
                tree.policy.floors.extend(floor.map(|floor| (name, floor)));
            }
            Self::Exclusive(one, other, on) => {
                let list = vec![(*one).to_owned(), (*other).to_owned()];
                tree.policy.exclusive.retain(|it| *it != list);
                tree.policy.exclusive.extend(on.then_some(list));
            }
            Self::MaxRevokes(most) => tree.policy.max_revokes = *most,
            Self::Offboard(offboard) => tree.policy.offboard = *offboard,
            Self::Invites(on) => tree.policy.invites = *on,
            Self::Unlisted(on) => tree.policy.offboards_unlisted = *on,
            Self::Admin(person) => tree.policy.admins = vec![Name::Email.of(person)],
        }
    }
}

/// The key that stands for a group now.
pub(super) fn key(tree: &Tree, group: &str) -> String {
    let moved = format!("{group}-moved");
    if tree.groups.contains_key(&moved) { moved } else { group.to_owned() }
}

/// What a tree says of a person, under whichever of their addresses.
fn user(tree: &mut Tree, person: Person) -> &mut User {
    let known = tree.users.keys().find(|email| owner(email) == Some(person)).cloned();
    tree.users.entry(known.unwrap_or_else(|| Name::Email.of(person))).or_default()
}

fn team(tree: &mut Tree, group: &str, change: impl FnOnce(&mut Team)) {
    let name = key(tree, group);
    if let Some(team) = tree.groups.get_mut(&name) {
        change(team);
    }
}

fn leave(tree: &mut Tree, group: &str, which: impl Fn(&Member) -> bool) {
    team(tree, group, |team| team.members.retain(|member| !which(member)));
}

fn last(tree: &mut Tree, group: &str, until: Option<Date>, which: impl Fn(&Member) -> bool) {
    team(tree, group, |team| {
        team.members.iter_mut().filter(|member| which(member)).for_each(|member| member.until = until);
    });
}

/// Somebody comes into a group, which is declared for that where it is not, or is to be deleted; an entry that names them
/// in the same way is replaced.
fn add(tree: &mut Tree, group: &str, who: Who, until: Option<Date>) {
    let name = key(tree, group);
    if !tree.groups.contains_key(&name) && GROUPS.contains(&group) {
        tree.groups.insert(name, Team { at_least: Some(true), ..Team::default() });
    }
    team(tree, group, |team| {
        team.absent = false;
        team.members.retain(|member| member.who != who);
        team.members.push(Member { who, until });
    });
}

fn move_key(tree: &mut Tree, group: &str) {
    if let Some(team) = tree.groups.remove(&key(tree, group)) {
        tree.groups.insert(format!("{group}-moved"), Team { id: Some(group_id(group)), ..team });
    }
}

fn second_key(tree: &mut Tree, group: &str, person: Option<Person>) {
    let members = person.map(|person| Member::of(Who::Email(Name::Email.of(person)))).into_iter().collect();
    let team = Team { id: Some(group_id(group)), at_least: Some(true), members, ..Team::default() };
    tree.groups.insert(format!("{group}-twin"), team);
}

fn lock(lines: &mut BTreeMap<String, String>, name: String, to: Option<String>) {
    match to {
        Some(to) => drop(lines.insert(name, to)),
        None => drop(lines.remove(&name)),
    }
}

fn readdress(tree: &mut Tree, person: Person, new: &str) {
    let known = tree.users.keys().find(|email| owner(email) == Some(person)).cloned();
    if let Some(user) = known.and_then(|email| tree.users.remove(&email)) {
        tree.users.insert(new.to_owned(), User { account: Some(account(person)), ..user });
    }
    for member in tree.groups.values_mut().flat_map(|team| &mut team.members) {
        match &mut member.who {
            Who::Email(email) if owner(email) == Some(person) => new.clone_into(email),
            Who::Email(_) | Who::Account(_) | Who::Group(..) => {}
        }
    }
}

fn is(member: &Member, person: Person) -> bool {
    match &member.who {
        Who::Email(email) => owner(email) == Some(person),
        Who::Account(id) => *id == account(person),
        Who::Group(..) => false,
    }
}

fn is_group(member: &Member) -> bool {
    matches!(member.who, Who::Group(..))
}
