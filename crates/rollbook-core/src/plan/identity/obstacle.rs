//! The obstacles to things that the tree wants.

use crate::model::{
    Action, Address, Blocked, Change, Guard, Key, Location, PlannedOperation, Reason, Unread,
};

/// An obstacle, for [`crate::model::Blocked`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) struct Obstacle {
    pub(in crate::plan) code: ObstacleCode,
    /// A lowercase fragment.
    pub(in crate::plan) why: String,
    /// A full sentence that says what to do.
    pub(in crate::plan) help: String,
}

impl Obstacle {
    /// An operation depends on one that is blocked.
    pub(in crate::plan) fn requires(required: &Key) -> Self {
        Self {
            code: ObstacleCode::RequiresBlocked,
            why: format!("it depends on `{required}`, which is blocked"),
            help: "Resolve that obstacle first.".into(),
        }
    }

    /// An operation depends on a question that got no answer.
    pub(in crate::plan) fn not_read(unread: &Unread) -> Self {
        let again = || "Plan again; if this stays, the credential may not read it.".to_owned();
        Self {
            code: ObstacleCode::NotRead,
            why: unread.to_string(),
            help: unread.help.clone().unwrap_or_else(again),
        }
    }

    /// Blocks a change.
    pub(in crate::plan) fn holds(self, change: &Change) -> Blocked {
        let at = (change.address.clone(), change.wanted.action());
        self.blocks_at(at, change.reason, change.origin.clone())
    }

    /// Blocks a planned operation.
    pub(in crate::plan) fn blocks(self, planned: PlannedOperation) -> Blocked {
        let Key { address, action } = planned.key;
        self.blocks_at((address, action), planned.reason, planned.origin)
    }

    /// Blocks the action at an address.
    pub(in crate::plan) fn blocks_at(
        self,
        (address, action): (Address, Action),
        reason: Reason,
        origin: Location,
    ) -> Blocked {
        let Self { code, why, help } = self;
        Blocked { address, action, reason, code: code.as_str().into(), why, help, origin }
    }
}

impl ObstacleCode {
    /// Whether the account is known, so that it cannot be another one.
    pub(in crate::plan) fn knows_the_account(self) -> bool {
        matches!(self, Self::AccountGone | Self::AccountNotShown | Self::CustomerAccount)
    }
}

macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $name:ident = $code:literal;)+) => {
        /// A kind of obstacle. Plans show it by a stable word in kebab-case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(in crate::plan) enum ObstacleCode {
            $($(#[doc = $meaning])+ $name,)+
            /// A guard that blocks operations instead of refusing the plan.
            Guard(Guard),
        }

        /// Every kind of obstacle except the guards', with its meaning.
        pub const OBSTACLES: &[(&str, &str)] = &[$(($code, concat!($($meaning),+))),+];

        impl ObstacleCode {
            pub(in crate::plan) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                    Self::Guard(guard) => guard.as_str(),
                }
            }
        }
    };
}

codes! {
    /// It is unknown which account somebody has, or whether an account is theirs.
    IdentityUnresolved = "identity-unresolved";
    /// An email or a name means one account or group on the site, and another one in a pin or the lock.
    IdentityChanged = "identity-changed";
    /// The tree declares one account under several emails.
    IdentityShared = "identity-shared";
    /// Several accounts show the email.
    IdentityAmbiguous = "identity-ambiguous";
    /// Neither a pin nor the lock has the email, and `--locked` looks nowhere else.
    NotLocked = "not-locked";
    /// The person has no account on the site, and the tree does not ask for an invitation.
    UserMissing = "user-missing";
    /// The site knows no such account.
    AccountGone = "account-gone";
    /// No credential shows the account.
    AccountNotShown = "account-not-shown";
    /// The account is closed or about to be deleted.
    AccountClosed = "account-closed";
    /// The API does not say whether the account is a person's or an app's.
    AccountKindUnknown = "account-kind-unknown";
    /// The account is a portal-only customer's.
    CustomerAccount = "customer-account";
    /// The account that the lock ties to somebody shows another email now.
    EmailChanged = "email-changed";
    /// Two entries of a group name one account.
    ListedTwice = "listed-twice";
    /// The domain of somebody who would be invited is not among `policy.invite-domains`.
    InviteDomain = "invite-domain";
    /// An invitation by the organization needs an app or a group that exists.
    InviteLeadsNowhere = "invite-leads-nowhere";
    /// The account is in none of the organization's directories.
    NotInvited = "not-invited";
    /// The site has no such app.
    UnknownApp = "unknown-app";
    /// An app would add the person to a group that they must not be in.
    DefaultGroup = "default-group";
    /// The default groups of an app cannot be read, and the policy limits who may be in some groups.
    DefaultGroupsUnknown = "default-groups-unknown";
    /// The group that a pin or the lock means no longer exists.
    GroupGone = "group-gone";
    /// The site has no group that the tree names and does not make: one whose members are unmanaged, or a synced one.
    GroupMissing = "group-missing";
    /// The site lists the group without its ID.
    GroupWithoutId = "group-without-id";
    /// Several groups of the site have the name.
    GroupAmbiguous = "group-ambiguous";
    /// The name of the site's group differs only in case.
    GroupSpelling = "group-spelling";
    /// The organization's API does not show the group, which may exist.
    GroupNotShown = "group-not-shown";
    /// A new group has nearly the members of one that the change stops declaring.
    LooksLikeRename = "looks-like-rename";
    /// A rule names a group that neither the site nor the tree has.
    RuleNamesNothing = "rule-names-nothing";
    /// A privileged group takes another group's members without saying `nest: true`.
    NestingPrivileged = "nesting-privileged";
    /// The group is privileged, makes administrators or grants an app, or this cannot be read.
    DeleteRefused = "delete-refused";
    /// The group is an Atlassian team.
    AtlassianTeam = "atlassian-team";
    /// The group is synced from an identity provider, and can be changed only there.
    SyncedGroup = "synced-group";
    /// The tree takes members from a group that no identity provider owns, or nobody can tell.
    NotSynced = "not-synced";
    /// The group is synced, and the SCIM directory of the tree does not hold it.
    NotInDirectory = "not-in-directory";
    /// The group is in a SCIM directory, and the person has no record there.
    NotProvisioned = "not-provisioned";
    /// No credential that Rollbook has can make the change.
    NoSurface = "no-surface";
    /// User management may not make the change.
    NotManageable = "not-manageable";
    /// A question that the change depends on got no answer.
    NotRead = "not-read";
    /// The access of the operator, or of the account that Rollbook acts as, would be narrowed.
    SelfLockout = "self-lockout";
    /// No person who is an active administrator would be left.
    LastAdmin = "last-admin";
    /// An access has expired only according to this machine's clock.
    ClockOff = "clock-off";
    /// The operation requires one that is blocked.
    RequiresBlocked = "requires-blocked";
    /// Only a change that was not applied asks for it.
    ChangeNotApplied = "change-not-applied";
    /// Only a change that was not applied keeps it.
    KeptByChange = "kept-by-change";
    /// No account shows the email whose access ends, and people who may be the same person stay.
    EndOfNobody = "end-of-nobody";
    /// The journal does not say for sure whether the operation was done.
    UndoUnsettled = "undo-unsettled";
    /// Neither the journal nor a read shows how to undo it.
    UndoUnknown = "undo-unknown";
    /// The operation cannot be undone.
    UndoImpossible = "undo-impossible";
    /// The tree would revoke the access again.
    UndoDenied = "undo-denied";
}
