//! What is applied, by what record, and what a night makes of it.

use rollbook::platform::Kind;

use super::super::TOKEN;
use super::super::machine::{Event, How, KINDS, Machine, Ran, SETTLED};
use super::{applied, comment, on_each};
use crate::cli::base::git;

#[test]
fn an_old_run_does_not_undo_a_newer_one() {
    on_each(|machine| {
        let first = machine.propose("first", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        machine.run(Event::Pull(first)).ends(0);
        let (old_plan, plan_variables) = machine.start(Event::Pull(first), None);
        machine.merge(first, How::Merge);
        let (old, variables) = machine.start(Event::Push, None);
        applied(&machine).ends(0);
        assert_eq!(machine.live("developers"), ["ada", "bruno", "chen", "erik"]);
        let second = machine.propose("second", "developers", &SETTLED, "bruno");
        machine.merge(second, How::Merge);
        applied(&machine).ends(0);
        let ran = machine.run_in(Event::Push, &old, &variables).ends(4).says("so nothing was changed");
        machine.record(&ran, "push");
        assert_eq!(machine.live("developers"), SETTLED);
        // Its pull request is closed, and its comment stays.
        let before = machine.hub.comments(first);
        let again = machine.run_in(Event::Pull(first), &old_plan, &plan_variables);
        if machine.kind == Kind::GitHub {
            machine.comment_on(first, &again);
        }
        assert_eq!(machine.hub.comments(first), before);
    });
}

#[test]
fn an_old_commit_is_applied_by_who_says_so() {
    on_each(|machine| {
        let first = machine.propose("first", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        machine.merge(first, How::Merge);
        let (old, mut variables) = machine.start(Event::Push, None);
        variables.insert("ROLLBOOK_CI_TOKEN".into(), TOKEN.into());
        let second = machine.propose("second", "support", &["chen", "erik"], "bruno");
        machine.merge(second, How::Merge);
        machine.bash("rollbook ci apply", &old, &variables).ends(4).says("so nothing was changed");
        assert_eq!(machine.live("developers"), SETTLED);
        let ran = machine.bash("rollbook ci apply --outdated", &old, &variables).ends(0);
        machine.record(&ran, "push");
        assert_eq!(
            (machine.live("developers"), machine.live("support")),
            (["ada", "bruno", "chen", "erik"].map(str::to_owned).into(), vec!["chen".to_owned()])
        );
        // What came later is the next one's, and nothing older than what was applied is.
        applied(&machine).ends(0);
        assert_eq!(machine.live("support"), ["chen", "erik"]);
        git(&old, &["fetch", "--quiet", "origin"]);
        let back = machine.bash("rollbook ci apply --outdated", &old, &variables).ends(4);
        back.says("which").says("does not contain");
        assert_eq!(machine.live("support"), ["chen", "erik"]);
    });
}

#[test]
fn a_squash_that_skips_ci_is_seen_by_the_night_and_judged_by_the_next_apply() {
    on_each(|machine| {
        machine.checkout(&["-B", "mine"]);
        machine.members("support", &["bruno", "chen"]);
        machine.commit("Tidy up [skip ci]", "bruno");
        machine.push("mine", "bruno");
        let pull = machine.open("mine", "main", "bruno");
        machine.run(Event::Pull(pull)).ends(4);
        assert!(comment(&machine, pull).contains("[skip ci]"), "{}", comment(&machine, pull));
        machine.merge(pull, How::Squash("Tidy up [skip ci]"));
        let night = machine.run(Event::Night).says("Commits that no apply has seen");
        assert_ne!(night.code, 0, "{}", night.text);
        let other = machine.propose("other", "developers", &["ada", "bruno", "chen", "erik"], "chen");
        machine.merge(other, How::Merge);
        applied(&machine).ends(4).says("self-grant");
        assert_eq!(machine.live("support"), ["chen"]);
    });
}

#[test]
fn only_a_successful_run_of_the_job_that_applies_is_a_record() {
    on_each(|machine| {
        let pull = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
        machine.merge(pull, How::Merge);
        let refused = applied(&machine).ends(4);
        // Neither a schedule nor what somebody started or wrote by hand says that it was applied.
        machine.record(&Ran { code: 0, ..refused.clone() }, "schedule");
        machine.record(
            &Ran { code: 0, ..refused },
            match machine.kind {
                Kind::GitHub => "workflow_dispatch",
                Kind::GitLab => "api",
                Kind::Bitbucket => "manual",
            },
        );
        let other = machine.propose("other", "developers", &["ada", "bruno", "chen", "erik"], "chen");
        machine.merge(other, How::Merge);
        applied(&machine).ends(4).says("self-grant");
    });
}

/// GitHub gives the run of a tag the tag's name as its branch.
#[test]
fn a_run_of_a_tag_that_is_called_like_the_branch_is_no_record() {
    let machine = Machine::new(Kind::GitHub).applied_from_the_first();
    let pull = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
    let head = machine.pull(pull).head;
    machine.merge(pull, How::Merge);
    applied(&machine).ends(4);
    machine.hub.edit(|state| {
        let mut run = state.runs[0].clone();
        (run.commit, run.success) = (head, true);
        state.runs.push(run);
    });
    let other = machine.propose("other", "developers", &["ada", "bruno", "chen", "erik"], "chen");
    machine.merge(other, How::Merge);
    applied(&machine).ends(4).says("self-grant");
    assert_eq!(machine.live("support"), ["chen"]);
}

#[test]
fn the_first_apply_needs_to_be_told_where_to_begin() {
    for kind in KINDS {
        let machine = Machine::new(kind);
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        // A plan needs no record, and says that there is none.
        machine.run(Event::Pull(pull)).ends(0);
        assert!(comment(&machine, pull).contains("no apply of main has completed yet"));
        machine.merge(pull, How::Merge);
        machine
            .run(Event::Push)
            .ends(4)
            .says("no apply of main has completed yet")
            .says("ROLLBOOK_APPLIED_FROM");
        assert_eq!(machine.live("developers"), SETTLED);
        let machine = machine.applied_from_the_first();
        applied(&machine).ends(0);
        assert_eq!(machine.live("developers"), ["ada", "bruno", "chen", "erik"]);
    }
}

#[test]
fn after_a_force_push_administrators_say_where_to_go_on() {
    on_each(|machine| {
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        machine.merge(pull, How::Merge);
        applied(&machine).ends(0);
        machine.checkout(&["--orphan", "rewritten"]);
        machine.commit("The same, rewritten", "ada");
        let rewritten = machine.push("main", "ada");
        machine.run(Event::Push).ends(4).says("ROLLBOOK_APPLIED_FROM");
        let mut machine = machine;
        machine.set("ROLLBOOK_APPLIED_FROM", &rewritten);
        applied(&machine).ends(0);
    });
}

#[test]
fn what_failed_is_done_by_the_next_apply() {
    on_each(|machine| {
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        machine.merge(pull, How::Merge);
        let (clone, mut variables) = machine.start(Event::Push, None);
        variables.insert("ROLLBOOK_API_TOKEN".into(), "wrong".into());
        let ran = machine.run_in(Event::Push, &clone, &variables).ends(1);
        machine.record(&ran, "push");
        let again = applied(&machine).ends(0).says("1 grant");
        assert!(!again.text.contains("drift"), "it is still this range's: {}", again.text);
        assert_eq!(machine.live("developers"), ["ada", "bruno", "chen", "erik"]);
    });
}

#[test]
fn a_night_takes_what_expired_and_keeps_one_issue() {
    on_each(|machine| {
        let issues = |machine: &Machine| {
            machine
                .hub
                .edit(|state| state.issues.iter().map(|it| (it.open, it.body.clone())).collect::<Vec<_>>())
        };
        machine.run(Event::Night).ends(0);
        assert_eq!(issues(&machine), []);
        machine.checkout(&["main"]);
        machine.write(
            "groups/developers.yaml",
            "groups:\n  developers:\n    members:\n      - ada@acme.com\n      - bruno@acme.com\n      - { user: erik@acme.com, until: \
             2026-01-01 }\n",
        );
        machine.commit("Erik ends", "chen");
        machine.push("main", "chen");
        // It is not applied yet, so that it is not this night's to do.
        let ran = machine.run(Event::Night).says("Commits that no apply has seen");
        assert_ne!(ran.code, 0);
        assert_eq!(machine.live("developers"), SETTLED);
        if machine.kind == Kind::Bitbucket {
            assert_eq!(issues(&machine), [], "it keeps none");
        } else {
            let [(true, body)] = &issues(&machine)[..] else {
                panic!("one open issue: {:?}", issues(&machine))
            };
            assert!(body.contains("main has 1 commit since the last apply"), "{body}");
        }
        machine.run(Event::Night);
        assert!(issues(&machine).len() <= 1, "the same issue is edited");
        applied(&machine).ends(0);
        assert_eq!(machine.live("developers"), ["ada", "bruno"]);
        machine.run(Event::Night).ends(0);
        assert!(issues(&machine).iter().all(|(open, _)| !open), "all is well, and it is closed");
    });
}
