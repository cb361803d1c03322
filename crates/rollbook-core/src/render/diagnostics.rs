//! Diagnostics → text for people, and JSON for machines.

mod excerpt;
mod json;

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, ThemeCharacters, ThemeStyles};
use unicode_width::UnicodeWidthStr;

use crate::model::{Diagnostic, Locator, Severity, Tree};

use super::escape_untrusted;
use excerpt::Excerpt;

pub use json::diagnostics_json;
pub(super) use json::diagnostics_schema;

/// The width of miette's prefix of a message: `  × `.
const MESSAGE_INDENT: usize = 4;

/// The width of miette's prefix of a help: `  help: `.
const HELP_INDENT: usize = 8;

/// The width of miette's prefix of a line: its number and a rule.
const GUTTER: usize = 9;

/// The fewest columns for drawing.
const NARROWEST: usize = 40;

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiagnosticStyle {
    /// The characters of the frames.
    pub frames: Frames,
    /// Whether ANSI colours are used.
    pub colour: Colour,
    /// Columns, at least 40.
    pub width: usize,
}

/// The characters of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// Box-drawing characters.
    Unicode,
    /// ASCII only, except for the tree's own text.
    Ascii,
}

/// Whether ANSI colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// They are.
    Ansi,
    /// They are not.
    None,
}

impl Default for DiagnosticStyle {
    fn default() -> Self {
        Self { frames: Frames::Unicode, colour: Colour::None, width: 80 }
    }
}

/// Draws diagnostics with the lines they are about, and counts them at the end. Without diagnostics the text is empty.
pub fn diagnostics(tree: &Tree, diagnostics: &[Diagnostic], style: DiagnosticStyle) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let locator = Locator::new(tree);
    let handler = handler(style);
    let mut text = String::new();
    for diagnostic in diagnostics {
        let drawn = Drawn::new(tree, &locator, diagnostic, style.width.max(NARROWEST));
        // Writing to a String fails only if a label is outside the excerpt that was made for it.
        if handler.render_report(&mut text, &drawn).is_err() {
            text.push_str(&escape_untrusted(&diagnostic.message));
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str(&totals(diagnostics));
    text.push('\n');
    text
}

fn totals(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let errors = counted(count(Severity::Error), "error", "errors");
    let warnings = counted(count(Severity::Warning), "warning", "warnings");
    let parts: Vec<String> = errors.into_iter().chain(warnings).collect();
    parts.join(", ")
}

fn handler(style: DiagnosticStyle) -> GraphicalReportHandler {
    let characters = match style.frames {
        Frames::Unicode => ThemeCharacters::unicode(),
        Frames::Ascii => ThemeCharacters::ascii(),
    };
    let styles = match style.colour {
        Colour::Ansi => ThemeStyles::ansi(),
        Colour::None => ThemeStyles::none(),
    };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(style.width.max(NARROWEST))
        .with_wrap_lines(false)
        .with_links(false)
        .with_context_lines(1)
        .without_syntax_highlighting()
}

/// Breaks a text between words, and a longer word if necessary; miette would also break `at-least` and addresses, which
/// people then copy wrong.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let mut rest = word;
        let needed = rest.width();
        if column > 0 && column + 1 + needed > width {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        while let Some((at, _)) = rest.char_indices().nth(width) {
            // A line that starts with `::` would be a command to CI, whose runner skips the blanks before it.
            let at = rest.len() - rest[at..].trim_start_matches(':').len();
            if at == rest.len() {
                break;
            }
            lines.push_str(&rest[..at]);
            lines.push('\n');
            rest = &rest[at..];
        }
        lines.push_str(rest);
        column += rest.width();
    }
    lines
}

/// A diagnostic as miette draws it.
#[derive(Debug)]
struct Drawn {
    code: &'static str,
    severity: Severity,
    message: String,
    help: Option<String>,
    excerpt: Excerpt,
}

impl Drawn {
    fn new(tree: &Tree, locator: &Locator<'_>, diagnostic: &Diagnostic, width: usize) -> Self {
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: wrapped(&escape_untrusted(&diagnostic.message), width - MESSAGE_INDENT),
            help: diagnostic
                .help
                .as_deref()
                .map(|help| wrapped(&escape_untrusted(help), width - HELP_INDENT)),
            excerpt: Excerpt::of(tree, locator, &diagnostic.labels, width - GUTTER),
        }
    }
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawn {}

impl miette::Diagnostic for Drawn {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels()))
    }
}
