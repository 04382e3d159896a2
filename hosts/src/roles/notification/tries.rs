//! What a job is about; and one try of a delivery, and what follows it.

use bytes::Bytes;
use punctual_actors::ports::{DAMAGE_PAUSE_MS, Failure};
use punctual_events::Timestamp;
use tracing::Instrument as _;

use super::{
    Notification,
    delivery::{self, CONTENT_TYPE, Delivery},
    digest, mails,
};
use crate::{
    telemetry,
    webhooks::{
        self, NextTry, Outcome, Target, WebhookSecret, next_try,
        registry::{Disabled, Webhook},
    },
};

/// A try whose receiver is busy comes back after this long and up to as much again, in milliseconds.
const BUSY_PAUSE_MS: i64 = 5_000;

/// What became of a try.
enum Tried {
    /// The receiver took it.
    Delivered(u16),
    /// It did not, for a reason that shows no credential.
    Failed(String),
    /// Nothing was sent: as many tries as may be are under way there.
    Busy,
}

impl Notification {
    pub(super) async fn schedule(&self, delivery: &Delivery, at: Timestamp) -> Result<(), Failure> {
        self.jobs.schedule(&delivery.job_name(), at, delivery.encode()?).await
    }

    /// Schedules another try, unless the user was deleted while this one was under way: then it was not there to be cancelled.
    async fn try_again(&self, delivery: &Delivery, at: Timestamp) -> Result<(), Failure> {
        self.schedule(delivery, at).await?;
        if self.registry.is_closed(delivery.user).await? {
            self.jobs.cancel(&delivery.job_name()).await?;
        }
        Ok(())
    }

    /// Does a job, by its name.
    pub(super) async fn run_job(&self, name: &str, payload: Bytes) -> Result<(), Failure> {
        if name.starts_with(delivery::JOB_PREFIX) {
            self.run_delivery(name, &payload).await
        } else if name.starts_with(mails::JOB_PREFIX) {
            self.run_mail(name, &payload).await
        } else if name.starts_with(digest::JOB_PREFIX) {
            self.run_digest(name, &payload).await
        } else {
            Err(Failure::new("not a job this release knows"))
        }
    }

    /// Tries a delivery, unless its webhook is gone or disabled, and schedules the next try where one is due.
    async fn run_delivery(&self, name: &str, payload: &Bytes) -> Result<(), Failure> {
        let Some(delivery) = Delivery::decode(name, payload)? else {
            return Ok(());
        };
        let webhooks = self.registry.list(delivery.user).await?;
        let webhook = webhooks.into_iter().find(|webhook| webhook.id == delivery.webhook);
        let Some(webhook) = webhook.filter(|webhook| webhook.disabled.is_none()) else {
            tracing::debug!(job = name, "the webhook is gone or disabled: nothing more is sent");
            return Ok(());
        };
        let started = self.environment.clock.now();
        let span = telemetry::reaction_span("notification", "webhook", delivery.traceparent.as_deref());
        let tried = self.try_once(&delivery, &webhook).instrument(span).await?;
        self.follow_up(name, delivery, tried, started).await
    }

    /// Has a job done much later, whose data nobody can read: who runs jobs tries again within seconds, for ever.
    pub(super) async fn put_off(&self, name: &str, payload: Bytes, failure: &Failure) -> Result<(), Failure> {
        tracing::error!(job = name, %failure, "a delivery met damaged data; it is tried again later");
        let pause_ms = i64::try_from(DAMAGE_PAUSE_MS).unwrap_or(i64::MAX);
        let at = self.environment.clock.now().plus_millis(pause_ms);
        self.jobs.schedule(name, at, payload).await
    }

    async fn try_once(&self, delivery: &Delivery, webhook: &Webhook) -> Result<Tried, Failure> {
        // Both were fine when they were stored; the policy may have become stricter since.
        let (target, secret) = match (
            Target::parse(&webhook.url, self.sender.policy()),
            WebhookSecret::parse(&webhook.secret),
        ) {
            (Ok(target), Ok(secret)) => (target, secret),
            (Err(error), _) => return Ok(Tried::Failed(error.to_string())),
            (_, Err(error)) => return Ok(Tried::Failed(error.to_string())),
        };
        let Some(_turn) = self.gate.enter(target.url()).await else {
            return Ok(Tried::Busy);
        };
        let message = webhooks::Delivery {
            id: &delivery.notification.to_string(),
            secret: &secret,
            content_type: CONTENT_TYPE,
            body: Bytes::copy_from_slice(delivery.body.get().as_bytes()),
        };
        let outcome = self
            .sender
            .send(&target, message.sign(self.environment.clock.now())?)
            .await?;
        Ok(match outcome {
            Outcome::Delivered { status } => Tried::Delivered(status),
            // Counts as any failure: a name may point elsewhere by the next try.
            Outcome::Refused(refused) => Tried::Failed(refused.to_string()),
            Outcome::Failed(failure) => Tried::Failed(failure.to_string()),
        })
    }

    async fn follow_up(
        &self,
        job: &str,
        mut delivery: Delivery,
        tried: Tried,
        started: Timestamp,
    ) -> Result<(), Failure> {
        let tries = delivery.tries + 1;
        match tried {
            Tried::Delivered(status) => {
                self.counters.delivered.inc();
                tracing::debug!(job, tries, status, "a webhook was delivered");
                Ok(())
            }
            Tried::Busy => {
                let pause_ms = BUSY_PAUSE_MS + BUSY_PAUSE_MS * i64::from(self.jitter()) / i64::from(u8::MAX);
                tracing::debug!(job, pause_ms, "the receiver of a webhook is busy");
                let at = self.environment.clock.now().plus_millis(pause_ms);
                self.try_again(&delivery, at).await
            }
            Tried::Failed(reason) => {
                self.counters.failed.inc();
                tracing::debug!(job, tries, reason, "a webhook failed");
                let first_try = *delivery.first_try.get_or_insert(started);
                delivery.tries = tries;
                let now = self.environment.clock.now();
                match next_try(tries, first_try, now, self.jitter()) {
                    NextTry::At(at) => self.try_again(&delivery, at).await,
                    NextTry::Disable => self.give_up(&delivery, reason, now).await,
                }
            }
        }
    }

    async fn give_up(&self, delivery: &Delivery, reason: String, since: Timestamp) -> Result<(), Failure> {
        let disabled = Disabled {
            reason: reason.into(),
            since,
        };
        self.registry
            .disable(delivery.user, delivery.webhook, &disabled)
            .await?;
        self.counters.disabled.inc();
        let (user, webhook, tries) = (delivery.user, delivery.webhook, delivery.tries);
        tracing::warn!(%user, %webhook, tries, "a webhook is disabled: nothing was delivered for 24 hours of tries");
        Ok(())
    }

    pub(super) fn jitter(&self) -> u8 {
        self.environment.entropy.random().to_be_bytes()[0]
    }
}
