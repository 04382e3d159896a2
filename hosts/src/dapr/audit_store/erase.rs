//! Erasing the content of an actor's batches. A record may be so long that whoever delivers the deletion gives up first and delivers it again, so
//! each try goes on where the one before it ended: this process remembers how far it came, and another one passes many batches with a call.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Seq};

use super::{
    CONCURRENT_READS, DaprAudit, Found, REMEMBERED,
    batch::{self, decode},
    hint, hint_name, name,
};
use crate::{
    dapr::keys::{Keys, Written},
    ports::AuditBatch,
};

/// Batches after which it is noted how far the erasure is.
const NOTED_EVERY: u64 = 128;
/// Batches whose content is taken away side by side.
const AT_ONCE: usize = 16;
/// Batches read by one call. One may have a megabyte, and so few are in memory at a time.
const LOOKED_AT_TOGETHER: usize = 8;
/// Attempts at a batch: a conflict may be our own write, sent twice.
const ATTEMPTS: usize = 2;

/// A batch that was looked at.
struct Looked {
    ordinal: u64,
    from: Seq,
    has_content: bool,
}

/// What a run of batches comes to.
struct Erasable {
    /// Those that have content to be taken away. One that is lost has none.
    with_content: Vec<u64>,
    /// One of them begins after what is to be erased.
    is_over: bool,
    /// One of them cannot be read.
    damaged: Result<(), Failure>,
}

impl<K: Keys + Clone> DaprAudit<K> {
    /// Takes the content away from every batch that begins with `through` or before it. Where some of the record is damaged, from all that can be read
    /// before anything is said of that.
    pub(super) async fn try_erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        let (last, damage) = match self.last(actor).await {
            Ok(end) => (end.ordinal, Ok(())),
            Err(failure) if failure.is_damage() => (self.last_there(actor).await?, Err(failure)),
            Err(failure) => return Err(failure),
        };
        self.erase_up_to(actor, through, last).await.and(damage)
    }

    /// The last batch there is behind the one the hint names, which may be lost itself.
    async fn last_there(&self, actor: ActorId) -> Result<u64, Failure> {
        let mut last = match hint::read(&self.keys, &hint_name(actor)).await {
            Err(failure) if failure.is_damage() => 0,
            hinted => hinted?,
        };
        while self.keys.get(&name(actor, last + 1)).await?.is_some() {
            last += 1;
        }
        Ok(last)
    }

    async fn erase_up_to(&self, actor: ActorId, through: Seq, last: u64) -> Result<(), Failure> {
        let mut done = self.erased.get(&actor).map_or(0, |done| *done);
        let mut damage = Ok(());
        while done < last {
            let end = last.min(done + NOTED_EVERY);
            let ordinals: Vec<u64> = (done + 1..=end).collect();
            let Erasable {
                with_content,
                is_over,
                damaged,
            } = self.erasable(actor, &ordinals, through).await?;
            damage = damage.and(damaged);
            let erasing: Vec<_> = with_content.into_iter().map(|at| self.erase_batch(actor, at)).collect();
            let mut erasing = stream::iter(erasing).buffer_unordered(AT_ONCE);
            while erasing.try_next().await?.is_some() {}
            if is_over {
                break;
            }
            done = end;
            // Behind what is damaged the next try says so again.
            if damage.is_ok() {
                if self.erased.len() >= REMEMBERED {
                    self.erased.clear();
                }
                self.erased.insert(actor, done);
            }
        }
        damage
    }

    async fn erasable(&self, actor: ActorId, ordinals: &[u64], through: Seq) -> Result<Erasable, Failure> {
        let reads: Vec<_> = ordinals
            .chunks(LOOKED_AT_TOGETHER)
            .map(|run| self.look_at(actor, run))
            .collect();
        let looked: Vec<_> = stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
        let mut erasable = Erasable {
            with_content: Vec::new(),
            is_over: false,
            damaged: Ok(()),
        };
        for looked in looked.into_iter().flatten() {
            match looked {
                Ok(looked) if looked.from > through => {
                    erasable.is_over = true;
                    break;
                }
                Ok(looked) if looked.has_content => erasable.with_content.push(looked.ordinal),
                Ok(_) => {}
                Err(damage) => erasable.damaged = erasable.damaged.and(Err(damage)),
            }
        }
        Ok(erasable)
    }

    /// What is to be known of each of these batches that is there, unless it is damaged; what they hold is dropped at once.
    async fn look_at(&self, actor: ActorId, ordinals: &[u64]) -> Result<Vec<Result<Looked, Failure>>, Failure> {
        let names: Vec<String> = ordinals.iter().map(|ordinal| name(actor, *ordinal)).collect();
        let values = self.values(&names).await?;
        let there = ordinals
            .iter()
            .zip(values)
            .filter_map(|(ordinal, value)| Some((*ordinal, value?)));
        there
            .map(|(ordinal, bytes)| match decode(actor, &bytes).map_err(Failure::from) {
                Ok((batch, _)) => Ok(Ok(Looked {
                    ordinal,
                    from: batch.from,
                    has_content: batch.contents.is_some(),
                })),
                Err(failure) if failure.is_damage() => Ok(Err(failure)),
                Err(failure) => Err(failure),
            })
            .collect()
    }

    async fn erase_batch(&self, actor: ActorId, ordinal: u64) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS {
            let Some(Found { batch, mark, version }) = self.found(actor, ordinal).await? else {
                return Ok(());
            };
            if batch.contents.is_none() {
                return Ok(());
            }
            let contents = None;
            let bytes = batch::encode(&AuditBatch { contents, ..batch }, mark)?;
            if self.keys.replace(&name(actor, ordinal), &version, bytes).await? == Written::Done {
                return Ok(());
            }
        }
        Err(Failure::new("the audit record is being erased by another process"))
    }
}
