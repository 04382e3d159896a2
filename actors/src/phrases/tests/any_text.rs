//! Whatever the text.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::NaiveDateTime;
use proptest::prelude::*;
use punctual_events::Timestamp;

use super::*;
use crate::zone::ZoneData;

/// Words that phrases are made of, in any order: deeper into the grammar than characters get.
fn words() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "every",
        "every!",
        "other",
        "1st",
        "2nd",
        "last",
        "to the last",
        "fri",
        "tuesdays",
        "weekday",
        "workdays",
        "and",
        ",",
        "of",
        "in",
        "the",
        "month",
        "may",
        "31",
        "2027",
        "at",
        "8",
        "8:30",
        "pm",
        "until",
        "starting",
        "from",
        "for",
        "3",
        "weeks",
        "twice",
        "except",
        "on",
        "remind me",
        "nag every",
        "the day before at",
        "at most",
        "until done",
        "before",
        "christmas",
        "next",
        "this",
        "week",
        "12",
        "day",
        "a",
        "hour",
        "#tag",
        "@list",
        "!high",
        "p1",
        "\\",
        "\"",
        "-",
        ":",
        "(",
        ")",
        "é",
        "🎉",
        "end",
        "tomorrow",
        "daily",
        "99999999999",
        "1/2",
        "tonight",
        "mornings",
        "evening",
        "monday week",
        "and a half",
        ".5",
        "9.30",
        "mon/wed",
        "mwf",
        "noon",
        "am",
        "17h",
        "h30",
        "14.50",
        "6",
        "midnight",
        "business days",
        "set a reminder",
        "add a reminder for",
        "9:30",
        "mtg@2",
        "@2",
        "2pm",
        "EST",
        "Eastern",
        "24.12.",
        "2.4",
        "night at 12",
        "from now",
        "to",
    ];
    proptest::collection::vec(
        (proptest::sample::select(WORDS), prop_oneof![Just(" "), Just("")]),
        0..40,
    )
    .prop_map(|pairs| pairs.into_iter().flat_map(|(word, space)| [word, space]).collect())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let reading = reading(text);
    let chars: Vec<char> = text.chars().collect();
    let mut last = 0;
    for span in &reading.understood {
        prop_assert!(last <= span.start && span.start < span.end && span.end <= chars.len());
        prop_assert_eq!(&chars[span.start..span.end].iter().collect::<String>(), &span.text);
        last = span.end;
    }
    prop_assert_eq!(reading.draft.title.trim(), &*reading.draft.title);
    prop_assert!(!reading.draft.title.chars().any(char::is_control));
    if let Some(recurrence) = &reading.draft.recurrence {
        let rule = crate::recurrence::Rule::parse(&recurrence.rrule);
        prop_assert!(
            !matches!(rule, Err(crate::recurrence::RuleError::Malformed { .. })),
            "{}",
            recurrence.rrule
        );
    }
    Ok(())
}

/// Time-zone data that counts how often a schedule asks whether there is a zone: once for each search.
struct Counting(AtomicU32);

impl ZoneData for Counting {
    fn version(&self) -> &str {
        BundledZones.version()
    }

    fn contains(&self, zone: &str) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        BundledZones.contains(zone)
    }

    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp> {
        BundledZones.resolve(zone, wall)
    }

    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime> {
        BundledZones.wall_time(zone, instant)
    }

    fn day_start(&self, zone: &str, date: NaiveDate) -> Option<Timestamp> {
        BundledZones.day_start(zone, date)
    }
}

#[test]
fn the_first_day_is_looked_for_as_often_however_often_an_end_is_said() {
    let searches = |text: &str| {
        let zones = Counting(AtomicU32::new(0));
        let scene = Scene {
            now: "2026-12-03T09:00:00Z".parse().unwrap(),
            time_zone: "Europe/Paris",
            zones: &zones,
        };
        let _reading = read(text, &scene);
        zones.0.into_inner()
    };
    // There is never a tenth, so each search looks through 400 years.
    for piece in [
        "monthly 10th instance of fri this year ",
        "monthly 10th instance of fri starting 2030 this year ",
    ] {
        let once = searches(piece);
        assert!(once > 0, "{piece}");
        assert_eq!(searches(&piece.repeat(40)), once, "{piece}");
    }
}

proptest! {
    #[test]
    fn never_panics_and_spans_lie_in_it_in_order(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn made_of_our_words_never_panics_and_is_only_ever_a_rule_of_rfc_5545(text in words()) {
        check(&text)?;
    }
}
