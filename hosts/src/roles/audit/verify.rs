//! The proof that a record is whole: every chain in it, computed anew.

use std::{collections::BTreeMap, fmt::Display};

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, Commit, Digest, EventRecord, Seq, UserId};

use super::{
    AuditRole,
    chain::{Flaw, check_place, is_forged},
    copy::READ,
    entry::{Content, Entry},
    trail::{BATCHES, commits},
};
use crate::ports::{AuditBatch, AuditGap, AuditHead, AuditPlace, AuditSeriesHead, AuditStretch, AuditVerification};

/// The hashes of commits that are to be compared with the log.
type Found = BTreeMap<ActorId, BTreeMap<Seq, Digest>>;

/// What was found so far.
struct Findings {
    owner: UserId,
    chains: BTreeMap<ActorId, Verified>,
    entries: u64,
    gaps: Vec<AuditGap>,
    is_valid: bool,
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
}

/// Before the first commit.
const START: Verified = Verified {
    last: (Seq::ZERO, Digest::ZERO),
    placed: Seq::ZERO,
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
            gaps: Vec::new(),
            is_valid: true,
            last: AuditPlace::ZERO,
        }
    }

    /// Something that must not be.
    fn object(&mut self, actor: ActorId, seq: Seq, what: impl Display) {
        tracing::error!(%actor, %seq, %what, "AUDIT: the record does not verify");
        self.is_valid = false;
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

    fn into_verification(self) -> AuditVerification {
        let (mut head, mut series) = (None, Vec::new());
        let ends = self.chains.iter().filter(|(_, chain)| chain.last.0 > Seq::ZERO);
        for (actor, Verified { last, .. }) in ends {
            let (sequence, hash) = *last;
            match *actor {
                ActorId::User(_) => head = Some(AuditHead { hash, sequence }),
                ActorId::Series(series_id) => series.push(AuditSeriesHead {
                    hash,
                    sequence,
                    series: series_id,
                }),
            }
        }
        AuditVerification {
            entries: self.entries,
            head,
            series,
            valid: self.is_valid && self.gaps.is_empty(),
            gaps: self.gaps,
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
        while findings.last < end {
            let before = findings.last;
            let mut found = Found::new();
            for stretch in self.store.read(findings.owner, before, BATCHES).await? {
                Self::verify_stretch(findings, &stretch, &mut found);
            }
            for (actor, commits) in found {
                self.compare_with_log(findings, actor, &commits).await?;
            }
            if findings.last == before {
                break;
            }
        }
        Ok(())
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

    /// The log must say the same, as far as it still goes back.
    async fn compare_with_log(
        &self,
        findings: &mut Findings,
        actor: ActorId,
        commits: &BTreeMap<Seq, Digest>,
    ) -> Result<(), Failure> {
        let (Some((first, _)), Some((last, _))) = (commits.first_key_value(), commits.last_key_value()) else {
            return Ok(());
        };
        let mut after = Seq(first.0.saturating_sub(1));
        while after < *last {
            let limit = usize::try_from(last.0 - after.0).map_or(READ, |missing| missing.min(READ));
            let logged = self.logs.read(actor, after, limit).await?;
            let Some(end) = logged.last().map(|commit| commit.header.seq) else {
                break;
            };
            for commit in &logged {
                let recorded = commits.get(&commit.header.seq);
                if recorded.is_some_and(|hash| !says_the_same(commit, findings.owner, hash)) {
                    findings.object(actor, commit.header.seq, "the log says something else");
                }
            }
            after = end;
        }
        Ok(())
    }

    /// No batch may be without a place, and no log may be shorter than the record of it.
    async fn verify_ends(&self, findings: &mut Findings) -> Result<(), Failure> {
        let mut unplaced = Vec::new();
        for (actor, chain) in &findings.chains {
            let stored = self.store.head(*actor).await?;
            unplaced.extend(
                stored
                    .filter(|(seq, _)| *seq > chain.placed)
                    .map(|(seq, _)| (*actor, seq)),
            );
        }
        if !unplaced.is_empty() {
            // They came while the record was read: what is stored has its place by now.
            self.verify_what_is_there(findings).await?;
        }
        for (actor, seq) in unplaced {
            if findings.chains.get(&actor).unwrap_or(&START).placed < seq {
                findings.object(actor, seq, "a batch has no place");
            }
        }
        for (actor, chain) in findings.chains.clone() {
            if self.logs.head(actor).await? < chain.last.0 {
                findings.object(actor, chain.last.0, "the log ends before the record");
            }
        }
        Ok(())
    }
}
