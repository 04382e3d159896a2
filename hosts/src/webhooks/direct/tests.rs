//! Against a real receiver on loopback.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::Redirect,
    routing::post,
};
use bytes::Bytes;
use tokio::net::TcpListener;

use punctual_events::Timestamp;

use super::{
    super::{sender::Delivery, signature::WebhookSecret},
    *,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_123);

/// What the receiver saw.
#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    last: std::sync::Mutex<Option<(HeaderMap, Bytes)>>,
}

async fn receiver() -> (SocketAddr, Arc<Seen>) {
    async fn take(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: Bytes) -> StatusCode {
        seen.requests.fetch_add(1, Ordering::Relaxed);
        *seen.last.lock().unwrap() = Some((headers, body));
        StatusCode::ACCEPTED
    }
    let seen = Arc::new(Seen::default());
    let router = Router::new()
        .route("/hook", post(take))
        .route("/moved", post(|| async { Redirect::temporary("/hook") }))
        .route(
            "/outside",
            post(|| async { (StatusCode::FOUND, [(LOCATION, "http://169.254.169.254/")]) }),
        )
        .route(
            "/broken",
            post(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "s3cret") }),
        )
        .route("/silent", post(std::future::pending::<StatusCode>))
        .route(
            "/endless",
            post(|| async {
                Body::from_stream(futures_util::stream::repeat_with(|| {
                    Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096]))
                }))
            }),
        )
        .with_state(Arc::clone(&seen));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, seen)
}

fn loopback_opened() -> AddressPolicy {
    AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()])
}

fn secret() -> WebhookSecret {
    WebhookSecret::from_random([4; 32])
}

async fn send_with(sender: &DirectSender, url: &str) -> Outcome {
    let target = Target::parse(url, &loopback_opened()).unwrap();
    let secret = secret();
    let delivery = Delivery {
        id: "msg_1",
        secret: &secret,
        content_type: "application/json",
        body: Bytes::from_static(b"{}"),
    };
    sender.exchange(&target, delivery.sign(NOW).unwrap()).await
}

async fn send(url: &str) -> Outcome {
    send_with(&DirectSender::new(loopback_opened()), url).await
}

#[tokio::test]
async fn a_delivery_arrives_signed() {
    let (address, seen) = receiver().await;
    assert_eq!(
        send(&format!("http://{address}/hook")).await,
        Outcome::Delivered { status: 202 }
    );
    let (headers, body) = seen.last.lock().unwrap().take().unwrap();
    assert_eq!(headers["webhook-id"], "msg_1");
    assert_eq!(headers["webhook-timestamp"], "1800000000");
    assert_eq!(headers["webhook-signature"], secret().sign("msg_1", NOW, &body));
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["user-agent"], concat!("Punctual/", env!("CARGO_PKG_VERSION")));
    assert_eq!(body, "{}");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (address, seen) = receiver().await;
    assert_eq!(
        send(&format!("http://{address}/moved")).await,
        Outcome::Failed(Failure::Status(307))
    );
    assert_eq!(
        send(&format!("http://{address}/outside")).await,
        Outcome::Failed(Failure::Status(302))
    );
    assert_eq!(seen.requests.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn another_status_is_a_failure_that_shows_nothing_of_the_answer() {
    let (address, _) = receiver().await;
    let Outcome::Failed(failure) = send(&format!("http://{address}/broken")).await else {
        panic!("not a failure")
    };
    assert_eq!(failure.to_string(), "answered with status 500");
}

#[tokio::test]
async fn a_name_of_a_private_address_is_refused_after_resolution() {
    let (address, seen) = receiver().await;
    let url = format!("http://localhost:{}/hook", address.port());
    let closed = DirectSender::new(AddressPolicy::default());
    assert_eq!(send_with(&closed, &url).await, Outcome::Refused(RefusedAddress));
    assert_eq!(seen.requests.load(Ordering::Relaxed), 0);
    assert_eq!(send(&url).await, Outcome::Delivered { status: 202 });
}

#[tokio::test]
async fn an_address_stored_while_it_was_allowed_is_refused_once_it_is_not() {
    let (address, seen) = receiver().await;
    let closed = DirectSender::new(AddressPolicy::default());
    let outcome = send_with(&closed, &format!("http://{address}/hook")).await;
    assert_eq!(outcome, Outcome::Refused(RefusedAddress));
    assert_eq!(seen.requests.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_given_up() {
    let (address, _) = receiver().await;
    let impatient = DirectSender::with_timeout(loopback_opened(), Duration::from_millis(250));
    let outcome = send_with(&impatient, &format!("http://{address}/silent")).await;
    assert_eq!(
        outcome,
        Outcome::Failed(Failure::NoAnswer("no answer within 0.25 s".to_owned()))
    );
}

#[tokio::test]
async fn an_endless_answer_is_not_read() {
    let (address, _) = receiver().await;
    assert_eq!(
        send(&format!("http://{address}/endless")).await,
        Outcome::Delivered { status: 200 }
    );
}

#[tokio::test]
async fn a_failure_names_its_cause_and_not_the_url() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    // A label of more than 63 characters: no resolver even asks the network for it.
    let unresolvable = format!("http://{}.invalid/s3cret", "x".repeat(64));
    for url in [format!("http://{address}/s3cret?token=s3cret"), unresolvable] {
        let Outcome::Failed(failure) = send(&url).await else {
            panic!("not a failure")
        };
        let text = failure.to_string();
        assert!(
            text.starts_with("no connection: ") && !text.contains("s3cret") && !text.contains("://"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_receiver_that_does_not_speak_tls_is_a_failure() {
    let (address, seen) = receiver().await;
    let outcome = send(&format!("https://{address}/hook")).await;
    assert!(matches!(outcome, Outcome::Failed(Failure::NoAnswer(_))), "{outcome:?}");
    assert_eq!(seen.requests.load(Ordering::Relaxed), 0);
}
