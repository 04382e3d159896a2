//! What a series' late policy does to its open instance when a later instant comes.

use std::sync::Arc;

use punctual_events::{
    HandoverMessage, LatePolicy, Moment, OccurrenceOutcome, SeriesId, Task, TaskChange, TaskId, Timestamp, UserEvent,
};

use crate::{
    machine::{Context, Decision},
    refusal::{Code, Refusal},
    user::{
        command::UserReply,
        inbox::just_passed,
        record::{TaskRecord, overdue_from},
        state::UserActor,
        tasks::changed_fields,
    },
    zone::ZoneData,
};

impl UserActor {
    /// A series asks to move its open instance to a later occurrence, or to give it up. What it did not know of yet decides: then nothing is
    /// done, and it will ask again when that has arrived.
    pub(super) fn let_pass(
        &self,
        from: SeriesId,
        message: &HandoverMessage,
        context: &Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        let events = match message {
            HandoverMessage::MoveInstance {
                at,
                cause,
                due,
                occurrence,
                start,
                task,
            } => {
                let record = self.current_instance(from, *cause, *task);
                let there = (due.as_ref(), start.as_deref());
                let at = at.as_deref().or(there.0).or(there.1);
                record.map(|record| self.moved(from, record, (*occurrence, at), there, context))
            }
            HandoverMessage::SkipInstance { cause, task } => {
                let record = self.current_instance(from, *cause, *task);
                record.map(|record| self.given_up(record, context))
            }
            _ => {
                let refusal = "a user takes instances, and what becomes of them, only";
                return Err(Refusal::new(Code::BadRequest, refusal));
            }
        };
        Ok(Decision {
            events: events.unwrap_or_default(),
            reply: UserReply::Done,
        })
    }

    /// Days begin in another zone now, and floating times are times there: each series whose occurrences follow the user has to know. Where no instance is
    /// open, one is on its way, and the series is told when it arrives. All of them are told, since an instance may have been moved to
    /// where its series is not.
    pub(super) fn tell_zone(&self, time_zone: &str, context: &Context<'_>) -> Vec<UserEvent> {
        let live = self.series.iter();
        let live = live.filter(|(_, reference)| !reference.ended && reference.open.is_some());
        let told = live.map(|(series, _)| {
            let time_zone = time_zone.into();
            (*series, HandoverMessage::ChangeZone { time_zone })
        });
        self.offers(told, context)
    }

    /// The open instance, if the series knows all that was handed over to it.
    fn current_instance(&self, series: SeriesId, cause: u64, task: TaskId) -> Option<&TaskRecord> {
        let reference = self.series.get(&series)?;
        let is_current = reference.cause == cause && !reference.ended && reference.open == Some(task);
        self.record(task).ok().filter(|record| is_current && record.is_open())
    }

    fn given_up(&self, record: &TaskRecord, context: &Context<'_>) -> Vec<UserEvent> {
        let mut events = self.fire(record, context);
        // Nothing comes again of what is over.
        events.retain(|event| !matches!(event, UserEvent::ReminderFired(fired) if fired.replaces.is_some()));
        events.push(self.deleted(record, context));
        events.extend(self.close_occurrence(&record.task, OccurrenceOutcome::Skipped, context));
        events
    }

    /// Its due and start move forward, never back: a person may have moved them further. Reminders that passed on the way fire.
    fn moved(
        &self,
        series: SeriesId,
        record: &TaskRecord,
        (occurrence, at): (u32, Option<&Moment>),
        (due, start): (Option<&Moment>, Option<&Moment>),
        context: &Context<'_>,
    ) -> Vec<UserEvent> {
        let before = &record.task;
        // The series may not have heard of a change of the user's zone yet.
        let [at, due, start] = [at, due, start].map(|moment| moment.map(|moment| self.resolve(moment, context)));
        let Some((at, was)) = at.zip(before.occurrence) else {
            return Vec::new();
        };
        let task = self.next_version(before, context, |task| {
            task.occurrence = Some(occurrence);
            forward(task.due.as_mut(), due.as_ref());
            forward(task.start.as_deref_mut(), start.as_ref());
        });
        let (mut events, fired) = self.fire_passing(record, &task, context);
        let changed = changed_fields(before, &task);
        events.push(UserEvent::TaskUpdated(TaskChange {
            changed,
            task: Arc::clone(&task),
        }));
        events.extend(fired);
        let message = HandoverMessage::PassOccurrence {
            at,
            closed: context.now,
            occurrence: was,
            time_zone: self.profile.time_zone.clone(),
            to: occurrence,
        };
        events.extend(self.offers([(series, message)], context));
        events
    }

    /// From when on what passed before it was set with a task, at `now`, is not past; `None` where nothing is.
    pub(super) fn not_past_since(
        &self,
        before: Option<&TaskRecord>,
        task: &Task,
        (now, zones): (Timestamp, &dyn ZoneData),
    ) -> Option<Timestamp> {
        let comes_in_time = || before.is_none() && self.comes_before_it_is_over(task, zones);
        (!self.takes_over(before, task, now) && !comes_in_time()).then(|| just_passed(now))
    }

    /// Whether a task is the instance after one that a person closed when this was not over yet: there is still something to remind of, and nothing
    /// of it has reminded, for it was not there.
    fn comes_before_it_is_over(&self, task: &Task, zones: &dyn ZoneData) -> bool {
        let reference = task.series.and_then(|series| self.series.get(&series));
        let Some(closed) = reference.and_then(|reference| reference.closed_at) else {
            return false;
        };
        let at = task.due.as_ref().or(task.start.as_deref());
        overdue_from(at, &self.profile.time_zone, zones).is_some_and(|over| over > closed)
    }

    /// Whether a task comes at an instant of its own, when what is to remind before it has passed: under `skip` and `keep_one_open`, where nobody
    /// completed the one before. Then nothing of it has reminded yet.
    pub(super) fn takes_over(&self, before: Option<&TaskRecord>, task: &Task, now: Timestamp) -> bool {
        let Some(series) = task.series else { return false };
        if let Some(TaskRecord { task: before, .. }) = before {
            // Only a series moves its instance to another occurrence; a person who makes a task recur gives it a series.
            let is_moved = (&before.due, &before.start) != (&task.due, &task.start);
            return before.series == Some(series) && before.occurrence != task.occurrence && is_moved;
        }
        let gives_up = task
            .recurrence
            .as_ref()
            .is_some_and(|of| of.late_policy == LatePolicy::Skip);
        let at = task.due.as_ref().or(task.start.as_deref());
        let has_come = at.is_some_and(|at| at.instant() <= now);
        let closed = self.series.get(&series).and_then(|reference| reference.closed);
        let was_given_up = || {
            closed
                .and_then(|closed| self.tasks.get(&closed))
                .is_some_and(|of| of.deleted.is_some())
        };
        gives_up && has_come && was_given_up()
    }
}

fn forward(moment: Option<&mut Moment>, to: Option<&Moment>) {
    if let (Some(moment), Some(to)) = (moment, to)
        && moment.instant() < to.instant()
    {
        moment.clone_from(to);
    }
}
