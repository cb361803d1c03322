//! From a declaration to a plan.

use divan::{Bencher, black_box};
use rollbook::model::Locator;
use rollbook::plan::{self, Resolved};

use crate::world::{Drift, Nesting, World};
use crate::{per_membership, sizes};

#[divan::bench(args = sizes())]
fn desired(bencher: Bencher<'_, '_>, memberships: usize) {
    let world = World::of(memberships, Nesting::Flat);
    bencher.counter(per_membership(memberships)).bench_local(|| black_box(&world).desired());
}

#[divan::bench(args = sizes())]
fn desired_of_nested_groups(bencher: Bencher<'_, '_>, memberships: usize) {
    let world = World::of(memberships, Nesting::Nested);
    bencher.counter(per_membership(memberships)).bench_local(|| black_box(&world).desired());
}

/// Nothing differs.
#[divan::bench(args = sizes())]
fn diff(bencher: Bencher<'_, '_>, memberships: usize) {
    let world = World::of(memberships, Nesting::Flat);
    let (desired, live) = (world.desired(), world.live());
    let bencher = bencher.counter(per_membership(memberships));
    bencher.with_inputs(|| desired.clone()).bench_local_values(|desired| {
        plan::diff(&Resolved::of(black_box(desired), &live), &live, &Locator::new(&world.tree))
    });
}

/// One membership in a hundred differs.
#[divan::bench(args = sizes())]
fn diff_of_one_percent(bencher: Bencher<'_, '_>, memberships: usize) {
    let world = World::of(memberships, Nesting::Flat);
    let (desired, live) = (world.desired(), world.drifted());
    let bencher = bencher.counter(per_membership(memberships));
    bencher.with_inputs(|| desired.clone()).bench_local_values(|desired| {
        plan::diff(&Resolved::of(black_box(desired), &live), &live, &Locator::new(&world.tree))
    });
}

/// One membership in a hundred differs.
#[divan::bench(args = sizes())]
fn route(bencher: Bencher<'_, '_>, memberships: usize) {
    let world = World::of(memberships, Nesting::Flat);
    let drift = Drift::of(&world);
    let bencher = bencher.counter(per_membership(memberships));
    bencher.with_inputs(|| drift.changes.clone()).bench_local_values(|changes| drift.route(changes));
}
