//! How a write is sent, and what is known of it afterwards.

use crate::model::Exchange;

/// What is noted while one request or several are sent for an operation.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// The requests that left, in their order, with their answers. Those that were turned away and sent again are
    /// among them.
    pub exchanges: Vec<Exchange>,
}
