//! What Rollbook promises, judged by true accounts and humans on the site before and after every operation.
//!
//! The base is the tree of the last apply that was done whole. Rules about an author are the base's alone: nobody loosens
//! them in the change that needs it. Other rules bind where both trees have them, by what either means, since what a
//! change loosens explicitly is shown to its reviewer as that. A waiver that takes in what happens counts in
//! either tree, and for rules about an author in the base.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rollbook::model::{Address, Operation, Plan, PlannedOperation, Ruling, UserRef};

use super::meaning::{Meaning, Reach, is_active_person, people_in};
use super::site::{Pair, Person, effective, human, is_active, memberships};
use super::tree::Tree;
use crate::world::Live;

/// A promise that was broken.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// A short name of the promise.
    pub(super) rule: &'static str,
    /// The guards that refuse the plan, where that is what breaks it.
    pub(super) refused: BTreeSet<&'static str>,
    pub(super) what: String,
    /// The plan as people see it.
    pub(super) plan: String,
}

/// What an apply is judged by.
pub(super) struct Judge<'a> {
    pub(super) base: &'a Tree,
    pub(super) head: &'a Tree,
    pub(super) today: Date,
    /// The site before the first operation.
    pub(super) start: &'a Live,
    pub(super) plan: &'a Plan,
    /// Everybody who may have made the change.
    pub(super) suspects: BTreeSet<Person>,
    /// Whether the platform says of every change who made it.
    pub(super) told: bool,
    /// Whether the run makes no change: the rules and the operator of a change that waits hold nobody in then.
    pub(super) nightly: bool,
}

/// One operation, and the site before and after it.
pub(super) struct Step<'a> {
    pub(super) planned: &'a PlannedOperation,
    pub(super) before: &'a Live,
    pub(super) after: &'a Live,
}

type Verdict = Result<(), Finding>;

impl<'a> Judge<'a> {
    fn base_on(&self, live: &'a Live) -> Meaning<'a> {
        Meaning { tree: self.base, live, today: self.today }
    }

    fn head_on(&self, live: &'a Live) -> Meaning<'a> {
        Meaning { tree: self.head, live, today: self.today }
    }

    fn base(&self) -> Meaning<'a> {
        self.base_on(self.start)
    }

    fn both(&self) -> [Meaning<'a>; 2] {
        [self.base(), self.head_on(self.start)]
    }

    fn waived(&self, guard: &str, groups: &[&str], account: Option<&str>) -> bool {
        self.both().iter().any(|meaning| meaning.waives(guard, groups, account))
    }

    /// Judges one operation.
    pub(super) fn step(&self, step: &Step<'_>) -> Verdict {
        self.nobody_lets_themselves_in(step)?;
        self.what_excludes_stays_apart(step)?;
        self.floors_hold(step)?;
        self.protected_keep(step)?;
        self.an_administrator_stays(step)?;
        self.marked_groups_stay(step)?;
        self.suspended_stay(step)?;
        self.names_mean_themselves(step)?;
        self.nothing_else_happens(step)
    }

    fn nobody_lets_themselves_in(&self, Step { planned, before, after }: &Step<'_>) -> Verdict {
        if !self.base.policy.refuses_self_grant {
            return Ok(());
        }
        let base = self.base();
        let mut marked = base.privileged();
        marked.extend(Meaning { live: after, ..base }.privileged());
        let gained: Vec<Pair> = effective(after).difference(&effective(before)).cloned().collect();
        let activated = matches!(planned.operation, Operation::ActivateUser { .. });
        for pair in gained.iter().filter(|(group, _)| marked.contains(group)) {
            let (group, account) = pair;
            let themselves = human(account).is_some_and(|person| self.suspects.contains(person));
            let wanted = base.wants(pair) || Meaning { live: after, ..base }.wants(pair);
            let asked = wanted && (!activated || base.activates(account));
            if themselves && !asked && !base.waives("self-grant", &[group.as_str()], Some(account.as_str())) {
                return self
                    .broken("self-grant", format!("{account} comes into {group} by their own change"));
            }
        }
        Ok(())
    }

    /// Nobody keeps a privileged membership, by their own change, for longer than the base lets them.
    pub(super) fn nobody_keeps_themselves_in(&self, end: &Live) -> Verdict {
        if !self.base.policy.refuses_self_grant {
            return Ok(());
        }
        let (base, head) = (self.base(), self.head_on(self.start));
        let marked = base.privileged();
        for pair in memberships(end).iter().filter(|(group, _)| marked.contains(group)) {
            let (group, account) = pair;
            let themselves = human(account).is_some_and(|person| self.suspects.contains(person));
            let (was, is) = (base.stays(pair, Reach::Ever), head.stays(pair, Reach::Today));
            // No matter who took the group out of the tree, the plan has to report it.
            let undeclared = !self.told && head.keys(group).is_empty() && {
                let text = text(self.plan);
                base.keys(group).iter().any(|key| text.contains(key.as_str()))
            };
            let told = undeclared || says_of(self.plan, &head, pair) || says_of(self.plan, &base, pair);
            let waived = base.waives("self-grant", &[group.as_str()], Some(account.as_str()));
            if themselves && was < is && !told && !waived {
                let what = format!("{account} keeps {group} by their own change: base {was:?}, now {is:?}");
                return self.broken("self-keep", what);
            }
        }
        Ok(())
    }

    /// A privileged group takes in another one by `nest: true` alone, whether the policy lists it or the site makes it one.
    pub(super) fn nesting_is_said(&self) -> Verdict {
        let (base, head) = (self.base(), self.head_on(self.start));
        for group in base.privileged() {
            let about = (group.clone(), String::new());
            let told = says_of(self.plan, &head, &about);
            if head.nests_unsaid(&group) && !base.nests_unsaid(&group) && !told {
                return self.broken("nest", format!("{group} takes in another group without `nest: true`"));
            }
        }
        Ok(())
    }

    fn what_excludes_stays_apart(&self, Step { after, .. }: &Step<'_>) -> Verdict {
        let (then, now) = (memberships(self.start), memberships(after));
        let (base, head) = (&self.base.policy.exclusive, &self.head.policy.exclusive);
        let shared = base.iter().filter(|list| head.contains(list)).map(|list| (self.base(), list));
        let own = head.iter().map(|list| (self.head_on(self.start), list));
        for (meaning, list) in shared.chain(own) {
            let after = Meaning { live: after, ..meaning };
            let ids = list.iter().filter_map(|name| meaning.group(name).or_else(|| after.group(name)));
            let ids: BTreeSet<String> = ids.collect();
            for account in after.live.accounts.keys() {
                let within = |pairs: &BTreeSet<Pair>| -> BTreeSet<String> {
                    ids.iter()
                        .filter(|id| pairs.contains(&((*id).clone(), account.clone())))
                        .cloned()
                        .collect()
                };
                let (was, is) = (within(&then), within(&now));
                let new = is.len() > 1 && !is.is_subset(&was);
                let groups: Vec<&str> = is.iter().map(String::as_str).collect();
                if new && !self.waived("exclusive", &groups, Some(account)) {
                    return self.broken("exclusive", format!("{account} is in {}", groups.join(" and ")));
                }
            }
        }
        Ok(())
    }

    fn floors_hold(&self, Step { planned, before, after }: &Step<'_>) -> Verdict {
        let invited = self.invited(after);
        for (name, floor) in &self.head.policy.floors {
            let [base, head] = self.both();
            let of_base =
                self.base.policy.floors.get(name).map(|other| (base.group(name), *floor.min(other)));
            for (group, floor) in of_base.into_iter().chain([(head.group(name), *floor)]) {
                let Some(group) = group.filter(|group| after.groups.contains_key(group)) else { continue };
                let count = |live| people_in(live, &group, &invited);
                let (start, was, is) = (count(self.start), count(before), count(after));
                // Who is to lose all access does so first, and those who come instead come after that.
                let coming =
                    if planned.operation.leaver().is_some() { self.coming(&group, after) } else { 0 };
                let broken = is < was && is + coming < start.min(floor);
                if broken && !self.waived("keep-at-least", &[&group], None) {
                    return self.broken("floor", format!("{group} has {is} of {floor} active people"));
                }
            }
        }
        Ok(())
    }

    /// How many active people are still to come into a group.
    fn coming(&self, group: &str, live: &Live) -> usize {
        let comes = |planned: &&PlannedOperation| {
            let (to, account) = (planned.operation.group(), planned.operation.account());
            let adds = matches!(planned.operation, Operation::AddMember { .. });
            let absent = account.is_some_and(|id| !live.groups[group].members.contains(id.as_str()));
            let active = account.and_then(|id| live.accounts.get(id.as_str())).is_some_and(is_active_person);
            adds && to.is_some_and(|id| id.as_str() == group) && absent && active
        };
        self.plan.operations.iter().filter(comes).count()
    }

    fn protected_keep(&self, Step { before, after, .. }: &Step<'_>) -> Verdict {
        let (base, head) = (&self.base.policy, &self.head.policy);
        // What a change that waits makes of a name holds nobody in by night.
        let of_head = Some(self.head_on(self.start)).filter(|_| !self.nightly);
        let users = head.protected_users.iter().flat_map(|email| {
            let of_base = base.protected_users.contains(email).then(|| self.base().account(email)).flatten();
            of_base.into_iter().chain(of_head.and_then(|head| head.account(email)))
        });
        let users: BTreeSet<String> = users.collect();
        let groups = head.protected_groups.iter().flat_map(|name| {
            let of_base = base.protected_groups.contains(name).then(|| self.base().group(name)).flatten();
            of_base.into_iter().chain(of_head.and_then(|head| head.group(name)))
        });
        let groups: BTreeSet<String> = groups.collect();
        let both = self.both();
        let binding = if self.nightly { &both[..1] } else { &both[..] };
        let operators: BTreeSet<String> = binding.iter().filter_map(operator).collect();
        for (group, account) in lost(before, after) {
            let waived = self.waived("protect", &[group.as_str()], Some(account.as_str()));
            if users.contains(&account) && !waived {
                return self.broken("protect-user", format!("{account} loses {group}"));
            }
            if groups.contains(&group) && !waived {
                return self.broken("protect-group", format!("{account} loses {group}"));
            }
            if operators.contains(&account) {
                return self.broken("operator", format!("{account}, the operator, loses {group}"));
            }
        }
        Ok(())
    }

    fn an_administrator_stays(&self, Step { before, after, .. }: &Step<'_>) -> Verdict {
        let invited = self.invited(after);
        let count = |live: &Live| -> usize {
            let groups = self.start.admin_groups.iter();
            groups.map(|group| people_in(live, group, &invited)).sum()
        };
        if count(self.start) > 0 && count(after) == 0 && count(before) > 0 {
            return self
                .broken("last-admin", "the site has no administrator who is a person and active".into());
        }
        Ok(())
    }

    fn marked_groups_stay(&self, Step { planned, .. }: &Step<'_>) -> Verdict {
        let Operation::DeleteGroup { group, .. } = &planned.operation else { return Ok(()) };
        let (base, head) = (self.base(), self.head_on(self.start));
        let mut marked = base.privileged();
        marked.extend(base.marked(&self.base.policy.protected_groups));
        marked.extend(head.meant(&self.head.policy.privileged));
        marked.extend(head.meant(&self.head.policy.protected_groups));
        let of_apps = self.start.roles.iter().flat_map(|(_, groups, defaults)| groups.iter().chain(defaults));
        marked.extend(of_apps.cloned());
        if marked.contains(group.as_str()) {
            return self.broken("deleted", format!("{group} is marked and is deleted"));
        }
        Ok(())
    }

    fn suspended_stay(&self, Step { planned, .. }: &Step<'_>) -> Verdict {
        let Operation::ActivateUser { account, .. } = &planned.operation else { return Ok(()) };
        let account = account.as_str();
        if self.base().activates(account) && !self.waived("reactivation", &[], Some(account)) {
            return self
                .broken("reactivation", format!("{account} was suspended by hand, and is active again"));
        }
        Ok(())
    }

    /// A name that the site gives to one group changes no other one.
    fn names_mean_themselves(&self, Step { planned, .. }: &Step<'_>) -> Verdict {
        let (name, id) = (planned.key.address.group(), planned.operation.group());
        let Some((name, id)) = name.zip(id) else { return Ok(()) };
        let called = self.base().called(name.as_str());
        if called.as_deref().is_some_and(|called| called != id.as_str()) {
            return self.broken("identity", format!("`{}` changes {id}", planned.key));
        }
        Ok(())
    }

    fn nothing_else_happens(&self, Step { planned, before, after }: &Step<'_>) -> Verdict {
        let ended = self.ended_by_plan();
        let silent = lost(before, after).into_iter().find(|pair| !ended.contains(pair));
        let come = memberships(after).difference(&memberships(before)).next().cloned();
        let joins = matches!(planned.operation, Operation::AddMember { .. } | Operation::InviteUser { .. });
        if let Some((group, account)) = silent.or(come.filter(|_| !joins)) {
            return self.broken("unannounced", format!("`{}`: {account} in {group}", planned.key));
        }
        Ok(())
    }

    /// Every membership of which some operation of the plan says that it ends or has no effect any more.
    fn ended_by_plan(&self) -> BTreeSet<Pair> {
        let mut pairs = BTreeSet::new();
        for planned in &self.plan.operations {
            let kept = planned.operation.leaver().map_or(&[][..], |(_, kept)| kept);
            let mut said: Vec<_> = kept.iter().map(|kept| &kept.membership).collect();
            if let Operation::RemoveMember { membership } = &planned.operation {
                said.push(membership);
            }
            if let Operation::DeleteGroup { members, .. } = &planned.operation {
                said.extend(members.iter().map(|lost| &lost.membership));
            }
            pairs.extend(said.iter().map(|it| (it.group().to_string(), it.account().to_string())));
        }
        pairs
    }

    /// The accounts that this plan created.
    fn invited(&self, after: &Live) -> BTreeSet<String> {
        after.accounts.keys().filter(|id| !self.start.accounts.contains_key(*id)).cloned().collect()
    }

    fn broken(&self, rule: &'static str, what: String) -> Verdict {
        let refused = self.plan.refusals().map(|verdict| verdict.guard.as_str()).collect();
        Err(Finding { rule, refused, what, plan: text(self.plan) })
    }
}

/// The outcome of ends that have come: `kept` is who was in a group before a nightly run and after it. Whose end both
/// trees say is over is out, or the plan says something about them or the group.
pub(super) fn ends_come(judge: &Judge<'_>, end: &Live) -> Verdict {
    let [base, head] = judge.both();
    let kept: BTreeSet<Pair> = memberships(end).intersection(&memberships(judge.start)).cloned().collect();
    for pair in &kept {
        let over = |meaning: &Meaning<'_>| meaning.ended(&pair.0).contains(&pair.1);
        if over(&base)
            && over(&head)
            && !says_of(judge.plan, &base, pair)
            && !says_of(judge.plan, &head, pair)
        {
            let refused = judge.plan.refusals().next().is_some();
            let rule = if refused { "expiry-held-by-others" } else { "expiry-silent" };
            return judge.broken(rule, format!("{} is still in {} after the end", pair.1, pair.0));
        }
    }
    Ok(())
}

/// Whether a plan refuses or blocks something about a group or an account.
fn says_of(plan: &Plan, meaning: &Meaning<'_>, (group, account): &Pair) -> bool {
    let about = |address: &Address| {
        let named = address.group().is_some_and(|name| meaning.marked(&[name.to_string()]).contains(group));
        let person = address.user().is_some_and(|user| match user {
            UserRef::Email(email) => meaning.accounts(email.as_str()).contains(account),
            UserRef::Account(id) => id.as_str() == account,
        });
        match address {
            Address::Group(_) | Address::Grant(..) => named,
            Address::User(_) => person,
            Address::Member(..) => person || named,
        }
    };
    let refused = plan.guards.iter().filter(|verdict| verdict.ruling == Ruling::Refused);
    let whole = |addresses: &[Address]| addresses.is_empty() || addresses.iter().any(about);
    plan.blocked.iter().any(|blocked| about(&blocked.address))
        || refused.into_iter().any(|verdict| whole(&verdict.addresses))
}

/// The memberships that an operation ends or makes ineffective.
fn lost(before: &Live, after: &Live) -> BTreeSet<Pair> {
    let ended = memberships(before).difference(&memberships(after)).cloned().collect::<BTreeSet<Pair>>();
    ended.into_iter().chain(effective(before).difference(&effective(after)).cloned()).collect()
}

/// The account of the operator, where Rollbook can tell.
fn operator(meaning: &Meaning<'_>) -> Option<String> {
    let email = meaning.tree.operator.as_ref()?;
    let account = meaning.account(email)?;
    let pinned = meaning.tree.users.get(email).is_some_and(|user| user.account.is_some());
    let known = pinned || meaning.tree.locked_users.contains_key(email);
    let shown = meaning.live.accounts.get(&account).is_some_and(|it| !it.hidden && is_active(it));
    (known || shown || meaning.tree.organization).then_some(account)
}

fn text(plan: &Plan) -> String {
    crate::world::plain(&rollbook::render::plan_text(plan, rollbook::render::Grouping::Group, 100))
}
