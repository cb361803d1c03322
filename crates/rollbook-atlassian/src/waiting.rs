//! What a run waits for, as an event: whoever runs it would like to know why nothing happens.

use jiff::Timestamp;
use tokio::sync::watch;

use super::retry::Pause;

/// A wait that is long enough to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The method and the route that was turned away, or failed.
    pub request: String,
    /// What has to wait.
    pub pause: Pause,
    /// When it ends, by the wall clock.
    pub until: Timestamp,
}

/// Where waits are told. It keeps the last one.
pub type Waits = watch::Sender<Option<Waiting>>;
