//! The lines of an import.

use crate::model::{Email, GroupName, ImportedGroup, ImportedMember, UserRef, is_invisible};

use super::super::document::{Comment, Entry, Items, Kind, Text, Value};
use super::add::FilePer;

/// What stands above all in a file that an import makes.
pub(super) const HEAD: &str =
    "# Made by `rollbook import`. It is yours now: importing again only adds what is missing.";

/// The longest name of a file, without its ending.
const LONGEST_STEM: usize = 60;

/// The name of the file for a group, without its ending: lower-case ASCII letters, digits and `-`.
pub(super) fn stem(name: &GroupName, per: FilePer) -> String {
    let name = name.as_str();
    let named = match per {
        FilePer::Group => name,
        FilePer::Prefix => {
            let mut parts = name.split(['-', '_', '.', ' ']);
            parts.find(|part| part.contains(|c: char| c.is_ascii_alphanumeric())).unwrap_or(name)
        }
    };
    let mut stem = String::new();
    for c in named.chars() {
        if c.is_ascii_alphanumeric() {
            stem.push(c.to_ascii_lowercase());
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    stem.truncate(LONGEST_STEM);
    let stem = stem.trim_end_matches('-');
    if stem.is_empty() { "group".into() } else { stem.into() }
}

/// A group with its members.
pub(super) fn group(group: &ImportedGroup) -> Entry {
    let members = group.members.iter().map(|it| member(it, false)).collect();
    let members = Entry::keyed("members", Value::Items(Items::new(Kind::List, false, members)));
    let value = Value::Items(Items::new(Kind::Map, false, vec![members]));
    let mut entry = Entry::keyed(group.name.as_str(), value);
    let remark = group.remark.as_ref().map(|remark| Comment { text: comment(remark), gap: false });
    entry.above.extend(remark);
    entry
}

/// A member, in a list between brackets or in lines.
pub(super) fn member(member: &ImportedMember, flow: bool) -> Entry {
    let value = match &member.user {
        UserRef::Email(email) => Value::Text(Text::of(email.as_str())),
        UserRef::Account(id) => {
            let account = Entry::keyed("account", Value::Text(Text::quoted(id.as_str())));
            Value::Items(Items::new(Kind::Map, flow, vec![account]))
        }
    };
    let mut entry = Entry::item(value);
    entry.line = member.remark.as_deref().map(comment);
    entry
}

/// A person who is active.
pub(super) fn user(email: &Email) -> Entry {
    let active = Entry::keyed("active", Value::Text(Text::plain("true")));
    Entry::keyed(email.as_str(), Value::Items(Items::new(Kind::Map, true, vec![active])))
}

/// A remark that stays on its line and hides nothing.
fn comment(remark: &str) -> String {
    let c = |c: char| match c {
        ' ' => " ".to_owned(),
        c if is_invisible(c) => c.escape_unicode().to_string(),
        c => c.to_string(),
    };
    let shown: String = remark.chars().map(c).collect();
    format!("# {}", shown.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_groups() {
        let table = [
            ("site-admins", "site-admins", "site"),
            ("Jira Administrators", "jira-administrators", "jira"),
            ("../../etc/passwd", "etc-passwd", "etc-passwd"),
            (".hidden", "hidden", "hidden"),
            ("Ünïcode", "n-code", "n-code"),
            ("東京", "group", "group"),
            ("---", "group", "group"),
        ];
        for (name, group, prefix) in table {
            let name = GroupName::new(name);
            assert_eq!(stem(&name, FilePer::Group), group);
            assert_eq!(stem(&name, FilePer::Prefix), prefix, "{name}");
        }
        assert_eq!(stem(&GroupName::new("a".repeat(300)), FilePer::Group).len(), LONGEST_STEM);
    }
}
