//! Characters that a reviewer does not see, anywhere, including comments.

use crate::model::{Diagnostic, FileId, Origin, Span, hidden};

use super::codes;
use super::context::Context;
use super::values::remedy;

/// The most characters of one file that are reported.
pub(super) const MOST: usize = 20;

/// Reports the hidden characters of a file; `false` when it is not text at all.
pub(super) fn check(cx: &mut Context, file: FileId, text: &str) -> bool {
    if let Some(at) = text.find('\0') {
        cx.mistake(
            codes::NOT_TEXT,
            span(file, at, '\0'),
            "a NUL byte: this is not a text file",
            "NUL",
            "Include text files only.",
        );
        return false;
    }
    let bytes = text.as_bytes();
    let is_plain = |at: usize, c: char| match c {
        '\n' | '\t' => true,
        '\r' => bytes.get(at + 1) == Some(&b'\n'),
        // Some editors write it at the start of a file.
        '\u{feff}' => at == 0,
        _ => false,
    };
    for (at, c) in hidden(text).filter(|(at, c)| !is_plain(*at, *c)).take(MOST) {
        cx.report(
            Diagnostic::error(
                codes::HIDDEN_CHARACTER,
                format!("the line contains the hidden character U+{:04X}", u32::from(c)),
            )
            .at(span(file, at, c), "hidden here")
            .help(remedy(c)),
        );
    }
    true
}

fn span(file: FileId, at: usize, c: char) -> Span {
    Span {
        origin: Origin { file, offset: u32::try_from(at).unwrap_or(u32::MAX) },
        length: u32::try_from(c.len_utf8()).unwrap_or(1),
    }
}
