//! Why somebody is in a group, according to the configuration alone.

use rollbook::model::{GroupName, Locator, Standing, UserRef};
use rollbook::plan::{self, Desired};
use rollbook::render::{self, About};

use crate::world::{World, plain};

const USERS: &str = "  bob@acme.com: { active: false }\n  eve@acme.com: { account: acc-eve }\n";

const GROUPS: &str = "  platform:
    owners: [ada@acme.com]
    members:
      - ada@acme.com
      - { group: sre, except: [kim@acme.com], until: 2027-01-01, because: OPS-1 }
      - { group: leads }
  sre:
    members: [ada@acme.com, bob@acme.com, kim@acme.com, { account: acc-eve, until: 2026-11-22 }]
  leads:
    members: [{ user: kim@acme.com, because: she leads them }]
";

fn of_user(name: &str) -> String {
    let world = World::of("", USERS, GROUPS);
    let (tree, declaration) = (world.tree(), world.declaration());
    let desired = Desired::of(&declaration, world.today);
    let user = UserRef::Email(rollbook::model::Email::parse(name).unwrap());
    let explanation = plan::explain_user(&desired, &user, &Locator::new(&tree));
    plain(&render::explanation_text(name, About::User, &explanation, 80))
}

#[test]
fn every_way_is_told_with_its_lines() {
    insta::assert_snapshot!(
        ["ada@acme.com", "kim@acme.com", "bob@acme.com", "eve@acme.com"].map(of_user).join("\n")
    );
}

#[test]
fn a_group_is_explained_by_its_people() {
    let world = World::of("", USERS, GROUPS);
    let (tree, declaration) = (world.tree(), world.declaration());
    let desired = Desired::of(&declaration, world.today);
    let group = GroupName::new("platform");
    let explanation = plan::explain_group(&desired, &group, &Locator::new(&tree));
    // What holds is just what the tree asks for, however it is nested.
    let members: std::collections::BTreeSet<String> = explanation
        .ways
        .iter()
        .filter(|way| way.standing == Standing::Member)
        .map(|way| way.user.to_string())
        .collect();
    let wanted: std::collections::BTreeSet<String> =
        desired.groups[&group].members.keys().map(ToString::to_string).collect();
    assert_eq!(members, wanted);
    insta::assert_snapshot!(plain(&render::explanation_text("platform", About::Group, &explanation, 80)));
    let json: serde_json::Value =
        serde_json::from_str(&render::explanation_json("platform", &explanation)).unwrap();
    assert_eq!(json["ways"].as_array().unwrap().len(), explanation.ways.len());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    /// The ways that hold lead to whom a plan wants in a group, and to nobody else.
    #[test]
    fn an_explanation_is_what_is_planned(spec in crate::spec::spec()) {
        let world = spec.world();
        let (tree, declaration) = (world.tree(), world.declaration());
        let desired = Desired::of(&declaration, world.today);
        for (name, group) in &desired.groups {
            let explanation = plan::explain_group(&desired, name, &Locator::new(&tree));
            let held: std::collections::BTreeSet<&UserRef> = explanation
                .ways
                .iter()
                .filter(|way| way.standing == Standing::Member)
                .map(|way| &way.user)
                .collect();
            proptest::prop_assert_eq!(held, group.members.keys().collect());
        }
    }
}
