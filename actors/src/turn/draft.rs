//! A commit in the making: commands decided one after the other on a provisional state.

use std::sync::Arc;

use punctual_events::{
    ActorId, COMMIT_FORMAT, Commit, CommitHeader, CommittedCommand, EventData, EventRecord, Seq, Timestamp, Topic,
};

use super::{Abort, Answered, Outcome, Pending, TurnError, guard};
use crate::{
    activation::{Activation, Snapshot},
    machine::{Context, Decision, Machine, Reply as _},
    memory::Recalled,
    ports::{Directory, EncodedCommit, Environment, Failure, Runtime, WakeUp, WakeUps},
    refusal::{Code, Refusal},
};

/// A commit takes no further command once its events are this large, in bytes: it must be publishable and fit the store's limits.
const MAX_COMMIT_BYTES: usize = 512 * 1024;
/// Commands in one commit, at most.
const MAX_COMMIT_COMMANDS: usize = 256;

/// A command the draft has an outcome for.
enum Drafted<M: Machine> {
    Accepted { reply: M::Reply, replayed: bool },
    Refused(Refusal),
}

/// A commit in the making.
pub(super) struct Draft<'a, M: Machine> {
    environment: &'a Environment,
    now: Timestamp,
    pub(super) state: Snapshot<M>,
    records: Vec<EventRecord>,
    commands: Vec<CommittedCommand>,
    drafted: Vec<(usize, Drafted<M>)>,
    bytes: usize,
    traceparent: Option<Box<str>>,
}

impl<'a, M: Machine> Draft<'a, M> {
    pub(super) fn new(activation: &Activation<M>, environment: &'a Environment) -> Self {
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

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= MAX_COMMIT_BYTES || self.commands.len() >= MAX_COMMIT_COMMANDS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn decide(&mut self, index: usize, pending: &Pending<M::Command>) -> Result<(), serde_json::Error> {
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
            if remembered.body() != key.body {
                return Err(Refusal::new(
                    Code::IdempotencyKeyReused,
                    "this Idempotency-Key was used for another request",
                ));
            }
            return match remembered {
                Recalled::Answered(remembered) => Ok(Judged::Before(remembered.reply.clone())),
                Recalled::Spent { .. } => Err(Refusal::new(
                    Code::AnswerForgotten,
                    "the request with this Idempotency-Key was done, and its answer is not kept any more",
                )),
            };
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
        if self.traceparent.is_none() {
            self.traceparent.clone_from(&pending.traceparent);
        }
        let is_others = self.traceparent != pending.traceparent;
        self.commands.push(CommittedCommand {
            answer: decision.reply.kind(),
            events: u16::try_from(decision.events.len()).unwrap_or(u16::MAX),
            id: pending.id,
            key: pending.key,
            traceparent: pending.traceparent.clone().filter(|_| is_others),
        });
        self.state.remember(pending.key, Some(decision.reply), self.now);
        Ok(())
    }

    /// What must be so before the append: the actor is known to the directory, and [`cover`](Self::cover).
    pub(super) async fn prepare<R: Runtime>(
        &self,
        actor: ActorId,
        activation: &mut Activation<M>,
        runtime: &R,
    ) -> Result<(), Abort> {
        if activation.tip.seq == Seq::ZERO {
            let registered = Box::pin(runtime.directory().register(actor)).await;
            registered.map_err(Abort::GiveUp)?;
        }
        let covered = self.cover(actor, activation, activation.tip.seq.next(), runtime);
        covered.await.map_err(Abort::Unarmed)
    }

    /// When a wake-up is needed that is not armed yet.
    pub(super) fn uncovered(&self, activation: &Activation<M>) -> Option<Timestamp> {
        let next = self.state.machine.next_wakeup();
        next.filter(|at| !activation.is_covered(*at))
    }

    /// Sees to it that a wake-up is armed for what the state `seq` has to do next, and that a guard is ahead of what is not published or not confirmed by
    /// audit.
    pub(super) async fn cover<R: Runtime>(
        &self,
        actor: ActorId,
        activation: &mut Activation<M>,
        seq: Seq,
        runtime: &R,
    ) -> Result<(), Failure> {
        if let Some(at) = self.uncovered(activation) {
            // Alone, nothing is kept beyond the process: there every wake-up says which commit it is of.
            let wake_up = match runtime.has_others() {
                true => activation.next_wake_up(at, seq, self.now),
                false => activation.new_wake_up(at, seq),
            };
            let outcome = runtime.wake_ups().arm(actor, wake_up).await;
            activation.armed(wake_up, &outcome);
            outcome?;
            if let Some(surplus) = activation.armed.take_surplus() {
                Box::pin(cancel(actor, surplus, activation, runtime)).await;
            }
        }
        if !self.records.is_empty() {
            // They wait for nothing yet but for this process to publish them.
            activation.waits_for_audit_since = None;
        }
        if activation.needs_guard() || !self.records.is_empty() {
            self.keep_guard(actor, activation, seq, runtime).await;
        }
        Ok(())
    }

    /// Sees to it that a guard is ahead, which publishes what this process leaves behind if it is lost.
    async fn keep_guard<R: Runtime>(&self, actor: ActorId, activation: &mut Activation<M>, seq: Seq, runtime: &R) {
        let Some(guard) = guard::next(activation, self.now, seq, runtime) else {
            return;
        };
        // A guard that cannot be armed is owed: the next commit or the next sweep tries again, and until then this process publishes what it committed.
        activation.guard = match runtime.wake_ups().arm_guard(actor, guard).await {
            Ok(()) => Some(guard),
            Err(_) => activation.guard.filter(|other| other.at < guard.at),
        };
    }

    pub(super) fn seal(
        &mut self,
        actor: ActorId,
        activation: &Activation<M>,
    ) -> Result<EncodedCommit, serde_json::Error> {
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

    pub(super) fn answer(&mut self, outcomes: &mut [Option<Outcome<M>>], seq: Seq) {
        for (index, drafted) in self.drafted.drain(..) {
            outcomes[index] = Some(match drafted {
                Drafted::Accepted { reply, replayed } => Ok(Answered { reply, replayed, seq }),
                Drafted::Refused(refusal) => Err(TurnError::Refused(refusal)),
            });
        }
    }
}

/// Cancels a wake-up nobody needs, and what there is beside it. It is only tidying up: one that is left is harmless.
async fn cancel<M: Machine, R: Runtime>(actor: ActorId, surplus: WakeUp, activation: &mut Activation<M>, runtime: &R) {
    let mut next = Some(surplus);
    while let Some(surplus) = next {
        if runtime.wake_ups().cancel(actor, surplus).await.is_err() {
            return;
        }
        next = activation.armed.take_surplus();
    }
}

enum Judged<M: Machine> {
    Before(M::Reply),
    Now(Decision<M::Event, M::Reply>),
}
