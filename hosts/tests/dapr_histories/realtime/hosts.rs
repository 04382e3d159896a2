//! Two hosts. The sidecar knows one of them, and delivers reminders there; the other believes that it owns the same actors all the same.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State as Extracted},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use punctual::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    dapr::{
        actors::RemoteActors,
        app::App,
        directory::DaprDirectory,
        sidecar::{Sidecar, SidecarAddress},
        state::State,
        store::DaprStore,
        subscriber::Subscriber,
        wakeups::Reminders,
        wire::USER_ACTOR,
    },
    health::Health,
    ports::Logs,
    server,
    shutdown::Shutdown,
};
use punctual_actors::{
    faults::Faults,
    ports::{Environment, Ports},
    reference::MemoryPublisher,
};
use tokio::{
    runtime::{Builder, Runtime},
    task::AbortHandle,
};

use crate::{
    beside::{Beside, STATE_STORE, environment},
    proxy::{Lane, Pace},
    stage::Stage,
};

/// A host.
pub(crate) struct Host {
    pub(crate) actors: Arc<ActorHost<Ports<DaprStore, Reminders, MemoryPublisher, DaprDirectory>>>,
    pub(crate) lane: Arc<Lane>,
    pub(crate) faults: Faults,
    accepting: AbortHandle,
}

impl Host {
    /// A host behind the proxy. To be called within a Tokio runtime.
    fn start(stage: &Stage, namespace: &str, environment: &Environment) -> Self {
        let faults = Faults::none();
        let (lane, grpc_port, accepting) = stage.open(&faults, Pace::Free);
        let address = SidecarAddress {
            grpc_port,
            ..stage.address.clone()
        };
        let sidecar = Sidecar::new(&address).unwrap();
        let state = State::new(sidecar.clone(), STATE_STORE).within(namespace);
        let ports = Ports {
            store: DaprStore::new(state.clone(), environment),
            wake_ups: Reminders::new(sidecar, Arc::clone(&environment.clock)),
            publisher: MemoryPublisher::default(),
            directory: DaprDirectory::new(state),
            environment: environment.clone(),
            recheck_head_after_ms: Some(2_000),
        };
        Self {
            actors: ActorHost::new(Arc::new(ports), HostConfig::default(), Arc::new(Unobserved)),
            lane,
            faults,
            accepting,
        }
    }

    /// What it has to offer a sidecar: users, and nothing else.
    fn app(&self) -> App {
        App {
            types: vec![USER_ACTOR],
            actor_idle: Duration::from_secs(600),
            subscriber: Subscriber::new(Vec::new(), Arc::clone(&self.actors) as Arc<dyn Logs>),
            actors: Some(Arc::clone(&self.actors) as _),
            letters: None,
            jobs: None,
            audit: None,
            egress: None,
            token: None,
            health: Arc::new(Health::default()),
            checkup: Arc::default(),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.lane.lose();
        self.accepting.abort();
    }
}

/// The reminders that were delivered, between the sidecar and the host.
#[derive(Default)]
pub(crate) struct Deliveries {
    pub(crate) count: AtomicUsize,
    /// How many of the next replies are lost after the delivery was carried out.
    pub(crate) replies_to_lose: AtomicUsize,
}

async fn deliver(Extracted(deliveries): Extracted<Arc<Deliveries>>, request: Request, next: Next) -> Response {
    let is_reminder = request.uri().path().contains("/method/remind/");
    let response = next.run(request).await;
    if !is_reminder {
        return response;
    }
    deliveries.count.fetch_add(1, Relaxed);
    let lose = |left: usize| left.checked_sub(1);
    match deliveries.replies_to_lose.fetch_update(Relaxed, Relaxed, lose) {
        Ok(_) => StatusCode::BAD_GATEWAY.into_response(),
        Err(_) => response,
    }
}

async fn serve(listener: TcpListener, app: App, deliveries: Arc<Deliveries>) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let router = app.router().layer(middleware::from_fn_with_state(deliveries, deliver));
    server::serve(listener, router, Shutdown::default(), Duration::from_secs(1)).await;
}

/// Two hosts of the same actors.
pub(crate) struct Hosts {
    /// The one the sidecar knows.
    pub(crate) known: Host,
    /// The one it does not know.
    pub(crate) other: Host,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) environment: Environment,
    /// Actors as placement finds them.
    pub(crate) placed: RemoteActors,
    /// Logs as they are, with nothing in between.
    pub(crate) direct: DaprStore,
    pub(crate) stage: Arc<Stage>,
    pub(crate) runtime: Runtime,
}

impl Hosts {
    /// Starts both, and a sidecar for the first of them.
    pub(crate) fn start(beside: &mut Beside) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        // Taken from now on, so that nobody else comes to have it. The sidecar does not mind that nobody answers yet.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let stage = Stage::before(beside.add_sidecar("actors", "api", Some(listener.local_addr().unwrap().port())));
        let environment = environment();
        let namespace = format!("hosts-{:032x}/", environment.entropy.random());
        let _inside = runtime.enter();
        let known = Host::start(&stage, &namespace, &environment);
        let deliveries = Arc::new(Deliveries::default());
        runtime.spawn(serve(listener, known.app(), Arc::clone(&deliveries)));
        let sidecar = Sidecar::new(&stage.address).unwrap();
        let state = State::new(sidecar.clone(), STATE_STORE).within(&namespace);
        Self {
            other: Host::start(&stage, &namespace, &environment),
            known,
            deliveries,
            direct: DaprStore::new(state, &environment),
            placed: RemoteActors::new(sidecar, Arc::clone(&environment.clock)),
            environment,
            stage,
            runtime,
        }
    }
}
