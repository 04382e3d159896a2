//! One topic: what many actors publish at once shares calls of the sidecar.
//!
//! A call costs the sidecar, the broker and this process more than what it carries, so what comes while one is under way, or right after it began,
//! goes with the next. Where nobody published just now, a call goes out at once. The order of an actor's events is the actor's business: it publishes
//! what comes next when what came before is taken.

use std::{collections::HashMap, sync::Arc, time::Duration};

use dapr::dapr::proto::runtime::v1::{BulkPublishRequest, BulkPublishRequestEntry, PublishEventRequest};
use punctual_actors::ports::Failure;
use punctual_events::Topic;
use tokio::sync::{mpsc, oneshot};

use super::super::sidecar::{Sidecar, failure};

/// The sidecar sends such a body as it is, and adds no envelope of its own.
pub(in crate::dapr) const CONTENT_TYPE: &str = "application/cloudevents+json";
/// What the broker's component takes a message's key from.
const KEY: &str = "partitionKey";
/// A call takes nobody else in once it has this many bytes: a quarter of what a message may have.
pub(super) const MAX_CALL_BYTES: usize = 1024 * 1024;
/// Calls begin this far apart at least. Under load that is what makes them fewer, and it is little beside what a person notices.
const PACE: Duration = Duration::from_millis(10);
/// A call that takes longer is not waited for: the partition of one message may be away, which must not hold up those of the others.
const PATIENCE: Duration = Duration::from_millis(100);

/// An event as it goes out.
pub(super) struct Message {
    pub(super) body: Vec<u8>,
    pub(super) key: String,
}

/// Messages that are published together, and who waits for them.
struct Parcel {
    messages: Vec<Message>,
    bytes: usize,
    answer: oneshot::Sender<Result<(), Failure>>,
}

/// The way onto one topic. Clones share it.
#[derive(Clone)]
pub(super) struct Lane {
    parcels: mpsc::UnboundedSender<Parcel>,
}

impl Lane {
    /// Begins to carry messages, until the last clone is gone. Must be called within a Tokio runtime.
    pub(super) fn new(sidecar: Sidecar, component: Arc<str>, topic: Topic) -> Self {
        let (parcels, waiting) = mpsc::unbounded_channel();
        let broker = Broker {
            sidecar,
            component,
            topic,
        };
        tokio::spawn(carry(broker, waiting));
        Self { parcels }
    }

    /// Publishes the messages, in order.
    pub(super) async fn publish(&self, messages: Vec<Message>) -> Result<(), Failure> {
        let (answer, answered) = oneshot::channel();
        let bytes = messages.iter().map(|message| message.body.len()).sum();
        let parcel = Parcel {
            messages,
            bytes,
            answer,
        };
        let is_stopping = |_| Failure::new("publish: the process is stopping");
        self.parcels.send(parcel).map_err(|_| is_stopping(()))?;
        answered.await.map_err(|_| is_stopping(()))?
    }
}

/// Sends what waits, one call at a time as long as calls are quick.
async fn carry(broker: Broker, mut waiting: mpsc::UnboundedReceiver<Parcel>) {
    let mut next = None;
    while let Some(first) = match next.take() {
        Some(parcel) => Some(parcel),
        None => waiting.recv().await,
    } {
        let mut bytes = first.bytes;
        let mut together = vec![first];
        while let Ok(parcel) = waiting.try_recv() {
            if bytes + parcel.bytes > MAX_CALL_BYTES {
                next = Some(parcel);
                break;
            }
            bytes += parcel.bytes;
            together.push(parcel);
        }
        let call = tokio::spawn(broker.clone().deliver(together));
        // What became of it those who wait for it are told.
        let _ = tokio::join!(tokio::time::timeout(PATIENCE, call), tokio::time::sleep(PACE));
    }
}

/// A topic of the broker, behind the sidecar.
#[derive(Clone)]
struct Broker {
    sidecar: Sidecar,
    component: Arc<str>,
    topic: Topic,
}

impl Broker {
    /// Sends parcels with one call and tells each what became of it.
    async fn deliver(self, parcels: Vec<Parcel>) {
        let mut messages = Vec::new();
        let mut recipients = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            messages.extend(parcel.messages);
            recipients.push((messages.len(), parcel.answer));
        }
        let outcome = self.send(messages).await;
        let mut first = 0;
        for (end, answer) in recipients {
            // Nobody is there any more where the actor was given up meanwhile.
            let _ = answer.send(outcome.of(first..end));
            first = end;
        }
    }

    async fn send(&self, mut messages: Vec<Message>) -> Outcome {
        match messages.pop() {
            None => Outcome::default(),
            Some(only) if messages.is_empty() => self.send_one(only).await,
            Some(last) => {
                messages.push(last);
                self.send_all(messages).await
            }
        }
    }

    async fn send_one(&self, message: Message) -> Outcome {
        let request = PublishEventRequest {
            pubsub_name: self.component.to_string(),
            topic: self.topic.as_str().to_owned(),
            data: message.body,
            data_content_type: CONTENT_TYPE.to_owned(),
            metadata: HashMap::from([(KEY.to_owned(), message.key)]),
        };
        let answer = self.sidecar.client().publish_event(request).await;
        Outcome {
            all: answer.err().map(|status| failure("publish", &status)),
            some: Vec::new(),
        }
    }

    async fn send_all(&self, messages: Vec<Message>) -> Outcome {
        // Numbers, for the sidecar refuses a call in which two have the same name, and an event may be on its way twice.
        let entries = messages
            .into_iter()
            .enumerate()
            .map(|(number, message)| BulkPublishRequestEntry {
                entry_id: number.to_string(),
                event: message.body,
                content_type: CONTENT_TYPE.to_owned(),
                metadata: HashMap::from([(KEY.to_owned(), message.key)]),
            });
        let request = BulkPublishRequest {
            pubsub_name: self.component.to_string(),
            topic: self.topic.as_str().to_owned(),
            entries: entries.collect(),
            metadata: HashMap::new(),
        };
        match self.sidecar.client().bulk_publish_event(request).await {
            Ok(answer) => Outcome::of_entries(
                answer
                    .into_inner()
                    .failed_entries
                    .into_iter()
                    .map(|failed| (failed.entry_id, failed.error)),
            ),
            Err(status) => Outcome {
                all: Some(failure("publish in bulk", &status)),
                some: Vec::new(),
            },
        }
    }
}

/// What became of a call.
#[derive(Default)]
struct Outcome {
    /// Why nothing may have been taken.
    all: Option<Failure>,
    /// The messages that were not taken, by their place in the call, and why.
    some: Vec<(usize, String)>,
}

impl Outcome {
    /// The outcome of a call of which these entries failed. Of one whose name is none of ours nothing is known, so it counts for all.
    fn of_entries(failed: impl Iterator<Item = (String, String)>) -> Self {
        let mut outcome = Self::default();
        for (entry, error) in failed {
            match entry.parse() {
                Ok(number) => outcome.some.push((number, error)),
                Err(_) => {
                    outcome.all = Some(Failure::new(format_args!("publish in bulk: entry {entry:?}: {error}")));
                }
            }
        }
        outcome
    }

    /// What became of the messages at these places.
    fn of(&self, places: std::ops::Range<usize>) -> Result<(), Failure> {
        if let Some(failure) = &self.all {
            return Err(failure.clone());
        }
        let mut failed = self.some.iter().filter(|(place, _)| places.contains(place));
        match failed.next() {
            None => Ok(()),
            Some((_, error)) => Err(Failure::new(format_args!(
                "publish in bulk: {} of {} events were not taken, the first because: {error}",
                1 + failed.count(),
                places.len(),
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    fn failed(entries: &[&str]) -> Outcome {
        let entries = entries.iter().map(|entry| ((*entry).to_owned(), "full".to_owned()));
        Outcome::of_entries(entries)
    }

    #[test]
    fn only_those_fail_whose_own_messages_were_not_taken() {
        let outcome = failed(&["3", "4"]);
        assert!(outcome.of(0..3).is_ok());
        assert!(outcome.of(3..4).is_err());
        assert!(outcome.of(4..6).is_err());
        assert!(outcome.of(5..9).is_ok());
    }

    #[test]
    fn all_fail_where_it_is_not_said_whose_message_was_not_taken() {
        assert!(failed(&[""]).of(0..1).is_err());
        assert!(failed(&["7", "what"]).of(0..1).is_err());
    }
}
