//! Commands on tasks: create, patch, complete, reopen, delete.

use std::sync::Arc;

use punctual_events::{
    Moment, Principal, Recurrence, SeriesId, Status, Task, TaskChange, TaskField, TaskId, Timestamp, UserEvent,
};
use serde_json::Value;

use crate::{
    machine::{Context, Decision},
    refusal::{Code, Refusal},
    user::{
        command::UserReply,
        draft::{Imported, MomentInput, TaskDraft, TaskPatch},
        inbox::just_passed,
        later::Scope,
        merge::MomentPatch,
        record::{TaskRecord, overdue_from},
        reminding::moves_reminders,
        state::UserActor,
        validate,
    },
    zone::ZoneData,
};

/// Tasks a user can have, deleted ones included.
const MAX_TASKS: usize = 200_000;

/// Series a user can have, ended ones included: the end of a user ends them all in one commit, which has to stay below 4 MiB.
pub(super) const MAX_SERIES: usize = 10_000;

type Decided = Result<Decision<UserEvent, UserReply>, Refusal>;

/// A decision that answers with a task.
pub(super) fn with_task(events: Vec<UserEvent>, task: Arc<Task>, created: bool) -> Decision<UserEvent, UserReply> {
    Decision {
        events,
        reply: UserReply::Task { created, task },
    }
}

impl UserActor {
    /// The task, unless it was deleted or never was.
    pub(super) fn record(&self, task: TaskId) -> Result<&TaskRecord, Refusal> {
        let record = self.tasks.get(&task).filter(|record| record.deleted.is_none());
        record.map(Arc::as_ref).ok_or_else(Refusal::not_found)
    }

    /// The task, if it has the version the client expects.
    fn record_if(&self, task: TaskId, if_match: Option<u64>) -> Result<&TaskRecord, Refusal> {
        let record = self.record(task)?;
        match if_match {
            Some(version) if version != record.task.version => Err(Refusal {
                current: Some(Arc::clone(&record.task)),
                ..Refusal::new(
                    Code::VersionMismatch,
                    format!("the task has version {}", record.task.version),
                )
            }),
            Some(_) | None => Ok(record),
        }
    }

    /// The next version of a task, after `edit`.
    pub(super) fn next_version(&self, task: &Task, context: &Context<'_>, edit: impl FnOnce(&mut Task)) -> Arc<Task> {
        let mut next = task.clone();
        edit(&mut next);
        next.version += 1;
        next.updated = context.now;
        self.judge_overdue(&mut next, context);
        Arc::new(next)
    }

    fn judge_overdue(&self, task: &mut Task, context: &Context<'_>) {
        let from = overdue_from(task.due.as_ref(), &self.profile.time_zone, context.zones);
        task.overdue = task.status == Status::Open && from.is_some_and(|from| from <= context.now);
    }

    /// The task as it is now, where only its being overdue can have changed since its last event.
    pub(super) fn as_of(record: &TaskRecord, now: punctual_events::Timestamp) -> Arc<Task> {
        let overdue = record.is_overdue(now);
        if record.task.overdue == overdue {
            return Arc::clone(&record.task);
        }
        Arc::new(Task {
            overdue,
            ..Task::clone(&record.task)
        })
    }

    pub(super) fn create(&self, draft: &TaskDraft, imported: Option<&Imported>, context: &mut Context<'_>) -> Decided {
        if imported.is_some()
            && let Some(existing) = draft.external_uid.as_deref().and_then(|uid| self.task_by_uid(uid))
        {
            return Ok(with_task(Vec::new(), Self::as_of(existing, context.now), false));
        }
        if self.tasks.len() >= MAX_TASKS {
            return Err(Refusal::new(Code::LimitReached, format!("at most {MAX_TASKS} tasks")));
        }
        let mut task = draft_task(draft, &self.profile.time_zone, context)?;
        if let Some(Imported { completed, done: true }) = imported {
            (task.status, task.completed) = (Status::Done, Some(completed.unwrap_or(context.now)));
            task.recurrence = None;
        }
        if task.recurrence.is_some() {
            self.refuse_too_many_series()?;
            (task.series, task.occurrence) = (Some(SeriesId(context.new_uuid())), Some(0));
        }
        self.judge_overdue(&mut task, context);
        let task = Arc::new(task);
        let mut events = vec![UserEvent::TaskCreated(TaskChange {
            changed: Vec::new(),
            task: Arc::clone(&task),
        })];
        let since = (Some(just_passed(context.now)), context.now);
        events.extend(self.fire_passed(None, &task, since, context));
        events.extend(self.start_series(&task, context));
        Ok(with_task(events, task, true))
    }

    /// Room for one more series.
    pub(super) fn refuse_too_many_series(&self) -> Result<(), Refusal> {
        if self.series.len() < MAX_SERIES {
            return Ok(());
        }
        let message = format!("at most {MAX_SERIES} tasks that were ever made to recur");
        Err(Refusal::new(Code::LimitReached, message))
    }

    pub(super) fn patch(
        &self,
        id: TaskId,
        patch: &TaskPatch,
        if_match: Option<u64>,
        context: &mut Context<'_>,
    ) -> Decided {
        self.patch_as(id, patch, if_match, Scope::One, context)
    }

    /// Patches a task, which is all of the scope that this is about: what the others have of it is handed over by [`patch_others`](Self::patch_others).
    pub(super) fn patch_as(
        &self,
        id: TaskId,
        patch: &TaskPatch,
        if_match: Option<u64>,
        scope: Scope,
        context: &mut Context<'_>,
    ) -> Decided {
        let record = self.record_if(id, if_match)?;
        let current = Self::as_of(record, context.now);
        refuse_read_only(patch, &current)?;
        let patched = match scope {
            Scope::One | Scope::Later => self.patched(&current, patch, context)?,
            Scope::All => {
                let patch = Self::without_what_is_so(&current, patch.clone());
                let moved = self.with_dates_moved(&current, &patch, context)?;
                self.patched(&moved, &patch, context)?
            }
        };
        refuse_dateless(&current, &patched)?;
        let changed = changed_fields(&current, &patched);
        if changed.is_empty() {
            return Ok(with_task(Vec::new(), current, false));
        }
        let reminds_anew = moves_reminders(&changed);
        let mut events = Vec::new();
        if reminds_anew {
            events.extend(self.fire(record, context));
        }
        let mut next = self.next_version(&patched, context, |_| ());
        let series_events = if changed.contains(&TaskField::Recurrence) {
            self.change_recurrence(&current, (&mut next, &changed), scope, context)?
        } else {
            Vec::new()
        };
        events.push(UserEvent::TaskUpdated(TaskChange {
            changed,
            task: Arc::clone(&next),
        }));
        if reminds_anew {
            let since = (Some(just_passed(context.now)), context.now);
            events.extend(self.fire_passed(Some(record), &next, since, context));
        }
        events.extend(series_events);
        Ok(with_task(events, next, false))
    }

    /// The task with the patch applied; version and bookkeeping are not touched.
    pub(super) fn patched(
        &self,
        current: &Task,
        patch: &TaskPatch,
        context: &mut Context<'_>,
    ) -> Result<Task, Refusal> {
        let mut task = current.clone();
        let zone = &self.profile.time_zone;
        if let Some(title) = &patch.title {
            task.title = validate::title(title.as_deref().unwrap_or_default())?;
        }
        if let Some(description) = &patch.description {
            task.description = description.as_deref().map(validate::description).transpose()?.flatten();
        }
        if let Some(list) = &patch.list {
            validate::list(list.as_deref())?;
        }
        if let Some(priority) = patch.priority {
            task.priority = priority;
        }
        if let Some(uid) = &patch.external_uid {
            task.external_uid = uid.as_deref().map(validate::external_uid).transpose()?;
        }
        if let Some(tags) = &patch.tags {
            task.tags = validate::tags(tags.as_deref().unwrap_or_default())?;
        }
        let moment = |field: &str, current: Option<&Moment>, patch: &Option<MomentPatch>| {
            patch
                .as_ref()
                .map(|patch| patch.apply(field, current, zone, context.zones))
                .transpose()
        };
        if let Some(due) = &patch.due {
            task.due = moment("due", current.due.as_ref(), due)?;
        }
        if let Some(start) = &patch.start {
            task.start = moment("start", current.start.as_deref(), start)?.map(Box::new);
        }
        if let Some(reminders) = &patch.reminders {
            task.reminders = validate::reminders(reminders.as_deref().unwrap_or_default(), context)?;
        }
        if let Some(recurrence) = &patch.recurrence {
            task.recurrence = match recurrence {
                None => None,
                Some(changes) => {
                    let patched = changes.apply(current.recurrence.as_deref());
                    let is_dated = (&task.due, &task.start) != (&current.due, &current.start);
                    Some(Box::new(self.patched_recurrence(
                        patched,
                        (&task, is_dated),
                        context,
                    )?))
                }
            };
        }
        Ok(task)
    }

    fn patched_recurrence(
        &self,
        recurrence: Option<Recurrence>,
        (task, is_dated): (&Task, bool),
        context: &Context<'_>,
    ) -> Result<Recurrence, Refusal> {
        let recurrence = recurrence
            .ok_or_else(|| Refusal::new(Code::RecurrenceInvalid, "a recurrence needs an `rrule`").on("recurrence"))?;
        // `task` has its dates as they are to be, and its recurrence as it was.
        let is_so = task.recurrence.as_deref().is_some_and(|now| {
            let dates = |of: &Recurrence| (of.rrule.clone(), of.rdate.clone(), of.exdate.clone());
            !is_dated && dates(now) == dates(&recurrence)
        });
        validate::recurrence(
            (&recurrence, is_so),
            task.due.as_ref(),
            task.start.as_deref(),
            &self.profile.time_zone,
            context.zones,
        )
    }

    /// Completes a task; `done` is when it was done, where that is known from elsewhere.
    pub(super) fn complete(
        &self,
        id: TaskId,
        if_match: Option<u64>,
        done: Option<Timestamp>,
        context: &mut Context<'_>,
    ) -> Decided {
        let record = self.record_if(id, if_match)?;
        if record.task.status == Status::Done {
            return Ok(with_task(Vec::new(), Self::as_of(record, context.now), false));
        }
        let completed = done.map_or(context.now, |done| done.min(context.now));
        let task = self.next_version(&record.task, context, |task| {
            (task.status, task.completed) = (Status::Done, Some(completed));
        });
        let mut events = vec![UserEvent::TaskCompleted(TaskChange {
            changed: Vec::new(),
            task: Arc::clone(&task),
        })];
        events.extend(self.close_occurrence(&task, punctual_events::OccurrenceOutcome::Done, context));
        Ok(with_task(events, task, false))
    }

    pub(super) fn reopen(&self, id: TaskId, if_match: Option<u64>, context: &mut Context<'_>) -> Decided {
        let record = self.record_if(id, if_match)?;
        if record.task.status == Status::Open {
            return Ok(with_task(Vec::new(), Self::as_of(record, context.now), false));
        }
        let (withdrawn, handover) = self.reopen_occurrence(&record.task, context)?;
        let task = self.next_version(&record.task, context, |task| {
            (task.status, task.completed) = (Status::Open, None);
        });
        let mut events: Vec<UserEvent> = withdrawn.into_iter().collect();
        events.push(UserEvent::TaskReopened(TaskChange {
            changed: Vec::new(),
            task: Arc::clone(&task),
        }));
        events.extend(handover);
        Ok(with_task(events, task, false))
    }

    pub(super) fn delete(&self, id: TaskId, if_match: Option<u64>, series: bool, context: &mut Context<'_>) -> Decided {
        let record = self.record_if(id, if_match)?;
        let mut events = vec![self.deleted(record, context)];
        if series {
            events.extend(self.end_series(&record.task, context));
        } else if record.is_open() {
            events.extend(self.close_occurrence(&record.task, punctual_events::OccurrenceOutcome::Skipped, context));
        }
        Ok(Decision {
            events,
            reply: UserReply::Done,
        })
    }

    pub(super) fn deleted(&self, record: &TaskRecord, context: &Context<'_>) -> UserEvent {
        let task = self.next_version(&record.task, context, |_| ());
        UserEvent::TaskDeleted(TaskChange {
            changed: Vec::new(),
            task,
        })
    }
}

/// Refuses to take the last date from what recurs.
fn refuse_dateless(before: &Task, after: &Task) -> Result<(), Refusal> {
    let has_date = |task: &Task| task.due.is_some() || task.start.is_some();
    if after.recurrence.is_some() && has_date(before) && !has_date(after) {
        return Err(validate::without_date(if before.due.is_some() {
            "due"
        } else {
            "start"
        }));
    }
    Ok(())
}

/// Refuses a draft that no user in this zone could create a task from; how many tasks there are already is not looked at.
///
/// # Errors
/// What creating it would be refused for.
pub fn check_draft(draft: &TaskDraft, user_zone: &str, now: Timestamp, zones: &dyn ZoneData) -> Result<(), Refusal> {
    draft_task(draft, user_zone, &mut Context::new(Principal::System, now, zones, 0)).map(|_| ())
}

/// The task of a draft, before anything is known of its being overdue or in a series.
fn draft_task(draft: &TaskDraft, zone: &str, context: &mut Context<'_>) -> Result<Task, Refusal> {
    validate::list(draft.list.as_deref())?;
    let moment = |field: &str, input: &Option<MomentInput>| {
        input
            .as_ref()
            .map(|input| input.resolve(field, zone, context.zones))
            .transpose()
    };
    let (due, start) = (moment("due", &draft.due)?, moment("start", &draft.start)?);
    let recurrence = draft.recurrence.as_ref();
    let recurrence = recurrence
        .map(|recurrence| validate::recurrence((recurrence, false), due.as_ref(), start.as_ref(), zone, context.zones));
    Ok(Task {
        completed: None,
        created: context.now,
        description: draft
            .description
            .as_deref()
            .map(validate::description)
            .transpose()?
            .flatten(),
        due,
        external_uid: draft.external_uid.as_deref().map(validate::external_uid).transpose()?,
        id: TaskId(context.new_uuid()),
        list: None,
        occurrence: None,
        overdue: false,
        priority: draft.priority,
        recurrence: recurrence.transpose()?.map(Box::new),
        reminders: validate::reminders(&draft.reminders, context)?,
        series: None,
        start: start.map(Box::new),
        status: Status::Open,
        tags: validate::tags(&draft.tags)?,
        title: validate::title(&draft.title)?,
        updated: context.now,
        version: 1,
    })
}

/// The fields in which two versions differ, in the order of their names.
pub(super) fn changed_fields(before: &Task, after: &Task) -> Vec<TaskField> {
    let fields = [
        (TaskField::Description, before.description != after.description),
        (TaskField::Due, before.due != after.due),
        (TaskField::ExternalUid, before.external_uid != after.external_uid),
        (TaskField::Priority, before.priority != after.priority),
        (TaskField::Recurrence, before.recurrence != after.recurrence),
        (TaskField::Reminders, before.reminders != after.reminders),
        (TaskField::Start, before.start != after.start),
        (TaskField::Tags, before.tags != after.tags),
        (TaskField::Title, before.title != after.title),
    ];
    fields
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
}

/// Read-only fields may be sent back as they are, which is what a client that edits a whole task does. `overdue` may say anything: it becomes
/// true by itself, after the client has read it.
fn refuse_read_only(patch: &TaskPatch, current: &Task) -> Result<(), Refusal> {
    let sent = [
        ("completed", &patch.completed),
        ("created", &patch.created),
        ("id", &patch.id),
        ("occurrence", &patch.occurrence),
        ("series", &patch.series),
        ("status", &patch.status),
        ("updated", &patch.updated),
        ("version", &patch.version),
    ];
    if sent.iter().all(|(_, value)| value.is_none()) {
        return Ok(());
    }
    let current = serde_json::to_value(current).unwrap_or(Value::Null);
    for (field, value) in sent {
        let Some(value) = value else { continue };
        if current.get(field) != Some(value.as_ref().unwrap_or(&Value::Null)) {
            return Err(Refusal::new(Code::ReadOnly, format!("`{field}` is set by the server")).on(field));
        }
    }
    Ok(())
}
