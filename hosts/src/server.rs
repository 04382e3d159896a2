//! The HTTP server: takes connections, serves them, and lets them finish.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, time::Duration};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderValue, Request, Response, StatusCode, header},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tower::Service as _;

use crate::shutdown::Shutdown;

/// A request's head must be there within this, which is also how long a connection may lie idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Of a request's head, and of a body's part in memory, in bytes.
const MAX_BUFFER_BYTES: usize = 64 * 1024;
/// Without file descriptors left accepting fails at once and for a while; this keeps us from spinning.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` until `shutdown` begins, then takes no more connections and lets requests under way finish, for `patience` at most.
///
/// Once `shutdown` is announced every answer closes its connection: a client, or a proxy with a pool of connections, opens the next one where it
/// is wanted, and finds none cut off in the end.
///
/// Connections that were upgraded to WebSockets are no longer the server's: whoever upgraded them ends them.
pub async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown, patience: Duration) {
    // Never sent on: it closes when the last connection has dropped its end.
    let (open, mut all_closed) = mpsc::channel::<Infallible>(1);
    let mut begun = pin!(shutdown.begun());
    loop {
        tokio::select! {
            () = &mut begun => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let connection = connection(stream, peer, router.clone(), shutdown.clone());
                    let open = open.clone();
                    tokio::spawn(async move {
                        connection.await;
                        drop(open);
                    });
                }
                Err(error) => pause_after(&error).await,
            },
        }
    }
    drop((listener, open));
    if timeout(patience, all_closed.recv()).await.is_err() {
        tracing::warn!(
            patience_s = patience.as_secs(),
            "requests were still under way and are cut off"
        );
    }
}

async fn pause_after(error: &io::Error) {
    if is_of_the_connection(error) {
        return;
    }
    tracing::error!(%error, "cannot accept connections");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// The client was gone before we accepted; the next one may be fine.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, shutdown: Shutdown) {
    // An answer is one write, and the client waits for it: nothing is won by holding it back. Failing means the client is gone.
    let _ = stream.set_nodelay(true);
    let foreseen = shutdown.clone();
    let service = service_fn(move |request| {
        let (answer, foreseen) = (answer(router.clone(), request, peer), foreseen.clone());
        async move { answer.await.map(|answer| last_of_its_connection(answer, &foreseen)) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut served = pin!(served);
    let outcome = tokio::select! {
        outcome = served.as_mut() => outcome,
        () = shutdown.begun() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = outcome {
        // Clients come and go; what they do wrong is for whoever looks for it.
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

async fn answer(
    mut router: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response<axum::body::Body>, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    router.call(request).await
}

/// The answer, which ends its connection if the server is to end. One that makes a WebSocket of it does not: whoever upgraded it ends it.
fn last_of_its_connection<B>(mut answer: Response<B>, shutdown: &Shutdown) -> Response<B> {
    if shutdown.is_announced() && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    }
    answer
}

#[cfg(test)]
mod tests;
