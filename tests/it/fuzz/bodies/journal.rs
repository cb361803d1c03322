//! A journal: a file that lies about for long, and that `undo` goes by.

use jiff::Timestamp;
use rollbook::journal::{Chain, parse};
use rollbook::model::Record;
use rollbook::plan;
use rollbook::render;

use super::shown::{is_harmless, is_harmless_json, unstyled};

/// After a `=` come records, one a line, which are tied together as a run would; else the bytes of a file.
pub(super) fn run(data: &[u8]) {
    match data.split_first() {
        Some((b'=', records)) => read(tied(&String::from_utf8_lossy(records)).as_bytes()),
        Some(_) | None => read(data),
    }
}

fn tied(records: &str) -> String {
    let mut chain = Chain::default();
    let records = records.lines().filter_map(|line| serde_json::from_str::<Record>(line).ok());
    records.map(|record| chain.next(Timestamp::UNIX_EPOCH, record)).collect()
}

fn read(bytes: &[u8]) {
    let parsed = parse(bytes);
    is_harmless(&unstyled(&render::journal_text(&parsed, 80)));
    is_harmless(&unstyled(&render::verification(&parsed, 40)));
    is_harmless_json(&render::journal_json(&parsed));
    let journal = &parsed.journal;
    let concerned = plan::concerned(journal);
    assert!(concerned.groups.len() + concerned.accounts.len() <= 2 * journal.operations().len());
    assert!(journal.in_flight().len() <= journal.operations().len());
    // What was taken in is as it was written: the same lines, chained again, end in the same hash.
    if parsed.broken.is_none() && journal.lines.iter().all(|line| line.at == Timestamp::UNIX_EPOCH) {
        let mut chain = Chain::default();
        let text: String =
            journal.lines.iter().map(|line| chain.next(line.at, line.record.clone())).collect();
        let again = parse(text.as_bytes());
        assert_eq!(again.broken, None);
        assert_eq!(again.journal.lines, journal.lines);
    }
}
