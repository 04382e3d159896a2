//! What a search costs: `cargo bench -p punctual-actors --bench search`. Users with 10,000 tasks each, pages of 50; p50 and p99 per kind of query,
//! for one user (what is searched stays in the caches) and for many in turn (it does not), and what the columns take in memory.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time, and memory by what the system says"
)]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

mod corpus;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use punctual_actors::user::{
    Tasks,
    search::{Sort, StatusFilter, TaskPage, TaskQuery, search},
};
use punctual_events::{Priority, UserId};

use corpus::{Corpus, NOW};

/// Users whose tasks together are far larger than the caches of a core.
const USERS: usize = 16;
const TASKS: usize = 10_000;

fn main() {
    let corpus = Corpus::new();
    let before = resident_bytes();
    let users: Vec<Tasks> = (0..USERS).map(|user| corpus.tasks(user, TASKS)).collect();
    let with_tasks = resident_bytes();
    let deriving = Instant::now();
    users.iter().for_each(|tasks| drop(find(tasks, &TaskQuery::default())));
    let deriving = deriving.elapsed();
    let with_columns = resident_bytes();
    let per_task = |from: usize, to: usize| to.saturating_sub(from) / (USERS * TASKS);
    println!(
        "memory per task: {} B, and {} B of columns",
        per_task(before, with_tasks),
        per_task(with_tasks, with_columns)
    );
    println!(
        "first search: {:.1} ms; after a change: {:.0} µs",
        millis(deriving) / USERS as f64,
        after_a_change(&corpus, &users[0])
    );
    println!(
        "\n{:<32} {:>7} {:>17} {:>17}",
        "",
        "",
        "one user",
        format!("{USERS} users")
    );
    println!(
        "{:<32} {:>7} {:>8} {:>8} {:>8} {:>8}  µs",
        "query", "found", "p50", "p99", "p50", "p99"
    );
    let asked = std::env::args()
        .nth(1)
        .filter(|argument| !argument.starts_with("--"))
        .unwrap_or_default();
    for (name, query) in queries(&corpus).into_iter().filter(|(name, _)| name.contains(&asked)) {
        let query = deep(&users[0], query);
        let found = find(&users[0], &query).total;
        let [one, many] = [&users[..1], &users[..]].map(|users| measure(users, &query));
        println!(
            "{name:<32} {found:>7} {:>8.1} {:>8.1} {:>8.1} {:>8.1}",
            one.0, one.1, many.0, many.1
        );
    }
}

/// Where a query begins.
enum From {
    Start,
    /// After this share of what there is, in percent.
    Percent(usize),
}

fn queries(corpus: &Corpus) -> Vec<(&'static str, (TaskQuery, From))> {
    let start = |change: &dyn Fn(&mut TaskQuery)| {
        let mut query = TaskQuery::default();
        change(&mut query);
        (query, From::Start)
    };
    let text = |text: String| start(&|query| query.q = Some(text.as_str().into()));
    let sort = |sort: &str| start(&|query| query.sort = Sort::parse(sort).expect("a sort"));
    let [common, middling, rare] = corpus.words();
    let deep = |(query, _): (TaskQuery, From), percent| (query, From::Percent(percent));
    let tag = |tags: &[&str]| start(&|query| query.tags = tags.iter().map(|tag| (*tag).into()).collect());
    vec![
        ("default", start(&|_| ())),
        ("default, from the middle", deep(start(&|_| ()), 50)),
        ("default, near the end", deep(start(&|_| ()), 98)),
        (
            "all, 200 of them",
            start(&|query| (query.status, query.limit) = (StatusFilter::All, 200)),
        ),
        ("done", start(&|query| query.status = StatusFilter::Done)),
        ("text: in many", text(common.into())),
        ("text: in some", text(middling.into())),
        ("text: in few", text(rare.into())),
        ("text: in none", text("submarine".into())),
        ("text: two letters", text("an".into())),
        ("text: one letter", text("e".into())),
        ("text: three terms", text(format!("{common} {middling} an"))),
        (
            "text: in many, by title",
            start(&|query| {
                (query.q, query.sort) = (Some(common.into()), Sort::parse("title").expect("a sort"));
            }),
        ),
        ("tag", tag(&["work"])),
        ("two tags", tag(&["work", "home"])),
        (
            "priority",
            start(&|query| query.priorities = vec![Priority::High, Priority::Urgent]),
        ),
        (
            "due in a week",
            start(&|query| {
                (query.due_after, query.due_before) = (Some(NOW), Some(NOW.plus_millis(7 * 86_400_000)));
            }),
        ),
        ("overdue", start(&|query| query.overdue = Some(true))),
        (
            "tag, priority, due, text",
            start(&|query| {
                (query.tags, query.q) = (vec!["work".into()], Some(middling.into()));
                (query.priorities, query.due_after) = (vec![Priority::High, Priority::Urgent], Some(NOW));
            }),
        ),
        ("sort: -priority,due", sort("-priority,due")),
        ("sort: created", sort("created")),
        ("sort: -created", sort("-created")),
        ("sort: -created, from the middle", deep(sort("-created"), 50)),
        ("sort: -updated", sort("-updated")),
        ("sort: -due", sort("-due")),
        ("sort: title", sort("title")),
        ("sort: -title", sort("-title")),
        ("sort: title, from the middle", deep(sort("title"), 50)),
        ("sort: priority,title", sort("priority,title")),
    ]
}

fn find(tasks: &Tasks, query: &TaskQuery) -> TaskPage {
    search(UserId(uuid::Uuid::nil()), tasks, query, NOW).expect("an answer")
}

/// The query with a cursor that makes it begin where it should.
fn deep(tasks: &Tasks, (mut query, from): (TaskQuery, From)) -> TaskQuery {
    let From::Percent(percent) = from else { return query };
    let mut skip = find(tasks, &query).total * percent / 100;
    let limit = query.limit;
    while skip > 0 {
        query.limit = u16::try_from(skip.min(200)).unwrap_or(200);
        skip -= usize::from(query.limit);
        query.cursor = find(tasks, &query).next_cursor;
    }
    TaskQuery { limit, ..query }
}

/// p50 and p99 in microseconds, the users in turn.
fn measure(users: &[Tasks], query: &TaskQuery) -> (f64, f64) {
    const ROUNDS: usize = 2_000;
    let mut times: Vec<Duration> = users
        .iter()
        .cycle()
        .take(ROUNDS)
        .map(|tasks| time(tasks, query))
        .collect();
    times.sort_unstable();
    (micros(times[ROUNDS / 2]), micros(times[ROUNDS * 99 / 100]))
}

fn time(tasks: &Tasks, query: &TaskQuery) -> Duration {
    let start = Instant::now();
    black_box(find(tasks, black_box(query)));
    start.elapsed()
}

/// Microseconds that the search after a change takes, at the median.
fn after_a_change(corpus: &Corpus, tasks: &Tasks) -> f64 {
    let mut tasks = tasks.clone();
    let mut times: Vec<Duration> = (0..500)
        .map(|index| {
            corpus.change(&mut tasks, index);
            time(&tasks, &TaskQuery::default())
        })
        .collect();
    times.sort_unstable();
    micros(times[times.len() / 2])
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Memory of this process, as Linux tells it; 0 elsewhere.
fn resident_bytes() -> usize {
    const PAGE_BYTES: usize = 4096;
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or_default() * PAGE_BYTES
}
