//! Where the nodes of a file stand, for whoever adds to its text.

use granit_parser::{Event, Parser, StructureStyle};

/// How a list or mapping is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Style {
    /// In lines.
    Block,
    /// Between brackets.
    Flow,
}

/// What a walk comes by.
pub(in crate::config) enum At {
    /// A list or mapping starts, or a scalar, which has no style.
    Node { start: usize, style: Option<Style>, map: bool },
    /// A scalar, or what can be seen of a list or mapping, ends.
    End { end: usize, list: bool },
}

enum Open {
    List,
    Map { key: Option<String> },
}

/// Walks a file: each node with the keys that lead to it, those of lists left out. Nothing when it cannot be read.
pub(in crate::config) fn walk(text: &str, mut see: impl FnMut(&[&str], At)) -> Option<()> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let range = span.byte_range()?;
        match event {
            Event::Scalar(value, ..) => {
                if let Some(Open::Map { key: key @ None }) = open.last_mut() {
                    *key = Some(value.into_owned());
                    continue;
                }
                see(&path(&open), At::Node { start: range.start, style: None, map: false });
                see(&path(&open), At::End { end: range.end, list: false });
                close_value(&mut open);
            }
            Event::SequenceStart(style, ..) => {
                see(&path(&open), At::Node { start: range.start, style: Some(style.into()), map: false });
                open.push(Open::List);
            }
            Event::MappingStart(style, ..) => {
                see(&path(&open), At::Node { start: range.start, style: Some(style.into()), map: true });
                open.push(Open::Map { key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let list = matches!(open.pop()?, Open::List);
                // What is written in lines ends with the last text in it; only brackets have an end of their own.
                let bracket = text.get(..range.end).is_some_and(|text| text.ends_with([']', '}']));
                let end = if bracket && !range.is_empty() { range.end } else { 0 };
                see(&path(&open), At::End { end, list });
                close_value(&mut open);
            }
            // Comments and the ends of documents, and whatever the parser's enum may grow by.
            Event::StreamStart | Event::Comment(..) | _ => {}
        }
    }
    Some(())
}

impl From<StructureStyle> for Style {
    fn from(style: StructureStyle) -> Self {
        match style {
            StructureStyle::Block => Self::Block,
            StructureStyle::Flow => Self::Flow,
        }
    }
}

fn close_value(open: &mut [Open]) {
    if let Some(Open::Map { key }) = open.last_mut() {
        *key = None;
    }
}

fn path(open: &[Open]) -> Vec<&str> {
    let keys = open.iter().filter_map(|open| match open {
        Open::Map { key } => key.as_deref(),
        Open::List => None,
    });
    keys.collect()
}
