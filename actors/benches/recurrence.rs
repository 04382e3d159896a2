//! What the next occurrence costs: `cargo bench -p punctual-actors --bench recurrence`, beside python-dateutil on the same rules where `PUNCTUAL_PYTHON` names a Python
//! that has it (`.cache/python/bin/python` after `cargo xtask test --only recurrence-oracle`). Medians of sane rules; of hostile ones the slowest of a few. Then what it costs to
//! find that a hostile rule never occurs, or too often, which an API does for whoever asks: it fails where one takes longer than it may.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench measures time, and starts what it compares with"
)]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::{
    hint::black_box,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use chrono::{NaiveDateTime, TimeDelta};
use punctual_actors::{
    recurrence::{Rule, Schedule},
    zone::BundledZones,
};
use punctual_events::WallTime;

/// What people ask for, begun in 2006 and asked for what comes after today.
const SANE: [&str; 12] = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3;COUNT=9000",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO",
    "FREQ=YEARLY;BYYEARDAY=100,-100",
    "FREQ=DAILY;BYHOUR=9,13,17;BYMINUTE=0,30",
    "FREQ=HOURLY;INTERVAL=8",
    "FREQ=MINUTELY;INTERVAL=45;BYHOUR=9,10,11;BYDAY=MO,TU,WE,TH,FR",
];

/// What somebody might send to keep a server busy.
const HOSTILE: &str = include_str!("hostile-rules.txt");

/// Those that seldom occur, or end, beside a year of dates that are added and taken away.
const BESIDE_DATES: [&str; 6] = [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
    "FREQ=YEARLY;INTERVAL=399",
    "FREQ=WEEKLY;INTERVAL=20000;BYDAY=MO,TU,WE;BYSETPOS=1",
    "FREQ=MONTHLY;BYMONTHDAY=29;BYMONTH=2;BYDAY=SU;BYSETPOS=1",
    "FREQ=DAILY;COUNT=10",
    "FREQ=DAILY;UNTIL=20061202T000000",
];

/// What finding that a rule is refused, or is not, may take at most.
const MOST: Duration = Duration::from_millis(5);

const START: &str = "2006-12-01T09:00:00";
const AFTER: &str = "2026-12-01T12:00:00";
const TRIES: usize = 25;

fn main() -> ExitCode {
    let hostile: Vec<&str> = HOSTILE.lines().collect();
    println!("{:<12} {:>12} {:>10}  rule", "next", "dateutil", "ratio");
    for (kind, rules) in [("sane", &SANE[..]), ("hostile", &hostile[..])] {
        println!("{kind}: {}", if kind == "sane" { "median" } else { "slowest" });
        for rule in rules {
            let mut tries: Vec<Duration> = (0..TRIES).map(|_| next(rule)).collect();
            tries.sort_unstable();
            let ours = if kind == "sane" {
                tries[TRIES / 2]
            } else {
                tries[TRIES - 1]
            };
            let theirs = dateutil(rule);
            let ratio = theirs.map_or_else(
                |text| text,
                |theirs| format!("{:>9.1} µs {:>9.0}×", micros(theirs), micros(theirs) / micros(ours)),
            );
            println!("{:>9.2} µs {ratio:>23}  {rule}", micros(ours));
        }
    }
    if judged_in_time() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether each question a new rule is asked is answered in time: the median of a few, for a bench that fails must not fail for a busy machine.
fn judged_in_time() -> bool {
    println!("{:<12} {:>12}  rule", "occurs", "a minute apart");
    let start: WallTime = START.parse().expect("a wall time");
    let dates: Vec<NaiveDateTime> = (1..=366).map(|day| start.get() + TimeDelta::days(day)).collect();
    let mut all_in_time = true;
    let alone = HOSTILE.lines().map(|rule| (rule, &[] as &[NaiveDateTime]));
    let beside_dates = BESIDE_DATES.map(|rule| (rule, &dates[..]));
    for (rule, dates) in alone.chain(beside_dates) {
        let parsed = || Rule::parse(rule).expect("a rule");
        let schedule =
            || Schedule::timed(parsed(), start, "Europe/Paris").with_dates(dates, dates.get(1..).unwrap_or_default());
        let occurs = median(|| schedule().ensure_occurs(&BundledZones));
        let apart = median(|| schedule().ensure_a_minute_apart(&BundledZones));
        let is_late = occurs.max(apart) > MOST;
        all_in_time &= !is_late;
        let verdict = if is_late { "  TOO SLOW" } else { "" };
        println!("{:>9.2} µs {:>11.2} µs  {rule}{verdict}", micros(occurs), micros(apart));
    }
    all_in_time
}

fn median<T>(question: impl Fn() -> T) -> Duration {
    let answered = |_| {
        let begun = Instant::now();
        let _ = black_box(question());
        begun.elapsed()
    };
    let mut tries: Vec<Duration> = (0..TRIES).map(answered).collect();
    tries.sort_unstable();
    tries[TRIES / 2]
}

/// Time to read the rule and find what comes next.
fn next(rule: &str) -> Duration {
    let start = START.parse().expect("a wall time");
    let after = AFTER.parse().expect("a wall time");
    let begun = Instant::now();
    let parsed = Rule::parse(black_box(rule)).expect("a rule");
    let schedule = Schedule::timed(parsed, start, "Europe/Paris");
    let _ = black_box(schedule.next_after_wall(after, &BundledZones));
    begun.elapsed()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The same in Python, the fastest of three: or why there is no figure.
fn dateutil(rule: &str) -> Result<Duration, String> {
    let Some(python) = std::env::var_os("PUNCTUAL_PYTHON") else {
        return Err("no Python".to_owned());
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/recurrence.py");
    let output = Command::new(python).args([script, rule, START, AFTER]).output();
    let text = output.map_err(|error| error.to_string())?.stdout;
    let text = String::from_utf8_lossy(&text);
    match text.trim().parse() {
        Ok(seconds) => Ok(Duration::from_secs_f64(seconds)),
        Err(_) => Err(text.trim().to_owned()),
    }
}
