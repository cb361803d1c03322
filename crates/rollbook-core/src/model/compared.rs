//! Where comparisons of names and ids are counted, for `benches/growth`. Without the feature `count-comparisons`
//! nothing is.

#[cfg(feature = "count-comparisons")]
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "count-comparisons")]
static COMPARISONS: AtomicU64 = AtomicU64::new(0);

/// How many names and ids have been compared, by order or for equality, since the program started.
#[cfg(feature = "count-comparisons")]
pub fn comparisons() -> u64 {
    COMPARISONS.load(Ordering::Relaxed)
}

/// Takes a comparison in.
#[inline]
pub(super) fn compared() {
    #[cfg(feature = "count-comparisons")]
    COMPARISONS.fetch_add(1, Ordering::Relaxed);
}
