//! Days and numbers that could be words of the title, on Thursday 3 December 2026 at 10:00 in Paris.

use super::*;

/// A text, its title and due, and how many pieces are doubtful or not understood.
fn assert_read(cases: &[(&str, &str, &str, usize)]) {
    for (text, title, due, said) in cases {
        let reading = reading(text);
        assert_eq!((&*reading.draft.title, &*due_of(&reading)), (*title, *due), "{text}");
        assert_eq!(refused(&reading).len() + doubts(text).len(), *said, "{text}");
    }
}

#[test]
fn of_several_days_the_first_counts_and_says_so() {
    assert_read(&[
        ("run sat and sun", "run", "2026-12-05", 1),
        ("run mon, wed, fri", "run", "2026-12-07", 1),
        (
            "run monday wednesday and friday at 7pm",
            "run",
            "2026-12-07T19:00:00",
            1,
        ),
        ("gym tuesday or thursday", "gym", "2026-12-08", 1),
        ("call today or tomorrow", "call", "2026-12-03", 1),
        ("pay on the 10th and 15th", "pay", "2026-12-10", 1),
        ("standup monday to friday", "standup monday to friday", "", 1),
        ("exam on dec 10 and 12", "exam", "2026-12-10", 1),
        ("exam dec 10 and dec 12", "exam", "2026-12-10", 1),
        ("camp dec 5-7", "camp dec 5-7", "", 1),
        ("camp 5-7 dec", "camp 5-7 dec", "", 1),
        ("camp dec 5 to 7", "camp dec 5 to 7", "", 1),
        ("call bob friday, buy milk", "call bob buy milk", "2026-12-04", 0),
        ("camp 5 and 6 dec", "camp 5 and 6 dec", "", 1),
    ]);
    assert_eq!(
        doubts("run sat and sun"),
        ["only the first counts: a task is due on one day; say “every” for days that come again"]
    );
}

#[test]
fn a_holiday_gives_way_to_another_day_and_is_doubtful_before_a_word_of_the_title() {
    assert_read(&[
        ("christmas shopping tomorrow", "christmas shopping", "2026-12-04", 1),
        ("easter egg hunt saturday", "easter egg hunt", "2026-12-05", 1),
        ("halloween party friday", "halloween party", "2026-12-04", 1),
        (
            "buy gifts for christmas on saturday",
            "buy gifts for christmas",
            "2026-12-05",
            1,
        ),
        (
            "christmas cards in 2 hours",
            "christmas cards",
            "2026-12-03T12:00:00",
            1,
        ),
        ("christmas songs every saturday", "christmas songs", "2026-12-05", 1),
        ("christmas dinner at 7pm", "dinner", "2026-12-25T19:00:00", 1),
        ("call mom christmas at 7pm", "call mom", "2026-12-25T19:00:00", 0),
        ("call mom on christmas", "call mom", "2026-12-25", 0),
        ("christmas cards every year", "cards", "2026-12-25", 1),
    ]);
}

#[test]
fn a_day_of_the_month_before_a_word_is_one_only_at_the_beginning() {
    assert_read(&[
        ("meet on 5th avenue friday", "meet on 5th avenue", "2026-12-04", 1),
        ("meet on the 3rd floor", "meet on the 3rd floor", "", 1),
        ("on the 3rd floor tomorrow", "on the 3rd floor", "2026-12-04", 1),
        (
            "meet at 16:00 on 5th avenue",
            "meet on 5th avenue",
            "2026-12-03T16:00:00",
            1,
        ),
        ("on the 15th pay rent", "pay rent", "2026-12-15", 1),
        ("pay rent on the 15th", "pay rent", "2026-12-15", 0),
        ("pay rent on the 15th with Ann", "pay rent with Ann", "2026-12-15", 0),
    ]);
}

#[test]
fn an_hour_before_a_word_is_one_only_behind_a_phrase_or_at_the_beginning() {
    assert_read(&[
        ("look at 5 flats", "look at 5 flats", "", 1),
        ("look at five flats tomorrow", "look at five flats", "2026-12-04", 1),
        ("lunch at 21 club", "lunch at 21 club", "", 1),
        ("lunch friday at 21 club", "lunch club", "2026-12-04T21:00:00", 1),
        ("order 5 by 7 photos", "order 5 by 7 photos", "", 0),
        ("read them one by one", "read them one by one", "", 0),
        ("at 17 call bob", "call bob", "2026-12-03T17:00:00", 1),
        ("call bob at 17", "call bob", "2026-12-03T17:00:00", 0),
        ("call at 17 with bob", "call with bob", "2026-12-03T17:00:00", 0),
        ("call at 17 friday", "call", "2026-12-04T17:00:00", 0),
        ("call bob at 17:00 flats", "call bob flats", "2026-12-03T17:00:00", 0),
        ("meet at 17 sharp", "meet", "2026-12-03T17:00:00", 0),
    ]);
}

#[test]
fn numbers_in_words_are_hours_behind_at() {
    assert_read(&[
        ("call at five", "call", "2026-12-03T17:00:00", 1),
        ("dinner at eight tomorrow", "dinner", "2026-12-04T08:00:00", 1),
        ("call at twelve", "call", "2026-12-03T12:00:00", 0),
        ("table at seven thirty", "table", "2026-12-04T07:30:00", 1),
        ("call at five thirty pm", "call", "2026-12-03T17:30:00", 0),
        ("tonight at eleven", "", "2026-12-03T23:00:00", 0),
        ("arrive at five minutes", "arrive at five minutes", "", 0),
        ("at first", "at first", "", 0),
    ]);
}

#[test]
fn a_time_behind_a_part_of_the_day_is_in_it() {
    assert_read(&[
        ("call bob in the evening at 8", "call bob", "2026-12-03T20:00:00", 0),
        ("call bob in the morning, at 8", "call bob", "2026-12-04T08:00:00", 0),
        ("call bob at night at 11", "call bob", "2026-12-03T23:00:00", 0),
        (
            "call bob friday in the afternoon around 3",
            "call bob",
            "2026-12-04T15:00:00",
            0,
        ),
        (
            "call bob in the evening at 8am",
            "call bob at 8am",
            "2026-12-03T18:00:00",
            1,
        ),
    ]);
}

#[test]
fn twelve_in_an_evening_is_the_midnight_it_ends_with() {
    assert_read(&[
        ("tonight at 12", "", "2026-12-04T00:00:00", 1),
        ("tonight at twelve", "", "2026-12-04T00:00:00", 1),
        ("12 tonight", "", "2026-12-04T00:00:00", 1),
        ("dinner for two tonight", "dinner for two", "2026-12-03T20:00:00", 0),
        ("table for 4 tonight", "table for 4", "2026-12-03T20:00:00", 0),
        ("read chapter 8 tonight", "read chapter 8", "2026-12-03T20:00:00", 0),
        ("dinner 8 tonight", "dinner", "2026-12-03T20:00:00", 1),
        ("every evening at 12", "", "2026-12-04T00:00:00", 1),
        ("every night at 12", "", "2026-12-04T00:00:00", 1),
        ("at 12 in the evening", "", "2026-12-04T00:00:00", 1),
    ]);
    let asked = reading("remind me at 12 tonight");
    assert_eq!(reminders_of(&asked), ["2026-12-03T23:00:00.000Z"]);
    assert_eq!(
        doubts("remind me at 12 tonight"),
        ["the midnight that the day ends with"]
    );
}

#[test]
fn the_end_of_a_time_leaves_no_word_behind() {
    assert_read(&[
        ("pay at the end of the month", "pay", "2026-12-31", 0),
        ("pay at end of month", "pay", "2026-12-31", 0),
        ("clean at the weekend", "clean", "2026-12-05", 0),
        ("on the friday", "", "2026-12-04", 0),
        ("send by the friday", "send", "2026-12-04", 0),
        ("call at eom", "call", "2026-12-31", 0),
        ("plan at the beginning of next month", "plan", "2027-01-01", 0),
        ("pay at the end of may", "pay", "2027-05-31", 0),
    ]);
}

#[test]
fn a_time_that_is_about_or_beside_another_says_so_or_is_it() {
    assert_read(&[
        ("call bob around 5pm", "call bob", "2026-12-03T17:00:00", 0),
        ("call bob about 5pm tomorrow", "call bob", "2026-12-04T17:00:00", 0),
        ("walk around 5 lakes", "walk around 5 lakes", "", 1),
        ("pick it up after 5pm", "pick it up after 5pm", "", 1),
        ("drinks @7pm friday", "drinks", "2026-12-04T19:00:00", 0),
        ("one at a time", "one at a time", "", 0),
    ]);
}
