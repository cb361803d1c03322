//! Desired − live → plan, as pure functions. Floor 1: no async, no client, no clock, no environment.
