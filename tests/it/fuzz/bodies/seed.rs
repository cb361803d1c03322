//! The seed of a sandbox.

use rollbook::sandbox::{Options, Sandbox, Seed};

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(seed) = Seed::parse(&text) else { return };
    let written = seed.to_yaml().expect("what was read can be written");
    let again = Seed::parse(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
    assert_eq!(again, seed, "{written}");
    Sandbox::new(&seed, &Options::default()).expect("a seed that was read makes a sandbox");
}
