//! What must be true of a household at rest.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use punctual_actors::{
    activation::Activation,
    machine::Machine,
    memory::KEY_LIFETIME_MS,
    ports::{Clock as _, Store as _},
    series::{SeriesActor, SeriesQuestion},
    turn::TurnError,
    user::UserActor,
    zone::BundledZones,
};
use punctual_events::{
    ActorId, CommandId, Commit, CommittedCommand, Digest, EventData as _, EventType, HandoverAcknowledged,
    HandoverOffered, Principal, RecurrenceDate, ReminderTime, Seq, SeriesEvent, SeriesId, Status, Task, TaskId,
    Timestamp, UserEvent,
};

use super::{Household, SESSION, USER, reminders};
use crate::process::ready;

/// Checks a household at rest.
pub(crate) fn check(household: &Household) {
    for actor in household.actors() {
        the_log_is_a_genuine_chain(household, actor);
        everything_handed_over_was_acknowledged(household, actor);
    }
    every_attempt_was_answered_truly(household);
    instances_were_made_once_and_one_at_a_time(household);
    reminders_fired_once_and_never_early(household);
    reminders::what_was_to_come_again_came_once(household);
    no_instance_came_too_late_for_its_reminders(household);
    let user = at_rest::<UserActor>(household, ActorId::User(USER));
    assert_eq!(user.next_wakeup(), None, "something of the user is still to be done");
    for actor in household.actors() {
        if let ActorId::Series(id) = actor {
            a_series_and_its_owner_agree(household, id, &user);
        }
    }
}

/// The actor as it is loaded, which is as its whole log makes it.
fn at_rest<M: Machine>(household: &Household, actor: ActorId) -> M {
    let ledger = &household.world.ledger;
    let loaded = ready(ledger.load(actor)).expect("load");
    let now = household.world.clock.now();
    let restored = Activation::<M>::restore(actor, &loaded, &BundledZones, now, 0).expect("restore");
    let mut replayed = M::new(actor);
    for record in ledger.of(actor).iter().flat_map(|commit| &commit.events) {
        let event = M::Event::from_record(record).expect("an event").expect("not erased");
        replayed.evolve(&event, &BundledZones);
    }
    let restored = restored.snapshot().machine.clone();
    assert_eq!(
        content(&restored),
        content(&replayed),
        "{actor} was not saved and loaded as it was"
    );
    assert_eq!(restored.next_wakeup(), replayed.next_wakeup());
    restored
}

/// The entries of all pages, whatever pages they are on.
fn content<M: Machine>(machine: &M) -> BTreeSet<String> {
    let pages = machine.save(None, "").expect("save");
    let mut content = BTreeSet::new();
    for page in pages {
        let prefix = page.name.split('/').next().unwrap_or_default().to_owned();
        let page: serde_json::Value = serde_json::from_slice(&page.bytes.unwrap_or_default()).expect("a page is JSON");
        match &page["entries"] {
            serde_json::Value::Array(entries) => {
                content.extend(entries.iter().map(|entry| format!("{prefix} {entry}")))
            }
            other => drop(content.insert(format!("{prefix} {other}"))),
        }
    }
    content
}

fn the_log_is_a_genuine_chain(household: &Household, actor: ActorId) {
    let mut previous = Digest::ZERO;
    let published = household.world.publisher.published_by(actor);
    let published: HashSet<Digest> = published.iter().map(|commit| commit.header.hash).collect();
    for (commit, seq) in household.world.ledger.of(actor).iter().zip(1..) {
        assert!(commit.is_genuine());
        assert_eq!((commit.header.seq, commit.header.previous), (Seq(seq), previous));
        previous = commit.header.hash;
        assert!(
            commit.events.is_empty() || published.contains(&previous),
            "{actor}/{seq} was never published"
        );
    }
}

fn everything_handed_over_was_acknowledged(household: &Household, actor: ActorId) {
    let mut owed = BTreeSet::new();
    for record in household
        .world
        .ledger
        .of(actor)
        .iter()
        .flat_map(|commit| &commit.events)
    {
        match record.event_type {
            EventType::HandoverOffered => {
                let offer: HandoverOffered = serde_json::from_str(record.data.get()).expect("an offer");
                owed.insert(offer.handover.number);
            }
            EventType::HandoverAcknowledged => {
                let done: HandoverAcknowledged = serde_json::from_str(record.data.get()).expect("an acknowledgement");
                assert!(
                    owed.remove(&done.number),
                    "{actor} was acknowledged {} twice",
                    done.number
                );
            }
            _ => {}
        }
    }
    assert!(owed.is_empty(), "{actor} still owes {owed:?}");
}

pub(super) fn user_log(household: &Household) -> Vec<std::sync::Arc<Commit>> {
    household.world.ledger.of(ActorId::User(USER))
}

pub(super) fn events_of(commit: &Commit, place: usize) -> Vec<UserEvent> {
    let records = commit.events_of(place).iter();
    records
        .map(|record| UserEvent::from_record(record).expect("an event").expect("not erased"))
        .collect()
}

fn every_attempt_was_answered_truly(household: &Household) {
    let mut done: HashMap<CommandId, (CommittedCommand, Vec<UserEvent>, Seq)> = HashMap::new();
    let mut expires: HashMap<u128, Timestamp> = HashMap::new();
    for commit in user_log(household) {
        for (place, command) in commit.commands.iter().enumerate() {
            if let Some(key) = command.key {
                let expired = expires.insert(key.key, commit.header.time.plus_millis(KEY_LIFETIME_MS));
                assert!(
                    expired.is_none_or(|expired| expired <= commit.header.time),
                    "a key took effect twice"
                );
            }
            let entry = (command.clone(), events_of(&commit, place), commit.header.seq);
            assert!(done.insert(command.id, entry).is_none(), "an attempt took effect twice");
        }
    }
    for asked in &household.asked {
        let effect = done.get(&asked.pending.id);
        match &asked.outcome {
            None | Some(Err(TurnError::Unknown(_))) => {}
            Some(Err(TurnError::Refused(refusal))) => assert!(effect.is_none(), "refused and done: {refusal}"),
            Some(Ok(answered)) => {
                let Some((command, events, seq)) = effect else { continue };
                assert_eq!(answered.seq, *seq);
                let recollected = UserActor::recollect(command.answer, events);
                assert_eq!(
                    Some(&answered.reply),
                    recollected.as_ref(),
                    "{:?}",
                    asked.pending.command
                );
            }
        }
    }
}

fn instances_were_made_once_and_one_at_a_time(household: &Household) {
    let mut created = HashSet::new();
    let mut open: BTreeMap<SeriesId, BTreeSet<TaskId>> = BTreeMap::new();
    for commit in user_log(household) {
        for place in 0..commit.commands.len() {
            for event in events_of(&commit, place) {
                let (change, is_open) = match &event {
                    UserEvent::TaskCreated(change) => {
                        assert!(created.insert(change.task.id), "an instance was made twice");
                        (change, change.task.status == Status::Open)
                    }
                    UserEvent::TaskUpdated(change) | UserEvent::TaskReopened(change) => {
                        (change, change.task.status == Status::Open)
                    }
                    UserEvent::TaskCompleted(change) | UserEvent::TaskDeleted(change) => (change, false),
                    _ => continue,
                };
                let Some(series) = change.task.series else { continue };
                let instances = open.entry(series).or_default();
                instances.remove(&change.task.id);
                if is_open {
                    instances.insert(change.task.id);
                }
            }
            let most = open.values().map(BTreeSet::len).max().unwrap_or(0);
            assert!(
                most <= 1,
                "two instances of a series are open after {}",
                commit.header.seq
            );
        }
    }
}

fn reminders_fired_once_and_never_early(household: &Household) {
    let mut fired = HashSet::new();
    for commit in user_log(household) {
        for place in 0..commit.commands.len() {
            for event in events_of(&commit, place) {
                let UserEvent::ReminderFired(notification) = event else {
                    continue;
                };
                assert!(notification.due_at <= commit.header.time, "early: {notification:?}");
                assert!(
                    notification.expected_at() <= commit.header.time,
                    "not held: {notification:?}"
                );
                assert!(fired.insert(notification.id), "fired twice: {notification:?}");
            }
        }
    }
}

/// A reminder that was still to come when the instance before was closed, or belongs to an instance that was not overdue then, fires with the instance
/// if it cannot fire after it: once, also where the instance was withdrawn and made again.
fn no_instance_came_too_late_for_its_reminders(household: &Household) {
    let mut closed: HashMap<SeriesId, Timestamp> = HashMap::new();
    let mut made: HashMap<TaskId, (Option<SeriesId>, Option<u32>)> = HashMap::new();
    let mut fired = HashSet::new();
    // What is held back fires later: the property test of a user's reminders looks at that.
    let mut is_quiet = false;
    for commit in user_log(household) {
        let events: Vec<UserEvent> = (0..commit.commands.len())
            .flat_map(|place| events_of(&commit, place))
            .collect();
        for event in &events {
            match event {
                UserEvent::TaskCreated(change) => {
                    made.insert(change.task.id, (change.task.series, change.task.occurrence));
                }
                UserEvent::ReminderFired(notification) => {
                    fired.insert((made.get(&notification.task).copied(), notification.due_at));
                }
                _ => {}
            }
        }
        for event in &events {
            match event {
                UserEvent::QuietChanged(changed) => is_quiet = changed.quiet_hours.is_some(),
                UserEvent::TaskCompleted(change) | UserEvent::TaskDeleted(change) => {
                    closed.extend(change.task.series.map(|series| (series, change.task.updated)));
                }
                UserEvent::TaskCreated(change) => {
                    let task = &change.task;
                    let Some(since) = task.series.and_then(|series| closed.get(&series)) else {
                        continue;
                    };
                    let is_in_time = task.due.as_ref().is_some_and(|due| due.instant() > *since);
                    for instant in reminder_instants(task) {
                        let has_passed = (is_in_time || *since < instant) && instant <= task.updated;
                        let of = Some((task.series, task.occurrence));
                        assert!(
                            !has_passed || is_quiet || fired.contains(&(of, instant)),
                            "{instant} is lost: {task:?}"
                        );
                    }
                }
                _ => {}
            }
        }
    }
}

/// The instants of reminders by the exact time before the due.
fn reminder_instants(task: &Task) -> impl Iterator<Item = Timestamp> {
    task.reminders.iter().filter_map(|reminder| match reminder.time {
        ReminderTime::Before(offset) if offset.days() == 0 => {
            Some(task.due.as_ref()?.instant().plus_millis(-offset.seconds() * 1000))
        }
        _ => None,
    })
}

fn a_series_and_its_owner_agree(household: &Household, id: SeriesId, user: &UserActor) {
    let series = at_rest::<SeriesActor>(household, ActorId::Series(id));
    assert_eq!(series.next_wakeup(), None, "{id} still has something to do");
    let all = SeriesQuestion::Occurrences {
        after: None,
        limit: u16::MAX,
        upcoming: 3,
        time_zone: None,
    };
    let now = household.world.clock.now();
    let Ok(answer) = series.ask(Principal::User(USER, SESSION), &all, now, &BundledZones) else {
        return;
    };
    let open_there: Vec<_> = answer
        .occurrences
        .iter()
        .filter(|(_, record)| record.outcome.is_none())
        .collect();
    no_skipped_one_was_opened(household, id);
    let open_here: Vec<_> = user
        .tasks()
        .iter()
        .filter(|(_, record)| record.task.series == Some(id) && record.is_open())
        .map(|(task, _)| *task)
        .collect();
    if answer.ended {
        assert!(open_here.len() <= 1);
        assert!(
            open_there
                .iter()
                .all(|(_, record)| record.task.is_some_and(|task| open_here.contains(&task))),
            "{id} does not know what became of its last: {open_there:?}"
        );
        return;
    }
    let at_least = usize::from(answer.paused.is_none());
    assert!(
        (at_least..=1).contains(&open_there.len()),
        "{id} goes on, so one occurrence is open: {:?}",
        answer.occurrences
    );
    let there = open_there.first().and_then(|(_, record)| record.task);
    assert_eq!(
        open_here.as_slice(),
        there.as_slice(),
        "the owner has another instance of {id}"
    );
}

fn no_skipped_one_was_opened(household: &Household, id: SeriesId) {
    let mut skipped: BTreeSet<RecurrenceDate> = BTreeSet::new();
    for commit in household.world.ledger.of(ActorId::Series(id)) {
        for record in &commit.events {
            match SeriesEvent::from_record(record) {
                Ok(Some(SeriesEvent::OccurrenceChanged(changed))) if changed.changes.settled.is_some() => {
                    skipped.insert(changed.recurrence_id);
                }
                Ok(Some(SeriesEvent::OccurrenceRestored(restored))) => {
                    skipped.remove(&restored.recurrence_id);
                }
                // Its dates may be others from here on.
                Ok(Some(SeriesEvent::SeriesChanged(_))) => skipped.clear(),
                Ok(Some(SeriesEvent::OccurrenceOpened(opened))) => {
                    let date = RecurrenceDate::from(&opened.at);
                    assert!(!skipped.contains(&date), "{id}: {date} was skipped and is opened");
                }
                _ => {}
            }
        }
    }
}
