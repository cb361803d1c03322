//! The `rollbook` binary.

use std::process::ExitCode;

/// A plan allocates for each name and row that it reads, and musl's own allocator is slow at that.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rollbook::cli::run().into()
}
