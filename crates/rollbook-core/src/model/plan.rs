//! The plan: a versioned value, complete before anything happens.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::address::{Action, Address, Key, UserRef};
use super::comparison::{Comparison, Review};
use super::guard::Guard;
use super::ids::{AccountId, App, GroupId, GroupName, ScimId};
use super::operation::{Operation, Reason, Surface};
use super::snapshot::Taken;
use super::tree::Location;
use super::words::words;

/// Every step that brings live to desired. The same inputs give the same bytes, except for `header`, which is not part
/// of the fingerprint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// When and by which version the plan was made; it is not part of the fingerprint.
    pub header: Header,
    /// The site's origin.
    pub site: String,
    /// SHA-256 over site, organization, tree digest and operations, in hex.
    pub fingerprint: String,
    /// The base revision, and how the tree differs from it; `None` if there is no base.
    pub base: Option<Comparison>,
    /// How a reviewed plan compares with this one; `None` if there is none.
    pub review: Option<Review>,
    /// The targets and reasons that the plan was narrowed to; empty for the whole tree.
    pub narrowed_to: Vec<String>,
    /// Whether it reverts a run, instead of applying the tree.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undoes: bool,
    /// The totals.
    pub summary: Summary,
    /// The steps: every requirement first, then revokes, then by key.
    pub operations: Vec<PlannedOperation>,
    /// The surfaces' own IDs of the accounts, groups and apps that the operations name.
    pub surface_ids: SurfaceIds,
    /// The accounts that the operations are about, each with its source.
    pub identities: Vec<Identified>,
    /// The groups that change, with their member counts.
    pub groups: Vec<GroupSummary>,
    /// The synced groups that the groups which change take members from, as they were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synced: Vec<SyncedSource>,
    /// Who gets or loses a role in an app by the operations that give one to a group or take it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<AccessChange>,
    /// The parts of the tree that cannot be carried out.
    pub blocked: Vec<Blocked>,
    /// Facts that a reviewer should know.
    pub notes: Vec<Note>,
    /// The verdicts of the guards that tripped, or that could not be evaluated.
    pub guards: Vec<Verdict>,
    /// How far the operations reach beyond the site, in full sentences.
    pub reach: Vec<Cow<'static, str>>,
    /// The cost of carrying it out.
    pub cost: Cost,
}

/// A synced group that other groups take members from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SyncedSource {
    /// Its name, as the tree has it.
    pub name: GroupName,
    /// Its id.
    pub group: GroupId,
    /// Who is in it.
    pub members: Vec<AccountId>,
}

/// The ids by which surfaces know accounts, groups and apps, where they have their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SurfaceIds {
    /// Accounts in the SCIM directory.
    pub scim_users: BTreeMap<AccountId, ScimId>,
    /// Groups in the SCIM directory.
    pub scim_groups: BTreeMap<GroupId, ScimId>,
    /// Each app's resource in the organization.
    pub resources: BTreeMap<App, String>,
}

/// The account of a declared user, and its source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Identified {
    /// The user.
    #[schemars(with = "String")]
    pub user: UserRef,
    /// Their account.
    pub account: AccountId,
    /// The source.
    pub from: IdentitySource,
}

words! {
    /// A source that ties an account to a user (docs/design.md#where-an-account-comes-from).
    pub enum IdentitySource {
        /// The tree names the account itself.
        Pin = "pin",
        /// `rollbook.lock`.
        Lock = "lock",
        /// The organization's search by email.
        Organization = "organization",
        /// The SCIM directory.
        Scim = "scim",
        /// An email that Jira shows.
        Jira = "jira",
        /// An export of the admin console.
        Accounts = "accounts",
    }
}

/// When and by which version a plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// When, in UTC (RFC 3339).
    pub made: String,
    /// The date that `until` was compared with.
    #[schemars(with = "String")]
    pub today: Date,
    /// The commit of the tree, if it is known.
    pub commit: Option<String>,
    /// Rollbook's version.
    pub rollbook: String,
    /// The snapshot that it was made from; `None` if the site was read.
    pub snapshot: Option<Taken>,
    /// SHA-256 over the document that the plan is written as, with this as null, in hex; `None` before it is written.
    pub checksum: Option<String>,
}

/// The totals of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Operations that widen access.
    pub grants: usize,
    /// Memberships and accounts that lose access; a deleted group counts each member.
    pub revokes: usize,
    /// Operations.
    pub operations: usize,
    /// Things that the tree asks for and that are blocked.
    pub blocked: usize,
    /// Memberships of people who left that only an identity provider can end; their accounts are inactive.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waiting: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedOperation {
    /// The change and the thing that it changes.
    pub key: Key,
    /// The step itself.
    pub operation: Operation,
    /// The surface that carries it out.
    pub via: Surface,
    /// The steps that must be done before it.
    pub requires: Vec<Key>,
    /// Where the tree asks for it.
    pub origin: Location,
    /// Why.
    pub reason: Reason,
    /// Whether the base revision would also need it.
    pub drift: Drift,
    /// Whether it touches a privileged group.
    pub privileged: bool,
    /// The display name of the live account that it is about, if there is one.
    pub name: Option<String>,
    /// The first day on which the granted access is gone.
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
}

/// Whether the base revision would also need an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// It would: the site was changed by hand, or an earlier change was not applied.
    Yes,
    /// It would not: the change under review asks for it.
    No,
    /// There was no base to compare with.
    Unknown,
}

/// A group that a plan changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct GroupSummary {
    /// Its name.
    pub name: GroupName,
    /// Live members now.
    pub before: usize,
    /// Live members after the plan.
    pub after: usize,
}

/// The people who get or lose a role in an app, since a group starts or stops giving it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct AccessChange {
    /// The operation.
    pub key: Key,
    /// Those in the group after the plan who are not known to have the role through another group.
    pub people: Vec<Beneficiary>,
    /// Whether every other group that gives the role was read. If not, some of the people may have the role through it.
    pub exact: bool,
    /// How many of them Atlassian may mail.
    pub mails: usize,
}

/// Somebody who gets or loses a role in an app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Beneficiary {
    /// The person, as the plan calls them.
    #[schemars(with = "String")]
    pub user: UserRef,
    /// The account, if there is one already.
    pub account: Option<AccountId>,
    /// The display name.
    pub name: Option<String>,
}

/// A request of the tree that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Blocked {
    /// What it is about.
    pub address: Address,
    /// The change.
    pub action: Action,
    /// Its reason.
    pub reason: Reason,
    /// Stable and kebab-case.
    pub code: Cow<'static, str>,
    /// A lowercase fragment that names the obstacle.
    pub why: String,
    /// A full sentence that says what to do, and where.
    pub help: String,
    /// Where the tree asks for it.
    pub origin: Location,
}

/// Something that a reviewer should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Stable and kebab-case.
    pub code: Cow<'static, str>,
    /// A full sentence without the full stop.
    pub text: String,
    /// The display names in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The place in the tree that it concerns.
    pub origin: Option<Location>,
}

/// The result of a guard for a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The guard.
    pub guard: Guard,
    /// The ruling.
    pub ruling: Ruling,
    /// The things that it is about; empty if it is about the whole plan.
    pub addresses: Vec<Address>,
    /// What tripped it and by how much, or why it was not evaluated: a lowercase fragment.
    pub why: String,
    /// A full sentence that says what to do.
    pub help: String,
}

/// The ruling of a guard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "ruling", rename_all = "kebab-case")]
pub enum Ruling {
    /// The plan may not be applied.
    Refused,
    /// It would be refused, and a waiver of the tree lets it pass.
    Waived {
        /// The waiver's reason.
        because: String,
        /// The first day on which the guard is back.
        #[schemars(with = "String")]
        until: Date,
    },
    /// It would be refused, and `--allow` lets it pass.
    Allowed,
    /// The rules of the base revision would refuse it, and those of the change under review let it pass.
    AllowedByChange {
        /// The part of the change that lets it pass.
        by: RuleSource,
    },
    /// The tree asks for the guard, and it cannot be evaluated.
    NotJudged,
}

/// The part of a change that lets a plan pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum RuleSource {
    /// Its policy.
    Policy,
    /// A waiver.
    Waiver {
        /// The waiver's reason.
        because: String,
        /// The first day on which the guard is back.
        #[schemars(with = "String")]
        until: Date,
    },
}

/// How many seconds reads may lag behind writes before a report says "not yet visible"
/// (docs/atlassian.md#reads-lag-behind-writes): until then an apply looks again.
pub const PATIENCE: u16 = 30;

/// How many seconds they may lag behind the change of a role (docs/atlassian.md#roles-of-groups).
pub const ROLE_PATIENCE: u16 = 36;

/// The cost of carrying a plan out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// Requests, including the reads after the writes.
    pub requests: usize,
    /// The requests of each surface.
    pub surfaces: BTreeMap<Surface, usize>,
    /// The seconds that the writes take under the published rate limits, without the reads after them.
    pub seconds: f64,
    /// How the seats of each app that the plan touches change, if they are limited.
    pub seats: Vec<SeatChange>,
}

/// How the seats of an app change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeatChange {
    /// The app.
    pub app: App,
    /// Seats that people take who had none before.
    pub gains: usize,
    /// Seats that people give up.
    pub loses: usize,
    /// Seats that are left after the plan; negative if there are too few.
    pub left: i64,
    /// Whether every group that gives the app was read. If not, people may have had, or may keep, a seat through it.
    pub exact: bool,
}

impl Note {
    /// A note whose text contains no display name.
    pub fn new(code: &'static str, text: String, origin: Option<Location>) -> Self {
        Self { code: code.into(), text, names: Vec::new(), origin }
    }
}

impl SurfaceIds {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Plan {
    /// The verdicts that refuse the plan.
    pub fn refusals(&self) -> impl Iterator<Item = &Verdict> {
        self.guards.iter().filter(|verdict| verdict.ruling == Ruling::Refused)
    }
}
