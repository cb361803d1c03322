//! Why somebody is, or is not, in a group, according only to the configuration: every way that leads there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{
    Declaration, DeclaredGrant, ExplainedGrant, Explanation, GrantStanding, GroupName, GroupState, Locator,
    Member, MemberRef, Members, Standing, Step, SyncedWay, UserRef, Way,
};

use super::desired::{Desired, owners};

/// The most ways that are listed: nested groups multiply them.
const MOST_WAYS: usize = 1_000;

/// Every way by which a tree adds somebody to a group, or would. Groups are in the order of their names.
pub fn explain_user(desired: &Desired<'_>, user: &UserRef, locator: &Locator<'_>) -> Explanation {
    let explanation = collect(desired, locator, desired.groups.keys(), Some(user));
    granted(desired, locator, explanation)
}

/// Everybody that a tree adds to a group, or would, and each way.
pub fn explain_group(desired: &Desired<'_>, group: &GroupName, locator: &Locator<'_>) -> Explanation {
    let mut explanation =
        collect(desired, locator, desired.groups.keys().filter(|name| *name == group), None);
    explanation.grants = grants_of(desired, locator, group);
    explanation
}

/// Every way by which a tree puts somebody into one group, or would, and what it gives them.
pub fn explain_member(
    desired: &Desired<'_>,
    group: &GroupName,
    user: &UserRef,
    locator: &Locator<'_>,
) -> Explanation {
    let groups = desired.groups.keys().filter(|name| *name == group);
    let explanation = collect(desired, locator, groups, Some(user));
    granted(desired, locator, explanation)
}

/// The same, with the roles that groups declare into which a way leads that holds.
fn granted(desired: &Desired<'_>, locator: &Locator<'_>, mut explanation: Explanation) -> Explanation {
    let holds = explanation.ways.iter().filter(|way| way.standing == Standing::Member);
    let groups: BTreeSet<&GroupName> = holds.filter_map(|way| Some(&way.steps.first()?.group)).collect();
    explanation.grants = groups.into_iter().flat_map(|name| grants_of(desired, locator, name)).collect();
    explanation
}

/// The entries of `grants` of a group.
fn grants_of(desired: &Desired<'_>, locator: &Locator<'_>, name: &GroupName) -> Vec<ExplainedGrant> {
    let declared = desired.declaration.groups.get(name).map(|group| &group.state);
    let Some(GroupState::Present(Members { grants: Some(grants), .. })) = declared else { return Vec::new() };
    let explained = |grant: &DeclaredGrant| {
        let until = grant.until.map(|until| until.value);
        ExplainedGrant {
            group: name.clone(),
            access: grant.access.value.clone(),
            origin: locator.locate(grant.access.origin),
            until,
            because: grant.because.clone(),
            standing: match until {
                _ if grant.absent => GrantStanding::Absent,
                Some(until) if until <= desired.today => GrantStanding::Expired,
                Some(_) | None => GrantStanding::Given,
            },
        }
    };
    grants.iter().map(explained).collect()
}

fn collect<'a>(
    desired: &'a Desired<'_>,
    locator: &Locator<'_>,
    groups: impl Iterator<Item = &'a GroupName>,
    about: Option<&UserRef>,
) -> Explanation {
    let mut walk = Walk {
        declaration: desired.declaration,
        desired,
        owners: owners(desired.declaration)
            .into_iter()
            .map(|(id, email)| (UserRef::Account(id.clone()), UserRef::Email(email.clone())))
            .collect(),
        locator,
        about: about.cloned(),
        explanation: Explanation::default(),
    };
    for name in groups {
        walk.group(name, &mut Vec::new(), &mut BTreeSet::new(), None);
    }
    walk.explanation
}

struct Walk<'a> {
    declaration: &'a Declaration,
    desired: &'a Desired<'a>,
    /// The emails of people who are named by account.
    owners: BTreeMap<UserRef, UserRef>,
    locator: &'a Locator<'a>,
    /// The only person whose ways are collected; `None` collects everybody's.
    about: Option<UserRef>,
    explanation: Explanation,
}

impl<'a> Walk<'a> {
    /// Follows the entries of a group. `excepted` has the people that an entry on the way excepts.
    fn group(
        &mut self,
        name: &'a GroupName,
        steps: &mut Vec<Step>,
        excepted: &mut BTreeSet<UserRef>,
        until: Option<Date>,
    ) {
        let Some(GroupState::Present(members)) = self.declaration.groups.get(name).map(|group| &group.state)
        else {
            return;
        };
        // `config` refuses cycles; if there is one anyway, it ends here.
        if steps.iter().any(|step| step.group == *name) {
            return;
        }
        for member in &members.entries {
            if self.explanation.ways.len() >= MOST_WAYS {
                self.explanation.more = true;
                return;
            }
            let own = member.until.map(|until| until.value);
            let until = [own, until].into_iter().flatten().min();
            steps.push(self.step(name, member));
            match &member.who {
                MemberRef::User(email) => self.way(UserRef::Email(email.clone()), steps, excepted, until),
                MemberRef::Account(id) => self.way(UserRef::Account(id.clone()), steps, excepted, until),
                MemberRef::Group(inner) => {
                    let mut left_out = excepted.clone();
                    left_out.extend(member.except.iter().map(|email| UserRef::Email(email.value.clone())));
                    self.group(inner, steps, &mut left_out, until);
                }
                MemberRef::Synced(synced) => {
                    let own = member.except.iter().map(|email| UserRef::Email(email.value.clone()));
                    let except: BTreeSet<UserRef> = excepted.iter().cloned().chain(own).collect();
                    self.synced(synced, steps, except, until);
                }
            }
            steps.pop();
        }
    }

    fn step(&self, group: &GroupName, member: &Member) -> Step {
        Step {
            group: group.clone(),
            origin: self.locator.locate(member.origin),
            until: member.until.map(|until| until.value),
            because: member.because.clone(),
        }
    }

    fn way(&mut self, who: UserRef, steps: &[Step], excepted: &BTreeSet<UserRef>, until: Option<Date>) {
        let user = self.owners.get(&who).cloned().unwrap_or(who);
        if self.about.as_ref().is_some_and(|about| *about != user) {
            return;
        }
        let until = until.into_iter().chain(self.desired.end_of(&user)).min();
        let offboarded = match &user {
            UserRef::Email(email) => self.desired.offboarded(email),
            UserRef::Account(_) => None,
        };
        let standing = if let Some(origin) = offboarded {
            Standing::Offboarded(self.locator.locate(origin))
        } else if excepted.contains(&user) {
            Standing::Excepted
        } else if until.is_some_and(|until| until <= self.desired.today) {
            Standing::Expired
        } else {
            Standing::Member
        };
        let (steps, owners) = (steps.to_vec(), self.owners_of(steps));
        self.explanation.ways.push(Way { user, steps, until, standing, owners });
    }

    /// A way for everybody in a synced group; the site alone tells who that is.
    fn synced(&mut self, synced: &GroupName, steps: &[Step], except: BTreeSet<UserRef>, until: Option<Date>) {
        let leaves =
            |user: &UserRef| user.email().is_some_and(|email| self.desired.offboarded(email).is_some());
        let is_out = |user: &UserRef| except.contains(user) || leaves(user);
        // Of one person: whom the entry leaves out does not come by it.
        if self.about.as_ref().is_some_and(is_out) {
            return;
        }
        self.explanation.synced.push(SyncedWay {
            synced: synced.clone(),
            steps: steps.to_vec(),
            until,
            expired: until.is_some_and(|until| until <= self.desired.today),
            except: except.into_iter().collect(),
        });
    }

    /// Who owns the group that a way leads into.
    fn owners_of(&self, steps: &[Step]) -> Vec<String> {
        let group = steps.first().and_then(|step| self.declaration.groups.get(&step.group));
        group.into_iter().flat_map(|group| &group.owners).map(|owner| owner.value.to_string()).collect()
    }
}
