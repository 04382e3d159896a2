//! Whether a replica hears what is published. Nothing tells it that the sidecar was given a partition, or that it lost its subscription; so it
//! sends a marker to each partition, again and again, until enough of them have come back.

mod round;

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use dapr::dapr::proto::runtime::v1::PublishEventRequest;
use punctual_actors::ports::Failure;
use punctual_events::{Marker, Topic};
use tokio::{sync::Notify, time::timeout};
use tonic::Status;
use uuid::Uuid;

pub use self::round::Deaf;
use self::round::Round;
use super::{
    publisher::CONTENT_TYPE,
    sidecar::{Sidecar, failure},
};

/// What Kafka's component takes the partition of a message from.
const PARTITION: &str = "partitionNumber";
/// What Kafka's component says of a partition there is not, once the broker has told it how many there are (components-contrib 1.18.3), and its client
/// (sarama) where the component leaves it to that. Everything else they say when they cannot reach a broker, or a partition has no leader.
const NO_SUCH_PARTITION: [&str; 2] = ["is out of range, topic has", "invalid partition index"];
/// What has not come back after this long is sent again.
const RESEND: Duration = Duration::from_secs(1);

/// How many markers of a topic have to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enough {
    /// All: this replica hears everything.
    EveryPartition,
    /// One: this replica has a share of the partitions, and others the rest.
    OnePartition,
}

/// The markers of one replica.
pub struct Markers {
    sidecar: Sidecar,
    component: String,
    topics: &'static [Topic],
    partitions: AtomicU32,
    enough: Enough,
    replica: Uuid,
    round: Mutex<Round>,
    all_came: Notify,
    /// Messages of each topic, in their order.
    heard: Vec<AtomicU64>,
}

impl Markers {
    /// The markers of the replica of that id, on `topics` of the component of that name, each of `partitions` partitions.
    #[must_use]
    pub fn new(
        sidecar: Sidecar,
        component: &str,
        topics: &'static [Topic],
        partitions: NonZeroU32,
        enough: Enough,
        replica: Uuid,
    ) -> Self {
        Self {
            enough,
            heard: topics.iter().map(|_| AtomicU64::default()).collect(),
            sidecar,
            component: component.to_owned(),
            topics,
            partitions: AtomicU32::new(partitions.get()),
            replica,
            round: Mutex::default(),
            all_came: Notify::new(),
        }
    }

    /// Counts partitions of a topic on from those it has at least.
    async fn count_on(&self, topic: Topic, there_are: &mut u32) -> Result<(), Failure> {
        while has_partition(self.send(&self.marker(topic, *there_are)).await)? {
            *there_are += 1;
        }
        Ok(())
    }

    /// How many have to come back.
    #[must_use]
    pub const fn enough(&self) -> Enough {
        self.enough
    }

    /// Begins anew: one marker of every partition is awaited, and those sent earlier say nothing any more.
    pub fn begin(&self) {
        let partitions = self.partitions.load(Ordering::Relaxed);
        self.round().begin(self.topics, partitions);
    }

    /// Looks for partitions beyond those this replica was told of: the broker takes a marker for each there is. Whether there are any; the next
    /// round awaits markers from them too.
    ///
    /// # Errors
    /// When it is not known whether there are: a broker that is away takes no marker either.
    pub async fn finds_more(&self) -> Result<bool, Failure> {
        let told = self.partitions.load(Ordering::Relaxed);
        let (mut there_are, mut outcome) = (told, Ok(()));
        for topic in self.topics {
            outcome = outcome.and(self.count_on(*topic, &mut there_are).await);
        }
        self.partitions.store(there_are, Ordering::Relaxed);
        if there_are > told {
            tracing::error!(told, there_are, "there are more partitions than --partitions says");
        }
        outcome.map(|()| there_are > told)
    }

    /// Sends markers until enough have come back since [`begin`](Self::begin).
    ///
    /// # Errors
    /// When the broker takes them, they do not come back, and nothing else comes where they are awaited. Never while it takes none.
    pub async fn all_back(&self) -> Result<(), Deaf> {
        loop {
            let awaited = self.awaited();
            if awaited.is_empty() {
                return Ok(());
            }
            match self.send_all(&awaited).await {
                Ok(()) => self.round().was_tried()?,
                Err(failure) => tracing::warn!(%failure, "a marker was not taken and is sent again"),
            }
            // Either way the next look says what is missing.
            let _ = timeout(RESEND, self.all_came.notified()).await;
        }
    }

    /// A message of this topic has come, of whatever kind, from `partition` where the sidecar says which.
    pub fn hear(&self, topic: Topic, partition: Option<u32>) {
        self.round().hear(topic, partition, self.enough);
        if let Some(index) = self.topics.iter().position(|known| *known == topic) {
            self.heard[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many messages came of each topic.
    pub fn heard(&self) -> Vec<u64> {
        self.heard.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// A message of ours has come back, from `partition` where the sidecar says which.
    pub fn came_back(&self, marker: &Marker, partition: Option<u32>) {
        let is_mine = marker.replica == self.replica && partition.is_none_or(|from| from == marker.partition);
        let mut round = self.round();
        if is_mine
            && marker.round == round.number
            && round.came_back(marker.topic, marker.partition, self.enough)
            && round.awaited().next().is_none()
        {
            self.all_came.notify_one();
        }
    }

    fn awaited(&self) -> Vec<Marker> {
        let round = self.round();
        let marker = |(topic, partition)| Marker {
            topic,
            partition,
            replica: self.replica,
            round: round.number,
        };
        round.awaited().map(marker).collect()
    }

    /// A marker of the present round.
    fn marker(&self, topic: Topic, partition: u32) -> Marker {
        Marker {
            topic,
            partition,
            replica: self.replica,
            round: self.round().number,
        }
    }

    async fn send_all(&self, markers: &[Marker]) -> Result<(), Failure> {
        for marker in markers {
            let sent = self.send(marker).await;
            sent.map_err(|status| failure("publish", &status))?;
        }
        Ok(())
    }

    async fn send(&self, marker: &Marker) -> Result<(), Status> {
        let request = PublishEventRequest {
            pubsub_name: self.component.clone(),
            topic: marker.topic.as_str().to_owned(),
            data: marker.to_json().to_string().into_bytes(),
            data_content_type: CONTENT_TYPE.to_owned(),
            metadata: HashMap::from([(PARTITION.to_owned(), marker.partition.to_string())]),
        };
        self.sidecar.client().publish_event(request).await.map(drop)
    }

    fn round(&self) -> MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether there is a partition, by what became of a marker to it.
///
/// # Errors
/// When that says nothing.
fn has_partition(sent: Result<(), Status>) -> Result<bool, Failure> {
    match sent {
        Ok(()) => Ok(true),
        Err(status) if NO_SUCH_PARTITION.iter().any(|said| status.message().contains(said)) => Ok(false),
        Err(status) => Err(failure("look for partitions", &status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dapr::sidecar::SidecarAddress;

    const TOPICS: [Topic; 2] = [Topic::Reminders, Topic::TaskUpdates];

    fn markers(enough: Enough) -> Markers {
        let address = SidecarAddress {
            grpc_port: 1,
            api_token: None,
        };
        let three = NonZeroU32::new(3).unwrap();
        Markers::new(
            Sidecar::new(&address).unwrap(),
            "events",
            &TOPICS,
            three,
            enough,
            Uuid::from_u128(1),
        )
    }

    #[tokio::test]
    async fn a_round_ends_with_the_last_of_its_own_markers_from_the_partition_it_was_sent_to() {
        let markers = markers(Enough::EveryPartition);
        markers.begin();
        let earlier = markers.awaited();
        markers.begin();
        let sent = markers.awaited();
        assert_eq!(sent.len(), 6);
        for marker in earlier {
            markers.came_back(&marker, Some(marker.partition));
        }
        for marker in &sent {
            let replica = Uuid::from_u128(2);
            markers.came_back(&Marker { replica, ..*marker }, Some(marker.partition));
            markers.came_back(marker, Some(marker.partition + 1));
        }
        assert_eq!(markers.awaited(), sent);
        for marker in &sent {
            markers.came_back(marker, Some(marker.partition));
        }
        assert_eq!(markers.all_back().await, Ok(()));
    }

    #[tokio::test]
    async fn who_has_a_share_of_the_partitions_is_content_with_one_marker_of_each_topic() {
        let markers = markers(Enough::OnePartition);
        markers.begin();
        let sent = markers.awaited();
        markers.came_back(&sent[1], None);
        assert_eq!(markers.awaited().len(), 3);
        assert!(markers.awaited().iter().all(|marker| marker.topic != sent[1].topic));
        markers.came_back(&markers.awaited()[0], None);
        assert_eq!(markers.all_back().await, Ok(()));
    }

    #[test]
    fn a_broker_that_is_away_is_not_taken_for_one_that_has_no_further_partition() {
        let refused = |why: &str| has_partition(Err(Status::internal(why))).ok();
        let no_such = "error when publish: kafka: partitioner returned an invalid partition index";
        assert_eq!(
            (has_partition(Ok(())).ok(), refused(no_such)),
            (Some(true), Some(false))
        );
        for away in [
            "kafka: client has run out of available brokers to talk to",
            "kafka server: in the middle of a leadership election",
            "circuit breaker is open",
            "",
        ] {
            assert_eq!(refused(away), None, "{away}");
        }
    }

    #[tokio::test]
    async fn without_its_sidecar_a_replica_does_not_know_whether_there_are_more_partitions() {
        assert!(markers(Enough::EveryPartition).finds_more().await.is_err());
    }
}
