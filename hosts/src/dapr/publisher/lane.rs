//! One topic: what many actors publish at once shares calls of the sidecar.
//!
//! A call costs the sidecar, the broker and this process more than what it carries, so what comes while one is under way, or right after it began,
//! goes with the next. Where nobody published just now, a call goes out at once. The order of an actor's events is the actor's business: it publishes
//! what comes next when what came before is taken.

use std::{collections::HashMap, num::NonZeroU32, pin::pin, sync::Arc, time::Duration};

use dapr::dapr::proto::runtime::v1::{BulkPublishRequest, BulkPublishRequestEntry, PublishEventRequest};
use futures_util::future::join_all;
use punctual_actors::ports::Failure;
use punctual_events::Topic;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    super::sidecar::{Sidecar, failure},
    apart::Apart,
};

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
/// Who shares a call waits for it for so long; then theirs goes by itself as well. Far longer than a broker that is well takes: what is only busy is not to
/// be given everything twice.
const SHARING: Duration = Duration::from_secs(1);

/// An event as it goes out.
pub(super) struct Message {
    pub(super) body: Vec<u8>,
    pub(super) key: String,
}

/// Who waits to hear whether messages were taken.
type Answer = oneshot::Sender<Result<(), Failure>>;

/// Messages that are published together, and who waits for them.
struct Parcel {
    messages: Vec<Message>,
    bytes: usize,
    answer: Answer,
}

/// The way onto one topic. Clones share it.
#[derive(Clone)]
pub(super) struct Lane {
    parcels: mpsc::UnboundedSender<Parcel>,
}

impl Lane {
    /// Begins to carry messages, until the last clone is gone. Must be called within a Tokio runtime.
    pub(super) fn new(sidecar: Sidecar, component: Arc<str>, topic: Topic, partitions: NonZeroU32) -> Self {
        Self::onto(Broker::new(sidecar, component, topic, partitions))
    }

    fn onto(broker: Broker) -> Self {
        let (parcels, waiting) = mpsc::unbounded_channel();
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
        if broker.goes_apart(&first) {
            tokio::spawn(broker.clone().deliver(vec![first]));
            continue;
        }
        let mut bytes = first.bytes;
        let mut together = vec![first];
        while let Ok(parcel) = waiting.try_recv() {
            if broker.goes_apart(&parcel) {
                tokio::spawn(broker.clone().deliver(vec![parcel]));
                continue;
            }
            if bytes + parcel.bytes > MAX_CALL_BYTES {
                next = Some(parcel);
                break;
            }
            bytes += parcel.bytes;
            together.push(parcel);
        }
        let call = tokio::spawn(broker.clone().deliver(together));
        // What became of it those who wait for it are told.
        let _ = tokio::join!(timeout(PATIENCE, call), tokio::time::sleep(PACE));
    }
}

/// A topic of the broker, behind the sidecar.
#[derive(Clone)]
struct Broker {
    sidecar: Sidecar,
    component: Arc<str>,
    topic: Topic,
    apart: Arc<Apart>,
}

impl Broker {
    fn new(sidecar: Sidecar, component: Arc<str>, topic: Topic, partitions: NonZeroU32) -> Self {
        Self {
            sidecar,
            component,
            topic,
            apart: Arc::new(Apart::new(partitions)),
        }
    }

    /// Sends parcels with one call and tells each what became of it. The sidecar does not say which messages of a call the broker did not take, nor,
    /// while it waits for a partition that is away, which it did. So where that is so each parcel goes again by itself: what one actor cannot publish,
    /// others can.
    async fn deliver(self, parcels: Vec<Parcel>) {
        let parcels = parcels.into_iter().map(|parcel| (parcel.messages, parcel.answer));
        let (parcels, answers): (Vec<_>, Vec<_>) = parcels.unzip();
        let together: Vec<&Message> = parcels.iter().flatten().collect();
        let each = |answers: Vec<Answer>| {
            let each = parcels.iter().zip(answers);
            join_all(each.map(|(messages, answer)| self.deliver_alone(messages, answer)))
        };
        if parcels.len() < 2 {
            each(answers).await;
            return;
        }
        let mut sharing = pin!(self.send(&together));
        match timeout(SHARING, &mut sharing).await {
            Ok(Ok(())) => {
                for answer in answers {
                    // Nobody is there any more where the actor was given up meanwhile.
                    let _ = answer.send(Ok(()));
                }
            }
            Ok(Err(_)) => drop(each(answers).await),
            // The call goes on: to the sidecar's breaker one that is given up has failed.
            Err(_) => drop(tokio::join!(sharing, each(answers))),
        }
    }

    async fn deliver_alone(&self, messages: &[Message], answer: Answer) {
        let key = messages.first().map_or("", |first| &first.key);
        let messages: Vec<&Message> = messages.iter().collect();
        let mut sending = pin!(self.send(&messages));
        let outcome = match timeout(SHARING, &mut sending).await {
            Ok(outcome) => outcome,
            Err(_) => {
                // Not only once it has failed: many calls begin until then, and each could take others of that partition in.
                self.apart.put(key);
                sending.await
            }
        };
        match &outcome {
            Ok(()) => self.apart.take_back(key),
            Err(_) => self.apart.put(key),
        }
        let _ = answer.send(outcome);
    }

    fn goes_apart(&self, parcel: &Parcel) -> bool {
        let first = parcel.messages.first();
        first.is_some_and(|first| self.apart.has(&first.key))
    }

    async fn send(&self, messages: &[&Message]) -> Result<(), Failure> {
        match messages {
            [] => Ok(()),
            [only] => self.send_one(only).await,
            several => self.send_all(several).await,
        }
    }

    async fn send_one(&self, message: &Message) -> Result<(), Failure> {
        let request = PublishEventRequest {
            pubsub_name: self.component.to_string(),
            topic: self.topic.as_str().to_owned(),
            data: message.body.clone(),
            data_content_type: CONTENT_TYPE.to_owned(),
            metadata: HashMap::from([(KEY.to_owned(), message.key.clone())]),
        };
        let answer = self.sidecar.client().publish_event(request).await;
        answer.map(drop).map_err(|status| failure("publish", &status))
    }

    async fn send_all(&self, messages: &[&Message]) -> Result<(), Failure> {
        // Numbers, for the sidecar refuses a call in which two have the same name, and an event may be on its way twice.
        let entry = |(number, message): (usize, &&Message)| BulkPublishRequestEntry {
            entry_id: number.to_string(),
            event: message.body.clone(),
            content_type: CONTENT_TYPE.to_owned(),
            metadata: HashMap::from([(KEY.to_owned(), message.key.clone())]),
        };
        let request = BulkPublishRequest {
            pubsub_name: self.component.to_string(),
            topic: self.topic.as_str().to_owned(),
            entries: messages.iter().enumerate().map(entry).collect(),
            metadata: HashMap::new(),
        };
        let answer = self.sidecar.client().bulk_publish_event(request).await;
        let answer = answer
            .map_err(|status| failure("publish in bulk", &status))?
            .into_inner();
        match answer.failed_entries.first() {
            None => Ok(()),
            Some(failed) => Err(Failure::new(format_args!(
                "publish in bulk: {} of {} events were not taken, the first because: {}",
                answer.failed_entries.len(),
                messages.len(),
                failed.error
            ))),
        }
    }
}

#[cfg(test)]
mod tests;
