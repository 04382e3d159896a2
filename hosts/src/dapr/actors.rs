//! Actors in other processes, or in this one: placement knows where. Every command goes through the sidecar.
//!
//! The sidecar lets one call at a time through to an actor, so commands that wait while a call is under way share the next one. A call that
//! fails is made again with the same command ids, which the actor carries out once, until whoever asked has waited long enough. That is counted
//! from when they asked, whatever calls were under way before theirs.

mod call;
mod lane;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use dashmap::DashMap;
use punctual_actors::{
    ports::{BoxFuture, Clock, Failure},
    series::{SeriesActor, SeriesAnswer, SeriesCommand, SeriesQuestion},
    turn::{Answered, Outcome, Pending, TurnError},
    user::{UserActor, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{ActorId, Principal, Seq, SeriesId, UserId};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use self::{
    call::{Caller, CommandCalls},
    lane::{Lane, Letter},
};
use super::{
    sidecar::Sidecar,
    wire::{self, Armed, FORMAT, Reply, Request, Upkeep},
};
use crate::ports::Actors;

/// Actors, wherever placement has them.
#[derive(Clone)]
pub struct RemoteActors {
    caller: Caller,
    lanes: Arc<DashMap<ActorId, Arc<Lane>>>,
}

impl RemoteActors {
    /// The actors this sidecar can reach.
    #[must_use]
    pub fn new(sidecar: Sidecar, clock: Arc<dyn Clock>) -> Self {
        Self {
            caller: Caller::new(sidecar, clock),
            lanes: Arc::default(),
        }
    }

    async fn command<C: Serialize, R: DeserializeOwned>(
        &self,
        actor: ActorId,
        command: Pending<C>,
    ) -> Result<Answered<R>, TurnError> {
        let body = serde_json::value::to_raw_value(&wire::Command::from(command)).map_err(Failure::new)?;
        let (letter, answer) = Letter::new(body);
        self.post(actor, letter)?;
        let arrived = async { answer.await.map_err(|_| Failure::new("the call was cut off"))? };
        let outcome = self.caller.in_time(arrived).await?;
        outcome.read().map(|reply: Reply<R>| reply.into())
    }

    /// Puts a letter into the actor's lane, and has somebody serve the lane if nobody does.
    fn post(&self, actor: ActorId, letter: Letter) -> Result<(), Failure> {
        // The entry stays locked until the letter lies in the lane: a lane that is empty may be taken away.
        let lane = self.lanes.entry(actor).or_default();
        if lane.push(letter)? {
            let (lane, actors) = (Arc::clone(&lane), self.clone());
            tokio::spawn(async move { actors.serve(actor, &lane).await });
        }
        Ok(())
    }

    /// Makes calls until nobody waits.
    async fn serve(&self, actor: ActorId, lane: &Lane) {
        let caller = &self.caller;
        lane.serve(&CommandCalls { caller, actor }).await;
        self.lanes.remove_if(&actor, |_, lane| lane.is_empty());
    }

    async fn ask<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        actor: ActorId,
        by: Principal,
        question: &Q,
    ) -> Result<A, TurnError> {
        let format = FORMAT;
        let body = wire::encode(&wire::Question { format, by, question })?;
        self.one(actor, wire::ASK, body).await
    }

    /// Has an actor change its own log.
    ///
    /// # Errors
    /// When the outcome is unknown; the changes there are can be repeated.
    pub async fn upkeep(&self, actor: ActorId, method: &str, through: Seq) -> Result<(), Failure> {
        let body = wire::encode(&Upkeep {
            format: FORMAT,
            through,
        })?;
        self.one(actor, method, body).await.map_err(unrefused)
    }

    /// Has an actor do what is due and arm its wake-ups anew.
    ///
    /// # Errors
    /// When it may not have; it can be repeated.
    pub async fn rearm(&self, actor: ActorId) -> Result<Armed, Failure> {
        let body = wire::encode(&Request { format: FORMAT })?;
        self.one(actor, wire::REARM, body).await.map_err(unrefused)
    }

    async fn one<T: DeserializeOwned>(&self, actor: ActorId, method: &str, body: bytes::Bytes) -> Result<T, TurnError> {
        let call = self.caller.call(actor, method, body, || true);
        let outcomes: Vec<wire::Outcome<Box<RawValue>>> = self.caller.in_time(call).await?;
        let outcome = outcomes.first();
        outcome.ok_or_else(|| Failure::new("an actor answered nothing"))?.read()
    }
}

/// The failure of something that nobody refuses.
fn unrefused(error: TurnError) -> Failure {
    match error {
        TurnError::Unknown(failure) => failure,
        TurnError::Refused(refusal) => Failure::new(refusal),
    }
}

impl Actors for RemoteActors {
    fn command_user(&self, user: UserId, command: Pending<UserCommand>) -> BoxFuture<'_, Outcome<UserActor>> {
        Box::pin(self.command(ActorId::User(user), command))
    }

    fn ask_user<'a>(
        &'a self,
        user: UserId,
        by: Principal,
        question: &'a UserQuestion,
    ) -> BoxFuture<'a, Result<UserAnswer, TurnError>> {
        Box::pin(self.ask(ActorId::User(user), by, question))
    }

    fn command_series(&self, series: SeriesId, command: Pending<SeriesCommand>) -> BoxFuture<'_, Outcome<SeriesActor>> {
        Box::pin(self.command(ActorId::Series(series), command))
    }

    fn ask_series<'a>(
        &'a self,
        series: SeriesId,
        by: Principal,
        question: &'a SeriesQuestion,
    ) -> BoxFuture<'a, Result<SeriesAnswer, TurnError>> {
        Box::pin(self.ask(ActorId::Series(series), by, question))
    }
}
