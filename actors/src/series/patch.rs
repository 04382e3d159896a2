//! How one occurrence is to be unlike the others, as a client writes it: a JSON Merge Patch (RFC 7396).

use punctual_events::{Moment, OccurrenceChanges, Priority, Reminder, SeriesDefinition};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    machine::Context,
    refusal::Refusal,
    user::{
        draft::ReminderInput,
        merge::{MomentPatch, nullable},
        validate,
    },
};

/// Changes to one occurrence: what is absent stays, what is null is as the series says again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OccurrencePatch {
    /// Free text; empty for none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 16384)]
    pub description: Option<Option<String>>,
    /// When it is due. A start that is not changed itself moves with it.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<MomentPatch>)]
    pub due: Option<Option<MomentPatch>>,
    /// How urgent it is.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Priority>)]
    pub priority: Option<Option<Priority>>,
    /// All its reminders.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ReminderInput>>, max_items = 20)]
    pub reminders: Option<Option<Vec<ReminderInput>>>,
    /// When it can start.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<MomentPatch>)]
    pub start: Option<Option<MomentPatch>>,
    /// All its tags.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    pub tags: Option<Option<Vec<String>>>,
    /// What is to be done.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub title: Option<Option<String>>,
}

impl OccurrencePatch {
    /// The changes after the patch. What is as the series says is none. `own` is when the rule has it due, and start.
    ///
    /// # Errors
    /// When a value is not acceptable.
    pub(super) fn apply(
        &self,
        mut changes: OccurrenceChanges,
        definition: &SeriesDefinition,
        own: (Option<Moment>, Option<Moment>),
        context: &mut Context<'_>,
    ) -> Result<OccurrenceChanges, Refusal> {
        if let Some(title) = &self.title {
            let title = title.as_deref().map(validate::title).transpose()?;
            changes.title = title.filter(|title| *title != definition.title);
        }
        if let Some(description) = &self.description {
            let text = description.as_deref().map(validate::description).transpose()?;
            let unlike = text.filter(|text| *text != definition.description);
            changes.description = unlike.map(Option::unwrap_or_default);
        }
        if let Some(priority) = self.priority {
            changes.priority = priority.filter(|priority| Some(*priority) != definition.priority);
        }
        if let Some(tags) = &self.tags {
            let tags = tags.as_deref().map(validate::tags).transpose()?;
            changes.tags = tags.filter(|tags| *tags != definition.tags);
        }
        if let Some(reminders) = &self.reminders {
            let reminders = reminders.as_deref().map(|inputs| validate::reminders(inputs, context));
            let reminders = reminders.transpose()?;
            changes.reminders = reminders.filter(|reminders| !are_alike(reminders, &definition.reminders));
        }
        let moved = |field: &str, patch: &Option<MomentPatch>, current: Option<&Moment>, own: Option<&Moment>| {
            let patched = patch
                .as_ref()
                .map(|patch| patch.apply(field, current.or(own), &definition.time_zone, context.zones));
            let patched = patched.transpose()?;
            Ok::<_, Refusal>(patched.filter(|moved| Some(moved) != own))
        };
        if let Some(due) = &self.due {
            changes.due = moved("due", due, changes.due.as_ref(), own.0.as_ref())?;
        }
        if let Some(start) = &self.start {
            changes.start = moved("start", start, changes.start.as_deref(), own.1.as_ref())?.map(Box::new);
        }
        Ok(changes)
    }
}

/// The same reminders, but for their ids.
fn are_alike(reminders: &[Reminder], others: &[Reminder]) -> bool {
    let said = |reminder: &Reminder| (reminder.time, reminder.repeat);
    reminders.iter().map(said).eq(others.iter().map(said))
}
