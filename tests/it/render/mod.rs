//! Plans as a reviewer sees them in a pull request.

pub(crate) mod laws;

use rollbook::model::{GroupName, Operation, Plan};
use rollbook::render::{CommentLimit, plan_markdown};

use crate::plan::company;
use crate::world::{Account, Group, World};

/// The most characters that GitHub takes.
const GITHUB: usize = 65_536;

/// The most that a plan takes of them, by the highest count.
const OURS: usize = 60_000;

/// A name that tries everything that Markdown, GitHub and a terminal read something into.
pub(crate) const EVIL: &str = "Eve\n+ root@acme.com `` ``` ````\n@octocat #12 <img src=x> [a](http://b) | **c** \u{1b}[2J\u{202e}\n-->\n</details> ::error::x";

#[track_caller]
pub(crate) fn fits(page: &str) {
    assert!(page.encode_utf16().count() <= OURS, "{}", page.encode_utf16().count());
    assert!(page.chars().count() <= GITHUB);
}

/// Adds members to a group of a live state that is as the tree asks.
fn hired(group: &str, people: &'static [&'static str]) -> impl Fn(&mut crate::world::Live) {
    move |live| {
        for email in people {
            live.hire(email);
            live.join(group, email);
        }
    }
}

#[track_caller]
fn page(world: &World) -> String {
    let page = world.markdown();
    fits(&page);
    assert!(page.starts_with("<!-- rollbook-plan acme.atlassian.net -->\n### "), "{page}");
    page
}

#[test]
fn nothing_changed_is_said_in_two_lines() {
    let page = page(&World::of("", "", "  sre:\n    members: [eve@acme.com]\n"));
    assert_eq!(page.lines().filter(|line| !line.is_empty()).count(), 3, "with the marker: {page}");
    insta::assert_snapshot!(page);
}

#[test]
fn a_small_plan() {
    let world = company().change(hired("platform", &["mallory@acme.com"])).change(|live| {
        live.leave("platform", "eve@acme.com");
        live.leave("sre", "eve@acme.com");
        live.leave("admins", "ada@acme.com");
    });
    insta::assert_snapshot!(page(&world));
}

#[test]
fn created_and_deleted_groups_and_what_becomes_of_accounts() {
    let users = "  bob@acme.com: { active: false }\n  zoe@acme.com: { active: true }\n";
    let groups = "  new-team:\n    members: [zoe@acme.com, { user: ada@acme.com, until: 2026-12-31 }]\n  old: { absent: true }\n";
    let policy = "organization: 2c1f6b1e-8d1a-4c0e-9a53-7f0d6f2b9e41\npolicy:\n  invite-domains: [acme.com]\n  offboard: suspend\n";
    let world = World::of(policy, users, groups).change(|live| {
        use rollbook::model::Surface;
        live.surfaces = [Surface::Jira, Surface::Organization, Surface::UserManagement].into();
        live.accounts.remove("acc-zoe@acme.com");
        live.groups.clear();
        live.groups.insert(
            "id-old".into(),
            Group::of("old", [live.id_of("ada@acme.com"), live.id_of("bob@acme.com")].into()),
        );
    });
    insta::assert_snapshot!(page(&world));
}

#[test]
fn a_refused_plan() {
    let world = World::of(
        "policy:\n  max-revokes: { total: 1 }\n  protect: { groups: [admins] }\n",
        "",
        "  admins:\n    members: [ada@acme.com]\n",
    );
    let page = page(&world.change(hired("admins", &["bob@acme.com", "eve@acme.com"])));
    let refused = page.find("> [!CAUTION]").unwrap();
    assert!(refused < page.find("```diff").unwrap(), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn a_blocked_plan() {
    let users = "  zoe@else.example: { active: true }\n  bob@acme.com: { active: false }\n";
    let groups = "  sre:\n    members: [zoe@else.example, eve@acme.com]\n  idp-team:\n    source: scim\n    members: [ada@acme.com]\n";
    let world = World::of("policy:\n  invite-domains: [acme.com]\n", users, groups).change(|live| {
        live.accounts.remove("acc-zoe@else.example");
        live.groups.remove("id-idp-team");
        live.group("sre").members.clear();
    });
    insta::assert_snapshot!(page(&world));
}

/// Every part that a comparison has: names, rules, what the change lets pass, change, drift and what is adopted.
pub(crate) fn compared() -> World {
    let lock = "users:\n  eve@acme.com: { account: acc-eve@acme.com, from: jira }\n";
    let groups =
        "  admins:\n    members: [ada@acme.com]\n  sre:\n    members: [eve@acme.com, bob@acme.com]\n";
    World::of("policy:\n  privileged: [admins]\n  max-revokes: { total: 1 }\n", "", groups)
        .lock(lock)
        .then_base()
        .edit("total: 1", "total: 9")
        .edit("account: acc-eve@acme.com", "account: acc-mallory@acme.com")
        .edit("[ada@acme.com]", "[ada@acme.com, new@acme.com, taken@acme.com]")
        .edit("eve@acme.com, bob@acme.com]", "eve@acme.com]")
        .change(|live| {
            for email in ["mallory@acme.com", "new@acme.com", "hand@acme.com", "taken@acme.com"] {
                live.hire(email);
            }
            for email in ["hand@acme.com", "taken@acme.com"] {
                live.join("admins", email);
            }
        })
}

#[test]
fn a_plan_that_is_compared_with_its_base() {
    let page = page(&compared());
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} in\n{page}"));
    let order = [
        "Allowed by this change",
        "Names that mean",
        "Rules that change",
        "Revokes and",
        "Drift",
        "Adopted",
        "<details>",
    ];
    let places: Vec<usize> = order.iter().map(|text| at(text)).collect();
    assert!(places.is_sorted(), "{places:?}\n{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn names_from_outside_do_nothing_but_show() {
    let world = company().edit("policy:\n", "policy:\n  unlisted-groups: report\n  unlisted-users: report\n");
    let world = world.change(|live| {
        let evil = Account { name: EVIL.into(), hidden: true, ..Account::person("evil@acme.com") };
        live.accounts.insert("acc-evil".into(), evil);
        live.group("sre").members.insert("acc-evil".into());
        live.groups.insert("id-g".into(), Group::of(EVIL, [].into()));
    });
    let page = page(&world);
    assert!(!page.contains(['\u{1b}', '\u{202e}', '\r']), "{page}");
    assert!(!page.lines().any(|line| line.starts_with("+ root")), "{page}");
    insta::assert_snapshot!(page);
}

/// A team of 3,000, of whom the first half joins and the second half leaves.
fn everyone(policy: &str) -> World {
    let members: Vec<String> = (0..1500).map(|n| format!("joins{n}@acme.com")).collect();
    let small: String = (0..40).map(|n| format!("  team-{n}:\n    members: [joins{n}@acme.com]\n")).collect();
    let groups = format!("  everyone:\n    members: [{}]\n{small}", members.join(", "));
    World::of(policy, "", &groups).change(|live| {
        live.group("everyone").members.clear();
        for n in 0..1460 {
            let email = format!("leaves{n}@an-office-far-away.acme.com");
            live.hire(&email);
            live.join("everyone", &email);
        }
        for n in 0..40 {
            live.group(&format!("team-{n}")).members.clear();
        }
    })
}

fn shown_revokes(page: &str) -> usize {
    page.lines().filter(|line| line.starts_with("- leaves")).count()
}

#[test]
fn three_thousand_operations_are_cut_and_what_is_missing_is_counted() {
    let world = everyone("");
    let plan = world.plan();
    assert_eq!(plan.operations.len(), 3000);
    let page = page(&world);
    assert!(page.encode_utf16().count() > OURS * 9 / 10, "the room is used: {}", page.len());
    let shown = shown_revokes(&page);
    assert!(page.contains(&format!("(**{} revoking lines**)", 1460 - shown)), "{}", &page[..1500]);
    assert!(page.find("Not everything is shown").unwrap() < page.find("#### ").unwrap());
    assert!(page.starts_with("<!-- rollbook-plan acme.atlassian.net -->\n### 1540 grants and 1460 revokes in 41 groups, 2960 people"));
    assert!(page.contains("**On merge:**") && page.contains("fingerprint `[fingerprint]`"));
    // The middle of the lists says nothing that the ends do not.
    let lines: Vec<&str> = page.lines().collect();
    let (head, tail) = (lines[..40].join("\n"), lines[lines.len() - 30..].join("\n"));
    insta::assert_snapshot!(format!("{head}\n[…]\n{tail}"));
}

#[test]
fn refusals_are_never_cut_for_operations() {
    let page = page(&everyone("policy:\n  max-revokes: { total: 10 }\n"));
    assert!(page.contains("### Refused: 1540 grants"), "{}", &page[..800]);
    assert!(page.contains("**max-revokes**, the whole plan"), "{}", &page[..800]);
}

/// The rest is shown: a long list of grants is folded, and a short one next to revokes is not.
#[test]
fn long_lists_of_grants_are_folded_and_revokes_are_not() {
    let members: Vec<String> = (0..16).map(|n| format!("new{n}@acme.com")).collect();
    let groups = format!("  team:\n    members: [{}]\n", members.join(", "));
    let world = World::of("", "", &groups).change(|live| live.group("team").members.clear());
    let world = world.change(hired("team", &["old@acme.com"]));
    let page = page(&world);
    let (open, folded) = page.split_once("**`team`** · its grants").unwrap();
    assert!(open.contains("- old@acme.com") && !open.contains("+ new"), "{page}");
    assert_eq!(folded.lines().filter(|line| line.starts_with("+ new")).count(), 16);
    let privileged = world
        .edit("https://acme.atlassian.net\n", "https://acme.atlassian.net\npolicy: { privileged: [team] }\n");
    let page = privileged.markdown();
    let (open, _) = page.split_once("<details>").unwrap();
    assert_eq!(
        open.lines().filter(|line| line.starts_with("+ new")).count(),
        16,
        "privileged grants are not folded"
    );
}

/// A group of a hundred that leave and a hundred that join, forty times over: the joiners of the first ones do not take the
/// room of anybody's leavers, and no group is counted twice.
#[test]
fn every_groups_revokes_come_before_any_groups_folded_grants() {
    let people =
        |kind: &str, n: usize| (0..50).map(|m| format!("{kind}{n}-{m}@acme.com")).collect::<Vec<_>>();
    let groups: String = (0..40)
        .map(|n| format!("  team-{n:02}:\n    members: [{}]\n", people("joins", n).join(", ")))
        .collect();
    let world = World::of("", "", &groups).change(|live| {
        for n in 0..40 {
            let group = format!("team-{n:02}");
            live.group(&group).members.clear();
            for email in people("leaves", n) {
                live.hire(&email);
                live.join(&group, &email);
            }
        }
    });
    let page = page(&world);
    assert_eq!(shown_revokes(&page), 2000, "{}", &page[..1000]);
    let last_revoke = page.rfind("\n- leaves").unwrap();
    assert!(page.find("\n+ joins").unwrap() > last_revoke);
    let notice = page.lines().find(|line| line.contains("Left out")).unwrap();
    let groups = notice.split(" lines of ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(groups.parse::<usize>().unwrap() < 40, "{notice}");
    let smaller = plan_markdown(&world.plan(), CommentLimit::BITBUCKET);
    let notice = smaller.lines().find(|line| line.contains("Left out")).unwrap();
    assert!(shown_revokes(&smaller) < 2000 && notice.contains(" of 40 groups"), "{notice}");
    assert!(!smaller.contains("\n+ joins"), "{notice}");
    // What is the same for all of a group is said at its head, and once.
    assert!(page.contains("· revokes: undeclared, `groups/all.yaml:2`\n"), "{}", &page[..1000]);
    assert_eq!(page.matches("undeclared").count(), 40);
    assert!(page.contains("**`team-00`** · its grants · `groups/all.yaml:3`\n"), "{page}");
}

/// No name is so long, and no list of identities, that a comment would be refused.
#[test]
fn a_page_fits_whatever_is_in_it() {
    let mut plan: Plan = compared().plan();
    let base = plan.base.as_mut().unwrap();
    let one = base.identities[0].clone();
    base.identities = (0..5_000)
        .map(|n| rollbook::model::IdentityChange { name: Some("x".repeat(n)), ..one.clone() })
        .collect();
    for planned in &mut plan.operations {
        planned.name = Some("🦀".repeat(70_000));
        if let Operation::RemoveMember { .. } = planned.operation {
            planned.key.address = rollbook::model::Address::Group(GroupName::new("y".repeat(70_000)));
        }
    }
    plan.notes.extend((0..500).map(|n| rollbook::model::Note::new("x", "z ".repeat(n * 100), None)));
    plan.reach.push("w ".repeat(100_000).into());
    plan.narrowed_to.push("v ".repeat(100_000));
    // Each of these becomes eight characters.
    plan.site = format!("https://{}", "\u{202e}".repeat(50_000));
    plan.narrowed_to.push("\u{202e} #".repeat(50_000));
    for limit in [CommentLimit::GITHUB, CommentLimit::GITLAB, CommentLimit::BITBUCKET] {
        let page = plan_markdown(&plan, limit);
        let units = page.encode_utf16().count();
        assert!(units <= limit.characters(), "{units} of {limit:?}");
        assert!(page.contains("the comment is full"), "{}", &page[..3000]);
    }
}

/// A page for a smaller platform is a shorter one, with more left out, and not one that is cut off.
#[test]
fn each_platform_has_its_own_limit() {
    let plan = everyone("").plan();
    let [small, middle, large] = [CommentLimit::BITBUCKET, CommentLimit::GITHUB, CommentLimit::GITLAB]
        .map(|limit| (limit.characters(), plan_markdown(&plan, limit)));
    assert_eq!(small.0, 32_000);
    for (limit, page) in [&small, &middle] {
        let units = page.encode_utf16().count();
        assert!(units <= *limit && units > limit * 8 / 10, "{units} of {limit}");
        assert!(page.contains("Not everything is shown") && page.contains("**On merge:**"));
    }
    assert!(shown_revokes(&small.1) < shown_revokes(&middle.1));
    assert_eq!(shown_revokes(&large.1), 1460);
}

/// A first plan of many groups with descriptions: the notes of one kind leave the room to the grants.
#[test]
fn notes_of_one_kind_leave_the_room_to_changes() {
    let many = 770;
    let group =
        |n: usize| format!("  group-{n:03}: {{ description: What it is for, members: [ada@acme.com] }}\n");
    let groups: String = (0..many).map(group).collect();
    let world = World::of("", "", &groups)
        .change(|live| live.groups.retain(|_, group| !group.name.starts_with("group-")));
    let plan = world.plan();
    assert_eq!(plan.notes.iter().filter(|note| note.code == "description-unused").count(), many);
    let page = page(&world);
    let told = page.lines().filter(|line| line.starts_with("- Note:")).count();
    assert!(
        told < 10 && page.contains("770 groups are created without") && page.contains("and 750 more"),
        "{told} notes are shown:\n{page}"
    );
    let grants = page.lines().filter(|line| line.trim_start().starts_with('+')).count();
    assert!(grants > 400, "{grants} of {} grants are shown\n{page}", plan.summary.grants);
}
