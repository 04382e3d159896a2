//! Everything put together: the embedded runtime, all roles on it, and the routes that lead to them.

use std::sync::Arc;

use axum::Router;
use punctual_actors::ports::Clock;

use super::{
    ServeError, key,
    parts::{address_policy, api_config, host_config, notification, whole},
};
use crate::{
    accounts::Tokens,
    background::EndedEarly,
    config::ServeConfig,
    embedded::{
        bus::Lag,
        runtime::{Embedded, Running},
    },
    health::Obstacle,
    metrics::{Behind, Lateness, Metrics, WatchedLogs},
    ports::{EventHandler, Services},
    roles::{
        api::Api,
        audit::AuditRole,
        recurring::Recurring,
        sync::{SyncConfig, SyncRole},
    },
    shutdown::Shutdown,
    webhooks::DirectSender,
};

/// Runtime and roles, running.
pub(super) struct Assembly {
    clock: Arc<dyn Clock>,
    routes: Router,
    runtime: Running,
    sync: Arc<SyncRole>,
}

impl Assembly {
    /// Opens the data and starts everything but the server.
    pub(super) async fn start(config: &ServeConfig, metrics: &Arc<Metrics>) -> Result<Self, ServeError> {
        key::refuse_lost_data(&config.data)?;
        let runtime = Embedded::open(&config.data, host_config(config), Arc::clone(metrics) as _)?;
        let mut services = runtime.services().clone();
        services.logs = Arc::new(WatchedLogs::new(services.logs, Arc::clone(metrics) as _));
        let key = key::of(config, &runtime).await?;
        let audit = AuditRole::new(&services);
        let api = Api::new(&api_config(config), services.clone(), Arc::clone(&audit) as _, &key);
        let sync = SyncRole::new(&services, Tokens::new(&key), SyncConfig::default());
        let sender = Arc::new(DirectSender::new(address_policy(config)));
        let notification = notification(metrics, &services, sender, None);
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
        Ok(Self {
            clock: services.environment.clock,
            routes,
            runtime,
            sync,
        })
    }

    /// Says while the data cannot be written: this server could take requests, but keep nothing.
    pub(super) fn obstacle(&self) -> Obstacle {
        let (database, clock) = (self.runtime.database().clone(), Arc::clone(&self.clock));
        Box::new(move || {
            let failure = database.write_failure(&*clock)?;
            Some(format!("the data cannot be written: {failure}\n").into())
        })
    }

    /// The routes of all roles.
    pub(super) fn routes(&self) -> Router {
        self.routes.clone()
    }

    /// Waits until the end is announced, or begins it where something the runtime needs has ended.
    pub(super) async fn until_the_end(&mut self, shutdown: &Shutdown) -> Result<(), EndedEarly> {
        self.runtime.until_the_end(shutdown).await
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
