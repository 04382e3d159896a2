//! A lane: the commands that wait for the next call of one actor.

use std::{
    panic::AssertUnwindSafe,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::FutureExt as _;
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

/// What became of the first commands of a call: one at least, and as many as fitted the answer.
pub(super) type Answer = Result<Vec<Outcome<Box<RawValue>>>, Failure>;

/// What became of a command, or why that is not known.
pub(super) type Arrived = Result<Outcome<Box<RawValue>>, Failure>;

/// What a lane is served with.
pub(super) trait Calls: Sync {
    /// Has the actor carry out the commands of `letters`.
    fn make(&self, letters: &[Letter]) -> impl Future<Output = Answer> + Send;
}

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

    /// Whether somebody waits for the outcome still. Where nobody does, it stays unknown, and the command need not be carried out.
    pub(super) fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }

    fn tell(self, arrived: Arrived) {
        // Nobody listens where the client has hung up.
        let _ = self.answer.send(arrived);
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

    /// Makes calls until no letter waits. However a call ends, by a panic too, the letters that wait get the next.
    pub(super) async fn serve(&self, calls: &impl Calls) {
        while let Some(letters) = self.take() {
            let call = AssertUnwindSafe(async { calls.make(&letters).await });
            let answered = call.catch_unwind().await;
            let answered = answered.unwrap_or_else(|_| Err(Failure::new("the call of an actor panicked")));
            self.put_back(answer(letters, answered));
        }
    }

    /// Has these be the first of the next call.
    fn put_back(&self, letters: Vec<Letter>) {
        self.lock().letters.splice(0..0, letters);
    }

    /// The letters of the next call, in order; `None` when there are none, and then nobody serves the lane any more.
    fn take(&self) -> Option<Vec<Letter>> {
        let mut waiting = self.lock();
        waiting.letters.retain(Letter::is_awaited);
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

/// Gives the letters their outcomes. Those whose outcomes are not there are returned: they were carried out, and learn their outcomes when they are sent
/// again.
fn answer(letters: Vec<Letter>, answered: Answer) -> Vec<Letter> {
    let mut outcomes = match answered {
        Ok(outcomes) => outcomes.into_iter(),
        Err(failure) => {
            letters.into_iter().for_each(|letter| letter.tell(Err(failure.clone())));
            return Vec::new();
        }
    };
    let mut letters = letters.into_iter();
    for (outcome, letter) in outcomes.by_ref().zip(letters.by_ref()) {
        letter.tell(Ok(outcome));
    }
    letters.collect()
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    fn letter(bytes: usize) -> (Letter, oneshot::Receiver<Arrived>) {
        Letter::new(serde_json::value::to_raw_value(&"x".repeat(bytes)).unwrap())
    }

    #[test]
    fn letters_that_wait_share_a_call_until_it_is_full() {
        let lane = Lane::default();
        let (letters, _waits): (Vec<_>, Vec<_>) = (0..=MAX_LETTERS).map(|_| letter(10)).unzip();
        for (place, letter) in letters.into_iter().enumerate() {
            assert_eq!(lane.push(letter).unwrap(), place == 0);
        }
        assert_eq!(lane.take().unwrap().len(), MAX_LETTERS);
        assert_eq!(lane.take().unwrap().len(), 1);
        assert!(lane.take().is_none() && lane.is_empty());
    }

    #[test]
    fn a_letter_larger_than_a_call_goes_alone() {
        let lane = Lane::default();
        let (letters, _waits): (Vec<_>, Vec<_>) = (0..2).map(|_| letter(2 * MAX_BYTES)).unzip();
        for letter in letters {
            lane.push(letter).unwrap();
        }
        assert_eq!(lane.take().unwrap().len(), 1);
        assert_eq!(lane.take().unwrap().len(), 1);
    }

    #[test]
    fn nobody_carries_out_what_nobody_waits_for_any_more() {
        let lane = Lane::default();
        let (first, _waits) = letter(1);
        lane.push(first).unwrap();
        drop(lane.push(letter(1).0));
        let taken = lane.take().unwrap();
        assert!(taken.len() == 1 && taken[0].is_awaited());
        drop(lane.push(letter(1).0));
        assert!(lane.take().is_none() && lane.is_empty());
    }

    /// Answers prepared for the calls of a lane, and how many letters each call had.
    struct Prepared(Mutex<(std::vec::IntoIter<Answer>, Vec<usize>)>);

    impl Calls for Prepared {
        async fn make(&self, letters: &[Letter]) -> Answer {
            let (answers, calls) = &mut *self.0.lock().unwrap();
            calls.push(letters.len());
            answers.next().unwrap()
        }
    }

    /// Has a lane with so many letters served with these answers: what arrived, and how many letters each call had.
    async fn serve(letters: usize, answers: Vec<Answer>) -> (Vec<Result<Arrived, TryRecvError>>, Vec<usize>) {
        let lane = Lane::default();
        let (letters, arrived): (Vec<_>, Vec<_>) = (0..letters).map(|_| letter(1)).unzip();
        for letter in letters {
            lane.push(letter).unwrap();
        }
        let prepared = Prepared(Mutex::new((answers.into_iter(), Vec::new())));
        lane.serve(&prepared).await;
        assert!(lane.is_empty());
        let arrived = arrived.into_iter().map(|mut arrived| arrived.try_recv()).collect();
        (arrived, prepared.0.into_inner().unwrap().1)
    }

    fn answered(count: usize) -> Answer {
        let answer = || Outcome::Answered(serde_json::value::to_raw_value("done").unwrap());
        Ok((0..count).map(|_| answer()).collect())
    }

    #[tokio::test]
    async fn letters_whose_outcomes_did_not_fit_are_sent_again_until_each_has_its_own() {
        let (arrived, calls) = serve(5, vec![answered(2), answered(2), answered(1)]).await;
        assert!(
            arrived
                .iter()
                .all(|arrived| matches!(arrived, Ok(Ok(Outcome::Answered(_)))))
        );
        assert_eq!(calls, [5, 3, 1]);
    }

    #[tokio::test]
    async fn a_call_that_fails_fails_all_its_letters() {
        let (arrived, calls) = serve(3, vec![Err(Failure::new("away"))]).await;
        assert!(
            arrived.iter().all(|arrived| matches!(arrived, Ok(Err(_)))),
            "{arrived:?}"
        );
        assert_eq!(calls, [3]);
    }

    #[tokio::test]
    async fn a_first_outcome_that_is_unknown_is_the_first_letters_and_no_others() {
        for first in [Outcome::Unknown("too large".into()), Outcome::Damaged("a page".into())] {
            let (arrived, calls) = serve(3, vec![Ok(vec![first]), answered(2)]).await;
            let is_answered = |arrived: &Result<Arrived, _>| matches!(arrived, Ok(Ok(Outcome::Answered(_))));
            let answered: Vec<bool> = arrived.iter().map(is_answered).collect();
            assert_eq!((answered, calls), (vec![false, true, true], vec![3, 2]));
        }
    }

    /// Puts a letter into the lane and panics, once.
    struct Panics<'a>(&'a Lane, Mutex<Option<Letter>>);

    impl Calls for Panics<'_> {
        async fn make(&self, _: &[Letter]) -> Answer {
            let next = self.1.lock().unwrap().take();
            if let Some(next) = next {
                self.0.push(next).unwrap();
                panic!("on purpose");
            }
            answered(1)
        }
    }

    #[tokio::test]
    async fn a_call_that_panics_leaves_its_letters_unknown_and_the_next_call_is_made() {
        let lane = Lane::default();
        let ((first, mut unknown), (second, mut known)) = (letter(1), letter(1));
        lane.push(first).unwrap();
        lane.serve(&Panics(&lane, Mutex::new(Some(second)))).await;
        assert!(unknown.try_recv().unwrap().is_err());
        assert!(known.try_recv().unwrap().is_ok());
        assert!(lane.is_empty());
    }
}
