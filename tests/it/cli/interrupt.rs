//! Ctrl-C during an apply: nothing is lost, and the report is true.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use super::exits::planned;
use super::{Rollbook, Site, rollbook};

const GROUPS: usize = 3;

fn people(group: usize) -> impl Iterator<Item = String> {
    (0..20).map(move |number| format!("p{group}{number:02}@acme.com"))
}

/// A site of three empty groups and sixty people.
fn seed() -> String {
    let mut seed = "site: { name: acme }\nusers:\n  - { email: root@acme.com }\n".to_owned();
    for person in (0..GROUPS).flat_map(people) {
        let _ = writeln!(seed, "  - {{ email: {person} }}");
    }
    seed += "groups:\n  - { name: site-admins, site-admin: true, members: [root@acme.com] }\n";
    for group in 0..GROUPS {
        let _ = writeln!(seed, "  - {{ name: team-{group} }}");
    }
    seed + "credentials:\n  - basic: { account: root@acme.com, token: sandbox-token }\n"
}

/// A run on a tree that wants twenty people in each of the groups.
fn on_tree(arguments: &[&str], site: &Site) -> Rollbook {
    let mut groups = "groups:\n".to_owned();
    for group in 0..GROUPS {
        let members: Vec<String> = people(group).collect();
        let _ = writeln!(groups, "  team-{group}: {{ members: [{}] }}", members.join(", "));
    }
    let root = "version: 1\nsite: https://acme.atlassian.net\n";
    rollbook(arguments).file("rollbook.yaml", root).file("groups/teams.yaml", &groups).at(site)
}

/// The memberships of the site, as the keys of the operations that would make them.
fn memberships(site: &Site) -> BTreeSet<String> {
    let state = site.sandbox.state();
    let teams = state.groups.values().filter(|group| group.name.starts_with("team-"));
    let email = |id: &String| state.accounts[id].email.clone().unwrap();
    teams
        .flat_map(|group| group.members.iter().map(|id| format!("add member.{}/{}", group.name, email(id))))
        .collect()
}

#[test]
fn an_interrupted_apply_reports_everything_and_the_next_one_finishes() {
    let site = Site::slow(&seed(), Duration::from_millis(100));
    let all = planned(&on_tree(&["plan", "--format", "json"], &site).run().ends(0));
    assert_eq!(all.len(), 60);

    let apply = ["apply", "--yes", "--concurrency", "2", "--format", "json"];
    let running = on_tree(&apply, &site).start();
    while site.sandbox.requests().writes.len() < 5 {
        thread::sleep(Duration::from_millis(5));
    }
    running.signal("INT");
    let ran = running.end().ends(6);
    assert!(ran.stderr.contains("Stopping: finishing what is under way."), "{ran}");

    let report = ran.json();
    assert_eq!(report["complete"], false);
    let operations = report["operations"].as_array().unwrap();
    let of = |outcome: &str| -> BTreeSet<String> {
        let these = operations.iter().filter(|operation| operation["outcome"] == outcome);
        these.map(|operation| operation["key"].as_str().unwrap().to_owned()).collect()
    };
    let (applied, not_attempted) = (of("applied"), of("not attempted"));
    assert!(applied.len() >= 5 && !not_attempted.is_empty(), "{ran}");
    assert_eq!(planned(&ran), all);
    assert_eq!(applied.len() + not_attempted.len(), all.len(), "{ran}");
    assert_eq!(memberships(&site), applied);

    let next = on_tree(&["apply", "--yes"], &site).run().ends(0);
    let done = format!("Done: {0} of {0} operations.", not_attempted.len());
    assert!(next.stdout.contains(&done), "{next}");
    assert_eq!(memberships(&site), all.into_iter().collect());
    assert_eq!(site.sandbox.requests().writes.len(), 60, "none twice");
}

#[test]
fn the_report_for_people_names_what_was_not_attempted() {
    let site = Site::slow(&seed(), Duration::from_millis(100));
    let running = on_tree(&["apply", "--yes", "--concurrency", "2"], &site).start();
    while site.sandbox.requests().writes.is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    running.signal("INT");
    let ran = running.end().ends(6);
    let all: Vec<String> = (0..GROUPS)
        .flat_map(|group| people(group).map(move |who| format!("add member.team-{group}/{who}")))
        .collect();
    // What ended alike is named a few times, and counted.
    let named = all.iter().filter(|key| ran.stdout.contains(*key)).count();
    let (before, _) = ran.stdout.split_once(" more, for the same reason").unwrap_or_else(|| panic!("{ran}"));
    let more: usize = before.rsplit(' ').next().unwrap().parse().unwrap();
    assert_eq!(named + more, all.len(), "{ran}");
    assert!(named >= 5, "{ran}");
    assert!(ran.stdout.contains("not attempted add member."), "{ran}");
    assert!(ran.stdout.contains("the run stopped before it"), "{ran}");
}

#[test]
fn the_second_one_ends_it_at_once() {
    let site = Site::slow(&seed(), Duration::from_millis(300));
    let mut running = on_tree(&["apply", "--yes", "--concurrency", "2"], &site).start();
    while site.sandbox.requests().writes.is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    // Two at once may count as one, so it is sent until it is heard.
    while running.child.try_wait().unwrap().is_none() {
        running.signal("INT");
        thread::sleep(Duration::from_millis(20));
    }
    let ran = running.end().ends(130);
    assert_eq!(ran.stdout, "", "there was no time to report");
    assert!(memberships(&site).len() < 60);
}
