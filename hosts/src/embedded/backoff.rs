//! Pauses between tries.

use punctual_actors::ports::{DAMAGE_PAUSE_MS, Failure};

/// The first pause, in milliseconds.
const FIRST_MS: u64 = 100;
/// The longest pause, in milliseconds.
const LONGEST_MS: u64 = 30_000;

/// Pauses that double up to half a minute; much longer ones where trying does not help.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The pause after a failure, in milliseconds.
    pub(super) fn after_ms(&mut self, failure: &Failure) -> u64 {
        if failure.is_damage() {
            return DAMAGE_PAUSE_MS;
        }
        let pause = FIRST_MS.checked_shl(self.tries).unwrap_or(LONGEST_MS).min(LONGEST_MS);
        self.tries = (self.tries + 1).min(16);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let away = Failure::new("away");
        let pauses: Vec<u64> = (0..20).map(|_| backoff.after_ms(&away)).collect();
        assert_eq!(pauses[..4], [100, 200, 400, 800]);
        assert_eq!(pauses[19], LONGEST_MS);
    }

    #[test]
    fn what_is_damaged_is_tried_seldom_from_the_first_time() {
        assert_eq!(
            Backoff::default().after_ms(&Failure::damaged("a page")),
            DAMAGE_PAUSE_MS
        );
    }
}
