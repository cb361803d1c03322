//! The journal of an apply: what is sent is on disk before it is sent, and the outcome afterwards.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use http::StatusCode;
use rollbook::apply::{Executor, JournalError, JournalWriter};
use rollbook::journal::parse;
use rollbook::model::{Exchange, Plan, Report, Response, SentOperation, Tree};
use rollbook::sandbox::{Failure, Options};
use tokio::sync::watch;

use super::front::{Front, Trick};
use super::site::{journal, journal_tells, journal_with_room, one_file, plan, read, seeded, surfaces, told};
use crate::atlassian::contract::Asked;

const SEED: &str = "
users: [{ email: ada@acme.com, name: Ada Lovelace }, { email: bob@acme.com, name: Robert B }]
groups:
  - { name: devs, id: g-devs, members: [ada@acme.com] }
  - { name: old, id: g-old, members: [ada@acme.com, bob@acme.com] }
";

fn tree() -> Tree {
    one_file(
        "policy: { invite-domains: [acme.com] }
users: { new@acme.com: { name: Grace Hopper, active: true } }
groups:
  devs: { members: [bob@acme.com, new@acme.com] }
  sre: { description: Everyone on call, members: [ada@acme.com] }
  old: { absent: true }
",
    )
}

async fn carried_out(front: &Front, plan: &Plan, journal: &JournalWriter) -> Report {
    let surfaces = surfaces(front, 8);
    let (_stop, stop) = watch::channel(false);
    Executor {
        surfaces: &surfaces,
        journal,
        concurrency: 3,
        stop,
        deadline: None,
        accounts: super::site::NO_ACCOUNTS,
    }
    .run(plan, |_| ())
    .await
}

#[tokio::test(start_paused = true)]
async fn it_holds_every_request_and_no_name() {
    let front = seeded(SEED, &Options::default());
    let plan = plan(&surfaces(&front, 8), &tree()).await.unwrap();
    assert_eq!(plan.operations.len(), 7, "{:#?}", plan.operations);
    let trace = [("atl-traceid", "3f2a"), ("content-type", "application/json")];
    let refusal = Failure::instead(StatusCode::FORBIDDEN, &trace, r#"{"errorMessages":["not\u202e you"]}"#);
    front.fail_next("DELETE /rest/api/3/group", refusal);
    let journal = journal(&plan).await;
    let report = carried_out(&front, &plan, &journal).await;
    journal_tells(&journal, &report);

    let read = read(&journal);
    let line = |asked: &Asked, status: u16| format!("{} {:?} {status}", asked.route(), asked.query);
    let mut noted: Vec<String> = Vec::new();
    for told in read.operations() {
        for Exchange { request, status, .. } in told.answers.iter().flat_map(|answer| &answer.exchanges) {
            let (method, target) = request.split_once(' ').unwrap();
            noted.push(line(&Asked::of(method, target, ""), status.unwrap()));
        }
    }
    let sent = front.exchanges().into_iter().filter(|it| it.asked.method != "GET");
    let mut sent: Vec<String> = sent.map(|it| line(&it.asked, it.status)).collect();
    noted.sort();
    sent.sort();
    assert_eq!(noted, sent);

    let deleted = read.operations().into_iter().find(|told| told.key.to_string() == "delete group.old");
    let deleted = deleted.unwrap();
    assert_eq!(deleted.sent.unwrap().memberships.len(), 2, "who loses a membership is recorded, by id");
    assert_eq!(deleted.answers[0].exchanges[0].trace.as_deref(), Some("3f2a"));
    assert!(matches!(&deleted.answers[0].said, Response::Refused { text } if text.contains("not you")));
    let made: Vec<_> = read.operations().iter().filter_map(|told| told.made().cloned()).collect();
    assert_eq!(made.len(), 2, "{made:#?}");

    let text = journal.text();
    for name in ["Lovelace", "Robert", "Hopper", "on call", "sandbox-token"] {
        assert!(!text.contains(name), "{name} is in\n{text}");
    }
}

/// Whether a request can be an operation's: it holds its ids, or the name or email where there are none yet.
fn is_of(sent: &SentOperation, asked: &Asked) -> bool {
    let group = sent.group.as_ref().map(ToString::to_string);
    let account = sent.account.as_ref().map(ToString::to_string);
    let mut words: Vec<String> = group.into_iter().chain(account).collect();
    if words.is_empty() {
        words.extend(sent.key.address.to_string().split_once('.').map(|(_, name)| name.to_owned()));
    }
    let text = asked.to_string();
    words.iter().all(|word| text.contains(word))
}

/// Looks into the file whenever a write comes: the operation must be recorded as sent, and nothing of its answer.
#[tokio::test]
async fn what_is_sent_is_in_the_file_before_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/journal.jsonl");
    let seen: Arc<OnceLock<PathBuf>> = Arc::default();
    let file = Arc::clone(&seen);
    let front = seeded(SEED, &Options::default()).with(move |_, asked| {
        if asked.method != "GET" {
            let parsed = parse(&fs::read(file.get().unwrap()).unwrap());
            assert_eq!(parsed.broken, None);
            let in_flight = parsed.journal.in_flight();
            assert!(in_flight.iter().any(|sent| is_of(sent, asked)), "{asked} is not in {in_flight:#?}");
        }
        Trick::Pass
    });
    let plan = plan(&surfaces(&front, 8), &tree()).await.unwrap();
    seen.set(path.clone()).unwrap();
    let begun = journal(&plan).await;
    let writer = JournalWriter::create(path.clone(), jiff::Timestamp::now).unwrap();
    writer.write(vec![read(&begun).lines[0].record.clone()]).await.unwrap();
    let report = carried_out(&front, &plan, &writer).await;
    assert!(report.complete(), "{:#?}", told(&report));
    let last = writer.close().unwrap();
    let parsed = parse(&fs::read(&path).unwrap());
    assert_eq!((parsed.broken, parsed.journal.last.clone()), (None, last));
    assert_eq!(parsed.journal.operations().len(), 7);

    let again = JournalWriter::create(path.clone(), jiff::Timestamp::now);
    assert!(matches!(again, Err(JournalError::Exists(there)) if there == path));
    #[cfg(unix)]
    for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{path:?}");
    }
}

/// A disk may be full at any line. Nothing is sent that is not recorded, what is under way is finished and reported,
/// and the end says that the journal is incomplete.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_that_a_full_disk_could_not_take() {
    let whole = {
        let front = seeded(SEED, &Options::default());
        let plan = plan(&surfaces(&front, 8), &tree()).await.unwrap();
        let journal = journal(&plan).await;
        carried_out(&front, &plan, &journal).await;
        journal.text().len()
    };
    let mut sent_by_room = std::collections::BTreeSet::new();
    for room in (600..whole).step_by(97) {
        let front = seeded(SEED, &Options::default());
        let plan = plan(&surfaces(&front, 8), &tree()).await.unwrap();
        let journal = journal_with_room(&plan, room).await;
        let report = carried_out(&front, &plan, &journal).await;
        let told_as_sent = read(&journal).operations().iter().filter(|told| told.sent.is_some()).count();
        let writes = front.exchanges().iter().filter(|it| it.asked.method != "GET").count();
        assert_eq!(writes, told_as_sent, "room {room}:\n{}", journal.text());
        let unsent = told(&report).iter().filter(|told| told.ends_with(": not attempted")).count();
        assert_eq!(plan.operations.len() - unsent, writes, "room {room}: {:#?}", told(&report));
        assert!(journal.close().is_err(), "room {room}");
        sent_by_room.insert(writes);
    }
    assert!(sent_by_room.contains(&0) && sent_by_room.contains(&7), "{sent_by_room:?}");
}
