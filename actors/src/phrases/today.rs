//! Times of a day that is over, or that was said and not understood: neither are times to come today. And days that are words of the title beside another.

use chrono::{NaiveDate, NaiveTime, TimeDelta, Timelike};

use super::{
    compose::Composer,
    dated::NUMBER_OF_WHAT,
    days::Day,
    how_often::Rules,
    scan::{Found, Item},
    spans::SpanKind,
    verdict::Verdict,
    words::Unit,
};

impl Composer<'_> {
    /// "every hour today" ends with the day, unless that is over before it comes round.
    pub(super) fn end_with_day(&mut self) {
        let first = self.first_due(self.start()).0;
        let (Some(day), Some(series), None) = (self.date, &mut self.series, &self.adopted) else {
            return;
        };
        if !series.is_within_days() || series.starts.is_some() || series.ends() {
            return;
        }
        let comes_round = first.is_some_and(|first| first.date() <= day);
        if comes_round {
            series.end_with(day);
        }
        let said = self.found.iter().zip(&mut self.verdicts);
        for (_, verdict) in said.filter(|(found, _)| matches!(found.item, Item::Date { .. })) {
            if let Some(verdict) = verdict {
                verdict.doubt(if comes_round {
                    "until the end of that day; say “starting” for from then on"
                } else {
                    "it does not come round in what is left of that day, and has no end"
                });
            }
        }
    }

    /// Whether another phrase says this very day: "christmas dinner dec 25".
    pub(super) fn is_said_otherwise(&self, day: Day) -> bool {
        self.another_day.is_some() && self.another_day == day.resolve(self.now.date())
    }

    /// "before friday at 3pm" is not today at three.
    pub(super) fn refuse_times_of_no_day(&mut self) {
        let has_day = self.date.is_some() || self.instant.is_some() || self.series.is_some();
        if has_day || self.times.is_none() || !self.found.iter().any(says_day) {
            return;
        }
        self.times = None;
        for (found, verdict) in self.found.iter().zip(&mut self.verdicts) {
            if matches!(found.item, Item::Times(_)) {
                *verdict = Some(Verdict::refused(SpanKind::Time, "its day is not understood"));
            }
        }
    }

    /// "today at 9" said at noon is nine in the evening, unless that is over, too.
    pub(super) fn settle_passed_time(&mut self) {
        let (Some(date), Some([time])) = (self.date, self.times.as_deref()) else {
            return;
        };
        let (time, now) = (*time, self.now);
        if date != now.date() || time > now.time() || self.series.is_some() || self.adopted.is_some() {
            return;
        }
        let said = self.found.iter().zip(&mut self.verdicts).find_map(|(found, verdict)| {
            let verdict = verdict.as_mut().filter(|verdict| verdict.understood)?;
            match &found.item {
                Item::Times(times) => Some((times.first()?, verdict)),
                Item::Date { times, .. } => Some((times.first()?, verdict)),
                _ => None,
            }
        });
        let Some((said, verdict)) = said else { return };
        let evening = (said.doubt.is_some() && (7..12).contains(&time.hour()))
            .then(|| time.overflowing_add_signed(TimeDelta::hours(12)).0)
            .filter(|evening| *evening > now.time());
        match evening {
            Some(evening) => {
                let doubt = format!("in the evening, because {} is over today", shown(time));
                *verdict = Verdict::understood(SpanKind::Time, shown(evening), Some(doubt.into()));
                self.times = Some(vec![evening]);
            }
            None => verdict.doubt("it is over already; say “tomorrow” for the next day"),
        }
    }
}

/// The first day that is said by more than its name alone.
pub(super) fn another_day(found: &[Found], today: NaiveDate) -> Option<NaiveDate> {
    let day = found.iter().find_map(|found| match &found.item {
        Item::Date {
            date, gives_way: false, ..
        } => Some(date.day),
        _ => None,
    });
    day?.resolve(today)
}

/// Whether a day is said that is none by its name alone; "christmas cards every year" says none.
pub(super) fn says_another_day(found: &[Found], rules: &Rules<'_>) -> bool {
    let by_rule = rules
        .repeat()
        .is_some_and(|repeat| repeat.every != Unit::Year || repeat.names_days());
    let is_day = |found: &Found| matches!(found.item, Item::Date { gives_way: false, .. } | Item::In(_));
    by_rule || found.iter().any(is_day)
}

/// Whether a phrase says a day, or days again and again, understood or not.
fn says_day(found: &Found) -> bool {
    match &found.item {
        Item::Date { times, .. } => times.is_empty(),
        Item::Unclear(_, why) if *why == NUMBER_OF_WHAT => false,
        Item::Recurrence(_) | Item::Unclear(SpanKind::Date | SpanKind::Recurrence, _) => true,
        _ => false,
    }
}

fn shown(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}
