//! The text of a rule: the grammar of RFC 5545, section 3.3.10, and what the standard forbids in words.

use chrono::{NaiveDate, NaiveDateTime};
use punctual_events::Timestamp;

use super::rule::{
    End, Frequency, MAX_RULE_BYTES, MonthDays, Months, NthWeekday, Rule, RuleError, WEEKDAY_NAMES, Weekdays,
};

/// The parts understood here. Weeks begin on Monday, so another `WKST` is taken only where it changes nothing.
const PARTS: [&str; 8] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYMONTH",
    "BYMONTHDAY",
    "BYDAY",
    "WKST",
];

pub(super) fn rule(text: &str) -> Result<Rule, RuleError> {
    if text.len() > MAX_RULE_BYTES {
        return Err(malformed(format!("longer than {MAX_RULE_BYTES} bytes")));
    }
    let text = text.to_ascii_uppercase();
    let parts = Parts::read(&text)?;
    let frequency = frequency(parts.required("FREQ")?)?;
    let (weekdays, nth_weekdays) = parts.get("BYDAY").map_or(Ok(Default::default()), by_day)?;
    let rule = Rule {
        frequency,
        interval: parts
            .get("INTERVAL")
            .map_or(Ok(1), |value| positive("INTERVAL", value))?,
        end: end(&parts)?,
        months: parts.get("BYMONTH").map_or(Ok(Months::default()), by_month)?,
        month_days: parts.get("BYMONTHDAY").map_or(Ok(MonthDays::default()), by_month_day)?,
        weekdays,
        nth_weekdays,
    };
    check_combination(&rule)?;
    if let Some(start) = parts.get("WKST") {
        week_start(start, &rule)?;
    }
    Ok(rule)
}

fn malformed(reason: impl Into<String>) -> RuleError {
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
        // Only now: a rule that is broken should hear so, even if it also has a part that is not built here.
        unknown.map_or(Ok(parts), |name| Err(unsupported(name)))
    }

    fn get(&self, name: &str) -> Option<&'t str> {
        PARTS
            .iter()
            .position(|known| *known == name)
            .and_then(|index| self.0[index])
    }

    fn required(&self, name: &str) -> Result<&'t str, RuleError> {
        self.get(name).ok_or_else(|| malformed(format!("{name} is missing")))
    }
}

fn frequency(value: &str) -> Result<Frequency, RuleError> {
    match value {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        "SECONDLY" | "MINUTELY" | "HOURLY" => Err(unsupported(format!("FREQ={value}"))),
        _ => Err(malformed("FREQ is not a frequency")),
    }
}

/// RFC 5545: "significant when a WEEKLY RRULE has an interval greater than 1, and a BYDAY rule part is specified" (and with BYWEEKNO, which is not
/// supported). Calendar programs write it everywhere.
fn week_start(value: &str, rule: &Rule) -> Result<(), RuleError> {
    if !WEEKDAY_NAMES.contains(&value) {
        return Err(malformed("WKST is not a weekday"));
    }
    let matters = rule.frequency == Frequency::Weekly && rule.interval > 1 && rule.weekdays != Weekdays::default();
    if matters && value != "MO" {
        return Err(unsupported(format!("WKST={value}")));
    }
    Ok(())
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
fn digits(value: &str) -> Option<&str> {
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

fn by_month(value: &str) -> Result<Months, RuleError> {
    value.split(',').try_fold(Months::default(), |months, month| {
        let month = small_number(month)
            .filter(|month| (1..=12).contains(month))
            .ok_or_else(|| malformed("BYMONTH is not a list of months from 1 to 12"))?;
        Ok(Months(months.0 | 1 << month))
    })
}

fn by_month_day(value: &str) -> Result<MonthDays, RuleError> {
    value.split(',').try_fold(MonthDays::default(), |mut days, text| {
        let (negative, day) = sign(text);
        let day = small_number(day)
            .filter(|day| (1..=31).contains(day))
            .ok_or_else(|| malformed("BYMONTHDAY is not a list of days from 1 to 31 or -31 to -1"))?;
        let set = if negative {
            &mut days.from_end
        } else {
            &mut days.from_start
        };
        *set |= 1 << day;
        Ok(days)
    })
}

fn by_day(value: &str) -> Result<(Weekdays, Vec<NthWeekday>), RuleError> {
    let mut weekdays = Weekdays::default();
    let mut nth_weekdays = Vec::new();
    for text in value.split(',') {
        let (ordinal, weekday) = weekday(text).ok_or_else(|| malformed("BYDAY is not a list like MO or 1MO,-1FR"))?;
        match ordinal {
            None => weekdays.0 |= 1 << weekday,
            Some(nth) => nth_weekdays.push(NthWeekday { nth, weekday }),
        }
    }
    nth_weekdays.sort_unstable();
    nth_weekdays.dedup();
    Ok((weekdays, nth_weekdays))
}

/// `MO`, `2TU` or `-1FR`, the weekday as days from Monday.
fn weekday(text: &str) -> Option<(Option<i8>, u8)> {
    let (ordinal, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = WEEKDAY_NAMES.iter().position(|known| *known == name)?;
    let weekday = u8::try_from(weekday).ok()?;
    if ordinal.is_empty() {
        return Some((None, weekday));
    }
    let (negative, number) = sign(ordinal);
    let number = small_number(number).filter(|number| (1..=53).contains(number))?;
    Some((Some(if negative { -number } else { number }), weekday))
}

/// Whether there is a minus, and the text without its sign.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// One or two digits.
fn small_number(text: &str) -> Option<i8> {
    digits(text).filter(|text| text.len() <= 2)?.parse().ok()
}

fn check_combination(rule: &Rule) -> Result<(), RuleError> {
    let ordinals_up_to = match rule.frequency {
        Frequency::Daily | Frequency::Weekly => 0,
        Frequency::Monthly => 5,
        Frequency::Yearly => 53,
    };
    if rule.frequency == Frequency::Weekly && !rule.month_days.is_empty() {
        return Err(malformed("BYMONTHDAY is not allowed with FREQ=WEEKLY"));
    }
    if rule.nth_weekdays.iter().any(|day| day.nth.abs() > ordinals_up_to) {
        return Err(malformed(match ordinals_up_to {
            0 => format!("BYDAY takes no ordinals with FREQ={}", rule.frequency),
            most => format!("BYDAY takes ordinals up to {most} with FREQ={}", rule.frequency),
        }));
    }
    Ok(())
}
