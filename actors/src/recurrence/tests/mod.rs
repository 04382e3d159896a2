//! Recurrence as facts: the standard's own examples, zones, hostile rules, and properties over random ones.

mod completion;
mod gap;
mod hostile;
mod left_open;
mod properties;
mod spacing;
mod text;
mod zones;

use chrono::NaiveDateTime;
use punctual_events::{Timestamp, WallTime};

use super::{Rule, RuleError, Schedule};
use crate::zone::BundledZones;

fn rule(text: &str) -> Rule {
    Rule::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn wall(text: &str) -> WallTime {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

fn schedule(text: &str, start: &str, zone: &str) -> Schedule {
    Schedule::timed(rule(text), wall(start), zone)
}

/// The first `count` wall times of a schedule in UTC.
fn walls(text: &str, start: &str, count: usize) -> Vec<NaiveDateTime> {
    let schedule = schedule(text, start, "UTC");
    schedule
        .occurrences(&BundledZones)
        .unwrap()
        .take(count)
        .map(|occurrence| occurrence.at.get())
        .collect()
}

/// The resolved instants of a schedule's first `count` occurrences.
fn instants(schedule: &Schedule, count: usize) -> Vec<String> {
    schedule
        .occurrences(&BundledZones)
        .unwrap()
        .take(count)
        .map(|occurrence| occurrence.instant.to_string())
        .collect()
}

fn ensure_occurs(text: &str, start: &str) -> Result<(), RuleError> {
    schedule(text, start, "UTC").ensure_occurs(&BundledZones)
}
