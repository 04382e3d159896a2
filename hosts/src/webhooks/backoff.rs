//! When a webhook that failed is tried again.

use punctual_events::Timestamp;

/// For how long after the first try a delivery is tried again: 24 hours.
pub const GIVE_UP_AFTER_MS: i64 = 24 * HOUR_MS;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Tries a delivery gets at least before its webhook is disabled. Time in which this server did not run is time in which the receiver could not
/// answer: who comes back after a day has the pauses of a day before them still.
const MIN_TRIES: u32 = 10;

/// The pause after the first failed try, the second, … ; the last one repeats.
const PAUSES_MS: [i64; 9] = [
    5 * SECOND_MS,
    30 * SECOND_MS,
    2 * MINUTE_MS,
    10 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    8 * HOUR_MS,
];

/// What follows a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTry {
    /// Another one.
    At(Timestamp),
    /// None: 24 hours have passed with tries all along, the webhook is to be disabled and its owner to be shown so.
    Disable,
}

/// What follows the failure `now` of a delivery that was tried `tries` times (this one included), first at `first_try`.
///
/// Each pause is made up to a fifth longer by `jitter` (0 not at all, 255 by a fifth), so that what failed together does not come back
/// together. The last try is 24 hours after the first, or later when this server did not run for a part of them: then at least 10 come
/// before it gives up.
#[must_use]
pub fn next_try(tries: u32, first_try: Timestamp, now: Timestamp, jitter: u8) -> NextTry {
    let give_up_at = first_try.plus_millis(GIVE_UP_AFTER_MS);
    if now >= give_up_at && tries >= MIN_TRIES {
        return NextTry::Disable;
    }
    let index = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause_ms = PAUSES_MS[index.min(PAUSES_MS.len() - 1)];
    let jitter_ms = pause_ms * i64::from(jitter) / (5 * i64::from(u8::MAX));
    let next = now.plus_millis(pause_ms + jitter_ms);
    NextTry::At(if now < give_up_at { next.min(give_up_at) } else { next })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// All tries of a delivery that always fails at once, in seconds after the first.
    fn tries_s(jitter: u8) -> Vec<i64> {
        let mut instants = vec![FIRST];
        while let NextTry::At(next) = next_try(
            u32::try_from(instants.len()).unwrap(),
            FIRST,
            instants[instants.len() - 1],
            jitter,
        ) {
            instants.push(next);
        }
        instants
            .iter()
            .map(|at| (at.as_millis() - FIRST.as_millis()) / SECOND_MS)
            .collect()
    }

    #[test]
    fn tries_spread_out_over_24_hours_and_the_last_is_at_their_end() {
        assert_eq!(
            tries_s(0),
            [0, 5, 35, 155, 755, 2555, 6155, 13_355, 27_755, 56_555, 85_355, 86_400]
        );
    }

    #[test]
    fn jitter_makes_pauses_up_to_a_fifth_longer() {
        assert_eq!(tries_s(255)[..4], [0, 6, 42, 186]);
        assert_eq!(tries_s(255).last(), Some(&86_400));
    }

    #[test]
    fn after_an_outage_of_ours_tries_go_on_until_there_were_as_many_as_in_a_day() {
        let back = FIRST.plus_millis(2 * GIVE_UP_AFTER_MS);
        assert_eq!(
            next_try(2, FIRST, back, 0),
            NextTry::At(back.plus_millis(30 * SECOND_MS))
        );
        let (mut tries, mut now) = (2, back);
        while let NextTry::At(next) = next_try(tries, FIRST, now, 0) {
            (tries, now) = (tries + 1, next);
        }
        assert_eq!(tries, MIN_TRIES);
        assert!(now.as_millis() - back.as_millis() > GIVE_UP_AFTER_MS / 2);
    }

    #[test]
    fn the_last_try_within_the_24_hours_is_at_their_end() {
        assert_eq!(
            next_try(2, FIRST, FIRST.plus_millis(GIVE_UP_AFTER_MS - 1), 0),
            NextTry::At(FIRST.plus_millis(GIVE_UP_AFTER_MS))
        );
    }

    proptest! {
        #[test]
        fn the_next_try_is_always_later_and_the_end_comes_with_time_and_tries(tries: u32, passed_ms in 0..2 * GIVE_UP_AFTER_MS, jitter: u8) {
            let now = FIRST.plus_millis(passed_ms);
            match next_try(tries, FIRST, now, jitter) {
                NextTry::At(next) => prop_assert!(next > now && (tries < MIN_TRIES || next <= FIRST.plus_millis(GIVE_UP_AFTER_MS))),
                NextTry::Disable => prop_assert!(passed_ms >= GIVE_UP_AFTER_MS && tries >= MIN_TRIES),
            }
        }
    }
}
