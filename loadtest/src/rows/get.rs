//! Reading single tasks of one user who owns many.

use std::{io, sync::Arc};

use chrono::Utc;

use crate::{
    api::Api,
    bench::{Bench, Running},
    corpus,
    load::{self, Caller, Tally},
    parallel::in_parallel,
    progress::progress,
    random::Random,
    report::{Ask, Figure, Section, Unit},
    request::{ID_SLOT, Request},
};

/// Reads tasks of one user in an order without a pattern.
struct Reader {
    request: Request,
    ids: Arc<Vec<String>>,
    random: Random,
}

impl Caller for Reader {
    fn request(&mut self) -> &[u8] {
        let id = self.random.below(self.ids.len());
        self.request.set_id(&self.ids[id]).bytes()
    }
}

/// The line.
pub(super) async fn measure(bench: &Bench) -> io::Result<Section> {
    let what = format!("get one, {} callers", bench.options.callers);
    let mut section = Section::default();
    progress(format_args!("{what}: floor"));
    let floor = on_floor(bench).await?;
    section.notes.push(format!("{what}, floor: {}", floor.describe()));
    let Some((server, seed)) = bench.start_seeded()? else {
        section
            .figures
            .push(Figure::new(what, floor.rate(), Unit::PerSecond, Ask::Nothing));
        return Ok(section);
    };
    progress(format_args!("{what}: server"));
    let owner = &seed.owners[0];
    let tally = read(bench, &server, &owner.token, owner.tasks.clone()).await?;
    server.stop()?;
    section.notes.push(format!("{what}: {}", tally.describe()));
    section.figures.extend([
        Figure::new(&what, tally.rate(), Unit::PerSecond, Ask::AtLeast(50_000.0))
            .beside_floor(floor.rate(), Some(45.0)),
        Figure::new(
            "server CPU per get",
            tally.server_cpu_ms(),
            Unit::Milliseconds,
            Ask::AtMost(0.03),
        )
        .beside_floor(floor.server_cpu_ms(), None),
    ]);
    Ok(section)
}

async fn on_floor(bench: &Bench) -> io::Result<Tally> {
    let floor = bench.start_floor()?;
    let callers = bench.options.callers;
    let address = floor.address;
    let per_caller = bench.options.owned.div_ceil(callers);
    let jobs = (0..callers as u64).map(|seed| async move {
        let mut api = Api::open(address, "").await?;
        let (mut random, today) = (Random::new(seed), Utc::now().date_naive());
        let mut ids = Vec::with_capacity(per_caller);
        for _ in 0..per_caller {
            ids.push(api.create(&corpus::task(&mut random, today)).await?);
        }
        Ok(ids)
    });
    let ids = in_parallel(callers, jobs).await?.concat();
    let tally = read(bench, &floor, &bench.token_for_floor(), ids).await?;
    floor.stop()?;
    Ok(tally)
}

async fn read(bench: &Bench, server: &Running, token: &str, ids: Vec<String>) -> io::Result<Tally> {
    let ids = Arc::new(ids);
    let readers = (0..bench.options.callers as u64).map(|seed| Reader {
        request: Request::get(&format!("/v1/tasks/{ID_SLOT}"), token),
        ids: Arc::clone(&ids),
        random: Random::new(seed),
    });
    let (tally, _) = load::run(bench.read_plan(server), readers.collect()).await?;
    Ok(tally)
}
