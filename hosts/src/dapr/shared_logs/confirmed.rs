//! What actors were told of audit, and what they were not told yet. A confirmation costs a call to the actor, so a busy one is told now and then,
//! and a quiet one once.

use dashmap::DashMap;
use punctual_events::{ActorId, Seq, Timestamp};

/// An actor that was told of a commit is told again when audit has these many more.
const CONFIRM_EVERY: u64 = 32;
/// Whoever delivers something again may do so because the actor has forgotten what it was told: it is told again, this seldom, in milliseconds.
const AGAIN_AFTER_MS: i64 = 60_000;
/// Actors whose last confirmation is remembered. At the limit all are forgotten: telling one again is a call.
const REMEMBERED: usize = 65_536;

/// An actor, as audit knows it.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// What it was told last, and when.
    told: Seq,
    told_at: Timestamp,
    /// How far audit has come, and when it came there.
    audited: Seq,
    audited_at: Timestamp,
}

/// What actors were told last.
#[derive(Debug, Default)]
pub(super) struct Confirmed(DashMap<ActorId, Known>);

impl Confirmed {
    /// Notes how far audit has come. True when the actor is to be told now.
    pub(super) fn is_worth_telling(&self, actor: ActorId, seq: Seq, now: Timestamp) -> bool {
        let Some(mut known) = self.0.get_mut(&actor) else {
            // Were it not told, it would be found untold.
            self.insert(actor, Seq::ZERO, seq, now);
            return true;
        };
        if seq > known.audited {
            (known.audited, known.audited_at) = (seq, now);
        } else if now.as_millis() - known.told_at.as_millis() > AGAIN_AFTER_MS {
            return true;
        }
        seq.0 >= known.told.0.saturating_add(CONFIRM_EVERY)
    }

    /// Notes what an actor was told.
    pub(super) fn told(&self, actor: ActorId, seq: Seq, now: Timestamp) {
        let Some(mut known) = self.0.get_mut(&actor) else {
            return self.insert(actor, seq, seq, now);
        };
        known.told = known.told.max(seq);
        known.told_at = now;
    }

    fn insert(&self, actor: ActorId, told: Seq, audited: Seq, now: Timestamp) {
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        let known = Known {
            told,
            told_at: now,
            audited,
            audited_at: now,
        };
        self.0.insert(actor, known);
    }

    /// Actors of whom audit has had more than they were told since `before`, and nothing new since then.
    pub(super) fn untold_since(&self, before: Timestamp) -> Vec<(ActorId, Seq)> {
        let untold = self
            .0
            .iter()
            .filter(|known| known.audited > known.told && known.audited_at <= before);
        untold.map(|known| (*known.key(), known.audited)).collect()
    }
}

#[cfg(test)]
mod tests {
    use punctual_events::UserId;
    use uuid::Uuid;

    use super::*;

    const ACTOR: ActorId = ActorId::User(UserId(Uuid::from_u128(1)));
    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// Confirms as the shared logs do; what the actor was told.
    fn confirm(confirmed: &Confirmed, seqs: impl IntoIterator<Item = u64>, now: Timestamp) -> Vec<u64> {
        let mut told = Vec::new();
        for seq in seqs {
            if confirmed.is_worth_telling(ACTOR, Seq(seq), now) {
                confirmed.told(ACTOR, Seq(seq), now);
                told.push(seq);
            }
        }
        told
    }

    #[test]
    fn an_actor_is_told_at_first_and_then_now_and_then() {
        let confirmed = Confirmed::default();
        assert_eq!(confirm(&confirmed, 5..=100, NOW), [5, 37, 69]);
        let other = ActorId::User(UserId(Uuid::from_u128(2)));
        assert!(confirmed.is_worth_telling(other, Seq(100), NOW));
    }

    #[test]
    fn an_actor_that_became_quiet_is_told_the_rest_once() {
        let confirmed = Confirmed::default();
        confirm(&confirmed, 1..=9, NOW);
        assert_eq!(confirmed.untold_since(NOW.plus_millis(-1)), []);
        assert_eq!(confirmed.untold_since(NOW), [(ACTOR, Seq(9))]);
        confirmed.told(ACTOR, Seq(9), NOW);
        assert_eq!(confirmed.untold_since(Timestamp::MAX), []);
    }

    #[test]
    fn an_actor_that_was_not_told_at_first_is_untold() {
        let confirmed = Confirmed::default();
        assert!(confirmed.is_worth_telling(ACTOR, Seq(7), NOW));
        assert!(!confirmed.is_worth_telling(ACTOR, Seq(8), NOW), "it is being told");
        assert_eq!(confirmed.untold_since(NOW), [(ACTOR, Seq(8))]);
    }

    #[test]
    fn an_actor_whose_last_commit_comes_again_later_is_told_again() {
        let confirmed = Confirmed::default();
        confirm(&confirmed, [7], NOW);
        assert_eq!(confirm(&confirmed, [7, 7, 6], NOW.plus_millis(1_000)), [] as [u64; 0]);
        assert_eq!(confirm(&confirmed, [7, 7], NOW.plus_millis(AGAIN_AFTER_MS + 1)), [7]);
    }
}
