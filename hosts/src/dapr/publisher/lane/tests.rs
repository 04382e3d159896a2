//! What a partition that is away, and a message that no partition takes, do to the others that are published beside them.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use dapr::dapr::proto::runtime::v1::{BulkPublishResponse, BulkPublishResponseFailedEntry};
use prost::Message as _;

use super::*;
use crate::dapr::{
    publisher::apart::partition_of,
    test_sidecar::{self, Call},
};

const PARTITIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);

/// A broker of which one partition is away: what goes there is not answered. And a user whose messages it refuses.
#[derive(Default)]
struct Partitioned {
    is_whole: AtomicBool,
    /// How often it took the messages of each body.
    taken: Mutex<BTreeMap<String, u32>>,
    /// The bodies of each call.
    calls: Mutex<Vec<Vec<String>>>,
}

const AWAY: u32 = 0;
const REFUSED: &str = "refused";

impl Partitioned {
    async fn lane(self: &Arc<Self>) -> (Lane, Arc<Apart>) {
        let broker = Arc::clone(self);
        let sidecar = test_sidecar::answering(move |call| {
            let broker = Arc::clone(&broker);
            async move { broker.answer(&call).await }
        })
        .await;
        let broker = Broker::new(sidecar, "events".into(), Topic::TaskEvents, PARTITIONS);
        let apart = Arc::clone(&broker.apart);
        (Lane::onto(broker), apart)
    }

    async fn answer(&self, call: &Call) -> test_sidecar::Answer {
        let entries: Vec<(String, String)> = match &*call.method {
            "PublishEvent" => {
                let request: PublishEventRequest = call.message();
                vec![(request.metadata[KEY].clone(), String::from_utf8(request.data).unwrap())]
            }
            "BulkPublishEvent" => {
                let entries = call.message::<BulkPublishRequest>().entries.into_iter();
                entries
                    .map(|entry| (entry.metadata[KEY].clone(), String::from_utf8(entry.event).unwrap()))
                    .collect()
            }
            other => panic!("{other}"),
        };
        self.calls
            .lock()
            .unwrap()
            .push(entries.iter().map(|(_, body)| body.clone()).collect());
        let (mut is_answered, mut failed) = (true, Vec::new());
        for (key, body) in entries {
            if key == REFUSED {
                failed.push(BulkPublishResponseFailedEntry::default());
            } else if partition_of(&key, PARTITIONS) == AWAY && !self.is_whole.load(Ordering::Relaxed) {
                is_answered = false;
            } else {
                *self.taken.lock().unwrap().entry(body).or_default() += 1;
            }
        }
        if !is_answered {
            pending::<()>().await;
        }
        match (&*call.method, failed.is_empty()) {
            (_, true) => Ok(Vec::new()),
            ("PublishEvent", false) => Err("refused"),
            (_, false) => Ok(BulkPublishResponse { failed_entries: failed }.encode_to_vec()),
        }
    }

    fn taken(&self, body: &str) -> u32 {
        self.taken.lock().unwrap().get(body).copied().unwrap_or(0)
    }

    /// How many shared the call that carried this last.
    fn shared(&self, body: &str) -> usize {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .rfind(|call| call.iter().any(|carried| carried == body))
            .unwrap()
            .len()
    }
}

/// Users of the partition that is away, or of others.
fn users(is_away: bool) -> impl Iterator<Item = String> {
    let users = (0..).map(|number: u32| format!("user-{number}"));
    users.filter(move |user| (partition_of(user, PARTITIONS) == AWAY) == is_away)
}

type Publishing = tokio::task::JoinHandle<Result<(), Failure>>;

fn publish(lane: &Lane, key: &str, body: &str) -> Publishing {
    let (lane, body) = (lane.clone(), body.as_bytes().to_vec());
    let message = super::Message {
        body,
        key: key.to_owned(),
    };
    tokio::spawn(async move { lane.publish(vec![message]).await })
}

/// Long before a call of the sidecar is given up.
async fn soon<T>(outcome: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(5), outcome).await.unwrap()
}

/// Has these users publish at once, so that who may shares a call. The healthy are served by the end.
async fn publish_together(lane: &Lane, healthy: &[String], ill: &str, round: &str) -> Publishing {
    let opens = publish(lane, &healthy[0], &format!("opens {round}"));
    tokio::task::yield_now().await;
    let ill = publish(lane, ill, &format!("ill {round}"));
    let well: Vec<_> = healthy
        .iter()
        .map(|user| publish(lane, user, &format!("{user} {round}")))
        .collect();
    soon(opens).await.unwrap().unwrap();
    for published in well {
        soon(published).await.unwrap().unwrap();
    }
    ill
}

#[tokio::test]
async fn a_partition_that_is_away_holds_up_a_call_of_others_once_and_for_a_second() {
    let broker = Arc::new(Partitioned::default());
    let (lane, apart) = broker.lane().await;
    let healthy: Vec<String> = users(false).take(3).collect();
    let away: Vec<String> = users(true).take(4).collect();
    let first = publish_together(&lane, &healthy, &away[0], "1").await;
    assert_eq!(
        broker.taken(&format!("{} 1", healthy[1])),
        2,
        "with the others, and by itself"
    );
    let is_known = async {
        while !apart.has(&away[1]) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon(is_known).await;

    // Of users of whom nothing was heard yet it is known too.
    let second = publish_together(&lane, &healthy, &away[1], "2").await;
    for user in &healthy {
        assert_eq!(broker.taken(&format!("{user} 2")), 1);
    }
    assert!(broker.shared(&format!("{} 2", healthy[1])) > 1);
    assert!(!first.is_finished() && !second.is_finished());

    broker.is_whole.store(true, Ordering::Relaxed);
    soon(publish(&lane, &away[2], "back")).await.unwrap().unwrap();
    let third = publish_together(&lane, &healthy, &away[3], "3").await;
    soon(third).await.unwrap().unwrap();
    assert!(broker.shared("ill 3") > 1, "it shares calls again");
}

#[tokio::test]
async fn a_message_that_is_not_taken_spoils_a_call_once_and_those_of_others_are() {
    let broker = Arc::new(Partitioned::default());
    let (lane, _) = broker.lane().await;
    let healthy: Vec<String> = users(false).take(3).collect();
    for (round, times) in [("1", 2), ("2", 1), ("3", 1)] {
        let refused = publish_together(&lane, &healthy, REFUSED, round).await;
        assert!(soon(refused).await.unwrap().is_err());
        assert_eq!(broker.taken(&format!("{} {round}", healthy[1])), times, "round {round}");
    }
}
