//! From phrases to a task: which of them count, what they come to together, and what is said of each.

use std::cell::OnceCell;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use punctual_events::Priority;

use super::{
    Reading,
    dates::Doubt,
    days::{Day, long_date},
    how_often::Rules,
    lengths::Length,
    misspelt::Correction,
    recurrences::Bound,
    reminding::Adopted,
    scan::{Found, Item},
    scene::{Scene, whole_seconds},
    series::{Series, follows_recurrence, kind_of},
    several::{countable, shown},
    spans::SpanKind,
    times::Time,
    title::title,
    today::{another_day, says_another_day},
    verdict::{Verdict, spans},
};
use crate::user::draft::{MomentInput, ReminderInput, TaskDraft};

/// What is known so far.
pub(super) struct Composer<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) now: NaiveDateTime,
    pub(super) found: &'a [Found],
    /// Its recurrences.
    pub(super) rules: Rules<'a>,
    /// Whether a day is said that "christmas" in "christmas shopping tomorrow" gives way to.
    says_another_day: bool,
    /// That day, if it is one of its own.
    pub(super) another_day: Option<NaiveDate>,
    pub(super) verdicts: Vec<Option<Verdict>>,
    pub(super) date: Option<NaiveDate>,
    pub(super) times: Option<Vec<NaiveTime>>,
    pub(super) instant: Option<NaiveDateTime>,
    pub(super) series: Option<Series>,
    /// When it would be due without an end, which spans and lengths are measured by: looked for once, however many there are.
    first_to_end: OnceCell<Option<NaiveDateTime>>,
    pub(super) due: Option<NaiveDateTime>,
    pub(super) all_day: bool,
    pub(super) reminders: Vec<ReminderInput>,
    /// The reminder whose day is that of the due.
    pub(super) adopted: Option<Adopted>,
    tags: Vec<String>,
    priority: Option<Priority>,
}

/// Composes what was found in a text.
pub(super) fn compose(
    text: &str,
    found: &[Found],
    escapes: &[usize],
    corrections: &[Correction],
    scene: &Scene<'_>,
) -> Reading {
    let rules = Rules::of(found);
    let mut composer = Composer {
        rules,
        says_another_day: says_another_day(found, &rules),
        another_day: another_day(found, scene.today()),
        scene,
        now: scene.wall(),
        found,
        verdicts: vec![None; found.len()],
        date: None,
        times: None,
        instant: None,
        series: None,
        first_to_end: OnceCell::new(),
        due: None,
        all_day: false,
        reminders: Vec::new(),
        adopted: None,
        tags: Vec::new(),
        priority: None,
    };
    // Bounds need to know the recurrence, reminders the due, and nagging the reminders, wherever in the text they stand.
    composer.pass(|composer, index| composer.take(text, &found[index].item));
    composer.adopt_day_of_reminder();
    composer.refuse_times_of_no_day();
    composer.settle_passed_time();
    composer.doubt_weekday_of_month(text);
    composer.refuse_weekday_of_no_rule(text);
    for kind in [SpanKind::Start, SpanKind::End, SpanKind::Exception] {
        composer.pass(|composer, index| composer.take_bound(text, index, kind));
    }
    let starts = composer.settle_due();
    composer.pass(|composer, index| composer.take_reminder(text, index));
    composer.pass(|composer, index| composer.take_nag(&found[index].item));
    composer.doubt_corrections(corrections);
    composer.into_reading(text, escapes, starts)
}

impl Composer<'_> {
    /// Has a judge look at each phrase that nobody has judged.
    fn pass(&mut self, mut judge: impl FnMut(&mut Self, usize) -> Option<Verdict>) {
        for index in 0..self.found.len() {
            if self.verdicts[index].is_none() {
                self.verdicts[index] = judge(self, index);
            }
        }
    }

    /// What depends on nothing else in the text.
    fn take(&mut self, text: &str, item: &Item) -> Option<Verdict> {
        Some(match item {
            Item::Date {
                date, gives_way: true, ..
            } if self.is_said_otherwise(date.day) => return None,
            Item::Date { gives_way: true, .. } if self.says_another_day => Verdict::refused(
                SpanKind::Date,
                "taken for words of the title, because another day is said",
            ),
            Item::Date { date, times, .. } => self.take_date(date.day, &date.doubt, times),
            Item::Times(times) => self.take_times(times),
            Item::In(length) => self.take_length(*length),
            Item::Recurrence(recurrence) => self.take_recurrence(recurrence),
            Item::Tag { start, end } => self.take_tag(&text[*start..*end]),
            Item::List => Verdict::refused(SpanKind::List, "there is no such list"),
            Item::Priority(priority) => match self.priority {
                Some(_) => Verdict::refused(SpanKind::Priority, "there is a priority already"),
                None => {
                    self.priority = Some(*priority);
                    Verdict::understood(SpanKind::Priority, format!("{priority:?}").to_lowercase(), None)
                }
            },
            Item::Unclear(kind, why) => Verdict::refused(*kind, *why),
            Item::Bound(_) | Item::Reminders(_) | Item::Early(_) | Item::RemindMe | Item::Nag(_) => return None,
        })
    }

    fn take_date(&mut self, day: Day, doubt: &Doubt, times: &[Time]) -> Verdict {
        if self.date.is_some() || self.instant.is_some() {
            return Verdict::refused(SpanKind::Date, "there is a date already");
        }
        let Some(date) = day.resolve(self.now.date()) else {
            return Verdict::refused(SpanKind::Date, "there is no such day");
        };
        let mut meaning = long_date(date);
        if let Some(time) = times.first() {
            if self.times.is_some() {
                return Verdict::refused(SpanKind::Date, "there is a time already");
            }
            self.times = Some(vec![time.at]);
            meaning += &format!(" at {}", time.at.format("%H:%M"));
        }
        self.date = Some(date);
        let of_time = times.first().and_then(|time| time.doubt.clone());
        let is_over = (date < self.now.date()).then_some("it is over already".into());
        Verdict::understood(SpanKind::Date, meaning, doubt.clone().or(is_over).or(of_time))
    }

    fn take_times(&mut self, times: &[Time]) -> Verdict {
        if self.times.is_some() || self.instant.is_some() {
            return Verdict::refused(SpanKind::Time, "there is a time already");
        }
        let (all, one_counts) = countable(times, self.rules.repeat());
        let doubt = one_counts.or_else(|| times.iter().find_map(|time| time.doubt.clone()));
        let meaning = shown(&all);
        self.times = Some(all);
        Verdict::understood(SpanKind::Time, meaning, doubt)
    }

    fn take_length(&mut self, length: Length) -> Verdict {
        if self.date.is_some() || self.times.is_some() || self.instant.is_some() {
            return Verdict::refused(SpanKind::Time, "there is a date or a time already");
        }
        let instant = self.scene.later(length).map(|instant| self.scene.wall_at(instant));
        let Some(at) = instant.and_then(whole_seconds) else {
            return Verdict::refused(SpanKind::Time, "there is no such time");
        };
        let wall = at.get();
        self.instant = Some(wall);
        let meaning = format!("{} at {}", long_date(wall.date()), wall.format("%H:%M"));
        Verdict::understood(SpanKind::Time, meaning, None)
    }

    fn take_tag(&mut self, tag: &str) -> Verdict {
        if !self.tags.iter().any(|known| known == tag) {
            self.tags.push(tag.to_owned());
        }
        Verdict::understood(SpanKind::Tag, format!("tag “{tag}”"), None)
    }

    /// A bound of one kind: where an end is depends on the start, and what can be left out on both.
    fn take_bound(&mut self, text: &str, index: usize, kind: SpanKind) -> Option<Verdict> {
        let Item::Bound(bound) = &self.found[index].item else {
            return None;
        };
        (kind_of(bound) == kind).then_some(())?;
        let Some(series) = &self.series else {
            return Some(Verdict::refused(kind, "nothing recurs here"));
        };
        let is_length = matches!(bound, Bound::For(_));
        if (is_length || matches!(bound, Bound::Count(_)))
            && !follows_recurrence(text, &self.found[..=index], &self.verdicts)
        {
            return Some(Verdict::refused(kind, "it is not right behind what recurs"));
        }
        let first = (is_length && !series.ends()).then(|| self.first_to_end()).flatten();
        let said = self.start().unwrap_or(self.now.date());
        let base = first.map_or(said, |first| first.date());
        if let Bound::Span { from: None, until } = bound
            && self.first_to_end().is_some_and(|due| due.date() > *until)
        {
            return Some(Verdict::refused(kind, "it does not come round in what is left of it"));
        }
        let series = self.series.as_mut()?;
        Some(series.bound(bound, base))
    }

    /// Once every start has been taken.
    fn first_to_end(&self) -> Option<NaiveDateTime> {
        *self.first_to_end.get_or_init(|| self.first_due(self.start()).0)
    }

    /// When it is due, of all that was said; and the start of a recurrence where one was said.
    fn settle_due(&mut self) -> Option<NaiveDate> {
        self.end_with_day();
        (self.due, self.all_day) = self.first_due(self.start());
        if let (Some(series), Some(times), None) = (&mut self.series, &self.times, self.instant) {
            series.at_times(times);
        }
        self.series.as_ref()?.starts
    }

    /// The start or the date, where one was said.
    pub(super) fn start(&self) -> Option<NaiveDate> {
        let starts = self.series.as_ref().and_then(|series| series.starts);
        starts.or(self.date)
    }

    /// When it is due the first time, as far as is known, and whether that is all day.
    pub(super) fn first_due(&self, said: Option<NaiveDate>) -> (Option<NaiveDateTime>, bool) {
        let times = self.times.as_deref().unwrap_or_default();
        let start = said.unwrap_or_else(|| match self.times_to_remind() {
            Some(reminding) if times.is_empty() && self.series.is_some() => self.next_day(&reminding),
            _ => self.next_day(times),
        });
        match (&self.series, self.instant, times.first()) {
            (_, Some(instant), _) => (Some(instant), false),
            (Some(series), None, _) => series.first(said, start, times, self.scene),
            (None, None, None) => (said.map(|date| date.and_time(NaiveTime::MIN)), true),
            (None, None, Some(time)) => (Some(start.and_time(*time)), false),
        }
    }

    /// Today while one of these times is ahead, or none was said.
    fn next_day(&self, times: &[NaiveTime]) -> NaiveDate {
        let today = self.now.date();
        if times.is_empty() || times.iter().any(|time| *time > self.now.time()) {
            today
        } else {
            today.succ_opt().unwrap_or(today)
        }
    }

    /// Says what misspelt words were taken for.
    fn doubt_corrections(&mut self, corrections: &[Correction]) {
        let mut corrections = corrections.iter().peekable();
        for (found, verdict) in self.found.iter().zip(&mut self.verdicts) {
            while corrections.next_if(|correction| correction.at < found.start).is_some() {}
            while let Some(correction) = corrections.next_if(|correction| correction.at < found.end) {
                if let Some(verdict) = verdict.as_mut().filter(|verdict| verdict.understood) {
                    verdict.doubt(format!("taken for “{}”", correction.name));
                }
            }
        }
    }

    fn into_reading(self, text: &str, escapes: &[usize], starts: Option<NaiveDate>) -> Reading {
        let judged: Vec<(&Found, Verdict)> = self
            .found
            .iter()
            .zip(self.verdicts)
            .filter_map(|(found, verdict)| Some((found, verdict?)))
            .collect();
        let taken: Vec<(usize, usize)> = judged
            .iter()
            .filter(|(_, verdict)| verdict.understood)
            .map(|(found, _)| (found.start, found.end))
            .collect();
        let zone = self.scene.time_zone;
        let due = self.due.map(|due| {
            if self.all_day {
                MomentInput {
                    date: Some(due.date()),
                    ..MomentInput::default()
                }
            } else {
                MomentInput {
                    at: whole_seconds(due),
                    time_zone: Some(zone.into()),
                    ..MomentInput::default()
                }
            }
        });
        Reading {
            draft: TaskDraft {
                due,
                priority: self.priority,
                recurrence: self.series.as_ref().map(Series::recurrence),
                reminders: self.reminders,
                tags: self.tags,
                title: title(text, &taken, escapes),
                ..TaskDraft::default()
            },
            starts,
            understood: spans(text, judged),
        }
    }
}
