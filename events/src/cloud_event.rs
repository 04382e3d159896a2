//! Events on their way: CloudEvents 1.0 on three topics.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    ActorId, Commit, CommitHeader, Digest, EventRecord, EventType, Principal, Seq, Task, TaskTombstone, Timestamp,
    UserId, unreadable::without_content,
};

/// Where events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Everything that happened. Read by audit and recurring.
    TaskEvents,
    /// Reminders that fired, notifications that were dismissed or snoozed, what users want by mail, users who were deleted. Read by notification and sync.
    Reminders,
    /// Tasks as they are after a change. Read by sync.
    TaskUpdates,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 3] = [Self::TaskEvents, Self::Reminders, Self::TaskUpdates];

    /// Its name on the broker.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaskEvents => "task-events",
            Self::Reminders => "reminders",
            Self::TaskUpdates => "task-updates",
        }
    }

    /// Its place in [`CommitHeader::previous_on_topic`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The type under which an event of `event_type` appears on this topic, if it does.
    #[must_use]
    pub fn carries(self, event_type: EventType) -> Option<EventType> {
        use EventType as T;
        match (self, event_type) {
            (Self::TaskEvents, T::TaskState | T::TaskRemoved) => None,
            (Self::TaskEvents, own) => Some(own),
            // Whoever reminds a user must know how they want it, forget one who is gone, and hear of both after every reminder; clients never see
            // these.
            (
                Self::Reminders,
                T::ReminderFired | T::ReminderDismissed | T::ReminderSnoozed | T::MailChanged | T::UserDeleted,
            ) => Some(event_type),
            (Self::TaskUpdates, T::TaskCreated | T::TaskUpdated | T::TaskCompleted | T::TaskReopened) => {
                Some(T::TaskState)
            }
            (Self::TaskUpdates, T::TaskDeleted) => Some(T::TaskRemoved),
            // Sync must close the sockets of a sign-in that ended, and tell clients to read anew when the user moved to another zone; clients never
            // see these.
            (Self::TaskUpdates, T::SessionEnded | T::UserChanged | T::UserDeleted) => Some(event_type),
            (Self::Reminders | Self::TaskUpdates, _) => None,
        }
    }
}

/// An event on a topic. `source` and `id` together identify it; a repeated delivery has the same.
#[derive(Clone, Debug)]
pub struct CloudEvent {
    /// Where it is.
    pub topic: Topic,
    /// What happened.
    pub event_type: EventType,
    /// The commit it is part of.
    pub commit: Arc<CommitHeader>,
    /// Its place among all events of the commit, from 0.
    pub index: u16,
    /// Its place among those of the commit's events that are on this topic, from 1.
    pub part: u16,
    /// How many of the commit's events are on this topic.
    pub parts: u16,
    /// Who did it.
    pub by: Principal,
    /// Digest of the event in the log.
    pub digest: Digest,
    /// W3C trace context of the request it came of.
    pub traceparent: Option<Box<str>>,
    /// The data, as JSON.
    pub data: Arc<RawValue>,
}

/// A CloudEvent that is not one of ours.
#[derive(Debug, thiserror::Error)]
#[error("not an event of Punctual: {0}")]
pub struct CloudEventError(String);

impl From<serde_json::Error> for CloudEventError {
    fn from(error: serde_json::Error) -> Self {
        Self(without_content(&error))
    }
}

impl Commit {
    /// This commit's events on `topic`, in order.
    ///
    /// # Errors
    /// When the data of an event is not what its type says.
    pub fn cloud_events(&self, topic: Topic) -> Result<Vec<CloudEvent>, CloudEventError> {
        let on_topic = || {
            self.events
                .iter()
                .zip(self.traceparents())
                .enumerate()
                .filter_map(|(i, (e, trace))| Some((i, e, trace, topic.carries(e.event_type)?)))
        };
        let parts = u16::try_from(on_topic().count()).unwrap_or(u16::MAX);
        if parts == 0 {
            return Ok(Vec::new());
        }
        let commit = Arc::new(self.header.clone());
        on_topic()
            .zip(1..)
            .map(|((index, record, traceparent, event_type), part)| {
                Ok(CloudEvent {
                    topic,
                    event_type,
                    commit: Arc::clone(&commit),
                    index: u16::try_from(index).unwrap_or(u16::MAX),
                    part,
                    parts,
                    by: record.by,
                    digest: record.digest,
                    traceparent: traceparent.map(Into::into),
                    data: data_for(event_type, record)?,
                })
            })
            .collect()
    }

    /// True when at least one event of this commit is on `topic`.
    #[must_use]
    pub fn is_on(&self, topic: Topic) -> bool {
        self.events
            .iter()
            .any(|event| topic.carries(event.event_type).is_some())
    }
}

/// The data as it goes out: the record's own, but for `task-updates`, which carry the resource itself or its tombstone.
pub(crate) fn data_for(event_type: EventType, record: &EventRecord) -> Result<Arc<RawValue>, CloudEventError> {
    #[derive(Deserialize)]
    struct WithTask<'a> {
        #[serde(borrow)]
        task: &'a RawValue,
    }
    if record.is_erased() {
        return Ok(Arc::clone(&record.data));
    }
    match event_type {
        EventType::TaskState => {
            let WithTask { task } = serde_json::from_str(record.data.get())?;
            Ok(task.to_owned().into())
        }
        EventType::TaskRemoved => {
            let WithTask { task } = serde_json::from_str(record.data.get())?;
            let task: Task = serde_json::from_str(task.get())?;
            let tombstone = TaskTombstone {
                deleted: true,
                id: task.id,
                version: task.version,
            };
            Ok(serde_json::value::to_raw_value(&tombstone)?.into())
        }
        _ => Ok(Arc::clone(&record.data)),
    }
}

/// The JSON form of an event; the attributes after `datacontenttype` are our extensions, all optional to a reader that only wants the data.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    specversion: Cow<'a, str>,
    id: String,
    source: Cow<'a, str>,
    #[serde(rename = "type")]
    event_type: EventType,
    subject: String,
    time: Timestamp,
    datacontenttype: Cow<'a, str>,
    partitionkey: UserId,
    principal: Principal,
    sequence: String,
    previoussequence: String,
    part: u16,
    parts: u16,
    commithash: Digest,
    previoushash: Digest,
    digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    data: Arc<RawValue>,
}

impl CloudEvent {
    /// `<actor>/<seq>/<n>`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.commit.actor, self.commit.seq, self.index)
    }

    /// The sequence of the actor's commit before this one that had something on this topic.
    #[must_use]
    pub fn previous_on_topic(&self) -> Seq {
        self.commit.previous_on_topic[self.topic.index()]
    }
}

impl Serialize for CloudEvent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let source = match self.topic {
            Topic::TaskEvents => "/punctual/task-events",
            Topic::Reminders => "/punctual/reminders",
            Topic::TaskUpdates => "/punctual/task-updates",
        };
        Wire {
            specversion: "1.0".into(),
            id: self.id(),
            source: source.into(),
            event_type: self.event_type,
            subject: self.commit.actor.to_string(),
            time: self.commit.time,
            datacontenttype: "application/json".into(),
            partitionkey: self.commit.owner,
            principal: self.by,
            sequence: self.commit.seq.to_string(),
            previoussequence: self.previous_on_topic().to_string(),
            part: self.part,
            parts: self.parts,
            commithash: self.commit.hash,
            previoushash: self.commit.previous,
            digest: self.digest,
            traceparent: self.traceparent.as_deref().map(Cow::Borrowed),
            data: Arc::clone(&self.data),
        }
        .serialize(serializer)
    }
}

impl CloudEvent {
    /// Reads an event as it came from a broker, on whose way members may have been reordered and white space changed: the data is made
    /// canonical again, so that its digest can be checked.
    ///
    /// # Errors
    /// When it is not an event of Punctual.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CloudEventError> {
        let bad = |what: &str| CloudEventError(what.to_owned());
        let wire: Wire<'_> = serde_json::from_slice(bytes)?;
        if wire.specversion != "1.0" {
            return Err(bad("specversion is not 1.0"));
        }
        let topic = Topic::ALL
            .into_iter()
            .find(|topic| wire.source.strip_prefix("/punctual/") == Some(topic.as_str()));
        let topic = topic.ok_or_else(|| bad("source names no topic"))?;
        let (actor, place) = split_id(&wire.id).ok_or_else(|| bad("id is not <actor>/<seq>/<n>"))?;
        let data: serde_json::Value = serde_json::from_str(wire.data.get())?;
        let data = serde_json::value::to_raw_value(&data)?;
        // The sidecar of Dapr writes an empty one into an event that has none.
        let traceparent = wire.traceparent.filter(|text| !text.is_empty());
        let traceparent: Option<Box<str>> = traceparent.map(|text| text.into_owned().into());
        // An event says this of its own topic only. Nobody may conclude that nothing happened on the others.
        let mut previous_on_topic = [Seq::UNKNOWN; 3];
        previous_on_topic[topic.index()] = Seq(wire.previoussequence.parse().map_err(|_| bad("previoussequence"))?);
        Ok(Self {
            topic,
            event_type: wire.event_type,
            index: place.1,
            part: wire.part,
            parts: wire.parts,
            by: wire.principal,
            digest: wire.digest,
            traceparent: traceparent.clone(),
            data: data.into(),
            commit: Arc::new(CommitHeader {
                actor,
                hash: wire.commithash,
                owner: wire.partitionkey,
                previous: wire.previoushash,
                previous_on_topic,
                seq: place.0,
                time: wire.time,
                traceparent,
            }),
        })
    }
}

fn split_id(id: &str) -> Option<(ActorId, (Seq, u16))> {
    let (rest, index) = id.rsplit_once('/')?;
    let (actor, seq) = rest.rsplit_once('/')?;
    Some((actor.parse().ok()?, (Seq(seq.parse().ok()?), index.parse().ok()?)))
}
