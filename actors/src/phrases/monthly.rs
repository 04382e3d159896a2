//! A rule of months or years that starts on a weekday: "monthly review on friday" is of the day of the month that this is.

use chrono::Datelike;

use super::{
    compose::Composer,
    scan::Item,
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
            let piece = text[found.start..found.end].to_ascii_lowercase();
            let is_weekday = matches!(found.item, Item::Date { .. })
                && !piece.contains(|c: char| c.is_ascii_digit())
                && piece
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|word| words::weekday(word).is_some());
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
}
