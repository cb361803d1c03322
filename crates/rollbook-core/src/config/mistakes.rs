//! The collected diagnostics, bounded and in order.

use crate::model::{Diagnostic, Severity, Span};

use super::codes;

/// The most diagnostics of one severity that are kept: nobody reads more in one run.
pub(super) const MOST: usize = 1000;

/// How many errors there may be before near misses are no longer looked for.
const MOST_WITH_SUGGESTIONS: usize = 100;

/// The longest text of a diagnostic, in characters.
const LONGEST_TEXT: usize = 600;

/// The most places that one diagnostic points at.
const MOST_LABELS: usize = 12;

/// The diagnostics of a tree so far.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    kept: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl Mistakes {
    /// Adds a diagnostic.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        let count = match diagnostic.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= MOST {
            self.kept.push(shortened(diagnostic));
        }
    }

    /// Whether the tree can be used.
    pub(super) fn no_errors(&self) -> bool {
        self.errors == 0
    }

    /// The number of diagnostics so far.
    pub(super) fn count(&self) -> usize {
        self.errors + self.warnings
    }

    /// Whether there are so few mistakes that a search for near misses is worth its time.
    pub(super) fn few(&self) -> bool {
        self.errors < MOST_WITH_SUGGESTIONS
    }

    /// Everything, in the order of files and places, without echoes.
    pub(super) fn into_sorted(self) -> Vec<Diagnostic> {
        let left_out = self.errors.saturating_sub(MOST) + self.warnings.saturating_sub(MOST);
        let mut all = self.kept;
        if left_out > 0 {
            all.push(too_many(left_out, self.errors > MOST));
        }
        finished(all)
    }
}

/// Sorts diagnostics by file and place, those without a place last, and leaves out echoes of unreadable parts.
pub(super) fn finished(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let something_is_hidden = diagnostics
        .iter()
        .any(|d| d.severity == Severity::Error && codes::HIDES_DECLARATIONS.contains(&d.code));
    if something_is_hidden {
        diagnostics.retain(|d| !codes::ECHOES.contains(&d.code));
    }
    diagnostics.sort_by(|a, b| key(a).cmp(&key(b)));
    diagnostics
}

fn key(diagnostic: &Diagnostic) -> (bool, Option<Span>, &str, &str) {
    let place = diagnostic.labels.first().map(|label| label.span);
    (place.is_none(), place, diagnostic.code, &diagnostic.message)
}

/// Truncates texts that quote something very long.
fn shortened(mut diagnostic: Diagnostic) -> Diagnostic {
    let cut = |text: &mut String| {
        if let Some((at, _)) = text.char_indices().nth(LONGEST_TEXT) {
            text.truncate(at);
            text.push('…');
        }
    };
    cut(&mut diagnostic.message);
    diagnostic.labels.truncate(MOST_LABELS);
    diagnostic.labels.iter_mut().for_each(|label| cut(&mut label.text));
    diagnostic.help.iter_mut().for_each(cut);
    diagnostic
}

fn too_many(left_out: usize, errors: bool) -> Diagnostic {
    let message = format!("{left_out} further problems are not shown");
    let diagnostic = if errors {
        Diagnostic::error(codes::TOO_MANY, message)
    } else {
        Diagnostic::warning(codes::TOO_MANY, message)
    };
    diagnostic.help("Correct these and run it again.")
}
