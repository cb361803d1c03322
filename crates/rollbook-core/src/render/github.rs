//! Diagnostics and plans as annotations on the lines of a change: workflow commands of GitHub Actions.
//!
//! A command is a line `::error file=…,line=…,title=…::message`, with its content escaped as the runner's own toolkit
//! does. GitHub shows ten annotations of each kind for a step, so each line gets only one.

use std::collections::BTreeMap;

use crate::model::{
    Blocked, Diagnostic, Location, Locator, Plan, PlannedOperation, Severity, Tree, in_repository,
};

use super::escape_untrusted;
use super::plan::{allowed_by_change, details, readable, sign_of};

/// The level of an annotation.
#[derive(Clone, Copy)]
enum Kind {
    Error,
    Warning,
    Notice,
}

/// Diagnostics as annotations. `prefix` is the tree's folder in its repository, with a `/` at its end, or empty.
pub fn diagnostics_github(tree: &Tree, found: &[Diagnostic], prefix: &str) -> String {
    let locator = Locator::new(tree);
    let line = |diagnostic: &Diagnostic| {
        let kind = match diagnostic.severity {
            Severity::Error => Kind::Error,
            Severity::Warning => Kind::Warning,
        };
        let place = diagnostic.labels.first().map(|label| locator.locate(label.span.origin));
        let message: Vec<&str> =
            std::iter::once(diagnostic.message.as_str()).chain(diagnostic.help.as_deref()).collect();
        command(kind, place.as_ref(), prefix, diagnostic.code, &message.join("\n"))
    };
    found.iter().map(line).collect()
}

/// A plan as annotations: refused and blocked changes as errors, the rules that change, the operations at the lines that
/// ask for them, and the notes for a reviewer. `prefix` is as in [`diagnostics_github`].
pub fn plan_github(plan: &Plan, prefix: &str) -> String {
    let mut text = String::new();
    for verdict in plan.refusals() {
        let message = format!("{}\n{}", verdict.why, verdict.help);
        text.push_str(&command(
            Kind::Error,
            None,
            prefix,
            &format!("refused by {}", verdict.guard),
            &message,
        ));
    }
    for (title, lines) in changed(plan) {
        text.push_str(&command(Kind::Warning, None, prefix, title, &lines.join("\n")));
    }
    let blocked = |entry: &&Blocked| entry.origin.clone();
    for (place, entries) in gathered(plan.blocked.iter(), |entry| blocked(&entry)) {
        let lines = entries.iter().map(|entry| {
            format!("{} {}: {}\n{}", entry.action, readable(&entry.address), entry.why, entry.help)
        });
        let title = format!("blocked: {}", entries[0].code);
        text.push_str(&command(
            Kind::Error,
            Some(&place),
            prefix,
            &title,
            &lines.collect::<Vec<_>>().join("\n"),
        ));
    }
    for (place, operations) in gathered(plan.operations.iter(), |planned| planned.origin.clone()) {
        let kind =
            if operations.iter().any(|planned| planned.privileged) { Kind::Warning } else { Kind::Notice };
        let lines: Vec<String> = operations.iter().map(|planned| operation(planned)).collect();
        text.push_str(&command(kind, Some(&place), prefix, "planned", &lines.join("\n")));
    }
    for note in &plan.notes {
        text.push_str(&command(Kind::Notice, note.origin.as_ref(), prefix, &note.code, &note.text));
    }
    text
}

/// The changes of the rules, which have no line.
fn changed(plan: &Plan) -> Vec<(&'static str, Vec<String>)> {
    const SHOWN: usize = 40;
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
    let rules = plan.base.iter().flat_map(|base| &base.rules);
    let mut rules: Vec<String> =
        rules.map(|rule| format!("{}: {} → {}", rule.rule, value(&rule.base), value(&rule.head))).collect();
    let more = rules.len().saturating_sub(SHOWN);
    rules.truncate(SHOWN);
    rules.extend((more > 0).then(|| format!("and {more} more")));
    let parts = [("allowed by this change", allowed_by_change(plan)), ("rules that change", rules)];
    parts.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

/// The entries of each place, in the order of the tree.
fn gathered<'a, T>(
    entries: impl Iterator<Item = &'a T>,
    place: impl Fn(&T) -> Location,
) -> BTreeMap<Location, Vec<&'a T>> {
    let mut gathered: BTreeMap<Location, Vec<&T>> = BTreeMap::new();
    for entry in entries {
        let mut place = place(entry);
        // A line has only one annotation, for all of its columns.
        place.column = 1;
        gathered.entry(place).or_default().push(entry);
    }
    gathered
}

fn operation(planned: &PlannedOperation) -> String {
    let mut about = details(planned);
    if planned.privileged {
        about.push("privileged".into());
    }
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    let sign = sign_of(planned.operation.direction());
    format!("{sign} {} {}{about}", planned.key.action, readable(&planned.key.address))
}

fn command(kind: Kind, place: Option<&Location>, prefix: &str, title: &str, message: &str) -> String {
    let kind = match kind {
        Kind::Error => "error",
        Kind::Warning => "warning",
        Kind::Notice => "notice",
    };
    let place = place.map(|place| {
        let Location { path, line, column } = place;
        let path = in_repository(prefix, path).unwrap_or_else(|| path.to_string());
        format!("file={},line={line},col={column},", property(&path))
    });
    let message: Vec<_> = message.lines().map(escape_untrusted).collect();
    format!(
        "::{kind} {}title={}::{}\n",
        place.unwrap_or_default(),
        property(title),
        data(&message.join("\n"))
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&escape_untrusted(text)).replace(':', "%3A").replace(',', "%2C")
}
