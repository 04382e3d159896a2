//! An actor in memory: its last committed state, which reads use as it is, and what the next append needs to know.

mod armed;

use std::sync::Arc;

use punctual_events::{ActorId, Commit, DecodeError, Digest, EventData as _, IdempotencyKey, Seq, Timestamp, Topic};

pub(crate) use self::armed::Armed;

use crate::{
    machine::Machine,
    memory::Memory,
    ports::{Failure, Head, Loaded, PageSave, PageWrite, Store, WakeUp},
    recent::Recent,
    zone::ZoneData,
};

/// A committed state. Immutable: the next commit makes another.
#[derive(Clone, Debug)]
pub struct Snapshot<M: Machine> {
    /// The last commit in it; zero for an actor that does not exist yet.
    pub seq: Seq,
    /// The state.
    pub machine: M,
    /// The answers of keyed commands.
    pub memory: Memory<M::Reply>,
}

impl<M: Machine> Snapshot<M> {
    fn new(actor: ActorId) -> Self {
        Self {
            seq: Seq::ZERO,
            machine: M::new(actor),
            memory: Memory::default(),
        }
    }

    /// Remembers the answer to a keyed command. Once everything was deleted, no answer is kept.
    pub(crate) fn remember(&mut self, key: Option<IdempotencyKey>, reply: Option<M::Reply>, now: Timestamp) {
        if self.machine.is_deleted() {
            self.memory = Memory::default();
        } else if let (Some(key), Some(reply)) = (key, reply) {
            self.memory.remember(key, reply, now);
        }
    }

    /// Takes in a commit from the log.
    pub(crate) fn replay(&mut self, commit: &Commit, zones: &dyn ZoneData) -> Result<(), DecodeError> {
        let events: Vec<Option<M::Event>> = commit
            .events
            .iter()
            .map(M::Event::from_record)
            .collect::<Result<_, _>>()?;
        for event in events.iter().flatten() {
            self.machine.evolve(event, zones);
        }
        let mut rest = events.as_slice();
        for command in &commit.commands {
            let (own, later) = rest.split_at(usize::from(command.events).min(rest.len()));
            rest = later;
            let reply = command.key.and_then(|_| {
                let own: Vec<M::Event> = own.iter().flatten().cloned().collect();
                M::recollect(command.answer, &own)
            });
            self.remember(command.key, reply, commit.header.time);
        }
        self.seq = commit.header.seq;
        Ok(())
    }
}

/// What the next append names as its predecessor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) seq: Seq,
    pub(crate) hash: Digest,
    pub(crate) on_topic: [Seq; 3],
}

impl Tip {
    const EMPTY: Self = Self {
        seq: Seq::ZERO,
        hash: Digest::ZERO,
        on_topic: [Seq::ZERO; 3],
    };

    pub(crate) fn of(commit: &Commit) -> Self {
        let mut on_topic = commit.header.previous_on_topic;
        for topic in Topic::ALL {
            if commit.is_on(topic) {
                on_topic[topic.index()] = commit.header.seq;
            }
        }
        Self {
            seq: commit.header.seq,
            hash: commit.header.hash,
            on_topic,
        }
    }
}

/// An actor in memory.
#[derive(Debug)]
pub struct Activation<M: Machine> {
    pub(crate) snapshot: Arc<Snapshot<M>>,
    pub(crate) tip: Tip,
    /// The state the saved pages hold, when it is in memory.
    saved: Option<Arc<Snapshot<M>>>,
    unsaved_bytes: usize,
    unsaved_commits: usize,
    /// Wake-ups that were armed here and not delivered here.
    pub(crate) armed: Armed,
    /// The head's: whoever wrote it saw to it that something armed fires by then.
    covered_from: Option<Timestamp>,
    pub(crate) guard: Option<WakeUp>,
    /// The latest instant of a wake-up that was delivered in this process since the actor is in its memory.
    woken_for: Option<Timestamp>,
    /// When the last commit that audit has to copy was made, where a guard found it without a confirmation long after that.
    pub(crate) waits_for_audit_since: Option<Timestamp>,
    /// Everything up to here was taken by the publisher.
    pub(crate) published: Seq,
    /// What the head says of it.
    noted: Seq,
    /// Everything up to here was confirmed by audit when the head was last read.
    pub(crate) audited: Seq,
    /// True when the head's wake-up was computed with other zone data.
    has_other_zones: bool,
    /// Committed and not yet handed to the publisher.
    pub(crate) unpublished: Vec<Arc<Commit>>,
    /// Everything up to here is the publisher's affair.
    pub(crate) handed_over: Seq,
    /// When the head was last compared with the store's.
    pub(crate) checked: Timestamp,
    /// What became of commands lately. `None` where each is delivered once.
    pub(crate) recent: Option<Recent<M>>,
    /// The nonce before that of the first wake-up this activation made, and how many it made.
    first_nonce: u64,
    made: u64,
}

/// What an activation that is dropped had armed.
#[derive(Debug)]
pub(crate) struct Left {
    armed: Armed,
    guard: Option<WakeUp>,
    woken_for: Option<Timestamp>,
    tip: Tip,
}

/// Saves after this many commits, so that an activation replays few.
const SAVE_AFTER_COMMITS: usize = 1024;
/// Saves after this many bytes of commits.
const SAVE_AFTER_BYTES: usize = 2 << 20;
/// A wake-up for an instant that is closer than this may be on its way, in milliseconds; clocks differ by less.
const NEAR_MS: i64 = 60_000;

impl<M: Machine> Activation<M> {
    /// Activates from what the store holds.
    ///
    /// # Errors
    /// When it is of a newer format or damaged.
    pub fn restore(
        actor: ActorId,
        loaded: &Loaded,
        zones: &dyn ZoneData,
        now: Timestamp,
        nonce: u64,
    ) -> Result<Self, DecodeError> {
        let mut snapshot = Snapshot::<M>::new(actor);
        let mut saved = None;
        if let Some(head) = loaded.head.as_ref().filter(|head| head.snapshot > Seq::ZERO) {
            // Erasure leaves a save without pages: what was before it is gone on purpose.
            let (machine, as_saved) = if loaded.pages.is_empty() {
                (M::new(actor), true)
            } else {
                M::restore(actor, &loaded.pages, zones)?
            };
            snapshot.machine = machine;
            snapshot.memory = Memory::restore(&loaded.pages)?;
            snapshot.seq = head.snapshot;
            // Pages that would be written otherwise now differ in more than pointers show: the next save writes all of them.
            saved = as_saved.then(|| Arc::new(snapshot.clone()));
        }
        let in_pages = snapshot.seq;
        for commit in loaded.tail.iter().filter(|commit| commit.header.seq > in_pages) {
            snapshot.replay(commit, zones)?;
        }
        let tip = match (&loaded.head, loaded.tail.last()) {
            (None, _) => Tip::EMPTY,
            (Some(_), Some(last)) => Tip::of(last),
            (Some(_), None) => return Err(DecodeError::Malformed("a head without its last commit".into())),
        };
        let head = loaded.head.as_ref();
        if head.is_some_and(|head| head.seq != tip.seq || head.hash != tip.hash || snapshot.seq != tip.seq) {
            return Err(DecodeError::Malformed("the head and the log disagree".into()));
        }
        Ok(Self {
            snapshot: Arc::new(snapshot),
            tip,
            saved,
            unsaved_bytes: 0,
            unsaved_commits: loaded.tail.iter().filter(|commit| commit.header.seq > in_pages).count(),
            armed: Armed::default(),
            covered_from: head.and_then(|head| head.wake_at),
            guard: None,
            woken_for: None,
            waits_for_audit_since: None,
            published: head.map_or(Seq::ZERO, |head| head.published),
            noted: head.map_or(Seq::ZERO, |head| head.published),
            audited: head.map_or(Seq::ZERO, |head| head.audited),
            has_other_zones: head.is_some_and(|head| *head.zone_version != *zones.version()),
            unpublished: Vec::new(),
            handed_over: tip.seq,
            checked: now,
            recent: None,
            first_nonce: nonce,
            made: 0,
        })
    }

    /// The last committed state.
    #[must_use]
    pub fn snapshot(&self) -> &Arc<Snapshot<M>> {
        &self.snapshot
    }

    /// The last commit.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.tip.seq
    }

    /// When its head was last compared with the store's, for all that is known: no later than that.
    #[must_use]
    pub fn checked(&self) -> Timestamp {
        self.checked
    }

    pub(crate) fn committed(&mut self, commit: Arc<Commit>, bytes: usize, snapshot: Snapshot<M>) {
        self.tip = Tip::of(&commit);
        if let Some(recent) = &mut self.recent {
            recent.committed(&commit);
        }
        // An append that succeeds has compared the head.
        self.checked = commit.header.time;
        (self.noted, self.has_other_zones) = (self.published, false);
        self.snapshot = Arc::new(snapshot);
        self.unpublished.push(commit);
        self.unsaved_commits += 1;
        self.unsaved_bytes += bytes;
    }

    /// A wake-up for the commit `seq` that is like no other, neither one that is being delivered nor one of another activation.
    pub(crate) fn new_wake_up(&mut self, at: Timestamp, seq: Seq) -> WakeUp {
        self.made += 1;
        WakeUp {
            at,
            seq,
            nonce: self.first_nonce.wrapping_add(self.made),
            is_guard: false,
        }
    }

    /// The wake-up to arm for `at`, which none covers that is known here. Where the commit moves the next instant earlier, nobody has armed it before. Where
    /// something before it is over it may have been armed long ago, by somebody who does not remember: others must not gather beside it each time.
    pub(crate) fn next_wake_up(&mut self, at: Timestamp, seq: Seq, now: Timestamp) -> WakeUp {
        let before = self.snapshot.machine.next_wakeup();
        let is_far = at.as_millis() - now.as_millis() >= NEAR_MS;
        // One that is being delivered is gone when it was, also where the clock has been set back meanwhile.
        let may_be_armed = before.is_some_and(|before| before <= at) && self.woken_for.is_none_or(|woken| woken < at);
        if is_far && may_be_armed && !self.armed.has_enough_shared() {
            return WakeUp::once_more(at);
        }
        self.new_wake_up(at, seq)
    }

    /// True for a wake-up that this activation armed, and no other.
    pub(crate) fn has_made(&self, wake_up: WakeUp) -> bool {
        let number = wake_up.nonce.wrapping_sub(self.first_nonce);
        (1..=self.made).contains(&number)
    }

    /// Notes that a wake-up is armed, or may be where arming it failed.
    pub(crate) fn armed(&mut self, wake_up: WakeUp, outcome: &Result<(), Failure>) {
        match outcome {
            Ok(()) => self.armed.add(wake_up),
            Err(_) => self.armed.doubt(wake_up),
        }
    }

    /// True when something is armed that fires by `at`.
    pub(crate) fn is_covered(&self, at: Timestamp) -> bool {
        let by_head = self.covered_from.is_some_and(|from| from <= at);
        by_head || self.armed.covers(at)
    }

    /// What the activation before it in this process had armed. Where the log is where that one left it, nobody has had a wake-up of it delivered, or
    /// the one who had appends and this one loses; otherwise only the guard is counted on, which does not come before its instant.
    pub(crate) fn inherit(&mut self, mut left: Left) {
        if left.tip != self.tip {
            left.armed.overtake();
        }
        (self.armed, self.guard, self.woken_for) = (left.armed, left.guard, left.woken_for);
    }

    /// What the next activation in this process inherits.
    pub(crate) fn leave(self) -> Left {
        Left {
            armed: self.armed,
            guard: self.guard,
            woken_for: self.woken_for,
            tip: self.tip,
        }
    }

    /// Notes that a wake-up was delivered. True when the guard has come with it and the head does not say yet that everything was published,
    /// or was computed with other zone data: then the head has to be written anew.
    #[must_use]
    pub(crate) fn delivered(&mut self, wake_up: WakeUp) -> bool {
        // Nobody counts on a guard for what comes next.
        if !wake_up.is_guard {
            self.armed.delivered(wake_up);
            self.woken_for = self.woken_for.max(Some(wake_up.at));
            self.distrust_head();
        }
        let guard = self.guard.take();
        self.guard = guard.filter(|guard| guard.at > wake_up.at);
        let has_lost_guard = guard.is_some() && self.guard.is_none();
        let is_noted = self.tip.on_topic.iter().all(|last| *last <= self.noted);
        (has_lost_guard && !is_noted) || self.has_other_zones
    }

    /// A wake-up that was delivered may be the one the head counts on.
    pub(crate) fn distrust_head(&mut self) {
        self.covered_from = None;
    }

    /// A wake-up that was delivered is delivered again, and whoever takes it arms what the state has to do next. With other zone data than the head's that may be
    /// earlier than what anybody armed.
    pub(crate) fn trust_head(&mut self) {
        if !self.has_other_zones {
            self.covered_from = self.snapshot.machine.next_wakeup();
        }
    }

    /// Whatever holds wake-ups has lost them: none that was armed, here or by whoever wrote the head, is counted on any more.
    pub(crate) fn distrust_wake_ups(&mut self) {
        self.armed.lose();
        self.guard = None;
        self.distrust_head();
    }

    /// True when events may not have been published yet.
    pub(crate) fn owes_events(&self) -> bool {
        self.tip.on_topic.iter().any(|last| *last > self.published)
    }

    /// True while something would be left behind if this process were lost.
    pub(crate) fn needs_guard(&self) -> bool {
        self.owes_events() || self.owed_to_audit().is_some()
    }

    /// The last commit audit has to copy, where it has not confirmed it yet as far as is known here.
    pub(crate) fn owed_to_audit(&self) -> Option<Seq> {
        let last = self.tip.on_topic[Topic::TaskEvents.index()];
        (last > self.audited).then_some(last)
    }

    /// Commits that wait to be published, in order; they are the caller's from here on.
    pub fn take_unpublished(&mut self) -> Vec<Arc<Commit>> {
        if let Some(last) = self.unpublished.last() {
            self.handed_over = last.header.seq;
        }
        std::mem::take(&mut self.unpublished)
    }

    /// Notes that everything up to `seq` was published.
    pub fn published(&mut self, seq: Seq) {
        self.published = self.published.max(seq);
    }

    /// True when so much was committed since the last save that the next activation would take long.
    #[must_use]
    pub fn wants_save(&self) -> bool {
        self.unsaved_commits >= SAVE_AFTER_COMMITS || self.unsaved_bytes >= SAVE_AFTER_BYTES
    }

    /// True when there is anything to save at all.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.unsaved_commits > 0
    }

    /// What a save of the present state has to write.
    #[must_use]
    pub fn start_save(&mut self) -> Save<M> {
        (self.unsaved_commits, self.unsaved_bytes) = (0, 0);
        Save {
            snapshot: Arc::clone(&self.snapshot),
            since: self.saved.clone(),
        }
    }

    /// Notes how a save ended, with what [`Save::write`] said.
    pub fn end_save(&mut self, save: Save<M>, outcome: &Result<bool, Failure>) {
        if matches!(outcome, Ok(true)) {
            self.saved = Some(save.snapshot);
            return;
        }
        // What the pages hold is not known any more: the next save writes all of them.
        self.saved = None;
        let is_there = matches!(outcome, Ok(false)) && save.since.is_none();
        if !is_there {
            self.unsaved_commits += 1;
        }
    }
}

/// A save under way. It needs no turn: it writes an immutable state.
#[derive(Debug)]
pub struct Save<M: Machine> {
    snapshot: Arc<Snapshot<M>>,
    since: Option<Arc<Snapshot<M>>>,
}

impl<M: Machine> Save<M> {
    /// The commit the save is of.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.snapshot.seq
    }

    fn pages(&self, zone_version: &str) -> Result<Vec<PageWrite>, DecodeError> {
        let mut writes = self
            .snapshot
            .machine
            .save(self.since.as_ref().map(|since| &since.machine), zone_version)?;
        self.snapshot
            .memory
            .save(self.since.as_ref().map(|since| &since.memory), &mut writes)?;
        Ok(writes)
    }

    /// Writes it. `false` when another activation has saved in between, which leaves this one's pages without the others they belong to.
    ///
    /// # Errors
    /// When the outcome is unknown.
    pub async fn write(&self, actor: ActorId, store: &impl Store, zones: &dyn ZoneData) -> Result<bool, Failure> {
        let pages = self.pages(zones.version())?;
        store
            .save(
                actor,
                PageSave {
                    at: self.snapshot.seq,
                    pages,
                    since: self.since.as_ref().map(|since| since.seq),
                },
            )
            .await
    }
}

/// True when `head` shows that another activation has appended since.
pub(crate) fn moved_on(tip: &Tip, head: Option<&Head>) -> bool {
    head.map_or(Seq::ZERO, |head| head.seq) != tip.seq
}
