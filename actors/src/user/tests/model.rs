//! Random lives of a user against a plain model of reminders, which keeps one instant for each reminder that is armed and for each notification
//! that comes again, and nothing else. At every waking and after every command the two have to agree on what fires and on when to wake next: so
//! nothing is early, nothing is lost and nothing comes twice.

mod found;
mod step;

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};
use proptest::{collection::vec, prelude::*};
use punctual_events::{NotificationId, Offset, ReminderId, Repeat, Status};
use serde_json::Value;

use self::step::{Due, FLOATING, Remind, Step, When};
use super::*;
use crate::user::{SnoozeUntil, quiet::Quiet};

/// What is to come again.
#[derive(Clone, Copy, Debug)]
struct Chain {
    at: Timestamp,
    reminder: ReminderId,
    repetition: u16,
    snoozed: bool,
}

/// A task's reminders as the model has them.
#[derive(Clone, Debug, Default)]
struct Model {
    armed: BTreeMap<ReminderId, Timestamp>,
    chains: BTreeMap<NotificationId, Chain>,
}

/// A life, the model beside it, and every notification there was.
struct Both {
    life: Life,
    models: BTreeMap<TaskId, Model>,
    tasks: Vec<TaskId>,
    fired: Vec<Notification>,
    /// The zone of the user.
    zone: &'static str,
}

type Firing = (TaskId, ReminderId, Timestamp, u16);

fn later(instant: Timestamp, seconds: i64) -> Timestamp {
    instant.plus_millis(seconds * 1_000)
}

impl Both {
    fn new() -> Self {
        let mut life = Life::new();
        // Clocks go back in Paris two days later, and in New York a week after.
        life.now = "2026-10-23T06:00:00Z".parse().unwrap();
        Self {
            life,
            models: BTreeMap::new(),
            tasks: Vec::new(),
            fired: Vec::new(),
            zone: "Europe/Paris",
        }
    }

    fn task(&self, id: TaskId) -> Arc<Task> {
        Arc::clone(&self.life.actor.tasks().get(&id).unwrap().task)
    }

    fn which(&self, which: u8) -> Option<TaskId> {
        self.tasks.get(usize::from(which) % self.tasks.len().max(1)).copied()
    }

    /// The instant of a reminder, from wall times, without anything the actor derived.
    fn instant(&self, task: &Task, reminder: &punctual_events::Reminder) -> Option<Timestamp> {
        use punctual_events::{Moment, Related, ReminderTime};
        let (from, before) = match reminder.time {
            ReminderTime::At(at) => return Some(at),
            ReminderTime::Before(before) => (task.due.as_ref()?, before),
            ReminderTime::BeforeStart(before) => (task.start.as_deref()?, before),
            ReminderTime::OnDay(on) => {
                let from = match on.related {
                    Related::Due => task.due.as_ref()?,
                    Related::Start => task.start.as_deref()?,
                };
                let (day, zone) = match from {
                    Moment::Day { date, .. } => (*date, self.zone),
                    Moment::Time { at, floating: true, .. } => (at.get().date(), self.zone),
                    Moment::Time { at, time_zone, .. } => (at.get().date(), &**time_zone),
                };
                let day = day - TimeDelta::days(on.days_before.into());
                return BundledZones.resolve(zone, day.and_time(on.time.get()));
            }
        };
        let (wall, zone) = match from {
            Moment::Day { date, .. } => (date.and_hms_opt(9, 0, 0).unwrap(), self.zone),
            Moment::Time { at, floating: true, .. } => (at.get(), self.zone),
            Moment::Time { at, time_zone, .. } => (at.get(), &**time_zone),
        };
        let wall: NaiveDateTime = wall - TimeDelta::days(before.days().into());
        Some(later(BundledZones.resolve(zone, wall).unwrap(), -before.seconds()))
    }

    fn instants(&self, task: &Task) -> BTreeMap<ReminderId, Timestamp> {
        let reminders = task.reminders.iter();
        reminders
            .filter_map(|reminder| Some((reminder.id, self.instant(task, reminder)?)))
            .collect()
    }

    fn is_open(&self, id: TaskId) -> bool {
        self.life.actor.tasks().get(&id).unwrap().is_open()
    }

    /// When what is due of a task at an instant may come. That this is right has tests of its own.
    fn hold(&self, id: TaskId) -> impl Fn(Timestamp) -> Timestamp + use<> {
        let (profile, priority) = (self.life.actor.profile().clone(), self.task(id).priority);
        move |at| Quiet::of(&profile, &BundledZones).hold(at, priority)
    }

    /// Takes out of the model what may come of an open task.
    fn due(&mut self, id: TaskId) -> Vec<Firing> {
        let (now, hold) = (self.life.now, self.hold(id));
        let model = self.models.get_mut(&id).unwrap();
        let mut due: Vec<Firing> = model
            .armed
            .extract_if(.., |_, at| hold(*at) <= now)
            .map(|(reminder, at)| (id, reminder, at, 0))
            .collect();
        let chains = model.chains.extract_if(.., |_, chain| hold(chain.at) <= now);
        due.extend(chains.map(|(_, chain)| (id, chain.reminder, chain.at, chain.repetition)));
        due
    }

    /// Holds what fired against what the model says is to fire, and lets it nag on by the reminders of these tasks.
    fn fires(&mut self, mut expected: Vec<Firing>, events: &[UserEvent], task: impl Fn(&Self, TaskId) -> Arc<Task>) {
        let fired = events.iter().filter_map(|event| match event {
            UserEvent::ReminderFired(fired) => Some(fired.clone()),
            _ => None,
        });
        let fired: Vec<Notification> = fired.collect();
        let firing = |fired: &Notification| (fired.task, fired.reminder, fired.due_at, fired.repetition);
        let mut seen: Vec<Firing> = fired.iter().map(firing).collect();
        expected.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, expected, "at {}", self.life.now);
        for fired in fired {
            let held = self.hold(fired.task)(fired.due_at);
            assert_eq!((fired.expected_at(), fired.fired_at), (held, self.life.now));
            assert!(fired.due_at <= held && held <= fired.fired_at, "early: {fired:?}");
            let twice = self.fired.iter().any(|other| other.id == fired.id);
            assert!(!twice, "{fired:?} has come before");
            if fired.replaces.is_none() {
                // The reminder itself: what nags of an instant before ends, but not what is snoozed.
                let chains = &mut self.models.get_mut(&fired.task).unwrap().chains;
                chains.retain(|_, chain| chain.snoozed || chain.reminder != fired.reminder);
            }
            let task = task(self, fired.task);
            let reminder = task.reminders.iter().find(|reminder| reminder.id == fired.reminder);
            let repeat = reminder.and_then(|reminder| reminder.repeat);
            if let Some(Repeat { every, .. }) = repeat.filter(|repeat| fired.repetition < repeat.times) {
                let mut at = fired.due_at;
                while at <= self.life.now {
                    at = later(at, every.seconds());
                }
                let chain = Chain {
                    at,
                    reminder: fired.reminder,
                    repetition: fired.repetition + 1,
                    snoozed: false,
                };
                let model = self.models.get_mut(&fired.task).unwrap();
                model.chains.insert(fired.id, chain);
            }
            self.fired.push(fired);
        }
    }

    /// After a command or a waking: what fired, and when to wake next.
    fn agree(&mut self, expected: Vec<Firing>, events: &[UserEvent]) {
        self.fires(expected, events, Self::task);
        let open = self.models.iter().filter(|(id, _)| self.is_open(**id));
        let instants = open.flat_map(|(id, model)| {
            let chains = model.chains.values().map(|chain| chain.at);
            model.armed.values().copied().chain(chains).map(self.hold(*id))
        });
        assert_eq!(self.life.actor.next_wakeup(), instants.min(), "at {}", self.life.now);
    }

    fn moment(&self, due: Option<Due>) -> Value {
        let Some(Due { in_minutes, zone }) = due else {
            return Value::Null;
        };
        let instant = later(self.life.now, in_minutes * 60);
        let own_zone = zone.filter(|zone| *zone != FLOATING);
        let wall = BundledZones.wall_time(own_zone.unwrap_or(self.zone), instant).unwrap();
        let at = wall.format("%Y-%m-%dT%H:%M:%S").to_string();
        match zone {
            Some(FLOATING) => json!({"at": at, "floating": true}),
            Some(zone) => json!({"at": at, "floating": false, "time_zone": zone}),
            None => json!({"date": wall.date()}),
        }
    }

    fn reminders(&self, reminders: &[Remind]) -> Vec<Value> {
        let written = reminders.iter().map(|remind| {
            let every = |minutes: i64| Offset::from_seconds(minutes * 60).unwrap();
            let repeat = remind
                .repeat
                .map(|(minutes, times)| json!({"every": every(minutes), "times": times}));
            match remind.when {
                When::InMinutes(minutes) => json!({"at": later(self.life.now, minutes * 60), "repeat": repeat}),
                When::BeforeDue(before) => json!({"before": before, "repeat": repeat}),
                When::BeforeStart(before) => json!({"before": before, "related": "start", "repeat": repeat}),
                When::OnDay(time, before, related) => {
                    json!({"time": time, "before": before, "related": related, "repeat": repeat})
                }
            }
        });
        written.collect()
    }

    fn create(&mut self, due: Option<Due>, start: Option<Due>, reminders: &[Remind]) {
        let draft = json!({
            "title": "a", "due": self.moment(due), "start": self.moment(start), "reminders": self.reminders(reminders),
        });
        let draft = Box::new(serde_json::from_value(draft).unwrap());
        let (events, reply) = self
            .life
            .run(UserCommand::CreateTask { draft, imported: None })
            .unwrap();
        let UserReply::Task { task, .. } = reply else {
            panic!("{reply:?}")
        };
        let just_passed = later(self.life.now, -60);
        let mut armed = self.instants(&task);
        armed.retain(|_, at| *at > just_passed);
        self.models.insert(
            task.id,
            Model {
                armed,
                chains: BTreeMap::new(),
            },
        );
        self.tasks.push(task.id);
        let expected = self.due(task.id);
        self.agree(expected, &events);
    }

    fn patch(&mut self, id: TaskId, patch: Value) {
        let before = self.task(id);
        let (was, was_open) = (self.instants(&before), self.is_open(id));
        let patch = Box::new(serde_json::from_value(patch).unwrap());
        let command = UserCommand::PatchTask {
            if_match: None,
            patch,
            task: id,
        };
        let Ok((events, _)) = self.life.run(command) else {
            return self.agree(Vec::new(), &[]);
        };
        let after = self.task(id);
        let reminds = (&before.due, &before.start, &before.reminders) != (&after.due, &after.start, &after.reminders);
        if !reminds {
            return self.agree(Vec::new(), &events);
        }
        let updated = events
            .iter()
            .position(|event| matches!(event, UserEvent::TaskUpdated(_)));
        let (first, then) = events.split_at(updated.unwrap());
        let overdue = if was_open { self.due(id) } else { Vec::new() };
        self.fires(overdue, first, |_, _| Arc::clone(&before));

        let (is, now) = (self.instants(&after), self.life.now);
        let (just_passed, hold) = (later(now, -60), self.hold(id));
        let was_set = |reminder: &ReminderId, at: &Timestamp| {
            if before.reminders.iter().any(|known| known.id == *reminder) {
                was.get(reminder) == Some(at)
            } else {
                was.values().any(|was| was == at)
            }
        };
        let fired = &self.fired;
        let has_fired = |reminder: &ReminderId, at: &Timestamp| {
            let is_it =
                |of: &Notification| (of.task, of.reminder, of.due_at, of.replaces) == (id, *reminder, *at, None);
            fired.iter().any(is_it)
        };
        let model = self.models.get_mut(&id).unwrap();
        let armed = std::mem::take(&mut model.armed);
        let mut expected = Vec::new();
        for (reminder, at) in &is {
            let (stays, passes) = (was.get(reminder) == Some(at), *at <= now);
            if stays && armed.contains_key(reminder) || !stays && !passes {
                model.armed.insert(*reminder, *at);
            } else if was_open && passes && *at > just_passed && !was_set(reminder, at) && !has_fired(reminder, at) {
                if hold(*at) <= now {
                    expected.push((id, *reminder, *at, 0));
                } else {
                    model.armed.insert(*reminder, *at);
                }
            }
        }
        model.chains.retain(|_, chain| {
            let find = |task: &Task| {
                task.reminders
                    .iter()
                    .find(|reminder| reminder.id == chain.reminder)
                    .cloned()
            };
            let (Some(_), Some(reminder)) = (find(&before), find(&after)) else {
                return find(&before).is_none();
            };
            let ahead = is.get(&chain.reminder).is_some_and(|at| *at > just_passed);
            let moved = was.get(&chain.reminder) != is.get(&chain.reminder);
            !(moved && ahead) && (chain.snoozed || reminder.repeat.is_some())
        });
        self.agree(expected, then);
    }

    fn reopen(&mut self, id: TaskId) {
        let was_done = self.task(id).status == Status::Done;
        let outcome = self.life.run(UserCommand::ReopenTask {
            if_match: None,
            task: id,
        });
        if outcome.is_ok() && was_done {
            let (task, now) = (self.task(id), self.life.now);
            let model = self.models.get_mut(&id).unwrap();
            model.armed.retain(|_, at| *at > now);
            model.chains.retain(|_, chain| {
                let reminder = task.reminders.iter().find(|reminder| reminder.id == chain.reminder);
                let repeat = reminder.and_then(|reminder| reminder.repeat).filter(|_| !chain.snoozed);
                while let Some(repeat) = repeat.filter(|_| chain.at <= now) {
                    chain.at = later(chain.at, repeat.every.seconds());
                }
                chain.at > now
            });
        }
        self.agree(Vec::new(), &[]);
    }

    fn put_off(&mut self, which: u8, minutes: Option<i64>) {
        let Some(fired) = self.fired.get(usize::from(which) % self.fired.len().max(1)).cloned() else {
            return;
        };
        let until = minutes.map(|minutes| later(self.life.now, minutes * 60));
        let command = match until {
            Some(until) => UserCommand::Snooze {
                notification: fired.id,
                until: SnoozeUntil::At(until),
            },
            None => UserCommand::Dismiss { notification: fired.id },
        };
        if let Ok((_, UserReply::Notification { notification })) = self.life.run(command) {
            let mut latest = &fired;
            while let Some(next) = self.fired.iter().find(|other| other.replaces == Some(latest.id)) {
                latest = next;
            }
            assert_eq!(notification.id, latest.id);
            let (id, reminder) = (notification.id, notification.reminder);
            let chains = &mut self.models.get_mut(&notification.task).unwrap().chains;
            match until {
                Some(at) => drop(chains.insert(
                    id,
                    Chain {
                        at,
                        reminder,
                        repetition: 0,
                        snoozed: true,
                    },
                )),
                None => drop(chains.remove(&id)),
            }
        }
        self.agree(Vec::new(), &[]);
    }

    fn travel(&mut self, zone: &'static str) {
        self.zone = zone;
        self.life
            .run(UserCommand::ChangeUser { time_zone: zone.into() })
            .unwrap();
        for id in self.tasks.clone() {
            let instants = self.instants(&self.task(id));
            let armed = &mut self.models.get_mut(&id).unwrap().armed;
            armed.iter_mut().for_each(|(reminder, at)| *at = instants[reminder]);
        }
        self.agree(Vec::new(), &[]);
    }

    /// Wakes at every instant that was asked for; in an outage nobody does.
    fn advance(&mut self, seconds: i64, outage: bool) {
        let end = later(self.life.now, seconds);
        while let Some(at) = self.life.actor.next_wakeup().filter(|at| *at <= end && !outage) {
            self.life.now = at.max(self.life.now);
            let open: Vec<TaskId> = self.tasks.iter().copied().filter(|id| self.is_open(*id)).collect();
            let expected = open.into_iter().flat_map(|id| self.due(id)).collect();
            let (events, _) = self.life.run(UserCommand::Wake).unwrap();
            self.agree(expected, &events);
        }
        self.life.now = end;
    }

    fn take(&mut self, step: &Step) {
        let task = |both: &Self, which: u8| both.which(which).unwrap_or(TaskId(Uuid::nil()));
        match step {
            Step::Create { due, start, reminders } => self.create(*due, *start, reminders),
            Step::Travel(zone) => self.travel(zone),
            Step::Quiet(hours) => {
                let hours =
                    hours.map(|(from, until)| serde_json::from_value(json!({"from": from, "until": until})).unwrap());
                self.life.run(UserCommand::ChangeQuiet { hours }).unwrap();
                self.agree(Vec::new(), &[]);
            }
            Step::Advance { seconds, outage } => self.advance(*seconds, *outage),
            Step::Dismiss(which) => self.put_off(*which, None),
            Step::Snooze(which, minutes) => self.put_off(*which, Some(*minutes)),
            _ if self.tasks.is_empty() => {}
            Step::MoveDue(which, due) => self.patch(task(self, *which), json!({"due": self.moment(*due)})),
            Step::MoveStart(which, start) => self.patch(task(self, *which), json!({"start": self.moment(*start)})),
            Step::Prioritise(which, priority) => self.patch(task(self, *which), json!({"priority": priority})),
            Step::Rename(which) => self.patch(task(self, *which), json!({"title": self.life.now.to_string()})),
            Step::Reminders(which, kept, new) => {
                let id = task(self, *which);
                let present = self.task(id);
                let kept = present
                    .reminders
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| kept >> place & 1 == 1);
                let kept = kept.map(|(_, reminder)| serde_json::to_value(reminder).unwrap());
                let reminders: Vec<Value> = kept.chain(self.reminders(new)).take(6).collect();
                self.patch(id, json!({"reminders": reminders}));
            }
            Step::Complete(which) => {
                let _ = self.life.complete(task(self, *which));
                self.agree(Vec::new(), &[]);
            }
            Step::Delete(which) => {
                let _ = self.life.delete(task(self, *which));
                self.agree(Vec::new(), &[]);
            }
            Step::Reopen(which) => self.reopen(task(self, *which)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_time: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn what_fires_is_what_a_plain_model_says_at_the_instants_it_says(steps in vec(step::step(), 1..40)) {
        let mut both = Both::new();
        steps.iter().for_each(|step| both.take(step));
        both.advance(20 * 86_400, false);
    }
}
