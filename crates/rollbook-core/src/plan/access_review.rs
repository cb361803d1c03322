//! Who is reviewed, what is proposed, and what is wrong with the decisions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::model::{
    AccessReview, Address, Claim, Decision, DeclaredMembership, Email, GroupName, GroupState, History,
    ORGANIZATION_ADMINS, Reading, ReportedUser, ReviewRow, Stretch, UserRef, UserReport, formats,
};

use super::desired::{Desired, DesiredGroup, owners};

/// Which groups are reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewScope {
    /// Every group of the site.
    All,
    /// Those of `policy.privileged`, and the organization's own administrators.
    Privileged,
    /// These, as the site names them.
    Groups(BTreeSet<GroupName>),
}

/// What a review is made of.
#[derive(Clone, Copy, Debug)]
pub struct ReviewRequest<'a> {
    /// Which groups.
    pub scope: &'a ReviewScope,
    /// After how many days without activity a removal is proposed.
    pub inactive_days: Option<u32>,
    /// The history; `None` if the tree is in no repository.
    pub history: Option<&'a History>,
    /// The commit that is checked out.
    pub commit: Option<&'a str>,
}

impl ReviewScope {
    fn takes(&self, name: &GroupName, desired: &Desired<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Privileged => {
                let privileged = &desired.declaration.policy.privileged;
                name.as_str() == ORGANIZATION_ADMINS
                    || privileged.iter().any(|it| it.value.folded() == name.folded())
            }
            Self::Groups(names) => names.contains(name),
        }
    }

    fn words(&self) -> Vec<String> {
        match self {
            Self::All => vec!["all".to_owned()],
            Self::Privileged => vec!["privileged".to_owned()],
            Self::Groups(names) => {
                names.iter().map(|name| Address::Group(name.clone()).to_string()).collect()
            }
        }
    }
}

/// Freezes who is in which group of a site, one row each, with what the tree and its history say of it.
pub fn review(report: &UserReport, desired: &Desired<'_>, request: &ReviewRequest<'_>) -> AccessReview {
    let owners = owners(desired.declaration);
    let groups: BTreeMap<String, (&GroupName, &DesiredGroup<'_>)> =
        desired.groups.iter().map(|(name, group)| (name.folded(), (name, group))).collect();
    let lasting = request.history.into_iter().flat_map(|history| &history.stretches);
    let lasting: BTreeMap<&Address, &Stretch> =
        lasting.filter(|it| it.lasts_on(desired.today)).map(|it| (&it.address, it)).collect();
    let mut rows = Vec::new();
    for user in &report.users {
        let owner = owners.get(&user.account.id).map(|email| (*email).clone());
        let email = owner.or_else(|| user.account.email.clone()).map(UserRef::Email);
        let refs: Vec<UserRef> =
            email.into_iter().chain([UserRef::Account(user.account.id.clone())]).collect();
        for name in user.groups.iter().filter(|name| request.scope.takes(name, desired)) {
            let declared = groups.get(&name.folded());
            let declared =
                declared.and_then(|(name, group)| declared_membership(name, group, &refs, &lasting));
            rows.push(row(name, user, &refs, declared, request.inactive_days, desired.today));
        }
    }
    rows.sort_by(|a, b| (&a.group, &a.user, &a.account).cmp(&(&b.group, &b.user, &b.account)));
    let mut review = AccessReview {
        format: formats::REVIEW.to_owned(),
        site: report.site.clone(),
        scope: request.scope.words(),
        started: desired.today,
        commit: request.commit.map(str::to_owned),
        inactive_days: request.inactive_days,
        unknown: report.unknown.clone(),
        digest: String::new(),
        rows,
    };
    review.digest = review.population();
    review
}

fn declared_membership(
    name: &GroupName,
    group: &DesiredGroup<'_>,
    refs: &[UserRef],
    lasting: &BTreeMap<&Address, &Stretch>,
) -> Option<DeclaredMembership> {
    let (user, entry) = refs.iter().find_map(|user| Some((user, group.members.get(user)?)))?;
    let because = match &group.declared.state {
        GroupState::Present(members) => members.entries.iter().find(|it| it.origin == entry.origin),
        GroupState::Absent => None,
    };
    let stretch = lasting.get(&Address::Member(name.clone(), user.clone()));
    let from = stretch.and_then(|stretch| stretch.from.as_ref());
    Some(DeclaredMembership {
        until: entry.until,
        because: because.and_then(|entry| entry.because.clone()),
        since: from.map(crate::model::Turn::day),
        commit: from.and_then(|from| from.commit.clone()),
        author: from.and_then(|from| from.author.clone()),
        pull_request: from.and_then(|from| from.pull_request),
    })
}

fn row(
    group: &GroupName,
    user: &ReportedUser,
    refs: &[UserRef],
    declared: Option<DeclaredMembership>,
    inactive_days: Option<u32>,
    today: Date,
) -> ReviewRow {
    let (proposal, why) = proposal(user, declared.is_some(), inactive_days, today);
    ReviewRow {
        group: group.clone(),
        user: refs.first().map(ToString::to_string).unwrap_or_default(),
        account: user.account.id.clone(),
        name: user.account.name.clone(),
        status: user.account.status.as_str().to_owned(),
        managed: match user.claim {
            Claim::Managed => Some(true),
            Claim::Unmanaged => Some(false),
            Claim::NotReported => None,
        },
        last_active: match &user.last_active {
            Reading::NotRead => "unknown".to_owned(),
            Reading::Read(None) => "none".to_owned(),
            Reading::Read(Some(at)) => at.clone(),
        },
        declared,
        proposal,
        why,
        decision: Decision::Pending,
        by: None,
        because: None,
    }
}

/// What is proposed, and why. What is not known is not a reason to remove anybody.
fn proposal(
    user: &ReportedUser,
    declared: bool,
    inactive_days: Option<u32>,
    today: Date,
) -> (Decision, String) {
    if !declared {
        return (Decision::Remove, "the configuration does not declare it".to_owned());
    }
    if !user.account.active() {
        return (Decision::Remove, format!("the account is {}", user.account.status));
    }
    let Some(days) = inactive_days.filter(|_| user.account.kind.is_person()) else {
        return (Decision::Keep, "declared".to_owned());
    };
    let limit = today.checked_sub(i64::from(days).days()).unwrap_or(Date::MIN);
    match &user.last_active {
        Reading::NotRead => (Decision::Keep, "declared; the last activity is unknown".to_owned()),
        Reading::Read(None) => {
            (Decision::Remove, format!("no activity is recorded, for {days} days or ever"))
        }
        Reading::Read(Some(at)) => match at.parse::<Timestamp>() {
            Err(_) => (Decision::Keep, "declared; the last activity is unknown".to_owned()),
            Ok(time) => {
                let day = time.to_zoned(jiff::tz::TimeZone::UTC).date();
                if day < limit {
                    (Decision::Remove, format!("not active since {day}"))
                } else {
                    (Decision::Keep, "declared".to_owned())
                }
            }
        },
    }
}

/// What is wrong with the decisions of a review, one sentence each.
pub fn review_problems(review: &AccessReview, complete: bool) -> Vec<String> {
    let mut problems = Vec::new();
    let population = review.population();
    if population != review.digest {
        problems.push(format!(
            "The population was changed: its digest is {population}, and the file says {}.",
            review.digest
        ));
    }
    for row in &review.rows {
        let at = format!("{} in {}", row.user, row.group);
        if row.decision == Decision::Pending {
            if row.by.is_some() || row.because.is_some() {
                problems.push(format!("{at}: `by` or `because` without a decision."));
            } else if complete {
                problems.push(format!("{at}: not decided."));
            }
            continue;
        }
        let by = row.by.as_deref().map(Email::parse);
        match by {
            None => problems.push(format!("{at}: decided, and `by` does not say who did.")),
            Some(Err(error)) => problems.push(format!("{at}: `by` is not an email: {error}.")),
            Some(Ok(by)) if Email::parse(&row.user).is_ok_and(|user| user == by) => {
                problems.push(format!("{at}: decided by {by}, whose own access it is."));
            }
            Some(Ok(_)) => {}
        }
        let is_blank = row.because.as_deref().is_none_or(|because| because.trim().is_empty());
        if is_blank && row.decision != row.proposal {
            problems.push(format!("{at}: decided against the proposal, and `because` does not say why."));
        }
    }
    problems
}
