//! The inputs of a plan, besides the changes.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::{
    AccountId, Capabilities, Email, GroupId, GroupName, Header, Listing, LiveAccount, LiveState, Locator,
    Note,
};

use super::base::Base;
use super::cost::Rates;
use super::document::SavedPlan;
use super::identity::Resolved;
use super::narrow::Scope;

/// The inputs of routing, besides the changes.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The tree, with its names resolved.
    pub tree: &'a Resolved<'a>,
    /// The places of the tree.
    pub locator: &'a Locator<'a>,
    /// The state that the surfaces report.
    pub live: &'a LiveState,
    /// The answers to the questions of the changes.
    pub capabilities: &'a Capabilities,
    /// When and by which version the plan is made.
    pub header: Header,
    /// [`super::tree_digest`] of the tree.
    pub tree_digest: &'a str,
    /// The requested part.
    pub scope: &'a Scope,
    /// The base revision that the tree is compared with, if there is one.
    pub base: Option<&'a Base<'a>>,
    /// The tree at the last commit whose apply completed, if that is known and differs from the base.
    pub applied: Option<&'a Resolved<'a>>,
    /// The authors of the change from the base to the tree, if the caller names them.
    pub authors: &'a [Email],
    /// Notes for reviewers besides the plan's own.
    pub notes: &'a [Note],
    /// The plan that was reviewed, if there is one: only its operations are kept.
    pub reviewed: Option<&'a SavedPlan>,
    /// Whether the changes revert a run, so the tree does not ask for them.
    pub undoes: bool,
    /// The earlier members of groups, if a snapshot has them.
    pub before: Option<&'a BTreeMap<GroupId, Listing<AccountId>>>,
    /// The site's date, if this machine's clock is more than a day off and no date was given.
    pub site_day: Option<Date>,
    /// The published rate limits.
    pub rates: &'a Rates,
}

impl Context<'_> {
    /// The data of an account that a listing showed or that was asked for.
    pub(super) fn account(&self, id: &AccountId) -> Option<&LiveAccount> {
        self.live.accounts.get(id).or_else(|| self.capabilities.accounts.get(id)?.as_ref())
    }

    /// The accounts of which anything is known.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &LiveAccount> {
        self.live.accounts.values().chain(self.capabilities.accounts.values().flatten())
    }

    /// The name of a group in a plan: the tree's if it declares the group, otherwise the site's.
    pub(super) fn name_of(&self, id: &GroupId, otherwise: &GroupName) -> GroupName {
        let shown = || self.live.groups.iter().find(|group| group.id == *id).map(|group| &group.name);
        self.tree.groups.declared_as(id).or_else(shown).unwrap_or(otherwise).clone()
    }
}
