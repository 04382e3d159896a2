//! How something repeats: the parts of an RFC 5545 rule, its text, and the same in words.

use std::fmt::Write as _;

use chrono::NaiveDate;

use crate::phrases::words::{Unit, month_name, nth_name, weekday_name};

/// The names of weekdays in rules, from Monday.
const CODES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Monday to Friday.
pub(in crate::phrases) const WORKDAYS: [u8; 5] = [0, 1, 2, 3, 4];

/// The parts of a rule that a phrase can name. Empty lists are parts that are absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::phrases) struct Repeat {
    pub(in crate::phrases) every: Unit,
    pub(in crate::phrases) interval: u32,
    pub(in crate::phrases) months: Vec<u8>,
    pub(in crate::phrases) weeks: Vec<u8>,
    pub(in crate::phrases) year_days: Vec<i32>,
    pub(in crate::phrases) month_days: Vec<i32>,
    /// With an ordinal, or 0 for each of them.
    pub(in crate::phrases) weekdays: Vec<(i32, u8)>,
    pub(in crate::phrases) hours: Vec<u32>,
    pub(in crate::phrases) positions: Vec<i32>,
    /// The days are those behind the ones that were said, whose weeks begin a day later, too.
    pub(in crate::phrases) shifted: bool,
    /// Days are workdays. No part of a rule says this, but a task may that counts from its completion.
    pub(in crate::phrases) workdays: bool,
}

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::phrases) enum End {
    Never,
    Count(u32),
    Until(NaiveDate),
}

impl Repeat {
    pub(in crate::phrases) fn every(interval: u32, every: Unit) -> Self {
        Self {
            every,
            interval,
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            hours: Vec::new(),
            positions: Vec::new(),
            shifted: false,
            workdays: false,
        }
    }

    pub(in crate::phrases) fn every_workdays(interval: u32) -> Self {
        Self {
            workdays: true,
            ..Self::every(interval, Unit::Day)
        }
    }

    pub(in crate::phrases) fn on_weekdays(interval: u32, days: &[u8]) -> Self {
        Self {
            weekdays: each(days),
            ..Self::every(interval, Unit::Week)
        }
    }

    /// Whether it says on which days, so that the first need not be the day it was said.
    pub(in crate::phrases) fn names_days(&self) -> bool {
        let are_none = self.weekdays.is_empty() && self.month_days.is_empty() && self.year_days.is_empty();
        self.workdays || !(are_none && self.months.is_empty() && self.weeks.is_empty())
    }

    /// Whether it comes round more than once a day.
    pub(in crate::phrases) fn is_within_days(&self) -> bool {
        matches!(self.every, Unit::Second | Unit::Minute | Unit::Hour)
    }

    /// Whether it can have several times a day: `BYSETPOS` would take some of the times, not of the days.
    pub(in crate::phrases) fn takes_hours(&self) -> bool {
        self.positions.is_empty() && !self.workdays && !self.is_within_days()
    }

    /// The value of an `RRULE` (RFC 5545, section 3.3.10).
    pub(in crate::phrases) fn rrule(&self, end: End) -> String {
        let mut text = format!("FREQ={}", frequency(self.every));
        if self.interval != 1 {
            push(&mut text, format_args!(";INTERVAL={}", self.interval));
        }
        match end {
            End::Never => {}
            End::Count(count) => push(&mut text, format_args!(";COUNT={count}")),
            End::Until(date) => push(&mut text, format_args!(";UNTIL={}", date.format("%Y%m%d"))),
        }
        list(&mut text, "BYMONTH", self.months.iter().map(u8::to_string));
        list(&mut text, "BYWEEKNO", self.weeks.iter().map(u8::to_string));
        list(&mut text, "BYYEARDAY", self.year_days.iter().map(i32::to_string));
        list(&mut text, "BYMONTHDAY", self.month_days.iter().map(i32::to_string));
        list(&mut text, "BYDAY", self.weekdays.iter().map(|day| code(*day)));
        list(&mut text, "BYHOUR", self.hours.iter().map(u32::to_string));
        list(&mut text, "BYSETPOS", self.positions.iter().map(i32::to_string));
        // The Monday behind a Sunday is of the week of that, and only where weeks are passed over does it matter.
        if self.shifted && self.interval > 1 && self.weekdays.len() > 1 && self.weekdays.contains(&(0, 0)) {
            text += ";WKST=TU";
        }
        text
    }

    /// In words: "every 2 weeks on Tuesday".
    pub(in crate::phrases) fn in_words(&self, end: End) -> String {
        let unit = if self.workdays {
            "workday"
        } else {
            unit_name(self.every)
        };
        let mut text = match self.interval {
            1 => format!("every {unit}"),
            many => format!("every {many} {unit}s"),
        };
        let positions = self.positions.iter().map(|nth| nth_name(*nth)).collect::<Vec<_>>();
        let weekdays = self.weekdays.iter().map(|(nth, day)| match nth {
            0 => weekday_name(*day).to_owned(),
            nth => format!("the {} {}", nth_name(*nth), weekday_name(*day)),
        });
        let month_days = self.month_days.iter().map(|day| nth_name(*day)).collect::<Vec<_>>();
        let year_days = self.year_days.iter().map(|day| nth_name(*day)).collect::<Vec<_>>();
        let weekdays = if self.weekdays == each(&WORKDAYS) {
            vec!["workday".to_owned()]
        } else {
            weekdays.collect()
        };
        if !positions.is_empty() {
            let of = if weekdays == ["workday"] { "" } else { "of " };
            push(
                &mut text,
                format_args!(" on the {} {of}{}", and(&positions), and(&weekdays)),
            );
        } else if self.weekdays == each(&WORKDAYS) {
            text += " from Monday to Friday";
        } else if !weekdays.is_empty() {
            push(&mut text, format_args!(" on {}", and(&weekdays)));
        }
        if !month_days.is_empty() {
            push(&mut text, format_args!(" on the {}", and(&month_days)));
        }
        if !year_days.is_empty() {
            push(&mut text, format_args!(" on the {} day of the year", and(&year_days)));
        }
        if !self.months.is_empty() {
            let months: Vec<&str> = self.months.iter().map(|month| month_name(*month)).collect();
            push(&mut text, format_args!(" of {}", and(&months)));
        }
        if !self.weeks.is_empty() {
            let weeks: Vec<String> = self.weeks.iter().map(u8::to_string).collect();
            push(&mut text, format_args!(" in week {}", and(&weeks)));
        }
        match end {
            End::Never => {}
            End::Count(count) => push(&mut text, format_args!(", {count} times")),
            End::Until(date) => push(
                &mut text,
                format_args!(", until {}", crate::phrases::days::long_date(date)),
            ),
        }
        text
    }
}

/// Weekdays without an ordinal.
pub(in crate::phrases) fn each(days: &[u8]) -> Vec<(i32, u8)> {
    days.iter().map(|day| (0, *day)).collect()
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(arguments);
}

fn list(text: &mut String, name: &str, values: impl Iterator<Item = String>) {
    for (index, value) in values.enumerate() {
        match index {
            0 => push(text, format_args!(";{name}={value}")),
            _ => push(text, format_args!(",{value}")),
        }
    }
}

fn and(items: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text += if index + 1 == items.len() { " and " } else { ", " };
        }
        text += item.as_ref();
    }
    text
}

fn code((nth, day): (i32, u8)) -> String {
    let name = CODES[usize::from(day % 7)];
    if nth == 0 {
        name.to_owned()
    } else {
        format!("{nth}{name}")
    }
}

fn frequency(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "SECONDLY",
        Unit::Minute => "MINUTELY",
        Unit::Hour => "HOURLY",
        Unit::Day => "DAILY",
        Unit::Week => "WEEKLY",
        Unit::Month => "MONTHLY",
        Unit::Year => "YEARLY",
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Year => "year",
    }
}
