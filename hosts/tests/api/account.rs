//! Registration, sessions, settings, the end of an account.

use punctual::{
    ports::{Records as _, system_command},
    roles::api::{ApiConfig, Registration},
};
use punctual_actors::user::UserCommand;
use punctual_events::{SessionId, Timestamp, UserId};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    Answer, Client, Server,
    server::{PASSWORD, email, registration, unlimited},
};

async fn sign_in(client: &Client, name: &str, password: &str) -> Answer {
    let credentials = json!({"email": email(name), "password": password});
    client.post("/v1/sessions", &credentials).await
}

fn user_id(answer: &Answer) -> UserId {
    answer.body["user"]["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn registering_signs_in_and_the_token_opens_the_account() {
    let server = Server::start().await;
    let answer = server.anonymous().post("/v1/users", &registration("ann")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, "no-store"));
    let ann = server.anonymous().with_token(answer.body["token"].as_str().unwrap());
    let me = ann.get("/v1/me").await;
    assert_eq!((me.status, &me.body), (200, &answer.body["user"]));
    assert_eq!(me.body["email"], "ann@example.org");
    assert_eq!(me.body["time_zone"], "Europe/Paris");
}

#[tokio::test]
async fn an_address_has_one_account_whatever_its_spelling() {
    let server = Server::start().await;
    server.register("ann").await;
    let again = server.anonymous().post("/v1/users", &registration("ANN")).await;
    assert_eq!(again.problem(), (409, "email_taken"));
    assert_eq!(sign_in(&server.anonymous(), "Ann", PASSWORD).await.status, 201);
}

#[tokio::test]
async fn of_registrations_at_once_one_wins() {
    let server = Server::start().await;
    let (anonymous, form) = (server.anonymous(), registration("ann"));
    let (one, two, three) = tokio::join!(
        anonymous.post("/v1/users", &form),
        anonymous.post("/v1/users", &form),
        anonymous.post("/v1/users", &form),
    );
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let server = Server::start().await;
    server.register("ann").await;
    let wrong = sign_in(&server.anonymous(), "ann", "not her password").await;
    let unknown = sign_in(&server.anonymous(), "bob", PASSWORD).await;
    assert_eq!(wrong.problem(), (401, "bad_credentials"));
    assert_eq!(wrong.body, unknown.body);
    let too_long = sign_in(&server.anonymous(), "ann", &"x".repeat(2000)).await;
    assert_eq!(too_long.body, wrong.body);
}

#[tokio::test]
async fn signing_out_voids_the_token_at_once_and_no_other() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let second = sign_in(&ann, "ann", PASSWORD).await;
    let elsewhere = ann.with_token(second.body["token"].as_str().unwrap());
    assert_eq!(ann.delete("/v1/sessions/current").await.status, 204);
    for path in [
        "/v1/me",
        "/v1/tasks",
        "/v1/notifications",
        "/v1/webhooks",
        "/v1/audit",
        "/v1/audit/verify",
    ] {
        assert_eq!(ann.get(path).await.problem(), (401, "session_ended"), "{path}");
    }
    assert_eq!(ann.post("/v1/tasks", &json!({"title": "x"})).await.status, 401);
    assert_eq!(elsewhere.get("/v1/me").await.status, 200);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_repeating_the_change_is_harmless() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let second = sign_in(&ann, "ann", PASSWORD).await;
    let elsewhere = ann.with_token(second.body["token"].as_str().unwrap());
    let change = json!({"current_password": PASSWORD, "password": "a longer passphrase"});
    assert_eq!(ann.patch("/v1/me", &change).await.status, 200);
    assert_eq!(elsewhere.get("/v1/me").await.problem(), (401, "session_ended"));
    assert_eq!(ann.patch("/v1/me", &change).await.status, 200);
    assert_eq!(sign_in(&ann, "ann", PASSWORD).await.status, 401);
    assert_eq!(sign_in(&ann, "ann", "a longer passphrase").await.status, 201);
}

#[tokio::test]
async fn a_password_is_changed_only_by_who_knows_the_present_one() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let wrong = json!({"current_password": "a guess of somebody", "password": "a longer passphrase"});
    assert_eq!(ann.patch("/v1/me", &wrong).await.problem(), (401, "bad_credentials"));
    let without = json!({"password": "a longer passphrase"});
    let answer = ann.patch("/v1/me", &without).await;
    assert_eq!(
        (answer.problem(), &answer.body["field"]),
        ((422, "invalid"), &json!("current_password"))
    );
    let short = json!({"current_password": PASSWORD, "password": "short"});
    assert_eq!(ann.patch("/v1/me", &short).await.body["field"], "password");
    assert_eq!(sign_in(&ann, "ann", PASSWORD).await.status, 201);
}

/// The version counts edits, and its ETag guards edits: neither says that what is derived is still the same.
#[tokio::test]
async fn an_etag_of_before_a_change_of_zone_is_good_for_an_edit_and_never_for_not_reading_the_task() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x", "due": {"date": "2030-07-01"}})).await;
    let (path, etag) = (format!("/v1/tasks/{}", task.id()), task.header("etag").to_owned());
    ann.patch("/v1/me", &json!({"time_zone": "Asia/Tokyo"})).await;

    let read = ann.request(Method::GET, &path).header("If-None-Match", &etag);
    let read = crate::support::client::send(read).await;
    assert_eq!((read.status, read.header("etag")), (200, &*etag));
    assert_eq!(read.body["due"]["instant"], "2030-06-30T15:00:00.000Z");

    let edit = ann.request(Method::PATCH, &path).header("If-Match", &etag);
    let edited = crate::support::client::send(edit.json(&json!({"title": "y"}))).await;
    assert_eq!((edited.status, &edited.body["version"]), (200, &json!(2)));
    assert_eq!(edited.body["due"]["instant"], "2030-06-30T15:00:00.000Z");
}

#[tokio::test]
async fn a_change_of_zone_moves_all_day_tasks() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x", "due": {"date": "2030-07-01"}})).await;
    assert_eq!(task.body["due"]["instant"], "2030-06-30T22:00:00.000Z");
    let changed = ann.patch("/v1/me", &json!({"time_zone": "Asia/Tokyo"})).await;
    assert_eq!(
        (changed.status, &changed.body["time_zone"]),
        (200, &json!("Asia/Tokyo"))
    );
    let task = ann.get(&format!("/v1/tasks/{}", task.id())).await;
    assert_eq!(task.body["due"]["instant"], "2030-06-30T15:00:00.000Z");
    assert_eq!(task.body["version"], 1, "nobody edited it");
    assert_eq!(
        sign_in(&ann, "ann", PASSWORD).await.body["user"]["time_zone"],
        "Asia/Tokyo"
    );
    let unknown = ann.patch("/v1/me", &json!({"time_zone": "Mars/Olympus"})).await;
    assert_eq!(unknown.problem(), (422, "unknown_time_zone"));
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_address_free_for_somebody_else() {
    let server = Server::start().await;
    let first = server.anonymous().post("/v1/users", &registration("ann")).await;
    let ann = server.anonymous().with_token(first.body["token"].as_str().unwrap());
    ann.create(&json!({"title": "secret plans"})).await;
    assert_eq!(ann.delete("/v1/me").await.status, 204);
    assert_eq!(ann.get("/v1/tasks").await.problem(), (401, "session_ended"));
    assert_eq!(sign_in(&ann, "ann", PASSWORD).await.problem(), (401, "bad_credentials"));
    for (_, record) in server.records.all() {
        let text = String::from_utf8(record.to_vec()).unwrap();
        assert!(!text.contains("example.org") && !text.contains("argon2"), "{text}");
    }
    let second = server.anonymous().post("/v1/users", &registration("ann")).await;
    assert_eq!(second.status, 201);
    assert_ne!(user_id(&first), user_id(&second));
    let heir = ann.with_token(second.body["token"].as_str().unwrap());
    assert_eq!(heir.get("/v1/tasks").await.body["total"], 0);
}

#[tokio::test]
async fn a_deletion_that_was_cut_off_is_made_up_for_by_the_next_sign_in_or_registration() {
    let server = Server::start().await;
    for name in ["ann", "bob"] {
        let answer = server.anonymous().post("/v1/users", &registration(name)).await;
        // As far as the server got: the actor, not the record.
        let command = system_command(&server.services.environment, UserCommand::DeleteUser, None);
        server
            .services
            .actors
            .command_user(user_id(&answer), command)
            .await
            .unwrap();
    }
    let answer = sign_in(&server.anonymous(), "ann", PASSWORD).await;
    assert_eq!(answer.problem(), (401, "bad_credentials"));
    for name in ["ann", "bob"] {
        let answer = server.anonymous().post("/v1/users", &registration(name)).await;
        assert_eq!(answer.status, 201, "{name}");
    }
}

#[tokio::test]
async fn a_registration_that_was_cut_off_is_completed_by_signing_in() {
    let (whole, cut_off) = (Server::start().await, Server::start().await);
    whole.register("ann").await;
    // As far as the other server got: the record, not the actor.
    for (key, record) in whole.records.all() {
        assert!(cut_off.records.create(&key, record).await.unwrap());
    }
    let taken = cut_off.anonymous().post("/v1/users", &registration("ann")).await;
    assert_eq!(taken.problem(), (409, "email_taken"));
    let answer = sign_in(&cut_off.anonymous(), "ann", PASSWORD).await;
    assert_eq!(
        (answer.status, &answer.body["user"]["time_zone"]),
        (201, &json!("Europe/Paris"))
    );
    let ann = cut_off.anonymous().with_token(answer.body["token"].as_str().unwrap());
    assert_eq!(ann.get("/v1/tasks").await.status, 200);
}

#[tokio::test]
async fn where_registration_is_closed_who_has_an_account_keeps_it() {
    let open = Server::start().await;
    open.register("ann").await;
    let closed = ApiConfig {
        registration: Registration::Closed,
        ..unlimited()
    };
    let server = Server::start_with(closed).await;
    for (key, record) in open.records.all() {
        server.records.create(&key, record).await.unwrap();
    }
    let answer = server.anonymous().post("/v1/users", &registration("bob")).await;
    assert_eq!(answer.problem(), (403, "registration_closed"));
    assert_eq!(sign_in(&server.anonymous(), "ann", PASSWORD).await.status, 201);
}

#[tokio::test]
async fn what_is_no_registration_is_refused_by_field() {
    let server = Server::start().await;
    for (field, value, code) in [
        ("email", json!("ann"), "invalid"),
        ("email", json!("a\u{200b}nn@example.org"), "invalid"),
        ("password", json!("short"), "invalid"),
        ("password", json!("x".repeat(1025)), "invalid"),
        ("password", json!(12_345_678), "invalid"),
        ("password", Value::Null, "invalid"),
        ("time_zone", json!("europe/paris"), "unknown_time_zone"),
        ("time_zone", json!(""), "unknown_time_zone"),
        ("admin", json!(true), "invalid"),
    ] {
        let mut form = registration("ann");
        form[field] = value;
        let answer = server.anonymous().post("/v1/users", &form).await;
        assert_eq!((answer.problem(), &answer.body["field"]), ((422, code), &json!(field)));
    }
    assert!(server.records.all().is_empty());
}

#[tokio::test]
async fn who_comes_too_often_is_told_when_to_come_back() {
    let config = ApiConfig {
        requests_per_s: std::num::NonZeroU32::new(2),
        anonymous_per_minute: std::num::NonZeroU32::new(3),
        ..unlimited()
    };
    let server = Server::start_with(config).await;
    let ann = server.register("ann").await;
    let guess = sign_in(&ann, "ann", "a guess of somebody").await;
    assert_eq!(guess.problem(), (401, "bad_credentials"));
    // An address has a third as many wrong passwords as requests.
    let guess = sign_in(&ann, "ann", "a guess of somebody").await;
    assert_eq!(guess.problem(), (429, "rate_limited"));
    assert!(guess.header("retry-after").parse::<u32>().unwrap() > 1);
    let mut limited = None;
    for _ in 0..20 {
        let answer = ann.get("/v1/me").await;
        limited = limited.or((answer.status == 429).then_some(answer));
    }
    let limited = limited.unwrap();
    assert_eq!(
        (limited.problem(), limited.header("retry-after")),
        ((429, "rate_limited"), "1")
    );
}

#[tokio::test]
async fn forged_foreign_and_expired_tokens_are_refused() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let good = ann.token().to_owned();
    let (user, session) = (UserId(Uuid::from_u128(7)), SessionId(Uuid::from_u128(8)));
    let past = Timestamp::from_millis(1_000_000_000_000);
    let expired = server.tokens().issue(user, session, past).0;
    let unknown = server
        .tokens()
        .issue(user, session, server.services.environment.clock.now())
        .0;
    for (token, code) in [
        ("", "unauthorised"),
        ("nonsense", "unauthorised"),
        (&good[..good.len() - 1], "unauthorised"),
        (&good.replace("pt1.", "pt2."), "unauthorised"),
        (expired.expose(), "session_ended"),
        (unknown.expose(), "session_ended"),
    ] {
        let answer = ann.with_token(token).get("/v1/tasks").await;
        assert_eq!(answer.problem(), (401, code), "{token}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(
        server.anonymous().get("/v1/tasks").await.problem(),
        (401, "unauthorised")
    );
    let basic = server
        .anonymous()
        .request(reqwest::Method::GET, "/v1/tasks")
        .basic_auth("ann", Some(&good));
    assert_eq!(crate::support::client::send(basic).await.status, 401);
}

#[tokio::test]
async fn no_credential_is_in_any_event_or_record() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let key = ann.request(Method::POST, "/v1/tasks").json(&json!({"title": "x"}));
    crate::support::client::send(key.header("Idempotency-Key", "k")).await;
    let change = json!({"current_password": PASSWORD, "password": "a longer passphrase"});
    ann.patch("/v1/me", &change).await;
    let records = server.records.all();
    let records = records
        .iter()
        .map(|(_, record)| String::from_utf8_lossy(record).into_owned());
    let text: String = records.chain([server.delivery.published_text()]).collect();
    for secret in [ann.token(), PASSWORD, "a longer passphrase"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(!server.delivery.published_text().contains("example.org"));
}

#[tokio::test]
async fn a_stranger_who_guesses_keeps_the_owner_from_nothing() {
    let config = ApiConfig {
        anonymous_per_minute: std::num::NonZeroU32::new(6),
        ..unlimited()
    };
    let server = Server::start_with(config).await;
    server.register("ann").await;
    let stranger = server.anonymous_from([127, 0, 0, 2]);
    let guesses = [
        sign_in(&stranger, "ann", "wrong").await.status,
        sign_in(&stranger, "ann", "wrong").await.status,
        sign_in(&stranger, "ann", PASSWORD).await.status,
    ];
    assert_eq!(guesses, [401, 401, 429]);
    for _ in 0..3 {
        assert_eq!(sign_in(&server.anonymous(), "ann", PASSWORD).await.status, 201);
    }
}

#[tokio::test]
async fn behind_a_proxy_each_client_has_its_own_limit_and_nobody_else_can_claim_an_address() {
    let config = ApiConfig {
        anonymous_per_minute: std::num::NonZeroU32::new(3),
        trusted_proxies: ["127.0.0.2/32".parse().unwrap()].into(),
        ..unlimited()
    };
    let server = Server::start_with(config).await;
    server.register("ann").await;
    let guess = async |from: Client, forwarded_for: &str| {
        let request = from.request(Method::POST, "/v1/sessions");
        let request = request.header("x-forwarded-for", forwarded_for);
        let answer = request
            .json(&json!({"email": email("ann"), "password": "wrong"}))
            .send();
        answer.await.unwrap().status().as_u16()
    };
    let proxy = || server.anonymous_from([127, 0, 0, 2]);
    assert_eq!(guess(proxy(), "198.51.100.1").await, 401);
    assert_eq!(guess(proxy(), "198.51.100.1").await, 429);
    assert_eq!(
        guess(proxy(), "198.51.100.1, 198.51.100.2").await,
        401,
        "another client"
    );
    let stranger = || server.anonymous_from([127, 0, 0, 3]);
    assert_eq!(guess(stranger(), "198.51.100.3").await, 401);
    assert_eq!(guess(stranger(), "198.51.100.4").await, 429, "it is no proxy");
}

#[tokio::test]
async fn guessing_from_many_addresses_comes_to_an_end_too() {
    let config = ApiConfig {
        anonymous_per_minute: std::num::NonZeroU32::new(3),
        ..unlimited()
    };
    let server = Server::start_with(config).await;
    server.register("ann").await;
    let mut statuses = Vec::new();
    for number in 2..=12 {
        let stranger = server.anonymous_from([127, 0, 0, number]);
        statuses.push(sign_in(&stranger, "ann", "wrong").await.status);
    }
    assert_eq!((statuses[9], statuses[10]), (401, 429));
}

#[tokio::test]
async fn an_account_takes_back_what_it_answers_and_nothing_else_that_is_read_only() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let me = ann.get("/v1/me").await.body;
    assert_eq!(ann.patch("/v1/me", &me).await.status, 200);
    for field in ["id", "email", "created"] {
        let answer = ann.patch("/v1/me", &json!({field: "other"})).await;
        assert_eq!(
            (answer.problem(), &answer.body["field"]),
            ((422, "read_only"), &json!(field))
        );
    }
    let answer = ann.patch("/v1/me", &json!({"time_zone": null})).await;
    assert_eq!(
        (answer.problem(), &answer.body["field"]),
        ((422, "invalid"), &json!("time_zone"))
    );
}
