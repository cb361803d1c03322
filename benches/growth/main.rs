//! The cost of the pure parts for each membership, in a tree and in one a hundred times as large: counted, not timed, so
//! that every machine reports the same. A cost per membership that grows with the tree fails the run.
//!
//! `cargo bench --bench growth --features count-comparisons`

#![expect(clippy::expect_used, reason = "what cannot be set up cannot be measured")]

#[path = "../parts/world.rs"]
#[allow(dead_code, reason = "the other suite uses more of it")]
mod world;

use std::process::ExitCode;

use allocation_counter::{AllocationInfo, measure};
use rollbook::config;
use rollbook::model::{Locator, comparisons};
use rollbook::plan;

use world::{Nesting, TODAY, World};

/// The numbers of memberships that are compared.
const SIZES: [u32; 2] = [10_000, 1_000_000];

/// How many times as much a membership may cost in the larger tree. A lookup among a hundred times as many takes about
/// half as many steps again; a loop over all for each takes a hundred times as many.
const BOUND: f64 = 1.6;

/// The counters, with the count for each membership of a tree.
type Counts = [(&'static str, f64); 4];

#[expect(clippy::print_stdout, reason = "a table is what this is for")]
fn main() -> ExitCode {
    let [small, large] = SIZES.map(counts);
    println!("{:32} {:>12} {:>12} {:>7}", "for each membership, of", SIZES[0], SIZES[1], "ratio");
    let mut grew = false;
    for ((what, small), (_, large)) in small.into_iter().zip(large) {
        let ratio = large / small;
        let verdict = if ratio > BOUND { "  grows" } else { "" };
        println!("{what:32} {small:>12.3} {large:>12.3} {ratio:>7.2}{verdict}");
        grew |= ratio > BOUND;
    }
    println!("the bound is {BOUND}");
    ExitCode::from(u8::from(grew))
}

fn counts(memberships: u32) -> Counts {
    let world = World::of(memberships as usize, Nesting::Flat);
    let live = world.live();
    let diff = || {
        let desired = world.desired();
        measure(|| {
            let resolved = plan::Resolved::of(desired.clone(), &live);
            let changes = plan::diff(&resolved, &live, &Locator::new(&world.tree));
            assert!(
                changes.changes.is_empty() && changes.blocked.is_empty(),
                "the site matches the configuration"
            );
        })
    };
    let parsed = measure(|| drop(config::parse(&world.tree, TODAY)));
    let flattened = measure(|| drop(world.desired()));
    let before = comparisons();
    let differed = diff();
    let compared = comparisons() - before;
    let each = |count: u64| {
        #[expect(clippy::cast_precision_loss, reason = "it is for a ratio of two digits")]
        let count = count as f64;
        count / f64::from(memberships)
    };
    let allocations = |info: &AllocationInfo| each(info.count_total);
    [
        ("allocations of config::parse", allocations(&parsed)),
        ("allocations of Desired::of", allocations(&flattened)),
        ("allocations of plan::diff", allocations(&differed)),
        ("comparisons of both of these", each(compared)),
    ]
}
