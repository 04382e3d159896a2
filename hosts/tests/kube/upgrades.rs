//! Whatever is upgraded, started anew or deleted while users work: nothing is lost, nothing happens twice, a device misses nothing, and the audit
//! verifies. Of what is done in order users notice nothing; where something is taken away, a client makes a call again and gets its answer.

use std::time::Duration;

use crate::{
    cluster::{CONTROL_PLANE, Cluster, ROLES},
    device::{end, follow},
    load::Load,
    socket::Socket,
};

/// Acknowledged before a change, and again after it.
const ACKNOWLEDGED: usize = 10;
/// A steady load, and no more reminders in the time of a change than an inbox keeps.
const REST: Duration = Duration::from_millis(300);

/// Has a user work, and a device follow it, while `change` happens. What calls failed that were made again is returned.
async fn work_through(what: &str, change: impl FnOnce(&Cluster) + Send + 'static) -> Vec<String> {
    let cluster = Cluster::of_the_suite();
    let client = cluster.user().await;
    let at_sync = client.at(&cluster.url("sync"));
    let socket = Socket::open(&at_sync, None).await;
    let device = tokio::spawn(follow(at_sync, socket));
    let (load, callers) = Load::resting(client.clone(), REST).await;
    load.acknowledges(ACKNOWLEDGED).await;
    tokio::task::spawn_blocking(move || change(&cluster)).await.unwrap();
    load.acknowledges(ACKNOWLEDGED).await;
    load.stop();
    for caller in callers {
        caller.await.unwrap();
    }
    load.holds().await;
    end(&client).await;
    let tasks = client.all_tasks("all").await;
    let seen = device.await.unwrap();
    seen.missed_nothing_of(&tasks);
    let (again, sockets) = (load.failures(), seen.codes.len());
    let (tasks, calls) = (tasks.len(), again.len());
    println!("{what}: {tasks} tasks, {calls} calls made again, {sockets} sockets closed");
    again
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_the_release_is_upgraded_and_while_it_goes_back() {
    let upgrade = |cluster: &Cluster| cluster.upgrade("settings.idleSeconds=200");
    assert_eq!(work_through("upgrade", upgrade).await, Vec::<String>::new());
    assert_eq!(work_through("rollback", Cluster::roll_back).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_each_role_is_started_anew() {
    for role in ROLES {
        let restart = move |cluster: &Cluster| cluster.restart(role);
        let failures = work_through(&format!("restart of {role}"), restart).await;
        assert_eq!(failures, Vec::<String>::new(), "{role}");
    }
}

/// Deletes each of these pods, one after the other, while users work.
async fn delete_each(cluster: &Cluster, pods: Vec<String>) {
    for pod in pods {
        let (cluster, what) = (cluster.clone(), format!("deletion of {pod}"));
        work_through(&what, move |_| cluster.delete(&pod)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_each_pod_of_a_role_is_deleted() {
    let cluster = Cluster::of_the_suite();
    for role in ROLES {
        let pods = cluster.pods_of(role);
        assert!(!pods.is_empty(), "{role} has no pod");
        delete_each(&cluster, pods).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_all_five_are_killed_at_once() {
    work_through("kill of all five", Cluster::kill_all_roles).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_pods_of_broker_and_database_are_deleted() {
    let cluster = Cluster::of_the_suite();
    for component in ["kafka", "postgresql"] {
        let pods = cluster.pods_of(component);
        assert!(!pods.is_empty(), "{component} has no pod");
        delete_each(&cluster, pods).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_each_pod_of_the_control_plane_is_deleted() {
    let cluster = Cluster {
        namespace: CONTROL_PLANE.to_owned(),
    };
    let pods = cluster.names("pods", "");
    assert!(!pods.is_empty(), "there is no control plane");
    delete_each(&cluster, pods).await;
}
