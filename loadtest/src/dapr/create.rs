//! Creating tasks: one caller beside the floor, and many callers as many users.

use std::{io, time::Duration};

use super::{
    cast::Cast,
    floor::{Floor, Seen},
    profile::Profile,
    stage::Stage,
};
use crate::{
    backlog::Watch,
    histogram::Histogram,
    load::{self, Plan},
    options::DaprOptions,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
    rows::create::{WATCHED_USERS, creators, refused},
};

/// What a create by one caller may take, as a multiple of the floor.
const MOST_OF_FLOOR: f64 = 1.5;
const WARM_UP: Duration = Duration::from_secs(2);
/// After a create, so that what it leaves behind is done before the next: no person creates tasks faster.
const REST: Duration = Duration::from_millis(100);

/// Load on the API, whose answers say 201.
pub(super) fn plan(stage: &Stage, length: Duration) -> Plan {
    Plan {
        address: stage.addresses.api,
        pid: None,
        warm_up: WARM_UP,
        length,
        expected: 201,
        rest: Duration::ZERO,
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// One caller who owns many tasks, and the floor before it.
pub(super) async fn one(stage: &Stage, cast: &Cast, options: &DaprOptions) -> io::Result<Section> {
    let length = Duration::from_secs_f64(options.seconds / 4.0);
    let mut section = Section::default();
    progress("the floor");
    let floor = Floor::start(stage).await?;
    floor.measure(1, WARM_UP, Duration::ZERO).await?;
    let least = floor.measure(1, length, Duration::ZERO).await?;
    let resting = floor.measure(1, length, REST).await?;
    let many = floor.measure(options.callers, length, Duration::ZERO).await?;
    floor.stop(stage).await?;
    let (least_p50, least_p99) = (least.latency.quantile(0.5), least.latency.quantile(0.99));
    section.notes.push(format!(
        "the floor, a call of an actor that does nothing and a write of 1 KB with an ETag: one caller p50 {:.2} ms, p99 {:.2} ms; {} callers \
         {:.0}/s, p50 {:.1} ms, each write followed by a read of its ETag",
        ms(least_p50),
        ms(least_p99),
        options.callers,
        many.rate(),
        ms(many.latency.quantile(0.5)),
    ));
    let caller = &cast.owners[..1];
    let mut measure = async |what: &str, rest: Duration, least: &Seen| {
        progress(what);
        let plan = Plan {
            rest,
            ..plan(stage, length)
        };
        let (tally, _) = load::run(plan, creators(caller)).await?;
        section.notes.push(format!(
            "{what}, who owns {} tasks: {}",
            options.owned,
            tally.describe()
        ));
        section
            .figures
            .extend(beside_floor(what, &tally.latency, &least.latency));
        io::Result::Ok(())
    };
    measure("create, one caller", Duration::ZERO, &least).await?;
    measure("create, one caller with 100 ms between creates", REST, &resting).await?;
    Ok(section)
}

fn beside_floor(what: &str, took: &Histogram, floor: &Histogram) -> [Figure; 2] {
    let most_ms = (ms(floor.quantile(0.5)) * MOST_OF_FLOOR * 100.0).round() / 100.0;
    let figure = |what, quantile, ask| {
        Figure::new(what, ms(took.quantile(quantile)), Unit::Milliseconds, ask)
            .beside_floor(ms(floor.quantile(quantile)), None)
    };
    [
        figure(
            format!("{what}, p50 (asked: {MOST_OF_FLOOR} × the floor)"),
            0.5,
            Ask::AtMost(most_ms),
        ),
        figure(format!("{what}, p99"), 0.99, Ask::Nothing),
    ]
}

/// Many callers, the backlog they leave behind, and who did the work.
pub(super) async fn many(stage: &Stage, cast: &Cast, options: &DaprOptions) -> io::Result<Section> {
    let what = format!("create, {0} callers as {0} users", options.callers);
    let plan = plan(stage, Duration::from_secs_f64(options.seconds));
    let watched = cast.callers.len().min(WATCHED_USERS);
    let watch = Watch::begin(stage.addresses, &cast.callers[..watched]).await?;
    let before = Profile::take_with_calls(stage).await?;
    let (tally, creators) = load::run(plan, creators(&cast.callers)).await?;
    let acknowledged: Vec<u64> = creators.iter().map(|creator| creator.acknowledged).collect();
    let backlog = watch.end(&acknowledged, plan.warm_up + plan.length).await?;
    // Taken when everything has caught up: it is what the commands cost in the end.
    let after = Profile::take_with_calls(stage).await?;
    let mut section = Section::default();
    section.notes.push(format!("{what}: {}", tally.describe()));
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let commands = acknowledged.iter().sum::<u64>().max(1) as f64;
    section.notes.extend(after.describe_since(&before, commands));
    section.figures.extend([
        Figure::new(&what, tally.rate(), Unit::PerSecond, Ask::AtLeast(400.0)),
        refused(&what, &tally),
    ]);
    backlog.report(&what, &mut section);
    Ok(section)
}
