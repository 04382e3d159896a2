//! Events from the broker, one message at a time, given to the roles of this process as whole commits.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, CloudEvent, Marker, Seq, Topic};

use super::marker::Markers;
use crate::ports::{EventHandler, Logs};

/// Commits of several events that are remembered, at most. Their events follow each other in a partition, so few are ever needed.
const MAX_REMEMBERED: usize = 4_096;

/// What the sidecar is told about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was handled.
    Taken,
    /// Not now: deliver it again.
    Again,
    /// It will never be handled, or not before somebody has restored something: to the dead letters.
    Dead,
}

/// Hands events to the roles of this process.
pub struct Subscriber {
    handlers: Vec<Arc<dyn EventHandler>>,
    logs: Arc<dyn Logs>,
    handed_over: Mutex<HandedOver>,
    markers: Vec<Arc<Markers>>,
}

/// Commits whose events were handed over together.
#[derive(Default)]
struct HandedOver {
    known: HashSet<(Topic, ActorId, Seq)>,
    in_order: VecDeque<(Topic, ActorId, Seq)>,
}

impl Subscriber {
    /// Hands events to `handlers`, and reads from `logs` what a message alone does not tell.
    #[must_use]
    pub fn new(handlers: Vec<Arc<dyn EventHandler>>, logs: Arc<dyn Logs>) -> Self {
        Self {
            handlers,
            logs,
            handed_over: Mutex::default(),
            markers: Vec::new(),
        }
    }

    /// Tells `markers` what is heard, and which of them came back.
    #[must_use]
    pub fn with_markers(self, markers: Vec<Arc<Markers>>) -> Self {
        Self { markers, ..self }
    }

    /// Takes one message of `topic`, from `partition` where the sidecar says which.
    pub async fn take(&self, topic: Topic, partition: Option<u32>, message: &[u8]) -> Verdict {
        self.markers.iter().for_each(|markers| markers.hear(topic));
        let event = match CloudEvent::from_json(message) {
            Ok(event) if event.topic == topic => event,
            Ok(event) => {
                tracing::error!(
                    event = event.id(),
                    topic = topic.as_str(),
                    "an event on another topic than its own"
                );
                return Verdict::Dead;
            }
            Err(error) => {
                if let Some(marker) = Marker::from_json(message) {
                    self.notice(&marker, partition);
                    return Verdict::Taken;
                }
                tracing::error!(%error, topic = topic.as_str(), "a message that is no event");
                return Verdict::Dead;
            }
        };
        match self.hand_over(topic, event).await {
            Ok(()) => Verdict::Taken,
            Err(failure) if failure.is_damage() => {
                // Delivered again it would hold up every event behind it, those of other users too.
                tracing::error!(%failure, topic = topic.as_str(), "an event met damaged data");
                Verdict::Dead
            }
            Err(failure) => {
                tracing::warn!(%failure, topic = topic.as_str(), "an event was not taken and comes again");
                Verdict::Again
            }
        }
    }

    /// A marker is nobody's but the replica's that sent it.
    fn notice(&self, marker: &Marker, partition: Option<u32>) {
        for markers in &self.markers {
            markers.came_back(marker, partition);
        }
    }

    async fn hand_over(&self, topic: Topic, event: CloudEvent) -> Result<(), Failure> {
        if event.parts <= 1 {
            return self.give(topic, &[event]).await;
        }
        let commit = (topic, event.commit.actor, event.commit.seq);
        if self.remembered().known.contains(&commit) {
            return Ok(());
        }
        match self.whole_commit(topic, &event).await? {
            Some(events) => {
                self.give(topic, &events).await?;
                self.remembered().insert(commit);
                Ok(())
            }
            None => self.give(topic, &[event]).await,
        }
    }

    /// All events of the commit on its topic. `None` where the log does not have the commit any more, or not the same: then the event is given
    /// alone, and whoever gets it sees the gap.
    async fn whole_commit(&self, topic: Topic, event: &CloudEvent) -> Result<Option<Vec<CloudEvent>>, Failure> {
        let header = &event.commit;
        let before = Seq(header.seq.0.saturating_sub(1));
        let logged = self.logs.read(header.actor, before, 1).await?;
        let commit = logged.first().filter(|commit| commit.header.hash == header.hash);
        commit
            .map(|commit| commit.cloud_events(topic).map_err(Failure::new))
            .transpose()
    }

    async fn give(&self, topic: Topic, events: &[CloudEvent]) -> Result<(), Failure> {
        let mut outcome = Ok(());
        for handler in self.handlers.iter().filter(|handler| handler.topics().contains(&topic)) {
            match handler.handle(topic, events).await {
                // The event does not come again, so the others get it now.
                Err(failure) if failure.is_damage() => outcome = Err(failure),
                taken => taken?,
            }
        }
        outcome
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HandedOver> {
        self.handed_over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HandedOver {
    fn insert(&mut self, commit: (Topic, ActorId, Seq)) {
        if self.known.insert(commit) {
            self.in_order.push_back(commit);
        }
        if self.in_order.len() > MAX_REMEMBERED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
