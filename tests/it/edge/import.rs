//! Importing random sandboxes whole: the plan after it is empty, and a second import adds nothing.

use rollbook::commands::import::{declare, read};
use rollbook::config::FilePer;
use rollbook::model::{Additions, Tree};
use rollbook::plan::{self, Desired, Selection};
use rollbook::sandbox::{Options, Sandbox};

use super::front::Front;
use super::random::World;
use super::site::{declared, one_file, plan, surfaces};
use crate::world::TODAY;

/// How many sandboxes there are.
fn worlds() -> u64 {
    u64::from(crate::soak::worlds() / 8)
}

/// Adds to a tree what a sandbox has, and says how much that was.
async fn imported(front: &Front, tree: &Tree, per: FilePer) -> (Tree, usize) {
    let declaration = declared(tree);
    let desired = Desired::of(&declaration, TODAY);
    let (every, surfaces) = (Selection::default(), surfaces(front, 8));
    let all = Additions { users: true, grants: surfaces.organization.is_some() };
    let (live, facts, _) = read(&surfaces, &declaration, &desired, &every, all).await.unwrap();
    let import = plan::import(&desired, &live, &facts, &every, all);
    let added = declare(tree, &declaration, import, &live, (per, TODAY)).unwrap();
    assert_eq!(added.unresolved, []);
    (added.tree, added.import.groups.len() + added.import.users.len())
}

#[tokio::test(start_paused = true)]
async fn a_site_that_is_imported_is_as_the_tree_asks() {
    let mut groups = 0;
    for number in 0..worlds() {
        let world = World::of(number);
        let front = Front::new(Sandbox::new(&world.seed, &Options::default()).unwrap());
        let per = if number % 2 == 0 { FilePer::Group } else { FilePer::Prefix };
        let (tree, added) = imported(&front, &one_file(""), per).await;
        assert!(added > 0, "{}", world.told());
        groups += declared(&tree).groups.len();
        let after = plan(&surfaces(&front, 8), &tree).await.unwrap_or_else(|error| panic!("{error:?}"));
        let nothing = after.operations.is_empty() && after.blocked.is_empty();
        assert!(
            nothing,
            "world {number}\n{}\n{}",
            rollbook::render::plan_text(&after, rollbook::render::Grouping::Group, 100),
            world.told()
        );
        let (again, added) = imported(&front, &tree, per).await;
        let texts = |tree: &Tree| tree.files.iter().map(|file| file.text.clone()).collect::<Vec<_>>();
        assert_eq!((added, texts(&again)), (0, texts(&tree)), "world {number}");
    }
    assert!(groups as u64 > worlds(), "there was something to import");
}
