//! What looks like a phrase, but cannot be taken for one: it stays in the title, and is said to be not understood. Taken apart it would mean something else: "2nd and 4th
//! thu of aug" is no single day, "before friday" is not Friday, and "from 3 to 4pm" is not due at four.

use chrono::NaiveDate;

use super::{
    asking::lead,
    bare::unsure_hour,
    calendar::{day_of_month, year},
    cursor::Cursor,
    dates::date,
    ending::goes_on,
    lengths,
    ranges::{is_end_of_range, is_no_time, is_range, is_rest_of_range, is_said_range},
    recurrences::{is_list_of_days, is_range_of_weekdays, ordinals},
    scan::{Beside, Item},
    spans::SpanKind,
    times::{one_time, times},
    words,
};

/// What it is about, and why it is not understood.
pub(super) type Unclear = (SpanKind, &'static str);

/// What recognises one kind of them.
type Form = fn(&mut Cursor<'_>, NaiveDate, &Beside<'_>) -> Option<Unclear>;

/// Of days at once that one recurrence only could say.
pub(super) const SEVERAL_DAYS: &str = "several days, and no recurrence that says when";

/// Such a phrase at the cursor.
pub(super) fn unclear(cursor: &mut Cursor<'_>, today: NaiveDate, beside: &Beside<'_>) -> Option<Unclear> {
    let forms: [Form; 14] = [
        several_days,
        one_of_a_month,
        beside_a_day,
        range_of_times,
        |cursor, _, _| no_length(cursor),
        |cursor, _, _| dotted(cursor),
        |cursor, _, beside| {
            unsure_hour(
                cursor,
                beside.date() || matches!(beside.before, Some(Item::Recurrence(_))),
            )
        },
        |cursor, _, _| is_no_time(cursor).then_some((SpanKind::Time, "there is no such time")),
        |cursor, _, _| odd_reminder(cursor),
        |cursor, _, _| until_done(cursor),
        |cursor, _, _| until_time(cursor),
        odd_bound,
        |cursor, _, _| vague_length(cursor),
        |cursor, _, _| odd_recurrence(cursor),
    ];
    forms
        .iter()
        .find_map(|form| cursor.attempt(|cursor| form(cursor, today, beside)))
}

/// "2nd and 4th thu of aug", "mon-fri", "tue/thu".
fn several_days(cursor: &mut Cursor<'_>, _: NaiveDate, beside: &Beside<'_>) -> Option<Unclear> {
    const WHY: Unclear = (SpanKind::Date, SEVERAL_DAYS);
    if cursor
        .attempt(|cursor| is_range_of_weekdays(cursor).then_some(()))
        .is_some()
    {
        return Some(WHY);
    }
    if beside.goes_on && cursor.attempt(ordinals).is_some() {
        return Some((
            SpanKind::Recurrence,
            "a task has one recurrence, and this is no day of it",
        ));
    }
    if cursor.attempt(numbers_and_month).is_some() {
        return Some(WHY);
    }
    is_list_of_days(cursor).then_some(())?;
    cursor.word(&["of", "in"]).then_some(())?;
    (cursor.meaning(words::month).is_some() || year(cursor).is_some()).then_some(())?;
    year(cursor);
    Some(WHY)
}

/// "5 and 6 dec", "5-7 dec", "dec 5-7".
fn numbers_and_month(cursor: &mut Cursor<'_>) -> Option<()> {
    let month_first = cursor.meaning(words::month).is_some();
    let (_, digits) = cursor.clone().number()?;
    let mut is_several = cursor
        .list(day_of_month)
        .is_some_and(|days| days.len() > 1 && !month_first);
    if !is_several {
        // What is joined to a dash is no day by itself.
        cursor.attempt(|cursor| cursor.number().filter(|_| digits <= 2));
        let is_range = (cursor.joined_mark('-') || cursor.joined_mark('–')) && cursor.is_joined();
        is_several = is_range && day_of_month(cursor).is_some();
    }
    (is_several && (month_first || cursor.meaning(words::month).is_some())).then_some(())?;
    year(cursor);
    Some(())
}

/// "first monday", "last friday of the month", "3rd workday of the month", "1st of the month", "last day of the month".
fn one_of_a_month(cursor: &mut Cursor<'_>, _: NaiveDate, _: &Beside<'_>) -> Option<Unclear> {
    let nth = *ordinals(cursor)?.last()?;
    let is_named = cursor.meaning(words::weekday).is_some() || super::recurrences::workday(cursor);
    let of_month = cursor.attempt(|cursor| {
        cursor.word(&["day"]);
        cursor.word(&["of", "in"]).then_some(())?;
        let is_one = cursor.word(&["this", "next"]);
        cursor.word(&["the", "a"]);
        cursor.word(&["month", "year"]).then_some(is_one)
    });
    match (of_month, is_named, nth) {
        (Some(true), ..) => Some((SpanKind::Date, "say the month by its name")),
        (Some(false), ..) => Some((
            SpanKind::Date,
            "it does not say whether once or again and again; say “of every month” for that, or name the month",
        )),
        (None, true, -1) => Some((
            SpanKind::Date,
            "it is over already, or the last of a month that is not said",
        )),
        (None, true, _) => Some((SpanKind::Date, "it does not say of which month, or “of every month”")),
        (None, false, _) => None,
    }
}

/// "before friday".
fn beside_a_day(cursor: &mut Cursor<'_>, today: NaiveDate, _: &Beside<'_>) -> Option<Unclear> {
    cursor.word(&["before", "after", "since"]).then_some(())?;
    if cursor.attempt(|cursor| date(cursor, today)).is_some() {
        return Some((SpanKind::Date, "before or after a day, but not when"));
    }
    (cursor.word(&["noon", "midday", "midnight"]) || one_time(cursor, false).is_some()).then_some(())?;
    Some((SpanKind::Time, "before or after a time, but not when"))
}

/// "in a month and a half", "in 1.2 years", "in 99999 days".
fn no_length(cursor: &mut Cursor<'_>) -> Option<Unclear> {
    let within = cursor.word(&["in", "within"]);
    let number = cursor.attempt(|cursor| cursor.number());
    let is_too_much = number.is_some_and(|(number, _)| number > lengths::MAX_AMOUNT);
    (number.is_some() || lengths::amount(cursor).is_some()).then_some(())?;
    let fraction = cursor.attempt(|cursor| cursor.joined_mark('.').then(|| cursor.number())?);
    let mut has_half = fraction.is_some() || lengths::and_a_half(cursor);
    let is_length =
        super::recurrences::workday(cursor) || cursor.word(&["fortnight"]) || cursor.meaning(words::unit).is_some();
    has_half |= lengths::and_a_half(cursor);
    let is_meant = cursor.words(&["from", "now"]) || within;
    match (is_length && is_meant, is_too_much, has_half) {
        (true, true, _) => Some((SpanKind::Date, "there is no such day")),
        (true, false, true) => Some((
            SpanKind::Date,
            "a part of it is no number of days: say it in days, or in hours and minutes",
        )),
        _ => None,
    }
}

/// "at 9.30": a time or another number.
fn dotted(cursor: &mut Cursor<'_>) -> Option<Unclear> {
    cursor.word(&["at", "by"]).then_some(())?;
    let (hour, digits) = cursor.number()?;
    (cursor.joined_mark('.') && cursor.is_joined()).then_some(())?;
    let (minute, digits_of_minute) = cursor.number()?;
    let is_time = hour < 24 && digits <= 2 && minute < 60 && digits_of_minute == 2;
    is_time.then_some((SpanKind::Time, "a time or another number; a time has a colon, “9:30”"))
}

/// "from 3 to 4pm", "between 9 and 5", "3-4pm", "to 7pm" behind a day.
fn range_of_times(cursor: &mut Cursor<'_>, today: NaiveDate, beside: &Beside<'_>) -> Option<Unclear> {
    let is_sure = beside.date() || matches!(beside.before, Some(Item::Recurrence(_) | Item::Bound(_)));
    let why = "a task has one time, and a recurrence the times it is said “at”, no range of them";
    let is_rest = matches!(beside.before, Some(Item::Times(_)));
    let is_range = is_rest
        && cursor
            .attempt(|cursor| is_rest_of_range(cursor).then_some(()))
            .is_some()
        || cursor
            .attempt(|cursor| is_range(cursor, is_sure).then_some(()))
            .is_some();
    if is_range {
        return Some((SpanKind::Time, why));
    }
    if beside.date() && is_end_of_range(&mut cursor.clone()) {
        is_end_of_range(cursor);
        return Some((SpanKind::Time, END_OF_RANGE));
    }
    (is_said_range(cursor) && !goes_on(cursor, today)).then_some((SpanKind::Time, OR_NUMBERS))
}

/// "dec 5 to 7pm"
const END_OF_RANGE: &str = "a task has one time, and no end: a day until a time is not understood";

/// "between 4 and 5"
const OR_NUMBERS: &str = "a range of times or of other numbers; a task has one time, which is said “at”";

/// "remind me", "reminder 15m".
fn odd_reminder(cursor: &mut Cursor<'_>) -> Option<Unclear> {
    let asks = lead(cursor) || cursor.word(&["reminder"]) && lengths::length(cursor).is_some();
    asks.then_some((SpanKind::Reminder, "it does not say when to remind"))
}

/// "until done", without "nag".
fn until_done(cursor: &mut Cursor<'_>) -> Option<Unclear> {
    cursor.word(&["until", "till", "til"]).then_some(())?;
    super::nagging::done(cursor).then_some((
        SpanKind::End,
        "only “nag every …” goes on until it is done; a recurrence ends on a day or after so many times",
    ))
}

/// "until 5pm": nothing is due then.
fn until_time(cursor: &mut Cursor<'_>) -> Option<Unclear> {
    cursor.word(&["until", "till", "til"]).then_some(())?;
    times(cursor, false)?;
    Some((SpanKind::End, "a recurrence ends on a day, not at a time"))
}

/// "until the project ends", "except holidays", and "for 2 hours" of what comes round within days.
fn odd_bound(cursor: &mut Cursor<'_>, today: NaiveDate, beside: &Beside<'_>) -> Option<Unclear> {
    let within_days = match beside.before? {
        Item::Recurrence(recurrence) => recurrence.repeat.as_ref().ok()?.is_within_days(),
        Item::Bound(_) | Item::Times(_) => false,
        _ => return None,
    };
    let follows_time = matches!(beside.before, Some(Item::Times(_)));
    if cursor.word(&["except", "excluding", "unless"]) {
        let why = "a rule can leave out weekdays and months";
        return Some((SpanKind::Exception, why));
    }
    if follows_time {
        return None;
    }
    if cursor.word(&["until", "till", "til", "ending"]) {
        return Some((SpanKind::End, "a recurrence ends on a day or after so many times"));
    }
    if cursor.word(&["starting"]) {
        return Some((SpanKind::Start, "a recurrence starts on a day"));
    }
    cursor.word(&["for"]).then_some(())?;
    if cursor.clone().number().is_some() && counts_other(cursor, today) {
        return Some((
            SpanKind::End,
            "a recurrence ends on a day or after so many times, which “times” says",
        ));
    }
    within_days.then_some(())?;
    cursor.word(&["the"]);
    cursor.word(&["next"]);
    lengths::length(cursor).or_else(|| cursor.meaning(words::unit).map(|unit| lengths::Length::of(1, unit)))?;
    Some((SpanKind::End, "a recurrence ends on a day or after so many times"))
}

/// "8 classes", behind "for".
fn counts_other(cursor: &mut Cursor<'_>, today: NaiveDate) -> bool {
    cursor
        .attempt(|cursor| {
            let (_, digits) = cursor.number()?;
            let is_other = digits <= 3 && cursor.peek_word().and_then(words::unit).is_none() && goes_on(cursor, today);
            is_other.then(|| cursor.advance())
        })
        .is_some()
}

/// "in a few days", "in 2-3 days".
fn vague_length(cursor: &mut Cursor<'_>) -> Option<Unclear> {
    cursor.word(&["in", "within"]).then_some(())?;
    let few = cursor.words(&["a", "few"]) || cursor.word(&["some", "several", "few"]);
    if !few {
        cursor.number()?;
        let joins = cursor.mark('-') || cursor.mark('–') || cursor.word(&["to", "or"]);
        joins.then(|| cursor.number()).flatten()?;
    }
    cursor.meaning(words::unit)?;
    Some((SpanKind::Date, "it does not say how many"))
}

/// "every 0 days", "every! 0 workdays", "every 2-3 days".
fn odd_recurrence(cursor: &mut Cursor<'_>) -> Option<Unclear> {
    cursor.word(&["every", "each"]).then_some(())?;
    let exclaimed = cursor.joined_mark('!');
    if cursor.clone().number().is_some() && cursor.attempt(ordinals).is_some() {
        return Some((
            SpanKind::Recurrence,
            "a number of what is behind it; say “of every month” for a day of the month",
        ));
    }
    let number = cursor.number();
    (exclaimed || number.is_some()).then_some(())?;
    if cursor.joined_mark('-') {
        cursor.number();
    }
    cursor
        .attempt(|cursor| (cursor.meaning(words::unit).is_some() || super::recurrences::workday(cursor)).then_some(()));
    let why = match number {
        Some((0, _)) => "a step is 1 at least",
        _ => "no recurrence is said like this",
    };
    Some((SpanKind::Recurrence, why))
}
