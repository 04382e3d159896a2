//! The reminders of a text, once its due is known, and how they nag.

use chrono::{NaiveTime, TimeDelta};
use punctual_events::TimeOfDay;

use super::{
    compose::Composer,
    dates::{Date, Doubt},
    days::{Named, long_date},
    lengths::Length,
    recurrences::Bound,
    reminders::{Remind, settle},
    scan::Item,
    series::Series,
    several::countable,
    spans::SpanKind,
    times::Time,
    verdict::Verdict,
    words::{self, Unit},
};
use crate::user::draft::ReminderInput;

/// When a reminder of what is due all day is.
const NINE: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("nine is a time");

/// A reminder whose day is that of the due.
pub(super) struct Adopted {
    /// Which phrase it is.
    index: usize,
    /// What recurs starts there, and reminds when it is due; otherwise it is the day of a time that was said without one.
    starts: bool,
    doubt: Doubt,
}

/// The day of reminders that all are on one, and their times.
fn days_of(reminders: &[Remind]) -> Option<(&Date, Vec<Time>)> {
    let mut all = reminders.iter().map(|reminder| match reminder {
        Remind::At { date: Some(date), time } => Some((date, time.clone())),
        _ => None,
    });
    let (date, first) = all.next()??;
    let mut times: Vec<Time> = first.into_iter().collect();
    for other in all {
        let (day, time) = other?;
        (day.day == date.day).then_some(())?;
        times.extend(time);
    }
    Some((date, times))
}

impl Composer<'_> {
    /// What reminders come to; they need the due.
    pub(super) fn take_reminder(&mut self, text: &str, index: usize) -> Option<Verdict> {
        let item = &self.found[index].item;
        let due = self.due.map(|due| (due, self.all_day));
        let adopted = self.adopted.as_ref().filter(|adopted| adopted.index == index);
        let starts = adopted.is_some_and(|adopted| adopted.starts);
        let doubt_of_day = adopted.and_then(|adopted| adopted.doubt.clone());
        let reminders = match item {
            Item::Reminders(_) if starts => &[Remind::Before(Length::ZERO)],
            Item::Reminders(reminders) | Item::Early(reminders) => reminders.as_slice(),
            Item::RemindMe if self.reminds_early() => {
                return Some(Verdict::understood(
                    SpanKind::Reminder,
                    "as long before as is said behind it",
                    None,
                ));
            }
            Item::RemindMe => &[Remind::Before(Length::ZERO)],
            _ => return None,
        };
        let mut said: Vec<String> = Vec::new();
        let mut doubts: Doubt = None;
        let mut inputs = Vec::new();
        for reminder in reminders {
            match settle(reminder, due, self.scene) {
                Ok(settled) => {
                    said.push(settled.meaning);
                    doubts = doubts.or_else(|| self.comes_once(text, index, reminder));
                    doubts = doubts.or(settled.doubt).or_else(|| self.passed(&settled.input));
                    inputs.push(settled.input);
                }
                Err(why) => return Some(Verdict::refused(SpanKind::Reminder, why)),
            }
        }
        self.reminders.extend(inputs);
        if matches!(item, Item::RemindMe) {
            doubts = doubts.or_else(|| self.nagging_meant());
        }
        if starts && let Some(date) = self.date {
            said.insert(0, format!("from {} on", long_date(date)));
        }
        doubts = doubts.or(doubt_of_day);
        Some(Verdict::understood(SpanKind::Reminder, said.join("; "), doubts))
    }

    /// Whether how long before to remind is said behind what "remind me" leads to.
    fn reminds_early(&self) -> bool {
        let due = self.due.map(|due| (due, self.all_day));
        let is_settled = |early: &Remind| settle(early, due, self.scene).is_ok();
        self.found
            .iter()
            .any(|found| matches!(&found.item, Item::Early(all) if all.iter().all(is_settled)))
    }

    /// All reminders of the text nag; where none was said, one when it is due.
    pub(super) fn take_nag(&mut self, item: &Item) -> Option<Verdict> {
        let Item::Nag(nag) = item else { return None };
        let (repeat, mut said) = match nag.settle() {
            Ok(settled) => settled,
            Err(why) => return Some(Verdict::refused(SpanKind::Reminder, why)),
        };
        if self.reminders.iter().any(|reminder| reminder.repeat.is_some()) {
            return Some(Verdict::refused(SpanKind::Reminder, "how it nags is said already"));
        }
        if self.reminders.is_empty() {
            let due = self.due.map(|due| (due, self.all_day));
            match settle(&Remind::Before(Length::ZERO), due, self.scene) {
                Ok(settled) => {
                    said = format!("{}, {said}", settled.meaning);
                    self.reminders.push(settled.input);
                }
                Err(why) => return Some(Verdict::refused(SpanKind::Reminder, why)),
            }
        }
        for reminder in &mut self.reminders {
            reminder.repeat = Some(repeat);
        }
        Some(Verdict::understood(SpanKind::Reminder, said, nag.doubt()))
    }

    /// Takes the day of a reminder for that of the due where none was said. Of a recurrence said behind it, it is the start, its times included: "remind me tomorrow at 9 every week to
    /// call". Of a time, it is the day: "remind me tomorrow to call at 5pm".
    pub(super) fn adopt_day_of_reminder(&mut self) {
        if self.date.is_some() || self.instant.is_some() {
            return;
        }
        let found = self
            .found
            .iter()
            .enumerate()
            .find_map(|(index, found)| match &found.item {
                Item::Reminders(reminders) => Some((index, days_of(reminders)?)),
                _ => None,
            });
        let Some((index, (date, times))) = found else { return };
        let recurs = self
            .found
            .iter()
            .position(|found| matches!(found.item, Item::Recurrence(_)));
        let starts = self
            .found
            .iter()
            .any(|found| matches!(found.item, Item::Bound(Bound::From(_))));
        let doubt = match (recurs, &self.series) {
            (Some(recurs), Some(series)) if recurs > index && !starts => {
                let (all, one_counts) = countable(&times, Some(series.repeat()));
                if self.times.is_none() && !all.is_empty() {
                    self.times = Some(all);
                }
                let of_times = || times.iter().find_map(|time| time.doubt.clone());
                date.doubt.clone().or(one_counts).or_else(of_times)
            }
            (_, None) if self.times.is_some() => Some("what it is of is taken to be due on that day, too".into()),
            _ => return,
        };
        let starts = self.series.is_some();
        self.adopted = Some(Adopted { index, starts, doubt });
        self.date = date.day.resolve(self.now.date());
    }

    /// The times of day of the reminders, if all are on the day it is due.
    pub(super) fn times_to_remind(&self) -> Option<Vec<NaiveTime>> {
        let mut times = Vec::new();
        for found in self.found {
            match &found.item {
                Item::Early(_) => return None,
                Item::RemindMe => times.push(NINE),
                Item::Reminders(reminders) => {
                    for reminder in reminders {
                        times.push(reminder.on_the_day()?);
                    }
                }
                _ => {}
            }
        }
        Some(times)
    }

    /// What is to be said of a reminder whose instant is over before it is set.
    fn passed(&self, input: &ReminderInput) -> Doubt {
        let at = input.at.or_else(|| {
            let (day, time) = (self.due?.date(), self.due?.time());
            let (days, seconds) = input.before.map_or((0, 0), |before| (before.days(), before.seconds()));
            let day = day.checked_sub_signed(TimeDelta::days(days.into()))?;
            let time = input
                .time
                .map_or(if self.all_day { NINE } else { time }, TimeOfDay::get);
            let instant = self.scene.instant(day.and_time(time))?;
            Some(instant.plus_millis(seconds.checked_mul(-1000)?))
        })?;
        let what = match self.series {
            Some(_) => "that is over already the first time: it reminds from the second on",
            None => "that is over already: it will not remind",
        };
        (at < self.scene.now).then_some(what.into())
    }

    /// What is to be said of a reminder on a weekday or a day of the month, of what recurs: "every sunday, remind me on saturday"; and on a day of the year, of what recurs every year.
    fn comes_once(&self, text: &str, index: usize, reminder: &Remind) -> Doubt {
        let Remind::At { date: Some(date), .. } = reminder else {
            return None;
        };
        let is_yearly = self.series.as_ref()?.repeat().every == Unit::Year;
        let found = &self.found[index];
        let lower = text[found.start..found.end].to_ascii_lowercase();
        let mut said = lower.split(|c: char| !c.is_alphabetic());
        let comes_again = match date.day.named {
            Named::OfMonth(_) => true,
            Named::Yearly { .. } | Named::Month { year: None, .. } | Named::Weekday { year: None, .. } => is_yearly,
            _ => false,
        };
        let comes_again = comes_again || said.any(|word| words::weekday(word).is_some());
        comes_again.then_some("once, on that day; say “1 day before” or its like to be reminded each time".into())
    }

    /// "remind me every 10 min" of what is due at some time could be a wish to be nagged.
    fn nagging_meant(&self) -> Doubt {
        let within_days = self.series.as_ref().is_some_and(Series::is_within_days);
        let is_due = self.date.is_some() || self.times.is_some();
        (within_days && is_due).then_some("the task itself recurs; “nag every …” comes again for one task".into())
    }
}
