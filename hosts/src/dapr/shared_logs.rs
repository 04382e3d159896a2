//! The logs of actors: read straight from the store, waking nobody; changed by the actor itself, which is the only writer of its head.

mod confirmed;

use std::sync::{Arc, Once, Weak};

use futures_util::{StreamExt as _, stream};
use punctual_actors::ports::{BoxFuture, Clock, Failure};
use punctual_events::{ActorId, Commit, Seq};

use self::confirmed::Confirmed;
use super::{actors::RemoteActors, logs::LogReader, wire};
use crate::ports::Logs;

/// How long an actor may be quiet before it is told how far audit has come, whatever that is, in milliseconds. Much shorter than its guard, which
/// publishes its last commit again while it was not told.
const QUIET_MS: i64 = 30_000;
/// Calls that tell quiet actors at once.
const TELLING_AT_ONCE: usize = 64;
/// How often quiet actors are looked for, in milliseconds.
const LOOK_EVERY_MS: u64 = 10_000;

/// The logs in a store, and the actors they belong to.
pub struct SharedLogs {
    reader: LogReader,
    told: Arc<Told>,
    telling: Once,
}

/// Actors, and what audit has told them.
struct Told {
    actors: RemoteActors,
    clock: Arc<dyn Clock>,
    confirmed: Confirmed,
}

impl SharedLogs {
    /// Reads by `reader`, has `actors` change.
    #[must_use]
    pub fn new(reader: LogReader, actors: RemoteActors, clock: Arc<dyn Clock>) -> Self {
        let confirmed = Confirmed::default();
        Self {
            reader,
            told: Arc::new(Told {
                actors,
                clock,
                confirmed,
            }),
            telling: Once::new(),
        }
    }
}

impl Told {
    async fn confirm(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        if self.confirmed.is_worth_telling(actor, seq, self.clock.now()) {
            self.tell(actor, seq).await?;
        }
        Ok(())
    }

    async fn tell(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        self.actors.upkeep(actor, wire::CONFIRM_AUDITED, seq).await?;
        self.confirmed.told(actor, seq, self.clock.now());
        Ok(())
    }

    /// Tells actors that became quiet, as long as anybody may still confirm something.
    async fn tell_the_quiet(told: Weak<Self>, clock: Arc<dyn Clock>) {
        loop {
            clock.sleep_ms(LOOK_EVERY_MS).await;
            let Some(told) = told.upgrade() else { return };
            let untold = told.confirmed.untold_since(clock.now().plus_millis(-QUIET_MS));
            // One that cannot be reached must not keep the others waiting past their guards.
            let telling = stream::iter(untold).for_each_concurrent(TELLING_AT_ONCE, async |(actor, seq)| {
                if let Err(failure) = told.tell(actor, seq).await {
                    tracing::debug!(%actor, %failure, "an actor could not be told what audit has of it; it is told again");
                }
            });
            telling.await;
        }
    }
}

impl Logs for SharedLogs {
    fn head(&self, actor: ActorId) -> BoxFuture<'_, Result<Seq, Failure>> {
        Box::pin(self.reader.head(actor))
    }

    fn read(&self, actor: ActorId, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>> {
        Box::pin(self.reader.read(actor, after, limit))
    }

    fn confirm_audited(&self, actor: ActorId, seq: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        self.telling.call_once(|| {
            tokio::spawn(Told::tell_the_quiet(
                Arc::downgrade(&self.told),
                Arc::clone(&self.told.clock),
            ));
        });
        Box::pin(self.told.confirm(actor, seq))
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.told.actors.upkeep(actor, wire::ERASE, through))
    }
}
