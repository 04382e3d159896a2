//! Tasks that were imported as an occurrence of a series and are beside it: it was not there then, or had no room for one more date that is unlike the
//! others. It leaves their dates to them. Else one thing to do would be there twice.
//!
//! That is looked after with every file that has the series, also where the series was there before: the file it came with may have broken off.

use std::collections::HashMap;

use punctual_actors::{
    Code,
    ports::Failure,
    series::SeriesCommand,
    turn::TurnError,
    user::{OCCURRENCE_UID, TaskBeside, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{OccurrenceOutcome, SeriesId, Status, TaskId};

use super::single::{Target, date_of};
use crate::roles::api::{problem::Problem, series};

/// A series of the file.
pub(super) struct Master {
    /// Its place in the file.
    pub(super) place: u64,
    /// Whether it came with this file.
    pub(super) is_new: bool,
}

/// The series of the file that are there, by their UIDs.
pub(super) type Masters = HashMap<String, Master>;

/// What became of a date.
#[derive(PartialEq, Eq)]
enum Left {
    /// It is left to its task, or the series has no such date and the task is one of its own.
    Done,
    /// It is open: of what is open comes last, for what comes after it to be known by then.
    Open,
    /// The series has no room for one more date that is settled.
    NoRoom,
}

impl Target<'_> {
    /// Has each series of the file leave dates to the tasks beside it. What the report has to say of it, with the places of the series.
    pub(super) async fn leave_dates(&self) -> Result<Vec<(u64, String)>, Problem> {
        let mut notes = Vec::new();
        for (uid, master) in self.masters {
            let note = match self.tasks_beside(uid).await {
                Ok(tasks) => self.leave_dates_of(uid, &tasks).await?,
                Err(TurnError::Refused(refusal)) if refusal.code == Code::SessionEnded => return Err(refusal.into()),
                // A process of another release may not know the question. What was taken is reported all the same.
                Err(_) => Some("dates of it may be there twice; import the file once more".to_owned()),
            };
            notes.extend(note.map(|note| (master.place, note)));
        }
        Ok(notes)
    }

    async fn tasks_beside(&self, uid: &str) -> Result<Vec<TaskBeside>, TurnError> {
        let actors = &self.api.services.actors;
        let mut found: Vec<TaskBeside> = Vec::new();
        loop {
            let question = UserQuestion::TasksBesideSeries {
                after: found.last().map(|last| last.external_uid.clone()),
                uid: uid.into(),
            };
            match actors.ask_user(self.caller.user, self.caller.by, &question).await? {
                UserAnswer::TasksBesideSeries { items, more } => {
                    let is_last = !more || items.is_empty();
                    found.extend(items);
                    if is_last {
                        return Ok(found);
                    }
                }
                _ => return Err(TurnError::Unknown(Failure::Unavailable("another answer".into()))),
            }
        }
    }

    /// How many dates there was no room for, as a note.
    async fn leave_dates_of(&self, uid: &str, tasks: &[TaskBeside]) -> Result<Option<String>, Problem> {
        if tasks.is_empty() {
            return Ok(None);
        }
        let Some(series) = self.series_by_uid(uid).await? else {
            return Ok(None);
        };
        let (_, definition) = self.series(series).await?;
        let zones = &*self.api.services.environment.zones;
        let known = |task: &TaskBeside| {
            let known = task.external_uid.strip_prefix(uid)?.strip_prefix(OCCURRENCE_UID)?;
            date_of(known, &definition, zones)
        };
        let (mut open, mut no_room) = (Vec::new(), 0_usize);
        for task in tasks {
            let Some(date) = known(task) else { continue };
            let command = SeriesCommand::SettleOccurrence {
                closed: task.completed,
                date,
                imported: true,
                outcome: outcome_of(task),
            };
            match self.leave_date(series, &command).await? {
                Left::Done => {}
                Left::Open => open.push((task, command)),
                Left::NoRoom => no_room += 1,
            }
        }
        for (task, command) in open {
            // What was open may be closed by now, and the one after it open.
            let reference = self.series(series).await?.0;
            if let (Left::Open, Some(open)) = (self.leave_date(series, &command).await?, reference.open) {
                self.leave_open(open, task).await?;
            }
        }
        Ok((no_room > 0).then(|| {
            format!("{no_room} of its dates are there twice, in it and as tasks of their own: it has no room for more that are done or skipped")
        }))
    }

    async fn leave_date(&self, series: SeriesId, command: &SeriesCommand) -> Result<Left, Problem> {
        match series::submit(self.api, self.caller, series, None, |_| command.clone()).await? {
            Ok(_) => Ok(Left::Done),
            Err(TurnError::Refused(refusal)) => Ok(match refusal.code {
                Code::OccurrenceOpen => Left::Open,
                Code::LimitReached => Left::NoRoom,
                Code::SessionEnded => return Err(refusal.into()),
                _ => Left::Done,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the open instance, unless somebody changed it.
    async fn leave_open(&self, open: TaskId, beside: &TaskBeside) -> Result<(), Problem> {
        let if_match = Some(1);
        let command = match outcome_of(beside) {
            OccurrenceOutcome::Done => UserCommand::CompleteImported {
                completed: beside.completed,
                if_match,
                task: open,
            },
            OccurrenceOutcome::Skipped | OccurrenceOutcome::Missed => UserCommand::DeleteTask {
                if_match,
                series: false,
                task: open,
            },
        };
        match self.api.submit(self.caller.again(), command, None).await {
            Ok(_) => Ok(()),
            Err(TurnError::Refused(refusal)) if refusal.code != Code::SessionEnded => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What becomes of the date in the series.
fn outcome_of(beside: &TaskBeside) -> OccurrenceOutcome {
    match beside.status {
        Status::Done => OccurrenceOutcome::Done,
        Status::Open => OccurrenceOutcome::Skipped,
    }
}
