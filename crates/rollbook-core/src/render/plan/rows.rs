//! The rows of a plan, and the text of people and places.

use anstyle::Style;

use crate::model::{Direction, Location, PlannedOperation, Reason, UserRef};
use crate::render::escape_untrusted;
use crate::render::lines::{CHANGE, GRANT, REVOKE, Row, width_of};

/// Heads longer than this do not move their neighbours' second column.
const WIDEST_HEAD: usize = 38;

/// A line under a group or a person.
pub(super) struct Line {
    pub(super) direction: Direction,
    pub(super) head: String,
    pub(super) middle: String,
    pub(super) right: String,
}

pub(super) fn rows(lines: &mut [Line], width: usize) -> String {
    // Revokes first.
    lines.sort_by(|a, b| (a.direction, &a.head).cmp(&(b.direction, &b.head)));
    let head_width = lines
        .iter()
        .map(|line| width_of(&line.head))
        .filter(|width| *width <= WIDEST_HEAD)
        .max()
        .unwrap_or(0);
    lines
        .iter()
        .map(|line| {
            let style = style_of(line.direction);
            Row { style, indent: 4, head: &line.head, head_width, middle: &line.middle, right: &line.right }
                .text(width)
        })
        .collect()
}

pub(super) fn style_of(direction: Direction) -> Style {
    match direction {
        Direction::Grant => GRANT,
        Direction::Revoke => REVOKE,
        Direction::Neutral => CHANGE,
    }
}

pub(in crate::render) fn sign_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Grant => "+",
        Direction::Revoke => "-",
        Direction::Neutral => "~",
    }
}

/// A row that owns its parts.
pub(super) struct OwnedRow {
    pub(super) style: Style,
    pub(super) head: String,
    pub(super) middle: String,
    pub(super) right: String,
}

impl OwnedRow {
    pub(super) fn text(&self, width: usize) -> String {
        let Self { style, head, middle, right } = self;
        Row { style: style.bold(), indent: 0, head, head_width: 28, middle, right }.text(width)
    }
}

/// A person, with the live display name if there is no email to identify them, and with both forms of a domain that may
/// look like another one.
pub(in crate::render) fn person(user: &UserRef, name: Option<&str>) -> String {
    let beside = match user {
        UserRef::Account(_) => name.map(str::to_owned),
        UserRef::Email(email) => email.other_domain(),
    };
    let shown = user.to_string();
    let beside = beside.map(|beside| format!(" ({})", escape_untrusted(&beside)));
    format!("{}{}", escape_untrusted(&shown), beside.unwrap_or_default())
}

pub(in crate::render) fn details(planned: &PlannedOperation) -> Vec<String> {
    let mut details = Vec::new();
    match planned.reason {
        Reason::Declared => {}
        Reason::Synced
        | Reason::Undeclared
        | Reason::Expired
        | Reason::Excepted
        | Reason::Offboarded
        | Reason::Unlisted
        | Reason::Undone => {
            details.push(planned.reason.to_string());
        }
    }
    details.extend(planned.until.map(|until| format!("until {until}")));
    details
}

/// The line of the tree that asks for it; an operation without a line is shown with its group.
pub(super) fn origin_of(planned: &PlannedOperation) -> String {
    match planned.reason {
        Reason::Undeclared | Reason::Unlisted => String::new(),
        Reason::Declared
        | Reason::Synced
        | Reason::Expired
        | Reason::Excepted
        | Reason::Offboarded
        | Reason::Undone => short(&planned.origin),
    }
}

pub(in crate::render) fn short(location: &Location) -> String {
    format!("{}:{}", escape_untrusted(&location.path), location.line)
}
