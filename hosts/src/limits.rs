//! Rate limits: a token bucket per key (a user, an address, an account), in bounded memory.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher as _, Hash},
    net::{IpAddr, Ipv4Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use punctual_events::Timestamp;

const SHARDS: usize = 256;

/// How much a key may do: `burst` at once, then `tokens` every `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What one token costs in time.
    token_us: i64,
    /// What a whole bucket costs in time.
    bucket_us: i64,
}

impl Quota {
    /// A bucket of `burst` tokens, refilled evenly with `tokens` every `period`. Zeros count as one; a rate beyond a token per
    /// microsecond is one per microsecond.
    #[must_use]
    pub fn new(burst: u32, tokens: u32, period: Duration) -> Self {
        let period_us = i64::try_from(period.as_micros()).unwrap_or(i64::MAX);
        let token_us = (period_us / i64::from(tokens.max(1))).max(1);
        Self {
            token_us,
            bucket_us: token_us.saturating_mul(i64::from(burst.max(1))),
        }
    }
}

/// The bucket is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; the next may come in {ms} ms")]
pub struct RetryAfter {
    /// When the next token is there, from now, at least 1.
    pub ms: u64,
}

impl RetryAfter {
    /// The value of the `Retry-After` header (RFC 9110): whole seconds, rounded up.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.ms.div_ceil(1000)
    }
}

/// Token buckets by key.
///
/// A bucket is one number: the instant at which it will be full again (GCRA, ITU-T I.371). One that is full is the same as none, so it
/// can be dropped; when a shard holds its share of keys, the full ones go, and were there none, the one that is nearest to it: who
/// floods us with fresh keys displaces other fresh keys, never those that are being held back.
#[derive(Debug)]
pub struct Limiter<K> {
    quota: Quota,
    keys_per_shard: usize,
    hasher: RandomState,
    shards: [Mutex<HashMap<K, i64>>; SHARDS],
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// The same quota for every key, remembering at most about `max_keys` of them.
    #[must_use]
    pub fn new(quota: Quota, max_keys: usize) -> Self {
        let hasher = RandomState::new();
        let shards = std::array::from_fn(|_| Mutex::new(HashMap::with_hasher(hasher.clone())));
        Self {
            quota,
            keys_per_shard: max_keys.div_ceil(SHARDS).max(1),
            hasher,
            shards,
        }
    }

    /// Takes one token of `key`.
    ///
    /// # Errors
    /// When there is none, with the time until there is one. Nothing is taken then.
    pub fn try_take(&self, key: &K, now: Timestamp) -> Result<(), RetryAfter> {
        let now_us = now.as_millis().saturating_mul(1000);
        let mut shard = self.shard(key);
        if let Some(full_at_us) = shard.get_mut(key) {
            // No bucket lacks more than everything: after the clock was set back, a key waits for one bucket, not for the difference.
            *full_at_us = (*full_at_us).min(now_us.saturating_add(self.quota.bucket_us));
            *full_at_us = self.quota.take(*full_at_us, now_us)?;
            return Ok(());
        }
        if shard.len() >= self.keys_per_shard {
            make_room(&mut shard, now_us);
        }
        shard.insert(key.clone(), self.quota.take(now_us, now_us)?);
        Ok(())
    }

    /// Gives back a token of `key` that was taken and, as it turned out, was not needed.
    pub fn give_back(&self, key: &K) {
        if let Some(full_at_us) = self.shard(key).get_mut(key) {
            *full_at_us = full_at_us.saturating_sub(self.quota.token_us);
        }
    }

    /// How many keys are remembered, for the metrics.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether no key is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, i64>> {
        // The map takes its bits from the ends of the hash, so the shard takes the ones in the middle.
        let index = (self.hasher.hash_one(key) >> 32) as usize % SHARDS;
        lock(&self.shards[index])
    }
}

impl Quota {
    /// When a bucket that is full at `full_at_us` will be full again once a token was taken from it now.
    fn take(self, full_at_us: i64, now_us: i64) -> Result<i64, RetryAfter> {
        let lacking_us = full_at_us.saturating_sub(now_us).max(0);
        let over_us = lacking_us.saturating_add(self.token_us).saturating_sub(self.bucket_us);
        if over_us > 0 {
            return Err(RetryAfter {
                ms: over_us.unsigned_abs().div_ceil(1000),
            });
        }
        Ok(now_us.saturating_add(lacking_us).saturating_add(self.token_us))
    }
}

fn make_room<K: Hash + Eq + Clone>(shard: &mut HashMap<K, i64>, now_us: i64) {
    let before = shard.len();
    shard.retain(|_, full_at_us| *full_at_us > now_us);
    if shard.len() == before {
        let fullest = shard
            .iter()
            .min_by_key(|(_, full_at_us)| **full_at_us)
            .map(|(key, _)| key.clone());
        if let Some(key) = fullest {
            shard.remove(&key);
        }
    }
}

/// A panic cannot leave a bucket half changed, so a poisoned lock is as good as another.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a caller comes from: an IPv4 address, or the /64 of an IPv6 address, which is what one customer gets at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// One address.
    V4(Ipv4Addr),
    /// The upper half of an address.
    V6(u64),
}

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// Three at once, then one a second.
    fn limiter(max_keys: usize) -> Limiter<u32> {
        Limiter::new(Quota::new(3, 1, Duration::from_secs(1)), max_keys)
    }

    fn after(ms: i64) -> Timestamp {
        START.plus_millis(ms)
    }

    #[test]
    fn a_burst_is_served_then_one_a_period() {
        let limiter = limiter(100);
        for _ in 0..3 {
            assert_eq!(limiter.try_take(&1, START), Ok(()));
        }
        assert_eq!(limiter.try_take(&1, START), Err(RetryAfter { ms: 1000 }));
        assert_eq!(limiter.try_take(&1, after(400)), Err(RetryAfter { ms: 600 }));
        assert_eq!(limiter.try_take(&1, after(1000)), Ok(()));
        assert_eq!(limiter.try_take(&1, after(1000)), Err(RetryAfter { ms: 1000 }));
        assert_eq!(
            limiter.try_take(&2, after(1000)),
            Ok(()),
            "another key has a bucket of its own"
        );
    }

    #[test]
    fn a_token_given_back_can_be_taken_again_and_no_bucket_overflows() {
        let limiter = limiter(100);
        for _ in 0..100 {
            assert_eq!(limiter.try_take(&1, START), Ok(()));
            limiter.give_back(&1);
        }
        limiter.give_back(&1);
        for _ in 0..3 {
            assert_eq!(limiter.try_take(&1, START), Ok(()));
        }
        assert!(limiter.try_take(&1, START).is_err());
    }

    #[test]
    fn an_idle_bucket_fills_up_and_no_further() {
        let limiter = limiter(100);
        assert_eq!(limiter.try_take(&1, START), Ok(()));
        for _ in 0..3 {
            assert_eq!(limiter.try_take(&1, after(1_000_000)), Ok(()));
        }
        assert!(limiter.try_take(&1, after(1_000_000)).is_err());
    }

    #[test]
    fn a_clock_set_back_holds_nobody_longer_than_a_whole_bucket() {
        let limiter = limiter(100);
        for _ in 0..3 {
            assert_eq!(limiter.try_take(&1, START), Ok(()));
        }
        assert_eq!(limiter.try_take(&1, after(-86_400_000)), Err(RetryAfter { ms: 1000 }));
        assert_eq!(limiter.try_take(&1, after(-86_400_000 + 1000)), Ok(()));
    }

    #[test]
    fn keys_are_bounded_and_the_exhausted_ones_are_kept() {
        let limiter = limiter(2560);
        let exhausted = u32::MAX;
        for _ in 0..3 {
            assert_eq!(limiter.try_take(&exhausted, START), Ok(()));
        }
        for key in 0..10_000 {
            assert_eq!(limiter.try_take(&key, START), Ok(()));
        }
        assert!(limiter.len() <= 2560, "{}", limiter.len());
        assert!(limiter.try_take(&exhausted, START).is_err());
        for key in 0..10_000 {
            assert_eq!(limiter.try_take(&key, after(60_000)), Ok(()));
        }
        assert!(limiter.len() <= 2560);
    }

    #[test]
    fn fast_rates_keep_their_fraction_of_a_millisecond() {
        let limiter = Limiter::new(Quota::new(1, 4000, Duration::from_secs(1)), 1);
        let taken = (0..1000).filter(|ms| limiter.try_take(&0, after(*ms)).is_ok()).count();
        assert_eq!(taken, 1000);
        assert_eq!(limiter.try_take(&0, after(999)), Err(RetryAfter { ms: 1 }));
    }

    #[test]
    fn the_header_rounds_up_to_whole_seconds() {
        assert_eq!(RetryAfter { ms: 1 }.seconds(), 1);
        assert_eq!(RetryAfter { ms: 2000 }.seconds(), 2);
    }

    #[test]
    fn an_ipv6_network_and_a_mapped_ipv4_address_are_one_origin() {
        let origin = |text: &str| Origin::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(origin("2a01:4f8:1:2::1"), origin("2a01:4f8:1:2:ffff::9"));
        assert_ne!(origin("2a01:4f8:1:2::1"), origin("2a01:4f8:1:3::1"));
        assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_the_burst_and_the_rate(steps in prop::collection::vec(0i64..1500, 1..200)) {
            let limiter = limiter(10);
            let (mut now_ms, mut taken) = (0, 0);
            for step in steps {
                now_ms += step;
                taken += i64::from(limiter.try_take(&1, after(now_ms)).is_ok());
                prop_assert!(taken <= 3 + now_ms / 1000);
            }
        }

        #[test]
        fn any_instant_and_any_quota_are_taken_without_overflow(burst: u32, tokens: u32, secs: u64, instants: [i64; 3]) {
            let limiter = Limiter::new(Quota::new(burst, tokens, Duration::from_secs(secs)), 1);
            for instant in instants {
                let _ = limiter.try_take(&0, Timestamp::from_millis(instant));
            }
        }
    }
}
