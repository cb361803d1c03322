//! Plans on values: who and what is meant, and what a doubt about it does.

use rollbook::model::{AccountKind, Reason};

use crate::plan::guards::rulings;
use crate::plan::{codes, company, keys};
use crate::world::{Group, World};

#[test]
fn a_hidden_email_blocks_its_own_address_and_holds_removals_back() {
    let world = company().change(|live| {
        live.account("eve@acme.com").hidden = true;
        live.hire("mallory@acme.com");
        live.join("sre", "mallory@acme.com");
        live.leave("admins", "ada@acme.com");
    });
    let plan = world.plan();
    assert_eq!(
        keys(&plan),
        ["remove member.sre/mallory@acme.com", "add member.admins/ada@acme.com"],
        "the rest goes on"
    );
    assert_eq!(
        codes(&plan),
        [
            ("add member.platform/eve@acme.com".into(), "identity-unresolved"),
            ("remove member.platform/account:acc-eve@acme.com".into(), "identity-unresolved"),
            ("add member.sre/eve@acme.com".into(), "identity-unresolved"),
            ("remove member.sre/account:acc-eve@acme.com".into(), "identity-unresolved"),
        ]
    );
    insta::assert_snapshot!("hidden_email", world.text());
    let pinned =
        world.edit("  bob@acme.com:", "  eve@acme.com: { account: acc-eve@acme.com }\n  bob@acme.com:");
    assert_eq!(codes(&pinned.plan()), []);
}

/// Whom the tree does not ask to be active is not said to be invited.
#[test]
fn a_blocked_line_has_the_verb_of_what_the_tree_asks() {
    for (asked, action) in [("{ name: Eve }", "update"), ("{ active: true }", "activate")] {
        let user = format!("  eve@acme.com: {asked}\n  bob@acme.com:");
        let world = company().edit("  bob@acme.com:", &user);
        let plan = world.change(|live| live.account("eve@acme.com").hidden = true).plan();
        let blocked: Vec<String> = codes(&plan).into_iter().map(|(key, _)| key).collect();
        assert!(blocked.contains(&format!("{action} user.eve@acme.com")), "{asked}: {blocked:?}");
    }
}

#[test]
fn nobody_is_invited_while_somebody_hides_their_email() {
    let world = company()
        .edit("  bob@acme.com:", "  zoe@acme.com: { active: true }\n  bob@acme.com:")
        .change(|live| {
            live.hire("someone@acme.com");
            live.account("someone@acme.com").hidden = true;
        });
    assert_eq!(codes(&world.plan()), [("activate user.zoe@acme.com".into(), "identity-unresolved")]);
}

#[test]
fn the_lock_says_who_is_meant_and_live_may_not_contradict_it() {
    let locked = "users:\n  eve@acme.com: { account: acc-eve@acme.com, from: jira }\n";
    let hidden = company().lock(locked).change(|live| live.account("eve@acme.com").hidden = true);
    assert_eq!(codes(&hidden.plan()), []);
    let other = "users:\n  eve@acme.com: { account: acc-bob@acme.com, from: jira }\n";
    let changed = company().lock(other).plan();
    assert!(codes(&changed).contains(&("add member.sre/eve@acme.com".into(), "identity-changed")));
    assert_eq!(keys(&changed), Vec::<String>::new(), "nobody is added, and neither account is removed");
    let renamed = company().lock(locked).change(|live| {
        live.account("eve@acme.com").email = Some("eve.new@acme.com".into());
    });
    let notes: Vec<_> = renamed.plan().notes.iter().map(|note| crate::world::code(&note.code)).collect();
    assert_eq!(
        (codes(&renamed.plan()), notes),
        (vec![], vec!["email-changed", "name-ignored", "not-in-lock"])
    );
}

#[test]
fn a_group_of_the_same_name_is_not_the_same_group() {
    let locked = "groups:\n  sre: { id: id-other, from: jira }\n";
    let plan = company().lock(locked).plan();
    assert_eq!(codes(&plan), [("create group.sre".into(), "identity-changed")]);
    let deleted = company().lock(locked).change(|live| {
        live.groups.remove("id-sre");
    });
    assert_eq!(codes(&deleted.plan()), [("create group.sre".into(), "group-gone")]);
    let renamed = company().lock("groups:\n  sre: { id: id-sre, from: jira }\n").change(|live| {
        live.group("sre").name = "site-reliability".into();
    });
    assert_eq!(keys(&renamed.plan()), Vec::<String>::new(), "a rename is a note");
    let spelling = company().change(|live| live.group("sre").name = "SRE".into());
    assert_eq!(codes(&spelling.plan()), [("create group.sre".into(), "group-spelling")]);
}

#[test]
fn an_account_of_unknown_kind_is_not_removed_on_a_guess() {
    let world = company().change(|live| {
        live.hire("what@acme.com");
        live.account("what@acme.com").kind = AccountKind::Unknown;
        live.join("sre", "what@acme.com");
    });
    assert_eq!(codes(&world.plan()), [("remove member.sre/what@acme.com".into(), "account-kind-unknown")]);
}

#[test]
fn nobody_whom_a_doubt_is_about_is_removed() {
    let rival = |world: World| {
        world.change(|live| {
            live.hire("rival@acme.com");
            live.account("rival@acme.com").email = Some("eve@acme.com".into());
            let rival = "acc-rival@acme.com".to_string();
            live.group("sre").members.insert(rival);
        })
    };
    let ambiguous = rival(company()).plan();
    assert_eq!(keys(&ambiguous), Vec::<String>::new());
    assert!(codes(&ambiguous).contains(&("add member.sre/eve@acme.com".into(), "identity-ambiguous")));
    let pinned = rival(
        company().edit("  bob@acme.com:", "  eve@acme.com: { account: acc-eve@acme.com }\n  bob@acme.com:"),
    );
    assert_eq!(keys(&pinned.plan()), ["remove member.sre/account:acc-rival@acme.com"], "a pin settles it");
}

#[test]
fn one_person_by_two_names_is_one_person() {
    let groups = "  outer:\n    members: [{ group: inner, except: [bob@acme.com] }]\n\
                  \x20 inner:\n    members: [{ account: acc-bob@acme.com }]\n";
    let users = "  bob@acme.com: { account: acc-bob@acme.com }\n";
    let world = World::of("", users, groups);
    assert_eq!(keys(&world.plan()), Vec::<String>::new());
    let joined = world.change(|live| live.join("outer", "bob@acme.com")).plan();
    let reasons: Vec<_> =
        joined.operations.iter().map(|planned| (planned.key.to_string(), planned.reason)).collect();
    assert_eq!(reasons, [("remove member.outer/bob@acme.com".into(), Reason::Excepted)]);
}

#[test]
fn two_groups_of_one_name_are_two_groups() {
    let world = World::of(
        "policy:\n  offboard: remove\n",
        "  bob@acme.com: { active: false }\n",
        "  sre:\n    members: [ada@acme.com]\n",
    )
    .lock("groups:\n  sre: { id: id-sre, from: jira }\n")
    .change(|live| {
        live.join("sre", "bob@acme.com");
        live.group("sre").name = "sre-team".into();
        let members = [live.id_of("bob@acme.com")].into();
        live.groups.insert("id-other".into(), Group::of("sre", members));
    });
    assert_eq!(
        keys(&world.plan()),
        [
            "remove member.sre%20%28id%20id-other%29/bob@acme.com",
            "remove member.sre-team/bob@acme.com",
            "remove user.bob@acme.com"
        ]
    );
    assert_eq!(codes(&world.plan()), [("create group.sre".into(), "identity-changed")]);
}

#[test]
fn a_pin_under_another_name_does_not_get_around_protection() {
    let policy = "policy:\n  protect: { groups: [wardens] }\n  privileged: [Secret-Keepers]\n";
    let world = World::of(
        policy,
        "",
        "  oa: { id: id-admins, absent: true }\n  sk:\n    id: id-keepers\n    members: [ada@acme.com]\n",
    )
    .change(|live| {
        live.groups.insert("id-admins".into(), Group::of("wardens", [].into()));
        live.groups.remove("id-sk");
        live.groups.insert("id-keepers".into(), Group::of("secret-keepers", [].into()));
    });
    let plan = world.plan();
    assert_eq!(rulings(&plan), ["protect group.oa: refused"]);
    let marked: Vec<_> =
        plan.operations.iter().map(|planned| (planned.key.to_string(), planned.privileged)).collect();
    assert_eq!(marked, [("delete group.oa".into(), false), ("add member.sk/ada@acme.com".into(), true)]);
}

#[test]
fn a_pinned_tombstone_is_done_when_the_group_is_gone() {
    let world = World::of("", "", "  old: { id: id-old, absent: true }\n");
    assert_eq!((keys(&world.plan()), codes(&world.plan())), (vec![], vec![]));
    let renewed = world.change(|live| {
        live.groups.insert("id-new".into(), Group::of("old", [].into()));
    });
    assert_eq!(codes(&renewed.plan()), [("delete group.old".into(), "group-gone")]);
}
