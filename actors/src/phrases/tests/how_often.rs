//! How often where more than one phrase says so, and where a word of the title does, on Thursday 3 December 2026 at 10:00 in Paris.

use super::*;

/// A text, its title, rule and due, and how many pieces are doubtful or not understood.
fn assert_read(cases: &[(&str, &str, &str, &str, usize)]) {
    for (text, title, rule, due, said) in cases {
        let reading = reading(text);
        assert_eq!(
            (&*reading.draft.title, rule_of(&reading), &*due_of(&reading)),
            (*title, *rule, *due),
            "{text}"
        );
        assert_eq!(refused(&reading).len() + doubts(text).len(), *said, "{text}");
    }
}

const WORKDAYS: &str = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR";

#[test]
fn every_day_from_one_weekday_to_another_is_on_these_days() {
    assert_rules(&[
        ("every day monday through friday", WORKDAYS, "2026-12-03"),
        (
            "each day tuesday to saturday",
            "FREQ=WEEKLY;BYDAY=TU,WE,TH,FR,SA",
            "2026-12-03",
        ),
        ("daily mon-fri", WORKDAYS, "2026-12-03"),
        ("every week monday through friday", WORKDAYS, "2026-12-03"),
        ("every weekday (mon-thu)", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", "2026-12-03"),
        (
            "each weekday monday through thursday",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
            "2026-12-03",
        ),
        ("every weekend sunday", "FREQ=WEEKLY;BYDAY=SU", "2026-12-06"),
        (
            "every weekday and saturday",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA",
            "2026-12-03",
        ),
        ("each and every friday", "FREQ=WEEKLY;BYDAY=FR", "2026-12-04"),
        ("every day from monday to friday", WORKDAYS, "2026-12-03"),
    ]);
    assert_eq!(
        doubts("every day from monday to friday"),
        ["on these days of every week; say “starting” and “until” for once"]
    );
    assert_eq!(doubts("every day monday through friday"), [""; 0]);
}

#[test]
fn several_days_of_the_month_are_all_of_them() {
    let twice = "FREQ=MONTHLY;BYMONTHDAY=1,15";
    assert_rules(&[
        ("every month on the 1st and the 15th", twice, "2026-12-15"),
        ("on the 1st and the 15th of every month", twice, "2026-12-15"),
        ("the 1st and 15th of each month", twice, "2026-12-15"),
        ("on the 1st and 15th of the month", twice, "2026-12-15"),
        (
            "every month on the 1st, the 10th and the 20th",
            "FREQ=MONTHLY;BYMONTHDAY=1,10,20",
            "2026-12-10",
        ),
        (
            "1st and last day of the month",
            "FREQ=MONTHLY;BYMONTHDAY=1,-1",
            "2026-12-31",
        ),
        (
            "on the first and the third monday of every month",
            "FREQ=MONTHLY;BYDAY=1MO,3MO",
            "2026-12-07",
        ),
    ]);
    assert_eq!(
        doubts("1st and last day of the month"),
        ["of every month, because a task is due on one day"]
    );
}

#[test]
fn a_number_of_something_is_no_day_of_each_month() {
    assert_read(&[
        ("every last bite tomorrow", "every last bite", "", "2026-12-04", 0),
        ("every third person", "every third person", "", "", 0),
        (
            "count every last penny friday",
            "count every last penny",
            "",
            "2026-12-04",
            0,
        ),
        ("wash every 5th car", "wash every 5th car", "", "", 1),
        ("every 15th", "", "FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15", 0),
        (
            "every 15th at noon",
            "",
            "FREQ=MONTHLY;BYMONTHDAY=15",
            "2026-12-15T12:00:00",
            0,
        ),
        (
            "every 1st and 15th pay rent",
            "pay rent",
            "FREQ=MONTHLY;BYMONTHDAY=1,15",
            "2026-12-15",
            0,
        ),
    ]);
}

#[test]
fn another_weekday_is_no_start_of_a_rule_that_names_weekdays() {
    let mondays = "FREQ=WEEKLY;BYDAY=MO";
    assert_read(&[
        (
            "gym every mon at 9am, wed at 10am",
            "gym wed at 10am",
            mondays,
            "2026-12-07T09:00:00",
            2,
        ),
        (
            "gym every mon at 9am and wed at 10am",
            "gym and wed at 10am",
            mondays,
            "2026-12-07T09:00:00",
            2,
        ),
        (
            "gym every monday, friday",
            "gym",
            "FREQ=WEEKLY;BYDAY=MO,FR",
            "2026-12-04",
            0,
        ),
        (
            "gym every monday next week",
            "gym",
            "FREQ=WEEKLY;BYDAY=MO",
            "2026-12-07",
            0,
        ),
        (
            "report due friday every monday",
            "report due friday",
            mondays,
            "2026-12-07",
            1,
        ),
        (
            "pay on the 1st of every month and the 15th",
            "pay and the 15th",
            "FREQ=MONTHLY;BYMONTHDAY=1",
            "2027-01-01",
            1,
        ),
    ]);
}

#[test]
fn what_says_on_which_days_counts_before_an_adverb() {
    assert_read(&[
        (
            "weekly review every friday",
            "review",
            "FREQ=WEEKLY;BYDAY=FR",
            "2026-12-04",
            0,
        ),
        ("daily standup weekdays", "standup", WORKDAYS, "2026-12-03", 0),
        (
            "daily standup at 9am weekdays",
            "standup",
            WORKDAYS,
            "2026-12-04T09:00:00",
            0,
        ),
        ("daily standup mon-fri", "standup", WORKDAYS, "2026-12-03", 0),
        ("daily standup monday to friday", "standup", WORKDAYS, "2026-12-03", 0),
        (
            "weekly gym on tue and thu",
            "gym",
            "FREQ=WEEKLY;BYDAY=TU,TH",
            "2026-12-03",
            0,
        ),
        (
            "biweekly review every friday",
            "review",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR",
            "2026-12-04",
            1,
        ),
        (
            "monthly review on the first friday",
            "review",
            "FREQ=MONTHLY;BYDAY=1FR",
            "2026-12-04",
            0,
        ),
        (
            "monthly report last day of the month",
            "report",
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "2026-12-31",
            0,
        ),
        (
            "monthly review every friday",
            "monthly review",
            "FREQ=WEEKLY;BYDAY=FR",
            "2026-12-04",
            1,
        ),
        ("daily standup every day", "standup", "FREQ=DAILY", "2026-12-03", 0),
    ]);
}

#[test]
fn an_adverb_before_a_word_of_the_title_says_what_it_was_taken_for() {
    assert_read(&[
        ("daily standup", "standup", "FREQ=DAILY", "2026-12-03", 1),
        (
            "cancel monthly subscription tomorrow",
            "cancel subscription",
            "FREQ=MONTHLY",
            "2026-12-04",
            1,
        ),
        ("take pills daily", "take pills", "FREQ=DAILY", "2026-12-03", 0),
        (
            "take pills daily with food",
            "take pills with food",
            "FREQ=DAILY",
            "2026-12-03",
            0,
        ),
        ("daily at 9am", "", "FREQ=DAILY", "2026-12-04T09:00:00", 0),
        ("run everyday", "run", "FREQ=DAILY", "2026-12-03", 0),
        ("everyday take vitamins", "take vitamins", "FREQ=DAILY", "2026-12-03", 1),
        (
            "every 15th pay rent",
            "pay rent",
            "FREQ=MONTHLY;BYMONTHDAY=15",
            "2026-12-15",
            1,
        ),
        ("buy everyday shoes", "buy everyday shoes", "", "", 1),
        (
            "negotiate hourly rate tomorrow",
            "negotiate hourly rate",
            "",
            "2026-12-04",
            1,
        ),
    ]);
    assert_eq!(
        doubts("weekly report"),
        ["taken for how often it recurs; put “weekly” between quotation marks where it is a word of the title"]
    );
}

#[test]
fn how_often_may_be_said_before_the_days_or_behind_them() {
    assert_read(&[
        (
            "gym mon wed fri 6am every week",
            "gym",
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            "2026-12-04T06:00:00",
            0,
        ),
        (
            "swim tues/thurs at 6pm weekly",
            "swim",
            "FREQ=WEEKLY;BYDAY=TU,TH",
            "2026-12-03T18:00:00",
            0,
        ),
        (
            "standup mon-fri at 9am daily",
            "standup",
            WORKDAYS,
            "2026-12-04T09:00:00",
            0,
        ),
        (
            "every two weeks gym on tue and thu",
            "gym",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH",
            "2026-12-03",
            0,
        ),
        (
            "every month rent on the 1st and 15th",
            "rent",
            "FREQ=MONTHLY;BYMONTHDAY=1,15",
            "2026-12-15",
            0,
        ),
        (
            "first monday team lunch every month",
            "team lunch",
            "FREQ=MONTHLY;BYDAY=1MO",
            "2026-12-07",
            0,
        ),
        (
            "every 3 days run every friday",
            "every 3 days run",
            "FREQ=WEEKLY;BYDAY=FR",
            "2026-12-04",
            1,
        ),
        (
            "weekly report every 2 weeks",
            "weekly report",
            "FREQ=WEEKLY;INTERVAL=2",
            "2026-12-03",
            1,
        ),
    ]);
}

#[test]
fn days_of_the_month_may_be_said_in_words() {
    assert_rules(&[
        (
            "on the fifth and twentieth of each month",
            "FREQ=MONTHLY;BYMONTHDAY=5,20",
            "2026-12-05",
        ),
        (
            "twenty-fifth of every month",
            "FREQ=MONTHLY;BYMONTHDAY=25",
            "2026-12-25",
        ),
    ]);
    assert_read(&[("best part of every day", "best part of every day", "", "", 1)]);
}
