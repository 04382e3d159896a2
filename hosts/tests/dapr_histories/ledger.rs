//! The store of the histories: the real one, on a state store behind a sidecar, and behind the proxy for each process. In the tests of the core
//! a ledger in memory has this place.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use punctual::dapr::{state::State, store::DaprStore};
use punctual_actors::{
    faults::Faults,
    ports::{EncodedCommit, Environment, Failure, Head, HeadUpdate, Loaded, PageSave, Store},
    reference::{SeededEntropy, UtcOnly, VirtualClock},
};
use punctual_events::{ActorId, Commit, Seq, Timestamp};
use tokio::task::{AbortHandle, JoinHandle};

use crate::{
    proxy::Lane,
    stage::{Stage, WatchedKeys},
    world::ACTOR,
};

/// What a history's logs are kept in, as somebody sees it whose calls never go wrong, and every commit that ever was in it: dropping old ones
/// does not reach the ledger. Clones share both. Every operation is done when it was polled once.
#[derive(Clone)]
pub(crate) struct Ledger {
    stage: Arc<Stage>,
    namespace: Arc<str>,
    store: DaprStore<State>,
    commits: Arc<Mutex<Vec<Arc<Commit>>>>,
}

impl Ledger {
    /// An empty one.
    pub(crate) fn new(stage: &Arc<Stage>, clock: &Arc<VirtualClock>) -> Self {
        let namespace = format!("history-{:032x}/", crate::beside::environment().entropy.random());
        let environment = Environment {
            clock: Arc::clone(clock) as _,
            entropy: Arc::new(SeededEntropy::new(0)),
            zones: Arc::new(UtcOnly),
        };
        Self {
            store: DaprStore::new(stage.direct().within(&namespace), &environment),
            stage: Arc::clone(stage),
            namespace: namespace.into(),
            commits: Arc::default(),
        }
    }

    /// The store as a process that starts has it: through the proxy, where its calls go wrong as `faults` say, and with nothing in its memory.
    pub(crate) fn for_process(&self, faults: &Faults, environment: &Environment) -> ProcessStore {
        let (lane, keys, accepting) = self.stage.lane(faults, &self.namespace);
        ProcessStore(Arc::new(Proxied {
            stage: Arc::clone(&self.stage),
            store: DaprStore::new(keys, environment),
            lane,
            accepting,
        }))
    }

    /// Every commit of `actor`, in order.
    pub(crate) fn of(&self, actor: ActorId) -> Vec<Arc<Commit>> {
        self.catch_up(actor);
        self.commits().clone()
    }

    /// How many commits there are; a history here is of one actor.
    pub(crate) fn len(&self) -> usize {
        self.catch_up(ACTOR);
        self.commits().len()
    }

    /// Takes in what was appended since.
    fn catch_up(&self, actor: ActorId) {
        let last = self.commits().last().map_or(Seq::ZERO, |commit| commit.header.seq);
        let new = self.stage.block_on(self.store.read_log(actor, last, usize::MAX));
        self.commits().extend(new.expect("nothing is in the way"));
    }

    fn commits(&self) -> MutexGuard<'_, Vec<Arc<Commit>>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Ledger {
    async fn append(&self, expected: Seq, commit: EncodedCommit, update: HeadUpdate) -> Result<(), Failure> {
        self.stage.block_on(self.store.append(expected, commit, update))
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        self.stage.block_on(self.store.load(actor))
    }

    async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        self.stage.block_on(self.store.head(actor))
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        self.stage.block_on(self.store.read_log(actor, after, limit))
    }

    async fn save(&self, actor: ActorId, save: PageSave) -> Result<bool, Failure> {
        self.stage.block_on(self.store.save(actor, save))
    }

    async fn confirm_audited(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        self.stage.block_on(async {
            self.store.confirm_audited(actor, seq).await?;
            self.store.flush().await
        })
    }

    async fn compact(&self, actor: ActorId, before: Timestamp) -> Result<(), Failure> {
        self.catch_up(actor);
        self.stage.block_on(self.store.compact(actor, before))
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        self.stage.block_on(self.store.erase(actor, through))
    }
}

/// The store as one process has it.
#[derive(Clone)]
pub(crate) struct ProcessStore(Arc<Proxied>);

struct Proxied {
    stage: Arc<Stage>,
    store: DaprStore<WatchedKeys>,
    lane: Arc<Lane>,
    accepting: AbortHandle,
}

impl Drop for Proxied {
    fn drop(&mut self) {
        self.lane.lose();
        self.accepting.abort();
    }
}

/// Work that is given up when nobody waits for it any more.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl ProcessStore {
    /// Carries out an operation, of which each poll is one step: until a call comes to a halt in the proxy, or its answer does.
    async fn operate<T, F>(&self, operation: impl FnOnce(DaprStore<WatchedKeys>) -> F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let proxied = &self.0;
        let mut task = Task(proxied.stage.spawn(operation(proxied.store.clone())));
        poll_fn(|_| {
            proxied.stage.block_on(proxied.lane.step());
            if task.0.is_finished() {
                Poll::Ready(proxied.stage.block_on(&mut task.0).expect("a store does not panic"))
            } else {
                Poll::Pending
            }
        })
        .await
    }
}

impl Store for ProcessStore {
    async fn append(&self, expected: Seq, commit: EncodedCommit, update: HeadUpdate) -> Result<(), Failure> {
        self.operate(|store| async move { store.append(expected, commit, update).await })
            .await
    }

    async fn load(&self, actor: ActorId) -> Result<Loaded, Failure> {
        self.operate(|store| async move { store.load(actor).await }).await
    }

    async fn head(&self, actor: ActorId) -> Result<Option<Head>, Failure> {
        self.operate(|store| async move { store.head(actor).await }).await
    }

    async fn read_log(&self, actor: ActorId, after: Seq, limit: usize) -> Result<Vec<Arc<Commit>>, Failure> {
        self.operate(|store| async move { store.read_log(actor, after, limit).await })
            .await
    }

    async fn save(&self, actor: ActorId, save: PageSave) -> Result<bool, Failure> {
        self.operate(|store| async move { store.save(actor, save).await }).await
    }

    async fn confirm_audited(&self, actor: ActorId, seq: Seq) -> Result<(), Failure> {
        self.operate(|store| async move { store.confirm_audited(actor, seq).await })
            .await
    }

    async fn compact(&self, actor: ActorId, before: Timestamp) -> Result<(), Failure> {
        self.operate(|store| async move { store.compact(actor, before).await })
            .await
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        self.operate(|store| async move { store.erase(actor, through).await })
            .await
    }
}
