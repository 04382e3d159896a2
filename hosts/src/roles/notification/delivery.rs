//! A delivery as its job keeps it between tries.

use bytes::Bytes;
use punctual_actors::ports::Failure;
use punctual_events::{Notification as Fired, NotificationId, Timestamp, UserId, WebhookId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::job;

/// The format this release writes. It reads this and every one before it.
const FORMAT: u16 = 1;

/// The media type of the body.
pub(super) const CONTENT_TYPE: &str = "application/json";

/// What tells these jobs from others.
pub(super) const JOB_PREFIX: &str = "webhook/";

/// What is to be told to one webhook, and what has been tried. It holds no credential: URL and secret are read at each try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Delivery {
    format: u16,
    /// What is sent, the same at every try.
    pub(super) body: Box<RawValue>,
    /// When it was tried first. Time in which this server did not run is not the receiver's fault.
    pub(super) first_try: Option<Timestamp>,
    /// What is sent as `webhook-id`.
    pub(super) notification: NotificationId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) traceparent: Option<Box<str>>,
    /// How often it was tried.
    pub(super) tries: u32,
    pub(super) user: UserId,
    pub(super) webhook: WebhookId,
}

/// The body of a webhook, as Standard Webhooks recommend it.
#[derive(Serialize)]
struct Body<'a> {
    /// What fired, as the inbox shows it.
    data: &'a Fired,
    /// When.
    timestamp: Timestamp,
    #[serde(rename = "type")]
    event_type: &'static str,
}

impl Delivery {
    /// The delivery of what fired to a webhook, not tried yet.
    pub(super) fn new(
        user: UserId,
        webhook: WebhookId,
        fired: &Fired,
        traceparent: Option<Box<str>>,
    ) -> Result<Self, Failure> {
        let body = Body {
            data: fired,
            timestamp: fired.fired_at,
            event_type: "reminder.fired",
        };
        Ok(Self {
            format: FORMAT,
            body: serde_json::value::to_raw_value(&body).map_err(Failure::new)?,
            first_try: None,
            notification: fired.id,
            traceparent,
            tries: 0,
            user,
            webhook,
        })
    }

    /// The name of its job: the same delivery never has two.
    pub(super) fn job_name(&self) -> String {
        format!("{}{}/{}", Self::jobs_of(self.user), self.webhook, self.notification)
    }

    /// What the names of all of a user's jobs begin with.
    pub(super) fn jobs_of(user: UserId) -> String {
        format!("{JOB_PREFIX}{user}/")
    }

    /// As the payload of its job.
    pub(super) fn encode(&self) -> Result<Bytes, Failure> {
        job::encode(self)
    }

    /// Reads the payload of a job; see [`job::decode`].
    pub(super) fn decode(name: &str, payload: &[u8]) -> Result<Option<Self>, Failure> {
        job::decode(name, payload, FORMAT)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Written by the first release. Never changed: every release must read it.
    const GOLDEN_1: &str = include_str!("golden/delivery_1.json");
    const NAME: &str = "webhook/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-000000000002/\
                        00000000-0000-0000-0000-000000000003";

    fn delivery() -> Delivery {
        let at = Timestamp::from_millis(1_800_000_000_000);
        let fired = Fired {
            again: None,
            dismissed: None,
            due_at: at,
            fired_at: at.plus_millis(3),
            held_until: None,
            id: NotificationId(Uuid::from_u128(3)),
            late: false,
            reminder: Uuid::from_u128(4).into(),
            repetition: 0,
            replaces: None,
            snoozed: None,
            task: Uuid::from_u128(5).into(),
            title: "call \"Ann\"".into(),
        };
        let (user, webhook) = (UserId(Uuid::from_u128(1)), WebhookId(Uuid::from_u128(2)));
        Delivery {
            first_try: Some(at.plus_millis(20)),
            tries: 2,
            ..Delivery::new(user, webhook, &fired, None).unwrap()
        }
    }

    #[test]
    fn the_delivery_of_the_first_release_is_read_and_written() {
        let read = Delivery::decode(NAME, GOLDEN_1.trim_end().as_bytes()).unwrap().unwrap();
        assert_eq!(read.encode().unwrap(), GOLDEN_1.trim_end());
        assert_eq!(delivery().encode().unwrap(), GOLDEN_1.trim_end());
        assert_eq!(read.job_name(), NAME);
    }

    #[test]
    fn a_newer_delivery_waits_for_a_newer_release_and_a_damaged_one_is_given_up() {
        let newer = Delivery::decode(NAME, br#"{"format":2,"else":1}"#).unwrap_err();
        assert!(newer.to_string().contains("newer version"), "{newer}");
        assert!(Delivery::decode(NAME, br#"{"format":1}"#).unwrap().is_none());
        assert!(Delivery::decode(NAME, b"").unwrap().is_none());
    }
}
