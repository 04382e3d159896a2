//! What reading a phrase costs: `cargo bench -p punctual-actors --bench phrases`. The median and the slowest hundredth of sane phrases (50 µs each is promised), and of the longest texts that are
//! made to be slow (5 ms). `-- --cases` reads the cases of `recurrent` instead and prints the mean, to be put beside what `recurrent` takes for the same texts.

#![expect(clippy::disallowed_methods, reason = "a bench measures time")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::{
    hint::black_box,
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

/// Beginnings of phrases that come to nothing, over and over.
const HOSTILE: [&str; 12] = [
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
];

fn main() {
    let scene = Scene {
        now: Timestamp::from_millis(1_796_288_400_000),
        time_zone: "Europe/Paris",
        zones: &BundledZones,
    };
    if std::env::args().any(|argument| argument == "--cases") {
        return cases(&scene);
    }
    println!("{:>9} {:>9}  µs", "p50", "p99");
    for text in SANE {
        report(text, &measure(text, &scene, 20_000));
    }
    for piece in HOSTILE {
        let text: String = piece.chars().cycle().take(MAX_TEXT_CHARS).collect();
        report(
            &format!("{piece:?} up to {MAX_TEXT_CHARS} characters"),
            &measure(&text, &scene, 200),
        );
    }
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

fn report(name: &str, took: &[Duration]) {
    let micros = |hundredth: usize| took[took.len() * hundredth / 100].as_secs_f64() * 1e6;
    println!("{:>9.1} {:>9.1}  {name}", micros(50), micros(99));
}

fn cases(scene: &Scene<'_>) {
    let texts: Vec<String> = CASES
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<serde_json::Value>(line).ok()?["text"]
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    let start = Instant::now();
    for _ in 0..20 {
        texts.iter().for_each(|text| drop(black_box(read(text, scene))));
    }
    let mean = start.elapsed().as_secs_f64() * 1e6 / (20 * texts.len()) as f64;
    println!("{} cases of recurrent: {mean:.1} µs each", texts.len());
}
