//! The sandbox on a socket.

use std::future::Future;
use std::io;

use tokio::net::TcpListener;

use super::emulator::Sandbox;

/// Serves a sandbox until `shutdown` is ready and the current requests are answered.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidInput`] when the listener is not on loopback, since `/_sandbox` needs no
/// credentials; otherwise the socket's error.
pub async fn serve(
    sandbox: &Sandbox,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    if !listener.local_addr()?.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sandbox serves on loopback only"));
    }
    let closing = sandbox.clone();
    let shutdown = async move {
        shutdown.await;
        closing.close();
    };
    axum::serve(listener, sandbox.router()).with_graceful_shutdown(shutdown).await
}
