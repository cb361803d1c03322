//! The lines of an import.

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::model::{Access, Email, GroupName, ImportedGroup, ImportedMember, UserRef, is_invisible};

use super::super::document::{Comment, Entry, Items, Kind, Text, Value};
use super::super::groups::UNMANAGED;
use super::access::NewAccess;
use super::add::FilePer;

/// The head of a file that an import makes.
pub(super) const HEAD: &str =
    "# Made by `rollbook import`. It is yours now: importing again only adds what is missing.";

/// The longest name of a file, without its extension.
const LONGEST_STEM: usize = 60;

/// Names that Windows forbids for files, with any extension
/// (<https://learn.microsoft.com/windows/win32/fileio/naming-a-file>).
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name of the file for a group, without its extension: lower-case letters, digits and `-`. Latin letters lose
/// their accents; those of other scripts stay, since a name would be unreadable without them.
pub(super) fn stem(name: &GroupName, per: FilePer) -> String {
    let name = name.as_str();
    let named = match per {
        FilePer::Group => name,
        FilePer::Prefix => {
            let mut parts = name.split(['-', '_', '.', ' ']);
            parts.find(|part| part.contains(char::is_alphanumeric)).unwrap_or(name)
        }
    };
    let mut stem = String::new();
    for c in named.nfd().filter(|c| !is_combining_mark(*c)).nfc().flat_map(char::to_lowercase) {
        match c {
            'ß' => stem.push_str("ss"),
            'æ' => stem.push_str("ae"),
            'œ' => stem.push_str("oe"),
            'ø' => stem.push('o'),
            'ł' => stem.push('l'),
            'đ' => stem.push('d'),
            c if c.is_alphanumeric() && !is_invisible(c) => stem.push(c),
            _ if !stem.is_empty() && !stem.ends_with('-') => stem.push('-'),
            _ => {}
        }
    }
    let cut: String = stem.chars().take(LONGEST_STEM).collect();
    let stem = cut.trim_end_matches('-');
    let port = |port: &str| stem.strip_prefix(port).is_some_and(|rest| rest.chars().count() == 1);
    if stem.is_empty() {
        "group".into()
    } else if RESERVED.contains(&stem) || port("com") || port("lpt") {
        format!("{stem}-group")
    } else {
        stem.into()
    }
}

/// A group with its members.
pub(super) fn group(group: &ImportedGroup) -> Entry {
    let members = if group.unmanaged {
        Value::Text(Text::plain(UNMANAGED))
    } else {
        let members = group.members.iter().map(|it| member(it, false)).collect();
        Value::Items(Items::new(Kind::List, false, members))
    };
    let grants = (!group.grants.is_empty()).then(|| grants(&group.grants, false));
    let keys = std::iter::once(Entry::keyed("members", members)).chain(grants).collect();
    let value = Value::Items(Items::new(Kind::Map, false, keys));
    let mut entry = Entry::keyed(group.name.as_str(), value);
    let remark = group.remark.as_ref().map(|remark| Comment { text: comment(remark), gap: false });
    entry.above.extend(remark);
    entry
}

/// The key `grants` with its entries, in a mapping between brackets or in lines.
pub(super) fn grants(grants: &[Access], flow: bool) -> Entry {
    let entry = |Access { app, role }: &Access| {
        let key = |key, text| Entry::keyed(key, Value::Text(Text::of(text)));
        let keys = vec![key("app", app.as_str()), key("role", role.as_str())];
        Entry::item(Value::Items(Items::new(Kind::Map, true, keys)))
    };
    let entries = grants.iter().map(entry).collect();
    Entry::keyed("grants", Value::Items(Items::new(Kind::List, flow, entries)))
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

/// A member with its terms, in a list between brackets or in lines.
pub(super) fn granted(access: &NewAccess, flow: bool) -> Entry {
    let user = ImportedMember { user: access.user.clone(), remark: None };
    let mut entry = member(&user, flow);
    if access.until.is_none() && access.because.is_none() {
        return entry;
    }
    let until = access.until.map(|until| Entry::keyed("until", Value::Text(Text::plain(&until.to_string()))));
    let because =
        access.because.as_ref().map(|because| Entry::keyed("because", Value::Text(Text::of(because))));
    terms(&mut entry).entries.extend(until.into_iter().chain(because));
    entry
}

/// Has an entry end on a day.
pub(super) fn end(entry: &mut Entry, day: Date) {
    let until = Value::Text(Text::plain(&day.to_string()));
    let terms = terms(entry);
    match terms.entry("until") {
        Some(entry) => entry.value = until,
        None => terms.entries.push(Entry::keyed("until", until)),
    }
}

/// The keys of a member, which names a user alone where it is not a mapping yet.
fn terms(entry: &mut Entry) -> &mut Items {
    if let Value::Text(text) = &entry.value {
        let user = Entry::keyed("user", Value::Text(text.clone()));
        entry.value = Value::Items(Items::new(Kind::Map, true, vec![user]));
    }
    match &mut entry.value {
        Value::Items(items) => items,
        Value::Text(_) => unreachable!("it has just become a mapping"),
    }
}

/// A person who is active.
pub(super) fn user(email: &Email, name: Option<&str>) -> Entry {
    let name = name.map(|name| Entry::keyed("name", Value::Text(Text::of(name))));
    let active = Entry::keyed("active", Value::Text(Text::plain("true")));
    let keys = name.into_iter().chain([active]).collect();
    Entry::keyed(email.as_str(), Value::Items(Items::new(Kind::Map, true, keys)))
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
            ("über-admins", "uber-admins", "uber"),
            ("Straße Ærø Łódź", "strasse-aero-lodz", "strasse"),
            ("東京 チーム", "東京-チーム", "東京"),
            ("Команда-й", "команда-и", "команда"),
            ("CON", "con-group", "con-group"),
            ("lpt1", "lpt1-group", "lpt1-group"),
            ("compass", "compass", "compass"),
            ("\u{3164}", "group", "group"),
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
