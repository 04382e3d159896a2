//! How far roles are behind what was committed.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, gauge::ConstGauge},
    registry::Unit,
};

/// How far a role is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Its name.
    pub role: &'static str,
    /// Commits in the log that it has yet to take.
    pub commits: u64,
    /// How long the oldest of them has waited, in milliseconds.
    pub oldest_ms: u64,
}

/// Shows to Prometheus what a function says. Audit's lag is the one whose label says so.
pub(super) struct BehindCollector<F>(pub(super) F);

impl<F> fmt::Debug for BehindCollector<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BehindCollector")
    }
}

impl<F: Fn() -> Vec<Behind> + Send + Sync + 'static> Collector for BehindCollector<F> {
    #[expect(clippy::cast_precision_loss, reason = "Prometheus knows floating-point numbers only")]
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let roles = (self.0)();
        let help = "Commits in the log that a role has yet to take.";
        let mut family = encoder.encode_descriptor("punctual_log_depth_commits", help, None, MetricType::Gauge)?;
        for behind in &roles {
            ConstGauge::new(behind.commits).encode(family.encode_family(&[("role", behind.role)])?)?;
        }
        let help = "How long the oldest commit that a role has yet to take has waited.";
        let unit = Some(&Unit::Seconds);
        let mut family = encoder.encode_descriptor("punctual_lag", help, unit, MetricType::Gauge)?;
        for behind in &roles {
            let seconds = behind.oldest_ms as f64 / 1e3;
            ConstGauge::new(seconds).encode(family.encode_family(&[("role", behind.role)])?)?;
        }
        Ok(())
    }
}
