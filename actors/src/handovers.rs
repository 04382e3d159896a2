//! Hand-overs an actor owes others: kept, in order per receiver, until they are acknowledged, and offered again when that takes too long.

use std::sync::Arc;

use punctual_events::{ActorId, DecodeError, Handover, HandoverMessage, HandoverOffered, SeriesDefinition, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    budget::Budget,
    paged::{Paged, Weigh},
    ports::{Page, PageWrite},
};

/// First pause before an offer is repeated, in milliseconds; it doubles.
const FIRST_PAUSE_MS: i64 = 10_000;
/// Longest pause, in milliseconds.
const LONGEST_PAUSE_MS: i64 = 3_600_000;

const PAGES: &str = "handovers";

/// A hand-over that nobody has acknowledged.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Owed {
    attempt: u32,
    handover: Handover,
    offer_again: Timestamp,
}

impl Weigh for Owed {
    fn weight(&self) -> usize {
        let definition = |definition: &SeriesDefinition| {
            let tags: usize = definition.tags.iter().map(|tag| tag.len() + 4).sum();
            1_000 + definition.title.len() + definition.description.as_deref().map_or(0, str::len) + tags
        };
        300 + match &self.handover.message {
            HandoverMessage::StartSeries { definition: of, .. }
            | HandoverMessage::ChangeSeries { definition: of, .. }
            | HandoverMessage::EditSeries { definition: of, .. } => definition(of),
            HandoverMessage::OpenInstance { task, .. } => {
                1_000 + task.title.len() + task.description.as_deref().map_or(0, str::len) + task.tags.len() * 20
            }
            HandoverMessage::CloseOccurrence { .. }
            | HandoverMessage::ChangeZone { .. }
            | HandoverMessage::PassOccurrence { .. }
            | HandoverMessage::MoveInstance { .. }
            | HandoverMessage::SkipInstance { .. }
            | HandoverMessage::ReopenOccurrence { .. }
            | HandoverMessage::EndSeries { .. }
            | HandoverMessage::DeleteSeries { .. } => 0,
        }
    }
}

/// What an actor owes others.
#[derive(Clone, Debug, Default)]
pub struct Handovers {
    /// By number.
    owed: Paged<u64, Arc<Owed>>,
    /// The highest number given.
    last: u64,
    /// Derived: what is owed to whom.
    queues: imbl::OrdSet<(ActorId, u64)>,
    /// Derived: when the first owed to each receiver is offered again. A receiver takes them in order, so offering later ones again would be in
    /// vain.
    alarms: imbl::OrdSet<(Timestamp, u64)>,
}

impl Handovers {
    /// Numbers the hand-overs a decision makes after those already made.
    #[must_use]
    pub fn numbering(&self) -> Numbering {
        Numbering { last: self.last }
    }

    /// The highest number given.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Takes in an offer.
    pub fn offered(&mut self, offer: &HandoverOffered) {
        let number = offer.handover.number;
        let pause = (FIRST_PAUSE_MS << offer.attempt.saturating_sub(1).min(20)).min(LONGEST_PAUSE_MS);
        let owed = Owed {
            attempt: offer.attempt,
            handover: offer.handover.clone(),
            offer_again: offer.offered.plus_millis(pause),
        };
        self.change_queue(offer.handover.to, |handovers| handovers.put(number, Arc::new(owed)));
        self.last = self.last.max(number);
    }

    /// Takes in an acknowledgement.
    pub fn acknowledged(&mut self, number: u64) {
        let Some(to) = self.owed.get(&number).map(|owed| owed.handover.to) else {
            return;
        };
        self.change_queue(to, |handovers| {
            handovers.owed.remove(&number);
            handovers.queues.remove(&(to, number));
        });
    }

    /// Owes no more what `keep` does not want kept.
    pub fn retain(&mut self, keep: impl Fn(&Handover) -> bool) {
        let dropped = self.owed.iter().filter(|(_, owed)| !keep(&owed.handover));
        for number in dropped.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.acknowledged(number);
        }
    }

    /// True while `number` is owed.
    #[must_use]
    pub fn owes(&self, number: u64) -> bool {
        self.owed.get(&number).is_some()
    }

    /// True while nothing is owed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.owed.is_empty()
    }

    /// When the next offer has to be repeated.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.alarms.get_min().map(|(instant, _)| *instant)
    }

    /// The offers to repeat now, as far as `budget` goes. Others that are due are repeated by the next turn, at once.
    #[must_use]
    pub fn due(&self, now: Timestamp, budget: &mut Budget) -> Vec<HandoverOffered> {
        let due = self.alarms.iter().take_while(|(instant, _)| *instant <= now);
        let owed = due
            .filter_map(|(_, number)| self.owed.get(number))
            .take_while(|owed| budget.take(1, owed.weight()));
        owed.map(|owed| HandoverOffered {
            attempt: owed.attempt + 1,
            handover: owed.handover.clone(),
            offered: now,
        })
        .collect()
    }

    fn put(&mut self, number: u64, owed: Arc<Owed>) {
        self.queues.insert((owed.handover.to, number));
        self.owed.insert(number, owed);
    }

    /// The number and the alarm of the first that is owed to `receiver`.
    fn head(&self, receiver: ActorId) -> Option<(Timestamp, u64)> {
        let (_, number) = self.queues.range((receiver, 0)..=(receiver, u64::MAX)).next()?;
        self.owed.get(number).map(|owed| (owed.offer_again, *number))
    }

    /// Keeps the alarm of `receiver` in step with a change of what is owed to it.
    fn change_queue(&mut self, receiver: ActorId, change: impl FnOnce(&mut Self)) {
        if let Some(alarm) = self.head(receiver) {
            self.alarms.remove(&alarm);
        }
        change(self);
        if let Some(alarm) = self.head(receiver) {
            self.alarms.insert(alarm);
        }
    }

    /// Adds the pages that differ from those of `since`.
    ///
    /// # Errors
    /// When a hand-over cannot be written.
    pub fn save(&self, since: Option<&Self>, writes: &mut Vec<PageWrite>) -> Result<(), DecodeError> {
        self.owed.save(PAGES, since.map(|since| &since.owed), writes)
    }

    /// Reads back what [`save`](Self::save) wrote; `last` is the highest number given.
    ///
    /// # Errors
    /// When a page is of a newer format or damaged.
    pub fn restore(last: u64, pages: &[Page]) -> Result<Self, DecodeError> {
        let mut restored = Self {
            owed: Paged::restore(PAGES, pages)?,
            last,
            ..Self::default()
        };
        let owed: Vec<(ActorId, u64)> = restored
            .owed
            .iter()
            .map(|(number, owed)| (owed.handover.to, *number))
            .collect();
        for (to, number) in owed {
            restored.change_queue(to, |handovers| {
                handovers.queues.insert((to, number));
            });
        }
        Ok(restored)
    }
}

/// Gives a decision's hand-overs their numbers.
#[derive(Debug)]
pub struct Numbering {
    last: u64,
}

impl Numbering {
    /// The first offer of `message` to `to`, which got the hand-over `previous` before it (0: none).
    pub fn offer(&mut self, to: ActorId, previous: u64, message: HandoverMessage, now: Timestamp) -> HandoverOffered {
        self.last += 1;
        HandoverOffered {
            attempt: 1,
            handover: Handover {
                message,
                number: self.last,
                previous,
                to,
            },
            offered: now,
        }
    }
}

#[cfg(test)]
mod tests;
