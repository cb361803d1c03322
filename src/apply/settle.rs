//! Reads what was touched again: one read a group, patiently, since reads may lag behind writes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use crate::atlassian::{Fault, Jira, MadeIds};
use crate::model::{
    AccountId, Confirmation, GroupId, GroupName, Listing, Operation, Outcome, PlannedOperation, Ref,
};

use super::answer::{Answered, said};

/// How long reads may lag behind writes before a report says "not yet visible" (design §5; fact sheet §1.3).
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait between two reads of the same thing.
const INTERVAL: Duration = Duration::from_secs(3);

/// What a read must show for an operation to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sight {
    /// The account is in the group, or is not.
    Member { group: GroupId, account: AccountId, present: bool },
    /// The group exists, or does not.
    Group { group: GroupId, present: bool },
    /// A group of this name exists; its id got lost with the answer.
    Named(GroupName),
    /// The account is active, or is not: one that was removed is still shown (fact sheet §1.3).
    Account { account: AccountId, active: bool },
    /// Nothing that can be read would tell.
    Nothing,
}

/// What one round of reads showed.
#[derive(Default)]
struct Seen {
    /// `None` where the group is gone.
    groups: BTreeMap<GroupId, Result<Option<Listing<AccountId>>, String>>,
    names: Option<Result<BTreeSet<GroupName>, String>>,
    /// Those that are active.
    accounts: Option<Result<BTreeSet<AccountId>, String>>,
}

/// Turns answers into outcomes. Every operation that was answered gets one.
pub(super) async fn settle(
    jira: &Jira,
    operations: &[PlannedOperation],
    answers: &[Option<Answered>],
    made: &MadeIds,
) -> BTreeMap<usize, Outcome> {
    let mut outcomes = BTreeMap::new();
    let mut open: BTreeMap<usize, (Sight, &Answered)> = BTreeMap::new();
    for (at, answered) in answers.iter().enumerate().filter_map(|(at, answer)| Some((at, answer.as_ref()?))) {
        match answered {
            Answered::Refused(why) => {
                outcomes.insert(at, Outcome::Failed { why: why.clone() });
            }
            Answered::Done | Answered::Claimed(_) | Answered::Lost(_) => {
                open.insert(at, (sight(&operations[at], made), answered));
            }
        }
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let seen = look(jira, open.values().map(|(sight, _)| sight)).await;
        let late = tokio::time::Instant::now() >= deadline;
        open.retain(|at, (sight, answered)| {
            match outcome(answered, seen.shows(sight), late || *sight == Sight::Nothing) {
                Some(outcome) => {
                    outcomes.insert(*at, outcome);
                    false
                }
                None => true,
            }
        });
        if open.is_empty() {
            return outcomes;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// What an answer and a read together say; nothing while there is reason to look once more.
fn outcome(answered: &Answered, shown: Result<bool, String>, last: bool) -> Option<Outcome> {
    match (answered, shown) {
        (Answered::Refused(why), _) => Some(Outcome::Failed { why: why.clone() }),
        (Answered::Done | Answered::Lost(_), Ok(true)) => Some(Outcome::Applied(Confirmation::Seen)),
        (Answered::Claimed(_), Ok(true)) => Some(Outcome::AlreadySatisfied),
        (_, Ok(false) | Err(_)) if !last => None,
        (Answered::Done, Ok(false) | Err(_)) => Some(Outcome::Applied(Confirmation::NotYetVisible)),
        (Answered::Claimed(text), Ok(false)) => {
            Some(Outcome::Failed { why: format!("{text}; but reads do not show it") })
        }
        (Answered::Claimed(text), Err(why)) => {
            Some(Outcome::Unsettled { why: format!("{text}; the read to confirm it failed: {why}") })
        }
        (Answered::Lost(text), Ok(false)) => {
            Some(Outcome::Unsettled { why: format!("{text}; reads do not show it yet") })
        }
        (Answered::Lost(text), Err(why)) => Some(Outcome::Unsettled { why: format!("{text}; {why}") }),
    }
}

fn sight(planned: &PlannedOperation, made: &MadeIds) -> Sight {
    match &planned.operation {
        Operation::AddMember { group, account } => match (made.group(group), made.account(account)) {
            (Ok(group), Ok(account)) => Sight::Member { group, account, present: true },
            (Err(_), _) | (_, Err(_)) => Sight::Nothing,
        },
        Operation::RemoveMember { membership } => Sight::Member {
            group: membership.group().clone(),
            account: membership.account().clone(),
            present: false,
        },
        Operation::CreateGroup { name } => match made.group(&Ref::Made(planned.key.clone())) {
            Ok(group) => Sight::Group { group, present: true },
            Err(_) => Sight::Named(name.clone()),
        },
        Operation::DeleteGroup { group, .. } => Sight::Group { group: group.clone(), present: false },
        Operation::InviteUser { .. } => match made.account(&Ref::Made(planned.key.clone())) {
            Ok(account) => Sight::Account { account, active: true },
            Err(_) => Sight::Nothing,
        },
        Operation::RemoveUser { account, .. } => Sight::Account { account: account.clone(), active: false },
    }
}

/// One read a group, one for all accounts, one for all names.
async fn look(jira: &Jira, sights: impl Iterator<Item = &Sight>) -> Seen {
    let mut groups: BTreeSet<GroupId> = BTreeSet::new();
    let mut accounts: BTreeSet<AccountId> = BTreeSet::new();
    let mut names = false;
    for sight in sights {
        match sight {
            Sight::Member { group, .. } | Sight::Group { group, .. } => {
                groups.insert(group.clone());
            }
            Sight::Account { account, .. } => {
                accounts.insert(account.clone());
            }
            Sight::Named(_) => names = true,
            Sight::Nothing => {}
        }
    }
    let read = join_all(groups.into_iter().map(async |group| {
        let members = match jira.members(&group).await {
            Ok((listing, _)) => Ok(Some(listing)),
            // A proxy's page may come with the same status, and says nothing about the group.
            Err(error) if matches!(error.fault(), Some(Fault::NotFound(_))) => Ok(None),
            Err(error) => Err(said(&error)),
        };
        (group, members)
    }))
    .await;
    let mut seen = Seen { groups: read.into_iter().collect(), ..Seen::default() };
    if names {
        let listed = jira.groups().await;
        seen.names = Some(match listed {
            Ok(groups) => Ok(groups.iter().map(|group| group.name.clone()).collect()),
            Err(error) => Err(said(&error)),
        });
    }
    if !accounts.is_empty() {
        seen.accounts = Some(active(jira, accounts).await);
    }
    seen
}

/// Those of the accounts that are active.
async fn active(jira: &Jira, asked: BTreeSet<AccountId>) -> Result<BTreeSet<AccountId>, String> {
    let asked: Vec<AccountId> = asked.into_iter().collect();
    match jira.accounts(&asked).await {
        Ok(accounts) => {
            Ok(accounts.into_iter().filter(|account| account.active).map(|account| account.id).collect())
        }
        Err(error) => Err(said(&error)),
    }
}

impl Seen {
    /// Whether the reads show it, or why they cannot tell.
    fn shows(&self, sight: &Sight) -> Result<bool, String> {
        match sight {
            Sight::Member { group, account, present } => {
                let members = self.group(group)?;
                Ok(members.is_some_and(|members| members.contains(account)) == *present)
            }
            Sight::Group { group, present } => Ok(self.group(group)?.is_some() == *present),
            Sight::Named(name) => match &self.names {
                Some(names) => names.clone().map(|names| names.contains(name)),
                None => Err("the groups were not read".into()),
            },
            Sight::Account { account, active } => match &self.accounts {
                Some(accounts) => accounts.clone().map(|accounts| accounts.contains(account) == *active),
                None => Err("the accounts were not read".into()),
            },
            Sight::Nothing => Err("no read would show it; plan again".into()),
        }
    }

    fn group(&self, group: &GroupId) -> Result<Option<&Listing<AccountId>>, String> {
        match self.groups.get(group) {
            Some(Ok(members)) => Ok(members.as_ref()),
            Some(Err(why)) => Err(why.clone()),
            None => Err("the group was not read".into()),
        }
    }
}
