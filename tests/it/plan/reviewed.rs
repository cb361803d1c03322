//! Reviewed plans: a saved plan is a filter over a new one, and what no longer follows refuses the whole.

use jiff::{SignedDuration, Timestamp};
use rollbook::model::{Plan, Surface};
use rollbook::plan::{SavedPlan, SavedPlanError};
use rollbook::render;

use crate::plan::guards::rulings;
use crate::plan::keys;
use crate::world::{Group, Live, World};

const GROUPS: &str =
    "  sre:\n    members: [ada@acme.com, bob@acme.com]\n  ops:\n    members: [ada@acme.com]\n";

/// How the reviewed plan fares: kept, satisfied, not reviewed, and no longer following with the reason.
fn became(plan: &Plan) -> [Vec<String>; 4] {
    let review = plan.review.as_ref().unwrap();
    let texts = |keys: &[rollbook::model::Key]| keys.iter().map(ToString::to_string).collect();
    let misfits = review.misfits.iter().map(|misfit| format!("{}: {}", misfit.key, misfit.why)).collect();
    [keys(plan), texts(&review.satisfied), texts(&review.not_reviewed), misfits]
}

fn none() -> Vec<String> {
    Vec::new()
}

/// Bob is to join `sre` and Eve to leave it, and that was reviewed.
fn reviewed() -> World {
    let world = World::of("", "", GROUPS).change(|live| {
        live.hire("eve@acme.com");
        live.leave("sre", "bob@acme.com");
        live.join("sre", "eve@acme.com");
    });
    world.then_reviewed()
}

const JOINS: &str = "add member.sre/bob@acme.com";
const LEAVES: &str = "remove member.sre/eve@acme.com";

#[test]
fn what_still_follows_is_carried_out_and_nothing_else() {
    assert_eq!(became(&reviewed().plan()), [vec![LEAVES.to_owned(), JOINS.into()], none(), none(), none()]);
    // Done meanwhile by another hand.
    let half = reviewed().change(|live| live.join("sre", "bob@acme.com"));
    assert_eq!(became(&half.plan()), [vec![LEAVES.to_owned()], vec![JOINS.into()], none(), none()]);
    let all = half.change(|live| live.leave("sre", "eve@acme.com"));
    assert_eq!(became(&all.plan())[0], none());
    assert_eq!(became(&all.plan())[3], none());
    // Somebody came into the same group by hand: told, and not done. Drift elsewhere is only counted.
    let new = reviewed().change(|live| {
        live.hire("mallory@acme.com");
        live.join("sre", "mallory@acme.com");
        live.leave("ops", "ada@acme.com");
        live.join("ops", "mallory@acme.com");
    });
    let plan = new.plan();
    assert_eq!(became(&plan)[0], [LEAVES, JOINS]);
    assert_eq!(became(&plan)[2], ["remove member.sre/mallory@acme.com"]);
    assert_eq!(plan.review.as_ref().unwrap().elsewhere, 2);
    insta::assert_snapshot!(new.text());
}

#[test]
fn what_no_longer_follows_refuses_the_whole() {
    let dropped = reviewed().edit("[ada@acme.com, bob@acme.com]", "[ada@acme.com]");
    assert_eq!(became(&dropped.plan())[3], [format!("{JOINS}: the tree does not ask for it any more")]);
    let turned = dropped.change(|live| live.join("sre", "bob@acme.com"));
    let asks = "the tree and the site need `remove member.sre/bob@acme.com` instead";
    assert_eq!(became(&turned.plan())[3], [format!("{JOINS}: {asks}")]);
    let stays = reviewed().edit("bob@acme.com]", "bob@acme.com, eve@acme.com]");
    assert_eq!(became(&stays.plan())[3], [format!("{LEAVES}: the tree does not ask for it any more")]);
    let undeclared = reviewed().edit("  sre:\n    members: [ada@acme.com, bob@acme.com]\n", "");
    assert_eq!(became(&undeclared.plan())[3].len(), 2, "the group is not read any more");
    let text = turned.text();
    assert!(text.contains("No longer follows (1)\n! add bob@acme.com in sre\n"), "{text}");
}

#[test]
fn the_same_line_for_another_account_or_group_is_not_what_was_reviewed() {
    // The email is somebody else's by now.
    let given_away = reviewed().change(|live| {
        let bob = live.accounts.remove("acc-bob@acme.com").unwrap();
        live.accounts.insert("acc-other".into(), bob);
    });
    let plan = given_away.plan();
    assert_eq!(became(&plan)[3], [format!("{JOINS}: it would not do what was reviewed any more")]);
    // The group was deleted and made again under its name.
    let anew = reviewed().change(|live| {
        let group = live.groups.remove("id-sre").unwrap();
        live.groups.insert("id-new".into(), group);
    });
    assert_eq!(became(&anew.plan())[3].len(), 2);
}

#[test]
fn a_group_that_came_to_be_meanwhile_takes_its_members() {
    let world = World::of("", "", GROUPS).change(|live| live.groups.retain(|id, _| id != "id-sre"));
    let made = world.then_reviewed().change(|live| {
        live.groups.insert("id-sre".into(), Group::of("sre", [].into()));
    });
    let expected = ["add member.sre/ada@acme.com", "add member.sre/bob@acme.com"];
    let plan = made.plan();
    assert_eq!(became(&plan)[0], expected);
    assert_eq!(became(&plan)[1], ["create group.sre"]);
    assert_eq!(became(&plan)[3], none());
}

#[test]
fn what_took_the_name_of_what_was_to_be_made_is_not_what_was_reviewed() {
    let world = World::of("", "", GROUPS).change(|live| live.groups.retain(|id, _| id != "id-sre"));
    let taken = world.then_reviewed().change(|live| {
        live.hire("eve@acme.com");
        live.groups.insert("id-other".into(), Group::of("sre", ["acc-eve@acme.com".to_owned()].into()));
    });
    assert!(!became(&taken.plan())[3].is_empty(), "somebody else's group");
    // Nor is a group that makes administrators by now.
    let admins = World::of("", "", GROUPS).change(|live| live.groups.retain(|id, _| id != "id-sre"));
    let admins = admins.then_reviewed().change(|live| {
        live.groups.insert("id-sre".into(), Group::of("sre", [].into()));
        live.admin_groups = ["id-sre".to_owned()].into();
    });
    assert!(!became(&admins.plan())[3].is_empty());
    // An account that has the address of somebody who was to be invited.
    let rules = "policy:
  invite-domains: [acme.com]
";
    let groups = "  sre:\n    members: [nina@acme.com]\n";
    let invited = World::of(rules, "  nina@acme.com: { active: true }\n", groups);
    let invited = invited.change(|live| {
        live.accounts.clear();
        live.hire("mal@acme.com");
        live.group("sre").members.clear();
    });
    let invited = invited.then_reviewed();
    assert_eq!(became(&invited.plan())[0].len(), 2);
    let renamed = invited.change(|live| live.account("mal@acme.com").email = Some("nina@acme.com".into()));
    assert_eq!(became(&renamed.plan())[3].len(), 1, "{:?}", became(&renamed.plan()));
}

#[test]
fn a_deletion_that_would_take_more_away_is_not_what_was_reviewed() {
    let world = World::of("", "", "  old:\n    absent: true\n").change(|live| {
        live.hire("ada@acme.com");
        live.hire("eve@acme.com");
        live.groups.insert("id-old".into(), Group::of("old", ["acc-ada@acme.com".to_owned()].into()));
    });
    let world = world.then_reviewed();
    assert_eq!(became(&world.plan())[0], ["delete group.old"]);
    let grown = world.clone().change(|live| live.join("old", "eve@acme.com"));
    assert_eq!(became(&grown.plan())[3].len(), 1);
    let gone = world.change(|live| live.groups.clear());
    assert_eq!(became(&gone.plan())[1], ["delete group.old"]);
}

#[test]
fn accounts_that_are_as_reviewed_already_are_satisfied() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let users = "  bob@acme.com: { active: false }\n  eve@acme.com: { active: true }\n";
    let all = [Surface::Jira, Surface::Organization, Surface::UserManagement];
    let world = World::of(head, users, "").change(|live| {
        live.surfaces = all.into();
        live.account("eve@acme.com").suspended = true;
    });
    let world = world.then_reviewed();
    assert_eq!(became(&world.plan())[0], ["suspend user.bob@acme.com", "activate user.eve@acme.com"]);
    let done = world.change(|live| {
        live.account("bob@acme.com").suspended = true;
        live.account("eve@acme.com").suspended = false;
    });
    let [kept, satisfied, _, misfits] = became(&done.plan());
    assert_eq!((kept, misfits), (none(), none()));
    assert_eq!(satisfied, ["suspend user.bob@acme.com", "activate user.eve@acme.com"]);
}

#[test]
fn guards_judge_what_is_left_and_an_empty_group_is_suspicious() {
    let world = World::of("policy:\n  max-revokes: { total: 1 }\n", "", GROUPS).change(|live: &mut Live| {
        live.hire("eve@acme.com");
        live.join("sre", "eve@acme.com");
    });
    let world = world.then_reviewed().change(|live| {
        live.hire("mallory@acme.com");
        live.join("sre", "mallory@acme.com");
    });
    assert_eq!(rulings(&World { reviewed: None, ..world.clone() }.plan()), ["max-revokes : refused"]);
    assert_eq!(rulings(&world.plan()), none(), "the other one was not reviewed, and stays");
    let emptied = reviewed().change(|live| live.group("sre").members.clear());
    assert_eq!(rulings(&emptied.plan()), ["suspicious-read group.sre: refused"]);
}

#[test]
fn a_plan_comes_back_from_its_file_as_it_was() {
    let texts =
        [reviewed().plan(), World::of("", "", GROUPS).plan()].map(|plan| (render::plan_json(&plan), plan));
    for (text, plan) in texts {
        let saved = SavedPlan::read(&text, "test").unwrap();
        assert_eq!(render::plan_json(saved.plan()), text);
        let header = rollbook::model::Header { checksum: None, ..saved.plan().header.clone() };
        assert_eq!(Plan { header, ..saved.plan().clone() }, plan);
    }
}

#[test]
fn every_change_of_a_plan_file_is_noticed() {
    let text = render::plan_json(&reviewed().plan());
    let read = |text: &str| SavedPlan::read(text, "test").map(|_| ());
    assert_eq!(read(&text), Ok(()));
    for end in (0..text.trim_end().len()).filter(|end| text.is_char_boundary(*end)) {
        assert_eq!(read(&text[..end]), Err(SavedPlanError::Truncated), "cut at {end}");
    }
    // Every letter, one after the other.
    for (at, letter) in text.char_indices().filter(|(_, letter)| letter.is_ascii_alphanumeric()) {
        let other = if letter == 'x' { 'y' } else { 'x' };
        let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        assert!(read(&changed).is_err(), "changed at {at}:\n{changed}");
    }
    assert_eq!(read("{}"), Err(SavedPlanError::NotAPlan("it does not say what it is".into())));
    let newer = text.replacen("rollbook.plan/1", "rollbook.plan/2", 1);
    assert_eq!(read(&newer), Err(SavedPlanError::Format("rollbook.plan/2".into())));
    let version = SavedPlanError::Version { made_by: "test".into(), this: "9.9.9".into() };
    assert_eq!(SavedPlan::read(&text, "9.9.9").map(|_| ()), Err(version));
    assert_eq!(read(&text.replacen("bob@", "eve@", 1)), Err(SavedPlanError::Changed));
}

#[test]
fn a_plan_grows_old_and_is_of_one_site() {
    let saved = reviewed().reviewed.unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let day = SignedDuration::from_hours(24);
    assert_eq!(saved.not_older(day, at("2026-11-23T12:00:00Z")), Ok(()));
    let old = saved.not_older(day, at("2026-11-23T12:00:01Z"));
    assert!(matches!(old, Err(SavedPlanError::TooOld { .. })), "{old:?}");
    assert_eq!(saved.not_older(day, at("2026-11-22T11:56:00Z")), Ok(()), "clocks differ a little");
    let early = saved.not_older(day, at("2026-11-22T11:00:00Z"));
    assert!(matches!(early, Err(SavedPlanError::FromTheFuture(_))), "{early:?}");
    assert_eq!(saved.for_site("https://acme.atlassian.net"), Ok(()));
    assert!(saved.for_site("https://other.atlassian.net").is_err());
}

#[test]
fn a_reviewed_end_mark_or_rule_holds() {
    let joins = "add member.sre/bob@acme.com";
    let with = |until: &str| format!("  sre:\n    members: [{{ user: bob@acme.com{until} }}]\n");
    let world = World::of("policy:\n  privileged: [sre]\n", "", &with(", until: 2026-12-31"));
    let world = world.change(|live| live.leave("sre", "bob@acme.com")).then_reviewed();
    assert_eq!(became(&world.plan())[3], none());
    let ends = |now: &str| format!("{joins}: it grants access {now} now, and until 2026-12-31 was reviewed");
    let later = world.clone().edit("2026-12-31", "2027-12-31");
    assert_eq!(became(&later.plan())[3], [ends("until 2027-12-31")]);
    let for_ever = world.clone().edit(", until: 2026-12-31", "");
    assert_eq!(became(&for_ever.plan())[3], [ends("without an end")]);
    let sooner = world.clone().edit("2026-12-31", "2026-12-01");
    assert_eq!(became(&sooner.plan())[3], none(), "less than what was reviewed");
    let unmarked = world.edit("  privileged: [sre]\n", "  mode: exact\n");
    let why = format!("{joins}: it was reviewed as privileged, and is not privileged in the tree any more");
    assert_eq!(became(&unmarked.plan())[3], [why]);
}

#[test]
fn a_waiver_that_the_review_has_not_seen_does_not_fit() {
    let policy = "policy:\n  max-revokes: { group: { count: 0, percent: 0 } }\n";
    let world = World::of(policy, "", GROUPS).change(|live| {
        live.hire("eve@acme.com");
        live.join("sre", "eve@acme.com");
    });
    let waive = "waive:\n  - { guard: max-revokes, for: [group.sre], because: closing, until: 2026-12-31 }\n";
    let waived = format!("{waive}policy:");
    let seen = world.clone().edit("policy:", &waived).then_reviewed();
    assert_eq!(became(&seen.plan())[3], none());
    let unseen = world.then_reviewed().edit("policy:", &waived);
    let why = "`max-revokes` is set aside for it now, and was not when it was reviewed";
    assert_eq!(became(&unseen.plan())[3], [format!("{LEAVES}: {why}")]);
}
