//! A journal, for people and for programs. All of it comes from a file, so all of it is made harmless.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::journal::{Broken, JournalFile, Parsed};
use crate::model::{
    AccountId, Begin, CreatedIds, End, Ending, Exchange, Found, GroupId, Journal, Key, OperationHistory,
    OperationState, Outcome, Record, Response, ScimId, SentOperation, formats,
};

use super::escape_untrusted;
use super::json::{pretty, schema};
use super::lines::{BOLD, CHANGE, Lead, REVOKE, count, painted, wrapped};
use super::report::{line, outcome_line};

/// Renders who did what, when, and the outcome of every operation, within a width in cells.
pub fn journal_text(parsed: &Parsed, width: usize) -> String {
    let journal = &parsed.journal;
    let mut text = head(journal, width);
    text.push('\n');
    for told in journal.operations() {
        text.push_str(&operation(&told, width));
    }
    text.push('\n');
    text.push_str(&wrapped(&ending(journal), &Lead::PLAIN, width));
    if let Some(broken) = &parsed.broken {
        text.push_str(&wrapped(&break_line(broken), &Lead::BAD, width));
    }
    text
}

/// Renders whether a journal is as it was written, and the operations that were in flight if the run was cut off.
pub fn verification(parsed: &Parsed, width: usize) -> String {
    let journal = &parsed.journal;
    let lines = count(journal.lines.len(), "line");
    let mut text = match &parsed.broken {
        None => format!("{lines}, all intact.\n"),
        Some(broken) => {
            let before = format!("The {lines} before it are intact.");
            wrapped(&break_line(broken), &Lead::BAD, width) + &wrapped(&before, &Lead::PLAIN, width)
        }
    };
    text.push_str(&wrapped(&ending(journal), &Lead::PLAIN, width));
    for sent in journal.in_flight() {
        text.push_str(&line("in flight", CHANGE, &shown_key(&sent.key), "", width));
    }
    text.push_str(&format!("Last hash: {}\n", escape_untrusted(&journal.last)));
    text
}

/// Renders the same as [`journal_text`] as a versioned JSON document, with a line break at its end.
pub fn journal_json(parsed: &Parsed) -> String {
    let journal = &parsed.journal;
    pretty(&Document {
        format: formats::JOURNAL_REPORT,
        run: journal.begin(),
        began: journal.lines.first().map(|line| line.at),
        end: journal.end(),
        ended: journal.end().and_then(|_| journal.lines.last()).map(|line| line.at),
        last_hash: &journal.last,
        broken: parsed.broken.as_ref().map(BrokenDocument::of),
        operations: journal.operations().iter().map(document).collect(),
    })
}

/// Renders journals, one run after the other: when, who, which commit, how it ended, and the file.
pub fn journals_text(files: &[JournalFile], width: usize) -> String {
    if files.is_empty() {
        return "This folder holds no journal.\n".into();
    }
    let mut text = String::new();
    for file in files {
        let began = file.began().map_or("of no known time".into(), moment);
        text.push_str(&format!("{}\n", painted(BOLD, &began)));
        let mut about = |said: &str| text.push_str(&wrapped(&escape_untrusted(said), &Lead::OUTCOME, width));
        if let Some(begin) = file.parsed.journal.begin() {
            about(&format!("by {}", by(begin)));
            match &begin.commit {
                Some(commit) => about(&format!("commit {commit}")),
                None => about("of no commit"),
            }
        }
        match &file.parsed.broken {
            None => about(&ending(&file.parsed.journal)),
            Some(broken) => about(&break_line(broken)),
        }
        about(&file.path.display().to_string());
    }
    text
}

/// Renders the same as [`journals_text`] as a versioned JSON document, with a line break at its end.
pub fn journals_json(files: &[JournalFile]) -> String {
    pretty(&List {
        format: formats::JOURNALS,
        runs: files
            .iter()
            .map(|file| Listed {
                file: file.path.display().to_string(),
                began: file.began(),
                run: file.parsed.journal.begin(),
                end: file.parsed.journal.end(),
                broken: file.parsed.broken.as_ref().map(BrokenDocument::of),
            })
            .collect(),
    })
}

/// The runs of a folder.
#[derive(Serialize, JsonSchema)]
struct List<'a> {
    format: &'static str,
    /// The runs, newest first.
    runs: Vec<Listed<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Listed<'a> {
    /// The path of the journal.
    file: String,
    /// When the run began.
    #[schemars(with = "Option<String>")]
    began: Option<Timestamp>,
    /// Whose run it is, and of which plan.
    run: Option<&'a Begin>,
    /// How it ended; null where it was cut off.
    end: Option<&'a End>,
    /// Where the journal is not as it was written.
    broken: Option<BrokenDocument>,
}

/// A written line of a journal.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is there for its schema: a chain writes the lines")]
struct WrittenLine {
    /// Its number, from 1.
    seq: u64,
    /// When it was written.
    #[schemars(with = "String")]
    at: Timestamp,
    /// The hash of the line before, in hex; zeros before the first.
    previous: String,
    /// The event.
    record: Record,
    /// SHA-256 over the line before this key, in hex.
    hash: String,
}

pub(super) fn journal_schema() -> String {
    schema::<WrittenLine>(formats::JOURNAL)
}

pub(super) fn journal_report_schema() -> String {
    schema::<Document<'_>>(formats::JOURNAL_REPORT)
}

pub(super) fn journals_schema() -> String {
    schema::<List<'_>>(formats::JOURNALS)
}

/// The content of a journal.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    format: &'static str,
    /// Whose run it is, and of which plan.
    run: Option<&'a Begin>,
    /// When the run began.
    #[schemars(with = "Option<String>")]
    began: Option<Timestamp>,
    /// How it ended; null where it was cut off.
    end: Option<&'a End>,
    /// When it ended.
    #[schemars(with = "Option<String>")]
    ended: Option<Timestamp>,
    /// The hash of the last line that is as it was written.
    last_hash: &'a str,
    /// Where the journal is not as it was written.
    broken: Option<BrokenDocument>,
    /// Every operation, in the order in which they came up.
    operations: Vec<OperationDocument<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct BrokenDocument {
    /// The line, from 1.
    line: usize,
    /// What is wrong with it.
    why: String,
}

impl BrokenDocument {
    fn of(broken: &Broken) -> Self {
        Self { line: broken.line, why: broken.wrong.to_string() }
    }
}

#[derive(Serialize, JsonSchema)]
struct OperationDocument<'a> {
    /// The action and the address, such as `add member.devs/ada@acme.com`.
    key: &'a Key,
    /// As in a report, or `answered` or `in flight` where the run was cut off.
    outcome: &'static str,
    /// What it failed with, or why its outcome is not known.
    why: Option<String>,
    /// When it was sent first.
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
    /// What was sent; null where nothing was.
    sent: Option<&'a SentOperation>,
    /// The requests, and their answers.
    exchanges: Vec<&'a Exchange>,
    /// What reads showed where an answer was lost.
    looks: Vec<Found>,
    /// The IDs that were created.
    made: Option<&'a CreatedIds>,
}

fn document<'a>(told: &OperationHistory<'a>) -> OperationDocument<'a> {
    let (outcome, why) = state(told.state);
    OperationDocument {
        key: told.key,
        outcome,
        why,
        at: told.at,
        sent: told.sent,
        exchanges: told.answers.iter().flat_map(|answer| &answer.exchanges).collect(),
        looks: told.looks.iter().map(|look| look.found).collect(),
        made: told.made(),
    }
}

/// The word for the outcome of an operation, and its explanation.
fn state(state: OperationState<'_>) -> (&'static str, Option<String>) {
    match state {
        OperationState::Settled(outcome) => {
            let why = match outcome {
                Outcome::Failed { why } | Outcome::Unsettled { why } => Some(why.clone()),
                Outcome::Skipped { requires } => Some(format!("it requires `{requires}`")),
                Outcome::Applied { .. }
                | Outcome::Unconfirmed
                | Outcome::Satisfied
                | Outcome::NotAttempted => None,
            };
            (outcome.as_str(), why)
        }
        OperationState::Answered(Response::Done) => {
            ("answered", Some("it was done, and not read again".into()))
        }
        OperationState::Answered(Response::Claimed { text }) => {
            ("answered", Some(format!("nothing needed doing: {text}")))
        }
        OperationState::Answered(Response::Refused { text }) => ("failed", Some(text.clone())),
        OperationState::Answered(Response::Lost { text }) => ("unsettled", Some(text.clone())),
        OperationState::Answered(Response::NotSent) => ("not attempted", None),
        OperationState::Seen => {
            ("answered", Some("its response was lost, and a read showed that it was done".into()))
        }
        OperationState::InFlight => ("in flight", Some("the run was cut off before its response".into())),
    }
}

fn head(journal: &Journal, width: usize) -> String {
    let Some(begin) = journal.begin() else { return "There is no run in this journal.\n".into() };
    let site = escape_untrusted(&begin.site).into_owned();
    let mut text = format!("{}\n", painted(BOLD, &format!("Rollbook run at {site}")));
    let mut row = |name: &str, value: &str| {
        let lead = Lead { first: "", rest: Lead::OUTCOME.rest };
        text.push_str(&format!("{name:<14}{}", wrapped(&escape_untrusted(value), &lead, width)));
    };
    if let Some(first) = journal.lines.first() {
        row("began", &moment(first.at));
    }
    row("plan", &begin.fingerprint);
    if let Some(commit) = &begin.commit {
        row("commit", commit);
    }
    if let Some(organization) = &begin.organization {
        row("organization", organization);
    }
    row("by", &by(begin));
    if let Some(today) = begin.today {
        row("judged by", &today.to_string());
    }
    if !begin.allowed.is_empty() {
        let allowed: Vec<&str> = begin.allowed.iter().map(|guard| guard.as_str()).collect();
        row("allowed", &allowed.join(", "));
    }
    row("rollbook", &begin.rollbook);
    text
}

/// The account or operator of a run.
fn by(begin: &Begin) -> String {
    match (&begin.account, &begin.operator) {
        (Some(account), Some(operator)) => format!("account {account}, for {operator}"),
        (Some(account), None) => format!("account {account}"),
        (None, Some(operator)) => format!("an organization's key, for {operator}"),
        (None, None) => "a key whose owner is not known".into(),
    }
}

fn operation(told: &OperationHistory<'_>, width: usize) -> String {
    let mut text = match told.state {
        OperationState::Settled(outcome) => outcome_line(told.key, outcome, width),
        OperationState::Answered(_) | OperationState::Seen | OperationState::InFlight => {
            let (word, why) = state(told.state);
            let why = why.unwrap_or_default();
            let style = if told.state == OperationState::InFlight { CHANGE } else { REVOKE };
            line(word, style, &shown_key(told.key), &escape_untrusted(&why), width)
        }
    };
    let mut about = |said: &str| text.push_str(&wrapped(&escape_untrusted(said), &Lead::OUTCOME, width));
    if let Some(sent) = told.sent {
        for line in ids(sent, told.at) {
            about(&line);
        }
    }
    for exchange in told.answers.iter().flat_map(|answer| &answer.exchanges) {
        let status = exchange.status.map_or("no answer to".into(), |status| status.to_string());
        about(&format!("{status} {}", exchange.request));
        if let Some(trace) = &exchange.trace {
            about(&format!("trace {trace}"));
        }
    }
    for look in &told.looks {
        about(match look.found {
            Found::Done => "looked for after its response was lost, and found done",
            Found::NotDone => "looked for after its response was lost, and not found done",
            Found::Unknown => "looked for after its response was lost, and reads did not show it",
        });
    }
    if let Some(made) = told.made() {
        about(&format!("made {}", made_ids(made)));
    }
    text
}

fn ids(sent: &SentOperation, at: Option<Timestamp>) -> Vec<String> {
    let at = at.map_or(String::new(), |at| format!("{}, ", moment(at)));
    let mut lines = vec![format!("{at}via {}", sent.via)];
    lines.extend(sent.group.as_ref().map(|group| format!("group {group}")));
    lines.extend(sent.account.as_ref().map(|account| format!("account {account}")));
    if !sent.memberships.is_empty() {
        lines.push(format!("with {}", count(sent.memberships.len(), "membership")));
    }
    lines
}

fn made_ids(made: &CreatedIds) -> String {
    let part = |what: &str, id: Option<&str>| id.map(|id| format!("{what} {id}"));
    let parts = [
        part("group", made.group.as_ref().map(GroupId::as_str)),
        part("account", made.account.as_ref().map(AccountId::as_str)),
        part("SCIM group", made.scim_group.as_ref().map(ScimId::as_str)),
        part("SCIM user", made.scim_user.as_ref().map(ScimId::as_str)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn ending(journal: &Journal) -> String {
    let Some(end) = journal.end() else {
        let in_flight = journal.in_flight().len();
        let are = if in_flight == 1 { "was" } else { "were" };
        return format!("The run was cut off; {} {are} in flight.", count(in_flight, "operation"));
    };
    let how = match end.by {
        Ending::Whole => "The run finished",
        Ending::Stopped => "The run was stopped",
        Ending::TimedOut => "The run's time ran out",
        Ending::Credential => "The run ended with a credential that was not accepted any more",
    };
    let counts = [
        (end.done, "done"),
        (end.failed, "failed"),
        (end.unsettled, "unsettled"),
        (end.skipped, "skipped"),
        (end.not_attempted, "not attempted"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let at = journal.lines.last().map_or(String::new(), |line| format!(" at {}", moment(line.at)));
    format!("{how}{at}: {}.", if counts.is_empty() { "nothing to do".into() } else { counts.join(", ") })
}

fn break_line(broken: &Broken) -> String {
    format!("Line {} is broken: {}.", broken.line, escape_untrusted(&broken.wrong.to_string()))
}

fn shown_key(key: &Key) -> String {
    escape_untrusted(&key.to_string()).into_owned()
}

/// A moment to the second, in UTC.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
