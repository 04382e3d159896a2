//! Who publishes by themselves: those whose messages were not taken the last time, and those who share a partition with them.

use std::{
    collections::{BTreeSet, HashSet},
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Users that are remembered because theirs was not taken, at most. At the limit all are forgotten: some share a call once more.
const MAX_USERS: usize = 65_536;

/// Whose messages would spoil a call for all that share it.
///
/// Mostly it is a partition that takes nothing, because its broker is away, so that the first user of it who is not served speaks for all of them. It can be a
/// message that no partition takes: then its user stays apart, and the others of the partition come back with the next message that is taken.
#[derive(Debug)]
pub(super) struct Apart {
    /// How many partitions the topic has. Where it has others, each user is found out by themselves.
    count: NonZeroU32,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
struct Found {
    users: HashSet<String>,
    partitions: BTreeSet<u32>,
}

impl Apart {
    /// Nobody, of so many partitions.
    pub(super) fn new(count: NonZeroU32) -> Self {
        Self {
            count,
            found: Mutex::default(),
        }
    }

    /// Whether messages with this key are to go by themselves.
    pub(super) fn has(&self, key: &str) -> bool {
        let found = self.found();
        found.users.contains(key) || found.partitions.contains(&partition_of(key, self.count))
    }

    /// Messages with this key were not taken, or not for long.
    pub(super) fn put(&self, key: &str) {
        let mut found = self.found();
        if found.users.len() >= MAX_USERS {
            found.users.clear();
        }
        found.users.insert(key.to_owned());
        found.partitions.insert(partition_of(key, self.count));
    }

    /// Messages with this key were taken.
    pub(super) fn take_back(&self, key: &str) {
        let mut found = self.found();
        found.users.remove(key);
        found.partitions.remove(&partition_of(key, self.count));
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The partition that Kafka's component has messages of a key go to (components-contrib 1.18.3 leaves it to the hash partitioner of sarama): FNV-1a of 32
/// bits as a signed number, and what is left of it without its sign.
pub(super) fn partition_of(key: &str, count: NonZeroU32) -> u32 {
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let hash = key.as_bytes().iter().fold(0x811c_9dc5, step);
    let rest = i64::from(hash.cast_signed()) % i64::from(count.get());
    u32::try_from(rest.unsigned_abs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twelve() -> NonZeroU32 {
        NonZeroU32::new(12).unwrap()
    }

    #[test]
    fn a_key_is_in_the_partition_that_the_component_chooses() {
        // By Go's hash/fnv, as the partitioner counts.
        let thousand = NonZeroU32::new(1_000).unwrap();
        for (key, partition) in [
            ("", 35),
            ("a", 76),
            ("foobar", 576),
            ("0190a5a0-0000-7000-8000-000000000001", 984),
            ("0190a5a0-0000-7000-8000-000000000002", 127),
        ] {
            assert_eq!(partition_of(key, thousand), partition, "{key:?}");
        }
    }

    #[test]
    fn the_first_who_is_not_served_speaks_for_the_partition_and_comes_back_by_themselves() {
        let apart = Apart::new(twelve());
        let of = |partition| {
            (0..)
                .map(|number| number.to_string())
                .filter(move |key| partition_of(key, twelve()) == partition)
        };
        let (mut here, mut there) = (of(3), of(4));
        let (first, second, other) = (here.next().unwrap(), here.next().unwrap(), there.next().unwrap());
        apart.put(&first);
        assert_eq!([&first, &second, &other].map(|key| apart.has(key)), [true, true, false]);
        apart.take_back(&second);
        assert_eq!([&first, &second].map(|key| apart.has(key)), [true, false]);
        apart.take_back(&first);
        assert!(!apart.has(&first));
    }

    #[test]
    fn however_many_are_not_served_so_many_are_remembered() {
        let apart = Apart::new(twelve());
        for number in 0..=MAX_USERS {
            apart.put(&number.to_string());
        }
        assert_eq!(apart.found().users.len(), 1, "all before the last are forgotten");
        assert!(apart.has(&MAX_USERS.to_string()));
    }
}
