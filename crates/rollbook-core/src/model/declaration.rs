//! The content of a tree, checked, before anything is flattened or resolved.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::access::Access;
use super::address::Address;
use super::email::Email;
use super::guard::Guard;
use super::ids::{AccountId, App, GroupId, GroupName};
use super::lock::Lock;
use super::policy::{Mode, Policy, Waiver};
use super::tree::{FileId, Located, Origin};
use super::words::words;

/// A complete tree. Every name in it resolves within it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// The site, and the person that Rollbook acts for.
    pub settings: Settings,
    /// The rules.
    pub policy: Policy,
    /// Guards that are waived temporarily.
    pub waivers: Vec<Waiver>,
    /// `users:` of every file.
    pub users: BTreeMap<Email, DeclaredUser>,
    /// `groups:` of every file.
    pub groups: BTreeMap<GroupName, DeclaredGroup>,
    /// `rollbook.lock`; empty if there is none.
    pub lock: Lock,
}

/// The head of `rollbook.yaml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The Jira site's origin, such as `https://acme.atlassian.net`: a scheme, a host and no path.
    pub site: Located<String>,
    /// The organization's ID.
    pub organization: Option<Located<String>>,
    /// The organization's directory.
    pub directory: Option<Located<String>>,
    /// The person that Rollbook acts for.
    pub operator: Option<Located<Email>>,
    /// The SCIM directory.
    pub scim: Option<Scim>,
    /// The patterns of the files that belong to the tree.
    pub include: Vec<String>,
    /// The folders outside the tree's own folder from which `include` may take files.
    pub share: Vec<String>,
}

/// `scim:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scim {
    /// The SCIM directory's ID, which is not the organization's directory ID (docs/atlassian.md#scim-ids).
    pub directory: Located<String>,
    /// Who may write to it.
    pub authority: Authority,
}

words! {
    /// Who may write to a SCIM directory.
    pub enum Authority {
        /// Rollbook creates and changes its content.
        Rollbook = "rollbook",
        /// An identity provider does; Rollbook only reads.
        IdentityProvider = "identity-provider",
    }
}

/// An entry of `users:`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredUser {
    /// Where the entry is.
    pub origin: Origin,
    /// The display name.
    pub name: Option<Located<String>>,
    /// `true`: exists and is active. `false`: offboarded. Left out: status is never touched.
    /// [`DeclaredUser::active_on`] has its value on a date.
    pub active: Option<Located<bool>>,
    /// The apps that an invitation asks for.
    pub apps: Vec<Located<App>>,
    /// A pin.
    pub account: Option<Located<AccountId>>,
    /// The first day, in UTC, on which the person is offboarded, even if `active` is `true`.
    pub until: Option<Located<Date>>,
    /// Why the person is declared.
    pub because: Option<String>,
}

impl DeclaredUser {
    /// The value of `active` on a date, and its place: from `until` on, it is `false`.
    pub fn active_on(&self, day: Date) -> Option<Located<bool>> {
        let ended = self.until.filter(|until| until.value <= day);
        ended.map(|until| Located { value: false, origin: until.origin }).or(self.active)
    }

    /// Whether the person is offboarded on a date, and the place that says so.
    pub fn offboarded_on(&self, day: Date) -> Option<Origin> {
        self.active_on(day).filter(|active| !active.value).map(|active| active.origin)
    }
}

/// An entry of `groups:`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredGroup {
    /// Where the entry is.
    pub origin: Origin,
    /// A pin.
    pub id: Option<Located<GroupId>>,
    /// Used at creation only.
    pub description: Option<Located<String>>,
    /// The reviewers; never synced.
    pub owners: Vec<Located<Email>>,
    /// Whether the group must exist.
    pub state: GroupState,
}

/// Whether a group must exist.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupState {
    /// It must exist, with these members.
    Present(Members),
    /// `absent: true`: it must be deleted.
    Absent,
}

/// The members of a group, and the rules for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Members {
    /// The entries, as written.
    pub entries: Vec<Member>,
    /// Overrides [`Policy::mode`].
    pub mode: Option<Mode>,
    /// Who owns the group.
    pub source: Source,
    /// What happens to undeclared members of account type `app`.
    pub apps_in_group: AppsInGroup,
    /// Whether a privileged group takes `group:` and `synced:` entries.
    pub nest: bool,
    /// Whether somebody else owns the members, such as an identity provider: no change of them is planned. There are no
    /// entries then.
    pub unmanaged: bool,
    /// The roles in apps that the group must give; `None` if they are not managed.
    pub grants: Option<Vec<DeclaredGrant>>,
}

/// An entry of `grants:`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredGrant {
    /// The role, and the app that it is in.
    pub access: Located<Access>,
    /// Whether the group must not have the role.
    pub absent: bool,
    /// The first day (UTC) on which the group does not have it any more.
    pub until: Option<Located<Date>>,
    /// Why.
    pub because: Option<String>,
}

/// An entry of `members:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The person, account or group.
    pub who: MemberRef,
    /// Where the entry is.
    pub origin: Origin,
    /// People this entry does not bring; only a `group:` or `synced:` entry has any.
    pub except: Vec<Located<Email>>,
    /// The first day (UTC) on which the entry is inert.
    pub until: Option<Located<Date>>,
    /// Why.
    pub because: Option<String>,
}

/// The subject of an entry of `members:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberRef {
    /// A person.
    User(Email),
    /// An account by its ID.
    Account(AccountId),
    /// Every declared member of a declared group.
    Group(GroupName),
    /// Every active member of a group of the site, which an identity provider owns.
    Synced(GroupName),
}

/// Entries of groups, each named by its place in the list that it is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Of lists of members.
    pub members: BTreeMap<GroupName, BTreeSet<usize>>,
    /// Of lists of grants.
    pub grants: BTreeMap<GroupName, BTreeSet<usize>>,
}

impl Spent {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.members.values().chain(self.grants.values()).map(BTreeSet::len).sum()
    }

    /// Leaves a group out, and says whether it was among them.
    pub fn leave(&mut self, group: &GroupName) -> bool {
        self.members.remove(group).is_some() | self.grants.remove(group).is_some()
    }
}

impl MemberRef {
    /// Whether it stands for the members of another group.
    pub fn is_group(&self) -> bool {
        match self {
            Self::Group(_) | Self::Synced(_) => true,
            Self::User(_) | Self::Account(_) => false,
        }
    }
}

words! {
    /// Who owns a group.
    #[derive(Default)]
    pub enum Source {
        /// In Atlassian's own directory.
        #[default]
        Native = "native",
        /// In the SCIM directory.
        Scim = "scim",
    }
}

words! {
    /// What happens to undeclared members of account type `app` in an exact group.
    #[derive(Default)]
    pub enum AppsInGroup {
        /// They stay.
        #[default]
        Ignore = "ignore",
        /// They are removed.
        Exact = "exact",
    }
}

impl Members {
    /// The groups that its entries nest, by the names in the entries.
    pub fn nested(&self) -> impl Iterator<Item = &GroupName> {
        self.entries.iter().filter_map(|entry| match &entry.who {
            MemberRef::Group(name) => Some(name),
            MemberRef::User(_) | MemberRef::Account(_) | MemberRef::Synced(_) => None,
        })
    }

    /// Its entries that name a synced group, each with that.
    pub fn synced(&self) -> impl Iterator<Item = (&Member, &GroupName)> {
        self.entries.iter().filter_map(|entry| match &entry.who {
            MemberRef::Synced(name) => Some((entry, name)),
            MemberRef::User(_) | MemberRef::Account(_) | MemberRef::Group(_) => None,
        })
    }
}

impl Declaration {
    /// The mode that applies to a group.
    pub fn mode(&self, members: &Members) -> Mode {
        members.mode.unwrap_or(self.policy.mode)
    }

    /// Every entry that names a synced group, each with that.
    pub fn synced(&self) -> impl Iterator<Item = (&Member, &GroupName)> {
        let present = self.groups.values().filter_map(|group| match &group.state {
            GroupState::Present(members) => Some(members),
            GroupState::Absent => None,
        });
        present.flat_map(Members::synced)
    }

    /// Whether a rule of the policy or a waiver names a group, without regard to case.
    pub fn names_group(&self, name: &GroupName) -> bool {
        let ruled = self.policy.named_groups().map(|(_, named, _)| named);
        let waived = self.waived().filter_map(|waived| waived.value.group());
        ruled.chain(waived).any(|named| named.folded() == name.folded())
    }

    /// Whether `admins`, `protect`, `operator` or a waiver names a person.
    pub fn names_person(&self, email: &Email) -> bool {
        self.people_in_rules().any(|(named, _)| named == email)
    }

    /// The emails that rules name, each with its place. An email may occur twice.
    pub fn people_in_rules(&self) -> impl Iterator<Item = (&Email, Origin)> {
        let Policy { admins, protect, .. } = &self.policy;
        let named = admins.iter().chain(&protect.users).chain(&self.settings.operator);
        let waived = self.waived().filter_map(|waived| Some((waived.value.user()?.email()?, waived.origin)));
        named.map(|named| (&named.value, named.origin)).chain(waived)
    }

    /// The accounts that pins and the lock tie emails to.
    pub fn tied(&self) -> impl Iterator<Item = (&Email, &AccountId)> {
        let pins = self.users.iter();
        let pins = pins.filter_map(|(email, user)| Some((email, &user.account.as_ref()?.value)));
        pins.chain(self.lock.users.iter().map(|(email, locked)| (email, &locked.id)))
    }

    fn waived(&self) -> impl Iterator<Item = &Located<Address>> {
        self.waivers.iter().flat_map(|waiver| &waiver.addresses)
    }

    /// The addresses for which `self-grant` is waived.
    pub fn self_grant_waived(&self) -> impl Iterator<Item = &Address> {
        let waivers = self.waivers.iter().filter(|waiver| waiver.guard == Guard::SelfGrant);
        waivers.flat_map(|waiver| &waiver.addresses).map(|address| &address.value)
    }

    /// Drops every place, to compare the content of two trees.
    #[must_use]
    pub fn placeless(mut self) -> Self {
        let nowhere = Origin { file: FileId(0), offset: 0 };
        self.users.values_mut().for_each(|user| user.origin = nowhere);
        self.waivers.iter_mut().for_each(|waiver| waiver.origin = nowhere);
        for group in self.groups.values_mut() {
            group.origin = nowhere;
            match &mut group.state {
                GroupState::Present(members) => {
                    members.entries.iter_mut().for_each(|member| member.origin = nowhere);
                }
                GroupState::Absent => {}
            }
        }
        self
    }
}
