//! Changes on their way to other devices: each to its own user, and all to one.

use std::io;

use crate::{
    audience::{Audience, Changes, Seen},
    bench::Bench,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
    seed::{Seed, User},
};

/// Changes a second to users of their own.
const OWN_PER_SECOND: u32 = 1_000;
/// Changes a second to one user.
const SHARED_PER_SECOND: u32 = 10;

/// Every socket belongs to another user.
pub(super) async fn to_their_own(bench: &Bench) -> io::Result<Section> {
    let what = format!(
        "{} sockets, {OWN_PER_SECOND} changes/s, each to its own user",
        bench.options.users
    );
    measure(bench, &what, 4.0, |seed| Setting {
        // Two for each user, so that all of them are in memory.
        warm_up: 2 * seed.users.len(),
        changed: seed.users.clone(),
        sockets: seed.users.iter().map(|user| user.token.clone()).collect(),
        per_second: OWN_PER_SECOND,
        frames_per_change: 1,
    })
    .await
}

/// All sockets belong to one user.
pub(super) async fn to_all(bench: &Bench) -> io::Result<Section> {
    let sockets = bench.options.users;
    let what = format!("{sockets} sockets of one user, {SHARED_PER_SECOND} changes/s to all");
    measure(bench, &what, 40.0, |seed| Setting {
        warm_up: 10,
        changed: vec![seed.owners[0].clone()],
        sockets: vec![seed.owners[0].token.clone(); sockets],
        per_second: SHARED_PER_SECOND,
        frames_per_change: sockets as u64,
    })
    .await
}

/// Who changes, who listens.
struct Setting {
    warm_up: usize,
    changed: Vec<User>,
    sockets: Vec<String>,
    per_second: u32,
    frames_per_change: u64,
}

async fn measure(
    bench: &Bench,
    what: &str,
    p99_ms: f64,
    setting: impl FnOnce(&Seed) -> Setting,
) -> io::Result<Section> {
    let mut section = Section::default();
    let Some((server, seed)) = bench.start_seeded()? else {
        return Ok(section);
    };
    progress(what);
    let setting = setting(seed);
    let seconds = bench.options.read_length().as_secs().max(1);
    let changes = Changes {
        users: setting.changed,
        per_second: setting.per_second,
        warm_up: setting.warm_up,
        measured: usize::try_from(seconds).unwrap_or_default() * setting.per_second as usize,
    };
    let audience = Audience::open(server.address, setting.sockets, &changes).await?;
    let seen = audience
        .watch(server.address, changes, setting.frames_per_change)
        .await?;
    server.stop()?;
    section.notes.push(format!("{what}: {}", seen.describe()));
    section.figures.extend(figures(what, p99_ms, &seen));
    Ok(section)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn figures(what: &str, p99_ms: f64, seen: &Seen) -> [Figure; 2] {
    let p99 = seen.latency.quantile(0.99).as_secs_f64() * 1e3;
    let faults = seen.missing + seen.refused + seen.interrupted;
    [
        Figure::new(format!("{what}, p99"), p99, Unit::Milliseconds, Ask::AtMost(p99_ms)),
        Figure::new(
            format!("{what}, frames missing"),
            faults as f64,
            Unit::Times,
            Ask::AtMost(0.0),
        ),
    ]
}
