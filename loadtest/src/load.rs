//! The closed loop: so many callers, each sending its next request as soon as its last was answered, or after a rest.
//!
//! A closed loop slows down with the server, so its latencies say what a caller saw at the rate that was reached, and nothing about another rate.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{
    histogram::Histogram,
    http::{Answer, Connection},
    process,
};

/// How long a caller waits before it connects again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);

/// What one caller asks, and what it keeps of the answers.
pub(crate) trait Caller: Send + 'static {
    /// The next request.
    fn request(&mut self) -> &[u8];
    /// Sees every answer, those of the warm-up included.
    fn answered(&mut self, _answer: &Answer<'_>, _latency: Duration) {}
}

/// How a load is applied.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The server.
    pub(crate) address: SocketAddr,
    /// Its process, if it is one alone: its CPU is read.
    pub(crate) pid: Option<u32>,
    /// Load before the measurement begins.
    pub(crate) warm_up: Duration,
    /// The measurement.
    pub(crate) length: Duration,
    /// The status of a success.
    pub(crate) expected: u16,
    /// Between an answer and the next request.
    pub(crate) rest: Duration,
}

/// What was measured.
#[derive(Default)]
pub(crate) struct Tally {
    /// Latency of the successes.
    pub(crate) latency: Histogram,
    /// Answers with another status; 0 stands for a broken connection.
    pub(crate) refused: BTreeMap<u16, u64>,
    /// Successes in each second.
    pub(crate) per_second: Vec<u64>,
    /// How long it lasted.
    pub(crate) length: Duration,
    /// CPU the server used meanwhile.
    pub(crate) server_cpu: Duration,
    /// CPU this client used meanwhile.
    pub(crate) client_cpu: Duration,
}

impl Tally {
    /// Successes a second.
    pub(crate) fn rate(&self) -> f64 {
        count(self.latency.count()) / self.length.as_secs_f64()
    }

    /// Successes a second in the last `seconds`.
    pub(crate) fn rate_at_the_end(&self, seconds: usize) -> f64 {
        let seconds = seconds.clamp(1, self.per_second.len().max(1));
        let last = self.per_second.iter().rev().take(seconds).sum::<u64>();
        count(last) / count(seconds as u64)
    }

    /// Server CPU per success, in milliseconds.
    pub(crate) fn server_cpu_ms(&self) -> f64 {
        self.server_cpu.as_secs_f64() * 1e3 / count(self.latency.count().max(1))
    }

    fn describe_server_cpu(&self) -> String {
        if self.server_cpu.is_zero() {
            return String::new();
        }
        format!("server {:.1} µs, ", self.server_cpu_ms() * 1e3)
    }

    /// Answers that were not a success.
    pub(crate) fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }

    /// One line for people.
    pub(crate) fn describe(&self) -> String {
        let ms = |share| self.latency.quantile(share).as_secs_f64() * 1e3;
        let mut text = format!(
            "{:.0}/s for {:.0} s; p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms; CPU per request: {}client {:.1} µs",
            self.rate(),
            self.length.as_secs_f64(),
            ms(0.5),
            ms(0.99),
            self.latency.max().as_secs_f64() * 1e3,
            self.describe_server_cpu(),
            self.client_cpu.as_secs_f64() * 1e6 / count(self.latency.count().max(1)),
        );
        for (status, times) in &self.refused {
            match status {
                0 => text += &format!("; {times} broken connections"),
                status => text += &format!("; {times} answers {status}"),
            }
        }
        text
    }

    fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        for (status, times) in &other.refused {
            *self.refused.entry(*status).or_default() += times;
        }
        if self.per_second.len() < other.per_second.len() {
            self.per_second.resize(other.per_second.len(), 0);
        }
        for (mine, theirs) in self.per_second.iter_mut().zip(&other.per_second) {
            *mine += theirs;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn count(number: u64) -> f64 {
    number as f64
}

/// Applies the load and gives the callers back, in the same order, with what they kept.
pub(crate) async fn run<C: Caller>(plan: Plan, callers: Vec<C>) -> io::Result<(Tally, Vec<C>)> {
    let mut connected = Vec::with_capacity(callers.len());
    for caller in callers {
        connected.push((caller, Connection::open(plan.address).await?));
    }
    let begin = Instant::now() + plan.warm_up;
    let mut loops = JoinSet::new();
    for (number, (caller, connection)) in connected.into_iter().enumerate() {
        loops.spawn(async move { (number, drive(plan, begin, caller, connection).await) });
    }
    tokio::time::sleep_until(begin.into()).await;
    let before = (cpu_of_server(plan)?, process::cpu(std::process::id())?);
    tokio::time::sleep_until((begin + plan.length).into()).await;
    let after = (cpu_of_server(plan)?, process::cpu(std::process::id())?);
    let mut tally = Tally {
        length: plan.length,
        server_cpu: after.0.saturating_sub(before.0),
        client_cpu: after.1.saturating_sub(before.1),
        ..Tally::default()
    };
    let mut callers = Vec::new();
    while let Some(finished) = loops.join_next().await {
        let (number, (part, caller)) = finished.map_err(io::Error::other)?;
        tally.merge(&part);
        callers.push((number, caller));
    }
    callers.sort_by_key(|(number, _)| *number);
    Ok((tally, callers.into_iter().map(|(_, caller)| caller).collect()))
}

fn cpu_of_server(plan: Plan) -> io::Result<Duration> {
    plan.pid.map_or(Ok(Duration::ZERO), process::cpu)
}

async fn drive<C: Caller>(plan: Plan, begin: Instant, mut caller: C, connection: Connection) -> (Tally, C) {
    let end = begin + plan.length;
    let mut part = Tally::default();
    let mut connection = Some(connection);
    let mut sent = Instant::now();
    while sent < end {
        let status = match exchange(&mut connection, plan.address, &mut caller, sent).await {
            Ok(status) => status,
            Err(_) => {
                connection = None;
                tokio::time::sleep(RECONNECT_PAUSE).await;
                0
            }
        };
        let now = Instant::now();
        if now >= begin && now < end {
            if status == plan.expected {
                part.latency.record(now - sent);
                count_in_second(&mut part.per_second, now - begin);
            } else {
                *part.refused.entry(status).or_default() += 1;
            }
        }
        if !plan.rest.is_zero() {
            tokio::time::sleep(plan.rest).await;
        }
        sent = Instant::now();
    }
    (part, caller)
}

async fn exchange<C: Caller>(
    connection: &mut Option<Connection>,
    address: SocketAddr,
    caller: &mut C,
    sent: Instant,
) -> io::Result<u16> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(Connection::open(address).await?),
    };
    let answer = connection.exchange(caller.request()).await?;
    caller.answered(&answer, sent.elapsed());
    Ok(answer.status)
}

fn count_in_second(per_second: &mut Vec<u64>, since_begin: Duration) {
    let second = usize::try_from(since_begin.as_secs()).unwrap_or(usize::MAX);
    if per_second.len() <= second {
        per_second.resize(second + 1, 0);
    }
    per_second[second] += 1;
}
