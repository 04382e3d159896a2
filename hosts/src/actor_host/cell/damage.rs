//! What a cell meets that cannot be read is said to whoever counts it.

use punctual_actors::{
    machine::Machine,
    ports::{Failure, Runtime},
    turn::{Outcome, TurnError},
};

use super::Cell;

impl<M: Machine, R: Runtime> Cell<M, R> {
    /// Has damage counted.
    pub(super) fn heard<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if outcome.as_ref().is_err_and(Failure::is_damage) {
            self.met_damage();
        }
        outcome
    }

    /// True where commands met damage, which is counted.
    pub(super) fn hears_damage(&self, outcomes: &[Outcome<M>]) -> bool {
        let is_damage =
            |outcome: &Outcome<M>| matches!(outcome, Err(TurnError::Unknown(failure)) if failure.is_damage());
        let is_damaged = outcomes.iter().any(is_damage);
        if is_damaged {
            self.met_damage();
        }
        is_damaged
    }

    fn met_damage(&self) {
        self.shared.observer.damaged(&self.actor.to_string());
    }
}
