//! How often somebody without a token may come from one address.

use punctual::roles::api::ApiConfig;
use serde_json::json;

use crate::support::{
    Client, Server,
    server::{PASSWORD, email, registration, unlimited},
};

async fn three_a_minute() -> Server {
    let config = ApiConfig {
        anonymous_per_minute: std::num::NonZeroU32::new(3),
        ..unlimited()
    };
    Server::start_with(config).await
}

async fn register(client: &Client, name: &str) -> u16 {
    client.post("/v1/users", &registration(name)).await.status
}

#[tokio::test]
async fn an_address_registers_so_many_a_minute_and_is_told_when_the_next_may_come() {
    let server = three_a_minute().await;
    let from = server.anonymous();
    for name in ["ann", "bob", "cid"] {
        assert_eq!(register(&from, name).await, 201, "{name}");
    }
    let limited = from.post("/v1/users", &registration("dan")).await;
    assert_eq!(limited.problem(), (429, "rate_limited"));
    // Three a minute are one in twenty seconds, less what the hashes took.
    let seconds: u32 = limited.header("retry-after").parse().unwrap();
    assert!((2..=20).contains(&seconds), "{seconds}");
    assert_eq!(register(&server.anonymous_from([127, 0, 0, 2]), "dan").await, 201);
}

#[tokio::test]
async fn who_signs_in_with_the_right_password_is_counted_like_who_registers() {
    let server = three_a_minute().await;
    let from = server.anonymous();
    assert_eq!(register(&from, "ann").await, 201);
    let credentials = json!({"email": email("ann"), "password": PASSWORD});
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(from.post("/v1/sessions", &credentials).await.status);
    }
    assert_eq!(statuses, [201, 201, 429]);
}
