//! The `rollbook` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    rollbook::cli::run().into()
}
