//! The lines that a diagnostic shows: excerpts of their files, made harmless, and placed one after the other in one
//! space of offsets, so that miette can draw labels in several files and never scans a whole file.

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::model::{Label, Location, Locator, SourceFile, Span, Tree};

use crate::render::escape_untrusted;

/// The space between two windows, so that they never touch.
const GAP: usize = 1;

/// The lines that a diagnostic shows.
#[derive(Debug)]
pub(super) struct Excerpt {
    windows: Vec<Window>,
}

/// Neighbouring lines of one file.
#[derive(Debug)]
struct Window {
    /// Where the window's text starts in the excerpt.
    start: usize,
    path: String,
    /// The first line, counted from 0.
    first_line: usize,
    text: String,
    labels: Vec<Placed>,
}

/// A label in the offsets of the excerpt.
#[derive(Debug)]
struct Placed {
    span: SourceSpan,
    text: String,
    primary: bool,
    /// In characters of the file's own line, counted from 0.
    column: usize,
}

/// A label with the line it starts in.
struct Wanted<'l> {
    label: &'l Label,
    primary: bool,
    location: Location,
}

impl Excerpt {
    /// Extracts the lines that labels point at, the first label's file first.
    pub(super) fn of(tree: &Tree, locator: &Locator<'_>, labels: &[Label], width: usize) -> Self {
        let mut wanted: Vec<Wanted<'_>> = labels
            .iter()
            .enumerate()
            .map(|(index, label)| Wanted {
                label,
                primary: index == 0,
                location: locator.locate(label.span.origin),
            })
            .collect();
        let main = labels.first().map(|label| label.span.origin.file);
        wanted.sort_by_key(|wanted| (Some(wanted.label.span.origin.file) != main, wanted.label.span));
        let mut windows: Vec<Window> = Vec::new();
        for group in wanted.chunk_by(|a, b| are_near(a, b)) {
            let start = windows.last().map_or(0, |window| window.end() + GAP);
            let file = tree.get(group[0].label.span.origin.file);
            windows.push(Window::of(file, start, group, width));
        }
        Self { windows }
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> + '_ {
        self.windows.iter().flat_map(|window| &window.labels).map(|label| {
            let text = Some(label.text.clone());
            if label.primary {
                LabeledSpan::new_primary_with_span(text, label.span)
            } else {
                LabeledSpan::new_with_span(text, label.span)
            }
        })
    }
}

/// Whether two labels, the second further down, share one window.
fn are_near(a: &Wanted<'_>, b: &Wanted<'_>) -> bool {
    a.label.span.origin.file == b.label.span.origin.file && b.location.line - a.location.line <= 4
}

impl Window {
    fn of(file: &SourceFile, start: usize, wanted: &[Wanted<'_>], width: usize) -> Self {
        let line_of = |wanted: &Wanted<'_>| wanted.location.line as usize - 1;
        let (first, last) = (line_of(&wanted[0]), line_of(&wanted[wanted.len() - 1]));
        let from = first.saturating_sub(1);
        let top = line_start(&file.text, wanted[0].label.span.origin.offset as usize, first - from);
        let mut window = Self {
            start,
            path: escape_untrusted(&file.path).into_owned(),
            first_line: from,
            text: String::new(),
            labels: Vec::new(),
        };
        let mut offset = top;
        // The text after the last line break is also a line, even if it is empty.
        for (line, text) in (from..=last + 1).zip(file.text[top..].split('\n')) {
            let here: Vec<&Wanted<'_>> = wanted.iter().filter(|wanted| line_of(wanted) == line).collect();
            if line <= last || !text.is_empty() {
                window.line(text, offset, &here, width);
            }
            offset += text.len() + 1;
        }
        window.text.pop();
        // A label after the last character needs something to point at.
        if window.labels.iter().any(|label| label.span.offset() == window.end()) {
            window.text.push(' ');
        }
        window
    }

    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Adds a line, cut to the part around its labels, and places them.
    fn line(&mut self, line: &str, offset: usize, wanted: &[&Wanted<'_>], width: usize) {
        let line = line.trim_end_matches('\r');
        let at = |span: Span| (span.origin.offset as usize - offset).min(line.len());
        let first = wanted.iter().map(|wanted| at(wanted.label.span)).min().unwrap_or(0);
        let last =
            wanted.iter().map(|wanted| at(wanted.label.span) + wanted.label.span.length as usize).max();
        let (from, to) = shown(line, first, last.unwrap_or(0), width);
        if from > 0 {
            self.text.push('…');
        }
        let before = self.start + self.text.len();
        let place = |byte: usize| before + visible(&line[from..byte.clamp(from, to)]).len();
        for wanted in wanted {
            let begin = at(wanted.label.span);
            let end = floor_boundary(line, (begin + wanted.label.span.length as usize).min(line.len()));
            let (begin, end) = (place(begin), place(end));
            self.labels.push(Placed {
                span: (begin, end - begin).into(),
                text: escape_untrusted(&wanted.label.text).into_owned(),
                primary: wanted.primary,
                column: wanted.location.column as usize - 1,
            });
        }
        self.text.push_str(&visible(&line[from..to]));
        if to < line.len() {
            self.text.push('…');
        }
        self.text.push('\n');
    }
}

/// The start of the line that an offset is in, or of one `back` lines before it.
fn line_start(text: &str, offset: usize, back: usize) -> usize {
    let mut start = offset.min(text.len());
    for _ in 0..=back {
        match text.get(..start).and_then(|before| before.rfind('\n')) {
            Some(line_break) => start = line_break,
            None => return 0,
        }
    }
    start + 1
}

/// The part of a line that is shown when its labels go from `first` to `last`: all of it if it fits.
fn shown(line: &str, first: usize, last: usize, width: usize) -> (usize, usize) {
    if line.len() <= width {
        return (0, line.len());
    }
    let from = match last {
        _ if last <= width => 0,
        _ if last - first < width => last.min(line.len()) - width,
        _ => first,
    };
    let from = floor_boundary(line, from);
    (from, floor_boundary(line, (from + width).min(line.len())))
}

/// A tab is shown as people write it.
fn visible(text: &str) -> String {
    escape_untrusted(text).replace("\\u{9}", "\\t")
}

fn floor_boundary(line: &str, mut at: usize) -> usize {
    while !line.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        let window = self
            .windows
            .iter()
            .find(|window| window.start <= span.offset() && end <= window.end())
            .ok_or(MietteError::OutOfBounds)?;
        let inner = SourceSpan::from((span.offset() - window.start, span.len()));
        let contents = window.text.read_span(&inner, before, after)?;
        let shown = SourceSpan::from((contents.span().offset() + window.start, contents.span().len()));
        // Without lines around it, miette asks for the exact place.
        let label = window.labels.iter().find(|label| label.span == *span);
        let column = match label {
            Some(label) if before == 0 && after == 0 => label.column,
            Some(_) | None => contents.column(),
        };
        Ok(Box::new(MietteSpanContents::new_named(
            window.path.clone(),
            contents.data(),
            shown,
            contents.line() + window.first_line,
            column,
            contents.line_count(),
        )))
    }
}
