//! Changing the tasks of one user from many sides at once.

use std::{io, sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    backlog::Watch,
    bench::Bench,
    http::Answer,
    load::{self, Caller, Plan},
    progress::progress,
    random::Random,
    report::{Ask, Figure, Section, Unit},
    request::{ID_SLOT, NUMBER_SLOT, Request},
    rows::create::refused,
    seed::User,
};

/// Changes tasks of one user, none of them twice to the same.
struct Changer {
    requests: Vec<Request>,
    ids: Arc<Vec<String>>,
    random: Random,
    number: u64,
    step: u64,
    acknowledged: u64,
}

impl Changer {
    /// The `number`-th of so many callers; the numbers it writes are written by no other.
    fn new(owner: &User, ids: &Arc<Vec<String>>, number: u64, callers: u64) -> Self {
        let path = format!("/v1/tasks/{ID_SLOT}");
        let bodies = [
            json!({ "title": format!("Review the invoice {NUMBER_SLOT}") }),
            json!({ "description": format!("Opening hours are nine to five; the reference number is {NUMBER_SLOT}.") }),
            json!({ "tags": ["work", "finance", format!("n{NUMBER_SLOT}")] }),
            json!({ "title": format!("Call Anna {NUMBER_SLOT}"), "priority": "high" }),
        ];
        let requests = bodies
            .iter()
            .map(|body| Request::with_body("PATCH", &path, &owner.token, &body.to_string()));
        Self {
            requests: requests.collect(),
            ids: Arc::clone(ids),
            random: Random::new(number),
            number,
            step: callers,
            acknowledged: 0,
        }
    }
}

impl Caller for Changer {
    fn request(&mut self) -> &[u8] {
        self.number += self.step;
        let id = self.random.below(self.ids.len());
        let body = self.random.below(self.requests.len());
        self.requests[body]
            .set_id(&self.ids[id])
            .set_number(self.number)
            .bytes()
    }

    fn answered(&mut self, answer: &Answer<'_>, _latency: Duration) {
        self.acknowledged += u64::from(answer.status == 200);
    }
}

/// The line.
pub(super) async fn measure(bench: &Bench) -> io::Result<Section> {
    let callers = bench.options.callers;
    let what = format!("update, {callers} callers on one user's tasks");
    let mut section = Section::default();
    let Some((server, seed)) = bench.start_seeded()? else {
        return Ok(section);
    };
    progress(&what);
    let owner = &seed.owners[0];
    let ids = Arc::new(owner.tasks.clone());
    let changers = (0..callers as u64).map(|number| Changer::new(owner, &ids, number, callers as u64));
    let plan = Plan {
        expected: 200,
        rest: Duration::ZERO,
        ..bench.write_plan(&server)
    };
    let watch = Watch::begin(server.address, std::slice::from_ref(owner)).await?;
    let (tally, changers) = load::run(plan, changers.collect()).await?;
    let acknowledged = changers.iter().map(|changer| changer.acknowledged).sum();
    let backlog = watch.end(&[acknowledged], plan.warm_up + plan.length).await?;
    server.stop()?;
    section.notes.push(format!("{what}: {}", tally.describe()));
    section.figures.extend([
        Figure::new(&what, tally.rate(), Unit::PerSecond, Ask::AtLeast(8_000.0)),
        refused(&what, &tally),
    ]);
    backlog.report(&what, &mut section);
    Ok(section)
}
