//! A text's events with their bytes, for `document`, which keeps the form of a file.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, options};

/// The form of a text, number or boolean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Style {
    /// Without quotes.
    Plain,
    /// Between `'`.
    Single,
    /// Between `"`.
    Double,
    /// Below a `|`.
    Literal,
    /// Below a `>`.
    Folded,
}

/// A step of a walk.
pub(in crate::config) enum Step<'t> {
    /// A `---`.
    Marker,
    /// A scalar, and its value. The bytes of a block text start below its header.
    Scalar(Cow<'t, str>, Style),
    /// A list starts, or a mapping, in lines or between brackets.
    Start { map: bool, flow: bool },
    /// A list or mapping ends.
    End,
    /// A comment.
    Comment,
}

/// The steps through a text, each with its bytes; `None` if it cannot be read.
pub(in crate::config) fn walk(text: &str) -> Option<Vec<(Step<'_>, Range<usize>)>> {
    let mut steps = Vec::new();
    for event in Parser::new_from_str_with_options(text, options! { emit_comments: true }) {
        let (event, span) = event.ok()?;
        let flow = |style| matches!(style, StructureStyle::Flow);
        let step = match event {
            Event::DocumentStart(true, _) => Step::Marker,
            Event::Scalar(says, style, ..) => Step::Scalar(says, style.into()),
            Event::SequenceStart(style, ..) => Step::Start { map: false, flow: flow(style) },
            Event::MappingStart(style, ..) => Step::Start { map: true, flow: flow(style) },
            Event::SequenceEnd | Event::MappingEnd => Step::End,
            Event::Comment(..) => Step::Comment,
            // The ends of documents, and any event that the parser may add.
            Event::StreamStart | _ => continue,
        };
        steps.push((step, span.byte_range()?));
    }
    Some(steps)
}

impl From<ScalarStyle> for Style {
    fn from(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::Plain => Self::Plain,
            ScalarStyle::SingleQuoted => Self::Single,
            ScalarStyle::DoubleQuoted => Self::Double,
            ScalarStyle::Literal => Self::Literal,
            ScalarStyle::Folded => Self::Folded,
        }
    }
}
