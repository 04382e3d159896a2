//! Tasks that are instances of a series: what is handed over to the series' actor, and what comes back.

use std::sync::Arc;

use punctual_events::{
    ActorId, Handover, HandoverAcknowledged, HandoverMessage, Moment, OccurrenceOutcome, SeriesDefinition, SeriesId,
    Task, TaskChange, TaskField, Timestamp, UserEvent,
};

use crate::{
    machine::{Context, Decision},
    refusal::{Code, Refusal},
    user::{
        command::UserReply, draft::TaskPatch, inbox::just_passed, later::Scope, record::resolve, series::SeriesRef,
        state::UserActor,
    },
};

impl UserActor {
    /// The definition of a series whose instances look like `task`, from its occurrence on.
    pub(super) fn definition(&self, task: &Task) -> Option<Box<SeriesDefinition>> {
        let relative = |reminder: &&punctual_events::Reminder| reminder.time.is_relative();
        Some(Box::new(SeriesDefinition {
            description: task.description.clone(),
            due: task.due.clone(),
            first_occurrence: task.occurrence?,
            list: task.list.clone(),
            owner: self.id,
            priority: task.priority,
            recurrence: task.recurrence.clone()?,
            reminders: task.reminders.iter().filter(relative).cloned().collect(),
            spent: None,
            start: task.start.clone(),
            tags: task.tags.clone(),
            time_zone: self.profile.time_zone.clone(),
            title: task.title.clone(),
        }))
    }

    /// The first offers of a decision, each to another series.
    pub(super) fn offers(
        &self,
        messages: impl IntoIterator<Item = (SeriesId, HandoverMessage)>,
        context: &Context<'_>,
    ) -> Vec<UserEvent> {
        let mut numbering = self.handovers.numbering();
        let offers = messages.into_iter().map(|(series, message)| {
            let previous = self.series.get(&series).map_or(0, |reference| reference.cause);
            numbering.offer(ActorId::Series(series), previous, message, context.now)
        });
        offers.map(UserEvent::HandoverOffered).collect()
    }

    /// The series of an instance, unless a person ended it.
    pub(super) fn live_series(&self, task: &Task) -> Option<(SeriesId, &SeriesRef)> {
        let series = task.series?;
        let reference = self.series.get(&series).filter(|reference| !reference.ended)?;
        Some((series, reference))
    }

    /// A recurring task was created: its series begins.
    pub(super) fn start_series(&self, task: &Task, context: &Context<'_>) -> Vec<UserEvent> {
        self.offers(self.starting(task), context)
    }

    fn starting(&self, task: &Task) -> Option<(SeriesId, HandoverMessage)> {
        let message = HandoverMessage::StartSeries {
            definition: self.definition(task)?,
            first: task.id,
        };
        Some((task.series?, message))
    }

    /// The recurrence of a task was set, changed or taken away.
    pub(super) fn change_recurrence(
        &self,
        before: &Task,
        (after, changed): (&mut Arc<Task>, &[TaskField]),
        scope: Scope,
        context: &mut Context<'_>,
    ) -> Result<Vec<UserEvent>, Refusal> {
        if before.status == punctual_events::Status::Done {
            return Err(Refusal::invalid(
                "recurrence",
                "only an open task can be made to recur, or to stop recurring",
            ));
        }
        let live = self.live_series(before);
        Ok(match (live, after.recurrence.is_some()) {
            // Handed over as a change of all.
            (Some(_), true) if scope == Scope::All => Vec::new(),
            (Some((series, _)), true) => {
                let edit = self.edit(series, changed, after, scope, context)?;
                self.offers(edit, context)
            }
            (Some((series, _)), false) => self.offers([(series, HandoverMessage::EndSeries { closed: None })], context),
            (None, true) => {
                self.refuse_too_many_series()?;
                let task = Arc::make_mut(after);
                (task.series, task.occurrence) = (Some(SeriesId(context.new_uuid())), Some(0));
                // To a series that has ended, whose last instance this was, it is lost.
                let left = self.closing(before, OccurrenceOutcome::Skipped, context.now);
                self.offers(left.into_iter().chain(self.starting(after)), context)
            }
            (None, false) => Vec::new(),
        })
    }

    /// The open instance of a series was completed or skipped. A series that has ended makes no successor, but it keeps what became of its last.
    pub(super) fn close_occurrence(
        &self,
        task: &Task,
        outcome: OccurrenceOutcome,
        context: &Context<'_>,
    ) -> Vec<UserEvent> {
        self.offers(self.closing(task, outcome, context.now), context)
    }

    fn closing(
        &self,
        task: &Task,
        outcome: OccurrenceOutcome,
        closed: Timestamp,
    ) -> Option<(SeriesId, HandoverMessage)> {
        let series = task.series?;
        let reference = self.series.get(&series)?;
        if reference.open != Some(task.id) {
            return None;
        }
        let is_done = outcome == OccurrenceOutcome::Done;
        let message = HandoverMessage::CloseOccurrence {
            closed,
            done: task.completed.filter(|done| is_done && *done < closed),
            occurrence: task.occurrence?,
            outcome,
            time_zone: self.profile.time_zone.clone(),
        };
        Some((series, message))
    }

    /// A completed instance is to be open again: its successor, if nobody touched it, is withdrawn.
    pub(super) fn reopen_occurrence(
        &self,
        task: &Task,
        context: &Context<'_>,
    ) -> Result<(Option<UserEvent>, Vec<UserEvent>), Refusal> {
        let Some((series, reference)) = task.series.and_then(|series| Some((series, self.series.get(&series)?))) else {
            return Ok((None, Vec::new()));
        };
        let successor = reference.open.and_then(|open| self.tasks.get(&open));
        let successor = successor.filter(|successor| successor.is_open() && successor.task.series == Some(series));
        // A series that has ended has no say in which, but two of its instances are never open.
        let is_superseded = if reference.ended {
            successor.is_some()
        } else {
            reference.closed != Some(task.id) || successor.is_some_and(|successor| successor.task.version > 1)
        };
        if is_superseded {
            let detail = if reference.ended {
                "another instance of its series, which has ended, is open, and two never are"
            } else {
                "its successor was changed or closed since; only the latest completed instance can be reopened"
            };
            return Err(Refusal::new(Code::OccurrenceSuperseded, detail));
        }
        let message = HandoverMessage::ReopenOccurrence {
            occurrence: task.occurrence.unwrap_or_default(),
        };
        Ok((
            successor.map(|successor| self.deleted(successor, context)),
            self.offers([(series, message)], context),
        ))
    }

    /// A task is deleted with its series: no further instances. Where another instance is open, it stays, and is closed like any.
    pub(super) fn end_series(&self, task: &Task, context: &Context<'_>) -> Vec<UserEvent> {
        let Some((series, reference)) = self.live_series(task) else {
            return self.close_occurrence(task, OccurrenceOutcome::Skipped, context);
        };
        let is_last = reference.open.is_none_or(|open| open == task.id);
        let closed = is_last.then_some(context.now);
        self.offers([(series, HandoverMessage::EndSeries { closed })], context)
    }

    /// Nothing more comes of a series. Its open instance stays, as a task that does not recur.
    pub(super) fn end_by_itself(
        &self,
        series: SeriesId,
        context: &mut Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        let reference = self.series.get(&series).ok_or_else(Refusal::not_found)?;
        let events = match reference.open {
            _ if reference.ended => Vec::new(),
            Some(open) => {
                let patch = TaskPatch {
                    recurrence: Some(None),
                    ..TaskPatch::default()
                };
                self.patch(open, &patch, None, context)?.events
            }
            None => {
                let closed = Some(context.now);
                self.offers([(series, HandoverMessage::EndSeries { closed })], context)
            }
        };
        Ok(Decision {
            events,
            reply: UserReply::Done,
        })
    }

    /// Deletes every series, in one decision: those that ended too, for they keep what they were. It needs nothing that was handed over before,
    /// which is not offered any more.
    pub(super) fn delete_all_series(&self, context: &Context<'_>) -> Vec<UserEvent> {
        let mut numbering = self.handovers.numbering();
        let message = HandoverMessage::DeleteSeries { owner: self.id };
        let offers = self.series.iter().map(|(series, _)| {
            let offer = numbering.offer(ActorId::Series(*series), 0, message.clone(), context.now);
            UserEvent::HandoverOffered(offer)
        });
        offers.collect()
    }

    /// A series hands an instance over. One that was made for an older state of things is out of date and not taken; either way the series may
    /// forget it.
    pub(super) fn receive(
        &self,
        from: SeriesId,
        handover: &Handover,
        context: &Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        let ignored = Ok(Decision {
            events: Vec::new(),
            reply: UserReply::Done,
        });
        let HandoverMessage::OpenInstance { cause, task } = &handover.message else {
            return self.let_pass(from, &handover.message, context);
        };
        let Some(reference) = self.series.get(&from) else {
            return ignored;
        };
        let is_current = reference.cause == *cause && !reference.ended && reference.open.is_none();
        if !is_current || self.tasks.get(&task.id).is_some() {
            return ignored;
        }
        // However long the hand-over took: what was to come when the one before was closed is not past. Of an older release the instant is unknown.
        let closed = if task.updated == Timestamp::MIN {
            context.now
        } else {
            task.updated.min(context.now)
        };
        let mut task = Task::clone(task);
        (task.created, task.updated, task.version) = (context.now, context.now, 0);
        // The user's zone may have changed since it was made: then the series has not heard of it.
        let made = (task.due.clone(), task.start.clone());
        task.due = task.due.as_ref().map(|due| self.resolve(due, context));
        task.start = task.start.map(|start| Box::new(self.resolve(&start, context)));
        let told = (made != (task.due.clone(), task.start.clone())).then(|| {
            let time_zone = self.profile.time_zone.clone();
            (from, HandoverMessage::ChangeZone { time_zone })
        });
        let task = self.next_version(&task, context, |_| ());
        let mut events = vec![UserEvent::TaskCreated(TaskChange {
            changed: Vec::new(),
            task: Arc::clone(&task),
        })];
        let since = self.not_past_since(None, &task, (context.now, context.zones));
        let since = (since.map(|_| just_passed(closed)), closed);
        let mut fired = self.fire_passed(None, &task, since, context);
        if let Some(given_up) = reference.closed.filter(|_| self.takes_over(None, &task, context.now)) {
            self.replace(given_up, &mut fired, |_| true);
        }
        events.extend(fired);
        events.extend(self.offers(told, context));
        Ok(Decision {
            events,
            reply: UserReply::Done,
        })
    }

    /// A moment as it is where the user lives now.
    pub(super) fn resolve(&self, moment: &Moment, context: &Context<'_>) -> Moment {
        resolve(moment, &self.profile.time_zone, context.zones)
    }

    /// A hand-over arrived.
    pub(super) fn acknowledge(&self, number: u64) -> Decision<UserEvent, UserReply> {
        let owed = self.handovers.owes(number);
        let event = owed.then_some(UserEvent::HandoverAcknowledged(HandoverAcknowledged { number }));
        Decision {
            events: event.into_iter().collect(),
            reply: UserReply::Done,
        }
    }
}
