//! Who made a change, as each platform tells it.

use rollbook::platform::Kind;

use super::super::machine::{Event, How, SETTLED};
use super::{applied, comment, heading, journalled, on_each};
use crate::cli::base::git;

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

/// Also if the fork's branch has the name of the default one, and the range has another pull request.
#[test]
fn who_pushed_to_a_fork_is_not_known() {
    on_each(|machine| {
        machine.checkout(&["-B", "fork"]);
        machine.members("support", &["bruno", "chen"]);
        machine.commit("From a fork", "chen");
        let pull = machine.open_known("fork", "main", "chen", "chen");
        machine.hub.edit(|state| {
            let pull = state.pulls.iter_mut().find(|it| it.number == pull).unwrap();
            (pull.fork, pull.branch) = (true, "main".into());
        });
        machine.merge(pull, How::Merge);
        let other = machine.propose("other", "developers", &["ada", "bruno", "chen", "erik"], "chen");
        machine.merge(other, How::Merge);
        applied(&machine).ends(4).says("accounts that pushed to the fork of pull request");
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

/// Pull requests into each other's branches, the innermost of which lets Bruno in, in Chen's name.
#[test]
fn who_pushed_to_what_was_merged_into_the_branch_is_an_author() {
    for (levels, pusher, code, said) in [
        (1, "bruno", 4, "bruno"),
        (3, "bruno", 4, "bruno"),
        (8, "chen", 0, "chen"),
        // So deep nobody is asked for.
        (9, "chen", 4, "came through more than 8 branches"),
    ] {
        on_each(|machine| {
            let mut pulls = Vec::new();
            let mut target = "main".to_owned();
            for level in 0..=levels {
                let branch = format!("level-{level}");
                machine.checkout(&["-B", &branch]);
                if level == levels {
                    machine.members("support", &["bruno", "chen"]);
                }
                machine.commit("Chen's", "chen");
                let pusher = if level == levels { pusher } else { "chen" };
                pulls.push(machine.open_known(&branch, &target, "chen", pusher));
                target = branch;
            }
            let outer = pulls.remove(0);
            for pull in pulls.into_iter().rev() {
                machine.merge(pull, How::Squash("Tidy up"));
            }
            machine.run(Event::Pull(outer)).ends(code);
            let comment = comment(&machine, outer);
            assert!(comment.contains(said), "{said} is missing from {comment}");
            machine.merge(outer, How::Squash("Support"));
            applied(&machine).ends(code);
        });
    }
}

/// What was pushed to a branch, and taken up since by the same one, made again, or by another, is its pusher's.
#[test]
fn who_pushed_before_a_branch_was_restored_or_renamed_is_an_author() {
    for branch in ["feature", "renamed"] {
        for (pusher, code) in [("bruno", 4), ("chen", 0)] {
            on_each(|machine| {
                machine.checkout(&["-B", "feature"]);
                machine.members("support", &["bruno", "chen"]);
                machine.commit("In Chen's name", "chen");
                machine.push("feature", pusher);
                machine.delete_branch("feature");
                machine.checkout(&["-B", branch]);
                machine.push(branch, "erik");
                machine.commit("One more", "chen");
                machine.push(branch, "chen");
                let pull = machine.open(branch, "main", "chen");
                // Bitbucket lists none of these.
                let code = if machine.kind == Kind::Bitbucket { 4 } else { code };
                machine.run(Event::Pull(pull)).ends(code);
                machine.merge(pull, How::Squash("Support"));
                applied(&machine).ends(code);
            });
        }
    }
}

/// A push that is not listed may be anybody's, as long as its commits are of the change.
#[test]
fn what_no_push_accounts_for_may_be_anybodys() {
    on_each(|machine| {
        machine.checkout(&["-B", "feature"]);
        machine.commit("Chen's own", "chen");
        machine.push("feature", "chen");
        let pull = machine.open("feature", "main", "chen");
        machine.members("support", &["bruno", "chen"]);
        machine.commit("In Chen's name", "chen");
        machine.push("feature", "bruno");
        machine.hub.edit(|state| state.pushes.pop());
        machine.commit("One more", "chen");
        machine.push("feature", "chen");
        // What the platform says of where the branch was.
        machine.hub.edit(|state| {
            let pushed = git(&machine.dev(), &["rev-parse", "HEAD^"]);
            state.pushes.last_mut().unwrap().before = Some(pushed);
        });
        machine.run(Event::Pull(pull)).ends(4);
        let said = comment(&machine, pull);
        assert!(said.contains("may be anybody") && said.contains("of which no push is listed"), "{said}");
        // Chen is the pusher of what Chen rewrites.
        git(&machine.dev(), &["reset", "--quiet", "--soft", "main"]);
        machine.commit("All of it", "chen");
        machine.push("feature", "chen");
        machine.run(Event::Pull(pull)).ends(0);
        machine.merge(pull, How::Merge);
        applied(&machine).ends(0);
    });
    // 90 days before a pull request was opened pushes are not looked for any more, and Bitbucket lists none before that.
    on_each(|machine| {
        machine.hub.edit(|state| (state.day, state.page) = ("2026-08-01", 1));
        machine.checkout(&["-B", "feature"]);
        machine.members("support", &["bruno", "chen"]);
        machine.commit("In Chen's name", "chen");
        machine.push("feature", "bruno");
        machine.commit("Chen's own", "chen");
        machine.push("feature", "chen");
        machine.hub.edit(|state| state.day = "2026-11-21");
        machine.commit("One more", "chen");
        machine.push("feature", "chen");
        let pull = machine.open("feature", "main", "chen");
        machine.run(Event::Pull(pull)).ends(4);
        assert!(comment(&machine, pull).contains("may be anybody"));
    });
}

#[test]
fn ordinary_work_has_known_authors() {
    on_each(|machine| {
        // Made on the platform's pages, of what the main branch has.
        machine.checkout(&["-B", "feature"]);
        machine.push("feature", "chen");
        machine.members("support", &["bruno", "chen"]);
        machine.commit("Let Bruno in", "chen");
        machine.push("feature", "chen");
        let pull = machine.open("feature", "main", "chen");
        let main_moves = |branch: &str, names: &[&str]| {
            machine.merge(machine.propose(branch, "developers", names, "ada"), How::Merge);
            machine.checkout(&["feature"]);
        };
        main_moves("one", &["ada", "bruno", "chen", "erik"]);
        let (name, email) = ("user.name=chen", "user.email=chen@acme.com");
        git(&machine.dev(), &["-c", name, "-c", email, "rebase", "--quiet", "main"]);
        machine.push("feature", "chen");
        main_moves("two", &["ada", "bruno", "chen"]);
        machine.merge_locally("main", "chen");
        machine.push("feature", "chen");
        // Somebody begins a branch where Chen is.
        machine.push("copy", "zoe");
        machine.run(Event::Pull(pull)).ends(0);
        let said = comment(&machine, pull);
        assert!(said.contains("chen@acme.com") && !said.contains("anybody"), "{said}");
        machine.merge(pull, How::Merge);
        machine.delete_branch("feature");
        applied(&machine).ends(0);
        assert_eq!(machine.live("support"), ["bruno", "chen"]);
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
        // A refused change stays in the range, no matter who merges next.
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

/// Erik merges a branch in a clone and pushes that: what it brings is its own authors' and pushers'.
#[test]
fn what_a_push_merges_without_a_pull_request_is_its_authors() {
    for (author, pusher, code) in [("bruno", "chen", 4), ("chen", "bruno", 4), ("chen", "chen", 0)] {
        on_each(|machine| {
            machine.checkout(&["-B", "side"]);
            machine.members("support", &["bruno", "chen"]);
            machine.commit("Change support", author);
            machine.push("side", pusher);
            machine.merge_and_push("side", "erik");
            let known = machine.kind != Kind::Bitbucket;
            applied(&machine).ends(if known { code } else { 4 });
            if known && code == 0 {
                return;
            }
            assert_eq!(machine.live("support"), ["chen"]);
        });
    }
    // A pull request that was merged into the branch is asked for as well.
    for (pusher, code) in [("bruno", 4), ("chen", 0)] {
        on_each(|machine| {
            machine.checkout(&["-B", "side"]);
            machine.commit("Chen's own", "chen");
            machine.push("side", "chen");
            machine.checkout(&["-B", "inner"]);
            machine.members("support", &["bruno", "chen"]);
            machine.commit("In Chen's name", "chen");
            machine.merge(machine.open_known("inner", "side", "chen", pusher), How::Squash("Tidy up"));
            machine.merge_and_push("side", "erik");
            applied(&machine).ends(if machine.kind == Kind::Bitbucket { 4 } else { code });
        });
    }
    // Without the push to the main branch, nobody knows who it was.
    on_each(|machine| {
        machine.checkout(&["-B", "side"]);
        machine.members("support", &["bruno", "chen"]);
        machine.commit("Change support", "chen");
        machine.push("side", "chen");
        machine.merge_and_push("side", "erik");
        machine.hub.edit(|state| state.pushes.pop());
        applied(&machine).ends(4);
    });
}
