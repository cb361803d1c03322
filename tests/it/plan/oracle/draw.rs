//! Draws cases: all of one follows from its number.

use std::collections::BTreeSet;

use fastrand::Rng;
use jiff::ToSpan;
use rollbook::model::Surface;

use super::edit::{Days, Edit, Rule};
use super::meaning::Meaning;
use super::run::{Author, Case, Change, Event, Told, is_valid};
use super::site::{
    APP, Course, Drift, End, GROUPS, NEWCOMER, Name, PEOPLE, Person, ROBOT, account, group_id,
};
use super::tree::{Member, Offboard, Team, Tree, User, Who};
use crate::world::{Account, Group, Live, TODAY};

const GUARDS: [&str; 6] =
    ["self-grant", "exclusive", "protect", "keep-at-least", "reactivation", "max-revokes"];

/// The names that people use, mostly the email that they have.
const NAMES: [Name; 8] = [
    Name::Email,
    Name::Email,
    Name::Email,
    Name::Email,
    Name::Email,
    Name::Later,
    Name::Former,
    Name::Tagged,
];

/// What edits are drawn for: most of a sequence is about one group, so that edits meet.
#[derive(Clone, Copy)]
struct Focus {
    group: &'static str,
    author: Person,
}

pub(super) fn case(number: u64) -> Case {
    let mut draw = Draw(Rng::with_seed(number));
    let (tree, live) = draw.world();
    Case { events: draw.events(), tree, live }
}

struct Draw(Rng);

impl Draw {
    fn odds(&mut self, percent: u32) -> bool {
        self.0.u32(0..100) < percent
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.usize(0..of.len())]
    }

    fn one_of(&mut self, one: Edit, other: Edit) -> Edit {
        if self.0.bool() { one } else { other }
    }

    fn person(&mut self) -> Person {
        self.one(&PEOPLE)
    }

    /// Mostly the groups that rules are about.
    fn group(&mut self) -> &'static str {
        if self.odds(35) { "payroll" } else { self.one(&GROUPS) }
    }

    fn days(&mut self, percent: u32) -> Days {
        self.odds(percent).then(|| self.0.i64(1..25))
    }

    fn world(&mut self) -> (Tree, Live) {
        let people = self.accounts();
        loop {
            let tree = self.tree(&people);
            if is_valid(&tree, TODAY) {
                let live = self.live(&tree, people);
                return (tree, live);
            }
        }
    }

    fn accounts(&mut self) -> Live {
        let mut live = Live::default();
        for person in PEOPLE {
            let (hidden, suspended) = (self.odds(25), self.odds(10));
            let known = Account::person(&Name::Email.of(person));
            live.accounts.insert(account(person), Account { hidden, suspended, ..known });
        }
        live.accounts.insert(ROBOT.into(), Account::app("Robot"));
        let organization = [Surface::Jira, Surface::Organization, Surface::UserManagement];
        if self.odds(50) {
            live.surfaces = organization.into();
        }
        let default = self.one(&["app-users", "app-users", "makers", "payroll"]);
        live.roles = vec![(APP.into(), vec![group_id("app-users")], vec![group_id(default)])];
        live.admin_groups = BTreeSet::from([group_id("admins")]);
        for name in GROUPS {
            live.groups.insert(group_id(name), Group::of(name, BTreeSet::new()));
        }
        live
    }

    fn tree(&mut self, live: &Live) -> Tree {
        let mut tree = Tree { organization: !live.surfaces.is_empty(), ..Tree::default() };
        self.policy(&mut tree);
        for person in PEOPLE {
            let hidden = live.accounts[&account(person)].hidden;
            if self.odds(if hidden { 45 } else { 20 }) {
                let pin = Some(account(person));
                tree.users.insert(Name::Email.of(person), User { account: pin, ..User::default() });
            }
            if self.odds(if hidden { 45 } else { 20 }) {
                tree.locked_users.insert(Name::Email.of(person), account(person));
            }
            if self.odds(8) {
                tree.locked_users.insert(Name::Former.of(person), account(person));
            }
            if self.odds(18) {
                let active = self.0.u32(0..3) > 0;
                tree.users.entry(Name::Email.of(person)).or_default().active = Some(active);
            }
            if let Some(days) = self.days(12) {
                let until = TODAY.checked_add(days.days()).expect("a day");
                tree.users.entry(Name::Email.of(person)).or_default().until = Some(until);
            }
        }
        for name in GROUPS {
            if self.odds(85) {
                let team = self.team(name);
                tree.groups.insert(name.into(), team);
            }
            if self.odds(30) {
                tree.locked_groups.insert(name.into(), group_id(name));
            }
        }
        tree
    }

    fn policy(&mut self, tree: &mut Tree) {
        let policy = &mut tree.policy;
        policy.refuses_self_grant = self.odds(90);
        policy.at_least = self.odds(15);
        policy.privileged = vec!["payroll".into()];
        policy.invites = self.odds(70);
        policy.offboard = self.one(&[Offboard::Suspend, Offboard::Remove, Offboard::Deactivate]);
        policy.exclusive.extend(self.odds(60).then(|| vec!["makers".into(), "approvers".into()]));
        policy.exclusive.extend(self.odds(20).then(|| vec!["payroll".into(), "app-users".into()]));
        policy.max_revokes = self.odds(10).then_some(30);
        for (odds, rule) in [(25, "protected"), (20, "group"), (50, "floor"), (20, "operator")] {
            if !self.odds(odds) {
                continue;
            }
            let (person, group, floor) = (self.person(), self.group(), self.0.usize(1..3));
            match rule {
                "protected" => tree.policy.protected_users.push(Name::Email.of(person)),
                "group" => tree.policy.protected_groups.push(group.into()),
                "floor" => drop(tree.policy.floors.insert(group.into(), floor)),
                _ => tree.operator = Some(Name::Email.of(person)),
            }
        }
    }

    fn team(&mut self, name: &str) -> Team {
        let mut team = Team {
            id: self.odds(30).then(|| group_id(name)),
            at_least: self.odds(25).then(|| self.0.bool()),
            nest: self.odds(15),
            ..Team::default()
        };
        for person in PEOPLE {
            if self.odds(30) {
                let who = if self.odds(12) {
                    Who::Account(account(person))
                } else {
                    Who::Email(Name::Email.of(person))
                };
                let until = self.days(25).map(|days| TODAY.checked_add(days.days()).expect("a day"));
                team.members.push(Member { who, until });
            }
        }
        if self.odds(15) && !["payroll", "team"].contains(&name) {
            team.members.push(Member::of(Who::Group("team".into(), Vec::new())));
        }
        if self.odds(12) {
            team.members.push(Member::of(Who::Account(ROBOT.into())));
        }
        team
    }

    /// What the tree asks for, and some more whom nothing declares.
    fn live(&mut self, tree: &Tree, mut live: Live) -> Live {
        let accounts: Vec<String> = live.accounts.keys().cloned().collect();
        for name in GROUPS {
            let id = group_id(name);
            for account in &accounts {
                let meaning = Meaning { tree, live: &live, today: TODAY };
                let wanted = meaning.wants(&(id.clone(), account.clone()));
                let undeclared = if meaning.keys(&id).is_empty() { 30 } else { 6 };
                if wanted || self.odds(undeclared) {
                    live.groups.get_mut(&id).expect("a group").members.insert(account.clone());
                }
            }
        }
        live
    }

    fn events(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        let (insider, focus) = (self.person(), self.group());
        for _ in 0..self.0.usize(1..7) {
            if self.odds(25) {
                events.push(Event::Drift(self.drift()));
            }
            if self.odds(25) {
                events.push(Event::Days(self.0.i64(1..16)));
                let course = self.course();
                events.extend(self.odds(60).then_some(Event::Night(course)));
            }
            let person = if self.odds(60) { insider } else { self.person() };
            let author = Author { person, told: self.told() };
            let group = if self.odds(70) { focus } else { self.group() };
            let focus = Focus { group, author: person };
            let edits = (0..self.0.usize(1..4)).flat_map(|_| self.edits(focus)).collect();
            events.push(Event::Change(Change { author, edits, course: self.course() }));
        }
        if self.odds(60) {
            events.extend([Event::Days(30), Event::Night(Course::WHOLE)]);
        }
        events
    }

    fn told(&mut self) -> Told {
        match self.0.u32(0..10) {
            0 => Told::Nothing,
            1 => Told::Slip,
            2 => Told::Other(self.one(&[Name::Tagged, Name::Former, Name::Later])),
            _ => Told::Current,
        }
    }

    fn course(&mut self) -> Course {
        let order = self.odds(30).then(|| self.0.u64(..));
        let end = match self.0.u32(0..10) {
            0 => End::Fails(self.0.usize(0..8)),
            1 => End::CutOff(self.0.usize(0..8)),
            _ => End::Whole,
        };
        Course { order, end }
    }

    fn drift(&mut self) -> Drift {
        let (group, person) = (self.one(&GROUPS), self.person());
        match self.0.u32(0..8) {
            0 | 1 => Drift::Leaves(group, person),
            2 | 3 => Drift::Joins(group, person),
            4 => Drift::Renamed(group),
            5 => Drift::EmailChanges(person),
            6 => Drift::Suspended(person),
            _ => Drift::Restored(person),
        }
    }

    /// One edit, or a few that go together, such as a pin, an invitation or a rule and whom it lets in.
    fn edits(&mut self, focus: Focus) -> Vec<Edit> {
        let Focus { group, author } = focus;
        if self.odds(75) {
            return vec![self.edit(focus)];
        }
        let person = if self.odds(60) { author } else { self.person() };
        let (other, name) = (self.person(), self.one(&[Name::Later, Name::Former, Name::Tagged]));
        let days = self.days(25);
        match self.0.u32(0..14) {
            0 => vec![Edit::PinUser(person, name, Some(person)), Edit::Add(group, person, name, days)],
            1 => vec![
                Edit::PinUser(person, Name::Email, Some(other)),
                Edit::PinUser(person, name, Some(person)),
                Edit::Add(group, person, name, days),
            ],
            2 => vec![
                Edit::Invite(person, Name::Tagged, self.0.bool()),
                Edit::Add(group, person, Name::Tagged, days),
            ],
            3 => {
                vec![Edit::Invite(NEWCOMER, Name::Email, true), Edit::Add(group, NEWCOMER, Name::Email, days)]
            }
            4 => {
                let waiver = Edit::Waive(self.one(&GUARDS), group, Some(person), self.0.bool());
                vec![waiver, Edit::Add(group, person, Name::Email, days)]
            }
            5 => vec![Edit::Rule(self.rule(person, group)), self.edit(focus)],
            6 => vec![Edit::Drop(group, person), Edit::Add(self.group(), person, Name::Email, days)],
            7 => vec![Edit::Readdress(person, name), Edit::Active(person, Some(true))],
            8 => {
                let [from, to] = self.one(&[["makers", "approvers"], ["approvers", "makers"]]);
                let swapped = [Edit::Drop(to, other), Edit::Add(from, other, Name::Email, None)];
                let mut edits = vec![Edit::Drop(from, person), Edit::Add(to, person, Name::Email, None)];
                edits.extend(swapped.into_iter().filter(|_| self.0.bool()));
                edits
            }
            9 => vec![Edit::PinUser(person, Name::Email, Some(other)), Edit::Drop(group, person)],
            10 => vec![Edit::Rule(Rule::Privileged(group, false)), Edit::Absent(group)],
            11 => {
                let to = self.one(&GROUPS);
                vec![self.one_of(Edit::Pin(group, Some(to)), Edit::Lock(group, Some(to))), self.edit(focus)]
            }
            12 => vec![Edit::Twin(group, None), Edit::Active(person, Some(false))],
            _ => vec![
                Edit::Drop(group, person),
                Edit::Drop(group, other),
                Edit::Add(group, author, Name::Email, days),
            ],
        }
    }

    /// An edit by somebody, who is often what it is about.
    fn edit(&mut self, Focus { group, author }: Focus) -> Edit {
        let person = if self.odds(60) { author } else { self.person() };
        let group = if self.odds(75) { group } else { self.group() };
        let other = self.one(&GROUPS);
        let (name, days, on) = (self.one(&NAMES), self.days(25), self.0.bool());
        match self.0.u32(0..42) {
            0..=5 => Edit::Add(group, person, name, days),
            6 | 7 => Edit::AddByAccount(group, person, days),
            8 => Edit::AddRobot(group),
            9..=11 => Edit::Drop(group, person),
            12 => {
                let except = on.then(|| self.person());
                Edit::AddGroup(group, other, except, days)
            }
            13 => Edit::DropGroups(group),
            14..=16 => Edit::Until(group, person, self.one(&[None, Some(1), Some(5), Some(300)])),
            17 => Edit::UntilOfGroups(group, self.one(&[None, Some(3), Some(300)])),
            18 => Edit::Mode(group, self.one(&[None, Some(true), Some(false)])),
            19 => Edit::AtLeast(on),
            20 => Edit::Move(group),
            21 => Edit::Undeclare(group),
            22 => Edit::Absent(group),
            23 => Edit::Pin(group, self.one(&[None, Some(group), Some(other)])),
            24 => Edit::Lock(group, self.one(&[None, Some(group), Some(other)])),
            25 => Edit::Twin(group, on.then_some(person)),
            26 => Edit::Nest(group, on),
            27 => {
                let to = self.person();
                Edit::PinUser(person, name, self.one(&[None, Some(person), Some(author), Some(to)]))
            }
            28 => {
                let to = self.person();
                Edit::LockUser(person, name, self.one(&[None, Some(person), Some(author), Some(to)]))
            }
            29 => Edit::Readdress(person, self.one(&[Name::Later, Name::Former, Name::Tagged])),
            30..=32 => Edit::Active(person, self.one(&[None, Some(true), Some(false)])),
            33 => {
                let invited = if on { NEWCOMER } else { person };
                Edit::Invite(invited, if on { Name::Email } else { Name::Tagged }, self.0.bool())
            }
            34 => Edit::Waive(self.one(&GUARDS), group, on.then_some(person), self.0.bool()),
            35 => Edit::Operator(on.then_some(person)),
            36 | 37 => Edit::Ends(person, self.one(&[None, Some(1), Some(5), Some(300)])),
            _ => Edit::Rule(self.rule(person, group)),
        }
    }

    fn rule(&mut self, person: Person, group: &'static str) -> Rule {
        let on = self.0.bool();
        match self.0.u32(0..11) {
            0 => Rule::SelfGrant(on),
            1 => Rule::Privileged(group, on),
            2 => Rule::ProtectUser(person, on),
            3 => Rule::ProtectGroup(group, on),
            4 => Rule::Floor(group, self.one(&[None, Some(1), Some(2)])),
            5 => Rule::Exclusive("makers", "approvers", on),
            6 => Rule::MaxRevokes(self.one(&[None, Some(3)])),
            7 => Rule::Offboard(self.one(&[Offboard::Suspend, Offboard::Remove, Offboard::Deactivate])),
            8 => Rule::Invites(on),
            9 => Rule::Unlisted(on),
            _ => Rule::Admin(person),
        }
    }
}
