//! Characters that make a line look like another one, wherever they stand, comments included.

use crate::model::{Diagnostic, FileId, Origin, Span};

use super::codes;
use super::context::Context;
use super::values::hides;

/// The most characters of one file that are reported.
const MOST: usize = 20;

/// Reports the hidden characters of a file; `false` when it is no text at all.
pub(super) fn check(cx: &mut Context, file: FileId, text: &str) -> bool {
    if let Some(at) = text.find('\0') {
        cx.mistake(
            codes::NOT_TEXT,
            span(file, at, '\0'),
            "a NUL byte: this is no text file",
            "NUL",
            "Include text files only.",
        );
        return false;
    }
    let bytes = text.as_bytes();
    let is_line_end = |at: usize, c: char| c == '\r' && bytes.get(at + 1) == Some(&b'\n');
    text.char_indices().filter(|(at, c)| hides(*c) && !is_line_end(*at, *c)).take(MOST).for_each(
        |(at, c)| {
            cx.report(
                Diagnostic::error(
                    codes::HIDDEN_CHARACTER,
                    format!("the hidden character U+{:04X} changes how the line is shown", u32::from(c)),
                )
                .at(span(file, at, c), "hidden here")
                .help("Remove it: a reviewer must see what a line says."),
            );
        },
    );
    true
}

fn span(file: FileId, at: usize, c: char) -> Span {
    Span {
        origin: Origin { file, offset: u32::try_from(at).unwrap_or(u32::MAX) },
        length: u32::try_from(c.len_utf8()).unwrap_or(1),
    }
}
