//! Memory at rest, and what a socket adds.

use std::{io, time::Duration};

use crate::{
    api::Api,
    bench::{Bench, Running},
    parallel::in_parallel,
    progress::progress,
    report::{Ask, Figure, Section, Unit},
    websocket::Socket,
};

/// How long a server is left alone before it is looked at.
const REST: Duration = Duration::from_secs(2);
/// How many times as many sockets are opened as there are users in other rows.
const TIMES: usize = 4;
/// Sockets opened at the same time.
const OPENING_AT_A_TIME: usize = 32;

/// Both lines.
pub(super) async fn measure(bench: &Bench) -> io::Result<Section> {
    let mut section = Section::default();
    let Some(server) = bench.start_empty()? else {
        return Ok(section);
    };
    progress("memory: idle and per socket");
    tokio::time::sleep(REST).await;
    let idle = server.resident_bytes()?;
    let token = Api::open(server.address, "")
        .await?
        .register("sockets@example.com")
        .await?;
    let many = open(&server, &token, bench.options.users * TIMES).await?;
    tokio::time::sleep(REST).await;
    // Since before the account: what hashing its password left free holds many a socket, and would else be counted for none.
    let grown = server.resident_bytes()?.saturating_sub(idle);
    let sockets = many.len();
    drop(many);
    server.stop()?;
    section.figures.extend([
        Figure::new("memory, idle", scaled(idle, 1e6), Unit::Megabytes, Ask::AtMost(25.0)),
        Figure::new(
            format!("memory per socket, of {sockets}, what their account took included"),
            scaled(grown, 1e3) / sockets.max(1) as f64,
            Unit::Kilobytes,
            Ask::AtMost(15.0),
        ),
    ]);
    section
        .notes
        .push("memory is the resident set (`VmRSS`); buffers of the kernel are not in it".into());
    Ok(section)
}

async fn open(server: &Running, token: &str, sockets: usize) -> io::Result<Vec<Socket>> {
    let address = server.address;
    let opening = (0..sockets).map(|_| {
        let token = token.to_owned();
        async move { Socket::open(address, &token).await }
    });
    in_parallel(OPENING_AT_A_TIME, opening).await
}

#[expect(clippy::cast_precision_loss, reason = "memory stays far below 2^52 bytes")]
fn scaled(bytes: u64, unit: f64) -> f64 {
    bytes as f64 / unit
}
