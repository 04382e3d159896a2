//! Where the histories take place: processes in one thread, a sidecar, and between them the proxy.

use std::sync::Arc;

use bytes::Bytes;
use punctual::dapr::{
    keys::{Keys, Version, Written},
    sidecar::{Sidecar, SidecarAddress},
    state::State,
};
use punctual_actors::{faults::Faults, ports::Failure};
use tokio::{
    runtime::{Builder, Runtime},
    task::AbortHandle,
};

use crate::{
    beside::STATE_STORE,
    proxy::{Lane, Pace, Tally, Upstream},
};

/// The stage.
pub(crate) struct Stage {
    /// Runs the processes, and only while somebody waits in [`block_on`](Self::block_on): a history goes as its steps say, not as the machine
    /// has time.
    hosts: Runtime,
    proxy: Runtime,
    upstream: Upstream,
    pub(crate) address: SidecarAddress,
    pub(crate) tally: Arc<Tally>,
}

impl Stage {
    /// Between the processes of histories and this sidecar.
    pub(crate) fn before(address: SidecarAddress) -> Arc<Self> {
        let proxy = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        Arc::new(Self {
            hosts: Builder::new_current_thread().enable_all().build().unwrap(),
            upstream: proxy.block_on(Upstream::connect(address.grpc_port)),
            proxy,
            address,
            tally: Arc::default(),
        })
    }

    /// Waits for something, and lets the processes run meanwhile.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.hosts.block_on(future)
    }

    /// Has a process do something as soon as it runs.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.hosts.spawn(work)
    }

    /// The keys as they are, with nothing in between.
    pub(crate) fn direct(&self) -> State {
        self.keys_at(self.address.grpc_port)
    }

    fn keys_at(&self, grpc_port: u16) -> State {
        let _inside = self.hosts.enter();
        let address = SidecarAddress {
            grpc_port,
            ..self.address.clone()
        };
        State::new(Sidecar::new(&address).unwrap(), STATE_STORE)
    }

    /// A way for one process, the port where it begins, and what closes it.
    pub(crate) fn open(&self, faults: &Faults, pace: Pace) -> (Arc<Lane>, u16, AbortHandle) {
        let lane = Lane::new(&self.upstream, self.proxy.handle(), faults, &self.tally, pace);
        let (port, accepting) = self.proxy.block_on(lane.listen());
        (lane, port, accepting)
    }

    /// A way for one process that goes step by step, and what it knows as the sidecar's keys.
    pub(crate) fn lane(&self, faults: &Faults, namespace: &str) -> (Arc<Lane>, WatchedKeys, AbortHandle) {
        let (lane, port, accepting) = self.open(faults, Pace::Stepped);
        let keys = WatchedKeys {
            state: self.keys_at(port).within(namespace),
            lane: Arc::clone(&lane),
        };
        (lane, keys, accepting)
    }
}

/// The keys of one process, which knows of each call whether it is under way.
pub(crate) struct WatchedKeys {
    state: State,
    lane: Arc<Lane>,
}

impl Keys for WatchedKeys {
    async fn get(&self, key: &str) -> Result<Option<(Bytes, Version)>, Failure> {
        let _under_way = self.lane.begin();
        self.state.get(key).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, Failure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let _under_way = self.lane.begin();
        self.state.get_many(keys).await
    }

    async fn create(&self, key: &str, value: Bytes) -> Result<(), Failure> {
        let _under_way = self.lane.begin();
        self.state.create(key, value).await
    }

    async fn replace(&self, key: &str, version: &Version, value: Bytes) -> Result<Written, Failure> {
        let _under_way = self.lane.begin();
        self.state.replace(key, version, value).await
    }

    async fn put(&self, keys: Vec<(String, Bytes)>) -> Result<(), Failure> {
        let _under_way = self.lane.begin();
        self.state.put(keys).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Failure> {
        let _under_way = self.lane.begin();
        self.state.delete(keys).await
    }
}
