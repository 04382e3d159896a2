//! More actors than a process remembers.

use super::*;

/// What a head has besides its commits, at most: a few entries of some hundred bytes.
const BESIDES_COMMITS: usize = 4 * 1024;

#[tokio::test]
async fn heads_do_not_grow_where_more_actors_take_turns_than_are_remembered() {
    let keys = TestKeys::default();
    let (environment, clock) = test_keys::environment(1);
    let store = DaprStore::remembering(Live::of(4), keys.clone(), &environment);
    let process = Process { store, keys, clock };
    let mut logs: Vec<LogWriter> = (1..=10).map(LogWriter::user).collect();
    let mut largest = 0;
    for round in 0..400 {
        for log in &mut logs {
            log.append(&process.store, &format!("round {round}")).await;
            // What is known of a head is read behind the back of who appended.
            drop(process.store.shared.live.entry(log.actor()).head.lock().await);
            let head = process.keys.get(&names::head(log.actor())).await.unwrap().unwrap().0;
            largest = largest.max(head.len());
        }
        // All within the grace, in which nothing that is listed may be deleted.
        process.clock.advance_ms(1_000);
    }
    eprintln!("the largest head had {largest} bytes");
    assert!(largest <= RECENT_BYTES + BESIDES_COMMITS, "{largest}");
    let mut named = BTreeSet::new();
    for log in &logs {
        assert_eq!(process.log(log.actor()).await.len(), 400);
        named.extend(process.named(log.actor()).await);
    }
    assert!(named.len() > 2 * logs.len(), "there are segments");
    let are_there: BTreeSet<String> = process.keys.names().into_iter().collect();
    assert_eq!(are_there, named, "nothing is left over");
}
