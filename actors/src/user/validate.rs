//! From what a client wrote to what a task may be.

use punctual_events::{Anchor, Moment, Recurrence, RecurrenceDate, Reminder, ReminderId, ReminderTime, Repeat};

use crate::{
    machine::Context,
    recurrence::{Rule, RuleError, Schedule},
    refusal::{Code, Refusal},
    user::draft::ReminderInput,
    zone::ZoneData,
};

const MAX_TITLE_CHARS: usize = 500;
const MAX_DESCRIPTION_CHARS: usize = 16_384;
/// A description in an alphabet of three-byte characters still has its full length; only rarer ones are held to this, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 48 * 1024;
const MAX_TAGS: usize = 50;
const MAX_TAG_CHARS: usize = 64;
const MAX_REMINDERS: usize = 20;
const REPEAT_EVERY_S: std::ops::RangeInclusive<i64> = 60..=86_400;
const REPEAT_TIMES: std::ops::RangeInclusive<u16> = 1..=100;
const MAX_EXTERNAL_UID_CHARS: usize = 255;
const MAX_RRULE_BYTES: usize = 512;
const MAX_RECURRENCE_DATES: usize = 366;

/// A title: one line, not empty.
pub(crate) fn title(text: &str) -> Result<Box<str>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::invalid("title", "a task needs a title"));
    }
    line("title", text, MAX_TITLE_CHARS)
}

/// One line of at most `max` characters.
pub(super) fn line(field: &str, text: &str, max: usize) -> Result<Box<str>, Refusal> {
    // Bytes first: counting the characters of a megabyte to refuse it would be work for an attacker's benefit.
    if text.len() > max * 4 || text.chars().count() > max {
        return Err(Refusal::invalid(field, format!("at most {max} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid(field, "no control characters"));
    }
    Ok(text.into())
}

/// A description: any text, line breaks and tabs included.
pub(crate) fn description(text: &str) -> Result<Option<Box<str>>, Refusal> {
    if text.len() > MAX_DESCRIPTION_BYTES || text.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(Refusal::invalid(
            "description",
            format!("at most {MAX_DESCRIPTION_CHARS} characters"),
        ));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Refusal::invalid(
            "description",
            "no control characters but line breaks and tabs",
        ));
    }
    Ok((!text.is_empty()).then(|| text.into()))
}

pub(crate) fn external_uid(text: &str) -> Result<Box<str>, Refusal> {
    line("external_uid", text, MAX_EXTERNAL_UID_CHARS)
}

/// Tags, trimmed, the first of equal ones kept.
pub(crate) fn tags(tags: &[String]) -> Result<Box<[Box<str>]>, Refusal> {
    if tags.len() > MAX_TAGS {
        return Err(Refusal::invalid("tags", format!("at most {MAX_TAGS} tags")));
    }
    let mut kept: Vec<Box<str>> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = line("tags", tag.trim(), MAX_TAG_CHARS)?;
        if tag.is_empty() {
            return Err(Refusal::invalid("tags", "a tag cannot be empty"));
        }
        if !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    Ok(kept.into())
}

/// There are no lists but the inbox.
pub(super) fn list(list: Option<&str>) -> Result<(), Refusal> {
    match list {
        None => Ok(()),
        Some(_) => Err(Refusal::invalid("list", "there is no such list")),
    }
}

/// Reminders with an id each.
pub(crate) fn reminders(inputs: &[ReminderInput], context: &mut Context<'_>) -> Result<Box<[Reminder]>, Refusal> {
    if inputs.len() > MAX_REMINDERS {
        return Err(Refusal::invalid(
            "reminders",
            format!("at most {MAX_REMINDERS} reminders"),
        ));
    }
    let mut kept: Vec<Reminder> = Vec::with_capacity(inputs.len());
    for input in inputs {
        let time = ReminderTime::new(input.at, input.before, input.related.unwrap_or_default(), input.time);
        let time = time.map_err(|why| Refusal::invalid("reminders", why))?;
        let repeat = input.repeat.map(repeat).transpose()?;
        let id = input.id.unwrap_or_else(|| ReminderId(context.new_uuid()));
        if kept.iter().any(|other| other.id == id) {
            return Err(Refusal::invalid("reminders", "two reminders with the same id"));
        }
        kept.push(Reminder { id, repeat, time });
    }
    Ok(kept.into())
}

/// Nagging that a person can live with.
fn repeat(repeat: Repeat) -> Result<Repeat, Refusal> {
    let refuse = |detail: &str| Err(Refusal::invalid("reminders", detail));
    if repeat.every.days() != 0 || !REPEAT_EVERY_S.contains(&repeat.every.seconds()) {
        return refuse(
            "a reminder repeats every minute at most and every 24 hours at least, in hours, minutes and seconds",
        );
    }
    if !REPEAT_TIMES.contains(&repeat.times) {
        return refuse("a reminder repeats 1 to 100 times");
    }
    Ok(repeat)
}

/// A recurrence that can be read and has an occurrence, written canonically, of a task that has a date to count from. Where its dates are so already
/// (`is_so`), what is left of them need not be anything: the task may be the last, or have been put off to behind them.
pub(super) fn recurrence(
    (recurrence, is_so): (&Recurrence, bool),
    due: Option<&Moment>,
    start: Option<&Moment>,
    user_zone: &str,
    zones: &dyn ZoneData,
) -> Result<Recurrence, Refusal> {
    if recurrence.rrule.len() > MAX_RRULE_BYTES {
        return Err(Refusal::new(Code::RecurrenceInvalid, "the rule is longer than 512 bytes").on("recurrence"));
    }
    let rule = Rule::parse(&recurrence.rrule).map_err(refuse_rule)?;
    rule.ensure_countable().map_err(refuse_rule)?;
    if recurrence.workdays {
        workdays(recurrence.anchor, &rule)?;
    }
    let from = due.or(start).ok_or_else(|| without_date("recurrence"))?;
    if is_so {
        if recurrence.anchor == Anchor::Completion {
            refuse_dates_from_completion(recurrence)?;
        }
        return Ok(recurrence.clone());
    }
    let text = rule.to_string().into();
    let [rdate, exdate] = recurrence_dates(recurrence, from)?;
    let schedule = Schedule::from_moment(rule, from, user_zone).with_dates(&walls(&rdate), &walls(&exdate));
    schedule.ensure_occurs(zones).map_err(refuse_rule)?;
    schedule.ensure_a_minute_apart(zones).map_err(refuse_rule)?;
    Ok(Recurrence {
        rdate,
        exdate,
        rrule: text,
        ..recurrence.clone()
    })
}

/// What recurs has nothing to count from.
pub(super) fn without_date(field: &str) -> Refusal {
    Refusal::new(Code::RecurrenceWithoutDate, "a recurring task needs a due or a start").on(field)
}

/// Workdays are counted from a completion, and by the interval alone.
fn workdays(anchor: Anchor, rule: &Rule) -> Result<(), Refusal> {
    let refuse = |detail: &str| Err(Refusal::new(Code::RecurrenceInvalid, detail).on("recurrence.workdays"));
    if anchor != Anchor::Completion {
        return refuse("`workdays` needs the anchor `completion`: on a schedule, BYDAY names days");
    }
    refuse_workdays(rule)
}

/// Refuses a rule that cannot count workdays.
///
/// # Errors
/// When it is no rule of days, or names days or times.
pub fn refuse_workdays(rule: &Rule) -> Result<(), Refusal> {
    let detail = "`workdays` needs a rule like FREQ=DAILY;INTERVAL=3, which names no days or times";
    let refusal = || Refusal::new(Code::RecurrenceInvalid, detail).on("recurrence.workdays");
    rule.plain_days().map(|_| ()).ok_or_else(refusal)
}

/// What is wrong with `rdate` or `exdate`.
fn refuse_dates<T>(name: &str, detail: &str) -> Result<T, Refusal> {
    let refusal = Refusal::new(Code::RecurrenceInvalid, format!("`{name}`: {detail}"));
    Err(refusal.on(&format!("recurrence.{name}")))
}

/// What counts from completion has no dates of its own.
fn refuse_dates_from_completion(recurrence: &Recurrence) -> Result<(), Refusal> {
    let detail = "needs the anchor `schedule`: what counts from completion has no dates of its own";
    match (recurrence.rdate.is_empty(), recurrence.exdate.is_empty()) {
        (true, true) => Ok(()),
        (false, _) => refuse_dates("rdate", detail),
        (true, false) => refuse_dates("exdate", detail),
    }
}

/// `rdate` and `exdate`, in order, of a rule that counts from `from`.
fn recurrence_dates(recurrence: &Recurrence, from: &Moment) -> Result<[Box<[RecurrenceDate]>; 2], Refusal> {
    let refuse = refuse_dates;
    let mut kept: [Box<[RecurrenceDate]>; 2] = Default::default();
    for (kept, (name, dates)) in kept
        .iter_mut()
        .zip([("rdate", &recurrence.rdate), ("exdate", &recurrence.exdate)])
    {
        if dates.len() > MAX_RECURRENCE_DATES {
            return refuse(name, &format!("at most {MAX_RECURRENCE_DATES} dates"));
        }
        if dates.iter().any(|date| date.is_day() != from.is_day()) {
            return refuse(name, "days where the task is all-day, and wall times where it is not");
        }
        let mut dates = dates.to_vec();
        dates.sort_unstable();
        dates.dedup();
        *kept = dates.into();
    }
    if recurrence.anchor == Anchor::Completion {
        refuse_dates_from_completion(recurrence)?;
    }
    if kept[1].iter().any(|date| date.wall() == wall_time(from)) {
        return refuse(
            "exdate",
            "the task's own date cannot be excluded; deleting the task skips it",
        );
    }
    Ok(kept)
}

/// The wall times of dates; of days their midnights.
pub(crate) fn walls(dates: &[RecurrenceDate]) -> Vec<chrono::NaiveDateTime> {
    dates.iter().map(|date| date.wall()).collect()
}

/// The wall time a rule runs on.
pub(crate) fn wall_time(moment: &Moment) -> chrono::NaiveDateTime {
    match moment {
        Moment::Day { date, .. } => date.and_time(chrono::NaiveTime::MIN),
        Moment::Time { at, .. } => at.get(),
    }
}

/// A rule error as the caller sees it.
#[must_use]
pub fn refuse_rule(error: RuleError) -> Refusal {
    let code = match error {
        RuleError::Malformed { .. } => Code::RecurrenceInvalid,
        RuleError::Unsupported { .. } => Code::RecurrenceUnsupported,
        RuleError::NeverOccurs => Code::RecurrenceNeverOccurs,
        RuleError::TooFrequent => Code::RecurrenceTooFrequent,
        RuleError::UnknownZone(_) => Code::UnknownTimeZone,
    };
    Refusal::new(code, error.to_string()).on("recurrence")
}
