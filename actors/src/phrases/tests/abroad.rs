//! Times of other zones, on Monday 30 November 2026 at 10:00 in Paris.

use super::*;

#[test]
fn a_time_of_another_zone_is_not_understood() {
    for (text, piece, due) in [
        ("zoom 3pm EST", "3pm EST", ""),
        ("zoom 3pm est", "3pm est", ""),
        ("call at 9am PST friday", "at 9am PST", "2026-12-04"),
        ("call at 15:00 UTC tomorrow", "at 15:00 UTC", "2026-12-01"),
        ("call at 15:00 GMT+2 tomorrow", "at 15:00 GMT+2", "2026-12-01"),
        ("call friday 9am ET", "9am ET", "2026-12-04"),
        ("call at 9am friday PST", "at 9am", "2026-12-04"),
        ("call 3pm (EST) tomorrow", "3pm (EST", "2026-12-01"),
        ("call Raj 3pm London time", "3pm London time", ""),
        ("call Raj 3pm New York time tomorrow", "3pm New York time", "2026-12-01"),
        ("call raj 3pm eastern time", "3pm eastern time", ""),
        ("sync every day at 9am JST", "at 9am JST", "2026-11-30"),
        ("remind me at 9am EST to call", "remind me at 9am EST", ""),
        ("call tonight at 9 IST", "tonight at 9 IST", ""),
        // Of a time that is only one because a day needs it.
        ("mtg@2pm EST fri", "@2pm EST", "2026-12-04"),
        ("call 9:30 (EST) tomorrow", "9:30 (EST", "2026-12-01"),
        ("call at 3pm Eastern", "at 3pm Eastern", ""),
        ("call at 3pm pacific tomorrow", "at 3pm pacific", "2026-12-01"),
        ("call 3pm (Central) with Raj", "3pm (Central", ""),
        ("call at 3pm Mountain", "at 3pm Mountain", ""),
    ] {
        let reading = on_monday(text);
        let why = "times are those of your own time zone; say when it is there, without the name of a zone";
        assert_eq!(refused(&reading), [(piece, why)], "{text}");
        assert_eq!(
            (due_of(&reading), reminders_of(&reading)),
            (due.to_owned(), Vec::new()),
            "{text}"
        );
        assert!(reading.draft.title.contains(piece), "{text}");
    }
}

#[test]
fn other_words_behind_a_time_name_no_zone() {
    assert_said_on_monday(&[
        ("read at 3pm story time", "read story time", "2026-11-30T15:00:00", 0),
        ("meet at 3pm Mia", "meet Mia", "2026-11-30T15:00:00", 0),
        ("mop at 3pm wet floor", "mop wet floor", "2026-11-30T15:00:00", 0),
        (
            "Watch at 8pm Movie night",
            "Watch Movie night",
            "2026-11-30T20:00:00",
            0,
        ),
        ("Call 3pm Friday time", "Call time", "2026-12-04T15:00:00", 0),
        ("run 3pm Central Park", "run Central Park", "2026-11-30T15:00:00", 0),
        ("hike 3pm mountain", "hike mountain", "2026-11-30T15:00:00", 0),
    ]);
}
