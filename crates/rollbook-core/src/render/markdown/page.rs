//! A page of sections that fits into a comment.

use std::collections::BTreeSet;

use crate::render::lines::count;

use super::escape::fence;

/// The most characters of a page, by the highest count: in UTF-16 units. Each limit is below what a platform accepts
/// for a comment; the text around the page uses the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentLimit(usize);

impl CommentLimit {
    /// GitHub refuses a comment of more than 65,536.
    pub const GITHUB: Self = Self(60_000);
    /// GitLab refuses a note of more than 1,000,000; nobody would read even this much to the end.
    pub const GITLAB: Self = Self(250_000);
    /// Bitbucket Cloud refuses a comment of more than 32,768.
    pub const BITBUCKET: Self = Self(32_000);

    /// The number.
    pub fn characters(self) -> usize {
        self.0
    }
}

/// Reserved for the notice about omitted parts.
const NOTICE: usize = 1_600;

/// Reserved, in each section, for its own notice.
const TOLD: usize = 100;

/// A block with more lines is cut inside; a shorter one is shown completely or not at all.
const DIVISIBLE: usize = 40;

/// The order in which parts are kept if not everything fits: the first of these are cut last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Refusals, and changes that only the change itself lets pass.
    Judgement,
    /// The meaning of names.
    Identity,
    /// The rules that differ.
    Rule,
    /// Revokes and privileged grants.
    Revoke,
    /// Operations that are not from this change.
    Drift,
    /// Blocked operations, and notes for a reviewer.
    Remark,
    /// Other grants.
    Grant,
    /// Facts that were shown before, in another order.
    Again,
}

/// A line, with its line break.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    /// How many revoking operations it shows: none, or one.
    pub(super) revokes: usize,
}

/// Lines that belong together, such as those of a group.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Its subject, if another block of the section may have the same.
    pub(super) subject: Option<String>,
    pub(super) open: String,
    pub(super) lines: Vec<Line>,
    pub(super) close: String,
}

/// A part of the page.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) weight: Weight,
    /// Its name in the notice of omitted parts.
    pub(super) name: &'static str,
    /// The kind of subject of its blocks, if there is more than one.
    pub(super) of: &'static str,
    pub(super) open: String,
    pub(super) blocks: Vec<Block>,
    pub(super) close: String,
}

/// The part of a section that fits.
#[derive(Debug, Default)]
struct Fitted {
    text: String,
    /// The units of its blocks.
    taken: usize,
    /// The number of omitted lines.
    lines: usize,
    subjects: usize,
    revokes: usize,
}

impl Line {
    pub(super) fn of(text: String) -> Self {
        Self { text, revokes: 0 }
    }
}

impl Block {
    /// Lines in a `diff` fence, which GitHub colours by their first character.
    pub(super) fn diff(open: &str, lines: Vec<Line>) -> Self {
        let fence = fence(lines.iter().map(|line| line.text.as_str()));
        Self { subject: None, open: format!("{open}{fence}diff\n"), lines, close: format!("{fence}\n\n") }
    }

    /// The same, folded behind a summary of Rollbook's own words.
    pub(super) fn folded_diff(open: &str, summary: &str, lines: Vec<Line>) -> Self {
        let mut block = Self::diff(&format!("{open}<details><summary>{summary}</summary>\n\n"), lines);
        block.close.push_str("</details>\n\n");
        block
    }

    /// Lines of a list.
    pub(super) fn list(lines: Vec<Line>) -> Self {
        Self { subject: None, open: String::new(), lines, close: "\n".into() }
    }

    /// The same block, with its subject.
    pub(super) fn about(self, subject: &str) -> Self {
        Self { subject: Some(subject.to_owned()), ..self }
    }

    fn fitted(&self, room: usize) -> (String, usize) {
        let mut text = self.open.clone();
        let mut used = units(&self.open) + units(&self.close);
        let whole = used + self.lines.iter().map(|line| units(&line.text)).sum::<usize>();
        if whole > room && self.lines.len() <= DIVISIBLE {
            return (String::new(), 0);
        }
        let mut shown = 0;
        for line in &self.lines {
            used += units(&line.text);
            if used > room {
                break;
            }
            text.push_str(&line.text);
            shown += 1;
        }
        if shown == 0 {
            return (String::new(), 0);
        }
        text.push_str(&self.close);
        (text, shown)
    }
}

impl Section {
    /// How many subjects some of its blocks have.
    fn subjects<'a>(blocks: impl Iterator<Item = &'a Block>) -> usize {
        let mut subjects = BTreeSet::new();
        blocks.filter(|block| block.subject.as_ref().is_none_or(|subject| subjects.insert(subject))).count()
    }

    /// Its size even if none of its blocks is shown.
    fn frame(&self) -> usize {
        units(&self.open) + units(&self.close) + TOLD
    }

    fn fitted(&self, room: usize) -> Fitted {
        let mut left = room;
        let mut fitted = Fitted::default();
        let mut text = String::new();
        let mut full = false;
        let mut cut = Vec::new();
        for block in &self.blocks {
            let (part, shown) = if full { (String::new(), 0) } else { block.fitted(left) };
            // A later block may be shorter and would fit, but then it would be unclear where something is missing.
            full = full || shown < block.lines.len();
            fitted.taken += units(&part);
            left -= units(&part).min(left);
            text.push_str(&part);
            fitted.lines += block.lines.len() - shown;
            cut.extend((shown < block.lines.len()).then_some(block));
            fitted.revokes += block.lines.iter().skip(shown).map(|line| line.revokes).sum::<usize>();
        }
        fitted.subjects = Self::subjects(cut.into_iter());
        let told = match (fitted.lines, text.is_empty()) {
            (0, _) => String::new(),
            (lines, true) => format!("**{} left out: the comment is full.**\n\n", count(lines, "line")),
            (lines, false) => format!("**And {} left out: the comment is full.**\n\n", count(lines, "line")),
        };
        fitted.text = format!("{}{text}{}{told}", self.open, self.close);
        fitted
    }
}

/// Assembles a page. The head and the foot are always complete.
pub(super) fn page(head: &str, sections: &[Section], foot: &str, limit: CommentLimit) -> String {
    let frames: usize = sections.iter().map(Section::frame).sum();
    let mut room = limit.0.saturating_sub(units(head) + units(foot) + NOTICE + frames);
    let mut order: Vec<(usize, &Section)> = sections.iter().enumerate().collect();
    order.sort_by_key(|(_, section)| section.weight);
    let mut fitted: Vec<(usize, &Section, Fitted)> = Vec::new();
    for (index, section) in order {
        let part = section.fitted(room);
        room -= part.taken.min(room);
        fitted.push((index, section, part));
    }
    fitted.sort_by_key(|(index, ..)| *index);
    let mut text = format!("{head}{}", notice(&fitted));
    text.extend(fitted.iter().map(|(_, _, part)| part.text.as_str()));
    text.push_str(foot);
    text
}

/// Lists the omitted parts, at the top, where they are seen.
fn notice(fitted: &[(usize, &Section, Fitted)]) -> String {
    let cut: Vec<String> = fitted
        .iter()
        .filter(|(_, _, part)| part.lines > 0)
        .map(|(_, section, part)| {
            let revokes = match (part.revokes, section.weight) {
                (0, _) | (_, Weight::Again) => String::new(),
                (revokes, _) => format!(" (**{}**)", count(revokes, "revoking line")),
            };
            let subjects = if Section::subjects(section.blocks.iter()) > 1 {
                format!(" of {}", count(part.subjects, section.of))
            } else {
                String::new()
            };
            format!("{}: {}{subjects}{revokes}", section.name, count(part.lines, "line"))
        })
        .collect();
    if cut.is_empty() {
        return String::new();
    }
    format!(
        "> [!WARNING]\n> **Not everything is shown: the plan is longer than a comment may be.** Left out: {}.\n\
         > `rollbook plan` shows all of it, and so does `rollbook show` of a saved plan.\n\n",
        cut.join("; ")
    )
}

/// The length as the platform that counts highest would count it.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
