//! When watermarks are written: together, a while after the first, and at once where many wait or the writer ends.

use std::sync::atomic::{AtomicUsize, Ordering};

use punctual_events::{ActorId, Seq, UserId};
use uuid::Uuid;

use super::*;
use crate::embedded::sqlite::migrations;

/// Counts transactions.
#[derive(Default)]
struct Transactions(AtomicUsize);

impl Observer for Transactions {
    fn turn(&self, _: usize, _: u64) {}
    fn outbox(&self, _: i64) {}
    fn redelivery(&self) {}
    fn damaged(&self, _: &str) {}

    fn transaction(&self, _: u64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Transactions {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn actor(id: usize) -> ActorId {
    ActorId::User(UserId(Uuid::from_u128(id as u128)))
}

/// A database that has `actors` actors.
fn database(actors: usize) -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrations::migrate(&mut connection).unwrap();
    for id in 0..actors {
        let name = [&[0][..], Uuid::from_u128(id as u128).as_bytes()].concat();
        connection
            .execute("INSERT INTO actors (name, seq) VALUES (?1, 9)", [name])
            .unwrap();
    }
    connection
}

fn written(connection: &Connection) -> usize {
    let count = "SELECT count(*) FROM actors WHERE audited = 7 AND drained = 8";
    let count: i64 = connection.query_row(count, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

fn state<'c>(connection: &'c Connection, watermarks: &Arc<Watermarks>) -> Loop<'c> {
    Loop {
        backlog: VecDeque::new(),
        closing: false,
        empty_log_due: None,
        finish_checkpoint: false,
        session: Session::new(connection, Arc::clone(watermarks)).unwrap(),
        since_checkpoint_bytes: 0,
        watermarks_due: None,
        writability: Arc::default(),
    }
}

/// Raises a mark of each of the first `actors` actors, telling the writer as the store does.
fn raise(state: &mut Loop<'_>, watermarks: &Watermarks, actors: usize) {
    let marks = Marks {
        audited: Seq(7),
        drained: Seq(8),
    };
    for id in 0..actors {
        if watermarks.raise(actor(id), marks) {
            state.take(Message::Watermarks);
        }
    }
}

#[test]
fn watermarks_wait_for_each_other_and_are_written_in_one_transaction() {
    let (connection, watermarks, transactions) = (database(50), Arc::default(), Transactions::default());
    let mut state = state(&connection, &watermarks);
    raise(&mut state, &watermarks, 50);
    state.commit_batch(&transactions);
    assert_eq!((transactions.count(), written(&connection)), (0, 0), "not yet");

    state.watermarks_due = Some(Instant::now());
    state.commit_batch(&transactions);
    assert_eq!((transactions.count(), written(&connection)), (1, 50));
    assert!(watermarks.is_empty() && state.watermarks_due.is_none());
}

#[test]
fn what_does_not_fit_one_batch_follows_at_once() {
    let actors = session::WATERMARKS_PER_BATCH + 1;
    let (connection, watermarks, transactions) = (database(actors), Arc::default(), Transactions::default());
    let mut state = state(&connection, &watermarks);
    raise(&mut state, &watermarks, actors);
    state.watermarks_due = Some(Instant::now());
    state.commit_batch(&transactions);
    assert_eq!(written(&connection), actors - 1);
    assert!(state.watermarks_due.is_some_and(|due| due <= Instant::now()));
    state.commit_batch(&transactions);
    assert_eq!((transactions.count(), written(&connection)), (2, actors));
}

#[test]
fn a_writer_that_ends_writes_them_first() {
    let (connection, watermarks, transactions) = (database(1), Arc::default(), Transactions::default());
    let mut state = state(&connection, &watermarks);
    raise(&mut state, &watermarks, 1);
    state.take(Message::Close);
    state.commit_batch(&transactions);
    assert_eq!(written(&connection), 1);
    assert!(state.watermarks_due.is_none(), "or it would never end");
}
