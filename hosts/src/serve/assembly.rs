//! Everything put together: the embedded runtime, all roles on it, and the routes that lead to them.

use std::{num::NonZeroU32, sync::Arc};

use axum::Router;
use punctual_actors::ports::Clock;

use super::ServeError;
use crate::{
    accounts::{SigningKey, Tokens},
    actor_host::HostConfig,
    config::{Registration, ServeConfig},
    embedded::{
        bus::Lag,
        runtime::{Embedded, Running, StartError},
    },
    metrics::{Behind, Lateness, Metrics},
    ports::{EventHandler, Services},
    roles::{
        api::{self, Api, ApiConfig},
        audit::AuditRole,
        notification::{Counters, Notification},
        recurring::Recurring,
        sync::{SyncConfig, SyncRole},
    },
    webhooks::{AddressPolicy, Sender},
};

/// Runtime and roles, running.
pub(super) struct Assembly {
    routes: Router,
    runtime: Running,
    sync: Arc<SyncRole>,
}

impl Assembly {
    /// Opens the data and starts everything but the server.
    pub(super) async fn start(config: &ServeConfig, metrics: &Arc<Metrics>) -> Result<Self, ServeError> {
        let runtime = Embedded::open(&config.data, host_config(config), Arc::clone(metrics) as _)?;
        let services = runtime.services().clone();
        let key = signing_key(config, &runtime).await?;
        let audit = AuditRole::new(&services);
        let api = Api::new(&api_config(config), services.clone(), Arc::clone(&audit) as _, &key);
        let sync = SyncRole::new(&services, Tokens::new(&key), SyncConfig::default());
        let notification = notification(config, metrics, &services);
        let handlers: Vec<Arc<dyn EventHandler>> = vec![
            Arc::new(Recurring::new(
                Arc::clone(&services.actors),
                services.environment.clone(),
            )),
            Arc::clone(&notification) as _,
            Arc::clone(&audit) as _,
            Arc::clone(&sync) as _,
            Arc::new(Lateness::new(
                Arc::clone(metrics),
                Arc::clone(&services.environment.clock),
            )),
        ];
        let routes = api.router().merge(sync.router());
        let host = Arc::clone(runtime.host());
        let runtime = runtime.run(handlers, notification)?;
        watch(metrics, &runtime, &services);
        let sockets = Arc::clone(&sync);
        metrics.sample("live_actors", "Actors in memory", move || whole(host.live()));
        metrics.sample("sockets", "Open WebSockets", move || whole(sockets.sockets()));
        metrics.sample(
            "audit_refused_commits",
            "Commits audit could not verify; an alarm",
            move || i64::try_from(audit.refused()).unwrap_or(i64::MAX),
        );
        Ok(Self { routes, runtime, sync })
    }

    /// The routes of all roles.
    pub(super) fn routes(&self) -> Router {
        self.routes.clone()
    }

    /// Tells all sockets that the server ends, and waits a little for them to hear it.
    pub(super) async fn close_sockets(&self) {
        self.sync.drain().await;
    }

    /// Finishes what was begun and closes the data.
    pub(super) async fn stop(self) {
        self.runtime.stop().await;
    }
}

fn host_config(config: &ServeConfig) -> HostConfig {
    HostConfig {
        idle_ms: i64::from(config.idle_seconds.get()) * 1_000,
        ..HostConfig::default()
    }
}

/// The key is made at the first start, which is when nobody has an account yet; the data folder is ours by then.
async fn signing_key(config: &ServeConfig, runtime: &Embedded) -> Result<SigningKey, ServeError> {
    if runtime.has_records().await? {
        return Ok(SigningKey::load(&config.data)?);
    }
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).map_err(StartError::from)?;
    Ok(SigningKey::load_or_create(&config.data, fresh)?)
}

fn api_config(config: &ServeConfig) -> ApiConfig {
    ApiConfig {
        registration: match config.registration {
            Registration::Open => api::Registration::Open,
            Registration::Closed => api::Registration::Closed,
        },
        requests_per_s: NonZeroU32::new(config.rate_limit),
        anonymous_per_minute: NonZeroU32::new(config.anonymous_rate_limit),
        webhook_addresses: address_policy(config),
        ..ApiConfig::default()
    }
}

fn notification(config: &ServeConfig, metrics: &Metrics, services: &Services) -> Arc<Notification> {
    let counters = Counters {
        delivered: metrics.webhooks_delivered.clone(),
        disabled: metrics.webhooks_disabled.clone(),
        failed: metrics.webhooks_failed.clone(),
    };
    Arc::new(Notification::new(
        services,
        Sender::new(address_policy(config)),
        counters,
    ))
}

fn address_policy(config: &ServeConfig) -> AddressPolicy {
    AddressPolicy::new(config.webhook_allow.clone())
}

/// Has the metrics say how far the roles are behind.
fn watch(metrics: &Metrics, runtime: &Running, services: &Services) {
    let (bus, clock) = (runtime.bus().clone(), Arc::clone(&services.environment.clock));
    metrics.watch_roles(move || bus.lag().iter().map(|lag| behind(lag, &*clock)).collect());
}

fn behind(lag: &Lag, clock: &dyn Clock) -> Behind {
    let age_ms = lag.oldest.map(|oldest| clock.now().as_millis() - oldest.as_millis());
    Behind {
        role: lag.service,
        commits: lag.commits,
        oldest_ms: age_ms.and_then(|age_ms| u64::try_from(age_ms).ok()).unwrap_or(0),
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
