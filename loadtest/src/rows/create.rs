//! Creating tasks: many callers as many users, and one caller who owns many tasks already.

use std::{io, time::Duration};

use chrono::Utc;

use crate::{
    backlog::Watch,
    bench::Bench,
    corpus,
    http::Answer,
    load::{self, Caller, Tally},
    progress::progress,
    random::Random,
    report::{Ask, Figure, Section, Unit},
    request::{NUMBER_SLOT, Request},
    seed::User,
};

/// Different tasks a caller creates in turn, each time with another number in its title.
const TASKS_IN_TURN: usize = 32;
/// The last seconds whose rate is told apart.
const LAST_SECONDS: usize = 10;

/// The one caller goes on as the next user after so many tasks: a user may not have more than 200,000.
const TASKS_PER_TURN: usize = 50_000;

/// Users whose audit and sync are looked at.
pub(crate) const WATCHED_USERS: usize = 3;

/// Creates tasks for one user.
pub(crate) struct Creator {
    requests: Vec<Request>,
    sent: usize,
    /// Tasks the server has acknowledged.
    pub(crate) acknowledged: u64,
}

impl Creator {
    /// A caller with tasks of its own.
    pub(crate) fn new(token: &str, seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0xc0ff_ee00);
        let today = Utc::now().date_naive();
        let requests = (0..TASKS_IN_TURN).map(|_| {
            let mut task = corpus::task(&mut random, today);
            task["title"] = format!("{} {NUMBER_SLOT}", task["title"].as_str().unwrap_or_default()).into();
            Request::with_body("POST", "/v1/tasks", token, &task.to_string())
        });
        Self {
            requests: requests.collect(),
            sent: 0,
            acknowledged: 0,
        }
    }
}

impl Caller for Creator {
    fn request(&mut self) -> &[u8] {
        self.sent += 1;
        let turn = self.sent % TASKS_IN_TURN;
        self.requests[turn].set_number(self.sent as u64).bytes()
    }

    fn answered(&mut self, answer: &Answer<'_>, _latency: Duration) {
        self.acknowledged += u64::from(answer.status == 201);
    }
}

/// One caller who is one user after the other.
struct InTurn {
    creators: Vec<Creator>,
    sent: usize,
}

impl Caller for InTurn {
    fn request(&mut self) -> &[u8] {
        let user = self.sent / TASKS_PER_TURN % self.creators.len();
        self.sent += 1;
        self.creators[user].request()
    }
}

/// Both lines.
pub(super) async fn measure(bench: &Bench) -> io::Result<Section> {
    let mut section = Section::default();
    many(bench, &mut section).await?;
    one(bench, &mut section).await?;
    Ok(section)
}

async fn many(bench: &Bench, section: &mut Section) -> io::Result<()> {
    let callers = bench.options.callers;
    let what = format!("create, {callers} callers as {callers} users");
    progress(format_args!("{what}: floor"));
    let floor = on_floor(bench, callers).await?;
    section.notes.push(format!("{what}, floor: {}", floor.describe()));
    let Some((server, seed)) = bench.start_seeded()? else {
        section
            .figures
            .push(Figure::new(what, floor.rate(), Unit::PerSecond, Ask::Nothing));
        return Ok(());
    };
    progress(format_args!("{what}: server"));
    let users = &seed.users[..callers.min(seed.users.len())];
    let plan = bench.write_plan(&server);
    let watch = Watch::begin(server.address, &users[..users.len().min(WATCHED_USERS)]).await?;
    let (tally, creators) = load::run(plan, creators(users)).await?;
    let acknowledged: Vec<u64> = creators.iter().map(|creator| creator.acknowledged).collect();
    let backlog = watch.end(&acknowledged, plan.warm_up + plan.length).await?;
    server.stop()?;
    section.notes.push(format!("{what}: {}", tally.describe()));
    if tally.per_second.len() > LAST_SECONDS {
        let rate = tally.rate_at_the_end(LAST_SECONDS);
        section
            .notes
            .push(format!("{what}: {rate:.0}/s in the last {LAST_SECONDS} s"));
    }
    section.figures.extend([
        Figure::new(&what, tally.rate(), Unit::PerSecond, Ask::AtLeast(20_000.0))
            .beside_floor(floor.rate(), Some(35.0)),
        refused(&what, &tally),
        Figure::new(
            "server CPU per create",
            tally.server_cpu_ms(),
            Unit::Milliseconds,
            Ask::AtMost(0.075),
        )
        .beside_floor(floor.server_cpu_ms(), None),
    ]);
    backlog.report(&what, section);
    Ok(())
}

async fn one(bench: &Bench, section: &mut Section) -> io::Result<()> {
    let what = "create, one caller";
    progress(format_args!("{what}: floor"));
    let floor = on_floor(bench, 1).await?;
    section.notes.push(format!("{what}, floor: {}", floor.describe()));
    let Some((server, seed)) = bench.start_seeded()? else {
        section
            .figures
            .push(Figure::new(what, floor.rate(), Unit::PerSecond, Ask::Nothing));
        return Ok(());
    };
    progress(format_args!("{what}: server"));
    let caller = InTurn {
        creators: creators(&seed.owners),
        sent: 0,
    };
    let (tally, _) = load::run(bench.write_plan(&server), vec![caller]).await?;
    server.stop()?;
    section.notes.push(format!("{what}: {}", tally.describe()));
    let p99_ms = |tally: &Tally| tally.latency.quantile(0.99).as_secs_f64() * 1e3;
    section.figures.extend([
        Figure::new(what, tally.rate(), Unit::PerSecond, Ask::Nothing).beside_floor(floor.rate(), Some(60.0)),
        Figure::new(
            "create, one caller, p99",
            p99_ms(&tally),
            Unit::Milliseconds,
            Ask::AtMost(2.0),
        )
        .beside_floor(p99_ms(&floor), None),
    ]);
    Ok(())
}

/// The line that says how many were refused.
pub(crate) fn refused(what: &str, tally: &Tally) -> Figure {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    Figure::new(
        format!("{what}, refused"),
        tally.refusals() as f64,
        Unit::Times,
        Ask::AtMost(0.0),
    )
}

/// One caller for each user.
pub(crate) fn creators(users: &[User]) -> Vec<Creator> {
    let creators = users.iter().enumerate();
    creators
        .map(|(number, user)| Creator::new(&user.token, number as u64))
        .collect()
}

async fn on_floor(bench: &Bench, callers: usize) -> io::Result<Tally> {
    let floor = bench.start_floor()?;
    let creators = (0..callers as u64).map(|number| Creator::new(&bench.token_for_floor(), number));
    let (tally, _) = load::run(bench.write_plan(&floor), creators.collect()).await?;
    floor.stop()?;
    Ok(tally)
}
