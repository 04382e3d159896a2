//! The directory.

use punctual_events::ActorId;

use super::{DirectoryMaker, LogWriter, all};
use crate::ports::Directory;

/// Holds a [`Directory`] to its contract.
pub async fn directory<K: DirectoryMaker>(maker: &K) {
    let directory = maker.make().await;
    assert!(directory.list(None, 10).await.expect("list").is_empty());
    let actors: Vec<ActorId> = (0..40)
        .flat_map(|number| {
            [
                LogWriter::user(number * 7919).actor(),
                LogWriter::series(number).actor(),
            ]
        })
        .collect();
    for outcome in all(actors.iter().map(|actor| directory.register(*actor))).await {
        outcome.expect("register");
    }
    for actor in &actors[..5] {
        directory.register(*actor).await.expect("registering again is harmless");
    }
    let order = every_actor_is_listed_once(&directory, &actors).await;
    let directory = maker.reopen(directory).await;
    assert_eq!(
        every_actor_is_listed_once(&directory, &actors).await,
        order,
        "the order is fixed"
    );
    let last = order.last().copied();
    assert!(directory.list(last, 10).await.expect("list").is_empty());
}

/// Walks the directory in portions of several sizes and gives its order.
async fn every_actor_is_listed_once(directory: &impl Directory, actors: &[ActorId]) -> Vec<ActorId> {
    let mut expected = actors.to_vec();
    expected.sort_unstable();
    let mut orders = Vec::new();
    for limit in [1, 7, 80, 1000] {
        let mut listed: Vec<ActorId> = Vec::new();
        loop {
            let portion = directory.list(listed.last().copied(), limit).await.expect("list");
            assert!(portion.len() <= limit);
            if portion.is_empty() {
                break;
            }
            listed.extend(portion);
        }
        let mut sorted = listed.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        orders.push(listed);
    }
    assert!(orders.windows(2).all(|pair| pair[0] == pair[1]), "the order is fixed");
    orders.pop().unwrap_or_default()
}
