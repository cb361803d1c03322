//! Counts comparisons of names and IDs, for `benches/growth`. Without the feature `count-comparisons` it counts nothing.

#[cfg(feature = "count-comparisons")]
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "count-comparisons")]
static COMPARISONS: AtomicU64 = AtomicU64::new(0);

/// How many names and IDs have been compared, by order or for equality, since the program started.
#[cfg(feature = "count-comparisons")]
pub fn comparisons() -> u64 {
    COMPARISONS.load(Ordering::Relaxed)
}

/// Counts a comparison.
#[inline]
pub(super) fn compared() {
    #[cfg(feature = "count-comparisons")]
    COMPARISONS.fetch_add(1, Ordering::Relaxed);
}
