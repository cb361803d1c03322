//! Walks: what people and platforms do to a repository, on each platform, and what becomes of it.

use std::fs;

use rollbook::platform::Kind;

use super::TOKEN;
use super::machine::{Event, How, KINDS, Machine, Ran, SETTLED};
use crate::cli::base::git;

/// The heading of the one comment of a pull request.
#[track_caller]
fn heading(machine: &Machine, pull: u64) -> String {
    let comments = machine.hub.comments(pull);
    let [comment] = comments.as_slice() else { panic!("{} comments: {comments:#?}", comments.len()) };
    let heading = comment.lines().find_map(|line| line.strip_prefix("### "));
    heading.unwrap_or_else(|| panic!("no heading in\n{comment}")).to_owned()
}

/// The one comment of a pull request.
#[track_caller]
fn comment(machine: &Machine, pull: u64) -> String {
    heading(machine, pull);
    machine.hub.comments(pull).remove(0)
}

/// The commit that the journal of a run names.
fn journalled(ran: &Ran) -> Option<String> {
    let journal = ran.left("journal.jsonl")?;
    let (_, from) = journal.lines().next()?.split_once(r#""commit":""#)?;
    from.split('"').next().map(str::to_owned)
}

fn applied(machine: &Machine) -> Ran {
    let ran = machine.run(Event::Push);
    machine.record(&ran, "push");
    ran
}

fn on_each(walk: impl Fn(Machine)) {
    for kind in KINDS {
        walk(Machine::new(kind).applied_from_the_first());
    }
}

#[test]
fn a_pull_request_has_one_comment_that_later_plans_edit() {
    on_each(|machine| {
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        machine.hub.comment_by("mallory", pull, "<!-- rollbook-plan acme.atlassian.net -->\nmine");
        let others =
            |machine: &Machine| machine.hub.edit(|state| state.comments.retain(|it| it.author != "mallory"));
        let ran = machine.run(Event::Pull(pull)).ends(0).says("1 grant");
        let text = ran.left("plan.txt").unwrap();
        assert!(text.contains("Plan: 1 grant") && !text.contains('\u{1b}'), "{text}");
        // What a job costs beside its plan is its requests to the platform.
        let asked = machine.hub.edit(|state| std::mem::take(&mut state.asked));
        assert!(asked.len() <= 15, "{} requests: {asked:#?}", asked.len());
        machine.hub.edit(|state| assert_eq!(state.comments[0].body.lines().nth(1), Some("mine")));
        others(&machine);
        assert!(heading(&machine, pull).starts_with("1 grant and 0 revokes"), "{}", heading(&machine, pull));
        // An update, and then nothing.
        machine.members("developers", &["ada", "bruno"]);
        machine.commit("Without Erik", "bruno");
        machine.push("chen", "bruno");
        machine.run(Event::Pull(pull)).ends(0).says("1 revoke");
        assert!(heading(&machine, pull).starts_with("0 grants and 1 revoke"), "{}", heading(&machine, pull));
        machine.members("developers", &SETTLED);
        machine.commit("As it was", "bruno");
        machine.push("chen", "bruno");
        machine.run(Event::Pull(pull)).ends(0);
        assert_eq!(heading(&machine, pull), "No changes");
        assert_eq!(machine.live("developers"), SETTLED, "a plan changes nothing");
    });
}

#[test]
fn a_tree_that_is_not_valid_is_said_on_the_pull_request() {
    on_each(|machine| {
        let pull = machine.propose("broken", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        machine.run(Event::Pull(pull)).ends(0);
        machine.write("groups/developers.yaml", "groups:\n  developers: [\n");
        machine.commit("Break it", "bruno");
        machine.push("broken", "bruno");
        machine.run(Event::Pull(pull)).ends(3);
        assert_eq!(heading(&machine, pull), "No plan");
    });
    // Also where no comment is there yet.
    on_each(|machine| {
        machine.checkout(&["-B", "broken"]);
        machine.write("groups/developers.yaml", "groups:\n  developers: [\n");
        machine.commit("Break it", "bruno");
        machine.push("broken", "bruno");
        let pull = machine.open("broken", "main", "bruno");
        machine.run(Event::Pull(pull)).ends(3);
        assert_eq!(heading(&machine, pull), "No plan");
        machine.members("developers", &SETTLED);
        machine.commit("Mend it", "bruno");
        machine.push("broken", "bruno");
        machine.run(Event::Pull(pull)).ends(0);
        assert_eq!(heading(&machine, pull), "No changes", "the next plan takes its place");
    });
}

#[test]
fn a_branch_that_is_behind_is_not_blamed_for_what_others_merged() {
    on_each(|machine| {
        let behind = machine.propose("support", "support", &["chen", "erik"], "bruno");
        let other = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "ada");
        machine.merge(other, How::Merge);
        applied(&machine).ends(0);
        machine.run(Event::Pull(behind)).ends(0);
        let said = comment(&machine, behind);
        assert!(said.contains("1 grant"), "{said}");
        match machine.kind {
            // The platform merges; the other change is in both.
            Kind::GitHub | Kind::Bitbucket => assert!(!said.contains("lacks"), "{said}"),
            Kind::GitLab => assert!(said.contains("The branch lacks 2 commits of main"), "{said}"),
        }
    });
}

#[test]
fn the_author_is_who_opened_pushed_or_committed() {
    // By oneself: refused, on the pull request and after the merge.
    on_each(|machine| {
        let pull = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
        machine.run(Event::Pull(pull)).ends(4).says("error: the plan is refused by self-grant");
        assert!(heading(&machine, pull).starts_with("Refused"), "{}", heading(&machine, pull));
        machine.merge(pull, How::Merge);
        applied(&machine).ends(4);
        assert_eq!(machine.live("support"), ["chen"]);
    });
    // By somebody else: fine.
    on_each(|machine| {
        let pull = machine.propose("theirs", "support", &["bruno", "chen"], "chen");
        machine.run(Event::Pull(pull)).ends(0);
        let merged = machine.merge(pull, How::Merge);
        let ran = applied(&machine).ends(0);
        assert_eq!(journalled(&ran), Some(merged));
        assert_eq!(machine.live("support"), ["bruno", "chen"]);
        let report = ran.left("report.txt").unwrap();
        assert!(report.contains("bruno@acme.com") && !report.contains('\u{1b}'), "{report}");
    });
    // Opened by somebody else, and pushed to by oneself under another's name.
    on_each(|machine| {
        let pull = machine.propose("shared", "developers", &["ada", "bruno", "chen", "erik"], "chen");
        machine.members("support", &["bruno", "chen"]);
        machine.commit("In Chen's name", "chen");
        machine.push("shared", "bruno");
        machine.run(Event::Pull(pull)).ends(4).says("refused by self-grant");
        machine.merge(pull, How::Squash("Change developers"));
        applied(&machine).ends(4);
        assert_eq!(machine.live("support"), ["chen"]);
    });
    // By an account that nobody has named, it may be anybody.
    on_each(|machine| {
        let pull = machine.propose("stranger", "support", &["bruno", "chen"], "zoe");
        machine.run(Event::Pull(pull)).ends(4);
        let said = comment(&machine, pull);
        assert!(said.contains("may be anybody") && said.contains("zoe"), "{said}");
    });
}

/// Somebody else's branch takes in what one wrote in their name.
#[test]
fn who_is_merged_into_the_branch_is_an_author() {
    on_each(|machine| {
        machine.checkout(&["-B", "feature"]);
        machine.members("developers", &["ada", "bruno", "chen", "erik"]);
        machine.commit("Chen's own", "chen");
        machine.push("feature", "chen");
        machine.checkout(&["-B", "side"]);
        machine.members("support", &["bruno", "chen"]);
        machine.commit("In Chen's name", "chen");
        machine.push("side", "bruno");
        let inner = machine.open("side", "feature", "bruno");
        machine.merge(inner, How::Merge);
        machine.checkout(&["feature"]);
        machine.commit("One more", "chen");
        machine.push("feature", "chen");
        let outer = machine.open("feature", "main", "chen");
        machine.run(Event::Pull(outer)).ends(4).says("refused by self-grant");
        machine.merge(outer, How::Merge);
        applied(&machine).ends(4);
        assert_eq!(machine.live("support"), ["chen"]);
    });
}

/// Bitbucket lists no commits of a pull request whose branch is gone.
#[test]
fn the_authors_of_a_deleted_branch_are_those_of_what_was_merged() {
    for (how, forgotten, by, code) in [
        (How::Merge, false, "chen", 0),
        (How::Squash("Change support"), false, "chen", 0),
        (How::Merge, false, "bruno", 4),
        (How::Squash("Change support"), false, "bruno", 4),
        // Nothing reaches what was squashed, so that it may be gone as well.
        (How::Squash("Change support"), true, "chen", 4),
    ] {
        on_each(|machine| {
            let pull = machine.propose("theirs", "developers", &["ada", "bruno", "chen", "erik"], "chen");
            machine.members("support", &["bruno", "chen"]);
            machine.commit("Change support", by);
            machine.push("theirs", "chen");
            machine.merge(pull, how);
            machine.delete_branch("theirs");
            machine.hub.edit(|state| state.forgotten = forgotten);
            let code = if forgotten && machine.kind != Kind::Bitbucket { 0 } else { code };
            applied(&machine).ends(code);
        });
    }
}

#[test]
fn every_author_of_the_range_counts() {
    // Two merges before one apply: Bruno's grant for himself is not Chen's.
    on_each(|machine| {
        let mine = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
        let other = machine.propose("other", "developers", &["ada", "bruno", "chen", "erik"], "chen");
        machine.merge(mine, How::Merge);
        machine.merge(other, How::Merge);
        applied(&machine).ends(4).says("self-grant");
        assert_eq!(
            (machine.live("support"), machine.live("developers")),
            (vec!["chen".into()], SETTLED.map(str::to_owned).into())
        );
        // A refused change stays the range's, whoever merges next.
        let third = machine.propose("third", "developers", &["ada", "bruno", "erik"], "chen");
        machine.merge(third, How::Squash("Third"));
        applied(&machine).ends(4).says("self-grant");
        assert_eq!(machine.live("support"), ["chen"]);
    });
}

#[test]
fn a_push_without_a_pull_request_is_its_pushers() {
    for (by, code) in [("bruno", 4), ("chen", 0)] {
        on_each(|machine| {
            machine.checkout(&["main"]);
            machine.members("support", &["bruno", "chen"]);
            machine.commit("Straight to main", "chen");
            machine.push("main", by);
            let ran = applied(&machine);
            // Bitbucket does not tell who pushed, so that it may be anybody.
            ran.ends(if machine.kind == Kind::Bitbucket { 4 } else { code });
        });
    }
}

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
fn a_slower_plan_does_not_replace_the_newest() {
    on_each(|machine| {
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        let (old, variables) = machine.start(Event::Pull(pull), None);
        let then = machine.pull(pull);
        machine.members("developers", &["ada", "bruno"]);
        machine.commit("Without Erik", "bruno");
        machine.push("chen", "bruno");
        machine.run(Event::Pull(pull)).ends(0);
        let newest = heading(&machine, pull);
        let ran = machine.run_in(Event::Pull(pull), &old, &variables);
        if machine.kind == Kind::GitHub {
            let now = machine.pull(pull);
            machine
                .hub
                .edit(|state| state.pulls.iter_mut().find(|it| it.number == pull).unwrap().head = then.head);
            let (clone, planned) = machine.start(Event::Planned(pull), None);
            machine
                .hub
                .edit(|state| state.pulls.iter_mut().find(|it| it.number == pull).unwrap().head = now.head);
            fs::write(machine.path("runner/rollbook-plan/plan.json"), ran.left("plan.json").unwrap())
                .unwrap();
            machine.run_in(Event::Planned(pull), &clone, &planned).ends(0).says("nothing to say");
        } else {
            ran.ends(0).says("A newer commit is there");
        }
        assert_eq!(heading(&machine, pull), newest);
    });
}

#[test]
fn comments_are_found_among_many_made_anew_and_kept_to_one() {
    on_each(|machine| {
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        for number in 0..150 {
            machine.hub.comment_by("mallory", pull, &format!("comment {number}"));
        }
        machine.hub.edit(|state| state.page = 20);
        machine.run(Event::Pull(pull)).ends(0).says("The comment is posted");
        machine.run(Event::Pull(pull)).ends(0).says("The comment is up to date");
        let own = |machine: &Machine| {
            machine.hub.edit(|state| {
                let me = state.comments.iter().filter(|it| it.author != "mallory");
                me.cloned().collect::<Vec<_>>()
            })
        };
        assert_eq!(own(&machine).len(), 1);
        // Deleted by hand.
        machine.hub.edit(|state| state.comments.retain(|it| it.author == "mallory"));
        machine.run(Event::Pull(pull)).ends(0).says("The comment is posted");
        // What two runs at once left.
        let twin = own(&machine).remove(0);
        machine.hub.comment_by(machine.hub.me(), pull, &twin.body);
        assert_eq!(own(&machine).len(), 2);
        machine.run(Event::Pull(pull)).ends(0);
        assert_eq!(own(&machine).iter().map(|it| it.id).collect::<Vec<_>>(), [twin.id], "the oldest stays");
    });
}

#[test]
fn a_pull_request_into_another_branch_is_refused_and_not_shown() {
    on_each(|machine| {
        let (pull, aside) = one_head_two_pull_requests(&machine);
        let refused = heading(&machine, pull);
        let (clone, variables) = machine.start(Event::Pull(aside), None);
        machine.run_in(Event::Pull(aside), &clone, &variables).ends(4).says("only main is applied");
        assert_eq!(heading(&machine, pull), refused);
        assert_eq!(machine.hub.comments(aside), [""; 0]);
    });
}

/// A pull request whose author grants themselves something, planned, and then another of the same commit into a branch of
/// theirs.
fn one_head_two_pull_requests(machine: &Machine) -> (u64, u64) {
    let pull = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
    machine.run(Event::Pull(pull)).ends(4);
    machine.checkout(&["-B", "aside", "main"]);
    machine.push("aside", "bruno");
    (pull, machine.open("mine", "aside", "bruno"))
}

/// GitHub tells the run that comments which branch was planned, and not for which pull request: one into `aside` runs the
/// workflow that `aside` has, which may make up any plan.
#[test]
fn a_plan_of_one_head_is_shown_on_neither_of_two_pull_requests() {
    let machine = Machine::new(Kind::GitHub).applied_from_the_first();
    let (pull, aside) = one_head_two_pull_requests(&machine);
    let harmless = machine.propose("same", "developers", &SETTLED, "bruno");
    let (clone, variables) = machine.start(Event::Pull(harmless), None);
    let made_up = machine.run_in(Event::Pull(harmless), &clone, &variables).ends(0);
    let said = "has the same newest commit as";
    let shown = |open: bool| {
        machine.hub.edit(|state| state.pulls.iter_mut().find(|it| it.number == aside).unwrap().open = open);
        machine.comment_on(pull, &made_up).ends(4).says(said);
        let comment = comment(&machine, pull);
        assert!(comment.contains("### No plan") && comment.contains(said), "{comment}");
    };
    shown(true);
    // It may be closed as soon as its run began.
    shown(false);
    // Another commit is the newest of the one that is open alone.
    machine.checkout(&["mine"]);
    machine.commit("Once more", "bruno");
    let closed = machine.pull(aside).head;
    machine.push("mine", "bruno");
    assert_eq!(machine.pull(aside).head, closed);
    machine.run(Event::Pull(pull)).ends(4);
    assert!(heading(&machine, pull).starts_with("Refused"), "{}", heading(&machine, pull));
    // One that was closed before, into the same branch, was planned against the same.
    let before = machine.propose("again", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
    machine.hub.edit(|state| state.pulls.iter_mut().find(|it| it.number == before).unwrap().open = false);
    let after = machine.open("again", "main", "bruno");
    machine.run(Event::Pull(after)).ends(0);
    assert_eq!(heading(&machine, after), "1 grant and 0 revokes in 1 group, 1 person; 0 blocked");
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

/// The secrets of the repository are in no job of a fork's, nor of Dependabot's, which GitHub treats alike.
#[test]
fn forks_and_dependabot_are_planned_without_a_credential() {
    for by in ["zoe", "dependabot[bot]"] {
        let machine = Machine::new(Kind::GitHub).applied_from_the_first();
        let pull = machine.propose("fork", "developers", &["ada", "bruno", "chen", "erik"], by);
        machine.hub.edit(|state| {
            state.pulls.iter_mut().find(|it| it.number == pull).unwrap().fork = by == "zoe";
        });
        let ran = machine.run(Event::Pull(pull));
        assert_ne!(ran.code, 0);
        ran.says("there is no snapshot yet");
        assert_eq!(heading(&machine, pull), "No plan");
        machine.snapshot().ends(0);
        machine.run(Event::Pull(pull)).ends(0).says("1 grant");
        let said = comment(&machine, pull);
        assert!(said.contains("From a fork") && said.contains("may be anybody"), "{said}");
    }
}

#[test]
fn a_fork_on_gitlab_is_not_commented_on() {
    let machine = Machine::new(Kind::GitLab);
    let pull = machine.propose("fork", "developers", &["ada", "bruno", "chen", "erik"], "zoe");
    machine.hub.edit(|state| state.pulls.iter_mut().find(|it| it.number == pull).unwrap().fork = true);
    // In the fork, and where a member starts it in the project.
    machine.run(Event::Pull(pull)).ends(0);
    let (clone, variables) = machine.start(Event::Pull(pull), None);
    machine.bash("rollbook ci plan", &clone, &variables).ends(0).says("1 grant");
    assert_eq!(machine.hub.comments(pull), [""; 0]);
}

#[test]
fn what_git_refuses_is_said_and_never_no_base() {
    on_each(|machine| {
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        let merged = machine.merge(pull, How::Merge);
        let (clone, mut variables) = machine.start(Event::Push, None);
        variables.insert("ROLLBOOK_CI_TOKEN".into(), TOKEN.into());
        // No git at all.
        let broken = machine.bash(
            "mkdir -p \"$HOME/none\" && ln -sf \"$(command -v rollbook)\" \"$HOME/none/rollbook\" && PATH=$HOME/none:/nowhere /bin/sh \
             -c 'rollbook ci apply'",
            &clone,
            &variables,
        );
        assert_ne!(broken.code, 0, "{}", broken.text);
        assert!(broken.text.contains("failed to run git"), "{}", broken.text);
        // A sparse checkout that leaves a file of the tree out.
        git(&clone, &["sparse-checkout", "set", "--no-cone", "/*", "!groups/support.yaml"]);
        let sparse = machine.run_in(Event::Push, &clone, &variables);
        assert_ne!(sparse.code, 0, "{}", sparse.text);
        git(&clone, &["sparse-checkout", "disable"]);
        assert_eq!(machine.live("developers"), SETTLED);
        let ran = machine.run_in(Event::Push, &clone, &variables).ends(0);
        assert_eq!(journalled(&ran), Some(merged));
    });
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
        machine.checkout(&["--orphan", "anew"]);
        let anew = machine.commit("The same, written anew", "ada");
        machine.push("main", "ada");
        machine.run(Event::Push).ends(4).says("ROLLBOOK_APPLIED_FROM");
        let mut machine = machine;
        machine.set("ROLLBOOK_APPLIED_FROM", &anew);
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

#[test]
fn a_tree_in_a_folder_and_a_default_branch_of_another_name() {
    for kind in KINDS {
        let machine = Machine::with(kind, "infra/access", "trunk").applied_from_the_first();
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        machine.run(Event::Pull(pull)).ends(0);
        assert!(heading(&machine, pull).starts_with("1 grant"), "{}", heading(&machine, pull));
        let merged = machine.merge(pull, How::Merge);
        let ran = applied(&machine).ends(0);
        assert_eq!(journalled(&ran), Some(merged));
        machine.run(Event::Night).ends(0);
    }
}

#[test]
fn a_clone_that_is_not_whole_is_refused() {
    on_each(|machine| {
        for round in ["one", "two", "three"] {
            let pull = machine.propose(round, "developers", &["ada", "bruno", "chen", "erik"], "bruno");
            machine.merge(pull, How::Merge);
        }
        let ran = machine.run_at(Event::Push, Some(1));
        assert_ne!(ran.code, 0, "{}", ran.text);
        assert!(
            ran.text.contains("fetch-depth: 0") || ran.text.contains("clone the whole of it"),
            "{}",
            ran.text
        );
        assert_eq!(machine.live("developers"), SETTLED);
    });
}

#[test]
fn a_merge_queue_is_planned_against_what_it_stands_on() {
    let machine = Machine::new(Kind::GitHub).applied_from_the_first();
    let pull = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
    machine.run(Event::Queue(pull)).ends(4).says("refused by self-grant");
    let fine = machine.propose("theirs", "support", &["bruno", "chen"], "chen");
    machine.run(Event::Queue(fine)).ends(0);
    assert_eq!(machine.hub.comments(pull).len() + machine.hub.comments(fine).len(), 0);
}

/// A colleague who knows where artifacts go.
#[test]
fn what_a_commit_holds_is_never_written_to_nor_taken_for_a_run() {
    on_each(|machine| {
        machine.checkout(&["main"]);
        for folder in ["rollbook-apply", "rollbook-out", "rollbook-plan"] {
            fs::create_dir_all(machine.dev().join(folder)).unwrap();
            fs::write(machine.dev().join(folder).join("journal.jsonl"), "{}\n").unwrap();
        }
        machine.commit("Journals", "bruno");
        machine.push("main", "bruno");
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        let merged = machine.merge(pull, How::Merge);
        let ran = applied(&machine).ends(0);
        assert_eq!(journalled(&ran), Some(merged));
        assert_eq!(git(&ran.clone, &["status", "--porcelain", "--untracked-files=no"]), "");
    });
}

#[test]
fn what_looks_like_the_folder_of_a_run_is_refused_where_the_platform_would_store_it() {
    for kind in [Kind::GitLab, Kind::Bitbucket] {
        let machine = Machine::new(kind).applied_from_the_first();
        machine.checkout(&["main"]);
        fs::create_dir_all(machine.dev().join("rollbook-out-fake")).unwrap();
        fs::write(machine.dev().join("rollbook-out-fake/journal.jsonl"), "{}\n").unwrap();
        machine.commit("A journal", "bruno");
        machine.push("main", "bruno");
        machine.run(Event::Push).ends(64).says("git tracks rollbook-out-fake/journal.jsonl");
        // A link would be stored, too, and lead elsewhere.
        fs::remove_dir_all(machine.dev().join("rollbook-out-fake")).unwrap();
        std::os::unix::fs::symlink("/etc", machine.dev().join("rollbook-out-link")).unwrap();
        machine.commit("A link", "bruno");
        machine.push("main", "bruno");
        machine.run(Event::Push).ends(64).says("git tracks rollbook-out-link");
    }
}

/// GitLab merges a request of a train into the merge of those ahead of it, which no branch has.
#[test]
fn further_back_in_a_merge_train_nothing_is_planned() {
    let machine = Machine::new(Kind::GitLab).applied_from_the_first();
    let ahead = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
    let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "chen");
    machine.run(Event::Merged { number: pull, ahead: None }).ends(0);
    let planned = heading(&machine, pull);
    assert_eq!(planned, "1 grant and 0 revokes in 1 group, 1 person; 0 blocked");
    let said = "which is no commit of main that is known here";
    machine.run(Event::Merged { number: pull, ahead: Some(ahead) }).ends(4).says(said);
    let comment = comment(&machine, pull);
    assert!(comment.contains("### No plan") && comment.contains(said), "{comment}");
}
