//! A recurrence rule: its parts, and its text.

use std::{fmt, str::FromStr};

use chrono::{NaiveDate, NaiveDateTime, Weekday};
use punctual_events::Timestamp;

use super::parse;
use crate::zone::UnknownZone;

/// The longest text of a rule, in bytes.
pub const MAX_RULE_BYTES: usize = 512;

/// A recurrence rule, parsed and checked. [`Display`](fmt::Display) writes its canonical text, which parses to the same rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    pub(super) frequency: Frequency,
    /// Every so many days, weeks, months or years; at least 1.
    pub(super) interval: u32,
    pub(super) end: End,
    pub(super) months: Months,
    pub(super) month_days: MonthDays,
    pub(super) weekdays: Weekdays,
    /// `BYDAY` with an ordinal: sorted, without doubles.
    pub(super) nth_weekdays: Vec<NthWeekday>,
}

/// Why a rule is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It breaks RFC 5545.
    #[error("not a recurrence rule: {reason}")]
    Malformed {
        /// What is wrong, for a person.
        reason: String,
    },
    /// RFC 5545 allows it, but it is not built here.
    #[error("recurrence rules with {part} are not supported")]
    Unsupported {
        /// The part, `BYSETPOS` or `FREQ=HOURLY`.
        part: String,
    },
    /// It names no day in the 400 years after the start, or none before `UNTIL`.
    #[error("the recurrence rule never occurs")]
    NeverOccurs,
    /// The schedule's zone is unknown.
    #[error(transparent)]
    UnknownZone(#[from] UnknownZone),
}

/// `FREQ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// `COUNT` and `UNTIL`, of which a rule has one at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    Never,
    /// So many occurrences, the first included; at least 1.
    Count(u32),
    /// The last may be on this day.
    UntilDate(NaiveDate),
    /// The last may be at this wall time.
    UntilWall(NaiveDateTime),
    /// The last may be at this instant.
    UntilInstant(Timestamp),
}

/// `BYMONTH`: bit `m` is month `m`. Empty when the part is absent, as with all the sets below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Months(pub(super) u16);

/// `BYMONTHDAY`: bit `d` is the day `d`, from the start or (negative) from the end of the month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct MonthDays {
    pub(super) from_start: u32,
    pub(super) from_end: u32,
}

impl MonthDays {
    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// `BYDAY` without ordinals: bit 0 is Monday.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Weekdays(pub(super) u8);

impl Weekdays {
    pub(super) fn only(weekday: Weekday) -> Self {
        Self(1 << weekday.num_days_from_monday())
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// One of `BYDAY` with an ordinal: `-1FR` is the last Friday of the month or year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NthWeekday {
    /// Not 0; negative counts from the end.
    pub(super) nth: i8,
    /// Days from Monday.
    pub(super) weekday: u8,
}

/// The names of the weekdays in rules, from Monday.
pub(super) const WEEKDAY_NAMES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

impl Rule {
    /// Reads the value of an `RRULE`: no `RRULE:` before it, upper or lower case.
    ///
    /// # Errors
    ///
    /// [`RuleError::Malformed`] and [`RuleError::Unsupported`]; the latter also for parts nobody has heard of.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        parse::rule(text)
    }

    /// The rule that is left once `spent` of its occurrences are over: only `COUNT` knows.
    #[must_use]
    pub fn after(mut self, spent: u32) -> Self {
        if let End::Count(count) = self.end {
            self.end = End::Count(count.saturating_sub(spent).max(1));
        }
        self
    }

    /// The interval in months of a rule of months or years that names no days or months.
    pub(super) fn plain_months(&self) -> Option<u32> {
        let is_plain = self.months == Months::default() && self.month_days.is_empty() && !self.has_by_day();
        let unit = match self.frequency {
            Frequency::Monthly => 1,
            Frequency::Yearly => 12,
            Frequency::Daily | Frequency::Weekly => return None,
        };
        is_plain.then(|| self.interval.saturating_mul(unit))
    }

    pub(super) fn has_by_day(&self) -> bool {
        !self.weekdays.is_empty() || !self.nth_weekdays.is_empty()
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        Self::parse(text)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", self.frequency)?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        write!(f, "{}", self.end)?;
        let months = (1..=12).filter(|month| self.months.0 & (1 << month) != 0);
        write_list(f, "BYMONTH", months)?;
        let from_start = (1..=31).filter(|day| self.month_days.from_start & (1 << day) != 0);
        let from_end = (1..=31).filter(|day| self.month_days.from_end & (1 << day) != 0);
        write_list(f, "BYMONTHDAY", from_start.chain(from_end.map(|day: i32| -day)))?;
        let every = (0..7).filter(|day| self.weekdays.0 & (1 << day) != 0);
        let every = every.map(|day: usize| WEEKDAY_NAMES[day].to_owned());
        write_list(
            f,
            "BYDAY",
            every.chain(self.nth_weekdays.iter().map(NthWeekday::to_string)),
        )
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, name: &str, values: impl Iterator<Item = impl fmt::Display>) -> fmt::Result {
    for (index, value) in values.enumerate() {
        match index {
            0 => write!(f, ";{name}={value}")?,
            _ => write!(f, ",{value}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => Ok(()),
            Self::Count(count) => write!(f, ";COUNT={count}"),
            Self::UntilDate(date) => write!(f, ";UNTIL={}", date.format("%Y%m%d")),
            Self::UntilWall(wall) => write!(f, ";UNTIL={}", wall.format("%Y%m%dT%H%M%S")),
            Self::UntilInstant(instant) => write!(f, ";UNTIL={}", instant.to_utc().format("%Y%m%dT%H%M%SZ")),
        }
    }
}

impl fmt::Display for NthWeekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.nth, WEEKDAY_NAMES[usize::from(self.weekday)])
    }
}
