//! The notification role: tells the webhooks of a user that a reminder fired, and forgets what it and the sign-in knew of a user who was deleted. Inbox and socket show it without this role, from the actor itself.
//!
//! An event becomes a durable job per webhook; a job is one try. At least once: a try whose answer is lost is repeated, always under the same
//! `webhook-id`, by which the receiver tells repeats.

mod delivery;
mod gate;
mod tries;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use prometheus_client::metrics::counter::Counter;
use punctual_actors::ports::{BoxFuture, Environment, Failure};
use punctual_events::{CloudEvent, EventType, Notification as Fired, Topic, UserDeleted, UserId};

use self::{delivery::Delivery, gate::Gate};
use crate::{
    accounts::{AccountKey, Accounts},
    ports::{EventHandler, JobHandler, Jobs, Services},
    webhooks::{
        WebhookSender,
        registry::{Registry, Webhook},
    },
};

/// Jobs scheduled at the same time, for the events of one call.
const JOBS_AT_ONCE: usize = 64;

/// What the role counts.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Tries that were answered with success.
    pub delivered: Counter,
    /// Tries that failed.
    pub failed: Counter,
    /// Webhooks that were disabled.
    pub disabled: Counter,
}

/// The notification role.
pub struct Notification {
    accounts: Accounts,
    counters: Counters,
    environment: Environment,
    gate: Gate,
    jobs: Arc<dyn Jobs>,
    registry: Registry,
    sender: Arc<dyn WebhookSender>,
}

impl Notification {
    /// The role; tries go out by `sender`.
    #[must_use]
    pub fn new(services: &Services, sender: Arc<dyn WebhookSender>, counters: Counters) -> Self {
        Self {
            accounts: Accounts::new(Arc::clone(&services.records)),
            counters,
            gate: Gate::new(Arc::clone(&services.environment.clock)),
            environment: services.environment.clone(),
            jobs: Arc::clone(&services.jobs),
            registry: Registry::new(Arc::clone(&services.records)),
            sender,
        }
    }

    async fn react(&self, events: &[CloudEvent]) -> Result<(), Failure> {
        self.schedule_all(events).await?;
        match events.iter().find(|event| event.event_type == EventType::UserDeleted) {
            Some(deleted) => self.forget(deleted).await,
            None => Ok(()),
        }
    }

    /// Forgets a deleted user: the account, URLs, secrets, and what was still to be delivered. The record of the webhooks before that, so that
    /// whoever schedules a try afterwards can see that it must not be.
    async fn forget(&self, deleted: &CloudEvent) -> Result<(), Failure> {
        let user = deleted.commit.owner;
        if let Some(name) = account(deleted) {
            self.accounts.bury(name, user).await?;
        }
        self.registry.close(user).await?;
        self.jobs.cancel_all(&Delivery::jobs_of(user)).await
    }

    /// Schedules the deliveries of what fired. Done once every one of them is durable. An event that comes again replaces the delivery it
    /// started, under the same id.
    async fn schedule_all(&self, events: &[CloudEvent]) -> Result<(), Failure> {
        let fired: Vec<(&CloudEvent, Fired)> = events.iter().filter_map(|event| Some((event, fired(event)?))).collect();
        let Some((first, _)) = fired.first() else { return Ok(()) };
        // All events of a call are of one actor.
        let user = first.commit.owner;
        let mut webhooks = self.registry.list(user).await?;
        webhooks.retain(|webhook| webhook.disabled.is_none());
        let pairs = fired
            .iter()
            .flat_map(|(event, fired)| webhooks.iter().map(move |webhook| (*event, fired, webhook)));
        let scheduled: Vec<_> = pairs
            .map(|(event, fired, webhook)| self.begin(user, event, fired, webhook))
            .collect();
        stream::iter(scheduled)
            .buffer_unordered(JOBS_AT_ONCE)
            .fold(Ok(()), async |all, one| all.and(one))
            .await
    }

    async fn begin(&self, user: UserId, event: &CloudEvent, fired: &Fired, webhook: &Webhook) -> Result<(), Failure> {
        let traceparent = event.commit.traceparent.clone();
        let delivery = Delivery::new(user, webhook.id, fired, traceparent)?;
        self.schedule(&delivery, self.environment.clock.now()).await
    }
}

/// What the record of a deleted user is called; `None` where an earlier release wrote the event.
fn account(deleted: &CloudEvent) -> Option<AccountKey> {
    let UserDeleted { account, .. } = serde_json::from_str(deleted.data.get()).ok()?;
    AccountKey::from_hex(&account)
}

/// What fired, if that is what the event says. One that cannot be read never will be, and the events behind it must not wait for it.
fn fired(event: &CloudEvent) -> Option<Fired> {
    if event.event_type != EventType::ReminderFired || event.data.get() == "null" {
        return None;
    }
    serde_json::from_str(event.data.get())
        .inspect_err(|error| {
            tracing::error!(
                event = event.id(),
                column = error.column(),
                "a reminder that cannot be read"
            )
        })
        .ok()
}

impl EventHandler for Notification {
    fn name(&self) -> &'static str {
        "notification"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Reminders]
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn handle<'a>(&'a self, _: Topic, events: &'a [CloudEvent]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.react(events))
    }
}

impl JobHandler for Notification {
    fn run<'a>(&'a self, name: &'a str, payload: Bytes) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            match self.run_job(name, payload.clone()).await {
                Err(failure) if failure.is_damage() => self.put_off(name, payload, &failure).await,
                outcome => outcome,
            }
        })
    }
}
