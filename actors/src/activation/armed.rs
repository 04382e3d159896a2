//! Wake-ups that were armed for an actor by this process and not delivered to it. What was superseded must not gather where it is kept until its
//! instant, which may be thousands of years ahead.

use punctual_events::Timestamp;

use crate::ports::WakeUp;

/// Beyond so many, one that nobody needs is cancelled for each that is armed. Reminders set in any order need fewer.
const MOST: usize = 4;

/// What is known of a wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It is armed, and counted on.
    Counted,
    /// An activation that is gone armed it, and others have committed since, perhaps because it was delivered to them.
    Uncounted,
    /// Nobody counts on it: arming it failed, or whatever held it was lost.
    Doubtful,
}

/// Wake-ups that were armed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Armed(Vec<(WakeUp, Standing)>);

impl Armed {
    /// True when one that is counted on fires by `at`.
    pub(super) fn covers(&self, at: Timestamp) -> bool {
        self.earliest_counted().is_some_and(|earliest| earliest.at <= at)
    }

    fn earliest_counted(&self) -> Option<WakeUp> {
        let counted = self.0.iter().filter(|(_, standing)| *standing == Standing::Counted);
        counted.map(|(wake_up, _)| *wake_up).min()
    }

    /// One was armed.
    pub(super) fn add(&mut self, wake_up: WakeUp) {
        self.0.retain(|(armed, _)| *armed != wake_up);
        self.0.push((wake_up, Standing::Counted));
    }

    /// One may be armed, though that failed.
    pub(super) fn doubt(&mut self, wake_up: WakeUp) {
        self.0.push((wake_up, Standing::Doubtful));
        self.forget_beyond(2 * MOST);
    }

    /// One was delivered, and those before it were or will be.
    pub(super) fn delivered(&mut self, wake_up: WakeUp) {
        self.0.retain(|(armed, _)| armed.at > wake_up.at);
    }

    /// Whatever held them was lost, and perhaps not all of it.
    pub(super) fn lose(&mut self) {
        self.0
            .iter_mut()
            .for_each(|(_, standing)| *standing = Standing::Doubtful);
    }

    /// Others have committed since: they may have had what was counted on.
    pub(super) fn overtake(&mut self) {
        for (_, standing) in &mut self.0 {
            if *standing == Standing::Counted {
                *standing = Standing::Uncounted;
            }
        }
        self.forget_beyond(2 * MOST);
    }

    /// True when so many are ahead that others may have armed as well that one more is to be of a kind that can be cancelled.
    pub(super) fn has_enough_shared(&self) -> bool {
        self.0.iter().filter(|(wake_up, _)| wake_up.is_shared()).count() >= MOST
    }

    /// Takes out one that nobody needs, where there are too many: the furthest away of those after one that is counted on. Whoever counts on it is woken
    /// by the earlier one as well, or by what is armed when that one is delivered. One that others may have armed as well is never taken: cancelling it late
    /// would hit what they armed since.
    pub(crate) fn take_surplus(&mut self) -> Option<WakeUp> {
        if self.0.len() <= MOST {
            return None;
        }
        let earliest = self.earliest_counted();
        let is_surplus = |(wake_up, standing): &(WakeUp, Standing)| {
            let is_needless = *standing == Standing::Doubtful || earliest.is_some_and(|earliest| *wake_up > earliest);
            is_needless && !wake_up.is_shared()
        };
        let surplus = self.0.iter().enumerate().filter(|(_, armed)| is_surplus(armed));
        let (index, _) = surplus.max_by_key(|(_, (wake_up, _))| *wake_up)?;
        Some(self.0.swap_remove(index).0)
    }

    /// Where arming fails or commits go astray all the time, not even the list grows.
    fn forget_beyond(&mut self, most: usize) {
        while self.0.len() > most {
            self.0
                .sort_unstable_by_key(|(wake_up, standing)| (*standing == Standing::Counted, *wake_up));
            self.0.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use punctual_events::Seq;

    use super::*;

    fn wake_up(at: i64) -> WakeUp {
        WakeUp {
            at: Timestamp::from_millis(at),
            seq: Seq(1),
            nonce: 0,
            is_guard: false,
        }
    }

    #[test]
    fn where_arming_always_fails_the_list_does_not_grow_and_the_furthest_is_surplus() {
        let mut armed = Armed::default();
        (1..=100).for_each(|at| armed.doubt(wake_up(at)));
        assert_eq!(armed.0.len(), 2 * MOST);
        let surplus: Vec<_> = std::iter::from_fn(|| armed.take_surplus()).collect();
        assert_eq!(surplus, [100, 99, 98, 97].map(wake_up));
    }

    #[test]
    fn the_earliest_that_is_counted_on_is_never_surplus() {
        let mut armed = Armed::default();
        (1..=9).rev().for_each(|at| armed.add(wake_up(at)));
        while let Some(surplus) = armed.take_surplus() {
            assert_ne!(surplus, wake_up(1));
        }
        assert_eq!(armed.0.len(), MOST);
        assert!(armed.covers(Timestamp::from_millis(1)));
    }

    #[test]
    fn what_others_may_have_armed_as_well_is_never_surplus_and_kept_once() {
        let mut armed = Armed::default();
        (1..=9).for_each(|at| armed.add(WakeUp::once_more(Timestamp::from_millis(at))));
        armed.add(WakeUp::once_more(Timestamp::from_millis(9)));
        assert_eq!((armed.take_surplus(), armed.0.len()), (None, 9));
    }
}
