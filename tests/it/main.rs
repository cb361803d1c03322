//! The one integration test binary.

mod client;
mod client_jira;
mod floors;
mod sandbox;
mod sandbox_access;
mod sandbox_client;
mod sandbox_contract;
mod sandbox_reads;
mod sandbox_seed;
mod sandbox_writes;
mod config;
mod config_diagnostics;
