//! Who made a change, as each platform tells it.

use rollbook::platform::Kind;

use super::super::machine::{Event, How, SETTLED};
use super::{applied, comment, heading, journalled, on_each};

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
