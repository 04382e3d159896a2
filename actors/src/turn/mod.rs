//! The turn: all waiting commands of an actor, decided in order on a provisional state and appended as one commit.
//!
//! Correctness does not depend on there being one activation of an actor. Every append names the sequence it builds on, and every outcome that
//! is not success is *unknown*: the state is dropped and loaded again, the attempt is looked for in the log, and only what is not there is
//! decided again. That something is not there counts only once an append of ours on that head has succeeded, because until then the first
//! attempt may still arrive.

mod draft;
mod guard;
mod rearm;
mod repeats;
mod settle;
#[cfg(test)]
mod tests;
mod wake;

use std::{collections::HashSet, sync::Arc};

use punctual_events::{ActorId, CommandId, IdempotencyKey, Principal, Seq, Timestamp};

pub use self::rearm::Rearmed;

use crate::{
    activation::{Activation, Left, moved_on},
    machine::Machine,
    ports::{Failure, HeadUpdate, Runtime, Store, WakeUps},
    recent::Recent,
    refusal::Refusal,
    turn::draft::Draft,
};

/// How often a turn tries before its commands are answered "unknown".
const MAX_ATTEMPTS: u32 = 4;
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
    /// A wake-up was delivered, and what comes next was not armed since: it may be the one the head counts on.
    is_woken: bool,
    /// Commits that count on a delivered wake-up may be in flight until an append of ours has succeeded.
    fence: bool,
    /// How far an activation that was dropped had come with publishing; what it had not handed over is nobody's affair yet.
    dropped: Option<Dropped>,
    /// What it had armed: a command that fails again and again must not arm more and more.
    left: Option<Left>,
}

/// What outlives an activation in its slot.
#[derive(Clone, Copy, Debug)]
struct Dropped {
    handed_over: Seq,
    /// The last commit it knew.
    last: Seq,
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
            is_woken: false,
            fence: false,
            dropped: None,
            left: None,
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

    /// True after an append whose outcome is unknown, until a turn has found it in the log or shut it out, and while commits that an activation
    /// left behind unpublished were not read again. Nobody else knows: such a slot must not be thrown away.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        let owes_events = self.dropped.is_some_and(|dropped| dropped.handed_over < dropped.last);
        self.doubt.is_some() || (self.activation.is_none() && owes_events)
    }

    /// The activation, loaded if need be.
    ///
    /// # Errors
    /// When the store is away or what it holds cannot be read.
    pub async fn activate<R: Runtime>(&mut self, runtime: &R) -> Result<&mut Activation<M>, Failure> {
        if self.activation.is_none() {
            // Boxed, as is everything a usual turn does not do: the future of a turn is moved a few times, with room for all it might await.
            let mut activation = Box::pin(self.load(runtime)).await?;
            if let Some(left) = self.left.take() {
                activation.inherit(left);
            }
            self.activation = Some(activation);
        }
        self.activation.as_mut().ok_or_else(|| Failure::new("not activated"))
    }

    async fn load<R: Runtime>(&self, runtime: &R) -> Result<Activation<M>, Failure> {
        let environment = runtime.environment();
        // Asked before the head is read: what was armed by then includes what that head says.
        let is_head_trusted = runtime.wake_ups().holds_what_heads_say() && !self.is_woken;
        let now = environment.clock.now();
        let loaded = runtime.store().load(self.actor).await?;
        #[expect(clippy::cast_possible_truncation, reason = "any 64 of the random bits will do")]
        let nonce = environment.entropy.random() as u64;
        let mut activation = Activation::restore(self.actor, &loaded, &*environment.zones, now, nonce)?;
        if !is_head_trusted {
            activation.distrust_head();
        }
        activation.recent = delivers_twice(runtime).then(|| Recent::of(&loaded.tail));
        self.recover_unpublished(&mut activation, runtime).await?;
        Ok(activation)
    }

    /// A turn ended half way, as by a panic: the state it worked on is dropped, and the append it may have begun is in doubt.
    pub fn cut_off(&mut self) {
        if let Some(activation) = &self.activation {
            self.doubt = Some(activation.tip.seq);
        }
        self.drop_activation();
    }

    fn drop_activation(&mut self) {
        if let Some(activation) = self.activation.take() {
            // Whose commits counted on the wake-up is not known any more.
            self.fence |= self.is_woken;
            self.dropped = Some(Dropped {
                handed_over: activation.handed_over,
                last: activation.tip.seq,
                published: activation.published,
            });
            self.left = Some(activation.leave());
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
        let now = runtime.environment().clock.now();
        let head = runtime.store().head(self.actor).await?;
        if moved_on(&activation.tip, head.as_ref()) {
            self.drop_activation();
        } else {
            activation.checked = now;
            activation.audited = head.map_or(Seq::ZERO, |head| head.audited);
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
        let mut unarmed = None;
        while outcomes.iter().any(Option::is_none) && attempts < MAX_ATTEMPTS {
            match self.attempt(commands, &mut outcomes, unarmed.as_ref(), runtime).await {
                Ok(()) => attempts = 0,
                // What needs no wake-up is done all the same. Which of them needs one shows when each has a commit of its own.
                Err(Abort::Unarmed(why)) => unarmed = Some(why),
                Err(Abort::Unknown(why)) => {
                    attempts = if why.is_damage() { MAX_ATTEMPTS } else { attempts + 1 };
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

    /// One attempt: settles what is in the log already, decides the rest, appends. `Ok` when at least one command got its outcome. Where wake-ups
    /// were found to be `unarmed`, nobody waits for that again in this turn.
    async fn attempt<R: Runtime>(
        &mut self,
        commands: &[Pending<M::Command>],
        outcomes: &mut [Option<Outcome<M>>],
        unarmed: Option<&Failure>,
        runtime: &R,
    ) -> Result<(), Abort> {
        self.activate(runtime).await.map_err(Abort::Unknown)?;
        self.answer_known(commands, outcomes, runtime)
            .await
            .map_err(Abort::Unknown)?;
        let (actor, must_append) = (self.actor, self.fence || self.doubt.is_some());
        let activation = self.activate(runtime).await.map_err(Abort::Unknown)?;
        let mut draft = Draft::new(activation, runtime.environment());
        let (mut decided, mut last) = (HashSet::new(), 0);
        for (index, pending) in commands
            .iter()
            .enumerate()
            .filter(|(index, _)| outcomes[*index].is_none())
        {
            let begins = unarmed.is_some() || M::begins_commit(&pending.command);
            if draft.is_full() || (!draft.is_empty() && begins) {
                break;
            }
            // Twice in one turn: the second gets its answer once the first has one.
            if activation.recent.is_some() && !decided.insert(pending.id) {
                continue;
            }
            draft
                .decide(index, pending)
                .map_err(|error| Abort::GiveUp(Failure::new(error)))?;
            last = index;
        }
        // While an append may still arrive that must not, even "nothing to do" and "refused" need an append that shuts it out.
        if draft.is_empty() && !must_append {
            let seq = activation.tip.seq;
            self.assure_fresh(runtime).await.map_err(Abort::Unknown)?;
            draft.answer(outcomes, seq);
            self.remember(commands, outcomes, runtime);
            return Ok(());
        }
        if let (Some(failure), Some(_)) = (unarmed, draft.uncovered(activation)) {
            outcomes[last] = Some(Err(TurnError::Unknown(failure.clone())));
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
        (self.doubt, self.fence, self.is_woken) = (None, false, false);
        self.remember(commands, outcomes, runtime);
        Ok(())
    }

    /// Answers what is in the log already, where there can be any such.
    async fn answer_known<R: Runtime>(
        &mut self,
        commands: &[Pending<M::Command>],
        outcomes: &mut [Option<Outcome<M>>],
        runtime: &R,
    ) -> Result<(), Failure> {
        if let Some(doubt) = self.doubt {
            Box::pin(self.settle(doubt, commands, outcomes, runtime)).await?;
        }
        if delivers_twice(runtime) {
            Box::pin(self.answer_repeats(commands, outcomes, runtime)).await?;
        }
        Ok(())
    }

    /// Remembers the answers that no commit holds: a refusal stays one however often the command is delivered.
    fn remember<R: Runtime>(&mut self, commands: &[Pending<M::Command>], outcomes: &[Option<Outcome<M>>], runtime: &R) {
        let recent = self
            .activation
            .as_mut()
            .and_then(|activation| activation.recent.as_mut());
        let Some(recent) = recent else { return };
        let now = runtime.environment().clock.now();
        for (pending, outcome) in commands.iter().zip(outcomes) {
            if let Some(outcome) = outcome {
                recent.answered(pending.id, outcome, now);
            }
        }
    }

    /// An answer without an append is a read: another process may have overtaken this one unnoticed.
    async fn assure_fresh<R: Runtime>(&mut self, runtime: &R) -> Result<(), Failure> {
        let now = runtime.environment().clock.now();
        if runtime
            .recheck_head_after_ms()
            .is_some_and(|age_ms| !self.is_fresh(now, age_ms))
        {
            Box::pin(self.recheck(runtime)).await?;
        }
        self.activation
            .as_ref()
            .map(|_| ())
            .ok_or_else(|| Failure::new("overtaken by another activation"))
    }
}

/// Where other processes can own an actor, commands travel, and one whose answer was lost is sent again.
fn delivers_twice<R: Runtime>(runtime: &R) -> bool {
    runtime.has_others()
}

/// Why an attempt ended without outcomes.
enum Abort {
    /// Unknown: load again and look.
    Unknown(Failure),
    /// Trying again now would not help; nothing was appended.
    GiveUp(Failure),
    /// The wake-up that the commit needs could not be armed; nothing was appended.
    Unarmed(Failure),
}
