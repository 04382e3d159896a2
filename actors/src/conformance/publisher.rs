//! The publisher.

use std::{collections::BTreeMap, sync::Arc};

use punctual_events::{ActorId, CloudEvent, Commit, Topic};

use super::{LogWriter, all};
use crate::{ports::Publisher, reference::MemoryStore};

/// Makes publishers for the suite.
pub trait PublisherMaker: Sync {
    /// What it makes.
    type Publisher: Publisher;

    /// A publisher to whose `task-events` a service of the suite subscribes.
    fn make(&self) -> impl Future<Output = Self::Publisher>;

    /// What was delivered to that service, in order, once `enough` says that everything expected is among it. May wait for ever before.
    fn delivered(
        &self,
        publisher: &Self::Publisher,
        enough: impl Fn(&[CloudEvent]) -> bool,
    ) -> impl Future<Output = Vec<CloudEvent>>;
}

/// Holds a [`Publisher`] to its contract.
pub async fn publisher<K: PublisherMaker>(maker: &K) {
    let publisher = maker.make().await;
    let logs = [LogWriter::user(1), LogWriter::user(2), LogWriter::series(1)];
    let logs: BTreeMap<ActorId, Vec<Arc<Commit>>> = all(logs.into_iter().map(written)).await.into_iter().collect();
    all(logs.values().map(|commits| publish_in_portions(&publisher, commits))).await;
    publish_in_portions(&publisher, &logs[&LogWriter::user(2).actor()]).await;

    let expected: Vec<CloudEvent> = logs.values().flatten().flat_map(|commit| events(commit)).collect();
    let is_there = |event: &CloudEvent, among: &[CloudEvent]| among.iter().any(|other| other.id() == event.id());
    let delivered = maker
        .delivered(&publisher, |events| {
            expected.iter().all(|event| is_there(event, events))
        })
        .await;
    for actor in logs.keys() {
        let of_actor = expected.iter().filter(|event| event.commit.actor == *actor);
        assert_in_order(of_actor, delivered.iter().filter(|event| event.commit.actor == *actor));
    }
}

/// A log of commits and its actor.
async fn written(mut log: LogWriter) -> (ActorId, Vec<Arc<Commit>>) {
    let store = MemoryStore::default();
    let commits = log.append_many(&store, 50).await;
    (log.actor(), commits)
}

async fn publish_in_portions(publisher: &impl Publisher, commits: &[Arc<Commit>]) {
    let (mut rest, mut size) = (commits, 1);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(size.min(rest.len()));
        publisher.publish(now).await.expect("publish");
        (rest, size) = (later, size + 2);
    }
}

fn events(commit: &Commit) -> Vec<CloudEvent> {
    commit
        .cloud_events(Topic::TaskEvents)
        .expect("the suite's events are events")
}

/// Panics unless the first deliveries of the events are in order, each as it was published.
#[track_caller]
fn assert_in_order<'a>(
    expected: impl Iterator<Item = &'a CloudEvent>,
    delivered: impl Iterator<Item = &'a CloudEvent>,
) {
    let json = |event: &CloudEvent| serde_json::to_string(event).expect("an event is JSON");
    let mut first_deliveries: Vec<String> = Vec::new();
    for event in delivered.map(json) {
        if !first_deliveries.contains(&event) {
            first_deliveries.push(event);
        }
    }
    assert_eq!(first_deliveries, expected.map(json).collect::<Vec<_>>());
}
