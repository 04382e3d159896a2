//! What callers see while something is broken.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    cast::Cast,
    create::plan,
    stage::{SECOND_HOST, Stage, sidecar_of},
};
use crate::{
    api::Api,
    load,
    parallel::in_parallel,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
    rows::{
        activation::warm,
        create::{creators, refused},
    },
    seed::User,
    trail::Trail,
};

/// How long Kafka is away.
const AWAY: Duration = Duration::from_secs(30);
/// Callers meanwhile.
const CALLERS: usize = 8;
/// How long the events of half a minute may take to arrive once Kafka is back.
const CATCHING_UP: Duration = Duration::from_secs(300);
/// How long an actor may take to answer again before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries.
const REST: Duration = Duration::from_millis(50);

/// Creates while Kafka is away: from the moment it is told to end until it has been away for 30 s. Waits until what was published late has arrived,
/// for what is measured next is a service at rest.
pub(super) async fn kafka_away(stage: &Stage, cast: &Cast) -> io::Result<Section> {
    let what = format!("create, {CALLERS} callers, Kafka away for {} s", AWAY.as_secs());
    progress(&what);
    let users = &cast.callers[..CALLERS.min(cast.callers.len())];
    let mut trails = Vec::new();
    for user in users {
        trails.push(Trail::begin(Api::open(stage.addresses.api, &user.token).await?).await?);
    }
    let callers = creators(users);
    let plan = plan(stage, AWAY + Duration::from_secs(2));
    let begin = tokio::time::Instant::now() + plan.warm_up;
    let ending = async {
        tokio::time::sleep_until(begin).await;
        stage.with(|environment| environment.stop("kafka")).await?;
        Ok::<_, io::Error>(begin.elapsed())
    };
    let (load, ended) = tokio::join!(load::run(plan, callers), ending);
    let ((tally, _), ended) = (load?, ended?);
    stage.with(|environment| environment.start("kafka")).await?;
    let back = Instant::now();
    for trail in &mut trails {
        if !trail.catch_up(back + CATCHING_UP).await? {
            return Err(io::Error::other(format!(
                "{what}: audit has not everything {CATCHING_UP:?} after"
            )));
        }
    }
    let caught_up_after = back.elapsed();
    let mut section = Section::default();
    section.notes.push(format!(
        "{what}: {}; it took Kafka {:.1} s to end; audit had everything {:.1} s after Kafka was back",
        tally.describe(),
        ended.as_secs_f64(),
        caught_up_after.as_secs_f64(),
    ));
    section.figures.extend([
        Figure::new(
            format!("{what}, p99"),
            tally.latency.quantile(0.99).as_secs_f64() * 1e3,
            Unit::Milliseconds,
            Ask::AtMost(100.0),
        ),
        refused(&what, &tally),
    ]);
    Ok(section)
}

/// Kills the process that hosts users' actors while a second one is there, and has every user write until that succeeds.
pub(super) async fn host_killed(stage: &Stage, cast: &Cast) -> io::Result<Section> {
    let what = "kill -9 of a host, its actors answer again";
    progress(what);
    // The process before its sidecar can be used waits for it.
    stage
        .with(|environment| {
            environment.start(&sidecar_of(SECOND_HOST))?;
            environment.start(SECOND_HOST)
        })
        .await?;
    warm(stage.second_host, &cast.callers).await?;
    let begin = Instant::now();
    stage.with(|environment| environment.kill("api")).await?;
    let writes = cast.callers.iter().cloned();
    let writes = writes.map(|user| write_until_done(stage.second_host, user, begin));
    let mut took = in_parallel(usize::MAX, writes).await?;
    took.sort();
    let moved = took.iter().filter(|took| **took > Duration::from_millis(500)).count();
    let slowest = took.last().copied().unwrap_or_default();
    let mut section = Section::default();
    section.notes.push(format!(
        "{what}: {} users write through the other host from the moment of the kill on; for {moved} of them that took longer than half a \
         second, at most {:.1} s",
        took.len(),
        slowest.as_secs_f64(),
    ));
    let slowest_ms = slowest.as_secs_f64() * 1e3;
    section
        .figures
        .push(Figure::new(what, slowest_ms, Unit::Milliseconds, Ask::AtMost(10_000.0)));
    Ok(section)
}

/// From `begin` until a write of this user was acknowledged.
async fn write_until_done(host: SocketAddr, user: User, begin: Instant) -> io::Result<Duration> {
    let task = json!({ "title": "After the kill" });
    loop {
        let mut api = Api::open(host, &user.token).await?;
        match api.create(&task).await {
            Ok(_) => return Ok(begin.elapsed()),
            Err(error) if begin.elapsed() > PATIENCE => return Err(error),
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}
