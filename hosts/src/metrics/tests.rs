use std::time::Duration;

use axum::http::{Method, StatusCode};
use punctual_actors::ports::{BoxFuture, Failure};
use punctual_events::{ActorId, Commit, Seq, UserId};
use uuid::Uuid;

use super::*;
use crate::ports::Logs;

fn line<'a>(text: &'a str, start: &str) -> &'a str {
    let found = text.lines().find(|line| line.starts_with(start));
    found.unwrap_or_else(|| panic!("no {start} in\n{text}"))
}

#[test]
fn requests_are_counted_by_route_method_and_status() {
    let metrics = Metrics::new();
    for status in [StatusCode::OK, StatusCode::OK, StatusCode::NOT_FOUND] {
        let took = Duration::from_micros(70);
        metrics
            .requests
            .record(Some("/v1/tasks/{id}"), &Method::GET, status, took);
    }
    let text = metrics.encode();
    let labels = r#"route="/v1/tasks/{id}",method="GET""#;
    line(
        &text,
        &format!(r#"punctual_http_requests_total{{{labels},status="200"}} 2"#),
    );
    line(
        &text,
        &format!(r#"punctual_http_requests_total{{{labels},status="404"}} 1"#),
    );
    let bucket = |le: &str| format!(r#"punctual_http_request_duration_seconds_bucket{{le="{le}",{labels}}}"#);
    assert!(line(&text, &bucket("0.00005")).ends_with(" 0"));
    assert!(line(&text, &bucket("0.0001")).ends_with(" 3"));
}

#[test]
fn paths_without_a_route_share_one_name() {
    let metrics = Metrics::new();
    let took = Duration::from_micros(70);
    metrics.requests.record(None, &Method::GET, StatusCode::NOT_FOUND, took);
    metrics
        .requests
        .record(None, &Method::TRACE, StatusCode::NOT_FOUND, took);
    let text = metrics.encode();
    line(
        &text,
        r#"punctual_http_requests_total{route="none",method="GET",status="404"} 1"#,
    );
    line(
        &text,
        r#"punctual_http_requests_total{route="none",method="other",status="404"} 1"#,
    );
}

#[test]
fn a_bound_belongs_to_the_lower_bucket() {
    let metrics = Metrics::new();
    metrics.reminder_lateness_ms.record(50);
    metrics.reminder_lateness_ms.record(51);
    let text = metrics.encode();
    let count = |le: &str| {
        let start = format!("punctual_reminder_lateness_seconds_bucket{{le=\"{le}\"}} ");
        line(&text, &start)[start.len()..].to_owned()
    };
    assert_eq!(
        [count("0.025"), count("0.05"), count("0.1"), count("+Inf")],
        ["0", "1", "2", "2"]
    );
    line(&text, "punctual_reminder_lateness_seconds_sum 0.101");
}

#[test]
fn the_host_reports_turns_and_its_outbox() {
    let metrics = Metrics::new();
    metrics.turn(3, 800);
    metrics.outbox(2);
    metrics.outbox(-1);
    let text = metrics.encode();
    line(&text, "punctual_turn_commands_sum 3.0");
    line(&text, "punctual_turn_duration_seconds_sum 0.0008");
    line(&text, "punctual_outbox_commits 1");
}

#[test]
fn a_sampled_gauge_is_asked_each_time() {
    let metrics = Metrics::new();
    let value = Arc::new(std::sync::atomic::AtomicI64::new(1));
    let asked = Arc::clone(&value);
    metrics.sample("live_actors", "Actors in memory", move || {
        asked.load(std::sync::atomic::Ordering::Relaxed)
    });
    line(&metrics.encode(), "punctual_live_actors 1");
    value.store(5, std::sync::atomic::Ordering::Relaxed);
    line(&metrics.encode(), "punctual_live_actors 5");
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_that_of_this_process() {
    let metrics = Metrics::new();
    let text = metrics.encode();
    let bytes: u64 = line(&text, "process_resident_memory_bytes ")
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert!(bytes > 1_000_000, "{bytes}");
}

#[test]
fn each_role_says_how_far_it_is_behind() {
    let metrics = Metrics::new();
    metrics.watch_roles(|| {
        vec![Behind {
            role: "audit",
            commits: 3,
            oldest_ms: 1_500,
        }]
    });
    let text = metrics.encode();
    line(&text, r#"punctual_log_depth_commits{role="audit"} 3"#);
    line(&text, r#"punctual_lag_seconds{role="audit"} 1.5"#);
}

/// A log of which nothing can be read.
struct Unreadable;

impl Logs for Unreadable {
    fn head(&self, _: ActorId) -> BoxFuture<'_, Result<Seq, Failure>> {
        Box::pin(async { Err(Failure::new("away")) })
    }

    fn read(&self, _: ActorId, _: Seq, _: usize) -> BoxFuture<'_, Result<Vec<Arc<Commit>>, Failure>> {
        Box::pin(async { Err(Failure::damaged("a commit")) })
    }

    fn confirm_audited(&self, _: ActorId, _: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn erase(&self, _: ActorId, _: Seq) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_counted_once_and_one_that_is_away_is_not() {
    let metrics = Metrics::new();
    let logs = WatchedLogs::new(Arc::new(Unreadable), Arc::clone(&metrics) as _);
    let actor = |id| ActorId::User(UserId(Uuid::from_u128(id)));
    assert!(logs.head(actor(1)).await.is_err());
    line(&metrics.encode(), "punctual_damaged_actors 0");
    for id in [2, 3, 2] {
        assert!(logs.read(actor(id), Seq::ZERO, 1).await.is_err());
    }
    line(&metrics.encode(), "punctual_damaged_actors 2");
}
