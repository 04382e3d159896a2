//! The span of time that something recurs in: "next week", "this month", "in january 2027".

use chrono::{Datelike, Days, NaiveDate};

use super::{Bound, Repeat};
use crate::phrases::{
    calendar::year,
    cursor::Cursor,
    days::last_of_month,
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

fn comes_round_in(rule: &Repeat, unit: Unit) -> bool {
    rule.every < unit || rule.every == unit && rule.weekdays.len() > 1
}
