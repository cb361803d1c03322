//! The plan of a tree from which one membership in a hundred differs, to text and back.

use divan::{Bencher, black_box};
use rollbook::model::Plan;
use rollbook::plan::SavedPlan;
use rollbook::render::{self, Grouping};

use crate::world::{Drift, Nesting, VERSION, World};
use crate::{per_membership, sizes};

/// The columns of a terminal.
const WIDTH: usize = 100;

fn plan(memberships: usize) -> Plan {
    let world = World::of(memberships, Nesting::Flat);
    let drift = Drift::of(&world);
    let plan = drift.route(drift.changes.clone());
    assert_eq!(plan.operations.len(), memberships / 100);
    plan
}

#[divan::bench(args = sizes())]
fn text(bencher: Bencher<'_, '_>, memberships: usize) {
    let plan = plan(memberships);
    let bencher = bencher.counter(per_membership(memberships));
    bencher.bench_local(|| render::plan_text(black_box(&plan), Grouping::Group, WIDTH));
}

#[divan::bench(args = sizes())]
fn json(bencher: Bencher<'_, '_>, memberships: usize) {
    let plan = plan(memberships);
    bencher.counter(per_membership(memberships)).bench_local(|| render::plan_json(black_box(&plan)));
}

#[divan::bench(args = sizes())]
fn markdown(bencher: Bencher<'_, '_>, memberships: usize) {
    let plan = plan(memberships);
    bencher
        .counter(per_membership(memberships))
        .bench_local(|| render::plan_markdown(black_box(&plan), render::CommentLimit::GITHUB));
}

/// How `show` and `apply` read a saved plan.
#[divan::bench(args = sizes())]
fn read_back(bencher: Bencher<'_, '_>, memberships: usize) {
    let text = render::plan_json(&plan(memberships));
    let bencher = bencher.counter(per_membership(memberships));
    bencher.bench_local(|| SavedPlan::read(black_box(&text), VERSION).expect("this version wrote it"));
}
