//! To take a run back gives nothing that the tree denies.

use jiff::Timestamp;
use jiff::civil::date;
use rollbook::journal::{Chain, parse};
use rollbook::model::{
    AnsweredOperation, Begin, Changes, Exchange, JOURNAL_FORMAT, Journal, Record, Response, SentOperation,
    Surface,
};
use rollbook::plan::{self, Beside, Desired, Resolved};

use super::NONE;
use crate::world::World;

/// A run that took somebody out of a group.
fn journal(key: &str, group: Option<&str>, account: &str) -> Journal {
    let key: rollbook::model::Key = key.parse().unwrap();
    let begin = Record::Begin(Begin {
        format: JOURNAL_FORMAT.into(),
        rollbook: "0.1.0".into(),
        site: "https://acme.atlassian.net".into(),
        organization: None,
        account: Some("712020:root".into()),
        operator: None,
        fingerprint: "3f9c2a71".into(),
        commit: None,
        today: None,
        allowed: Vec::new(),
        operations: 1,
    });
    let sent = Record::Sent {
        operations: vec![SentOperation {
            key: key.clone(),
            via: Surface::Jira,
            group: group.map(Into::into),
            account: Some(account.into()),
            was: None,
            memberships: Vec::new(),
        }],
    };
    let exchanges = vec![Exchange { request: "DELETE /x".into(), status: Some(200), trace: None }];
    let answered = Record::Answered(AnsweredOperation { key, exchanges, said: Response::Done, made: None });
    let mut chain = Chain::default();
    let at = Timestamp::from_second(1_795_348_800).unwrap();
    let text: String = [begin, sent, answered].into_iter().map(|record| chain.next(at, record)).collect();
    parse(text.as_bytes()).journal
}

fn taking_back(world: &World, journal: &Journal) -> (Vec<String>, Vec<String>) {
    let declaration = world.declaration();
    let desired = Desired::of(&declaration, world.today);
    let concerned = plan::concerned(journal);
    let live = world.live.state(&desired, Beside { undo: Some(&concerned), ..Beside::default() });
    let tree = Resolved::of(desired, &live);
    let Changes { changes, blocked, .. } = plan::undo(journal, &tree, &live, "journal.jsonl");
    (
        changes.iter().map(|change| format!("{} {}", change.wanted.action(), change.address)).collect(),
        blocked.iter().map(|it| format!("{} {}: {} ({})", it.action, it.address, it.code, it.why)).collect(),
    )
}

const KEY: &str = "remove member.payroll/dina@acme.com";
const BACK: &str = "add member.payroll/dina@acme.com";

/// dina was taken out of payroll, and the tree says so.
fn taken(members: &str) -> World {
    let groups = format!(
        "  payroll:\n    members: [ada@acme.com, {members}]\n  team:\n    members: [dina@acme.com]\n"
    );
    World::of("", "", &groups).change(|live| {
        let dina = live.id_of("dina@acme.com");
        live.group("payroll").members.remove(&dina);
    })
}

#[test]
fn what_the_tree_denies_is_not_given_back() {
    let run = journal(KEY, Some("id-payroll"), "acc-dina@acme.com");
    let denied = |reason: &str| {
        vec![format!("{BACK}: undo-denied (the tree takes it from the person again: {reason})")]
    };
    let ended = taken("{ user: dina@acme.com, until: 2026-11-20 }");
    assert_eq!(taking_back(&ended, &run), (vec![], denied("expired")));
    let excepted = taken("{ group: team, except: [dina@acme.com] }");
    assert_eq!(taking_back(&excepted, &run), (vec![], denied("excepted")));
    let mut leaver = taken("eve@acme.com");
    leaver.files.push(("users/all.yaml".into(), "users:\n  dina@acme.com: { active: false }\n".into()));
    leaver.files.sort();
    assert_eq!(taking_back(&leaver, &run), (vec![], denied("offboarded")));
    // By account, under another key of the group, and the account itself.
    let by_account = taken("{ account: acc-dina@acme.com, until: 2026-11-20 }");
    assert_eq!(taking_back(&by_account, &run).0, NONE);
    let renamed = ended.clone().edit("  payroll:\n", "  wages:\n    id: id-payroll\n");
    assert_eq!(taking_back(&renamed, &run).0, NONE);
    let suspended = leaver.change(|live| live.account("dina@acme.com").active = false);
    let woken = journal("suspend user.dina@acme.com", None, "acc-dina@acme.com");
    assert_eq!(taking_back(&suspended, &woken).0, NONE);
    // She shows another email by now, and nothing ties the one of the journal and the tree to her account.
    let goes_by = |world: World| {
        world.change(|live| live.account("dina@acme.com").email = Some("d.new@acme.com".into()))
    };
    assert_eq!(taking_back(&goes_by(ended.clone()), &run), (vec![], denied("expired")));
    assert_eq!(taking_back(&goes_by(suspended), &woken).0, NONE);
    assert_eq!(taking_back(&goes_by(taken("eve@acme.com")), &run), (vec![BACK.into()], vec![]));
    // Neighbours: an end that is still to come, and a group that does not speak of her.
    let to_come = taken("{ user: dina@acme.com, until: 2027-01-10 }");
    assert_eq!(taking_back(&to_come, &run), (vec![BACK.into()], vec![]));
    assert_eq!(taking_back(&taken("eve@acme.com"), &run), (vec![BACK.into()], vec![]));
    let mut earlier = ended;
    earlier.today = date(2026, 11, 19);
    assert_eq!(taking_back(&earlier, &run), (vec![BACK.into()], vec![]));
}
