//! After an append whose outcome nobody knows: the commit may be there, its events unpublished, and no further command may come for days.

use std::sync::{Arc, atomic::Ordering};

use punctual_actors::{machine::Machine, ports::Runtime};

use super::{
    Cell,
    busy::{Busy, Work, survived},
    wake_command,
};

/// First pause before a look at the log, in milliseconds; it doubles.
const FIRST_PAUSE_MS: u64 = 50;
/// Longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 5_000;
/// Looks, about a minute in all. After that the next command, a guard or the next start finds what there is.
const MAX_LOOKS: u32 = 18;

impl<M: Machine, R: Runtime> Cell<M, R> {
    /// Settles in the background what became of an append in doubt, unless that is under way.
    pub(super) fn settle_soon(self: &Arc<Self>) {
        if !self.is_settling.swap(true, Ordering::Relaxed) {
            tokio::spawn(Arc::clone(self).settle());
        }
    }

    /// Takes turns until one gets through: it loads what is there, which is then published, and its own append shuts out what may still arrive.
    async fn settle(self: Arc<Self>) {
        let _busy = Busy::with(&self, Work::Settling);
        let runtime = &*self.shared.runtime;
        for look in 0..MAX_LOOKS {
            let pause_ms = (FIRST_PAUSE_MS << look.min(10)).min(LONGEST_PAUSE_MS);
            runtime.environment().clock.sleep_ms(pause_ms).await;
            let mut slot = self.slot.lock().await;
            if slot.is_in_doubt() {
                // How it ended is in the slot.
                let turn = async { slot.take_turn(&[wake_command::<M, R>(runtime)], runtime).await };
                let turn = survived(turn).await;
                if turn.is_err() {
                    slot.cut_off();
                }
                self.after_turn(&mut slot);
                self.publish_soon();
                // Looking more often mends nothing; whoever sweeps comes back.
                if turn.is_ok_and(|outcomes| self.hears_damage(&outcomes)) {
                    break;
                }
            }
            if !slot.is_in_doubt() {
                break;
            }
        }
    }
}
