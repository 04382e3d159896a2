use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use prometheus_client::metrics::counter::Counter;
use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{CloudEvent, Commit, Seq, Timestamp, Topic};
use serde_json::json;

use super::*;
use crate::{
    dapr::{
        subscriber::{
            Verdict,
            tests::{Log, commit, messages},
        },
        test_keys::{TestKeys, environment},
    },
    ports::{EventHandler, Logs},
};

/// The audit role, which fails, panics, never ends, or writes down how many events a call had.
#[derive(Default)]
struct Role {
    calls: Mutex<Vec<usize>>,
    fails: AtomicBool,
    panics: AtomicBool,
    hangs: AtomicBool,
}

impl EventHandler for Role {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TaskEvents]
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn handle<'a>(&'a self, _: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async {
            self.calls.lock().unwrap().push(events.len());
            if self.hangs.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            assert!(!self.panics.load(Ordering::Relaxed), "a panic of the role");
            match self.fails.load(Ordering::Relaxed) {
                true => Err(Failure::new("the record is damaged")),
                false => Ok(()),
            }
        })
    }
}

/// The desk of a role whose log has one commit, if any.
fn desk(keys: &TestKeys, logged: Option<&Arc<Commit>>) -> (Desk<TestKeys>, Arc<Role>, Counter) {
    let role = Arc::new(Role::default());
    let logs: Arc<dyn Logs> = Arc::new(Log::of(logged.cloned()));
    let (clock, counter) = (environment(1).0.clock, Counter::default());
    let desk = Desk::new(keys.clone(), &[Arc::clone(&role) as _], &logs, clock, counter.clone());
    (desk, role, counter)
}

fn origin() -> Origin {
    Origin {
        topic: "task-events".into(),
        partition: Some(3),
        offset: Some(41),
    }
}

async fn letters(desk: &Desk<TestKeys>) -> Vec<Letter> {
    let (mut all, mut from) = (Vec::new(), Some(0));
    while let Some(page) = from {
        let page = desk.list("audit", page).await.unwrap();
        all.extend(page.letters);
        from = page.next;
    }
    all
}

#[tokio::test]
async fn what_a_role_refuses_is_one_letter_for_a_commit_without_its_content() {
    let (keys, commit) = (TestKeys::default(), commit(3));
    let (desk, role, counter) = desk(&keys, Some(&commit));
    role.fails.store(true, Ordering::Relaxed);
    for message in messages(&commit) {
        assert_eq!(desk.take("audit", origin(), &message).await, Verdict::Taken);
    }
    let letters = letters(&desk).await;
    assert_eq!((letters.len(), counter.get()), (1, 1));
    let letter = &letters[0];
    assert_eq!((&letter.origin, &*letter.reason), (&origin(), "the record is damaged"));
    assert_eq!(letter.commit(), Some((commit.header.actor, Seq(1))));
    assert_eq!(letter.user, Some(commit.header.owner));
    assert_eq!(letter.event_type.as_deref(), Some("dev.punctual.session.ended.v1"));
    assert_eq!((letter.time, letter.replays), (Some(commit.header.time), 0));
    // The others of its commit were not tried again.
    assert_eq!(*role.calls.lock().unwrap(), [3]);
    let stored: String = keys
        .all()
        .iter()
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .collect();
    assert!(!stored.contains("session\":"), "{stored}");
}

#[tokio::test]
async fn a_letter_that_is_replayed_goes_when_the_role_takes_it_and_stays_with_the_new_reason_when_not() {
    let (keys, commit) = (TestKeys::default(), commit(2));
    let (desk, role, _) = desk(&keys, Some(&commit));
    role.panics.store(true, Ordering::Relaxed);
    desk.take("audit", origin(), &messages(&commit)[1]).await;
    let id = letters(&desk).await[0].id.clone();
    assert_eq!(&*letters(&desk).await[0].reason, "audit panicked");

    role.panics.store(false, Ordering::Relaxed);
    role.fails.store(true, Ordering::Relaxed);
    let refused = Replayed::Refused("the record is damaged".into());
    assert_eq!(desk.replay("audit", &id).await.unwrap(), refused);
    let letter = letters(&desk).await.remove(0);
    assert_eq!((letter.replays, &*letter.reason), (1, "the record is damaged"));

    role.fails.store(false, Ordering::Relaxed);
    role.calls.lock().unwrap().clear();
    assert_eq!(desk.replay("audit", &id).await.unwrap(), Replayed::Taken);
    assert_eq!(*role.calls.lock().unwrap(), [2]);
    assert_eq!(letters(&desk).await, []);
    assert_eq!(desk.replay("audit", &id).await.unwrap(), Replayed::Absent);
}

#[tokio::test]
async fn a_dead_letter_that_the_role_takes_by_now_is_not_put_aside() {
    let (keys, commit) = (TestKeys::default(), commit(1));
    let (desk, role, counter) = desk(&keys, Some(&commit));
    assert_eq!(
        desk.take("audit", origin(), &messages(&commit)[0]).await,
        Verdict::Taken
    );
    assert_eq!((role.calls.lock().unwrap().len(), counter.get()), (1, 0));
    assert_eq!(letters(&desk).await, []);
}

#[tokio::test]
async fn a_dead_letter_is_put_aside_before_the_sidecar_gives_up_however_long_the_role_takes() {
    let (keys, commit, (environment, clock)) = (TestKeys::default(), commit(1), environment(1));
    let (role, counter) = (Arc::new(Role::default()), Counter::default());
    let logs: Arc<dyn Logs> = Arc::new(Log::of(Some(Arc::clone(&commit))));
    let handlers = [Arc::clone(&role) as _];
    let desk = Desk::new(keys, &handlers, &logs, environment.clock, counter.clone());
    role.hangs.store(true, Ordering::Relaxed);
    let message = messages(&commit).remove(0);
    let ten_seconds_pass = async {
        clock.until_somebody_sleeps().await;
        clock.advance_ms(10_000);
    };
    let both = async { tokio::join!(desk.take("audit", origin(), &message), ten_seconds_pass) };
    let taken = tokio::time::timeout(std::time::Duration::from_secs(30), both).await;
    assert_eq!(taken.expect("it has no end").0, Verdict::Taken);
    let letters = letters(&desk).await;
    assert_eq!((letters.len(), counter.get()), (1, 1));
    assert_eq!(&*letters[0].reason, "it was not done within 10 s");

    role.hangs.store(false, Ordering::Relaxed);
    assert_eq!(desk.replay("audit", &letters[0].id).await.unwrap(), Replayed::Taken);
}

#[tokio::test]
async fn a_message_of_another_release_is_replayed_from_the_log_and_one_that_says_nothing_is_discarded() {
    let (keys, commit) = (TestKeys::default(), commit(1));
    let (desk, role, _) = desk(&keys, Some(&commit));
    let event = format!("{}/1/0", commit.header.actor);
    let newer = json!({"id": event, "type": "dev.punctual.task.exploded.v9", "data": "secret"}).to_string();
    for message in [newer.as_bytes(), b"nonsense", b"nonsense"] {
        assert_eq!(desk.take("audit", origin(), message).await, Verdict::Taken);
    }
    let mut letters = letters(&desk).await;
    letters.sort_by_key(|letter| letter.event.is_none());
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].event_type.as_deref(), Some("dev.punctual.task.exploded.v9"));
    assert_eq!(desk.replay("audit", &letters[0].id).await.unwrap(), Replayed::Taken);
    assert_eq!(*role.calls.lock().unwrap(), [1]);

    let outcome = desk.replay("audit", &letters[1].id).await.unwrap();
    assert!(
        matches!(&outcome, Replayed::Refused(why) if why.contains("discard")),
        "{outcome:?}"
    );
    assert!(desk.discard("audit", &letters[1].id).await.unwrap());
    assert!(!desk.discard("audit", &letters[1].id).await.unwrap());
}

#[tokio::test]
async fn a_letter_whose_commit_the_log_has_dropped_says_so() {
    let (keys, commit) = (TestKeys::default(), commit(1));
    let (desk, role, _) = desk(&keys, None);
    role.fails.store(true, Ordering::Relaxed);
    desk.take("audit", origin(), &messages(&commit)[0]).await;
    role.fails.store(false, Ordering::Relaxed);
    let outcome = desk.replay("audit", &letters(&desk).await[0].id).await.unwrap();
    assert!(
        matches!(&outcome, Replayed::Refused(why) if why.contains("not any more")),
        "{outcome:?}"
    );
    assert_eq!(letters(&desk).await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_put_aside_comes_again_and_is_there_once_though_a_reply_is_lost() {
    let (keys, commit) = (TestKeys::default(), commit(1));
    let (desk, role, _) = desk(&keys, Some(&commit));
    role.fails.store(true, Ordering::Relaxed);
    let message = messages(&commit).remove(0);
    keys.die_after(Some(0));
    assert_eq!(desk.take("audit", origin(), &message).await, Verdict::Again);
    keys.die_after(None);
    keys.lose_reply_after(0);
    desk.take("audit", origin(), &message).await;
    assert_eq!(desk.take("audit", origin(), &message).await, Verdict::Taken);
    assert_eq!(letters(&desk).await.len(), 1);
}

#[tokio::test]
async fn a_full_list_takes_no_more_and_loses_none() {
    let keys = TestKeys::default();
    let (desk, ..) = desk(&keys, None);
    let (mut taken, mut again) = (0, 0);
    let nothing = Failure::new("");
    // Those of one list.
    let is_of_it = |message: &[u8; 4]| {
        let letter = Letter::of_message(origin(), message, Timestamp::MAX, &nothing);
        letter.id.number().is_multiple_of(32)
    };
    for message in (0..u32::MAX).map(u32::to_be_bytes).filter(is_of_it).take(260) {
        match desk.take("audit", origin(), &message).await {
            Verdict::Taken => taken += 1,
            Verdict::Again => again += 1,
            Verdict::Dead => panic!("nothing is thrown away"),
        }
    }
    assert_eq!((taken, again, letters(&desk).await.len()), (250, 10, 250));
    assert!(keys.all().iter().all(|(_, value)| value.len() < 200_000));
}

#[tokio::test]
async fn a_role_that_is_not_played_here_has_no_letters_here() {
    let (desk, ..) = desk(&TestKeys::default(), None);
    assert_eq!(
        (desk.role("audit"), desk.role("recurring"), desk.role("api")),
        (Some("audit"), None, None)
    );
}

#[test]
fn a_letter_of_format_1_is_read_for_ever() {
    let golden = json!({"id": "0123456789abcdef", "origin": {"topic": "task-events", "partition": 3, "offset": 41},
        "event": "user/00000000-0000-0000-0000-000000000001/1/0", "type": "dev.punctual.session.ended.v1",
        "user": "00000000-0000-0000-0000-000000000001", "time": "2027-01-15T08:00:00.000Z",
        "since": "2027-01-15T08:00:01.000Z", "replays": 2, "reason": "why"});
    let letter: Letter = serde_json::from_value(golden.clone()).unwrap();
    assert_eq!(letter.since, Timestamp::from_millis(1_800_000_001_000));
    assert_eq!(serde_json::to_value(&letter).unwrap(), golden);
    for other in ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdeg"] {
        assert!(other.parse::<LetterId>().is_err(), "{other}");
    }
}
