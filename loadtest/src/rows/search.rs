//! Listing and searching ten thousand tasks, a page of 50 at a time: many callers, and one.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use chrono::Utc;
use memchr::memmem;

use crate::{
    api::Api,
    bench::Bench,
    histogram::Histogram,
    http::Answer,
    load::{self, Caller, Tally},
    progress::progress,
    queries::{self, Kind},
    random::Random,
    report::{Ask, Figure, Section, Unit},
    request::Request,
    seed::User,
};

/// Different requests made beforehand.
const REQUESTS: usize = 4_000;
/// Of which so many are tried first, to say how much they find.
const TRIED: usize = 200;

/// The last page that is asked for.
const DEEPEST_PAGE: u32 = 5;

/// A request made beforehand.
struct Prepared {
    kind: Kind,
    path: String,
    request: Request,
}

/// Asks one query after the other.
struct Searcher {
    queries: Arc<Vec<Prepared>>,
    token: String,
    random: Random,
    asked: usize,
    next_page: Option<NextPage>,
    is_next_page: bool,
    kept: Kept,
}

/// The page after an earlier answer's.
struct NextPage {
    /// Filter and order: a cursor is good for those it came with.
    path: String,
    number: u32,
    request: Request,
}

/// What was seen of the answers.
#[derive(Default)]
struct Kept {
    latency: BTreeMap<Kind, Histogram>,
    answers: u64,
    bytes: u64,
}

impl Kept {
    fn merge(&mut self, other: &Self) {
        for (kind, latency) in &other.latency {
            self.latency.entry(*kind).or_default().merge(latency);
        }
        self.answers += other.answers;
        self.bytes += other.bytes;
    }

    fn describe(&self) -> String {
        let mut text = format!(
            "{} KB an answer; by kind p50/p99 ms:",
            self.bytes / self.answers.max(1) / 1000
        );
        for (kind, latency) in &self.latency {
            let ms = |share| latency.quantile(share).as_secs_f64() * 1e3;
            text += &format!(" {kind:?} {:.2}/{:.2}", ms(0.5), ms(0.99));
        }
        text
    }
}

impl Caller for Searcher {
    fn request(&mut self) -> &[u8] {
        self.asked = self.random.below(self.queries.len());
        self.is_next_page = self.queries[self.asked].kind == Kind::NextPage && self.next_page.is_some();
        match &self.next_page {
            Some(next_page) if self.is_next_page => next_page.request.bytes(),
            _ => self.queries[self.asked].request.bytes(),
        }
    }

    fn answered(&mut self, answer: &Answer<'_>, latency: Duration) {
        let asked = &self.queries[self.asked];
        let kind = match asked.kind {
            Kind::NextPage if !self.is_next_page => Kind::Plain,
            kind => kind,
        };
        self.kept.latency.entry(kind).or_default().record(latency);
        self.kept.answers += 1;
        self.kept.bytes += answer.body.len() as u64;
        if kind == Kind::NextPage {
            self.next_page = self
                .next_page
                .take()
                .and_then(|page| self.after(page.path, page.number, answer.body));
        } else if self.next_page.is_none() {
            self.next_page = self.after(asked.path.clone(), 1, answer.body);
        }
    }
}

/// The cursor in an answer, found without reading the tasks: it stands after them, or before them.
fn next_cursor(body: &[u8]) -> Option<&str> {
    const NAME: &[u8] = br#""next_cursor":""#;
    let at = memmem::rfind(body, NAME)? + NAME.len();
    let length = memchr::memchr(b'"', &body[at..])?;
    std::str::from_utf8(&body[at..at + length]).ok()
}

/// Both lines.
pub(super) async fn measure(bench: &Bench) -> io::Result<Section> {
    let mut section = Section::default();
    let Some((server, seed)) = bench.start_seeded()? else {
        return Ok(section);
    };
    let owner = &seed.owners[0];
    let queries = Arc::new(prepare(owner));
    section
        .notes
        .push(tried(&mut Api::open(server.address, &owner.token).await?, &queries).await?);

    let callers = bench.options.callers;
    let what = format!("list or search, page of 50, {callers} callers");
    progress(&what);
    let searchers = |callers| {
        (0..callers as u64)
            .map(|seed| Searcher::new(&queries, owner, seed))
            .collect::<Vec<_>>()
    };
    let (many, kept) = load::run(bench.read_plan(&server), searchers(callers)).await?;
    section
        .notes
        .push(format!("{what}: {}; {}", many.describe(), merged(&kept)));
    section.figures.extend([
        Figure::new(what, many.rate(), Unit::PerSecond, Ask::AtLeast(8_000.0)),
        Figure::new(
            "server CPU per search",
            many.server_cpu_ms(),
            Unit::Milliseconds,
            Ask::AtMost(0.2),
        ),
    ]);

    let what = "list or search, page of 50, one caller";
    progress(what);
    let (one, kept) = load::run(bench.read_plan(&server), searchers(1)).await?;
    server.stop()?;
    section
        .notes
        .push(format!("{what}: {}; {}", one.describe(), merged(&kept)));
    section.figures.extend([
        Figure::new(what, one.rate(), Unit::PerSecond, Ask::Nothing),
        Figure::new(
            format!("{what}, p99"),
            p99_ms(&one),
            Unit::Milliseconds,
            Ask::AtMost(2.0),
        ),
        Figure::new(
            "list or search, not answered with 200",
            refusals(&[&many, &one]),
            Unit::Times,
            Ask::AtMost(0.0),
        ),
    ]);
    Ok(section)
}

impl Searcher {
    fn new(queries: &Arc<Vec<Prepared>>, owner: &User, seed: u64) -> Self {
        Self {
            queries: Arc::clone(queries),
            token: owner.token.clone(),
            random: Random::new(seed),
            asked: 0,
            next_page: None,
            is_next_page: false,
            kept: Kept::default(),
        }
    }

    /// The page after this one, if there is one and it is not further down than people go.
    fn after(&self, path: String, number: u32, body: &[u8]) -> Option<NextPage> {
        let cursor = next_cursor(body).filter(|_| number < DEEPEST_PAGE)?;
        let request = Request::get(&format!("{path}&cursor={}", queries::encoded(cursor)), &self.token);
        let number = number + 1;
        Some(NextPage { path, number, request })
    }
}

fn prepare(owner: &User) -> Vec<Prepared> {
    let mut random = Random::new(0x5ea7c4);
    let today = Utc::now().date_naive();
    let queries = (0..REQUESTS).map(|_| {
        let kind = Kind::draw(&mut random);
        let path = queries::path(kind, &mut random, today);
        let request = Request::get(&path, &owner.token);
        Prepared { kind, path, request }
    });
    queries.collect()
}

/// Tries some queries; says how many tasks they find. A mix that finds nothing, or everything, would measure little.
async fn tried(api: &mut Api, queries: &[Prepared]) -> io::Result<String> {
    let mut totals = Vec::new();
    for query in &queries[..TRIED.min(queries.len())] {
        let answer = api.get(&query.path).await?;
        totals.push(
            answer["total"]
                .as_u64()
                .ok_or_else(|| io::Error::other("a list without `total`"))?,
        );
    }
    totals.sort_unstable();
    let at = |share: usize| totals[(totals.len() - 1) * share / 100];
    Ok(format!(
        "of {TRIED} queries a quarter finds at most {} tasks, half at most {}, three quarters at most {}, none more than {}",
        at(25),
        at(50),
        at(75),
        at(100)
    ))
}

fn merged(searchers: &[Searcher]) -> String {
    let mut all = Kept::default();
    for searcher in searchers {
        all.merge(&searcher.kept);
    }
    all.describe()
}

fn p99_ms(tally: &Tally) -> f64 {
    tally.latency.quantile(0.99).as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn refusals(tallies: &[&Tally]) -> f64 {
    tallies.iter().map(|tally| tally.refusals()).sum::<u64>() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_found_and_its_absence_too() {
        assert_eq!(
            next_cursor(br#"{"items":[{"id":"1"}],"next_cursor":"abc","total":9}"#),
            Some("abc")
        );
        assert_eq!(next_cursor(br#"{"items":[],"next_cursor":null,"total":0}"#), None);
    }
}
