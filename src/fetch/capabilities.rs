//! Answers to what changes ask.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryFutureExt;
use futures_util::future::try_join_all;
use tokio::try_join;
use tracing::info;

use crate::atlassian::{self, Jira};
use crate::model::{AccountId, AppRole, Capabilities, GroupId, GroupName, LiveAccount, Questions, Reading};

use super::Error;

/// Answers questions. Nothing that was not asked is read, but for the kinds of the groups that offboarded
/// people turn out to be in.
///
/// # Errors
/// What the surface said.
pub async fn capabilities(jira: &Jira, questions: &Questions) -> Result<Capabilities, Error> {
    if !questions.is_empty() {
        info!(
            groups = questions.group_kinds.len(),
            people = questions.memberships.len(),
            accounts = questions.accounts.len(),
            apps = questions.app_roles,
            "asking what the changes need"
        );
    }
    let groups_of = |id| jira.groups_of(id).map_ok(move |groups| (AccountId::clone(id), groups));
    let memberships: BTreeMap<_, _> =
        try_join_all(questions.memberships.iter().map(groups_of)).await?.into_iter().collect();

    let mut names: BTreeMap<GroupId, GroupName> = questions.group_kinds.clone();
    let found = memberships.values().flat_map(|groups| groups.iter());
    names.extend(found.map(|group| (group.id.clone(), group.name.clone())));
    let kind_of = |(id, name)| jira.group_kind(id, name).map_ok(move |kind| (GroupId::clone(id), kind));
    let (kinds, accounts, app_roles) = try_join!(
        try_join_all(names.iter().map(kind_of)),
        accounts(jira, &questions.accounts),
        app_roles(jira, questions.app_roles)
    )?;
    Ok(Capabilities { group_kinds: kinds.into_iter().collect(), memberships, accounts, app_roles })
}

async fn accounts(
    jira: &Jira,
    ids: &BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, Option<LiveAccount>>, atlassian::Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let asked: Vec<AccountId> = ids.iter().cloned().collect();
    let mut answers: BTreeMap<AccountId, Option<LiveAccount>> =
        ids.iter().cloned().map(|id| (id, None)).collect();
    for account in jira.accounts(&asked).await? {
        answers.insert(account.id.clone(), Some(account));
    }
    Ok(answers)
}

async fn app_roles(jira: &Jira, asked: bool) -> Result<Reading<Vec<AppRole>>, atlassian::Error> {
    if asked { jira.app_roles().await } else { Ok(Reading::NotRead) }
}
