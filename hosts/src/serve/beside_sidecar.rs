//! `punctual serve --runtime dapr`: a process beside its sidecar, whichever of the two starts first and whichever ends first.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use futures_util::FutureExt as _;
use punctual_actors::ports::{Directory, Environment, Store};
use punctual_events::Topic;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};

use super::{
    PATIENCE, STOP_PATIENCE, ServeError, app_listener, end_when_asked,
    hearing::Hearing,
    key,
    late::Late,
    listen,
    parts::{address_policy, host_config, whole},
    print_line,
    roles::{Outgoing, Roles, need_a_key},
};
use crate::{
    accounts::Belonging,
    background::Background,
    config::{Role, ServeConfig, SidecarConfig, Token},
    dapr::{
        actors::RemoteActors,
        app::{App, AppToken, Checkup, HostedActors},
        audit_queries::RemoteAudit,
        directory::DaprDirectory,
        letters::Desk,
        mail::BoundMail,
        marker::{Enough, Markers},
        publisher::Topics,
        rezone::Rezone,
        runtime::{self, Backing},
        sidecar::{Sidecar, SidecarAddress},
        state::State,
        store::DaprStore,
        subscriber::Subscriber,
        watch::{Condition, Watch},
        webhooks::{InvokedWebhooks, Way},
        wire::{SERIES_ACTOR, USER_ACTOR},
    },
    environment::environment,
    health::{self, Health, Stage},
    metrics::{Metrics, WatchedLogs},
    observe::Observe,
    roles::{
        api::answer_the_rest,
        sync::{self, SyncRole},
    },
    server,
    shutdown::{EndSignals, Shutdown},
    webhooks::DirectSender,
};

/// The sidecar keeps an actor this many times longer than we do, so that it deactivates none that we have not let go.
const SIDECAR_KEEPS: u32 = 2;
/// How long a process that ends waits for placement to send its actors elsewhere.
const WITHDRAW_PATIENCE: Duration = Duration::from_secs(6);

/// A process beside its sidecar.
struct Process {
    config: ServeConfig,
    sidecar: Sidecar,
    watch: Arc<Watch>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    checkup: Arc<Checkup>,
    /// Where sync is played.
    sync_hearing: Option<Arc<Hearing>>,
    /// Where the replicas of a role share the events.
    shared_hearing: Option<Arc<Hearing>>,
}

/// What runs once the sidecar is there.
struct Running {
    /// For clients.
    routes: Router,
    sync: Option<Arc<SyncRole>>,
    /// For the sidecar.
    app: App,
    app_listener: TcpListener,
    store: DaprStore,
    /// What goes on until the end.
    tasks: Background,
}

pub(super) async fn serve(config: ServeConfig) -> Result<(), ServeError> {
    app_listener::check(&config.sidecar).await?;
    let listener = listen(&config.listen).await?;
    let environment = environment()?;
    let sidecar = Sidecar::new(&address_of(&config))?;
    let watch = Watch::new(sidecar.clone(), Arc::clone(&environment.clock), environment.new_uuid());
    let process = Process::new(config, sidecar, &watch, &environment);
    process.watch_readiness();
    let (late, shutdown) = (Late::default(), Shutdown::default());
    tokio::spawn(end_when_asked(
        EndSignals::listen()?,
        shutdown.clone(),
        process.config.drain,
    ));
    let mut watching = Background::default();
    watching.spawn(async move { watch.watch_for_ever().await });
    print_line(&process.announcement(listener.local_addr()?))?;

    let routes = health::routes(Arc::clone(&process.health), Arc::clone(&process.metrics))
        .layer(Observe::new(Arc::clone(&process.metrics)));
    let server = server::serve(listener, late.behind(routes), shutdown.clone(), PATIENCE);
    let server = tokio::spawn(server);
    let begun = tokio::select! {
        end = watching.until_the_end(&shutdown) => Err(end),
        running = process.begin(environment, &shutdown) => Ok(running?),
    };
    match begun {
        Ok(running) => process.run(running, watching, &late, &shutdown, server).await,
        Err(end) => {
            // Nobody sends requests to a process that was never ready.
            shutdown.begin();
            let _ = server.await;
            Ok(end?)
        }
    }
}

fn address_of(config: &ServeConfig) -> SidecarAddress {
    let token = config.sidecar.api_token.as_ref();
    SidecarAddress {
        grpc_port: config.sidecar.grpc_port,
        api_token: token.map(|token| token.reveal().to_owned()),
    }
}

/// The topics whose events the replicas of a role share.
fn shared_topics(roles: &BTreeSet<Role>) -> &'static [Topic] {
    let task_events = roles.contains(&Role::Audit) || roles.contains(&Role::Recurring);
    match (task_events, roles.contains(&Role::Notification)) {
        (false, false) => &[],
        (true, false) => &[Topic::TaskEvents],
        (false, true) => &[Topic::Reminders],
        (true, true) => &[Topic::TaskEvents, Topic::Reminders],
    }
}

impl Process {
    fn new(config: ServeConfig, sidecar: Sidecar, watch: &Arc<Watch>, environment: &Environment) -> Self {
        let checkup = Arc::<Checkup>::default();
        let hearing = |component: &str, topics: &'static [Topic], enough| {
            let (partitions, replica) = (config.sidecar.partitions, environment.new_uuid());
            let markers = Markers::new(sidecar.clone(), component, topics, partitions, enough, replica);
            let (watch, clock) = (Arc::clone(watch), Arc::clone(&environment.clock));
            Hearing::new(markers, watch, Arc::clone(&checkup), clock)
        };
        let plays_sync = config.roles.contains(&Role::Sync);
        let shared = shared_topics(&config.roles);
        Self {
            sync_hearing: plays_sync
                .then(|| hearing(&config.sidecar.sync_pubsub, &sync::TOPICS, Enough::EveryPartition)),
            shared_hearing: (!shared.is_empty()).then(|| hearing(&config.sidecar.pubsub, shared, Enough::OnePartition)),
            metrics: Metrics::new(),
            health: Arc::default(),
            watch: Arc::clone(watch),
            checkup,
            sidecar,
            config,
        }
    }

    fn announcement(&self, address: SocketAddr) -> String {
        let roles: Vec<String> = self
            .config
            .roles
            .iter()
            .map(|role| format!("{role:?}").to_lowercase())
            .collect();
        format!(
            "Punctual {} on http://{address} as {} with its sidecar on port {}",
            env!("CARGO_PKG_VERSION"),
            roles.join(", "),
            self.config.sidecar.grpc_port
        )
    }

    /// The types of actors that live here.
    fn types(&self) -> Vec<&'static str> {
        let hosts = [(Role::Api, USER_ACTOR), (Role::Recurring, SERIES_ACTOR)];
        let here = hosts.into_iter().filter(|(role, _)| self.config.roles.contains(role));
        here.map(|(_, name)| name).collect()
    }

    fn watch_readiness(&self) {
        let (watch, hosts_actors) = (Arc::clone(&self.watch), !self.types().is_empty());
        let hearing = self.sync_hearing.clone();
        self.health.depend_on(Box::new(move || match watch.condition() {
            Condition::Away => Some("the sidecar is away\n".into()),
            Condition::WithoutActors if hosts_actors => Some("placement sends no actors here yet\n".into()),
            Condition::WithoutActors | Condition::WithActors => {
                let is_deaf = hearing.as_ref().is_some_and(|hearing| !hearing.hears());
                is_deaf.then_some("sync does not hear every partition yet\n".into())
            }
        }));
    }

    /// Waits for the sidecar and starts everything that needs it.
    async fn begin(&self, environment: Environment, shutdown: &Shutdown) -> Result<Running, ServeError> {
        self.watch.until(|condition| condition != Condition::Away).await;
        let key = match need_a_key(&self.config.roles) {
            true => {
                Some(key::of_secret_store(&self.sidecar, &self.config.sidecar.secret_store, &*environment.clock).await)
            }
            false => None,
        };
        let app_listener = listen(&self.config.sidecar.app_listen).await?;
        let state = State::new(self.sidecar.clone(), &self.config.sidecar.state_store);
        let backing = Backing::of(&state, &environment);
        let store = backing.store.clone();
        let (mut services, logs) = runtime::services(&self.sidecar, &state, &backing, &environment);
        services.logs = Arc::new(WatchedLogs::new(services.logs, Arc::clone(&self.metrics) as _));
        let elsewhere = Arc::new(RemoteAudit::new(self.sidecar.clone()));
        let outgoing = self.outgoing(app_listener.local_addr()?)?;
        let roles = Roles::new(
            &self.config,
            &self.metrics,
            &services,
            key.as_ref(),
            outgoing,
            elsewhere,
        );
        let mut tasks = Background::default();
        if let Some(key) = key.filter(|_| self.plays(Role::Api)) {
            let belonging = Belonging::new(Arc::clone(&services.records));
            tasks.spawn(key::refuse_foreign(key, belonging, Arc::clone(&environment.clock)));
        }
        if self.plays(Role::Audit) {
            tasks.spawn(async move { logs.tell_for_ever().await });
        }
        let flushed = store.clone();
        tasks.spawn(async move { flushed.flush_for_ever().await });
        if let Some(hearing) = self.sync_hearing.clone() {
            let (sync, shutdown) = (roles.sync.clone(), shutdown.clone());
            tasks.spawn(async move { hearing.keep_up(sync.as_deref(), &shutdown).await });
        }
        if let Some(hearing) = self.shared_hearing.clone() {
            let shutdown = shutdown.clone();
            tasks.spawn(async move { hearing.keep_up(None, &shutdown).await });
        }
        if self.plays(Role::Api) {
            self.rezone(&state, &environment, &mut tasks);
        }
        let actors = (!self.types().is_empty()).then(|| self.host(backing, &environment, &mut tasks));
        let (clock, put_aside) = (Arc::clone(&environment.clock), self.metrics.dead_letters.clone());
        let letters = Desk::new(state, &roles.handlers, &services.logs, clock, put_aside);
        Ok(Running {
            routes: roles.routes,
            sync: roles.sync,
            app: App {
                types: self.types(),
                actor_idle: Duration::from_secs((self.config.idle_seconds.get().saturating_mul(SIDECAR_KEEPS)).into()),
                actors,
                subscriber: Subscriber::new(roles.handlers, services.logs).with_markers(self.markers()),
                letters: Some(letters),
                jobs: roles.jobs,
                audit: roles.audit,
                egress: self
                    .plays(Role::Notification)
                    .then(|| DirectSender::new(address_policy(&self.config))),
                token: self.app_token(),
                health: Arc::clone(&self.health),
                checkup: Arc::clone(&self.checkup),
            },
            app_listener,
            store,
            tasks,
        })
    }

    /// The actors of this process, which leave memory when nobody asks them anything.
    fn host<S: Store, D: Directory>(
        &self,
        backing: Backing<S, D>,
        environment: &Environment,
        tasks: &mut Background,
    ) -> Arc<dyn HostedActors> {
        let (config, observer) = (host_config(&self.config), Arc::clone(&self.metrics) as _);
        let SidecarConfig { pubsub, partitions, .. } = &self.config.sidecar;
        let topics = Topics::new(&self.sidecar, pubsub, *partitions);
        let host = runtime::host(&self.sidecar, topics, backing, environment, config, observer);
        let (live, sweeper) = (Arc::clone(&host), Arc::clone(&host));
        self.metrics
            .sample("live_actors", "Actors in memory", move || whole(live.live()));
        tasks.spawn(async move { sweeper.sweep_for_ever().await });
        host
    }

    /// After a release with other zone data everybody's wake-ups are armed anew.
    fn rezone(&self, state: &State, environment: &Environment, tasks: &mut Background) {
        let rezone = Rezone::new(state.clone(), DaprDirectory::new(state.clone()), environment);
        let actors = RemoteActors::new(self.sidecar.clone(), Arc::clone(&environment.clock));
        tasks.spawn_once(async move {
            rezone.until_done(|actor| actors.rearm(actor).boxed()).await;
        });
    }

    fn outgoing(&self, app_listen: SocketAddr) -> Result<Outgoing, ServeError> {
        let sidecar = &self.config.sidecar;
        let way = Way {
            sidecar_port: sidecar.http_port,
            api_token: sidecar.api_token.as_ref().map(Token::reveal),
            app_listen,
        };
        let mail = self.config.mail_from.clone();
        Ok(Outgoing {
            webhooks: Arc::new(InvokedWebhooks::new(&way, address_policy(&self.config))?),
            mail: mail.map(|from| Arc::new(BoundMail::new(self.sidecar.clone(), from)) as _),
        })
    }

    fn plays(&self, role: Role) -> bool {
        self.config.roles.contains(&role)
    }

    fn markers(&self) -> Vec<Arc<Markers>> {
        let hearings = self.sync_hearing.iter().chain(&self.shared_hearing);
        hearings.map(|hearing| Arc::clone(&hearing.markers)).collect()
    }

    fn app_token(&self) -> Option<AppToken> {
        let token = self.config.sidecar.app_token.as_ref();
        token.map(|token| AppToken::new(token.reveal()))
    }

    /// Serves clients and sidecar until the end, and ends in order: clients first, then the actors, then the sidecar's calls.
    ///
    /// Until the clients are done the sidecar hears that all is well: they need it and the actors here. A sidecar that is told to end at the same
    /// time waits for that (`dapr.io/block-shutdown-duration`), and from the moment it hears otherwise it may be gone within a second.
    async fn run(
        &self,
        mut running: Running,
        mut watching: Background,
        late: &Late,
        shutdown: &Shutdown,
        server: JoinHandle<()>,
    ) -> Result<(), ServeError> {
        late.set(answer_the_rest(running.routes).layer(Observe::new(Arc::clone(&self.metrics))));
        let (actors, app_shutdown) = (running.app.actors.clone(), Shutdown::default());
        let app = server::serve(
            running.app_listener,
            running.app.router(),
            app_shutdown.clone(),
            STOP_PATIENCE,
        );
        let app = tokio::spawn(app);
        self.health.enter(Stage::Ready);

        let end = tokio::select! {
            end = watching.until_the_end(shutdown) => end,
            end = running.tasks.until_the_end(shutdown) => end,
        };
        self.health.enter(Stage::Draining);
        match running.sync {
            // A sidecar that is told to end at the same time delivers no events from then on, and no client would notice: it comes back elsewhere.
            Some(sync) => sync.drain_until(shutdown.begun()).await,
            None => shutdown.begun().await,
        }
        // A server that panicked has said so.
        let _ = server.await;
        // From here on the sidecar hears that we are not well, and takes actors and events elsewhere. Actors take no calls any more: those come
        // again, with the same ids, until they find the actor where it lives next. What was begun is finished before the sidecar acts.
        self.health.enter(Stage::Leaving);
        if let Some(actors) = actors {
            finish(&*actors, &running.store).await;
            self.withdraw().await;
        }
        app_shutdown.begin();
        let _ = app.await;
        drop((running.tasks, watching));
        Ok(end?)
    }

    /// Waits until placement sends no actors here any more.
    async fn withdraw(&self) {
        let withdrawn = self.watch.until(|condition| condition != Condition::WithActors);
        if timeout(WITHDRAW_PATIENCE, withdrawn).await.is_err() {
            tracing::info!("placement still sends actors here; callers try again elsewhere");
        }
    }
}

/// Has actors that take no calls any more finish their turns and publish, arms the guards they owe, and writes what audit confirmed of them.
async fn finish(actors: &dyn HostedActors, store: &DaprStore) {
    // Together: a broker that is away holds up the one, a Scheduler that is away the other.
    let guarded = timeout(STOP_PATIENCE, actors.arm_last_guards());
    let (_, drained) = tokio::join!(guarded, timeout(STOP_PATIENCE, actors.drain()));
    if drained.is_err() {
        tracing::warn!("some events were not published; their guard does that elsewhere");
    }
    if let Ok(Err(failure)) = timeout(STOP_PATIENCE, store.flush()).await {
        tracing::warn!(%failure, "what audit confirmed could not be written; it confirms again");
    }
}
