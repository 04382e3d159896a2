//! Every actor arms its wake-ups anew: after the Scheduler that held them was lost or put back to an earlier state, and after a change of zone data.

use futures_util::{StreamExt as _, stream};
use punctual_actors::ports::{BoxFuture, Directory, Failure};
use punctual_events::{ActorId, Timestamp};

use super::wire::Armed;

/// Actors read from the directory at once.
const PAGE: usize = 1_000;
/// With so many failures something else is wrong, and the walk ends.
const MAX_FAILED: usize = 1_000;

/// How far a walk has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Actors that armed what they wait for.
    pub armed: u64,
    /// Actors that wait for nothing.
    pub resting: u64,
    /// Actors that never committed, though somebody was about to.
    pub absent: u64,
    /// Actors that may have armed nothing, and why.
    pub failed: Vec<(ActorId, Failure)>,
    /// The earliest instant somebody waits for.
    pub earliest: Option<Timestamp>,
    /// All actors up to this one are counted above.
    pub reached: Option<ActorId>,
}

impl Progress {
    /// Actors so far.
    #[must_use]
    pub fn actors(&self) -> u64 {
        let failed = u64::try_from(self.failed.len()).unwrap_or(u64::MAX);
        self.armed + self.resting + self.absent + failed
    }

    fn count(&mut self, actor: ActorId, outcome: Result<Armed, Failure>) {
        match outcome {
            Ok(Armed { is_there: false, .. }) => self.absent += 1,
            Ok(Armed { next: None, .. }) => self.resting += 1,
            Ok(Armed { next: Some(next), .. }) => {
                self.armed += 1;
                self.earliest = Some(self.earliest.map_or(next, |earliest| earliest.min(next)));
            }
            Err(failure) => self.failed.push((actor, failure)),
        }
    }
}

/// Has every actor of the directory after `progress.reached` arm its wake-ups anew, `at_once` of them at a time. `tell` hears how far it has come,
/// about as often as something changes. Doing it again, from anywhere, is harmless.
///
/// # Errors
/// When the directory cannot be read, or too much else fails; `progress` says how far it came.
pub async fn walk<'a, D: Directory>(
    directory: &D,
    progress: &mut Progress,
    at_once: usize,
    rearm: impl Fn(ActorId) -> BoxFuture<'a, Result<Armed, Failure>>,
    mut tell: impl FnMut(&Progress),
) -> Result<(), Failure> {
    loop {
        let actors = directory.list(progress.reached, PAGE).await?;
        let Some(last) = actors.last().copied() else {
            return Ok(());
        };
        let mut outcomes = stream::iter(actors)
            .map(|actor| {
                let asked = rearm(actor);
                async move { (actor, asked.await) }
            })
            .buffer_unordered(at_once);
        while let Some((actor, outcome)) = outcomes.next().await {
            progress.count(actor, outcome);
            tell(progress);
            if progress.failed.len() >= MAX_FAILED {
                return Err(Failure::new(format_args!(
                    "{MAX_FAILED} actors failed; the others were not tried"
                )));
            }
        }
        progress.reached = Some(last);
    }
}

#[cfg(test)]
mod tests {
    use std::{future::ready, sync::Mutex};

    use futures_util::FutureExt as _;
    use punctual_actors::reference::MemoryDirectory;
    use punctual_events::UserId;
    use uuid::Uuid;

    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn user(number: u128) -> ActorId {
        ActorId::User(UserId(Uuid::from_u128(number)))
    }

    async fn directory(actors: u128) -> MemoryDirectory {
        let directory = MemoryDirectory::default();
        for number in 0..actors {
            directory.register(user(number)).await.unwrap();
        }
        directory
    }

    fn armed(next: Option<Timestamp>) -> Armed {
        Armed {
            is_there: true,
            next,
            ..Armed::default()
        }
    }

    #[tokio::test]
    async fn every_actor_is_asked_once_and_what_became_of_it_is_counted() {
        let directory = directory(2_500).await;
        let asked = Mutex::new(Vec::new());
        let rearm = |actor: ActorId| {
            asked.lock().unwrap().push(actor);
            let outcome = match actor.uuid().as_u128() {
                3 => Err(Failure::new("not now")),
                4 => Ok(Armed::default()),
                5 => Ok(armed(None)),
                6 => Ok(armed(Some(NOON.plus_millis(-1)))),
                _ => Ok(armed(Some(NOON))),
            };
            ready(outcome).boxed()
        };
        let (mut progress, mut told) = (Progress::default(), 0);
        let walked = walk(&directory, &mut progress, 8, rearm, |_| told += 1).await;
        walked.unwrap();
        let mut asked = asked.into_inner().unwrap();
        asked.sort();
        assert_eq!(asked, (0..2_500).map(user).collect::<Vec<_>>());
        assert_eq!((progress.actors(), told), (2_500, 2_500));
        assert_eq!((progress.armed, progress.resting, progress.absent), (2_497, 1, 1));
        assert_eq!(progress.failed[0].0, user(3));
        assert_eq!(progress.earliest, Some(NOON.plus_millis(-1)));
    }

    #[tokio::test]
    async fn a_walk_goes_on_where_another_ended() {
        let directory = directory(10).await;
        let mut progress = Progress {
            reached: Some(user(6)),
            ..Progress::default()
        };
        let rearm = |_| ready(Ok(armed(None))).boxed();
        walk(&directory, &mut progress, 8, rearm, |_| {}).await.unwrap();
        assert_eq!((progress.resting, progress.reached), (3, Some(user(9))));
    }

    #[tokio::test]
    async fn a_walk_on_which_everything_fails_ends() {
        let directory = directory(5_000).await;
        let mut progress = Progress::default();
        let rearm = |_| ready(Err(Failure::new("away"))).boxed();
        walk(&directory, &mut progress, 8, rearm, |_| {}).await.unwrap_err();
        assert_eq!((progress.failed.len(), progress.reached), (MAX_FAILED, None));
    }
}
