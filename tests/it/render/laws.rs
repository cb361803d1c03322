//! Laws of plans as Markdown, over random worlds: what takes access away is seen without a click, and names do nothing.

use std::sync::Arc;

use proptest::prelude::*;
use rollbook::model::{AccountId, Address, Direction, GroupName, Key, Location, Plan, UserRef, is_invisible};
use rollbook::render::{CommentLimit, plan_github, plan_markdown};

use crate::render::{EVIL, fits};
use crate::spec::{spec, told};

/// What a page says outside of code, and the lines of its fences, by what GitHub reads: a fence ends with as many
/// backticks as it starts with or more, alone in a line.
fn parted(page: &str) -> (String, Vec<String>) {
    let (mut outside, mut fenced) = (String::new(), Vec::new());
    let mut open: Option<usize> = None;
    for line in page.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match open {
            Some(opened) if ticks >= opened && ticks == line.len() => open = None,
            Some(_) => fenced.push(line.to_owned()),
            None if ticks >= 3 && !line[ticks..].contains('`') => open = Some(ticks),
            None => outside.push_str(&format!("{}\n", without_code(line))),
        }
    }
    assert_eq!(open, None, "a fence is open at the end:\n{page}");
    (outside, fenced)
}

/// A line without its code spans: a run of backticks up to the next one of the same length.
fn without_code(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        text.push_str(&rest[..at]);
        let after = rest[at..].trim_start_matches('`');
        let ticks = rest.len() - at - after.len();
        rest = after;
        let mut from = 0;
        let close = loop {
            let Some(found) = after[from..].find('`') else { break None };
            let start = from + found;
            let run = after[start..].len() - after[start..].trim_start_matches('`').len();
            from = start + run;
            if run == ticks {
                break Some(from);
            }
        };
        match close {
            Some(end) => rest = &after[end..],
            None => text.push_str(&"`".repeat(ticks)),
        }
    }
    text.push_str(rest);
    text
}

/// A plan whose every name from outside is hostile.
fn hostile(mut plan: Plan) -> Plan {
    let group = |name: &GroupName| GroupName::new(format!("{name} {EVIL}"));
    let user = |user: &UserRef| UserRef::Account(AccountId::new(format!("{user}{EVIL}")));
    let address = |address: &Address| match address {
        Address::Group(name) => Address::Group(group(name)),
        Address::User(who) => Address::User(user(who)),
        Address::Member(name, who) => Address::Member(group(name), user(who)),
        Address::Grant(name, access) => Address::Grant(group(name), access.clone()),
    };
    let place = |at: &Location| Location { path: Arc::from(format!("{EVIL}{}", at.path)), ..at.clone() };
    plan.site = format!("https://{EVIL}");
    for planned in &mut plan.operations {
        planned.key = Key { address: address(&planned.key.address), action: planned.key.action };
        planned.name = Some(EVIL.into());
        planned.origin = place(&planned.origin);
    }
    for blocked in &mut plan.blocked {
        blocked.address = address(&blocked.address);
        blocked.why = format!("{EVIL} {}", blocked.why);
        blocked.help.push_str(EVIL);
        blocked.origin = place(&blocked.origin);
    }
    for note in &mut plan.notes {
        note.text.push_str(EVIL);
        note.origin = note.origin.as_ref().map(place);
    }
    for verdict in &mut plan.guards {
        verdict.why = format!("{EVIL} {}", verdict.why);
        verdict.addresses = verdict.addresses.iter().map(address).collect();
    }
    plan.narrowed_to.push(EVIL.into());
    plan
}

fn folds(page: &str) -> (String, String) {
    let (mut open, mut folded, mut depth) = (String::new(), String::new(), 0);
    for line in page.lines() {
        depth += line.matches("<details>").count();
        let into = if depth == 0 { &mut open } else { &mut folded };
        into.push_str(&format!("{line}\n"));
        depth -= line.matches("</details>").count().min(depth);
    }
    (open, folded)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_revoked_is_seen_without_a_click(spec in spec()) {
        let world = spec.world();
        let plan = world.plan();
        let page = plan_markdown(&plan, CommentLimit::GITHUB);
        fits(&page);
        for note in &plan.notes {
            prop_assert!(rollbook::plan::NOTES.iter().any(|(code, _)| *code == note.code), "{}", note.code);
        }
        prop_assert!(!page.contains("the comment is full"), "{}", page);
        let (open, _) = folds(&page);
        let (_, lines) = parted(&open);
        let revokes: Vec<_> =
            plan.operations.iter().filter(|it| it.operation.direction() == Direction::Revoke).collect();
        for planned in &revokes {
            let what = planned.key.address.user().map_or("delete the group".into(), ToString::to_string);
            let seen = lines.iter().any(|line| line.starts_with(&format!("- {what}")));
            prop_assert!(seen, "{} in\n{}", planned.key, told(&TestCaseError::fail(page.clone()), &world));
        }
        // One line each, and one more for everybody who loses a group that is deleted.
        let minus = lines.iter().filter(|line| line.starts_with("- ")).count();
        let lost = lines.iter().filter(|line| line.starts_with("- ") && line.contains("loses it")).count();
        prop_assert_eq!(minus, revokes.len() + lost, "{}", page);
        let plus = parted(&page).1.iter().filter(|line| line.starts_with("+ ")).count();
        let grants = plan.operations.iter().filter(|it| it.operation.direction() == Direction::Grant).count();
        prop_assert_eq!(plus, grants, "{}", page);
    }

    #[test]
    fn a_name_calls_nobody_links_nowhere_and_forges_no_line(spec in spec()) {
        let plan = spec.world().plan();
        let (before, after) = (plan_markdown(&plan, CommentLimit::GITHUB), plan_markdown(&hostile(plan.clone()), CommentLimit::GITHUB));
        fits(&after);
        let (outside, fenced) = parted(&after);
        let mut lines = outside.lines();
        prop_assert!(lines.next().is_some_and(|marker| marker.starts_with("<!-- rollbook-plan ")
            && marker.matches("-->").count() == 1 && marker.ends_with(" -->") && !marker.contains('@')));
        for line in lines {
            let ours = ["<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>"];
            let text = ours.iter().fold(line.to_owned(), |text, tag| text.replace(tag, ""));
            let text = text.trim_start_matches(['#', '>']).replace("[!CAUTION]", "").replace("[!WARNING]", "");
            prop_assert!(!text.contains(['@', '<', '>', '#', '[', ']', '|', '`', '\\', '_', '~', '$']), "{:?} in\n{}", line, after);
            prop_assert!(!text.contains("::") && !text.contains("http"), "{:?} in\n{}", line, after);
        }
        // As many lines with each sign as there were with names that do no harm.
        let signs = |lines: &[String]| ["+ ", "- ", "! "].map(|sign| lines.iter().filter(|line| line.starts_with(sign)).count());
        if !after.contains("the comment is full") && plan.operations.len() < 14 {
            prop_assert_eq!(signs(&fenced), signs(&parted(&before).1), "{}", after);
        }
    }
    #[test]
    fn a_name_gives_no_command_to_a_runner(spec in spec()) {
        let plan = spec.world().plan();
        let (before, after) = (plan_github(&plan, ""), plan_github(&hostile(plan.clone()), "a,b:c/"));
        prop_assert_eq!(before.lines().count(), after.lines().count(), "{}", after);
        for (line, ours) in after.lines().zip(before.lines()) {
            let kind = |line: &str| line.split([' ', ':']).find(|word| !word.is_empty()).map(str::to_owned);
            prop_assert_eq!(kind(line), kind(ours));
            let (head, message) = line[2..].split_once("::").expect("a command has a message");
            let (_, properties) = head.split_once(' ').expect("a command has properties");
            let names: Vec<&str> = properties.split(',').filter_map(|it| it.split('=').next()).collect();
            prop_assert!(names == ["title"] || names == ["file", "line", "col", "title"], "{}", line);
            prop_assert!(!message.contains("##") && !line.contains(|c: char| c != ' ' && is_invisible(c)), "{}", line);
        }
    }
}
