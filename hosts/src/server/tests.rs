use std::sync::Arc;

use axum::routing::get;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::Notify,
    task::JoinHandle,
};

use super::*;

async fn start(router: Router, patience: Duration) -> (SocketAddr, Shutdown, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::default();
    let server = tokio::spawn(serve(listener, router, shutdown.clone(), patience));
    (address, shutdown, server)
}

async fn ask(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
    stream
}

async fn all_of(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// A route that tells when it was reached and answers when it is told to.
fn slow() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (reached, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (in_reached, in_go_on) = (Arc::clone(&reached), Arc::clone(&go_on));
    let handler = move || async move {
        in_reached.notify_one();
        in_go_on.notified().await;
        "done"
    };
    (Router::new().route("/", get(handler)), reached, go_on)
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_server_ends() {
    let (router, reached, go_on) = slow();
    let (address, shutdown, server) = start(router, Duration::from_secs(60)).await;
    let client = ask(address).await;
    reached.notified().await;
    shutdown.begin();
    go_on.notify_one();
    let answer = all_of(client).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"),
        "{answer}"
    );
    server.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_connection_that_lies_idle_does_not_hold_up_the_end() {
    let (address, shutdown, server) = start(Router::new(), Duration::from_secs(3600)).await;
    let mut idle = ask(address).await;
    let mut text = [0; 1024];
    assert!(idle.read(&mut text).await.unwrap() > 0);
    shutdown.begin();
    server.await.unwrap();
    assert_eq!(all_of(idle).await, "");
}

#[tokio::test]
async fn a_server_whose_end_is_announced_still_answers_and_keeps_no_connection() {
    let (address, shutdown, server) = start(Router::new(), Duration::from_secs(60)).await;
    let mut kept = ask(address).await;
    let mut text = [0; 1024];
    assert!(kept.read(&mut text).await.unwrap() > 0);
    shutdown.announce();
    kept.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
    for client in [kept, ask(address).await] {
        let answer = all_of(client).await;
        assert!(
            answer.starts_with("HTTP/1.1 404") && answer.contains("connection: close"),
            "{answer}"
        );
    }
    shutdown.begin();
    server.await.unwrap();
}

#[tokio::test]
async fn patience_ends() {
    let (router, reached, _go_on) = slow();
    let (address, shutdown, server) = start(router, Duration::from_millis(10)).await;
    let _client = ask(address).await;
    reached.notified().await;
    shutdown.begin();
    server.await.unwrap();
}

#[tokio::test]
async fn a_handler_knows_where_the_request_comes_from() {
    let handler = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
    let (address, shutdown, server) = start(Router::new().route("/", get(handler)), Duration::from_secs(60)).await;
    let client = ask(address).await;
    let from = client.local_addr().unwrap().to_string();
    let mut text = [0; 1024];
    let mut client = client;
    let length = client.read(&mut text).await.unwrap();
    assert!(String::from_utf8_lossy(&text[..length]).ends_with(&from));
    shutdown.begin();
    server.await.unwrap();
}
