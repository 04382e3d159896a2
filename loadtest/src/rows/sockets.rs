//! Changes on their way to other devices: each to its own user, and all to one.

use std::io;

use crate::{
    addresses::Addresses,
    audience::{Audience, Changes, Seen},
    bench::Bench,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
    seed::{Seed, User},
};

/// Changes a second to users of their own, and how late the slowest of a hundred may be.
const OWN: (u32, f64) = (1_000, 4.0);
/// The same with a crowd: few of many devices have something to hear.
const CROWD: (u32, f64) = (500, 100.0);
/// So many sockets are a crowd.
const CROWD_BEGINS: usize = 10_000;
/// Changes a second to one user.
const SHARED_PER_SECOND: u32 = 10;

/// Every socket belongs to another user.
pub(super) async fn to_their_own(bench: &Bench) -> io::Result<Section> {
    let users = bench.options.users;
    let (per_second, p99_ms) = if users < CROWD_BEGINS { OWN } else { CROWD };
    let what = format!("{users} sockets, {per_second} changes/s, each to its own user");
    measure(bench, &what, p99_ms, |seed| Setting {
        // Two for each user, so that all of them are in memory.
        warm_up: 2 * seed.users.len(),
        changed: seed.users.clone(),
        sockets: seed.users.iter().map(|user| user.token.clone()).collect(),
        per_second,
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
pub(crate) struct Setting {
    /// Changes before those that are measured.
    pub(crate) warm_up: usize,
    /// Whose tasks change, in turn.
    pub(crate) changed: Vec<User>,
    /// The tokens of those who listen.
    pub(crate) sockets: Vec<String>,
    /// Changes a second.
    pub(crate) per_second: u32,
    /// On how many sockets a change arrives.
    pub(crate) frames_per_change: u64,
}

async fn measure(
    bench: &Bench,
    what: &str,
    p99_ms: f64,
    setting: impl FnOnce(&Seed) -> Setting,
) -> io::Result<Section> {
    let Some((server, seed)) = bench.start_seeded()? else {
        return Ok(Section::default());
    };
    let seconds = bench.options.read_length().as_secs().max(1);
    let section = setting(seed)
        .watch(server.address.into(), what, seconds, p99_ms)
        .await?;
    server.stop()?;
    Ok(section)
}

impl Setting {
    /// Makes changes for so many seconds; 99 % of the frames are to take at most `p99_ms`.
    pub(crate) async fn watch(
        self,
        addresses: Addresses,
        what: &str,
        seconds: u64,
        p99_ms: f64,
    ) -> io::Result<Section> {
        progress(what);
        let mut section = Section::default();
        let changes = Changes {
            users: self.changed,
            per_second: self.per_second,
            warm_up: self.warm_up,
            measured: usize::try_from(seconds).unwrap_or_default() * self.per_second as usize,
        };
        let audience = Audience::open(addresses.sync, self.sockets, &changes).await?;
        let seen = audience.watch(addresses.api, changes, self.frames_per_change).await?;
        section.notes.push(format!("{what}: {}", seen.describe()));
        section.figures.extend(figures(what, p99_ms, &seen));
        Ok(section)
    }
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
