//! Delivers a response to the client: completely, in pieces, or only in part.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::sync::watch;
use tokio::time::sleep;

use super::reply::Reply;

/// How long a stalled connection is held: longer than any client waits.
const HELD: Duration = Duration::from_secs(600);

/// The pause of a slow body between two pieces, and the number of pieces.
const PAUSE: Duration = Duration::from_millis(500);
const PIECES: usize = 6;

/// The fate of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is sent completely.
    Whole,
    /// It is sent completely, but slowly.
    Slow,
    /// The connection ends.
    Cut(Sent),
    /// Nothing more is sent.
    Stalled(Sent),
}

/// The part of a response that has been sent when its connection fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Not even the head.
    Nothing,
    /// The head, and half of the body.
    HalfBody,
}

/// A response and its fate.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) reply: Reply,
    pub(super) way: Way,
}

impl Delivery {
    /// A response that is sent completely.
    pub(super) fn whole(reply: Reply) -> Delivery {
        Delivery { reply, way: Way::Whole }
    }

    /// The status that the client sees; 0 if none is sent.
    pub(super) fn status(&self) -> u16 {
        match self.way {
            Way::Whole | Way::Slow | Way::Cut(Sent::HalfBody) | Way::Stalled(Sent::HalfBody) => {
                self.reply.status.as_u16()
            }
            Way::Cut(Sent::Nothing) | Way::Stalled(Sent::Nothing) => 0,
        }
    }

    /// Sends a response; a stalled one is released when the sandbox closes.
    pub(super) async fn send(self, closing: watch::Receiver<bool>) -> Response {
        match self.way {
            Way::Whole => self.reply.into_response(),
            Way::Slow => {
                let (mut head, body) = self.reply.apart();
                *head.body_mut() = Body::from_stream(in_pieces(&body));
                head
            }
            Way::Cut(Sent::Nothing) => cut(),
            Way::Stalled(Sent::Nothing) => {
                held(closing).await;
                cut()
            }
            Way::Cut(Sent::HalfBody) => half(self.reply, sleep(Duration::from_millis(1))),
            Way::Stalled(Sent::HalfBody) => half(self.reply, held(closing)),
        }
    }
}

/// Makes hyper end the connection: the head is not sent before the first part of its body, which fails.
fn cut() -> Response {
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, io::Error>(broken())])))
}

/// Sends head and half of the body, and ends the connection after `waits`.
fn half(reply: Reply, waits: impl Future<Output = ()> + Send + 'static) -> Response {
    let (mut head, mut body) = reply.apart();
    body.truncate(body.len() / 2);
    let end = stream::once(async {
        waits.await;
        Err(broken())
    });
    *head.body_mut() = Body::from_stream(stream::iter([Ok(Bytes::from(body))]).chain(end));
    head
}

fn broken() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionReset)
}

async fn held(mut closing: watch::Receiver<bool>) {
    // The client may be gone long before, and then this is dropped.
    tokio::select! {
        () = sleep(HELD) => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
}

fn in_pieces(body: &[u8]) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let size = body.len().div_ceil(PIECES).max(1);
    let pieces: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    stream::iter(pieces).then(|piece| async {
        sleep(PAUSE).await;
        Ok(piece)
    })
}
