//! Events onto the broker: one message each, in the order of the log, keyed by their user, so that a user's events share a partition.

use std::{collections::HashMap, sync::Arc, time::Duration};

use dapr::dapr::proto::runtime::v1::{BulkPublishRequest, BulkPublishRequestEntry, PublishEventRequest};
use futures_util::future::join_all;
use punctual_actors::ports::{Failure, Publisher};
use punctual_events::{CloudEvent, Commit, Topic};

use super::sidecar::{Sidecar, failure};

/// The sidecar sends such a body as it is, and adds no envelope of its own.
pub(super) const CONTENT_TYPE: &str = "application/cloudevents+json";
/// What the broker's component takes a message's key from.
const KEY: &str = "partitionKey";
/// A call takes no further event once it has this many bytes: a quarter of what a message may have.
const MAX_CALL_BYTES: usize = 1024 * 1024;

/// How long a commit that is published once more may take.
const AGAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// The topics of one broker component.
pub struct Topics {
    sidecar: Sidecar,
    component: Arc<str>,
}

/// An event as it goes out.
struct Message {
    id: String,
    body: Vec<u8>,
    key: String,
}

impl Topics {
    /// The topics of the component of that name.
    #[must_use]
    pub fn new(sidecar: Sidecar, component: &str) -> Self {
        Self {
            sidecar,
            component: component.into(),
        }
    }

    /// Publishes the events of `commits` on one topic, in order: the next call begins when the one before has succeeded. Answers whether there was
    /// anything to publish.
    async fn publish_on(&self, topic: Topic, commits: &[Arc<Commit>]) -> Result<bool, Failure> {
        let mut call = Vec::new();
        let mut bytes = 0;
        for commit in commits {
            for event in commit.cloud_events(topic).map_err(Failure::new)? {
                let message = Message::of(&event)?;
                if !call.is_empty() && bytes + message.body.len() > MAX_CALL_BYTES {
                    self.send(topic, std::mem::take(&mut call)).await?;
                    bytes = 0;
                }
                bytes += message.body.len();
                call.push(message);
            }
        }
        let is_any = !call.is_empty();
        self.send(topic, call).await?;
        Ok(is_any)
    }

    async fn send(&self, topic: Topic, mut messages: Vec<Message>) -> Result<(), Failure> {
        match messages.pop() {
            None => Ok(()),
            Some(only) if messages.is_empty() => self.send_one(topic, only).await,
            Some(last) => {
                messages.push(last);
                self.send_all(topic, messages).await
            }
        }
    }

    async fn send_one(&self, topic: Topic, message: Message) -> Result<(), Failure> {
        let request = PublishEventRequest {
            pubsub_name: self.component.to_string(),
            topic: topic.as_str().to_owned(),
            data: message.body,
            data_content_type: CONTENT_TYPE.to_owned(),
            metadata: HashMap::from([(KEY.to_owned(), message.key)]),
        };
        let answer = self.sidecar.client().publish_event(request).await;
        answer.map(drop).map_err(|status| failure("publish", &status))
    }

    async fn send_all(&self, topic: Topic, messages: Vec<Message>) -> Result<(), Failure> {
        let entries = messages.into_iter().map(|message| BulkPublishRequestEntry {
            entry_id: message.id,
            event: message.body,
            content_type: CONTENT_TYPE.to_owned(),
            metadata: HashMap::from([(KEY.to_owned(), message.key)]),
        });
        let request = BulkPublishRequest {
            pubsub_name: self.component.to_string(),
            topic: topic.as_str().to_owned(),
            entries: entries.collect(),
            metadata: HashMap::new(),
        };
        let answer = self.sidecar.client().bulk_publish_event(request).await;
        let answer = answer
            .map_err(|status| failure("publish in bulk", &status))?
            .into_inner();
        match answer.failed_entries.first() {
            None => Ok(()),
            Some(failed) => Err(Failure::new(format_args!(
                "publish in bulk: {} events were not taken, {} because: {}",
                answer.failed_entries.len(),
                failed.entry_id,
                failed.error
            ))),
        }
    }
}

impl Message {
    fn of(event: &CloudEvent) -> Result<Self, Failure> {
        Ok(Self {
            id: event.id(),
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
