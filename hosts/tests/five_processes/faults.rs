//! Whatever of the machinery fails while users work: everything acknowledged is there, in order, once, a device saw all of it, each notification went
//! out, and the audit has it and verifies.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use daprenv::Environment;
use uuid::Uuid;

use crate::{
    audited,
    load::Load,
    server::{Data, Server},
    witnesses::{self, Witnesses},
};

/// Acknowledged before a fault, and again after it.
const ACKNOWLEDGED: usize = 15;
/// How long something that was killed stays away.
const AWAY: Duration = Duration::from_secs(2);
/// What a hundredth of the calls may take at most while Kafka is away, on a machine that does nothing else.
const P99: Duration = Duration::from_millis(100);
/// How long the same load is watched before.
const BEFORE: Duration = Duration::from_secs(10);

/// Has users work while `fault` happens, and looks at what is there in the end. The load is returned, with what `fault` gave.
async fn work_through<T: Send + 'static>(
    name: &str,
    fault: impl FnOnce(&Environment) -> T + Send + 'static,
) -> (Arc<Load>, T) {
    let server = Server::start_with(&Data::new(), &witnesses::FLAGS);
    let client = server.user(&format!("fault-{name}-{}", Uuid::now_v7())).await;
    let witnesses = Witnesses::of(&client).await;
    let (load, callers) = Load::begin(client.clone()).await;
    load.acknowledges(ACKNOWLEDGED).await;
    let environment = Arc::clone(&server.environment);
    let given = tokio::task::spawn_blocking(move || fault(&environment)).await.unwrap();
    load.acknowledges(ACKNOWLEDGED).await;
    load.ends_well(callers).await;
    audited::whole(&server.environment, &client).await;
    witnesses.missed_nothing(&server.environment, &client).await;
    (load, given)
}

/// `kill -9`, an absence, and a start.
fn kill_and_start(environment: &Environment, process: &str) {
    environment.kill(process).unwrap();
    std::thread::sleep(AWAY);
    environment.start(process).unwrap();
}

macro_rules! killed {
    ($($test:ident: $process:literal),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            work_through($process, |environment| kill_and_start(environment, $process)).await;
        }
    )*};
}

killed! {
    nothing_is_lost_when_the_api_is_killed: "api",
    nothing_is_lost_when_recurring_is_killed: "recurring",
    nothing_is_lost_when_notification_is_killed: "notification",
    nothing_is_lost_when_audit_is_killed: "audit",
    nothing_is_lost_when_sync_is_killed: "sync",
    nothing_is_lost_when_the_sidecar_of_the_api_is_killed: "api-sidecar",
    nothing_is_lost_when_the_sidecar_of_recurring_is_killed: "recurring-sidecar",
    nothing_is_lost_when_the_sidecar_of_notification_is_killed: "notification-sidecar",
    nothing_is_lost_when_the_sidecar_of_audit_is_killed: "audit-sidecar",
    nothing_is_lost_when_the_sidecar_of_sync_is_killed: "sync-sidecar",
    nothing_is_lost_when_placement_is_killed: "placement",
    nothing_is_lost_when_the_scheduler_is_killed: "scheduler",
}

/// The database under the state component.
pub(crate) fn store(environment: &Environment) -> &'static str {
    let is_there = |store: &&str| environment.process(store).is_ok();
    ["postgres", "redis"].into_iter().find(is_there).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_store_is_killed() {
    work_through("store", |environment| kill_and_start(environment, store(environment))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_store_does_not_answer_for_a_while() {
    work_through("frozen-store", |environment| {
        environment.pause(store(environment)).unwrap();
        std::thread::sleep(AWAY);
        environment.resume(store(environment)).unwrap();
    })
    .await;
}

/// Each answer of the store takes up to a fifth of a second more, and it has a fifth of its processor time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_store_is_slow() {
    work_through("slow-store", |environment| {
        for _ in 0..20 {
            environment.pause(store(environment)).unwrap();
            std::thread::sleep(Duration::from_millis(200));
            environment.resume(store(environment)).unwrap();
            std::thread::sleep(Duration::from_millis(50));
        }
    })
    .await;
}

/// EC-1: users notice nothing of a broker that is away. Where others work on the machine too, each call takes many times as long as where nobody does, with
/// Kafka or without: so it is compared with what the same load took just before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_succeeds_without_waiting_while_kafka_is_away_for_half_a_minute() {
    let (load, (before, gone, back)) = work_through("kafka", |environment| {
        let from = Instant::now();
        std::thread::sleep(BEFORE);
        let before = from..Instant::now();
        environment.stop("kafka").unwrap();
        let gone = Instant::now();
        std::thread::sleep(Duration::from_secs(30));
        let back = Instant::now();
        environment.start("kafka").unwrap();
        (before, gone, back)
    })
    .await;
    assert_eq!(load.failures(), Vec::<String>::new());
    let (with, without) = (
        load.took_between(before.start, before.end),
        load.took_between(gone, back),
    );
    let said = |took: &[Duration]| (took.len(), percentile(took, 50), percentile(took, 99));
    println!(
        "commands, p50 and p99: with Kafka {:?}, without {:?}",
        said(&with),
        said(&without)
    );
    let (p99, allowed) = (percentile(&without, 99), P99.max(4 * percentile(&with, 99)));
    assert!(p99 <= allowed, "without Kafka p99 {p99:?}, allowed {allowed:?}");
}

/// What so many percent of these durations, which are in order, are not longer than.
fn percentile(took: &[Duration], percent: usize) -> Duration {
    took[(took.len() * percent).div_ceil(100) - 1]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_a_sidecar_starts_half_a_minute_after_its_service() {
    work_through("late-sidecar", |environment| {
        environment.kill("api").unwrap();
        environment.kill("api-sidecar").unwrap();
        environment.launch("api").unwrap();
        std::thread::sleep(Duration::from_secs(30));
        environment.start("api-sidecar").unwrap();
        environment.start("api").unwrap();
    })
    .await;
}
