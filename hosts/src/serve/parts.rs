//! The roles as a configuration wants them, whatever they run on.

use std::{num::NonZeroU32, sync::Arc};

use crate::{
    actor_host::HostConfig,
    config::{Registration, ServeConfig},
    mail::Mailer,
    metrics::Metrics,
    ports::Services,
    roles::{
        api::{self, ApiConfig},
        notification::{Counters, Notification},
    },
    webhooks::{AddressPolicy, WebhookSender},
};

pub(super) fn host_config(config: &ServeConfig) -> HostConfig {
    HostConfig {
        idle_ms: i64::from(config.idle_seconds.get()) * 1_000,
        ..HostConfig::default()
    }
}

pub(super) fn api_config(config: &ServeConfig) -> ApiConfig {
    ApiConfig {
        registration: match config.registration {
            Registration::Open => api::Registration::Open,
            Registration::Closed => api::Registration::Closed,
        },
        requests_per_s: NonZeroU32::new(config.rate_limit),
        anonymous_per_minute: NonZeroU32::new(config.anonymous_rate_limit),
        trusted_proxies: config.trusted_proxies.as_slice().into(),
        sends_mail: config.mail_from.is_some(),
        webhook_addresses: address_policy(config),
        ..ApiConfig::default()
    }
}

pub(super) fn notification(
    metrics: &Metrics,
    services: &Services,
    sender: Arc<dyn WebhookSender>,
    mailer: Option<Arc<dyn Mailer>>,
) -> Arc<Notification> {
    let counters = Counters {
        delivered: metrics.webhooks_delivered.clone(),
        disabled: metrics.webhooks_disabled.clone(),
        failed: metrics.webhooks_failed.clone(),
        mailed: metrics.mails_sent.clone(),
        mails_failed: metrics.mails_failed.clone(),
    };
    Arc::new(Notification::new(services, sender, mailer, counters))
}

pub(super) fn address_policy(config: &ServeConfig) -> AddressPolicy {
    AddressPolicy::new(config.webhook_allow.clone())
}

pub(super) fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
