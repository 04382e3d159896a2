//! Over a real connection.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_tungstenite::{connect_async, tungstenite};

use super::*;

async fn serve(world: &World) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = world.role.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("{address}/v1/sync")
}

fn json_of(message: Option<Result<tungstenite::Message, tungstenite::Error>>) -> Value {
    serde_json::from_str(message.unwrap().unwrap().to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn a_client_over_the_network_hears_what_happens_and_why_it_ends() {
    let world = World::new(SyncConfig::default());
    let address = serve(&world).await;
    let (mut socket, _) = connect_async(format!("ws://{address}")).await.unwrap();
    socket.send(hello_text(None).into()).await.unwrap();
    assert_eq!(json_of(socket.next().await)["type"], "ready");
    world.happen(&[task("over the wire")]).await;
    assert_eq!(json_of(socket.next().await)["event"]["data"]["title"], "over the wire");
    world.happen(&[session_ended(SESSION)]).await;
    match socket.next().await.unwrap().unwrap() {
        tungstenite::Message::Close(Some(frame)) => assert_eq!(u16::from(frame.code), 4401),
        other => panic!("{other:?}"),
    }
    assert!(socket.next().await.is_none(), "both sides are done");
}

#[tokio::test]
async fn a_closing_client_is_let_go() {
    let world = World::new(SyncConfig::default());
    let address = serve(&world).await;
    let (mut socket, _) = connect_async(format!("ws://{address}")).await.unwrap();
    socket.send(hello_text(None).into()).await.unwrap();
    assert_eq!(json_of(socket.next().await)["type"], "ready");
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
    world.role.hub.emptied().await;
}

#[tokio::test]
async fn a_megabyte_is_not_taken_in() {
    let world = World::new(SyncConfig::default());
    let address = serve(&world).await;
    let (mut socket, _) = connect_async(format!("ws://{address}")).await.unwrap();
    // The server may hang up before all of it is sent.
    let _ = socket.send("x".repeat(1 << 20).into()).await;
    while let Some(Ok(_)) = socket.next().await {}
    world.role.hub.emptied().await;
}

#[tokio::test]
async fn a_plain_request_is_answered_with_a_problem() {
    let world = World::new(SyncConfig::default());
    let address = serve(&world).await;
    let (host, path) = address.split_once('/').unwrap();
    for (method, status, code) in [("GET", 400, "bad_request"), ("POST", 405, "method_not_allowed")] {
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        let request = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        assert!(answer.contains(&format!(r#""code":"{code}""#)), "{answer}");
    }
}
