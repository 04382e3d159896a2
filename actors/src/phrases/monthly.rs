//! A rule beside a weekday: "monthly review on friday" is of the day of the month that this is, and in "every mon at 9, wed at 10" the Wednesday is none to start from.

use chrono::Datelike;

use super::{
    compose::Composer,
    scan::{Found, Item},
    spans::SpanKind,
    verdict::Verdict,
    words::{self, Unit, month_name, nth_name, weekday_name},
};

impl Composer<'_> {
    /// Says so, since a weekday of each month could be meant.
    pub(super) fn doubt_weekday_of_month(&mut self, text: &str) {
        let (Some(series), Some(date)) = (&self.series, self.date) else {
            return;
        };
        let repeat = series.repeat();
        let of = match repeat.every {
            Unit::Month => "month".to_owned(),
            Unit::Year => month_name(u8::try_from(date.month()).unwrap_or(1)).to_owned(),
            _ => return,
        };
        if repeat.names_days() {
            return;
        }
        for (found, verdict) in self.found.iter().zip(&mut self.verdicts) {
            let is_weekday = is_weekday(text, found);
            if let Some(verdict) = verdict.as_mut().filter(|verdict| verdict.understood && is_weekday) {
                let day = nth_name(i32::try_from(date.day()).unwrap_or(1));
                let weekday = u8::try_from(date.weekday().num_days_from_monday()).unwrap_or(0);
                let name = weekday_name(weekday);
                verdict.doubt(format!(
                    "on the {day} of every {of}; say “first {name} of every month” for a weekday"
                ));
            }
        }
    }
    /// Of a rule that names weekdays another is no start: one rule cannot say "every mon at 9, wed at 10".
    pub(super) fn refuse_weekday_of_no_rule(&mut self, text: &str) {
        let (Some(series), Some(date)) = (&self.series, self.date) else {
            return;
        };
        let weekdays = &series.repeat().weekdays;
        let is_one = |(_, day): &(i32, u8)| u32::from(*day) == date.weekday().num_days_from_monday();
        if weekdays.is_empty() || weekdays.iter().any(is_one) {
            return;
        }
        for (found, verdict) in self.found.iter().zip(&mut self.verdicts) {
            let is_taken = verdict.as_ref().is_some_and(|verdict| verdict.understood);
            if is_taken && is_weekday(text, found) {
                *verdict = Some(Verdict::refused(
                    SpanKind::Date,
                    "a task has one recurrence, and this is no day of it",
                ));
                self.date = None;
            }
        }
    }
}

/// Whether it is a date that is said by a weekday, and no number.
fn is_weekday(text: &str, found: &Found) -> bool {
    let piece = text[found.start..found.end].to_ascii_lowercase();
    matches!(&found.item, Item::Date { times, .. } if times.is_empty())
        && !piece.contains(|c: char| c.is_ascii_digit())
        && piece
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| words::weekday(word).is_some())
}
