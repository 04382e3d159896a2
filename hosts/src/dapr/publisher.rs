//! Events onto the broker: one message each, in the order of the log, keyed by their user, so that a user's events share a partition.

mod apart;
mod lane;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use futures_util::future::join_all;
use punctual_actors::ports::{Failure, Publisher};
use punctual_events::{CloudEvent, Commit, Topic};

pub(super) use self::lane::CONTENT_TYPE;
use self::lane::{Lane, MAX_CALL_BYTES, Message};
use super::sidecar::Sidecar;

/// How long a commit that is published once more may take.
const AGAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// The topics of one broker component. Clones share their calls.
#[derive(Clone)]
pub struct Topics {
    lanes: [Lane; Topic::ALL.len()],
}

impl Topics {
    /// The topics of the component of that name, each of so many partitions. Must be called within a Tokio runtime.
    #[must_use]
    pub fn new(sidecar: &Sidecar, component: &str, partitions: NonZeroU32) -> Self {
        let component: Arc<str> = component.into();
        Self {
            lanes: Topic::ALL.map(|topic| Lane::new(sidecar.clone(), Arc::clone(&component), topic, partitions)),
        }
    }

    /// Publishes the events of `commits` on one topic, in order: what is too much for one call follows when the one before has succeeded.
    /// Answers whether there was
    /// anything to publish.
    async fn publish_on(&self, topic: Topic, commits: &[Arc<Commit>]) -> Result<bool, Failure> {
        let lane = &self.lanes[topic.index()];
        let mut parcel = Vec::new();
        let mut bytes = 0;
        for commit in commits {
            for event in commit.cloud_events(topic).map_err(Failure::new)? {
                let message = Message::of(&event)?;
                if !parcel.is_empty() && bytes + message.body.len() > MAX_CALL_BYTES {
                    lane.publish(std::mem::take(&mut parcel)).await?;
                    bytes = 0;
                }
                bytes += message.body.len();
                parcel.push(message);
            }
        }
        if parcel.is_empty() {
            return Ok(false);
        }
        lane.publish(parcel).await?;
        Ok(true)
    }
}

impl Message {
    fn of(event: &CloudEvent) -> Result<Self, Failure> {
        Ok(Self {
            body: serde_json::to_vec(event).map_err(Failure::new)?,
            key: event.commit.owner.to_string(),
        })
    }
}

impl Publisher for Topics {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        // Topics are in no order among each other. None is left half way because another failed: to the sidecar's breaker a call that is given
        // up has failed, and would keep it open.
        let outcomes = join_all(Topic::ALL.map(|topic| self.publish_on(topic, commits))).await;
        let some_were_taken = outcomes.iter().any(|outcome| matches!(outcome, Ok(true)));
        for (topic, outcome) in Topic::ALL.into_iter().zip(outcomes) {
            match outcome {
                // A breaker that tries whether the broker is back lets one call through and turns the others away.
                Err(_) if some_were_taken => self.publish_on(topic, commits).await?,
                outcome => outcome?,
            };
        }
        Ok(())
    }

    async fn publish_for_audit(&self, commit: &Arc<Commit>) -> Result<(), Failure> {
        let publishing = self.publish_on(Topic::TaskEvents, std::slice::from_ref(commit));
        // The actor waits for it, and commands wait for the actor: where the broker takes long, the next guard tries again.
        let published = tokio::time::timeout(AGAIN_TIMEOUT, publishing).await;
        published.map_err(Failure::new)?.map(drop)
    }
}
