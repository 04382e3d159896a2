//! Rules said in the words that people have for them, on Monday 30 November 2026 at 10:00 in Paris.

use punctual_events::Anchor;

use super::*;

/// A text, its rule and its due. Nothing of it is left over or refused.
fn assert_on_monday(cases: &[(&str, &str, &str)]) {
    for (text, rule, due) in cases {
        let reading = on_monday(text);
        assert_eq!((rule_of(&reading), &*due_of(&reading)), (*rule, *due), "{text}");
        assert_eq!((&*reading.draft.title, refused(&reading)), ("", Vec::new()), "{text}");
    }
}

fn anchor_of(text: &str) -> Anchor {
    on_monday(text).draft.recurrence.unwrap().anchor
}

#[test]
fn weekdays_need_no_comma_between_them() {
    assert_on_monday(&[
        ("every tue thu", "FREQ=WEEKLY;BYDAY=TU,TH", "2026-12-01"),
        ("every sat sun", "FREQ=WEEKLY;BYDAY=SA,SU", "2026-12-05"),
        (
            "every friday saturday at 9pm",
            "FREQ=WEEKLY;BYDAY=FR,SA",
            "2026-12-04T21:00:00",
        ),
        ("weekly on tue thu", "FREQ=WEEKLY;BYDAY=TU,TH", "2026-12-01"),
        ("weekly tue thu", "FREQ=WEEKLY;BYDAY=TU,TH", "2026-12-01"),
        ("every mon wed fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "2026-11-30"),
        ("every mon tue and wed", "FREQ=WEEKLY;BYDAY=MO,TU,WE", "2026-11-30"),
        (
            "every other tue thu",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH",
            "2026-12-01",
        ),
        ("mondays wednesdays", "FREQ=WEEKLY;BYDAY=MO,WE", "2026-11-30"),
        ("every 1st monday friday", "FREQ=MONTHLY;BYDAY=1MO,1FR", "2026-12-04"),
        (
            "first and third friday saturday of each month",
            "FREQ=MONTHLY;BYDAY=1FR,3FR,1SA,3SA",
            "2026-12-04",
        ),
        ("daily except sat sun", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2026-11-30"),
        // A weekday with a date is no other day of the rule.
        ("every friday fri 11 dec", "FREQ=WEEKLY;BYDAY=FR", "2026-12-11"),
    ]);
}

#[test]
fn what_counts_from_a_completion_is_said_in_many_words() {
    for behind in [
        "after completion",
        "from completion",
        "after the last completion",
        "after each completion",
        "after done",
        "after last done",
        "when done",
        "once completed",
        "after it's done",
        "after finishing",
        "after I finish it",
    ] {
        for every in ["every 3 days", "every tue thu", "weekly"] {
            let text = format!("{every} {behind}");
            assert_eq!(anchor_of(&text), Anchor::Completion, "{text}");
            assert_eq!(on_monday(&text).draft.title, "", "{text}");
        }
    }
    for text in [
        "every day after finishing work",
        "every week when done with the dishes",
        "every month from completion of the roof",
    ] {
        assert_eq!(anchor_of(text), Anchor::Schedule, "{text}");
    }
}

#[test]
fn days_of_weeks_months_quarters_and_years() {
    assert_on_monday(&[
        (
            "every first weekend of the month",
            "FREQ=MONTHLY;BYDAY=1SA",
            "2026-12-05",
        ),
        ("every 3rd weekend of the month", "FREQ=MONTHLY;BYDAY=3SA", "2026-12-19"),
        (
            "every last weekend of the month",
            "FREQ=MONTHLY;BYDAY=-1SA",
            "2026-12-26",
        ),
        ("every 3rd weekend", "FREQ=WEEKLY;INTERVAL=3;BYDAY=SA,SU", "2026-12-05"),
        ("every end of week", "FREQ=WEEKLY;BYDAY=SU", "2026-12-06"),
        ("end of every week", "FREQ=WEEKLY;BYDAY=SU", "2026-12-06"),
        ("every last day of the week", "FREQ=WEEKLY;BYDAY=SU", "2026-12-06"),
        ("last workday of every week", "FREQ=WEEKLY;BYDAY=FR", "2026-12-04"),
        (
            "every end of quarter",
            "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1",
            "2026-12-31",
        ),
        (
            "last day of every quarter",
            "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1",
            "2026-12-31",
        ),
        (
            "first monday of every quarter",
            "FREQ=MONTHLY;BYMONTH=1,4,7,10;BYDAY=1MO",
            "2027-01-04",
        ),
        ("every end of year", "FREQ=YEARLY;BYYEARDAY=-1", "2026-12-31"),
    ]);
    for text in ["every last weekend of the month", "every end of week"] {
        assert_eq!(doubts_on_monday(text).len(), 1, "{text}");
    }
    for text in [
        "every first week of the month",
        "every last week of january",
        "8th day of every week",
        "5th monday of every quarter",
        "last day of every other quarter",
    ] {
        let reading = on_monday(text);
        assert_eq!((rule_of(&reading), &*due_of(&reading)), ("", ""), "{text}");
        assert_eq!((&*reading.draft.title, refused(&reading).len()), (text, 1));
    }
}

#[test]
fn days_stand_before_their_period_and_behind_it() {
    assert_on_monday(&[
        (
            "first monday of january every year",
            "FREQ=YEARLY;BYMONTH=1;BYDAY=1MO",
            "2027-01-04",
        ),
        (
            "last monday in may yearly",
            "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
            "2027-05-31",
        ),
        (
            "every year last monday in may",
            "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
            "2027-05-31",
        ),
        ("15th every month", "FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15"),
        ("on the 15th every month", "FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15"),
        ("every month the 15th", "FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15"),
        ("monthly 15th", "FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15"),
        (
            "every month last friday of the month",
            "FREQ=MONTHLY;BYDAY=-1FR",
            "2026-12-25",
        ),
        ("1st & 15th every month", "FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-12-01"),
        ("last day monthly", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-11-30"),
        ("first monday every month", "FREQ=MONTHLY;BYDAY=1MO", "2026-12-07"),
        ("3rd thursday monthly", "FREQ=MONTHLY;BYDAY=3TH", "2026-12-17"),
        ("bi weekly on tue", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "2026-12-01"),
    ]);
    for (text, title) in [
        ("water it first every month", "water it first"),
        ("every month 2nd draft", "2nd draft"),
    ] {
        let reading = on_monday(text);
        assert_eq!((rule_of(&reading), &*reading.draft.title), ("FREQ=MONTHLY", title));
    }
}

#[test]
fn months_that_no_rule_of_a_31st_comes_round_in_are_said() {
    for text in ["every 31st", "every month on the 30th", "29th of each month"] {
        assert!(doubts_on_monday(text)[0].contains("are left out"), "{text}");
    }
    for text in ["every 28th", "every jan 31", "last day of each month"] {
        assert_eq!(doubts_on_monday(text), [""; 0], "{text}");
    }
}

#[test]
fn what_recurs_ends_where_it_is_said_to_and_does_not_start_there() {
    assert_on_monday(&[
        ("every day up to friday", "FREQ=DAILY;UNTIL=20261204", "2026-11-30"),
        ("every day by jan 5", "FREQ=DAILY;UNTIL=20270105", "2026-11-30"),
        ("every day to jan 5", "FREQ=DAILY;UNTIL=20270105", "2026-11-30"),
        (
            "every monday up to jan 31",
            "FREQ=WEEKLY;UNTIL=20270131;BYDAY=MO",
            "2026-11-30",
        ),
        (
            "every day at 21:00 up to friday",
            "FREQ=DAILY;UNTIL=20261204",
            "2026-11-30T21:00:00",
        ),
        ("every day by the 5th", "FREQ=DAILY;UNTIL=20261205", "2026-11-30"),
        ("every week by friday", "FREQ=WEEKLY", "2026-12-04"),
        ("every month by the 5th", "FREQ=MONTHLY", "2026-12-05"),
        (
            "daily from next monday until friday",
            "FREQ=DAILY;UNTIL=20261211",
            "2026-12-07",
        ),
        ("every day until friday", "FREQ=DAILY;UNTIL=20261204", "2026-11-30"),
    ]);
    for text in ["every day by jan 5", "every day to jan 5"] {
        assert_eq!(doubts_on_monday(text).len(), 1, "{text}");
    }
    // What is to be done, and no day.
    let march = on_monday("remind me every day to march in place");
    assert_eq!((rule_of(&march), &*march.draft.title), ("FREQ=DAILY", "march in place"));
}

#[test]
fn weekdays_are_left_out_in_many_words() {
    for without in [
        "not",
        "not on",
        "besides",
        "other than",
        "apart from",
        "minus",
        "except",
    ] {
        let text = format!("every day {without} sunday");
        let reading = on_monday(&text);
        assert_eq!(
            (rule_of(&reading), &*due_of(&reading), &*reading.draft.title),
            ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA", "2026-11-30", ""),
            "{text}"
        );
    }
    for text in [
        "run every day except sundays at 6pm",
        "run every day except sunday at 18:00",
        "run daily not on sundays 6pm",
        "run every day at 6pm except sundays",
    ] {
        let reading = on_monday(text);
        assert_eq!(
            (rule_of(&reading), &*due_of(&reading), &*reading.draft.title),
            ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA", "2026-11-30T18:00:00", "run"),
            "{text}"
        );
    }
    assert_eq!(due_of(&on_monday("party not on friday")), "2026-12-04");
    assert_eq!(
        on_monday("back up daily without fail").draft.title,
        "back up without fail"
    );
}

#[test]
fn a_span_bounds_what_comes_round_in_it() {
    assert_on_monday(&[
        ("every day in january", "FREQ=DAILY;BYMONTH=1", "2027-01-01"),
        (
            "every morning in january",
            "FREQ=DAILY;BYMONTH=1",
            "2027-01-01T09:00:00",
        ),
        ("every day in january 2028", "FREQ=DAILY;UNTIL=20280131", "2028-01-01"),
        ("every day next week", "FREQ=DAILY;UNTIL=20261213", "2026-12-07"),
        ("daily next week", "FREQ=DAILY;UNTIL=20261213", "2026-12-07"),
        (
            "every day at 21:00 next week",
            "FREQ=DAILY;UNTIL=20261213",
            "2026-12-07T21:00:00",
        ),
        (
            "every tuesday next month",
            "FREQ=WEEKLY;UNTIL=20261231;BYDAY=TU",
            "2026-12-01",
        ),
        ("every day this week", "FREQ=DAILY;UNTIL=20261206", "2026-11-30"),
        (
            "every friday this year",
            "FREQ=WEEKLY;UNTIL=20261231;BYDAY=FR",
            "2026-12-04",
        ),
        ("every week next month", "FREQ=WEEKLY;UNTIL=20261231", "2026-12-01"),
        // Once in it, and so from there on.
        ("every week next week", "FREQ=WEEKLY", "2026-12-07"),
    ]);
    let over = on_monday("every friday this month");
    assert_eq!(
        refused(&over),
        [("this month", "it does not come round in what is left of it")]
    );
}
