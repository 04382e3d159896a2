//! What is owed, to whom, and when it is offered again.

use punctual_events::SeriesId;
use uuid::Uuid;

use super::*;

const T0: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn series(number: u128) -> ActorId {
    ActorId::Series(SeriesId(Uuid::from_u128(number)))
}

/// Owes an end to each of these.
fn owing(receivers: &[ActorId]) -> Handovers {
    let mut handovers = Handovers::default();
    for receiver in receivers {
        let offer = handovers
            .numbering()
            .offer(*receiver, 0, HandoverMessage::EndSeries { closed: None }, T0);
        handovers.offered(&offer);
    }
    handovers
}

fn offered_at(handovers: &Handovers, after_ms: i64) -> Vec<u64> {
    let due = handovers.due(T0.plus_millis(after_ms), &mut Budget::of_a_commit());
    due.iter().map(|offer| offer.handover.number).collect()
}

#[test]
fn only_the_first_to_each_receiver_is_offered_again() {
    let mut handovers = owing(&[series(1), series(2), series(1)]);
    assert_eq!(offered_at(&handovers, FIRST_PAUSE_MS - 1), Vec::<u64>::new());
    assert_eq!(offered_at(&handovers, FIRST_PAUSE_MS), [1, 2]);
    handovers.acknowledged(1);
    assert_eq!(offered_at(&handovers, FIRST_PAUSE_MS), [2, 3]);
}

#[test]
fn pauses_double_up_to_an_hour() {
    let mut handovers = owing(&[series(1)]);
    let mut pauses_s = Vec::new();
    let mut last = T0;
    for _ in 0..12 {
        let next = handovers.next_wakeup().unwrap();
        pauses_s.push((next.as_millis() - last.as_millis()) / 1000);
        for offer in handovers.due(next, &mut Budget::of_a_commit()) {
            handovers.offered(&offer);
        }
        last = next;
    }
    assert_eq!(pauses_s, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]);
}

#[test]
fn an_acknowledgement_stops_the_offers() {
    let mut handovers = owing(&[series(1)]);
    handovers.acknowledged(1);
    handovers.acknowledged(1);
    assert_eq!(handovers.next_wakeup(), None);
    assert!(!handovers.owes(1));
    assert_eq!(handovers.last(), 1);
}

#[test]
fn one_turn_repeats_no_more_than_a_commit_carries() {
    let receivers: Vec<ActorId> = (0..1_200).map(series).collect();
    let mut handovers = owing(&receivers);
    let now = T0.plus_millis(FIRST_PAUSE_MS);
    let mut turns = 0;
    while handovers.next_wakeup().unwrap() <= now {
        for offer in handovers.due(now, &mut Budget::of_a_commit()) {
            handovers.offered(&offer);
        }
        turns += 1;
    }
    assert_eq!(turns, 3);
}

#[test]
fn what_was_saved_is_owed_again() {
    let mut handovers = owing(&[series(1), series(2), series(1)]);
    handovers.acknowledged(1);
    let mut writes = Vec::new();
    handovers.save(None, &mut writes).unwrap();
    let pages: Vec<Page> = writes.into_iter().filter_map(PageWrite::into_page).collect();
    let restored = Handovers::restore(handovers.last(), &pages).unwrap();
    assert_eq!(restored.next_wakeup(), handovers.next_wakeup());
    assert_eq!(offered_at(&restored, FIRST_PAUSE_MS), [2, 3]);
    assert_eq!(restored.numbering().last, 3);
}

/// The start of a series whose instances have a description of this many bytes.
fn start_of_series(bytes: usize) -> HandoverMessage {
    let definition = serde_json::from_value(serde_json::json!({
        "description": "x".repeat(bytes), "due": null, "first_occurrence": 0, "list": null, "owner": Uuid::from_u128(1),
        "priority": null, "recurrence": {"rrule": "FREQ=DAILY", "anchor": "schedule", "late_policy": "roll_to_future"},
        "reminders": [], "start": null, "tags": [], "time_zone": "UTC", "title": "title",
    }));
    HandoverMessage::StartSeries {
        definition: definition.unwrap(),
        first: punctual_events::TaskId(Uuid::from_u128(2)),
    }
}

#[test]
fn one_turn_repeats_no_more_bytes_than_a_commit_carries() {
    const EACH: usize = 48 * 1024;
    let mut handovers = Handovers::default();
    for receiver in 0..30 {
        let offer = handovers
            .numbering()
            .offer(series(receiver), 0, start_of_series(EACH), T0);
        handovers.offered(&offer);
    }
    let now = T0.plus_millis(FIRST_PAUSE_MS);
    let mut turns = Vec::new();
    while handovers.next_wakeup().unwrap() <= now {
        let due = handovers.due(now, &mut Budget::of_a_commit());
        let bytes: usize = due.iter().map(|offer| serde_json::to_vec(offer).unwrap().len()).sum();
        assert!(bytes <= 512 * 1024, "{bytes}");
        due.iter().for_each(|offer| handovers.offered(offer));
        turns.push(due.len());
    }
    assert_eq!(turns, [10, 10, 10]);
}

#[test]
fn a_hand_over_larger_than_a_commit_may_be_is_offered_alone_and_not_never() {
    let mut handovers = Handovers::default();
    for receiver in 0..2 {
        let message = start_of_series(600 * 1024);
        let offer = handovers.numbering().offer(series(receiver), 0, message, T0);
        handovers.offered(&offer);
    }
    assert_eq!(offered_at(&handovers, FIRST_PAUSE_MS), [1]);
}
