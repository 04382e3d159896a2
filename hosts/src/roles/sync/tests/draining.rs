//! The end of the process, for those who have a socket to it.

use super::*;
use crate::shutdown::Shutdown;

#[tokio::test]
async fn draining_closes_everybody_who_is_there_or_comes() {
    let world = World::new(SyncConfig::default());
    let (silent, live) = (world.connect(8), world.hello(8, None));
    next_json(&live).await;
    assert_eq!(world.role.sockets(), 2);
    let role = Arc::clone(&world.role);
    let drained = tokio::spawn(async move { role.drain().await });
    for client in [silent, live] {
        assert_eq!(next_close(&client).await, (1012, "restart".to_owned()));
    }
    drained.await.unwrap();
    let late = world.connect(8);
    assert_eq!(next_close(&late).await.0, 1012);
    settle().await;
    drop(late);
    settle().await;
    assert_eq!(world.role.sockets(), 0);
}

#[tokio::test]
async fn who_drains_for_long_closes_sockets_at_its_beginning_and_those_that_come_meanwhile() {
    let world = World::new(SyncConfig::default());
    let live = world.hello(8, None);
    next_json(&live).await;
    let (role, shutdown) = (Arc::clone(&world.role), Shutdown::default());
    let draining = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { role.drain_until(shutdown.begun()).await }
    });
    shutdown.announce();
    assert_eq!(next_close(&live).await, (1012, "restart".to_owned()));
    let late = world.hello(8, None);
    assert_eq!(next_close(&late).await, (1012, "restart".to_owned()));
    assert!(!draining.is_finished());
    shutdown.begin();
    drop((live, late));
    draining.await.unwrap();
    assert_eq!(world.role.sockets(), 0);
}
