//! Calls of the actors of this process.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use futures_util::{FutureExt as _, TryFutureExt as _};
use punctual_actors::{
    ports::{BoxFuture, Failure, Runtime, WakeUp},
    series::{SeriesActor, SeriesAnswer, SeriesCommand},
    turn::{Answered, Outcome, Pending, TurnError},
    user::{UserActor, UserAnswer, UserCommand},
};
use punctual_events::{ActorId, SeriesId, UserId};
use serde::{Serialize, de::DeserializeOwned};

use super::App;
use crate::{
    actor_host::ActorHost,
    dapr::{
        wakeups::wake_up_of,
        wire::{self, Armed, Commands, Question, Reply, Request, Upkeep},
    },
    health::Stage,
    ports::{Actors, Logs},
};

/// Actors that live in this process.
pub trait HostedActors: Actors + Logs {
    /// Has a user's actor carry out commands in order.
    fn command_user_all(
        &self,
        user: UserId,
        commands: Vec<Pending<UserCommand>>,
    ) -> BoxFuture<'_, Vec<Outcome<UserActor>>>;

    /// Has a series' actor carry out commands in order.
    fn command_series_all(
        &self,
        series: SeriesId,
        commands: Vec<Pending<SeriesCommand>>,
    ) -> BoxFuture<'_, Vec<Outcome<SeriesActor>>>;

    /// Delivers a wake-up.
    fn wake(&self, actor: ActorId, wake_up: WakeUp) -> BoxFuture<'_, Result<(), Failure>>;

    /// Has an actor do what is due and arm its wake-ups anew.
    fn rearm(&self, actor: ActorId) -> BoxFuture<'_, Result<Armed, Failure>>;

    /// The sidecar does not own the actor any more.
    fn release(&self, actor: ActorId);

    /// Tries each guard that is owed once more, before the process ends.
    fn arm_last_guards(&self) -> BoxFuture<'_, ()>;

    /// Waits until nothing is under way and everything is published.
    fn drain(&self) -> BoxFuture<'_, ()>;
}

impl<R: Runtime> HostedActors for ActorHost<R> {
    fn command_user_all(
        &self,
        user: UserId,
        commands: Vec<Pending<UserCommand>>,
    ) -> BoxFuture<'_, Vec<Outcome<UserActor>>> {
        Self::command_user_all(self, user, commands).boxed()
    }

    fn command_series_all(
        &self,
        series: SeriesId,
        commands: Vec<Pending<SeriesCommand>>,
    ) -> BoxFuture<'_, Vec<Outcome<SeriesActor>>> {
        Self::command_series_all(self, series, commands).boxed()
    }

    fn wake(&self, actor: ActorId, wake_up: WakeUp) -> BoxFuture<'_, Result<(), Failure>> {
        Self::wake(self, actor, wake_up).boxed()
    }

    fn rearm(&self, actor: ActorId) -> BoxFuture<'_, Result<Armed, Failure>> {
        Self::rearm(self, actor)
            .map_ok(|rearmed| Armed::of(rearmed, self.zone_data()))
            .boxed()
    }

    fn release(&self, actor: ActorId) {
        Self::release(self, actor);
    }

    fn arm_last_guards(&self) -> BoxFuture<'_, ()> {
        Self::arm_last_guards(self).boxed()
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        Self::drain(self).boxed()
    }
}

/// The actor a path names and where it lives, if that is here.
fn find<'a>(app: &'a App, actor_type: &str, id: &str) -> Result<(&'a dyn HostedActors, ActorId), StatusCode> {
    let actor = wire::actor_of(actor_type, id).filter(|_| app.types.contains(&actor_type));
    app.actors.as_deref().zip(actor).ok_or(StatusCode::NOT_FOUND)
}

/// The same, while this process takes calls. One that ends refuses them before it is too late to publish what they would commit; whoever made
/// such a call makes it again, and finds the actor elsewhere.
fn find_open<'a>(app: &'a App, actor_type: &str, id: &str) -> Result<(&'a dyn HostedActors, ActorId), StatusCode> {
    match app.health.stage() {
        Stage::Leaving => Err(StatusCode::SERVICE_UNAVAILABLE),
        Stage::Starting | Stage::Ready | Stage::Draining => find(app, actor_type, id),
    }
}

/// A call of a method.
pub(super) async fn call(
    State(app): State<Arc<App>>,
    Path((actor_type, id, method)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let (actors, actor) = find_open(&app, &actor_type, &id)?;
    match method.as_str() {
        wire::COMMAND => Ok(command(actors, actor, &body).await),
        wire::ASK => Ok(ask(actors, actor, &body).await),
        wire::CONFIRM_AUDITED => Ok(upkeep(&body, |through| actors.confirm_audited(actor, through)).await),
        wire::ERASE => Ok(upkeep(&body, |through| actors.erase(actor, through)).await),
        wire::REARM => Ok(rearm(actors, actor, &body).await),
        _ => Err(StatusCode::NOT_FOUND),
    }
}

async fn command(actors: &dyn HostedActors, actor: ActorId, body: &[u8]) -> Response {
    match actor {
        ActorId::User(user) => match commands(body) {
            Ok(commands) => replies(actors.command_user_all(user, commands).await),
            Err(failure) => unread(&failure),
        },
        ActorId::Series(series) => match commands(body) {
            Ok(commands) => replies(actors.command_series_all(series, commands).await),
            Err(failure) => unread(&failure),
        },
    }
}

fn commands<C: DeserializeOwned>(body: &[u8]) -> Result<Vec<Pending<C>>, Failure> {
    let message: Commands<wire::Command<C>> = wire::decode(body)?;
    Ok(message.commands.into_iter().map(Into::into).collect())
}

fn replies<R: Serialize>(outcomes: Vec<Result<Answered<R>, TurnError>>) -> Response {
    answer(outcomes.into_iter().map(wire::Outcome::<Reply<R>>::of).collect())
}

async fn ask(actors: &dyn HostedActors, actor: ActorId, body: &[u8]) -> Response {
    match actor {
        ActorId::User(user) => match wire::decode::<Question<_>>(body) {
            Ok(asked) => {
                let outcome = actors.ask_user(user, asked.by, &asked.question).await;
                answer(vec![wire::Outcome::<UserAnswer>::of(outcome)])
            }
            Err(failure) => unread(&failure),
        },
        ActorId::Series(series) => match wire::decode::<Question<_>>(body) {
            Ok(asked) => {
                let outcome = actors.ask_series(series, asked.by, &asked.question).await;
                answer(vec![wire::Outcome::<SeriesAnswer>::of(outcome)])
            }
            Err(failure) => unread(&failure),
        },
    }
}

async fn upkeep<'a>(
    body: &[u8],
    change: impl FnOnce(punctual_events::Seq) -> BoxFuture<'a, Result<(), Failure>>,
) -> Response {
    match wire::decode::<Upkeep>(body) {
        Ok(asked) => answer(vec![wire::Outcome::of_port(change(asked.through).await)]),
        Err(failure) => unread(&failure),
    }
}

async fn rearm(actors: &dyn HostedActors, actor: ActorId, body: &[u8]) -> Response {
    match wire::decode::<Request>(body) {
        Ok(_) => {
            let armed = actors.rearm(actor).await;
            answer(vec![wire::Outcome::of_port(armed)])
        }
        Err(failure) => unread(&failure),
    }
}

/// A message that cannot be read may be of another release: whoever sent it tries again later, and the sidecar need not.
fn unread(failure: &Failure) -> Response {
    tracing::warn!(%failure, "a call of an actor cannot be read");
    written(wire::encode(&wire::Outcomes::<()>::unread(failure)))
}

fn answer<T: Serialize>(outcomes: Vec<wire::Outcome<T>>) -> Response {
    written(wire::encode_what_fits(&outcomes))
}

/// Always a 200: the sidecar takes everything else for a failure of its own.
fn written(answer: Result<Bytes, Failure>) -> Response {
    match answer {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(failure) => {
            tracing::error!(%failure, "an actor's answer cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A wake-up. Anything but a 200 has it delivered again.
pub(super) async fn remind(
    State(app): State<Arc<App>>,
    Path((actor_type, id, name)): Path<(String, String, String)>,
) -> StatusCode {
    let (actors, actor) = match find_open(&app, &actor_type, &id) {
        Ok(found) => found,
        Err(status) => return status,
    };
    let Some(wake_up) = wake_up_of(&name) else {
        // It would be delivered for ever, and never be one of ours.
        tracing::error!(%actor, name, "a reminder that is no wake-up");
        return StatusCode::OK;
    };
    match actors.wake(actor, wake_up).await {
        Ok(()) => StatusCode::OK,
        Err(failure) => {
            tracing::warn!(%actor, %failure, "a wake-up is to be delivered again");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// The actor may live elsewhere from now on. Calls under way end as they would: they hold what they use, and the store decides.
pub(super) async fn deactivate(
    State(app): State<Arc<App>>,
    Path((actor_type, id)): Path<(String, String)>,
) -> StatusCode {
    if let Ok((actors, actor)) = find(&app, &actor_type, &id) {
        actors.release(actor);
    }
    StatusCode::OK
}
