//! One time of beginning to listen: which markers are still awaited, and for how long nothing was heard where each of them is.

use std::collections::BTreeMap;

use punctual_events::Topic;

use super::Enough;

/// After so many times without an answer nothing is heard. Longer than a consumer group takes to give the partitions of a member that died to another.
const TRIES: u32 = 20;

/// The broker took the markers, none came back, and nothing else came where they were awaited: this process has no subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deaf;

/// What is awaited, and of each since how many tries nothing came from where it is.
#[derive(Default)]
pub(super) struct Round {
    pub(super) number: u64,
    awaited: BTreeMap<(Topic, u32), u32>,
}

impl Round {
    /// Begins anew: a marker of each of these partitions of each topic is awaited.
    pub(super) fn begin(&mut self, topics: &[Topic], partitions: u32) {
        let of_each = |partition| topics.iter().map(move |topic| ((*topic, partition), 0));
        *self = Self {
            number: self.number + 1,
            awaited: (0..partitions).flat_map(of_each).collect(),
        };
    }

    /// What is still awaited, each with topic and partition.
    pub(super) fn awaited(&self) -> impl Iterator<Item = (Topic, u32)> {
        self.awaited.keys().copied()
    }

    /// Counts a time that the broker took the markers.
    ///
    /// # Errors
    /// When for one of them it was the last without an answer.
    pub(super) fn was_tried(&mut self) -> Result<(), Deaf> {
        self.awaited.values_mut().for_each(|tries| *tries += 1);
        if self.awaited.values().any(|tries| *tries > TRIES) {
            Err(Deaf)
        } else {
            Ok(())
        }
    }

    /// A message has come. It shows that what it came from is subscribed to, and a marker that is awaited from there lies behind it: after the broker was
    /// away, behind everything that was published since. So its tries count anew. Who is to hear every partition learns nothing of one from another, nor
    /// from a message of which it is not known where it comes from.
    pub(super) fn hear(&mut self, topic: Topic, partition: Option<u32>, enough: Enough) {
        for ((awaited, of), tries) in &mut self.awaited {
            let is_from_there = enough == Enough::OnePartition || partition == Some(*of);
            if *awaited == topic && is_from_there {
                *tries = 0;
            }
        }
    }

    /// A marker of this round has come back. Whether it was awaited.
    pub(super) fn came_back(&mut self, topic: Topic, partition: u32, enough: Enough) -> bool {
        let was_awaited = self.awaited.remove(&(topic, partition)).is_some();
        if was_awaited && enough == Enough::OnePartition {
            self.awaited.retain(|(awaited, _), _| *awaited != topic);
        }
        was_awaited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPICS: [Topic; 2] = [Topic::Reminders, Topic::TaskUpdates];

    fn round() -> Round {
        let mut round = Round::default();
        round.begin(&TOPICS, 2);
        round
    }

    /// How many tries it takes until nothing is heard, where that comes after each of them. `None` when it never is so.
    fn deaf_after(round: &mut Round, enough: Enough, heard: Option<(Topic, Option<u32>)>) -> Option<u32> {
        (1..=10 * TRIES).find(|_| {
            let is_deaf = round.was_tried() == Err(Deaf);
            if let Some((topic, partition)) = heard {
                round.hear(topic, partition, enough);
            }
            is_deaf
        })
    }

    #[test]
    fn where_nothing_comes_nothing_is_heard_after_the_last_try() {
        for enough in [Enough::EveryPartition, Enough::OnePartition] {
            assert_eq!(deaf_after(&mut round(), enough, None), Some(TRIES + 1));
        }
    }

    #[test]
    fn who_hears_what_lies_before_the_awaited_marker_is_never_deaf() {
        let mut last = Round::default();
        last.begin(&[Topic::TaskUpdates], 1);
        let heard = Some((Topic::TaskUpdates, Some(0)));
        assert_eq!(deaf_after(&mut last, Enough::EveryPartition, heard), None);
        // Of a share of the partitions it does not matter which it is, and it may be one beyond those that are known.
        for partition in [Some(7), None] {
            let heard = Some((Topic::TaskUpdates, partition));
            let mut share = round();
            assert!(share.came_back(Topic::Reminders, 0, Enough::OnePartition));
            assert_eq!(deaf_after(&mut share, Enough::OnePartition, heard), None);
        }
    }

    #[test]
    fn what_is_heard_elsewhere_proves_nothing_of_a_partition_or_topic() {
        // Of a partition that is not said, of another, and of another topic.
        for heard in [(Topic::TaskUpdates, None), (Topic::TaskUpdates, Some(1))] {
            let mut all = round();
            assert_eq!(
                deaf_after(&mut all, Enough::EveryPartition, Some(heard)),
                Some(TRIES + 1),
                "{heard:?}"
            );
        }
        let heard = Some((Topic::TaskUpdates, Some(1)));
        assert_eq!(deaf_after(&mut round(), Enough::OnePartition, heard), Some(TRIES + 1));
    }

    #[test]
    fn what_comes_where_nothing_is_awaited_any_more_proves_nothing_of_the_rest() {
        let mut all = round();
        assert!(all.came_back(Topic::Reminders, 0, Enough::EveryPartition));
        let heard = Some((Topic::Reminders, Some(0)));
        assert_eq!(deaf_after(&mut all, Enough::EveryPartition, heard), Some(TRIES + 1));
        let mut share = round();
        assert!(share.came_back(Topic::Reminders, 0, Enough::OnePartition));
        let heard = Some((Topic::Reminders, Some(1)));
        assert_eq!(deaf_after(&mut share, Enough::OnePartition, heard), Some(TRIES + 1));
    }

    #[test]
    fn a_new_round_has_all_its_tries() {
        let mut round = round();
        assert_eq!(deaf_after(&mut round, Enough::EveryPartition, None), Some(TRIES + 1));
        round.begin(&TOPICS, 2);
        assert_eq!(deaf_after(&mut round, Enough::EveryPartition, None), Some(TRIES + 1));
    }
}
