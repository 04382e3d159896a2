//! Requests by route, method and status.
//!
//! A route's numbers are found by its template in a map that only grows when a template is seen for the first time; nothing is locked after
//! that. A path that matches no route has no template, so nobody can fill the map by asking for nonsense.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::http::{Method, StatusCode};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, counter::ConstCounter},
    registry::Unit,
};

use super::histogram::Histogram;

/// Of a request, in microseconds: a get takes some 20, a password hash 50,000, an import seconds.
const DURATION_BOUNDS_US: &[u64] = &[
    50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000,
];
const METHODS: [&str; 6] = ["GET", "POST", "PATCH", "DELETE", "PUT", "other"];
const FIRST_STATUS: u16 = 100;
const STATUSES: usize = 500;
/// What a path that matches no route is counted as.
const NO_ROUTE: &str = "none";

/// Requests by route, method and status.
#[derive(Debug, Default)]
pub struct Requests {
    routes: ArcSwap<HashMap<Box<str>, Arc<Route>>>,
    /// Held by whoever adds a route.
    growing: Mutex<()>,
}

impl Requests {
    /// Counts a request that was answered. `route` is the template it matched, as `/v1/tasks/{id}`.
    pub fn record(&self, route: Option<&str>, method: &Method, status: StatusCode, took: Duration) {
        let route = route.unwrap_or(NO_ROUTE);
        match self.routes.load().get(route) {
            Some(known) => known.record(method, status, took),
            None => self.add(route).record(method, status, took),
        }
    }

    fn add(&self, template: &str) -> Arc<Route> {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.routes.load();
        if let Some(route) = known.get(template) {
            return Arc::clone(route);
        }
        let route = Arc::new(Route::default());
        let mut routes = HashMap::clone(&known);
        routes.insert(template.into(), Arc::clone(&route));
        self.routes.store(Arc::new(routes));
        route
    }
}

#[derive(Debug, Default)]
struct Route {
    by_method: [std::sync::OnceLock<Answers>; METHODS.len()],
}

impl Route {
    fn record(&self, method: &Method, status: StatusCode, took: Duration) {
        let index = METHODS.iter().position(|name| *name == method.as_str());
        let answers = &self.by_method[index.unwrap_or(METHODS.len() - 1)];
        answers.get_or_init(Answers::default).record(status, took);
    }
}

struct Answers {
    by_status: Box<[AtomicU64]>,
    duration: Histogram,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            by_status: (0..STATUSES).map(|_| AtomicU64::new(0)).collect(),
            duration: Histogram::new(DURATION_BOUNDS_US, 1e6),
        }
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Answers").finish_non_exhaustive()
    }
}

impl Answers {
    fn record(&self, status: StatusCode, took: Duration) {
        let index = usize::from(status.as_u16().saturating_sub(FIRST_STATUS));
        if let Some(count) = self.by_status.get(index) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.duration
            .record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    fn statuses(&self) -> impl Iterator<Item = (u16, u64)> {
        let counts = self.by_status.iter().map(|count| count.load(Ordering::Relaxed));
        (FIRST_STATUS..).zip(counts).filter(|(_, count)| *count > 0)
    }
}

/// Shows requests to Prometheus.
#[derive(Debug)]
pub(super) struct RequestsCollector(pub(super) Arc<Requests>);

impl RequestsCollector {
    fn each(&self, mut show: impl FnMut([(&'static str, &str); 2], &Answers) -> fmt::Result) -> fmt::Result {
        let routes = self.0.routes.load();
        let mut routes: Vec<(&str, &Route)> = routes.iter().map(|(name, route)| (&**name, &**route)).collect();
        routes.sort_unstable_by_key(|(name, _)| *name);
        for (name, route) in routes {
            for (method, answers) in METHODS.iter().zip(&route.by_method) {
                if let Some(answers) = answers.get() {
                    show([("route", name), ("method", method)], answers)?;
                }
            }
        }
        Ok(())
    }
}

impl Collector for RequestsCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let help = "Requests answered.";
        let mut family = encoder.encode_descriptor("http_requests", help, None, MetricType::Counter)?;
        self.each(|[route, method], answers| {
            answers.statuses().try_for_each(|(status, count)| {
                let labels = [route, method, ("status", &status.to_string())];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)
            })
        })?;
        let help = "From the request's head to the answer's head.";
        let mut family = encoder.encode_descriptor(
            "http_request_duration",
            help,
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        self.each(|labels, answers| answers.duration.encode(family.encode_family(&labels)?))
    }
}
