//! What reminders and jobs have in common: both are entries of the Scheduler.

use dapr::dapr::proto::common::v1::{JobFailurePolicy, JobFailurePolicyConstant, job_failure_policy::Policy};
use punctual_events::Timestamp;

/// How long the Scheduler waits before it delivers again what was not taken, in seconds.
const RETRY_INTERVAL_S: i64 = 1;

/// The instant at which the Scheduler is to deliver: absolute, in milliseconds, so that neither rounding nor the time the registration takes
/// moves it. What is due already is due now: the Scheduler wants no instant in the past.
pub(super) fn due_time(at: Timestamp, now: Timestamp) -> String {
    at.max(now).to_string()
}

/// Delivers again at a constant interval until it is taken. Without a policy of its own an entry is gone after three failures, which a restart of
/// the host takes longer than.
pub(super) fn without_limit() -> JobFailurePolicy {
    let interval = prost_types::Duration {
        seconds: RETRY_INTERVAL_S,
        nanos: 0,
    };
    JobFailurePolicy {
        policy: Some(Policy::Constant(JobFailurePolicyConstant {
            interval: Some(interval),
            max_retries: None,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_given_to_the_millisecond_and_never_in_the_past() {
        let (at, now) = (
            Timestamp::from_millis(1_800_000_000_123),
            Timestamp::from_millis(1_800_000_000_000),
        );
        assert_eq!(due_time(at, now), "2027-01-15T08:00:00.123Z");
        assert_eq!(due_time(now, at), "2027-01-15T08:00:00.123Z");
    }
}
