//! The directory on keys in memory.

use punctual_actors::conformance::{self, DirectoryMaker, LogWriter, all};

use super::*;
use crate::dapr::test_keys::TestKeys;

struct Maker;

impl DirectoryMaker for Maker {
    type Directory = DaprDirectory<TestKeys>;

    async fn make(&self) -> DaprDirectory<TestKeys> {
        DaprDirectory::new(TestKeys::default())
    }

    async fn reopen(&self, directory: DaprDirectory<TestKeys>) -> DaprDirectory<TestKeys> {
        DaprDirectory::new(directory.shared.keys.clone())
    }
}

#[tokio::test]
async fn the_directory_keeps_its_contract_on_any_keys() {
    conformance::directory(&Maker).await;
}

/// Actors of one bucket.
fn of_one_bucket(count: usize) -> Vec<ActorId> {
    let actors = (0..).map(|number| LogWriter::user(number).actor());
    actors.filter(|actor| bucket_of(*actor) == 7).take(count).collect()
}

#[tokio::test]
async fn registrations_that_wait_share_a_write() {
    let keys = TestKeys::default();
    let directory = DaprDirectory::new(keys.clone());
    let actors = of_one_bucket(50);
    for outcome in all(actors.iter().map(|actor| directory.register(*actor))).await {
        outcome.unwrap();
    }
    assert!(keys.writes() <= 2, "{} writes", keys.writes());
    let reads = keys.reads();
    directory.register(actors[0]).await.unwrap();
    assert_eq!(keys.reads(), reads, "what is registered is remembered");
}

#[tokio::test]
async fn two_processes_lose_no_registration_not_even_with_its_reply() {
    let keys = TestKeys::default();
    let (one, two) = (DaprDirectory::new(keys.clone()), DaprDirectory::new(keys.clone()));
    let actors = of_one_bucket(1_100);
    for (round, pair) in actors.chunks(2).enumerate() {
        if round % 50 == 0 {
            keys.lose_reply_after(0);
            // Unknown, so it is done again.
            let _ = one.register(pair[0]).await;
        }
        let (first, second) = tokio::join!(one.register(pair[0]), two.register(pair[1]));
        first.unwrap();
        second.unwrap();
    }
    let mut sorted = actors.clone();
    sorted.sort_unstable();
    assert_eq!(one.list(None, 10_000).await.unwrap(), sorted);
    assert_eq!(keys.names().len(), 2, "pages are filled before the next is begun");
}

#[test]
fn a_page_of_format_1_is_read_for_ever() {
    let golden = "{\"format\":1,\"actors\":[\"user/00000000-0000-0000-0000-000000000007\"]}\n";
    assert_eq!(decode(&golden.into()).unwrap(), [LogWriter::user(7).actor()]);
    assert_eq!(bucket_of(LogWriter::user(7).actor()), 82);
    assert!(decode(&"{\"format\":2}\n".into()).is_err());
}
