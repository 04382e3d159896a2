//! Days counted in workdays, Monday to Friday: "in 3 workdays", "next business day".

use chrono::{Datelike, Days, NaiveDate};

use super::{cursor::Cursor, dates::Date, days::Day, lengths, recurrences::workday};

/// "in 3 workdays", "2 business days from now".
pub(super) fn in_workdays(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    let within = cursor.word(&["in"]);
    let count = lengths::amount(cursor)?;
    workday(cursor).then_some(())?;
    let from_now = cursor.words(&["from", "now"]) || cursor.words(&["from", "today"]);
    (within || from_now).then_some(())?;
    Date::sure(Day::on(workdays_after(today, count)?))
}

/// "next workday".
pub(super) fn next_workday(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    cursor.word(&["next"]).then_some(())?;
    workday(cursor).then_some(())?;
    Date::sure(Day::on(workdays_after(today, 1)?))
}

/// So many workdays later, whole weeks at once.
fn workdays_after(day: NaiveDate, count: u32) -> Option<NaiveDate> {
    // From a weekend they count as from the Friday before it.
    let weekday = day.weekday().num_days_from_monday();
    let (start, weekday) = if weekday > 4 {
        (day.checked_sub_days(Days::new(u64::from(weekday - 4)))?, 4)
    } else {
        (day, weekday)
    };
    let weekends = (weekday + count) / 5;
    start.checked_add_days(Days::new(u64::from(count) + 2 * u64::from(weekends)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workdays_skip_weekends() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
        for (from, count, to) in [
            (3, 1, 4),
            (3, 2, 7),
            (4, 1, 7),
            (5, 1, 7),
            (6, 5, 11),
            (7, 5, 14),
            (3, 10, 17),
            (4, 6, 14),
        ] {
            assert_eq!(workdays_after(day(from), count), Some(day(to)), "{count} from {from}");
        }
    }
}
