//! Names that nobody reviewed, in everything that is printed.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use jiff::civil::date;
use rollbook::config;
use rollbook::model::{
    Diagnosis, Diagnostic, FileId, Health, Key, Origin, Outcome, Plan, Report, SourceFile, Span, Surface,
    Tree,
};
use rollbook::render::{self, DiagnosticStyle, Grouping, escape_untrusted};

use super::parts::Parts;
use super::shown::{is_harmless, is_harmless_json, unstyled};
use crate::world::{Account, Group, World};

const POLICY: &str = "policy: { unlisted-users: report, unlisted-groups: report, privileged: [admins] }\n";

const GROUPS: &str = "  platform: { members: [ada@acme.com, { group: sre }, { account: robot }] }\n\
                      \x20 sre: { members: [eve@acme.com] }\n\
                      \x20 admins: { mode: at-least, members: [ada@acme.com] }\n\
                      \x20 old: { absent: true }\n";

pub(super) fn run(data: &[u8]) {
    let parts = Parts::of(data);
    for index in 0..6 {
        shows(parts.get(index));
    }
    // Each input in some of the forms, so that many can be tried.
    match data.len() % 6 {
        0 => checks(&parts),
        1 => diagnostics(&parts),
        form => planned(&world(&parts).plan(), &parts, form),
    }
}

fn planned(plan: &Plan, parts: &Parts<'_>, form: usize) {
    let text = |grouping, width| is_harmless(&unstyled(&render::plan_text(plan, grouping, width)));
    match form {
        2 => text(Grouping::Group, 20),
        3 => text(Grouping::User, 80),
        4 => {
            let json = is_harmless_json(&render::plan_json(plan));
            assert_eq!(json["operations"].as_array().map(Vec::len), Some(plan.operations.len()));
        }
        _ => {
            let report = report(plan, parts);
            is_harmless(&unstyled(&render::report_text(plan, &report, 60)));
            is_harmless_json(&render::report_json(plan, &report));
        }
    }
}

/// A text is shown whole: what is made harmless can be told from what was so, and nothing is left out.
fn shows(text: &str) {
    let shown = escape_untrusted(text);
    is_harmless(&shown);
    assert_eq!(escape_untrusted(&shown), shown, "once is enough");
    let mut rest: &str = &shown;
    for c in text.chars() {
        let escaped = format!("\\u{{{:x}}}", u32::from(c));
        let after = rest.strip_prefix(c).or_else(|| rest.strip_prefix(escaped.as_str()));
        rest = after.unwrap_or_else(|| panic!("{c:?} is not shown in {shown:?}"));
    }
    assert_eq!(rest, "");
}

thread_local! {
    static WORLD: OnceCell<World> = const { OnceCell::new() };
}

/// A world where each name that comes from a surface, and one that the tree gives, is of the input.
fn world(parts: &Parts<'_>) -> World {
    let world = WORLD.with(|held| held.get_or_init(|| World::of(POLICY, "", GROUPS)).clone());
    let name = serde_json::to_string(parts.get(4)).expect("it is text");
    let declared = format!("  {name}: {{ members: [ada@acme.com] }}\n");
    let world = if parts.get(4).len().is_multiple_of(4) && declares(&declared) {
        let mut world = world;
        world.files.push(("groups/more.yaml".into(), format!("groups:\n{declared}")));
        world
    } else {
        world
    };
    world.change(|live| {
        for (index, id) in [(0, "712020:a"), (1, parts.get(1))] {
            let mut account = Account::person("unlisted@acme.com");
            (account.name, account.hidden) = (parts.get(index).into(), true);
            live.accounts.insert(id.into(), account);
            for group in ["id-platform", "id-admins"] {
                live.groups.get_mut(group).expect("it is there").members.insert(id.into());
            }
        }
        if let Some(robot) = live.accounts.get_mut("robot") {
            robot.name = parts.get(2).into();
        }
        live.groups.get_mut("id-platform").expect("it is there").members.remove("robot");
        let members: BTreeSet<String> = [parts.get(1).to_owned(), "712020:a".to_owned()].into();
        live.groups.insert("id-old".into(), Group::of("old", members));
        live.groups.insert(parts.get(5).into(), Group::of(parts.get(3), BTreeSet::new()));
    })
}

/// Whether the language takes a group.
fn declares(group: &str) -> bool {
    let file = |path: &str, text: String| SourceFile { path: path.into(), text };
    let root = "version: 1\nsite: https://acme.atlassian.net\n".to_owned();
    let known = ["platform", "sre", "admins", "old"];
    let files = vec![file("groups/more.yaml", format!("groups:\n{group}")), file(config::ROOT, root)];
    let declaration = config::parse(&Tree { files }, date(2026, 6, 1)).declaration;
    declaration.is_some_and(|declaration| {
        declaration.groups.keys().all(|name| !known.iter().any(|other| name.folded() == *other))
    })
}

fn report(plan: &Plan, parts: &Parts<'_>) -> Report {
    let outcome = |index: usize, key: &Key| match index % 5 {
        0 => Outcome::Failed { why: parts.get(index).into() },
        1 => Outcome::Unsettled { why: parts.get(index + 1).into() },
        2 => Outcome::Skipped { requires: key.clone() },
        3 => Outcome::Applied { seen: false },
        _ => Outcome::NotAttempted,
    };
    let keys = plan.operations.iter().map(|planned| &planned.key).enumerate();
    Report {
        outcomes: keys.map(|(index, key)| (key.clone(), outcome(index, key))).collect(),
        ..Report::default()
    }
}

fn checks(parts: &Parts<'_>) {
    let diagnoses = diagnoses(parts);
    is_harmless(&unstyled(&render::diagnoses_text(&diagnoses, 50)));
    is_harmless_json(&render::diagnoses_json(&diagnoses));
}

fn diagnoses(parts: &Parts<'_>) -> Vec<Diagnosis> {
    let text = |index: usize| parts.get(index).to_owned();
    vec![Diagnosis {
        surface: Surface::Jira,
        state: Health::Fails { why: text(0), help: Some(text(1)) },
        facts: vec![text(2)],
        lacks: vec![text(3)],
        expires: None,
    }]
}

fn diagnostics(parts: &Parts<'_>) {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let tree = Tree { files: vec![file(parts.get(0), parts.get(1)), file("b.yaml", parts.get(2))] };
    let whole = |file: u32, text: &str| Span {
        origin: Origin { file: FileId(file), offset: 0 },
        length: u32::try_from(text.len()).expect("an input is small"),
    };
    let found = [Diagnostic::error("code", parts.get(3))
        .at(whole(0, parts.get(1)), parts.get(4))
        .at(whole(1, parts.get(2)), parts.get(5))
        .help(parts.get(4))];
    is_harmless(&render::diagnostics(&tree, &found, DiagnosticStyle::default()));
    is_harmless_json(&render::diagnostics_json(&tree, &found));
}
