//! What is published at once.

use std::sync::Arc;

use punctual_events::{ActorId, Commit, Seq};

use super::{
    Breaker,
    room::{Place, Room},
};
use crate::ports::{DAMAGE_PAUSE_MS, Failure, Publisher as _, Runtime, Store as _};

/// Commits read from the log at once, at most.
const READ: usize = 16;
/// The room that reading takes: about what so many commits weigh that are rather large. So few actors read at once, however many have to.
const READ_BYTES: usize = 256 * 1024;
/// Between two looks for room, in milliseconds.
const ROOM_PAUSE_MS: u64 = 20;
/// After a log could not be read, in milliseconds.
const READ_PAUSE_MS: u64 = 1_000;

/// The next commits of an actor.
#[derive(Debug)]
pub enum Batch {
    /// They are at hand.
    Kept(Vec<Arc<Commit>>),
    /// They are in the log, and no longer at hand.
    Logged {
        /// Whose.
        actor: ActorId,
        /// The first.
        first: Seq,
        /// The last.
        last: Seq,
    },
}

impl Batch {
    /// Publishes it, waiting out the breaker first. Answers the last commit that is published now, and those before it with it.
    ///
    /// # Errors
    /// When it was not taken; the pause before the next try is over.
    pub async fn publish<R: Runtime>(&self, runtime: &R, breaker: &Breaker, room: &Arc<Room>) -> Result<Seq, Failure> {
        let clock = &*runtime.environment().clock;
        let wait_ms = breaker.wait_ms(clock);
        if wait_ms > 0 {
            clock.sleep_ms(wait_ms).await;
        }
        let (actor, first, last) = match self {
            Self::Kept(commits) => return publish(commits, runtime, breaker).await,
            Self::Logged { actor, first, last } => (*actor, *first, *last),
        };
        let _place = place_to_read(runtime, room).await;
        let count = usize::try_from(last.0 - first.0 + 1).map_or(READ, |count| count.min(READ));
        let before = Seq(first.0.saturating_sub(1));
        let read = runtime.store().read_log(actor, before, count).await;
        let mut commits = match read {
            Ok(commits) => commits,
            Err(failure) => {
                let is_damage = failure.is_damage();
                clock
                    .sleep_ms(if is_damage { DAMAGE_PAUSE_MS } else { READ_PAUSE_MS })
                    .await;
                return Err(failure);
            }
        };
        commits.retain(|commit| commit.header.seq <= last);
        if commits.is_empty() {
            // What left the log audit has had, and nobody else can be told of it any more.
            return Ok(last);
        }
        publish(&commits, runtime, breaker).await
    }
}

async fn publish<R: Runtime>(commits: &[Arc<Commit>], runtime: &R, breaker: &Breaker) -> Result<Seq, Failure> {
    let clock = &*runtime.environment().clock;
    match runtime.publisher().publish(commits).await {
        Ok(()) => {
            breaker.succeeded();
            Ok(commits.last().map_or(Seq::ZERO, |commit| commit.header.seq))
        }
        Err(failure) => {
            clock.sleep_ms(breaker.failed(clock)).await;
            Err(failure)
        }
    }
}

/// Waits for room to read. What takes it is published without any.
async fn place_to_read<R: Runtime>(runtime: &R, room: &Arc<Room>) -> Place {
    loop {
        match room.place(READ_BYTES) {
            Some(place) => return place,
            None => runtime.environment().clock.sleep_ms(ROOM_PAUSE_MS).await,
        }
    }
}
