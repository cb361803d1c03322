//! Lines for people: aligned, within a width, styled.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use crate::model::{PATIENCE, Plan, ROLE_PATIENCE};

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GRANT: Style = AnsiColor::Green.on_default();
pub(super) const REVOKE: Style = AnsiColor::Red.on_default();
pub(super) const CHANGE: Style = AnsiColor::Yellow.on_default();

/// Puts a style around a text.
pub(super) fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The cells that a text takes; it must not contain styles.
pub(super) fn width_of(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The cost of carrying a plan out: "less than a second" would promise too much, since the network is not included.
pub(super) fn effort(plan: &Plan) -> String {
    let least = plan.cost.seconds.max(1.0);
    let requests = count(plan.cost.requests, "request");
    let of_roles = plan.operations.iter().any(|planned| planned.operation.access().is_some());
    let patience = if of_roles { ROLE_PATIENCE } else { PATIENCE };
    format!("{requests}, about {least:.0} to {:.0} s", least + f64::from(patience))
}

/// Spaces that fill a text of some cells up to a width, at least two.
pub(super) fn gap(cells: usize, width: usize) -> String {
    " ".repeat(width.saturating_sub(cells).max(2))
}

/// One line of three columns; the third is at the right edge, and moves to a separate line if it does not fit.
pub(super) struct Row<'a> {
    pub(super) style: Style,
    pub(super) indent: usize,
    pub(super) head: &'a str,
    /// Cells that the heads of neighbouring rows take.
    pub(super) head_width: usize,
    pub(super) middle: &'a str,
    pub(super) right: &'a str,
}

impl Row<'_> {
    /// The row, with its line break.
    pub(super) fn text(&self, width: usize) -> String {
        let mut line = format!("{}{}", " ".repeat(self.indent), painted(self.style, self.head));
        let mut used = self.indent + width_of(self.head);
        if !self.middle.is_empty() {
            let middle = width_of(self.middle);
            let aligned = (self.indent + self.head_width + 2).max(used + 2);
            // The second column moves closer if the third would not fit on the line otherwise.
            let nearest = match width_of(self.right) {
                0 => aligned,
                right => width.saturating_sub(middle + 2 + right),
            };
            let column = if nearest < used + 2 { aligned } else { aligned.min(nearest) };
            if column + middle <= width {
                line.push_str(&gap(used, column));
                used = column + middle;
            } else {
                let column = self.indent + 8;
                line.push('\n');
                line.push_str(&" ".repeat(column));
                used = column + middle;
            }
            line.push_str(self.middle);
        }
        if !self.right.is_empty() {
            let right = width_of(self.right);
            let column = width.saturating_sub(right);
            if used + 2 <= column {
                line.push_str(&gap(used, column));
            } else {
                line.push('\n');
                line.push_str(&" ".repeat(column.max(self.indent + 8)));
            }
            line.push_str(&painted(DIM, self.right));
        }
        line.push('\n');
        line
    }
}

/// The prefixes of the lines of a text: one for the first, another for the rest. A text from outside is broken at any
/// space, so the rest need a prefix with which no line of a plan starts.
pub(super) struct Lead {
    pub(super) first: &'static str,
    pub(super) rest: &'static str,
}

impl Lead {
    /// Rollbook's own words, at the edge.
    pub(super) const PLAIN: Self = Self { first: "", rest: "" };
    /// An item of a list.
    pub(super) const BULLET: Self = Self { first: "* ", rest: "  | " };
    /// A point in favour of something.
    pub(super) const GOOD: Self = Self { first: "+ ", rest: "  | " };
    /// A point against something.
    pub(super) const BAD: Self = Self { first: "- ", rest: "  | " };
    /// Details of the line above.
    pub(super) const ABOUT: Self = Self { first: "    | ", rest: "    | " };
    /// Details of an operation in a report.
    pub(super) const OUTCOME: Self = Self { first: "              ", rest: "            | " };
}

/// Breaks a text at spaces into lines of a width, each with its prefix. A word longer than a line is not broken.
pub(super) fn wrapped(text: &str, lead: &Lead, width: usize) -> String {
    let room = width.saturating_sub(width_of(lead.rest)).max(20);
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if width_of(line) + 1 + width_of(word) <= room => line.push_str(&format!(" {word}")),
            Some(_) | None => lines.push(word.to_string()),
        }
    }
    let leads = std::iter::once(lead.first).chain(std::iter::repeat(lead.rest));
    leads.zip(lines).map(|(lead, line)| format!("{lead}{line}\n")).collect()
}

/// The host of a site's origin.
pub fn host_of(site: &str) -> &str {
    site.split_once("://").map_or(site, |(_, host)| host)
}

/// `1 grant`, `2 grants`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
