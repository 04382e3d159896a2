//! Answers that fit a message. The sidecar passes none on that is larger than it takes, nor says so: it calls that an internal error.

use bytes::Bytes;
use punctual_actors::ports::Failure;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{FORMAT, Outcome, encode};
use crate::dapr::sidecar::MAX_MESSAGE_BYTES;

/// Bytes of outcomes from which on no further one is added.
const ENOUGH_BYTES: usize = MAX_MESSAGE_BYTES / 2;
/// Bytes a single outcome may have: a message has a few besides.
const MAX_OUTCOME_BYTES: usize = MAX_MESSAGE_BYTES - 64 * 1024;

/// An [`Outcomes`](super::Outcomes) that somebody else has written.
#[derive(Serialize)]
struct Written {
    format: u16,
    outcomes: Vec<Box<RawValue>>,
}

/// Writes an [`Outcomes`](super::Outcomes) of the first of `outcomes`, of one at least. One that is too large for any message is written as unknown, so that nobody asks
/// for it in vain until they run out of patience.
///
/// # Errors
/// When something in it has no JSON form.
pub fn encode_what_fits<T: Serialize>(outcomes: &[Outcome<T>]) -> Result<Bytes, Failure> {
    let mut written = Written {
        format: FORMAT,
        outcomes: Vec::with_capacity(outcomes.len()),
    };
    let mut bytes = 0;
    for outcome in outcomes {
        let mut outcome = to_raw_value(outcome).map_err(Failure::new)?;
        if outcome.get().len() > MAX_OUTCOME_BYTES {
            let failure = Failure::new(format_args!(
                "an answer of {} bytes fits no message",
                outcome.get().len()
            ));
            tracing::error!(%failure, "an actor's answer cannot be sent");
            outcome = to_raw_value(&Outcome::<()>::failed(&failure)).map_err(Failure::new)?;
        }
        bytes += outcome.get().len();
        if bytes > ENOUGH_BYTES && !written.outcomes.is_empty() {
            break;
        }
        written.outcomes.push(outcome);
    }
    encode(&written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dapr::wire::{Outcomes, decode};

    fn outcomes(bytes: &[usize]) -> Vec<Outcome<String>> {
        bytes
            .iter()
            .map(|bytes| Outcome::Answered("x".repeat(*bytes)))
            .collect()
    }

    /// How long what arrives of answers of these lengths is; none for an unknown outcome.
    fn arrives(bytes: &[usize]) -> Vec<Option<usize>> {
        let message = encode_what_fits(&outcomes(bytes)).unwrap();
        assert!(message.len() < MAX_MESSAGE_BYTES);
        let back: Outcomes<String> = decode(&message).unwrap();
        let length = |outcome: &Outcome<String>| match outcome {
            Outcome::Answered(text) => Some(text.len()),
            Outcome::Refused(_) | Outcome::Unknown(_) | Outcome::Damaged(_) => None,
        };
        back.outcomes.iter().map(length).collect()
    }

    #[test]
    fn outcomes_that_fit_are_written_as_ever() {
        let few = outcomes(&[1, 2, 0]);
        let written = encode_what_fits(&few).unwrap();
        let outcomes = Outcomes {
            format: FORMAT,
            unread: None,
            outcomes: few,
        };
        assert_eq!(written, encode(&outcomes).unwrap());
    }

    #[test]
    fn the_outcomes_that_do_not_fit_are_left_out_and_there_is_always_one() {
        assert_eq!(arrives(&[100_000; 50]), [Some(100_000); 20]);
        assert_eq!(arrives(&[3_000_000, 1, 1]), [Some(3_000_000)]);
        assert_eq!(arrives(&[1, 3_000_000]), [Some(1)]);
    }

    #[test]
    fn an_answer_too_large_for_any_message_is_an_unknown_outcome() {
        assert_eq!(arrives(&[1, MAX_MESSAGE_BYTES, 1]), [Some(1), None, Some(1)]);
    }
}
