//! Which recurrence counts where an adverb says how often and more is said of it elsewhere: "weekly review every friday", "daily standup weekdays".

use super::{
    compose::Composer,
    recurrences::{End, Recurrence, Repeat},
    scan::{Found, Item},
    series::Series,
    several::{countable, shown},
    spans::SpanKind,
    verdict::Verdict,
    words::Unit,
};

/// What the recurrences of a text come to together.
#[derive(Clone, Copy, Default)]
pub(super) struct Rules<'f> {
    /// The one that counts.
    counts: Option<&'f Recurrence>,
    /// How often, where that is said for itself.
    how_often: Option<&'f Repeat>,
}

impl<'f> Rules<'f> {
    /// What says on which days counts before what does not, and that before an adverb.
    pub(super) fn of(found: &'f [Found]) -> Self {
        let recurrences = || {
            found.iter().filter_map(|found| match &found.item {
                Item::Recurrence(recurrence) if recurrence.repeat.is_ok() => Some(recurrence),
                _ => None,
            })
        };
        let counts = recurrences()
            .find(|recurrence| recurrence.how_often().is_none() && !recurrence.is_adverb())
            .or_else(|| recurrences().find(|recurrence| !recurrence.is_adverb()))
            .or_else(|| recurrences().next());
        Self {
            counts,
            how_often: recurrences().find_map(Recurrence::how_often),
        }
    }

    /// The rule that counts.
    pub(super) fn repeat(&self) -> Option<&'f Repeat> {
        self.counts?.repeat.as_ref().ok()
    }
}

impl Composer<'_> {
    pub(super) fn take_recurrence(&mut self, recurrence: &Recurrence) -> Verdict {
        let mut repeat = match &recurrence.repeat {
            Ok(repeat) => repeat.clone(),
            Err(why) => return Verdict::refused(SpanKind::Recurrence, *why),
        };
        let is_it = self.rules.counts.is_some_and(|counts| std::ptr::eq(counts, recurrence));
        if let Some(full) = self
            .rules
            .repeat()
            .filter(|_| !is_it && recurrence.how_often().is_some())
        {
            return beside_full(recurrence, &repeat, full);
        }
        if let Some(step) = self
            .rules
            .how_often
            .filter(|step| step.every == repeat.every && repeat.interval == 1)
        {
            repeat.interval = step.interval;
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

/// What is said of how often, where another recurrence counts.
fn beside_full(adverb: &Recurrence, repeat: &Repeat, full: &Repeat) -> Verdict {
    let is_narrowed = repeat.every == Unit::Day && repeat.interval == 1 && full.every == Unit::Week;
    if !full.names_days() && full != repeat {
        return Verdict::refused(SpanKind::Recurrence, "there is a recurrence already");
    }
    if !is_narrowed && (repeat.every != full.every || full.interval != 1) {
        return Verdict::refused(SpanKind::Recurrence, "another recurrence says on which days");
    }
    let doubt = adverb.doubt.clone().filter(|_| repeat.interval > 1);
    let meaning = format!("{}, on the days that are said", repeat.in_words(End::Never));
    Verdict::understood(SpanKind::Recurrence, meaning, doubt)
}
