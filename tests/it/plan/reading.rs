//! Through which surface members are read, on values.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rollbook::model::Surface;
use rollbook::plan::{Beside, Choice, Desired, Instead, Speed, Speeds, member_reads};

use crate::world::{Group, World};

const PUBLISHED: Speeds = Speeds {
    jira: Speed { rows_a_page: 50, groups_a_chain: 1, beside: 0, per_second: 100.0 },
    organization: Speed { rows_a_page: 100, groups_a_chain: 10, beside: 1, per_second: 5.0 },
};

/// The same where the organization bears as much as Jira does.
const EQUAL: Speeds =
    Speeds { organization: Speed { per_second: 100.0, ..PUBLISHED.organization }, ..PUBLISHED };

/// So many groups of so many members, each of so many people in turn; `beside` stands with the first group.
fn groups(groups: usize, members: usize, people: usize, beside: &str) -> World {
    let mut text = String::new();
    for group in 0..groups {
        let beside = if group == 0 { beside } else { "" };
        writeln!(text, "  team-{group:03}:\n    members:{}", if members == 0 { " []" } else { "" }).unwrap();
        for member in 0..members {
            writeln!(text, "      - p{}@acme.com", (group * members + member) % people).unwrap();
        }
        text.push_str(beside);
    }
    World::of("", "", &text)
}

fn choice(world: &World, surfaces: &[Surface], speeds: &Speeds) -> Choice {
    let declaration = world.declaration();
    let desired = Desired::of(&declaration, world.today);
    let live = world.live.state(&desired, Beside::default());
    let surfaces: BTreeSet<Surface> = surfaces.iter().copied().collect();
    let reads = member_reads(&desired, Beside::default(), &live.groups, &surfaces, speeds);
    assert_eq!(reads.groups.len(), declaration.groups.len(), "every group that is there is read");
    reads.choice
}

const BOTH: &[Surface] = &[Surface::Jira, Surface::Organization];

#[test]
fn a_page_of_jira_has_fifty_and_a_chain_of_the_organization_ten_groups() {
    let world = groups(20, 120, 1200, "");
    let jira = choice(&world, &[Surface::Jira], &PUBLISHED);
    assert_eq!((jira.chosen.surface, jira.chosen.requests, jira.instead), (Surface::Jira, 60, None));
    let organization = choice(&world, &[Surface::Organization], &PUBLISHED);
    // Twice: 1,200 people on 12 pages, and their groups.
    assert_eq!(organization.chosen.requests, 26);
    assert!((organization.chosen.seconds - 4.2).abs() < 1e-9, "{organization}");
    let empty = choice(&groups(20, 0, 1, ""), &[Surface::Organization], &PUBLISHED);
    assert_eq!(empty.chosen.requests, 4, "an empty group takes a page as well");
}

#[test]
fn whoever_is_in_several_groups_of_a_chain_comes_once() {
    let world = groups(10, 200, 200, "");
    let choice = choice(&world, &[Surface::Organization], &PUBLISHED);
    assert_eq!(choice.chosen.requests, 3);
}

#[test]
fn the_surface_that_is_sooner_reads_and_jira_where_both_are() {
    let world = groups(30, 200, 600, "");
    let published = choice(&world, BOTH, &PUBLISHED);
    assert_eq!(published.chosen.surface, Surface::Jira);
    assert_eq!(
        published.to_string(),
        "through jira, 120 requests, 0.2 s by its limits; not through organization, 21 requests, 3.2 s by its limits"
    );
    let equal = choice(&world, BOTH, &EQUAL);
    assert_eq!((equal.chosen.surface, equal.chosen.requests), (Surface::Organization, 21));
    assert!(matches!(equal.instead, Some(Instead::Slower(jira)) if jira.requests == 120), "{equal}");
    let small = choice(&groups(3, 10, 30, ""), BOTH, &EQUAL);
    assert_eq!(small.chosen.surface, Surface::Jira, "neither has to wait, and Jira shows more");
}

#[test]
fn what_the_organization_does_not_show_jira_reads() {
    for beside in ["      - { account: \"712020:app\" }\n", "    apps-in-group: exact\n"] {
        let choice = choice(&groups(30, 200, 600, beside), BOTH, &EQUAL);
        assert_eq!(choice.chosen.surface, Surface::Jira, "{beside}");
        assert!(
            choice.to_string().ends_with("the organization may not show every member of team-000"),
            "{choice}"
        );
    }
    let deleted = groups(30, 200, 600, "").change(|live| {
        live.groups.insert("group-old".into(), Group::of("old", BTreeSet::new()));
    });
    let deleted = deleted.edit("groups:\n", "groups:\n  old: { absent: true }\n");
    let choice = choice(&deleted, BOTH, &EQUAL);
    assert_eq!(choice.chosen.surface, Surface::Jira, "who loses a group with its deletion is listed");
}
