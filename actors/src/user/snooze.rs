//! Putting a notification off: it leaves the inbox on every device and comes again.

use punctual_events::{Notification, NotificationId, Offset, Timestamp, UserEvent};
use serde::{Deserialize, Serialize};

use crate::{
    machine::{Context, Decision},
    phrases::{self, Scene},
    refusal::{Code, Refusal},
    user::{command::UserReply, inbox::with_notification, state::UserActor},
};

/// The latest a notification is snoozed until, in milliseconds from now.
const MAX_SNOOZE_MS: i64 = 10 * 366 * 86_400_000;
/// Notifications of one task that can be waiting to come again.
const MAX_FOLLOW_UPS: usize = 100;

/// When a notification is to come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnoozeUntil {
    /// So long from now: days by the calendar in the user's zone, hours and less exactly.
    For(Offset),
    /// At an instant.
    At(Timestamp),
    /// When a phrase says, "tomorrow morning", in the user's zone.
    Phrase(Box<str>),
}

impl UserActor {
    pub(super) fn snooze(
        &self,
        id: NotificationId,
        until: &SnoozeUntil,
        context: &Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        let notification = self.latest(id)?.clone();
        let record = self.record(notification.task)?;
        if !record.is_open() {
            return Err(Refusal::new(
                Code::TaskClosed,
                "the task is done: there is nothing more to remind of",
            ));
        }
        if notification.dismissed.is_some() && record.has_passed(&notification) {
            return Err(Refusal::new(
                Code::TaskClosed,
                "its occurrence has passed: the next one has reminders of its own",
            ));
        }
        let until = self.snooze_instant(until, context)?;
        if notification.snoozed == Some(until) && notification.dismissed.is_none() {
            return Ok(with_notification(Vec::new(), notification));
        }
        let follow_ups = &record.reminding.follow_ups;
        if follow_ups.len() >= MAX_FOLLOW_UPS && !follow_ups.contains_key(&notification.id) {
            let detail = format!("at most {MAX_FOLLOW_UPS} notifications of a task wait to come again");
            return Err(Refusal::new(Code::LimitReached, detail));
        }
        let snoozed = Notification {
            again: None,
            dismissed: None,
            snoozed: Some(until),
            ..notification
        };
        let events = vec![UserEvent::ReminderSnoozed(snoozed.clone())];
        Ok(with_notification(events, snoozed))
    }

    /// The instant a snooze ends at; it is ahead.
    fn snooze_instant(&self, until: &SnoozeUntil, context: &Context<'_>) -> Result<Timestamp, Refusal> {
        let scene = Scene {
            now: context.now,
            time_zone: &self.profile.time_zone,
            zones: context.zones,
        };
        if let SnoozeUntil::For(length) = until
            && (length.days(), length.seconds()) <= (0, 0)
        {
            return Err(Refusal::invalid(
                "for",
                "the length must be positive, as PT1H for an hour from now",
            ));
        }
        let (field, instant) = match until {
            SnoozeUntil::At(at) => ("until", Some(*at)),
            SnoozeUntil::For(length) => ("for", scene.after(*length)),
            SnoozeUntil::Phrase(text) => ("phrase", phrases::instant(text, &scene)),
        };
        let instant = instant
            .ok_or_else(|| Refusal::invalid(field, "say when, like “1 hour”, “tomorrow morning” or “monday at 9”"))?;
        let ahead_ms = instant.as_millis() - context.now.as_millis();
        if !(1..=MAX_SNOOZE_MS).contains(&ahead_ms) {
            return Err(Refusal::invalid(field, "an instant ahead, in ten years at most"));
        }
        Ok(instant)
    }
}
