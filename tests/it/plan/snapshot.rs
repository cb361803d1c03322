//! Snapshots: the plan from one is the plan from the site, it shows nobody it need not show, and it guesses nothing.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollbook::model::{Header, Operation, Plan};
use rollbook::plan::redacted;
use rollbook::plan::snapshot::SnapshotError;
use rollbook::render;

use crate::plan::guards::rulings;
use crate::spec::{spec, spec_with_sources};
use crate::world::{Group, World};

/// A plan as JSON, under one header.
fn body(mut plan: Plan, header: &Header) -> String {
    plan.header = header.clone();
    render::plan_json(&plan)
}

/// What is done to which account and group, whatever they are called.
fn steps(plan: &Plan) -> BTreeSet<String> {
    let step = |operation: &Operation, action: String| {
        format!("{action} {:?} {:?}", operation.account(), operation.group())
    };
    plan.operations.iter().map(|planned| step(&planned.operation, planned.key.action.to_string())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_from_a_snapshot_is_the_plan_from_live(spec in prop_oneof![spec(), spec_with_sources()]) {
        let mut world = spec.world();
        // A snapshot keeps none of the words of a surface that refused.
        world.live.refused.clear();
        let live = world.plan();
        let from = world.plan_from_text(&world.snapshot(false)).unwrap();
        prop_assert_eq!(body(live.clone(), &live.header), body(from, &live.header));
    }

    /// A tree that asks for something else either is told what the snapshot lacks, or gets the steps that it would get.
    #[test]
    fn a_changed_tree_gets_the_same_steps_or_a_refusal((spec, other, redact) in (spec(), spec(), any::<bool>())) {
        let taken = spec.world();
        let mut changed = other.world();
        changed.live = taken.live.clone();
        match changed.plan_from_text(&taken.snapshot(redact)) {
            Ok(plan) => prop_assert_eq!(steps(&changed.plan()), steps(&plan)),
            Err(SnapshotError::Lacks(_)) => {}
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}

/// One declared group, somebody undeclared in it, and a group and a person of whom the tree does not speak.
fn world() -> World {
    World::of("", "", "  eng:\n    members: [ada@acme.com]\n").change(|live| {
        for email in ["erik@acme.com", "secret.person@acme.com"] {
            live.hire(email);
        }
        live.join("eng", "erik@acme.com");
        let secret = [live.id_of("secret.person@acme.com")].into();
        live.groups.insert("id-layoffs".into(), crate::world::Group::of("Layoffs", secret));
    })
}

#[test]
fn whom_the_tree_does_not_speak_of_is_a_pseudonym() {
    let text = world().snapshot(false);
    for plain in ["ada@acme.com", "erik@acme.com", "\"ERIK\"", "\"eng\"", "id-layoffs"] {
        assert!(text.contains(plain), "{plain} in {text}");
    }
    for hidden in ["secret.person@acme.com\"", "SECRET.PERSON", "Layoffs"] {
        assert!(!text.replace("acc-secret.person@acme.com", "").contains(hidden), "{hidden} in {text}");
    }
    let redacted = world().snapshot(true).replace("acc-", "");
    assert!(!redacted.contains("\"ERIK\"") && !redacted.contains("\"eng\""), "{redacted}");
    let emails = redacted.matches("@veiled.invalid").count();
    assert!(emails >= 3, "{redacted}");
}

/// The person whom a change declares first is found by the name that it gives.
#[test]
fn who_is_declared_later_is_found() {
    let taken = world().snapshot(false);
    let changed = world().edit("ada@acme.com]", "ada@acme.com, Secret.Person@acme.com]");
    let (live, from) = (changed.plan(), changed.plan_from_text(&taken).unwrap());
    assert_eq!(live.fingerprint, from.fingerprint);
    assert_eq!(steps(&live), steps(&from));
    assert!(
        from.operations.iter().any(|planned| planned.name.as_deref().is_some_and(|it| it.starts_with('~')))
    );
}

#[test]
fn a_group_whose_members_it_does_not_hold_is_blocked() {
    let taken = world().snapshot(false);
    let changed = world().edit("groups:\n", "groups:\n  Layoffs:\n    members: [ada@acme.com]\n");
    assert_eq!(changed.plan().blocked, vec![]);
    let plan = changed.plan_from_text(&taken).unwrap();
    let blocked: Vec<(String, &str)> =
        plan.blocked.iter().map(|blocked| (blocked.address.to_string(), &*blocked.code)).collect();
    assert_eq!(blocked, [("group.Layoffs".to_owned(), "not-read")]);
    assert!(plan.blocked[0].help.contains("from a snapshot that was taken with this tree"), "{plan:#?}");
    let alike = world().edit("groups:\n", "groups:\n  layoffs:\n    members: [ada@acme.com]\n");
    let error = alike.plan_from_text(&taken).unwrap_err();
    assert_eq!(error, SnapshotError::Spelling("layoffs".into()));
}

#[test]
fn a_tree_that_names_a_pseudonym_is_refused() {
    let taken = world().snapshot(false);
    let at = taken.find("@veiled.invalid").unwrap();
    let start = taken[..at].rfind('"').unwrap() + 1;
    let email = format!("{}@veiled.invalid", &taken[start..at]);
    let error = world().edit("ada@acme.com]", &format!("ada@acme.com, {email}]")).plan_from_text(&taken);
    assert_eq!(error.unwrap_err(), SnapshotError::Pseudonym(email));
}

#[test]
fn every_snapshot_that_cannot_be_used_says_why() {
    let (world, text) = (world(), world().snapshot(false));
    let why = |text: &str| world.plan_from_text(text).unwrap_err();
    assert!(matches!(why("no"), SnapshotError::NotASnapshot(_)));
    assert!(matches!(why("{}"), SnapshotError::NotASnapshot(_)));
    assert!(matches!(why("{\"format\": \"rollbook.snapshot/1\", \"header\": \"\"}"), SnapshotError::Changed));
    assert_eq!(why(&text[..text.len() / 2]), SnapshotError::Truncated);
    assert_eq!(
        why(&text.replace("snapshot/1", "snapshot/2")),
        SnapshotError::Format("rollbook.snapshot/2".into())
    );
    assert_eq!(why(&text.replace("erik@", "evil@")), SnapshotError::Changed);
    let elsewhere = world.clone().edit("acme.atlassian.net", "other.atlassian.net");
    assert!(matches!(elsewhere.plan_from_text(&text).unwrap_err(), SnapshotError::OtherSite { .. }));
    let organized = world
        .clone()
        .edit("version: 1\n", "version: 1\norganization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\n");
    let error = organized.plan_from_text(&text).unwrap_err();
    assert!(matches!(error, SnapshotError::OtherPlace { what: "organization", .. }), "{error}");
}

#[test]
fn the_same_reads_give_the_same_bytes() {
    let mut backwards = world();
    backwards.live.backwards = true;
    assert_eq!(world().snapshot(false), backwards.snapshot(false));
}

#[test]
fn a_redacted_plan_shows_nobody_and_tells_them_apart() {
    let world = World::of(
        "policy: { unlisted-users: report }\n",
        "  anna@acme.com: {}\n",
        "  eng:\n    members: [ada@acme.com, anna@acme.com]\n",
    )
    .change(|live| {
        live.hire("amir@other.example");
        live.join("eng", "amir@other.example");
        live.leave("eng", "ada@acme.com");
        live.leave("eng", "anna@acme.com");
    });
    let plan = world.plan();
    let names = world.live.accounts.values().map(|account| account.name.clone()).collect();
    let masked = redacted(&plan, &names);
    let forms = [
        render::plan_json(&masked),
        render::plan_markdown(&masked, render::CommentLimit::GITHUB),
        render::plan_text(&masked, render::Grouping::User, 80),
    ];
    for text in &forms {
        for hidden in ["ada@", "anna@", "amir@", "ADA", "ANNA", "AMIR"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    assert_eq!(masked.operations.len(), plan.operations.len());
    let users: Vec<String> =
        masked.operations.iter().filter_map(|it| it.key.address.user().map(ToString::to_string)).collect();
    assert_eq!(users.iter().collect::<BTreeSet<_>>().len(), 3, "{users:?}");
    assert!(users.iter().all(|user| user.starts_with("a***")), "{users:?}");
    let note = masked.notes.iter().find(|note| note.code == "unlisted-user").unwrap();
    assert!(note.text.ends_with("@other.example (A***) is active and not declared"), "{}", note.text);
}

/// An email may be spelt like an address.
#[test]
fn an_email_that_looks_like_an_address_is_masked_whole() {
    let world = World::of(
        "",
        "",
        "  eng:\n    members: [group.lead@acme.com, user.one@acme.com, member.two@acme.com]\n",
    )
    .change(|live| {
        for email in ["group.lead@acme.com", "user.one@acme.com", "member.two@acme.com"] {
            live.leave("eng", email);
        }
    });
    let text = render::plan_json(&redacted(&world.plan(), &BTreeSet::new()));
    for hidden in ["group.lead", "lead@", "user.one", "one@", "member.two", "two@"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

/// A rule that a change brings is about a group that the snapshot may not hold: what cannot be judged is refused.
#[test]
fn a_rule_about_a_group_that_was_not_read_refuses() {
    let taken =
        World::of("", "  bob@acme.com: { active: true }\n", "  support:\n    members: [bob@acme.com]\n");
    let taken = taken.change(|live| {
        live.groups.insert("id-payroll".into(), Group::of("payroll", ["acc-bob@acme.com".to_owned()].into()));
        live.leave("support", "bob@acme.com");
    });
    let text = taken.snapshot(false);
    let refused = |policy: &str, users: &str, members: &str| {
        let mut changed = World::of(policy, users, &format!("  support:\n    members: {members}\n"));
        changed.live = taken.live.clone();
        assert_eq!(rulings(&changed.plan()).len(), 1, "what is live refuses it");
        rulings(&changed.plan_from_text(&text).unwrap())
    };
    let exclusive = refused("policy:\n  exclusive: [[payroll, support]]\n", "", "[bob@acme.com]");
    assert_eq!(exclusive, ["exclusive member.support/bob@acme.com: refused"]);
    let leaver = "  bob@acme.com: { active: false }\n";
    let floor = refused("policy:\n  keep-at-least: { payroll: 1 }\n", leaver, "[]");
    assert_eq!(floor, ["keep-at-least group.payroll: refused"]);
}

/// A sentence may hold a display name without brackets, and emails between what an email may hold.
#[test]
fn names_and_emails_are_masked_wherever_a_sentence_has_them() {
    let users = "  ada@acme.com: { name: Ada Lovelace }\n";
    let world = World::of("", users, "  eng:\n    members: [ada@acme.com, bob@acme.com]\n");
    let mut plan = world.change(|live| live.leave("eng", "bob@acme.com")).plan();
    assert!(plan.notes.iter().any(|note| note.code == "name-ignored" && note.text.contains("ADA")));
    let text = "bob@acme.com/ada@acme.com, bob@acme.com|x, to=ada@acme.com";
    plan.notes.push(rollbook::model::Note::new("x", text.into(), None));
    let text = render::plan_json(&redacted(&plan, &BTreeSet::new()));
    for hidden in ["ADA", "ada@", "bob@"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}
