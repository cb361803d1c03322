//! `policy:` and `waive:` for editors.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use crate::model::{DirectRoles, Mode, Offboard, SelfGrant, UnlistedGroups, UnlistedUsers};

use super::{Address, Day, Domain, Email, GroupName, Prose};

/// The rules that apply to every plan.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Policy {
    /// Whether undeclared members of declared groups are removed. A group may say otherwise.
    #[schemars(extend("default" = "exact"))]
    mode: Option<Mode>,
    /// What happens to active accounts that nothing declares. `offboard` needs `max-revokes.total`.
    #[schemars(extend("default" = "ignore"))]
    unlisted_users: Option<UnlistedUsers>,
    /// What happens to groups that nothing declares.
    #[schemars(extend("default" = "ignore"))]
    unlisted_groups: Option<UnlistedGroups>,
    /// What happens to roles in apps that people hold directly, not by a group. Only an organization's key shows them.
    #[schemars(extend("default" = "ignore"))]
    direct_roles: Option<DirectRoles>,
    /// Only at these domains may a declared user who does not exist be invited. Left out, nobody is.
    #[schemars(extend("uniqueItems" = true))]
    invite_domains: Option<Vec<Domain>>,
    /// Whether an invitation sends mail, if that can be chosen.
    #[schemars(extend("default" = false))]
    invite_mail: Option<bool>,
    /// How `active: false` changes an account, once its memberships are gone.
    #[schemars(extend("default" = "suspend"))]
    offboard: Option<Offboard>,
    /// How much one plan may revoke.
    max_revokes: Option<MaxRevokes>,
    /// How many active members a group must keep, by name.
    #[schemars(extend("propertyNames" = { "$ref": "#/definitions/GroupName" }))]
    keep_at_least: Option<BTreeMap<String, AtLeastOne>>,
    /// Nothing about these people and groups is ever revoked.
    protect: Option<Protect>,
    /// Groups that are marked in every plan, and that take `group:` entries only with `nest: true`.
    #[schemars(extend("uniqueItems" = true))]
    privileged: Option<Vec<GroupName>>,
    /// Whether the author of a change may grant themselves a privileged group.
    #[schemars(extend("default" = "allow"))]
    self_grant: Option<SelfGrant>,
    /// Separation of duties: no plan adds anybody to two groups of one list, or keeps them there longer.
    exclusive: Option<Vec<ExclusiveGroups>>,
    /// The owners of rollbook.yaml, rollbook.lock, the users and the CI files; for CODEOWNERS.
    #[schemars(extend("uniqueItems" = true))]
    admins: Option<Vec<Email>>,
}

#[derive(JsonSchema)]
pub(super) struct AtLeastOne(#[schemars(range(min = 1, max = 4_294_967_295_u32))] u32);

/// At least two groups.
#[derive(JsonSchema)]
#[schemars(extend("uniqueItems" = true))]
pub(super) struct ExclusiveGroups(#[schemars(length(min = 2))] Vec<GroupName>);

/// How much one plan may revoke: `total`, `group` or both.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
pub(super) struct MaxRevokes {
    /// The most memberships and accounts that a plan may revoke.
    #[schemars(range(min = 0, max = 4_294_967_295_u32))]
    total: Option<u32>,
    /// The most that one group may lose.
    group: Option<GroupRevokes>,
}

/// The most that one group may lose: a plan is refused when it exceeds both.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct GroupRevokes {
    /// Memberships.
    #[schemars(range(min = 0, max = 4_294_967_295_u32))]
    count: u32,
    /// Percent of the live members.
    #[schemars(range(min = 0, max = 100))]
    percent: u32,
}

/// The things that are never revoked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Protect {
    /// People, by email.
    #[schemars(extend("uniqueItems" = true))]
    users: Option<Vec<Email>>,
    /// Groups, by name.
    #[schemars(extend("uniqueItems" = true))]
    groups: Option<Vec<GroupName>>,
}

/// A guard that is waived for some addresses until a date.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Waiver {
    /// The guard.
    guard: WaivableGuard,
    /// The addresses for which it is waived, as a plan shows them: `group.NAME`, `user.EMAIL` or `member.NAME/EMAIL`.
    #[schemars(length(min = 1), extend("uniqueItems" = true), example = vec!["group.lyon-office"])]
    r#for: Vec<Address>,
    /// Why, for its readers in a year.
    because: Prose,
    /// The first day (UTC) on which the guard is back.
    until: Day,
}

/// A guard that can be waived.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(super) enum WaivableGuard {
    /// The plan revokes more than the policy allows.
    MaxRevokes,
    /// A group would keep fewer active members than the policy says.
    KeepAtLeast,
    /// The plan revokes something that the policy protects.
    Protect,
    /// Somebody would be in two groups that exclude each other.
    Exclusive,
    /// The author of the change would grant themselves a privileged group.
    SelfGrant,
    /// An account would be activated that somebody else suspended.
    Reactivation,
    /// Somebody would be invited at a domain that is not listed.
    InviteDomain,
}
