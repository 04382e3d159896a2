//! Days with dots, the day first: "24.12.", "on 24.12".

use super::{
    cursor::Cursor,
    dated::is_before_yearly,
    dates::Date,
    days::{Day, Named},
};

/// A day and a month at the cursor with a dot behind them, or "on" or its like before: otherwise they could be any number, "deploy 2.4 at 6pm".
pub(super) fn dotted(cursor: &mut Cursor<'_>) -> Option<Date> {
    // German for "on".
    let is_introduced = cursor.word(&["am"]) || cursor.follows(&["on", "due", "until", "till", "starting"]);
    let date = day_and_month(cursor)?;
    (is_introduced || cursor.token_before() == Some(".") || is_before_yearly(*cursor)).then_some(date)
}

/// A day and a month at the cursor. Unless both have two digits and a dot behind them it is a date only behind "on" and its like or beside a time.
pub(super) fn day_and_month(cursor: &mut Cursor<'_>) -> Option<Date> {
    let (day, digits) = cursor.number().filter(|(_, digits)| *digits <= 2)?;
    (cursor.joined_mark('.') && cursor.is_joined()).then_some(())?;
    let (month, digits_of_month) = cursor.number().filter(|(_, digits)| *digits <= 2)?;
    let is_closed = cursor.joined_mark('.');
    (if is_closed {
        !cursor.is_joined()
    } else {
        cursor.ends_free()
    })
    .then_some(())?;
    // A leap year, so that 29 February is a day.
    chrono::NaiveDate::from_ymd_opt(2000, month, day)?;
    let named = Named::Yearly {
        month: u8::try_from(month).ok()?,
        day: u8::try_from(day).ok()?,
    };
    let doubt = "the day is read first, then the month; put it between quotation marks where it is another number";
    let date = Date::doubtful(Day::from(named), doubt)?;
    Some(Date {
        weak: !(is_closed && digits == 2 && digits_of_month == 2),
        ..date
    })
}
