//! Several times on a day.

use chrono::{NaiveTime, Timelike};

use super::{dates::Doubt, recurrences::Repeat, times::Time};

/// Whether times differ in their hours only.
pub(super) fn share_minute(times: &[NaiveTime]) -> bool {
    times.windows(2).all(|pair| pair[0].minute() == pair[1].minute())
}

/// The times that count of those that were said, and what is to be said where that is only the first.
pub(super) fn countable(times: &[Time], repeat: Option<&Repeat>) -> (Vec<NaiveTime>, Doubt) {
    let mut all: Vec<NaiveTime> = times.iter().map(|time| time.at).collect();
    if all.len() < 2 {
        return (all, None);
    }
    if share_minute(&all) && repeat.is_some_and(Repeat::takes_hours) {
        all.sort_unstable();
        return (all, None);
    }
    all.truncate(1);
    let why =
        "only the first counts: a task has one time, and a rule several only at the same minute on each of its days";
    (all, Some(why.into()))
}

pub(super) fn shown(times: &[NaiveTime]) -> String {
    let times: Vec<String> = times.iter().map(|time| time.format("%H:%M").to_string()).collect();
    times.join(" and ")
}
