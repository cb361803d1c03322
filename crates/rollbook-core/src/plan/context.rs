//! What a plan is made from, besides the changes.

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

/// What routing needs besides the changes.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// What the tree asks for, and whom and what it means.
    pub tree: &'a Resolved<'a>,
    /// The places of the tree.
    pub locator: &'a Locator<'a>,
    /// What the surfaces report.
    pub live: &'a LiveState,
    /// The answers to what the changes ask.
    pub capabilities: &'a Capabilities,
    /// When and by what the plan is made.
    pub header: Header,
    /// [`super::tree_digest`] of the tree.
    pub tree_digest: &'a str,
    /// The part that is asked for.
    pub scope: &'a Scope,
    /// The base revision that the tree is compared with, where there is one.
    pub base: Option<&'a Base<'a>>,
    /// The tree at the last commit whose apply completed, where that is known and is another than the base.
    pub applied: Option<&'a Resolved<'a>>,
    /// Everybody who made the change from the base to the tree, where somebody says it.
    pub authors: &'a [Email],
    /// What a reviewer should know besides what the plan finds.
    pub notes: &'a [Note],
    /// The plan that was reviewed, where there is one: only what it has is kept.
    pub reviewed: Option<&'a SavedPlan>,
    /// Whether the changes take a run back, so that the tree does not ask for them.
    pub undoes: bool,
    /// The members of groups as they were before, where a snapshot has them.
    pub before: Option<&'a BTreeMap<GroupId, Listing<AccountId>>>,
    /// The site's day, where this machine's clock is more than a day off and nobody named the day.
    pub site_day: Option<Date>,
    /// The published rate limits.
    pub rates: &'a Rates,
}

impl Context<'_> {
    /// What is known of an account: a listing showed it, or it was asked for.
    pub(super) fn account(&self, id: &AccountId) -> Option<&LiveAccount> {
        self.live.accounts.get(id).or_else(|| self.capabilities.accounts.get(id)?.as_ref())
    }

    /// The accounts of which anything is known.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &LiveAccount> {
        self.live.accounts.values().chain(self.capabilities.accounts.values().flatten())
    }

    /// What a plan calls a group: as the tree declares it, else as the site does.
    pub(super) fn name_of(&self, id: &GroupId, otherwise: &GroupName) -> GroupName {
        let shown = || self.live.groups.iter().find(|group| group.id == *id).map(|group| &group.name);
        self.tree.groups.declared_as(id).or_else(shown).unwrap_or(otherwise).clone()
    }
}
