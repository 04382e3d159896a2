//! Hours in figures that only the day before them makes a time of: "tomorrow 6", "fri 5", "today 17h", "mon 14.50". With something to count behind them they are a number of it: "tomorrow 6 eggs".

use chrono::{Datelike, Days, NaiveDate, Timelike};

use super::{
    cursor::Cursor,
    lexer::Kind,
    spans::SpanKind,
    times::{Need, Time, number_meant, time},
    unclear::Unclear,
    words,
};

/// How many weeks ahead a weekday with a number could be said by its date: "fri 11".
const WEEKS_AHEAD: u64 = 4;

/// The hour right behind a day or a part of one. `day` is what the day came to; without it a number alone is no hour behind a weekday.
pub(super) fn hour_behind(cursor: &mut Cursor<'_>, day: Option<NaiveDate>) -> Option<Time> {
    let begin = *cursor;
    // Of four digits it could be a year.
    let (hour, _) = begin.clone().number().filter(|(_, digits)| *digits <= 2)?;
    let found = time(cursor, Need::HoursOfDay)?;
    // "6 in the evening" is sure.
    let is_part_said = cursor.word_before().is_some_and(|word| word != "h");
    let is_hour = match form(begin) {
        Form::Plain => is_named(begin, day, hour),
        Form::Dotted | Form::Lettered => hour > 12,
    };
    (is_hour && counts_nothing(*cursor)).then_some(())?;
    let written = || {
        let (hour, minute) = (found.at.hour(), found.at.minute());
        match form(begin) {
            Form::Plain => hour.to_string(),
            Form::Dotted => format!("{hour}.{minute:02}"),
            Form::Lettered if minute == 0 => format!("{hour}h"),
            Form::Lettered => format!("{hour}h{minute:02}"),
        }
    };
    let doubt = || (!is_part_said).then(|| number_meant(&written())).flatten();
    Some(Time {
        doubt: found.doubt.clone().or_else(doubt),
        ..found
    })
}

/// What could be an hour, but as well a length or another number: "tomorrow 9h", "tomorrow 9.30", "call 17h".
pub(super) fn unsure_hour(cursor: &mut Cursor<'_>, follows_day: bool) -> Option<Unclear> {
    let begin = *cursor;
    let (hour, _) = begin.clone().number()?;
    time(cursor, Need::HoursOfDay)?;
    let why = match form(begin) {
        Form::Lettered if follows_day || hour > 12 && is_last_and_no_length(begin, *cursor) => {
            "a time or a length; a time is said “at”, a length “for”"
        }
        Form::Dotted if follows_day => "a time or another number; a time has a colon, “9:30”",
        _ => return None,
    };
    counts_nothing(*cursor).then_some((SpanKind::Time, why))
}

/// How a number that could be an hour is written.
enum Form {
    /// "6"
    Plain,
    /// "14.50"
    Dotted,
    /// "17h", "17h30"
    Lettered,
}

fn form(mut cursor: Cursor<'_>) -> Form {
    cursor.advance();
    if cursor.is_joined() && cursor.peek_is(&["h"]) {
        return Form::Lettered;
    }
    if cursor.joined_mark('.') && cursor.is_joined() && cursor.number().is_some() {
        return Form::Dotted;
    }
    Form::Plain
}

/// Whether a number alone is an hour: the day is said in a word, and where that is a weekday the number is not that of its date.
fn is_named(cursor: Cursor<'_>, day: Option<NaiveDate>, hour: u32) -> bool {
    let Some(word) = cursor.word_before() else {
        return false;
    };
    if words::weekday(word).is_none() {
        let is_near = matches!(
            word,
            "today" | "tomorrow" | "tomorow" | "tmrw" | "tmr" | "tmw" | "tmo" | "tonight" | "am" | "pm"
        );
        return is_near || words::part_of_day(word).is_some();
    }
    day.is_some_and(|day| {
        let mut dates = (0..WEEKS_AHEAD).filter_map(|week| day.checked_add_days(Days::new(7 * week)));
        hour <= 12 && dates.all(|date| date.day() != hour)
    })
}

/// Whether nothing is behind a number that it could be a number of: the end, a mark that ends a sentence or begins a tag, or a word that leads on to something else.
fn counts_nothing(mut cursor: Cursor<'_>) -> bool {
    let Some(next) = cursor.peek() else { return true };
    match next.kind {
        Kind::Mark('.' | ';' | '!' | '?' | ')' | '#' | '@') => true,
        Kind::Mark(',') => {
            cursor.advance();
            !is_amount(cursor)
        }
        Kind::Word
            if matches!(
                next.text,
                "remind" | "nag" | "every" | "each" | "please" | "and" | "then"
            ) =>
        {
            cursor.advance();
            next.text != "and" || cursor.peek_is(&["remind", "nag"])
        }
        Kind::Word if matches!(next.text, "about" | "at" | "for" | "to" | "with") => {
            cursor.advance();
            cursor.peek_word().is_some() && !is_amount(cursor) && !cursor.peek_is(&["noon", "midday", "midnight"])
        }
        _ => false,
    }
}

fn is_amount(cursor: Cursor<'_>) -> bool {
    let Some(next) = cursor.peek() else { return false };
    matches!(next.kind, Kind::Number(_)) || words::cardinal(next.text).is_some()
}

/// "call 17h", and neither "fast for 17h" nor "17h shift".
fn is_last_and_no_length(begin: Cursor<'_>, end: Cursor<'_>) -> bool {
    const OF_LENGTHS: &[&str] = &[
        "for", "in", "within", "of", "after", "about", "over", "under", "than", "a", "the", "max", "every", "last",
        "next",
    ];
    end.is_at_end() && !begin.follows(OF_LENGTHS) && !begin.follows_number()
}
