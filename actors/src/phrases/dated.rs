//! A date where it stands in a text: what introduces it, and what could make words of the title of it.

use chrono::NaiveDate;

use super::{
    american::{AS_THERE_OR_OF_TITLE, american},
    calendar::day_of_month,
    cursor::Cursor,
    dates::{Date, date, of_calendar},
    days::Named,
    ending::goes_on,
    holidays::holiday,
    lengths,
    lexer::Kind,
    parts::part_of,
    recurrences::{is_range_of_weekdays, recurrence},
    scan::Item,
    spans::SpanKind,
    times::times,
    unclear::SEVERAL_DAYS,
    words::{self, Unit},
};

/// A date at the cursor; whether what is to be done begins there.
pub(super) fn dated(cursor: &mut Cursor<'_>, today: NaiveDate, begins: bool) -> Option<Item> {
    let bare = *cursor;
    let introduced = introduction(cursor);
    let begin = if introduced.is_some() && date(&mut cursor.clone(), today).is_none() {
        // "in 2 weeks" begins with what could have introduced a date.
        bare
    } else {
        *cursor
    };
    let introduced = introduced.filter(|_| begin.at() > bare.at());
    *cursor = begin;
    let mut found = date(cursor, today)?;
    if is_range_of_weekdays(&mut begin.clone()) {
        return None;
    }
    cursor.attempt(end_of_day);
    if let Some(why) = cursor.attempt(|cursor| about(cursor, bare, today)) {
        return Some(Item::Unclear(SpanKind::Date, why));
    }
    let is_long = matches!(found.day.named, Named::Month { .. }) || cursor.follows(&["week", "month", "year"]);
    if is_long && bare.follows(&["early", "late", "mid", "sometime"]) {
        found.doubt = found
            .doubt
            .or(Some("about when is not understood; say the day for another".into()));
    }
    if cursor.attempt(|cursor| rest_of_range(cursor, &found)).is_some() {
        return Some(Item::Unclear(SpanKind::Date, SEVERAL_DAYS));
    }
    let is_month = matches!(found.day.named, Named::Month { .. });
    let of_month = matches!(found.day.named, Named::OfMonth(_)) && found.day.shift.is_none();
    let others = cursor.attempt(|cursor| other_days(cursor, begin, &found, today));
    let is_enough = match introduced {
        Some(introduced) => !found.weak || introduced != "for" && (introduced != "in" || is_month),
        None => {
            !found.weak
                || others.is_some() && !bare.follows(ARTICLES)
                || !is_month && is_beside_time(*cursor)
                || is_before_yearly(*cursor)
                || is_lone_weekday(bare) && (cursor.is_at_end() || part_of(&mut cursor.clone()).is_some())
        }
    };
    (is_enough && !cursor.peek_is(&["of"])).then_some(())?;
    let goes_on = goes_on(cursor, today);
    let mut gives_way = false;
    if found.day.shift.is_none() && holiday(&mut begin.clone()).is_some() {
        gives_way = matches!(introduced, None | Some("for"));
        let or_of_title = if american(&mut begin.clone()).is_some() {
            AS_THERE_OR_OF_TITLE
        } else {
            OR_OF_TITLE
        };
        let is_doubtful = introduced.is_none() && goes_on;
        found.doubt = is_doubtful.then_some(or_of_title.into()).or(found.doubt);
    }
    if of_month && goes_on {
        if !begins {
            return Some(Item::Unclear(SpanKind::Date, NUMBER_OF_WHAT));
        }
        gives_way = true;
        found.doubt = Some(OR_OF_TITLE.into());
    }
    let several = others.is_some();
    found.doubt = found.doubt.or_else(|| others.map(|()| ONLY_FIRST.into()));
    Some(Item::Date {
        date: found,
        times: Vec::new(),
        gives_way,
        several,
    })
}

/// "eod" behind a day, which is that day.
fn end_of_day(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.word(&["by", "at"]);
    let is_end = cursor.word(&["eod", "cob"])
        || cursor.words(&["end", "of", "day"])
        || cursor.words(&["end", "of", "the", "day"]);
    is_end.then_some(())
}

/// The rest of "in a week or two" and of "between christmas and new year", and why they are no day.
fn about(cursor: &mut Cursor<'_>, begin: Cursor<'_>, today: NaiveDate) -> Option<&'static str> {
    if begin.peek_is(&["in", "within"]) && cursor.word(&["or"]) {
        (lengths::amount(cursor).is_some() || cursor.word(&["so"])).then_some(())?;
        cursor.attempt(|cursor| cursor.meaning(words::unit));
        return Some("it does not say how many");
    }
    (begin.follows(&["between"]) && cursor.word(&["and"])).then_some(())?;
    (cursor.attempt(|cursor| date(cursor, today)).is_some() || cursor.words(&["new", "year"])).then_some(SEVERAL_DAYS)
}

/// What makes a word of "sun" and "sat".
const ARTICLES: &[&str] = &["the", "a", "an", "my", "in", "of"];

/// "-7" and "to 7" behind "dec 5".
fn rest_of_range(cursor: &mut Cursor<'_>, first: &Date) -> Option<()> {
    let has_number = matches!(first.day.named, Named::Yearly { .. } | Named::OfMonth(_)) && first.day.shift.is_none();
    let is_range = has_number && (cursor.mark('-') || cursor.mark('–') || cursor.word(&["to", "through", "thru"]));
    is_range.then_some(())?;
    cursor.word(&["the"]);
    day_of_month(cursor)?;
    cursor.ends_free().then_some(())
}

/// "the 3rd floor"
pub(super) const NUMBER_OF_WHAT: &str = "a day of the month or a number of what is behind it; name the month for a day";

const ONLY_FIRST: &str = "only the first counts: a task is due on one day; say “every” for days that come again";

/// "christmas shopping", "the 3rd floor"
const OR_OF_TITLE: &str = "taken for the day; put it between quotation marks where it is words of the title";

/// The rest of several days: "and sun", ", wed and fri", "or tomorrow", "and the 15th". A range of them is none.
fn other_days(cursor: &mut Cursor<'_>, begin: Cursor<'_>, first: &Date, today: NaiveDate) -> Option<()> {
    let is_weekday = cursor.at() == begin.at() + 1 && begin.peek_word().and_then(words::weekday).is_some();
    let mut is_any = false;
    while let Some(()) = cursor.attempt(|cursor| other_day(cursor, is_weekday, first.day.named, today)) {
        is_any = true;
    }
    is_any.then_some(())
}

fn other_day(cursor: &mut Cursor<'_>, is_weekday: bool, first: Named, today: NaiveDate) -> Option<()> {
    let comma = cursor.mark(',');
    let and = cursor.word(&["and", "or"]) || cursor.mark('&') || cursor.mark('+');
    cursor.word(&["on"]);
    let word = cursor.peek_word().unwrap_or_default();
    if is_weekday && words::weekday(word).is_some() {
        // "friday sat 5 dec" has a day of its own, and "fri sun hat" is a hat.
        let is_listed = comma || and || !words::is_doubtful_weekday(word);
        cursor.advance();
        return (is_listed && of_calendar(&mut cursor.clone()).is_none_or(|date| date.weak)).then_some(());
    }
    and.then_some(())?;
    let is_numbered = matches!(first, Named::Yearly { .. });
    if is_numbered && cursor.attempt(day_of_month).is_some() {
        // "dec 10 and 12"
        return (!goes_on(cursor, today)).then_some(());
    }
    if is_numbered && cursor.attempt(month_alone).is_some() {
        // "the 1st of january and july"
        return (!goes_on(cursor, today)).then_some(());
    }
    let other = date(cursor, today)?;
    let is_of_month = matches!(other.day.named, Named::OfMonth(_));
    let is_same = if is_of_month {
        !goes_on(cursor, today)
    } else {
        !other.weak
    };
    (is_of_month == matches!(first, Named::OfMonth(_)) && is_same).then_some(())
}

/// "july", and not "july 4".
fn month_alone(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.meaning(words::month)?;
    let has_number = cursor.peek().is_some_and(|next| matches!(next.kind, Kind::Number(_)));
    (!has_number).then_some(())
}

/// "on", "by", "due on" and their like.
fn introduction<'t>(cursor: &mut Cursor<'t>) -> Option<&'t str> {
    let word = cursor.peek_word()?;
    match word {
        "due" => {
            cursor.advance();
            cursor.joined_mark(':');
            cursor.word(&["on", "by", "in"]);
        }
        "on" | "by" | "in" | "for" => cursor.advance(),
        _ => return None,
    }
    cursor.attempt(|cursor| {
        // "on the friday"
        let is_weekday = cursor.word(&["the"]) && cursor.peek_word().and_then(words::weekday).is_some();
        (is_weekday && !cursor.peek_is(&["sun"])).then_some(())
    });
    Some(word)
}

/// "sun at 2", "1/5 4pm": a time makes a date of what alone would be a word or a fraction.
fn is_beside_time(mut cursor: Cursor<'_>) -> bool {
    times(&mut cursor, true).is_some()
}

/// "12/9 yearly": the day it begins on.
pub(super) fn is_before_yearly(mut cursor: Cursor<'_>) -> bool {
    let yearly = recurrence(&mut cursor).and_then(|recurrence| recurrence.repeat.ok());
    yearly.is_some_and(|repeat| repeat.every == Unit::Year && !repeat.names_days())
}

/// "pay rent sat", "brunch sun morning": a weekday as the last word or with a part of it behind, unless it is "the sun".
fn is_lone_weekday(begin: Cursor<'_>) -> bool {
    begin.peek_word().is_some_and(words::is_doubtful_weekday) && !begin.follows(ARTICLES)
}
