//! Days as people say them, and which day of the calendar each is.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::{
    lengths::Length,
    words::{month_name, weekday_name},
};

/// A day as it was said. Without a year it is the first such day from a given one on, so "until march" after "starting in april" is a March later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) named: Named,
    /// "3 days before" it, or after.
    pub(super) shift: Option<Shift>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    Before(Length),
    After(Length),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// One day of the calendar.
    On(NaiveDate),
    /// "march 3rd".
    Yearly { month: u8, day: u8 },
    /// "the 15th".
    OfMonth(u8),
    /// "2nd fri in feb"; negative counts from the end.
    Weekday {
        nth: i32,
        weekday: u8,
        month: u8,
        year: Option<i32>,
    },
    /// "40th day of 2030".
    OfYear { day: u32, year: Option<i32> },
    /// "in april": its first day; "end of april": its last.
    Month { month: u8, year: Option<i32>, last: bool },
    /// So many days after Easter Sunday (western).
    Easter(i32),
}

impl From<Named> for Day {
    fn from(named: Named) -> Self {
        Self { named, shift: None }
    }
}

impl Day {
    pub(super) fn on(date: NaiveDate) -> Self {
        Named::On(date).into()
    }

    /// The day it is, the first from `base` on where a year is not said; `None` outside the years 1 to 9999.
    pub(super) fn resolve(self, base: NaiveDate) -> Option<NaiveDate> {
        let date = match self.shift {
            None => self.named.on_or_after(base)?,
            Some(Shift::After(length)) => length.after(self.named.on_or_after(length.before(base).unwrap_or(base))?)?,
            Some(Shift::Before(length)) => {
                // From the base on, until the shifted day is not before it either: "3 days before christmas" on the 24th is next year's.
                let first = length.before(self.named.on_or_after(base)?)?;
                if first >= base {
                    first
                } else {
                    length.before(self.named.on_or_after(length.after(base)?)?)?
                }
            }
        };
        (1..=9999).contains(&date.year()).then_some(date)
    }

    /// Whether the year was left to the base.
    pub(super) fn is_yearless_month(self) -> bool {
        matches!(self.named, Named::Month { year: None, .. })
    }
}

impl Named {
    fn on_or_after(self, base: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::On(date) => Some(date),
            Self::OfMonth(day) => (0..12).find_map(|months| {
                let first = base.with_day(1)?.checked_add_months(chrono::Months::new(months))?;
                first.with_day(day.into()).filter(|date| *date >= base)
            }),
            Self::Yearly { .. } => self.in_some_year(base, None),
            Self::Weekday { year, .. } | Self::OfYear { year, .. } | Self::Month { year, .. } => {
                self.in_some_year(base, year)
            }
            Self::Easter(_) => self.in_some_year(base, None),
        }
    }

    /// In the year said, or in the first that has it from `base` on: 29 February can be 8 years away.
    fn in_some_year(self, base: NaiveDate, year: Option<i32>) -> Option<NaiveDate> {
        match year {
            Some(year) => self.in_year(year),
            None => (base.year()..=base.year() + 9).find_map(|year| self.in_year(year).filter(|date| *date >= base)),
        }
    }

    /// The day of a year.
    pub(super) fn in_year(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Yearly { month, day } => NaiveDate::from_ymd_opt(year, month.into(), day.into()),
            Self::Weekday {
                nth, weekday, month, ..
            } => nth_weekday(year, month, nth, weekday),
            Self::OfYear { day, .. } => NaiveDate::from_yo_opt(year, day),
            Self::Month { month, last: false, .. } => NaiveDate::from_ymd_opt(year, month.into(), 1),
            Self::Month { month, last: true, .. } => last_of_month(NaiveDate::from_ymd_opt(year, month.into(), 1)?),
            Self::Easter(days) => {
                let sunday = easter(year)?;
                sunday.checked_add_signed(chrono::TimeDelta::days(days.into()))
            }
            Self::On(_) | Self::OfMonth(_) => None,
        }
    }
}

/// The last day of the month a day is in.
pub(super) fn last_of_month(date: NaiveDate) -> Option<NaiveDate> {
    let next = date.with_day(1)?.checked_add_months(chrono::Months::new(1))?;
    next.pred_opt()
}

pub(super) fn nth_weekday(year: i32, month: u8, nth: i32, weekday: u8) -> Option<NaiveDate> {
    let weekday = Weekday::try_from(weekday).ok()?;
    if nth > 0 {
        return NaiveDate::from_weekday_of_month_opt(year, month.into(), weekday, u8::try_from(nth).ok()?);
    }
    let last = last_of_month(NaiveDate::from_ymd_opt(year, month.into(), 1)?)?;
    let back = (7 + last.weekday().num_days_from_monday() - weekday.num_days_from_monday()) % 7;
    let date = last.checked_sub_days(Days::new(u64::from(back) + 7 * u64::try_from(-1 - nth).ok()?))?;
    (date.month() == u32::from(month)).then_some(date)
}

/// Easter Sunday of the Gregorian calendar, by the rules of its lunar tables: golden number, century, epact, Sunday.
fn easter(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let century = year.div_euclid(100);
    let skipped_leap_days = century - century / 4;
    let moon_correction = (8 * century + 13) / 25;
    let mut epact = (skipped_leap_days - moon_correction + 19 * golden + 15).rem_euclid(30);
    if epact == 29 || (epact == 28 && golden > 10) {
        epact -= 1;
    }
    // The full moon is so many days after 21 March; Easter is the Sunday after it.
    let full_moon = NaiveDate::from_ymd_opt(year, 3, 21)?.checked_add_days(Days::new(epact.unsigned_abs().into()))?;
    let to_sunday = 7 - full_moon.weekday().num_days_from_sunday();
    full_moon.checked_add_days(Days::new(to_sunday.into()))
}

/// `Friday 4 December 2026`.
pub(super) fn long_date(date: NaiveDate) -> String {
    let month = u8::try_from(date.month()).unwrap_or(1);
    let weekday = u8::try_from(date.weekday().num_days_from_monday()).unwrap_or(0);
    format!(
        "{} {} {} {}",
        weekday_name(weekday),
        date.day(),
        month_name(month),
        date.year()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_is_the_sunday_after_the_full_moon_of_spring() {
        for (year, month, day) in [
            (1818, 3, 22),
            (1943, 4, 25),
            (1981, 4, 19),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2049, 4, 18),
            (2076, 4, 19),
            (2285, 3, 22),
        ] {
            assert_eq!(easter(year), NaiveDate::from_ymd_opt(year, month, day), "{year}");
        }
    }
}
