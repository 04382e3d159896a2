//! When something was found not to answer, nobody waits for it for a while but one, now and then, who finds out whether it does again.

use std::sync::atomic::{AtomicI64, Ordering};

use punctual_events::Timestamp;

/// It answers.
const NONE: i64 = i64::MIN;

/// Whether something answers, as far as is known.
#[derive(Debug)]
pub(super) struct Pause {
    /// Between two who try.
    pause_ms: i64,
    /// Until when nobody tries.
    until_ms: AtomicI64,
}

impl Pause {
    /// Of something that answers; when it does not, one tries every `pause_ms` milliseconds.
    pub(super) const fn of_ms(pause_ms: i64) -> Self {
        Self {
            pause_ms,
            until_ms: AtomicI64::new(NONE),
        }
    }

    /// Whether the caller is to try, who then says how it went.
    pub(super) fn lets_try(&self, now: Timestamp) -> bool {
        let until_ms = self.until_ms.load(Ordering::Relaxed);
        if until_ms == NONE {
            return true;
        }
        let now_ms = now.as_millis();
        // A clock that was set back must not keep everybody away for longer than a pause.
        if (1..=self.pause_ms).contains(&until_ms.saturating_sub(now_ms)) {
            return false;
        }
        let next_ms = now_ms + self.pause_ms;
        let taken = self
            .until_ms
            .compare_exchange(until_ms, next_ms, Ordering::Relaxed, Ordering::Relaxed);
        taken.is_ok()
    }

    /// Whether it is known not to answer. Who only asks this tries nothing, and leaves it to those who have to.
    pub(super) fn is_on(&self) -> bool {
        self.until_ms.load(Ordering::Relaxed) != NONE
    }

    /// It did not answer.
    pub(super) fn begin(&self, now: Timestamp) {
        self.until_ms.store(now.as_millis() + self.pause_ms, Ordering::Relaxed);
    }

    /// It answered.
    pub(super) fn end(&self) {
        self.until_ms.store(NONE, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE_MS: i64 = 1_000;
    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn all_try_until_one_finds_it_silent_and_then_one_at_a_time_until_it_answers() {
        let pause = Pause::of_ms(PAUSE_MS);
        assert!(pause.lets_try(NOW) && pause.lets_try(NOW));
        pause.begin(NOW);
        let over = NOW.plus_millis(PAUSE_MS);
        assert!(!pause.lets_try(NOW) && !pause.lets_try(over.plus_millis(-1)));
        // The next may try before that one has heard anything, and so it goes on.
        assert_eq!([over, over].map(|now| pause.lets_try(now)), [true, false]);
        pause.begin(over);
        assert!(!pause.lets_try(over.plus_millis(1)));
        assert!(pause.lets_try(over.plus_millis(PAUSE_MS)));
        pause.end();
        assert!(pause.lets_try(over) && pause.lets_try(over));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_make_it_longer() {
        let pause = Pause::of_ms(PAUSE_MS);
        pause.begin(NOW);
        let earlier = NOW.plus_millis(-3_600_000);
        assert_eq!([earlier, earlier].map(|now| pause.lets_try(now)), [true, false]);
    }
}
