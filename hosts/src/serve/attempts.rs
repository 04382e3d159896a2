//! How often the sidecar is asked for new subscriptions when those it was asked for helped nothing.

/// After an attempt the next is made this much later, and each time twice as late, up to [`MAX_REST_MS`].
const FIRST_REST_MS: u64 = 1_000;
const MAX_REST_MS: u64 = 600_000;
/// So many attempts in vain show that the subscription is not what is missing. The defect they are for was never seen twice in a row.
const A_FEW: u32 = 3;

/// Attempts to come.
#[derive(Debug)]
pub(super) struct Attempts {
    left: Option<u32>,
    rest_ms: u64,
}

impl Attempts {
    /// For whoever is to hear every partition: there is no other reason why nothing should come.
    pub(super) const fn without_end() -> Self {
        Self {
            left: None,
            rest_ms: FIRST_REST_MS,
        }
    }

    /// For whoever shares the partitions with others, who may have them all.
    pub(super) const fn a_few() -> Self {
        Self {
            left: Some(A_FEW),
            ..Self::without_end()
        }
    }

    /// How long to rest after the next attempt, in milliseconds. `None` when there is none left.
    pub(super) fn next(&mut self) -> Option<u64> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        let rest_ms = self.rest_ms;
        self.rest_ms = (rest_ms * 2).min(MAX_REST_MS);
        Some(rest_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_shares_the_partitions_gives_up_after_three_attempts() {
        let mut attempts = Attempts::a_few();
        let rests: Vec<Option<u64>> = (0..5).map(|_| attempts.next()).collect();
        assert_eq!(rests, [Some(1_000), Some(2_000), Some(4_000), None, None]);
    }

    #[test]
    fn whoever_is_to_hear_everything_tries_for_ever_and_less_and_less_often() {
        let mut attempts = Attempts::without_end();
        let rests: Vec<u64> = (0..12).map(|_| attempts.next().unwrap()).collect();
        assert_eq!(rests[..3], [1_000, 2_000, 4_000]);
        assert_eq!(rests[9..], [512_000, 600_000, 600_000]);
    }
}
