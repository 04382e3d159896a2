//! What it costs to bring a user with many tasks into memory: time until the first answer, and memory.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::{
    api::Api,
    bench::Bench,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
    seed::User,
};

/// What a user's state was seen to need.
pub(crate) struct Seen {
    pub(crate) first_get: Duration,
    pub(crate) first_list: Duration,
}

/// Both lines.
pub(super) async fn measure(bench: &Bench) -> io::Result<Section> {
    let mut section = Section::default();
    let Some((server, seed)) = bench.start_seeded()? else {
        return Ok(section);
    };
    let what = format!("a user with {} tasks", bench.options.owned);
    progress(format_args!("{what}: activation"));
    warm(server.address, &seed.users).await?;
    let before = server.resident_bytes()?;
    let mut seen = Vec::new();
    for owner in &seed.owners {
        seen.push(activate(server.address, owner).await?);
    }
    let grown = server.resident_bytes()?.saturating_sub(before);
    server.stop()?;
    let slowest_ms = |part: fn(&Seen) -> Duration| seen.iter().map(part).max().unwrap_or_default().as_secs_f64() * 1e3;
    section.notes.push(format!(
        "{what}: the slowest of {}; the list after it took at most {:.1} ms more; memory is what the process grew by, lists included, divided \
         by {0}",
        seen.len(),
        slowest_ms(|seen| seen.first_list)
    ));
    section.figures.extend([
        Figure::new(
            format!("{what}, first answer"),
            slowest_ms(|seen| seen.first_get),
            Unit::Milliseconds,
            Ask::AtMost(100.0),
        ),
        Figure::new(
            format!("{what}, memory"),
            megabytes(grown) / seen.len().max(1) as f64,
            Unit::Megabytes,
            Ask::AtMost(10.0),
        ),
    ]);
    Ok(section)
}

/// Pays for what every server does once, whoever asks: threads, code, the first pages of the allocator.
pub(crate) async fn warm(server: SocketAddr, users: &[User]) -> io::Result<()> {
    for user in users.iter().take(20) {
        let mut api = Api::open(server, &user.token).await?;
        api.get("/v1/tasks?limit=50").await?;
    }
    Ok(())
}

/// Asks for a task of a user who is not in memory, then for a list.
pub(crate) async fn activate(server: SocketAddr, owner: &User) -> io::Result<Seen> {
    let mut api = Api::open(server, &owner.token).await?;
    let begin = Instant::now();
    api.get(&format!("/v1/tasks/{}", owner.tasks[0])).await?;
    let first_get = begin.elapsed();
    api.get("/v1/tasks?limit=50&sort=title").await?;
    let first_list = begin.elapsed() - first_get;
    Ok(Seen { first_get, first_list })
}

#[expect(clippy::cast_precision_loss, reason = "memory stays far below 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
