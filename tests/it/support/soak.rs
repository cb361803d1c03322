//! How much chance the laws meet.

/// How many random worlds a law is held to: `ROLLBOOK_LAWS`, else few enough for every day. `.ci/run` asks for 2,000, and
/// `ROLLBOOK_SOAK=1` for 20,000. A law whose worlds cost more takes a share of them.
pub(crate) fn worlds() -> u32 {
    let named = std::env::var("ROLLBOOK_LAWS").ok();
    named.map_or(if soaks() { 20_000 } else { 256 }, |text| text.parse().expect("ROLLBOOK_LAWS is a number"))
}

/// Whether a long run is asked for.
pub(crate) fn soaks() -> bool {
    std::env::var_os("ROLLBOOK_SOAK").is_some_and(|soak| soak == "1")
}
