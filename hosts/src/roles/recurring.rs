//! The recurring role: carries hand-overs between the actors of users and series. Completing an instance becomes the next one this way.
//!
//! The role keeps nothing. The sender owes a hand-over until it is acknowledged and offers it again by its own wake-up; the receiver takes each
//! one once. So every step here may be repeated, and a delivery that is lost is only late.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{StreamExt as _, stream};
use punctual_actors::{
    Refusal,
    ports::{BoxFuture, Environment, Failure},
    series::SeriesCommand,
    turn::{Pending, TurnError},
    user::UserCommand,
};
use punctual_events::{ActorId, CloudEvent, Commit, EventType, Handover, HandoverOffered, SeriesId, Topic, UserId};
use tracing::Instrument as _;

use crate::{
    ports::{Actors, EventHandler, system_command},
    telemetry,
};

/// Receivers served at the same time, for the events of one delivery: an import can start hundreds of series in one commit.
const RECEIVERS_AT_ONCE: usize = 64;

/// The recurring role.
pub struct Recurring {
    actors: Arc<dyn Actors>,
    environment: Environment,
}

/// A hand-over on its way.
struct Offer<'a> {
    from: ActorId,
    handover: Handover,
    traceparent: Option<&'a str>,
}

impl Recurring {
    /// The role, between these actors.
    #[must_use]
    pub fn new(actors: Arc<dyn Actors>, environment: Environment) -> Self {
        Self { actors, environment }
    }

    /// Delivers the offers among `events`: in order to each receiver, to different receivers at the same time.
    async fn deliver_all(&self, events: &[CloudEvent]) -> Result<(), Failure> {
        let mut queues: BTreeMap<ActorId, Vec<Offer<'_>>> = BTreeMap::new();
        for offer in events.iter().filter_map(read) {
            queues.entry(offer.handover.to).or_default().push(offer);
        }
        // A receiver that is away keeps nobody else waiting, so all are served before a failure is reported.
        let deliveries: Vec<_> = queues.into_values().map(|queue| self.deliver_in_order(queue)).collect();
        stream::iter(deliveries)
            .buffer_unordered(RECEIVERS_AT_ONCE)
            .fold(Ok(()), async |all, one| all.and(one))
            .await
    }

    async fn deliver_in_order(&self, offers: Vec<Offer<'_>>) -> Result<(), Failure> {
        for offer in &offers {
            let span = telemetry::reaction_span("recurring", "hand-over", offer.traceparent);
            self.deliver(offer).instrument(span).await?;
        }
        Ok(())
    }

    /// Delivers to the receiver, and tells the sender once the receiver has it.
    async fn deliver(&self, offer: &Offer<'_>) -> Result<(), Failure> {
        let number = offer.handover.number;
        let received = match (offer.from, offer.handover.to) {
            (ActorId::User(_), ActorId::Series(series)) => self.deliver_to_series(series, offer).await?,
            (ActorId::Series(series), ActorId::User(user)) => self.deliver_to_user(user, series, offer).await?,
            (from, to) => {
                tracing::error!(%from, %to, number, "a hand-over between actors that have nothing to hand over");
                true
            }
        };
        if !received {
            // An earlier one is missing there. The sender offers it again, and then this one.
            tracing::debug!(from = %offer.from, to = %offer.handover.to, number, "not yet: the hand-over before this one is missing");
            return Ok(());
        }
        self.acknowledge(offer).await
    }

    async fn deliver_to_series(&self, series: SeriesId, offer: &Offer<'_>) -> Result<bool, Failure> {
        let handover = offer.handover.clone();
        let command = self.command(SeriesCommand::Receive { handover }, offer);
        match self.actors.command_series(series, command).await {
            Ok(answered) => Ok(answered.reply.received >= offer.handover.number),
            Err(error) => settle(error, offer),
        }
    }

    async fn deliver_to_user(&self, user: UserId, from: SeriesId, offer: &Offer<'_>) -> Result<bool, Failure> {
        let handover = offer.handover.clone();
        let command = self.command(UserCommand::Receive { from, handover }, offer);
        match self.actors.command_user(user, command).await {
            Ok(_) => Ok(true),
            Err(error) => settle(error, offer),
        }
    }

    async fn acknowledge(&self, offer: &Offer<'_>) -> Result<(), Failure> {
        let number = offer.handover.number;
        let outcome = match offer.from {
            ActorId::User(user) => {
                let command = self.command(UserCommand::Acknowledge { number }, offer);
                self.actors.command_user(user, command).await.map(drop)
            }
            ActorId::Series(series) => {
                let command = self.command(SeriesCommand::Acknowledge { number }, offer);
                self.actors.command_series(series, command).await.map(drop)
            }
        };
        outcome.or_else(|error| settle(error, offer).map(drop))
    }

    fn command<C>(&self, command: C, offer: &Offer<'_>) -> Pending<C> {
        let traceparent = telemetry::current_traceparent().or_else(|| offer.traceparent.map(Into::into));
        system_command(&self.environment, command, traceparent)
    }
}

/// The offer in an event, if it is one. One that cannot be read the runtime has kept back; its sender offers it again.
fn read(event: &CloudEvent) -> Option<Offer<'_>> {
    if event.event_type != EventType::HandoverOffered {
        return None;
    }
    let offered: HandoverOffered = serde_json::from_str(event.data.get()).ok()?;
    Some(Offer {
        from: event.commit.actor,
        handover: offered.handover,
        traceparent: event.traceparent.as_deref(),
    })
}

/// A refusal is final: the hand-over counts as received, or it would be offered for ever. Everything else is tried again.
fn settle(error: TurnError, offer: &Offer<'_>) -> Result<bool, Failure> {
    match error {
        TurnError::Refused(Refusal { code, .. }) => {
            let code = code.as_str();
            tracing::error!(from = %offer.from, to = %offer.handover.to, number = offer.handover.number, code, "a hand-over was refused");
            Ok(true)
        }
        TurnError::Unknown(failure) => Err(failure),
    }
}

impl EventHandler for Recurring {
    fn name(&self) -> &'static str {
        "recurring"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TaskEvents]
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn can_read(&self, event: &CloudEvent) -> bool {
        event.event_type != EventType::HandoverOffered || event.data.get() == "null" || read(event).is_some()
    }

    fn wants(&self, commit: &Commit) -> bool {
        let mut types = commit.events.iter().map(|event| event.event_type);
        types.any(|event_type| event_type == EventType::HandoverOffered)
    }

    fn handle<'a>(&'a self, _: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.deliver_all(events))
    }
}
