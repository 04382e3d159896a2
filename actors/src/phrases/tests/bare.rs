//! What only the day before it makes a time of, on Thursday 3 December 2026 at 10:00 in Paris.

use super::*;

/// The title, the due, and how many pieces are ambiguous.
fn read_as(text: &str) -> (String, String, usize) {
    let reading = reading(text);
    assert_eq!(refused(&reading), [], "{text}");
    let due = due_of(&reading);
    (reading.draft.title, due, doubts(text).len())
}

fn assert_times(cases: &[(&str, &str, &str)]) {
    for (text, title, due) in cases {
        assert_eq!(read_as(text), ((*title).to_owned(), (*due).to_owned(), 1), "{text}");
    }
}

#[test]
fn a_half_of_a_day_is_its_morning_or_its_afternoon_and_says_so() {
    assert_times(&[
        ("call monday am", "call", "2026-12-07T09:00:00"),
        ("call fri pm", "call", "2026-12-04T15:00:00"),
        ("tomorrow p.m. call", "call", "2026-12-04T15:00:00"),
        ("every monday am gym", "gym", "2026-12-07T09:00:00"),
        ("brunch sat pm", "brunch", "2026-12-05T15:00:00"),
    ]);
    for (text, due) in [
        ("fri pm at 3", "2026-12-04T15:00:00"),
        ("fri pm 8", "2026-12-04T20:00:00"),
        ("fri am at 12a", "2026-12-04T00:00:00"),
        ("tomorrow am 7", "2026-12-04T07:00:00"),
    ] {
        assert_eq!(read_as(text), (String::new(), due.to_owned(), 0), "{text}");
    }
    let asked = reading("remind me monday am to call");
    assert_eq!(reminders_of(&asked), ["2026-12-07T08:00:00.000Z"]);
    for text in ["fri am I free", "tomorrow PM of France"] {
        let reading = reading(text);
        assert_eq!(due_of(&reading), "2026-12-04", "{text}");
        assert_eq!(reading.draft.title, text.split_once(' ').unwrap().1, "{text}");
    }
}

#[test]
fn a_number_behind_a_day_is_its_hour_and_says_so() {
    assert_times(&[
        ("call tomorrow 6", "call", "2026-12-04T18:00:00"),
        ("call fri 5", "call", "2026-12-04T17:00:00"),
        ("call on sat 8, bring cake", "call bring cake", "2026-12-05T08:00:00"),
        ("call tomorrow 17", "call", "2026-12-04T17:00:00"),
        ("call tomorrow 12", "call", "2026-12-04T12:00:00"),
        ("today 5 with Ann", "with Ann", "2026-12-03T17:00:00"),
        ("tomorrow 6 and remind me 1 hour before", "", "2026-12-04T18:00:00"),
        ("tomorrow 6 every week !high", "", "2026-12-04T18:00:00"),
    ]);
    for (text, due) in [
        ("tonight 8", "2026-12-03T20:00:00"),
        ("tomorrow evening 7", "2026-12-04T19:00:00"),
        ("tomorrow 6 in the morning", "2026-12-04T06:00:00"),
    ] {
        assert_eq!(read_as(text), (String::new(), due.to_owned(), 0), "{text}");
    }
    let asked = reading("remind me tomorrow 6 to call");
    assert_eq!(reminders_of(&asked), ["2026-12-04T17:00:00.000Z"]);
    assert_eq!(asked.draft.title, "call");
}

#[test]
fn an_hour_with_h_or_a_dot_behind_a_day_is_a_time() {
    assert_times(&[
        ("call tomorrow 17h", "call", "2026-12-04T17:00:00"),
        ("call tomorrow 17h30", "call", "2026-12-04T17:30:00"),
        ("call every monday 17h", "call", "2026-12-07T17:00:00"),
        ("call fri 14.50", "call", "2026-12-04T14:50:00"),
    ]);
    for (text, due) in [
        ("call at 17h", "2026-12-03T17:00:00"),
        ("call at 8h30", "2026-12-04T08:30:00"),
        ("call tomorrow at 5h", "2026-12-04T05:00:00"),
    ] {
        assert_eq!(read_as(text), ("call".to_owned(), due.to_owned(), 0), "{text}");
    }
}

#[test]
fn what_could_be_a_number_of_something_stays_text() {
    for rest in [
        "6 eggs",
        "13 people",
        "6 of them",
        "6, 7 and 8 pills",
        "6 for 5",
        "6 at noon",
        "6 % off",
        "6% off",
        "14.50 euros",
        "14.50€",
        "17h shift",
        "3h of study",
        "1.5",
        "555",
    ] {
        for day in ["tomorrow", "fri"] {
            let text = format!("{day} {rest}");
            let reading = reading(&text);
            assert!(due_of(&reading).starts_with("2026-12-04"), "{text}");
            assert!(
                !due_of(&reading).contains(":50") && reading.draft.title.starts_with(&rest[..1]),
                "{text}"
            );
            assert_eq!(refused(&reading), [], "{text}");
        }
    }
    for text in [
        "buy 6 eggs",
        "room 14.50",
        "buy 14.50",
        "sleep 8h",
        "fast for 17h",
        "I sat 5 exams",
        "read the sun morning edition",
        "march 3 5",
        "christmas 5",
    ] {
        let reading = reading(text);
        assert!(!due_of(&reading).contains('T'), "{text}");
    }
}

#[test]
fn a_number_behind_a_weekday_that_is_the_day_of_its_date_stays_text() {
    for number in [4, 11, 13, 17, 18, 25] {
        let (title, due, _) = read_as(&format!("fri {number}"));
        assert_eq!((title, &*due), (number.to_string(), "2026-12-04"), "{number}");
    }
    let (_, due, _) = read_as("tomorrow 4");
    assert_eq!(due, "2026-12-04T16:00:00", "nobody says the date of tomorrow so");
}

#[test]
fn an_hour_that_could_be_a_length_or_another_number_says_so() {
    for (text, piece) in [
        ("call 17h", "17h"),
        ("call 17h30", "17h30"),
        ("study tomorrow 3h", "3h"),
        ("pay tomorrow 9.30", "9.30"),
    ] {
        let reading = reading(text);
        let said: Vec<&str> = refused(&reading).iter().map(|(piece, _)| *piece).collect();
        assert_eq!(said, [piece], "{text}");
        assert!(reading.draft.title.contains(piece), "{text}");
    }
}

#[test]
fn noon_and_midnight_at_the_end_are_times_and_say_so() {
    assert_times(&[
        ("lunch noon", "lunch", "2026-12-03T12:00:00"),
        ("party midnight", "party", "2026-12-04T00:00:00"),
    ]);
    for text in ["quarter past midnight", "midnight", "midnight oil"] {
        assert_eq!(read_as(text), (text.to_owned(), String::new(), 0), "{text}");
    }
}

#[test]
fn a_part_of_the_day_makes_a_day_of_a_weekday_that_is_another_word() {
    for (text, title, due) in [
        ("brunch sat morning", "brunch", "2026-12-05T09:00:00"),
        ("film sun night at 9", "film", "2026-12-06T21:00:00"),
    ] {
        assert_eq!(read_as(text), (title.to_owned(), due.to_owned(), 0), "{text}");
    }
}
