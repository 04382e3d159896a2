//! Which recurrence counts where an adverb says how often and more is said of it elsewhere: "weekly review every friday", "daily standup weekdays".

use super::{
    compose::Composer,
    recurrences::{End, Recurrence, Repeat},
    scan::Item,
    series::Series,
    several::{countable, shown},
    spans::SpanKind,
    verdict::Verdict,
    words::Unit,
};

impl Composer<'_> {
    /// How it recurs, where that is known: what says on which days before an adverb.
    pub(super) fn repeat_said(&self) -> Option<&Repeat> {
        let first = || self.recurrences().next()?.repeat.as_ref().ok();
        self.said_in_full().or_else(first)
    }

    fn said_in_full(&self) -> Option<&Repeat> {
        let full = self.recurrences().find(|recurrence| recurrence.adverb().is_none())?;
        full.repeat.as_ref().ok()
    }

    fn recurrences(&self) -> impl Iterator<Item = &Recurrence> {
        self.found.iter().filter_map(|found| match &found.item {
            Item::Recurrence(recurrence) if recurrence.repeat.is_ok() => Some(recurrence),
            _ => None,
        })
    }

    pub(super) fn take_recurrence(&mut self, recurrence: &Recurrence) -> Verdict {
        let mut repeat = match &recurrence.repeat {
            Ok(repeat) => repeat.clone(),
            Err(why) => return Verdict::refused(SpanKind::Recurrence, *why),
        };
        let adverb = self.recurrences().find_map(Recurrence::adverb);
        match (recurrence.adverb(), self.said_in_full()) {
            (Some(_), Some(full)) => return beside_full(recurrence, &repeat, full),
            (None, _) => {
                if let Some(adverb) = adverb.filter(|adverb| adverb.every == repeat.every && repeat.interval == 1) {
                    repeat.interval = adverb.interval;
                }
            }
            _ => {}
        }
        if self.series.is_some() {
            return Verdict::refused(SpanKind::Recurrence, "there is a recurrence already");
        }
        let mut meaning = repeat.in_words(End::Never);
        let mut doubt = recurrence.doubt.clone();
        if !recurrence.times.is_empty() && self.times.is_none() {
            let (times, one_counts) = countable(&recurrence.times, Some(&repeat));
            meaning += &format!(" at {}", shown(&times));
            let of_time = recurrence.times.iter().find_map(|time| time.doubt.clone());
            doubt = doubt.or(one_counts).or(of_time);
            self.times = Some(times);
        }
        if recurrence.after_completion {
            meaning += ", counted from when it was last completed";
        }
        self.series = Some(Series::new(repeat, recurrence.after_completion));
        Verdict::understood(SpanKind::Recurrence, meaning, doubt)
    }
}

/// What is said of an adverb, where another recurrence says on which days.
fn beside_full(adverb: &Recurrence, repeat: &Repeat, full: &Repeat) -> Verdict {
    let is_narrowed = repeat.every == Unit::Day && full.every == Unit::Week;
    if !is_narrowed && (repeat.every != full.every || full.interval != 1) {
        return Verdict::refused(SpanKind::Recurrence, "another recurrence says on which days");
    }
    let doubt = adverb.doubt.clone().filter(|_| repeat.interval > 1);
    let meaning = format!("{}, on the days that are said", repeat.in_words(End::Never));
    Verdict::understood(SpanKind::Recurrence, meaning, doubt)
}
