//! The differences between a tree and its base that a reviewer must not miss.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::{
    Action, Address, Adopted, Comparison, DeclarationChange, Declared, Email, IdentityChange, Plan,
    RuleChange, RuleSource, Ruling,
};
use crate::render::escape_untrusted;
use crate::render::lines::{BOLD, CHANGE, Lead, Row, count, painted, wrapped};

use super::readable;
use super::rows::short;

/// The most new mappings that are listed one by one; a tree's first lock has all of its people.
const NEW_MAPPINGS: usize = 20;

/// The parts before the operations: the meaning of names, the rules, and changes that only the change lets pass.
pub(super) fn before_operations(plan: &Plan, width: usize) -> String {
    let mut text = String::new();
    if let Some(base) = &plan.base {
        text.push_str(&identities(&base.identities, width));
        text.push_str(&rules(&base.rules, width));
        text.push_str(&declared(&base.declared, width));
    }
    text.push_str(&allowed(plan, width));
    text
}

/// The base of a plan, in a sentence.
pub(in crate::render) fn compared(base: &Comparison) -> String {
    let revision = &base.revision;
    let commit = revision.commit.as_deref().map(|commit| commit.get(..12).unwrap_or(commit));
    let authors: Vec<&str> = base.authors.iter().map(Email::as_str).collect();
    let by = if authors.is_empty() { String::new() } else { format!(", made by {}", authors.join(" and ")) };
    let with = match commit {
        Some(commit) => format!("Compared with {} ({commit}){by}.", revision.name),
        None => format!("Compared with {}{by}.", revision.name),
    };
    match revision.behind {
        0 => with,
        behind => format!(
            "The branch lacks {} of {name}, and their changes to the site appear here as drift: merge {name} into \
             it, or rebase it. {with}",
            count(behind, "commit"),
            name = revision.name
        ),
    }
}

fn identities(changes: &[IdentityChange], width: usize) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let (mappings, more) = mappings(changes);
    let title = format!("Identities ({}), privileged", mappings.len() + more);
    let mut text = format!("\n{}\n", painted(BOLD, &title));
    for mapping in mappings {
        let head = format!("! {}", readable(mapping.address()));
        text.push_str(&row(&head, &mapping.differs(|text| escape_untrusted(text).into_owned()), "", width));
    }
    if more > 0 {
        text.push_str(&format!("  and {} that had none\n", count(more, "name")));
    }
    text
}

/// How the meaning of a name differs, in one line.
#[derive(Clone, Copy)]
pub(in crate::render) enum Mapping<'a> {
    /// The name has another meaning, or a new one, or is gone.
    Means(&'a IdentityChange),
    /// The same account or group under another name; the old name is gone.
    Renamed { was: &'a Address, change: &'a IdentityChange },
}

/// The names to list with another meaning, and how many of those without an ID before are left out.
pub(in crate::render) fn mappings(changes: &[IdentityChange]) -> (Vec<Mapping<'_>>, usize) {
    let mut gone: BTreeMap<(bool, &str), Vec<&Address>> = BTreeMap::new();
    let mut came: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for change in changes {
        match (&change.base, &change.head) {
            (Some(id), None) => gone.entry(thing(change, id)).or_default().push(&change.address),
            (None, Some(id)) => *came.entry(thing(change, id)).or_default() += 1,
            (Some(_) | None, _) => {}
        }
    }
    // If one name goes and one comes, nothing else can be meant.
    let renamed = |change: &IdentityChange, id: &str| {
        let thing = thing(change, id);
        let [was] = gone.get(&thing)?.as_slice() else { return None };
        (came.get(&thing) == Some(&1)).then_some(*was)
    };
    let (mut other, mut new) = (Vec::new(), Vec::new());
    for change in changes {
        match (&change.base, &change.head) {
            (None, Some(id)) => match renamed(change, id) {
                Some(was) => other.push(Mapping::Renamed { was, change }),
                None => new.push(Mapping::Means(change)),
            },
            (Some(id), None) if renamed(change, id).is_some() => {}
            (Some(_) | None, _) => other.push(Mapping::Means(change)),
        }
    }
    let more = new.len().saturating_sub(NEW_MAPPINGS);
    new.truncate(NEW_MAPPINGS);
    other.append(&mut new);
    (other, more)
}

/// The account or the group that an ID in a change belongs to.
fn thing<'a>(change: &IdentityChange, id: &'a str) -> (bool, &'a str) {
    (matches!(change.address, Address::User(_)), id)
}

impl Mapping<'_> {
    /// The user or the group that is named.
    pub(in crate::render) fn address(&self) -> &Address {
        match self {
            Self::Means(change) | Self::Renamed { change, .. } => &change.address,
        }
    }

    /// The difference; `shown` escapes IDs and names for their place.
    pub(in crate::render) fn differs(&self, shown: impl Fn(&str) -> String) -> String {
        let id = |id: &Option<String>| id.as_deref().map_or("none".into(), &shown);
        let live = |change: &IdentityChange| {
            change.name.as_deref().map(|name| format!(" ({})", shown(name))).unwrap_or_default()
        };
        match self {
            Self::Means(change) => format!("{} → {}{}", id(&change.base), id(&change.head), live(change)),
            Self::Renamed { was, change } => {
                let same = match was {
                    Address::User(_) => "account",
                    Address::Group(_) | Address::Member(..) | Address::Grant(..) => "group",
                };
                let (was, of) = (shown(&readable(was)), id(&change.head));
                format!("was {was}, the same {same} {of}{}", live(change))
            }
        }
    }
}

fn rules(changes: &[RuleChange], width: usize) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", painted(BOLD, &format!("Rules ({})", changes.len())));
    for change in changes {
        let value =
            |value: &Option<String>| value.as_deref().map_or("none".into(), escape_untrusted).into_owned();
        let differs = format!("{} → {}", value(&change.base), value(&change.head));
        text.push_str(&row(&format!("! {}", escape_untrusted(&change.rule)), &differs, "", width));
    }
    text
}

/// Differences in declarations, if no operation shows all of them.
fn declared(changes: &[DeclarationChange], width: usize) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let title = format!("Declared otherwise ({}), with or without an operation", changes.len());
    let mut text = format!("\n{}\n", painted(BOLD, &title));
    for change in changes {
        let mut middle = vec![escape_untrusted(&differs(&change.declared)).into_owned()];
        middle.extend(change.privileged.then(|| "privileged".to_owned()));
        text.push_str(&row(
            &format!("! {}", readable(&change.address)),
            &middle.join(", "),
            &short(&change.origin),
            width,
        ));
    }
    text
}

/// A difference between declarations, in words.
pub(in crate::render) fn differs(declared: &Declared) -> String {
    match declared {
        Declared::GroupLeaves { members, revokes } => {
            let stay = match members {
                Some(1) => "1 member stays".into(),
                Some(members) => format!("{members} members stay"),
                None => "its members stay".into(),
            };
            let dropped = match revokes {
                0 => String::new(),
                revokes => format!(", {} dropped", count(*revokes, "revoke")),
            };
            format!("no longer declared: {stay}{dropped}")
        }
        Declared::Enters => "declared for the first time: the access is there already".into(),
        Declared::Leaves => "no longer declared: access stays".into(),
        Declared::End { base, head } => {
            let end = |end: &Option<Date>| end.map_or("no end".into(), |end| format!("until {end}"));
            format!("{} → {}", end(base), end(head))
        }
        Declared::Kept { undoes, reason } => {
            format!("stays: the base would {undoes} ({reason})")
        }
    }
}

fn allowed(plan: &Plan, width: usize) -> String {
    let allowed = allowed_by_change(plan);
    if allowed.is_empty() {
        return String::new();
    }
    let title = format!("Allowed by this change ({})", allowed.len());
    let mut text = format!("\n{}\n", painted(BOLD, &title));
    text.extend(allowed.iter().map(|line| wrapped(&escape_untrusted(line), &Lead::BULLET, width)));
    text
}

/// The changes that the rules of the base would refuse, and those of the change let pass.
pub(in crate::render) fn allowed_by_change(plan: &Plan) -> Vec<String> {
    plan.guards
        .iter()
        .filter_map(|verdict| {
            let by = match &verdict.ruling {
                Ruling::AllowedByChange { by: RuleSource::Policy } => "its policy".to_owned(),
                Ruling::AllowedByChange { by: RuleSource::Waiver { because, until } } => {
                    format!("a waiver until {until}: {because}")
                }
                Ruling::Refused | Ruling::Waived { .. } | Ruling::Allowed | Ruling::NotJudged => return None,
            };
            Some(format!("{}: {} (allowed by {by})", verdict.guard, verdict.why))
        })
        .collect()
}

/// The manual changes that are declared now.
pub(super) fn adopted(adopted: &[Adopted], width: usize) -> String {
    if adopted.is_empty() {
        return String::new();
    }
    let title = format!("Adopted ({}): done by hand, and accepted by this change", adopted.len());
    let mut text = format!("\n{}\n", painted(BOLD, &title));
    for entry in adopted {
        let mut middle = vec![by_hand(entry)];
        middle.extend(entry.privileged.then_some("privileged"));
        text.push_str(&row(
            &format!("= {}", readable(&entry.address)),
            &middle.join(", "),
            &format!("base {}", short(&entry.origin)),
            width,
        ));
    }
    text
}

/// The manual change, by the operation that would undo it.
pub(in crate::render) fn by_hand(entry: &Adopted) -> &'static str {
    match (entry.undoes, &entry.address) {
        (Action::Remove, Address::Member(..)) => "came in",
        (Action::Add, _) => "went out",
        (Action::Activate, _) => "suspended",
        (Action::Invite, _) => "not invited",
        (Action::Suspend | Action::Deactivate | Action::Remove, _) => "active again",
        (Action::Create, _) => "deleted",
        (Action::Delete, _) => "made again",
        (Action::Update, _) => "renamed",
        (Action::Revoke, _) => "given",
        (Action::Assign, _) => "taken",
    }
}

fn row(head: &str, middle: &str, right: &str, width: usize) -> String {
    let head = escape_untrusted(head);
    Row { style: CHANGE, indent: 0, head: &head, head_width: 28, middle, right }.text(width)
}
