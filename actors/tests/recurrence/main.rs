//! What others say recurrence rules mean, transcribed as facts: the examples of RFC 5545, the tests of python-dateutil and the calendars
//! recurring-ical-events is tested with. How many agree is printed.

mod dateutil;
mod recurring_ical_events;
mod rfc5545;

use std::io::Write as _;

use chrono::NaiveDateTime;
use punctual_actors::{
    recurrence::{Rule, RuleError, Schedule},
    zone::BundledZones,
};

/// Says how many agree. Not by `println!`: libtest keeps that to itself where a test passes.
fn tell(counts: &str) {
    writeln!(std::io::stderr(), "{counts}").expect("standard error");
}
use punctual_events::WallTime;

/// A rule, where it starts, dates added and taken away.
struct Case<'t> {
    rule: &'t str,
    start: NaiveDateTime,
    added: Vec<NaiveDateTime>,
    excluded: Vec<NaiveDateTime>,
}

impl Case<'_> {
    /// The first `most` wall times in New York.
    fn occurrences(&self, most: usize) -> Result<Vec<NaiveDateTime>, RuleError> {
        let rule = Rule::parse(self.rule)?;
        let start = WallTime::new(self.start).expect("a year from 1 to 9999");
        let schedule = Schedule::timed(rule, start, "America/New_York").with_dates(&self.added, &self.excluded);
        let occurrences = schedule.occurrences(&BundledZones)?;
        Ok(occurrences.take(most).map(|occurrence| occurrence.at.get()).collect())
    }
}

fn wall(text: &str) -> NaiveDateTime {
    text.parse().unwrap_or_else(|_| panic!("{text} is no wall time"))
}

fn walls(text: &str) -> Vec<NaiveDateTime> {
    text.split_whitespace().map(wall).collect()
}
