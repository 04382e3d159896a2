//! Recurrences and their bounds.

use punctual_events::Anchor;

use super::*;

#[test]
fn recurrences() {
    assert_rules(&[
        (
            "every other tue at 8",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            "2026-12-08T08:00:00",
        ),
        ("every 2nd and last friday", "FREQ=MONTHLY;BYDAY=2FR,-1FR", "2026-12-11"),
        (
            "every weekday until june",
            "FREQ=WEEKLY;UNTIL=20270601;BYDAY=MO,TU,WE,TH,FR",
            "2026-12-03",
        ),
        ("every 3 days", "FREQ=DAILY;INTERVAL=3", "2026-12-03"),
        ("every day at 9am", "FREQ=DAILY", "2026-12-04T09:00:00"),
        ("every mon, wed and fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "2026-12-04"),
        ("every mon-wed", "FREQ=WEEKLY;BYDAY=MO,TU,WE", "2026-12-07"),
        ("every 1st and 15th", "FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-12-15"),
        ("last day of each month", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-12-31"),
        (
            "every 3 months on the 4th",
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=4",
            "2026-12-04",
        ),
        (
            "yearly on april 15th",
            "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=15",
            "2027-04-15",
        ),
        ("every 31 march", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31", "2027-03-31"),
        ("every 4th july", "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=4", "2027-07-04"),
        ("every christmas", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", "2026-12-25"),
        ("every monday in march", "FREQ=WEEKLY;BYMONTH=3;BYDAY=MO", "2027-03-01"),
        ("every morning", "FREQ=DAILY", "2026-12-04T09:00:00"),
        ("every 2 hours", "FREQ=HOURLY;INTERVAL=2", "2026-12-03T12:00:00"),
        ("tuesdays and thursdays", "FREQ=WEEKLY;BYDAY=TU,TH", "2026-12-03"),
        ("every year in week 12", "FREQ=YEARLY;BYWEEKNO=12", "2027-03-22"),
    ]);
}

#[test]
fn bounds_of_recurrences() {
    assert_rules(&[
        ("daily starting monday", "FREQ=DAILY", "2026-12-07"),
        (
            "every other fri from january until april",
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=20270401;BYDAY=FR",
            "2027-01-01",
        ),
        (
            "until april, daily starting 5 may",
            "FREQ=DAILY;UNTIL=20280401",
            "2027-05-05",
        ),
        ("daily for 3 weeks", "FREQ=DAILY;UNTIL=20261223", "2026-12-03"),
        ("fridays 3x", "FREQ=WEEKLY;COUNT=3;BYDAY=FR", "2026-12-04"),
        ("every day twice", "FREQ=DAILY;COUNT=2", "2026-12-03"),
        ("daily until end of may", "FREQ=DAILY;UNTIL=20270531", "2026-12-03"),
        (
            "daily except on weekends",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "2026-12-03",
        ),
        (
            "fridays except in december and may",
            "FREQ=WEEKLY;BYMONTH=1,2,3,4,6,7,8,9,10,11;BYDAY=FR",
            "2027-01-01",
        ),
    ]);
    assert_eq!(doubts("daily until june").len(), 1, "the 1st is included");
}

#[test]
fn an_exclamation_mark_counts_from_completion() {
    for (text, anchor) in [
        ("every! 10 days", Anchor::Completion),
        ("every 10 days after completion", Anchor::Completion),
        ("every 10 days", Anchor::Schedule),
    ] {
        let reading = reading(text);
        assert_eq!(rule_of(&reading), "FREQ=DAILY;INTERVAL=10");
        assert_eq!(reading.draft.recurrence.as_ref().unwrap().anchor, anchor, "{text}");
    }
}

#[test]
fn workdays_are_counted_from_a_completion() {
    // Friday 4 December is a workday, Saturday is not.
    for (text, rule, due) in [
        ("every! 3 workdays", "FREQ=DAILY;INTERVAL=3", "2026-12-03"),
        ("every! 2nd workday", "FREQ=DAILY;INTERVAL=2", "2026-12-03"),
        (
            "every! other weekday at 18",
            "FREQ=DAILY;INTERVAL=2",
            "2026-12-03T18:00:00",
        ),
        (
            "every 10 business days after completion",
            "FREQ=DAILY;INTERVAL=10",
            "2026-12-03",
        ),
        (
            "every! 3 workdays starting sat 5 dec",
            "FREQ=DAILY;INTERVAL=3",
            "2026-12-07",
        ),
        ("every! 3 workdays 5x", "FREQ=DAILY;INTERVAL=3;COUNT=5", "2026-12-03"),
    ] {
        let reading = reading(text);
        assert_eq!((rule_of(&reading), &*due_of(&reading)), (rule, due), "{text}");
        let recurrence = reading.draft.recurrence.as_ref().unwrap();
        assert_eq!(
            (recurrence.anchor, recurrence.workdays),
            (Anchor::Completion, true),
            "{text}"
        );
        assert_eq!(
            (&*reading.draft.title, refused(&reading).len(), doubts(text).len()),
            ("", 0, 0),
            "{text}"
        );
    }
    let each = reading("every! workday");
    let recurrence = each.draft.recurrence.unwrap();
    assert_eq!(
        (&*recurrence.rrule, recurrence.workdays),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", false)
    );
    let said = reading("every! 3 workdays").understood.remove(0).meaning;
    assert_eq!(said, "every 3 workdays, counted from when it was last completed");
    let without = reading("every! 3 workdays except mondays");
    assert_eq!(refused(&without).len(), 1);
}

#[test]
fn the_3rd_workday_is_that_of_each_month_and_what_no_rule_can_count_is_not_understood() {
    let third = reading("every 3rd workday");
    assert_eq!(rule_of(&third), "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=3");
    assert_eq!(doubts("every 3rd workday").len(), 1);
    assert_eq!(doubts("every 3rd workday of the month").len(), 0);
    for text in [
        "every 3 workdays",
        "every other weekday",
        "every! 3rd workday of the month",
        "every easter",
        "twice a week",
    ] {
        let reading = reading(text);
        assert_eq!((rule_of(&reading), &*reading.draft.title), ("", text));
        assert_eq!(refused(&reading).len(), 1, "{text}");
    }
}

#[test]
fn what_no_calendar_has_and_what_is_too_frequent_stays_in_the_title() {
    for (text, what) in [
        ("every 81st", "every 81st"),
        ("6th friday of each month", "6th friday of each month"),
        ("yearly on the 54th friday", "yearly on the 54th friday"),
        ("Make every second count", "every second"),
        ("every 59 seconds", "every 59 seconds"),
    ] {
        let reading = reading(text);
        assert_eq!((rule_of(&reading), &*reading.draft.title), ("", text));
        assert_eq!(
            refused(&reading).iter().map(|(span, _)| *span).collect::<Vec<_>>(),
            [what]
        );
    }
    assert_eq!(rule_of(&reading("every 60 seconds")), "FREQ=SECONDLY;INTERVAL=60");
}

#[test]
fn the_2nd_friday_alone_is_every_other_and_says_so() {
    assert_eq!(rule_of(&reading("every 2nd friday")), "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR");
    assert_eq!(
        doubts("every 2nd friday"),
        ["one Friday in 2; say “2nd Friday of each month” for that"]
    );
    assert_eq!(rule_of(&reading("2nd Friday of each month")), "FREQ=MONTHLY;BYDAY=2FR");
}

#[test]
fn several_times_are_one_rule_where_they_share_the_minute() {
    let three = reading("pills every day at 8, 12 and 18");
    assert_eq!(
        (rule_of(&three), &*due_of(&three)),
        ("FREQ=DAILY;BYHOUR=8,12,18", "2026-12-03T12:00:00")
    );
    let two = reading("pills every day at 08:00 and 17:30");
    assert_eq!((rule_of(&two), &*due_of(&two)), ("FREQ=DAILY", "2026-12-04T08:00:00"));
    assert_eq!(
        two.understood
            .last()
            .unwrap()
            .ambiguous
            .as_deref()
            .map(|doubt| &doubt[..20]),
        Some("only the first count")
    );
}

#[test]
fn of_several_times_only_the_first_counts_where_a_rule_picks_days_by_position_or_within_days() {
    for (text, rule) in [
        (
            "last business day of each month at 8 and 18",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        ),
        (
            "every 3rd workday of the month at 8 and 18",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=3",
        ),
        ("every 2 hours at 8 and 18", "FREQ=HOURLY;INTERVAL=2"),
    ] {
        let reading = reading(text);
        assert_eq!(rule_of(&reading), rule);
        assert_eq!(&due_of(&reading)[11..], "08:00:00", "{text}");
        assert!(
            doubts(text)
                .iter()
                .any(|doubt| doubt.starts_with("only the first counts"))
        );
    }
}

#[test]
fn the_first_is_the_first_day_the_rule_names_counted_from_the_start_itself() {
    for (text, now, due) in [
        ("every month except in july", "2026-12-03T09:00:00Z", "2026-12-03"),
        ("every month except in july", "2026-07-03T09:00:00Z", "2026-08-03"),
        ("every month except in july", "2026-07-31T09:00:00Z", "2026-08-31"),
        (
            "every week starting monday except in july",
            "2026-12-03T09:00:00Z",
            "2026-12-07",
        ),
        (
            "every week starting monday except in december",
            "2026-12-03T09:00:00Z",
            "2027-01-04",
        ),
        ("every year in week 12", "2026-12-03T09:00:00Z", "2027-03-22"),
        ("every year in week 12", "2027-03-22T09:00:00Z", "2027-03-22"),
        ("every year in week 12", "2027-03-23T09:00:00Z", "2028-03-20"),
        ("every other friday", "2026-12-04T09:00:00Z", "2026-12-04"),
        ("last business day of each month", "2026-12-31T09:00:00Z", "2026-12-31"),
    ] {
        assert_eq!(due_of(&at(text, now, "Europe/Paris")), due, "{text} said at {now}");
    }
}

#[test]
fn a_length_or_a_number_of_times_ends_only_the_recurrence_right_before_it() {
    for (text, title, rule) in [
        ("take 2x aspirin every day", "take 2x aspirin", "FREQ=DAILY"),
        ("knock twice every monday", "knock twice", "FREQ=WEEKLY;BYDAY=MO"),
        (
            "book cabin for 2 weeks every july",
            "book cabin for 2 weeks",
            "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=1",
        ),
        ("every monday knock twice", "knock twice", "FREQ=WEEKLY;BYDAY=MO"),
        ("x every day at 11 #home, twice", "x", "FREQ=DAILY;COUNT=2"),
        (
            "x daily except on weekends 3x",
            "x",
            "FREQ=WEEKLY;COUNT=3;BYDAY=MO,TU,WE,TH,FR",
        ),
        ("x daily starting tomorrow for 4 times", "x", "FREQ=DAILY;COUNT=4"),
    ] {
        let reading = reading(text);
        assert_eq!((&*reading.draft.title, rule_of(&reading)), (title, rule), "{text}");
    }
}

#[test]
fn for_so_long_counts_from_the_first_due_and_takes_in_no_day_more() {
    assert_rules(&[
        ("every day for 3 days", "FREQ=DAILY;UNTIL=20261205", "2026-12-03"),
        (
            "every day at 9am for 3 days",
            "FREQ=DAILY;UNTIL=20261206",
            "2026-12-04T09:00:00",
        ),
        (
            "every tue for 2 weeks",
            "FREQ=WEEKLY;UNTIL=20261221;BYDAY=TU",
            "2026-12-08",
        ),
        (
            "daily for 1 month from 5 may",
            "FREQ=DAILY;UNTIL=20270604",
            "2027-05-05",
        ),
        (
            "every 2 hours for 1 day",
            "FREQ=HOURLY;INTERVAL=2;UNTIL=20261203",
            "2026-12-03T12:00:00",
        ),
    ]);
}

#[test]
fn bounds_and_lists_of_days_need_a_recurrence() {
    for text in [
        "stay until friday",
        "from monday to friday",
        "rent a car for 2 months",
        "all but not on mondays and fridays except for tomorrow",
        "2nd and 4th Thu of Aug",
        "before friday",
    ] {
        let reading = reading(text);
        assert_eq!(
            (due_of(&reading).is_empty(), refused(&reading).is_empty()),
            (true, false),
            "{text}"
        );
    }
}
