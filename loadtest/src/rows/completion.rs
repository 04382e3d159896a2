//! From completing an occurrence to reading the next one: told by the socket, then read. Nothing is polled.

use std::{
    io,
    time::{Duration, Instant},
};

use chrono::Utc;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    addresses::Addresses,
    api::{Api, string},
    bench::Bench,
    corpus::TIME_ZONE,
    histogram::Histogram,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
    websocket::Socket,
};

const WHAT: &str = "completion → next instance readable";
/// Series completed in turn.
const SERIES: usize = 10;
/// Completions measured.
const COMPLETIONS: usize = 500;
/// Completions before them.
const WARM_UP: usize = 20;
/// An instance that has not come by then is missing.
const PATIENCE: Duration = Duration::from_secs(5);

/// The line.
pub(super) async fn measure(bench: &Bench) -> io::Result<Section> {
    let Some((server, seed)) = bench.start_seeded()? else {
        return Ok(Section::default());
    };
    let device = Device::open(server.address, &seed.owners[0].token).await?;
    let mut section = repeated(device, COMPLETIONS, 20.0).await?;
    server.stop()?;
    section
        .notes
        .push(format!("{WHAT}: the user has {} tasks", bench.options.owned));
    Ok(section)
}

/// So many completions by one user, of which 99 % are to take at most `p99_ms`.
pub(crate) async fn repeated(mut device: Device, completions: usize, p99_ms: f64) -> io::Result<Section> {
    progress(WHAT);
    let mut section = Section::default();
    let mut open = Vec::new();
    for _ in 0..SERIES {
        open.push(device.start_series().await?);
    }
    let (mut latency, mut missing) = (Histogram::default(), 0);
    for number in 0..WARM_UP + completions {
        let slot = &mut open[number % SERIES];
        let Some((next, took)) = device.complete(slot).await? else {
            missing += 1;
            *slot = device.start_series().await?;
            continue;
        };
        *slot = next;
        if number >= WARM_UP {
            latency.record(took);
        }
    }
    let ms = |share| latency.quantile(share).as_secs_f64() * 1e3;
    section.notes.push(format!(
        "{WHAT}: {} completions one after the other; p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms",
        latency.count(),
        ms(0.5),
        ms(0.99),
        latency.max().as_secs_f64() * 1e3,
    ));
    section.figures.extend([
        Figure::new(
            format!("{WHAT}, p99"),
            ms(0.99),
            Unit::Milliseconds,
            Ask::AtMost(p99_ms),
        ),
        Figure::new(
            format!("{WHAT}, missing"),
            f64::from(missing),
            Unit::Times,
            Ask::AtMost(0.0),
        ),
    ]);
    Ok(section)
}

/// A client of one user that sends over one connection and listens on a socket.
pub(crate) struct Device {
    api: Api,
    socket: Socket,
}

impl Device {
    /// Connects both.
    pub(crate) async fn open(addresses: impl Into<Addresses>, token: &str) -> io::Result<Self> {
        let addresses = addresses.into();
        Ok(Self {
            api: Api::open(addresses.api, token).await?,
            socket: Socket::open(addresses.sync, token).await?,
        })
    }

    /// Creates a daily task; answers it.
    pub(crate) async fn start_series(&mut self) -> io::Result<Value> {
        let tomorrow = Utc::now().date_naive() + chrono::Duration::days(1);
        let task = json!({
            "title": "Water the plants",
            "due": { "at": format!("{tomorrow}T09:00:00"), "time_zone": TIME_ZONE },
            "recurrence": { "rrule": "FREQ=DAILY", "anchor": "schedule", "late_policy": "roll_to_future" },
        });
        self.api.send_body("POST", "/v1/tasks", &task, 201).await
    }

    /// Completes an instance, waits for the next and reads it; answers it, and how long all that took. `None` when it never came.
    pub(crate) async fn complete(&mut self, instance: &Value) -> io::Result<Option<(Value, Duration)>> {
        let id = string(instance, "id")?;
        let begin = Instant::now();
        let completed = self.api.post(&format!("/v1/tasks/{id}/complete")).await?;
        let series = string(&completed, "series")?;
        let Ok(next) = timeout(PATIENCE, self.next_instance(&series, &id)).await else {
            return Ok(None);
        };
        let next = self.api.get(&format!("/v1/tasks/{}", next?)).await?;
        Ok(Some((next, begin.elapsed())))
    }

    /// The id of the open instance of a series that is not the one given.
    async fn next_instance(&mut self, series: &str, but_not: &str) -> io::Result<String> {
        loop {
            let message: Value = serde_json::from_slice(self.socket.next().await?).map_err(io::Error::other)?;
            let data = &message["event"]["data"];
            if data["series"] == series && data["status"] == "open" && data["id"] != but_not {
                return string(data, "id");
            }
        }
    }
}
