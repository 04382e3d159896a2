//! The span of time that something recurs in: "next week", "this month", "in january 2027".

use chrono::{Datelike, Days, NaiveDate};

use super::{Bound, Repeat};
use crate::phrases::{
    calendar::year,
    cursor::Cursor,
    dates::{Date, date},
    days::{Day, Named, last_of_month},
    weekday::coming,
    words::{self, Unit},
};

/// Such a span behind a rule that comes round more than once in it; "every week next month" begins then.
pub(super) fn span(cursor: &mut Cursor<'_>, today: NaiveDate, rule: &Repeat) -> Option<Bound> {
    cursor.word(&["of", "in", "during"]);
    if let Some(month) = cursor.meaning(words::month) {
        let first = NaiveDate::from_ymd_opt(year(cursor)?, month.into(), 1)?;
        return comes_round_in(rule, Unit::Month).then_some(Bound::Span {
            from: Some(first),
            until: last_of_month(first)?,
        });
    }
    let is_next = cursor.word(&["next"]);
    (is_next || cursor.word(&["this"])).then_some(())?;
    let unit = cursor.meaning(words::unit).filter(|unit| comes_round_in(rule, *unit))?;
    let next = match unit {
        Unit::Week => coming(today.succ_opt()?, 0)?,
        Unit::Month => last_of_month(today)?.succ_opt()?,
        Unit::Year => NaiveDate::from_ymd_opt(today.year() + 1, 1, 1)?,
        Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => return None,
    };
    if !is_next {
        return Some(Bound::Span {
            from: None,
            until: next.pred_opt()?,
        });
    }
    let until = match unit {
        Unit::Week => next.checked_add_days(Days::new(6))?,
        Unit::Month => last_of_month(next)?,
        _ => NaiveDate::from_ymd_opt(next.year(), 12, 31)?,
    };
    Some(Bound::Span {
        from: Some(next),
        until,
    })
}

/// "between dec 1 and dec 24". Weekdays and months would be those of every week and year.
pub(super) fn between(cursor: &mut Cursor<'_>, today: NaiveDate, rule: &Repeat) -> Option<Bound> {
    cursor.word(&["between"]).then_some(())?;
    let day = |cursor: &mut Cursor<'_>| {
        let is_weekday = cursor.peek_word().and_then(words::weekday).is_some();
        let found = date(cursor, today)?;
        let is_month = matches!(found.day.named, Named::Month { .. });
        (!is_weekday && !is_month).then_some(found.day)
    };
    let first = day(cursor)?;
    cursor.word(&["and"]).then_some(())?;
    let from = first.resolve(today)?;
    let until = day(cursor)?.resolve(from)?;
    (comes_round_in(rule, Unit::Year) && from <= until).then_some(Bound::Span {
        from: Some(from),
        until,
    })
}

/// "from 2027": its first day.
pub(super) fn from_year(cursor: &mut Cursor<'_>, _: &Repeat) -> Option<Bound> {
    cursor.word(&["from", "starting", "beginning"]).then_some(())?;
    cursor.word(&["in"]);
    let first = NaiveDate::from_ymd_opt(year(cursor)?, 1, 1)?;
    Date::doubtful(Day::on(first), "from the first day of the year on").map(Bound::From)
}

fn comes_round_in(rule: &Repeat, unit: Unit) -> bool {
    rule.every < unit || rule.every == unit && rule.weekdays.len() > 1
}
