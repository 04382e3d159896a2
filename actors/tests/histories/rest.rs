//! How a history comes to rest: nothing goes wrong any more, what is late arrives, time passes, and wake-ups alone must bring about the rest.

use punctual_actors::{activation::Activation, machine::Machine as _, ports::Store as _, reference::UtcOnly};
use punctual_events::{Timestamp, Topic};

use crate::{
    machine::{Command, Register},
    process::ready,
    world::World,
};

/// More than any history needs; guards that beget guards for ever would exceed it.
const MOST_WAKE_UPS: usize = 100;

/// So many wake-ups long audit hears nothing.
const LOST_TO_AUDIT: usize = 6;

impl World {
    /// Brings the history to rest.
    pub(crate) fn come_to_rest(&mut self) {
        self.processes.iter().for_each(|process| process.faults.end());
        for process in 0..self.processes.len() {
            self.finish(process);
        }
        for process in 0..self.processes.len() {
            while ready(self.processes[process].faults.arrive_late(0)) {}
        }
        if self.has_lost_guards {
            // A guard that could not be armed is owed until the next command.
            self.start_commands(0, vec![(Command::Ask, None)]);
            self.finish(0);
        }
        self.publish_everything();
        let mut lost = 0;
        for turn in 0..MOST_WAKE_UPS {
            // Whatever is published at first is lost on its way to audit, what other activations find left over included.
            if turn < LOST_TO_AUDIT {
                lost = self.shared.publisher.published().len();
            }
            self.audit_hears(lost);
            let Some(at) = self.shared.wake_ups.earliest() else {
                self.assert_nothing_is_due(Timestamp::MAX);
                self.assert_audit_has_everything();
                return;
            };
            // Every alarm is covered by a wake-up: it would fire in time, not only with a later one or a guard.
            self.assert_nothing_is_due(at.plus_millis(-1));
            let wait_ms = u64::try_from(at.as_millis() - self.now().as_millis()).unwrap_or(0);
            self.advance(wait_ms);
            self.deliver_what_is_due(turn);
            self.publish_everything();
        }
        panic!("wake-ups never end");
    }

    fn deliver_what_is_due(&mut self, turn: usize) {
        // Time passes while they are delivered, so that what one of them armed may be due as well by then.
        for _ in 0..MOST_WAKE_UPS {
            let due = self.shared.wake_ups.due(self.now());
            if due.is_empty() {
                break;
            }
            for (_, wake_up) in due {
                let process = turn % self.processes.len();
                self.start_wake(process, wake_up);
                self.finish(process);
            }
        }
        // A process whose clock is behind may still have to come to it.
        let behind_ms = self.setting.skews_ms.iter().copied().min().unwrap_or(0).min(0);
        self.assert_nothing_is_due(self.now().plus_millis(behind_ms));
    }

    fn publish_everything(&mut self) {
        for process in 0..self.processes.len() {
            for _ in 0..100 {
                if !self.processes[process].has_something_to_publish() {
                    break;
                }
                self.processes[process].start_publish();
                self.finish(process);
            }
        }
    }

    /// Audit copies the log as far as it was told of, by what was published after the first so many.
    fn audit_hears(&self, lost: usize) {
        let published = self.shared.publisher.published();
        if let Some(last) = published[lost..].iter().map(|commit| commit.header.seq).max() {
            ready(self.shared.ledger.confirm_audited(self.shared.actor, last)).expect("confirm");
        }
    }

    /// Not where a process is alone: what it delivers is durable, and no guard sees to it. Nor where a guard is owed: a commit would arm it.
    fn assert_audit_has_everything(&self) {
        if self.setting.is_alone() || self.has_lost_guards {
            return;
        }
        let (ledger, actor) = (&self.shared.ledger, self.shared.actor);
        let audited = ready(ledger.head(actor)).expect("head").map(|head| head.audited);
        let log = ready(ledger.read_log(actor, audited.unwrap_or_default(), usize::MAX)).expect("read");
        assert!(
            log.iter().all(|commit| !commit.is_on(Topic::TaskEvents)),
            "audit stopped at {audited:?}"
        );
    }

    fn assert_nothing_is_due(&self, now: Timestamp) {
        let loaded = ready(self.shared.ledger.load(self.shared.actor)).expect("load");
        let restored = Activation::<Register>::restore(self.shared.actor, &loaded, &UtcOnly, now, 0).expect("restore");
        let next = restored.snapshot().machine.next_wakeup();
        assert!(
            next.is_none_or(|at| at > now),
            "an alarm of {next:?} has not fired at {now}"
        );
    }
}
