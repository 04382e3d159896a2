//! What comes after a completion, where the rule counts from there.

use super::*;

#[test]
fn a_rule_that_would_never_meet_what_it_names_after_a_completion_goes_on_with_its_own_next_date() {
    let quarters = "FREQ=MONTHLY;INTERVAL=3;BYMONTH=1,4,7,10;BYMONTHDAY=1";
    for (rule, start, completed, next) in [
        (
            quarters,
            "2027-01-01T09:00:00",
            "2027-02-03T07:00:00",
            Some("2027-04-01T09:00:00"),
        ),
        // Where it meets them, it counts from there: the first of a month three months after.
        (
            quarters,
            "2027-01-01T09:00:00",
            "2027-01-03T07:00:00",
            Some("2027-04-01T09:00:00"),
        ),
        (
            quarters,
            "2027-01-01T09:00:00",
            "2027-04-01T10:00:00",
            Some("2027-07-01T09:00:00"),
        ),
        (
            "FREQ=HOURLY;INTERVAL=4;BYHOUR=8,12,16,20",
            "2026-12-01T08:00:00",
            "2026-12-01T09:17:00",
            Some("2026-12-01T12:00:00"),
        ),
        // Monday.
        (
            "FREQ=DAILY;INTERVAL=7;BYDAY=SU",
            "2026-12-06T09:00:00",
            "2026-12-07T07:00:00",
            Some("2026-12-13T09:00:00"),
        ),
        // It ends as it says all the same.
        (
            "FREQ=DAILY;INTERVAL=7;BYDAY=SU;UNTIL=20261213",
            "2026-12-06T09:00:00",
            "2026-12-07T07:00:00",
            Some("2026-12-13T09:00:00"),
        ),
        (
            "FREQ=DAILY;INTERVAL=7;BYDAY=SU;UNTIL=20261212",
            "2026-12-06T09:00:00",
            "2026-12-07T07:00:00",
            None,
        ),
        (
            "FREQ=DAILY;INTERVAL=7;BYDAY=SU;COUNT=2",
            "2026-12-06T09:00:00",
            "2026-12-07T07:00:00",
            Some("2026-12-13T09:00:00"),
        ),
        (
            "FREQ=DAILY;INTERVAL=7;BYDAY=SU;COUNT=1",
            "2026-12-06T09:00:00",
            "2026-12-07T07:00:00",
            None,
        ),
        // A Sunday after the end is no reason to go on with one before it.
        (
            "FREQ=DAILY;INTERVAL=7;BYDAY=SU;UNTIL=20261219",
            "2026-12-06T09:00:00",
            "2026-12-13T10:00:00",
            None,
        ),
    ] {
        let schedule = schedule(rule, start, "Europe/Paris");
        let times = (wall(completed).get(), wall(start).get());
        let found = schedule.next_from_completion(times, 1, &BundledZones).unwrap();
        let found = found.map(|next| next.at.to_string());
        assert_eq!(found.as_deref(), next, "{rule} after {completed}");
    }
}
