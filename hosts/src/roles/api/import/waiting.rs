//! Items that wait for the end of the file, each being one occurrence of a series that may come after it.
//!
//! What waits is bounded. Where there is no more room, what has its series by then is settled; a file that has its series behind thousands of their
//! occurrences is refused some of these, each by itself.

use std::collections::{BTreeMap, HashMap};

use punctual_actors::{Code, Refusal};

use super::{
    Import,
    report::Outcome,
    single::{Settled, Single, Target, When},
    taking::refused,
};
use crate::roles::api::problem::Problem;

/// What the texts of those that wait come to, at most, each item counted as 1 KiB more.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;

/// Those that wait.
#[derive(Default)]
pub(super) struct Waiting {
    /// By their places in the file.
    singles: BTreeMap<u64, Single>,
    /// The places of those that may have their series: nobody has looked, or it has come since.
    due: Vec<u64>,
    /// The places of the others, by the UIDs of their series.
    without: HashMap<String, Vec<u64>>,
    bytes: usize,
}

impl Waiting {
    /// What there is too much of to wait for one more than `most`, if there is.
    fn full_of(&self, most: usize) -> Option<String> {
        if self.singles.len() >= most {
            return Some(format!("more than {most} items"));
        }
        let mebibytes = MAX_WAITING_BYTES / 1024 / 1024;
        (self.bytes >= MAX_WAITING_BYTES).then(|| format!("items of more than {mebibytes} MiB"))
    }

    /// Takes in one that is new.
    fn add(&mut self, single: Single) {
        self.due.push(single.place);
        self.insert(single);
    }

    /// Takes back one that has to wait on.
    fn keep(&mut self, single: Single) {
        self.without.entry(single.uid.clone()).or_default().push(single.place);
        self.insert(single);
    }

    fn insert(&mut self, single: Single) {
        self.bytes += single.bytes;
        self.singles.insert(single.place, single);
    }

    /// The series with this UID has come with the file.
    pub(super) fn has_come(&mut self, uid: &str) {
        self.due.extend(self.without.remove(uid).into_iter().flatten());
    }

    /// Those that may have their series, in the order of the file.
    fn take_due(&mut self) -> Vec<Single> {
        let mut places = std::mem::take(&mut self.due);
        places.sort_unstable();
        let due: Vec<_> = places.iter().filter_map(|place| self.singles.remove(place)).collect();
        self.bytes -= due.iter().map(|single| single.bytes).sum::<usize>();
        due
    }
}

impl Import<'_> {
    /// What is one occurrence of a series waits for the end of the file, as far as there is room.
    pub(super) async fn wait(&mut self, single: Single) -> Result<(), Problem> {
        let most = self.api.limits.import_waiting;
        if self.waiting.full_of(most).is_some() {
            while !self.under_way.is_empty() {
                self.settle_one().await?;
            }
            let due = self.waiting.take_due();
            self.settle(due, When::Early).await?;
        }
        let Some(what) = self.waiting.full_of(most) else {
            self.waiting.add(single);
            return Ok(());
        };
        let place = single.place;
        let outcome = match self.target().settle(single, When::Early).await? {
            Settled::Known(outcome) => *outcome,
            Settled::Later(single) => no_room(*single, &what),
        };
        self.report.add(place, outcome);
        Ok(())
    }

    /// Those that are one occurrence of a series, at the end of the file: in its order, and those whose occurrence is open after all others.
    pub(super) async fn settle_all_waiting(&mut self) -> Result<(), Problem> {
        for when in [When::End, When::Last] {
            let all = std::mem::take(&mut self.waiting).singles.into_values();
            self.settle(all.collect(), when).await?;
        }
        for (place, note) in self.target().leave_dates().await? {
            self.report.note(place, note);
        }
        Ok(())
    }

    async fn settle(&mut self, singles: Vec<Single>, when: When) -> Result<(), Problem> {
        for single in singles {
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
            masters: &self.masters,
        }
    }
}

/// There was no room for it to wait.
fn no_room(single: Single, what: &str) -> Outcome {
    let detail =
        format!("{what} of the file are occurrences of series that did not come before them; send the series first");
    Outcome::refused(single.item, refused(Refusal::new(Code::LimitReached, detail)))
}

#[cfg(test)]
mod tests {
    use super::{super::taking::Known, *};
    use crate::icalendar::CalendarReader;

    fn single(place: u64, uid: &str, bytes: usize) -> Single {
        let calendar = format!("BEGIN:VTODO\nUID:{uid}\nRECURRENCE-ID:20300114T080000Z\nSUMMARY:a\nEND:VTODO\n");
        let mut reader = CalendarReader::new(chrono_tz::Europe::Paris);
        let item = reader.next_item(&mut calendar.as_bytes()).or_else(|| reader.finish());
        let external_uid = uid.to_owned();
        let known = Known {
            external_uid,
            key: None,
        };
        Single::of(place, item.unwrap(), known, bytes).ok().unwrap()
    }

    fn places(singles: &[Single]) -> Vec<u64> {
        singles.iter().map(|single| single.place).collect()
    }

    #[test]
    fn those_that_wait_are_looked_at_once_and_again_when_their_series_has_come() {
        let mut waiting = Waiting::default();
        for (place, uid) in [(0, "a"), (1, "b"), (2, "a")] {
            waiting.add(single(place, uid, 1));
        }
        let all = waiting.take_due();
        assert_eq!((places(&all), waiting.bytes), (vec![0, 1, 2], 0));
        all.into_iter().for_each(|single| waiting.keep(single));
        assert_eq!((waiting.take_due().len(), waiting.bytes), (0, 3));
        waiting.add(single(3, "b", 1));
        waiting.has_come("a");
        waiting.has_come("c");
        assert_eq!(places(&waiting.take_due()), [0, 2, 3]);
        assert_eq!(waiting.singles.len(), 1);
        waiting.has_come("a");
        assert!(waiting.take_due().is_empty());
    }

    #[test]
    fn what_is_full_says_of_what() {
        let mut waiting = Waiting::default();
        waiting.add(single(0, "a", MAX_WAITING_BYTES - 1));
        assert_eq!(waiting.full_of(2), None);
        assert_eq!(waiting.full_of(1).unwrap(), "more than 1 items");
        waiting.add(single(1, "a", 1));
        assert_eq!(waiting.full_of(3).unwrap(), "items of more than 16 MiB");
    }
}
