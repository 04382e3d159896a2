//! The daily digest: one job per user, at the instant the next one is due.
//!
//! The wish of the user (a record) says which digest is waited for; the job only wakes us. So a job that was overtaken by a change of time or zone, is
//! delivered twice, or comes after the account was deleted, mails nothing, and one that was lost is made again with the next event of its user.

use bytes::Bytes;
use chrono::NaiveDate;
use punctual_actors::ports::Failure;
use punctual_events::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::{Notification, job, overview, pages};
use crate::{
    mail::{Sent, Wish, wishes::NextDigest},
    webhooks::{NextTry, next_try},
};

/// The format this release writes. It reads this and every one before it.
const FORMAT: u16 = 1;

/// What tells these jobs from others.
pub(super) const JOB_PREFIX: &str = "digest/";

/// How long after it was due a digest counts as forgotten by whatever keeps jobs, in milliseconds. By then every one that is only late has been
/// tried.
const LOST_AFTER_MS: i64 = 60 * 60 * 1_000;

/// Days that are looked at for the next digest. A zone may skip a day.
const DAYS_AHEAD: usize = 4;

/// A digest that is due, and what has been tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DigestJob {
    /// When it was due.
    at: Timestamp,
    /// Which day's it is.
    day: NaiveDate,
    /// When it was tried first.
    first_try: Option<Timestamp>,
    format: u16,
    /// How often it was tried.
    tries: u32,
    user: UserId,
}

impl DigestJob {
    fn new(user: UserId, next: NextDigest) -> Self {
        Self {
            at: next.at,
            day: next.day,
            first_try: None,
            format: FORMAT,
            tries: 0,
            user,
        }
    }

    fn is_for(&self, next: NextDigest) -> bool {
        (self.at, self.day) == (next.at, next.day)
    }
}

/// The name of a user's job: there is one at a time.
pub(super) fn job_name(user: UserId) -> String {
    format!("{JOB_PREFIX}{user}")
}

impl Notification {
    /// Waits for the digest that comes next after `wish` changed, or for none.
    pub(super) async fn arm_digest(&self, user: UserId) -> Result<(), Failure> {
        let now = self.environment.clock.now();
        let wish = self
            .wishes
            .change(user, |wish| wish.next = self.following(wish, now))
            .await?;
        self.wait_for(user, &wish).await
    }

    /// Makes the job of the digest that is waited for again, whether or not there is one.
    pub(super) async fn rearm_digest(&self, user: UserId) -> Result<(), Failure> {
        let wish = self.wishes.of(user).await?;
        match wish.next {
            Some(_) => self.wait_for(user, &wish).await,
            None => Ok(()),
        }
    }

    /// Makes the job of a digest again that should long have been sent: whatever keeps jobs has lost it.
    pub(super) async fn find_lost_digest(&self, user: UserId, wish: &Wish) -> Result<(), Failure> {
        let now = self.environment.clock.now();
        match wish.next {
            Some(next) if next.at.plus_millis(LOST_AFTER_MS) < now => {
                tracing::warn!(%user, "the job of a digest was lost and is made again");
                self.schedule_digest(&DigestJob::new(user, next), now).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Sends the digest a job is for, if it is the one that is waited for, and waits for the next.
    pub(super) async fn run_digest(&self, name: &str, payload: &Bytes) -> Result<(), Failure> {
        let Some(job) = job::decode::<DigestJob>(name, payload, FORMAT)? else {
            return Ok(());
        };
        let wish = self.wishes.of(job.user).await?;
        match wish.next {
            Some(next) if job.is_for(next) => {}
            // Overtaken. The job of the one that is waited for has the same name: whoever was to make it may have been cut off before.
            Some(_) | None => return self.wait_for(job.user, &wish).await,
        }
        let started = self.environment.clock.now();
        let sent = match wish.sent {
            Some(sent) if sent >= job.day => Sent::Taken,
            Some(_) | None => self.mail_digest(&job).await?,
        };
        match self.later(job, &wish, sent, started) {
            Some((job, at)) => self.schedule_digest(&job, at).await,
            None => self.end_day(&job).await,
        }
    }

    async fn mail_digest(&self, job: &DigestJob) -> Result<Sent, Failure> {
        let (Some(mailer), Some(to)) = (&self.mailer, self.recipient(job.user).await?) else {
            return Ok(Sent::Taken);
        };
        let overview = overview::of(&*self.actors, &self.environment, job.user, &to.time_zone).await?;
        if overview.open == 0 {
            tracing::debug!(user = %job.user, "nothing is to be done: no digest");
            return Ok(Sent::Taken);
        }
        let sent = mailer.send(pages::digest(to, job.user, job.day, &overview)).await;
        match &sent {
            Sent::Taken => self.counters.mailed.inc(),
            Sent::Failed(_) => self.counters.mails_failed.inc(),
            Sent::Busy => 0,
        };
        Ok(sent)
    }

    /// When the same digest is tried again, and with what noted; `None` when it is done, or the next one is due by then.
    fn later(&self, mut job: DigestJob, wish: &Wish, sent: Sent, started: Timestamp) -> Option<(DigestJob, Timestamp)> {
        let now = self.environment.clock.now();
        let at = match sent {
            Sent::Taken => return None,
            Sent::Busy => now.plus_millis(self.busy_pause_ms()),
            Sent::Failed(reason) => {
                job.tries += 1;
                let (user, tries) = (job.user, job.tries);
                tracing::debug!(%user, tries, %reason, "a digest was not taken");
                let first_try = *job.first_try.get_or_insert(started);
                match next_try(tries, first_try, now, self.jitter()) {
                    NextTry::At(at) => at,
                    NextTry::Disable => return None,
                }
            }
        };
        let mut of_next_day = wish.clone();
        of_next_day.sent = Some(job.day);
        let overtaken = self.following(&of_next_day, job.at).is_some_and(|next| next.at <= at);
        (!overtaken).then_some((job, at))
    }

    /// Notes that a day's digest is done with, and waits for the next.
    async fn end_day(&self, job: &DigestJob) -> Result<(), Failure> {
        let now = self.environment.clock.now();
        let ended = |wish: &mut Wish| {
            wish.sent = wish.sent.max(Some(job.day));
            // A change of wishes meanwhile may wait for another one by now, but not for one of a day that had its own.
            if wish.next.is_some_and(|next| job.is_for(next) || next.day <= job.day) {
                wish.next = self.following(wish, now);
            }
        };
        let wish = self.wishes.change(job.user, ended).await?;
        self.wait_for(job.user, &wish).await
    }

    /// The first digest after `after`, of a day that had none.
    fn following(&self, wish: &Wish, after: Timestamp) -> Option<NextDigest> {
        let (at, zones) = (wish.digest?.at, &self.environment.zones);
        let today = zones.wall_time(&wish.time_zone, after)?.date();
        let first = wish
            .sent
            .and_then(|sent| sent.succ_opt())
            .map_or(today, |next| next.max(today));
        let candidates = first.iter_days().take(DAYS_AHEAD).filter_map(|day| {
            let at = zones.resolve(&wish.time_zone, day.and_time(at.get()))?;
            Some(NextDigest { at, day })
        });
        candidates.into_iter().find(|next| next.at > after)
    }

    async fn wait_for(&self, user: UserId, wish: &Wish) -> Result<(), Failure> {
        match wish.next {
            Some(next) => self.schedule_digest(&DigestJob::new(user, next), next.at).await,
            None => self.jobs.cancel(&job_name(user)).await,
        }
    }

    async fn schedule_digest(&self, job: &DigestJob, at: Timestamp) -> Result<(), Failure> {
        self.jobs.schedule(&job_name(job.user), at, job::encode(job)?).await?;
        // A user who was deleted meanwhile had no job to be cancelled.
        if self.wishes.of(job.user).await?.closed {
            self.jobs.cancel(&job_name(job.user)).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by the first release. Never changed: every release must read it.
    const GOLDEN_1: &str = include_str!("golden/digest_1.json");

    #[test]
    fn the_digest_of_the_first_release_is_read_and_written() {
        let job: DigestJob = job::decode("digest/1", GOLDEN_1.trim_end().as_bytes(), FORMAT)
            .unwrap()
            .unwrap();
        assert_eq!((job.tries, job.day.to_string().as_str()), (2, "2026-11-22"));
        assert_eq!(job::encode(&job).unwrap(), GOLDEN_1.trim_end());
    }
}
