//! Chooses the surface through which the members of groups are read: the one whose limits take the least time for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::{
    AppsInGroup, GroupId, GroupName, GroupState, Listing, LiveGroup, MemberRef, Surface, UserRef,
};

use super::desired::{Desired, DesiredGroup};
use super::identity::Groups;
use super::questions::{Beside, groups_to_read};

/// How a surface lists members. `atlassian` knows the figures.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// The largest number of members on a page.
    pub rows_a_page: usize,
    /// How many groups one chain of pages lists; a member of several of them is listed once.
    pub groups_a_chain: usize,
    /// Requests of a chain in addition to its pages.
    pub beside: usize,
    /// Requests a second; a burst may be as large.
    pub per_second: f64,
}

/// The surfaces that list members. SCIM is not among them: it shows only people that the identity provider added, so
/// others would stay in a group unseen.
#[derive(Clone, Copy, Debug)]
pub struct Speeds {
    /// Jira, which shows every member.
    pub jira: Speed,
    /// The organization, which shows only people.
    pub organization: Speed,
}

/// The groups whose members are read, and the surface.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberReads {
    /// The groups, in order.
    pub groups: Vec<GroupId>,
    /// The surface, and the reason.
    pub choice: Choice,
}

/// A surface that was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its estimate.
    pub chosen: Estimate,
    /// Why it is not the other one; `None` if there is no other.
    pub instead: Option<Instead>,
}

/// Why the other surface was not chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Instead {
    /// It would take longer, or as long and show less.
    Slower(Estimate),
    /// It may not show every member of this group.
    Blind(GroupName),
}

/// The estimated cost of reading through a surface, if the groups are as large as the tree declares them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The surface.
    pub surface: Surface,
    /// Requests.
    pub requests: usize,
    /// How long its limits make them take.
    pub seconds: f64,
}

/// Chooses the groups whose members a diff needs, and the fastest surface that lists them: Jira, unless the organization
/// is faster, and shows every member that counts.
pub fn member_reads(
    desired: &Desired<'_>,
    beside: Beside<'_>,
    live: &Listing<LiveGroup>,
    surfaces: &BTreeSet<Surface>,
    speeds: &Speeds,
) -> MemberReads {
    let groups = groups_to_read(desired, beside, live);
    let sizes = Sizes::of(desired, live);
    let jira = speeds.jira.estimate(Surface::Jira, &groups, &sizes);
    let organization = speeds.organization.estimate(Surface::Organization, &groups, &sizes);
    let choice = match (surfaces.contains(&Surface::Jira), surfaces.contains(&Surface::Organization)) {
        (true, false) => Choice { chosen: jira, instead: None },
        (false, _) => Choice { chosen: organization, instead: None },
        (true, true) => match sizes.unseen(&groups) {
            Some(name) => Choice { chosen: jira, instead: Some(Instead::Blind(name.clone())) },
            None if organization.seconds < jira.seconds => {
                Choice { chosen: organization, instead: Some(Instead::Slower(jira)) }
            }
            None => Choice { chosen: jira, instead: Some(Instead::Slower(organization)) },
        },
    };
    MemberReads { groups, choice }
}

/// The expected sizes of groups.
struct Sizes<'a> {
    declared: BTreeMap<&'a GroupId, (&'a GroupName, &'a DesiredGroup<'a>)>,
    names: BTreeMap<&'a GroupId, &'a GroupName>,
}

impl<'a> Sizes<'a> {
    fn of(desired: &'a Desired<'a>, live: &'a Listing<LiveGroup>) -> Self {
        let names: BTreeMap<&GroupId, &GroupName> =
            live.iter().map(|group| (&group.id, &group.name)).collect();
        let groups = Groups::of(desired.declaration, live);
        let declared = groups.live().filter_map(|(name, group)| {
            let (id, _) = names.get_key_value(&group.id)?;
            let (name, group) = desired.groups.get_key_value(name)?;
            Some((*id, (name, group)))
        });
        let declared = declared.collect();
        Self { declared, names }
    }

    fn members(&self, group: &GroupId) -> impl Iterator<Item = &'a UserRef> + use<'a> {
        let declared = self.declared.get(group).map(|(_, group)| *group);
        declared.into_iter().flat_map(|group| group.members.keys())
    }

    /// A group of which the organization does not show every member that counts. If the tree does not declare the group
    /// as it is now, every member counts.
    fn unseen(&self, groups: &'a [GroupId]) -> Option<&'a GroupName> {
        let shown = |id: &GroupId| {
            self.declared.get(id).is_some_and(|(_, group)| {
                let GroupState::Present(members) = &group.declared.state else { return false };
                let by_account = |member: &crate::model::Member| matches!(member.who, MemberRef::Account(_));
                group.apps_in_group == AppsInGroup::Ignore && !members.entries.iter().any(by_account)
            })
        };
        groups.iter().find(|id| !shown(id)).and_then(|id| self.names.get(id).copied())
    }
}

impl Speed {
    fn estimate(&self, surface: Surface, groups: &[GroupId], sizes: &Sizes<'_>) -> Estimate {
        let chain = |groups: &[GroupId]| {
            let members = match groups {
                [group] => sizes.members(group).count(),
                groups => groups.iter().flat_map(|group| sizes.members(group)).collect::<BTreeSet<_>>().len(),
            };
            members.div_ceil(self.rows_a_page).max(1) + self.beside
        };
        let requests: usize = groups.chunks(self.groups_a_chain).map(chain).sum();
        let count = f64::from(u32::try_from(requests).unwrap_or(u32::MAX));
        Estimate { surface, requests, seconds: ((count - self.per_second) / self.per_second).max(0.0) }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.chosen)?;
        match &self.instead {
            None => f.write_str("; nothing else lists them"),
            Some(Instead::Slower(other)) => write!(f, "; not {other}"),
            Some(Instead::Blind(group)) => {
                write!(f, "; the organization may not show every member of {group}")
            }
        }
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { surface, requests, seconds } = self;
        write!(f, "through {surface}, {requests} requests, {seconds:.1} s by its limits")
    }
}
