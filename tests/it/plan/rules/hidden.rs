//! Whose an account without a shown email may be: a user's that the tree names, or another person's.

use rollbook::model::{AccountKind, Surface};

use super::NONE;
use crate::plan::{codes, keys};
use crate::world::{Account, Live, World};

const HEAD: &str = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n\
                    scim: { directory: 9f0b41c7-52d3-4e8a-b6a7-1c3d5e7f9a0b, authority: rollbook }\n";

/// Somebody who has left the live site.
fn without(email: &'static str) -> impl Fn(&mut Live) {
    move |live| {
        let id = live.id_of(email);
        live.accounts.remove(&id);
        live.groups.values_mut().for_each(|group| {
            group.members.remove(&id);
        });
    }
}

/// new@acme.com has no account yet, and an account in the group shows no email.
fn invited(policy: &str, surfaces: &[Surface], account: Account) -> World {
    let policy = format!(
        "{HEAD}policy:\n  invite-domains: [acme.com]\n  offboard: remove\n{policy}include: [users/*.yaml, groups/*.yaml]\n"
    );
    let users = "  new@acme.com: { active: true }\n  root@acme.com: {}\n";
    let groups = "  sre:\n    members: [ada@acme.com, new@acme.com]\n";
    World::of(&policy, users, groups).change(without("new@acme.com")).change(|live| {
        live.surfaces = surfaces.iter().copied().collect();
        live.accounts.insert("acc-x".into(), account);
        live.group("sre").members.insert("acc-x".into());
    })
}

const LISTED: &str = "  unlisted-users: ignore\n";
const UNLISTED: &str = "  unlisted-users: offboard\n  max-revokes: { total: 9 }\n";
/// What is taken from the account: by the group that does not declare it, and by the policy.
const TAKEN: [(&str, &str); 2] =
    [(LISTED, "remove member.sre/account:acc-x"), (UNLISTED, "remove user.account:acc-x")];

#[test]
fn who_is_not_found_may_be_a_member_who_hides_from_everybody() {
    let surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement];
    for (policy, key) in TAKEN {
        let nameless = Account { email: None, ..Account::person("x@acme.com") };
        let plan = invited(policy, &surfaces, nameless).plan();
        assert!(codes(&plan).contains(&(key.into(), "identity-unresolved")), "{:?}", codes(&plan));
        assert!(!keys(&plan).contains(&key.to_owned()), "{:?}", keys(&plan));
        // Neighbour: the account shows another email.
        let shown = invited(policy, &surfaces, Account::person("x@acme.com")).plan();
        let key = key.replace("account:acc-x", "x@acme.com");
        assert!(keys(&shown).contains(&key), "{:?} {:?}", keys(&shown), codes(&shown));
    }
}

#[test]
fn whom_the_directory_names_is_not_somebody_who_has_no_account() {
    for (policy, key) in TAKEN {
        let of = |scim: bool| {
            let account = Account { hidden: true, scim, ..Account::person("x@acme.com") };
            invited(policy, &[Surface::Jira, Surface::Scim], account).plan()
        };
        let plan = of(true);
        assert!(keys(&plan).contains(&key.to_owned()), "{:?} {:?}", keys(&plan), codes(&plan));
        // Neighbour: nothing says whose the account is.
        let codes = codes(&of(false));
        assert!(codes.contains(&(key.into(), "identity-unresolved")), "{codes:?}");
    }
}

#[test]
fn whose_account_is_known_and_gone_is_none_that_hides() {
    let policy = "policy:\n  unlisted-users: offboard\n  offboard: remove\n  max-revokes: { total: 9 }\n\
                  include: [users/*.yaml]\n";
    let of = |user: &str| {
        let world = World::of(policy, &format!("  root@acme.com: {{}}\n  gone@acme.com: {user}\n"), "");
        let world = world.change(without("gone@acme.com")).change(|live| {
            live.hire("mallory@acme.com");
            live.account("mallory@acme.com").hidden = true;
        });
        world.plan()
    };
    let remove = "remove user.account:acc-mallory@acme.com".to_owned();
    let pinned = of("{ account: acc-gone }");
    assert_eq!(keys(&pinned), [remove.as_str()]);
    assert_eq!(codes(&pinned), [("update user.gone@acme.com".into(), "account-gone")]);
    // Neighbour: nobody knows which account is theirs.
    let unknown = of("{ name: Gone }");
    assert_eq!(keys(&unknown), NONE);
    assert!(codes(&unknown).contains(&(remove, "identity-unresolved")), "{:?}", codes(&unknown));
}

#[test]
fn what_the_organization_does_not_show_is_not_said_to_be_gone() {
    // To report whom nothing declares, all users are read.
    let policy = format!("{HEAD}policy:\n  unlisted-users: report\n");
    let world = World::of(&policy, "", "  sre:\n    members: [ada@acme.com, account: acc-bot]\n");
    let of = |surfaces: &[Surface]| {
        let world = world.clone().change(|live| live.surfaces = surfaces.iter().copied().collect());
        codes(&world.plan())
    };
    let add = "add member.sre/account:acc-bot".to_owned();
    assert_eq!(of(&[Surface::Organization, Surface::UserManagement]), [(add, "account-not-shown")]);
    // Neighbour: Jira shows apps and service accounts.
    assert_eq!(of(&[Surface::Jira, Surface::Organization]), []);
}

#[test]
fn an_app_is_nobody_whatever_email_the_directory_has_for_it() {
    let world = World::of(HEAD, "", "  sre:\n    members: [ada@acme.com, bot@acme.com]\n");
    let of = |kind: AccountKind| {
        let world = world.clone().change(|live| {
            live.surfaces = [Surface::Jira, Surface::Scim].into();
            live.leave("sre", "bot@acme.com");
            let bot = live.account("bot@acme.com");
            *bot = Account { kind, hidden: true, scim: true, ..bot.clone() };
        });
        let plan = world.plan();
        (keys(&plan), codes(&plan))
    };
    let add = "add member.sre/bot@acme.com".to_owned();
    assert_eq!(of(AccountKind::App), (vec![], vec![(add.clone(), "user-missing")]));
    // Neighbour: a person's account.
    assert_eq!(of(AccountKind::Atlassian), (vec![add], vec![]));
}
