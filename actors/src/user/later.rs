//! A change of the open instance of a series that is meant for the instances after it too.

use punctual_events::{HandoverMessage, SeriesId, Task, TaskField, TaskId, UserEvent};

use crate::{
    machine::{Context, Decision},
    refusal::Refusal,
    user::{command::UserReply, draft::TaskPatch, state::UserActor, validate},
};

impl UserActor {
    /// Patches the instance and hands over to its series what that changed. A change of the recurrence is handed over already: it is always meant for
    /// the later ones.
    pub(super) fn patch_later(
        &self,
        id: TaskId,
        patch: &TaskPatch,
        if_match: Option<u64>,
        context: &mut Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        let record = self.record(id)?;
        let series = self.live_series(&record.task).filter(|_| record.is_open());
        let series = series.map(|(series, _)| series).ok_or_else(|| {
            Refusal::invalid(
                "edit",
                "only the open instance of a series that goes on is followed by others",
            )
        })?;
        let mut decision = self.patch(id, patch, if_match, context)?;
        let updated = decision.events.iter().find_map(|event| match event {
            UserEvent::TaskUpdated(change) if !change.changed.contains(&TaskField::Recurrence) => Some(change.clone()),
            _ => None,
        });
        if let Some(change) = updated {
            let edit = self.edit(series, &change.changed, &change.task, context)?;
            decision.events.extend(self.offers(edit, context));
        }
        Ok(decision)
    }

    fn edit(
        &self,
        series: SeriesId,
        changed: &[TaskField],
        task: &Task,
        context: &Context<'_>,
    ) -> Result<Option<(SeriesId, HandoverMessage)>, Refusal> {
        let mut task = task.clone();
        if changed
            .iter()
            .any(|field| matches!(field, TaskField::Due | TaskField::Start))
        {
            // The rule is to run from there.
            let (due, start) = (task.due.as_ref(), task.start.as_deref());
            let zone = &self.profile.time_zone;
            if let Some(recurrence) = &mut task.recurrence {
                **recurrence = validate::recurrence(recurrence, due, start, zone, context.zones)?;
            }
        }
        let message = self.definition(&task).map(|definition| HandoverMessage::EditSeries {
            changed: changed.to_vec(),
            occurrence: definition.first_occurrence,
            definition,
        });
        Ok(message.map(|message| (series, message)))
    }
}
