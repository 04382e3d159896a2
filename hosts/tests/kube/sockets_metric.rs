//! Sync grows by its sockets and shrinks again, by the metric that a Prometheus collects and prometheus-adapter serves.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::{
    cluster::{CHART, Cluster},
    device::{end, follow},
    load::Load,
    socket::Socket,
};

/// Too many for two pods, and not for three.
const SOCKETS: usize = 55;
/// Devices that are there while sync shrinks.
const DEVICES: usize = 6;
/// Few enough changes that an inbox keeps the reminders of all the time it takes.
const REST: Duration = Duration::from_secs(2);

/// What the autoscaler is told: only sockets count, and it soon lets go.
const AUTOSCALING: &str = "socketsMetric.enabled=true,socketsMetric.perPod=20,roles.sync.autoscaling.enabled=true,\
    roles.sync.autoscaling.maxReplicas=3,roles.sync.autoscaling.cpuPercent=10000,roles.sync.autoscaling.scaleDownSeconds=15";

/// Prometheus and the adapter, in a namespace that the chart's policies let in. They go with the value.
struct Metrics {
    there: Cluster,
    resources: String,
}

impl Metrics {
    fn of(cluster: &Cluster) -> Self {
        let read = |file: &str| fs::read_to_string(format!("{CHART}/{file}")).unwrap();
        // Its chart calls them rules of a kind, its own file does not.
        let rules = read("files/prometheus-adapter.yaml").replace("  custom:\n", "");
        let rules: String = rules.lines().map(|line| format!("\n    {line}")).collect();
        let resources = read("ci/sockets-metric.yaml").replace("RULES", &rules);
        let there = Cluster {
            namespace: "monitoring".to_owned(),
        };
        // Where there is one already, nothing of it is touched.
        there.kubectl(&["create", "namespace", &there.namespace]);
        let metrics = Self {
            there,
            resources: resources.replace("NAMESPACE", &cluster.namespace),
        };
        metrics.there.apply(&metrics.resources);
        for name in ["prometheus", "prometheus-adapter"] {
            let deployment = format!("deployment/{name}");
            metrics
                .there
                .kubectl(&["rollout", "status", &deployment, "--timeout=120s"]);
        }
        metrics
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        // In this order: a namespace does not go while a service of the API is missing.
        self.there.forget(&self.resources);
        self.there.try_kubectl(&["delete", "namespace", &self.there.namespace]);
    }
}

/// Waits until the autoscaler wants so many pods of sync, and they are there.
async fn has_pods(cluster: &Cluster, pods: usize) {
    let cluster = cluster.clone();
    let wait = move || {
        let replicas = format!("--for=jsonpath={{.spec.replicas}}={pods}");
        cluster.kubectl(&["wait", &replicas, "deployment/punctual-sync", "--timeout=300s"]);
        cluster.settles();
    };
    tokio::task::spawn_blocking(wait).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sync_grows_with_its_sockets_and_shrinks_again_and_no_device_misses_anything() {
    let cluster = Cluster::of_the_suite();
    let _metrics = Metrics::of(&cluster);
    cluster.upgrade(AUTOSCALING);
    let client = cluster.user().await;
    let at_sync = client.at(&cluster.url("sync"));
    let mut sockets = Vec::new();
    let began = Instant::now();
    for _ in 0..SOCKETS {
        sockets.push(Socket::open(&at_sync, None).await);
    }
    has_pods(&cluster, 3).await;
    let grown = began.elapsed();

    let mut devices = Vec::new();
    for _ in 0..DEVICES {
        let socket = Socket::open(&at_sync, None).await;
        devices.push(tokio::spawn(follow(at_sync.clone(), socket)));
    }
    let (load, callers) = Load::resting(client.clone(), REST).await;
    drop(sockets);
    let began = Instant::now();
    has_pods(&cluster, 1).await;
    let shrunk = began.elapsed();
    load.ends_well(callers).await;
    end(&client).await;
    let tasks = client.all_tasks("all").await;
    let mut closed = Vec::new();
    for device in devices {
        let seen = device.await.unwrap();
        seen.missed_nothing_of(&tasks);
        closed.extend(seen.codes);
    }
    println!(
        "1 → 3 after {grown:?}, 3 → 1 after {shrunk:?}, {} sockets closed: {closed:?}",
        closed.len()
    );
    assert_eq!(load.failures(), Vec::<String>::new());
    // Those of the pods that went.
    assert!(
        !closed.is_empty() && closed.iter().all(|code| *code == Some(1012)),
        "{closed:?}"
    );
    cluster.roll_back();
}
