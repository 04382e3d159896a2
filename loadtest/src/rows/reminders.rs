//! A thousand reminders due in one second: of one user and of many, all at one instant and spread over the second.

use std::{
    collections::{HashMap, HashSet},
    io,
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::time::timeout_at;
use uuid::Uuid;

use crate::{
    addresses::Addresses,
    api::{Api, string},
    bench::Bench,
    histogram::Histogram,
    parallel::in_parallel,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
    seed::User,
    websocket::Socket,
};

/// Reminders due in one second.
const REMINDERS: usize = 1_000;
/// Users they belong to when they belong to many.
const MANY_USERS: usize = 100;
/// Time to create the tasks before the first reminder is due.
const PREPARATION: TimeDelta = TimeDelta::seconds(8);
/// How long the last one may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Type of the event, as the socket tells it.
const FIRED: &str = "dev.punctual.reminder.fired.v1";
/// Notifications on a page of the inbox.
const PAGE: usize = 1_000;

/// How the reminders are spread, and what is asked of them.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// How many there are.
    pub(crate) reminders: usize,
    /// Whose they are.
    pub(crate) users: usize,
    /// From the first to the last.
    pub(crate) span: TimeDelta,
    /// Time to create the tasks before the first is due.
    pub(crate) preparation: TimeDelta,
    /// How late they may be.
    pub(crate) p99_ms: f64,
}

impl Shape {
    fn describe(self) -> String {
        let whose = if self.users == 1 {
            "one user".into()
        } else {
            format!("{} users", self.users)
        };
        let when = match self.span.num_seconds() {
            0 => "at one instant".into(),
            1 => "spread over a second".into(),
            seconds => format!("spread over {seconds} seconds"),
        };
        format!("{} reminders of {whose}, {when}", self.reminders)
    }

    /// Measures it with these users, of whom each has an empty inbox.
    pub(crate) async fn measure(self, addresses: Addresses, users: Vec<User>, section: &mut Section) -> io::Result<()> {
        let what = self.describe();
        progress(&what);
        let seen = run(addresses, self, users).await?;
        section.notes.push(format!("{what}: {}", seen.describe()));
        section.figures.extend(figures(&what, self.p99_ms, &seen));
        Ok(())
    }

    /// When the reminder with this number is due. Whole milliseconds, as the API keeps them.
    fn due(self, first: DateTime<Utc>, number: usize) -> DateTime<Utc> {
        let millisecond = self.span.num_milliseconds() * as_i64(number) / as_i64(self.reminders.max(1));
        first + TimeDelta::milliseconds(millisecond)
    }
}

fn as_i64(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What arrived.
#[derive(Default)]
struct Seen {
    /// From due to the frame's arrival.
    late_on_socket: Histogram,
    /// From due to the instant the inbox says it fired.
    late_in_inbox: Histogram,
    early: u64,
    missing_on_socket: usize,
    missing_in_inbox: usize,
    twice: u64,
}

impl Seen {
    fn merge(&mut self, other: &Self) {
        self.late_on_socket.merge(&other.late_on_socket);
        self.late_in_inbox.merge(&other.late_in_inbox);
        self.early += other.early;
        self.missing_on_socket += other.missing_on_socket;
        self.missing_in_inbox += other.missing_in_inbox;
        self.twice += other.twice;
    }

    fn count(histogram: &mut Histogram, early: &mut u64, late: TimeDelta) {
        match late.to_std() {
            Ok(late) => histogram.record(late),
            Err(_) => *early += 1,
        }
    }

    fn describe(&self) -> String {
        let ms = |histogram: &Histogram, share| histogram.quantile(share).as_secs_f64() * 1e3;
        format!(
            "on the socket p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms late; in the inbox (`fired_at` − `due_at`) p99 {:.0} ms, max {:.0} ms; {} \
             early, {} missing on the socket, {} missing in the inbox, {} twice",
            ms(&self.late_on_socket, 0.5),
            ms(&self.late_on_socket, 0.99),
            self.late_on_socket.max().as_secs_f64() * 1e3,
            ms(&self.late_in_inbox, 0.99),
            self.late_in_inbox.max().as_secs_f64() * 1e3,
            self.early,
            self.missing_on_socket,
            self.missing_in_inbox,
            self.twice,
        )
    }
}

/// A line for the worst of the four shapes, a note for each.
pub(super) async fn measure(bench: &Bench) -> io::Result<Section> {
    let mut section = Section::default();
    let Some((server, seed)) = bench.start_seeded()? else {
        return Ok(section);
    };
    // The inbox of a user holds nothing but what one shape made, so every shape has users of its own.
    let mut users = seed.users.iter();
    for (many, span_ms) in [(false, 0), (false, 1_000), (true, 0), (true, 1_000)] {
        let chosen: Vec<User> = users
            .by_ref()
            .take(if many { MANY_USERS } else { 1 })
            .cloned()
            .collect();
        let shape = Shape {
            reminders: REMINDERS,
            users: chosen.len(),
            span: TimeDelta::milliseconds(span_ms),
            preparation: PREPARATION,
            p99_ms: 50.0,
        };
        shape.measure(server.address.into(), chosen, &mut section).await?;
    }
    server.stop()?;
    Ok(section)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn figures(what: &str, p99_ms: f64, seen: &Seen) -> [Figure; 2] {
    let p99 = seen.late_on_socket.quantile(0.99).as_secs_f64() * 1e3;
    let faults = seen.early as f64 + seen.twice as f64 + (seen.missing_on_socket + seen.missing_in_inbox) as f64;
    [
        Figure::new(
            format!("{what}, p99 late"),
            p99,
            Unit::Milliseconds,
            Ask::AtMost(p99_ms),
        ),
        Figure::new(
            format!("{what}, early, twice or missing"),
            faults,
            Unit::Times,
            Ask::AtMost(0.0),
        ),
    ]
}

async fn run(addresses: Addresses, shape: Shape, users: Vec<User>) -> io::Result<Seen> {
    let first = Utc::now() + shape.preparation;
    let each = shape.reminders / users.len().max(1);
    let last = shape.due(first, shape.reminders);
    let people = users.into_iter().enumerate().map(|(index, user)| async move {
        let dues = (index * each..(index + 1) * each).map(|number| shape.due(first, number));
        Person { addresses, user }.wait_for(dues.collect(), last).await
    });
    let mut seen = Seen::default();
    for part in in_parallel(MANY_USERS, people).await? {
        seen.merge(&part);
    }
    Ok(seen)
}

/// A user with a socket and an inbox.
struct Person {
    addresses: Addresses,
    user: User,
}

impl Person {
    async fn wait_for(self, dues: Vec<DateTime<Utc>>, last: DateTime<Utc>) -> io::Result<Seen> {
        let mut api = Api::open(self.addresses.api, &self.user.token).await?;
        let mut expected = HashMap::with_capacity(dues.len());
        for due in dues {
            let at = due.to_rfc3339_opts(SecondsFormat::Millis, true);
            let task = json!({ "title": "Leave for the train", "reminders": [{ "id": Uuid::now_v7(), "at": at }] });
            let due = DateTime::from_timestamp_millis(due.timestamp_millis()).unwrap_or(due);
            expected.insert(api.create(&task).await?, due);
        }
        if Utc::now() + TimeDelta::milliseconds(200) > last {
            return Err(io::Error::other(
                "creating the tasks took longer than the time until the first reminder",
            ));
        }
        let socket = Socket::open(self.addresses.sync, &self.user.token).await?;
        let until = (last - Utc::now()).to_std().unwrap_or_default() + PATIENCE;
        let mut seen = on_socket(socket, &expected, until).await?;
        in_inbox(&mut api, &expected, &mut seen).await?;
        Ok(seen)
    }
}

async fn on_socket(mut socket: Socket, expected: &HashMap<String, DateTime<Utc>>, until: Duration) -> io::Result<Seen> {
    let mut seen = Seen::default();
    let mut fired = HashSet::new();
    let end = tokio::time::Instant::now() + until;
    while fired.len() < expected.len() {
        let Ok(message) = timeout_at(end, socket.next()).await else {
            break;
        };
        let (message, now) = (message?, Utc::now());
        let message: Value = serde_json::from_slice(message).map_err(io::Error::other)?;
        if message["event"]["type"] != FIRED {
            continue;
        }
        let task = string(&message["event"]["data"], "task")?;
        let Some(due) = expected.get(&task) else {
            continue;
        };
        if fired.insert(task) {
            Seen::count(&mut seen.late_on_socket, &mut seen.early, now - due);
        } else {
            seen.twice += 1;
        }
    }
    seen.missing_on_socket = expected.len() - fired.len();
    Ok(seen)
}

async fn in_inbox(api: &mut Api, expected: &HashMap<String, DateTime<Utc>>, seen: &mut Seen) -> io::Result<()> {
    let mut fired = HashSet::new();
    let page = api.get(&format!("/v1/notifications?limit={PAGE}")).await?;
    for notification in page["items"].as_array().into_iter().flatten() {
        let task = string(notification, "task")?;
        let Some(due) = expected.get(&task) else {
            continue;
        };
        let fired_at = DateTime::parse_from_rfc3339(&string(notification, "fired_at")?).map_err(io::Error::other)?;
        if fired.insert(task) {
            Seen::count(&mut seen.late_in_inbox, &mut seen.early, fired_at.to_utc() - due);
        } else {
            seen.twice += 1;
        }
    }
    seen.missing_in_inbox = expected.len() - fired.len();
    Ok(())
}
