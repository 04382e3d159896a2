//! Reading the record: a page of it, and the proof that it is whole.

use std::iter;

use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{ActorId, Digest, Seq, UserId};

use super::{
    AuditRole,
    chain::{Flaw, check_place, is_forged},
    entry::{Content, Entry, read},
};
use crate::ports::{AuditBatch, AuditEntry, AuditGap, AuditHead, AuditPage, AuditQueries, AuditVerification};

/// Batches read at once; each has up to 1 MiB.
const BATCHES: usize = 4;

impl AuditQueries for AuditRole {
    fn page(&self, user: UserId, after: Seq, limit: usize) -> BoxFuture<'_, Result<AuditPage, Failure>> {
        Box::pin(self.read_page(ActorId::User(user), after, limit))
    }

    fn verify(&self, user: UserId) -> BoxFuture<'_, Result<AuditVerification, Failure>> {
        Box::pin(self.verify_actor(ActorId::User(user)))
    }
}

/// The commits of a batch with their content, where it was not erased.
fn commits(batch: &AuditBatch) -> Result<Vec<(Entry, Option<Content>)>, Failure> {
    let entries: Vec<Entry> = read(&batch.entries)?;
    let Some(contents) = &batch.contents else {
        return Ok(entries.into_iter().map(|entry| (entry, None)).collect());
    };
    let contents: Vec<Content> = read(contents)?;
    if contents.len() != entries.len() {
        return Err(Failure::new("a batch has content of another number of commits"));
    }
    Ok(entries.into_iter().zip(contents.into_iter().map(Some)).collect())
}

/// The events of a commit as they are shown.
fn items(actor: ActorId, entry: Entry, content: Option<Content>) -> impl Iterator<Item = AuditEntry> {
    let data = content.unwrap_or_default().into_iter().map(Some);
    entry
        .events
        .into_iter()
        .zip(data.chain(iter::repeat(None)))
        .map(move |(event, data)| AuditEntry {
            actor,
            data: data.filter(|data| data.get() != "null"),
            digest: event.digest,
            hash: entry.hash,
            previous: entry.previous,
            principal: event.by,
            sequence: entry.seq,
            time: entry.time,
            event_type: event.event_type,
        })
}

/// What was found so far.
struct Findings {
    actor: ActorId,
    entries: u64,
    gaps: Vec<AuditGap>,
    /// The last commit that was looked at.
    last: (Seq, Digest),
    is_valid: bool,
}

impl Findings {
    /// Something that must not be.
    fn object(&mut self, seq: Seq, what: impl std::fmt::Display) {
        tracing::error!(actor = %self.actor, %seq, %what, "AUDIT: the record does not verify");
        self.is_valid = false;
    }

    fn look_at(&mut self, entry: &Entry, content: Option<&Content>) {
        self.entries += entry.events.len() as u64;
        let (last, _) = self.last;
        if entry.seq > last.next() {
            self.gaps.push(AuditGap {
                from: last.next(),
                to: Seq(entry.seq.0 - 1),
            });
            // What is missing cannot be checked; the rest can.
            self.last = (Seq(entry.seq.0 - 1), entry.previous);
        }
        let place = (entry.seq, entry.time, entry.previous, entry.hash);
        let digests = entry.events.iter().map(|event| event.digest);
        if let Err(flaw) = check_place(self.actor, place, digests, self.last) {
            self.object(entry.seq, flaw);
        }
        if let Some(flaw) = content.and_then(|content| flaw_in_content(entry, content)) {
            self.object(entry.seq, flaw);
        }
        self.last = (entry.seq, entry.hash);
    }
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

impl AuditRole {
    async fn read_page(&self, actor: ActorId, after: Seq, limit: usize) -> Result<AuditPage, Failure> {
        let head = self.store.head(actor).await?.map_or(Seq::ZERO, |(seq, _)| seq);
        let (mut items_found, mut last) = (Vec::new(), after);
        while last < head && items_found.len() < limit.max(1) {
            let batches = self.store.read(actor, last, BATCHES).await?;
            let before = last;
            for batch in &batches {
                for (entry, content) in commits(batch)?.into_iter().filter(|(entry, _)| entry.seq > before) {
                    if items_found.len() >= limit.max(1) {
                        break;
                    }
                    last = entry.seq;
                    items_found.extend(items(actor, entry, content));
                }
            }
            if last == before {
                break;
            }
        }
        Ok(AuditPage {
            items: items_found,
            next: (last < head).then_some(last),
        })
    }

    async fn verify_actor(&self, actor: ActorId) -> Result<AuditVerification, Failure> {
        let mut findings = Findings {
            actor,
            entries: 0,
            gaps: Vec::new(),
            last: (Seq::ZERO, Digest::ZERO),
            is_valid: true,
        };
        // Read once: commits that come while this runs are left to the next time.
        let head = self.store.head(actor).await?;
        let end = head.map_or(Seq::ZERO, |(seq, _)| seq);
        let mut read_to = Seq::ZERO;
        while read_to < end {
            let batches = self.store.read(actor, read_to, BATCHES).await?;
            let Some(last) = batches.last() else { break };
            read_to = last.to.max(read_to.next());
            for batch in batches.iter().filter(|batch| batch.from <= end) {
                self.verify_batch(&mut findings, batch).await?;
            }
        }
        self.verify_head(&mut findings, head).await?;
        let (sequence, hash) = findings.last;
        Ok(AuditVerification {
            entries: findings.entries,
            head: (sequence > Seq::ZERO).then_some(AuditHead { hash, sequence }),
            valid: findings.is_valid && findings.gaps.is_empty(),
            gaps: findings.gaps,
        })
    }

    async fn verify_batch(&self, findings: &mut Findings, batch: &AuditBatch) -> Result<(), Failure> {
        let commits = match commits(batch) {
            Ok(commits) => commits,
            Err(failure) => {
                findings.object(batch.from, failure);
                return Ok(());
            }
        };
        for (entry, content) in &commits {
            findings.look_at(entry, content.as_ref());
        }
        let ends = |entry: Option<&(Entry, _)>| entry.map(|(entry, _)| entry.seq);
        if (ends(commits.first()), ends(commits.last())) != (Some(batch.from), Some(batch.to)) {
            findings.object(batch.from, "a batch does not hold the commits it says");
        }
        if findings.last != (batch.to, batch.head) {
            findings.object(batch.to, "a batch does not end with the hash it says");
        }
        self.compare_with_log(findings, &commits).await
    }

    /// The log must say the same, as far as it still goes back.
    async fn compare_with_log(
        &self,
        findings: &mut Findings,
        commits: &[(Entry, Option<Content>)],
    ) -> Result<(), Failure> {
        let Some((first, _)) = commits.first() else {
            return Ok(());
        };
        let before = Seq(first.seq.0.saturating_sub(1));
        let logged = self.logs.read(findings.actor, before, commits.len()).await?;
        for commit in logged {
            let index = commits.binary_search_by_key(&commit.header.seq, |(entry, _)| entry.seq);
            let Some((entry, _)) = index.ok().and_then(|index| commits.get(index)) else {
                continue;
            };
            let is_same = entry.hash == commit.header.hash && commit.is_genuine();
            let is_forged = commit
                .events
                .iter()
                .any(|event| !event.is_erased() && !event.is_genuine());
            if !is_same || is_forged {
                findings.object(entry.seq, "the log says something else");
            }
        }
        Ok(())
    }

    async fn verify_head(&self, findings: &mut Findings, head: Option<(Seq, Digest)>) -> Result<(), Failure> {
        let Some(head) = head else { return Ok(()) };
        if findings.last != head {
            findings.object(head.0, "the record does not end where it says");
        }
        if self.logs.head(findings.actor).await? < head.0 {
            findings.object(head.0, "the log ends before the record");
        }
        Ok(())
    }
}
