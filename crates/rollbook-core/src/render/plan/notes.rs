//! The notes of a plan, and its blocked changes: a sentence that applies to many is shown once.

use std::borrow::Cow;

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::model::{Blocked, Email, Note, Plan, UserRef};
use crate::render::escape_untrusted;
use crate::render::lines::{BOLD, CHANGE, Lead, Row, painted, wrapped};

use super::readable;
use super::rows::short;

/// Notes of one kind that a plan may have many of.
#[derive(PartialEq, Eq, Hash)]
struct Kind {
    code: &'static str,
    /// The common start and end of each of them.
    around: [&'static str; 2],
    /// The sentence for all of them, behind their number.
    of_all: &'static str,
}

const KINDS: [Kind; 8] = [
    Kind {
        code: "unlisted-group",
        around: ["group ", " is not declared"],
        of_all: "groups are not declared",
    },
    Kind {
        code: "unlisted-user",
        around: ["", " is active and not declared"],
        of_all: "accounts are active and not declared",
    },
    Kind {
        code: "name-ignored",
        around: ["", " on the site; the name of an existing account is not changed"],
        of_all: "names differ on the site; the name of an existing account is not changed",
    },
    Kind {
        code: "description-unused",
        around: ["", " without its description"],
        of_all: "groups are created without their description",
    },
    Kind { code: "expires-soon", around: ["", ""], of_all: "memberships end soon" },
    Kind {
        code: "without-id",
        around: ["", ": Atlassian does not say whose, and nothing is done about it"],
        of_all: "lists have rows without an ID, and nothing is done about those",
    },
    Kind {
        code: "no-longer-managed",
        around: ["", " of rollbook.lock is not declared; access remains"],
        of_all: "names of rollbook.lock are not declared; access remains",
    },
    Kind {
        code: "waits-for-provider",
        around: ["", " until the identity provider removes them there; the account is inactive meanwhile"],
        of_all: "people have left, and wait for the identity provider to remove them; their accounts are inactive",
    },
];

impl Kind {
    /// The part of a note that differs from the others of its kind.
    fn part<'a>(&self, note: &'a Note) -> Option<&'a str> {
        let [before, after] = self.around;
        let text = (self.code == note.code).then_some(note.text.as_str())?;
        text.strip_prefix(before)?.strip_suffix(after)
    }
}

/// Notes, each with the part that differs from the others.
type Parts<'a> = Vec<(&'a str, &'a Note)>;

/// The notes with one code.
pub(in crate::render) struct Noted<'a> {
    pub(in crate::render) code: &'a str,
    /// The sentence for all of them, with their number; `None` if each has its own.
    pub(in crate::render) of_all: Option<String>,
    pub(in crate::render) notes: Parts<'a>,
}

/// Groups the notes by their code, in the order of the first of each.
pub(in crate::render) fn gathered(notes: &[Note]) -> Vec<Noted<'_>> {
    let mut gathered: IndexMap<(&str, Option<&Kind>), Parts<'_>> = IndexMap::new();
    for note in notes {
        let (kind, part) = match KINDS.iter().find_map(|kind| Some((kind, kind.part(note)?))) {
            Some((kind, part)) => (Some(kind), part),
            None => (None, note.text.as_str()),
        };
        gathered.entry((&note.code, kind)).or_default().push((part, note));
    }
    gathered.into_iter().map(|((code, kind), parts)| Noted::of(code, kind, parts)).collect()
}

impl<'a> Noted<'a> {
    fn of(code: &'a str, kind: Option<&Kind>, parts: Parts<'a>) -> Self {
        match (kind, parts.as_slice()) {
            // A single note is its own sentence.
            (Some(_), [(_, note)]) => Self { code, of_all: None, notes: vec![(&note.text, note)] },
            (Some(kind), several) => {
                Self { code, of_all: Some(format!("{} {}", several.len(), kind.of_all)), notes: parts }
            }
            (None, _) => Self { code, of_all: None, notes: parts },
        }
    }

    /// The separator of several: a mark that none of them contains.
    pub(in crate::render) fn separator(&self) -> &'static str {
        if self.notes.iter().any(|(part, _)| part.contains(',')) { "; " } else { ", " }
    }
}

pub(super) fn notes(plan: &Plan, width: usize) -> String {
    let mut text = String::new();
    if plan.notes.is_empty() {
        return text;
    }
    text.push_str(&format!("\n{}\n", painted(BOLD, &format!("Notes ({})", plan.notes.len()))));
    for noted in gathered(&plan.notes) {
        let parts = noted.notes.iter().map(|(part, note)| {
            let place =
                note.origin.as_ref().map(|origin| format!(" ({})", short(origin))).unwrap_or_default();
            format!("{}{place}", escape_untrusted(part))
        });
        let parts: Vec<String> = parts.collect();
        let parts = match &noted.of_all {
            Some(of_all) => vec![format!("{of_all}: {}", parts.join(noted.separator()))],
            None => parts,
        };
        text.extend(parts.iter().map(|part| wrapped(part, &Lead::BULLET, width)));
    }
    text
}

/// The changes that one obstacle blocks.
pub(in crate::render) struct Obstacle<'a> {
    pub(in crate::render) code: &'a str,
    /// The obstacle.
    pub(in crate::render) why: Cow<'a, str>,
    /// What to do.
    pub(in crate::render) help: Cow<'a, str>,
    pub(in crate::render) entries: Vec<&'a Blocked>,
}

/// The placeholder for the email of each of several people.
const EMAIL: &str = "EMAIL";

/// Groups blocked changes by their obstacle and help: a reason for several groups of a person, or for several people that
/// differs only in their emails, is shown once.
pub(in crate::render) fn obstacles(blocked: &[Blocked]) -> Vec<Obstacle<'_>> {
    let mut alike: IndexMap<[&str; 3], Vec<&Blocked>> = IndexMap::new();
    for entry in blocked {
        alike.entry([&entry.code, &entry.why, &entry.help]).or_default().push(entry);
    }
    let mut obstacles: IndexMap<[String; 3], Obstacle<'_>> = IndexMap::new();
    for ([code, why, help], entries) in alike {
        let email = entries.iter().find_map(|entry| email(entry));
        let key = [code, why, help].map(|text| match email {
            Some(email) => text.replace(email.as_str(), EMAIL),
            None => text.to_owned(),
        });
        match obstacles.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(Obstacle { code, why: why.into(), help: help.into(), entries });
            }
            Entry::Occupied(mut entry) => {
                let [_, why, help] = entry.key().clone();
                let obstacle = entry.get_mut();
                (obstacle.why, obstacle.help) = (why.into(), help.into());
                obstacle.entries.extend(entries);
            }
        }
    }
    obstacles.into_values().collect()
}

/// The email of the user that a blocked operation is about.
fn email(entry: &Blocked) -> Option<&Email> {
    match entry.address.user()? {
        UserRef::Email(email) => Some(email),
        UserRef::Account(_) => None,
    }
}

pub(super) fn blocked(blocked: &[Blocked], width: usize) -> String {
    if blocked.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", painted(BOLD, &format!("Blocked ({})", blocked.len())));
    for Obstacle { code, why, help, entries } in obstacles(blocked) {
        for entry in entries {
            let head = format!("! {} {}", entry.action, escape_untrusted(&readable(&entry.address)));
            let right = short(&entry.origin);
            let row = Row { style: CHANGE, indent: 0, head: &head, head_width: 0, middle: "", right: &right };
            text.push_str(&row.text(width));
        }
        text.push_str(&wrapped(&escape_untrusted(&format!("{code}: {why}")), &Lead::ABOUT, width));
        text.push_str(&wrapped(&escape_untrusted(&help), &Lead::ABOUT, width));
    }
    text
}
