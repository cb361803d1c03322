//! One file a command: the wiring of reads, pure steps, writes and text. Floor 3.

pub mod apply;
pub mod check;
pub mod demo;
pub mod generated;
pub mod plan;
pub mod sandbox;

mod session;

pub use session::{Session, log};
use session::{block_on, connect};
