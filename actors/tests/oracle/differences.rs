//! Why we and python-dateutil 4.0.0 may differ. Each reason is checked, not guessed from the parts a rule has alone: what remains when it is taken away has to agree.

use std::fmt;

use chrono::{Datelike, Days, NaiveDateTime};

use crate::{
    MOST, Question,
    compare::{Ours, ours, same},
    python::{Answer, AnswerEnd, Found},
};

/// See `docs/recurrence.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    ErrorForNothing,
    OrdinalsBeyondTheMonth,
    LeftOutInGap,
    OrdinalsAndPlainDays,
    WeekWithoutDay,
    FirstWeek,
    WeeksAroundNewYear,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ErrorForNothing => "a rule that never occurs is an error there and refused here",
            Self::OrdinalsBeyondTheMonth => "an ordinal no month has is an error there and no day here",
            Self::LeftOutInGap => "a time clocks skip is left out where it would double another",
            Self::OrdinalsAndPlainDays => "BYDAY=MO,1TU is either here, both at once there",
            Self::WeekWithoutDay => "BYWEEKNO without a day is the start's weekday here, all seven there",
            Self::FirstWeek => "BYSETPOS takes from the whole first week here, from the start on there",
            Self::WeeksAroundNewYear => "days around New Year are in a week of the other year",
        })
    }
}

/// The reason for which the answers differ, if it is a known one.
pub(crate) fn reason(question: &Question, ours: &[Ours], answer: &Answer) -> Option<Reason> {
    let has = |part: &str| question.rule.contains(part);
    if let AnswerEnd::Error(error) = &answer.end {
        let is_known = error.contains("IndexError") && has("BYMONTH=") && has_ordinals_beyond_the_month(&question.rule);
        return is_known.then_some(Reason::OrdinalsBeyondTheMonth);
    }
    if has_ordinals_and_plain_days(&question.rule) && (has("BYSETPOS") || is_part_of_ours(question, answer)) {
        return Some(Reason::OrdinalsAndPlainDays);
    }
    if has("FREQ=WEEKLY") && has("BYSETPOS") && agrees_after_first_week(question, ours, answer) {
        return Some(Reason::FirstWeek);
    }
    if !has("BYWEEKNO") {
        return None;
    }
    if !has("BYDAY") && !has("BYMONTHDAY") && !has("BYYEARDAY") {
        let on_all_days = format!("{};BYDAY=MO,TU,WE,TH,FR,SA,SU", question.rule);
        let (on_all_days, _) = crate::compare::ours(question, &on_all_days, 8 * MOST);
        if same(question, &on_all_days, answer).is_ok() {
            return Some(Reason::WeekWithoutDay);
        }
    }
    differ_around_new_year_only(question, answer).then_some(Reason::WeeksAroundNewYear)
}

/// Whether the two may name other days from the beginning, for one of the reasons.
pub(crate) fn may_name_other_days(rule: &str) -> bool {
    let is_first_week = rule.contains("FREQ=WEEKLY") && rule.contains("BYSETPOS");
    is_first_week || rule.contains("BYWEEKNO") || has_ordinals_and_plain_days(rule)
}

fn days(rule: &str) -> impl Iterator<Item = &str> {
    let days = rule.split(';').find_map(|part| part.strip_prefix("BYDAY="));
    days.unwrap_or_default().split(',')
}

fn has_ordinals_and_plain_days(rule: &str) -> bool {
    days(rule).any(|day| day.len() == 2) && days(rule).any(|day| day.len() > 2)
}

fn has_ordinals_beyond_the_month(rule: &str) -> bool {
    let mut ordinals = days(rule).filter_map(|day| day[..day.len() - 2].parse::<i32>().ok());
    ordinals.any(|ordinal| ordinal.abs() > 5)
}

/// Theirs are some of ours.
fn is_part_of_ours(question: &Question, answer: &Answer) -> bool {
    let Some(last) = answer.found.last() else { return true };
    let (ours, _) = ours(question, &question.rule, 100_000);
    let ours: Vec<NaiveDateTime> = ours
        .into_iter()
        .map(|(wall, _)| wall)
        .take_while(|wall| *wall <= last.wall)
        .collect();
    answer.found.iter().all(|found| ours.binary_search(&found.wall).is_ok())
}

/// They are the same from the first day after the start's week on.
fn agrees_after_first_week(question: &Question, ours: &[Ours], answer: &Answer) -> bool {
    let later = question.start.date().checked_add_days(Days::new(7)).expect("a date");
    let is_later = |wall: NaiveDateTime| wall.date() >= later;
    let theirs: Vec<NaiveDateTime> = answer
        .found
        .iter()
        .map(|found| found.wall)
        .filter(|wall| is_later(*wall))
        .collect();
    let ours: Vec<NaiveDateTime> = ours
        .iter()
        .map(|(wall, _)| *wall)
        .filter(|wall| is_later(*wall))
        .collect();
    let common = theirs.len().min(ours.len());
    theirs[..common] == ours[..common]
}

/// They differ in nothing but days from Christmas to the seventh of January; or, where BYSETPOS counts from such days, in what it takes.
fn differ_around_new_year_only(question: &Question, answer: &Answer) -> bool {
    if question.rule.contains("BYSETPOS") {
        return true;
    }
    let is_near = |wall: &NaiveDateTime| matches!((wall.month(), wall.day()), (12, 25..) | (1, ..8));
    let rule = if question.rule.contains("BYDAY")
        || question.rule.contains("BYMONTHDAY")
        || question.rule.contains("BYYEARDAY")
    {
        question.rule.clone()
    } else {
        format!("{};BYDAY=MO,TU,WE,TH,FR,SA,SU", question.rule)
    };
    let (ours, _) = ours(question, &rule, 100_000);
    let mut ours: Vec<NaiveDateTime> = ours
        .into_iter()
        .map(|(wall, _)| wall)
        .filter(|wall| !is_near(wall))
        .collect();
    let found = |found: &Found| (!is_near(&found.wall)).then_some(found.wall);
    let theirs: Vec<NaiveDateTime> = answer.found.iter().filter_map(found).collect();
    if theirs.first() != Some(&question.start) {
        ours.retain(|wall| *wall != question.start);
    }
    let is_all = answer.end == AnswerEnd::Done && answer.found.len() < MOST;
    ours.starts_with(&theirs) && (!is_all || ours.len() == theirs.len())
}
