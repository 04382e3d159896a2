//! Tasks that were imported as an occurrence of a series whose series was not there: it comes with this file, and leaves their dates to them. Else one
//! thing to do would be there twice.

use std::sync::Arc;

use punctual_actors::{
    Code,
    series::SeriesCommand,
    turn::TurnError,
    user::{OCCURRENCE_UID, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{OccurrenceOutcome, Status, Task, TaskId};

use super::single::{Target, date_of};
use crate::roles::api::{command::unexpected, problem::Problem, series};

/// A task, and the date it is of.
pub(super) struct Beside {
    recurrence_id: String,
    task: Arc<Task>,
    uid: String,
}

impl Target<'_> {
    /// Those of the series that came with this file.
    pub(super) async fn beside_those_begun(&self) -> Result<Vec<Beside>, Problem> {
        let mut found = Vec::new();
        for uid in self.begun {
            let question = UserQuestion::TasksBesideSeries {
                uid: uid.as_str().into(),
            };
            let UserAnswer::Tasks(tasks) = self.api.ask(self.caller, &question).await? else {
                return Err(unexpected());
            };
            found.extend(tasks.items.into_iter().filter_map(|task| {
                let known = task.external_uid.as_deref()?.strip_prefix(uid.as_str())?;
                let recurrence_id = known.strip_prefix(OCCURRENCE_UID)?.to_owned();
                Some(Beside {
                    recurrence_id,
                    uid: uid.clone(),
                    task,
                })
            }));
        }
        Ok(found)
    }

    /// Has the series leave each date to its task. Of what is open comes last, for what comes after it to be known by then.
    pub(super) async fn leave_dates(&self, mut tasks: Vec<Beside>) -> Result<(), Problem> {
        for is_second in [false, true] {
            let mut open = Vec::new();
            for beside in tasks {
                if !self.leave_date(&beside, is_second).await? {
                    open.push(beside);
                }
            }
            tasks = open;
        }
        Ok(())
    }

    /// False for what is open, the first time.
    async fn leave_date(&self, beside: &Beside, is_second: bool) -> Result<bool, Problem> {
        let Some(series) = self.series_by_uid(&beside.uid).await? else {
            return Ok(true);
        };
        let (reference, definition) = self.series(series).await?;
        let zones = &*self.api.services.environment.zones;
        let Some(date) = date_of(&beside.recurrence_id, &definition, zones) else {
            return Ok(true);
        };
        let (closed, outcome) = (beside.task.completed, beside.outcome());
        let command = SeriesCommand::SettleOccurrence { closed, date, outcome };
        match series::submit(self.api, self.caller, series, None, |_| command.clone()).await? {
            Ok(_) => Ok(true),
            Err(TurnError::Refused(refusal)) => match (refusal.code, reference.open) {
                (Code::OccurrenceOpen, Some(open)) if is_second => self.leave_open(open, beside).await.map(|()| true),
                (Code::OccurrenceOpen, Some(_)) => Ok(false),
                // It has no such date, and the task is one of its own.
                _ => Ok(true),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the open instance, unless somebody changed it.
    async fn leave_open(&self, open: TaskId, beside: &Beside) -> Result<(), Problem> {
        let if_match = Some(1);
        let command = match beside.outcome() {
            OccurrenceOutcome::Done => UserCommand::CompleteImported {
                completed: beside.task.completed,
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

impl Beside {
    /// What becomes of the date in the series.
    fn outcome(&self) -> OccurrenceOutcome {
        match self.task.status {
            Status::Done => OccurrenceOutcome::Done,
            Status::Open => OccurrenceOutcome::Skipped,
        }
    }
}
