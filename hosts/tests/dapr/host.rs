//! Processes beside sidecars, each a runtime of its own, so that one can be killed: its tasks end where they are and its sockets close.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use punctual::{
    actor_host::{ActorHost, HostConfig, Unobserved},
    dapr::{
        actors::RemoteActors,
        app::{App, AppToken},
        jobs::ScheduledJobs,
        publisher::Topics,
        runtime::{Backing, DaprPorts, host},
        sidecar::{Sidecar, SidecarAddress},
        subscriber::Subscriber,
    },
    environment::environment,
    health::Health,
    ports::{JobHandler, Logs},
    server,
    shutdown::Shutdown,
};
use punctual_actors::{
    ports::{EncodedCommit, Environment, Failure, Head, HeadUpdate, Loaded, PageSave, Store},
    reference::{MemoryDirectory, MemoryStore},
};
use punctual_events::{ActorId, Commit, Seq, Timestamp};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::machinery::{API_TOKEN, APP_TOKEN, Seat};

/// A store that all processes of a test share, and that can be slow.
#[derive(Clone, Default)]
pub(crate) struct SharedStore {
    inner: MemoryStore,
    append_ms: Arc<AtomicU64>,
}

impl SharedStore {
    /// From now on an append takes this long.
    pub(crate) fn slow_down(&self, append_ms: u64) {
        self.append_ms.store(append_ms, Ordering::Relaxed);
    }
}

impl Store for SharedStore {
    async fn append(&self, expected: Seq, commit: EncodedCommit, update: HeadUpdate) -> Result<(), Failure> {
        let pause = Duration::from_millis(self.append_ms.load(Ordering::Relaxed));
        tokio::time::sleep(pause).await;
        self.inner.append(expected, commit, update).await
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        self.inner.load(actor).await
    }

    async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        self.inner.head(actor).await
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        self.inner.read_log(actor, after, limit).await
    }

    async fn save(&self, actor: ActorId, save: PageSave) -> Result<bool, Failure> {
        self.inner.save(actor, save).await
    }

    async fn confirm_audited(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        self.inner.confirm_audited(actor, seq).await
    }

    async fn compact(&self, actor: ActorId, before: Timestamp) -> Result<(), Failure> {
        self.inner.compact(actor, before).await
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        self.inner.erase(actor, through).await
    }
}

/// A process beside a sidecar.
pub(crate) struct Host {
    pub(crate) actors: Arc<ActorHost<DaprPorts<SharedStore, MemoryDirectory>>>,
    /// Actors as this process reaches them.
    pub(crate) remote: RemoteActors,
    pub(crate) jobs: Arc<ScheduledJobs>,
    pub(crate) environment: Environment,
    runtime: Option<Runtime>,
}

impl Host {
    /// Starts a process that hosts actors of these types. `jobs` is made from the process's own port to the Scheduler.
    pub(crate) fn start(
        seat: Seat,
        types: &[&'static str],
        store: &SharedStore,
        jobs: impl FnOnce(Arc<ScheduledJobs>) -> Option<Arc<dyn JobHandler>>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let entered = runtime.enter();
        let environment = environment().unwrap();
        let sidecar = sidecar(seat, API_TOKEN);
        let clock = &environment.clock;
        let scheduled = Arc::new(ScheduledJobs::new(sidecar.clone(), Arc::clone(clock)));
        let remote = RemoteActors::new(sidecar.clone(), Arc::clone(clock));
        let backing = Backing {
            store: store.clone(),
            directory: MemoryDirectory::default(),
            records: Arc::new(crate::nothing::Nothing),
            audit: Arc::new(crate::nothing::Nothing),
        };
        let config = HostConfig::default();
        let topics = Topics::new(&sidecar, "pubsub", NonZeroU32::MIN);
        let actors = host(&sidecar, topics, backing, &environment, config, Arc::new(Unobserved));
        let app = App {
            types: types.to_vec(),
            actor_idle: Duration::from_secs(600),
            subscriber: Subscriber::new(Vec::new(), Arc::clone(&actors) as Arc<dyn Logs>),
            actors: Some(Arc::clone(&actors) as _),
            letters: None,
            jobs: jobs(Arc::clone(&scheduled)),
            audit: None,
            egress: None,
            token: Some(AppToken::new(APP_TOKEN)),
            health: Arc::new(Health::default()),
            checkup: Arc::default(),
        };
        runtime.spawn(async move {
            let listener = TcpListener::bind(("127.0.0.1", seat.app)).await.unwrap();
            server::serve(listener, app.router(), Shutdown::default(), Duration::from_secs(1)).await;
        });
        drop(entered);
        Self {
            actors,
            remote,
            jobs: scheduled,
            environment,
            runtime: Some(runtime),
        }
    }

    /// Ends as a process ends that is killed.
    pub(crate) fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // On a thread of its own: a test's own runtime does not let it wait.
            let ended = std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(2)));
            ended.join().unwrap();
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A connection to a sidecar.
pub(crate) fn sidecar(seat: Seat, token: &str) -> Sidecar {
    Sidecar::new(&SidecarAddress {
        grpc_port: seat.grpc,
        api_token: Some(token.to_owned()),
    })
    .unwrap()
}
