//! Every value that crosses a boundary. It depends on no other part of Rollbook, and does no I/O.
//!
//! The order of the rooms is the order of a run: a [`Tree`] of files becomes a [`Declaration`]; reads become a
//! [`LiveState`]; their difference is [`Changes`], which [`Capabilities`] turn into a [`Plan`]; carrying it out
//! gives a [`Report`].

mod words;

mod access;
mod access_review;
mod address;
mod capability;
mod change;
mod cloud;
mod compared;
mod comparison;
mod declaration;
mod diagnosis;
mod diagnostic;
mod digest;
mod effect;
mod email;
mod error;
mod explanation;
pub mod formats;
mod guard;
mod history;
mod ids;
mod import;
mod invisible;
mod journal;
mod live;
mod lock;
mod operation;
mod organization;
mod plan;
mod policy;
mod read;
mod report;
mod scim;
mod snapshot;
mod text;
mod tree;
mod user_report;

pub use access::{Access, DirectRole, Grants, GroupRoles, HeldRole, RoleMethods, SiteApp, Undeclarable};
pub use access_review::{AccessReview, Decision, DeclaredMembership, ReviewRow};
pub use address::{Action, Address, AddressError, Key, UserRef};
pub use capability::{AppRole, Capabilities, GroupKind, ManagedBy, Questions, RoleGivers, Seats, Usage};
pub use change::{Change, Changes, Wanted};
pub use cloud::AtlassianCloud;
#[cfg(feature = "count-comparisons")]
pub use compared::comparisons;
pub use comparison::{
    Adopted, Comparison, DeclarationChange, Declared, IdentityChange, Misfit, Review, Revision, RuleChange,
};
pub use declaration::{
    AppsInGroup, Authority, Declaration, DeclaredGrant, DeclaredGroup, DeclaredUser, GroupState, Member,
    MemberRef, Members, Scim, Settings, Source, Spent,
};
pub use diagnosis::{Diagnosis, Health};
pub use diagnostic::{Diagnostic, Label, Severity};
pub use digest::hex;
pub use effect::{Effect, TargetGroup, Who};
pub use email::{Email, EmailError};
pub use error::ErrorExt;
pub use explanation::{
    ExplainedGrant, Explanation, GrantStanding, LiveRole, LiveRoles, Standing, Step, SyncedWay, Way,
};
pub use formats::JOURNAL as JOURNAL_FORMAT;
pub use guard::{Guard, UnknownGuard};
pub use history::{Commit, FileChange, History, Object, Revisions, Stretch, Turn, UnreadFile};
pub use ids::{AccountId, App, GroupId, GroupName, Role, ScimId};
pub use import::{Additions, GroupFacts, Import, ImportedGroup, ImportedMember, LeftOut};
pub use invisible::{hidden, is_invisible};
pub use journal::{
    AnsweredOperation, Begin, End, Ending, Exchange, Found, Journal, JournalLine, Look, OperationHistory,
    OperationState, Pair, Record, SentOperation,
};
pub use live::{
    AccountKind, FORMER_USER, IncompleteRead, JiraRights, Listing, LiveAccount, LiveGroup, LiveState,
    Membership, ORGANIZATION_ADMINS, Reading, Rights, Rows, SyncedGroups,
};
pub use lock::{Lock, LockedId};
pub use operation::{
    Direction, Inactive, Kept, Lost, NamedGroup, Operation, Reason, Ref, Surface, UnknownReason,
};
pub use organization::{
    Claim, GroupManager, OrganizationGroup, OrganizationUser, PlatformRole, Privileges, Restriction,
    UserSource, UserStatus, is_unshown,
};
pub use plan::{
    AccessChange, Beneficiary, Blocked, Cost, Drift, GroupSummary, Header, Identified, IdentitySource, Note,
    PATIENCE, Plan, PlannedOperation, ROLE_PATIENCE, RuleSource, Ruling, SeatChange, Summary, SurfaceIds,
    SyncedSource, Verdict,
};
pub use policy::{
    DirectRoles, GroupRevokes, GroupRule, MaxRevokes, Mode, Offboard, Policy, Protect, SelfGrant,
    UnlistedGroups, UnlistedUsers, Waiver, rule_of_exclusive, rule_of_waiver,
};
pub use read::{Read, Unread, Without};
pub use report::{CreatedIds, Outcome, Report, Response};
pub use scim::{ScimGroup, ScimUser};
pub use snapshot::{PSEUDONYM, Place, Readings, Snapshot, SnapshotHeader, Taken, is_veiled};
pub use text::{cut, joined, listed};
pub use tree::{
    FileId, Located, Location, Locator, NoLocation, Origin, SourceFile, Span, Tree, in_repository, is_shared,
};
pub use user_report::{PersonRole, ReportedApp, ReportedUser, StatusFilter, UserFilter, UserReport};
pub use words::Words;
