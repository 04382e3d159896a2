//! A series' actor by itself: what it takes in which order, and how far it goes at once.

mod completion;
mod days;
mod edit;
mod history;
mod model;
mod pause;
mod single;

use punctual_events::{
    ActorId, Anchor, EventData as _, Handover, HandoverMessage, LatePolicy, Moment, OccurrenceOutcome, Principal,
    Recurrence, RecurrenceDate, SeriesDefinition, SeriesEvent, SeriesId, SessionId, TaskId, Timestamp, UserId,
};
use uuid::Uuid;

use super::{exceptions::Exceptions, *};
use crate::{
    machine::{Context, Machine as _},
    ports::Page,
    refusal::{Code, Refusal},
    zone::{BundledZones, ZoneData as _},
};

const SERIES: ActorId = ActorId::Series(SeriesId(Uuid::from_u128(5)));
const USER: UserId = UserId(Uuid::from_u128(1));
const FIRST: TaskId = TaskId(Uuid::from_u128(9));

fn definition(rrule: &str) -> SeriesDefinition {
    let instant = "2026-11-23T08:00:00Z".parse().unwrap();
    SeriesDefinition {
        description: None,
        due: Some(Moment::Time {
            at: "2026-11-23T09:00:00".parse().unwrap(),
            floating: false,
            instant,
            time_zone: "Europe/Paris".into(),
        }),
        first_occurrence: 0,
        list: None,
        owner: USER,
        priority: None,
        recurrence: Box::new(Recurrence {
            anchor: Anchor::Schedule,
            exdate: Box::default(),
            late_policy: LatePolicy::RollToFuture,
            rdate: Box::default(),
            rrule: rrule.into(),
            workdays: false,
        }),
        reminders: Box::default(),
        spent: None,
        start: None,
        tags: Box::default(),
        time_zone: "Europe/Paris".into(),
        title: "a".into(),
    }
}

fn start(rrule: &str) -> HandoverMessage {
    HandoverMessage::StartSeries {
        definition: Box::new(definition(rrule)),
        first: FIRST,
    }
}

fn close(occurrence: u32, closed: &str) -> HandoverMessage {
    HandoverMessage::CloseOccurrence {
        closed: closed.parse().unwrap(),
        done: None,
        occurrence,
        outcome: OccurrenceOutcome::Done,
        time_zone: "Europe/Paris".into(),
    }
}

struct Life(SeriesActor, Timestamp);

const OWNER: Principal = Principal::User(USER, SessionId(Uuid::nil()));

impl Life {
    fn new() -> Self {
        Self(SeriesActor::new(SERIES), "2030-01-01T00:00:00Z".parse().unwrap())
    }

    fn run(&mut self, command: &SeriesCommand) -> (Vec<SeriesEvent>, u64) {
        self.decide(Principal::System, command).unwrap()
    }

    /// Decides, evolves by what the log would give back, which is written canonically, and checks that saved pages restore the same actor.
    fn decide(&mut self, by: Principal, command: &SeriesCommand) -> Result<(Vec<SeriesEvent>, u64), Refusal> {
        let mut context = Context::new(by, self.1, &BundledZones, 1);
        self.0.authorise(by, self.1)?;
        let decision = self.0.decide(command, &mut context)?;
        for event in &decision.events {
            let record = event.to_record(by).unwrap();
            let again: serde_json::Value = serde_json::from_str(record.data.get()).unwrap();
            assert_eq!(again.to_string(), record.data.get());
            let read = SeriesEvent::from_record(&record).unwrap().unwrap();
            assert_eq!(read, *event);
            self.0.evolve(&read, &BundledZones);
        }
        let restored = restored(&self.0);
        assert_eq!(restored.next_wakeup(), self.0.next_wakeup());
        let exceptions = |actor: &SeriesActor| {
            let Exceptions {
                changes,
                paused,
                pauses,
            } = &actor.exceptions;
            let changes: Vec<_> = changes.iter().map(|(date, changes)| (*date, changes.clone())).collect();
            (changes, *paused, pauses.clone())
        };
        assert_eq!(exceptions(&restored), exceptions(&self.0));
        Ok((decision.events, decision.reply.received))
    }

    /// What the owner asks for.
    fn ask(&mut self, command: &SeriesCommand) -> Result<Vec<SeriesEvent>, Code> {
        let outcome = self.decide(OWNER, command);
        outcome.map(|(events, _)| events).map_err(|refusal| refusal.code)
    }

    /// What the sender hears, and how many events the hand-over led to.
    /// The owner begins the series.
    fn start(&mut self, definition: SeriesDefinition) {
        let message = HandoverMessage::StartSeries {
            definition: Box::new(definition),
            first: FIRST,
        };
        self.receive(1, 0, message);
    }

    fn receive(&mut self, number: u64, previous: u64, message: HandoverMessage) -> (u64, usize) {
        let to = SERIES;
        let handover = Handover {
            message,
            number,
            previous,
            to,
        };
        let (events, received) = self.run(&SeriesCommand::Receive { handover });
        (received, events.len())
    }

    fn answer(&self) -> SeriesAnswer {
        let question = SeriesQuestion::Occurrences {
            after: None,
            limit: 5_000,
            upcoming: 0,
            time_zone: None,
        };
        self.0.ask(OWNER, &question, Timestamp::MIN, &BundledZones).unwrap()
    }
}

#[test]
fn hand_overs_are_taken_once_and_each_after_the_one_before_it() {
    let mut life = Life::new();
    // The sender's other numbers went to other series.
    assert_eq!(
        life.receive(9, 4, close(0, "2026-11-23T08:00:00Z")),
        (0, 0),
        "the fourth is missing"
    );
    assert_eq!(life.receive(4, 0, start("FREQ=DAILY")), (4, 3));
    assert_eq!(life.receive(4, 0, start("FREQ=WEEKLY")), (4, 0), "it has passed");
    assert_eq!(life.receive(9, 4, close(0, "2026-11-23T08:00:00Z")), (9, 4));
    assert_eq!(life.receive(9, 4, close(0, "2026-11-23T08:00:00Z")), (9, 0));
    assert_eq!(life.answer().occurrences.len(), 2);
}

#[test]
fn an_end_that_needs_nothing_before_it_shuts_out_what_comes_late() {
    let mut life = Life::new();
    assert_eq!(life.receive(7, 0, HandoverMessage::EndSeries { closed: None }), (7, 2));
    assert_eq!(life.receive(3, 0, start("FREQ=DAILY")), (7, 0));
    assert_eq!(life.0.next_wakeup(), None);
}

/// How the occurrences ended so far.
fn outcomes(life: &Life) -> Vec<Option<OccurrenceOutcome>> {
    let occurrences = life.answer().occurrences;
    occurrences.into_iter().map(|(_, record)| record.outcome).collect()
}

#[test]
fn what_became_of_the_last_occurrence_is_kept_once_the_series_has_ended_and_makes_no_other() {
    let mut life = Life::new();
    life.receive(1, 0, start("FREQ=DAILY"));
    life.receive(2, 1, HandoverMessage::EndSeries { closed: None });
    assert_eq!(life.receive(3, 2, close(0, "2026-11-23T08:00:00Z")), (3, 2));
    assert_eq!(outcomes(&life), [Some(OccurrenceOutcome::Done)]);
    assert_eq!(life.0.next_wakeup(), None, "nothing is handed over");
}

#[test]
fn what_is_open_when_nothing_of_the_series_is_left_was_skipped() {
    let mut life = Life::new();
    life.receive(1, 0, start("FREQ=DAILY"));
    life.receive(2, 1, close(0, "2026-11-23T08:00:00Z"));
    let closed = Some("2026-11-24T08:00:00Z".parse().unwrap());
    assert_eq!(life.receive(3, 2, HandoverMessage::EndSeries { closed }), (3, 3));
    let (_, last) = life.answer().occurrences.pop().unwrap();
    assert_eq!((last.outcome, last.closed), (Some(OccurrenceOutcome::Skipped), closed));
    assert!(life.answer().ended);
}

#[test]
fn of_an_ended_series_only_the_last_occurrence_can_lose_its_outcome_again() {
    use OccurrenceOutcome::Done;
    let mut life = Life::new();
    life.receive(1, 0, start("FREQ=DAILY"));
    life.receive(2, 1, close(0, "2026-11-23T08:00:00Z"));
    life.receive(3, 2, HandoverMessage::EndSeries { closed: None });
    life.receive(4, 3, close(1, "2026-11-24T08:00:00Z"));
    life.receive(5, 4, HandoverMessage::ReopenOccurrence { occurrence: 0 });
    assert_eq!(outcomes(&life), [Some(Done), Some(Done)]);
    life.receive(6, 5, HandoverMessage::ReopenOccurrence { occurrence: 1 });
    assert_eq!(outcomes(&life), [Some(Done), None]);
    assert!(life.answer().ended);
}

#[test]
fn a_series_thousands_of_occurrences_late_records_a_thousand_and_goes_on_after_now() {
    let mut life = Life::new();
    life.receive(1, 0, start("FREQ=DAILY"));
    let (_, events) = life.receive(2, 1, close(0, "2036-11-23T12:00:00Z"));
    assert_eq!(events, MAX_MISSED + 4);
    let answer = life.answer();
    let (number, open) = answer.occurrences.last().unwrap();
    assert_eq!(usize::try_from(*number).unwrap(), MAX_MISSED + 1);
    assert_eq!(
        (open.outcome, open.at.instant()),
        (None, "2036-11-24T08:00:00Z".parse::<Timestamp>().unwrap())
    );
}

#[test]
fn what_was_done_before_it_became_known_keeps_when_and_counts_from_there_only_where_completions_count() {
    for (anchor, expected) in [
        (Anchor::Schedule, "2026-11-29T08:00:00Z"),
        (Anchor::Completion, "2026-11-27T08:00:00Z"),
    ] {
        let mut life = Life::new();
        let mut definition = definition("FREQ=DAILY;INTERVAL=3");
        definition.recurrence.anchor = anchor;
        life.start(definition);
        let mut closed = close(0, "2026-11-27T12:00:00Z");
        let HandoverMessage::CloseOccurrence { done, .. } = &mut closed else {
            panic!("{closed:?}")
        };
        *done = Some("2026-11-24T12:00:00Z".parse().unwrap());
        life.receive(2, 1, closed);
        let occurrences = life.answer().occurrences;
        let (first, last) = (&occurrences[0].1, &occurrences.last().unwrap().1);
        assert_eq!(first.closed, Some("2026-11-24T12:00:00Z".parse().unwrap()));
        assert_eq!(last.at.instant(), expected.parse().unwrap(), "{anchor:?}");
    }
}

#[test]
fn the_instance_of_an_occurrence_has_an_id_that_is_its_cause() {
    let made = |count: usize| {
        let mut life = Life::new();
        life.receive(1, 0, start("FREQ=DAILY"));
        for number in 0..count {
            let previous = 1 + 2 * u64::try_from(number).unwrap();
            life.receive(previous + 1, previous, close(0, "2026-11-23T08:00:00Z"));
            life.receive(
                previous + 2,
                previous + 1,
                HandoverMessage::ReopenOccurrence { occurrence: 0 },
            );
        }
        let number = life.receive(1_000, 1, close(0, "2026-11-23T08:00:00Z"));
        assert_eq!(number.0, 1_000);
        life.answer().occurrences[1].1.task.unwrap()
    };
    assert_eq!(made(0), made(0));
    assert_ne!(made(0), made(1), "another generation is another task");
}

#[test]
fn only_the_owner_may_ask() {
    let mut life = Life::new();
    let question = SeriesQuestion::Occurrences {
        after: None,
        limit: 1,
        upcoming: 0,
        time_zone: None,
    };
    let by = |user: u128| Principal::User(UserId(Uuid::from_u128(user)), SessionId(Uuid::nil()));
    let ask = |life: &Life, by: Principal| life.0.ask(by, &question, Timestamp::MIN, &BundledZones);
    assert!(ask(&life, by(1)).is_err(), "it has not begun");
    life.receive(1, 0, start("FREQ=DAILY"));
    assert!(ask(&life, by(1)).is_ok());
    assert!(ask(&life, by(2)).is_err() && ask(&life, Principal::System).is_err());
}

#[test]
fn saved_pages_restore_the_series() {
    let mut life = Life::new();
    life.receive(1, 0, start("FREQ=DAILY;COUNT=3"));
    life.receive(2, 1, close(0, "2026-11-24T12:00:00Z"));
    let mut restored = Life(restored(&life.0), life.1);
    assert_eq!(restored.answer().occurrences, life.answer().occurrences);
    assert_eq!(
        restored.receive(3, 2, close(2, "2026-11-25T12:00:00Z")),
        (3, 3),
        "the third was the last"
    );
    assert!(restored.answer().ended);
}

/// The actor as its pages have it.
fn restored(actor: &SeriesActor) -> SeriesActor {
    let writes = actor.save(None, BundledZones.version()).unwrap();
    let pages: Vec<Page> = writes.into_iter().map(|write| write.into_page().unwrap()).collect();
    SeriesActor::restore(SERIES, &pages, &BundledZones).unwrap().0
}

fn date(text: &str) -> RecurrenceDate {
    text.parse().unwrap()
}

#[test]
fn dates_taken_away_are_passed_over_and_dates_added_come_in_between() {
    let mut life = Life::new();
    let mut dated = definition("FREQ=DAILY;COUNT=3");
    dated.recurrence.exdate = [date("2026-11-24T09:00:00")].into();
    dated.recurrence.rdate = [date("2026-11-25T07:00:00"), date("2026-12-24T18:00:00")].into();
    life.start(dated);
    for occurrence in 0..4 {
        let number = 2 + u64::from(occurrence);
        life.receive(number, number - 1, close(occurrence, "2026-11-23T08:00:00Z"));
    }
    let answer = life.answer();
    let at: Vec<String> = answer
        .occurrences
        .iter()
        .map(|(_, record)| record.at.instant().to_string())
        .collect();
    let expected = [
        "2026-11-23T08:00:00.000Z",
        "2026-11-25T06:00:00.000Z",
        "2026-11-25T08:00:00.000Z",
        "2026-12-24T17:00:00.000Z",
    ];
    assert_eq!((at, answer.ended), (expected.map(str::to_owned).to_vec(), true));
}

#[test]
fn a_change_counts_dates_taken_away_and_not_dates_added() {
    let mut before = definition("FREQ=DAILY;COUNT=9");
    before.recurrence.exdate = ["2026-11-24T09:00:00", "2026-11-24T10:00:00", "2026-11-26T09:00:00"]
        .map(date)
        .into();
    before.recurrence.rdate = [date("2026-11-25T07:00:00"), date("2026-11-26T09:00:00")].into();
    // 23rd, 25th at 7, 25th; the 27th is number 3, and the rule has spent the 23rd to the 26th.
    let mut after = before.clone();
    after.first_occurrence = 3;
    let instant = "2026-11-27T08:00:00Z".parse().unwrap();
    after.due = Some(Moment::Time {
        at: "2026-11-27T09:00:00".parse().unwrap(),
        floating: false,
        instant,
        time_zone: "Europe/Paris".into(),
    });
    assert_eq!(next::spent_until(&before, &after, &BundledZones), 4);
}

#[test]
fn a_change_counts_a_date_beside_one_that_was_added_at_its_instant() {
    // 2:30 is skipped on 28 March 2027 and becomes 3:30: what was added then is no occurrence of its own.
    let at = |wall: &str, instant: &str| Moment::Time {
        at: wall.parse().unwrap(),
        floating: false,
        instant: instant.parse().unwrap(),
        time_zone: "Europe/Paris".into(),
    };
    let mut before = definition("FREQ=DAILY;COUNT=9");
    before.due = Some(at("2027-03-27T02:30:00", "2027-03-27T01:30:00Z"));
    before.recurrence.rdate = [date("2027-03-28T03:30:00")].into();
    let mut after = before.clone();
    after.first_occurrence = 2;
    after.due = Some(at("2027-03-29T02:30:00", "2027-03-29T00:30:00Z"));
    assert_eq!(next::spent_until(&before, &after, &BundledZones), 2);
}

/// How many instances `COUNT=3` makes in all when the third is changed like this before it is closed.
fn instances_of_three(rrule: &str, changed: &str, anchor: Anchor) -> usize {
    let mut life = Life::new();
    life.receive(1, 0, start(rrule));
    life.receive(2, 1, close(0, "2026-11-23T12:00:00Z"));
    life.receive(3, 2, close(1, "2026-11-24T12:00:00Z"));
    let mut later = definition(changed);
    later.recurrence.anchor = anchor;
    later.first_occurrence = 2;
    later.due = Some(life.answer().occurrences[2].1.at.clone());
    let message = HandoverMessage::ChangeSeries {
        definition: Box::new(later),
        occurrence: 2,
    };
    life.receive(4, 3, message);
    for occurrence in 2..8 {
        let day = 23 + occurrence;
        let number = u64::from(occurrence);
        life.receive(
            3 + number,
            2 + number,
            close(occurrence, &format!("2026-11-{day}T12:00:00Z")),
        );
    }
    life.answer().occurrences.len()
}

#[test]
fn a_change_of_the_anchor_does_not_start_count_anew() {
    for anchor in [Anchor::Schedule, Anchor::Completion] {
        let rule = "FREQ=DAILY;COUNT=3";
        assert_eq!(instances_of_three(rule, rule, anchor), 3, "{anchor:?}");
        assert_eq!(
            instances_of_three(rule, "COUNT=3;FREQ=DAILY", anchor),
            3,
            "the same rule"
        );
    }
    let more = instances_of_three("FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=4", Anchor::Schedule);
    assert_eq!(more, 2 + 4, "another rule counts from where it was set");
}
