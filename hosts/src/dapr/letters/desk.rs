//! What a role does with its dead letters.

use std::{collections::HashMap, sync::Arc};

use prometheus_client::metrics::counter::Counter;
use punctual_actors::ports::{Clock, Failure};
use punctual_events::{CloudEvent, Topic};

use super::{Letter, LetterId, LetterPage, Origin, Replayed, role, shelf::Shelf};
use crate::{
    dapr::{
        keys::Keys,
        state::State,
        subscriber::{Subscriber, Verdict},
    },
    ports::{EventHandler, Logs},
};

/// How long a role may take for the last try, in milliseconds. The sidecar gives up a delivery after half a minute, and the letter has to be put aside before that:
/// one that never got so far would come again for ever, and hold up those behind it, and nobody would find it.
const TRY_WITHIN_MS: u64 = 10_000;

/// Takes the dead letters of a process's roles, and replays them.
pub struct Desk<K = State> {
    shelf: Shelf<K>,
    /// One for each role: a letter is for the role that refused it, and for no other.
    subscribers: HashMap<&'static str, Subscriber>,
    clock: Arc<dyn Clock>,
    put_aside: Counter,
}

impl<K: Keys> Desk<K> {
    /// Keeps letters in `keys` and has them handled by those of `handlers` that are roles; counts those it puts aside.
    #[must_use]
    pub fn new(
        keys: K,
        handlers: &[Arc<dyn EventHandler>],
        logs: &Arc<dyn Logs>,
        clock: Arc<dyn Clock>,
        put_aside: Counter,
    ) -> Self {
        let subscribers = handlers.iter().filter_map(|handler| {
            let subscriber = Subscriber::new(vec![Arc::clone(handler)], Arc::clone(logs));
            Some((role(handler.name())?, subscriber))
        });
        Self {
            shelf: Shelf::new(keys),
            subscribers: subscribers.collect(),
            clock,
            put_aside,
        }
    }

    /// The role of that name, if it is played here.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&'static str> {
        role(name).filter(|role| self.subscribers.contains_key(role))
    }

    fn subscriber(&self, role: &str) -> Result<&Subscriber, Failure> {
        let subscriber = self.subscribers.get(role);
        subscriber.ok_or_else(|| Failure::new(format_args!("{role} is not played here")))
    }

    /// Takes one message of a role's dead-letter topic. It is tried once more: what it waited for may be back, and if not the letter says why.
    pub async fn take(&self, role: &str, origin: Origin, message: &[u8]) -> Verdict {
        match self.try_or_put_aside(role, origin, message).await {
            Ok(()) => Verdict::Taken,
            Err(failure) => {
                tracing::error!(role, %failure, "a dead letter could not be put aside and comes again");
                Verdict::Again
            }
        }
    }

    async fn try_or_put_aside(&self, role: &str, origin: Origin, message: &[u8]) -> Result<(), Failure> {
        let now = self.clock.now();
        let letter = match CloudEvent::from_json(message) {
            // A broker that does not say where it was leaves its own word.
            Ok(event) if origin.topic.is_empty() || *event.topic.as_str() == *origin.topic => {
                let origin = Origin {
                    topic: event.topic.as_str().into(),
                    ..origin
                };
                // Of a commit that lies there already nobody is asked again: its other events would fail with it.
                let letter = Letter::of_event(origin, &event, now, &Failure::new("not tried"));
                if self.shelf.get(role, &letter.id).await?.is_some() {
                    return Ok(());
                }
                match self.try_once_more(role, event).await {
                    Ok(()) => {
                        tracing::info!(role, event = letter.event, "a dead letter was taken after all");
                        return Ok(());
                    }
                    Err(reason) => Letter {
                        reason: super::letter::in_short(&reason),
                        ..letter
                    },
                }
            }
            Ok(event) => {
                let reason = Failure::new(format_args!("an event of {} on another topic", event.topic.as_str()));
                Letter::of_event(origin, &event, now, &reason)
            }
            Err(error) => Letter::of_message(origin, message, now, &Failure::new(error)),
        };
        self.shelf.put(role, &letter).await?;
        self.put_aside.inc();
        tracing::error!(role, id = %letter.id, event = letter.event, reason = %letter.reason, "a dead letter was put aside");
        Ok(())
    }

    async fn try_once_more(&self, role: &str, event: CloudEvent) -> Result<(), Failure> {
        let handing_over = self.subscriber(role)?.hand_over(event.topic, event);
        tokio::select! {
            biased;
            outcome = handing_over => outcome,
            () = self.clock.sleep_ms(TRY_WITHIN_MS) => {
                Err(Failure::new(format_args!("it was not done within {} s", TRY_WITHIN_MS / 1_000)))
            }
        }
    }

    /// Some of the letters of a role, beginning where another page ended.
    ///
    /// # Errors
    /// When the store is away or what it holds cannot be read.
    pub async fn list(&self, role: &str, from: u8) -> Result<LetterPage, Failure> {
        self.shelf.list(role, from).await
    }

    /// Has the role handle a letter's commit as the log has it now, and takes the letter away if it does.
    ///
    /// # Errors
    /// When the shelf cannot be read or written. The letter may have been handled then, and can be replayed again.
    pub async fn replay(&self, role: &str, id: &LetterId) -> Result<Replayed, Failure> {
        let Some(letter) = self.shelf.get(role, id).await? else {
            return Ok(Replayed::Absent);
        };
        let subscriber = self.subscriber(role)?;
        match handle(subscriber, &letter).await {
            Ok(()) => {
                self.shelf.remove(role, id).await?;
                tracing::info!(role, %id, event = letter.event, "a dead letter was replayed");
                Ok(Replayed::Taken)
            }
            Err(reason) => {
                self.shelf.note(role, id, &reason).await?;
                Ok(Replayed::Refused(super::letter::in_short(&reason)))
            }
        }
    }

    /// Takes a letter away unhandled; false where there is none.
    ///
    /// # Errors
    /// When it may still be there.
    pub async fn discard(&self, role: &str, id: &LetterId) -> Result<bool, Failure> {
        let was_there = self.shelf.remove(role, id).await?;
        if was_there {
            tracing::warn!(role, %id, "a dead letter was discarded");
        }
        Ok(was_there)
    }
}

/// Has a role handle the commit of a letter.
async fn handle(subscriber: &Subscriber, letter: &Letter) -> Result<(), Failure> {
    let topic = Topic::ALL
        .into_iter()
        .find(|topic| *topic.as_str() == *letter.origin.topic);
    let (topic, (actor, seq)) = topic.zip(letter.commit()).ok_or_else(|| {
        Failure::new("the message did not say which event it is: there is nothing to replay; discard it")
    })?;
    subscriber.hand_over_logged(topic, actor, seq).await
}
