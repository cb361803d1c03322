//! The JSON Schemas of the documents that Rollbook writes.

use crate::model::formats;

use super::{access_report, diagnosis, diagnostics, explain, history, journal, json, trees, user_report};

/// The JSON Schema of a format, with a line break at its end; for a journal, that of one line.
pub fn schema_of(format: &str) -> Option<String> {
    let schema = match format {
        formats::PLAN => json::plan_schema,
        formats::REPORT => json::report_schema,
        formats::DIAGNOSTICS => diagnostics::diagnostics_schema,
        formats::DOCTOR => diagnosis::diagnoses_schema,
        formats::EXPLANATION => explain::explanation_schema,
        formats::USERS => user_report::user_report_schema,
        formats::ACCESS => access_report::access_report_schema,
        formats::SNAPSHOT => json::snapshot_schema,
        formats::JOURNAL => journal::journal_schema,
        formats::JOURNAL_REPORT => journal::journal_report_schema,
        formats::JOURNALS => journal::journals_schema,
        formats::HISTORY => history::history_schema,
        formats::TREES => trees::trees_schema,
        _ => return None,
    };
    Some(schema())
}
