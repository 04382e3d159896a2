//! The notification role: tells the webhooks of a user that a reminder fired, mails it to who wants that, and mails a digest a day; and forgets what it
//! and the sign-in knew of a user who was deleted. Inbox and socket show a reminder without this role, from the actor itself.
//!
//! An event becomes a durable job per webhook and mail; a job is one try. At least once: a try whose answer is lost is repeated, always under the same
//! id, by which the receiver tells repeats.

mod delivery;
mod digest;
mod gate;
mod job;
mod mails;
mod overview;
mod pages;
mod tries;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, future::try_join, stream};
use prometheus_client::metrics::counter::Counter;
use punctual_actors::ports::{BoxFuture, Environment, Failure};
use punctual_events::{CloudEvent, EventType, MailChanged, Notification as Fired, Topic, UserDeleted, UserId};
use serde::de::DeserializeOwned;

use self::{delivery::Delivery, gate::Gate, mails::ReminderMail};
use crate::{
    accounts::{AccountKey, Accounts},
    mail::{Mailer, Wishes},
    ports::{Actors, EventHandler, JobHandler, Jobs, Services},
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
    /// Mails that were taken.
    pub mailed: Counter,
    /// Mails that were not, each try by itself.
    pub mails_failed: Counter,
}

/// The notification role.
pub struct Notification {
    accounts: Accounts,
    actors: Arc<dyn Actors>,
    counters: Counters,
    environment: Environment,
    gate: Gate,
    jobs: Arc<dyn Jobs>,
    mailer: Option<Arc<dyn Mailer>>,
    registry: Registry,
    sender: Arc<dyn WebhookSender>,
    wishes: Wishes,
}

impl Notification {
    /// The role; webhooks go out by `sender`, and mail by `mailer`, where there is one.
    #[must_use]
    pub fn new(
        services: &Services,
        sender: Arc<dyn WebhookSender>,
        mailer: Option<Arc<dyn Mailer>>,
        counters: Counters,
    ) -> Self {
        Self {
            accounts: Accounts::new(Arc::clone(&services.records)),
            actors: Arc::clone(&services.actors),
            counters,
            gate: Gate::new(Arc::clone(&services.environment.clock)),
            environment: services.environment.clone(),
            jobs: Arc::clone(&services.jobs),
            mailer,
            registry: Registry::new(Arc::clone(&services.records)),
            sender,
            wishes: Wishes::new(Arc::clone(&services.records)),
        }
    }

    async fn react(&self, events: &[CloudEvent]) -> Result<(), Failure> {
        for event in events {
            if let Some(changed) = data_of::<MailChanged>(event, EventType::MailChanged) {
                let user = event.commit.owner;
                self.wishes.note(user, event.commit.seq, &changed).await?;
                self.arm_digest(user).await?;
            }
        }
        self.schedule_all(events).await?;
        match events.iter().find(|event| event.event_type == EventType::UserDeleted) {
            Some(deleted) => self.forget(deleted).await,
            None => Ok(()),
        }
    }

    /// Forgets a deleted user: the account, URLs, secrets, wishes, and what was still to be delivered. The records before that, so that whoever
    /// schedules a try afterwards can see that it must not be.
    async fn forget(&self, deleted: &CloudEvent) -> Result<(), Failure> {
        let user = deleted.commit.owner;
        if let Some(name) = account(deleted) {
            self.accounts.bury(name, user).await?;
        }
        self.registry.close(user).await?;
        self.wishes.close(user).await?;
        self.jobs.cancel_all(&Delivery::jobs_of(user)).await?;
        self.jobs.cancel_all(&ReminderMail::jobs_of(user)).await?;
        self.jobs.cancel(&digest::job_name(user)).await
    }

    /// Schedules the deliveries of what fired. Done once every one of them is durable. An event that comes again replaces the delivery it
    /// started, under the same id.
    async fn schedule_all(&self, events: &[CloudEvent]) -> Result<(), Failure> {
        let fired: Vec<(&CloudEvent, Fired)> = events
            .iter()
            .filter_map(|event| Some((event, data_of(event, EventType::ReminderFired)?)))
            .collect();
        let Some((first, _)) = fired.first() else { return Ok(()) };
        // All events of a call are of one actor.
        let user = first.commit.owner;
        try_join(self.schedule_webhooks(user, &fired), self.schedule_mails(user, &fired))
            .await
            .map(drop)
    }

    async fn schedule_webhooks(&self, user: UserId, fired: &[(&CloudEvent, Fired)]) -> Result<(), Failure> {
        let mut webhooks = self.registry.list(user).await?;
        webhooks.retain(|webhook| webhook.disabled.is_none());
        let pairs = fired
            .iter()
            .flat_map(|(event, fired)| webhooks.iter().map(move |webhook| (*event, fired, webhook)));
        let scheduled: Vec<_> = pairs
            .map(|(event, fired, webhook)| self.begin(user, event, fired, webhook))
            .collect();
        all(scheduled).await
    }

    async fn schedule_mails(&self, user: UserId, fired: &[(&CloudEvent, Fired)]) -> Result<(), Failure> {
        if self.mailer.is_none() {
            return Ok(());
        }
        let (wish, now) = (self.wishes.of(user).await?, self.environment.clock.now());
        self.find_lost_digest(user, &wish).await?;
        if !wish.reminders {
            return Ok(());
        }
        let mails: Vec<ReminderMail> = fired
            .iter()
            .map(|(event, fired)| ReminderMail::new(user, fired.clone(), event.traceparent.clone()))
            .collect();
        all(mails.iter().map(|mail| self.schedule_mail(mail, now)).collect()).await
    }

    async fn begin(&self, user: UserId, event: &CloudEvent, fired: &Fired, webhook: &Webhook) -> Result<(), Failure> {
        let traceparent = event.traceparent.clone();
        let delivery = Delivery::new(user, webhook.id, fired, traceparent)?;
        self.schedule(&delivery, self.environment.clock.now()).await
    }
}

/// What the record of a deleted user is called; `None` where an earlier release wrote the event.
fn account(deleted: &CloudEvent) -> Option<AccountKey> {
    let UserDeleted { account, .. } = serde_json::from_str(deleted.data.get()).ok()?;
    AccountKey::from_hex(&account)
}

/// Does them, some at a time; the first failure, when all have ended.
async fn all(scheduled: Vec<impl Future<Output = Result<(), Failure>>>) -> Result<(), Failure> {
    stream::iter(scheduled)
        .buffer_unordered(JOBS_AT_ONCE)
        .fold(Ok(()), async |all, one| all.and(one))
        .await
}

/// What happened, if it is of this type. What cannot be read the runtime has kept back.
fn data_of<T: DeserializeOwned>(event: &CloudEvent, wanted: EventType) -> Option<T> {
    if event.event_type != wanted {
        return None;
    }
    serde_json::from_str(event.data.get()).ok()
}

/// True where the data of an event is of its type, or was erased.
fn is_readable<T: DeserializeOwned>(event: &CloudEvent) -> bool {
    event.data.get() == "null" || serde_json::from_str::<T>(event.data.get()).is_ok()
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

    fn can_read(&self, event: &CloudEvent) -> bool {
        match event.event_type {
            EventType::ReminderFired => is_readable::<Fired>(event),
            EventType::MailChanged => is_readable::<MailChanged>(event),
            // Who was deleted is forgotten whatever the event says besides.
            _ => true,
        }
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

    fn rearm(&self, user: UserId) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.rearm_digest(user))
    }
}
