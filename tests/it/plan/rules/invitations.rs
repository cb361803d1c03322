//! An invitation grants the default groups of its apps, and leads into groups that are asked for.

use rollbook::model::{Operation, PlannedOperation, Ref, Surface};

use super::{NONE, hired, refused_first};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::World;

const RULES: &str = "policy:\n  invite-domains: [acme.com]\n  privileged: [payroll]\n  self-grant: refuse\n";
const GROUPS: &str =
    "  payroll:\n    mode: at-least\n    members: [ada@acme.com]\n  audit:\n    members: [ada@acme.com]\n";

/// zoe has no account; the app's new users come into payroll.
fn invited(policy: &str) -> World {
    let world = World::of(policy, "", GROUPS).then_base();
    let mut world = world.change(|live| {
        live.roles = vec![("jira".into(), vec!["id-payroll".into()], vec!["id-payroll".into()])];
    });
    world
        .files
        .push(("users/all.yaml".into(), "users:\n  zoe@acme.com: { active: true, apps: [jira] }\n".into()));
    world.files.sort();
    world
}

#[test]
fn an_invitation_into_default_groups_is_shown_marked_and_judged() {
    let own = invited(RULES).by("zoe@acme.com").by("ada@acme.com");
    let plan = own.plan();
    assert_eq!(keys(&plan), ["invite user.zoe@acme.com"]);
    assert!(plan.operations[0].privileged);
    assert_eq!(rulings(&plan), ["self-grant user.zoe@acme.com: refused"]);
    refused_first(&own, "self-grant");
    assert!(own.text().contains("joins payroll by the app"), "{}", own.text());
    assert!(own.text_by_user().contains("joins payroll by the app, privileged"), "{}", own.text_by_user());
    assert!(own.markdown().contains("joins payroll by the app"), "{}", own.markdown());
    assert!(own.markdown().contains("privileged"), "{}", own.markdown());
    // Two groups that exclude each other, one by the app and one declared; and both by apps.
    let apart = "policy:\n  invite-domains: [acme.com]\n  exclusive: [[payroll, audit]]\n";
    let both = invited(apart)
        .edit("audit:\n    members: [ada@acme.com]", "audit:\n    members: [ada@acme.com, zoe@acme.com]");
    let both = both.edit(
        "payroll:\n    mode: at-least\n    members: [ada@acme.com]",
        "payroll:\n    mode: at-least\n    members: []",
    );
    let judged = rulings(&both.plan());
    assert!(judged.contains(&"exclusive user.zoe@acme.com: refused".to_owned()), "{judged:?}");
    let apps = invited(apart).edit("audit:\n    members", "audit:\n    mode: at-least\n    members");
    let apps = apps.change(|live| live.roles[0].2.push("id-audit".into()));
    assert!(rulings(&apps.plan()).contains(&"exclusive user.zoe@acme.com: refused".to_owned()));
    // A site administrator by an app.
    let admin = invited(&RULES.replace("[payroll]", "[audit]"))
        .change(|live| live.admin_groups = ["id-payroll".to_owned()].into());
    assert!(admin.plan().operations[0].privileged);
    // Unreadable, and a rule needs it.
    let unreadable =
        |policy: &str| invited(policy).by("ada@acme.com").change(|live| live.read_only = true).plan();
    assert_eq!(codes(&unreadable(RULES)), [("invite user.zoe@acme.com".into(), "default-groups-unknown")]);
    assert_eq!(codes(&unreadable(apart)), [("invite user.zoe@acme.com".into(), "default-groups-unknown")]);
    // Neighbours: a colleague invites; an app whose default group is nothing special; no rule asks.
    assert_eq!(rulings(&invited(RULES).by("ada@acme.com").plan()), NONE);
    let ordinary = invited(RULES)
        .by("zoe@acme.com")
        .by("ada@acme.com")
        .edit("privileged: [payroll]", "privileged: [audit]");
    let ordinary = World { base: None, ..ordinary };
    assert!(!ordinary.plan().operations[0].privileged);
    let free = unreadable("policy:\n  invite-domains: [acme.com]\n");
    assert_eq!((codes(&free), keys(&free)), (vec![], vec!["invite user.zoe@acme.com".into()]));
    assert_eq!(rulings(&invited(apart).change(hired(&["kim@acme.com"])).plan()), NONE);
}

#[test]
fn an_invitation_leads_into_the_groups_that_are_asked_for_and_no_others() {
    let policy = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\npolicy:\n  \
                  invite-domains: [acme.com]\n";
    let groups = "  one:\n    members: [new@acme.com]\n  two:\n    members: [new@acme.com]\n";
    let mut world = World::of(policy, "  new@acme.com: { active: true }\n", groups).change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.accounts.remove("acc-new@acme.com");
        live.groups.values_mut().for_each(|group| group.members.clear());
    });
    let led = |world: &World| {
        let invited = |planned: &PlannedOperation| {
            let Operation::InviteUser { groups, .. } = &planned.operation else { return None };
            Some(groups.iter().filter_map(Ref::known).map(ToString::to_string).collect::<Vec<_>>())
        };
        world.plan().operations.iter().find_map(invited).unwrap_or_default()
    };
    assert_eq!(led(&world), ["id-one", "id-two"]);
    world.scope.targets = vec!["member.one/new@acme.com".parse().unwrap()];
    assert_eq!(led(&world), ["id-one"]);
}
