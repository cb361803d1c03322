//! Operations that wait for each other in a circle: what the rules refuse of it, and what waits in spite of it.

use rollbook::model::{Guard, Surface};

use super::{NONE, hired, requires};
use crate::plan::guards::rulings;
use crate::plan::keys;
use crate::world::{Live, World};

/// The only administrator changes from one group of administrators to another one, which excludes it: they must have come
/// before they leave, since the site is never without an administrator, and must have left before they come.
fn changing(policy: &str, deputies: &str) -> World {
    let groups = format!(
        "  chiefs:\n    members: [bob@acme.com]\n  deputies:\n    members: [{deputies}]\n  audit:\n    members: []\n"
    );
    let world = World::of(policy, "", &groups)
        .change(|live| live.admin_groups = ["id-chiefs", "id-deputies"].map(String::from).into());
    world
        .then_base()
        .edit("chiefs:\n    members: [bob@acme.com]", &format!("chiefs:\n    members: [{deputies}]"))
        .edit(&format!("deputies:\n    members: [{deputies}]"), "deputies:\n    members: [bob@acme.com]")
}

const BOTH: &str = "policy:\n  exclusive: [[chiefs, deputies], [chiefs, audit]]\n";
const LEAVES: &str = "remove member.chiefs/bob@acme.com";
const COMES: &str = "add member.deputies/bob@acme.com";
const APART: &str = "add member.audit/bob@acme.com";

/// The same person comes into a third group as well, which excludes the one that they leave: nothing waits for that.
fn audited(world: World) -> World {
    world.edit("audit:\n    members: []", "audit:\n    members: [bob@acme.com]")
}

#[test]
fn who_cannot_leave_before_they_come_is_refused_and_nobody_else() {
    let stuck = changing(BOTH, "");
    assert_eq!(rulings(&stuck.plan()), ["exclusive member.deputies/bob@acme.com: refused"]);
    assert_eq!(
        stuck.plan().guards[0].why,
        "no order of the operations lets bob@acme.com leave chiefs before they join deputies"
    );
    let plan = audited(stuck.clone()).plan();
    assert_eq!(rulings(&plan), rulings(&stuck.plan()), "`audit` is not part of the circle");
    assert_eq!(requires(&plan, APART), [LEAVES]);
    // Where somebody allows it, the administrator comes first: `last-admin` is never set aside.
    let allowed = World { allow: vec![Guard::Exclusive], ..audited(stuck) }.plan();
    assert_eq!(rulings(&allowed), ["exclusive member.deputies/bob@acme.com: allowed"]);
    assert_eq!(requires(&allowed, COMES), NONE);
    assert_eq!(keys(&allowed), [COMES, LEAVES, APART]);
    // Neighbours: another administrator stays, or the groups may be held together.
    let stays = changing(BOTH, "").edit("chiefs:\n    members: []", "chiefs:\n    members: [zoe@acme.com]");
    let mut stays = audited(stays).change(|live| {
        live.hire("zoe@acme.com");
        live.join("chiefs", "zoe@acme.com");
    });
    if let Some((_, text)) = stays.base.as_mut().and_then(|files| files.first_mut()) {
        *text = text.replace("[bob@acme.com]", "[bob@acme.com, zoe@acme.com]");
    }
    let plan = stays.plan();
    assert_eq!((rulings(&plan), requires(&plan, COMES)), (vec![], vec![LEAVES.to_owned()]));
    let free = changing("policy:\n  exclusive: [[chiefs, audit]]\n", "").plan();
    assert_eq!((rulings(&free), keys(&free)), (vec![], vec![COMES.to_owned(), LEAVES.to_owned()]));
}

#[test]
fn a_circle_that_has_a_floor_and_one_without_are_both_said() {
    // Two administrators change places, and one of the groups may not be empty for a moment either.
    let world = changing(&format!("{BOTH}  keep-at-least: {{ chiefs: 1 }}\n"), "ann@acme.com");
    let plan = audited(world).plan();
    let refused = [
        "keep-at-least group.chiefs: refused",
        "exclusive member.chiefs/ann@acme.com: refused",
        "exclusive member.deputies/bob@acme.com: refused",
    ];
    assert_eq!(rulings(&plan), refused);
    let [comes, back] = [COMES, "add member.chiefs/ann@acme.com"];
    assert_eq!((requires(&plan, comes), requires(&plan, back)), (vec![], vec![]));
    assert_eq!(requires(&plan, LEAVES), [back, comes]);
    assert_eq!(requires(&plan, "remove member.deputies/ann@acme.com"), [back, comes]);
    assert_eq!(requires(&plan, APART), [LEAVES], "it is in neither circle");
}

#[test]
fn a_circle_is_refused_by_the_list_that_makes_it() {
    let lists = "policy:\n  exclusive: [[audit, team], [chiefs, deputies]]\n";
    let refused = ["exclusive member.deputies/bob@acme.com: refused"];
    assert_eq!(rulings(&changing(lists, "").plan()), refused);
    let without = |list: &str| rulings(&changing(lists, "").edit(list, "").plan());
    assert_eq!(
        without(", [chiefs, deputies]"),
        ["exclusive member.deputies/bob@acme.com: allowed by change"],
        "the list of the two groups lets it pass, and the other one says nothing of them"
    );
    assert_eq!(without("[audit, team], "), refused);
}

#[test]
fn two_groups_change_people_by_way_of_somebody_who_leaves_last() {
    let policy =
        "policy:\n  exclusive: [[makers, approvers]]\n  keep-at-least: { makers: 1, approvers: 1 }\n";
    let groups =
        "  makers:\n    members: [mia@acme.com]\n  approvers:\n    members: [bob@acme.com, zed@acme.com]\n";
    let world = World::of(policy, "", groups)
        .then_base()
        .edit("[mia@acme.com]", "[BOTH@acme.com]")
        .edit("[bob@acme.com, zed@acme.com]", "[mia@acme.com]")
        .edit("BOTH@acme.com", "bob@acme.com");
    let plan = world.plan();
    assert_eq!(rulings(&plan), NONE);
    // zed is in no group that excludes another one: that they leave last keeps somebody in `approvers`.
    let order = [
        "remove member.approvers/bob@acme.com",
        "add member.makers/bob@acme.com",
        "remove member.makers/mia@acme.com",
        "add member.approvers/mia@acme.com",
        "remove member.approvers/zed@acme.com",
    ];
    assert_eq!(keys(&plan), order);
    assert_eq!(requires(&plan, order[0]), NONE);
    for pair in order.windows(2) {
        assert_eq!(requires(&plan, pair[1]), [pair[0]]);
    }
}

/// Two groups that exclude each other change people, and others come into both: who comes from elsewhere is enough for the
/// floors, so that nobody has to leave one group before and after they come into the other.
#[test]
fn two_groups_with_floors_change_people_where_others_come_first() {
    let policy =
        "policy:\n  exclusive: [[makers, approvers]]\n  keep-at-least: { makers: 2, approvers: 2 }\n";
    let groups = "  makers:\n    members: [cy@acme.com, dan@acme.com]\n  approvers:\n    members: [eve@acme.com, fox@acme.com]\n";
    let swap = |makers: &str, approvers: &str| {
        let world = World::of(policy, "", groups).then_base();
        world
            .edit("[cy@acme.com, dan@acme.com]", makers)
            .edit("[eve@acme.com, fox@acme.com]", approvers)
            .change(hired(&["pa@acme.com", "pb@acme.com", "pc@acme.com"]))
    };
    let both = swap("[pa@acme.com, pb@acme.com, eve@acme.com]", "[fox@acme.com, pc@acme.com, cy@acme.com]");
    let plan = both.plan();
    assert_eq!(rulings(&plan), NONE);
    let first = ["add member.makers/pa@acme.com", "add member.makers/pb@acme.com"];
    assert_eq!(requires(&plan, "remove member.makers/cy@acme.com"), first);
    assert_eq!(requires(&plan, "remove member.makers/dan@acme.com"), first);
    assert_eq!(requires(&plan, "remove member.approvers/eve@acme.com"), ["add member.approvers/pc@acme.com"]);
    assert_eq!(requires(&plan, "add member.makers/eve@acme.com"), ["remove member.approvers/eve@acme.com"]);
    // It is enough that one of the groups gets by without those who change sides.
    let one = swap("[pa@acme.com, eve@acme.com]", "[fox@acme.com, pc@acme.com, cy@acme.com]");
    assert_eq!(rulings(&one.plan()), NONE);
    let stuck = ["keep-at-least group.approvers: refused", "keep-at-least group.makers: refused"];
    // One who comes from elsewhere lets the others change places one by one.
    let chain = swap("[pa@acme.com, eve@acme.com]", "[fox@acme.com, cy@acme.com]").plan();
    assert_eq!(rulings(&chain), NONE);
    let order = [
        "add member.makers/pa@acme.com",
        "remove member.makers/cy@acme.com",
        "add member.approvers/cy@acme.com",
        "remove member.approvers/eve@acme.com",
        "add member.makers/eve@acme.com",
        "remove member.makers/dan@acme.com",
    ];
    assert_eq!(keys(&chain), order);
    let neither = swap("[dan@acme.com, eve@acme.com]", "[fox@acme.com, cy@acme.com]");
    assert_eq!(rulings(&neither.plan()), stuck);
    // Who has no active account fills nothing.
    let asleep = |live: &mut Live| live.account("pb@acme.com").active = false;
    let helped = swap("[pb@acme.com, dan@acme.com, eve@acme.com]", "[fox@acme.com, cy@acme.com]");
    assert_eq!(rulings(&helped.plan()), NONE);
    assert_eq!(rulings(&helped.change(asleep).plan()), stuck);
    // Neighbour: where nobody changes sides, all come first.
    let onward = swap("[pa@acme.com, pb@acme.com, pc@acme.com]", "[eve@acme.com, fox@acme.com]").plan();
    assert_eq!(requires(&onward, "remove member.makers/cy@acme.com").len(), 3);
}

/// Of those who may leave a group, who fills another one with a floor leaves first.
#[test]
fn who_fills_another_group_leaves_before_somebody_who_fills_none() {
    let policy =
        "policy:\n  exclusive: [[makers, approvers, core]]\n  keep-at-least: { approvers: 2, core: 1 }\n";
    let groups = "  makers:\n    members: [zed@acme.com]\n  approvers:\n    members: [ann@acme.com, eve@acme.com]\n  core:\n    members: [yan@acme.com]\n";
    let lock = ["ann", "eve", "xia", "yan", "zed"]
        .map(|name| format!("  {name}@acme.com: {{ account: acc-{name}@acme.com, from: jira }}\n"));
    for surfaces in [[Surface::Jira], [Surface::Organization]] {
        let world = World::of(policy, "", groups).lock(&format!("users:\n{}", lock.concat())).then_base();
        let world = world
            .edit("[zed@acme.com]", "[ann@acme.com, zed@acme.com]")
            .edit("[ann@acme.com, eve@acme.com]", "[xia@acme.com, yan@acme.com]")
            .edit("  core:\n    members: [yan@acme.com]", "  core:\n    members: [eve@acme.com]")
            .change(hired(&["xia@acme.com"]))
            .change(|live| live.surfaces = surfaces.into());
        let plan = world.plan();
        assert_eq!(rulings(&plan), NONE, "{surfaces:?}");
        let order = [
            "add member.approvers/xia@acme.com",
            "remove member.approvers/eve@acme.com",
            "add member.core/eve@acme.com",
            "remove member.core/yan@acme.com",
            "add member.approvers/yan@acme.com",
            "remove member.approvers/ann@acme.com",
            "add member.makers/ann@acme.com",
        ];
        assert_eq!(keys(&plan), order, "{surfaces:?}");
    }
}
