//! Whoever guesses passwords does it slowly. Only wrong ones count, so that nobody is kept out by signing in, and a stranger's guesses are counted apart
//! from those that come from where the owner is.

use punctual_actors::Code;
use punctual_events::Timestamp;

use super::{Api, config::ApiConfig, problem::Problem};
use crate::{
    accounts::AccountKey,
    limits::{Limiter, Origin},
};

/// What was guessed wrong so far.
pub(super) struct Guesses {
    /// At one account from one address: few.
    from_origin: Limiter<(Origin, AccountKey)>,
    /// At one account from everywhere: many, or a stranger with a few addresses could keep its owner out.
    from_everywhere: Limiter<AccountKey>,
}

impl Guesses {
    /// `None` where guessing is not limited.
    pub(super) fn new(config: &ApiConfig) -> Option<Self> {
        Some(Self {
            from_origin: Limiter::new(config.guess_quota()?, config.max_limited_keys),
            from_everywhere: Limiter::new(config.distributed_guess_quota()?, config.max_limited_keys),
        })
    }

    fn take(&self, origin: Origin, name: AccountKey, now: Timestamp) -> Result<(), Problem> {
        let key = (origin, name);
        self.from_origin.try_take(&key, now).map_err(Problem::rate_limited)?;
        self.from_everywhere.try_take(&name, now).map_err(|retry| {
            self.from_origin.give_back(&key);
            Problem::rate_limited(retry)
        })
    }

    fn give_back(&self, origin: Origin, name: AccountKey) {
        self.from_origin.give_back(&(origin, name));
        self.from_everywhere.give_back(&name);
    }
}

impl Api {
    /// Does what shows whether a password or an e-mail address is right. It is paid for before it begins, or a thousand guesses could be under way at
    /// once, and paid back unless it was wrong.
    pub(super) async fn guess<T>(
        &self,
        origin: Origin,
        name: AccountKey,
        attempt: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let Some(guesses) = &self.guesses else {
            return attempt.await;
        };
        guesses.take(origin, name, self.now())?;
        let outcome = attempt.await;
        let was_wrong = |problem: &Problem| matches!(problem.code(), Code::BadCredentials | Code::EmailTaken);
        if !outcome.as_ref().is_err_and(was_wrong) {
            guesses.give_back(origin, name);
        }
        outcome
    }
}
