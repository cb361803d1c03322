//! From files to a declaration.

use divan::{Bencher, black_box};
use rollbook::config;
use rollbook::model::{SourceFile, Tree};

use crate::world::{Nesting, TODAY, World};
use crate::{per_membership, sizes};

/// The work of `check` on the files that it read.
#[divan::bench(args = sizes())]
fn check(bencher: Bencher<'_, '_>, memberships: usize) {
    let world = World::of(memberships, Nesting::Flat);
    bencher.counter(per_membership(memberships)).bench_local(|| config::parse(black_box(&world.tree), TODAY));
}

/// Only `rollbook.lock`, with a root that declares nothing.
#[divan::bench(args = sizes())]
fn lock(bencher: Bencher<'_, '_>, memberships: usize) {
    let World { tree, .. } = World::of(memberships, Nesting::Flat);
    let alone = |file: &SourceFile| [config::ROOT, config::LOCK].contains(&file.path.as_str());
    let tree = Tree { files: tree.files.into_iter().filter(alone).collect() };
    bencher.counter(per_membership(memberships)).bench_local(|| config::parse(black_box(&tree), TODAY));
}
