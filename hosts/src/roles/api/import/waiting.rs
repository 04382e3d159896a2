//! Items that wait for the end of the file, each being one occurrence of a series that may come after it.
//!
//! What waits is bounded. Where there is no more room, what has its series by then is settled; a file that has its series behind thousands of their
//! occurrences is refused some of these, each by itself.

use punctual_actors::{Code, Refusal};

use super::{
    Import, refused,
    report::Outcome,
    single::{Settled, Single, Target, When},
};
use crate::roles::api::problem::Problem;

/// What the texts of those that wait come to, at most, each item counted as 1 KiB more.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;

/// Those that wait.
#[derive(Default)]
pub(super) struct Waiting {
    singles: Vec<Single>,
    bytes: usize,
}

impl Waiting {
    /// Whether there is no room for one more than `most`.
    fn is_full(&self, most: usize) -> bool {
        self.singles.len() >= most || self.bytes >= MAX_WAITING_BYTES
    }

    fn keep(&mut self, single: Single) {
        self.bytes += single.bytes;
        self.singles.push(single);
    }
}

impl Import<'_> {
    /// What is one occurrence of a series waits for the end of the file, as far as there is room.
    pub(super) async fn wait(&mut self, single: Single) -> Result<(), Problem> {
        let most = self.api.limits.import_waiting;
        if self.waiting.is_full(most) {
            while !self.under_way.is_empty() {
                self.settle_one().await?;
            }
            // Where no series has come since, there is nothing new to be settled.
            if self.begun_when_full.replace(self.begun.len()) != Some(self.begun.len()) {
                self.settle_waiting(When::Early).await?;
            }
        }
        if !self.waiting.is_full(most) {
            self.waiting.keep(single);
            return Ok(());
        }
        let place = single.place;
        let outcome = match self.target().settle(single, When::Early).await? {
            Settled::Known(outcome) => *outcome,
            Settled::Later(single) => no_room(*single, most),
        };
        self.report.add(place, outcome);
        Ok(())
    }

    /// Those that are one occurrence of a series, at the end of the file: in its order, and those whose occurrence is open after all others.
    pub(super) async fn settle_all_waiting(&mut self) -> Result<(), Problem> {
        let beside = self.target().beside_those_begun().await?;
        self.settle_waiting(When::End).await?;
        self.settle_waiting(When::Last).await?;
        self.target().leave_dates(beside).await
    }

    async fn settle_waiting(&mut self, when: When) -> Result<(), Problem> {
        for single in std::mem::take(&mut self.waiting).singles {
            let place = single.place;
            match self.target().settle(single, when).await? {
                Settled::Known(outcome) => self.report.add(place, *outcome),
                Settled::Later(single) => self.waiting.keep(*single),
            }
        }
        Ok(())
    }

    fn target(&self) -> Target<'_> {
        Target {
            api: self.api,
            caller: self.caller,
            begun: &self.begun,
        }
    }
}

/// There was no room for it to wait.
fn no_room(single: Single, most: usize) -> Outcome {
    let detail = format!(
        "more than {most} items of the file are occurrences of series that did not come before them; send the series first"
    );
    Outcome::refused(single.item, refused(Refusal::new(Code::LimitReached, detail)))
}
