//! Several processes, one actor, and everything that was asked of it and answered.

use std::sync::Arc;

use punctual_actors::{
    activation::Activation,
    machine::Machine as _,
    ports::{Clock as _, Store as _, WakeUp, uuid_v7},
    reference::{MemoryWakeUps, SeededEntropy, UtcOnly, VirtualClock},
    turn::{Outcome, Pending},
};
use punctual_events::{ActorId, CommandId, IdempotencyKey, Principal, Seq, Timestamp, UserId};
use uuid::Uuid;

use crate::{
    ledger::Ledger,
    machine::{Command, Register},
    process::{Finished, Process, Shared, ready},
    step::{Setting, Step, Work},
};

/// One attempt of a command and what became of it.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) id: CommandId,
    pub(crate) command: Command,
    pub(crate) key: Option<IdempotencyKey>,
    /// Every commit up to here was acknowledged to somebody before it began.
    pub(crate) from: Seq,
    /// The last commit there was when it was answered.
    pub(crate) to: Seq,
    /// The latest that any clock had shown by then.
    pub(crate) latest: Timestamp,
    pub(crate) outcome: Option<Outcome<Register>>,
}

/// Several processes and one actor.
pub(crate) struct World {
    pub(crate) shared: Shared,
    pub(crate) setting: Setting,
    pub(crate) processes: Vec<Process>,
    pub(crate) attempts: Vec<Attempt>,
    /// True when an arming failed: then a guard may be missing, as the turn allows.
    pub(crate) has_lost_guards: bool,
    acknowledged: Seq,
    latest: Timestamp,
    delivered: Vec<WakeUp>,
    ids: SeededEntropy,
}

/// Whose histories these are.
pub(crate) const ACTOR: ActorId = ActorId::User(UserId(Uuid::from_u128(7)));

/// How far ahead the guard is, where there is one.
const GUARD_MS: u64 = 300_000;

impl World {
    /// A world in this setting. `ledger` makes what its log is kept in.
    pub(crate) fn new(setting: &Setting, ledger: impl FnOnce(&Arc<VirtualClock>) -> Ledger) -> Self {
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let shared = Shared {
            actor: ACTOR,
            ledger: ledger(&clock),
            clock,
            wake_ups: if setting.is_alone() {
                MemoryWakeUps::default()
            } else {
                MemoryWakeUps::with_guard(GUARD_MS)
            },
            publisher: Default::default(),
            directory: Default::default(),
        };
        let recheck = (!setting.is_alone()).then_some(0);
        let processes = (1..)
            .zip(&setting.skews_ms)
            .map(|(seed, skew_ms)| Process::new(&shared, *skew_ms, recheck, seed));
        Self {
            processes: processes.collect(),
            latest: shared.clock.now(),
            shared,
            setting: setting.clone(),
            attempts: Vec::new(),
            has_lost_guards: false,
            acknowledged: Seq::ZERO,
            delivered: Vec::new(),
            ids: SeededEntropy::new(42),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Takes one step of a history.
    pub(crate) fn take(&mut self, step: &Step) {
        match step {
            Step::Start { process, work, go } => {
                let process = self.index(*process);
                self.start(process, work);
                self.go(process, go);
            }
            Step::Go { process, go } => {
                let process = self.index(*process);
                self.go(process, go);
            }
            Step::Crash { process } => {
                let process = self.index(*process);
                self.crash(process);
            }
            Step::Arrive { process, which } => {
                let process = self.index(*process);
                ready(self.processes[process].faults.arrive_late(usize::from(*which)));
            }
            Step::Advance { ms } => self.advance(*ms),
            Step::Jump { ms } => {
                self.shared.clock.jump_ms(*ms);
                self.advance(0);
            }
            Step::Confirm => self.confirm(),
            Step::Compact { age_ms } => {
                let before = self.now().plus_millis(-age_ms);
                ready(self.shared.ledger.compact(self.shared.actor, before)).expect("compact");
            }
        }
    }

    fn index(&self, process: u8) -> usize {
        usize::from(process) % self.processes.len()
    }

    /// Time passes; what the clocks show is never the same twice.
    pub(crate) fn advance(&mut self, ms: u64) {
        self.shared.clock.advance_ms(ms + 1);
        self.latest = self.latest.max(self.now().plus_millis(self.setting.most_ahead_ms()));
    }

    fn start(&mut self, process: usize, work: &Work) {
        match work {
            Work::Publish => self.processes[process].start_publish(),
            Work::Save => self.processes[process].start_save(self.shared.actor),
            _ if self.processes[process].is_in_turn() => {}
            Work::Commands(commands) => {
                let commands = commands
                    .iter()
                    .map(|(command, key)| (*command, key.map(|key| self.key(key, *command))));
                let commands = commands.collect();
                self.start_commands(process, commands);
            }
            Work::Retry(which) => {
                let keyed: Vec<_> = self.attempts.iter().filter(|attempt| attempt.key.is_some()).collect();
                if let Some(attempt) = keyed.get(usize::from(*which) % keyed.len().max(1)) {
                    let again = vec![(attempt.command, attempt.key)];
                    self.start_commands(process, again);
                }
            }
            Work::Wake(which) => {
                let due = self.shared.wake_ups.due(self.now());
                if let Some((_, wake_up)) = due.get(usize::from(*which) % due.len().max(1)) {
                    self.start_wake(process, *wake_up);
                }
            }
            Work::WakeAgain(which) => {
                let count = self.delivered.len().max(1);
                if let Some(wake_up) = self.delivered.get(usize::from(*which) % count).copied() {
                    self.start_wake(process, wake_up);
                }
            }
            Work::Recheck => self.processes[process].start_recheck(),
        }
    }

    fn key(&self, key: u8, command: Command) -> IdempotencyKey {
        let body = format!("{command:?}");
        let body = body
            .bytes()
            .fold(1, |sum: u128, byte| sum.wrapping_mul(257) + u128::from(byte));
        IdempotencyKey { key: key.into(), body }
    }

    pub(crate) fn start_commands(&mut self, process: usize, commands: Vec<(Command, Option<IdempotencyKey>)>) {
        self.advance(0);
        let first_attempt = self.attempts.len();
        let mut pending = Vec::new();
        for (command, key) in commands {
            let next = self.pending(command, key);
            self.attempts.push(Attempt {
                id: next.id,
                command,
                key,
                from: self.acknowledged,
                to: Seq::ZERO,
                latest: self.latest,
                outcome: None,
            });
            pending.push(next);
        }
        self.processes[process].start_commands(first_attempt, pending);
    }

    pub(crate) fn start_wake(&mut self, process: usize, wake_up: WakeUp) {
        self.advance(0);
        let command = self.pending(Register::wake(), None);
        self.processes[process].start_wake(wake_up, command);
    }

    fn pending(&self, command: Command, key: Option<IdempotencyKey>) -> Pending<Command> {
        let random = || u128::from(self.ids.next()) << 64 | u128::from(self.ids.next());
        Pending {
            id: CommandId(uuid_v7(self.shared.clock.now(), random())),
            by: Principal::System,
            command,
            key,
            seed: random(),
            traceparent: None,
        }
    }

    fn go(&mut self, process: usize, go: &crate::step::Go) {
        self.processes[process].faults.script(go.faults.iter().copied());
        self.has_lost_guards |= !go.faults.is_empty();
        match go.polls {
            Some(polls) => (0..polls).for_each(|_| self.poll(process)),
            None => self.finish(process),
        }
    }

    fn poll(&mut self, process: usize) {
        if let Some(finished) = self.processes[process].poll() {
            self.finished(process, finished);
        }
    }

    /// Lets a process finish what it does, and time pass while it sleeps.
    pub(crate) fn finish(&mut self, process: usize) {
        for round in 1..2000 {
            if !self.processes[process].is_busy() {
                return;
            }
            self.poll(process);
            if round % 50 == 0 {
                let sleep_ms = self.shared.clock.next_sleeper_ms();
                self.advance(sleep_ms.unwrap_or(0));
            }
        }
        panic!("process {process} does not come to an end");
    }

    fn finished(&mut self, process: usize, finished: Finished) {
        match finished {
            Finished::Commands {
                first_attempt,
                outcomes,
            } => {
                let to = Seq(self.shared.ledger.len() as u64);
                for (attempt, outcome) in self.attempts[first_attempt..].iter_mut().zip(outcomes) {
                    if let Ok(answered) = &outcome {
                        self.acknowledged = self.acknowledged.max(answered.seq);
                    }
                    (attempt.to, attempt.latest, attempt.outcome) = (to, self.latest, Some(outcome));
                }
            }
            Finished::Wake { wake_up, result } => {
                if result.is_ok() {
                    self.shared.wake_ups.done(self.shared.actor, wake_up);
                    self.delivered.push(wake_up);
                }
            }
            Finished::Recheck => {}
        }
        self.check_memory_against_store(process);
    }

    /// What a process has in memory after a turn is what it would load.
    fn check_memory_against_store(&mut self, process: usize) {
        let loaded = ready(self.shared.ledger.load(self.shared.actor)).expect("load");
        let Some(activation) = self.processes[process].slot().and_then(|slot| slot.activation()) else {
            return;
        };
        if loaded.head.as_ref().is_none_or(|head| head.seq != activation.seq()) {
            return;
        }
        let restored =
            Activation::<Register>::restore(self.shared.actor, &loaded, &UtcOnly, self.shared.clock.now(), 0);
        let restored = restored.expect("what was written can be read");
        restored.snapshot().machine.assert_same(&activation.snapshot().machine);
    }

    fn confirm(&mut self) {
        let published = self.shared.publisher.published();
        let mut seqs: Vec<Seq> = published.iter().map(|commit| commit.header.seq).collect();
        seqs.sort_unstable();
        seqs.dedup();
        let through = (1..)
            .zip(&seqs)
            .take_while(|(expected, seq)| *expected == seq.0)
            .count();
        ready(
            self.shared
                .ledger
                .confirm_audited(self.shared.actor, Seq(through as u64)),
        )
        .expect("confirm");
    }

    /// A process is lost and starts again. Alone, it finds what it left behind when it starts; of several, a guard sees to it.
    pub(crate) fn crash(&mut self, process: usize) {
        self.processes[process].crash(&self.shared);
        if !self.setting.is_alone() {
            return;
        }
        self.processes[process].faults.lose_late();
        self.processes[process].faults.end();
        for (actor, wake_up) in self.shared.wake_ups.due(Timestamp::MAX) {
            self.shared.wake_ups.done(actor, wake_up);
        }
        let Some(head) = ready(self.shared.ledger.head(self.shared.actor)).expect("head") else {
            return;
        };
        if let Some(at) = head.wake_at {
            let wake_up = WakeUp {
                at,
                seq: head.seq,
                nonce: 0,
                is_guard: false,
            };
            ready(punctual_actors::ports::WakeUps::arm(
                &self.shared.wake_ups,
                self.shared.actor,
                wake_up,
            ))
            .expect("arm");
        }
        let undrained = ready(
            self.shared
                .ledger
                .read_log(self.shared.actor, head.published, usize::MAX),
        )
        .expect("read");
        self.processes[process].found(undrained);
    }
}
