//! What each comment of a formatted file stands with, told by its lines alone.

use std::collections::BTreeMap;

use serde_json::Value;

/// Each comment, with the keys and items that lead to what it stands with: to the entry on its line or below it, or to
/// the list or mapping that it ends.
pub(super) fn of(text: &str) -> BTreeMap<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = BTreeMap::new();
    let mut stack: Vec<(usize, String)> = Vec::new();
    let mut waiting: Vec<(usize, String)> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (line, comment) = parted(lines[at]);
        let indent = line.len() - line.trim_start().len();
        if line.trim().is_empty() {
            if let Some(comment) = comment {
                waiting.push((lines[at].len() - lines[at].trim_start().len(), comment));
            }
            at += 1;
            continue;
        }
        // Comments that are further in than this line end something.
        for (column, comment) in waiting.iter().filter(|(column, _)| *column != indent) {
            found.insert(comment.clone(), path(stack.iter().filter(|(at, _)| at < column)));
        }
        stack.retain(|(at, _)| *at < indent);
        let mut column = indent;
        let mut rest = line.trim();
        while let Some(item) = rest.strip_prefix("- ") {
            stack.push((column, label(&region(&lines[at..], column))));
            above(&mut found, &mut waiting, &stack);
            (column, rest) = (column + 2, item);
        }
        if let Ok(Value::Object(map)) = serde_yaml::from_str(rest)
            && !rest.starts_with('{')
        {
            stack.push((column, map.keys().next().unwrap().clone()));
            above(&mut found, &mut waiting, &stack);
        }
        if let Some(comment) = comment {
            found.insert(comment, path(stack.iter()));
        }
        at += 1;
        if [": |", ": |-", ": >", ": >-", "- |", "- |-", "- >", "- >-"]
            .iter()
            .any(|head| line.ends_with(head))
        {
            let is_text = |line: &&str| line.is_empty() || line.len() - line.trim_start().len() > column;
            at += lines[at..].iter().take_while(|line| is_text(line)).count();
            // Blank lines at its end are not part of the text.
            while lines[at - 1].is_empty() {
                at -= 1;
            }
        }
    }
    for (column, comment) in waiting {
        found.insert(comment, path(stack.iter().filter(|(at, _)| *at < column)));
    }
    found
}

/// Comments right above an entry stand with it.
fn above(
    found: &mut BTreeMap<String, String>,
    waiting: &mut Vec<(usize, String)>,
    stack: &[(usize, String)],
) {
    let column = stack.last().unwrap().0;
    for (at, comment) in std::mem::take(waiting) {
        if at == column {
            found.insert(comment, path(stack.iter()));
        }
    }
}

fn path<'s>(stack: impl Iterator<Item = &'s (usize, String)>) -> String {
    stack.map(|(_, label)| label.as_str()).collect::<Vec<_>>().join("\u{1f}")
}

/// A line and its comment's number; no text of a random tree holds `#c`.
fn parted(line: &str) -> (&str, Option<String>) {
    let Some((before, comment)) = line.split_once("#c") else { return (line, None) };
    let number: String = comment.chars().take_while(char::is_ascii_digit).collect();
    (before.trim_end(), Some(format!("#c{number}")))
}

/// What an item of a list says that starts on the first of these lines.
fn region(lines: &[&str], column: usize) -> Value {
    let first = format!("{}{}", " ".repeat(column + 2), &lines[0][column + 2..]);
    let within = |line: &&&str| line.trim().is_empty() || line.len() - line.trim_start().len() > column;
    let rest = lines[1..].iter().take_while(within).copied();
    let text: Vec<&str> = std::iter::once(first.as_str()).chain(rest).collect();
    serde_yaml::from_str(&text.join("\n")).unwrap_or_else(|error| panic!("{error}\n{}", lines.join("\n")))
}

/// What an item of a list is known by.
pub(super) fn label(item: &Value) -> String {
    match item {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let known = ["user", "group", "synced", "account"].iter().find_map(|key| map.get(*key));
            known.and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        other => other.to_string(),
    }
}
