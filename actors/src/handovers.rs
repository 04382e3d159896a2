//! Hand-overs an actor owes others: kept, in order per receiver, until they are acknowledged, and offered again when that takes too long.

use std::sync::Arc;

use punctual_events::{ActorId, Handover, HandoverMessage, HandoverOffered, Timestamp};
use serde::{Deserialize, Serialize};

/// First pause before an offer is repeated, in milliseconds; it doubles.
const FIRST_PAUSE_MS: i64 = 10_000;
/// Longest pause, in milliseconds.
const LONGEST_PAUSE_MS: i64 = 3_600_000;

/// A hand-over that nobody has acknowledged.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Owed {
    attempt: u32,
    handover: Handover,
    offer_again: Timestamp,
}

/// What an actor owes others.
#[derive(Clone, Debug, Default)]
pub struct Handovers {
    /// By number.
    owed: imbl::OrdMap<u64, Arc<Owed>>,
    /// The highest number given.
    last: u64,
}

/// The saved form.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedHandovers {
    last: u64,
    owed: Vec<Arc<Owed>>,
}

impl Handovers {
    /// Numbers the hand-overs a decision makes after those already made.
    #[must_use]
    pub fn numbering(&self) -> Numbering {
        Numbering { last: self.last }
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
        self.owed.insert(number, Arc::new(owed));
        self.last = self.last.max(number);
    }

    /// Takes in an acknowledgement.
    pub fn acknowledged(&mut self, number: u64) {
        self.owed.remove(&number);
    }

    /// True while `number` is owed.
    #[must_use]
    pub fn owes(&self, number: u64) -> bool {
        self.owed.contains_key(&number)
    }

    /// The first owed to each receiver: a receiver takes them in order, so offering later ones again would be in vain.
    fn heads(&self) -> impl Iterator<Item = &Owed> {
        let mut seen: Vec<ActorId> = Vec::new();
        self.owed.values().map(Arc::as_ref).filter(move |owed| {
            let new = !seen.contains(&owed.handover.to);
            if new {
                seen.push(owed.handover.to);
            }
            new
        })
    }

    /// When the next offer has to be repeated.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.heads().map(|owed| owed.offer_again).min()
    }

    /// The offers to repeat now.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<HandoverOffered> {
        let due = self.heads().filter(|owed| owed.offer_again <= now);
        due.map(|owed| HandoverOffered {
            attempt: owed.attempt + 1,
            handover: owed.handover.clone(),
            offered: now,
        })
        .collect()
    }

    pub(crate) fn to_saved(&self) -> SavedHandovers {
        SavedHandovers {
            last: self.last,
            owed: self.owed.values().cloned().collect(),
        }
    }

    pub(crate) fn from_saved(saved: SavedHandovers) -> Self {
        Self {
            last: saved.last,
            owed: saved
                .owed
                .into_iter()
                .map(|owed| (owed.handover.number, owed))
                .collect(),
        }
    }
}

/// Gives a decision's hand-overs their numbers.
#[derive(Debug)]
pub struct Numbering {
    last: u64,
}

impl Numbering {
    /// The first offer of `message` to `to`.
    pub fn offer(&mut self, to: ActorId, message: HandoverMessage, now: Timestamp) -> HandoverOffered {
        self.last += 1;
        HandoverOffered {
            attempt: 1,
            handover: Handover {
                message,
                number: self.last,
                to,
            },
            offered: now,
        }
    }
}
