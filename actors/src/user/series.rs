//! What a user's actor keeps of each of their series.

use std::sync::Arc;

use punctual_events::{ActorId, HandoverMessage, TaskId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    paged::Weigh,
    user::{record::TaskRecord, state::UserActor},
};

/// What a user's actor knows of one of their series; the series' own actor knows the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesRef {
    /// Number of the last hand-over to the series. An instance that was made for an older one is out of date.
    pub cause: u64,
    /// The instance that was completed or skipped last, the predecessor of the open one.
    #[serde(default)]
    pub closed: Option<TaskId>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// True when a person ended it.
    pub ended: bool,
    /// The open instance.
    pub open: Option<TaskId>,
}

impl Weigh for SeriesRef {
    fn weight(&self) -> usize {
        180
    }
}

impl UserActor {
    /// Keeps the reference to a task's series.
    pub(super) fn evolve_series(&mut self, record: &TaskRecord, reopened: bool) {
        let Some(series) = record.task.series else { return };
        let id = record.task.id;
        let before = self.series.get(&series);
        let mut reference = before.map_or_else(SeriesRef::default, |before| SeriesRef::clone(before));
        if record.is_open() {
            reference.open = Some(id);
        } else if reference.open == Some(id) {
            (reference.open, reference.closed) = (None, Some(id));
            // One that was completed elsewhere has reminded there.
            let is_imported = record
                .task
                .completed
                .is_some_and(|completed| completed != record.task.updated);
            reference.closed_at = (!is_imported).then_some(record.task.updated);
        }
        if reopened {
            (reference.closed, reference.closed_at) = (None, None);
        }
        if before.is_none_or(|before| **before != reference) {
            self.series.insert(series, Arc::new(reference));
        }
    }

    pub(super) fn evolve_handover(&mut self, to: ActorId, number: u64, message: &HandoverMessage) {
        let ActorId::Series(series) = to else { return };
        let Some(reference) = self.series.get(&series) else {
            return;
        };
        let mut reference = SeriesRef::clone(reference);
        reference.cause = reference.cause.max(number);
        reference.ended |= matches!(message, HandoverMessage::EndSeries { .. });
        self.series.insert(series, Arc::new(reference));
    }
}
