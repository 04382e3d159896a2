//! Times as they are spoken: "half past 3", "5 past 5", "gym noon".

use chrono::{TimeDelta, Timelike};

use super::{
    cursor::Cursor,
    times::{Half, Need, Time, clock, half, is_counted, number_meant, part_behind, time, told},
    words,
};

/// "gym noon", "party midnight": as the last word it is a time, unless it is "high noon".
pub(super) fn twelve_at_the_end(cursor: &mut Cursor<'_>) -> Option<Time> {
    const OTHER: &[&str] = &[
        "high", "the", "a", "of", "in", "until", "till", "before", "after", "since", "past", "around", "to", "and",
    ];
    let is_other = cursor.at() == 0 || cursor.follows(OTHER);
    let word = cursor.peek_word().filter(|_| !is_other)?;
    let time = time(cursor, Need::Hours)?;
    let is_last = cursor.is_at_end()
        || cursor.peek_is(&["today", "tomorrow"])
        || cursor.peek_word().and_then(words::weekday).is_some();
    (matches!(word, "noon" | "midday" | "midnight") && is_last).then_some(())?;
    let which = if word == "midnight" {
        ", at which the day begins"
    } else {
        ""
    };
    Some(Time {
        doubt: Some(format!("taken for a time{which}; put “{word}” between quotation marks where it is not").into()),
        ..time
    })
}

/// "half past 3", "quarter to 5", behind "at" also "5 past 5".
pub(super) fn beside_hour(cursor: &mut Cursor<'_>, need: Need) -> Option<Time> {
    let counted =
        cursor.attempt(|cursor| minutes_past(cursor).filter(|_| matches!(need, Need::Hours | Need::HoursOfDay)));
    cursor.word(&["a"]);
    if counted.is_none()
        && need != Need::Sure
        && let Some(time) = cursor.attempt(half_hour)
    {
        return Some(time);
    }
    let minutes = if let Some(minutes) = counted {
        minutes
    } else if cursor.words(&["half", "past"]) {
        30
    } else if cursor.words(&["quarter", "past"]) {
        15
    } else {
        cursor.words(&["quarter", "to"]).then_some(-15)?
    };
    let in_words = |cursor: &mut Cursor<'_>| told(cursor.meaning(words::cardinal)?, 0, Half::Unsaid);
    let hour = cursor.attempt(in_words).or_else(|| clock(cursor, Need::Hours));
    let hour = hour.filter(|time| time.at.minute() == 0)?;
    let at = hour.at.overflowing_add_signed(TimeDelta::minutes(minutes)).0;
    Some(Time { at, ..hour })
}

/// "half eight" is half past seven in other languages.
pub(super) const HALF_PAST: &str = "half past the hour, as in Britain";

/// "half eight", without "past".
fn half_hour(cursor: &mut Cursor<'_>) -> Option<Time> {
    cursor.word(&["half"]).then_some(())?;
    let hour = cursor.meaning(words::cardinal).filter(|hour| *hour <= 12)?;
    (!is_counted(cursor)).then_some(())?;
    let half = match half(cursor) {
        Half::Unsaid => part_behind(cursor, hour),
        said => said,
    };
    Some(Time {
        doubt: Some(HALF_PAST.into()),
        ..told(hour, 30, half)?
    })
}

/// "1700" and "0930" behind "at".
pub(super) fn four_digits(cursor: &mut Cursor<'_>, need: Need) -> Option<Time> {
    matches!(need, Need::Hours | Need::HoursOfDay).then_some(())?;
    let is_rough = cursor.follows(&["by", "around", "about"]);
    let written = cursor.peek()?.text;
    let (value, _) = cursor.number().filter(|(_, digits)| *digits == 4)?;
    let is_said = cursor.word(&["h", "hrs", "hours"]);
    (cursor.ends_free() && (is_said || !is_counted(cursor))).then_some(())?;
    let is_sure = is_said || written.starts_with('0');
    // "retire by 2040", "around 1500 people".
    (is_sure || !is_rough || need == Need::HoursOfDay).then_some(())?;
    let time = told(value / 100, value % 100, Half::Of24)?;
    let doubt = (!is_sure).then(|| number_meant(written)).flatten();
    Some(Time { doubt, ..time })
}

/// "five pm", "seven o'clock", "six in the evening", "five thirty"; with its half of the day, or behind "at".
pub(super) fn in_words(cursor: &mut Cursor<'_>, need: Need) -> Option<Time> {
    let hour = cursor.meaning(words::cardinal).filter(|hour| *hour <= 12)?;
    let minute = cursor.attempt(|cursor| {
        cursor
            .meaning(words::cardinal)
            .filter(|minute| (10..60).contains(minute))
    });
    let o_clock = cursor.word(&["o'clock", "o’clock", "oclock"]);
    let said = match half(cursor) {
        Half::Unsaid => part_behind(cursor, hour),
        said => said,
    };
    let is_told = matches!(need, Need::Hours | Need::HoursOfDay) && !is_counted(cursor);
    (o_clock || said != Half::Unsaid || is_told).then(|| told(hour, minute.unwrap_or(0), said))?
}

/// "ten to", "five past", before an hour in words.
fn minutes_in_words(cursor: &mut Cursor<'_>) -> Option<i64> {
    let minutes = cursor
        .meaning(words::cardinal)
        .filter(|minutes| matches!(minutes, 5 | 10 | 20))?;
    let is_past = cursor.word(&["past"]);
    (is_past || cursor.word(&["to"])).then_some(())?;
    words::cardinal(cursor.peek_word()?)?;
    Some(i64::from(minutes) * if is_past { 1 } else { -1 })
}

/// "5 past", "10 minutes to", "ten to"; "10 to" begins a range.
fn minutes_past(cursor: &mut Cursor<'_>) -> Option<i64> {
    if let Some(minutes) = cursor.attempt(minutes_in_words) {
        return Some(minutes);
    }
    let (minutes, _) = cursor.number().filter(|(minutes, _)| (1..30).contains(minutes))?;
    let is_counted = cursor.word(&["min", "mins", "minutes"]);
    if cursor.word(&["past"]) {
        return Some(minutes.into());
    }
    (is_counted && cursor.word(&["to"])).then(|| -i64::from(minutes))
}
