//! The logs of actors: read straight from the store, waking nobody; changed by the actor itself, which is the only writer of its head.

mod confirmed;
mod telling;

use std::sync::Arc;

use punctual_actors::ports::{BoxFuture, Clock, Failure};
use punctual_events::{ActorId, Commit, Seq};

use self::telling::Telling;
use super::{actors::RemoteActors, logs::LogReader, wire};
use crate::ports::Logs;

/// The logs in a store, and the actors they belong to.
pub struct SharedLogs {
    actors: RemoteActors,
    reader: LogReader,
    telling: Telling<RemoteActors>,
}

impl SharedLogs {
    /// Reads by `reader`, has `actors` change.
    #[must_use]
    pub fn new(reader: LogReader, actors: RemoteActors, clock: Arc<dyn Clock>) -> Self {
        Self {
            telling: Telling::new(actors.clone(), clock),
            actors,
            reader,
        }
    }

    /// Tells actors what audit has confirmed of them, until the process ends. Nobody else does.
    pub async fn tell_for_ever(&self) {
        self.telling.tell_for_ever().await;
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
        self.telling.confirm(actor, seq);
        Box::pin(std::future::ready(Ok(())))
    }

    fn erase(&self, actor: ActorId, through: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.actors.upkeep(actor, wire::ERASE, through))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use punctual_actors::reference::VirtualClock;
    use punctual_events::{Timestamp, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::dapr::{
        sidecar::{Sidecar, SidecarAddress},
        state::State,
    };

    #[tokio::test]
    async fn what_was_copied_is_taken_though_no_actor_can_be_told_of_it() {
        let address = SidecarAddress {
            grpc_port: 1,
            api_token: None,
        };
        let (sidecar, clock) = (
            Sidecar::new(&address).unwrap(),
            VirtualClock::new(Timestamp::from_millis(0)),
        );
        let reader = LogReader::new(State::new(sidecar.clone(), "statestore"));
        let actors = RemoteActors::new(sidecar, Arc::clone(&clock) as _);
        let logs = SharedLogs::new(reader, actors, clock);
        let confirmed = logs.confirm_audited(ActorId::User(UserId(Uuid::from_u128(1))), Seq(1));
        assert!(matches!(confirmed.now_or_never(), Some(Ok(()))));
    }
}
