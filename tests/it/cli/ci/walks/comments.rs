//! What a pull request shows, and which pull requests show nothing.

use std::fs;

use rollbook::platform::Kind;

use super::super::machine::{Event, How, Machine, SETTLED};
use super::{applied, comment, heading, on_each};

#[test]
fn a_pull_request_has_one_comment_that_later_plans_edit() {
    on_each(|machine| {
        let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "bruno");
        machine.hub.comment_by("mallory", pull, "<!-- rollbook-plan acme.atlassian.net -->\nmine");
        let others =
            |machine: &Machine| machine.hub.edit(|state| state.comments.retain(|it| it.author != "mallory"));
        let ran = machine.run(Event::Pull(pull)).ends(0).says("1 grant");
        let text = ran.left("plan.txt").unwrap();
        assert!(text.contains("1 grant, 0 revokes\n") && !text.contains('\u{1b}'), "{text}");
        // What a job costs in addition to its plan is its requests to the platform.
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
        let ran = machine.run(Event::Pull(pull)).ends(3);
        assert_eq!(heading(&machine, pull), "No plan");
        match machine.kind {
            // The run that comments has read nothing of the change: the lines of the change tell what is wrong, and the
            // page of the run that planned.
            Kind::GitHub => {
                let ran = ran.says("::error file=groups/developers.yaml,line=2,");
                let summary = ran.summary.expect("a summary");
                assert!(summary.starts_with("### Failed\n\nthe tree is not valid."), "{summary}");
                assert!(summary.contains("groups/developers.yaml:2:15"), "{summary}");
            }
            Kind::GitLab | Kind::Bitbucket => {
                let said = comment(&machine, pull);
                assert!(said.contains("- `groups/developers.yaml:2:15`: "), "{said}");
            }
        }
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
        machine.rewrite("Fix it", "bruno");
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
        machine.run(Event::Pull(pull)).ends(0).says("The comment is edited");
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
    assert_eq!(heading(&machine, after), "1 grant and 0 revokes in 1 group, 1 person");
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
fn a_merge_queue_is_planned_against_what_it_stands_on() {
    let machine = Machine::new(Kind::GitHub).applied_from_the_first();
    let pull = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
    machine.run(Event::Queue(pull)).ends(4).says("refused by self-grant");
    let fine = machine.propose("theirs", "support", &["bruno", "chen"], "chen");
    machine.run(Event::Queue(fine)).ends(0);
    assert_eq!(machine.hub.comments(pull).len() + machine.hub.comments(fine).len(), 0);
}

/// GitLab merges a request of a train into the merge of those ahead of it, which no branch has.
#[test]
fn further_back_in_a_merge_train_nothing_is_planned() {
    let machine = Machine::new(Kind::GitLab).applied_from_the_first();
    let ahead = machine.propose("mine", "support", &["bruno", "chen"], "bruno");
    let pull = machine.propose("chen", "developers", &["ada", "bruno", "chen", "erik"], "chen");
    machine.run(Event::Merged { number: pull, ahead: None }).ends(0);
    let planned = heading(&machine, pull);
    assert_eq!(planned, "1 grant and 0 revokes in 1 group, 1 person");
    let said = "which is not a commit of main in this clone";
    machine.run(Event::Merged { number: pull, ahead: Some(ahead) }).ends(4).says(said);
    let comment = comment(&machine, pull);
    assert!(comment.contains("### No plan") && comment.contains(said), "{comment}");
}
