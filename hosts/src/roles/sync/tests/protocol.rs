//! The protocol, rule by rule.

use punctual_events::Seq;

use super::*;
use crate::{
    accounts::token::LIFETIME_MS,
    roles::sync::{cursor::Cursor, position::Positions},
};

fn cursor_at(seq: u64) -> String {
    Cursor::own(user(7), Positions::after(Seq(seq))).encode()
}

/// The title in an event frame.
fn title(frame: &Value) -> &str {
    frame["event"]["data"]["title"]
        .as_str()
        .unwrap_or_else(|| panic!("no event: {frame}"))
}

#[tokio::test]
async fn a_null_cursor_starts_at_the_head_and_nothing_is_replayed() {
    let world = World::new(SyncConfig::default());
    let before = world.happen(&[task("before")]).await;
    let client = world.hello(8, None);
    assert_eq!(
        next_json(&client).await,
        json!({"type": "ready", "cursor": cursor_at(1)})
    );
    // Delivered again, as brokers do.
    world.deliver(Topic::TaskUpdates, &[before]).await;
    world.happen(&[task("after")]).await;
    let frame = next_json(&client).await;
    assert_eq!((frame["type"].as_str(), title(&frame)), (Some("event"), "after"));
    assert_eq!(frame["event"]["type"], "dev.punctual.task.state.v1");
    assert_eq!(frame["event"]["specversion"], "1.0");
}

#[tokio::test]
async fn what_was_missed_comes_from_the_log_before_what_is_live() {
    let world = World::new(SyncConfig::default());
    for missed in ["one", "two", "three"] {
        world.happen(&[task(missed)]).await;
    }
    let client = world.hello(8, Some(&cursor_at(1)));
    assert_eq!(next_json(&client).await["cursor"], cursor_at(1), "the client's own");
    world.happen(&[task("four")]).await;
    for expected in ["two", "three", "four"] {
        assert_eq!(title(&next_json(&client).await), expected);
    }
}

#[tokio::test]
async fn a_cursor_from_within_a_commit_brings_the_rest_of_it() {
    let world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    next_json(&client).await;
    world
        .happen(&[task("a"), reminder("b"), task("c"), reminder("d")])
        .await;
    let mut frames = Vec::new();
    for _ in 0..4 {
        frames.push(next_json(&client).await);
    }
    for (index, frame) in frames.iter().enumerate() {
        let resumed = world.hello(8, frame["cursor"].as_str());
        next_json(&resumed).await;
        let applied: Vec<_> = frames[..=index].iter().map(title).collect();
        for expected in ["a", "b", "c", "d"]
            .into_iter()
            .filter(|title| !applied.contains(title))
        {
            assert_eq!(title(&next_json(&resumed).await), expected);
        }
        settle().await;
        assert_eq!(resumed.try_next(), None);
    }
}

#[tokio::test]
async fn the_same_cursor_works_after_a_restart() {
    let mut world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    next_json(&client).await;
    world.happen(&[task("before")]).await;
    let cursor = next_json(&client).await["cursor"].as_str().unwrap().to_owned();
    world.restart();
    assert_eq!(next_close(&client).await, (1012, "restart".to_owned()));
    world.happen(&[task("while away")]).await;
    let client = world.hello(8, Some(&cursor));
    next_json(&client).await;
    assert_eq!(title(&next_json(&client).await), "while away");
}

#[tokio::test]
async fn a_cursor_stays_young_on_a_topic_where_nothing_happens() {
    let world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    next_json(&client).await;
    for _ in 0..5 {
        world.happen(&[task("only tasks")]).await;
    }
    let mut cursor = Value::Null;
    for _ in 0..5 {
        cursor = next_json(&client).await["cursor"].take();
    }
    world.logs.forget(me(), Seq(4));
    world.happen(&[task("missed")]).await;
    let resumed = world.hello(8, cursor.as_str());
    next_json(&resumed).await;
    assert_eq!(title(&next_json(&resumed).await), "missed");
}

#[tokio::test]
async fn a_lost_delivery_is_read_from_the_log() {
    let world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    next_json(&client).await;
    world.logs.append(me(), &[task("lost")]);
    world.happen(&[task("delivered")]).await;
    assert_eq!(title(&next_json(&client).await), "lost");
    assert_eq!(title(&next_json(&client).await), "delivered");
}

#[tokio::test]
async fn a_delivery_that_cannot_be_completed_sends_clients_away_to_come_back_with_their_cursors() {
    let world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    let cursor = next_json(&client).await["cursor"].take();
    world.logs.append(me(), &[task("lost")]);
    let commit = world.logs.append(me(), &[task("delivered")]);
    let events = commit.cloud_events(Topic::TaskUpdates).unwrap();
    world.logs.set_failing(me(), true);
    assert!(world.role.handle(Topic::TaskUpdates, &events).await.is_err());
    assert_eq!(next_close(&client).await.0, 1013);
    world.logs.set_failing(me(), false);
    let client = world.hello(8, cursor.as_str());
    next_json(&client).await;
    assert_eq!(title(&next_json(&client).await), "lost");
    assert_eq!(title(&next_json(&client).await), "delivered");
    world.role.handle(Topic::TaskUpdates, &events).await.unwrap();
    settle().await;
    assert_eq!(client.try_next(), None, "and a repeated delivery doubles nothing");
}

#[tokio::test]
async fn a_cursor_older_than_the_log_resyncs_and_live_events_follow() {
    let world = World::new(SyncConfig::default());
    for _ in 0..5 {
        world.happen(&[task("old")]).await;
    }
    world.logs.forget(me(), Seq(3));
    let client = world.hello(8, Some(&cursor_at(2)));
    assert_eq!(next_json(&client).await["type"], "ready");
    assert_eq!(
        next_json(&client).await,
        json!({"type": "resync", "cursor": cursor_at(5)})
    );
    world.happen(&[task("new")]).await;
    assert_eq!(title(&next_json(&client).await), "new");
}

#[tokio::test]
async fn a_user_who_moves_to_another_zone_reads_all_day_tasks_anew_live_and_from_the_log() {
    let world = World::new(SyncConfig::default());
    let live = world.hello(8, None);
    next_json(&live).await;
    world.happen(&[task("before")]).await;
    assert_eq!(title(&next_json(&live).await), "before");
    world
        .happen(&[(EventType::UserChanged, json!({"time_zone": "Asia/Tokyo"}))])
        .await;
    assert_eq!(next_json(&live).await["type"], "resync");
    let later = world.hello(8, Some(&cursor_at(1)));
    assert_eq!(next_json(&later).await["type"], "ready");
    assert_eq!(next_json(&later).await["type"], "resync");
}

#[tokio::test]
async fn a_cursor_ahead_of_the_log_resyncs() {
    let world = World::new(SyncConfig::default());
    world.happen(&[task("old")]).await;
    let client = world.hello(8, Some(&cursor_at(40)));
    assert_eq!(next_json(&client).await["cursor"], cursor_at(40));
    assert_eq!(
        next_json(&client).await,
        json!({"type": "resync", "cursor": cursor_at(1)})
    );
    world.happen(&[task("new")]).await;
    assert_eq!(title(&next_json(&client).await), "new");
}

#[tokio::test]
async fn a_hole_the_log_cannot_fill_resyncs() {
    let world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    next_json(&client).await;
    world.logs.append(me(), &[task("lost")]);
    world.logs.append(me(), &[task("lost")]);
    world.logs.forget(me(), Seq(1));
    world.happen(&[task("delivered")]).await;
    assert_eq!(
        next_json(&client).await,
        json!({"type": "resync", "cursor": cursor_at(3)})
    );
    world.happen(&[task("new")]).await;
    assert_eq!(title(&next_json(&client).await), "new");
}

#[tokio::test]
async fn a_slow_socket_is_told_to_resync_and_goes_on() {
    let config = SyncConfig {
        queue_frames: 3,
        ..SyncConfig::default()
    };
    let world = World::new(config);
    let client = world.hello(1, None);
    next_json(&client).await;
    for _ in 0..10 {
        world.happen(&[task("fast")]).await;
        settle().await;
    }
    let mut resyncs = 0;
    let mut last = 0;
    while let Some(message) = client.try_next() {
        settle().await;
        let frame = json_of(message);
        resyncs += usize::from(frame["type"] == "resync");
        last = frame["event"]["sequence"]
            .as_str()
            .map_or(last, |seq| seq.parse().unwrap());
    }
    assert!(resyncs > 0, "ten frames do not fit into a queue of three");
    assert_eq!(last, 10, "what came last is there");
    world.happen(&[task("live")]).await;
    assert_eq!(title(&next_json(&client).await), "live");
}

#[tokio::test]
async fn a_socket_that_cannot_even_be_told_is_closed_as_too_slow() {
    let config = SyncConfig {
        queue_frames: 3,
        ..SyncConfig::default()
    };
    let world = World::new(config);
    let client = world.hello(1, None);
    settle().await;
    for _ in 0..10 {
        world.happen(&[task("fast")]).await;
        settle().await;
    }
    world.pass_ms(20_000).await;
    world.pass_ms(20_000).await;
    next_json(&client).await;
    assert_eq!(next_close(&client).await, (4429, "too_slow".to_owned()));
}

#[tokio::test]
async fn a_burst_larger_than_the_queue_reaches_a_client_that_reads() {
    let config = SyncConfig {
        queue_frames: 3,
        ..SyncConfig::default()
    };
    let world = World::new(config);
    let client = world.hello(8, None);
    next_json(&client).await;
    let burst: Vec<_> = (0..20).map(|n| reminder(&n.to_string())).collect();
    world.happen(&burst).await;
    for n in 0..20 {
        assert_eq!(title(&next_json(&client).await), n.to_string());
    }
}

#[tokio::test]
async fn ending_a_session_closes_its_sockets_and_no_others() {
    let world = World::new(SyncConfig::default());
    let mine = world.hello(8, None);
    let other = world.connect(8);
    let (token, _) = tokens().issue(user(7), SessionId(Uuid::from_u128(2)), NOW);
    other.send(Message::text(
        json!({"type": "hello", "token": token.expose(), "cursor": null}).to_string(),
    ));
    next_json(&mine).await;
    next_json(&other).await;
    world.happen(&[session_ended(SESSION)]).await;
    assert_eq!(next_close(&mine).await, (4401, "session_ended".to_owned()));
    world.happen(&[task("later")]).await;
    assert_eq!(
        title(&next_json(&other).await),
        "later",
        "and the end of a session is not shown"
    );
}

#[tokio::test]
async fn deleting_the_user_closes_every_socket() {
    let world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    next_json(&client).await;
    world.happen(&[(EventType::UserDeleted, json!({"series": []}))]).await;
    assert_eq!(next_close(&client).await.0, 4401);
}

#[tokio::test]
async fn a_revoked_token_does_not_get_in() {
    let world = World::new(SyncConfig::default());
    world.actors.end_session(SESSION);
    let client = world.hello(8, None);
    assert_eq!(next_close(&client).await, (4401, "session_ended".to_owned()));
}

#[tokio::test]
async fn a_token_ends_its_socket_when_it_expires() {
    let world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    next_json(&client).await;
    // As if the server had slept: the wall clock moves, and nothing else.
    world.clock.jump_ms(LIFETIME_MS);
    world.pass_ms(20_000).await;
    assert_eq!(next_close(&client).await, (4401, "session_ended".to_owned()));
}

#[tokio::test]
async fn bad_tokens_and_cursors_are_refused() {
    let world = World::new(SyncConfig::default());
    let (foreign, _) = Tokens::new(&SigningKey::from_bytes([9; 32])).issue(user(7), SESSION, NOW);
    let (expired, _) = tokens().issue(user(7), SESSION, NOW.plus_millis(-LIFETIME_MS));
    for (token, reason) in [
        ("nonsense", "unauthorised"),
        (foreign.expose(), "unauthorised"),
        (expired.expose(), "session_ended"),
    ] {
        let client = world.connect(8);
        client.send(Message::text(
            json!({"type": "hello", "token": token, "cursor": null}).to_string(),
        ));
        assert_eq!(next_close(&client).await, (4401, reason.to_owned()));
    }
    let theirs = Cursor::own(user(8), Positions::after(Seq(1))).encode();
    for cursor in ["", "garbage", &theirs, &format!("{theirs}="), &"A".repeat(2000)] {
        let client = world.hello(8, Some(cursor));
        assert_eq!(
            next_close(&client).await,
            (4400, "cursor_mismatch".to_owned()),
            "{cursor}"
        );
    }
}

#[tokio::test]
async fn whatever_is_not_a_hello_is_refused() {
    let world = World::new(SyncConfig::default());
    for text in [
        "",
        "hello",
        "{}",
        r#"{"type":"hello"}"#,
        r#"{"type":"bye","token":"x"}"#,
        r#"{"type":"hello","token":1,"cursor":null}"#,
        r#"{"type":"hello","token":"x","cursor":null,"more":1}"#,
    ] {
        let client = world.connect(8);
        client.send(Message::text(text));
        assert_eq!(next_close(&client).await, (4400, "bad_request".to_owned()), "{text}");
    }
    let client = world.connect(8);
    client.send(Message::binary(vec![0; 4]));
    assert_eq!(next_close(&client).await.0, 4400);
    let client = world.hello(8, None);
    next_json(&client).await;
    client.send(Message::text(hello_text(None)));
    assert_eq!(next_close(&client).await.0, 4400, "one hello is enough");
}

#[tokio::test]
async fn who_says_no_hello_is_closed_after_ten_seconds() {
    let world = World::new(SyncConfig::default());
    let client = world.connect(8);
    world.pass_ms(9_999).await;
    assert_eq!(client.try_next(), None);
    world.pass_ms(1).await;
    assert_eq!(next_close(&client).await, (4408, "request_timeout".to_owned()));
}

#[tokio::test]
async fn a_client_is_pinged_every_twenty_seconds_and_closed_after_sixty_of_silence() {
    let world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    next_json(&client).await;
    for _ in 0..5 {
        world.pass_ms(20_000).await;
        assert!(matches!(client.try_next(), Some(Message::Ping(_))));
        client.send(Message::Pong(axum::body::Bytes::new()));
    }
    for _ in 0..3 {
        world.pass_ms(20_000).await;
        assert!(matches!(client.try_next(), Some(Message::Ping(_))));
    }
    world.pass_ms(20_000).await;
    assert_eq!(next_close(&client).await, (4408, "request_timeout".to_owned()));
}

#[tokio::test]
async fn a_store_that_is_away_closes_with_try_again_later_and_a_damaged_one_does_not() {
    let world = World::new(SyncConfig::default());
    world.logs.set_failing(me(), true);
    let client = world.hello(8, None);
    assert_eq!(next_close(&client).await, (1013, "unavailable".to_owned()));
    world.logs.set_damaged(me());
    let client = world.hello(8, None);
    assert_eq!(next_close(&client).await, (4500, "data_damaged".to_owned()));
}

#[tokio::test]
async fn a_user_whose_sockets_are_gone_leaves_nothing_behind() {
    let world = World::new(SyncConfig::default());
    let clients: Vec<_> = (0..3).map(|_| world.hello(8, None)).collect();
    settle().await;
    assert!(world.role.hub.channel(user(7)).is_some());
    drop(clients);
    settle().await;
    assert!(world.role.hub.channel(user(7)).is_none());
    assert_eq!(world.role.sockets(), 0);
}

#[tokio::test]
async fn sockets_of_a_user_share_one_text() {
    let world = World::new(SyncConfig::default());
    let clients = [world.hello(8, None), world.hello(8, None)];
    for client in &clients {
        next_json(client).await;
    }
    world.happen(&[task("shared")]).await;
    // Both are kept, or the second might be put where the first was.
    let mut texts = Vec::new();
    for client in &clients {
        match client.next().await {
            Some(Message::Text(text)) => texts.push(text),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(texts[0].as_str().as_ptr(), texts[1].as_str().as_ptr());
}

#[tokio::test]
async fn what_nobody_delivered_is_read_when_the_runtime_hears_everything_again() {
    let world = World::new(SyncConfig::default());
    let client = world.hello(8, None);
    next_json(&client).await;
    world.happen(&[task("heard")]).await;
    let commit = world.logs.append(me(), &[task("unheard"), reminder("unheard too")]);
    world.role.catch_up().await;
    // It comes after all.
    world.deliver(Topic::TaskUpdates, &[commit]).await;
    world.happen(&[task("heard again")]).await;
    for expected in ["heard", "unheard", "unheard too", "heard again"] {
        assert_eq!(title(&next_json(&client).await), expected);
    }
    settle().await;
    assert_eq!(client.try_next(), None);
}
