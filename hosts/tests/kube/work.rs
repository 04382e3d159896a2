//! A user who works, and a device that follows, while something is done to the release.

use std::time::Duration;

use crate::{
    cluster::Cluster,
    device::{end, follow},
    load::Load,
    socket::Socket,
};

/// Acknowledged before a change, and again after it.
const ACKNOWLEDGED: usize = 10;
/// A steady load, and no more reminders in the time of a change than an inbox keeps.
const REST: Duration = Duration::from_millis(300);

/// Has a user work, and a device follow it, while `change` happens. What calls failed that were made again is returned.
pub(crate) async fn work_through(what: &str, change: impl FnOnce(&Cluster) + Send + 'static) -> Vec<String> {
    let cluster = Cluster::of_the_suite();
    let client = cluster.user().await;
    let at_sync = client.at(&cluster.url("sync"));
    let socket = Socket::open(&at_sync, None).await;
    let device = tokio::spawn(follow(at_sync, socket));
    let (load, callers) = Load::resting(client.clone(), REST).await;
    load.acknowledges(ACKNOWLEDGED).await;
    tokio::task::spawn_blocking(move || change(&cluster)).await.unwrap();
    load.acknowledges(ACKNOWLEDGED).await;
    load.ends_well(callers).await;
    end(&client).await;
    let tasks = client.all_tasks("all").await;
    let seen = device.await.unwrap();
    seen.missed_nothing_of(&tasks);
    let (again, sockets) = (load.failures(), seen.codes.len());
    let (tasks, calls) = (tasks.len(), again.len());
    println!("{what}: {tasks} tasks, {calls} calls made again, {sockets} sockets closed");
    again
}
