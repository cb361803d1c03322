//! The accounts and groups that a snapshot shows under their own names.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{
    AccountId, Email, GroupId, GroupName, LiveAccount, LiveState, OrganizationUser, Plan, Questions,
    Snapshot, UnlistedGroups,
};

use super::super::desired::Desired;
use super::super::document::document;
use super::super::identity::{Groups, People};
use super::names::Names;

/// The accounts and groups that a snapshot shows under their own names.
#[derive(Clone, Debug, Default)]
pub struct Disclosed {
    /// Accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Groups.
    pub groups: BTreeSet<GroupId>,
}

/// A plan and the reads that it was made from, which become a snapshot.
#[derive(Clone, Copy)]
pub struct Planned<'a> {
    /// The desired state.
    pub desired: &'a Desired<'a>,
    /// The live state.
    pub live: &'a LiveState,
    /// Its questions.
    pub questions: &'a Questions,
    /// The plan.
    pub plan: &'a Plan,
}

impl Disclosed {
    /// The people and groups that the tree declares, the members of its groups, and those that its plan names: no more
    /// than the same plan needs.
    pub fn of(snapshot: &Snapshot, planned: Planned<'_>) -> Self {
        let Planned { desired, live, questions, plan } = planned;
        let readings = &snapshot.readings;
        let mut disclosed = Self::default();
        let people = People::of(desired, live);
        disclosed.accounts.extend(people.accounts().map(|(_, id)| id.clone()));
        disclosed.accounts.extend(readings.members.values().flatten().cloned());
        disclosed.accounts.extend(readings.rights.acting().cloned());
        let asked = questions.memberships.iter().chain(&questions.accounts).chain(&questions.people);
        disclosed.accounts.extend(asked.cloned());
        let words = words(plan);
        let told = |id: &AccountId, email: Option<&Email>| {
            words.contains(id.as_str()) || email.is_some_and(|email| words.contains(email.as_str()))
        };
        let listed = |account: &&LiveAccount| told(&account.id, account.email.as_ref());
        disclosed
            .accounts
            .extend(readings.accounts.values().filter(listed).map(|account| account.id.clone()));
        let shown = |person: &&OrganizationUser| told(&person.account, person.email.as_ref());
        disclosed
            .accounts
            .extend(readings.people.values().filter(shown).map(|person| person.account.clone()));

        let groups = Groups::of(desired.declaration, &live.groups);
        disclosed.groups.extend(groups.live().map(|(_, group)| group.id.clone()));
        // A lock may call one otherwise than the site does.
        disclosed.groups.extend(readings.synced.kinds.keys().cloned());
        let lost = questions.memberships.iter().filter_map(|id| snapshot.answers.memberships.get(id));
        disclosed.groups.extend(lost.flatten().map(|group| group.id.clone()));
        let joined = plan.operations.iter().flat_map(|planned| planned.operation.defaults());
        disclosed.groups.extend(joined.map(|group| group.id.clone()));
        let folded: BTreeSet<String> = Names::of(desired).groups.iter().map(GroupName::folded).collect();
        let all = desired.declaration.policy.unlisted_groups == UnlistedGroups::Report;
        let named = live.groups.iter().filter(|group| all || folded.contains(&group.name.folded()));
        disclosed.groups.extend(named.map(|group| group.id.clone()));
        disclosed
    }
}

/// Every word of a plan, without the punctuation around it.
fn words(plan: &Plan) -> BTreeSet<String> {
    fn add(value: &Value, words: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => {
                let bare = |word: &str| word.trim_matches(|c| "(),;.".contains(c)).to_owned();
                words.extend(text.split_whitespace().map(bare));
            }
            Value::Array(values) => values.iter().for_each(|value| add(value, words)),
            Value::Object(fields) => fields.values().for_each(|value| add(value, words)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut words = BTreeSet::new();
    add(&document(plan), &mut words);
    words
}
