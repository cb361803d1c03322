//! Plans on values: which surface does what, what none can do, and what of it a reviewer sees.

use rollbook::model::{IdentitySource, ManagedBy, Operation, Plan, Read, Surface};

use crate::plan::{codes, keys};
use crate::world::{Account, Group, Live, World};

const ALL: [Surface; 4] = [Surface::Jira, Surface::Organization, Surface::UserManagement, Surface::Scim];
const ORGANIZATION: [Surface; 3] = [Surface::Jira, Surface::Organization, Surface::UserManagement];

/// A tree with an organization and a SCIM directory of its own; `policy` goes on from `policy:`.
fn tree(policy: &str, users: &str, groups: &str) -> World {
    let head = format!(
        "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n\
         scim: {{ directory: 9f0b41c7-52d3-4e8a-b6a7-1c3d5e7f9a0b, authority: rollbook }}\npolicy:\n  \
         invite-domains: [acme.com]\n{policy}"
    );
    World::of(&head, users, groups)
}

fn with(surfaces: &[Surface]) -> impl Fn(&mut Live) {
    let surfaces = surfaces.to_vec();
    move |live| live.surfaces = surfaces.iter().copied().collect()
}

/// `KEY via SURFACE`, as a reviewer reads it.
fn ways(plan: &Plan) -> Vec<String> {
    plan.operations.iter().map(|planned| format!("{} via {}", planned.key, planned.via)).collect()
}

#[test]
fn offboarding_goes_as_far_as_the_surfaces_do() {
    let users = "  bob@acme.com: { active: false }\n";
    let groups = "  sre:\n    members: [bob@acme.com]\n";
    let plan = |offboard: &str, surfaces: &[Surface], scim: bool| {
        let world = tree(&format!("  offboard: {offboard}\n"), users, groups).change(with(surfaces));
        let world = world.change(|live| {
            live.account("bob@acme.com").scim = scim;
            live.join("sre", "bob@acme.com");
        });
        world.plan()
    };
    let gone = "remove member.sre/bob@acme.com via organization".to_owned();
    for (offboard, surfaces, scim, expected) in [
        ("suspend", &ORGANIZATION[..], false, "suspend user.bob@acme.com via organization"),
        ("deactivate", &ORGANIZATION[..], false, "deactivate user.bob@acme.com via user-management"),
        ("deactivate", &ALL[..], true, "deactivate user.bob@acme.com via scim"),
    ] {
        // The account first: that takes the access away at once.
        assert_eq!(ways(&plan(offboard, surfaces, scim)), [expected.to_owned(), gone.clone()], "{offboard}");
    }
    // The organization ends the other memberships with the account's own; those of declared groups are shown there.
    let loose = tree("  offboard: remove\n", users, groups).change(with(&ORGANIZATION)).change(|live| {
        live.join("sre", "bob@acme.com");
        live.groups.insert("id-loose".into(), Group::of("loose", [live.id_of("bob@acme.com")].into()));
    });
    let removed = loose.plan();
    assert_eq!(ways(&removed), [gone.clone(), "remove user.bob@acme.com via organization".into()]);
    assert!(loose.text().contains("remove, leaves loose, offboarded"), "{}", loose.text());
    assert_eq!(removed.summary.revokes, 2);
    // A directory that Rollbook has no key for owns the account.
    let foreign = plan("deactivate", &ORGANIZATION, true);
    assert_eq!(ways(&foreign), [gone]);
    assert_eq!(codes(&foreign), [("deactivate user.bob@acme.com".into(), "not-manageable")]);
    let alone = plan("suspend", &[Surface::Jira], false);
    assert_eq!(ways(&alone), ["remove member.sre/bob@acme.com via jira"]);
    assert_eq!(codes(&alone), [("suspend user.bob@acme.com".into(), "no-surface")]);
}

#[test]
fn coming_back_says_what_has_an_effect_again() {
    let users = "  bob@acme.com: { active: true }\n";
    let groups = "  sre:\n    members: [bob@acme.com]\n  ops:\n    members: []\n";
    let world = tree("", users, groups).change(with(&ORGANIZATION)).change(|live| {
        live.account("bob@acme.com").suspended = true;
        live.join("ops", "bob@acme.com");
    });
    let plan = world.plan();
    assert_eq!(keys(&plan), ["remove member.ops/bob@acme.com", "activate user.bob@acme.com"]);
    let activation = &plan.operations[1];
    assert_eq!(activation.requires.len(), 1, "what is undeclared is ended first");
    let Operation::ActivateUser { memberships, .. } = &activation.operation else { panic!("{activation:?}") };
    let groups: Vec<&str> = memberships.iter().map(|kept| kept.group.as_str()).collect();
    assert_eq!(groups, ["sre"]);
    assert!(world.text().contains("activate, was suspended, in sre again"), "{}", world.text());
    assert!(plan.reach.iter().any(|sentence| sentence.contains("one directory")), "{:?}", plan.reach);
}

#[test]
fn the_organization_finds_hidden_emails_and_says_so() {
    let groups = "  sre:\n    members: [eve@acme.com, zoe@acme.com]\n";
    let world = tree("", "  zoe@acme.com: { active: true }\n", groups).change(|live| {
        live.account("eve@acme.com").hidden = true;
        live.leave("sre", "eve@acme.com");
        let zoe = live.id_of("zoe@acme.com");
        live.group("sre").members.clear();
        live.accounts.remove(&zoe);
    });
    let blind = world.plan();
    assert_eq!(keys(&blind), Vec::<String>::new());
    assert!(blind.blocked[0].why.contains("acc-eve@acme.com (EVE)"), "a candidate: {}", blind.blocked[0].why);
    let seeing = world.change(with(&ORGANIZATION)).plan();
    assert_eq!(
        ways(&seeing),
        [
            "invite user.zoe@acme.com via organization",
            "add member.sre/eve@acme.com via organization",
            "add member.sre/zoe@acme.com via organization",
        ]
    );
    assert_eq!(seeing.identities[0].from, IdentitySource::Organization);
    let Operation::InviteUser { groups, sends_mail, .. } = &seeing.operations[0].operation else {
        panic!("{:?}", seeing.operations[0])
    };
    assert_eq!((groups.len(), sends_mail), (1, &false), "the invitation leads into the group");
    // The invitation, one addition, and a page of the group.
    assert_eq!(seeing.cost.requests, 3);
}

#[test]
fn a_synced_group_is_for_who_has_the_authority() {
    let groups = "  vpn:\n    members: [ada@acme.com, bob@acme.com]\n";
    let world = tree("", "", groups).change(|live| {
        live.group("vpn").managed_by = ManagedBy::External;
        live.account("ada@acme.com").scim = true;
        live.leave("vpn", "ada@acme.com");
        live.leave("vpn", "bob@acme.com");
    });
    let ours = world.clone().change(with(&ALL)).plan();
    assert_eq!(ways(&ours), ["add member.vpn/ada@acme.com via scim"]);
    assert_eq!(codes(&ours), [("add member.vpn/bob@acme.com".into(), "not-provisioned")]);
    assert_eq!(ours.surface_ids.scim_users.len(), 1, "no id of what is blocked");
    let no_key = world.clone().change(with(&ORGANIZATION)).plan();
    assert_eq!(codes(&no_key)[0].1, "synced-group");
    let theirs = world.edit("authority: rollbook", "authority: identity-provider").change(with(&ALL));
    assert_eq!(codes(&theirs.plan())[0].1, "synced-group");
}

#[test]
fn seats_that_are_missing_are_said_and_freed_first() {
    let groups = "  jira:\n    members: [ada@acme.com, eve@acme.com]\n";
    let world = |left: usize| {
        tree("", "", groups).change(|live| {
            live.roles.push(("jira-software".into(), vec!["id-jira".into()], vec![]));
            live.seats.insert("jira-software".into(), left);
            live.hire("bob@acme.com");
            live.leave("jira", "ada@acme.com");
            live.leave("jira", "eve@acme.com");
            live.join("jira", "bob@acme.com");
        })
    };
    let short = world(0);
    let plan = short.plan();
    let seats = &plan.cost.seats[0];
    assert_eq!((seats.gains, seats.loses, seats.left, seats.exact), (2, 1, -1, true));
    assert!(plan.notes.iter().any(|note| note.code == "seats-short"), "{:?}", plan.notes);
    assert!(short.text().contains("jira-software: 2 taken, 1 freed, 1 too few."), "{}", short.text());
    for planned in plan.operations.iter().skip(1) {
        let requires: Vec<String> = planned.requires.iter().map(ToString::to_string).collect();
        assert_eq!(requires, ["remove member.jira/bob@acme.com"], "{}", planned.key);
    }
    let enough = world(2).plan();
    assert!(enough.operations.iter().all(|planned| planned.requires.is_empty()));
    assert!(enough.notes.iter().all(|note| note.code != "seats-short"));
}

#[test]
fn somebody_stays_who_can_let_the_others_in() {
    let users = "  ada@acme.com: { active: false }\n  bob@acme.com: { active: false }\n";
    let world = tree("  offboard: suspend\n", users, "").change(with(&ORGANIZATION)).change(|live| {
        live.organization_admins = [live.id_of("ada@acme.com"), live.id_of("bob@acme.com")].into();
    });
    let last = |plan: &Plan| codes(plan).iter().filter(|(_, code)| *code == "last-admin").count();
    assert_eq!(last(&world.plan()), 2, "together they are all");
    let one = world.edit("bob@acme.com: { active: false }", "bob@acme.com: {}").plan();
    assert_eq!((last(&one), keys(&one)), (0, vec!["suspend user.ada@acme.com".to_owned()]));

    let site = tree("", "", "  admins:\n    members: []\n").change(|live| {
        live.admin_groups.insert("id-admins".into());
        live.hire("eve@acme.com");
        live.join("admins", "eve@acme.com");
    });
    assert_eq!(codes(&site.plan()), [("remove member.admins/eve@acme.com".into(), "last-admin")]);
    let swap = site.edit("members: []", "members: [ada@acme.com]").change(|live| live.hire("ada@acme.com"));
    assert_eq!(codes(&swap.plan()), []);
}

#[test]
fn people_whom_nothing_declares_are_offboarded_where_the_policy_says_so() {
    let policy = "  unlisted-users: offboard\n  offboard: suspend\n  max-revokes: { total: 9 }\n\
                  include: [users/*.yaml]\n";
    let world = tree(policy, "  ada@acme.com: {}\n", "").change(with(&ORGANIZATION)).change(|live| {
        live.hire("mallory@acme.com");
        live.accounts.insert("acc-bot".into(), Account::app("Bot"));
        live.groups.insert("id-loose".into(), Group::of("loose", [live.id_of("mallory@acme.com")].into()));
    });
    let plan = world.plan();
    assert_eq!(keys(&plan), ["suspend user.mallory@acme.com", "remove member.loose/mallory@acme.com"]);
    assert!(plan.operations.iter().all(|planned| planned.reason.as_str() == "unlisted"));
    // Somebody who is declared and not found may be anybody who hides their email.
    let doubtful = world.edit("ada@acme.com: {}", "ada@acme.com: {}\n  zoe@acme.com: {}").change(|live| {
        live.account("mallory@acme.com").hidden = true;
        live.surfaces.clear();
    });
    let codes = codes(&doubtful.plan());
    assert!(
        codes.contains(&("suspend user.account:acc-mallory@acme.com".into(), "identity-unresolved")),
        "{codes:?}"
    );
}

#[test]
fn whom_the_organization_does_not_show_is_added_and_removed_through_jira() {
    let users = "  ada@acme.com: { account: acc-ada }\n  bob@acme.com: { account: acc-bob }\n";
    let groups = "  sre:\n    members: [ada@acme.com]\n  ops:\n    members: [bob@acme.com]\n";
    let changes = |unshown: bool, refused: bool| {
        let world = tree("", users, groups).change(with(&ORGANIZATION)).change(|live| {
            live.account("ada@acme.com").unshown = unshown;
            live.account("bob@acme.com").unshown = unshown;
            live.join("sre", "bob@acme.com");
            live.leave("sre", "ada@acme.com");
            live.refused.extend(refused.then_some(Read::Standing));
        });
        world.plan()
    };
    let [add, remove] = ["add member.sre/ada@acme.com", "remove member.sre/bob@acme.com"];
    let via = |key: &str, surface: &str| format!("{key} via {surface}");
    assert_eq!(ways(&changes(true, false)), [via(remove, "jira"), via(add, "jira")]);
    // Neighbour: those that it shows go through it.
    assert_eq!(ways(&changes(false, false)), [via(remove, "organization"), via(add, "organization")]);
    // Where it does not say whether it shows them, Jira removes, which takes everybody.
    let untold = changes(false, true);
    assert_eq!(ways(&untold), [via(remove, "jira")]);
    assert_eq!(codes(&untold), [(add.into(), "not-read")]);
}

/// What ends before an account comes back must not have an effect again because it could not end.
#[test]
fn nobody_comes_back_to_what_could_not_be_ended() {
    let users = "  bob@acme.com: { active: true }\n  ada@acme.com: { active: true }\n";
    let groups = "  admins:\n    members: [ada@acme.com]\n";
    let plan = |refused: bool| {
        let world = tree("", users, groups).change(with(&ORGANIZATION)).change(|live| {
            live.account("bob@acme.com").suspended = true;
            live.join("admins", "bob@acme.com");
            live.admin_groups.insert("id-admins".to_owned());
            live.refused.extend(refused.then_some(Read::SiteAdmins));
        });
        world.plan()
    };
    let [remove, activate] = ["remove member.admins/bob@acme.com", "activate user.bob@acme.com"];
    assert_eq!(keys(&plan(false)), [remove, activate]);
    let untold = plan(true);
    assert_eq!(keys(&untold), [""; 0]);
    assert_eq!(codes(&untold), [(activate.into(), "not-read"), (remove.into(), "not-read")]);
}
