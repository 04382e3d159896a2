//! Telling actors how far audit has come. No delivery waits for it, and none is refused because an actor cannot be told: what is to be confirmed was
//! copied, and an actor that was not told keeps a guard, which has it confirmed again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{StreamExt as _, future::join, stream};
use punctual_actors::ports::{Clock, Failure};
use punctual_events::{ActorId, Seq};
use tokio::sync::Notify;

use super::confirmed::Confirmed;
use crate::dapr::{actors::RemoteActors, wire};

/// How long an actor may be quiet before it is told how far audit has come, whatever that is, in milliseconds. Much shorter than its guard, which
/// publishes its last commit again while it was not told.
const QUIET_MS: i64 = 30_000;
/// Calls that tell actors at once.
const TELLING_AT_ONCE: usize = 64;
/// How often quiet actors are looked for, in milliseconds.
const LOOK_EVERY_MS: u64 = 10_000;
/// Actors that are to be told soon. At the limit further ones are told when they are quiet.
const MAX_WANTED: usize = 65_536;

/// Whoever can be told.
pub(super) trait Tell: Send + Sync + 'static {
    /// Tells an actor that audit has everything up to `seq`.
    fn tell(&self, actor: ActorId, seq: Seq) -> impl Future<Output = Result<(), Failure>> + Send;
}

impl Tell for RemoteActors {
    async fn tell(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        self.upkeep(actor, wire::CONFIRM_AUDITED, seq).await
    }
}

/// Tells actors what audit has of them.
pub(super) struct Telling<T> {
    actors: T,
    clock: Arc<dyn Clock>,
    confirmed: Confirmed,
    /// To be told soon.
    wanted: Mutex<HashMap<ActorId, Seq>>,
    is_wanted: Notify,
}

impl<T: Tell> Telling<T> {
    pub(super) fn new(actors: T, clock: Arc<dyn Clock>) -> Self {
        Self {
            actors,
            clock,
            confirmed: Confirmed::default(),
            wanted: Mutex::default(),
            is_wanted: Notify::new(),
        }
    }

    /// Notes how far audit has come; the actor is told soon, or when it is quiet.
    pub(super) fn confirm(&self, actor: ActorId, seq: Seq) {
        if !self.confirmed.is_worth_telling(actor, seq, self.clock.now()) {
            return;
        }
        let mut wanted = self.wanted();
        if wanted.len() < MAX_WANTED || wanted.contains_key(&actor) {
            wanted.insert(actor, seq);
            self.is_wanted.notify_one();
        }
    }

    /// Tells, until the process ends.
    pub(super) async fn tell_for_ever(&self) {
        join(self.tell_the_wanted(), self.tell_the_quiet()).await;
    }

    async fn tell_the_wanted(&self) {
        loop {
            self.is_wanted.notified().await;
            let wanted = std::mem::take(&mut *self.wanted());
            self.tell_all(wanted).await;
        }
    }

    async fn tell_the_quiet(&self) {
        loop {
            self.clock.sleep_ms(LOOK_EVERY_MS).await;
            let untold = self.confirmed.untold_since(self.clock.now().plus_millis(-QUIET_MS));
            self.tell_all(untold).await;
        }
    }

    /// One that cannot be reached must not keep the others waiting past their guards.
    async fn tell_all(&self, untold: impl IntoIterator<Item = (ActorId, Seq)>) {
        let telling = stream::iter(untold).for_each_concurrent(TELLING_AT_ONCE, async |(actor, seq)| {
            match self.actors.tell(actor, seq).await {
                Ok(()) => self.confirmed.told(actor, seq, self.clock.now()),
                Err(failure) => {
                    tracing::warn!(%actor, %seq, %failure, "an actor could not be told what audit has of it; it is told again");
                }
            }
        });
        telling.await;
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<ActorId, Seq>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use punctual_actors::reference::VirtualClock;
    use punctual_events::{Timestamp, UserId};
    use tokio::{sync::mpsc, task::JoinHandle};
    use uuid::Uuid;

    use super::*;

    const ACTOR: ActorId = ActorId::User(UserId(Uuid::from_u128(1)));

    /// Actors of which one cannot be told.
    struct Some {
        away: Mutex<Option<ActorId>>,
        asked: mpsc::UnboundedSender<(ActorId, Seq)>,
    }

    impl Tell for Arc<Some> {
        async fn tell(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
            self.asked.send((actor, seq)).unwrap();
            match *self.away.lock().unwrap() {
                Some(away) if away == actor => Err(Failure::new("away")),
                _ => Ok(()),
            }
        }
    }

    struct World {
        actors: Arc<Some>,
        asked: mpsc::UnboundedReceiver<(ActorId, Seq)>,
        clock: Arc<VirtualClock>,
        telling: Arc<Telling<Arc<Some>>>,
        task: JoinHandle<()>,
    }

    impl World {
        fn new(away: Option<ActorId>) -> Self {
            let (sender, asked) = mpsc::unbounded_channel();
            let actors = Arc::new(Some {
                away: Mutex::new(away),
                asked: sender,
            });
            let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
            let telling = Arc::new(Telling::new(Arc::clone(&actors), Arc::clone(&clock) as _));
            let teller = Arc::clone(&telling);
            let task = tokio::spawn(async move { teller.tell_for_ever().await });
            Self {
                actors,
                asked,
                clock,
                telling,
                task,
            }
        }

        /// The next call, while time passes.
        async fn next(&mut self) -> (ActorId, Seq) {
            loop {
                tokio::select! {
                    biased;
                    asked = self.asked.recv() => return asked.unwrap(),
                    () = tokio::task::yield_now() => self.clock.advance_ms(100),
                }
            }
        }
    }

    #[tokio::test]
    async fn an_actor_that_could_not_be_told_is_told_again_and_keeps_no_other_waiting() {
        let mut world = World::new(Some(ACTOR));
        world.telling.confirm(ACTOR, Seq(3));
        assert_eq!(world.next().await, (ACTOR, Seq(3)));
        let other = ActorId::User(UserId(Uuid::from_u128(2)));
        world.telling.confirm(other, Seq(1));
        assert_eq!(world.next().await, (other, Seq(1)));
        assert_eq!(world.next().await, (ACTOR, Seq(3)), "again");
        *world.actors.away.lock().unwrap() = None;
        assert_eq!(world.next().await, (ACTOR, Seq(3)));
        world.telling.confirm(ACTOR, Seq(4));
        assert_eq!(world.next().await, (ACTOR, Seq(4)), "and once it was told, no more");
        world.task.abort();
    }
}
