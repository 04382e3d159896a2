//! A histogram of whole numbers that many threads record into at once.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, TypedMetric},
};

/// A histogram over fixed bounds. Recording is two atomic additions, where that of `prometheus-client` takes a lock.
///
/// Values are whole numbers of the unit that is recorded (microseconds, say) and are shown in the unit Prometheus wants (seconds).
#[derive(Clone, Debug)]
pub struct Histogram {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    bounds: &'static [u64],
    /// How many recorded units are one of those shown.
    per_shown_unit: f64,
    /// One more than there are bounds: the last one holds what is beyond them all.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    /// An empty histogram over `bounds`, which ascend and belong to the lower bucket; `per_shown_unit` recorded units are one shown.
    #[must_use]
    pub fn new(bounds: &'static [u64], per_shown_unit: f64) -> Self {
        Self {
            inner: Arc::new(Inner {
                bounds,
                per_shown_unit,
                counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
                sum: AtomicU64::new(0),
            }),
        }
    }

    /// Records a value.
    pub fn record(&self, value: u64) {
        let bucket = self.inner.bounds.partition_point(|bound| *bound < value);
        self.inner.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.inner.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// How many values were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.inner
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .sum()
    }
}

impl EncodeMetric for Histogram {
    #[expect(clippy::cast_precision_loss, reason = "Prometheus knows floating-point numbers only")]
    fn encode(&self, mut encoder: MetricEncoder) -> std::fmt::Result {
        let Inner {
            bounds,
            per_shown_unit,
            counts,
            sum,
        } = &*self.inner;
        let shown = bounds
            .iter()
            .map(|bound| *bound as f64 / per_shown_unit)
            .chain([f64::INFINITY]);
        let counts = counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = shown.zip(counts).collect();
        // Of the same reading, so that the count is that of the buckets whatever is recorded meanwhile.
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = sum.load(Ordering::Relaxed) as f64 / per_shown_unit;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}
