//! Why somebody is in a group, as text for people and as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    ExplainedGrant, Explanation, GrantStanding, LiveRoles, Standing, SyncedWay, Way, formats,
};

use super::escape_untrusted;
use super::json::{pretty, schema};
use super::lines::{BOLD, CHANGE, GRANT, Lead, REVOKE, Row, painted, wrapped};
use super::plan::short;

/// The subject of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A person: their groups.
    User,
    /// A group: its people.
    Group,
}

#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    format: &'static str,
    /// The user or the group that was asked for.
    about: &'a str,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

pub(super) fn explanation_schema() -> String {
    schema::<Document<'_>>(formats::EXPLANATION)
}

/// Renders an explanation as JSON, with a line break at its end.
pub fn explanation_json(name: &str, explanation: &Explanation) -> String {
    pretty(&Document { format: formats::EXPLANATION, about: name, explanation })
}

/// Renders an explanation within a width: for each group of a person, or person of a group, every way.
pub fn explanation_text(name: &str, about: About, explanation: &Explanation, width: usize) -> String {
    let mut text = format!("{}\n", painted(BOLD, &escape_untrusted(name)));
    let mut gathered: BTreeMap<String, Vec<&Way>> = BTreeMap::new();
    for way in &explanation.ways {
        let head = match about {
            About::User => way.steps.first().map(|step| step.group.to_string()).unwrap_or_default(),
            About::Group => way.user.to_string(),
        };
        gathered.entry(head).or_default().push(way);
    }
    if gathered.is_empty() && explanation.synced.is_empty() {
        text.push_str(match about {
            About::User => "No group of the tree names them.\n",
            About::Group => "Its entries name nobody.\n",
        });
    }
    for (head, ways) in gathered {
        text.push_str(&gathered_ways(&head, &ways, about, width));
    }
    for way in &explanation.synced {
        text.push_str(&synced_row(way, about, width));
    }
    if explanation.more {
        text.push_str("There are more ways than are shown.\n");
    }
    text.push_str(&declared_grants(about, &explanation.grants, width));
    text.push_str(&explanation.live.as_ref().map(|live| live_roles(live, width)).unwrap_or_default());
    text
}

/// The roles that the tree's groups give: a line each, with its place.
fn declared_grants(about: About, grants: &[ExplainedGrant], width: usize) -> String {
    let Some(_) = grants.first() else { return String::new() };
    let mut text = format!("\n{}\n", painted(BOLD, "Apps, as declared"));
    for grant in grants {
        let (sign, style, standing) = match grant.standing {
            GrantStanding::Given => ("+", GRANT, ""),
            GrantStanding::Expired => ("-", REVOKE, "expired"),
            GrantStanding::Absent => ("-", REVOKE, "declared absent"),
        };
        let by = match about {
            About::User => format!("by {}", escape_untrusted(grant.group.as_str())),
            About::Group => String::new(),
        };
        let until = grant.until.map(|until| format!("until {until}")).unwrap_or_default();
        let because = grant.because.as_deref().map(escape_untrusted).unwrap_or_default();
        let details = [by.as_str(), standing, &until, &because];
        let details: Vec<&str> = details.into_iter().filter(|detail| !detail.is_empty()).collect();
        let head = format!("{sign} {}", escape_untrusted(&grant.access.to_string()));
        let (middle, right) = (details.join(", "), short(&grant.origin));
        text.push_str(
            &Row { style, indent: 0, head: &head, head_width: 28, middle: &middle, right: &right }
                .text(width),
        );
    }
    text
}

/// The roles that the site shows.
fn live_roles(live: &LiveRoles, width: usize) -> String {
    let mut text = format!("\n{}\n", painted(BOLD, "Apps, live"));
    for role in &live.roles {
        let mut ways: Vec<String> =
            role.groups.iter().map(|group| format!("by {}", escape_untrusted(group.as_str()))).collect();
        let others = [
            (role.hidden_group, "by a group that is not shown"),
            (role.direct == Some(true), "directly, which no tree manages"),
            (role.inferred, "by what else they administer"),
            (role.default_group, "as a default group of the app"),
        ];
        ways.extend(others.into_iter().filter(|(is, _)| *is).map(|(_, words)| words.to_owned()));
        let head = escape_untrusted(&role.access.to_string()).into_owned();
        let middle = ways.join(", ");
        text.push_str(
            &Row { style: BOLD, indent: 2, head: &head, head_width: 26, middle: &middle, right: "" }
                .text(width),
        );
    }
    if live.roles.is_empty() && live.unknown.is_empty() {
        text.push_str("  none\n");
    }
    for sentence in &live.unknown {
        text.push_str(&wrapped(&escape_untrusted(sentence), &Lead::BULLET, width));
    }
    text
}

fn gathered_ways(head: &str, ways: &[&Way], about: About, width: usize) -> String {
    let holds = ways.iter().any(|way| way.standing == Standing::Member);
    let (sign, style) = if holds { ("+", GRANT) } else { ("-", REVOKE) };
    let owners = ways.first().map(|way| way.owners.join(" and ")).unwrap_or_default();
    let middle = match about {
        About::User if !owners.is_empty() => format!("owned by {}", escape_untrusted(&owners)),
        About::User | About::Group => String::new(),
    };
    let head = format!("{sign} {}", escape_untrusted(head));
    let mut text =
        Row { style, indent: 0, head: &head, head_width: 28, middle: &middle, right: "" }.text(width);
    for way in ways {
        text.push_str(&way_row(way, width));
    }
    text
}

/// A way for everybody in a synced group. Whether a person is one of them, the site alone tells.
fn synced_row(way: &SyncedWay, about: About, width: usize) -> String {
    let synced = escape_untrusted(way.synced.as_str());
    let head = match about {
        About::User => way.steps.first().map(|step| format!("? {}", escape_untrusted(step.group.as_str()))),
        About::Group => Some(format!("+ everybody in {synced}")),
    };
    let style = if way.expired { CHANGE } else { GRANT };
    let mut text =
        Row { style, indent: 0, head: &head.unwrap_or_default(), head_width: 28, middle: "", right: "" }
            .text(width);
    let mut details = vec![match about {
        About::User => "if they are in it, which the site tells".to_owned(),
        About::Group => "who that is, the site tells".to_owned(),
    }];
    let inner = way.steps.iter().skip(1);
    details.extend(inner.map(|step| format!("by {}", escape_untrusted(step.group.as_str()))));
    details.extend(way.expired.then(|| "expired".to_owned()));
    details.extend(way.until.map(|until| format!("until {until}")));
    let except: Vec<String> = way.except.iter().map(ToString::to_string).collect();
    details.extend((!except.is_empty()).then(|| format!("not {}", escape_untrusted(&except.join(", ")))));
    let reasons = way.steps.iter().filter_map(|step| step.because.as_deref());
    details.extend(reasons.map(|because| escape_untrusted(because).into_owned()));
    let right: Vec<String> = way.steps.iter().map(|step| short(&step.origin)).collect();
    let head = format!("through the synced group {synced}");
    let (middle, right) = (details.join(", "), right.join(" → "));
    text.push_str(
        &Row { style, indent: 4, head: &head, head_width: 20, middle: &middle, right: &right }.text(width),
    );
    text
}

/// One way: through which groups, until when, and why; then the line that names the person.
fn way_row(way: &Way, width: usize) -> String {
    let inner = way.steps.iter().skip(1);
    let through: Vec<String> = inner.map(|step| escape_untrusted(step.group.as_str()).into_owned()).collect();
    let head = if through.is_empty() { "direct".to_owned() } else { format!("by {}", through.join(", by ")) };
    let mut details = vec![match &way.standing {
        Standing::Member => String::new(),
        Standing::Expired => "expired".into(),
        Standing::Excepted => "left out by `except`".into(),
        Standing::Offboarded(origin) => format!("offboarded, {}", short(origin)),
    }];
    details.extend(way.until.map(|until| format!("until {until}")));
    let reasons = way.steps.iter().filter_map(|step| step.because.as_deref());
    details.extend(reasons.map(|because| escape_untrusted(because).into_owned()));
    details.retain(|detail| !detail.is_empty());
    let right: Vec<String> = way.steps.iter().map(|step| short(&step.origin)).collect();
    let row = Row {
        style: if way.standing == Standing::Member { GRANT } else { CHANGE },
        indent: 4,
        head: &head,
        head_width: 20,
        middle: &details.join(", "),
        right: &right.join(" → "),
    };
    row.text(width)
}
