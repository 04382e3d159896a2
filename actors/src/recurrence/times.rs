//! At which times within a period a rule falls, in seconds since the period began.

use chrono::{NaiveTime, Timelike};

use super::rule::{Frequency, Rule};
use super::sets::SmallSet;

/// Seconds in a day.
pub(super) const DAY_S: u32 = 86_400;

/// Times within a day, an hour, a minute or a second, whichever the rule repeats within. There is at least one, unless `BYSETPOS` takes none of them.
#[derive(Clone, Debug)]
pub(super) enum Times {
    /// Each hour with each minute with each second.
    Each {
        hours: SmallSet,
        minutes: SmallSet,
        seconds: SmallSet,
    },
    /// Those `BYSETPOS` takes, in order.
    Listed(Vec<u32>),
}

impl Times {
    /// Midnight: of days without a time.
    pub(super) fn midnight() -> Self {
        Self::Each {
            hours: SmallSet::only(0),
            minutes: SmallSet::only(0),
            seconds: SmallSet::only(0),
        }
    }

    /// The times within a period of the rule, or within a day where periods are longer; what the rule leaves open, `first` says.
    pub(super) fn within_period(rule: &Rule, first: NaiveTime) -> Self {
        let part = |set: SmallSet, open: u32, is_within: bool| match (is_within, set.is_empty()) {
            (false, _) => SmallSet::only(0),
            (true, true) => SmallSet::only(open),
            (true, false) => set,
        };
        let frequency = rule.frequency;
        Self::Each {
            hours: part(rule.hours, first.hour(), frequency > Frequency::Hourly),
            minutes: part(rule.minutes, first.minute(), frequency > Frequency::Minutely),
            seconds: part(rule.seconds, first.second(), frequency > Frequency::Secondly),
        }
    }

    /// The periods of the day, by the second they begin at, that the rule does not rule out, whatever its interval; of a frequency within the day.
    pub(super) fn of_allowed_periods(rule: &Rule) -> Self {
        let part = |set: SmallSet, end: u32, is_a_period: bool| match (is_a_period, set.is_empty()) {
            (false, _) => SmallSet::only(0),
            (true, true) => SmallSet::below(end),
            (true, false) => set,
        };
        let frequency = rule.frequency;
        Self::Each {
            hours: part(rule.hours, 24, true),
            minutes: part(rule.minutes, 60, frequency < Frequency::Hourly),
            seconds: part(rule.seconds, 60, frequency < Frequency::Minutely),
        }
    }

    /// Those at the positions, counted from 1, or from the end when negative.
    pub(super) fn at_positions(&self, positions: &[i16]) -> Self {
        let mut taken: Vec<u32> = positions
            .iter()
            .filter_map(|position| self.nth(index_of(*position, self.len().into())?))
            .collect();
        taken.sort_unstable();
        taken.dedup();
        Self::Listed(taken)
    }

    pub(super) fn len(&self) -> u32 {
        match self {
            Self::Each {
                hours,
                minutes,
                seconds,
            } => hours.len() * minutes.len() * seconds.len(),
            Self::Listed(times) => u32::try_from(times.len()).unwrap_or(u32::MAX),
        }
    }

    /// The `index`th, from 0.
    pub(super) fn nth(&self, index: u64) -> Option<u32> {
        let index = u32::try_from(index).ok()?;
        match self {
            Self::Each {
                hours,
                minutes,
                seconds,
            } => {
                let of_minute = seconds.len();
                let of_hour = minutes.len() * of_minute;
                let hour = hours.nth(index / of_hour)?;
                let minute = minutes.nth(index % of_hour / of_minute)?;
                Some(3600 * hour + 60 * minute + seconds.nth(index % of_minute)?)
            }
            Self::Listed(times) => times.get(usize::try_from(index).ok()?).copied(),
        }
    }

    /// The first from `second` on.
    pub(super) fn first_from(&self, second: u32) -> Option<u32> {
        match self {
            Self::Each {
                hours,
                minutes,
                seconds,
            } => {
                let (hour, minute, second) = split(second);
                let at = |hour: u32, minute: u32, second: u32| 3600 * hour + 60 * minute + second;
                if hours.contains(hour) {
                    if minutes.contains(minute)
                        && let Some(second) = seconds.first_from(second)
                    {
                        return Some(at(hour, minute, second));
                    }
                    if let Some(minute) = minutes.first_from(minute + 1) {
                        return Some(at(hour, minute, seconds.first_from(0)?));
                    }
                }
                let hour = hours.first_from(hour + 1)?;
                Some(at(hour, minutes.first_from(0)?, seconds.first_from(0)?))
            }
            Self::Listed(times) => times.get(times.partition_point(|time| *time < second)).copied(),
        }
    }

    /// How many are before `second`, which is a day's at most.
    pub(super) fn count_before(&self, second: u32) -> u32 {
        match self {
            Self::Each {
                hours,
                minutes,
                seconds,
            } => {
                let (hour, minute, second) = split(second);
                let mut count = hours.count_below(hour) * minutes.len() * seconds.len();
                if hours.contains(hour) {
                    count += minutes.count_below(minute) * seconds.len();
                    if minutes.contains(minute) {
                        count += seconds.count_below(second);
                    }
                }
                count
            }
            Self::Listed(times) => u32::try_from(times.partition_point(|time| *time < second)).unwrap_or(u32::MAX),
        }
    }
}

/// The place, from 0, of a position in a set of `length`; `None` when the set has no such position.
pub(super) fn index_of(position: i16, length: u64) -> Option<u64> {
    let distance = u64::from(position.unsigned_abs());
    if position > 0 {
        Some(distance - 1).filter(|index| *index < length)
    } else {
        length.checked_sub(distance)
    }
}

fn split(second: u32) -> (u32, u32, u32) {
    (second / 3600, second / 60 % 60, second % 60)
}
