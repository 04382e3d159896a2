//! Days and times in the words that people have for them, on Monday 30 November 2026 at 10:00 in Paris.

use super::*;

/// A text, what is left of it, and its due.
fn assert_days(cases: &[(&str, &str, &str)]) {
    for (text, title, due) in cases {
        let reading = on_monday(text);
        assert_eq!((&*due_of(&reading), &*reading.draft.title), (*due, *title), "{text}");
        assert_eq!((rule_of(&reading), refused(&reading)), ("", Vec::new()), "{text}");
    }
}

#[test]
fn a_weekday_is_that_of_the_week_that_is_said() {
    assert_days(&[
        ("friday next week", "", "2026-12-11"),
        ("wed next wk", "", "2026-12-09"),
        ("next week friday", "", "2026-12-11"),
        ("next week on tuesday at 10:00", "", "2026-12-08T10:00:00"),
        ("tuesday of next week", "", "2026-12-08"),
        ("friday of this week", "", "2026-12-04"),
        ("thursday in two weeks", "", "2026-12-17"),
        ("friday in a week", "", "2026-12-11"),
        ("friday two weeks from now", "", "2026-12-18"),
        ("in 2 weeks on thursday", "", "2026-12-17"),
        ("friday after next", "", "2026-12-18"),
        ("the week after next", "", "2026-12-14"),
    ]);
    assert_eq!(doubts_on_monday("friday after next").len(), 1);
    let doubt = |text| doubts(text).remove(0);
    // Seen from a Thursday.
    assert_eq!(due_of(&reading("in two weeks on tuesday")), "2026-12-15");
    assert!(doubt("tuesday in two weeks").ends_with("counted from the next Tuesday, Tuesday 22 December 2026"));
    assert_eq!(doubt("tuesday this week"), "Tuesday of this week is over");
    let reminded = on_monday("remind me in two weeks on tuesday to call");
    assert_eq!(reminders_of(&reminded), ["2026-12-15T08:00:00.000Z"]);
}

#[test]
fn weeks_before_a_day_count_from_it() {
    for (text, due) in [
        ("a week tomorrow", "2026-12-08"),
        ("two weeks today", "2026-12-14"),
        ("a fortnight today", "2026-12-14"),
        ("2 weeks on friday", "2026-12-18"),
        ("a fortnight on friday", "2026-12-18"),
    ] {
        assert_days(&[(text, "", due)]);
        assert_eq!(doubts_on_monday(text).len(), 1, "{text}");
    }
    let away = on_monday("go away for two weeks today");
    assert_eq!(due_of(&away), "2026-11-30");
}

#[test]
fn days_of_next_month_and_days_beside_others() {
    assert_days(&[
        ("15th next month", "", "2026-12-15"),
        ("next month 15th", "", "2026-12-15"),
        ("next month on the 15th", "", "2026-12-15"),
        ("5th of next month at 10am", "", "2026-12-05T10:00:00"),
        ("first monday of next month", "", "2026-12-07"),
        ("next month 2nd draft", "2nd draft", "2026-12-01"),
        ("the friday after christmas", "", "2027-01-01"),
        ("the friday before christmas", "", "2026-12-18"),
        ("friday before the 15th", "", "2026-12-11"),
        ("meet fri 4/12", "meet", "2026-12-04"),
        ("meet fri 4/12/2026", "meet", "2026-12-04"),
        ("meet mon 4/12", "meet", "2027-04-12"),
        ("buy a tv on black friday", "buy a tv on black friday", ""),
        ("cyber monday", "cyber monday", ""),
    ]);
}

#[test]
fn a_time_whose_day_is_not_understood_is_not_one_of_today() {
    for (text, time) in [
        ("before friday at 3pm", "at 3pm"),
        ("at 3pm before friday", "at 3pm"),
        ("last friday at 4pm", "at 4pm"),
        ("1st mon of the month 10am", "10am"),
        ("mon-fri 9am", "9am"),
        ("30 min before friday 3pm", "3pm"),
        ("every easter at 9am", "at 9am"),
    ] {
        let reading = on_monday(text);
        assert_eq!((&*due_of(&reading), &*reading.draft.title), ("", text));
        assert!(
            refused(&reading).contains(&(time, "its day is not understood")),
            "{text}"
        );
    }
    assert_eq!(
        due_of(&on_monday("tomorrow at 9:00 finish before friday")),
        "2026-12-01T09:00:00"
    );
}

#[test]
fn hours_of_the_night_are_no_hours_of_the_day() {
    assert_days(&[
        ("at 12 at night", "", "2026-12-01T00:00:00"),
        ("at 12 midnight", "", "2026-12-01T00:00:00"),
        ("at 12 noon", "", "2026-11-30T12:00:00"),
        ("at 12:30 at night", "", "2026-12-01T00:30:00"),
        ("at 1 at night", "", "2026-12-01T01:00:00"),
        ("at 4 at night", "", "2026-12-01T04:00:00"),
        ("at 9 at night", "", "2026-11-30T21:00:00"),
        ("tonight at 12", "", "2026-12-01T00:00:00"),
        ("tonight at 2", "", "2026-12-01T02:00:00"),
        ("friday night at 12", "", "2026-12-05T00:00:00"),
        ("friday night at 1", "", "2026-12-05T01:00:00"),
        ("friday night at 11", "", "2026-12-04T23:00:00"),
        ("tomorrow night at midnight", "", "2026-12-02T00:00:00"),
        ("tomorrow 7 in the evening", "", "2026-12-01T19:00:00"),
        ("friday 1 at night", "", "2026-12-04T01:00:00"),
    ]);
    for text in ["at 12 at night", "at 1 at night", "tonight at 2", "friday night at 1"] {
        assert_eq!(doubts_on_monday(text).len(), 1, "{text}");
    }
    for (text, due) in [
        ("every night at 12", "2026-12-01T00:00:00"),
        ("every night at 2", "2026-12-01T02:00:00"),
    ] {
        assert_eq!(due_of(&on_monday(text)), due, "{text}");
    }
}

#[test]
fn minutes_past_an_hour() {
    assert_days(&[
        ("at 5 past 5", "", "2026-11-30T17:05:00"),
        ("tomorrow at 20 past 7pm", "", "2026-12-01T19:20:00"),
        ("tomorrow at 10 minutes to 6pm", "", "2026-12-01T17:50:00"),
    ]);
}

#[test]
fn what_is_over_today_is_in_the_evening_or_says_so() {
    for (text, now, due, doubt) in [
        (
            "call today at 9",
            "2026-11-30T16:15:00Z",
            "2026-11-30T21:00:00",
            "in the evening, because 09:00 is over today",
        ),
        (
            "call today at 5pm",
            "2026-11-30T18:15:00Z",
            "2026-11-30T17:00:00",
            "it is over already; say “tomorrow” for the next day",
        ),
        (
            "call today at 9",
            "2026-11-30T20:15:00Z",
            "2026-11-30T09:00:00",
            "9 in the morning; say “9pm” for the evening",
        ),
    ] {
        let reading = at(text, now, "Europe/Paris");
        let said: Vec<_> = reading
            .understood
            .iter()
            .filter_map(|span| span.ambiguous.as_deref())
            .collect();
        assert_eq!((&*due_of(&reading), said), (due, vec![doubt]), "{text} at {now}");
    }
}

#[test]
fn a_time_before_the_part_of_the_day_is_in_it() {
    assert_days(&[
        ("call at 9 tonight", "call", "2026-11-30T21:00:00"),
        ("call at 9pm tonight", "call", "2026-11-30T21:00:00"),
        ("at 10:30 tonight", "", "2026-11-30T22:30:00"),
        ("at 9 this evening", "", "2026-11-30T21:00:00"),
        ("at midnight tonight", "", "2026-12-01T00:00:00"),
        ("at 12 tonight", "", "2026-12-01T00:00:00"),
        ("at 1 tonight", "", "2026-12-01T01:00:00"),
        ("dinner at 8 tomorrow night", "dinner", "2026-12-01T20:00:00"),
        ("at 7 tomorrow evening", "", "2026-12-01T19:00:00"),
        ("call at 7 tomorrow morning", "call", "2026-12-01T07:00:00"),
        ("at 12 friday night", "", "2026-12-05T00:00:00"),
    ]);
    assert_eq!(doubts_on_monday("at 1 tonight").len(), 1);
    assert_eq!(on_monday("at 11am tonight").draft.title, "tonight");
}

#[test]
fn a_weekday_after_a_day_that_has_just_been_is_the_one_that_comes() {
    assert_days(&[
        ("friday after the 28th", "", "2026-12-04"),
        ("sunday after the 28th", "", "2027-01-03"),
        // What is said in full is meant as it is said, like any such day.
        ("friday after 27 november 2026", "", "2026-12-04"),
        ("friday after 3 march 2020", "", "2020-03-06"),
        ("friday before 1 december 2026", "", "2026-11-27"),
    ]);
    for (today, text, due) in [
        ("2026-12-24", "the friday after christmas", "2027-01-01"),
        ("2026-12-26", "the friday after christmas", "2027-01-01"),
        ("2027-01-01", "the friday after christmas", "2027-01-01"),
        ("2027-01-02", "the friday after christmas", "2027-12-31"),
        ("2026-12-18", "the friday before christmas", "2026-12-18"),
        ("2026-12-19", "the friday before christmas", "2027-12-24"),
    ] {
        let read = at(text, &format!("{today}T09:00:00Z"), "Europe/Paris");
        assert_eq!(due_of(&read), due, "{text}, on {today}");
    }
    let beyond = on_monday("friday after 31 december 9999");
    assert_eq!(refused(&beyond).len(), 1);
}
