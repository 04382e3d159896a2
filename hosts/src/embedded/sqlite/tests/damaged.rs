//! Rows of actors that cannot be read.

use std::sync::Arc;

use punctual_actors::ports::{HeadUpdate, Store as _};
use punctual_events::{ActorId, Seq, Timestamp};
use rusqlite::Connection;

use super::{Opened, Options, commit, open_with, update, user};
use crate::{embedded::wakeups::MemoryWakeUps, environment::SystemClock, metrics::Metrics};

/// Three actors that ask to be woken, in this order; of the second the row is damaged as `sql` does it.
async fn with_a_damaged_second(sql: &str) -> Opened {
    observed_with_a_damaged_second(sql, &Metrics::new()).await
}

async fn observed_with_a_damaged_second(sql: &str, metrics: &Arc<Metrics>) -> Opened {
    let opened = open_with(Options {
        observer: Arc::clone(metrics) as _,
        ..Options::default()
    });
    for id in 1..=3 {
        let wakes = HeadUpdate {
            wake_at: Some(Timestamp::from_millis(77)),
            ..update()
        };
        opened
            .store
            .append(Seq::ZERO, commit(user(id), 1), wakes)
            .await
            .unwrap();
    }
    let other = Connection::open(opened.directory.path().join("punctual.db")).unwrap();
    assert_eq!(other.execute(sql, []).unwrap(), 1);
    opened
}

const NO_SEQ: &str = "UPDATE actors SET seq = -1, drained = -2 WHERE id = 2";

fn actors<T>(heads: &[T], actor: impl Fn(&T) -> ActorId) -> Vec<ActorId> {
    heads.iter().map(actor).collect()
}

fn counts(metrics: &Metrics, damaged: usize) -> bool {
    let line = format!("\npunctual_damaged_actors {damaged}\n");
    metrics.encode().contains(&line)
}

#[tokio::test]
async fn a_damaged_row_is_passed_over_and_counted_once_wherever_many_are_read() {
    let metrics = Metrics::new();
    let opened = observed_with_a_damaged_second(NO_SEQ, &metrics).await;
    let database = &opened.database;
    assert!(counts(&metrics, 0));
    let others = [user(1), user(3)];
    let armed = database.armed_heads(None, 10).await.unwrap();
    assert_eq!(actors(&armed.heads, |head| head.actor), others);
    let undrained = database.undrained_heads(None, 10).await.unwrap();
    assert_eq!(actors(&undrained.heads, |head| head.actor), others);
    let rezoned = database.armed_heads_of_other_zone_data("2026b", None, 10).await;
    assert_eq!(actors(&rezoned.unwrap().heads, |head| head.actor), others);
    assert!(counts(&metrics, 1));
}

#[tokio::test]
async fn one_at_the_end_of_what_is_read_at_once_does_not_end_the_listing() {
    let metrics = Metrics::new();
    let nameless = "UPDATE actors SET name = x'09' WHERE id = 2";
    let opened = observed_with_a_damaged_second(nameless, &metrics).await;
    let first = opened.database.armed_heads(Some(1), 1).await.unwrap();
    assert!(first.heads.is_empty() && first.next == Some(2));
    let rest = opened.database.armed_heads(first.next, 1).await.unwrap();
    assert_eq!(actors(&rest.heads, |head| head.actor), [user(3)]);
    assert!(counts(&metrics, 1), "it has no name to be counted by");
}

#[tokio::test]
async fn wake_ups_of_the_others_are_armed_and_the_actor_itself_is_damaged() {
    let opened = with_a_damaged_second(NO_SEQ).await;
    let wake_ups = MemoryWakeUps::new(Arc::new(SystemClock));
    assert_eq!(wake_ups.load(&opened.database).await.unwrap(), 2);
    assert!(opened.store.load(user(2)).await.unwrap_err().is_damage());
    assert!(opened.store.load(user(3)).await.is_ok());
}
