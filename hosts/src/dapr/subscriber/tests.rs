use std::sync::atomic::{AtomicBool, Ordering};

use punctual_actors::{ports::BoxFuture, reference::VirtualClock};
use punctual_events::{COMMIT_FORMAT, Commit, CommitHeader, Digest, EventRecord, Principal, Timestamp, UserId};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::metrics::{AuditLag, Metrics};

const USER: UserId = UserId(Uuid::from_u128(1));

/// A commit with `count` events on `task-events`.
pub(in crate::dapr) fn commit(count: u8) -> Arc<Commit> {
    commit_at(Seq(1), count)
}

fn commit_at(seq: Seq, count: u8) -> Arc<Commit> {
    let actor = ActorId::User(USER);
    let events: Vec<EventRecord> = (0..count)
        .map(|number| {
            let data = json!({"session": Uuid::from_u128(number.into())});
            serde_json::from_value(json!({
                "by": Principal::System,
                "data": data,
                "digest": Digest([number; 32]),
                "type": "dev.punctual.session.ended.v1",
            }))
            .unwrap()
        })
        .collect();
    let time = Timestamp::from_millis(1_800_000_000_000);
    let hash = Commit::hash_of(actor, seq, time, &Digest::ZERO, events.iter().map(|event| event.digest));
    Arc::new(Commit {
        format: COMMIT_FORMAT,
        header: CommitHeader {
            actor,
            hash,
            owner: USER,
            previous: Digest::ZERO,
            previous_on_topic: [Seq::ZERO; 3],
            seq,
            time,
            traceparent: None,
        },
        commands: Vec::new(),
        events,
    })
}

pub(in crate::dapr) fn messages(commit: &Commit) -> Vec<Vec<u8>> {
    let events = commit.cloud_events(Topic::TaskEvents).unwrap();
    events.iter().map(|event| serde_json::to_vec(event).unwrap()).collect()
}

/// A log of one commit, of more that follow it, or of none.
pub(in crate::dapr) struct Log(pub(in crate::dapr) Option<Arc<Commit>>, Vec<Arc<Commit>>);

impl Log {
    pub(in crate::dapr) fn of(commit: Option<Arc<Commit>>) -> Self {
        Self(commit, Vec::new())
    }
}

impl Logs for Log {
    fn head(&self, _: ActorId) -> BoxFuture<'_, Result<Seq, Failure>> {
        Box::pin(async { Ok(Seq(1)) })
    }

    fn read(&self, _: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>> {
        let later = self
            .0
            .iter()
            .chain(&self.1)
            .filter(move |commit| commit.header.seq > after);
        let read = later.take(limit).cloned().collect();
        Box::pin(async { Ok(read) })
    }

    fn confirm_audited(&self, _: ActorId, _: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn erase(&self, _: ActorId, _: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

/// Writes down how many events each call had.
#[derive(Default)]
struct Listener {
    calls: Mutex<Vec<usize>>,
    fails: AtomicBool,
}

impl EventHandler for Listener {
    fn name(&self) -> &'static str {
        "listener"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TaskEvents]
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn handle<'a>(&'a self, _: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        if self.fails.swap(false, Ordering::Relaxed) {
            return Box::pin(async { Err(Failure::new("not now")) });
        }
        self.calls.lock().unwrap().push(events.len());
        Box::pin(async { Ok(()) })
    }
}

/// Cannot read the second event of a commit.
#[derive(Default)]
struct Puzzled(Listener);

impl EventHandler for Puzzled {
    fn name(&self) -> &'static str {
        "puzzled"
    }

    fn topics(&self) -> &'static [Topic] {
        self.0.topics()
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn can_read(&self, event: &CloudEvent) -> bool {
        event.index != 1
    }

    fn handle<'a>(&'a self, topic: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        self.0.handle(topic, events)
    }
}

#[tokio::test]
async fn an_event_whose_content_cannot_be_read_is_dead_at_once_and_the_others_of_its_commit_are_handled() {
    for in_log in [true, false] {
        let (puzzled, listener) = (Arc::new(Puzzled::default()), Arc::new(Listener::default()));
        let commit = commit(3);
        let log = Log::of(in_log.then(|| Arc::clone(&commit)));
        let handlers: Vec<Arc<dyn EventHandler>> = vec![Arc::clone(&puzzled) as _, Arc::clone(&listener) as _];
        let subscriber = Subscriber::new(handlers, Arc::new(log));
        let mut verdicts = Vec::new();
        for message in messages(&commit) {
            verdicts.push(subscriber.take(Topic::TaskEvents, None, &message).await);
        }
        assert_eq!(verdicts, [Verdict::Taken, Verdict::Dead, Verdict::Taken]);
        let handled = |listener: &Listener| listener.calls.lock().unwrap().iter().sum::<usize>();
        assert_eq!(
            (handled(&puzzled.0), handled(&listener)),
            (2, 3),
            "in the log: {in_log}"
        );
        if in_log {
            let replayed = subscriber.hand_over_logged(Topic::TaskEvents, ActorId::User(USER), Seq(1));
            assert!(
                replayed.await.unwrap_err().is_damage(),
                "it stays where it was put aside"
            );
        }
    }
}

/// Finds what it needs damaged.
struct Stuck;

impl EventHandler for Stuck {
    fn name(&self) -> &'static str {
        "stuck"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TaskEvents]
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn handle<'a>(&'a self, _: Topic, _: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Err(Failure::damaged("a record")) })
    }
}

#[tokio::test]
async fn an_event_that_met_damaged_data_is_dead_and_every_other_handler_has_it() {
    let listener = Arc::new(Listener::default());
    let handlers: Vec<Arc<dyn EventHandler>> = vec![Arc::new(Stuck), Arc::clone(&listener) as _];
    let subscriber = Subscriber::new(handlers, Arc::new(Log::of(None)));
    let message = messages(&commit(1)).remove(0);
    let verdict = subscriber.take(Topic::TaskEvents, None, &message).await;
    assert_eq!((verdict, listener.calls.lock().unwrap().len()), (Verdict::Dead, 1));
}

fn subscriber(log: Option<Arc<Commit>>) -> (Subscriber, Arc<Listener>) {
    let listener = Arc::new(Listener::default());
    let handlers: Vec<Arc<dyn EventHandler>> = vec![Arc::clone(&listener) as _];
    (Subscriber::new(handlers, Arc::new(Log::of(log))), listener)
}

#[tokio::test]
async fn audit_is_the_further_behind_the_longer_an_event_is_not_taken() {
    let (metrics, commit) = (Metrics::new(), commit(1));
    let clock = VirtualClock::new(commit.header.time);
    let lag = AuditLag::new(Arc::clone(&metrics), Arc::clone(&clock) as _);
    let audit = Arc::new(Listener::default());
    audit.fails.store(true, Ordering::Relaxed);
    let subscriber = Subscriber::new(vec![Arc::new(lag), audit], Arc::new(Log::of(Some(Arc::clone(&commit)))));
    let message = messages(&commit).remove(0);
    for (later_ms, verdict) in [(2_000, Verdict::Again), (58_000, Verdict::Taken)] {
        clock.advance_ms(later_ms);
        assert_eq!(subscriber.take(Topic::TaskEvents, None, &message).await, verdict);
    }
    let text = metrics.encode();
    let says = |line: &str| {
        text.lines()
            .any(|said| said == format!("punctual_audit_lag_seconds_{line}"))
    };
    assert!(
        says("sum 62.0") && says("count 2") && says("bucket{le=\"5.0\"} 1"),
        "{text}"
    );
}

#[tokio::test]
async fn the_events_of_a_commit_are_handed_over_together_and_once() {
    let commit = commit(3);
    let (subscriber, listener) = subscriber(Some(Arc::clone(&commit)));
    for message in messages(&commit) {
        assert_eq!(subscriber.take(Topic::TaskEvents, None, &message).await, Verdict::Taken);
    }
    assert_eq!(*listener.calls.lock().unwrap(), [3]);
}

#[tokio::test]
async fn those_behind_a_commit_of_many_events_are_handed_over_ahead_of_their_messages() {
    let (many, next, one) = (commit_at(Seq(1), 20), commit_at(Seq(2), 3), commit_at(Seq(3), 1));
    let listener = Arc::new(Listener::default());
    let log = Log(Some(Arc::clone(&many)), vec![Arc::clone(&next), Arc::clone(&one)]);
    let subscriber = Subscriber::new(vec![Arc::clone(&listener) as _], Arc::new(log));
    for (commit, calls) in [(many, &[20, 3, 1]), (next, &[20, 3, 1]), (one, &[20, 3, 1])] {
        for message in messages(&commit) {
            assert_eq!(subscriber.take(Topic::TaskEvents, None, &message).await, Verdict::Taken);
            assert_eq!(*listener.calls.lock().unwrap(), calls);
        }
    }
}

#[tokio::test]
async fn a_commit_that_is_sent_once_more_after_its_last_event_is_handed_over_again() {
    let commit = commit(3);
    let (subscriber, listener) = subscriber(Some(Arc::clone(&commit)));
    let messages = messages(&commit);
    // The last comes twice, as after an answer that was lost, before the whole is sent once more.
    for message in messages.iter().chain(&messages[2..]).chain(&messages) {
        assert_eq!(subscriber.take(Topic::TaskEvents, None, message).await, Verdict::Taken);
    }
    assert_eq!(*listener.calls.lock().unwrap(), [3, 3]);
}

#[tokio::test]
async fn what_was_not_taken_is_handed_over_again_whole() {
    let commit = commit(2);
    let (subscriber, listener) = subscriber(Some(Arc::clone(&commit)));
    let messages = messages(&commit);
    listener.fails.store(true, Ordering::Relaxed);
    assert_eq!(
        subscriber.take(Topic::TaskEvents, None, &messages[0]).await,
        Verdict::Again
    );
    for message in &messages {
        assert_eq!(subscriber.take(Topic::TaskEvents, None, message).await, Verdict::Taken);
    }
    assert_eq!(*listener.calls.lock().unwrap(), [2]);
}

#[tokio::test]
async fn events_of_a_commit_the_log_does_not_have_come_one_by_one() {
    let commit = commit(2);
    let (subscriber, listener) = subscriber(None);
    for message in messages(&commit) {
        assert_eq!(subscriber.take(Topic::TaskEvents, None, &message).await, Verdict::Taken);
    }
    assert_eq!(*listener.calls.lock().unwrap(), [1, 1]);
}

#[tokio::test]
async fn a_message_that_is_no_event_or_on_another_topic_is_dead() {
    let (subscriber, listener) = subscriber(None);
    assert_eq!(subscriber.take(Topic::TaskEvents, None, b"{}").await, Verdict::Dead);
    let message = messages(&commit(1)).remove(0);
    assert_eq!(subscriber.take(Topic::Reminders, None, &message).await, Verdict::Dead);
    assert!(listener.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_marker_is_taken_and_given_to_nobody() {
    let marker = Marker {
        topic: Topic::TaskEvents,
        partition: 3,
        replica: Uuid::from_u128(9),
        round: 1,
    };
    let (subscriber, listener) = subscriber(None);
    let message = marker.to_json().to_string();
    let verdict = subscriber.take(Topic::TaskEvents, Some(3), message.as_bytes()).await;
    assert_eq!((verdict, listener.calls.lock().unwrap().len()), (Verdict::Taken, 0));
}

#[tokio::test]
async fn the_other_events_of_a_commit_that_was_given_up_are_not_tried_as_often_again() {
    let commit = commit(3);
    let (subscriber, listener) = subscriber(Some(Arc::clone(&commit)));
    let messages = messages(&commit);
    let mut verdicts = Vec::new();
    for message in [0, 0, 1, 2, 0] {
        listener.fails.store(true, Ordering::Relaxed);
        verdicts.push(subscriber.take(Topic::TaskEvents, None, &messages[message]).await);
    }
    // Whoever delivers it anew from the beginning is asked for patience anew.
    assert_eq!(
        verdicts,
        [
            Verdict::Again,
            Verdict::Again,
            Verdict::Dead,
            Verdict::Dead,
            Verdict::Again
        ]
    );
    assert_eq!(
        subscriber.take(Topic::TaskEvents, None, &messages[0]).await,
        Verdict::Taken
    );
}
