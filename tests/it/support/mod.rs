//! What tests are made with: worlds and declarations by hand and by chance, and how many of them a run tries.

pub(crate) mod history;
pub(crate) mod soak;
pub(crate) mod spec;
pub(crate) mod world;
