//! What tells that the phrases found are not all that was said, on Monday 30 November 2026 at 12:53 in Paris: nothing of it is misunderstood in silence.

use super::*;

fn at_noon(text: &str) -> Reading {
    at(text, "2026-11-30T11:53:00Z", "Europe/Paris")
}

fn doubts_of(reading: &Reading) -> Vec<&str> {
    let spans = reading.understood.iter();
    spans.filter_map(|span| span.ambiguous.as_deref()).collect()
}

/// A text, its title, due and rule, and how many pieces are doubtful; all of it is understood.
type Understood<'a> = (&'a str, &'a str, &'a str, &'a str, usize);

fn assert_understood(cases: &[Understood<'_>]) {
    for (text, title, due, rule, doubts) in cases {
        let reading = at_noon(text);
        assert_eq!(refused(&reading), [], "{text}");
        let read = (&*reading.draft.title, &*due_of(&reading), rule_of(&reading));
        assert_eq!(read, (*title, *due, *rule), "{text}");
        assert_eq!(doubts_of(&reading).len(), *doubts, "{text}: {:?}", doubts_of(&reading));
    }
}

/// Texts with the pieces that are said to be not understood, all of which stay in the title.
fn assert_said(cases: &[(&str, &[&str], &str, &str)]) {
    for (text, pieces, due, rule) in cases {
        let reading = at_noon(text);
        let said: Vec<&str> = refused(&reading).iter().map(|(piece, _)| *piece).collect();
        assert_eq!(said, *pieces, "{text}");
        assert_eq!((&*due_of(&reading), rule_of(&reading)), (*due, *rule), "{text}");
        assert!(pieces.iter().all(|piece| reading.draft.title.contains(piece)), "{text}");
    }
}

#[test]
fn a_time_is_not_that_of_today_where_a_day_in_the_title_is_not_understood() {
    assert_said(&[
        ("tomorrow's standup at 4pm", &["tomorrow's", "at 4pm"], "", ""),
        ("friday's meeting at 5pm", &["friday's", "at 5pm"], "", ""),
        ("friday’s meeting at 5pm", &["friday’s", "at 5pm"], "", ""),
        ("prepare for monday's demo at 10", &["monday's", "at 10"], "", ""),
        ("black friday sale at 9am", &["friday", "at 9am"], "", ""),
        ("st george's day parade at 2pm", &["george's day", "at 2pm"], "", ""),
        ("call 24-12-26 at 18:00", &["24-12-26", "at 18:00"], "", ""),
    ]);
    let reminded = at_noon("remind me about tomorrow's meeting at 5pm");
    assert_eq!(
        (due_of(&reminded), reminders_of(&reminded)),
        (String::new(), Vec::new())
    );
    assert!(refused(&reminded).iter().any(|(piece, _)| *piece == "tomorrow's"));
}

#[test]
fn a_time_says_what_is_not_taken_for_its_day() {
    for (text, due, piece) in [
        ("pay january rent at 5pm", "2026-11-30T17:00:00", "january"),
        ("election day drinks at 7pm", "2026-11-30T19:00:00", "election day"),
        ("reply to yesterday's mail at 5pm", "2026-11-30T17:00:00", "yesterday's"),
        ("diwali dinner at 7pm", "2026-11-30T19:00:00", "diwali"),
        ("today's report at 4pm", "2026-11-30T16:00:00", "today's"),
        ("24-12 18:00", "2026-11-30T18:00:00", "24-12"),
    ] {
        let reading = at_noon(text);
        assert_eq!(due_of(&reading), due, "{text}");
        let note = format!("on the day it comes next; “{piece}” is not taken for its day");
        assert_eq!(doubts_of(&reading), [note], "{text}");
    }
    assert_understood(&[
        (
            "buy 1.5 kg of rice at 5pm",
            "buy 1.5 kg of rice",
            "2026-11-30T17:00:00",
            "",
            0,
        ),
        (
            "have a nice day at 5pm",
            "have a nice day",
            "2026-11-30T17:00:00",
            "",
            0,
        ),
        ("t/f quiz at 5pm", "t/f quiz", "2026-11-30T17:00:00", "", 0),
        ("may call at 5pm", "may call", "2026-11-30T17:00:00", "", 0),
        (
            "call \"friday's\" at 5pm",
            "call \"friday's\"",
            "2026-11-30T17:00:00",
            "",
            0,
        ),
        (
            "friday's report tomorrow at 5pm",
            "friday's report",
            "2026-12-01T17:00:00",
            "",
            0,
        ),
    ]);
}

#[test]
fn dates_are_read_as_people_write_them() {
    assert_understood(&[
        ("call 24.12. 18:00", "call", "2026-12-24T18:00:00", "", 1),
        ("call 24.12.", "call", "2026-12-24", "", 1),
        ("24-12-2026 18:00", "", "2026-12-24T18:00:00", "", 0),
        ("12-24-2026 at 18:00", "", "2026-12-24T18:00:00", "", 0),
        ("12-12-2026", "", "2026-12-12", "", 0),
        ("3-4-2027", "", "2027-03-04", "", 1),
        ("24/dec/2026 at 18:00", "", "2026-12-24T18:00:00", "", 0),
        ("24-dec at 18:00", "", "2026-12-24T18:00:00", "", 0),
        ("17. december 19:00", "", "2026-12-17T19:00:00", "", 0),
        ("on the 24 at 18:00", "", "2026-12-24T18:00:00", "", 0),
        ("pay rent on the first", "pay rent", "2026-12-01", "", 1),
        ("on the first of january and july", "", "2027-01-01", "", 1),
        ("on 3.12 at 10:00", "", "2026-12-03T10:00:00", "", 2),
        ("am 3.12 18:00", "", "2026-12-03T18:00:00", "", 1),
        ("3.12 at 14:00", "3.12", "2026-11-30T14:00:00", "", 1),
        ("5.1. at 8:00", "", "2027-01-05T08:00:00", "", 2),
        ("thu 17.12. 19:00", "", "2026-12-17T19:00:00", "", 0),
        ("thu 17.12.", "", "2026-12-17", "", 0),
        ("thu 17.12 19:00", "", "2026-12-17T19:00:00", "", 0),
        // A version whose weekday fits by chance.
        ("deploy fri 2.4", "deploy", "2027-04-02", "", 1),
        ("deploy fri 2.4 at 6pm", "deploy", "2027-04-02T18:00:00", "", 1),
        ("ship fri, 1.1", "ship", "2027-01-01", "", 1),
        ("tue+thu 18:30", "", "2026-12-01T18:30:00", "", 1),
        ("every tue+thu", "", "2026-12-01", "FREQ=WEEKLY;BYDAY=TU,TH", 0),
        ("every t/th", "", "2026-12-01", "FREQ=WEEKLY;BYDAY=TU,TH", 0),
        ("every tth", "", "2026-12-01", "FREQ=WEEKLY;BYDAY=TU,TH", 0),
        ("ship order nov 29 2026", "ship order", "2026-11-29", "", 1),
        ("install 3.12", "install 3.12", "", "", 0),
        ("succeed on the first try", "succeed on the first try", "", "", 0),
    ]);
    assert_said(&[
        ("m/w/f 9am", &["m/w/f", "9am"], "", ""),
        ("t/th 9am", &["t/th", "9am"], "", ""),
        ("tth at 9", &["tth", "at 9"], "", ""),
        ("between tue and thu", &["between tue and thu"], "", ""),
        ("call in 2-3 days", &["in 2-3 days"], "", ""),
        ("call in a few days", &["in a few days"], "", ""),
        ("finish before noon", &["before noon"], "", ""),
        ("watch before midnight", &["before midnight"], "", ""),
    ]);
}

#[test]
fn a_misspelt_day_is_the_day_and_says_so() {
    for (text, due, name) in [
        ("tommorow at 18:00", "2026-12-01T18:00:00", "tomorrow"),
        ("firday 6pm", "2026-12-04T18:00:00", "friday"),
        ("thurdsay 6pm", "2026-12-03T18:00:00", "thursday"),
        ("decmber 24 at 6pm", "2026-12-24T18:00:00", "december"),
    ] {
        let reading = at_noon(text);
        assert_eq!(
            (due_of(&reading), &*reading.draft.title),
            (due.to_owned(), ""),
            "{text}"
        );
        assert_eq!(doubts_of(&reading), [format!("taken for “{name}”")], "{text}");
    }
    assert_understood(&[("eat a sundae", "eat a sundae", "", "", 0)]);
}

#[test]
fn holidays_of_one_country_say_which() {
    assert_understood(&[
        ("thanksgiving dinner at 5pm", "dinner", "2027-11-25T17:00:00", "", 1),
        (
            "independence day fireworks 9pm",
            "fireworks",
            "2027-07-04T21:00:00",
            "",
            1,
        ),
        ("mother's day brunch at 11am", "brunch", "2027-05-09T11:00:00", "", 1),
        ("call dad on father’s day", "call dad", "2027-06-20", "", 1),
        ("memorial day picnic at noon", "picnic", "2027-05-31T12:00:00", "", 1),
        ("labor day 2028", "", "2028-09-04", "", 1),
        (
            "every thanksgiving",
            "",
            "2027-11-25",
            "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            1,
        ),
        ("wednesday before thanksgiving", "", "2027-11-24", "", 1),
        ("nye at 9pm", "", "2026-12-31T21:00:00", "", 0),
        ("easter 2028", "", "2028-04-16", "", 0),
    ]);
    let doubt = "the day of the United States; say the date for that of another country";
    assert_eq!(doubts_of(&at_noon("on labor day")), [doubt]);
}

#[test]
fn rules_mean_what_is_said() {
    let weekdays = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR";
    assert_understood(&[
        (
            "class every day between monday and friday",
            "class",
            "2026-11-30",
            weekdays,
            1,
        ),
        (
            "every day between tue and thu",
            "",
            "2026-12-01",
            "FREQ=WEEKLY;BYDAY=TU,WE,TH",
            1,
        ),
        (
            "every friday the 13th",
            "",
            "2027-08-13",
            "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
            0,
        ),
        (
            "every fri 13th",
            "",
            "2027-08-13",
            "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
            0,
        ),
        (
            "every hour and a half",
            "",
            "2026-11-30T14:23:00",
            "FREQ=MINUTELY;INTERVAL=90",
            0,
        ),
        (
            "every two hours and a half",
            "",
            "2026-11-30T15:23:00",
            "FREQ=MINUTELY;INTERVAL=150",
            0,
        ),
        (
            "every hour and 15 minutes",
            "",
            "2026-11-30T14:08:00",
            "FREQ=MINUTELY;INTERVAL=75",
            0,
        ),
        (
            "every 1.5 hours",
            "",
            "2026-11-30T14:23:00",
            "FREQ=MINUTELY;INTERVAL=90",
            0,
        ),
        (
            "weekly april through october",
            "",
            "2027-04-05",
            "FREQ=WEEKLY;BYMONTH=4,5,6,7,8,9,10",
            0,
        ),
        (
            "every week november to february",
            "",
            "2026-11-30",
            "FREQ=WEEKLY;BYMONTH=11,12,1,2",
            0,
        ),
        (
            "every day between dec 1 and dec 24",
            "",
            "2026-12-01",
            "FREQ=DAILY;UNTIL=20261224",
            0,
        ),
        ("every mon x6", "", "2026-11-30", "FREQ=WEEKLY;COUNT=6;BYDAY=MO", 0),
        ("every 5 years from 2027", "", "2027-01-01", "FREQ=YEARLY;INTERVAL=5", 1),
        ("every school day at 8am", "", "2026-12-01T08:00:00", weekdays, 1),
    ]);
    let mondays = "FREQ=WEEKLY;BYDAY=MO";
    assert_said(&[
        ("every week and a half", &["every week and a half"], "", ""),
        ("every monday for 8 classes", &["for 8 classes"], "2026-11-30", mondays),
        ("every monday unless holiday", &["unless"], "2026-11-30", mondays),
        (
            "every day at 9am between monday and friday",
            &["between monday and friday"],
            "2026-12-01T09:00:00",
            "FREQ=DAILY",
        ),
    ]);
}

#[test]
fn a_reminder_on_a_day_of_what_recurs_says_that_it_comes_once() {
    let once = "once, on that day; say “1 day before” or its like to be reminded each time";
    for (text, reminder) in [
        (
            "call mom every sunday at 5pm remind me on saturday",
            "2026-12-05T08:00:00.000Z",
        ),
        ("every week remind me on thursday", "2026-12-03T08:00:00.000Z"),
        (
            "every month on the 1st remind me on the 28th",
            "2026-12-28T08:00:00.000Z",
        ),
        (
            "every tuesday 7am remind me on monday at 8pm",
            "2026-12-07T19:00:00.000Z",
        ),
    ] {
        let reading = at_noon(text);
        assert_eq!(reminders_of(&reading), [reminder], "{text}");
        assert_eq!(doubts_of(&reading), [once], "{text}");
    }
    assert_eq!(
        doubts_of(&at_noon("every week remind me tomorrow")),
        <[&str; 0]>::default()
    );
}

#[test]
fn a_time_is_understood_wherever_it_stands_beside_a_day() {
    assert_understood(&[
        (
            "set alarm for 6:45 tomorrow morning",
            "set alarm",
            "2026-12-01T06:45:00",
            "",
            0,
        ),
        ("train 6:45 tomorrow morning", "train", "2026-12-01T06:45:00", "", 0),
        ("for 3:30 on wednesday", "", "2026-12-02T15:30:00", "", 1),
        ("dinner tomorrow for 7:30", "dinner", "2026-12-01T07:30:00", "", 1),
        ("wake me for 6:30 tomorrow", "wake me", "2026-12-01T18:30:00", "", 1),
        ("tomorrow at 1700", "", "2026-12-01T17:00:00", "", 1),
        ("tomorrow by 1700 hrs", "", "2026-12-01T17:00:00", "", 0),
        ("retire by 2040", "retire by 2040", "", "", 0),
        ("at 0900", "", "2026-12-01T09:00:00", "", 0),
        ("friday at 1430", "", "2026-12-04T14:30:00", "", 1),
        (
            "every friday at 0930",
            "",
            "2026-12-04T09:30:00",
            "FREQ=WEEKLY;BYDAY=FR",
            0,
        ),
        ("daily scrum 9:30", "scrum", "2026-12-01T09:30:00", "FREQ=DAILY", 2),
        ("tomorrow doctor 9:30", "doctor", "2026-12-01T09:30:00", "", 1),
        ("train 9:04 tomorrow", "train", "2026-12-01T09:04:00", "", 1),
        ("train 12:04 tomorrow", "train", "2026-12-01T12:04:00", "", 0),
        (
            "every friday choir practice 7:30",
            "choir practice",
            "2026-12-04T07:30:00",
            "FREQ=WEEKLY;BYDAY=FR",
            1,
        ),
        ("tonight at half eight", "", "2026-11-30T20:30:00", "", 1),
        ("tomorrow at half eight", "", "2026-12-01T08:30:00", "", 1),
        ("tomorrow report of 2025", "report of 2025", "2026-12-01", "", 0),
    ]);
    assert_said(&[
        (
            "church every sunday 10.30",
            &["10.30"],
            "2026-12-06",
            "FREQ=WEEKLY;BYDAY=SU",
        ),
        (
            "gym every weekday 7.15",
            &["7.15"],
            "2026-11-30",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        ),
        ("mix 1:24 scale paint tomorrow", &["1:24"], "2026-12-01", ""),
    ]);
}

#[test]
fn titles_keep_their_spaces_and_lose_what_was_around_a_phrase() {
    for (text, title) in [
        ("call p1 !urgent !low", "call !urgent !low"),
        ("feed fish thurs. 8am", "feed fish"),
        ("call bob fri. Then eat", "call bob. Then eat"),
        ("change sheets [weekly]", "change sheets"),
        ("call bob tomorrow!", "call bob!"),
    ] {
        assert_eq!(at_noon(text).draft.title, title, "{text}");
    }
}

#[test]
fn what_puts_off_may_begin_with_until() {
    let scene = Scene {
        now: "2026-11-30T11:53:00Z".parse().unwrap(),
        time_zone: "Europe/Paris",
        zones: &BundledZones,
    };
    for (text, expected) in [
        ("end of day", "2026-11-30T17:00:00.000Z"),
        ("eod", "2026-11-30T17:00:00.000Z"),
        ("until 5pm", "2026-11-30T16:00:00.000Z"),
        ("until monday", "2026-12-07T08:00:00.000Z"),
        ("until tomorrow at 9", "2026-12-01T08:00:00.000Z"),
        ("weekend", "2026-12-05T08:00:00.000Z"),
        ("until the weekend", "2026-12-05T08:00:00.000Z"),
        ("noon", "2026-12-01T11:00:00.000Z"),
        ("1 h", "2026-11-30T12:53:00.000Z"),
        ("until 2 hours", "2026-11-30T13:53:00.000Z"),
    ] {
        let until = instant(text, &scene).map(|instant| instant.to_string());
        assert_eq!(until.as_deref(), Some(expected), "{text}");
    }
    assert_eq!(instant("until", &scene), None);
    assert_eq!(instant("weekend trip", &scene), None);
}

#[test]
fn what_is_left_over_has_nothing_that_a_phrase_has() {
    // "2 am" would be the time, if "am" did not begin the date.
    assert_understood(&[("mtg@2 am 24.12.", "mtg@2", "2026-12-24", "", 1)]);
}
