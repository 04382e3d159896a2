//! A start that clocks skip.

use super::*;

#[test]
fn a_start_that_clocks_skip_leaves_the_other_times_of_its_day() {
    // 2:00 is skipped on 28 March 2027, and becomes 3:00, as 2:30 becomes 3:30.
    let rule = || Rule::parse("FREQ=DAILY;BYMINUTE=0,30").unwrap();
    let from = |start: &str, count: usize| {
        let schedule = Schedule::timed(rule(), wall(start), "Europe/Paris");
        let found = schedule.occurrences(&BundledZones).unwrap().take(count);
        found
            .map(|occurrence| occurrence.instant.to_string())
            .collect::<Vec<_>>()
    };
    let (there, before) = (from("2027-03-28T02:00:00", 4), from("2027-03-27T02:00:00", 6));
    assert_eq!(there[..2], ["2027-03-28T01:00:00.000Z", "2027-03-28T01:30:00.000Z"]);
    assert_eq!(there, before[2..], "as of one that began the day before");
}
