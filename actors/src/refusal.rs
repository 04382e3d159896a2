//! Refusals: what a caller is told when a command or a question is not accepted. Each has a stable code, and each code a paragraph in
//! `docs/errors.md`.

use std::sync::Arc;

use punctual_events::Task;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = ($name:literal, $status:literal)),+ $(,)?) => {
        /// The stable code of a refusal or of another problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($(#[doc = $doc])+ $variant),+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its text in `problem+json`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Its HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// What it means, in a sentence or two.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

codes! {
    /// The body, the query or a header is not what the operation takes.
    BadRequest = ("bad_request", 400),
    /// The cursor was not made here, was altered, or is of another filter or sort.
    CursorMismatch = ("cursor_mismatch", 400),
    /// There is no token, or it is not one of ours.
    Unauthorised = ("unauthorised", 401),
    /// The token has expired or its session was ended: sign in again.
    SessionEnded = ("session_ended", 401),
    /// The e-mail address or the password is wrong.
    BadCredentials = ("bad_credentials", 401),
    /// The server does not take new users.
    RegistrationClosed = ("registration_closed", 403),
    /// There is no such thing, or it is not yours.
    NotFound = ("not_found", 404),
    /// The series has no occurrence at this date; `detail` says why.
    OccurrenceUnknown = ("occurrence_unknown", 404),
    /// The path exists, but not with this method.
    MethodNotAllowed = ("method_not_allowed", 405),
    /// The request took too long to arrive.
    RequestTimeout = ("request_timeout", 408),
    /// There is an account with this e-mail address already.
    EmailTaken = ("email_taken", 409),
    /// The server sends no mail.
    MailUnavailable = ("mail_unavailable", 409),
    /// The occurrence cannot be opened again: its successor was changed or closed since, or another instance of its series, which has ended, is open.
    OccurrenceSuperseded = ("occurrence_superseded", 409),
    /// The occurrence has an instance: change or delete that task.
    OccurrenceOpen = ("occurrence_open", 409),
    /// The occurrence is over, or was skipped; in an import, its series has that date already.
    OccurrenceClosed = ("occurrence_closed", 409),
    /// The series has ended: nothing of it is to come.
    SeriesEnded = ("series_ended", 409),
    /// The task is done, or its occurrence has passed: there is nothing more to remind of.
    TaskClosed = ("task_closed", 409),
    /// The request with this `Idempotency-Key` was done, and so much was since then that its answer is not kept any more: read what it made or changed.
    AnswerForgotten = ("answer_forgotten", 409),
    /// `If-Match` names another version than the current one, which `current` shows.
    VersionMismatch = ("version_mismatch", 412),
    /// The body is larger than the server takes.
    BodyTooLarge = ("body_too_large", 413),
    /// The body is not of a media type the operation takes.
    UnsupportedMediaType = ("unsupported_media_type", 415),
    /// A value is not acceptable; `field` names it.
    Invalid = ("invalid", 422),
    /// A field that only the server sets differs from its current value.
    ReadOnly = ("read_only", 422),
    /// The time zone is not known.
    UnknownTimeZone = ("unknown_time_zone", 422),
    /// The recurrence has no rule or one that is not a rule of RFC 5545, or its `rdate` or `exdate` does not fit the task; `detail` says why.
    RecurrenceInvalid = ("recurrence_invalid", 422),
    /// The recurrence rule uses a part that RFC 5545 does not know, or a COUNT above 10,000.
    RecurrenceUnsupported = ("recurrence_unsupported", 422),
    /// The recurrence rule has occurrences less than a minute apart.
    RecurrenceTooFrequent = ("recurrence_too_frequent", 422),
    /// The recurrence has no occurrence: none in the 400 years after its start, none before its `UNTIL`, or none that `exdate` leaves.
    RecurrenceNeverOccurs = ("recurrence_never_occurs", 422),
    /// A recurring task needs a due or a start to count from.
    RecurrenceWithoutDate = ("recurrence_without_date", 422),
    /// The `Idempotency-Key` was used before with another request.
    IdempotencyKeyReused = ("idempotency_key_reused", 422),
    /// The webhook's address is not allowed or cannot be resolved.
    WebhookAddress = ("webhook_address", 422),
    /// The audit record could not be verified within the time there is for an answer, for it is long, or the store is slow just now, and nothing is said of it. Ask once more; `GET /v1/audit` shows all that its hashes are made of.
    RecordTooLong = ("record_too_long", 422),
    /// There are as many of these as there may be; `detail` says how many. A user has at most 200,000 tasks and 10,000 series, those that were deleted or have ended counted.
    LimitReached = ("limit_reached", 422),
    /// Too many requests; `Retry-After` says when to come back.
    RateLimited = ("rate_limited", 429),
    /// A fault in the server. It was logged; what the request did is not known.
    Internal = ("internal", 500),
    /// Something that is stored cannot be read. It was logged, and trying again does not help until it has been restored; what the request did is not known.
    DataDamaged = ("data_damaged", 500),
    /// Something the server needs is away or does not answer in time. Whether a change took effect is not known; repeat it, with the same `Idempotency-Key` where the operation takes one.
    Unavailable = ("unavailable", 503),
}

/// A refusal: the caller's to understand, final for this command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Refusal {
    /// Which.
    pub code: Code,
    /// In words, for a person.
    pub detail: Box<str>,
    /// The field at fault.
    pub field: Option<Box<str>>,
    /// The task as it is, for a version mismatch.
    pub current: Option<Arc<Task>>,
}

impl Refusal {
    /// A refusal in words.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Box<str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            current: None,
        }
    }

    /// A value of `field` that is not acceptable.
    #[must_use]
    pub fn invalid(field: &str, detail: impl Into<Box<str>>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(Code::Invalid, detail)
        }
    }

    /// The same with the field it is about.
    #[must_use]
    pub fn on(self, field: &str) -> Self {
        Self {
            field: Some(field.into()),
            ..self
        }
    }

    /// No such task, notification, series or user.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "there is no such thing, or it is not yours")
    }
}
