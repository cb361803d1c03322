//! How a write is sent, and what is known of it afterwards.

use std::future::pending;

use tokio::sync::watch;

use rollbook_core::model::Exchange;

/// Until when a write may be sent, and what is noted while one request or several are sent for an operation.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// The requests that left, in their order, with their answers. Those that were turned away and sent again are
    /// among them.
    pub exchanges: Vec<Exchange>,
    /// Turns true when nothing may be sent any more.
    halt: Option<watch::Receiver<bool>>,
}

impl Sending {
    /// Sends until `halt` turns true: what waits for its turn then is not sent, and what was sent is waited for.
    pub fn until(halt: watch::Receiver<bool>) -> Self {
        Self { halt: Some(halt), ..Self::default() }
    }

    /// Waits for something, but no longer than something may be sent.
    pub(super) async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let halted = async {
            let halted = match &mut self.halt {
                Some(halt) => halt.wait_for(|halt| *halt).await.is_ok(),
                None => false,
            };
            // Nobody is there to halt it.
            if !halted {
                pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = halted => None,
            done = work => Some(done),
        }
    }
}
