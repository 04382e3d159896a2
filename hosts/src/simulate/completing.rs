//! Somebody who completes every task when it is due.

use std::collections::{BTreeSet, HashMap};

use punctual_actors::user::TaskRecord;
use punctual_events::{Moment, TaskId, Timestamp};

/// When which open task is to be completed.
#[derive(Debug, Default)]
pub(super) struct Completing {
    queue: BTreeSet<(Timestamp, TaskId)>,
    at: HashMap<TaskId, Timestamp>,
}

impl Completing {
    /// Takes in a task as it is now.
    pub(super) fn note(&mut self, record: &TaskRecord) {
        let id = record.task.id;
        if let Some(before) = self.at.remove(&id) {
            self.queue.remove(&(before, id));
        }
        if let Some(at) = completion(record) {
            self.at.insert(id, at);
            self.queue.insert((at, id));
        }
    }

    /// The instant of the next completion.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// The tasks to be completed by `now`; they are forgotten.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<TaskId> {
        let mut due = Vec::new();
        while let Some((_, task)) = self.queue.first().filter(|(at, _)| *at <= now).copied() {
            self.queue.pop_first();
            self.at.remove(&task);
            due.push(task);
        }
        due
    }
}

/// At the due; on the day of one that is all day, when nobody is reminded of it any more. An instance without a due is completed when it starts.
fn completion(record: &TaskRecord) -> Option<Timestamp> {
    if !record.is_open() {
        return None;
    }
    match (&record.task.due, record.task.start.as_deref()) {
        (Some(Moment::Day { .. }), _) => record.overdue_from.map(|end| end.plus_millis(-1)),
        (Some(due), _) => Some(due.instant()),
        (None, start) => start.filter(|_| record.task.series.is_some()).map(Moment::instant),
    }
}
