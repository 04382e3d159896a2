//! A short life of a user and of a series, in which everything comes up that is stored.

use std::{collections::BTreeMap, sync::Arc};

use punctual_actors::{
    machine::Machine,
    ports::{Clock as _, Store as _},
    reference::{Reference, UtcOnly, VirtualClock},
    series::{SeriesActor, SeriesCommand},
    turn::{Pending, Slot},
    user::{UserActor, UserCommand, UserReply},
    zone::ZoneData,
};
use punctual_events::{
    ActorId, CommandId, EventData as _, Handover, IdempotencyKey, NotificationId, Principal, SeriesEvent, SessionId,
    Task, TaskId, Timestamp, UserEvent, UserId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{file, readable};

pub(crate) const OWNER: UserId = UserId(Uuid::from_u128(0x1_0000_7000_8000_0000_0000_0001));
pub(crate) const SESSION: SessionId = SessionId(Uuid::from_u128(2));
/// When the states are looked at: the day after, so that nothing in them depends on it.
pub(crate) const LATER: Timestamp = Timestamp::from_millis(START_MS + 12 * 3_600_000);
/// Idempotency keys that were used: one whose answer is in the pages, one whose answer is in the commits after them.
pub(crate) const KEYS: [u128; 2] = [11, 12];
/// 2027-01-15T08:00:00Z.
const START_MS: i64 = 1_800_000_000_000;

pub(crate) struct Life {
    pub(crate) clock: Arc<VirtualClock>,
    runtime: Reference,
    user: Slot<UserActor>,
    series: BTreeMap<ActorId, Slot<SeriesActor>>,
}

impl Life {
    pub(crate) fn begin() -> Self {
        Self::begin_in(Arc::new(UtcOnly))
    }

    pub(crate) fn begin_in(zones: Arc<dyn ZoneData>) -> Self {
        let clock = VirtualClock::new(Timestamp::from_millis(START_MS));
        let mut runtime = Reference::new(&clock, 7);
        runtime.environment.zones = zones;
        let user = Slot::new(ActorId::User(OWNER));
        Self {
            clock,
            runtime,
            user,
            series: BTreeMap::new(),
        }
    }

    fn pending<C>(&self, by: Principal, command: C, key: Option<u128>) -> Pending<C> {
        self.clock.advance_ms(1_000);
        let environment = &self.runtime.environment;
        Pending {
            id: CommandId(environment.new_uuid()),
            by,
            command,
            key: key.map(|key| IdempotencyKey { key, body: key + 100 }),
            seed: environment.entropy.random(),
            traceparent: None,
        }
    }

    pub(crate) async fn as_person(&mut self, command: UserCommand, key: Option<u128>) -> UserReply {
        let pending = self.pending(Principal::User(OWNER, SESSION), command, key);
        let outcome = self.user.take_turn(&[pending], &self.runtime).await.remove(0);
        outcome.expect("it is taken").reply
    }

    pub(crate) async fn sign_in(&mut self) {
        let sign_in = UserCommand::SignIn {
            account: "account/golden".into(),
            expires: Timestamp::from_millis(START_MS + 30 * 86_400_000),
            session: SESSION,
            time_zone: "UTC".into(),
        };
        self.as_system(sign_in).await;
    }

    pub(crate) async fn as_system(&mut self, command: UserCommand) {
        let pending = self.pending(Principal::System, command, None);
        self.user
            .take_turn(&[pending], &self.runtime)
            .await
            .remove(0)
            .expect("it is taken");
    }

    pub(crate) async fn create(&mut self, draft: Value, key: Option<u128>) -> Arc<Task> {
        let create = UserCommand::CreateTask {
            draft: Box::new(serde_json::from_value(draft).expect("a draft")),
            imported: None,
        };
        task_of(self.as_person(create, key).await)
    }

    pub(crate) async fn complete(&mut self, task: TaskId) {
        let complete = UserCommand::CompleteTask { if_match: None, task };
        self.as_person(complete, None).await;
    }

    async fn complete_the_open_instance(&mut self) {
        let user = self.user();
        let mut records = user.tasks().iter().map(|(_, record)| record);
        let open = records.find(|record| record.is_open() && record.task.series.is_some());
        self.complete(open.expect("an open instance").task.id).await;
    }

    /// Hands over what the user owes the series and back, until nothing is owed.
    pub(crate) async fn hand_over(&mut self) {
        loop {
            let to_series: Vec<Handover> = offers(&mut self.user, |event: &UserEvent| match event {
                UserEvent::HandoverOffered(offer) => Some(offer.handover.clone()),
                _ => None,
            });
            let is_quiet = to_series.is_empty();
            for handover in to_series {
                let (number, to) = (handover.number, handover.to);
                self.tell_series(to, SeriesCommand::Receive { handover }).await;
                self.as_system(UserCommand::Acknowledge { number }).await;
            }
            let of_series = |slot| {
                offers(slot, |event: &SeriesEvent| match event {
                    SeriesEvent::HandoverOffered(offer) => Some(offer.handover.clone()),
                    _ => None,
                })
            };
            let to_user: Vec<(ActorId, Vec<Handover>)> = self
                .series
                .iter_mut()
                .map(|(from, slot)| (*from, of_series(slot)))
                .collect();
            if is_quiet && to_user.iter().all(|(_, offers)| offers.is_empty()) {
                return;
            }
            for (from, handover) in to_user
                .into_iter()
                .flat_map(|(from, all)| all.into_iter().map(move |one| (from, one)))
            {
                let (number, series) = (handover.number, punctual_events::SeriesId(from.uuid()));
                self.as_system(UserCommand::Receive { from: series, handover }).await;
                self.tell_series(from, SeriesCommand::Acknowledge { number }).await;
            }
        }
    }

    /// The user as they are now.
    pub(crate) fn user(&mut self) -> UserActor {
        self.user.activation().expect("active").snapshot().machine.clone()
    }

    /// The series, in the order of their ids.
    pub(crate) fn series(&self) -> Vec<ActorId> {
        self.series.keys().copied().collect()
    }

    pub(crate) async fn tell_series(&mut self, to: ActorId, command: SeriesCommand) {
        self.have_series(to, Principal::System, command).await;
    }

    /// What its owner asks of a series themselves.
    pub(crate) async fn ask_series(&mut self, to: ActorId, command: SeriesCommand) {
        self.have_series(to, Principal::User(OWNER, SESSION), command).await;
    }

    async fn have_series(&mut self, to: ActorId, by: Principal, command: SeriesCommand) {
        let pending = self.pending(by, command, None);
        let slot = self.series.entry(to).or_insert_with(|| Slot::new(to));
        slot.take_turn(&[pending], &self.runtime)
            .await
            .remove(0)
            .expect("it is taken");
    }

    pub(crate) async fn save(&mut self) {
        save(&mut self.user, &self.runtime).await;
        for series in self.series.values_mut() {
            save(series, &self.runtime).await;
        }
    }

    /// Every commit of an actor whose pages were never saved, a line each.
    pub(crate) async fn commits(&self, actor: ActorId) -> String {
        let loaded = self.runtime.store.load(actor).await.expect("load");
        let commits = loaded.tail.iter().map(|commit| commit.encode().expect("JSON"));
        commits
            .map(|json| String::from_utf8(json).expect("UTF-8") + "\n")
            .collect()
    }

    pub(crate) async fn stored(&self, actor: ActorId) -> String {
        file::write(actor, &self.runtime.store.load(actor).await.expect("load"))
    }
}

async fn save<M: Machine>(slot: &mut Slot<M>, runtime: &Reference) {
    let actor = slot.actor();
    let activation = slot.activate(runtime).await.expect("load");
    let save = activation.start_save();
    let outcome = save.write(actor, &runtime.store, &*runtime.environment.zones).await;
    activation.end_save(save, &outcome);
    assert!(outcome.expect("saved"));
}

/// What was offered since the last time.
fn offers<M: Machine>(slot: &mut Slot<M>, handover: impl Fn(&M::Event) -> Option<Handover>) -> Vec<Handover> {
    let commits = slot.activation().expect("active").take_unpublished();
    let records = commits.iter().flat_map(|commit| &commit.events);
    let events = records.filter_map(|record| M::Event::from_record(record).expect("an event"));
    events.filter_map(|event| handover(&event)).collect()
}

fn task_of(reply: UserReply) -> Arc<Task> {
    match reply {
        UserReply::Task { task, .. } => task,
        other => panic!("{other:?}"),
    }
}

/// Lives, and gives what is stored of the user and of the series, by kind.
pub(crate) fn live() -> Vec<(&'static str, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut life = Life::begin();
        before_the_pages(&mut life).await;
        life.save().await;
        after_the_pages(&mut life).await;
        let series = life.series()[0];
        vec![
            ("user", life.stored(ActorId::User(OWNER)).await),
            ("series", life.stored(series).await),
        ]
    })
}

async fn before_the_pages(life: &mut Life) {
    life.sign_in().await;
    let full = json!({
        "title": "Water the plants", "description": "Twice.\nThe ferns too.", "priority": "urgent", "tags": ["home", "garden"],
        "start": {"date": "2027-03-01"}, "due": {"at": "2027-03-01T09:00:00", "time_zone": "UTC"},
        "reminders": [{"before": "PT15M"}, {"at": "2027-02-28T18:00:00Z"}], "external_uid": "plants@example.org",
    });
    life.create(full, Some(KEYS[0])).await;
    let deleted = life.create(json!({"title": "Deleted"}), None).await;
    let delete = UserCommand::DeleteTask {
        if_match: None,
        series: false,
        task: deleted.id,
    };
    life.as_person(delete, None).await;
    let done = life
        .create(json!({"title": "Done", "due": {"date": "2027-01-20"}}), None)
        .await;
    life.complete(done.id).await;
    let weekly = json!({
        "title": "Weekly", "due": {"at": "2027-01-18T09:00:00", "time_zone": "UTC"},
        "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO"}, "reminders": [{"before": "PT1H"}],
    });
    let first = life.create(weekly, None).await;
    life.hand_over().await;
    life.complete(first.id).await;
    life.hand_over().await;
    remind(life).await;
}

/// Two reminders fire, and one is dismissed.
async fn remind(life: &mut Life) {
    for title in ["Tea", "Coffee"] {
        let soon = life.clock.now().plus_millis(5_000);
        life.create(json!({"title": title, "reminders": [{"at": soon}]}), None)
            .await;
        life.clock.advance_ms(10_000);
        life.as_system(UserCommand::Wake).await;
    }
    let fired = life.user();
    let inbox = readable::user(&fired);
    let notification: NotificationId = serde_json::from_value(inbox["notifications"][0]["id"].clone()).expect("an id");
    life.as_person(UserCommand::Dismiss { notification }, None).await;
}

async fn after_the_pages(life: &mut Life) {
    life.complete_the_open_instance().await;
    life.hand_over().await;
    // This one is handed over by nobody: it stays owed, in a page of its own.
    life.complete_the_open_instance().await;
    save(&mut life.user, &life.runtime).await;
    life.create(json!({"title": "In the log only"}), Some(KEYS[1])).await;
}
