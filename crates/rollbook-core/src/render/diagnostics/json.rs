//! Diagnostics as JSON, in their own versioned format.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Diagnostic, Label, Location, Locator, Origin, Severity, Tree, formats};
use crate::render::json::{pretty, schema};

#[derive(Serialize, JsonSchema)]
struct Document<'d> {
    format: &'static str,
    /// Every mistake and warning.
    diagnostics: Vec<View<'d>>,
}

#[derive(Serialize, JsonSchema)]
struct View<'d> {
    /// Stable and kebab-case (docs/diagnostics.md).
    code: &'static str,
    /// `error` or `warning`.
    severity: &'static str,
    /// What is wrong.
    message: &'d str,
    /// The first label's place; left out if no file can be named.
    #[serde(flatten)]
    place: Option<Place>,
    /// The places that it concerns.
    labels: Vec<LabelView<'d>>,
    /// What to do.
    help: Option<&'d str>,
}

#[derive(Serialize, JsonSchema)]
struct LabelView<'d> {
    #[serde(flatten)]
    place: Place,
    /// What is at this place; may be empty.
    text: &'d str,
}

/// Lines and columns are counted from 1, columns in characters; the end is the place after the last character.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Place {
    file: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

pub(in crate::render) fn diagnostics_schema() -> String {
    schema::<Document<'_>>(formats::DIAGNOSTICS)
}

/// Writes diagnostics as one JSON document. Its texts are unchanged, but characters that a terminal would not show are
/// escaped as in JSON.
pub fn diagnostics_json(tree: &Tree, diagnostics: &[Diagnostic]) -> String {
    let locator = Locator::new(tree);
    let views = diagnostics.iter().map(|diagnostic| view(tree, &locator, diagnostic)).collect();
    let document = Document { format: formats::DIAGNOSTICS, diagnostics: views };
    pretty(&document)
}

fn view<'d>(tree: &Tree, locator: &Locator<'_>, diagnostic: &'d Diagnostic) -> View<'d> {
    View {
        code: diagnostic.code,
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &diagnostic.message,
        place: diagnostic.labels.first().map(|label| place(tree, locator, label)),
        labels: diagnostic
            .labels
            .iter()
            .map(|label| LabelView { place: place(tree, locator, label), text: &label.text })
            .collect(),
        help: diagnostic.help.as_deref(),
    }
}

fn place(tree: &Tree, locator: &Locator<'_>, label: &Label) -> Place {
    let start = locator.locate(label.span.origin);
    let text = &tree.get(label.span.origin.file).text;
    let last = label.span.range().end.min(text.len());
    let end: Location = locator
        .locate(Origin { file: label.span.origin.file, offset: u32::try_from(last).unwrap_or(u32::MAX) });
    Place {
        file: start.path.to_string(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}
