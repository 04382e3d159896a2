//! Creating tasks: one caller beside the floor, and many callers as many users.

use std::{io, time::Duration};

use super::{cast::Cast, floor::Floor, profile::Profile, stage::Stage};
use crate::{
    backlog::Watch,
    load::{self, Plan},
    options::DaprOptions,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
    rows::create::{WATCHED_USERS, creators, refused},
};

/// What a create by one caller may take, as a multiple of the floor.
const MOST_OF_FLOOR: f64 = 1.5;
const WARM_UP: Duration = Duration::from_secs(2);

/// Load on the API, whose answers say 201.
pub(super) fn plan(stage: &Stage, length: Duration) -> Plan {
    Plan {
        address: stage.addresses.api,
        pid: None,
        warm_up: WARM_UP,
        length,
        expected: 201,
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
    floor.measure(1, WARM_UP).await?;
    let least = floor.measure(1, length).await?;
    let many = floor.measure(options.callers, length).await?;
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
    progress("create, one caller");
    let (tally, _) = load::run(plan(stage, length), creators(&cast.owners[..1])).await?;
    section.notes.push(format!(
        "create, one caller who owns {} tasks: {}",
        options.owned,
        tally.describe()
    ));
    let most_ms = (ms(least_p50) * MOST_OF_FLOOR * 100.0).round() / 100.0;
    section.figures.extend([
        Figure::new(
            format!("create, one caller, p50 (asked: {MOST_OF_FLOOR} × the floor)"),
            ms(tally.latency.quantile(0.5)),
            Unit::Milliseconds,
            Ask::AtMost(most_ms),
        )
        .beside_floor(ms(least_p50), None),
        Figure::new(
            "create, one caller, p99",
            ms(tally.latency.quantile(0.99)),
            Unit::Milliseconds,
            Ask::Nothing,
        )
        .beside_floor(ms(least_p99), None),
    ]);
    Ok(section)
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
