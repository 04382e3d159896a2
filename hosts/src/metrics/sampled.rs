//! Numbers nobody keeps: somebody knows them, and is asked when Prometheus asks.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::MetricType,
};

/// A gauge whose value is asked for.
pub(super) struct Sampled<F>(pub(super) F);

impl<F> fmt::Debug for Sampled<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sampled")
    }
}

impl<F: Fn() -> i64> EncodeMetric for Sampled<F> {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        encoder.encode_gauge(&(self.0)())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

/// Memory this process holds, in bytes; 0 where the system does not say.
pub(super) fn resident_bytes() -> i64 {
    // Its second number is resident pages.
    std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split(' ').nth(1)?.parse::<i64>().ok())
        .map_or(0, |pages| pages * page_bytes())
}

#[cfg(target_os = "linux")]
fn page_bytes() -> i64 {
    i64::try_from(rustix::param::page_size()).unwrap_or(4096)
}

#[cfg(not(target_os = "linux"))]
fn page_bytes() -> i64 {
    4096
}
