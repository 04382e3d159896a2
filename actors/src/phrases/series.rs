//! A recurrence with its bounds, on its way to a rule and a first day.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use punctual_events::{Anchor, LatePolicy, Recurrence, WallTime};

use super::{
    days::long_date,
    lengths::Length,
    recurrences::{Bound, End, Exception, Repeat, WORKDAYS, each as each_of},
    scan::{Found, Item},
    scene::{Scene, whole_seconds},
    several::share_minute,
    spans::SpanKind,
    verdict::Verdict,
    weekday::coming,
    words::{Unit, month_name, weekday_name},
};
use crate::recurrence::{Rule, Schedule};

/// What recurs.
pub(super) struct Series {
    repeat: Repeat,
    after_completion: bool,
    /// The day it was said to start on or after.
    pub(super) starts: Option<NaiveDate>,
    end: End,
}

/// What a bound is about.
pub(super) fn kind_of(bound: &Bound) -> SpanKind {
    match bound {
        Bound::From(_) | Bound::Span { from: Some(_), .. } => SpanKind::Start,
        Bound::Until(..) | Bound::Span { from: None, .. } | Bound::For(_) | Bound::Count(_) => SpanKind::End,
        Bound::Except(_) => SpanKind::Exception,
    }
}

/// Whether the last phrase of `found` is right behind a recurrence that counts, or behind what bounds one; other phrases and commas may stand between. A length or a number
/// of times elsewhere is about something else: "take 2x aspirin every day", "book a cabin for 2 weeks every july".
pub(super) fn follows_recurrence(text: &str, found: &[Found], verdicts: &[Option<Verdict>]) -> bool {
    let pairs = found.windows(2).zip(verdicts).rev();
    pairs
        .take_while(|(pair, _)| {
            let between = &text[pair[0].end..pair[1].start];
            between.chars().all(|c| c == ',' || c.is_whitespace())
        })
        .any(|(pair, verdict)| {
            matches!(pair[0].item, Item::Recurrence(_) | Item::Bound(_))
                && verdict.as_ref().is_some_and(|verdict| verdict.understood)
        })
}

impl Series {
    pub(super) fn new(repeat: Repeat, after_completion: bool) -> Self {
        Self {
            repeat,
            after_completion,
            starts: None,
            end: End::Never,
        }
    }

    /// How it repeats.
    pub(super) fn repeat(&self) -> &Repeat {
        &self.repeat
    }

    /// Whether it comes round more than once a day.
    pub(super) fn is_within_days(&self) -> bool {
        self.repeat.is_within_days()
    }

    /// Ends what comes round within days with the day it was said to be on: "every hour today".
    pub(super) fn end_with(&mut self, day: NaiveDate) {
        self.end = End::Until(day);
    }

    /// Whether an end was said.
    pub(super) fn ends(&self) -> bool {
        self.end != End::Never
    }

    /// As a task has it.
    pub(super) fn recurrence(&self) -> Recurrence {
        Recurrence {
            exdate: Box::default(),
            rdate: Box::default(),
            anchor: if self.after_completion {
                Anchor::Completion
            } else {
                Anchor::Schedule
            },
            late_policy: LatePolicy::default(),
            rrule: self.repeat.rrule(self.end).into(),
            workdays: self.repeat.workdays,
        }
    }

    /// Takes a bound; years that were not said follow from `base`, the start as far as it is known, and lengths count from there.
    pub(super) fn bound(&mut self, bound: &Bound, base: NaiveDate) -> Verdict {
        match bound {
            Bound::From(date) => match date.day.resolve(base) {
                Some(_) if self.starts.is_some() => Verdict::refused(SpanKind::Start, "there is a start already"),
                None => Verdict::refused(SpanKind::Start, "there is no such day"),
                Some(day) => {
                    self.starts = Some(day);
                    Verdict::understood(
                        SpanKind::Start,
                        format!("from {} on", long_date(day)),
                        date.doubt.clone(),
                    )
                }
            },
            Bound::Span { from, until } => self.within(*from, *until),
            Bound::Until(date, weekday) => {
                let doubt = date.doubt.clone().or_else(|| {
                    let first = date
                        .day
                        .is_yearless_month()
                        .then_some("that day included; say “until the end of” a month for all of it");
                    first.map(Into::into)
                });
                let behind_start = self.starts.and(*weekday);
                let day = match behind_start {
                    Some(weekday) => base.succ_opt().and_then(|day| coming(day, weekday)),
                    None => date.day.resolve(base),
                };
                self.until(day, doubt)
            }
            // The last day counts too: 3 days from Monday on are over on Wednesday.
            Bound::For(length) => self.until(length.after(base).and_then(|day| day.pred_opt()), None),
            Bound::Count(count) => self.end_by(End::Count(*count), format!("{count} times"), None),
            Bound::Except(exceptions) => self.except(exceptions, base),
        }
    }

    fn until(&mut self, day: Option<NaiveDate>, doubt: super::dates::Doubt) -> Verdict {
        match day.filter(|day| (1..=9999).contains(&day.year())) {
            Some(day) => self.end_by(End::Until(day), format!("until {}", long_date(day)), doubt),
            None => Verdict::refused(SpanKind::End, "there is no such day"),
        }
    }

    /// From the first day of a span, if it has yet to come, to its last.
    fn within(&mut self, from: Option<NaiveDate>, until: NaiveDate) -> Verdict {
        if from.is_some() && self.starts.is_some() || self.ends() {
            return Verdict::refused(SpanKind::End, "there is a start or an end already");
        }
        self.starts = self.starts.or(from);
        self.end = End::Until(until);
        let until_then = format!("until {}", long_date(until));
        match from {
            Some(from) => Verdict::understood(SpanKind::Start, format!("from {} {until_then}", long_date(from)), None),
            None => Verdict::understood(SpanKind::End, until_then, None),
        }
    }

    fn end_by(&mut self, end: End, meaning: String, doubt: super::dates::Doubt) -> Verdict {
        if self.end != End::Never {
            return Verdict::refused(SpanKind::End, "there is an end already");
        }
        self.end = end;
        Verdict::understood(SpanKind::End, meaning, doubt)
    }

    /// Leaves out weekdays and months, as far as a rule can: all of them, or nothing is changed.
    fn except(&mut self, exceptions: &[Exception], start: NaiveDate) -> Verdict {
        let mut repeat = self.repeat.clone();
        let mut names: Vec<String> = Vec::with_capacity(exceptions.len());
        for exception in exceptions {
            let left = match exception {
                Exception::Weekdays(days) => {
                    names.extend(days.iter().map(|day| format!("{}s", weekday_name(*day))));
                    without_weekdays(&mut repeat, days)
                }
                Exception::Month { month, year } => {
                    names.push(month_name(*month).to_owned());
                    let only = year.is_none_or(|year| self.has_one(*month, year, start));
                    only.then(|| without_month(&mut repeat, *month)).flatten()
                }
                Exception::Other => None,
            };
            if left.is_none() {
                return Verdict::refused(
                    SpanKind::Exception,
                    "a rule can leave out weekdays and months, and only some of what a rule names",
                );
            }
        }
        self.repeat = repeat;
        Verdict::understood(SpanKind::Exception, format!("without {}", names.join(" and ")), None)
    }

    /// Whether the series, which has to have an end, meets a month only in this year.
    fn has_one(&self, month: u8, year: i32, start: NaiveDate) -> bool {
        let End::Until(until) = self.end else { return false };
        let next = NaiveDate::from_ymd_opt(year + 1, month.into(), 1);
        let last_before = NaiveDate::from_ymd_opt(year - 1, month.into(), 1).and_then(super::days::last_of_month);
        next.is_some_and(|next| until < next) && last_before.is_some_and(|before| start > before)
    }

    /// Several times on a day are one rule where they share the minute.
    pub(super) fn at_times(&mut self, times: &[NaiveTime]) {
        if times.len() > 1 && share_minute(times) && self.repeat.takes_hours() {
            self.repeat.hours = times.iter().map(NaiveTime::hour).collect();
        }
    }

    /// When it is due the first time, from `start` on, and whether that is all day; `said` is the start where one was said.
    pub(super) fn first(
        &self,
        said: Option<NaiveDate>,
        start: NaiveDate,
        times: &[NaiveTime],
        scene: &Scene<'_>,
    ) -> (Option<NaiveDateTime>, bool) {
        if times.is_empty() && self.repeat.is_within_days() {
            return (self.first_within_days(said, scene), false);
        }
        let day = self.first_day(start, scene);
        let mut ahead = times.iter();
        let ahead = ahead.find(|time| said.is_some() || day.and_time(**time) > scene.wall());
        let time = ahead.or(times.first()).copied().unwrap_or(NaiveTime::MIN);
        (Some(day.and_time(time)), times.is_empty())
    }

    /// The first day from `start` on that the rule names. A rule that the core refuses has none: creating the task is refused as well.
    fn first_day(&self, start: NaiveDate, scene: &Scene<'_>) -> NaiveDate {
        if !self.repeat.names_days() {
            return start;
        }
        // In steps of one: where it starts decides the phase of "every other", not the other way round.
        let mut each = Repeat {
            interval: 1,
            hours: Vec::new(),
            ..self.repeat.clone()
        };
        if each.workdays {
            each.weekdays = each_of(&WORKDAYS);
        }
        if !each.weeks.is_empty() && each.weekdays.is_empty() {
            // A week is its Monday, rather than the weekday of the start.
            each.weekdays = vec![(0, 0)];
        }
        let schedule = |end| {
            let rule = Rule::parse(&each.rrule(end)).ok()?;
            Some(Schedule::all_day(rule, start, scene.time_zone))
        };
        let first = || {
            // The first of a schedule is its start, named or not; a rule that ends there occurs only if it names it.
            if schedule(End::Until(start))?.ensure_occurs(scene.zones).is_ok() {
                return Some(start);
            }
            let at = WallTime::new(start.and_time(NaiveTime::MIN))?;
            let next = schedule(End::Never)?.next_after_wall(at, scene.zones).ok()??;
            Some(next.at.get().date())
        };
        first().unwrap_or(start)
    }

    /// The first of what comes round within days: on the day it was said to start, or, today, one interval from now.
    fn first_within_days(&self, said: Option<NaiveDate>, scene: &Scene<'_>) -> Option<NaiveDateTime> {
        if let Some(date) = said.filter(|date| *date != scene.today()) {
            return Some(date.and_time(NaiveTime::MIN));
        }
        let instant = scene.later(Length::of(self.repeat.interval, self.repeat.every))?;
        whole_seconds(scene.wall_at(instant)).map(WallTime::get)
    }
}

fn without_weekdays(repeat: &mut Repeat, days: &[u8]) -> Option<()> {
    if repeat.workdays || repeat.weekdays.iter().any(|(nth, _)| *nth != 0) || !repeat.positions.is_empty() {
        return None;
    }
    match repeat.every {
        Unit::Week | Unit::Month | Unit::Year if repeat.weekdays.is_empty() => return None,
        Unit::Day if repeat.interval == 1 => repeat.every = Unit::Week,
        _ => {}
    }
    if repeat.weekdays.is_empty() {
        repeat.weekdays = each_of(&[0, 1, 2, 3, 4, 5, 6]);
    }
    repeat.weekdays.retain(|(_, day)| !days.contains(day));
    (!repeat.weekdays.is_empty()).then_some(())
}

fn without_month(repeat: &mut Repeat, month: u8) -> Option<()> {
    if repeat.workdays || repeat.every == Unit::Year && repeat.months.is_empty() {
        return None;
    }
    if repeat.months.is_empty() {
        repeat.months = (1..=12).collect();
    }
    repeat.months.retain(|known| *known != month);
    (!repeat.months.is_empty()).then_some(())
}
