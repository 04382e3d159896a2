//! The roles that a process plays, out of all there are, on a runtime that spreads them over processes.

use std::{collections::BTreeSet, sync::Arc};

use axum::Router;

use super::parts::{api_config, notification, whole};
use crate::{
    accounts::{SigningKey, Tokens},
    config::{Role, ServeConfig},
    mail::Mailer,
    metrics::{AuditLag, Lateness, Metrics},
    ports::{AuditQueries, EventHandler, JobHandler, Services},
    roles::{
        api::Api,
        audit::AuditRole,
        recurring::Recurring,
        sync::{SyncConfig, SyncRole},
    },
    webhooks::WebhookSender,
};

/// The roles of this process and how each is reached.
#[derive(Default)]
pub(super) struct Roles {
    /// For clients.
    pub(super) routes: Router,
    /// For events.
    pub(super) handlers: Vec<Arc<dyn EventHandler>>,
    /// For jobs.
    pub(super) jobs: Option<Arc<dyn JobHandler>>,
    /// For the API of another process.
    pub(super) audit: Option<Arc<dyn AuditQueries>>,
    /// Has sockets to close.
    pub(super) sync: Option<Arc<SyncRole>>,
}

/// By what notification speaks to the world.
pub(super) struct Outgoing {
    pub(super) webhooks: Arc<dyn WebhookSender>,
    /// None where no mail is sent.
    pub(super) mail: Option<Arc<dyn Mailer>>,
}

/// True where tokens are made or checked.
pub(super) fn need_a_key(roles: &BTreeSet<Role>) -> bool {
    roles.contains(&Role::Api) || roles.contains(&Role::Sync)
}

impl Roles {
    /// The roles `config` names. Webhooks and mail go out by `outgoing`; `elsewhere` is the audit role of another process; without a `key` neither API nor
    /// sync is played.
    pub(super) fn new(
        config: &ServeConfig,
        metrics: &Arc<Metrics>,
        services: &Services,
        key: Option<&SigningKey>,
        outgoing: Outgoing,
        elsewhere: Arc<dyn AuditQueries>,
    ) -> Self {
        let mut roles = Self::default();
        let plays = |role| config.roles.contains(&role);
        if plays(Role::Audit) {
            roles.play_audit(metrics, services);
        }
        if plays(Role::Recurring) {
            let recurring = Recurring::new(Arc::clone(&services.actors), services.environment.clone());
            roles.handlers.push(Arc::new(recurring));
        }
        if plays(Role::Notification) {
            roles.play_notification(metrics, services, outgoing);
        }
        if let Some(key) = key.filter(|_| plays(Role::Sync)) {
            roles.play_sync(metrics, services, key);
        }
        if let Some(key) = key.filter(|_| plays(Role::Api)) {
            let audit = roles.audit.clone().unwrap_or(elsewhere);
            let api = Api::new(&api_config(config), services.clone(), audit, key);
            roles.routes = std::mem::take(&mut roles.routes).merge(api.router());
        }
        roles
    }

    fn play_audit(&mut self, metrics: &Arc<Metrics>, services: &Services) {
        let audit = AuditRole::new(services);
        let clock = Arc::clone(&services.environment.clock);
        // Before audit, whose refusal would be the end of it.
        self.handlers.push(Arc::new(AuditLag::new(Arc::clone(metrics), clock)));
        self.handlers.push(Arc::clone(&audit) as _);
        self.audit = Some(Arc::clone(&audit) as _);
        metrics.sample(
            "audit_refused_commits",
            "Commits audit could not verify; an alarm",
            move || i64::try_from(audit.refused()).unwrap_or(i64::MAX),
        );
    }

    fn play_notification(&mut self, metrics: &Arc<Metrics>, services: &Services, outgoing: Outgoing) {
        let notification = notification(metrics, services, outgoing.webhooks, outgoing.mail);
        let clock = Arc::clone(&services.environment.clock);
        self.handlers.push(Arc::clone(&notification) as _);
        self.handlers.push(Arc::new(Lateness::new(Arc::clone(metrics), clock)));
        self.jobs = Some(notification);
    }

    fn play_sync(&mut self, metrics: &Metrics, services: &Services, key: &SigningKey) {
        let sync = SyncRole::new(services, Tokens::new(key), SyncConfig::default());
        self.handlers.push(Arc::clone(&sync) as _);
        self.routes = std::mem::take(&mut self.routes).merge(sync.router());
        self.sync = Some(Arc::clone(&sync));
        metrics.sample("sockets", "Open WebSockets", move || whole(sync.sockets()));
    }
}
