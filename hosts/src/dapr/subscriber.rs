//! Events from the broker, one message at a time, given to the roles of this process as whole commits.

mod memory;

use std::{
    borrow::Cow,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::FutureExt as _;
use punctual_actors::ports::Failure;
use punctual_events::{ActorId, CloudEvent, CommitHeader, Marker, Seq, Topic};

use self::memory::{CommitOnTopic, Memory, on};
use super::marker::Markers;
use crate::ports::{EventHandler, Logs};

/// A commit of this many events holds up its actor's next ones: each of its events is a message that the sidecar delivers alone.
const MANY_EVENTS: u16 = 16;
/// Commits that are handed over ahead of their messages, at most.
const AHEAD: usize = 8;

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
    memory: Mutex<Memory>,
    markers: Vec<Arc<Markers>>,
}

impl Subscriber {
    /// Hands events to `handlers`, and reads from `logs` what a message alone does not tell.
    #[must_use]
    pub fn new(handlers: Vec<Arc<dyn EventHandler>>, logs: Arc<dyn Logs>) -> Self {
        Self {
            handlers,
            logs,
            memory: Mutex::default(),
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
        self.markers.iter().for_each(|markers| markers.hear(topic, partition));
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
        let (commit, index) = (on(topic, &event.commit), event.index);
        match self.hand_over(topic, event).await {
            Ok(()) => {
                self.memory().refused.known.remove(&commit);
                Verdict::Taken
            }
            Err(failure) if failure.is_damage() => {
                // Delivered again it would hold up every event behind it, those of other users too.
                tracing::error!(%failure, topic = topic.as_str(), "an event met damaged data");
                Verdict::Dead
            }
            Err(failure) => self.refused(commit, index, &failure),
        }
    }

    /// An event that was not taken comes again, as often as the sidecar's policy says. It holds up those behind it meanwhile, so another event of
    /// a commit that the sidecar has given up on is not tried as often again: a commit is handled as a whole, and fails as one.
    fn refused(&self, commit: CommitOnTopic, index: u16, failure: &Failure) -> Verdict {
        let mut memory = self.memory();
        let was_given_up = memory
            .refused
            .known
            .get(&commit)
            .is_some_and(|earlier| *earlier < index);
        memory.refused.insert(commit, index);
        drop(memory);
        let (topic, actor, seq, _) = commit;
        if was_given_up {
            tracing::error!(%failure, topic = topic.as_str(), %actor, %seq, "another event of a commit that was refused");
            Verdict::Dead
        } else {
            tracing::warn!(%failure, topic = topic.as_str(), %actor, %seq, "an event was not taken and comes again");
            Verdict::Again
        }
    }

    /// A marker is nobody's but the replica's that sent it.
    fn notice(&self, marker: &Marker, partition: Option<u32>) {
        for markers in &self.markers {
            markers.came_back(marker, partition);
        }
    }

    /// Gives an event to the roles, with all events of its commit.
    ///
    /// # Errors
    /// When a role did not take it, or cannot read it.
    pub(super) async fn hand_over(&self, topic: Topic, event: CloudEvent) -> Result<(), Failure> {
        let is_readable = self.is_readable(topic, &event);
        self.hand_over_commit(topic, event).await?;
        is_readable
    }

    async fn hand_over_commit(&self, topic: Topic, event: CloudEvent) -> Result<(), Failure> {
        let commit = on(topic, &event.commit);
        let is_last = event.index + 1 >= event.parts;
        if self.memory().handed_over.passes(&commit, event.index, is_last) {
            return Ok(());
        }
        if event.parts <= 1 {
            return self.give(topic, &[event]).await;
        }
        match self.whole_commit(topic, &event).await? {
            Some(events) => {
                self.give(topic, &events).await?;
                self.memory().handed_over.insert(commit, is_last);
                if event.parts >= MANY_EVENTS {
                    self.hand_over_those_behind(topic, &event.commit).await;
                }
                Ok(())
            }
            None => self.give(topic, &[event]).await,
        }
    }

    /// Gives the roles what the log has after a commit by now, in order and without a gap. What is not read or not taken comes by itself.
    async fn hand_over_those_behind(&self, topic: Topic, commit: &CommitHeader) {
        let mut last = commit.seq;
        for commit in self.logs.read(commit.actor, last, AHEAD).await.iter().flatten() {
            let Ok(events) = commit.cloud_events(topic) else { return };
            if commit.header.seq != last.next() {
                return;
            }
            last = commit.header.seq;
            if events.is_empty() {
                continue;
            }
            if self.give(topic, &events).await.is_err() {
                return;
            }
            self.memory().handed_over.insert(on(topic, &commit.header), false);
        }
    }

    /// Gives the roles what a commit of the log has on a topic.
    ///
    /// # Errors
    /// When a role did not take it, or the log has nothing to give.
    pub(super) async fn hand_over_logged(&self, topic: Topic, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        let before = Seq(seq.0.saturating_sub(1));
        let logged = self.logs.read(actor, before, 1).await?;
        let commit = logged.first().filter(|commit| commit.header.seq == seq);
        let events = commit.map(|commit| commit.cloud_events(topic).map_err(Failure::new));
        match events.transpose()? {
            Some(events) if !events.is_empty() => {
                self.give(topic, &events).await?;
                events.iter().try_for_each(|event| self.is_readable(topic, event))
            }
            Some(_) | None => Err(Failure::new(
                "the log does not have it, or not any more: there is nothing to replay; discard it",
            )),
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

    fn listeners(&self, topic: Topic) -> impl Iterator<Item = &Arc<dyn EventHandler>> {
        self.handlers
            .iter()
            .filter(move |handler| handler.topics().contains(&topic))
    }

    /// Says which role has to know the content of an event and cannot read it.
    fn is_readable(&self, topic: Topic, event: &CloudEvent) -> Result<(), Failure> {
        match self.listeners(topic).find(|handler| !handler.can_read(event)) {
            Some(handler) => Err(Failure::damaged(format_args!(
                "{} cannot read {}",
                handler.name(),
                event.id()
            ))),
            None => Ok(()),
        }
    }

    /// Gives each role what it can read.
    async fn give(&self, topic: Topic, events: &[CloudEvent]) -> Result<(), Failure> {
        let mut outcome = Ok(());
        for handler in self.listeners(topic) {
            let mut readable = Cow::Borrowed(events);
            if !events.iter().all(|event| handler.can_read(event)) {
                readable.to_mut().retain(|event| handler.can_read(event));
            }
            if readable.is_empty() {
                continue;
            }
            // A panic refuses the event like everything else: whoever delivers it must get an answer.
            let handling = AssertUnwindSafe(handler.handle(topic, &readable)).catch_unwind();
            let panicked = |_| Err(Failure::new(format_args!("{} panicked", handler.name())));
            match handling.await.unwrap_or_else(panicked) {
                // The event does not come again, so the others get it now.
                Err(failure) if failure.is_damage() => outcome = Err(failure),
                taken => taken?,
            }
        }
        outcome
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod tests;
