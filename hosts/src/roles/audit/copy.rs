//! Copying commits into the record.

use std::sync::atomic::Ordering;

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, CloudEvent, CommitHeader, Seq};

use super::{
    AuditRole,
    chain::{Chain, Flaw, Link},
};
use crate::ports::AuditAppend;

/// Commits read from a log at once.
pub(super) const READ: usize = 256;
/// A commit that comes later than this after it was decided has had to wait for something, in milliseconds.
const LATE_MS: i64 = 1_000;

impl AuditRole {
    /// Copies the commits these events are of, the `first` of which is given, and whatever is missing before them.
    pub(super) async fn copy(&self, first: &CommitHeader, events: &[CloudEvent]) -> Result<(), Failure> {
        let actor = first.actor;
        // What says otherwise of a user does not verify.
        let owner = match actor {
            ActorId::User(user) => user,
            ActorId::Series(_) => first.owner,
        };
        let head = match self.heads.take(actor) {
            Some(head) => Some(head),
            None => self.store.head(actor).await?,
        };
        let mut chain = Chain::after(actor, owner, head);
        let (before, _) = chain.head();
        let mut commits = 0;
        for delivered in events.chunk_by(|a, b| a.commit.seq == b.commit.seq) {
            commits += 1;
            self.take_delivered(&mut chain, delivered).await?;
            if chain.is_full() {
                self.store_links(&mut chain).await?;
            }
        }
        // Not where it was passed over: it was copied ahead then, and so were those behind it.
        if commits == 1 && chain.head().0 > before && self.is_late(first) {
            self.add_those_behind(&mut chain).await?;
        }
        self.store_links(&mut chain).await?;
        let (seq, hash) = chain.head();
        if seq > Seq::ZERO {
            self.heads.put(actor, (seq, hash));
        }
        self.logs.confirm_audited(actor, seq).await
    }

    fn is_late(&self, commit: &CommitHeader) -> bool {
        self.clock.now().as_millis() - commit.time.as_millis() > LATE_MS
    }

    /// Adds what the log has by now after the end of the chain: a single commit that comes late has others behind it, which are stored in one
    /// batch with it like this and passed over when they come. What cannot be read or does not verify is left for when it comes itself.
    async fn add_those_behind(&self, chain: &mut Chain) -> Result<(), Failure> {
        let read = self.logs.read(chain.actor(), chain.head().0, READ).await;
        for link in read.iter().flatten().map(|commit| Link::from(&**commit)) {
            if chain.is_full() || chain.check(&link).is_err() {
                break;
            }
            chain.add(&link)?;
        }
        Ok(())
    }

    /// Adds one commit as it was delivered, or as the log has it where the delivery does not follow, is not whole or does not verify.
    async fn take_delivered(&self, chain: &mut Chain, events: &[CloudEvent]) -> Result<(), Failure> {
        let Some(seq) = events.first().map(|event| event.commit.seq) else {
            return Ok(());
        };
        let (last, _) = chain.head();
        if seq <= last {
            return Ok(());
        }
        if let Some(link) = Link::of_events(events) {
            match chain.check(&link) {
                Ok(()) => return chain.add(&link),
                // Commits without events are on no topic.
                Err(Flaw::Sequence) => {}
                Err(flaw) => {
                    let actor = chain.actor();
                    tracing::warn!(%actor, %seq, %flaw, "a delivered commit does not verify; the log is asked");
                }
            }
        }
        self.fill_from_log(chain, seq).await
    }

    /// Adds the commits of the log up to `until`.
    async fn fill_from_log(&self, chain: &mut Chain, until: Seq) -> Result<(), Failure> {
        let actor = chain.actor();
        while chain.head().0 < until {
            let commits = self.logs.read(actor, chain.head().0, READ).await?;
            if commits.is_empty() {
                return Err(Failure::new(format!(
                    "the log of {actor} ends before {until}, which was published"
                )));
            }
            for commit in commits.iter().take_while(|commit| commit.header.seq <= until) {
                let link = Link::from(&**commit);
                chain
                    .check(&link)
                    .map_err(|flaw| self.refuse(actor, commit.header.seq, flaw))?;
                chain.add(&link)?;
            }
            if chain.is_full() {
                self.store_links(chain).await?;
            }
        }
        Ok(())
    }

    /// Reports a commit that the log itself has and that does not verify.
    fn refuse(&self, actor: ActorId, seq: Seq, flaw: Flaw) -> Failure {
        self.refused.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%actor, %seq, %flaw, "AUDIT: the log holds a commit that does not verify; it is not copied");
        Failure::damaged(format_args!("commit {seq} of {actor} does not verify: {flaw}"))
    }

    async fn store_links(&self, chain: &mut Chain) -> Result<(), Failure> {
        let Some(batch) = chain.take_batch() else {
            return Ok(());
        };
        match self.store.append(batch).await? {
            AuditAppend::Done => Ok(()),
            // Somebody else copied meanwhile, or an earlier try arrived late: the next try begins where the record ends.
            AuditAppend::Elsewhere(last) => {
                let actor = chain.actor();
                Err(Failure::new(format!(
                    "the record of {actor} ends with {last} meanwhile"
                )))
            }
        }
    }
}
