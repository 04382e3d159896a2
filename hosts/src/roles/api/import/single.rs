//! Items that are one occurrence of a series, by their RECURRENCE-ID: the series has that date changed, skipped or done, where a task of its own would
//! be there besides it. They wait for the end of the file, because the series may come after them.
//!
//! One that was taken before is known by its UID and RECURRENCE-ID, which the series keeps with the date and gives to its instance. Where the series
//! has no such date to come, and came with the same file, the item becomes a task of its own; so does one whose series is nowhere.

use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta};
use punctual_actors::{
    Code, Refusal,
    series::{SeriesCommand, SeriesQuestion},
    turn::TurnError,
    user::{SeriesRef, UserCommand, UserReply},
    zone::ZoneData,
};
use punctual_events::{
    Moment, OccurrenceOutcome, RecurrenceDate, SeriesDefinition, SeriesId, Task, TaskId, Timestamp, WallTime,
};

use super::{
    beside::Masters,
    draft,
    report::Outcome,
    taking::{Known, command, refused, take, task_by_uid},
};
use crate::{
    icalendar::{ImportDraft, ImportItem},
    roles::api::{Api, auth::Caller, command::unexpected, problem::Problem, series},
};

/// An item that is one occurrence of a series.
pub(super) struct Single {
    /// Its place in the file.
    pub(super) place: u64,
    pub(super) bytes: usize,
    pub(super) item: ImportItem,
    draft: ImportDraft,
    known: Known,
    /// What its series is known by.
    pub(super) uid: String,
    recurrence_id: String,
}

/// What becomes of one.
pub(super) enum Settled {
    Known(Box<Outcome>),
    /// Not yet: its occurrence is open, and what is open comes last, for what comes after it to be known by then; or its series is still to come.
    Later(Box<Single>),
}

/// When an item is settled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// The file goes on.
    Early,
    /// It is over.
    End,
    /// All others are settled.
    Last,
}

impl Single {
    /// Gives back what is no occurrence of a series.
    pub(super) fn of(
        place: u64,
        item: ImportItem,
        known: Known,
        bytes: usize,
    ) -> Result<Self, Box<(ImportItem, Known)>> {
        let Ok(draft) = &item.draft else {
            return Err(Box::new((item, known)));
        };
        let (Some(uid), Some(recurrence_id)) = (draft.external_uid.clone(), draft.recurrence_id.clone()) else {
            return Err(Box::new((item, known)));
        };
        let draft = draft.clone();
        Ok(Self {
            place,
            bytes,
            item,
            draft,
            known,
            uid,
            recurrence_id,
        })
    }
}

/// What the items are taken into.
pub(super) struct Target<'a> {
    pub(super) api: &'a Api,
    pub(super) caller: &'a Caller,
    /// The series of the file that are there.
    pub(super) masters: &'a Masters,
}

impl Target<'_> {
    /// Has the series of an item have its date as the item says.
    pub(super) async fn settle(&self, single: Single, when: When) -> Result<Settled, Problem> {
        if let Some(task) = self.task_by_uid(&single.known.external_uid).await? {
            return Ok(Settled::Known(Box::new(Outcome::found(single.item, task.id, false))));
        }
        let Some(series) = self.series_by_uid(&single.uid).await? else {
            if when == When::Early {
                return Ok(Settled::Later(Box::new(single)));
            }
            return self.by_itself(single, None).await;
        };
        let (reference, definition) = self.series(series).await?;
        let zones = &*self.api.services.environment.zones;
        let Some(date) = date_of(&single.recurrence_id, &definition, zones) else {
            let detail = "its RECURRENCE-ID is no date";
            return self
                .by_itself(single, Some(Refusal::new(Code::OccurrenceUnknown, detail)))
                .await;
        };
        let command = single.command(date);
        match series::submit(self.api, self.caller, series, single.known.key, |_| command.clone()).await? {
            Ok(reply) => Ok(Settled::Known(Box::new(Outcome::changed(
                single.item,
                series,
                reply.changed,
            )))),
            Err(TurnError::Refused(refusal)) => match (refusal.code, reference.open) {
                (Code::OccurrenceOpen, Some(open)) if when == When::Last => {
                    self.change_open(single, series, open).await
                }
                (Code::OccurrenceOpen, Some(_)) => Ok(Settled::Later(Box::new(single))),
                // Done before, and what was answered then is forgotten.
                (Code::AnswerForgotten | Code::OccurrenceOpen, _) => {
                    Ok(Settled::Known(Box::new(Outcome::changed(single.item, series, false))))
                }
                // What is past is not made different any more.
                (Code::OccurrenceClosed, _) if !single.is_over() => {
                    Ok(Settled::Known(Box::new(Outcome::changed(single.item, series, false))))
                }
                // As a task of its own it would be done there, and missed in the series.
                (Code::LimitReached, _) if single.is_over() => Ok(Settled::Known(Box::new(Outcome::refused(
                    single.item,
                    refused(refusal),
                )))),
                (Code::OccurrenceUnknown | Code::SeriesEnded | Code::LimitReached, _) => {
                    self.by_itself(single, Some(refusal)).await
                }
                _ => Ok(Settled::Known(Box::new(Outcome::refused(
                    single.item,
                    refused(refusal),
                )))),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Takes an item as a task of its own, but for one whose series was there before: then it may have been taken with that.
    async fn by_itself(&self, mut single: Single, refusal: Option<Refusal>) -> Result<Settled, Problem> {
        if let Some(refusal) = refusal {
            if !self.masters.get(&single.uid).is_some_and(|master| master.is_new) {
                return Ok(Settled::Known(Box::new(Outcome::refused(
                    single.item,
                    refused(refusal),
                ))));
            }
            single
                .item
                .notes
                .push(format!("it is a task of its own: {}", refusal.detail));
        }
        let command = command(&single.draft, single.known);
        let outcome = take(self.api, self.caller, single.item, command).await?;
        Ok(Settled::Known(Box::new(outcome)))
    }

    /// Changes the open instance, unless it was changed already, by a person or by the same file.
    async fn change_open(&self, single: Single, series: SeriesId, open: TaskId) -> Result<Settled, Problem> {
        let (if_match, task) = (Some(1), open);
        let command = if single.draft.cancelled {
            UserCommand::DeleteTask {
                if_match,
                series: false,
                task,
            }
        } else if single.draft.status_done {
            let completed = single.draft.completed;
            UserCommand::CompleteImported {
                completed,
                if_match,
                task,
            }
        } else {
            let patch = Box::new(draft::patch(&single.draft, single.item.summary_for_report.is_some()));
            UserCommand::PatchTask { if_match, patch, task }
        };
        let is_gone = single.draft.cancelled;
        let outcome = match self.api.submit(self.caller.again(), command, single.known.key).await {
            Ok(answered) => match answered.reply {
                UserReply::Task { task, .. } => Outcome::found(single.item, open, task.version > 1),
                UserReply::Done if is_gone => Outcome::changed(single.item, series, true),
                _ => return Err(unexpected()),
            },
            Err(TurnError::Refused(refusal)) => match refusal.code {
                Code::AnswerForgotten | Code::VersionMismatch | Code::NotFound => {
                    Outcome::found(single.item, open, false)
                }
                Code::SessionEnded => return Err(refusal.into()),
                _ => Outcome::refused(single.item, refused(refusal)),
            },
            Err(error) => return Err(error.into()),
        };
        Ok(Settled::Known(Box::new(outcome)))
    }

    /// The series that is known by this UID.
    pub(super) async fn series_by_uid(&self, uid: &str) -> Result<Option<SeriesId>, Problem> {
        Ok(self.task_by_uid(uid).await?.and_then(|task| task.series))
    }

    /// What its owner knows of a series, and how it is defined.
    pub(super) async fn series(&self, series: SeriesId) -> Result<(SeriesRef, SeriesDefinition), Problem> {
        let question = SeriesQuestion::Occurrences {
            after: None,
            limit: 0,
            upcoming: 0,
            time_zone: None,
        };
        let (reference, found) = series::find(self.api, self.caller, series, &question).await?;
        Ok((reference, found.definition))
    }

    async fn task_by_uid(&self, uid: &str) -> Result<Option<Arc<Task>>, Problem> {
        task_by_uid(self.api, self.caller, uid).await
    }
}

impl Single {
    /// Whether it says how its date ended.
    fn is_over(&self) -> bool {
        self.draft.cancelled || self.draft.status_done
    }

    fn command(&self, date: RecurrenceDate) -> SeriesCommand {
        let settled = |outcome, closed| SeriesCommand::SettleOccurrence {
            closed,
            date,
            imported: true,
            outcome,
        };
        if self.draft.cancelled {
            settled(OccurrenceOutcome::Skipped, None)
        } else if self.draft.status_done {
            settled(OccurrenceOutcome::Done, self.draft.completed)
        } else {
            let patch = draft::patch(&self.draft, self.item.summary_for_report.is_some());
            SeriesCommand::ChangeOccurrence {
                date,
                external_uid: Some(self.known.external_uid.as_str().into()),
                patch: Box::new(draft::of_one(patch)),
            }
        }
    }
}

/// A RECURRENCE-ID, which is a date of DTSTART's, as the date that the series counts by: its due, which is as much later as its first is.
pub(super) fn date_of(
    recurrence_id: &str,
    definition: &SeriesDefinition,
    zones: &dyn ZoneData,
) -> Option<RecurrenceDate> {
    let counted = definition.due.as_ref().or(definition.start.as_deref())?;
    // Where the start is a day and the due a time, or the other way round, nothing says how far apart they are.
    let start = definition
        .start
        .as_deref()
        .filter(|start| start.is_day() == counted.is_day());
    let start = start.unwrap_or(counted);
    let zone = |moment: &Moment| match moment {
        Moment::Day { .. } => definition.time_zone.clone(),
        Moment::Time { time_zone, .. } => time_zone.clone(),
    };
    let (there, here) = (zone(start), zone(counted));
    let at = match (
        recurrence_id.parse::<RecurrenceDate>(),
        recurrence_id.parse::<Timestamp>(),
    ) {
        // A day means the occurrence on that day.
        (Ok(RecurrenceDate::Day(day)), _) => day.and_time(wall(start).time()),
        (Ok(RecurrenceDate::Time(at)), _) => at.get(),
        (Err(_), Ok(instant)) => zones.wall_time(&there, instant)?,
        (Err(_), Err(_)) => return None,
    };
    if counted.is_day() {
        let later: TimeDelta = wall(counted) - wall(start);
        return Some(RecurrenceDate::Day(at.date().checked_add_signed(later)?));
    }
    let (at, first) = if there == here {
        (at, wall(start))
    } else {
        (
            zones.wall_time(&here, zones.resolve(&there, at)?)?,
            zones.wall_time(&here, start.instant())?,
        )
    };
    let at = at.checked_add_signed(wall(counted) - first)?;
    WallTime::new(at).map(RecurrenceDate::Time)
}

fn wall(moment: &Moment) -> NaiveDateTime {
    RecurrenceDate::from(moment).wall()
}
