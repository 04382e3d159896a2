//! Calendars that recurring-ical-events is tested with: weekly events in zones whose clocks change, and to-dos. Where it says something else, the reason is here.

use punctual_actors::{
    recurrence::{Rule, RuleError, Schedule},
    zone::BundledZones,
};
use punctual_events::{Timestamp, WallTime};

use crate::{tell, walls};

/// Where the user lives whose days and floating times they are.
const USER_ZONE: &str = "Europe/Berlin";

const FACTS: &str = include_str!("recurring_ical_events.txt");

/// `COUNT=-1`: RFC 5545 has no such number, and one rule has no `COUNT` beside an `UNTIL`; that program reads over it.
const FORBIDDEN: [&str; 1] = ["issue_128_only_first_event 1"];
/// An `UNTIL` before the first occurrence: nothing there, refused here, where a task cannot be one that is never due.
const ENDS_BEFORE_IT_BEGINS: [&str; 1] = ["issue_117_until_before_dtstart 1"];
/// An `UNTIL` in UTC of days: when the last day begins where the user lives decides, so that the day its author in London meant is among them. That program compares the
/// days of the calendar, as if everybody lived by UTC.
const UNTIL_IN_UTC: [&str; 1] = ["issue_28_rrule_with_UTC_endinginZ 2"];

#[test]
fn what_recurring_ical_events_is_tested_with_comes_round_when_it_says() {
    let [mut agreeing, mut across_a_change, mut todos, mut explained] = [0; 4];
    for fact in facts() {
        let outcome = fact.outcome(USER_ZONE);
        if UNTIL_IN_UTC.contains(&fact.name) {
            let in_utc = fact.outcome("Etc/UTC").expect("a rule");
            assert_eq!(in_utc.join(" "), fact.expected);
            assert_eq!(outcome, Ok([in_utc, vec!["2020-09-24".to_owned()]].concat()));
            explained += 1;
        } else if FORBIDDEN.contains(&fact.name) {
            assert!(matches!(outcome, Err(RuleError::Malformed { .. })), "{}", fact.name);
            explained += 1;
        } else if ENDS_BEFORE_IT_BEGINS.contains(&fact.name) {
            assert!(fact.expected.is_empty());
            assert_eq!(outcome, Err(RuleError::NeverOccurs), "{}", fact.name);
            explained += 1;
        } else {
            let expected: Vec<&str> = fact.expected.split_whitespace().filter(|word| *word != "...").collect();
            let found = outcome.unwrap_or_else(|error| panic!("{}: {error}", fact.name));
            assert_eq!(found, expected, "{}", fact.name);
            agreeing += 1;
            let times = expected.iter().filter_map(|instant| instant.split_once('T'));
            let mut times: Vec<&str> = times.map(|(_, time)| time).collect();
            times.sort_unstable();
            times.dedup();
            across_a_change += u32::from(times.len() > 1);
            todos += u32::from(fact.name.contains("todo") || fact.name.starts_with("alarm_removed"));
        }
    }
    tell(&format!(
        "recurring-ical-events: {agreeing} agree ({across_a_change} of them across a change of clocks, {todos} of to-dos), {explained} differ for the reason given"
    ));
    assert_eq!([agreeing, across_a_change, todos, explained], [69, 28, 3, 3]);
}

#[test]
fn as_many_begin_within_a_time_as_its_tests_say() {
    let mut checked = 0;
    for line in FACTS.lines().filter_map(|line| line.strip_prefix("? ")) {
        let [name, from, to, count] = fields(line);
        let [from, to]: [Timestamp; 2] = [from, to].map(|instant| instant.parse().expect("an instant"));
        let named = facts().filter(|fact| {
            fact.name == name || fact.name.rsplit_once(' ').is_some_and(|(calendar, _)| calendar == name)
        });
        // The to-do's due is a fact of its own.
        let named = named.filter(|fact| fact.name.ends_with("due") == name.ends_with("due"));
        let begun = named.map(|fact| {
            let schedule = fact.schedule(USER_ZONE).expect("a rule");
            let occurrences = schedule.occurrences(&BundledZones).expect("a zone");
            let within = occurrences
                .map(|one| one.instant)
                .take_while(|at| *at <= to)
                .filter(|at| *at >= from);
            within.count()
        });
        assert_eq!(begun.sum::<usize>().to_string(), count, "{line}");
        checked += 1;
    }
    tell(&format!(
        "recurring-ical-events: {checked} of {checked} numbers in its tests agree"
    ));
    assert_eq!(checked, 10);
}

struct Fact<'t> {
    name: &'t str,
    rule: &'t str,
    start: &'t str,
    zone: &'t str,
    added: &'t str,
    excluded: &'t str,
    expected: &'t str,
}

fn fields<const N: usize>(line: &str) -> [&str; N] {
    let fields: Vec<&str> = line.split('|').collect();
    fields.try_into().unwrap_or_else(|_| panic!("{line} is no fact"))
}

fn facts() -> impl Iterator<Item = Fact<'static>> {
    let lines = FACTS.lines().filter(|line| !line.starts_with(['#', '?']));
    lines.map(|line| {
        let [name, rule, start, zone, added, excluded, expected] = fields(line);
        Fact {
            name,
            rule,
            start,
            zone,
            added,
            excluded,
            expected,
        }
    })
}

impl Fact<'_> {
    fn schedule(&self, user_zone: &str) -> Result<Schedule, RuleError> {
        let rule = Rule::parse(self.rule)?;
        let schedule = match self.zone {
            "day" => Schedule::all_day(rule, self.start.parse().expect("a day"), user_zone),
            zone => {
                let start: WallTime = self.start.parse().expect("a wall time");
                // A floating time is where its user is.
                let zone = if zone == "floating" { user_zone } else { zone };
                Schedule::timed(rule, start, zone)
            }
        };
        let [added, excluded] = [self.added, self.excluded].map(|dates| {
            let midnight = if self.zone == "day" { "T00:00:00" } else { "" };
            let dates: Vec<String> = dates
                .split_whitespace()
                .map(|date| format!("{date}{midnight}"))
                .collect();
            walls(&dates.join(" "))
        });
        Ok(schedule.with_dates(&added, &excluded))
    }

    /// As many as are expected, and one more where nothing follows those.
    fn outcome(&self, user_zone: &str) -> Result<Vec<String>, RuleError> {
        let schedule = self.schedule(user_zone)?;
        match schedule.ensure_occurs(&BundledZones) {
            // Of one whose dates are all taken away there is nothing, there as here.
            Err(RuleError::NeverOccurs) if !self.excluded.is_empty() => {}
            other => other?,
        }
        let words = self.expected.split_whitespace().count();
        let most = if self.expected.ends_with("...") {
            words - 1
        } else {
            words + 1
        };
        let found = schedule.occurrences(&BundledZones)?.take(most);
        let written = found.map(|one| match self.zone {
            "day" => one.at.get().date().to_string(),
            "floating" => one.at.to_string(),
            _ => one.instant.to_string().replace(".000Z", "Z"),
        });
        Ok(written.collect())
    }
}
