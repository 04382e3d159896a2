//! The text of a rule: the grammar of RFC 5545, section 3.3.10, and what the standard forbids in words.

use chrono::{NaiveDate, NaiveDateTime};
use punctual_events::Timestamp;

use super::lists;
use super::rule::{End, Frequency, MAX_RULE_BYTES, Rule, RuleError};
use super::sets::{SmallSet, WEEKDAY_NAMES};

/// All parts of the standard.
const PARTS: [&str; 14] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYMONTH",
    "BYWEEKNO",
    "BYYEARDAY",
    "BYMONTHDAY",
    "BYDAY",
    "BYHOUR",
    "BYMINUTE",
    "BYSECOND",
    "BYSETPOS",
    "WKST",
];

pub(super) fn rule(text: &str) -> Result<Rule, RuleError> {
    if text.len() > MAX_RULE_BYTES {
        return Err(malformed(format!("longer than {MAX_RULE_BYTES} bytes")));
    }
    let text = text.to_ascii_uppercase();
    let parts = Parts::read(&text)?;
    let (weekdays, nth_weekdays) = parts.list("BYDAY", lists::weekdays)?;
    let mut rule = Rule {
        frequency: frequency(parts.required("FREQ")?)?,
        interval: parts
            .get("INTERVAL")
            .map_or(Ok(1), |value| positive("INTERVAL", value))?,
        end: end(&parts)?,
        months: parts.list("BYMONTH", lists::months)?,
        weeks: parts.list("BYWEEKNO", |value| lists::signed_days("BYWEEKNO", value, 53))?,
        year_days: parts.list("BYYEARDAY", lists::year_days)?,
        month_days: parts.list("BYMONTHDAY", |value| lists::signed_days("BYMONTHDAY", value, 31))?,
        weekdays,
        nth_weekdays,
        hours: parts.list("BYHOUR", |value| lists::small_set("BYHOUR", value, 23))?,
        minutes: parts.list("BYMINUTE", |value| lists::small_set("BYMINUTE", value, 59))?,
        seconds: parts.list("BYSECOND", |value| lists::small_set("BYSECOND", value, 60))?,
        positions: parts.list("BYSETPOS", lists::positions)?,
        week_start: parts.get("WKST").map_or(Ok(0), week_start)?,
    };
    if rule.seconds.contains(60) {
        // A leap second is the second before it, as with UNTIL.
        rule.seconds = SmallSet(rule.seconds.0 & !(1 << 60) | 1 << 59);
    }
    check_combination(&rule)?;
    if !week_start_matters(&rule) {
        rule.week_start = 0;
    }
    Ok(rule)
}

pub(super) fn malformed(reason: impl Into<String>) -> RuleError {
    RuleError::Malformed { reason: reason.into() }
}

fn unsupported(part: impl Into<String>) -> RuleError {
    RuleError::Unsupported { part: part.into() }
}

/// The values by the index of their name in [`PARTS`].
struct Parts<'t>([Option<&'t str>; PARTS.len()]);

impl<'t> Parts<'t> {
    fn read(text: &'t str) -> Result<Self, RuleError> {
        let mut parts = Self([None; PARTS.len()]);
        let mut unknown = None;
        for part in text.split(';') {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| malformed("a part is not NAME=VALUE"))?;
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                return Err(malformed("a part has no proper name"));
            }
            match PARTS.iter().position(|known| *known == name) {
                Some(index) if parts.0[index].is_some() => return Err(malformed(format!("{name} occurs twice"))),
                Some(index) => parts.0[index] = Some(value),
                None => unknown = unknown.or(Some(name)),
            }
        }
        // Only now: a rule that is broken should hear so, even if it also has a part that is not of the standard.
        unknown.map_or(Ok(parts), |name| Err(unsupported(name)))
    }

    fn get(&self, name: &str) -> Option<&'t str> {
        PARTS
            .iter()
            .position(|known| *known == name)
            .and_then(|index| self.0[index])
    }

    fn list<T: Default>(&self, name: &str, read: impl FnOnce(&str) -> Result<T, RuleError>) -> Result<T, RuleError> {
        self.get(name).map_or_else(|| Ok(T::default()), read)
    }

    fn required(&self, name: &str) -> Result<&'t str, RuleError> {
        self.get(name).ok_or_else(|| malformed(format!("{name} is missing")))
    }
}

fn frequency(value: &str) -> Result<Frequency, RuleError> {
    Ok(match value {
        "SECONDLY" => Frequency::Secondly,
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return Err(malformed("FREQ is not a frequency")),
    })
}

fn week_start(value: &str) -> Result<u8, RuleError> {
    let day = WEEKDAY_NAMES.iter().position(|known| *known == value);
    day.and_then(|day| u8::try_from(day).ok())
        .ok_or_else(|| malformed("WKST is not a weekday"))
}

/// RFC 5545: "significant when a WEEKLY RRULE has an interval greater than 1, and a BYDAY rule part is specified", and "in a YEARLY RRULE when a BYWEEKNO rule
/// part is specified". So it is where BYSETPOS takes from the days of a week. Calendar programs write it everywhere.
fn week_start_matters(rule: &Rule) -> bool {
    let weekly = rule.frequency == Frequency::Weekly && !rule.weekdays.is_empty();
    !rule.weeks.is_empty() || weekly && (rule.interval > 1 || !rule.positions.is_empty())
}

fn end(parts: &Parts<'_>) -> Result<End, RuleError> {
    match (parts.get("COUNT"), parts.get("UNTIL")) {
        (None, None) => Ok(End::Never),
        (Some(count), None) => positive("COUNT", count).map(End::Count),
        (None, Some(until)) => end_until(until)
            .ok_or_else(|| malformed("UNTIL is not a date or time like 20261231, 20261231T090000 or 20261231T090000Z")),
        (Some(_), Some(_)) => Err(malformed("COUNT and UNTIL exclude each other")),
    }
}

fn positive(name: &str, value: &str) -> Result<u32, RuleError> {
    digits(value)
        .and_then(|digits| digits.parse().ok())
        .filter(|number| *number > 0)
        .ok_or_else(|| malformed(format!("{name} is not a number from 1 to {}", u32::MAX)))
}

/// `value` if it is digits only: `str::parse` would take `+5` as well.
pub(super) fn digits(value: &str) -> Option<&str> {
    (!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())).then_some(value)
}

fn end_until(value: &str) -> Option<End> {
    let Some((date, time)) = value.split_once('T') else {
        return until_date(value).map(End::UntilDate);
    };
    let (time, utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
    let wall = until_wall(until_date(date)?, time)?;
    Some(if utc {
        End::UntilInstant(Timestamp::from_utc(wall))
    } else {
        End::UntilWall(wall)
    })
}

/// `YYYYMMDD` from year 1 on.
fn until_date(value: &str) -> Option<NaiveDate> {
    let value = digits(value).filter(|value| value.len() == 8)?;
    let year: i32 = value[0..4].parse().ok()?;
    (year > 0).then_some(())?;
    NaiveDate::from_ymd_opt(year, value[4..6].parse().ok()?, value[6..8].parse().ok()?)
}

/// `HHMMSS`; a leap second is the second before it.
fn until_wall(date: NaiveDate, value: &str) -> Option<NaiveDateTime> {
    let value = digits(value).filter(|value| value.len() == 6)?;
    let second: u32 = value[4..6].parse().ok().filter(|second| *second <= 60)?;
    date.and_hms_opt(value[0..2].parse().ok()?, value[2..4].parse().ok()?, second.min(59))
}

/// What the standard forbids in words, and what could not mean anything.
fn check_combination(rule: &Rule) -> Result<(), RuleError> {
    let frequency = rule.frequency;
    let not_with = |part: &str| Err(malformed(format!("{part} is not allowed with FREQ={frequency}")));
    if frequency != Frequency::Yearly && !rule.weeks.is_empty() {
        return not_with("BYWEEKNO");
    }
    let has_no_year_days = matches!(frequency, Frequency::Daily | Frequency::Weekly | Frequency::Monthly);
    if has_no_year_days && !rule.year_days.is_empty() {
        return not_with("BYYEARDAY");
    }
    if frequency == Frequency::Weekly && !rule.month_days.is_empty() {
        return not_with("BYMONTHDAY");
    }
    check_ordinals(rule)?;
    let has_a_set = rule.names_days() || rule.names_times() || !rule.months.is_empty();
    if !rule.positions.is_empty() && !has_a_set {
        return Err(malformed("BYSETPOS needs another BY part to take from"));
    }
    Ok(())
}

fn check_ordinals(rule: &Rule) -> Result<(), RuleError> {
    let ordinals_up_to = match rule.frequency {
        Frequency::Yearly => 53,
        Frequency::Monthly => 5,
        _ => 0,
    };
    if rule.nth_weekdays.iter().any(|day| day.nth.abs() > ordinals_up_to) {
        return Err(malformed(match ordinals_up_to {
            0 => format!("BYDAY takes no ordinals with FREQ={}", rule.frequency),
            most => format!("BYDAY takes ordinals up to {most} with FREQ={}", rule.frequency),
        }));
    }
    if !rule.nth_weekdays.is_empty() && !rule.weeks.is_empty() {
        return Err(malformed("BYDAY takes no ordinals with BYWEEKNO"));
    }
    Ok(())
}
