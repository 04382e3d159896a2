//! Weekdays as dates: "fri", "thursday, february 18th", "monday week".

use chrono::{Datelike, Days, NaiveDate};

use super::{
    cursor::Cursor,
    dates::{Date, of_calendar},
    days::{Day, Named, long_date},
    dotted::day_and_month,
    lexer::{Kind, Token},
    times::times,
    words::{self, weekday_name},
};

/// The first such weekday from a day on.
pub(super) fn coming(from: NaiveDate, weekday: u8) -> Option<NaiveDate> {
    let ahead = (7 + u32::from(weekday) - from.weekday().num_days_from_monday()) % 7;
    from.checked_add_days(Days::new(ahead.into()))
}

/// "fri", "thursday, february 18th", "monday week".
pub(super) fn by_weekday(cursor: &mut Cursor<'_>, today: NaiveDate) -> Option<Date> {
    let word = cursor.peek_word()?;
    // "3 mondays" are counted.
    (!words::is_plural_weekday(word) || !cursor.follows_number()).then_some(())?;
    let weekday = cursor.meaning(words::weekday)?;
    let name = weekday_name(weekday);
    let dated = cursor.attempt(|cursor| {
        cursor.mark(',');
        let date = of_calendar(cursor)?;
        (!cursor.peek_is(&["of", "in"])).then_some(date)
    });
    if let Some(mut date) = dated {
        date.weak = false;
        if let Some(other) = other_order(&date, weekday, today) {
            return Some(other);
        }
        if let Some(day) = date.day.resolve(today)
            && day.weekday().num_days_from_monday() != u32::from(weekday)
        {
            date.doubt = Some(format!("{} is no {name}", long_date(day)).into());
        }
        return Some(date);
    }
    if let Some(date) = cursor.attempt(|cursor| dotted_behind(cursor, weekday, today)) {
        return Some(date);
    }
    cursor.attempt(abbreviation);
    let date = coming(today.succ_opt()?, weekday)?;
    if let Some(date) = in_a_week(cursor, &name.to_lowercase(), date) {
        return Some(date);
    }
    let mut found = if today.weekday().num_days_from_monday() == u32::from(weekday) {
        Date::doubtful(
            Day::on(date),
            format!("{name} in a week, because today is {name}; say “today” for that"),
        )
    } else {
        Date::sure(Day::on(date))
    }?;
    found.weak = words::is_doubtful_weekday(word);
    Some(found)
}

/// "17.12." and "17.12" behind the weekday it is. Without a dot behind it, or a time behind two digits each, it may fit by chance: "deploy fri 2.4 at 6pm".
fn dotted_behind(cursor: &mut Cursor<'_>, weekday: u8, today: NaiveDate) -> Option<Date> {
    cursor.mark(',');
    let digits_of_day = cursor.clone().number()?.1;
    let date = day_and_month(cursor)?;
    let is_it = date.day.resolve(today)?.weekday().num_days_from_monday() == u32::from(weekday);
    // The month, where no dot closes it.
    let before = cursor.token_before()?;
    let is_long = digits_of_day == 2 && before.len() == 2;
    let is_sure = before == "." || (is_long && times(&mut cursor.clone(), true).is_some());
    is_it.then(|| Date {
        weak: false,
        doubt: date.doubt.filter(|_| !is_sure),
        ..date
    })
}

/// The dot of "thurs. 8am".
fn abbreviation(cursor: &mut Cursor<'_>) -> Option<()> {
    let is_short = cursor.word_before().is_some_and(|word| !word.contains("day"));
    let is_before_number = |next: &Token<'_>| matches!(next.kind, Kind::Number(_)) && !next.joined;
    (is_short && cursor.joined_mark('.') && cursor.peek().is_some_and(is_before_number)).then_some(())
}

/// Of "fri 4/12", where the month is read first, the order in which the weekday fits, if only the other does.
fn other_order(date: &Date, weekday: u8, today: NaiveDate) -> Option<Date> {
    date.doubt.as_ref()?;
    let fits = |day: Day| {
        let day = day.resolve(today)?;
        (day.weekday().num_days_from_monday() == u32::from(weekday)).then_some(())
    };
    let other: Day = match date.day.named {
        Named::Yearly { month, day } => Named::Yearly { month: day, day: month }.into(),
        Named::On(day) => Day::on(NaiveDate::from_ymd_opt(day.year(), day.day(), day.month())?),
        _ => return None,
    };
    (fits(date.day).is_none() && fits(other).is_some()).then(|| Date::sure(other))?
}

/// "week" behind a day: a week after it. Before a word that it could belong to ("friday week review") it stays where it is, and the day is in doubt.
pub(super) fn in_a_week(cursor: &mut Cursor<'_>, name: &str, day: NaiveDate) -> Option<Date> {
    let mut ahead = *cursor;
    (ahead.word(&["week"]) && ahead.ends_free()).then_some(())?;
    let next = ahead.peek();
    if times(&mut ahead.clone(), true).is_none() && next.is_some_and(|next| matches!(next.kind, Kind::Number(_))) {
        // "friday week 12": a number it has.
        return None;
    }
    let is_whole = next.is_none_or(|next| matches!(next.kind, Kind::Mark(_) | Kind::Number(_)))
        || ahead.peek_is(&[
            "about", "at", "by", "each", "every", "for", "in", "nag", "please", "remind", "that", "to", "until", "with",
        ])
        || ahead
            .peek_word()
            .is_some_and(|word| words::part_of_day(word).is_some() || word == "noon");
    if !is_whole {
        return Date::doubtful(
            Day::on(day),
            format!("“week” is a word of the title; say “a week from {name}” for a week later"),
        );
    }
    *cursor = ahead;
    let from = words::weekday(name).map_or_else(
        || name.to_owned(),
        |weekday| format!("the next {}", weekday_name(weekday)),
    );
    Date::doubtful(
        Day::on(day.checked_add_days(Days::new(7))?),
        format!("a week after {from}; say “{name}” for {}", long_date(day)),
    )
}
