//! Containers that are killed with `kill -9` on their node, without their pods, while users work: those of the five and their sidecars, broker,
//! database, and Dapr's own. Nothing is lost, and a client that makes its call again gets its answer.
//!
//! A pod that sees its node's processes does it, so the cluster has one node, and a namespace that lets such a pod in.

use std::{
    fmt,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    cluster::{CONTROL_PLANE, Cluster},
    work::work_through,
};

/// Where a pod may see its node's processes.
const PRIVILEGED: &str = "kube-system";
/// Longer than a cluster lets a container wait that ended a few times in a row.
const PATIENCE: Duration = Duration::from_secs(180);
/// Kubernetes does not say that another container took a place, only what there is.
const REST: Duration = Duration::from_millis(250);

const KILLER: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: punctual-killer}
spec:
  hostPID: true
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
    - name: killer
      image: IMAGE
      imagePullPolicy: POLICY
      command: [/bin/sh, -c, "sleep 3600"]
      securityContext: {privileged: true, runAsUser: 0}
"#;

/// Ends at once every process whose control group is named after one of these containers. Some have gone with the first process of theirs already.
const KILL: &str = r#"kill -9 $(grep -lE "$0" /proc/[0-9]*/cgroup 2>/dev/null | cut -d / -f 3) 2>/dev/null || true"#;

/// A container that runs.
#[derive(Clone)]
struct Container {
    pod: String,
    name: String,
    id: String,
    is_ready: bool,
}

impl fmt::Display for Container {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {}", self.name, self.pod)
    }
}

/// What runs in the pods of a namespace, of those that are to stay.
fn containers(namespace: &str) -> Vec<Container> {
    let cluster = Cluster {
        namespace: namespace.to_owned(),
    };
    let pods: Value = serde_json::from_str(&cluster.kubectl(&["get", "pods", "--output", "json"])).unwrap();
    let pods = pods["items"].as_array().unwrap().iter();
    let stay =
        pods.filter(|pod| pod["spec"]["restartPolicy"] == "Always" && pod["metadata"]["deletionTimestamp"].is_null());
    stay.flat_map(|pod| {
        pod["status"]["containerStatuses"]
            .as_array()
            .unwrap()
            .iter()
            .map(move |status| container(pod, status))
    })
    .collect()
}

fn container(pod: &Value, status: &Value) -> Container {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Container {
        pod: text(&pod["metadata"]["name"]),
        name: text(&status["name"]),
        id: text(&status["containerID"]),
        is_ready: status["ready"] == true,
    }
}

/// Those of the release and those of Dapr.
fn all(cluster: &Cluster) -> Vec<Container> {
    [cluster.namespace.as_str(), CONTROL_PLANE]
        .into_iter()
        .flat_map(containers)
        .collect()
}

/// The pod that kills. It goes with the value.
struct Killer(Cluster);

impl Killer {
    fn of(cluster: &Cluster) -> Self {
        let (image, policy) = cluster.tools();
        let killer = Self(Cluster {
            namespace: PRIVILEGED.to_owned(),
        });
        killer
            .0
            .apply(&KILLER.replace("IMAGE", &image).replace("POLICY", &policy));
        killer
            .0
            .kubectl(&["wait", "--for=condition=Ready", "pod/punctual-killer", "--timeout=120s"]);
        killer
    }

    /// Kills these at once, and waits until others have taken their places and are ready.
    fn kill(&self, cluster: &Cluster, killed: &[Container]) {
        let ids: Vec<_> = killed.iter().filter_map(|one| one.id.rsplit('/').next()).collect();
        assert!(ids.iter().all(|id| id.len() == 64), "{ids:?}");
        self.0
            .kubectl(&["exec", "punctual-killer", "--", "/bin/sh", "-c", KILL, &ids.join("|")]);
        let began = Instant::now();
        loop {
            let now = all(cluster);
            let has_another = |one: &Container| {
                now.iter().any(|other| {
                    (&other.pod, &other.name) == (&one.pod, &one.name) && other.id != one.id && other.is_ready
                })
            };
            let Some(missing) = killed.iter().find(|one| !has_another(one)) else {
                break;
            };
            assert!(began.elapsed() < PATIENCE, "{missing} does not come back");
            thread::sleep(REST);
        }
        // Their sidecars or services may have noticed.
        cluster.settles();
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        self.0.try_kubectl(&["delete", "pod/punctual-killer", "--wait"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_one_container_after_the_other_is_killed() {
    let cluster = Cluster::of_the_suite();
    let (killer, there) = (Arc::new(Killer::of(&cluster)), all(&cluster));
    assert!(there.len() > 12, "the five, their sidecars, broker, database and Dapr");
    for container in there {
        let (killer, what) = (Arc::clone(&killer), format!("kill -9 of {container}"));
        // As it is by now: another may have taken its place when the one before was killed.
        let of_now = move |cluster: &Cluster| {
            all(cluster)
                .into_iter()
                .find(|one| (&one.pod, &one.name) == (&container.pod, &container.name))
                .unwrap()
        };
        work_through(&what, move |cluster| killer.kill(cluster, &[of_now(cluster)])).await;
    }
}

/// The first to be run: whoever has died before in the last ten minutes is started again only after a while, which doubles each time, and so is a sidecar that finds
/// no broker.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_every_container_is_killed_at_once() {
    let killer = Killer::of(&Cluster::of_the_suite());
    work_through("kill -9 of every container at once", move |cluster| {
        killer.kill(cluster, &all(cluster));
    })
    .await;
}
