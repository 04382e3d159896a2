//! A reminder by mail: one job per notification, one try per run.

use bytes::Bytes;
use punctual_actors::{
    ports::Failure,
    user::{UserAnswer, UserQuestion},
};
use punctual_events::{Notification as Fired, Principal, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;

use super::{Notification, job, pages};
use crate::{
    accounts::{AccountKey, Found},
    mail::{MailAddress, Sent},
    telemetry,
    webhooks::{NextTry, next_try},
};

/// The format this release writes. It reads this and every one before it.
const FORMAT: u16 = 1;

/// What tells these jobs from others.
pub(super) const JOB_PREFIX: &str = "mail/";

/// A mail that could not be tried comes back after this long and up to as much again, in milliseconds.
pub(super) const BUSY_PAUSE_MS: i64 = 5_000;

/// A reminder to be mailed, and what has been tried. The address is not in it: it is read at each try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ReminderMail {
    /// What fired.
    fired: Fired,
    /// When it was tried first.
    first_try: Option<Timestamp>,
    format: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Box<str>>,
    /// How often it was tried.
    tries: u32,
    user: UserId,
}

/// Whom mail of a user goes to, and by which clocks they live.
pub(super) struct Recipient {
    pub(super) address: MailAddress,
    pub(super) time_zone: Box<str>,
}

impl ReminderMail {
    /// The mail of what fired, not tried yet.
    pub(super) fn new(user: UserId, fired: Fired, traceparent: Option<Box<str>>) -> Self {
        Self {
            fired,
            first_try: None,
            format: FORMAT,
            traceparent,
            tries: 0,
            user,
        }
    }

    /// The name of its job: the same mail never has two.
    fn job_name(&self) -> String {
        format!("{}{}", Self::jobs_of(self.user), self.fired.id)
    }

    /// What the names of all of a user's jobs begin with.
    pub(super) fn jobs_of(user: UserId) -> String {
        format!("{JOB_PREFIX}{user}/")
    }
}

impl Notification {
    pub(super) async fn schedule_mail(&self, mail: &ReminderMail, at: Timestamp) -> Result<(), Failure> {
        self.jobs.schedule(&mail.job_name(), at, job::encode(mail)?).await
    }

    /// Tries a mail, unless it is not wanted any more, and schedules the next try where one is due.
    pub(super) async fn run_mail(&self, name: &str, payload: &Bytes) -> Result<(), Failure> {
        let Some(mail) = job::decode::<ReminderMail>(name, payload, FORMAT)? else {
            return Ok(());
        };
        let wish = self.wishes.of(mail.user).await?;
        if wish.closed || !wish.reminders {
            tracing::debug!(job = name, "reminders are not mailed any more");
            return Ok(());
        }
        let started = self.environment.clock.now();
        let span = telemetry::reaction_span("notification", "mail", mail.traceparent.as_deref());
        let sent = self.mail_reminder(&mail).instrument(span).await?;
        self.follow_up_mail(name, mail, sent, started).await
    }

    async fn mail_reminder(&self, mail: &ReminderMail) -> Result<Sent, Failure> {
        let (Some(mailer), Some(to)) = (&self.mailer, self.recipient(mail.user).await?) else {
            // Nobody to mail to, or nothing to do it by: that does not get better.
            return Ok(Sent::Taken);
        };
        let zones = &*self.environment.zones;
        Ok(mailer.send(pages::reminder(to, &mail.fired, zones)).await)
    }

    async fn follow_up_mail(
        &self,
        job: &str,
        mut mail: ReminderMail,
        sent: Sent,
        started: Timestamp,
    ) -> Result<(), Failure> {
        let now = self.environment.clock.now();
        let again = match sent {
            Sent::Taken => {
                self.counters.mailed.inc();
                return Ok(());
            }
            Sent::Busy => now.plus_millis(self.busy_pause_ms()),
            Sent::Failed(reason) => {
                self.counters.mails_failed.inc();
                mail.tries += 1;
                let (tries, first_try) = (mail.tries, *mail.first_try.get_or_insert(started));
                tracing::debug!(job, tries, %reason, "a mail was not taken");
                match next_try(tries, first_try, now, self.jitter()) {
                    NextTry::At(at) => at,
                    NextTry::Disable => {
                        tracing::warn!(job, tries, "a mail is given up: it was not taken for 24 hours of tries");
                        return Ok(());
                    }
                }
            }
        };
        self.schedule_mail(&mail, again).await?;
        // A user who was deleted while this try was under way had no job to be cancelled.
        if self.wishes.of(mail.user).await?.closed {
            self.jobs.cancel(&mail.job_name()).await?;
        }
        Ok(())
    }

    pub(super) fn busy_pause_ms(&self) -> i64 {
        BUSY_PAUSE_MS + BUSY_PAUSE_MS * i64::from(self.jitter()) / i64::from(u8::MAX)
    }

    /// Whom mail goes to: the address of the account, which is in no event. `None` where there is no account, or none that mail can reach.
    pub(super) async fn recipient(&self, user: UserId) -> Result<Option<Recipient>, Failure> {
        let answer = self
            .actors
            .ask_user(user, Principal::System, &UserQuestion::Profile)
            .await;
        let UserAnswer::Profile { account, time_zone, .. } = answer.map_err(Failure::new)? else {
            return Err(Failure::new("an actor answered something else"));
        };
        let Some(name) = AccountKey::from_hex(&account) else {
            return Ok(None);
        };
        let Some(Found { record, .. }) = self.accounts.find(name).await? else {
            return Ok(None);
        };
        let address = record.email.parse::<MailAddress>().ok();
        let address = address.filter(|_| record.user == user && !record.deleted);
        Ok(address.map(|address| Recipient { address, time_zone }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by the first release. Never changed: every release must read it.
    const GOLDEN_1: &str = include_str!("golden/reminder_mail_1.json");

    #[test]
    fn the_mail_of_the_first_release_is_read_and_written() {
        let name = "mail/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-000000000003";
        let mail: ReminderMail = job::decode(name, GOLDEN_1.trim_end().as_bytes(), FORMAT)
            .unwrap()
            .unwrap();
        assert_eq!(
            (mail.job_name().as_str(), mail.tries, &*mail.fired.title),
            (name, 2, "call \"Ann\"")
        );
        assert_eq!(job::encode(&mail).unwrap(), GOLDEN_1.trim_end());
        assert!(job::decode::<ReminderMail>(name, br#"{"format":2}"#, FORMAT).is_err());
        assert!(job::decode::<ReminderMail>(name, b"{}", FORMAT).unwrap().is_none());
    }
}
