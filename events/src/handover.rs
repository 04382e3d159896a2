//! Hand-overs: an event of one actor that must change another. The sender keeps it until the receiver acknowledged it; the receiver takes a
//! sender's hand-overs in the order of their numbers, each after its previous one, and ignores numbers it has passed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ActorId, Moment, SeriesDefinition, Task, TaskField, TaskId, Timestamp, UserId};

/// A change one actor owes another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handover {
    /// What is to change.
    pub message: HandoverMessage,
    /// Counts the sender's hand-overs to anybody, from 1.
    pub number: u64,
    /// The number of the sender's hand-over to this receiver before this one, which the receiver must have taken in; 0 when there is none that
    /// matters.
    pub previous: u64,
    /// Who is to change.
    pub to: ActorId,
}

/// What a hand-over asks of its receiver. (The tag sorts before every field, as canonical JSON wants it.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum HandoverMessage {
    /// User to series: a recurring task was created; it is occurrence 0.
    StartSeries {
        /// How the series repeats and what its instances look like.
        definition: Box<SeriesDefinition>,
        /// The first instance.
        first: TaskId,
    },
    /// User to series: the recurrence was changed on the open instance, from there on.
    ChangeSeries {
        /// The definition from this occurrence on.
        definition: Box<SeriesDefinition>,
        /// The open instance the change was made on.
        occurrence: u32,
    },
    /// User to series: the open instance was changed, and the ones after it are to be changed likewise.
    EditSeries {
        /// What was changed.
        changed: Vec<TaskField>,
        /// The definition of instances like this one, of which what was changed is taken over.
        definition: Box<SeriesDefinition>,
        /// The open instance the change was made on.
        occurrence: u32,
        /// Where it is of all: by how much the dates of the series move, in seconds of wall time. The rule keeps its beginning, moved by as much.
        /// Where it is of the later ones alone, none: the rule begins anew at this one, if its dates were changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shift_s: Option<i64>,
    },
    /// User to series: the open instance was completed, skipped or deleted.
    CloseOccurrence {
        /// When.
        closed: Timestamp,
        /// When it was done, where it is known from elsewhere that this was earlier.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done: Option<Timestamp>,
        /// Which.
        occurrence: u32,
        /// How.
        outcome: OccurrenceOutcome,
        /// The zone the user lives in now, in which what comes next is meant where it is all-day.
        time_zone: Box<str>,
    },
    /// User to series: the open instance was moved to a later occurrence, as the series asked for.
    PassOccurrence {
        /// What the later occurrence is due (or starts) at.
        at: Moment,
        /// When.
        closed: Timestamp,
        /// The occurrence the instance was of.
        occurrence: u32,
        /// The zone the user lives in now.
        time_zone: Box<str>,
        /// The occurrence it is of now.
        to: u32,
    },
    /// User to series: the user lives in another zone now, in which the days of its occurrences begin and its floating times are meant.
    ChangeZone {
        /// Which.
        time_zone: Box<str>,
    },
    /// User to series: a completed instance is open again.
    ReopenOccurrence {
        /// Which.
        occurrence: u32,
    },
    /// User to series: no further occurrences.
    EndSeries {
        /// When, where no instance stays open: the occurrence whose instance was deleted, or is on its way and will not be taken, is skipped. An
        /// older release does not say, and then the last occurrence keeps no outcome.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed: Option<Timestamp>,
    },
    /// User to series: the account was deleted. It needs nothing that was handed over before.
    DeleteSeries {
        /// Whose account.
        owner: UserId,
    },
    /// Series to user: make this instance.
    OpenInstance {
        /// Number of the user's hand-over that caused it; the user ignores it when it has handed over something newer to this series since.
        cause: u64,
        /// The instance; the user's actor sets `created`, `updated` and `version`.
        task: Box<Task>,
    },
    /// Series to user: later instants have come, and the late policy moves the open instance to the newest.
    MoveInstance {
        /// What the occurrence is at by the rule, where it was moved: what is passed on as its date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Box<Moment>>,
        /// As in [`OpenInstance`](Self::OpenInstance).
        cause: u64,
        /// Its due there.
        due: Option<Moment>,
        /// The occurrence it is of from now on.
        occurrence: u32,
        /// Its start there.
        start: Option<Box<Moment>>,
        /// The open instance.
        task: TaskId,
    },
    /// Series to user: a later instant has come, and the late policy gives the open instance up: it is to be deleted as skipped.
    SkipInstance {
        /// As in [`OpenInstance`](Self::OpenInstance).
        cause: u64,
        /// The open instance.
        task: TaskId,
    },
}

/// How an occurrence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OccurrenceOutcome {
    /// Completed.
    Done,
    /// Deleted while it was open, given up by the late policy, skipped before it came, or its date fell into a pause of the series.
    Skipped,
    /// The next instant came while it, or an earlier one, was open.
    Missed,
}

/// Data of `handover.offered`: a hand-over was made, or is repeated because nobody acknowledged it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandoverOffered {
    /// 1 for the first offer.
    pub attempt: u32,
    /// The change.
    pub handover: Handover,
    /// When.
    pub offered: Timestamp,
}

/// Data of `handover.acknowledged`: the receiver has committed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandoverAcknowledged {
    /// The hand-over.
    pub number: u64,
}

/// Data of `handover.received`: the receiver has taken it in, with whatever it led to in the same commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandoverReceived {
    /// The sender's number of it.
    pub number: u64,
}
