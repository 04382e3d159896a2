//! A change of the open instance that is meant for the later ones too.

use punctual_events::{SeriesDefinition, SeriesEvent, TaskField};

use crate::series::state::SeriesActor;

impl SeriesActor {
    /// The series takes over what was changed, and nothing else: what only the one instance is or was moved to stays its own. Where its dates were
    /// changed, the rule runs from there.
    pub(super) fn edit(&self, changed: &[TaskField], instance: &SeriesDefinition) -> Vec<SeriesEvent> {
        let Some(mut edited) = self.definition.as_deref().cloned() else {
            return Vec::new();
        };
        for field in changed {
            match field {
                TaskField::Description => edited.description.clone_from(&instance.description),
                TaskField::List => edited.list.clone_from(&instance.list),
                TaskField::Priority => edited.priority = instance.priority,
                TaskField::Reminders => edited.reminders.clone_from(&instance.reminders),
                TaskField::Tags => edited.tags.clone_from(&instance.tags),
                TaskField::Title => edited.title.clone_from(&instance.title),
                TaskField::Due | TaskField::Start | TaskField::Recurrence => {
                    edited.due.clone_from(&instance.due);
                    edited.start.clone_from(&instance.start);
                    edited.recurrence.clone_from(&instance.recurrence);
                    edited.time_zone.clone_from(&instance.time_zone);
                    edited.first_occurrence = instance.first_occurrence;
                }
                TaskField::ExternalUid => {}
            }
        }
        let is_changed = self.definition.as_deref() != Some(&edited);
        is_changed
            .then_some(SeriesEvent::SeriesChanged(edited))
            .into_iter()
            .collect()
    }
}
