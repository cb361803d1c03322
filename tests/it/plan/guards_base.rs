//! Plans that are compared with a base: what is the change and what is drift, whom and what names mean, and the guards
//! that nothing but a base can judge.

use rollbook::model::{Drift, Guard, Plan, Surface};
use rollbook::render::{CommentLimit, plan_markdown};

use crate::plan::guards::rulings;
use crate::plan::keys;
use crate::world::{Live, World};

const ADMINS: &str = "  admins:\n    members: [ada@acme.com]\n";
const REFUSE: &str = "policy:\n  privileged: [admins]\n  self-grant: refuse\n";

/// The keys of what is drift, and of what is the change.
fn parted(plan: &Plan) -> (Vec<String>, Vec<String>) {
    let of = |drift: Drift| {
        let operations = plan.operations.iter().filter(|planned| planned.drift == drift);
        operations.map(|planned| planned.key.to_string()).collect()
    };
    (of(Drift::Yes), of(Drift::No))
}

fn adopted(plan: &Plan) -> Vec<String> {
    let base = plan.base.as_ref().unwrap();
    base.adopted.iter().map(|it| format!("{} {}", it.undoes, it.address)).collect()
}

fn hired(emails: &'static [&'static str]) -> impl Fn(&mut Live) {
    move |live| emails.iter().for_each(|email| live.hire(email))
}

#[test]
fn the_change_the_drift_and_what_is_adopted_are_told_apart() {
    let world = World::of("policy:\n  privileged: [admins]\n", "", ADMINS)
        .then_base()
        .edit("[ada@acme.com]", "[ada@acme.com, new@acme.com, taken@acme.com]")
        .change(|live| {
            hired(&["new@acme.com", "hand@acme.com", "taken@acme.com"])(live);
            live.join("admins", "hand@acme.com");
            live.join("admins", "taken@acme.com");
        });
    let plan = world.plan();
    let (drift, change) = parted(&plan);
    assert_eq!(drift, ["remove member.admins/hand@acme.com"]);
    assert_eq!(change, ["add member.admins/new@acme.com"]);
    assert_eq!(adopted(&plan), ["remove member.admins/taken@acme.com"]);
    insta::assert_snapshot!(world.text());
    let unknown = World { base: None, ..world }.plan();
    assert!(unknown.operations.iter().all(|planned| planned.drift == Drift::Unknown));
    assert_eq!(unknown.fingerprint, plan.fingerprint, "what is done is the same");
}

#[test]
fn a_line_that_points_elsewhere_is_the_change_and_is_shown_first() {
    let lock = "users:\n  eve@acme.com: { account: acc-eve, from: jira }\ngroups: {}\n";
    let world = World::of("", "", "  sre:\n    members: [eve@acme.com]\n").lock(lock).then_base();
    let world = world.edit("account: acc-eve", "account: acc-mallory").change(|live| {
        let account = crate::world::Account::person("mallory@acme.com");
        live.accounts.insert("acc-mallory".into(), crate::world::Account { email: None, ..account });
        let eve = crate::world::Account { email: None, ..live.account("eve@acme.com").clone() };
        live.accounts.insert("acc-eve".into(), eve);
        live.group("sre").members = ["acc-eve".to_owned()].into();
    });
    let plan = world.plan();
    let identities = &plan.base.as_ref().unwrap().identities;
    assert_eq!(identities.len(), 1);
    assert_eq!(identities[0].base.as_deref(), Some("acc-eve"));
    assert_eq!(identities[0].head.as_deref(), Some("acc-mallory"));
    let (drift, change) = parted(&plan);
    assert_eq!(drift, Vec::<String>::new(), "the base would have added another account");
    assert!(change.contains(&"add member.sre/eve@acme.com".to_owned()), "{change:?}");
    let text = world.text();
    assert!(text.find("Identities (1), privileged").unwrap() < text.find("group sre").unwrap(), "{text}");
}

/// A person or a group under another name is one line, and not one that goes and another that comes. What else differs is
/// shown as it is.
#[test]
fn what_is_only_written_anew_is_one_line() {
    let lock = "users:\n  eve@acme.com: { account: acc-eve, from: jira }\ngroups:\n  sre: { id: id-sre, from: jira }\n";
    let world = World::of("", "", "  sre:\n    members: [eve@acme.com]\n").lock(lock).then_base();
    let mut renamed = world;
    // In the group and in the lock.
    for _ in 0..2 {
        renamed = renamed.edit("eve@acme.com", "eve.li@acme.com").edit("  sre:", "  reliability:");
    }
    let identities = renamed.plan().base.unwrap().identities;
    assert_eq!(identities.len(), 4, "a program sees each name: {identities:?}");
    for text in [renamed.text(), plan_markdown(&renamed.plan(), CommentLimit::GITHUB)] {
        let has = |what: &str| assert!(text.contains(what), "{what} is missing from\n{text}");
        has("was user eve@acme.com, the same account acc-eve");
        has("was group sre, the same group id-sre");
        assert!(!text.contains("none"), "{text}");
    }
    assert!(renamed.text().contains("Identities (2), privileged"), "{}", renamed.text());
    // Of two new names for one account nobody can say which is the old one's.
    let both = "  eve.li@acme.com: { account: acc-eve, from: jira }\n  li@acme.com: { account: acc-eve";
    let world = World::of("", "", "  sre:\n    members: [eve@acme.com]\n").lock(lock).then_base();
    let text = world.edit("  eve@acme.com: { account: acc-eve", both).text();
    assert!(text.contains("acc-eve → none") && !text.contains("the same account"), "{text}");
}

#[test]
fn rules_that_differ_are_shown() {
    let world = World::of("policy:\n  max-revokes: { total: 5 }\n", "", ADMINS).then_base();
    let world = world.edit("total: 5", "total: 500").edit("policy:\n", "policy:\n  mode: at-least\n");
    let plan = world.plan();
    let rules: Vec<String> = plan.base.as_ref().unwrap().rules.iter().map(|it| it.rule.clone()).collect();
    assert_eq!(rules, ["policy.max-revokes.total", "policy.mode"]);
    assert!(world.text().contains("! policy.max-revokes.total    5 → 500"), "{}", world.text());
}

#[test]
fn what_only_the_change_allows_is_said() {
    let world = World::of("policy:\n  max-revokes: { total: 1 }\n", "", ADMINS).then_base().change(|live| {
        hired(&["bob@acme.com", "eve@acme.com"])(live);
        live.join("admins", "bob@acme.com");
        live.join("admins", "eve@acme.com");
    });
    assert_eq!(rulings(&world.plan()), ["max-revokes : refused"]);
    let raised = world.clone().edit("total: 1", "total: 2");
    assert_eq!(rulings(&raised.plan()), ["max-revokes : allowed by change"]);
    assert!(raised.text().contains("Allowed by this change (1)"), "{}", raised.text());
    // The other way round, the stricter rules hold.
    let lowered = World { base: Some(raised.files.clone()), files: world.files.clone(), ..world };
    assert_eq!(rulings(&lowered.plan()), ["max-revokes : refused"]);
}

#[test]
fn a_waiver_of_the_change_itself_is_said_and_one_of_the_base_is_old_news() {
    let waive = "waive:\n  - { guard: protect, for: [group.admins], because: leaves, until: 2026-12-31 }\n";
    let world = World::of("policy:\n  protect: { groups: [admins] }\n", "", ADMINS)
        .then_base()
        .edit("policy:", &format!("{waive}policy:"))
        .edit("[ada@acme.com]", "[]");
    assert_eq!(rulings(&world.plan()), ["protect member.admins/ada@acme.com: allowed by change"]);
    let old = World { base: Some(world.files.clone()), ..world };
    assert_eq!(rulings(&old.plan()), ["protect member.admins/ada@acme.com: waived"]);
}

#[test]
fn nobody_grants_themselves_a_privileged_group() {
    let base = World::of(REFUSE, "", ADMINS).then_base().change(hired(&["eve@acme.com"]));
    let granted = base.clone().edit("[ada@acme.com]", "[ada@acme.com, eve@acme.com]");
    let refused = ["self-grant member.admins/eve@acme.com: refused"];
    assert_eq!(rulings(&granted.clone().by("eve@acme.com").plan()), refused);
    assert_eq!(rulings(&granted.clone().by("ada@acme.com").plan()), Vec::<String>::new(), "by somebody else");
    // By hand first, declared afterwards: there is nothing left to do, and it is still theirs.
    let adopted = granted.clone().change(|live| live.join("admins", "eve@acme.com")).by("eve@acme.com");
    assert_eq!(keys(&adopted.plan()), Vec::<String>::new());
    assert_eq!(rulings(&adopted.plan()), refused);
    // By account and not by name.
    let by_account = base.clone().edit("[ada@acme.com]", "[ada@acme.com, account: acc-eve@acme.com]");
    let by_account = by_account.by("eve@acme.com").plan();
    assert_eq!(rulings(&by_account), ["self-grant member.admins/account:acc-eve@acme.com: refused"]);
    // By a group that a privileged one takes in.
    let nested = World::of(
        REFUSE,
        "",
        "  admins:\n    nest: true\n    members: [group: ops]\n  ops:\n    members: [ada@acme.com]\n",
    );
    let nested = nested.then_base().change(hired(&["eve@acme.com"])).edit("[ada", "[eve@acme.com, ada");
    assert_eq!(rulings(&nested.by("eve@acme.com").plan()), refused);
    // What the base has already comes back in a change of somebody else's: they may have taken it back since, and given it
    // to themselves again.
    let drift = World::of(REFUSE, "", ADMINS).then_base().change(|live| live.leave("admins", "ada@acme.com"));
    let drift = drift.change(hired(&["bob@acme.com"]));
    assert_eq!(rulings(&drift.clone().by("bob@acme.com").plan()), Vec::<String>::new());
    let own = ["self-grant member.admins/ada@acme.com: refused"];
    assert_eq!(rulings(&drift.by("ada@acme.com").plan()), own);
}

#[test]
fn an_author_whose_account_nobody_knows_may_be_any_that_hides() {
    let world = World::of(REFUSE, "", ADMINS).then_base();
    let world = world.edit("[ada@acme.com]", "[ada@acme.com, account: acc-hidden]").change(|live| {
        let account = crate::world::Account::person("hidden@acme.com");
        live.accounts.insert("acc-hidden".into(), crate::world::Account { email: None, ..account });
    });
    let plan = world.by("stranger@acme.com").plan();
    assert_eq!(rulings(&plan), ["self-grant member.admins/account:acc-hidden: refused"]);
}

#[test]
fn a_self_grant_that_cannot_be_judged_is_refused() {
    let granted = World::of(REFUSE, "", ADMINS).change(|live| live.leave("admins", "ada@acme.com"));
    let refused = ["self-grant member.admins/ada@acme.com: refused"];
    assert_eq!(rulings(&granted.plan()), refused);
    assert_eq!(rulings(&granted.clone().by("bob@acme.com").plan()), refused, "without a base");
    let mut allowed = granted.clone();
    allowed.allow = vec![Guard::SelfGrant];
    assert_eq!(rulings(&allowed.plan()), ["self-grant member.admins/ada@acme.com: allowed"]);
    let waive = "waive:\n  - { guard: self-grant, for: [group.admins], because: first, until: 2026-12-31 }\n";
    let waived = granted.edit("policy:", &format!("{waive}policy:"));
    assert_eq!(rulings(&waived.plan()), ["self-grant member.admins/ada@acme.com: waived"]);
    // Where nobody comes into a privileged group there is nothing to refuse, and it is said.
    let quiet = World::of(REFUSE, "", ADMINS);
    assert_eq!(rulings(&quiet.plan()), ["self-grant : not judged"]);
}

#[test]
fn no_change_lets_its_own_author_in() {
    let world = World::of(REFUSE, "", ADMINS).then_base().change(hired(&["eve@acme.com"]));
    let world = world.edit("[ada@acme.com]", "[ada@acme.com, eve@acme.com]").by("eve@acme.com");
    // That she loosens a rule about its own author is refused by itself, too.
    let expected = ["self-grant : refused", "self-grant member.admins/eve@acme.com: refused"];
    assert_eq!(rulings(&world.clone().edit("self-grant: refuse", "self-grant: allow").plan()), expected);
    assert_eq!(rulings(&world.clone().edit("  privileged: [admins]\n", "").plan()), expected);
    let waive = "waive:\n  - { guard: self-grant, for: [group.admins], because: me, until: 2026-12-31 }\n";
    assert_eq!(rulings(&world.clone().edit("policy:", &format!("{waive}policy:")).plan()), expected);
    // One of those who own the rules may loosen them; what it lets pass is judged by the rules before it.
    let owned = |by: &str| {
        let policy = format!("{REFUSE}  admins: [root@acme.com]\n");
        let world =
            World::of(&policy, "", ADMINS).then_base().change(hired(&["eve@acme.com", "root@acme.com"]));
        rulings(&world.edit("  privileged: [admins]\n", "").by(by).plan())
    };
    assert_eq!(owned("root@acme.com"), Vec::<String>::new());
    assert_eq!(owned("eve@acme.com"), ["self-grant : refused"]);
    // Somebody else has set it aside before.
    let mut waived = world.clone().edit("policy:", &format!("{waive}policy:"));
    let base = waived.base.as_mut().unwrap();
    base[0].1 = base[0].1.replace("policy:", &format!("{waive}policy:"));
    assert_eq!(rulings(&waived.plan()), ["self-grant member.admins/eve@acme.com: waived"]);
}

#[test]
fn two_groups_that_exclude_each_other_are_not_taken_by_hand_either() {
    let policy = "policy:\n  exclusive: [[makers, approvers]]\n";
    let groups = "  makers:\n    members: [ada@acme.com]\n  approvers:\n    members: []\n";
    let world = World::of(policy, "", groups).then_base();
    let world = world.edit("approvers:\n    members: []", "approvers:\n    members: [ada@acme.com]");
    let world = world.change(|live| live.join("approvers", "ada@acme.com"));
    assert_eq!(keys(&world.plan()), Vec::<String>::new());
    assert_eq!(rulings(&world.plan()), ["exclusive member.approvers/ada@acme.com: refused"]);
    let without = World { base: None, ..world.clone() };
    assert_eq!(rulings(&without.plan()), Vec::<String>::new(), "without a base, what is there stays");
    // A tree that lets a group go still has what it excluded judged by the base.
    let gone = world.edit("policy:\n  exclusive: [[makers, approvers]]\n", "");
    assert_eq!(rulings(&gone.plan()), ["exclusive member.approvers/ada@acme.com: allowed by change"]);
}

#[test]
fn whoever_was_suspended_by_hand_stays_so() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n";
    let users = "  bob@acme.com: { active: true }\n";
    let world = World::of(head, users, "  sre:\n    members: [bob@acme.com]\n").change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.account("bob@acme.com").suspended = true;
    });
    let refused = ["reactivation user.bob@acme.com: refused"];
    assert_eq!(rulings(&world.plan()), refused, "without a base it is unknown");
    let drift = world.clone().then_base().plan();
    assert!(drift.blocked.iter().any(|it| it.code == "reactivation"), "the base wanted them active");
    assert_eq!(rulings(&drift), Vec::<String>::new(), "everybody else's changes go on");
    let back =
        World { base: Some(world.clone().edit("active: true", "active: false").files), ..world.clone() };
    assert_eq!(rulings(&back.plan()), Vec::<String>::new(), "the change brings them back");
    let mut allowed = world.clone();
    allowed.allow = vec![Guard::Reactivation];
    assert_eq!(rulings(&allowed.plan()), ["reactivation user.bob@acme.com: allowed"]);
    let waive =
        "waive:\n  - { guard: reactivation, for: [user.bob@acme.com], because: back, until: 2026-12-31 }\n";
    let waived = world.edit("operator:", &format!("{waive}operator:"));
    assert_eq!(rulings(&waived.plan()), ["reactivation user.bob@acme.com: waived"]);
}

#[test]
fn an_invitation_at_another_domain_is_waived_by_name() {
    let users = "  pat@else.example: { active: true }\n";
    let policy = "policy:\n  invite-domains: [acme.com]\n";
    let world = World::of(policy, users, "").change(|live| live.accounts.clear());
    assert_eq!(world.plan().blocked[0].code, "invite-domain");
    let waive = "waive:\n  - { guard: invite-domain, for: [user.pat@else.example], because: OPS-1, until: 2026-12-31 }\n";
    let waived = world.clone().edit("policy:", &format!("{waive}policy:"));
    assert_eq!(keys(&waived.plan()), ["invite user.pat@else.example"]);
    assert_eq!(rulings(&waived.plan()), ["invite-domain user.pat@else.example: waived"]);
    let mut allowed = world.clone();
    allowed.allow = vec![Guard::InviteDomain];
    assert_eq!(rulings(&allowed.plan()), ["invite-domain user.pat@else.example: allowed"]);
    let listed = world.then_base().edit("[acme.com]", "[acme.com, else.example]");
    assert_eq!(rulings(&listed.plan()), ["invite-domain user.pat@else.example: allowed by change"]);
}

#[test]
fn what_must_never_happen_cannot_be_waived() {
    let waivable: Vec<&str> =
        Guard::ALL.iter().filter(|guard| guard.waivable()).map(|guard| guard.as_str()).collect();
    let expected = [
        "max-revokes",
        "keep-at-least",
        "protect",
        "exclusive",
        "self-grant",
        "reactivation",
        "invite-domain",
    ];
    assert_eq!(waivable, expected);
}

#[test]
fn another_end_of_a_membership_that_is_missing_is_the_change() {
    let members = "  sre:\n    members: [{ user: ada@acme.com, until: 2027-01-10 }]\n";
    let world = World::of("", "", members).then_base().change(|live| live.group("sre").members.clear());
    assert_eq!(parted(&world.plan()), (vec!["add member.sre/ada@acme.com".to_owned()], vec![]));
    let later = world.edit("2027-01-10", "2027-02-10");
    assert_eq!(parted(&later.plan()), (vec![], vec!["add member.sre/ada@acme.com".to_owned()]));
}

#[test]
fn what_this_plan_does_itself_was_not_done_by_hand() {
    let head = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\noperator: root@acme.com\n\
                policy: { unlisted-users: offboard, max-revokes: { total: 5 }, offboard: suspend }\n";
    let users = "  root@acme.com: { active: true }\n  bob@acme.com: { active: true }\n";
    let world = World::of(head, users, "  sre:\n    members: [root@acme.com]\n").change(|live| {
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.account("bob@acme.com").suspended = true;
    });
    let base = world.clone().edit("  bob@acme.com: { active: true }\n", "").files;
    let plan = World { base: Some(base), ..world }.plan();
    assert!(keys(&plan).contains(&"activate user.bob@acme.com".to_owned()), "{:?}", keys(&plan));
    assert_eq!(adopted(&plan), Vec::<String>::new());
}

#[test]
fn a_new_key_with_the_members_of_one_that_leaves_looks_like_a_rename() {
    let members = "    members: [ada@acme.com, bob@acme.com, chen@acme.com, dina@acme.com, erik@acme.com]\n";
    let world = World::of("", "", &format!("  phoenix:\n{members}")).then_base();
    let renamed = world.clone().edit("  phoenix:", "  firebird:");
    let plan = renamed.plan();
    let codes: Vec<&str> = plan.blocked.iter().map(|blocked| blocked.code.as_ref()).collect();
    assert_eq!(keys(&plan), Vec::<String>::new(), "nothing of it is done");
    assert_eq!(codes[0], "looks-like-rename");
    assert!(codes[1..].iter().all(|code| *code == "requires-blocked"), "{codes:?}");
    let help = &plan.blocked[0].help;
    assert!(help.contains("`id: id-phoenix`") && help.contains("`absent: true`"), "{help}");
    assert!(help.contains("once an apply of that change has completed"), "{help}");
    let nearly = renamed.clone().edit("erik@acme.com", "eve@acme.com").edit("ada@acme.com, ", "");
    let nearly = nearly.change(hired(&["eve@acme.com"]));
    assert!(
        keys(&nearly.plan()).contains(&"create group.firebird".to_owned()),
        "three of six is another group"
    );
    // The three ways out.
    let pinned = renamed.clone().edit("  firebird:\n", "  firebird:\n    id: id-phoenix\n");
    assert_eq!((keys(&pinned.plan()), pinned.plan().blocked), (vec![], vec![]));
    let absent = renamed.clone().edit("groups:\n", "groups:\n  phoenix: { absent: true }\n");
    assert!(keys(&absent.plan()).contains(&"create group.firebird".to_owned()));
    let alone = World { base: Some(world.clone().edit("  phoenix:", "  other:").files), ..renamed };
    assert!(
        keys(&alone.plan()).contains(&"create group.firebird".to_owned()),
        "what left before is not a twin"
    );
}
