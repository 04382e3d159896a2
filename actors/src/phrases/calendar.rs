//! Dates by the calendar: "march 3rd 2027", "3/1/2027", "2nd fri in feb", "40th day of 2028", "christmas 2027".

use chrono::NaiveDate;

use super::{
    american::{AS_THERE, american},
    cursor::Cursor,
    dates::Date,
    days::{Day, Named},
    ending::ends_phrase,
    holidays::holiday,
    lexer::Kind,
    times::{Half, half, is_counted, part_behind},
    words,
};

pub(super) fn with_holiday(cursor: &mut Cursor<'_>) -> Option<Date> {
    let is_american = american(&mut cursor.clone()).is_some();
    let named = holiday(cursor)?;
    let date = match year(cursor) {
        Some(year) => Date::sure(Day::on(named.in_year(year)?)),
        None => Date::sure(named),
    }?;
    Some(Date {
        doubt: is_american.then_some(AS_THERE.into()),
        ..date
    })
}

/// "march 3rd", "mar 3, 2027", "march 2027", "march".
pub(super) fn by_month(cursor: &mut Cursor<'_>) -> Option<Date> {
    let is_behind_number = cursor.follows_number();
    let month = cursor.meaning(words::month)?;
    if let Some(day) = cursor.attempt(|cursor| {
        // "dec. 7"
        cursor.joined_mark('.');
        cursor.word(&["the"]);
        day_of_month(cursor)
    }) {
        let date = on_day(month, day, year(cursor))?;
        // "party 12 dec 10 people"
        let could_be_other = is_behind_number && cursor.peek_word().is_some() && !ends_phrase(cursor);
        let doubt = could_be_other.then(|| OF_BOTH_SIDES.into());
        return Some(Date {
            doubt: date.doubt.or(doubt),
            ..date
        });
    }
    let year = year(cursor);
    let number_follows = cursor.peek().is_some_and(|token| matches!(token.kind, Kind::Number(_)));
    if year.is_none() && number_follows {
        // "Mar 99th" is no day, and not the month either.
        return None;
    }
    Date::weak(Named::Month {
        month,
        year,
        last: false,
    })
}

const OF_BOTH_SIDES: &str = "the number behind the month is the day; say “on” before the other where that is";

fn number_with_suffix(cursor: &mut Cursor<'_>) -> Option<u32> {
    let (value, _) = cursor.number()?;
    (cursor.is_joined() && cursor.word(&["st", "nd", "rd", "th"])).then_some(value)
}

/// A day of a month if there is one with that number, and it is no time of day.
pub(super) fn day_of_month(cursor: &mut Cursor<'_>) -> Option<u8> {
    let day = cursor.attempt(ordinal).or_else(|| {
        let (value, digits) = cursor.number()?;
        let is_day = digits <= 2 && cursor.ends_free() && !cursor.peek_is(&["am", "pm"]);
        is_day.then_some(i32::try_from(value).ok()?)
    })?;
    u8::try_from(day).ok().filter(|day| (1..=31).contains(day))
}

fn on_day(month: u8, day: u8, year: Option<i32>) -> Option<Date> {
    let (month_u32, day_u32) = (u32::from(month), u32::from(day));
    match year {
        Some(year) => Date::sure(Day::on(NaiveDate::from_ymd_opt(year, month_u32, day_u32)?)),
        // A leap year, so that 29 February is a day.
        None => NaiveDate::from_ymd_opt(2000, month_u32, day_u32).and(Date::sure(Named::Yearly { month, day })),
    }
}

/// A year of four digits, a comma before it or not.
pub(super) fn year(cursor: &mut Cursor<'_>) -> Option<i32> {
    cursor.attempt(|cursor| {
        cursor.mark(',');
        let (value, digits) = cursor.number()?;
        let is_year = digits == 4 && (1900..=9999).contains(&value) && cursor.ends_free();
        is_year.then_some(i32::try_from(value).ok()?)
    })
}

/// `2027-03-01`, `2027/03/01`, `7-dec-2026`, `05.12.26`, `3/1/2027`, `25/12`, `25.12.2027`, "3 march 2027".
pub(super) fn by_numbers(cursor: &mut Cursor<'_>) -> Option<Date> {
    let is_of_month = cursor.word_before().and_then(words::month).is_some();
    let is_introduced = is_introduced(cursor);
    let is_price = cursor
        .token_before()
        .is_some_and(|mark| matches!(mark, "$" | "€" | "£"));
    let (first, digits) = cursor.number()?;
    if let Some((month, year)) = cursor.attempt(joined_month) {
        // "dec 5-jan 7" is no 5 January.
        (year.is_some() || !is_of_month).then_some(())?;
        return on_day(month, u8::try_from(first).ok()?, year);
    }
    if digits <= 2
        && (is_introduced || !is_month_and_day(*cursor))
        && let Some(month) = cursor.attempt(month_behind_number)
    {
        (!is_price).then_some(())?;
        let day = u8::try_from(first).ok()?;
        return on_day(month, day, year(cursor));
    }
    let mark = ['-', '/', '.'].into_iter().find(|mark| cursor.joined_mark(*mark))?;
    let (second, digits_of_second) = cursor.is_joined().then(|| cursor.number())??;
    let third = cursor.attempt(|cursor| {
        (cursor.joined_mark(mark) && cursor.is_joined()).then_some(())?;
        cursor.number()
    });
    match (mark, digits, third) {
        ('-' | '/', 4, Some((day, _))) => Date::sure(Day::on(NaiveDate::from_ymd_opt(
            i32::try_from(first).ok()?,
            second,
            day,
        )?)),
        ('.', ..=2, Some((year, 4))) => Date::sure(Day::on(NaiveDate::from_ymd_opt(
            i32::try_from(year).ok()?,
            second,
            first,
        )?)),
        // Of fewer digits it could be a version.
        ('.', 2, Some((year, 2))) if digits_of_second == 2 => Date::sure(Day::on(NaiveDate::from_ymd_opt(
            2000 + i32::try_from(year).ok()?,
            second,
            first,
        )?)),
        ('/', ..=2, None) => slashed(first, second, None),
        ('/' | '-', ..=2, Some((year, 4))) => slashed(first, second, Some(i32::try_from(year).ok()?)),
        ('/', ..=2, Some((year, 2))) => slashed(first, second, Some(2000 + i32::try_from(year).ok()?)),
        _ => None,
    }
}

/// "-dec-2026", "/dec/2026" and "-dec", behind a day.
fn joined_month(cursor: &mut Cursor<'_>) -> Option<(u8, Option<i32>)> {
    let mark = ['-', '/'].into_iter().find(|mark| cursor.joined_mark(*mark))?;
    cursor.is_joined().then_some(())?;
    let month = cursor.meaning(words::month)?;
    let year = cursor.attempt(|cursor| cursor.joined_mark(mark).then(|| year(cursor))?);
    Some((month, year))
}

/// Whether what is before a number says that it is of a date: "on 4 dec 10", "fri 4 dec 10".
fn is_introduced(cursor: &Cursor<'_>) -> bool {
    const LEADS_TO_DATES: &[&str] = &[
        ",", "after", "before", "between", "by", "due", "each", "every", "from", "on", "since", "starting", "the",
        "through", "till", "until",
    ];
    cursor.follows(LEADS_TO_DATES) || cursor.word_before().and_then(words::weekday).is_some()
}

/// Whether a month and a day of it are here, the number being neither a year nor a time: "dec 12" behind "dinner at 7".
pub(super) fn is_month_and_day(mut cursor: Cursor<'_>) -> bool {
    let is_one = cursor.meaning(words::month).is_some() && day_of_month(&mut cursor).is_some();
    let is_time = half(&mut cursor) != Half::Unsaid
        || part_behind(&mut cursor, 0) != Half::Unsaid
        || cursor.peek_is(&["o'clock", "o’clock", "oclock", "noon", "midnight"]);
    // "5 dec 6 dec"
    let is_time = is_time || cursor.peek_word().and_then(words::month).is_some();
    is_one && !is_time
}

/// "december" behind a day, and ". december", where that begins no other sentence: "at 3. may I come".
fn month_behind_number(cursor: &mut Cursor<'_>) -> Option<u8> {
    let is_ordinal = cursor.joined_mark('.');
    (!is_ordinal || !cursor.peek_is(&["may", "march", "mar"])).then_some(())?;
    cursor.meaning(words::month)
}

/// Month first, unless only the other order is a date.
fn slashed(first: u32, second: u32, year: Option<i32>) -> Option<Date> {
    let (first, second) = (u8::try_from(first).ok()?, u8::try_from(second).ok()?);
    let month_first = (1..=12).contains(&first).then(|| on_day(first, second, year)).flatten();
    let day_first = (1..=12)
        .contains(&second)
        .then(|| on_day(second, first, year))
        .flatten();
    let mut found = match (month_first, day_first) {
        (Some(date), Some(other)) if other.day != date.day => Date {
            doubt: Some("the month is read first, as in the United States".into()),
            ..date
        },
        (Some(date), _) | (None, Some(date)) => date,
        (None, None) => return None,
    };
    found.weak = year.is_none();
    Some(found)
}

/// "2nd of feb", "2nd fri in feb", "last day of may 2027", "40th day of 2030", "the 15th".
pub(super) fn by_ordinal(cursor: &mut Cursor<'_>) -> Option<Date> {
    let is_said = cursor.follows(&["on", "by", "due"]) && cursor.word(&["the"]);
    cursor.word(&["the"]);
    if is_said && let Some(day) = cursor.attempt(bare_day) {
        return Date::weak(Named::OfMonth(day));
    }
    let is_in_digits = matches!(cursor.peek()?.kind, Kind::Number(_));
    let nth = ordinal(cursor)?;
    if let Some(weekday) = cursor.meaning(words::weekday) {
        return nth_weekday(cursor, nth, weekday);
    }
    let of_days = cursor.word(&["day"]);
    let in_month = cursor.attempt(|cursor| {
        (cursor.word(&["of", "in"]) || !of_days).then_some(())?;
        cursor.meaning(words::month)
    });
    match in_month {
        Some(month) if nth == -1 => {
            let year = year(cursor);
            Date::sure(Named::Month {
                month,
                year,
                last: true,
            })
        }
        Some(month) => on_day(month, u8::try_from(nth).ok()?, year(cursor)),
        None if of_days => day_of_year(cursor, nth),
        // In words it is seldom a date: "on second thought".
        None => {
            let day = u8::try_from(nth).ok().filter(|day| *day <= 31)?;
            if is_in_digits {
                return Date::weak(Named::OfMonth(day));
            }
            let doubt = "taken for that day of the month; put it between quotation marks where it is none";
            (is_said && ends_phrase(cursor)).then_some(Date {
                weak: true,
                ..Date::doubtful(Named::OfMonth(day), doubt)?
            })
        }
    }
}

/// "24" behind "on the".
fn bare_day(cursor: &mut Cursor<'_>) -> Option<u8> {
    matches!(cursor.peek()?.kind, Kind::Number(_)).then_some(())?;
    let day = day_of_month(cursor)?;
    let is_whole = !cursor.follows(&["st", "nd", "rd", "th"]) && !is_counted(cursor) && !cursor.peek_is(&["of"]);
    is_whole.then_some(day)
}

fn nth_weekday(cursor: &mut Cursor<'_>, nth: i32, weekday: u8) -> Option<Date> {
    cursor.word(&["of", "in"]).then_some(())?;
    let month = cursor.meaning(words::month)?;
    let year = year(cursor);
    Date::sure(Named::Weekday {
        nth,
        weekday,
        month,
        year,
    })
}

/// A day of a year that is said, or one that can be of nothing but a year.
fn day_of_year(cursor: &mut Cursor<'_>, nth: i32) -> Option<Date> {
    let year = cursor.attempt(|cursor| {
        cursor.word(&["of", "in"]).then_some(())?;
        year(cursor)
    });
    let day = u32::try_from(nth).ok()?;
    let is_of_year = year.is_some() || (32..=366).contains(&day);
    is_of_year.then(|| Date::sure(Named::OfYear { day, year }))?
}

/// "twenty-first"
fn tens_and_ordinal(cursor: &mut Cursor<'_>) -> Option<u32> {
    let tens = cursor.meaning(words::cardinal).filter(|tens| matches!(tens, 20 | 30))?;
    cursor.joined_mark('-');
    let ones = cursor.meaning(words::ordinal).filter(|ones| *ones < 10)?;
    Some(tens + ones)
}

/// "2nd", "third", "last", "2nd to last"; negative from the end.
pub(super) fn ordinal(cursor: &mut Cursor<'_>) -> Option<i32> {
    if cursor.word(&["last"]) {
        return Some(-1);
    }
    let nth = cursor
        .attempt(number_with_suffix)
        .or_else(|| cursor.attempt(tens_and_ordinal))
        .or_else(|| cursor.meaning(words::ordinal))?;
    let nth = i32::try_from(nth).ok().filter(|nth| (1..=366).contains(nth))?;
    let from_end = cursor.words(&["to", "the", "last"]) || cursor.words(&["to", "last"]);
    Some(if from_end { -nth } else { nth })
}
