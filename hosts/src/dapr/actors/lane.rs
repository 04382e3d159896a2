//! A lane: the commands that wait for the next call of one actor.

use std::sync::{Mutex, MutexGuard, PoisonError};

use punctual_actors::ports::Failure;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::dapr::wire::Outcome;

/// Commands in one call, at most: what one turn of the actor takes.
const MAX_LETTERS: usize = 256;
/// Bytes of commands in one call from which on no further one is added: far below what a message may have.
const MAX_BYTES: usize = 1024 * 1024;
/// Commands that wait for one actor at most; beyond that callers are told to come back.
const MAX_WAITING: usize = 4_096;

/// What became of a command, or why that is not known.
pub(super) type Arrived = Result<Outcome<Box<RawValue>>, Failure>;

/// A command that waits, and who waits for its outcome.
pub(super) struct Letter {
    pub(super) body: Box<RawValue>,
    answer: oneshot::Sender<Arrived>,
}

impl Letter {
    pub(super) fn new(body: Box<RawValue>) -> (Self, oneshot::Receiver<Arrived>) {
        let (answer, arrived) = oneshot::channel();
        (Self { body, answer }, arrived)
    }
}

/// The letters that wait for one actor.
#[derive(Default)]
pub(super) struct Lane(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    letters: Vec<Letter>,
    is_served: bool,
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a letter; `true` when nobody serves the lane, and the caller now has to.
    pub(super) fn push(&self, letter: Letter) -> Result<bool, Failure> {
        let mut waiting = self.lock();
        if waiting.letters.len() >= MAX_WAITING {
            return Err(Failure::new("too many commands wait for this actor"));
        }
        waiting.letters.push(letter);
        Ok(!std::mem::replace(&mut waiting.is_served, true))
    }

    /// The letters of the next call, in order; `None` when there are none, and then nobody serves the lane any more.
    pub(super) fn take(&self) -> Option<Vec<Letter>> {
        let mut waiting = self.lock();
        if waiting.letters.is_empty() {
            waiting.is_served = false;
            return None;
        }
        let mut bytes = 0;
        let fits = |letter: &&Letter| {
            bytes += letter.body.get().len();
            bytes <= MAX_BYTES
        };
        let count = waiting.letters.iter().take(MAX_LETTERS).take_while(fits).count();
        Some(waiting.letters.drain(..count.max(1)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        let waiting = self.lock();
        waiting.letters.is_empty() && !waiting.is_served
    }
}

/// Gives each letter its outcome.
pub(super) fn answer(letters: Vec<Letter>, outcomes: Result<Vec<Outcome<Box<RawValue>>>, Failure>) {
    let mut outcomes = outcomes.map(Vec::into_iter);
    for letter in letters {
        let arrived = match &mut outcomes {
            Ok(outcomes) => outcomes
                .next()
                .ok_or_else(|| Failure::new("an actor answered too little")),
            Err(failure) => Err(failure.clone()),
        };
        // Nobody listens where the client has hung up.
        let _ = letter.answer.send(arrived);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(bytes: usize) -> (Letter, oneshot::Receiver<Arrived>) {
        Letter::new(serde_json::value::to_raw_value(&"x".repeat(bytes)).unwrap())
    }

    #[test]
    fn letters_that_wait_share_a_call_until_it_is_full() {
        let lane = Lane::default();
        assert!(lane.push(letter(10).0).unwrap());
        for _ in 0..MAX_LETTERS {
            assert!(!lane.push(letter(10).0).unwrap());
        }
        assert_eq!(lane.take().unwrap().len(), MAX_LETTERS);
        assert_eq!(lane.take().unwrap().len(), 1);
        assert!(lane.take().is_none() && lane.is_empty());
    }

    #[test]
    fn a_letter_larger_than_a_call_goes_alone() {
        let lane = Lane::default();
        for _ in 0..2 {
            lane.push(letter(2 * MAX_BYTES).0).unwrap();
        }
        assert_eq!(lane.take().unwrap().len(), 1);
        assert_eq!(lane.take().unwrap().len(), 1);
    }

    #[test]
    fn an_actor_that_answers_too_little_leaves_the_rest_unknown() {
        let (letters, mut arrived): (Vec<_>, Vec<_>) = (0..2).map(|_| letter(1)).unzip();
        let outcome = Outcome::Unknown("so".into());
        answer(letters, Ok(vec![outcome]));
        assert!(arrived[0].try_recv().unwrap().is_ok());
        assert!(arrived[1].try_recv().unwrap().is_err());
    }
}
