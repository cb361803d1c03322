//! Journals as bytes: whatever is done to one shows, and no bytes are too strange to be read.

use jiff::Timestamp;
use rollbook::journal::{Chain, LONGEST_LINE, Parsed, Wrong, parse};
use rollbook::model::{
    AnsweredOperation, Begin, End, Ending, Exchange, JOURNAL_FORMAT, Key, OperationState, Outcome, Record,
    Response, SentOperation, Surface,
};

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_348_800 + second).unwrap()
}

fn begin() -> Record {
    Record::Begin(Begin {
        format: JOURNAL_FORMAT.into(),
        rollbook: "0.1.0".into(),
        site: "https://acme.atlassian.net".into(),
        organization: None,
        account: Some("712020:root".into()),
        operator: None,
        fingerprint: "3f9c2a71".into(),
        commit: None,
        today: Some(jiff::civil::date(2026, 11, 22)),
        allowed: vec!["max-revokes".parse().unwrap()],
        operations: 3,
    })
}

fn sent(keys: &[&str]) -> Record {
    let sent = |text: &&str| SentOperation {
        key: key(text),
        via: Surface::Jira,
        group: Some("g-1".into()),
        account: Some("712020:a".into()),
        was: None,
        memberships: Vec::new(),
    };
    Record::Sent { operations: keys.iter().map(sent).collect() }
}

fn answered(text: &str, said: Response) -> Record {
    let exchange = Exchange {
        request: "POST /rest/api/3/group/user?groupId=g-1".into(),
        status: Some(201),
        trace: Some("abc".into()),
    };
    Record::Answered(AnsweredOperation { key: key(text), exchanges: vec![exchange], said, made: None })
}

const ADA: &str = "add member.devs/ada@acme.com";
const BOB: &str = "add member.devs/bob@acme.com";
const CY: &str = "remove member.devs/cy@acme.com";

/// The records of a whole run.
fn run() -> Vec<Record> {
    let lost = Response::Lost { text: "502".into() };
    let settled = |text: &str, became| Record::Settled { key: key(text), became };
    vec![
        begin(),
        sent(&[ADA, BOB]),
        sent(&[CY]),
        answered(BOB, Response::Done),
        answered(ADA, lost),
        answered(CY, Response::Refused { text: "no".into() }),
        settled(ADA, Outcome::Applied { seen: true }),
        settled(BOB, Outcome::Applied { seen: false }),
        settled(CY, Outcome::Failed { why: "no".into() }),
        Record::End(End {
            by: Ending::Whole,
            done: 2,
            failed: 1,
            skipped: 0,
            unsettled: 0,
            not_attempted: 0,
        }),
    ]
}

fn lines(records: Vec<Record>) -> Vec<String> {
    let mut chain = Chain::default();
    (0..).zip(records).map(|(second, record)| chain.next(at(second), record)).collect()
}

fn read(text: &str) -> Parsed {
    parse(text.as_bytes())
}

/// The number of the broken line, and what is wrong with it.
fn broken(text: &str) -> (usize, Wrong) {
    let broken = read(text).broken.unwrap_or_else(|| panic!("nothing is wrong with\n{text}"));
    (broken.line, broken.wrong)
}

#[test]
fn a_journal_is_read_as_it_was_written() {
    let parsed = read(&lines(run()).concat());
    assert_eq!(parsed.broken, None);
    let records: Vec<Record> = parsed.journal.lines.iter().map(|line| line.record.clone()).collect();
    assert_eq!(records, run());
    let told = parsed.journal.operations();
    let told: Vec<(String, OperationState<'_>)> =
        told.iter().map(|told| (told.key.to_string(), told.state)).collect();
    let fates = [
        (ADA, Outcome::Applied { seen: true }),
        (BOB, Outcome::Applied { seen: false }),
        (CY, Outcome::Failed { why: "no".into() }),
    ];
    let expected: Vec<(String, OperationState<'_>)> =
        fates.iter().map(|(key, became)| ((*key).to_owned(), OperationState::Settled(became))).collect();
    assert_eq!(told, expected);
    assert_eq!(parsed.journal.in_flight(), Vec::<&SentOperation>::new());
    insta::assert_snapshot!("a_journal", lines(run()).concat());
}

/// Anybody can check a line with `sha256sum`, without Rollbook.
#[test]
fn the_hash_is_over_the_line_before_it() {
    use sha2::{Digest as _, Sha256};
    let mut before = "0".repeat(64);
    for line in lines(run()) {
        let (content, own) = line.trim_end().split_once(",\"hash\":").unwrap();
        let digits: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(own, format!("\"{digits}\"}}"));
        assert!(content.contains(&format!("\"previous\":\"{before}\"")));
        before = digits;
    }
}

#[test]
fn a_run_that_was_cut_off_tells_what_was_in_flight() {
    let all = lines(run());
    let in_flight = |count: usize| {
        let parsed = read(&all[..count].concat());
        assert_eq!(parsed.broken, None, "the lines that are there are sound");
        assert_eq!(parsed.journal.end(), None);
        parsed.journal.in_flight().iter().map(|sent| sent.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(in_flight(1), [""; 0]);
    assert_eq!(in_flight(2), [ADA, BOB]);
    assert_eq!(in_flight(3), [ADA, BOB, CY]);
    assert_eq!(in_flight(5), [CY]);
    assert_eq!(in_flight(6), [""; 0]);
}

#[test]
fn a_changed_missing_moved_or_torn_line_is_named() {
    let all = lines(run());
    for number in 0..all.len() {
        let (before, after) = (all[..number].concat(), all[number + 1..].concat());
        for (from, to) in [("\"seq\"", "\"Seq\""), ("2026", "2027"), ("\"type\"", "\"type\" ")] {
            let changed = all[number].replacen(from, to, 1);
            assert_ne!(changed, all[number]);
            assert_eq!(broken(&format!("{before}{changed}{after}")), (number + 1, Wrong::Changed));
        }
        if number + 1 < all.len() {
            assert_eq!(broken(&format!("{before}{after}")), (number + 1, Wrong::Order));
            let swapped = [&before, &all[number + 1], &all[number], &all[number + 2..].concat()];
            let swapped: String = swapped.into_iter().map(String::as_str).collect();
            assert_eq!(broken(&swapped), (number + 1, Wrong::Order));
        }
        let twice = format!("{before}{0}{0}{after}", all[number]);
        assert_eq!(broken(&twice), (number + 2, Wrong::Order));
        for length in 1..all[number].len() {
            let torn = format!("{before}{}", &all[number][..length]);
            assert_eq!(broken(&torn), (number + 1, Wrong::CutOff));
            assert_eq!(read(&torn).journal.lines.len(), number);
        }
    }
    // Lines that are missing at the end do not show in what is left: the last hash does.
    let short = read(&all[..all.len() - 1].concat());
    assert_eq!(short.broken, None);
    assert_ne!(short.journal.last, read(&all.concat()).journal.last);
}

#[test]
fn what_cannot_have_happened_is_named_though_every_hash_is_right() {
    let wrong = |records: Vec<Record>| broken(&lines(records).concat());
    assert_eq!(broken(""), (1, Wrong::Empty));
    assert_eq!(wrong(vec![sent(&[ADA])]), (1, Wrong::NoBegin));
    let misplaced = |records: Vec<Record>, line: usize| match wrong(records) {
        (found, Wrong::Misplaced(why)) if found == line => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(misplaced(vec![begin(), begin()], 2), "it begins a second run");
    let done = || answered(ADA, Response::Done);
    assert_eq!(misplaced(vec![begin(), done()], 2), "a response belongs to an operation that was not sent");
    let twice = vec![begin(), sent(&[ADA]), done(), done()];
    assert_eq!(misplaced(twice, 4), "a response belongs to an operation that was not sent");
    let again = vec![begin(), sent(&[ADA]), sent(&[ADA])];
    assert_eq!(misplaced(again, 3), "an operation is sent again before its response");
    let mut late = run();
    late.push(sent(&[ADA]));
    assert_eq!(misplaced(late, 11), "it comes after the end of the run");
    let Record::Begin(mut other) = begin() else { unreachable!() };
    other.format = "rollbook.journal/2".into();
    assert_eq!(wrong(vec![Record::Begin(other)]), (1, Wrong::Format("rollbook.journal/2".into())));
}

/// A line with these bytes for its content, and the hash that suits them.
fn forged(content: &[u8]) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    let digits: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    [content, format!(",\"hash\":\"{digits}\"}}\n").as_bytes()].concat()
}

#[test]
fn hostile_files_are_refused_and_do_no_harm() {
    let deep = format!("{{\"record\":{}", "[".repeat(5_000_000));
    let long = vec![b' '; LONGEST_LINE + 1];
    let found_in = |wrong: &[u8]| parse(wrong).broken.map(|broken| broken.wrong);
    assert_eq!(found_in(&long), Some(Wrong::TooLong));
    assert_eq!(found_in(&[&long[..], b"\n"].concat()), Some(Wrong::TooLong));
    assert_eq!(found_in(b"\n"), Some(Wrong::NoHash));
    assert_eq!(found_in(&b"{}\n".repeat(1_000_000)), Some(Wrong::NoHash));
    for content in [&b""[..], b"{", b"\xff\xfe", deep.as_bytes(), b"[1", b"null", b"{\"seq\":1e999"] {
        let found = found_in(&forged(content));
        assert!(matches!(&found, Some(Wrong::Shape(why)) if why.chars().count() <= 200), "{found:?}");
    }
    // A key that the format does not have is not passed over.
    let line = &lines(vec![begin()])[0];
    let content = line.split_once(",\"hash\"").unwrap().0;
    for (from, to) in [("\"seq\":1", "\"seq\":1,\"also\":1"), ("\"site\":", "\"seite\":\"\",\"site\":")] {
        let found = found_in(&forged(content.replacen(from, to, 1).as_bytes()));
        assert!(matches!(&found, Some(Wrong::Shape(why)) if why.contains("unknown field")), "{found:?}");
    }
}

/// Whatever bytes are changed, what is read is a beginning of what was written.
#[test]
fn what_is_read_is_what_was_written() {
    let all = lines(run());
    let text = all.concat().into_bytes();
    let mut rng = fastrand::Rng::with_seed(1);
    for _ in 0..20_000 {
        let mut bytes = text.clone();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..bytes.len());
            match rng.u8(..4) {
                0 => bytes[at] = rng.u8(..),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, *rng.choice(b"\n\"{}[]0\xff").unwrap()),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let parsed = parse(&bytes);
        let written: usize = all[..parsed.journal.lines.len()].iter().map(String::len).sum();
        assert_eq!(bytes[..written], text[..written]);
        assert_eq!(parsed.broken.is_none(), written == bytes.len());
    }
}
