//! Reminders of a task, and the notifications they become.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{NotificationId, Offset, Related, ReminderId, ReminderTime, TaskId, TimeOfDay, Timestamp};

/// A reminder of a task: at an instant, some time before the task is due or can start, or at a time of the day it is due or can start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ReminderForm", into = "ReminderForm")]
pub struct Reminder {
    /// Identifies it within the task.
    pub id: ReminderId,
    /// How it nags until it is dismissed.
    pub repeat: Option<Repeat>,
    /// When it fires.
    pub time: ReminderTime,
}

/// How a reminder nags: after it fired, again and again until a person dismisses it or the task is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How long after one the next comes: an ISO 8601 duration of hours, minutes and seconds, from a minute to 24 hours.
    #[schema(examples("PT10M"))]
    pub every: Offset,
    /// How often it comes again at most, 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    #[schemars(range(min = 1, max = 100))]
    pub times: u16,
}

impl Repeat {
    /// When what fired at `now`, and should have at `due_at`, fires again, having done so `done` times: on the grid that `due_at` begins, so
    /// what nobody was there to see is not caught up with.
    #[must_use]
    pub fn next(self, due_at: Timestamp, now: Timestamp, done: u16) -> Option<Timestamp> {
        let every_ms = self.every.seconds().max(1) * 1_000;
        let passed = (now.as_millis() - due_at.as_millis()).max(0) / every_ms;
        (done < self.times).then(|| due_at.plus_millis((passed + 1) * every_ms))
    }
}

/// A reminder as it is written: `{"id", "at"}`, `{"id", "before"}` or `{"id", "time"}`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, ToSchema)]
#[schema(as = Reminder)]
#[schemars(rename = "Reminder")]
pub(crate) struct ReminderForm {
    /// An instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// An ISO 8601 duration before the due, `PT15M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Offset>,
    /// Identifies it within the task.
    id: ReminderId,
    /// What `before` and `time` count from; absent for the due.
    #[serde(default, skip_serializing_if = "Related::is_due")]
    related: Related,
    /// How it nags until it is dismissed; absent where it fires once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeat: Option<Repeat>,
    /// A time of the day it is due, or can start, or, with `before`, of so many days earlier: by the clocks of the zone the due or the start is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<TimeOfDay>,
}

impl From<Reminder> for ReminderForm {
    fn from(reminder: Reminder) -> Self {
        let (at, before, related, time) = match reminder.time {
            ReminderTime::At(at) => (Some(at), None, Related::Due, None),
            ReminderTime::Before(before) => (None, Some(before), Related::Due, None),
            ReminderTime::BeforeStart(before) => (None, Some(before), Related::Start, None),
            ReminderTime::OnDay(on) => (None, on.before(), on.related, Some(on.time)),
        };
        Self {
            at,
            before,
            id: reminder.id,
            related,
            repeat: reminder.repeat,
            time,
        }
    }
}

impl TryFrom<ReminderForm> for Reminder {
    type Error = &'static str;

    fn try_from(form: ReminderForm) -> Result<Self, Self::Error> {
        Ok(Self {
            id: form.id,
            repeat: form.repeat,
            time: ReminderTime::new(form.at, form.before, form.related, form.time)?,
        })
    }
}

impl JsonSchema for Reminder {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        ReminderForm::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        ReminderForm::json_schema(generator)
    }
}

impl utoipa::PartialSchema for Reminder {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        ReminderForm::schema()
    }
}

impl ToSchema for Reminder {
    fn name() -> std::borrow::Cow<'static, str> {
        "Reminder".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        ReminderForm::schemas(schemas);
    }
}

/// A reminder that fired, as the inbox, the socket and webhooks show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
pub struct Notification {
    /// When it comes again unless it is dismissed or its task is closed: of a reminder that nags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Timestamp>,
    /// When a person dismissed it, on any device, another took its place, or its occurrence passed.
    pub dismissed: Option<Timestamp>,
    /// When it should have fired.
    pub due_at: Timestamp,
    /// When it did fire.
    pub fired_at: Timestamp,
    /// The end of the quiet hours it fell into, until which it was held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
    /// A function of task, reminder and instant, and, where it comes again, of what it replaces: the same firing always has the same id.
    pub id: NotificationId,
    /// True when it fired more than a second after it should have (of what quiet hours held back, after their end), after an outage for example.
    pub late: bool,
    /// The reminder that fired.
    pub reminder: ReminderId,
    /// How often the reminder has come again before, and this time; absent for the first, and for the first after a snooze.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repetition: u16,
    /// The notification whose place it takes: the one before it of a reminder that nags, the one that was snoozed, or the one that waited of the occurrence before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<NotificationId>,
    /// Until when a person snoozed it, on any device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed: Option<Timestamp>,
    /// The task it belongs to.
    pub task: TaskId,
    /// The task's title when it fired.
    pub title: Box<str>,
}

impl Notification {
    /// When it was to come: at its instant, or at the end of the quiet hours it fell into.
    #[must_use]
    pub fn expected_at(&self) -> Timestamp {
        self.held_until.unwrap_or(self.due_at)
    }

    /// True while it waits for a person.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.dismissed.is_none() && self.snoozed.is_none()
    }
}

fn is_zero(count: &u16) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_that_fires_once_before_the_due_is_written_as_before_there_were_others() {
        let old = r#"{"before":"PT15M","id":"00000000-0000-0000-0000-000000000001"}"#;
        let reminder: Reminder = serde_json::from_str(old).expect("it is read");
        assert_eq!((reminder.repeat, reminder.time.is_relative()), (None, true));
        assert_eq!(serde_json::to_string(&reminder).expect("it is written"), old);
    }

    #[test]
    fn a_reminder_has_one_time() {
        let id = r#""id":"00000000-0000-0000-0000-000000000001""#;
        for wrong in [
            "",
            r#""at":"2026-11-23T09:00:00Z","before":"PT1H","#,
            r#""at":"2026-11-23T09:00:00Z","related":"start","#,
            r#""related":"start","#,
            r#""at":"2026-11-23T09:00:00Z","time":"08:30","#,
            r#""before":"PT1H","time":"08:30","#,
            r#""time":"8:30","#,
        ] {
            let text = format!("{{{wrong}{id}}}");
            assert!(serde_json::from_str::<Reminder>(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_of_day_is_written_as_it_was_read() {
        let id = r#""id":"00000000-0000-0000-0000-000000000001""#;
        for text in [
            format!(r#"{{{id},"time":"08:30"}}"#),
            format!(r#"{{"before":"P1D",{id},"time":"20:00"}}"#),
            format!(r#"{{"before":"-P1D",{id},"related":"start","time":"20:00"}}"#),
        ] {
            let reminder: Reminder = serde_json::from_str(&text).expect(&text);
            assert!(reminder.time.is_relative());
            assert_eq!(serde_json::to_string(&reminder).expect("it is written"), text);
        }
    }

    #[test]
    fn what_nags_comes_next_on_its_grid_after_now() {
        let repeat = Repeat {
            every: Offset::from_seconds(600).expect("ten minutes"),
            times: 2,
        };
        let at = |minute: i64| Timestamp::from_millis(minute * 60_000);
        assert_eq!(repeat.next(at(0), at(0), 0), Some(at(10)));
        assert_eq!(repeat.next(at(0), at(9), 1), Some(at(10)));
        assert_eq!(repeat.next(at(0), at(10), 0), Some(at(20)), "never at once");
        assert_eq!(repeat.next(at(0), at(35), 0), Some(at(40)));
        assert_eq!(repeat.next(at(0), at(0), 2), None);
    }
}
