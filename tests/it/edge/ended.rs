//! Credentials and rights that end in the middle of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rollbook::model::{Outcome, Plan, Report};
use rollbook::sandbox::{Change, Options, Sandbox};

use super::front::{Front, Trick};
use super::outcomes::ADD;
use super::site::{ROOT, apply, one_file, plan, seeded, surfaces, told};
use crate::contract::Asked;

const PEOPLE: usize = 20;
const GROUPS: usize = 4;
const AT_A_TIME: usize = 4;

/// Everybody is to be added to every group.
async fn report(
    tricks: impl Fn(&Sandbox, &Asked, usize) -> Trick + Send + Sync + 'static,
) -> (Report, Front, Plan) {
    let people: Vec<String> = (0..PEOPLE).map(|n| format!("p{n}@acme.com")).collect();
    let users: Vec<String> = people.iter().map(|email| format!("{{ email: {email} }}")).collect();
    let groups: Vec<String> = (0..GROUPS).map(|n| format!("{{ name: g{n}, id: g{n} }}")).collect();
    let seed = format!("users: [{}]\ngroups: [{}]\n", users.join(", "), groups.join(", "));
    let mut tree = "groups:\n".to_owned();
    for n in 0..GROUPS {
        tree.push_str(&format!("  g{n}: {{ members: [{}] }}\n", people.join(", ")));
    }
    let writes = Arc::new(AtomicUsize::new(0));
    let front = seeded(&seed, &Options::default()).with(move |sandbox, asked| {
        let before = writes.fetch_add(usize::from(asked.method != "GET"), Ordering::SeqCst);
        tricks(sandbox, asked, before)
    });
    let surfaces = surfaces(&front, 8);
    let plan = plan(&surfaces, &one_file(&tree)).await.unwrap();
    assert_eq!(plan.operations.len(), PEOPLE * GROUPS);
    (apply(&surfaces, &plan, AT_A_TIME).await, front, plan)
}

fn count(report: &Report, is: impl Fn(&Outcome) -> bool) -> usize {
    report.outcomes.iter().filter(|(_, outcome)| is(outcome)).count()
}

fn holds_up(report: &Report, front: &Front, says: &str) {
    let failed = count(report, |outcome| matches!(outcome, Outcome::Failed { .. }));
    assert!((1..=AT_A_TIME).contains(&failed), "{:#?}", told(report));
    assert!(front.count(ADD) <= 5 + AT_A_TIME, "{} were sent", front.count(ADD));
    let rest = count(report, |outcome| *outcome == Outcome::NotAttempted);
    assert_eq!(rest, PEOPLE * GROUPS - front.count(ADD), "{:#?}", told(report));
    let ended = report.ended.as_deref().unwrap();
    assert!(
        ended.contains("jira") && ended.contains(says) && ended.contains("nothing more was sent"),
        "{ended}"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_with_a_credential_that_is_not_accepted_any_more() {
    for (status, words) in [(401, "Client must be authenticated"), (429, "")] {
        let (report, front, _) = report(move |_, asked, before| {
            if asked.method == "GET" && before <= 5 || asked.method != "GET" && before < 5 {
                return Trick::Pass;
            }
            Trick::Instead(status, words.to_owned())
        })
        .await;
        if status == 401 {
            holds_up(&report, &front, "is not accepted any more");
            assert!(report.ended.as_deref().unwrap().contains("has not expired"), "{:?}", report.ended);
        } else {
            assert!(report.ended.as_deref().unwrap().contains("quota"), "{:?}", report.ended);
        }
        let unread = told(&report).iter().filter(|told| told.ends_with(": not read")).count();
        assert_eq!(unread, 5, "what was done cannot be read again: {:#?}", told(&report));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_once_the_account_has_lost_its_right() {
    let (report, front, _) = report(|sandbox, asked, before| {
        if asked.method != "GET" && before == 5 {
            let lose = Change::RemoveMember { group: "site-admins".into(), user: ROOT.into() };
            sandbox.edit(&lose).unwrap();
        }
        Trick::Pass
    })
    .await;
    holds_up(&report, &front, "may not write any more");
}

/// One thing may be forbidden, and others not.
#[tokio::test(start_paused = true)]
async fn what_is_forbidden_for_one_group_does_not_hold_up_the_others() {
    let (report, _, plan) = report(|_, asked, _| {
        let there = asked.method != "GET" && asked.query.iter().any(|(_, value)| value == "g1");
        let no =
            Trick::Instead(403, r#"{"errorMessages":["The group is protected"],"errors":{}}"#.to_owned());
        if there { no } else { Trick::Pass }
    })
    .await;
    assert_eq!(report.ended, None);
    let failed = count(&report, |outcome| matches!(outcome, Outcome::Failed { .. }));
    assert_eq!(
        (failed, count(&report, Outcome::done)),
        (PEOPLE, PEOPLE * (GROUPS - 1)),
        "{:#?}",
        told(&report)
    );
    let text = rollbook::render::report_text(&plan, &report, 200);
    assert_eq!(text.matches("The group is protected").count(), 1, "{text}");
    assert!(text.contains("and 15 more, for the same reason"), "{text}");
}

/// A write that is answered 201 and has no effect is not done.
#[tokio::test(start_paused = true)]
async fn what_is_never_seen_is_not_complete() {
    let (report, _, _) = report(|_, asked, before| match (asked.method.as_str(), before) {
        ("POST", 0) => Trick::Instead(201, r#"{"name":"g0","groupId":"g0","self":"x"}"#.to_owned()),
        _ => Trick::Pass,
    })
    .await;
    assert!(!report.complete(), "{:#?}", told(&report));
    assert_eq!(count(&report, |outcome| !outcome.done()), 1);
    assert!(told(&report).iter().any(|told| told.ends_with("not yet visible")), "{:#?}", told(&report));
}
