//! Names and numbers that are close to days and are none, on Monday 30 November 2026 at 10:00 in Paris.

use super::*;

#[test]
fn names_are_no_misspelt_days() {
    assert_said_on_monday(&[
        ("email Sundar tomorrow", "email Sundar", "2026-12-01", 0),
        ("email sundar tomorrow", "email sundar", "2026-12-01", 0),
        (
            "call Dr. Mondal tomorrow at 10pm",
            "call Dr. Mondal",
            "2026-12-01T22:00:00",
            0,
        ),
        (
            "meeting with Sunita and Sundar friday 3pm",
            "meeting with Sunita and Sundar",
            "2026-12-04T15:00:00",
            0,
        ),
        ("meet Mr Munday on thursday", "meet Mr Munday", "2026-12-03", 0),
        ("call Fridah at 3pm", "call Fridah", "2026-11-30T15:00:00", 0),
        (
            "lunch with fridax at 3pm",
            "lunch with fridax",
            "2026-11-30T15:00:00",
            0,
        ),
        ("ask dr. mondax at 3pm", "ask dr. mondax", "2026-11-30T15:00:00", 0),
        (
            "see if Mondax is in at 3pm",
            "see if Mondax is in",
            "2026-11-30T15:00:00",
            0,
        ),
        ("Mondax moves in at 3pm", "Mondax moves in", "2026-11-30T15:00:00", 0),
        ("buy sunray lamp tomorrow", "buy sunray lamp", "2026-12-01", 0),
        ("buy sundax lamp tomorrow", "buy sundax lamp", "2026-12-01", 0),
        ("buy sundax lamp every day", "buy sundax lamp", "2026-11-30", 0),
        ("call Bob #sundax", "call Bob", "", 0),
    ]);
}

#[test]
fn a_misspelt_day_is_understood_where_no_other_is_said() {
    assert_said_on_monday(&[
        ("Firday 6pm", "", "2026-12-04T18:00:00", 1),
        ("Firday call Bob at 6pm", "call Bob", "2026-12-04T18:00:00", 1),
        ("Thurday call Bob at 6pm", "call Bob", "2026-12-03T18:00:00", 1),
        ("FIRDAY 6PM", "", "2026-12-04T18:00:00", 1),
        ("call bob firday", "call bob", "2026-12-04", 1),
        ("friday, decmber 11", "", "2026-12-11", 1),
        ("call bob firday remind me on thursday", "call bob", "2026-12-04", 1),
        ("gym every week on firday", "gym", "2026-12-04", 1),
    ]);
}

#[test]
fn names_and_feasts_leave_a_time_on_the_day_it_comes_next() {
    assert_said_on_monday(&[
        (
            "open advent calendar at 8pm",
            "open advent calendar",
            "2026-11-30T20:00:00",
            1,
        ),
        ("advent of code at 6am", "advent of code", "2026-12-01T06:00:00", 1),
        (
            "buy hanukkah candles at 4pm",
            "buy hanukkah candles",
            "2026-11-30T16:00:00",
            1,
        ),
        (
            "eid mubarak calls at 11am",
            "eid mubarak calls",
            "2026-11-30T11:00:00",
            1,
        ),
        ("call Jan at 4pm", "call Jan", "2026-11-30T16:00:00", 0),
        ("call jan smit at 4pm", "call jan smit", "2026-11-30T16:00:00", 0),
        ("call April at 5pm", "call April", "2026-11-30T17:00:00", 0),
        ("lunch with June at 1pm", "lunch with June", "2026-11-30T13:00:00", 0),
        ("walk with August at 11am", "walk with August", "2026-11-30T11:00:00", 0),
        ("meet May at 3pm", "meet May", "2026-11-30T15:00:00", 0),
        ("pay april rent at 5pm", "pay april rent", "2026-11-30T17:00:00", 1),
        ("leg day at 6pm", "leg day", "2026-11-30T18:00:00", 0),
        ("laundry day at 11am", "laundry day", "2026-11-30T11:00:00", 0),
        ("spa day with Mia at 11am", "spa day with Mia", "2026-11-30T11:00:00", 0),
        (
            "rainy day fund transfer at 9pm",
            "rainy day fund transfer",
            "2026-11-30T21:00:00",
            0,
        ),
        (
            "world coffee day drinks at 6pm",
            "world coffee day drinks",
            "2026-11-30T18:00:00",
            1,
        ),
    ]);
}

#[test]
fn numbers_that_could_be_of_anything_leave_a_time_on_the_day_it_comes_next() {
    assert_said_on_monday(&[
        (
            "read chapters 3-4 at 8pm",
            "read chapters 3-4",
            "2026-11-30T20:00:00",
            0,
        ),
        (
            "watch episodes 5-6 at 9pm",
            "watch episodes 5-6",
            "2026-11-30T21:00:00",
            0,
        ),
        (
            "do exercises 1-10 at 4pm",
            "do exercises 1-10",
            "2026-11-30T16:00:00",
            0,
        ),
        ("sets of 10-12 at 6pm", "sets of 10-12", "2026-11-30T18:00:00", 0),
        (
            "Arsenal vs Spurs 2-1 at 5pm",
            "Arsenal vs Spurs 2-1",
            "2026-11-30T17:00:00",
            0,
        ),
        ("deploy 2.4 at 6pm", "deploy 2.4", "2026-11-30T18:00:00", 1),
        ("patch 10.5 at 9pm", "patch 10.5", "2026-11-30T21:00:00", 1),
        ("transfer 12.10 at 5pm", "transfer 12.10", "2026-11-30T17:00:00", 1),
        (
            "update node to 18.12 at 5pm",
            "update node to 18.12",
            "2026-11-30T17:00:00",
            1,
        ),
        ("read section 3.2 at 8pm", "read section 3.2", "2026-11-30T20:00:00", 1),
        (
            "upgrade to python 3.12 at 14:00",
            "upgrade to python 3.12",
            "2026-11-30T14:00:00",
            1,
        ),
        ("read John 3:16 tomorrow", "read John 3:16", "2026-12-01", 1),
        ("mix paint 1:10 tomorrow", "mix paint", "2026-12-01T13:10:00", 1),
    ]);
    let mixed = doubts_on_monday("mix paint 1:10 tomorrow");
    assert_eq!(
        mixed,
        ["taken for a time; put “1:10” between quotation marks where it is another number"]
    );
}

#[test]
fn a_month_takes_the_day_behind_it_rather_than_a_number_before() {
    assert_said_on_monday(&[
        ("pay $30 dec 5", "pay $30", "2026-12-05", 0),
        ("dinner at 7 dec 12", "dinner", "2026-12-12T07:00:00", 1),
        ("call at 5 dec 10", "call", "2026-12-10T17:00:00", 1),
        ("call at five dec 10", "call", "2026-12-10T17:00:00", 1),
        ("meet at 3 jan 12", "meet", "2027-01-12T15:00:00", 1),
        ("quiz 4 dec 9 at 10am", "quiz 4", "2026-12-09T10:00:00", 0),
        ("exam 2 dec 10 at 9pm", "exam 2", "2026-12-10T21:00:00", 0),
        ("phase 2 march 1", "phase 2", "2027-03-01", 0),
        ("phase 2 march 1 2028", "phase 2", "2028-03-01", 0),
        ("mia turns 5 dec 9", "mia turns 5", "2026-12-09", 0),
        ("unit 4 nov 30 test", "unit 4 test", "2026-11-30", 1),
        ("party 12 dec 10 people", "party 12 people", "2026-12-10", 1),
        ("chapter 5 jan 12", "chapter 5", "2027-01-12", 0),
        ("dose 2 dec 15", "dose 2", "2026-12-15", 0),
        ("row 3 dec 14", "row 3", "2026-12-14", 0),
        ("buy 2 may 5", "buy 2", "2027-05-05", 0),
        ("pay $30 dec", "pay $30 dec", "", 0),
    ]);
}

#[test]
fn a_time_or_a_year_behind_the_month_leaves_it_the_number_before() {
    assert_said_on_monday(&[
        ("call 10 dec 5pm", "call", "2026-12-10T17:00:00", 0),
        ("call 10 dec 5 pm", "call", "2026-12-10T17:00:00", 0),
        ("call 10 dec 17:00", "call", "2026-12-10T17:00:00", 0),
        ("call 10 dec 8 o'clock", "call", "2026-12-10T08:00:00", 1),
        ("call 10 dec at 5pm", "call", "2026-12-10T17:00:00", 0),
        ("10 dec 2026", "", "2026-12-10", 0),
        ("call on 10 dec 5", "call 5", "2026-12-10", 0),
        ("5 dec 6 dec", "6 dec", "2026-12-05", 1),
        ("fri 4 dec 10", "10", "2026-12-04", 0),
        ("friday, 4 dec 10", "10", "2026-12-04", 0),
    ]);
    assert_eq!(
        rule_of(&on_monday("every day until 5 dec 10 times")),
        "FREQ=DAILY;UNTIL=20261205"
    );
}
