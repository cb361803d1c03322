//! The axes of the table: the rules, what a group is, who made the change, and what came before.

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    MaxRevokes,
    KeepAtLeast,
    Protect,
    ProtectPerson,
    ProtectDeleting,
    Exclusive,
    SelfGrant,
    Nesting,
    Deleting,
    SelfLockout,
    LastAdmin,
    IdentityChanged,
    IdentityUnresolved,
    Reactivation,
    InviteDomain,
    SuspiciousRead,
}

impl Rule {
    pub(super) const ALL: [Self; 16] = [
        Self::MaxRevokes,
        Self::KeepAtLeast,
        Self::Protect,
        Self::ProtectPerson,
        Self::ProtectDeleting,
        Self::Exclusive,
        Self::SelfGrant,
        Self::Nesting,
        Self::Deleting,
        Self::SelfLockout,
        Self::LastAdmin,
        Self::IdentityChanged,
        Self::IdentityUnresolved,
        Self::Reactivation,
        Self::InviteDomain,
        Self::SuspiciousRead,
    ];

    /// The rule as the page calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::MaxRevokes => "`max-revokes`",
            Self::KeepAtLeast => "`keep-at-least`",
            Self::Protect => "`protect`",
            Self::ProtectPerson => "`protect`, a person",
            Self::ProtectDeleting => "`protect`, and the group is deleted",
            Self::Exclusive => "`exclusive`",
            Self::SelfGrant => "`self-grant`",
            Self::Nesting => "nesting",
            Self::Deleting => "deleting",
            Self::SelfLockout => "`self-lockout`",
            Self::LastAdmin => "`last-admin`",
            Self::IdentityChanged => "`identity-changed`",
            Self::IdentityUnresolved => "`identity-unresolved`",
            Self::Reactivation => "`reactivation`",
            Self::InviteDomain => "`invite-domain`",
            Self::SuspiciousRead => "`suspicious-read`",
        }
    }

    /// The policy, and what the change tries.
    pub(super) fn tries(self) -> &'static str {
        match self {
            Self::MaxRevokes => "One group may lose one member. Two members leave `payroll`.",
            Self::KeepAtLeast => "`payroll` has as many members as its floor. bob leaves it.",
            Self::Protect => "`payroll` is protected. bob leaves it.",
            Self::ProtectPerson => "bob is protected. He leaves `payroll`.",
            Self::ProtectDeleting => "`payroll` is protected. The tree says `absent: true`.",
            Self::Exclusive => {
                "`payroll` and `support` exclude each other. Somebody is in `payroll`, or an invitation brings them there, \
                 and they come into `support`."
            }
            Self::SelfGrant => {
                "`payroll` is privileged, and `self-grant` is `refuse`. eve comes into `payroll`, or is to leave it and \
                 stays."
            }
            Self::Nesting => "`payroll` is privileged. It takes `group: team`, without `nest: true`.",
            Self::Deleting => "`payroll` is privileged. The tree says `absent: true`.",
            Self::SelfLockout => "Rollbook acts as root. root leaves `payroll`.",
            Self::LastAdmin => "`payroll` makes site administrators, and bob alone is in it. bob leaves it.",
            Self::IdentityChanged => {
                "The lock gives eve's email the account of dina, while the site shows it with another. eve comes into \
                 `payroll`."
            }
            Self::IdentityUnresolved => {
                "eve's account hides its email, and nothing says which it is. eve comes into `payroll`."
            }
            Self::Reactivation => "bob was suspended by hand. The tree says `active: true`.",
            Self::InviteDomain => "Invitations go to acme.com alone. somebody@else.example is invited.",
            Self::SuspiciousRead => {
                "`payroll` had members when the plan was reviewed, and reads as empty now."
            }
        }
    }
}

/// What a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Declared,
    Left,
    Never,
    Rekeyed,
    RenamedPinned,
    RenamedLocked,
    Nested,
    Default,
    DefaultUnread,
    Synced,
    SyncedOurs,
    Administers,
    NotInSnapshot,
    NeverInSnapshot,
}

impl Kind {
    pub(super) const ALL: [Self; 14] = [
        Self::Declared,
        Self::Left,
        Self::Never,
        Self::Rekeyed,
        Self::RenamedPinned,
        Self::RenamedLocked,
        Self::Nested,
        Self::Default,
        Self::DefaultUnread,
        Self::Synced,
        Self::SyncedOurs,
        Self::Administers,
        Self::NotInSnapshot,
        Self::NeverInSnapshot,
    ];

    /// Whether the tree that does the deed declares it.
    pub(super) fn is_undeclared(self) -> bool {
        matches!(self, Self::Left | Self::Never | Self::NeverInSnapshot)
    }

    /// Whether the plan is made from a snapshot that does not hold it.
    pub(super) fn is_unread(self) -> bool {
        matches!(self, Self::NotInSnapshot | Self::NeverInSnapshot)
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Left => "left",
            Self::Never => "never declared",
            Self::Rekeyed => "other key",
            Self::RenamedPinned => "renamed, `id:`",
            Self::RenamedLocked => "renamed, lock",
            Self::Nested => "nested",
            Self::Default => "app default",
            Self::DefaultUnread => "app default, unread",
            Self::Synced => "synced",
            Self::SyncedOurs => "synced, ours",
            Self::Administers => "site admins",
            Self::NotInSnapshot => "unread",
            Self::NeverInSnapshot => "unread, never declared",
        }
    }

    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Declared => "the tree declares the group by its name; two changes: the first declares it",
            Self::Left => "the base declares it, and the tree does not",
            Self::Never => "neither declares it, and a rule names it",
            Self::Rekeyed => "the tree declares it as `wages`, with its `id:`, and the rules say `payroll`",
            Self::RenamedPinned => "the site has another name for it, and the tree has its `id:`",
            Self::RenamedLocked => "the same, with the id in `rollbook.lock`",
            Self::Nested => "it takes in `team`, with `nest: true`, and the person comes or goes there",
            Self::Default => "an app puts new users into it; a newcomer is invited to that app",
            Self::DefaultUnread => "the same, and the credential may not read which groups an app has",
            Self::Synced => "an identity provider writes to it",
            Self::SyncedOurs => "it is in a SCIM directory that Rollbook writes to",
            Self::Administers => "it makes site administrators, and no list of the policy names it",
            Self::NotInSnapshot => "the plan is made from a snapshot that does not hold its members",
            Self::NeverInSnapshot => "the same, and no tree declares it",
        }
    }
}

/// Who made the change. The person whom it is about is eve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Author {
    Shown,
    Plus,
    SecondInLock,
    SecondInBase,
    Unknown,
    Several,
    None,
    SomebodyElse,
}

impl Author {
    pub(super) const ALL: [Self; 8] = [
        Self::Shown,
        Self::Plus,
        Self::SecondInLock,
        Self::SecondInBase,
        Self::Unknown,
        Self::Several,
        Self::None,
        Self::SomebodyElse,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Shown => "eve",
            Self::Plus => "eve, `+`",
            Self::SecondInLock => "eve, lock",
            Self::SecondInBase => "eve, base",
            Self::Unknown => "unknown",
            Self::Several => "dina and eve",
            Self::None => "none",
            Self::SomebodyElse => "dina",
        }
    }

    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Shown => "by the email that her account shows; she is whom the change is about",
            Self::Plus => "by eve+git@acme.com",
            Self::SecondInLock => "by another address, which the lock gives her account",
            Self::SecondInBase => "the same, and the change takes it out of the lock",
            Self::Unknown => "an address that neither the trees nor the site have",
            Self::Several => "two authors",
            Self::None => "nobody said who made the change",
            Self::SomebodyElse => "somebody else alone",
        }
    }

    pub(super) fn emails(self) -> &'static [&'static str] {
        match self {
            Self::Shown => &["eve@acme.com"],
            Self::Plus => &["eve+git@acme.com"],
            Self::SecondInLock | Self::SecondInBase => &["evelyn@acme.com"],
            Self::Unknown => &["stranger@acme.com"],
            Self::Several => &["dina@acme.com", "eve@acme.com"],
            Self::None => &[],
            Self::SomebodyElse => &["dina@acme.com"],
        }
    }
}

/// What came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum History {
    /// Everything in one change.
    One,
    /// An earlier change brings the group there, and was applied.
    Two,
    /// The apply of it did not complete, and the next change is compared with the last that did.
    Since,
    /// The same, and the next change is compared with the commit before it.
    Before,
    /// One change does all of it, and takes the rule out.
    Loosened,
}

impl History {
    pub(super) const ALL: [Self; 5] = [Self::One, Self::Two, Self::Since, Self::Before, Self::Loosened];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::One => "one change",
            Self::Two => "two changes",
            Self::Since => "not applied",
            Self::Before => "not applied, other base",
            Self::Loosened => "rule taken out",
        }
    }

    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::One => "one change does all of it, and the base was applied",
            Self::Two => {
                "an earlier change, which was applied, brings the group to where it is, and the next does the rest"
            }
            Self::Since => {
                "the apply of that one change failed, was refused or was left out, and a harmless change follows: it is \
                 compared by `--base applied`, and the author is that of the later change or of both"
            }
            Self::Before => "the same, compared with the commit before the later change",
            Self::Loosened => "one change does all of it, and takes the rule out of the policy as well",
        }
    }
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) rule: Rule,
    pub(super) kind: Kind,
    pub(super) author: Author,
    pub(super) history: History,
}
