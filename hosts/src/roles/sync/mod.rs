//! The sync role: `GET /v1/sync`, a WebSocket over which a client hears what happens to its user's tasks. The protocol is in `docs/sync.md`.
//!
//! ```text
//! events ─▶ SyncRole::handle ─▶ Hub ─▶ Channel of the user ─▶ Mailbox ─▶ Link ─▶ WebSocket
//!                                       │ a hole: the log                 ▲
//!                                       └───────────── the log ─▶ Session (what was missed)
//! ```

mod channel;
mod close;
mod cursor;
mod frame;
mod hub;
mod link;
mod mailbox;
mod position;
mod replay;
mod route;
mod session;
mod viewer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures_util::{StreamExt as _, future, stream};
use punctual_actors::ports::{BoxFuture, Clock, Failure};
use punctual_events::{CloudEvent, Commit, Topic};

pub use self::position::TOPICS;
use self::{hub::Hub, mailbox::Capacity};
use crate::{
    accounts::token::Tokens,
    ports::{Actors, EventHandler, Logs, Services},
};

/// Logs read at once by [`SyncRole::catch_up`].
const CAUGHT_UP_AT_ONCE: usize = 8;

/// Times and limits of sockets.
#[derive(Clone, Copy, Debug)]
pub struct SyncConfig {
    /// A client says hello within this time.
    pub hello_within_ms: u64,
    /// A client is pinged this often, and taken for gone after three times this long without a word.
    pub ping_every_ms: u64,
    /// Frames that may wait for one socket.
    pub queue_frames: usize,
    /// Bytes of frames that may wait for one socket.
    pub queue_bytes: usize,
    /// How long [`SyncRole::drain`] waits for clients to hear that they are closed.
    pub drain_within_ms: u64,
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self {
            hello_within_ms: 10_000,
            ping_every_ms: 20_000,
            queue_frames: 1024,
            queue_bytes: 1 << 20,
            drain_within_ms: 5_000,
        }
    }
}

/// The sync role.
pub struct SyncRole {
    actors: Arc<dyn Actors>,
    logs: Arc<dyn Logs>,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
    config: SyncConfig,
    hub: Arc<Hub>,
}

impl SyncRole {
    /// The role, without a socket yet.
    #[must_use]
    pub fn new(services: &Services, tokens: Tokens, config: SyncConfig) -> Arc<Self> {
        Arc::new(Self {
            actors: Arc::clone(&services.actors),
            logs: Arc::clone(&services.logs),
            clock: Arc::clone(&services.environment.clock),
            tokens,
            config,
            hub: Arc::default(),
        })
    }

    /// `GET /v1/sync`.
    pub fn router(self: &Arc<Self>) -> axum::Router {
        route::router(self)
    }

    /// How many sockets are open.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.hub.sockets()
    }

    /// Closes all sockets with code 1012, and those that still come, and waits a while for the clients to hear it.
    pub async fn drain(&self) {
        self.drain_until(future::ready(())).await;
    }

    /// The same at once for those that are there, and for those that come until `end`: only then it waits a while for the last to hear it.
    pub async fn drain_until(&self, end: impl Future<Output = ()>) {
        self.hub.close_all();
        end.await;
        let emptied = std::pin::pin!(self.hub.emptied());
        future::select(emptied, self.clock.sleep_ms(self.config.drain_within_ms)).await;
    }

    /// Reads the logs of everybody who has a socket here, and sends what the sockets have not seen. For a runtime that passed over events for a
    /// while and hears all of them from now on. Where a log cannot be read the sockets are closed: the clients come back with their cursors.
    pub async fn catch_up(&self) {
        stream::iter(self.hub.channels())
            .for_each_concurrent(CAUGHT_UP_AT_ONCE, |(user, channel)| async move {
                if let Err(failure) = channel.catch_up(user, &*self.logs).await {
                    tracing::warn!(%user, %failure, "a log could not be read: its user's sockets are closed");
                }
            })
            .await;
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            frames: self.config.queue_frames,
            bytes: self.config.queue_bytes,
        }
    }
}

impl EventHandler for SyncRole {
    fn name(&self) -> &'static str {
        "sync"
    }

    fn topics(&self) -> &'static [Topic] {
        &TOPICS
    }

    fn is_durable(&self) -> bool {
        false
    }

    /// Nothing is wanted of a user without a socket. One that joins meanwhile begins after what the log has by then.
    fn wants(&self, commit: &Commit) -> bool {
        self.hub.has_channel(commit.header.owner)
    }

    fn handle<'a>(&'a self, topic: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        let channel = events.first().and_then(|event| self.hub.channel(event.commit.owner));
        match channel {
            Some(channel) => Box::pin(async move { channel.take(topic, events, &*self.logs).await }),
            None => Box::pin(future::ready(Ok(()))),
        }
    }
}
