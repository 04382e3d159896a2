//! Reminders and digests by mail: what users asked for, from their actors' own events to a mail server that may be away.

use std::sync::{Arc, Mutex};

use punctual::{
    accounts::{AccountKey, AccountRecord, Accounts},
    mail::{Mail, Mailer, Sent},
    ports::{EventHandler as _, JobHandler as _, Services, system_command},
    roles::notification::{Counters, Notification},
    webhooks::{AddressPolicy, DirectSender},
};
use punctual_actors::{
    ports::{BoxFuture, Clock as _},
    reference::{Reference, VirtualClock},
    user::{MailPatch, UserCommand},
    zone::BundledZones,
};
use punctual_events::{ActorId, Seq, Timestamp, Topic, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    deliveries::{fired, services},
    memory::Memory,
};

const USER: UserId = UserId(Uuid::from_u128(1));
const ACCOUNT: &str = "00000000000000000000000000000000000000000000000000000000000000aa";
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// A mail server.
struct Server {
    taken: Mutex<Vec<Mail>>,
    answer: Mutex<Sent>,
    asked: Mutex<u32>,
}

impl Mailer for Server {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Sent> {
        let answer = self.answer.lock().unwrap().clone();
        *self.asked.lock().unwrap() += 1;
        if answer == Sent::Taken {
            self.taken.lock().unwrap().push(mail);
        }
        Box::pin(std::future::ready(answer))
    }
}

struct World {
    clock: Arc<VirtualClock>,
    memory: Arc<Memory>,
    services: Services,
    server: Arc<Server>,
    role: Notification,
    heard: Mutex<Seq>,
}

impl World {
    /// Ann, who lives in Paris and has just signed up.
    async fn new(now: &str) -> Self {
        let clock = VirtualClock::new(now.parse().unwrap());
        let mut runtime = Reference::new(&clock, 7);
        runtime.environment.zones = Arc::new(BundledZones);
        let (memory, runtime) = (Arc::new(Memory::default()), Arc::new(runtime));
        let services = services(&runtime, &memory);
        let server = Arc::new(Server {
            taken: Mutex::default(),
            answer: Mutex::new(Sent::Taken),
            asked: Mutex::default(),
        });
        let sender = Arc::new(DirectSender::new(AddressPolicy::default()));
        let role = Notification::new(&services, sender, Some(Arc::clone(&server) as _), Counters::default());
        let world = Self {
            clock,
            memory,
            services,
            server,
            role,
            heard: Mutex::new(Seq::ZERO),
        };
        world.sign_up("Europe/Paris").await;
        world
    }

    async fn sign_up(&self, time_zone: &str) {
        let record = AccountRecord {
            format: 1,
            user: USER,
            email: "ann@example.org".into(),
            password_hash: "x".into(),
            time_zone: time_zone.into(),
            created: self.clock.now(),
            deleted: false,
        };
        let accounts = Accounts::new(Arc::clone(&self.memory) as _);
        let name = AccountKey::from_hex(ACCOUNT).unwrap();
        accounts.put(name, None, &record).await.unwrap().unwrap();
        self.command(UserCommand::SignIn {
            account: ACCOUNT.into(),
            expires: Timestamp::MAX,
            session: Uuid::from_u128(2).into(),
            time_zone: time_zone.into(),
        })
        .await;
    }

    /// Has the actor do something, and the role hear of it.
    async fn command(&self, command: UserCommand) {
        let command = system_command(&self.services.environment, command, None);
        self.services.actors.command_user(USER, command).await.unwrap();
        self.hear().await;
    }

    async fn hear(&self) {
        let after = *self.heard.lock().unwrap();
        for commit in self.services.logs.read(ActorId::User(USER), after, 100).await.unwrap() {
            let events = commit.cloud_events(Topic::Reminders).unwrap();
            if !events.is_empty() {
                self.role.handle(Topic::Reminders, &events).await.unwrap();
            }
            *self.heard.lock().unwrap() = commit.header.seq;
        }
    }

    async fn wants(&self, wishes: Value) {
        let change: MailPatch = serde_json::from_value(wishes).unwrap();
        self.command(UserCommand::ChangeMail { change }).await;
    }

    async fn moves_to(&self, time_zone: &str) {
        let time_zone = time_zone.into();
        self.command(UserCommand::ChangeUser { time_zone }).await;
    }

    async fn create(&self, task: Value) {
        let draft = serde_json::from_value(task).unwrap();
        self.command(UserCommand::CreateTask { draft, imported: None }).await;
    }

    /// A reminder fires and the role hears of it.
    async fn fire(&self, number: u128) {
        let events = fired(number, self.clock.now()).cloud_events(Topic::Reminders).unwrap();
        self.role.handle(Topic::Reminders, &events).await.unwrap();
    }

    async fn run_due(&self) {
        self.memory.run_due(self.clock.now(), &self.role).await;
    }

    /// Lets time pass up to `instant`, doing every job when it is due.
    async fn until(&self, instant: &str) {
        let instant: Timestamp = instant.parse().unwrap();
        while let Some(at) = self.memory.next_job().filter(|at| *at <= instant) {
            self.pass_to(at.max(self.clock.now()));
            self.run_due().await;
        }
        self.pass_to(instant);
    }

    fn pass_to(&self, instant: Timestamp) {
        let ahead_ms = instant.as_millis() - self.clock.now().as_millis();
        self.clock.advance_ms(u64::try_from(ahead_ms).unwrap());
    }

    fn is_away(&self, is_away: bool) {
        let answer = if is_away {
            Sent::Failed("away".into())
        } else {
            Sent::Taken
        };
        *self.server.answer.lock().unwrap() = answer;
    }

    fn next(&self) -> String {
        self.memory.next_job().unwrap().to_string()
    }

    fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.server.taken.lock().unwrap())
    }

    fn subjects(&self) -> Vec<String> {
        self.take().into_iter().map(|mail| mail.subject).collect()
    }

    fn asked(&self) -> u32 {
        *self.server.asked.lock().unwrap()
    }
}

fn digest_at(at: &str) -> Value {
    json!({"digest": {"at": at}})
}

#[tokio::test]
async fn a_reminder_is_mailed_to_who_wants_that_and_to_the_address_of_the_account() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.fire(70).await;
    world.run_due().await;
    assert_eq!(world.take(), [], "nobody asked for mail");
    world.wants(json!({"reminders": true})).await;
    world.fire(77).await;
    // The broker may deliver an event twice.
    world.fire(77).await;
    world.run_due().await;
    let mails = world.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to.as_str(), "ann@example.org");
    assert_eq!(mails[0].subject, "Reminder: call the confidential doctor");
    assert!(
        mails[0].body.contains("2026-11-23 09:00"),
        "by Ann's clocks: {}",
        mails[0].body
    );
    assert!(
        mails[0].body.contains(&Uuid::from_u128(77).to_string()),
        "an id by which repeats can be told"
    );
    assert_eq!(world.memory.jobs(), 0);
}

#[tokio::test]
async fn a_mail_that_is_not_taken_is_tried_for_a_day_and_arrives_once() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.wants(json!({"reminders": true})).await;
    world.is_away(true);
    world.fire(77).await;
    world.until("2026-11-23T20:00:00Z").await;
    assert!(world.asked() >= 5, "{}", world.asked());
    world.is_away(false);
    world.until("2026-11-25T20:00:00Z").await;
    assert_eq!(world.subjects().len(), 1);
    assert_eq!(world.memory.jobs(), 0);

    world.is_away(true);
    world.fire(78).await;
    world.until("2026-11-28T20:00:00Z").await;
    assert_eq!(
        (world.memory.jobs(), world.take().len()),
        (0, 0),
        "it is given up after a day"
    );
}

#[tokio::test]
async fn a_mail_whose_turn_does_not_come_waits_without_a_try_being_counted() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.wants(json!({"reminders": true})).await;
    *world.server.answer.lock().unwrap() = Sent::Busy;
    world.fire(77).await;
    world.until("2026-11-25T08:00:00Z").await;
    world.is_away(false);
    world.until("2026-11-25T08:00:15Z").await;
    assert_eq!(world.subjects().len(), 1);
}

#[tokio::test]
async fn who_turns_mail_off_or_leaves_gets_none_of_what_was_still_to_be_sent() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.wants(json!({"reminders": true, "digest": {"at": "07:30"}})).await;
    world.fire(77).await;
    world.wants(json!({"reminders": false})).await;
    world.run_due().await;
    assert_eq!(world.take(), []);
    world.wants(json!({"reminders": true})).await;
    world.is_away(true);
    world.fire(78).await;
    world.run_due().await;
    assert_eq!(world.memory.jobs(), 2, "a try of the mail, and the digest");
    world.command(UserCommand::DeleteUser).await;
    assert_eq!(world.memory.jobs(), 0);
    // An event from before comes once more.
    world.is_away(false);
    world.fire(79).await;
    world.clock.advance_ms(3 * DAY_MS);
    world.run_due().await;
    assert_eq!(world.take(), []);
}

#[tokio::test]
async fn a_digest_says_what_is_overdue_and_due_today_and_comes_every_day() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world
        .create(json!({"title": "late <b>", "due": {"at": "2026-11-22T12:00:00"}}))
        .await;
    world
        .create(json!({"title": "noon", "due": {"at": "2026-11-24T12:00:00"}}))
        .await;
    world
        .create(json!({"title": "all day", "due": {"date": "2026-11-24"}}))
        .await;
    world.create(json!({"title": "some day"})).await;
    world.wants(digest_at("07:30")).await;
    assert_eq!(
        world.next(),
        "2026-11-24T06:30:00.000Z",
        "half past seven in Paris has passed today"
    );
    world.until("2026-11-24T06:30:00Z").await;
    let mails = world.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Tuesday, 24 November 2026: 2 due today, 1 overdue");
    for said in [
        "4 to do, 2 due today, 1 overdue",
        "late &lt;b&gt; (2026-11-22 12:00)",
        "noon (2026-11-24 12:00)",
        "all day (2026-11-24)",
    ] {
        assert!(mails[0].body.contains(said), "{said}: {}", mails[0].body);
    }
    assert!(!mails[0].body.contains("some day"));
    world.until("2026-11-26T12:00:00Z").await;
    assert_eq!(world.subjects().len(), 2);
    world.wants(json!({"digest": null})).await;
    assert_eq!(world.memory.jobs(), 0);
}

#[tokio::test]
async fn a_day_on_which_nothing_is_to_be_done_has_no_digest() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.wants(digest_at("07:30")).await;
    world.until("2026-11-24T12:00:00Z").await;
    assert_eq!(world.take(), []);
    assert_eq!(world.next(), "2026-11-25T06:30:00.000Z");
}

#[tokio::test]
async fn a_job_of_a_digest_that_is_delivered_twice_mails_once() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.create(json!({"title": "a"})).await;
    world.wants(digest_at("07:30")).await;
    let (name, payload) = world.memory.any_job();
    world.pass_to("2026-11-24T06:30:00Z".parse().unwrap());
    for _ in 0..3 {
        world.role.run(&name, payload.clone()).await.unwrap();
    }
    assert_eq!(world.subjects().len(), 1);
    assert_eq!(
        (world.memory.jobs(), world.next().as_str()),
        (1, "2026-11-25T06:30:00.000Z")
    );
}

#[tokio::test]
async fn a_digest_keeps_to_the_clocks_of_its_user_when_they_change() {
    // Clocks in Paris go back at 03:00 on 2026-10-25: half past two comes twice.
    let world = World::new("2026-10-23T12:00:00Z").await;
    world.create(json!({"title": "a"})).await;
    world.wants(digest_at("02:30")).await;
    let mut instants = Vec::new();
    for _ in 0..4 {
        instants.push(world.next());
        world.until(&instants[instants.len() - 1].clone()).await;
        assert_eq!(world.subjects().len(), 1);
    }
    assert_eq!(
        instants,
        [
            "2026-10-24T00:30:00.000Z",
            "2026-10-25T00:30:00.000Z",
            "2026-10-26T01:30:00.000Z",
            "2026-10-27T01:30:00.000Z"
        ]
    );
    // In spring it does not come at all: an hour later is the nearest.
    let world = World::new("2027-03-27T12:00:00Z").await;
    world.wants(digest_at("02:30")).await;
    assert_eq!(world.next(), "2027-03-28T01:30:00.000Z");
}

#[tokio::test]
async fn who_moves_gets_the_digest_by_the_clocks_of_the_new_zone_and_never_two_of_a_day() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.create(json!({"title": "a"})).await;
    world.wants(digest_at("07:30")).await;
    world.moves_to("America/New_York").await;
    assert_eq!(world.next(), "2026-11-23T12:30:00.000Z");
    world.until("2026-11-23T12:30:00Z").await;
    assert_eq!(world.subjects().len(), 1);
    // In Honolulu the 23rd has half past seven still before it.
    world.moves_to("Pacific/Honolulu").await;
    assert_eq!(world.next(), "2026-11-24T17:30:00.000Z");
    world.moves_to("Asia/Tokyo").await;
    assert_eq!(world.next(), "2026-11-23T22:30:00.000Z");
    world.until("2026-11-23T22:30:00Z").await;
    assert_eq!(world.subjects(), ["Tuesday, 24 November 2026: 0 due today, 0 overdue"]);
}

#[tokio::test]
async fn a_digest_that_is_not_taken_is_tried_again_until_the_next_day_has_its_own() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.create(json!({"title": "a"})).await;
    world.wants(digest_at("07:30")).await;
    world.is_away(true);
    world.until("2026-11-24T07:00:00Z").await;
    assert!(world.asked() >= 4, "{}", world.asked());
    world.is_away(false);
    world.until("2026-11-24T12:00:00Z").await;
    assert_eq!(world.subjects().len(), 1);
    world.is_away(true);
    world.until("2026-11-26T06:00:00Z").await;
    world.is_away(false);
    world.until("2026-11-26T06:30:00Z").await;
    assert_eq!(world.subjects(), ["Thursday, 26 November 2026: 0 due today, 0 overdue"]);
}

#[tokio::test]
async fn a_digest_whose_job_was_lost_comes_with_the_next_event_of_its_user() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.create(json!({"title": "a"})).await;
    world.wants(digest_at("07:30")).await;
    world.memory.lose_jobs();
    world.clock.advance_ms(DAY_MS);
    world.fire(77).await;
    world.run_due().await;
    assert_eq!(world.subjects().len(), 1);
    assert_eq!(world.next(), "2026-11-25T06:30:00.000Z");
}

#[tokio::test]
async fn a_digest_whose_job_was_lost_is_waited_for_again_when_somebody_asks() {
    let world = World::new("2026-11-23T08:00:00Z").await;
    world.create(json!({"title": "a"})).await;
    world.role.rearm(USER).await.unwrap();
    assert_eq!(world.memory.jobs(), 0, "nothing is waited for");
    world.wants(digest_at("07:30")).await;
    world.memory.lose_jobs();
    world.role.rearm(USER).await.unwrap();
    assert_eq!(world.next(), "2026-11-24T06:30:00.000Z");
    world.until("2026-11-24T06:30:00Z").await;
    world.role.rearm(USER).await.unwrap();
    world.until("2026-11-24T12:00:00Z").await;
    assert_eq!(world.subjects().len(), 1);
}
