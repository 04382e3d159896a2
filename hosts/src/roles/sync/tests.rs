//! Sockets in memory, in virtual time, on logs in memory.

mod draining;
mod histories;
mod pipe;
mod protocol;
mod wire;

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message};
use punctual_actors::reference::VirtualClock;
use punctual_events::{ActorId, Commit, EventType, SessionId, Timestamp, Topic};
use serde_json::{Value, json};
use uuid::Uuid;

use self::pipe::{Client, pipe};
use super::{SyncConfig, SyncRole, session::Session};
use crate::{
    accounts::{signing_key::SigningKey, token::Tokens},
    ports::EventHandler as _,
    roles::{
        test_actors::TestActors,
        test_log::{TestLogs, user},
    },
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const SESSION: SessionId = SessionId(Uuid::from_u128(0x5e55));

/// A server's sync role with everything around it.
struct World {
    logs: Arc<TestLogs>,
    clock: Arc<VirtualClock>,
    actors: Arc<TestActors>,
    role: Arc<SyncRole>,
}

impl World {
    fn new(config: SyncConfig) -> Self {
        let (logs, clock, actors) = (Arc::default(), VirtualClock::new(NOW), Arc::default());
        let role = role(&logs, &clock, &actors, config);
        Self {
            logs,
            clock,
            actors,
            role,
        }
    }

    /// The process ends and another begins.
    fn restart(&mut self) {
        self.role.hub.close_all();
        self.role = role(&self.logs, &self.clock, &self.actors, self.role.config);
    }

    /// A socket that holds `capacity` messages nobody read.
    fn connect(&self, capacity: usize) -> Client {
        let (client, server) = pipe(capacity);
        let registration = self.role.hub.open(self.role.capacity());
        tokio::spawn(Session::run(Arc::clone(&self.role), server, registration));
        client
    }

    /// A socket that has said hello.
    fn hello(&self, capacity: usize, cursor: Option<&str>) -> Client {
        let client = self.connect(capacity);
        client.send(Message::text(hello_text(cursor)));
        client
    }

    async fn deliver(&self, topic: Topic, commits: &[Arc<Commit>]) {
        let events: Vec<_> = commits
            .iter()
            .flat_map(|commit| commit.cloud_events(topic).unwrap())
            .collect();
        self.role.handle(topic, &events).await.unwrap();
    }

    /// Commits events and delivers them.
    async fn happen(&self, events: &[(EventType, Value)]) -> Arc<Commit> {
        let commit = self.logs.append(me(), events);
        for topic in [Topic::TaskUpdates, Topic::Reminders] {
            self.deliver(topic, &[Arc::clone(&commit)]).await;
        }
        commit
    }

    /// Lets time pass for everybody.
    async fn pass_ms(&self, ms: u64) {
        settle().await;
        self.clock.advance_ms(ms);
        settle().await;
    }
}

fn role(
    logs: &Arc<TestLogs>,
    clock: &Arc<VirtualClock>,
    actors: &Arc<TestActors>,
    config: SyncConfig,
) -> Arc<SyncRole> {
    Arc::new(SyncRole {
        actors: Arc::clone(actors) as _,
        logs: Arc::clone(logs) as _,
        clock: Arc::clone(clock) as _,
        tokens: tokens(),
        config,
        hub: Arc::default(),
    })
}

fn me() -> ActorId {
    ActorId::User(user(7))
}

fn tokens() -> Tokens {
    Tokens::new(&SigningKey::from_bytes([1; 32]))
}

fn hello_text(cursor: Option<&str>) -> String {
    let (token, _) = tokens().issue(user(7), SESSION, NOW);
    json!({"type": "hello", "token": token.expose(), "cursor": cursor}).to_string()
}

/// Lets every task run until all of them wait.
async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

fn task(title: &str) -> (EventType, Value) {
    (EventType::TaskCreated, json!({"changed": [], "task": {"title": title}}))
}

fn reminder(title: &str) -> (EventType, Value) {
    (EventType::ReminderFired, json!({"title": title}))
}

fn session_ended(session: SessionId) -> (EventType, Value) {
    (EventType::SessionEnded, json!({"session": session}))
}

fn json_of(message: Message) -> Value {
    match message {
        Message::Text(text) => serde_json::from_str(text.as_str()).unwrap(),
        other => panic!("not a text: {other:?}"),
    }
}

fn close_of(message: Message) -> (u16, String) {
    match message {
        Message::Close(Some(CloseFrame { code, reason })) => (code, reason.as_str().to_owned()),
        other => panic!("not a close: {other:?}"),
    }
}

async fn next_json(client: &Client) -> Value {
    json_of(client.next().await.expect("a message"))
}

async fn next_close(client: &Client) -> (u16, String) {
    close_of(client.next().await.expect("a close"))
}
