//! The proof that a record is whole: every chain in it, computed anew.

use std::{collections::BTreeMap, fmt::Display};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Commit, Digest, EventRecord, Seq, UserId};

use super::{
    AuditRole,
    chain::{Flaw, check_place, is_forged},
    copy::READ,
    entry::{Content, Entry},
    trail::{BATCHES, commits},
};
use crate::ports::{AuditBatch, AuditFlaw, AuditGap, AuditHead, AuditPlace, AuditStretch, AuditVerification};

/// Logs that are read at once: a user may have a thousand series.
const AT_ONCE: usize = 16;
/// Commits whose hashes are kept until they are compared with the logs, about: so each log is read once where records are short.
const COMPARED_AT_ONCE: usize = 16_384;
/// Batches read at once where they are small, as those of a user are who is alone with their tasks: a commit each. How large the next ones are is not
/// known before they are read, and one may have a megabyte.
const MANY_BATCHES: usize = 32;
/// Bytes of batches read at once that are small.
const SMALL_BYTES: usize = 1 << 20;
/// Gaps, and flaws, that are named; there are hardly ever any.
const NAMED: usize = 1_000;

/// The hashes of commits that are to be compared with the log.
type Found = BTreeMap<ActorId, BTreeMap<Seq, Digest>>;

/// What a log says of what was recorded of it.
struct Compared {
    actor: ActorId,
    /// Commits of which it says something else.
    differing: Vec<Seq>,
    /// The last commit of it that was read.
    last: Seq,
}

/// What was found so far.
struct Findings {
    owner: UserId,
    chains: BTreeMap<ActorId, Verified>,
    entries: u64,
    /// The first flaw of each log.
    flaws: BTreeMap<ActorId, Seq>,
    gaps: Vec<AuditGap>,
    /// The last place that was looked at.
    last: AuditPlace,
}

/// How far an actor's chain was verified.
#[derive(Clone, Copy)]
struct Verified {
    /// The last commit that was looked at.
    last: (Seq, Digest),
    /// The last commit that has a place.
    placed: Seq,
    /// The last commit that the log has, as far as it was read.
    logged: Seq,
}

/// Before the first commit.
const START: Verified = Verified {
    last: (Seq::ZERO, Digest::ZERO),
    placed: Seq::ZERO,
    logged: Seq::ZERO,
};

/// Whether a commit of the log is genuine, and the one that was recorded.
fn says_the_same(commit: &Commit, owner: UserId, hash: &Digest) -> bool {
    let is_forged = |event: &EventRecord| !event.is_erased() && !event.is_genuine();
    commit.header.hash == *hash
        && commit.header.owner == owner
        && commit.is_genuine()
        && !commit.events.iter().any(is_forged)
}

fn flaw_in_content(entry: &Entry, content: &Content) -> Option<Flaw> {
    if content.len() != entry.events.len() {
        return Some(Flaw::Digest(content.len().min(entry.events.len())));
    }
    let mut events = entry.events.iter().zip(content);
    events
        .position(|(event, data)| is_forged(event.event_type, event.by, data, &event.digest))
        .map(Flaw::Digest)
}

impl Findings {
    fn of(owner: UserId) -> Self {
        Self {
            owner,
            chains: BTreeMap::new(),
            entries: 0,
            flaws: BTreeMap::new(),
            gaps: Vec::new(),
            last: AuditPlace::ZERO,
        }
    }

    /// Something that must not be.
    fn object(&mut self, actor: ActorId, seq: Seq, what: impl Display) {
        tracing::error!(%actor, %seq, %what, "AUDIT: the record does not verify");
        let first = self.flaws.entry(actor).or_insert(seq);
        *first = seq.min(*first);
    }

    /// Places follow each other, whatever is there.
    fn take_place(&mut self, stretch: &AuditStretch) {
        if stretch.place != self.last.next() {
            self.object(stretch.actor, stretch.from, "a place is missing before it");
        }
        self.last = self.last.max(stretch.end());
        let chain = self.chains.entry(stretch.actor).or_insert(START);
        chain.placed = chain.placed.max(stretch.to);
    }

    /// Checks a commit, which must follow `last`. What is missing before it cannot be checked; the rest can. Answers what comes before the next.
    fn look_at(
        &mut self,
        actor: ActorId,
        entry: &Entry,
        content: Option<&Content>,
        last: (Seq, Digest),
    ) -> (Seq, Digest) {
        self.entries += entry.events.len() as u64;
        let last = if entry.seq > last.0.next() {
            let to = Seq(entry.seq.0 - 1);
            let from = last.0.next();
            self.gaps.push(AuditGap { actor, from, to });
            (to, entry.previous)
        } else {
            last
        };
        let place = (entry.seq, entry.time, entry.previous, entry.hash);
        let digests = entry.events.iter().map(|event| event.digest);
        if let Err(flaw) = check_place(actor, place, digests, last) {
            self.object(actor, entry.seq, flaw);
        }
        if let Some(flaw) = content.and_then(|content| flaw_in_content(entry, content)) {
            self.object(actor, entry.seq, flaw);
        }
        (entry.seq, entry.hash)
    }

    fn look_at_batch(&mut self, stretch: &AuditStretch, batch: &AuditBatch, commits: &[(Entry, Option<Content>)]) {
        let actor = stretch.actor;
        let mut last = self.chains.get(&actor).unwrap_or(&START).last;
        for (entry, content) in commits {
            last = self.look_at(actor, entry, content.as_ref(), last);
        }
        let ends = |entry: Option<&(Entry, _)>| entry.map(|(entry, _)| entry.seq);
        let (from, to) = (Some(stretch.from), Some(stretch.to));
        if (ends(commits.first()), ends(commits.last())) != (from, to) || batch.to != stretch.to {
            self.object(actor, batch.from, "a batch does not hold the commits it says");
        }
        if last != (batch.to, batch.head) {
            self.object(actor, batch.to, "a batch does not end with the hash it says");
        }
        self.chains.entry(actor).or_insert(START).last = last;
    }

    /// What was lost at the end of a chain is known by its place.
    fn look_at_ends(&mut self) {
        let unfinished = self.chains.iter().filter(|(_, chain)| chain.last.0 < chain.placed);
        let gaps = unfinished.map(|(actor, chain)| AuditGap {
            actor: *actor,
            from: chain.last.0.next(),
            to: chain.placed,
        });
        self.gaps.extend(gaps);
        self.gaps.sort_by_key(|gap| (gap.actor, gap.from));
    }

    fn into_verification(mut self) -> AuditVerification {
        let own = self.chains.get(&ActorId::User(self.owner)).unwrap_or(&START);
        let (sequence, hash) = own.last;
        let valid = self.flaws.is_empty() && self.gaps.is_empty();
        self.gaps.truncate(NAMED);
        let flaw = |(actor, sequence)| AuditFlaw { actor, sequence };
        AuditVerification {
            entries: self.entries,
            flaws: self.flaws.into_iter().take(NAMED).map(flaw).collect(),
            gaps: self.gaps,
            head: (sequence > Seq::ZERO).then_some(AuditHead { hash, sequence }),
            valid,
        }
    }
}

impl AuditRole {
    pub(super) async fn verify_record(&self, owner: UserId) -> Result<AuditVerification, Failure> {
        let mut findings = Findings::of(owner);
        self.verify_what_is_there(&mut findings).await?;
        self.verify_ends(&mut findings).await?;
        findings.look_at_ends();
        Ok(findings.into_verification())
    }

    /// Verifies what the record has now. Commits that come while this runs are left to the next time.
    async fn verify_what_is_there(&self, findings: &mut Findings) -> Result<(), Failure> {
        let end = self.store.end(findings.owner).await?;
        let (mut found, mut batches) = (Found::new(), BATCHES);
        while findings.last < end {
            let before = findings.last;
            let stretches = self.store.read(findings.owner, before, batches).await?;
            batches = if bytes_of(&stretches) <= SMALL_BYTES {
                MANY_BATCHES
            } else {
                BATCHES
            };
            for stretch in &stretches {
                Self::verify_stretch(findings, stretch, &mut found);
            }
            if findings.last == before {
                break;
            }
            if found.values().map(BTreeMap::len).sum::<usize>() >= COMPARED_AT_ONCE {
                self.compare_with_logs(findings, std::mem::take(&mut found)).await?;
            }
        }
        self.compare_with_logs(findings, found).await
    }

    fn verify_stretch(findings: &mut Findings, stretch: &AuditStretch, found: &mut Found) {
        findings.take_place(stretch);
        let Some(batch) = &stretch.batch else { return };
        match commits(batch) {
            Ok(commits) => {
                findings.look_at_batch(stretch, batch, &commits);
                let commits = commits.iter().map(|(entry, _)| (entry.seq, entry.hash));
                found.entry(stretch.actor).or_default().extend(commits);
            }
            Err(failure) => findings.object(stretch.actor, batch.from, failure),
        }
    }

    /// The logs must say the same, as far as they still go back.
    async fn compare_with_logs(&self, findings: &mut Findings, found: Found) -> Result<(), Failure> {
        let owner = findings.owner;
        let comparing: Vec<_> = found
            .into_iter()
            .map(|(actor, commits)| self.compare_with_log(owner, actor, commits))
            .collect();
        let compared: Vec<Compared> = at_once(comparing).await?;
        for Compared { actor, differing, last } in compared {
            for seq in differing {
                findings.object(actor, seq, "the log says something else");
            }
            let chain = findings.chains.entry(actor).or_insert(START);
            chain.logged = chain.logged.max(last);
        }
        Ok(())
    }

    async fn compare_with_log(
        &self,
        owner: UserId,
        actor: ActorId,
        commits: BTreeMap<Seq, Digest>,
    ) -> Result<Compared, Failure> {
        let (first, last) = (commits.keys().next(), commits.keys().next_back());
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(Compared {
                actor,
                differing: Vec::new(),
                last: Seq::ZERO,
            });
        };
        let (mut after, mut differing) = (Seq(first.0.saturating_sub(1)), Vec::new());
        while after < *last {
            let limit = usize::try_from(last.0 - after.0).map_or(READ, |missing| missing.min(READ));
            let logged = self.logs.read(actor, after, limit).await?;
            let Some(end) = logged.last().map(|commit| commit.header.seq) else {
                break;
            };
            let differs = |commit: &&std::sync::Arc<Commit>| {
                let recorded = commits.get(&commit.header.seq);
                recorded.is_some_and(|hash| !says_the_same(commit, owner, hash))
            };
            differing.extend(logged.iter().filter(differs).map(|commit| commit.header.seq));
            after = end;
        }
        Ok(Compared {
            actor,
            differing,
            last: after,
        })
    }

    /// No batch may be without a place, and no log may be shorter than the record of it.
    async fn verify_ends(&self, findings: &mut Findings) -> Result<(), Failure> {
        let ends = findings.chains.iter().map(|(actor, chain)| (*actor, *chain));
        let heads: Vec<_> = ends.map(|(actor, chain)| self.unplaced(actor, chain)).collect();
        let unplaced: Vec<(ActorId, Seq)> = at_once(heads).await?.into_iter().flatten().collect();
        if !unplaced.is_empty() {
            // They came while the record was read: what is stored has its place by now.
            self.verify_what_is_there(findings).await?;
        }
        for (actor, seq) in unplaced {
            if findings.chains.get(&actor).unwrap_or(&START).placed < seq {
                findings.object(actor, seq, "a batch has no place");
            }
        }
        let ends = findings.chains.iter().map(|(actor, chain)| (*actor, *chain));
        let unread = ends.filter(|(_, chain)| chain.logged < chain.last.0);
        let heads: Vec<_> = unread
            .map(|(actor, chain)| self.short_log(actor, chain.last.0))
            .collect();
        for (actor, last) in at_once(heads).await?.into_iter().flatten() {
            findings.object(actor, last, "the log ends before the record");
        }
        Ok(())
    }

    /// The last commit that is stored of an actor, where it has no place.
    async fn unplaced(&self, actor: ActorId, chain: Verified) -> Result<Option<(ActorId, Seq)>, Failure> {
        let stored = self.store.head(actor).await?;
        let unplaced = stored.filter(|(seq, _)| *seq > chain.placed);
        Ok(unplaced.map(|(seq, _)| (actor, seq)))
    }

    /// The last recorded commit of an actor whose log ends before it.
    async fn short_log(&self, actor: ActorId, last: Seq) -> Result<Option<(ActorId, Seq)>, Failure> {
        let head = self.logs.head(actor).await?;
        Ok((head < last).then_some((actor, last)))
    }
}

fn bytes_of(stretches: &[AuditStretch]) -> usize {
    let batches = stretches.iter().filter_map(|stretch| stretch.batch.as_ref());
    let bytes = |batch: &AuditBatch| batch.entries.len() + batch.contents.as_ref().map_or(0, bytes::Bytes::len);
    batches.map(bytes).sum()
}

/// Asks some of them at a time.
async fn at_once<T>(asking: Vec<impl Future<Output = Result<T, Failure>>>) -> Result<Vec<T>, Failure> {
    stream::iter(asking).buffer_unordered(AT_ONCE).try_collect().await
}
