//! What an item is known by when it comes again: its UID, and for a single occurrence which one. An item without a UID is known by what it says, and
//! among several of a file that say the same, by its place.

use std::{borrow::Cow, collections::HashMap};

use punctual_actors::{Code, Refusal, user::OCCURRENCE_UID};
use punctual_events::{Digest, Priority, Recurrence, RecurrenceDate, ReminderTime, Timestamp};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::icalendar::{DraftMoment, DraftReminder, ImportDraft};

/// Different items without a UID that a file can have: more than a user can have tasks. It bounds what an import remembers.
const MAX_WITHOUT_UID: usize = 200_000;

/// What the digest is of. A field that is added here makes every item a new one, so later fields of a task stay out.
#[derive(Serialize)]
struct Content<'a> {
    completed: Option<Timestamp>,
    description: Option<&'a str>,
    due: Option<String>,
    priority: Option<Priority>,
    recurrence: Option<Cow<'a, str>>,
    recurrence_id: Option<&'a str>,
    reminders: Vec<String>,
    start: Option<String>,
    status_done: bool,
    tags: &'a [String],
    title: &'a str,
}

/// The identities of a file's items.
#[derive(Default)]
pub(super) struct Identities {
    /// How many items said the same so far.
    same: HashMap<Digest, u32>,
}

impl Identities {
    /// The `external_uid` of the file's next item.
    pub(super) fn next(&mut self, item: &ImportDraft) -> Result<String, Refusal> {
        match (&item.external_uid, &item.recurrence_id) {
            (Some(uid), Some(recurrence_id)) => Ok(format!("{uid}{OCCURRENCE_UID}{recurrence_id}")),
            (Some(uid), None) => Ok(uid.clone()),
            (None, _) => self.by_content(item),
        }
    }

    fn by_content(&mut self, item: &ImportDraft) -> Result<String, Refusal> {
        let digest = digest(item);
        if self.same.len() >= MAX_WITHOUT_UID && !self.same.contains_key(&digest) {
            let limit = format!("at most {MAX_WITHOUT_UID} different items without a UID");
            return Err(Refusal::new(Code::LimitReached, limit));
        }
        let place = self.same.entry(digest).or_default();
        *place += 1;
        Ok(match *place {
            1 => format!("content:{digest}"),
            place => format!("content:{digest};{place}"),
        })
    }
}

/// Of what an item says, its UID apart.
pub(super) fn digest(item: &ImportDraft) -> Digest {
    let content = Content {
        completed: item.completed,
        description: item.description.as_deref(),
        due: item.due.as_ref().map(written),
        priority: item.priority,
        recurrence: item.recurrence.as_ref().map(repetition),
        recurrence_id: item.recurrence_id.as_deref(),
        reminders: item.reminders.iter().map(reminder).collect(),
        start: item.start.as_ref().map(written),
        status_done: item.status_done,
        tags: &item.tags,
        title: &item.title,
    };
    // Strings and lists of them always are JSON.
    let json = serde_json::to_vec(&content).unwrap_or_default();
    Digest(Sha256::digest(json).into())
}

/// Without dates, the rule alone, as it was before there were any.
fn repetition(recurrence: &Recurrence) -> Cow<'_, str> {
    let listed = |name: &str, dates: &[RecurrenceDate]| {
        let dates = dates.iter().map(|date| format!(";{name}={date}"));
        dates.collect::<String>()
    };
    let dates = listed("RDATE", &recurrence.rdate) + &listed("EXDATE", &recurrence.exdate);
    if dates.is_empty() {
        return Cow::Borrowed(&recurrence.rrule);
    }
    Cow::Owned(format!("{}{dates}", recurrence.rrule))
}

fn written(moment: &DraftMoment) -> String {
    match moment {
        DraftMoment::Day { date } => date.to_string(),
        // Whether it is floating stays out: items were known without it.
        DraftMoment::Time { at, time_zone, .. } => format!("{at} {time_zone}"),
    }
}

/// How often it rings stays out: items were known without it.
fn reminder(reminder: &DraftReminder) -> String {
    match reminder.time {
        ReminderTime::At(at) => at.to_string(),
        ReminderTime::Before(before) => before.to_string(),
        ReminderTime::BeforeStart(before) => format!("start {before}"),
        ReminderTime::OnDay(on) => format!("{:?} {} days before at {}", on.related, on.days_before, on.time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::icalendar::CalendarReader;

    const FULL: &str = "SUMMARY:Water\nDESCRIPTION:Twice\nDUE;TZID=Europe/Paris:20300107T090000\nDTSTART;VALUE=DATE:20300101\nPRIORITY:1\n\
                        CATEGORIES:home,garden\nRRULE:FREQ=WEEKLY\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\n";

    fn drafts(calendar: &str) -> Vec<ImportDraft> {
        let mut reader = CalendarReader::new(chrono_tz::Europe::Paris);
        let mut rest = calendar.as_bytes();
        let mut items: Vec<_> = std::iter::from_fn(|| reader.next_item(&mut rest)).collect();
        items.extend(std::iter::from_fn(|| reader.finish()));
        items.into_iter().map(|item| item.draft.unwrap()).collect()
    }

    fn todo(lines: &str) -> String {
        format!("BEGIN:VTODO\n{lines}END:VTODO\n")
    }

    fn identities(calendar: &str) -> Vec<String> {
        let mut identities = Identities::default();
        drafts(calendar)
            .iter()
            .map(|draft| identities.next(draft).unwrap())
            .collect()
    }

    #[test]
    fn an_item_without_uid_is_known_by_what_it_says() {
        let once = identities(&todo(FULL));
        // Pinned: another digest in a later release would double what was imported before.
        assert_eq!(
            once,
            ["content:09154e0765596a51d7aaa5ed72e9e4fa58fb1751aa6c79fb62b4f178ef3186b0"]
        );
        let stamped = format!("{FULL}DTSTAMP:20300101T000000Z\n");
        assert_eq!(
            identities(&todo(&stamped)),
            once,
            "an export's own stamp is not what it says"
        );
        for (said, other) in [
            ("Water", "Feed"),
            ("-PT15M", "-PT30M"),
            ("garden", "yard"),
            ("WEEKLY", "DAILY"),
            ("0107T", "0108T"),
        ] {
            assert_ne!(identities(&todo(&FULL.replace(said, other))), once, "{other}");
        }
        let weekly = "RRULE:FREQ=WEEKLY\n";
        let without_one = FULL.replace(weekly, &format!("{weekly}EXDATE:20300121T080000Z\n"));
        assert_ne!(identities(&todo(&without_one)), once);
    }

    #[test]
    fn of_several_that_say_the_same_each_is_known_by_its_place() {
        let milk = todo("SUMMARY:Milk\n");
        let found = identities(&format!("{milk}{}{milk}{milk}", todo("SUMMARY:Bread\n")));
        assert_eq!(found[2], format!("{};2", found[0]));
        assert_eq!(found[3], format!("{};3", found[0]));
        assert_ne!(found[1], found[0]);
    }

    #[test]
    fn a_uid_goes_before_content() {
        assert_eq!(identities(&todo("UID:1\nSUMMARY:Milk\n")), ["1"]);
        let one = "UID:1\nRECURRENCE-ID:20300114T080000Z\nSUMMARY:Milk\n";
        assert_eq!(identities(&todo(one)), ["1;RECURRENCE-ID=2030-01-14T08:00:00.000Z"]);
    }
}
