//! Recurrence: which wall times a rule of RFC 5545, section 3.3.10, names, and the instants they are in a zone.
//!
//! - [`Rule`] is the parsed text of an `RRULE`: the whole of the standard. What the standard forbids is refused, and so is what it does not know; nothing is ignored.
//! - `Days` (private) says on which days a rule falls, one month at a time, as a set of bits, `Times` and `Ticks` at which times of a day, `Positions` which of a
//!   period's times `BYSETPOS` takes. `Pattern` joins them to one question: what comes next from a wall time on. It is answered from the start of the series by arithmetic
//!   alone, so that the next occurrence of a daily task begun 20 years ago costs as much as that of one begun yesterday, and a rule that never matches is known to within
//!   4,800 months. This is why the expansion is ours: the crate `rrule` walks from the first occurrence, keeps `INTERVAL` in 16 bits and takes `BYDAY=MO,1TU` for the days
//!   that are both. It serves as an oracle in the tests, as does python-dateutil.
//! - [`Schedule`] joins a rule to its first occurrence, its zone and its exceptions, and answers what comes next.
//!
//! Expansion runs on wall time; zones come in at the very end, through [`ZoneData`](crate::zone::ZoneData). Every answer takes bounded time whatever the rule: a search ends after
//! 400 years without a day and at the year 9999. Only `COUNT` has to be counted from the start, in some 50 ns for each month since.

mod completion;
mod days;
mod lists;
mod month;
mod parse;
mod pattern;
mod positions;
mod rule;
mod schedule;
mod sets;
mod spacing;
#[cfg(test)]
mod tests;
mod ticks;
mod times;
mod walk;

pub use rule::{MAX_RULE_BYTES, Rule, RuleError};
pub use schedule::{Occurrence, Schedule};
