//! The members of a group, and their end dates, according only to the configuration: nested groups flattened. A plan
//! flattens the same for a date, next to the live state; rules that look ahead need the dates themselves.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{AccountId, DeclaredUser, Email, GroupName, Member, MemberRef, UserRef};

use super::draft::Draft;
use super::references::owners_of_accounts;

/// A member of a group, by any kind of name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who<'d> {
    /// A person.
    Person(&'d Email),
    /// An account without a known email.
    Account(&'d AccountId),
}

/// How somebody is in a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'d> {
    /// The entry of this group.
    pub(super) entry: &'d Member,
    /// The first day on which it brings them no more.
    pub(super) until: Option<Date>,
}

/// The members of one group, those who are offboarded left out.
pub(super) type Flat<'d> = BTreeMap<Who<'d>, Way<'d>>;

/// What is flattened: the users, groups and ties of a tree.
pub(super) trait Listing {
    /// The entries of a group; none for one that is absent or undeclared.
    fn entries(&self, name: &GroupName) -> &[Member];
    /// What is declared of a user.
    fn user(&self, email: &Email) -> Option<&DeclaredUser>;
    /// Who owns an account, as pins and the lock say.
    fn owners(&self) -> BTreeMap<&AccountId, &Email>;
}

impl Listing for Draft {
    fn entries(&self, name: &GroupName) -> &[Member] {
        Draft::entries(self, name)
    }

    fn user(&self, email: &Email) -> Option<&DeclaredUser> {
        self.users.get(email)
    }

    fn owners(&self) -> BTreeMap<&AccountId, &Email> {
        owners_of_accounts(self)
    }
}

impl Who<'_> {
    /// The name in addresses.
    pub(super) fn named(self) -> UserRef {
        match self {
            Self::Person(email) => UserRef::Email(email.clone()),
            Self::Account(id) => UserRef::Account(id.clone()),
        }
    }
}

impl Way<'_> {
    /// Whether it brings somebody on a day.
    pub(super) fn holds_on(self, day: Date) -> bool {
        self.until.is_none_or(|until| until > day)
    }
}

/// Flattens groups, and the groups that they nest. The union of all ways counts, the latest date wins, and an `except` works on
/// its own entry only (docs/design.md#memberships). `active: false` overrides every listing.
pub(super) fn flattened<'d>(
    draft: &'d impl Listing,
    groups: impl IntoIterator<Item = &'d GroupName>,
) -> BTreeMap<&'d GroupName, Flat<'d>> {
    let owners = LazyCell::new(|| draft.owners());
    let mut flat: BTreeMap<&GroupName, Flat<'_>> = BTreeMap::new();
    for name in inner_first(draft, groups) {
        let mut members = Flat::new();
        for entry in draft.entries(name) {
            match &entry.who {
                MemberRef::User(email) => bring(draft, &mut members, Who::Person(email), entry, None),
                MemberRef::Account(id) => {
                    let who = owners.get(id).map_or(Who::Account(id), |email| Who::Person(email));
                    bring(draft, &mut members, who, entry, None);
                }
                MemberRef::Group(inner) => {
                    for (who, way) in flat.get(inner).into_iter().flatten() {
                        if !is_excepted(entry, *who) {
                            bring(draft, &mut members, *who, entry, way.until);
                        }
                    }
                }
                // Only the site tells.
                MemberRef::Synced(_) => {}
            }
        }
        flat.insert(name, members);
    }
    flat
}

/// Whether a group takes in a synced group, however far away, so that the configuration alone does not tell who is in it.
pub(super) fn takes_synced(draft: &Draft, group: &GroupName) -> bool {
    let mut entries = inner_first(draft, [group]).into_iter().flat_map(|name| draft.entries(name));
    entries.any(|entry| matches!(entry.who, MemberRef::Synced(_)))
}

fn is_excepted(entry: &Member, who: Who<'_>) -> bool {
    match who {
        Who::Person(email) => entry.except.iter().any(|except| except.value == *email),
        Who::Account(_) => false,
    }
}

fn bring<'d>(
    draft: &impl Listing,
    members: &mut Flat<'d>,
    who: Who<'d>,
    entry: &'d Member,
    inner: Option<Date>,
) {
    let person = match who {
        Who::Person(email) => draft.user(email),
        Who::Account(_) => None,
    };
    if person.and_then(|user| user.active).is_some_and(|active| !active.value) {
        return;
    }
    let ends = [entry.until, person.and_then(|user| user.until)];
    let until = ends.into_iter().flatten().map(|until| until.value).chain(inner).min();
    let way = Way { entry, until };
    let known = members.entry(who).or_insert(way);
    let lasts_longer = known.until.is_some_and(|known| until.is_none_or(|until| until > known));
    if lasts_longer {
        *known = way;
    }
}

/// Groups and all that they take in, the inner ones first. A cycle, which is a mistake of its own, is cut.
fn inner_first<'d>(
    draft: &'d impl Listing,
    groups: impl IntoIterator<Item = &'d GroupName>,
) -> Vec<&'d GroupName> {
    enum Step<'d> {
        Enter(&'d GroupName),
        Leave(&'d GroupName),
    }
    let mut order = Vec::new();
    let mut entered = BTreeSet::new();
    let mut steps: Vec<Step<'_>> = groups.into_iter().map(Step::Enter).collect();
    while let Some(step) = steps.pop() {
        match step {
            Step::Leave(name) => order.push(name),
            Step::Enter(name) => {
                if entered.insert(name) {
                    steps.push(Step::Leave(name));
                    steps.extend(draft.entries(name).iter().filter_map(|entry| match &entry.who {
                        MemberRef::Group(inner) => Some(Step::Enter(inner)),
                        MemberRef::User(_) | MemberRef::Account(_) | MemberRef::Synced(_) => None,
                    }));
                }
            }
        }
    }
    order
}
