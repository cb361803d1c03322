//! The one integration test binary.

mod client;
mod client_jira;
mod floors;
