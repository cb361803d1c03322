//! Who and what a name means, where a rule or a waiver depends on it: the cases next to those that other tests tell.

use jiff::civil::date;
use rollbook::model::Surface;

use super::{NONE, hired, otherwise};
use crate::plan::guards::rulings;
use crate::plan::{codes, keys};
use crate::world::{Account, Group, Live, World};

const SELF_GRANT: &str = "policy:\n  privileged: [payroll]\n  self-grant: refuse\n";
const PAYROLL: &str = "  payroll:\n    members: [ada@acme.com]\n";

#[test]
fn a_waiver_of_the_change_takes_a_group_out_of_what_the_total_counts() {
    let groups = "  admins:\n    members: [ada@acme.com]\n  team:\n    members: [ada@acme.com]\n";
    let world = World::of("policy:\n  max-revokes: { total: 1 }\n", "", groups).then_base().change(|live| {
        hired(&["bob@acme.com", "eve@acme.com"])(live);
        live.join("admins", "bob@acme.com");
        live.join("admins", "eve@acme.com");
    });
    let waive =
        "waive:\n  - { guard: max-revokes, for: [group.admins], because: OPS-1, until: 2026-12-31 }\n";
    let waived = world.clone().edit("policy:", &format!("{waive}policy:"));
    // No text of `max-revokes` differs: the waiver of this very change is what lets it pass.
    assert_eq!(rulings(&waived.plan()), ["max-revokes : allowed by change"]);
    assert_eq!(rulings(&waived.clone().then_base().plan()), NONE);
    // Neighbour: a waiver of another group.
    let other = world.edit("policy:", &format!("{}policy:", waive.replace("admins", "team")));
    assert_eq!(rulings(&other.plan()), ["max-revokes : refused"]);
}

#[test]
fn a_privileged_group_takes_nobody_who_may_be_a_leaver_nobody_knows() {
    let users = "  gone@acme.com: { active: false }\n";
    let world =
        World::of("policy:\n  privileged: [payroll]\n  offboard: remove\n", users, PAYROLL).then_base();
    let world = world.change(|live| live.account("gone@acme.com").hidden = true);
    let granted = world.edit("[ada@acme.com]", "[ada@acme.com, account: acc-gone@acme.com]");
    let plan = granted.plan();
    let expected = ("add member.payroll/account:acc-gone@acme.com".to_owned(), "identity-unresolved");
    assert!(codes(&plan).contains(&expected), "{:?}", codes(&plan));
    // Neighbours: the leaver is somebody else, by a pin, also by one to an account that is gone.
    let pinned = |id: &str| {
        let world = granted.clone().change(hired(&["other@acme.com"])).change(|live| {
            live.account("other@acme.com").hidden = true;
        });
        let pin = format!("{{ account: {id}, active: false }}");
        codes(&world.edit("{ active: false }", &pin).plan())
    };
    assert!(!pinned("acc-other@acme.com").contains(&expected), "{:?}", pinned("acc-other@acme.com"));
    assert!(!pinned("acc-nobody").contains(&expected), "{:?}", pinned("acc-nobody"));
}

#[test]
fn a_waiver_of_one_group_is_none_of_another_one_that_the_tree_does_not_declare() {
    let support = "  support:\n    members: [bob@acme.com, ada@acme.com]\n";
    let waived = |address: &str| {
        let policy = format!(
            "policy:\n  offboard: remove\n  keep-at-least: {{ payroll: 1 }}\nwaive:\n  - {{ guard: keep-at-least, for: \
             [{address}], because: OPS-1, until: 2026-12-31 }}\n"
        );
        let world = World::of(&policy, "  bob@acme.com: { active: true }\n", support).change(|live| {
            live.groups
                .insert("id-payroll".into(), Group::of("payroll", ["acc-bob@acme.com".to_owned()].into()));
        });
        rulings(&world.edit("active: true", "active: false").plan())
    };
    assert_eq!(waived("group.payroll"), ["keep-at-least group.payroll: waived"]);
    assert_eq!(waived("group.support"), ["keep-at-least group.payroll: refused"]);
}

#[test]
fn an_author_is_whoever_reads_the_same_mailbox() {
    let groups = format!("{PAYROLL}  team:\n    members: [dina@acme.com]\n");
    let policy = format!("{SELF_GRANT}  invite-domains: [acme.com]\n");
    let invited = |email: &str| {
        let mut world = World::of(&policy, "", &groups)
            .then_base()
            .edit("[ada@acme.com]", &format!("[ada@acme.com, {email}]"));
        world.files.push(("users/all.yaml".into(), format!("users:\n  {email}: {{ active: true }}\n")));
        world.files.sort();
        let plan = world.by("dina@acme.com").plan();
        assert!(
            keys(&plan).contains(&format!("invite user.{email}")),
            "{:?} {:?}",
            keys(&plan),
            codes(&plan)
        );
        plan.guards
            .iter()
            .for_each(|it| assert_eq!(it.why, format!("{email} may be dina@acme.com, who made this change")));
        rulings(&plan)
    };
    assert_eq!(invited("dina+work@acme.com"), ["self-grant member.payroll/dina+work@acme.com: refused"]);
    assert_eq!(invited("dinah@acme.com"), NONE);
}

#[test]
fn a_customer_is_never_let_in() {
    let world =
        World::of("", "", "  team:\n    members: [ada@acme.com, account: acc-customer]\n").change(|live| {
            live.accounts.get_mut("acc-customer").unwrap().kind = rollbook::model::AccountKind::Customer;
            live.group("team").members.remove("acc-customer");
        });
    let plan = world.plan();
    assert_eq!(keys(&plan), NONE);
    assert_eq!(codes(&plan), [("add member.team/account:acc-customer".into(), "customer-account")]);
}

#[test]
fn a_customer_is_never_offboarded() {
    let users = "  pat@acme.com: { account: acc-pat, active: false }\n";
    let world = World::of("policy:\n  offboard: remove\n", users, "  team:\n    members: [ada@acme.com]\n");
    let world = world.change(|live| live.join("team", "pat@acme.com"));
    let leaves = ["remove member.team/pat@acme.com", "remove user.pat@acme.com"];
    assert_eq!(keys(&world.plan()), leaves, "a person is");
    let customer = world.change(|live| {
        live.account("pat@acme.com").kind = rollbook::model::AccountKind::Customer;
    });
    let plan = customer.plan();
    assert_eq!((keys(&plan), codes(&plan)), (vec![], vec![(leaves[1].into(), "customer-account")]));
}

#[test]
fn a_directory_says_whose_an_account_is_that_hides_its_email() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n\
                scim: { directory: 9f0b41c7-52d3-4e8a-b6a7-1c3d5e7f9a0b, authority: rollbook }\n";
    let world = World::of(head, "", "  sre:\n    members: [ada@acme.com, eve@acme.com]\n").change(|live| {
        live.surfaces = [Surface::Jira, Surface::Scim].into();
        live.account("eve@acme.com").hidden = true;
        live.leave("sre", "eve@acme.com");
    });
    assert_eq!(codes(&world.plan()), [("add member.sre/eve@acme.com".into(), "identity-unresolved")]);
    let synced = world.change(|live| live.account("eve@acme.com").scim = true).plan();
    assert_eq!((keys(&synced), codes(&synced)), (vec!["add member.sre/eve@acme.com".into()], vec![]));
}

#[test]
fn a_group_that_leaves_is_told_its_own_dropped_revokes() {
    let groups =
        format!("{PAYROLL}  old:\n    members: [ada@acme.com]\n  team:\n    members: [ada@acme.com]\n");
    let world = World::of("", "", &groups).then_base().change(|live: &mut Live| {
        live.hire("mallory@acme.com");
        live.join("payroll", "mallory@acme.com");
    });
    let left = world.edit(PAYROLL, "").edit("  old:\n    members: [ada@acme.com]\n", "");
    let expected = [
        "group.old: leaves, Some(1) stay, 0 dropped",
        "group.payroll: leaves, Some(2) stay, 1 dropped",
        "member.payroll/mallory@acme.com: kept, not remove undeclared",
    ];
    assert_eq!(otherwise(&left.plan()), expected);
}

#[test]
fn an_end_that_becomes_a_removal_is_no_end_that_moves() {
    let groups =
        "  payroll:\n    members:\n      - ada@acme.com\n      - { user: eve@acme.com, until: 2027-01-10 }\n";
    let world = World { today: date(2026, 11, 22), ..World::of(SELF_GRANT, "", groups) }.then_base();
    let removed =
        world.edit("      - { user: eve@acme.com, until: 2027-01-10 }\n", "").by("eve@acme.com").plan();
    assert_eq!(keys(&removed), ["remove member.payroll/eve@acme.com"]);
    assert_eq!((otherwise(&removed), rulings(&removed)), (vec![], vec![]));
}

#[test]
fn whom_the_base_would_offboard_for_being_unlisted_is_not_said_to_be_named() {
    let policy = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\npolicy:\n  \
                  unlisted-users: offboard\n  offboard: suspend\n  max-revokes: { total: 9 }\ninclude: [users/*.yaml]\n";
    let world = World::of(policy, "  ada@acme.com: {}\n", "").then_base().change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.hire("mallory@acme.com");
    });
    assert_eq!(keys(&world.plan()), ["suspend user.mallory@acme.com"]);
    let kept = world.edit("unlisted-users: offboard", "unlisted-users: ignore").plan();
    assert_eq!((keys(&kept), otherwise(&kept)), (vec![], vec![]));
    let rules = &kept.base.as_ref().unwrap().rules;
    assert_eq!(rules.iter().map(|it| it.rule.as_str()).collect::<Vec<_>>(), ["policy.unlisted-users"]);
}

#[test]
fn eight_accounts_that_hide_are_named_and_no_more() {
    let why = |number: usize| {
        let world = World::of("", "", "  sre:\n    members: [zoe@acme.com]\n").change(|live| {
            live.account("zoe@acme.com").hidden = true;
            live.group("sre").members.clear();
            for number in 1..number {
                let id = format!("acc-{number}");
                live.accounts
                    .insert(id, Account { hidden: true, ..Account::person(&format!("p{number}@acme.com")) });
            }
        });
        world.plan().blocked[0].why.clone()
    };
    assert!(why(8).ends_with(')'), "{}", why(8));
    assert!(why(9).ends_with(", and 1 more"), "{}", why(9));
    assert!(why(20).contains("acc-zoe@acme.com (ZOE), "), "a similar name comes first: {}", why(20));
}

#[test]
fn what_two_accounts_or_another_one_go_by_names_neither() {
    let world = World::of("", "", "  sre:\n    members: [ada@acme.com]\n").change(|live| {
        for id in ["acc-1", "acc-2"] {
            live.accounts.insert(id.into(), Account::person("twin@acme.com"));
            live.group("sre").members.insert(id.into());
        }
    });
    assert_eq!(keys(&world.plan()), ["remove member.sre/account:acc-1", "remove member.sre/account:acc-2"]);
    // Neighbour: one account alone goes by the email that it shows.
    let alone = world.change(|live| {
        live.accounts.remove("acc-2");
        live.group("sre").members.remove("acc-2");
    });
    assert_eq!(keys(&alone.plan()), ["remove member.sre/twin@acme.com"]);
}

#[test]
fn of_two_names_an_account_goes_by_the_email_that_it_shows() {
    let world = World::of("", "", "  team:\n    members: [{ user: dina@acme.com, until: 2026-12-01 }]\n");
    let mut night = World { today: date(2026, 12, 1), ..world };
    night
        .files
        .push(("users/all.yaml".into(), "users:\n  a@acme.com: { account: acc-dina@acme.com }\n".into()));
    night.files.sort();
    night.scope.reasons = vec![rollbook::model::Reason::Expired];
    assert_eq!(keys(&night.plan()), ["remove member.team/dina@acme.com"]);
}

#[test]
fn a_pin_to_a_group_that_is_there_is_adopted_instead_of_a_new_one() {
    let world = World::of("", "", PAYROLL).edit("  payroll:\n", "  wages:\n").then_base();
    let pinned = world.edit("  wages:\n", "  wages:\n    id: id-payroll\n").plan();
    let adopted = &pinned.base.as_ref().unwrap().adopted;
    let adopted: Vec<String> = adopted.iter().map(|it| format!("{} {}", it.undoes, it.address)).collect();
    assert_eq!(keys(&pinned), NONE);
    assert_eq!(adopted, ["create group.wages", "add member.wages/ada@acme.com"]);
}

#[test]
fn what_somebody_keeps_in_a_group_that_no_tree_declares_is_said() {
    let policy = "policy:\n  offboard: remove\n";
    let world =
        World::of(policy, "  zed@acme.com: { active: false }\n", PAYROLL).then_base().change(|live| {
            let zed = live.id_of("zed@acme.com");
            live.groups.insert("id-loose".into(), Group::of("loose", [zed].into()));
        });
    assert_eq!(keys(&world.plan()), ["remove member.loose/zed@acme.com", "remove user.zed@acme.com"]);
    let kept = world.edit("active: false", "active: true").plan();
    let expected = [
        "user.zed@acme.com: kept, not remove offboarded",
        "member.loose/zed@acme.com: kept, not remove offboarded",
    ];
    assert_eq!((keys(&kept), otherwise(&kept)), (vec![], expected.map(String::from).to_vec()));
}

#[test]
fn what_the_tree_ends_itself_is_not_kept_and_no_mark_is_another_ones() {
    let policy = "policy:\n  privileged: [payroll]\n  offboard: remove\n";
    let world =
        World::of(policy, "  zed@acme.com: { active: false }\n", PAYROLL).then_base().change(|live| {
            let zed = live.id_of("zed@acme.com");
            live.groups.insert("id-loose".into(), Group::of("loose", [zed].into()));
            live.join("payroll", "zed@acme.com");
        });
    let back = world.edit("active: false", "active: true");
    assert_eq!(keys(&back.plan()), ["remove member.payroll/zed@acme.com"]);
    let expected = [
        "user.zed@acme.com: kept, not remove offboarded",
        "member.loose/zed@acme.com: kept, not remove offboarded",
    ];
    assert_eq!(otherwise(&back.plan()), expected);
    // Somebody else is kept in the privileged group.
    let loose = back.edit("  payroll:\n", "  payroll:\n    mode: at-least\n").change(|live| {
        live.leave("payroll", "zed@acme.com");
        live.hire("mallory@acme.com");
        live.join("payroll", "mallory@acme.com");
    });
    let told = otherwise(&loose.plan());
    assert!(told.contains(&expected[0].to_owned()), "{told:?}");
    assert!(
        told.contains(&"member.payroll/mallory@acme.com: kept, not remove undeclared, privileged".into()),
        "{told:?}"
    );
}

#[test]
fn an_end_that_goes_with_its_group_is_no_dropped_revoke() {
    let groups = "  payroll:\n    members: [ada@acme.com, { user: eve@acme.com, until: 2027-01-10 }]\n  team:\n    members: [ada@acme.com]\n";
    let world = World::of("", "", groups).then_base();
    let left = world
        .edit("  payroll:\n    members: [ada@acme.com, { user: eve@acme.com, until: 2027-01-10 }]\n", "");
    let expected = [
        "group.payroll: leaves, Some(2) stay, 0 dropped",
        "member.payroll/eve@acme.com: 2027-01-10 to no end",
    ];
    assert_eq!(otherwise(&left.plan()), expected);
}

#[test]
fn an_account_that_the_whole_site_does_not_have_is_gone() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let world =
        World::of(head, "", "  sre:\n    members: [ada@acme.com, account: acc-bot]\n").change(|live| {
            live.accounts.remove("acc-bot");
            live.group("sre").members.remove("acc-bot");
            live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        });
    let add = "add member.sre/account:acc-bot".to_owned();
    assert_eq!(codes(&world.plan()), [(add, "account-gone")]);
}

#[test]
fn accounts_that_show_one_email_are_all_named() {
    let world = World::of("", "", "  sre:\n    members: [ada@acme.com]\n").change(|live| {
        live.group("sre").members.clear();
        live.accounts.insert("acc-2".into(), Account::person("ada@acme.com"));
    });
    let blocked = &world.plan().blocked;
    assert_eq!(blocked[0].code, "identity-ambiguous");
    assert_eq!(blocked[0].why, "2 accounts show the email ada@acme.com: acc-2, acc-ada@acme.com");
}
