//! Spreads connections over replicas as a Service of Kubernetes does: over those that were ready when every node last heard of them. That is a while
//! ago, so a replica that ends is still sent some; and nothing is tried twice.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use daprenv::{http, service::READY_PATH};

/// A replica's readiness is asked for this often, and what it said is acted on only this much later: up to twice as long ago by then.
const LAG: Duration = Duration::from_secs(1);

/// Replicas of a role.
#[derive(Debug)]
pub(crate) struct Balancer {
    replicas: Vec<Replica>,
    turns: AtomicUsize,
}

#[derive(Debug)]
struct Replica {
    port: u16,
    is_in: AtomicBool,
}

impl Balancer {
    /// Every connection goes to the one replica there is, whatever it says of itself.
    pub(crate) fn to_one(port: u16) -> Arc<Self> {
        Arc::new(Self::new(&[port]))
    }

    /// Spreads connections over several, all of them ready now.
    pub(crate) fn over(ports: &[u16]) -> Arc<Self> {
        let balancer = Arc::new(Self::new(ports));
        for index in 0..ports.len() {
            let watched = Arc::downgrade(&balancer);
            thread::spawn(move || watch(&watched, index));
        }
        balancer
    }

    fn new(ports: &[u16]) -> Self {
        let replica = |port: &u16| Replica {
            port: *port,
            is_in: AtomicBool::new(true),
        };
        Self {
            replicas: ports.iter().map(replica).collect(),
            turns: AtomicUsize::new(0),
        }
    }

    /// Where the next connection goes. Where none is ready any will do, as in a cluster.
    pub(crate) fn next(&self) -> u16 {
        let is_in = |replica: &&Replica| replica.is_in.load(Ordering::Relaxed);
        let mut fit: Vec<&Replica> = self.replicas.iter().filter(is_in).collect();
        if fit.is_empty() {
            fit = self.replicas.iter().collect();
        }
        fit[self.turns.fetch_add(1, Ordering::Relaxed) % fit.len()].port
    }

    /// Waits until a replica is sent connections, or is not.
    pub(crate) fn wait_for(&self, port: u16, is_in: bool, patience: Duration) {
        let began = Instant::now();
        let replica = self.replicas.iter().find(|replica| replica.port == port).unwrap();
        while replica.is_in.load(Ordering::Relaxed) != is_in {
            assert!(began.elapsed() < patience, "the replica on {port} is never so: {is_in}");
            thread::sleep(LAG / 20);
        }
    }
}

fn watch(balancer: &Weak<Balancer>, index: usize) {
    while let Some(balancer) = balancer.upgrade() {
        let replica = &balancer.replicas[index];
        let answer = http::request(replica.port, "GET", READY_PATH, &[], "", LAG);
        thread::sleep(LAG);
        let is_ready = answer.is_ok_and(|answer| answer.status == 200);
        replica.is_in.store(is_ready, Ordering::Relaxed);
    }
}
