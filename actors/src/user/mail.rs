//! What the user wants to hear by mail. Sending is the notification role's, which hears of every change by an event.

use punctual_events::{DailyDigest, MailChanged, MailSettings, UserEvent};
use serde::{Deserialize, Serialize};

use super::{command::UserReply, merge::nullable, sessions::done, state::UserActor};
use crate::machine::Decision;

/// A change of what a user wants by mail: what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailPatch {
    /// A mail a day about what is overdue and due; null for none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DailyDigest>)]
    pub digest: Option<Option<DailyDigest>>,
    /// Whether each reminder that fires is mailed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = bool)]
    pub reminders: Option<bool>,
}

impl MailPatch {
    /// The settings after the change.
    #[must_use]
    pub fn apply(self, current: MailSettings) -> MailSettings {
        MailSettings {
            digest: self.digest.unwrap_or(current.digest),
            reminders: self.reminders.unwrap_or(current.reminders),
        }
    }
}

impl UserActor {
    pub(super) fn change_mail(&self, change: MailPatch) -> Decision<UserEvent, UserReply> {
        let settings = change.apply(self.profile.mail);
        if settings == self.profile.mail {
            return done(Vec::new());
        }
        done(vec![mail_changed(settings, &self.profile.time_zone)])
    }
}

/// The event by which everybody hears what is wanted now, and in which zone.
pub(super) fn mail_changed(settings: MailSettings, time_zone: &str) -> UserEvent {
    UserEvent::MailChanged(MailChanged {
        digest: settings.digest,
        reminders: settings.reminders,
        time_zone: time_zone.into(),
    })
}
