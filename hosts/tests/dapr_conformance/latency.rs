//! How long an append takes next to a plain write.

use std::time::{Duration, Instant};

use bytes::Bytes;
use punctual::dapr::{keys::Keys as _, state::State};
use punctual_actors::conformance::LogWriter;

use crate::sidecars::{process, stores};

const ROUNDS: usize = 1_000;

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn report(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let [p50, p99] = [50, 99].map(|percent| percentile(&took, percent));
    println!("{what}: p50 {p50:?}, p99 {p99:?}");
}

/// A write with an ETag of as many bytes as a head has on average; the read that gives its ETag is not counted.
async fn write(state: &State, key: &str, value: &Bytes) -> Duration {
    let (_, version) = state.get(key).await.unwrap().unwrap();
    let started = Instant::now();
    state.replace(key, &version, value.clone()).await.unwrap();
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and says nothing on a busy machine"]
async fn an_append_next_to_a_plain_write_with_an_etag() {
    for (store, state) in stores() {
        for (size, value) in [
            ("1 KB", Bytes::from(vec![7; 1024])),
            ("8 KB", Bytes::from(vec![7; 8 * 1024])),
        ] {
            state.create(size, value.clone()).await.unwrap();
            let mut writes = Vec::new();
            for _ in 0..ROUNDS {
                writes.push(write(&state, size, &value).await);
            }
            report(&format!("{store}: a write of {size} with an ETag"), writes);
        }
        let (owner, mut log) = (process(&state), LogWriter::user(1));
        for pause in [Duration::ZERO, Duration::from_millis(2)] {
            let mut appends = Vec::new();
            for _ in 0..ROUNDS {
                tokio::time::sleep(pause).await;
                let draft = log.draft("a commit of about six hundred bytes, as most are");
                let started = Instant::now();
                log.try_append(&owner, draft.clone()).await.unwrap();
                appends.push(started.elapsed());
                log.take_in(&draft);
            }
            report(&format!("{store}: an append, {pause:?} after the one before"), appends);
        }
        let started = Instant::now();
        let callers = (0..16_u128).map(|number| {
            let owner = owner.clone();
            tokio::spawn(async move { LogWriter::user(100 + number).append_many(&owner, 200).await })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        let per_second = 16.0 * 200.0 / started.elapsed().as_secs_f64();
        println!("{store}: 16 callers, 16 actors: {per_second:.0} appends/s");
    }
}
