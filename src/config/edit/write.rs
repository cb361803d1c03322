//! The lines of an import.

use crate::model::{Email, GroupName, ImportedGroup, ImportedMember, UserRef, is_invisible};

use super::super::node::{Looks, Scalar};
use super::add::FilePer;

/// What stands above all in a file that an import makes.
pub(super) const HEAD: &str =
    "# Made by `rollbook import`. It is yours now: importing again only adds what is missing.\n";

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

/// A group with its members, its key in this column.
pub(super) fn group(group: &ImportedGroup, column: usize) -> String {
    let indent = " ".repeat(column);
    let remark = group.remark.as_ref().map(|remark| format!("{indent}# {}\n", shown(remark)));
    let key = scalar(group.name.as_str());
    let head = format!("{}{indent}{key}:\n", remark.unwrap_or_default());
    if group.members.is_empty() {
        return format!("{head}{indent}  members: []\n");
    }
    let members: String = group.members.iter().map(|it| member(it, column + 4)).collect();
    format!("{head}{indent}  members:\n{members}")
}

/// A member on a line of its own, its dash in this column.
pub(super) fn member(member: &ImportedMember, column: usize) -> String {
    let indent = " ".repeat(column);
    let who = match &member.user {
        UserRef::Email(email) => scalar(email.as_str()),
        UserRef::Account(id) => format!("account: {}", quoted(id.as_str())),
    };
    let remark = member.remark.as_ref().map(|remark| format!(" # {}", shown(remark)));
    format!("{indent}- {who}{}\n", remark.unwrap_or_default())
}

/// A member between brackets.
pub(super) fn item(user: &UserRef) -> String {
    match user {
        UserRef::Email(email) => scalar(email.as_str()),
        UserRef::Account(id) => format!("{{ account: {} }}", quoted(id.as_str())),
    }
}

/// A person who is active, the key in this column.
pub(super) fn user(email: &Email, column: usize) -> String {
    format!("{}{}: {{ active: true }}\n", " ".repeat(column), scalar(email.as_str()))
}

/// A text between quotes. What JSON calls a string, YAML does too.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text without quotes where every reader takes it for one.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+@-".contains(&b))
        && Scalar { text: text.into(), plain: true }.looks() == Looks::Text;
    if plain { text.to_owned() } else { quoted(text) }
}

/// A remark that stays on its line and hides nothing.
fn shown(remark: &str) -> String {
    let c = |c: char| match c {
        ' ' => " ".to_owned(),
        c if is_invisible(c) => c.escape_unicode().to_string(),
        c => c.to_string(),
    };
    remark.chars().map(c).collect()
}

/// Adds lines at the end of a text.
pub(super) fn below(text: &mut String, lines: &str) {
    let end = text.len();
    below_line(text, end, lines);
}

/// Adds lines below the line in which something ends, its breaks like the text's.
pub(super) fn below_line(text: &mut String, end: usize, lines: &str) {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines = if newline == "\n" { lines.to_owned() } else { lines.replace('\n', newline) };
    let begins = end == 0 || text[..end].ends_with('\n');
    if begins {
        return text.insert_str(end, &lines);
    }
    if let Some(newline) = text[end..].find('\n') {
        text.insert_str(end + newline + 1, &lines);
    } else {
        text.push_str(newline);
        text.push_str(&lines);
    }
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

    #[test]
    fn a_remark_stays_on_its_line() {
        let member = |remark: &str| {
            super::member(
                &ImportedMember { user: UserRef::Account("712020:a".into()), remark: Some(remark.into()) },
                2,
            )
        };
        assert_eq!(member("Ada"), "  - account: \"712020:a\" # Ada\n");
        assert_eq!(
            member("x\n- eve@acme.com\u{202e}"),
            "  - account: \"712020:a\" # x\\u{a}- eve@acme.com\\u{202e}\n"
        );
    }

    #[test]
    fn lines_come_below_a_line() {
        let below = |text: &str, end: usize| {
            let mut text = text.to_owned();
            below_line(&mut text, end, "new\n");
            text
        };
        assert_eq!(below("a # b\nc\n", 1), "a # b\nnew\nc\n");
        assert_eq!(below("a", 1), "a\nnew\n");
        assert_eq!(below("a\r\nb\r\n", 1), "a\r\nnew\r\nb\r\n");
        assert_eq!(below("a: |\n  b\nc", 9), "a: |\n  b\nnew\nc");
    }
}
