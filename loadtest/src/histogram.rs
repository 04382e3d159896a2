//! Latencies counted in buckets whose width grows with the value, so that every figure is known to better than 1 % and recording one costs a
//! few nanoseconds. The layout is that of HdrHistogram (Gil Tene): powers of two, each cut into equal parts.

use std::time::Duration;

/// Parts a power of two is cut into; 128 keep the error below 0.8 %.
const PARTS_BITS: u32 = 7;
const PARTS: usize = 1 << PARTS_BITS;
/// Buckets for every `u64` of nanoseconds.
const BUCKETS: usize = (64 - PARTS_BITS as usize + 1) * PARTS;

/// How often each latency was seen.
#[derive(Clone)]
pub(crate) struct Histogram {
    counts: Box<[u64]>,
    total: u64,
    max_ns: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS].into_boxed_slice(),
            total: 0,
            max_ns: 0,
        }
    }
}

impl Histogram {
    /// Counts one latency.
    pub(crate) fn record(&mut self, latency: Duration) {
        let ns = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(ns)] += 1;
        self.total += 1;
        self.max_ns = self.max_ns.max(ns);
    }

    /// Adds everything another one has counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// How many latencies were counted.
    pub(crate) fn count(&self) -> u64 {
        self.total
    }

    /// The largest, exactly.
    pub(crate) fn max(&self) -> Duration {
        Duration::from_nanos(self.max_ns)
    }

    /// The latency that this share of all (0.99, say) did not exceed; zero when nothing was counted.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts stay far below 2^52 and the product is not negative"
        )]
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(upper_bound(index).min(self.max_ns));
            }
        }
        Duration::ZERO
    }
}

/// The bucket of a value: exact below `PARTS`, above it the position of the highest bit and the seven bits after it.
fn bucket(ns: u64) -> usize {
    let magnitude = (63 - (ns | 1).leading_zeros()).saturating_sub(PARTS_BITS);
    let part = usize::try_from(ns >> magnitude).unwrap_or(usize::MAX);
    magnitude as usize * PARTS + part
}

/// The largest value of a bucket.
fn upper_bound(index: usize) -> u64 {
    if index < 2 * PARTS {
        return index as u64;
    }
    let magnitude = index / PARTS - 1;
    let part = (index - magnitude * PARTS) as u64;
    ((part + 1) << magnitude).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_the_bucket_is_narrow() {
        for shift in 0..63 {
            for value in [
                (1_u64 << shift) - 1,
                1 << shift,
                (1 << shift) + 1,
                (1 << shift) + (1 << shift) / 3,
            ] {
                let upper = upper_bound(bucket(value));
                assert!(upper >= value, "{value}");
                assert!(upper - value <= value / 100, "{value} {upper}");
            }
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }

    #[test]
    fn quantiles_of_a_known_series_are_right() {
        let mut histogram = Histogram::default();
        for us in 1..=1_000 {
            histogram.record(Duration::from_micros(us));
        }
        let near = |share: f64, us: f64| {
            let found = histogram.quantile(share).as_secs_f64() * 1e6;
            assert!((found - us).abs() <= us * 0.01, "{share}: {found}");
        };
        near(0.5, 500.0);
        near(0.99, 990.0);
        assert_eq!(histogram.quantile(1.0), Duration::from_millis(1));
        assert_eq!(histogram.max(), Duration::from_millis(1));
    }

    #[test]
    fn merging_equals_counting_together() {
        let (mut left, mut right, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
        for us in 1..100_u64 {
            let latency = Duration::from_micros(us * us);
            if us % 2 == 0 {
                left.record(latency)
            } else {
                right.record(latency)
            }
            both.record(latency);
        }
        left.merge(&right);
        assert_eq!(left.counts, both.counts);
        assert_eq!((left.count(), left.max()), (both.count(), both.max()));
    }
}
