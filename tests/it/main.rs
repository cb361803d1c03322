//! The one integration test binary.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on fails"
)]

mod cli;
mod client;
mod client_auth;
mod client_errors;
mod client_hosts;
mod client_jira;
mod client_limits;
mod client_pages;
mod client_scim;
mod client_scim_server;
mod config;
mod config_diagnostics;
mod config_files;
mod config_hidden;
mod config_laws;
mod config_memberships;
mod config_output;
mod config_size;
mod contract;
mod docs;
mod edge;
mod edits;
mod expired;
mod explain;
mod format;
mod fuzz;
mod guards;
mod guards_base;
mod import;
mod journal;
mod laws;
mod laws_base;
mod laws_rules;
mod lock;
mod management;
mod markdown;
mod markdown_laws;
mod oracle;
mod organization;
mod organization_reads;
mod organization_requests;
mod plan;
mod plan_identity;
mod plan_surfaces;
mod reading;
mod requests;
mod reviewed;
mod rooms;
mod rules;
mod sandbox_access;
mod sandbox_client;
mod sandbox_contract;
mod sandbox_faults;
mod sandbox_invite;
mod sandbox_jira;
mod sandbox_management;
mod sandbox_organization;
mod sandbox_reads;
mod sandbox_scim;
mod sandbox_seed;
mod sandbox_surfaces;
mod sandbox_writes;
mod schema;
mod snapshot;
mod soak;
mod spec;
mod trust;
mod world;
