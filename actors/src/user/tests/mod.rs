//! A user's actor, decision by decision. What it and its series make of each other is tested where both are: in the tests of the roles.

mod inbox;
mod later;
mod mail;
mod model;
mod nagging;
mod pages;
mod passing;
mod quiet;
mod reminders;
mod sessions;
mod tasks;
mod travel;

use std::sync::Arc;

use punctual_events::{
    ActorId, EventData as _, Notification, Principal, SessionId, Task, TaskId, Timestamp, UserEvent, UserId,
};
use serde_json::json;
use uuid::Uuid;

use super::{NotificationFilter, UserActor, UserAnswer, UserCommand, UserQuestion, UserReply, draft::Imported};
use crate::{
    machine::{Context, Machine as _},
    ports::Page,
    refusal::{Code, Refusal},
    zone::{BundledZones, ZoneData},
};

const USER: UserId = UserId(Uuid::from_u128(1));
const SESSION: SessionId = SessionId(Uuid::from_u128(2));
const ME: Principal = Principal::User(USER, SESSION);

/// Pages as they would be read back.
fn pages(actor: &UserActor, zones: &dyn ZoneData) -> Vec<Page> {
    let writes = actor.save(None, zones.version()).unwrap();
    writes.into_iter().map(|write| write.into_page().unwrap()).collect()
}

/// An actor and the time.
struct Life {
    actor: UserActor,
    now: Timestamp,
    commands: u128,
    /// Whether every step is followed by [`check_restored`](Self::check_restored).
    checks: bool,
}

impl Life {
    /// A user in Paris who has just signed up.
    fn new() -> Self {
        let mut life = Self {
            actor: UserActor::new(ActorId::User(USER)),
            now: "2026-11-23T08:00:00Z".parse().unwrap(),
            commands: 0,
            checks: true,
        };
        life.run(UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SESSION,
            time_zone: "Europe/Paris".into(),
        })
        .unwrap();
        life
    }

    /// Decides, evolves by what the log would give back, and checks that saved pages restore the same actor.
    fn run(&mut self, command: UserCommand) -> Result<(Vec<UserEvent>, UserReply), Refusal> {
        self.commands += 1;
        let mut context = Context::new(ME, self.now, &BundledZones, self.commands << 64);
        let decision = self.actor.decide(&command, &mut context)?;
        for event in &decision.events {
            let record = event.to_record(ME).unwrap();
            let read = UserEvent::from_record(&record).unwrap().unwrap();
            assert_eq!(read, *event);
            self.actor.evolve(&read, &BundledZones);
        }
        if self.checks {
            self.check_restored();
        }
        Ok((decision.events, decision.reply))
    }

    fn check_restored(&self) {
        let (restored, as_saved) =
            UserActor::restore(ActorId::User(USER), &pages(&self.actor, &BundledZones), &BundledZones).unwrap();
        assert!(as_saved);
        assert_eq!(restored.next_wakeup(), self.actor.next_wakeup());
        assert_eq!(restored.profile(), self.actor.profile());
        assert_eq!(restored.by_uid, self.actor.by_uid);
        assert_eq!(restored.fired, self.actor.fired);
        let tasks = |actor: &UserActor| format!("{:?}", actor.tasks.iter().collect::<Vec<_>>());
        assert_eq!(tasks(&restored), tasks(&self.actor));
    }

    /// The task a command answers with, and how many events it led to.
    fn task(&mut self, command: UserCommand) -> Result<(Arc<Task>, usize), Refusal> {
        match self.run(command)? {
            (events, UserReply::Task { task, .. }) => Ok((task, events.len())),
            (_, other) => panic!("{other:?}"),
        }
    }

    fn create(&mut self, draft: serde_json::Value) -> Result<Arc<Task>, Refusal> {
        let draft = Box::new(serde_json::from_value(draft).unwrap());
        self.task(UserCommand::CreateTask { draft, imported: None })
            .map(|(task, _)| task)
    }

    fn import(&mut self, uid: &str, imported: Imported) -> Arc<Task> {
        let draft = Box::new(serde_json::from_value(json!({"title": "imported", "external_uid": uid})).unwrap());
        let imported = Some(imported);
        self.task(UserCommand::CreateTask { draft, imported }).unwrap().0
    }

    fn patch(&mut self, task: TaskId, patch: serde_json::Value) -> Result<(Arc<Task>, usize), Refusal> {
        let patch = Box::new(serde_json::from_value(patch).unwrap());
        self.task(UserCommand::PatchTask {
            if_match: None,
            patch,
            task,
        })
    }

    fn complete(&mut self, task: TaskId) -> Result<(Arc<Task>, usize), Refusal> {
        self.task(UserCommand::CompleteTask { if_match: None, task })
    }

    fn reopen(&mut self, task: TaskId) -> Result<(Arc<Task>, usize), Refusal> {
        self.task(UserCommand::ReopenTask { if_match: None, task })
    }

    fn delete(&mut self, task: TaskId) -> Result<usize, Refusal> {
        let command = UserCommand::DeleteTask {
            if_match: None,
            series: false,
            task,
        };
        self.run(command).map(|(events, _)| events.len())
    }

    /// Wakes at each instant the actor asks for, up to and including `instant`; what fired, with when.
    fn until(&mut self, instant: &str) -> Vec<Notification> {
        let instant: Timestamp = instant.parse().unwrap();
        let mut fired = Vec::new();
        while let Some(at) = self.actor.next_wakeup().filter(|at| *at <= instant) {
            self.now = at.max(self.now);
            fired.extend(self.wake());
        }
        self.now = instant;
        fired
    }

    fn wake(&mut self) -> Vec<Notification> {
        let (events, _) = self.run(UserCommand::Wake).unwrap();
        let fired = events.into_iter().filter_map(|event| match event {
            UserEvent::ReminderFired(notification) => Some(notification),
            _ => None,
        });
        fired.collect()
    }

    fn ask(&self, question: &UserQuestion) -> Result<UserAnswer, Refusal> {
        self.actor.ask(ME, question, self.now)
    }

    fn inbox(&self, filter: NotificationFilter) -> Vec<Arc<Notification>> {
        let question = UserQuestion::Notifications { filter, limit: 2_000 };
        match self.ask(&question).unwrap() {
            UserAnswer::Notifications { items } => items,
            other => panic!("{other:?}"),
        }
    }
}

/// The code of a refusal.
fn code<T>(outcome: Result<T, Refusal>) -> Code {
    match outcome {
        Err(refusal) => refusal.code,
        Ok(_) => panic!("not refused"),
    }
}
