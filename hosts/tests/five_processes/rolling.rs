//! Rolling restarts: both replicas of a role end and start one after the other, each with its sidecar at the same moment as in a pod, and users notice
//! nothing: no call fails, and whoever listens hears everything.

use std::{sync::Arc, time::Duration};

use daprenv::Role;
use uuid::Uuid;

use crate::{
    audited,
    balancer::Balancer,
    load::Load,
    server::{Server, listens_on},
    witnesses::Witnesses,
};

/// Their actors are on both replicas, unless all fall on one side.
const USERS: usize = 3;
/// Their sockets are on both replicas.
const DEVICES: usize = 4;
/// Acknowledged to each of them before, between and after the restarts.
const ACKNOWLEDGED: usize = 10;
/// For a replica to be sent requests again, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a socket is closed with that is to come back, elsewhere.
const RESTART: u16 = 1012;

/// Has users work while both replicas of a role are started anew. Nothing is lost and nothing happens twice, devices and webhooks hear of all of it, and the
/// audit has it; what calls failed is returned.
async fn work_through_restarts(role: Role) -> Vec<String> {
    let (server, balancer) = Server::start_two(role);
    let mut loads = Vec::new();
    for number in 0..USERS {
        let client = server
            .user(&format!("rolling-{role}-{number}-{}", Uuid::now_v7()))
            .await;
        let witnesses = Witnesses::of(&client).await;
        loads.push((Load::begin(client).await, witnesses));
    }
    let all_acknowledge = async || {
        for ((load, _), _) in &loads {
            load.acknowledges(ACKNOWLEDGED).await;
        }
    };
    all_acknowledge().await;
    for number in 1..=2 {
        restart(&server, &balancer, role.replica(number)).await;
        all_acknowledge().await;
    }
    loads.iter().for_each(|((load, _), _)| load.stop());
    let mut failures = Vec::new();
    for ((load, callers), witnesses) in loads {
        for caller in callers {
            caller.await.unwrap();
        }
        failures.extend(load.failures());
        load.holds().await;
        audited::whole(&server.environment, load.client()).await;
        witnesses.missed_nothing(&server.environment, load.client()).await;
    }
    failures
}

/// Ends a replica as a cluster does, and starts it again. Returns once it is sent requests.
async fn restart(server: &Server, balancer: &Arc<Balancer>, replica: String) {
    let (environment, balancer) = (Arc::clone(&server.environment), Arc::clone(balancer));
    let restarting = tokio::task::spawn_blocking(move || {
        let port = listens_on(&environment, &replica);
        let sidecar = format!("{replica}-sidecar");
        let in_order = environment.stop_together(&[&replica, &sidecar]).unwrap();
        assert!(in_order, "{replica} or its sidecar did not end in time");
        balancer.wait_for(port, false, PATIENCE);
        environment.start_all(|_| {}).unwrap();
        balancer.wait_for(port, true, PATIENCE);
    });
    restarting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_two_replicas_of_the_api_are_started_anew() {
    assert_eq!(work_through_restarts(Role::Api).await, Vec::<String>::new());
}

macro_rules! restarted {
    ($($test:ident: $role:expr),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "takes a minute: only at length"]
        async fn $test() {
            assert_eq!(work_through_restarts($role).await, Vec::<String>::new());
        }
    )*};
}

restarted! {
    no_call_fails_while_two_replicas_of_recurring_are_started_anew: Role::Recurring,
    no_call_fails_while_two_replicas_of_notification_are_started_anew: Role::Notification,
    no_call_fails_while_two_replicas_of_audit_are_started_anew: Role::Audit,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_miss_nothing_while_two_replicas_of_sync_are_started_anew() {
    let (server, balancer) = Server::start_two(Role::Sync);
    let client = server.user(&format!("rolling-{}", Uuid::now_v7())).await;
    let witnesses = Witnesses::with_devices(&client, DEVICES).await;
    let (load, callers) = Load::begin(client.clone()).await;
    load.acknowledges(ACKNOWLEDGED).await;
    for number in 1..=2 {
        restart(&server, &balancer, Role::Sync.replica(number)).await;
        load.acknowledges(ACKNOWLEDGED).await;
    }
    load.ends_well(callers).await;
    assert_eq!(load.failures(), Vec::<String>::new());
    audited::whole(&server.environment, &client).await;
    let codes = witnesses.missed_nothing(&server.environment, &client).await;
    // Whichever replica a device was on first, it was there when that one was started anew.
    assert!(
        codes.len() >= DEVICES && codes.iter().all(|code| *code == Some(RESTART)),
        "{codes:?}"
    );
}
