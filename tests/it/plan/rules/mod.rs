//! Rules hold by account and group, on the membership that a plan leaves behind: one test for each way in which one let
//! go, with a neighbour that must not trip.

mod addresses;
mod any_failure;
mod applied;
mod authors;
mod base;
mod circles;
mod doubts;
mod ends;
mod exclusive;
mod floors;
mod gaps;
mod groups;
mod hidden;
mod identities;
mod insiders;
mod invitations;
mod neighbours;
mod own_ends;
mod owned;
mod people;
mod ties;
mod trees;
mod undo;
mod waivers;

use rollbook::model::{Declared, Plan};

use crate::world::{Live, World};

/// The codes of a plan's notes, each once.
fn notes(plan: &Plan) -> Vec<&str> {
    let mut codes: Vec<&str> = plan.notes.iter().map(|note| note.code.as_ref()).collect();
    codes.dedup();
    codes
}

/// The text of the notes with a code.
fn said<'a>(plan: &'a Plan, code: &str) -> Vec<&'a str> {
    plan.notes.iter().filter(|note| note.code == code).map(|note| note.text.as_str()).collect()
}

/// What the tree declares otherwise than its base, as `ADDRESS: what differs`.
fn otherwise(plan: &Plan) -> Vec<String> {
    let end = |end: Option<jiff::civil::Date>| end.map_or("no end".into(), |end| end.to_string());
    let line = |change: &rollbook::model::DeclarationChange| {
        let differs = match &change.declared {
            Declared::GroupLeaves { members, revokes } => {
                format!("leaves, {members:?} stay, {revokes} dropped")
            }
            Declared::Enters => "enters".into(),
            Declared::Leaves => "leaves".into(),
            Declared::End { base, head } => format!("{} to {}", end(*base), end(*head)),
            Declared::Kept { undoes, reason } => format!("kept, not {undoes} {reason}"),
        };
        let privileged = if change.privileged { ", privileged" } else { "" };
        format!("{}: {differs}{privileged}", change.address)
    };
    plan.base.as_ref().unwrap().declared.iter().map(line).collect()
}

/// The plan as people read it in the terminal and as a comment, on one line each.
fn read(world: &World) -> [String; 2] {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    [one_line(&world.text()), one_line(&world.markdown().replace(['`', '\\'], ""))]
}

/// Makes sure that a reviewer reads something before any operation and any note.
#[track_caller]
fn shown_first(world: &World, what: &str) {
    const LATER: [&[&str]; 2] = [
        &["No changes.", "~ group ", "+ group ", "- group ", "Drift (", "Notes (", "Blocked (", "Adopted ("],
        &["#### Revokes", "#### Grants", "#### Drift", "#### Notes", "#### Blocked", "#### Adopted"],
    ];
    for (text, later) in read(world).into_iter().zip(LATER) {
        let at = text.find(what).unwrap_or_else(|| panic!("{what:?} is not shown in\n{text}"));
        for mark in later {
            assert!(text.find(mark).is_none_or(|found| at < found), "{mark} is before {what:?} in\n{text}");
        }
    }
}

/// Makes sure that a plan says that it is refused before anything else, and by what.
#[track_caller]
fn refused_first(world: &World, guard: &str) {
    let [text, comment] = read(world);
    let title = world.text().split("\n\n").next().unwrap().to_owned();
    assert!(title.contains("Refused: "), "{title}");
    assert!(text.contains(&format!("! {guard} ")), "{text}");
    let at =
        comment.find(&format!("**{guard}**")).unwrap_or_else(|| panic!("{guard} is not shown in\n{comment}"));
    assert!(comment.contains("### Refused: "), "{comment}");
    assert!(comment.find(" #### ").is_none_or(|found| at < found), "{comment}");
}

/// People whom nothing declares.
fn hired(emails: &'static [&'static str]) -> impl Fn(&mut Live) {
    move |live| emails.iter().for_each(|email| live.hire(email))
}

/// The keys that an operation requires.
fn requires(plan: &Plan, key: &str) -> Vec<String> {
    let planned = plan.operations.iter().find(|planned| planned.key.to_string() == key);
    let planned = planned.unwrap_or_else(|| panic!("no {key}"));
    planned.requires.iter().map(ToString::to_string).collect()
}

const NONE: [&str; 0] = [];
