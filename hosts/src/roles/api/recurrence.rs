//! `POST /v1/recurrence/preview`: when a rule or a phrase would come round, before anything is made with it.

mod start;

use std::sync::Arc;

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code,
    phrases::{Reading, Span},
    recurrence::{Occurrence, Rule, RuleError},
    user::validate::{refuse_rule, refuse_workdays},
    zone::{UnknownZone, shown},
};
use punctual_events::{Anchor, RecurrenceDate, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Api, answer,
    auth::Caller,
    body::JsonBody,
    openapi::{AUTHENTICATED, BODY, Problems},
    problem::Problem,
    quick::within_bounds,
};
use start::{Dated, StartForm};

const MAX_COUNT: u16 = 1000;
const MAX_DATES: usize = 366;

pub(super) const PROBLEMS: Problems = &[(
    "preview_recurrence",
    &[
        AUTHENTICATED,
        BODY,
        &[
            Code::Invalid,
            Code::UnknownTimeZone,
            Code::RecurrenceInvalid,
            Code::RecurrenceUnsupported,
            Code::RecurrenceNeverOccurs,
        ],
    ],
)];

/// A rule or a phrase to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewForm {
    /// How many occurrences at most; 10 when it is absent.
    #[serde(default = "usual_count")]
    #[schema(minimum = 1, maximum = 1000, default = 10)]
    count: u16,
    /// RFC 5545 EXDATE: occurrences there are not, in wall time, or days where the start is one.
    #[serde(default)]
    #[schema(max_items = 366)]
    exdate: Vec<RecurrenceDate>,
    /// RFC 5545 RDATE: occurrences besides those of the rule, in wall time, or days where the start is one.
    #[serde(default)]
    #[schema(max_items = 366)]
    rdate: Vec<RecurrenceDate>,
    /// A phrase with a recurrence in it, in place of a rule; its dates and times are meant in the zone. What it counts from completions is shown as if each was completed on its day.
    #[serde(default)]
    #[schema(max_length = 2000, examples("every other tue at 8"))]
    phrase: Option<String>,
    /// RFC 5545 RRULE without the `RRULE:` prefix.
    #[serde(default)]
    #[schema(max_length = 512, examples("FREQ=WEEKLY;BYDAY=MO"))]
    rrule: Option<String>,
    /// The first occurrence, a wall time or, for what is all-day, a day. A phrase knows its own, a day where it names no time.
    #[serde(default)]
    start: Option<StartForm>,
    /// The IANA name of the zone of the wall time, or in which days begin.
    #[schema(max_length = 64, examples("Europe/Paris"))]
    time_zone: String,
    /// True to count workdays where a rule of days says days, from one occurrence to the next, as if each was completed on its day.
    #[serde(default)]
    workdays: bool,
}

fn usual_count() -> u16 {
    10
}

/// What a rule comes to.
#[derive(Serialize, ToSchema)]
struct Preview {
    /// In order, the start first.
    occurrences: Vec<PreviewedOccurrence>,
    /// The rule of a phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    rrule: Option<String>,
    /// The release of the IANA time zone data that the instants were derived with.
    #[schema(examples("2026f"))]
    time_zone_data: String,
    /// The pieces of a phrase that mean something, from left to right.
    #[serde(skip_serializing_if = "Option::is_none")]
    understood: Option<Vec<Span>>,
}

/// One time a rule comes round.
#[derive(Serialize, ToSchema)]
struct PreviewedOccurrence {
    #[serde(flatten)]
    dated: Dated,
    /// The instant it is in the zone; of a day, the one at which it begins.
    instant: Timestamp,
    /// What clocks do to it, or to the midnight of a day, where they skip it or show it twice.
    #[schema(examples(json!(["clocks go forward; 02:30 becomes 03:30"])))]
    notes: Vec<String>,
    /// The zone's offset from UTC at that instant.
    #[schema(examples("+01:00"))]
    utc_offset: String,
}

/// Shows when a rule, or the recurrence of a phrase, would come round.
#[utoipa::path(
    post,
    path = "/v1/recurrence/preview",
    tag = "series",
    operation_id = "preview_recurrence",
    request_body(content = PreviewForm, example = json!({
        "rrule": "FREQ=WEEKLY;BYDAY=MO", "start": "2026-12-07T09:00:00", "time_zone": "Europe/Paris", "count": 5
    })),
    responses((status = 200, description = "The occurrences.", body = Preview)),
    security(("token" = []))
)]
pub(super) async fn preview(
    State(api): State<Arc<Api>>,
    caller: Caller,
    body: JsonBody<PreviewForm>,
) -> Result<Response, Problem> {
    api.profile_of(&caller).await?;
    let form = body.value;
    if !(1..=MAX_COUNT).contains(&form.count) {
        return Err(Problem::invalid("count", format!("from 1 to {MAX_COUNT}")));
    }
    for (name, dates) in [("rdate", &form.rdate), ("exdate", &form.exdate)] {
        if dates.len() > MAX_DATES {
            return Err(Problem::invalid(name, format!("at most {MAX_DATES} dates")));
        }
    }
    let walls = |dates: &[RecurrenceDate]| dates.iter().map(|date| date.wall()).collect::<Vec<_>>();
    let zones = &*api.services.environment.zones;
    let tried = tried(&api, &form)?;
    let rule = Rule::parse(&tried.rrule).map_err(refuse)?;
    rule.ensure_countable().map_err(refuse)?;
    if tried.workdays {
        refuse_workdays(&rule).map_err(|refusal| Problem::from(refusal).on("workdays"))?;
    }
    let added = [("rdate", &form.rdate), ("exdate", &form.exdate)];
    if tried.anchor == Anchor::Completion
        && let Some((name, _)) = added.iter().find(|(_, dates)| !dates.is_empty())
    {
        let detail = "what counts from completions has no dates of its own";
        return Err(Problem::new(Code::RecurrenceInvalid, detail).on(name));
    }
    let is_day = tried.start.is_day();
    for (name, dates) in added {
        if dates.iter().any(|date| date.is_day() != is_day) {
            let detail = "days where the start is a day, and wall times where it is not";
            return Err(Problem::new(Code::RecurrenceInvalid, detail).on(name));
        }
    }
    let schedule = start::schedule(rule, tried.start, &form.time_zone, zones)?;
    let schedule = schedule.with_dates(&walls(&form.rdate), &walls(&form.exdate));
    schedule.ensure_occurs(zones).map_err(refuse)?;
    let unknown = |unknown: UnknownZone| refuse(unknown.into());
    let occurrences: Vec<Occurrence> = match tried.anchor {
        Anchor::Completion => {
            let schedule = schedule.by_workdays(tried.workdays);
            schedule.completed_in_time(form.count, zones).map_err(unknown)?
        }
        Anchor::Schedule => {
            let occurrences = schedule.occurrences(zones).map_err(unknown)?;
            occurrences.take(form.count.into()).collect()
        }
    };
    let previewed = occurrences.into_iter().map(|occurrence| {
        let shown = shown(zones, &form.time_zone, occurrence.at.get(), occurrence.instant);
        let shown = shown.ok_or_else(|| unknown(UnknownZone(form.time_zone.as_str().into())))?;
        Ok(PreviewedOccurrence {
            dated: Dated::new(occurrence.at, is_day),
            instant: occurrence.instant,
            notes: shown.change.iter().map(ToString::to_string).collect(),
            utc_offset: shown.offset.to_string(),
        })
    });
    Ok(answer::ok(&Preview {
        occurrences: previewed.collect::<Result<_, Problem>>()?,
        rrule: tried.understood.is_some().then_some(tried.rrule),
        time_zone_data: zones.version().to_owned(),
        understood: tried.understood,
    }))
}

/// What a form comes to.
struct Tried {
    /// What counts from completions is shown as if each was on its day.
    anchor: Anchor,
    rrule: String,
    start: RecurrenceDate,
    workdays: bool,
    /// Of a phrase.
    understood: Option<Vec<Span>>,
}

fn tried(api: &Api, form: &PreviewForm) -> Result<Tried, Problem> {
    let start = form.start.as_ref().map(StartForm::date).transpose()?;
    match (&form.rrule, &form.phrase) {
        (Some(rrule), None) => Ok(Tried {
            // Nothing else counts workdays.
            anchor: if form.workdays {
                Anchor::Completion
            } else {
                Anchor::Schedule
            },
            rrule: rrule.clone(),
            start: start.ok_or_else(|| Problem::invalid("start", "a rule needs a first occurrence"))?,
            understood: None,
            workdays: form.workdays,
        }),
        (None, Some(phrase)) => {
            within_bounds("phrase", phrase)?;
            let reading = api.read_phrase(phrase, &form.time_zone, api.now());
            let nothing = || Problem::invalid("phrase", "no recurrence is understood in it");
            let recurrence = reading.draft.recurrence.clone().ok_or_else(nothing)?;
            Ok(Tried {
                anchor: recurrence.anchor,
                workdays: recurrence.workdays,
                start: start::of_phrase(start, first(&reading)).ok_or_else(nothing)?,
                rrule: recurrence.rrule.into(),
                understood: Some(reading.understood),
            })
        }
        (Some(_), Some(_)) | (None, None) => Err(Problem::invalid("rrule", "give either `rrule` or `phrase`")),
    }
}

fn first(reading: &Reading) -> Option<RecurrenceDate> {
    let due = reading.draft.due.as_ref()?;
    due.at.map(RecurrenceDate::Time).or(due.date.map(RecurrenceDate::Day))
}

fn refuse(error: RuleError) -> Problem {
    let field = match error {
        RuleError::UnknownZone(_) => "time_zone",
        RuleError::Malformed { .. }
        | RuleError::Unsupported { .. }
        | RuleError::NeverOccurs
        | RuleError::TooFrequent => "rrule",
    };
    Problem::from(refuse_rule(error)).on(field)
}
