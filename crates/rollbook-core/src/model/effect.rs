//! The effects of operations on the site. Every rule that evaluates a plan asks here.

use super::{
    Access, AccountId, Address, GroupId, GroupName, HeldRole, Kept, Membership, Operation, PlannedOperation,
    Ref, UserRef,
};

/// A person, by account, or by name if there is no account yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who<'a> {
    /// By account.
    Account(&'a AccountId),
    /// By the name of an invitation.
    Invited(&'a UserRef),
}

/// A group, by ID, or by name if it does not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetGroup<'a> {
    /// By ID.
    Group(&'a GroupId),
    /// By the name that it is created under.
    Made(&'a GroupName),
}

/// One effect of an operation on the site.
#[derive(Clone, Copy, Debug)]
pub enum Effect<'a> {
    /// Somebody joins a group.
    Joins(TargetGroup<'a>, Who<'a>),
    /// A membership ends.
    Leaves(&'a Membership),
    /// An account becomes active, and its memberships have an effect.
    Wakes(&'a AccountId, &'a [Kept]),
    /// An account becomes inactive, and its memberships have no effect.
    Sleeps(&'a AccountId, &'a [Kept]),
    /// A group is deleted.
    Ends(&'a GroupId),
    /// A group gives its members a role in an app.
    Gives(TargetGroup<'a>, &'a Access),
    /// A group stops giving its members a role in an app.
    Takes(&'a HeldRole),
}

impl Operation {
    /// Its effects on the site, at its address.
    pub fn effects<'a>(&'a self, address: &'a Address) -> Vec<Effect<'a>> {
        let user = address.user();
        match self {
            Self::AddMember { group, account } => {
                let who = account.known().map(Who::Account).or(user.map(Who::Invited));
                let place = group.known().map(TargetGroup::Group).or(address.group().map(TargetGroup::Made));
                place.zip(who).map(|(place, who)| Effect::Joins(place, who)).into_iter().collect()
            }
            Self::InviteUser { groups, defaults, .. } => {
                let led = groups.iter().filter_map(Ref::known);
                let led = led.chain(defaults.iter().map(|group| &group.id)).map(TargetGroup::Group);
                user.into_iter()
                    .flat_map(|user| led.clone().map(move |place| Effect::Joins(place, Who::Invited(user))))
                    .collect()
            }
            Self::ActivateUser { account, memberships, .. } => vec![Effect::Wakes(account, memberships)],
            Self::RemoveMember { membership } => vec![Effect::Leaves(membership)],
            Self::SuspendUser { account, memberships } | Self::DeactivateUser { account, memberships } => {
                vec![Effect::Sleeps(account, memberships)]
            }
            Self::RemoveUser { account, memberships, .. } => {
                let lost = memberships.iter().map(|kept| Effect::Leaves(&kept.membership));
                lost.chain([Effect::Sleeps(account, memberships)]).collect()
            }
            Self::DeleteGroup { group, members } => {
                let lost = members.iter().map(|lost| Effect::Leaves(&lost.membership));
                lost.chain([Effect::Ends(group)]).collect()
            }
            Self::AssignRole { group, access } => {
                let place = group.known().map(TargetGroup::Group).or(address.group().map(TargetGroup::Made));
                place.map(|place| Effect::Gives(place, access)).into_iter().collect()
            }
            Self::RevokeRole { held } => vec![Effect::Takes(held)],
            Self::CreateGroup { .. } | Self::UpdateUser { .. } => Vec::new(),
        }
    }
}

impl PlannedOperation {
    /// Its effects on the site.
    pub fn effects(&self) -> Vec<Effect<'_>> {
        self.operation.effects(&self.key.address)
    }
}
