//! How long the pure parts take, by the number of memberships, and what they allocate.
//!
//! `cargo bench --bench parts` runs them at 10,000 and 100,000 memberships, and with `ROLLBOOK_BENCH_MILLION` set also
//! at 1,000,000. For each, [`divan`] prints times, memberships per second and allocations.

#![expect(clippy::expect_used, reason = "what cannot be set up cannot be measured")]

mod planning;
mod reading;
mod showing;
mod world;

use std::sync::LazyLock;

use divan::AllocProfiler;
use divan::counter::ItemsCount;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// The numbers of memberships at which everything is measured.
static SIZES: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let million = std::env::var_os("ROLLBOOK_BENCH_MILLION").map(|_| 1_000_000);
    [10_000, 100_000].into_iter().chain(million).collect()
});

fn sizes() -> impl Iterator<Item = usize> {
    SIZES.iter().copied()
}

fn per_membership(memberships: usize) -> ItemsCount {
    ItemsCount::new(memberships)
}

fn main() {
    divan::main();
}
