//! Walks: what people and platforms do to a repository, on each platform, and its outcome.

mod applies;
mod authors;
mod clones;
mod comments;

use super::machine::{Event, Machine, Ran, each_kind};

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

fn on_each(walk: impl Fn(Machine) + Sync) {
    each_kind(|kind| walk(Machine::new(kind).applied_from_the_first()));
}
