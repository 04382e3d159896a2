//! The reference ports keep the contracts.

use std::sync::{Arc, Mutex};

use punctual_actors::{
    conformance::{self, Delivery, DirectoryMaker, PublisherMaker, StoreMaker, WakeUpsMaker},
    ports::Clock as _,
    reference::{MemoryDirectory, MemoryPublisher, MemoryStore, MemoryWakeUps, VirtualClock},
};
use punctual_events::{CloudEvent, Timestamp, Topic};

struct InMemory {
    clock: Arc<VirtualClock>,
    delivered: Mutex<Vec<Delivery>>,
}

impl InMemory {
    fn new() -> Self {
        Self {
            clock: VirtualClock::new(Timestamp::from_millis(1_800_000_000_000)),
            delivered: Mutex::default(),
        }
    }
}

impl StoreMaker for InMemory {
    type Store = MemoryStore;

    async fn make(&self) -> MemoryStore {
        MemoryStore::default()
    }

    async fn reopen(&self, store: MemoryStore) -> MemoryStore {
        store.clone()
    }
}

impl DirectoryMaker for InMemory {
    type Directory = MemoryDirectory;

    async fn make(&self) -> MemoryDirectory {
        MemoryDirectory::default()
    }

    async fn reopen(&self, directory: MemoryDirectory) -> MemoryDirectory {
        directory.clone()
    }
}

impl PublisherMaker for InMemory {
    type Publisher = MemoryPublisher;

    async fn make(&self) -> MemoryPublisher {
        MemoryPublisher::default()
    }

    async fn delivered(&self, publisher: &MemoryPublisher, enough: impl Fn(&[CloudEvent]) -> bool) -> Vec<CloudEvent> {
        let events: Vec<CloudEvent> = publisher
            .published()
            .iter()
            .flat_map(|commit| commit.cloud_events(Topic::TaskEvents).expect("events"))
            .collect();
        assert!(enough(&events));
        events
    }
}

impl WakeUpsMaker for InMemory {
    type WakeUps = MemoryWakeUps;

    async fn make(&self) -> MemoryWakeUps {
        self.delivered.lock().expect("no panic before").clear();
        MemoryWakeUps::default()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn delivered(&self, wake_ups: &MemoryWakeUps, until: Timestamp) -> Vec<Delivery> {
        let mut delivered = self.delivered.lock().expect("no panic before");
        loop {
            for (actor, wake_up) in wake_ups.due(self.clock.now()) {
                wake_ups.done(actor, wake_up);
                delivered.push(Delivery {
                    actor,
                    wake_up,
                    delivered: self.clock.now(),
                });
            }
            if self.clock.now() >= until {
                return delivered.clone();
            }
            self.clock.advance_ms(1);
        }
    }
}

#[tokio::test]
async fn the_store_in_memory_conforms() {
    conformance::store(&InMemory::new()).await;
}

#[tokio::test]
async fn the_directory_in_memory_conforms() {
    conformance::directory(&InMemory::new()).await;
}

#[tokio::test]
async fn the_publisher_in_memory_conforms() {
    conformance::publisher(&InMemory::new()).await;
}

#[tokio::test]
async fn the_wake_ups_in_memory_conform() {
    conformance::wake_ups(&InMemory::new()).await;
}
