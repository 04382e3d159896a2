//! A recurrence rule: its parts, and its text.

use std::{fmt, str::FromStr};

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, TimeDelta};
use punctual_events::Timestamp;

use super::{
    parse,
    sets::{Months, NthWeekday, SignedDays, SmallSet, WEEKDAY_NAMES, Weekdays, YearDays},
};
use crate::zone::UnknownZone;

/// The longest text of a rule, in bytes.
pub const MAX_RULE_BYTES: usize = 512;

/// A recurrence rule, parsed and checked. [`Display`](fmt::Display) writes its canonical text, which parses to the same rule.
///
/// A set that is empty is a part that is absent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    pub(super) frequency: Frequency,
    /// Every so many seconds, minutes, hours, days, weeks, months or years; at least 1.
    pub(super) interval: u32,
    pub(super) end: End,
    pub(super) months: Months,
    /// `BYWEEKNO`: the week `n`, from the start or (negative) from the end of the year.
    pub(super) weeks: SignedDays,
    pub(super) year_days: YearDays,
    /// `BYMONTHDAY`: the day `n`, from the start or (negative) from the end of the month.
    pub(super) month_days: SignedDays,
    pub(super) weekdays: Weekdays,
    /// `BYDAY` with an ordinal: sorted, without doubles.
    pub(super) nth_weekdays: Vec<NthWeekday>,
    pub(super) hours: SmallSet,
    pub(super) minutes: SmallSet,
    pub(super) seconds: SmallSet,
    /// `BYSETPOS`: sorted, without doubles; negative counts from the end of the period.
    pub(super) positions: Vec<i16>,
    /// The day weeks begin on, from Monday; Monday where it changes nothing.
    pub(super) week_start: u8,
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
    /// A part that RFC 5545 does not know: `RSCALE` of RFC 7529, or `X-` anything.
    #[error("recurrence rules with {part} are not supported")]
    Unsupported {
        /// The part.
        part: String,
    },
    /// It names no time in the 400 years after the start, or none before `UNTIL`, or none that is not excluded.
    #[error(
        "the recurrence rule has no occurrence in the 400 years after its start, before its UNTIL, or beside those that are excluded"
    )]
    NeverOccurs,
    /// Two of its occurrences are less than a minute apart, which a preview may show and a series may not have.
    #[error("the recurrence rule has occurrences less than a minute apart")]
    TooFrequent,
    /// The schedule's zone is unknown.
    #[error(transparent)]
    UnknownZone(#[from] UnknownZone),
}

/// `FREQ`, from the shortest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Frequency {
    /// How long the period is, in seconds, of a frequency whose periods are parts of a day.
    pub(super) fn unit_s(self) -> Option<u32> {
        match self {
            Self::Secondly => Some(1),
            Self::Minutely => Some(60),
            Self::Hourly => Some(3600),
            Self::Daily | Self::Weekly | Self::Monthly | Self::Yearly => None,
        }
    }
}

/// The most a new rule may count: what is left of a `COUNT` is counted anew for each question, and 27 years of days are more than anybody means.
const MAX_COUNT: u32 = 10_000;

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

impl End {
    pub(super) fn is_counted(self) -> bool {
        matches!(self, Self::Count(_))
    }
}

impl Rule {
    /// Reads the value of an `RRULE`: no `RRULE:` before it, upper or lower case.
    ///
    /// # Errors
    ///
    /// [`RuleError::Malformed`] and [`RuleError::Unsupported`]; the latter also for parts nobody has heard of.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        parse::rule(text)
    }

    /// Refuses a `COUNT` beyond 10,000.
    ///
    /// # Errors
    ///
    /// [`RuleError::Unsupported`].
    pub fn ensure_countable(&self) -> Result<(), RuleError> {
        match self.end {
            End::Count(count) if count > MAX_COUNT => {
                let part = format!("COUNT above {MAX_COUNT}");
                Err(RuleError::Unsupported { part })
            }
            _ => Ok(()),
        }
    }

    /// The rule that is left once `spent` of its occurrences are over: only `COUNT` knows.
    #[must_use]
    pub fn after(mut self, spent: u32) -> Self {
        if let End::Count(count) = self.end {
            self.end = End::Count(count.saturating_sub(spent).max(1));
        }
        self
    }

    /// Whether it has a `COUNT`.
    pub(crate) fn is_counted(&self) -> bool {
        self.end.is_counted()
    }

    /// The rule without `COUNT` and `UNTIL`.
    #[must_use]
    pub fn without_end(self) -> Self {
        Self {
            end: End::Never,
            ..self
        }
    }

    /// The rule whose dates all moved by as much, from times of day like that of `start`: its `UNTIL` has moved along, so that it ends with the same of
    /// them. One that would leave the years that can be written stays where it is.
    #[must_use]
    pub fn moved(
        mut self,
        by: TimeDelta,
        start: NaiveDateTime,
        instant: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Self {
        let end = match self.end {
            End::Never | End::Count(_) => None,
            End::UntilDate(date) => {
                let last = date.and_time(start.time()).checked_add_signed(by);
                let last = last.map(|last| last.date()).filter(|last| is_written(*last));
                last.map(End::UntilDate)
            }
            End::UntilWall(wall) => {
                let wall = wall.checked_add_signed(by).filter(|wall| is_written(wall.date()));
                wall.map(End::UntilWall)
            }
            End::UntilInstant(until) => instant(until).map(End::UntilInstant),
        };
        self.end = end.unwrap_or(self.end);
        self
    }

    /// The interval in months of a rule of months or years that names no days or months, and one time of the day.
    pub(super) fn plain_months(&self) -> Option<u32> {
        let unit = match self.frequency {
            Frequency::Monthly => 1,
            Frequency::Yearly => 12,
            _ => return None,
        };
        let is_plain = self.months.is_empty() && !self.names_days() && !self.names_times();
        is_plain.then(|| self.interval.saturating_mul(unit))
    }

    /// The interval in days of a rule of days that names no days or months, and one time of the day.
    pub(crate) fn plain_days(&self) -> Option<u32> {
        (!self.names_dates() && self.frequency == Frequency::Daily).then_some(self.interval)
    }

    /// Whether it says by itself which days or times its dates are at, and does not only count from its beginning.
    #[must_use]
    pub fn names_dates(&self) -> bool {
        !self.months.is_empty() || self.has_by_day() || self.names_days() || self.names_times()
    }

    pub(super) fn has_by_day(&self) -> bool {
        !self.weekdays.is_empty() || !self.nth_weekdays.is_empty()
    }

    /// Whether the rule itself says on which days of its months it falls.
    /// Whether it says more than which days: by the hour or oftener, or at times of the day.
    #[must_use]
    pub fn has_hours(&self) -> bool {
        self.frequency.unit_s().is_some() || self.names_times()
    }

    pub(super) fn names_days(&self) -> bool {
        self.has_by_day() || !self.month_days.is_empty() || !self.year_days.is_empty() || !self.weeks.is_empty()
    }

    pub(super) fn names_times(&self) -> bool {
        !self.hours.is_empty() || !self.minutes.is_empty() || !self.seconds.is_empty()
    }
}

/// Whether a day has a year of four digits.
fn is_written(day: NaiveDate) -> bool {
    (1..=9999).contains(&day.year())
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
        write_list(f, "BYMONTH", self.months.numbers())?;
        write_list(f, "BYWEEKNO", self.weeks.numbers())?;
        write_list(f, "BYYEARDAY", self.year_days.numbers())?;
        write_list(f, "BYMONTHDAY", self.month_days.numbers())?;
        let every = self.weekdays.numbers().map(|day| WEEKDAY_NAMES[day].to_owned());
        write_list(
            f,
            "BYDAY",
            every.chain(self.nth_weekdays.iter().map(NthWeekday::to_string)),
        )?;
        write_list(f, "BYHOUR", self.hours.numbers())?;
        write_list(f, "BYMINUTE", self.minutes.numbers())?;
        write_list(f, "BYSECOND", self.seconds.numbers())?;
        write_list(f, "BYSETPOS", self.positions.iter())?;
        match self.week_start {
            0 => Ok(()),
            day => write!(f, ";WKST={}", WEEKDAY_NAMES[usize::from(day)]),
        }
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
            Self::Secondly => "SECONDLY",
            Self::Minutely => "MINUTELY",
            Self::Hourly => "HOURLY",
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
