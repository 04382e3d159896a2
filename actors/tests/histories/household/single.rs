//! What the user asks of a series itself: to pause it, and of single dates to come.

use proptest::prelude::*;
use punctual_actors::series::{SeriesAnswer, SeriesCommand};
use punctual_events::{OccurrenceOutcome, RecurrenceDate};
use serde_json::{Value, json};

/// Dates by their place among those to come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Single {
    Pause,
    Resume,
    Skip(u8),
    Rename(u8, u8),
    Move(u8, i64),
    Restore(u8),
}

impl Single {
    /// The command, to a series that shows this.
    pub(crate) fn command(self, shown: &SeriesAnswer) -> Option<SeriesCommand> {
        let date = |which: u8| {
            let (_, at) = shown.upcoming.get(usize::from(which) % shown.upcoming.len().max(1))?;
            Some(RecurrenceDate::from(at))
        };
        let change = |which: u8, patch: Value| {
            Some(SeriesCommand::ChangeOccurrence {
                date: date(which)?,
                external_uid: None,
                patch: Box::new(serde_json::from_value(patch).expect("what a client may send")),
            })
        };
        match self {
            Self::Pause => Some(SeriesCommand::Pause),
            Self::Resume => Some(SeriesCommand::Resume {
                time_zone: "UTC".into(),
            }),
            Self::Skip(which) => Some(SeriesCommand::SettleOccurrence {
                closed: None,
                date: date(which)?,
                imported: false,
                outcome: OccurrenceOutcome::Skipped,
            }),
            Self::Rename(which, number) => change(which, json!({"title": format!("special {number}")})),
            Self::Move(which, hours) => {
                let (_, at) = shown.upcoming.get(usize::from(which) % shown.upcoming.len().max(1))?;
                let to = at
                    .instant()
                    .plus_millis(hours * 3_600_000)
                    .to_utc()
                    .format("%Y-%m-%dT%H:%M:%S");
                change(which, json!({"due": {"at": to.to_string(), "time_zone": "UTC"}}))
            }
            Self::Restore(which) => Some(SeriesCommand::RestoreOccurrence { date: date(which)? }),
        }
    }
}

pub(crate) fn single() -> impl Strategy<Value = Single> {
    prop_oneof![
        2 => Just(Single::Pause),
        3 => Just(Single::Resume),
        3 => (0..4_u8).prop_map(Single::Skip),
        1 => (0..4_u8, any::<u8>()).prop_map(|(which, number)| Single::Rename(which, number)),
        2 => (0..4_u8, -30..60_i64).prop_map(|(which, hours)| Single::Move(which, hours)),
        1 => (0..4_u8).prop_map(Single::Restore),
    ]
}
