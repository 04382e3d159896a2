//! Webhooks on their way out: through a real sidecar and the gateway, to receivers of every kind.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{OriginalUri, State},
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::post,
};
use punctual::{
    dapr::{
        app::{App, AppToken},
        subscriber::Subscriber,
        webhooks::{InvokedWebhooks, Way},
    },
    health::Health,
    server,
    shutdown::Shutdown,
    webhooks::{AddressPolicy, Delivery, DirectSender, Failure, Outcome, Target, WebhookSecret, WebhookSender as _},
};
use punctual_events::Timestamp;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};

use crate::{
    asking::eventually,
    machinery::{API_TOKEN, APP_TOKEN, Machinery, Process, Seat},
    nothing::Nothing,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_123);

/// A request as it arrived.
pub(crate) type Arrived = (String, HeaderMap, Bytes);

/// A sidecar, a process beside it that has the gateway, and what sends through both.
struct Outgoing {
    seat: Seat,
    sidecar: Process,
    sender: InvokedWebhooks,
    _machinery: Machinery,
}

fn open_to_loopback() -> AddressPolicy {
    AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()])
}

fn secret() -> WebhookSecret {
    WebhookSecret::from_random([4; 32])
}

impl Outgoing {
    /// Sender and gateway each have a policy; in the program it is the same.
    async fn open(gateway: AddressPolicy) -> Self {
        let (machinery, seat) = (Machinery::start(), Seat::choose());
        let sidecar = machinery.sidecar("notification", seat);
        let app = App {
            types: Vec::new(),
            actor_idle: Duration::from_secs(600),
            actors: None,
            subscriber: Subscriber::new(Vec::new(), Arc::new(Nothing)),
            letters: None,
            jobs: None,
            audit: None,
            egress: Some(DirectSender::new(gateway)),
            token: Some(AppToken::new(APP_TOKEN)),
            checkup: Arc::default(),
            health: Arc::new(Health::default()),
        };
        let app_listen = SocketAddr::from(([127, 0, 0, 1], seat.app));
        let listener = TcpListener::bind(app_listen).await.unwrap();
        tokio::spawn(async move {
            server::serve(listener, app.router(), Shutdown::default(), Duration::from_secs(1)).await;
        });
        let way = Way {
            sidecar_port: seat.http,
            api_token: Some(API_TOKEN),
            app_listen,
        };
        let opened = Self {
            seat,
            sidecar,
            sender: InvokedWebhooks::new(&way, open_to_loopback()).unwrap(),
            _machinery: machinery,
        };
        // A port nobody listens on: whatever the answer is, there is one.
        eventually("the way out is open", async || {
            opened.send("http://127.0.0.1:1/").await.ok()
        })
        .await;
        opened
    }

    async fn send(&self, url: &str) -> Result<Outcome, punctual_actors::ports::Failure> {
        let target = Target::parse(url, &open_to_loopback()).unwrap();
        let delivery = Delivery {
            id: "msg_1",
            secret: &secret(),
            content_type: "application/json",
            body: Bytes::from_static(b"{\"data\": {\"a\":  1}} \n"),
        };
        self.sender.send(&target, delivery.sign(NOW).unwrap()).await
    }
}

/// A receiver that answers what its path says, and what arrives there.
pub(crate) async fn receiver() -> (String, mpsc::UnboundedReceiver<Arrived>) {
    async fn take(
        State(arrived): State<mpsc::UnboundedSender<Arrived>>,
        OriginalUri(uri): OriginalUri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        arrived.send((uri.to_string(), headers, body)).unwrap();
        match uri.path() {
            "/moved" => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/hook")]).into_response(),
            "/broken" => (StatusCode::INTERNAL_SERVER_ERROR, "s3cret").into_response(),
            _ => StatusCode::ACCEPTED.into_response(),
        }
    }
    let (sender, arrived) = mpsc::unbounded_channel();
    let router = Router::new().fallback(post(take)).with_state(sender);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, arrived)
}

/// A receiver that answers with these bytes, and then with `more` of them for as long as somebody takes them.
async fn hostile(head: &'static str, more: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(head.as_bytes()).await;
                while !more.is_empty() && socket.write_all(more).await.is_ok() {}
            });
        }
    });
    url
}

#[tokio::test]
async fn a_webhook_leaves_by_service_invocation_and_arrives_as_it_was_signed() {
    let way = Outgoing::open(open_to_loopback()).await;
    let (url, mut arrived) = receiver().await;
    let odd = "/a%2Fb//c/%7Ed/?x=y%2Fz&q=a+b";
    assert_eq!(
        way.send(&format!("{url}{odd}")).await.unwrap(),
        Outcome::Delivered { status: 202 }
    );
    let (uri, headers, body) = arrived.recv().await.unwrap();
    assert_eq!((&*uri, &*body), (odd, &b"{\"data\": {\"a\":  1}} \n"[..]));
    assert_eq!(headers["webhook-signature"], secret().sign("msg_1", NOW, &body));
    let mut names: Vec<&str> = headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    // Nothing of the sidecar's, its tokens least of all.
    assert_eq!(
        names,
        [
            "accept",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "webhook-id",
            "webhook-signature",
            "webhook-timestamp"
        ]
    );
    let metrics = format!("http://127.0.0.1:{}/metrics", way.seat.metrics);
    let metrics = crate::actors::http()
        .get(metrics)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let invoked = format!("dst_app_id=\"http://127.0.0.1:{}/egress\"", way.seat.app);
    assert!(metrics.contains(&invoked), "it did not go through the sidecar");
    assert!(!metrics.contains("q=a+b"), "URLs of webhooks are credentials");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_private_address_not_reached() {
    let way = Outgoing::open(open_to_loopback()).await;
    let (url, mut arrived) = receiver().await;
    for (path, status) in [("/moved", 307), ("/broken", 500)] {
        let outcome = way.send(&format!("{url}{path}")).await.unwrap();
        assert_eq!(outcome, Outcome::Failed(Failure::Status(status)));
        assert_eq!(arrived.recv().await.unwrap().0, path);
    }
    assert!(arrived.try_recv().is_err(), "a redirect was followed");

    // A name that leads elsewhere by the time of the connection: the gateway, which connects, is the one that refuses.
    let closed = Outgoing::open(AddressPolicy::default()).await;
    let name = url.replace("127.0.0.1", "localhost");
    assert!(matches!(closed.send(&name).await.unwrap(), Outcome::Refused(_)));
    assert!(arrived.try_recv().is_err(), "a private address was reached");
}

#[tokio::test]
async fn no_answer_of_a_receiver_ends_the_sidecar() {
    let mut way = Outgoing::open(open_to_loopback()).await;
    let long = Box::leak(
        format!(
            "HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n",
            "a".repeat(8_000)
        )
        .into_boxed_str(),
    );
    for (head, more) in [
        // The sidecar itself panics at a status under 100, and when a call is cut off while it passes an answer on.
        ("HTTP/1.1 042 odd\r\ncontent-length: 0\r\n\r\n", &b""[..]),
        ("HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 4096]),
        ("HTTP/1.1 500 no\r\n\r\n", &[b'x'; 4096]),
        (long, b""),
        (
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
            b"",
        ),
        ("nonsense\r\n\r\n", b""),
    ] {
        let url = hostile(head, more).await;
        let outcome = way.send(&url).await;
        assert!(outcome.is_ok(), "{head:.20}: {outcome:?}");
    }
    assert!(way.sidecar.is_running());
    let (url, mut arrived) = receiver().await;
    assert_eq!(way.send(&url).await.unwrap(), Outcome::Delivered { status: 202 });
    assert!(arrived.recv().await.is_some());
}

#[tokio::test]
async fn without_the_sidecar_nothing_is_sent_and_it_is_not_the_receivers_fault() {
    let way = Outgoing::open(open_to_loopback()).await;
    let (url, mut arrived) = receiver().await;
    drop(way.sidecar);
    let target = Target::parse(&url, &open_to_loopback()).unwrap();
    let delivery = Delivery {
        id: "msg_1",
        secret: &secret(),
        content_type: "application/json",
        body: Bytes::new(),
    };
    let outcome = way.sender.send(&target, delivery.sign(NOW).unwrap()).await;
    assert!(outcome.is_err(), "{outcome:?}");
    assert!(arrived.try_recv().is_err());
}
