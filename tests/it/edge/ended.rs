//! Credentials and rights that end in the middle of a run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rollbook::model::{ErrorExt as _, Outcome, Plan, Report};
use rollbook::sandbox::{Change, Options, Sandbox};

use super::front::{Front, Trick};
use super::outcomes::ADD;
use super::site::{
    PlanError, ROOT, apply, apply_journalled, declared, members, one_file, plan, plan_or_undo, seeded,
    surfaces, told,
};
use crate::atlassian::contract::Asked;

const PEOPLE: usize = 20;
const GROUPS: usize = 4;
const AT_A_TIME: usize = 4;

/// A seed and a tree: everybody is to be added to every group.
fn everybody() -> (String, String) {
    let people: Vec<String> = (0..PEOPLE).map(|n| format!("p{n}@acme.com")).collect();
    let users: Vec<String> = people.iter().map(|email| format!("{{ email: {email} }}")).collect();
    let groups: Vec<String> = (0..GROUPS).map(|n| format!("{{ name: g{n}, id: g{n} }}")).collect();
    let seed = format!("users: [{}]\ngroups: [{}]\n", users.join(", "), groups.join(", "));
    let mut tree = "groups:\n".to_owned();
    for n in 0..GROUPS {
        tree.push_str(&format!("  g{n}: {{ members: [{}] }}\n", people.join(", ")));
    }
    (seed, tree)
}

/// An apply of it, with tricks that are told how many writes came before.
async fn report(
    tricks: impl Fn(&Sandbox, &Asked, usize) -> Trick + Send + Sync + 'static,
) -> (Report, Front, Plan) {
    let (seed, tree) = everybody();
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

/// A run that takes another back ends with its credential, too; the next one takes back what is left.
#[tokio::test(start_paused = true)]
async fn an_undo_ends_with_its_credential_and_the_next_one_goes_on() {
    let (seed, tree) = everybody();
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let budget = Arc::clone(&left);
    let front =
        seeded(&seed, &Options::default()).with(move |_, asked| match budget.load(Ordering::SeqCst) {
            0 => Trick::Instead(401, "Client must be authenticated".to_owned()),
            left => {
                budget.store(left - usize::from(asked.method != "GET"), Ordering::SeqCst);
                Trick::Pass
            }
        });
    let (surfaces, tree) = (surfaces(&front, 8), one_file(&tree));
    let declaration = declared(&tree);
    let (report, journal) =
        apply_journalled(&surfaces, &plan(&surfaces, &tree).await.unwrap(), AT_A_TIME).await;
    assert!(report.complete(), "{:#?}", told(&report));
    let undo = || plan_or_undo(&surfaces, &tree, &declaration, Some(&journal));

    let first = undo().await.unwrap();
    assert_eq!(first.operations.len(), PEOPLE * GROUPS);
    left.store(5, Ordering::SeqCst);
    let (report, of_undo) = apply_journalled(&surfaces, &first, AT_A_TIME).await;
    let ended = report.ended.as_deref().unwrap();
    assert!(ended.contains("is not accepted any more") && ended.contains("has not expired"), "{ended}");
    let failed = count(&report, |outcome| matches!(outcome, Outcome::Failed { .. }));
    assert!((1..=AT_A_TIME).contains(&failed), "{:#?}", told(&report));
    let unread = told(&report).iter().filter(|told| told.ends_with(": not read")).count();
    assert_eq!(unread, 5, "{:#?}", told(&report));
    let rest = count(&report, |outcome| *outcome == Outcome::NotAttempted);
    assert_eq!(rest, PEOPLE * GROUPS - 5 - failed, "{:#?}", told(&report));
    assert!(of_undo.end().is_some(), "its journal has an end");

    left.store(usize::MAX, Ordering::SeqCst);
    let second = undo().await.unwrap();
    assert_eq!(second.operations.len(), PEOPLE * GROUPS - 5);
    assert!(apply(&surfaces, &second, AT_A_TIME).await.complete());
    let state = front.sandbox.state();
    assert!((0..GROUPS).all(|n| members(&state, &format!("g{n}")).is_empty()));
}

/// Wherever in the reads it ends: there is no plan, with what to do, or one that says what it did not read and has nothing
/// that the whole plan has not.
#[tokio::test(start_paused = true)]
async fn a_credential_that_ends_while_a_plan_is_read_makes_no_other_plan() {
    let seed = "
apps: [{ key: jira-software, name: Jira Software }]
users: [{ email: ada@acme.com }, { email: bob@acme.com }, { email: off@acme.com }]
groups:
  - { name: devs, members: [ada@acme.com, off@acme.com] }
  - { name: old, members: [bob@acme.com] }
  - { name: app, grants: { jira-software: user }, default-for: [jira-software], members: [off@acme.com] }
";
    let tree = one_file(
        "policy: { offboard: remove, invite-domains: [acme.com] }
users: { off@acme.com: { active: false }, new@acme.com: { active: true, apps: [jira-software] } }
groups: { devs: { members: [bob@acme.com] }, old: { absent: true } }
",
    );
    let of = async |reads: usize, status: u16| {
        let asked = AtomicUsize::new(0);
        let front = seeded(seed, &Options::default()).with(move |_, _| {
            let pass = asked.fetch_add(1, Ordering::SeqCst) < reads;
            if pass { Trick::Pass } else { Trick::Instead(status, "no more".to_owned()) }
        });
        (plan(&surfaces(&front, 1), &tree).await, front.exchanges().len())
    };
    let (whole, reads) = of(usize::MAX, 0).await;
    let keys = |plan: &Plan| plan.operations.iter().map(|it| it.key.clone()).collect::<BTreeSet<_>>();
    let whole = keys(&whole.unwrap());
    assert!(reads > 8 && whole.len() > 4, "{reads} {whole:?}");
    let mut planned = 0;
    for (status, says) in [(401, "has not expired"), (403, "Browse users and groups"), (429, "again later")] {
        for kept in 0..reads {
            match of(kept, status).await.0 {
                Err(PlanError::Live(error) | PlanError::Capabilities(error)) => {
                    assert!(error.help().is_some_and(|help| help.contains(says)), "{kept} {status}: {error}");
                }
                Ok(plan) => {
                    planned += 1;
                    let unread = plan.blocked.iter().any(|it| it.code == "not-read")
                        || plan.notes.iter().any(|it| it.code == "not-read");
                    assert!(unread, "{kept} {status}: {:?} {:?}", plan.blocked, plan.notes);
                    assert!(keys(&plan).is_subset(&whole), "{kept} {status}: {:?}", keys(&plan));
                }
            }
        }
    }
    assert!(planned > 0, "auxiliary reads end no plan");
}
