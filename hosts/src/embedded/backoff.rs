//! Pauses between tries.

/// The first pause, in milliseconds.
const FIRST_MS: u64 = 100;
/// The longest pause, in milliseconds.
const LONGEST_MS: u64 = 30_000;

/// Pauses that double up to half a minute.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next pause, in milliseconds.
    pub(super) fn next_ms(&mut self) -> u64 {
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
        let pauses: Vec<u64> = (0..20).map(|_| backoff.next_ms()).collect();
        assert_eq!(pauses[..4], [100, 200, 400, 800]);
        assert_eq!(pauses[19], LONGEST_MS);
    }
}
