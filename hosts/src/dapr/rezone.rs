//! After a release with other zone data every actor arms its wake-ups anew, without anybody asking: one process of those that host users walks them
//! all. What the store remembers says with which data that was last done, and who is about it.
//!
//! While releases run side by side, an actor may live where the data is still the other: it is asked again until the data is ours.

mod remembered;
#[cfg(test)]
mod tests;
mod witnesses;

use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt as _;
use punctual_actors::ports::{BoxFuture, Directory, Environment, Failure};
use punctual_events::ActorId;
use uuid::Uuid;

use self::{
    remembered::{Remembered, Walk},
    witnesses::Witnesses,
};
use super::{
    keys::{Keys, Version},
    rearm::{Progress, walk},
    wire::Armed,
};

/// Actors asked at a time, each followed by a rest in milliseconds: some eighty a second. Commands of users come first, and whoever is asked is in memory
/// until the next sweep.
const AT_ONCE: usize = 4;
const REST_MS: u64 = 25;
/// Who has not said for so long how far it is, is not about it any more, in milliseconds.
const LEASE_MS: i64 = 120_000;
/// How often it is said, in milliseconds.
const KEEP_MS: u64 = 30_000;
/// Between two looks whether another is done, and after a failure, in milliseconds.
const LOOK_MS: u64 = 60_000;
/// The pauses before an actor is asked again double from one to the other, in milliseconds.
const ASK_AGAIN_MS: (u64, u64) = (1_000, 60_000);
/// After so many failures of one actor in a row, a quarter of an hour of them, another is asked that was armed before ([`Witnesses`]). Where that can be armed once
/// more, they are its own, and it holds up nobody. Else something is away that all need.
const TRIES: u32 = 20;

/// One process that sees to it.
pub struct Rezone<K, D> {
    keys: K,
    directory: D,
    environment: Environment,
    me: Uuid,
}

/// An actor that is asked.
type Arming<'a> = BoxFuture<'a, Result<Armed, Failure>>;

/// What a look found.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// All wake-ups are of our zone data.
    Done,
    /// Another process is about it, or came first.
    Another,
}

impl<K: Keys, D: Directory> Rezone<K, D> {
    /// For the actors of `directory`; what is remembered is among `keys`.
    pub fn new(keys: K, directory: D, environment: &Environment) -> Self {
        Self {
            keys,
            directory,
            me: environment.new_uuid(),
            environment: environment.clone(),
        }
    }

    /// Ends when all actors have armed their wake-ups with our zone data, by this process or another. `rearm` asks one of them.
    pub async fn until_done<'a>(self, rearm: impl Fn(ActorId) -> Arming<'a> + Sync) {
        loop {
            match self.look(&rearm).await {
                Ok(Look::Done) => return,
                Ok(Look::Another) => {}
                Err(failure) => {
                    tracing::warn!(%failure, "after a change of zone data not all wake-ups could be armed anew yet");
                }
            }
            self.environment.clock.sleep_ms(LOOK_MS).await;
        }
    }

    async fn look<'a>(&self, rearm: &(impl Fn(ActorId) -> Arming<'a> + Sync)) -> Result<Look, Failure> {
        let found = Remembered::read(&self.keys).await?;
        let (remembered, version) = found.unzip();
        let remembered = remembered.unwrap_or_default();
        if remembered.zone_data.as_deref() == Some(self.ours()) {
            return Ok(Look::Done);
        }
        let reached = match &remembered.walk {
            Some(walk) if walk.by != self.me && walk.until > self.environment.clock.now() => return Ok(Look::Another),
            Some(walk) if walk.zone_data == self.ours() => walk.reached,
            _ => None,
        };
        if !self.claim(version.as_ref(), reached).await? {
            return Ok(Look::Another);
        }
        let (before, now) = (remembered.zone_data.as_deref().unwrap_or("unknown"), self.ours());
        tracing::info!(
            before,
            now,
            "the zone data changed: all users and series arm their wake-ups anew"
        );
        let (said, armed) = (Mutex::new(reached), Witnesses::of(reached));
        let mut progress = Progress {
            reached,
            ..Progress::default()
        };
        let ask = |actor| self.ask(actor, rearm, &armed).boxed();
        let walked = walk(&self.directory, &mut progress, AT_ONCE, ask, |progress| {
            set(&said, progress.reached);
        });
        tokio::select! {
            walked = walked => walked?,
            kept = self.keep(&said) => return kept.map(|()| Look::Another),
        }
        self.end(&progress).await
    }

    fn ours(&self) -> &str {
        self.environment.zones.version()
    }

    /// Asks an actor until it has armed with our data, or fails for reasons of its own. `armed` are some that have.
    async fn ask<'a>(
        &self,
        actor: ActorId,
        rearm: &(impl Fn(ActorId) -> Arming<'a> + Sync),
        armed: &Witnesses,
    ) -> Result<Armed, Failure> {
        let (mut pause_ms, longest_ms) = ASK_AGAIN_MS;
        let mut failures = 0;
        loop {
            match rearm(actor).await {
                Ok(answer) if !answer.is_there || *answer.zone_data == *self.ours() => {
                    armed.note(actor, answer.next.is_some());
                    self.environment.clock.sleep_ms(REST_MS).await;
                    return Ok(answer);
                }
                Ok(_) => failures = 0,
                Err(failure) => {
                    failures += 1;
                    let is_its_own = failure.is_damage() || (failures >= TRIES && armed.can_still(actor, rearm).await);
                    if is_its_own {
                        tracing::error!(%actor, %failure, "its wake-ups could not be armed anew after a change of zone data");
                        return Err(failure);
                    }
                    if failures >= TRIES {
                        tracing::warn!(%actor, %failure, "its wake-ups cannot be armed anew yet, nor can those of others: the walk waits");
                        failures = 0;
                    }
                }
            }
            self.environment.clock.sleep_ms(pause_ms).await;
            pause_ms = longest_ms.min(pause_ms * 2);
        }
    }

    /// Makes it ours to walk. From now on no data is that of all: were the release to go back half way, all are asked anew, and so they are after the next.
    async fn claim(&self, version: Option<&Version>, reached: Option<ActorId>) -> Result<bool, Failure> {
        let mine = Remembered {
            zone_data: None,
            walk: Some(Walk {
                zone_data: self.ours().to_owned(),
                by: self.me,
                until: self.environment.clock.now().plus_millis(LEASE_MS),
                reached,
            }),
        };
        mine.write(&self.keys, version).await
    }

    /// Says now and then how far it is. Ends when it is not ours to walk any more.
    async fn keep(&self, said: &Mutex<Option<ActorId>>) -> Result<(), Failure> {
        loop {
            self.environment.clock.sleep_ms(KEEP_MS).await;
            let reached = get(said);
            let Some(version) = self.still_mine().await? else {
                return Ok(());
            };
            if !self.claim(Some(&version), reached).await? {
                return Ok(());
            }
        }
    }

    async fn still_mine(&self) -> Result<Option<Version>, Failure> {
        let found = Remembered::read(&self.keys).await?;
        let mine = found.filter(|(remembered, _)| remembered.walk.as_ref().is_some_and(|walk| walk.by == self.me));
        Ok(mine.map(|(_, version)| version))
    }

    async fn end(&self, progress: &Progress) -> Result<Look, Failure> {
        let Some(version) = self.still_mine().await? else {
            return Ok(Look::Another);
        };
        let done = Remembered {
            zone_data: Some(self.ours().to_owned()),
            walk: None,
        };
        if !done.write(&self.keys, Some(&version)).await? {
            return Ok(Look::Another);
        }
        let (actors, failed) = (progress.actors(), progress.failed.len());
        tracing::info!(
            actors,
            failed,
            "all users and series were asked to arm their wake-ups anew"
        );
        Ok(Look::Done)
    }
}

fn get(actor: &Mutex<Option<ActorId>>) -> Option<ActorId> {
    *actor.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set(actor: &Mutex<Option<ActorId>>, to: Option<ActorId>) {
    *actor.lock().unwrap_or_else(PoisonError::into_inner) = to;
}
