//! Our answer beside the other.

use chrono::{NaiveDate, NaiveDateTime};
use punctual_actors::{
    recurrence::{Rule, RuleError, Schedule},
    zone::BundledZones,
};
use punctual_events::WallTime;

use crate::{
    MOST, Question,
    differences::{self, Reason},
    python::{Answer, AnswerEnd, Found},
};

/// What a rule came to.
pub(crate) enum Verdict {
    Agrees,
    /// The other ran out of time when it had `found` so many.
    AgreesSoFar {
        found: usize,
    },
    Differs(Reason),
    /// With all a person needs to look at it.
    Unexplained(String),
}

/// A wall time, and its instant in UTC.
pub(crate) type Ours = (NaiveDateTime, NaiveDateTime);

/// What `rule` names from the start on, the start only where the rule names it; whether it names anything in 400 years.
pub(crate) fn ours(question: &Question, rule: &str, most: usize) -> (Vec<Ours>, bool) {
    let parsed = Rule::parse(rule).unwrap_or_else(|error| panic!("{rule}: {error}"));
    let start = WallTime::new(question.start).expect("a year from 1 to 9999");
    let schedule = Schedule::timed(parsed, start, question.zone);
    let occurs = match schedule.ensure_occurs(&BundledZones) {
        Ok(()) => true,
        Err(RuleError::NeverOccurs) => false,
        Err(error) => panic!("{rule}: {error}"),
    };
    let all = schedule.occurrences(&BundledZones).expect("a known zone");
    let all = all.map(|occurrence| (occurrence.at.get(), occurrence.instant.to_utc()));
    let horizon = NaiveDate::from_ymd_opt(2200, 1, 1).expect("a date").into();
    (all.take(most).take_while(|(wall, _)| *wall < horizon).collect(), occurs)
}

/// The rule as it is meant there: here the start is the first of `COUNT`, as the standard has it, also where the rule does not name it.
fn counted_as_there(question: &Question, answer: &Answer) -> String {
    let is_named = answer.found.first().is_some_and(|first| first.wall == question.start);
    match question.rule.split_once(";COUNT=") {
        Some((rule, count)) if !is_named => {
            let count: u32 = count.parse().expect("it is the last part");
            format!("{rule};COUNT={}", count + 1)
        }
        _ => question.rule.clone(),
    }
}

pub(crate) fn compare(question: &Question, answer: &Answer) -> Verdict {
    let (ours, occurs) = ours(question, &counted_as_there(question, answer), MOST + 1);
    let verdict = match &answer.end {
        AnswerEnd::Error(_) if !occurs => return Verdict::Differs(Reason::ErrorForNothing),
        AnswerEnd::Error(error) => Err(error.clone()),
        end => same(question, &ours, answer).map(|left_out| (left_out, *end == AnswerEnd::Late)),
    };
    match verdict {
        Ok((true, _)) => Verdict::Differs(Reason::LeftOutInGap),
        Ok((false, true)) => Verdict::AgreesSoFar {
            found: answer.found.len(),
        },
        Ok((false, false)) => Verdict::Agrees,
        Err(difference) => match differences::reason(question, &ours, answer) {
            Some(reason) => Verdict::Differs(reason),
            None => Verdict::Unexplained(format!(
                "{} from {} in {}: {difference}\n  ours {:?}\n  theirs {:?} {:?}",
                question.rule,
                question.start,
                question.zone,
                ours.iter().map(|(wall, _)| wall.to_string()).collect::<Vec<_>>(),
                answer
                    .found
                    .iter()
                    .map(|found| found.wall.to_string())
                    .collect::<Vec<_>>(),
                answer.end,
            )),
        },
    }
}

/// Whether all are the same but for times in a gap of the clocks that are left out here, of which there were some when it is true.
pub(crate) fn same(question: &Question, ours: &[Ours], answer: &Answer) -> Result<bool, String> {
    let is_named = answer.found.first().is_some_and(|first| first.wall == question.start);
    let mut rest = ours.get(usize::from(!is_named)..).unwrap_or_default().iter();
    let mut next = rest.next();
    let mut left_out = false;
    for Found {
        wall,
        is_skipped,
        instant,
    } in &answer.found
    {
        match next {
            Some((ours, at)) if ours == wall => {
                if instant.is_some_and(|instant| instant != *at) {
                    return Err(format!("{wall} is {at}, there {instant:?}"));
                }
                next = rest.next();
            }
            _ if *is_skipped => left_out = true,
            other => return Err(format!("{other:?}, there {wall}")),
        }
    }
    let is_all = answer.end == AnswerEnd::Done && answer.found.len() < MOST;
    match next {
        Some((more, _)) if is_all => Err(format!("{more}, there nothing more")),
        _ => Ok(left_out),
    }
}
