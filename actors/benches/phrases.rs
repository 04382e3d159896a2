//! What reading a phrase costs: `cargo bench -p punctual-actors --bench phrases`, beside `recurrent` on the same texts where `PUNCTUAL_PYTHON` names a Python that has it
//! (`.cache/python/bin/python` after `cargo xtask test --only recurrence-oracle`). The median and the slowest hundredth of sane phrases (50 µs each is promised), and of the longest texts that are
//! made to be slow (5 ms); then the mean of the cases of `recurrent`. The ratio is of the medians.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench measures time, and starts what it compares with"
)]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::{
    hint::black_box,
    io::Write as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use punctual_actors::{
    phrases::{MAX_TEXT_CHARS, Scene, read},
    zone::BundledZones,
};
use punctual_events::Timestamp;

const CASES: &str = include_str!("../tests/data/recurrent/cases.jsonl");

const SANE: [&str; 10] = [
    "Call mom fri",
    "Ship it in 2 weeks",
    "Buy gifts 3 days before christmas",
    "Standup every other tue at 8",
    "Retro every 2nd and last friday",
    "Timesheet every weekday until june",
    "Clean the filter every! 10 days",
    "Report every 3rd workday remind me 30 min before #work p1",
    "Water the plants on the first and third friday and second tuesday of each month at 7:30 starting next month until end of 2028 except in august",
    "Nothing in this sentence is a phrase of any kind, and still every word is looked at once or twice",
];

/// Beginnings of phrases that come to nothing, over and over, and a rule that never occurs.
const HOSTILE: [&str; 13] = [
    "1st and ",
    "every ",
    "every other ",
    "fri, ",
    "monday and every ",
    "in 1 day and ",
    "from may to ",
    "2nd to the last ",
    "remind me 1 day and ",
    "8/1/",
    "\\\"",
    "first, second fri, ",
    "monthly 10th instance of fri this year ",
];

fn main() {
    let scene = Scene {
        now: Timestamp::from_millis(1_796_288_400_000),
        time_zone: "Europe/Paris",
        zones: &BundledZones,
    };
    println!("{:>9} {:>9} {:>24}", "p50", "p99", "recurrent");
    let sane = SANE.map(|text| (text.to_owned(), text.to_owned()));
    compare(&sane, &scene, 20_000);
    let hostile = HOSTILE.map(|piece| {
        let text: String = piece.chars().cycle().take(MAX_TEXT_CHARS).collect();
        (format!("{piece:?} up to {MAX_TEXT_CHARS} characters"), text)
    });
    compare(&hostile, &scene, 200);
    cases(&scene);
}

/// A line for each text, by its name.
fn compare(texts: &[(String, String)], scene: &Scene<'_>, times: usize) {
    let theirs = recurrent(&texts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>());
    for ((name, text), theirs) in texts.iter().zip(theirs) {
        let took = measure(text, scene, times);
        let at = |hundredth: usize| took[took.len() * hundredth / 100];
        let theirs = theirs.map_or_else(|text| text, |theirs| beside(theirs, at(50)));
        println!(
            "{:>6.1} µs {:>6.1} µs {theirs:>24}  {name}",
            micros(at(50)),
            micros(at(99))
        );
    }
}

fn beside(theirs: Duration, ours: Duration) -> String {
    let ratio = micros(theirs) / micros(ours);
    format!("{:.0} µs {ratio:>6.0}×", micros(theirs))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Sorted.
fn measure(text: &str, scene: &Scene<'_>, times: usize) -> Vec<Duration> {
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            black_box(read(black_box(text), scene));
            start.elapsed()
        })
        .collect();
    took.sort_unstable();
    took
}

/// The cases of `recurrent`, those of them that it reads itself: means.
fn cases(scene: &Scene<'_>) {
    let text = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).ok()?["text"]
            .as_str()
            .map(str::to_owned)
    };
    let texts: Vec<String> = CASES.lines().filter_map(text).collect();
    let theirs = recurrent(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let mut both: Vec<(Duration, Duration)> = Vec::new();
    let mut all = Duration::ZERO;
    for (text, theirs) in texts.iter().zip(theirs) {
        let ours = measure(text, scene, 21)[10];
        all += ours;
        both.extend(theirs.ok().map(|theirs| (ours, theirs)));
    }
    println!(
        "{} cases of recurrent: {:.1} µs each",
        texts.len(),
        micros(all) / texts.len() as f64
    );
    if !both.is_empty() {
        let count = u32::try_from(both.len()).unwrap_or(u32::MAX);
        let (ours, theirs) = both
            .iter()
            .fold((Duration::ZERO, Duration::ZERO), |(ours, theirs), both| {
                (ours + both.0, theirs + both.1)
            });
        let (ours, theirs) = (ours / count, theirs / count);
        println!(
            "{count} that it read: {:.1} µs each, recurrent {}",
            micros(ours),
            beside(theirs, ours)
        );
    }
}

/// What `recurrent` takes for each: or why there is no figure.
fn recurrent(texts: &[&str]) -> Vec<Result<Duration, String>> {
    let Some(python) = std::env::var_os("PUNCTUAL_PYTHON") else {
        return vec![Err("no Python".to_owned()); texts.len()];
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/phrases.py");
    let mut command = Command::new(python);
    let mut child = (command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()).expect("Python starts");
    let mut input = child.stdin.take().expect("it is piped");
    let lines = texts.iter().map(|text| serde_json::json!(text).to_string() + "\n");
    let questions: String = lines.collect();
    // It may answer before it has read everything: one thread writes, the other reads.
    let writer = std::thread::spawn(move || input.write_all(questions.as_bytes()));
    let answers = child.wait_with_output().expect("it ends").stdout;
    writer.join().expect("it writes").expect("it is read");
    let answers = String::from_utf8_lossy(&answers);
    let read = |line: &str| line.parse().map(Duration::from_secs_f64).map_err(|_| line.to_owned());
    answers.lines().map(read).collect()
}
