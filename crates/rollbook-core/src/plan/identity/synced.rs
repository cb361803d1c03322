//! Whom the synced groups bring that a tree takes members from. Where that cannot be told, an entry brings nobody, and nobody
//! leaves by it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AccountId, GroupId, GroupName, Listing, LiveAccount, LiveState, ManagedBy, Member, Origin, Unread, Usage,
    UserRef, UserStatus,
};

use super::super::desired::{Desired, Synced};
use super::groups::{GroupIdentity, Groups};
use super::obstacle::{Obstacle, ObstacleCode};
use super::people::People;

/// What the `synced:` entries of a tree come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Brought {
    /// Whom each group brings.
    pub(super) synced: Synced,
    /// The name that each of them goes by.
    pub(super) people: BTreeMap<AccountId, UserRef>,
    /// Why an entry brings nobody, by its place.
    pub(super) doubts: BTreeMap<Origin, Obstacle>,
}

impl Brought {
    /// What a tree's entries come to on a site.
    pub(super) fn of(desired: &Desired<'_>, people: &People, groups: &Groups, live: &LiveState) -> Self {
        let mut brought = Self::default();
        let mut told: BTreeMap<&GroupName, Result<BTreeSet<&AccountId>, Obstacle>> = BTreeMap::new();
        for (member, name) in desired.declaration.synced() {
            let members = told.entry(name).or_insert_with(|| {
                let (_, listing) = source(name, desired, groups, live)?;
                let comes_back = |id: &AccountId| {
                    let email = people.declared_as(id).and_then(UserRef::email);
                    email.is_some_and(|email| desired.active(email) == Some(true))
                };
                active(name, listing, live, comes_back)
            });
            let except = |members: &BTreeSet<&AccountId>| {
                excepts_nobody(member, name, desired, people).filter(|_| !members.is_empty())
            };
            let doubt = match members {
                Ok(members) => except(members),
                Err(obstacle) => Some(obstacle.clone()),
            };
            if let Some(obstacle) = doubt {
                brought.synced.unclear.insert(member.origin);
                brought.doubts.insert(member.origin, obstacle);
            }
        }
        for (name, members) in told {
            let Ok(members) = members else { continue };
            let named = members.into_iter().map(|id| {
                let user = desired.name_of(&people.name_of(id, live.accounts.get(id)));
                brought.people.insert(id.clone(), user.clone());
                user
            });
            let named = named.collect();
            brought.synced.members.insert(name.clone(), named);
        }
        brought
    }
}

/// The group that an entry names, and who is in it: a group of the site that an identity provider owns, read whole.
fn source<'l>(
    name: &GroupName,
    desired: &Desired<'_>,
    groups: &Groups,
    live: &'l LiveState,
) -> Result<(GroupId, &'l Listing<AccountId>), Obstacle> {
    let group = match groups.get(name) {
        GroupIdentity::Live(group) => group,
        GroupIdentity::Missing => {
            return Err(gone(name, live));
        }
        GroupIdentity::Unresolved(obstacle) => return Err(obstacle.clone()),
    };
    let id = &group.id;
    let is_managed = |name: &&GroupName| desired.groups.get(*name).is_some_and(|group| !group.unmanaged);
    if let Some(managed) = groups.declared_as(id).filter(is_managed) {
        return Err(Obstacle {
            code: ObstacleCode::NotSynced,
            why: format!("{name} is the group that the tree declares as {managed}, with its members"),
            help: "Use `group:`, which brings its declared members.".into(),
        });
    }
    if let Some(unread) = unread(live, id) {
        return Err(Obstacle::not_read(unread));
    }
    must_be_synced(name, id, live)?;
    let listing = live.members.get(id).ok_or_else(|| unheard(name))?;
    Ok((id.clone(), listing))
}

fn gone(name: &GroupName, live: &LiveState) -> Obstacle {
    let known: Vec<&str> = live.groups.iter().map(|group| group.name.as_str()).collect();
    let near = similar::get_close_matches(name.as_str(), &known, 1, 0.8);
    let near = near.first().map(|near| format!("Did you mean {near}? Else ")).unwrap_or_default();
    let correct = if near.is_empty() { "Correct the name, or have" } else { "have" };
    Obstacle {
        code: ObstacleCode::GroupMissing,
        why: format!("the site has no group {name}, so that nobody can tell whom it brings"),
        help: format!(
            "{near}{correct} the identity provider sync the group again. Who came by it stays until then, or until the entry \
             is taken out."
        ),
    }
}

fn unread<'l>(live: &'l LiveState, id: &GroupId) -> Option<&'l Unread> {
    let about = |unread: &&Unread| unread.about.as_deref().is_none_or(|about| about == id.as_str());
    live.synced.unread.iter().find(about)
}

/// Only an identity provider may decide who is in it: anybody else who may could let people in past every review.
fn must_be_synced(name: &GroupName, id: &GroupId, live: &LiveState) -> Result<(), Obstacle> {
    let kind = live.synced.kinds.get(id).ok_or_else(|| unheard(name))?;
    let unknown = || Obstacle {
        code: ObstacleCode::NotSynced,
        why: format!("nothing says whether an identity provider owns {name}"),
        help:
            "Give Rollbook an organization's API key (ROLLBOOK_ORG_API_KEY), which tells, or list the people."
                .into(),
    };
    let Some(kind) = kind else { return Err(unknown()) };
    match (&kind.managed_by, &kind.usage) {
        (_, Usage::Team) => Err(Obstacle {
            code: ObstacleCode::AtlassianTeam,
            why: format!("{name} is an Atlassian team, whose members can change it"),
            help: "Name a group that an identity provider owns, or list the people.".into(),
        }),
        (ManagedBy::External, Usage::Group | Usage::NotReported) => Ok(()),
        (ManagedBy::People, Usage::Group | Usage::NotReported) => Err(Obstacle {
            code: ObstacleCode::NotSynced,
            why: format!("people can change who is in {name}: no identity provider owns it"),
            help: "Name a group that an identity provider owns. Declare this one with its members, and use `group:`.".into(),
        }),
        (ManagedBy::NotReported, Usage::Group | Usage::NotReported) => Err(unknown()),
    }
}

fn unheard(name: &GroupName) -> Obstacle {
    Obstacle {
        code: ObstacleCode::NotRead,
        why: format!("the members of {name} were not read"),
        help: "Plan again, with credentials or from a snapshot that was taken with this tree.".into(),
    }
}

/// The people of a listing who are active, or whom the tree makes active. Of somebody nobody knows whether they are, none of it
/// counts.
fn active<'l>(
    name: &GroupName,
    listing: &'l Listing<AccountId>,
    live: &LiveState,
    comes_back: impl Fn(&AccountId) -> bool,
) -> Result<BTreeSet<&'l AccountId>, Obstacle> {
    let mut found = BTreeSet::new();
    for id in listing {
        let account = live.accounts.get(id);
        let is_told = account.is_some_and(|account| account.status != UserStatus::NotReported);
        if !is_told {
            return Err(Obstacle {
                code: ObstacleCode::NotRead,
                why: format!("nothing says whether account {id}, which is in {name}, is active"),
                help: "Plan again, with a credential that may see it.".into(),
            });
        }
        let counts = |account: &LiveAccount| (account.active() || comes_back(id)) && account.kind.is_person();
        if account.is_some_and(counts) {
            found.insert(id);
        }
    }
    Ok(found)
}

/// Why an `except` may fail to keep somebody out: nobody knows their account, which may be any of those that come.
fn excepts_nobody(
    member: &Member,
    name: &GroupName,
    desired: &Desired<'_>,
    people: &People,
) -> Option<Obstacle> {
    let is_unknown = |user: &UserRef| people.is_of_nobody(user) || people.may_be_anybody(user);
    let email = member.except.iter().map(|email| &email.value).find(|email| {
        let user = desired.name_of(&UserRef::Email((*email).clone()));
        is_unknown(&user)
    })?;
    Some(Obstacle {
        code: ObstacleCode::IdentityUnresolved,
        why: format!(
            "`except` names {email}, whose account nobody knows, so that it may be one of those in {name}"
        ),
        help: format!(
            "Pin the account of {email} under `users:`; or take the email out of `except`, where that person is gone."
        ),
    })
}
