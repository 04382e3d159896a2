//! The turn: all waiting commands of an actor, decided in order on a provisional state and appended as one commit.
//!
//! Correctness does not depend on there being one activation of an actor. Every append names the sequence it builds on, and every outcome that
//! is not success is *unknown*: the state is dropped and loaded again, the attempt is looked for in the log, and only what is not there is
//! decided again. That something is not there counts only once an append of ours on that head has succeeded, because until then the first
//! attempt may still arrive.

use std::sync::Arc;

use punctual_events::{
    ActorId, COMMIT_FORMAT, CommandId, Commit, CommitHeader, CommittedCommand, EventData, EventRecord, IdempotencyKey,
    Principal, Seq, Timestamp, Topic,
};

use crate::{
    activation::{Activation, Snapshot, moved_on},
    machine::{Context, Decision, Machine, Reply as _},
    outbox::BATCH,
    ports::{Directory, EncodedCommit, Environment, Failure, HeadUpdate, Publisher, Runtime, Store, WakeUp, WakeUps},
    refusal::{Code, Refusal},
};

/// How often a turn tries before its commands are answered "unknown".
const MAX_ATTEMPTS: u32 = 4;
/// A commit takes no further command once its events are this large, in bytes: it must be publishable and fit the store's limits.
const MAX_COMMIT_BYTES: usize = 512 * 1024;
/// Commands in one commit, at most.
const MAX_COMMIT_COMMANDS: usize = 256;
/// A guard that is closer than this is renewed: an append may take that long and must not be outlived by its guard. In milliseconds.
const STORE_TIMEOUT_MS: i64 = 60_000;
/// A wake-up that is early by this clock waits this long at most; one that is earlier is delivered again.
const MAX_EARLY_MS: u64 = 1_000;

/// A command on its way to an actor.
#[derive(Clone, Debug)]
pub struct Pending<C> {
    /// Identifies the attempt; the server makes one for every request.
    pub id: CommandId,
    /// Who asks.
    pub by: Principal,
    /// What.
    pub command: C,
    /// The client's idempotency key, where it sent one.
    pub key: Option<IdempotencyKey>,
    /// Random; the ids the decision makes come from it.
    pub seed: u128,
    /// W3C trace context of the request.
    pub traceparent: Option<Box<str>>,
}

/// The answer to a command that was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered<R> {
    /// The answer.
    pub reply: R,
    /// True when it was given before, for the same idempotency key.
    pub replayed: bool,
    /// The sequence of the actor after it.
    pub seq: Seq,
}

/// Why a command was not answered with a reply.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TurnError {
    /// It was refused: final, and nothing happened.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Whether it happened is not known. Repeating it with the same idempotency key is safe.
    #[error("unknown outcome: {0}")]
    Unknown(#[from] Failure),
}

/// What a turn makes of a command.
pub type Outcome<M> = Result<Answered<<M as Machine>::Reply>, TurnError>;

/// Where an actor is activated: its state, if it is in memory, and what is in doubt about its log.
#[derive(Debug)]
pub struct Slot<M: Machine> {
    actor: ActorId,
    activation: Option<Activation<M>>,
    /// An append on this sequence had an unknown outcome and may still arrive.
    doubt: Option<Seq>,
    /// A wake-up was delivered, and commits that count on it may be in flight until an append of ours has succeeded.
    fence: bool,
    /// How far an activation that was dropped had come with publishing; what it had not handed over is nobody's affair yet.
    dropped: Option<Dropped>,
}

/// What outlives an activation in its slot.
#[derive(Clone, Copy, Debug)]
struct Dropped {
    handed_over: Seq,
    published: Seq,
}

impl<M: Machine> Slot<M> {
    /// An actor that is not in memory.
    #[must_use]
    pub fn new(actor: ActorId) -> Self {
        Self {
            actor,
            activation: None,
            doubt: None,
            fence: false,
            dropped: None,
        }
    }

    /// The actor.
    #[must_use]
    pub fn actor(&self) -> ActorId {
        self.actor
    }

    /// The activation, if there is one.
    pub fn activation(&mut self) -> Option<&mut Activation<M>> {
        self.activation.as_mut()
    }

    /// The activation, loaded if need be.
    ///
    /// # Errors
    /// When the store is away or what it holds cannot be read.
    pub async fn activate<R: Runtime>(&mut self, runtime: &R) -> Result<&mut Activation<M>, Failure> {
        if self.activation.is_none() {
            let environment = runtime.environment();
            let loaded = runtime.store().load(self.actor).await?;
            #[expect(clippy::cast_possible_truncation, reason = "any 64 of the random bits will do")]
            let nonce = environment.entropy.random() as u64;
            let mut activation =
                Activation::restore(self.actor, &loaded, &*environment.zones, environment.clock.now(), nonce)?;
            if self.fence {
                activation.distrust_head();
            }
            self.recover_unpublished(&mut activation, runtime).await?;
            self.activation = Some(activation);
        }
        self.activation.as_mut().ok_or_else(|| Failure::new("not activated"))
    }

    fn drop_activation(&mut self) {
        if let Some(activation) = self.activation.take() {
            self.dropped = Some(Dropped {
                handed_over: activation.handed_over,
                published: activation.published,
            });
        }
    }

    /// Commits that a lost process left behind unpublished, or an activation that was dropped, are published by the next one.
    async fn recover_unpublished<R: Runtime>(
        &self,
        activation: &mut Activation<M>,
        runtime: &R,
    ) -> Result<(), Failure> {
        // Without a guard the runtime finds what a lost process left behind itself, when it starts.
        if self.dropped.is_none() && runtime.wake_ups().guard_interval_ms().is_none() {
            return Ok(());
        }
        let mut after = activation.published;
        if let Some(dropped) = self.dropped {
            activation.published(dropped.published);
            after = after.max(dropped.handed_over);
        }
        activation.handed_over = after;
        while after < activation.tip.seq {
            let commits = runtime.store().read_log(self.actor, after, 256).await?;
            let Some(last) = commits.last() else { break };
            after = last.header.seq;
            activation.unpublished.extend(commits);
        }
        Ok(())
    }

    /// Compares the head with the store's and drops an activation that another one has overtaken.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn recheck<R: Runtime>(&mut self, runtime: &R) -> Result<(), Failure> {
        let Some(activation) = &mut self.activation else {
            return Ok(());
        };
        let head = runtime.store().head(self.actor).await?;
        if moved_on(&activation.tip, head.as_ref()) {
            self.drop_activation();
        } else {
            activation.checked = runtime.environment().clock.now();
        }
        Ok(())
    }

    /// True when the head was compared with the store's within `age_ms`.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp, age_ms: i64) -> bool {
        self.activation.as_ref().is_some_and(|activation| {
            let age = now.as_millis() - activation.checked.as_millis();
            (0..=age_ms).contains(&age)
        })
    }

    /// Carries out `commands` in order and gives an outcome for each.
    pub async fn take_turn<R: Runtime>(&mut self, commands: &[Pending<M::Command>], runtime: &R) -> Vec<Outcome<M>> {
        let mut outcomes: Vec<Option<Outcome<M>>> = commands.iter().map(|_| None).collect();
        let mut failure = Failure::new("not tried");
        let mut attempts = 0;
        while outcomes.iter().any(Option::is_none) && attempts < MAX_ATTEMPTS {
            match self.attempt(commands, &mut outcomes, runtime).await {
                Ok(()) => attempts = 0,
                Err(Abort::Unknown(why)) => {
                    attempts += 1;
                    failure = why;
                    self.drop_activation();
                }
                Err(Abort::GiveUp(why)) => {
                    failure = why;
                    break;
                }
            }
        }
        outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Err(TurnError::Unknown(failure.clone()))))
            .collect()
    }

    /// A wake-up was delivered.
    ///
    /// It always ends in an append, if only of an empty commit: a commit in flight that counts on this wake-up then loses, and whoever sent it
    /// arms again. What is armed is therefore known to be armed whenever an append succeeds.
    ///
    /// # Errors
    /// When it has to be delivered again.
    pub async fn wake<R: Runtime>(
        &mut self,
        wake_up: WakeUp,
        command: Pending<M::Command>,
        runtime: &R,
    ) -> Result<(), Failure> {
        let clock = &*runtime.environment().clock;
        let early_ms = u64::try_from(wake_up.at.as_millis() - clock.now().as_millis()).unwrap_or(0);
        if early_ms > MAX_EARLY_MS {
            return Err(Failure::new("this clock is behind that of the wake-ups"));
        }
        if early_ms > 0 {
            clock.sleep_ms(early_ms).await;
        }
        self.fence = true;
        self.activate(runtime).await?.delivered(wake_up);
        self.publish_leftovers(runtime).await?;
        match self.take_turn(&[command], runtime).await.pop() {
            Some(Err(TurnError::Unknown(failure))) => Err(failure),
            Some(Err(TurnError::Refused(_)) | Ok(_)) | None => Ok(()),
        }
    }

    /// A guard fired, or a wake-up that is not needed any more: what a lost process left behind is published before the commit that follows,
    /// which notes it, so that the guard is the last.
    async fn publish_leftovers<R: Runtime>(&mut self, runtime: &R) -> Result<(), Failure> {
        let now = runtime.environment().clock.now();
        let is_due = |activation: &Activation<M>| {
            let next = activation.snapshot.machine.next_wakeup();
            next.is_some_and(|at| at <= now)
        };
        if is_due(self.activate(runtime).await?) {
            return Ok(());
        }
        if runtime.recheck_head_after_ms().is_some() {
            self.recheck(runtime).await?;
        }
        let activation = self.activate(runtime).await?;
        // What was handed to the outbox of this process is on its way, and comes first.
        let is_outbox_empty = activation.handed_over <= activation.published;
        if is_due(activation) || !is_outbox_empty {
            return Ok(());
        }
        while let Some(last) = activation.unpublished.iter().take(BATCH).next_back() {
            let (last, count) = (last.header.seq, activation.unpublished.len().min(BATCH));
            if runtime
                .publisher()
                .publish(&activation.unpublished[..count])
                .await
                .is_err()
            {
                // The outbox tries again, with its pauses.
                break;
            }
            activation.unpublished.drain(..count);
            activation.handed_over = last;
            activation.published(last);
        }
        Ok(())
    }

    /// One attempt: settles what is in the log already, decides the rest, appends. `Ok` when at least one command got its outcome.
    async fn attempt<R: Runtime>(
        &mut self,
        commands: &[Pending<M::Command>],
        outcomes: &mut [Option<Outcome<M>>],
        runtime: &R,
    ) -> Result<(), Abort> {
        self.activate(runtime).await.map_err(Abort::Unknown)?;
        self.settle(commands, outcomes, runtime).await.map_err(Abort::Unknown)?;
        let (actor, must_append) = (self.actor, self.fence || self.doubt.is_some());
        let activation = self.activate(runtime).await.map_err(Abort::Unknown)?;
        let mut draft = Draft::new(activation, runtime.environment());
        for (index, pending) in commands
            .iter()
            .enumerate()
            .filter(|(index, _)| outcomes[*index].is_none())
        {
            if draft.is_full() {
                break;
            }
            draft
                .decide(index, pending)
                .map_err(|error| Abort::GiveUp(Failure::new(error)))?;
        }
        // While an append may still arrive that must not, even "nothing to do" and "refused" need an append that shuts it out.
        if draft.is_empty() && !must_append {
            let seq = activation.tip.seq;
            self.assure_fresh(runtime).await.map_err(Abort::Unknown)?;
            draft.answer(outcomes, seq);
            return Ok(());
        }
        draft.prepare(actor, activation, runtime).await?;
        let encoded = draft
            .seal(actor, activation)
            .map_err(|error| Abort::GiveUp(Failure::new(error)))?;
        let update = HeadUpdate {
            wake_at: draft.state.machine.next_wakeup(),
            zone_version: runtime.environment().zones.version().into(),
            published: activation.published,
        };
        let (expected, commit, size) = (activation.tip.seq, Arc::clone(&encoded.commit), encoded.bytes.len());
        if let Err(failure) = runtime.store().append(expected, encoded, update).await {
            self.doubt = Some(expected);
            return Err(Abort::Unknown(failure));
        }
        draft.answer(outcomes, commit.header.seq);
        activation.committed(commit, size, draft.state);
        (self.doubt, self.fence) = (None, false);
        Ok(())
    }

    /// An answer without an append is a read: another process may have overtaken this one unnoticed.
    async fn assure_fresh<R: Runtime>(&mut self, runtime: &R) -> Result<(), Failure> {
        let now = runtime.environment().clock.now();
        if runtime
            .recheck_head_after_ms()
            .is_some_and(|age_ms| !self.is_fresh(now, age_ms))
        {
            self.recheck(runtime).await?;
        }
        self.activation
            .as_ref()
            .map(|_| ())
            .ok_or_else(|| Failure::new("overtaken by another activation"))
    }

    /// After an append with an unknown outcome: commands of ours that are in the log are answered from it.
    async fn settle<R: Runtime>(
        &mut self,
        commands: &[Pending<M::Command>],
        outcomes: &mut [Option<Outcome<M>>],
        runtime: &R,
    ) -> Result<(), Failure> {
        let Some(doubt) = self.doubt else { return Ok(()) };
        if self.activate(runtime).await?.tip.seq <= doubt {
            return Ok(());
        }
        // The log has moved past the doubtful place, so the append is there or can never be.
        let mut after = doubt;
        loop {
            let commits = runtime.store().read_log(self.actor, after, 64).await?;
            let Some(last) = commits.last() else { break };
            after = last.header.seq;
            for commit in &commits {
                settle_from::<M>(commit, commands, outcomes)?;
            }
        }
        self.doubt = None;
        Ok(())
    }
}

/// Answers those of `commands` that `commit` holds.
fn settle_from<M: Machine>(
    commit: &Commit,
    commands: &[Pending<M::Command>],
    outcomes: &mut [Option<Outcome<M>>],
) -> Result<(), Failure> {
    for (place, committed) in commit.commands.iter().enumerate() {
        let Some(index) = commands.iter().position(|pending| pending.id == committed.id) else {
            continue;
        };
        if outcomes[index].is_some() {
            continue;
        }
        let events: Vec<M::Event> = commit
            .events_of(place)
            .iter()
            .filter_map(|record| M::Event::from_record(record).transpose())
            .collect::<Result<_, _>>()?;
        let reply = M::recollect(committed.answer, &events)
            .ok_or_else(|| Failure::new("a committed answer cannot be recollected"))?;
        outcomes[index] = Some(Ok(Answered {
            reply,
            replayed: false,
            seq: commit.header.seq,
        }));
    }
    Ok(())
}

/// Why an attempt ended without outcomes.
enum Abort {
    /// Unknown: load again and look.
    Unknown(Failure),
    /// Trying again now would not help; nothing was appended.
    GiveUp(Failure),
}

/// A command the draft has an outcome for.
enum Drafted<M: Machine> {
    Accepted { reply: M::Reply, replayed: bool },
    Refused(Refusal),
}

/// A commit in the making.
struct Draft<'a, M: Machine> {
    environment: &'a Environment,
    now: Timestamp,
    state: Snapshot<M>,
    records: Vec<EventRecord>,
    commands: Vec<CommittedCommand>,
    drafted: Vec<(usize, Drafted<M>)>,
    bytes: usize,
    traceparent: Option<Box<str>>,
}

impl<'a, M: Machine> Draft<'a, M> {
    fn new(activation: &Activation<M>, environment: &'a Environment) -> Self {
        Self {
            environment,
            now: environment.clock.now(),
            state: Snapshot::clone(&activation.snapshot),
            records: Vec::new(),
            commands: Vec::new(),
            drafted: Vec::new(),
            bytes: 0,
            traceparent: None,
        }
    }

    fn is_full(&self) -> bool {
        self.bytes >= MAX_COMMIT_BYTES || self.commands.len() >= MAX_COMMIT_COMMANDS
    }

    fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn decide(&mut self, index: usize, pending: &Pending<M::Command>) -> Result<(), serde_json::Error> {
        let drafted = match self.judge(pending) {
            Err(refusal) => Drafted::Refused(refusal),
            Ok(Judged::Before(reply)) => Drafted::Accepted { reply, replayed: true },
            Ok(Judged::Now(decision)) => {
                let reply = decision.reply.clone();
                self.take_in(pending, decision)?;
                Drafted::Accepted { reply, replayed: false }
            }
        };
        self.drafted.push((index, drafted));
        Ok(())
    }

    fn judge(&self, pending: &Pending<M::Command>) -> Result<Judged<M>, Refusal> {
        self.state.machine.authorise(pending.by, self.now)?;
        if let Some(key) = pending.key
            && let Some(remembered) = self.state.memory.recall(key.key, self.now)
        {
            if remembered.body != key.body {
                return Err(Refusal::new(
                    Code::IdempotencyKeyReused,
                    "this Idempotency-Key was used for another request",
                ));
            }
            return Ok(Judged::Before(remembered.reply.clone()));
        }
        let mut context = Context::new(pending.by, self.now, &*self.environment.zones, pending.seed);
        self.state
            .machine
            .decide(&pending.command, &mut context)
            .map(Judged::Now)
    }

    fn take_in(
        &mut self,
        pending: &Pending<M::Command>,
        decision: Decision<M::Event, M::Reply>,
    ) -> Result<(), serde_json::Error> {
        if decision.events.is_empty() {
            return Ok(());
        }
        for event in &decision.events {
            let record = event.to_record(pending.by)?;
            self.bytes += record.data.get().len();
            self.records.push(record);
            self.state.machine.evolve(event, &*self.environment.zones);
        }
        self.commands.push(CommittedCommand {
            answer: decision.reply.kind(),
            events: u16::try_from(decision.events.len()).unwrap_or(u16::MAX),
            id: pending.id,
            key: pending.key,
        });
        if let Some(key) = pending.key {
            self.state.memory.remember(key, decision.reply, self.now);
        }
        if self.traceparent.is_none() {
            self.traceparent.clone_from(&pending.traceparent);
        }
        Ok(())
    }

    /// What must be so before the append: the actor is known to the directory, a wake-up that moves earlier is armed, a guard is ahead.
    async fn prepare<R: Runtime>(
        &self,
        actor: ActorId,
        activation: &mut Activation<M>,
        runtime: &R,
    ) -> Result<(), Abort> {
        if activation.tip.seq == Seq::ZERO {
            runtime.directory().register(actor).await.map_err(Abort::GiveUp)?;
        }
        if let Some(at) = self.state.machine.next_wakeup()
            && !activation.is_covered(at)
        {
            let wake_up = activation.new_wake_up(at);
            runtime.wake_ups().arm(actor, wake_up).await.map_err(Abort::GiveUp)?;
            activation.armed(wake_up);
        }
        if !self.records.is_empty() || activation.owes_events() {
            self.keep_guard(actor, activation, runtime).await;
        }
        Ok(())
    }

    /// Sees to it that a guard is ahead, which publishes what this process leaves behind if it is lost.
    async fn keep_guard<R: Runtime>(&self, actor: ActorId, activation: &mut Activation<M>, runtime: &R) {
        let Some(interval_ms) = runtime.wake_ups().guard_interval_ms() else {
            return;
        };
        let soon = self.now.plus_millis(STORE_TIMEOUT_MS);
        if activation.guard.is_some_and(|guard| guard.at >= soon) {
            return;
        }
        let guard = activation.new_wake_up(self.now.plus_millis(i64::try_from(interval_ms).unwrap_or(i64::MAX)));
        // A guard that cannot be armed is owed: the next commit tries again, and until then this process publishes what it committed.
        if runtime.wake_ups().arm(actor, guard).await.is_ok() {
            activation.guard = Some(guard);
        }
    }

    fn seal(&mut self, actor: ActorId, activation: &Activation<M>) -> Result<EncodedCommit, serde_json::Error> {
        let (tip, seq) = (&activation.tip, activation.tip.seq.next());
        let events = std::mem::take(&mut self.records);
        let hash = Commit::hash_of(actor, seq, self.now, &tip.hash, events.iter().map(|event| event.digest));
        let header = CommitHeader {
            actor,
            hash,
            owner: self.state.machine.owner(),
            previous: tip.hash,
            previous_on_topic: Topic::ALL.map(|topic| tip.on_topic[topic.index()]),
            seq,
            time: self.now,
            traceparent: self.traceparent.take(),
        };
        let commit = Commit {
            format: COMMIT_FORMAT,
            header,
            commands: std::mem::take(&mut self.commands),
            events,
        };
        self.state.seq = seq;
        Ok(EncodedCommit {
            bytes: commit.encode()?.into(),
            commit: Arc::new(commit),
        })
    }

    fn answer(&mut self, outcomes: &mut [Option<Outcome<M>>], seq: Seq) {
        for (index, drafted) in self.drafted.drain(..) {
            outcomes[index] = Some(match drafted {
                Drafted::Accepted { reply, replayed } => Ok(Answered { reply, replayed, seq }),
                Drafted::Refused(refusal) => Err(TurnError::Refused(refusal)),
            });
        }
    }
}

enum Judged<M: Machine> {
    Before(M::Reply),
    Now(Decision<M::Event, M::Reply>),
}
