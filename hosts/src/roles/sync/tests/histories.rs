//! Random histories: commits, deliveries late, lost and repeated, slow reads, reconnects and restarts in any order. Whatever happens, a client
//! that stores cursors has every event after its starting point exactly once and in order on each topic, or was told to start over.

use std::collections::VecDeque;

use proptest::prelude::*;
use punctual_events::Seq;

use super::*;
use crate::roles::sync::{
    cursor::Cursor,
    frame::is_shown,
    position::{Position, Positions, TOPICS, WHOLE},
};

#[derive(Clone, Debug)]
enum Op {
    /// A commit of this kind is appended, and waits to be delivered.
    Commit(usize),
    /// The next commits on a topic are delivered in one call.
    Deliver(usize, usize),
    /// Commits delivered before come again.
    Repeat(usize, usize),
    /// The next commit on a topic is never delivered.
    Lose(usize),
    /// The client reads.
    Read(usize),
    /// Other tasks run.
    Run(usize),
    /// The client loses its connection and, of what it applied, what it had not stored.
    Reconnect(usize),
    /// The server starts anew.
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..6_usize).prop_map(Op::Commit),
        6 => (0..2_usize, 1..4_usize).prop_map(|(topic, count)| Op::Deliver(topic, count)),
        1 => (0..2_usize, 1..5_usize).prop_map(|(topic, count)| Op::Repeat(topic, count)),
        1 => (0..2_usize).prop_map(Op::Lose),
        4 => (1..8_usize).prop_map(Op::Read),
        4 => (1..6_usize).prop_map(Op::Run),
        2 => (0..4_usize).prop_map(Op::Reconnect),
        1 => Just(Op::Restart),
    ]
}

fn events(kind: usize) -> Vec<(EventType, Value)> {
    match kind {
        0 => vec![task("t")],
        1 => vec![reminder("r")],
        2 => vec![task("t"), reminder("r"), task("u"), reminder("s")],
        3 => vec![(EventType::HandoverAcknowledged, json!({"number": 1}))],
        4 => vec![reminder("r"), session_ended(SessionId(Uuid::from_u128(99))), task("t")],
        _ => Vec::new(),
    }
}

/// A client that stores a cursor after each event it applied.
struct Follower {
    client: Client,
    /// What it was told to start after.
    floor: Option<Positions>,
    applied: Vec<(Topic, Position, String)>,
    start: Option<String>,
}

impl Follower {
    fn new(world: &World, capacity: usize) -> Self {
        Self {
            client: world.hello(capacity, None),
            floor: None,
            applied: Vec::new(),
            start: None,
        }
    }

    fn reconnect(&mut self, world: &World, capacity: usize, forget: usize) {
        self.applied.truncate(self.applied.len().saturating_sub(forget));
        let cursor = self.applied.last().map(|(_, _, cursor)| cursor).or(self.start.as_ref());
        self.client = world.hello(capacity, cursor.map(String::as_str));
    }

    /// Applies one message; `false` when there was none or the socket was closed.
    fn read(&mut self) -> bool {
        let Some(Message::Text(text)) = self.client.try_next() else {
            return false;
        };
        let frame: Value = serde_json::from_str(text.as_str()).unwrap();
        let cursor = frame["cursor"].as_str().unwrap().to_owned();
        let positions = Cursor::decode(&cursor).unwrap().positions_of(user(7)).unwrap();
        match frame["type"].as_str().unwrap() {
            "ready" if self.floor.is_none() => (self.floor, self.start) = (Some(positions), Some(cursor)),
            "ready" => {}
            "resync" => {
                self.applied.clear();
                (self.floor, self.start) = (Some(positions), Some(cursor));
            }
            _ => {
                let (topic, at) = place(&frame["event"]);
                assert!(positions.on(topic) >= at, "a cursor covers its event");
                self.applied.push((topic, at, cursor));
            }
        }
        true
    }

    fn reached(&self, topic: Topic) -> Option<Position> {
        let applied = self.applied.iter().rev().find(|(on, _, _)| *on == topic);
        applied
            .map(|(_, at, _)| *at)
            .max(self.floor.map(|floor| floor.on(topic)))
    }
}

fn place(event: &Value) -> (Topic, Position) {
    let topic = TOPICS
        .into_iter()
        .find(|topic| event["source"] == format!("/punctual/{}", topic.as_str()));
    let part = event["part"].as_u64().unwrap();
    let position = Position {
        seq: Seq(event["sequence"].as_str().unwrap().parse().unwrap()),
        part: if event["parts"] == part {
            WHOLE
        } else {
            u16::try_from(part).unwrap()
        },
    };
    (topic.unwrap(), position)
}

#[derive(Default)]
struct Broker {
    waiting: [VecDeque<Arc<Commit>>; 2],
    delivered: [Vec<Arc<Commit>>; 2],
}

impl Broker {
    fn take(&mut self, commit: &Arc<Commit>) {
        for (index, topic) in TOPICS.into_iter().enumerate() {
            if commit.is_on(topic) {
                self.waiting[index].push_back(Arc::clone(commit));
            }
        }
    }

    async fn deliver(&mut self, world: &World, index: usize, count: usize) {
        let count = count.min(self.waiting[index].len());
        let commits: Vec<_> = self.waiting[index].drain(..count).collect();
        world.deliver(TOPICS[index], &commits).await;
        self.delivered[index].extend(commits);
    }

    async fn repeat(&self, world: &World, index: usize, count: usize) {
        let delivered = &self.delivered[index];
        let from = delivered.len().saturating_sub(count);
        world.deliver(TOPICS[index], &delivered[from..]).await;
    }
}

/// Runs a history to its end and checks what the client has.
async fn play(ops: Vec<Op>, capacity: usize, queue_frames: usize) {
    let config = SyncConfig {
        queue_frames,
        ..SyncConfig::default()
    };
    let mut world = World::new(config);
    let mut broker = Broker::default();
    let mut follower = Follower::new(&world, capacity);
    for op in ops {
        match op {
            Op::Commit(kind) => broker.take(&world.logs.append(me(), &events(kind))),
            Op::Deliver(index, count) => broker.deliver(&world, index, count).await,
            Op::Repeat(index, count) => broker.repeat(&world, index, count).await,
            Op::Lose(index) => drop(broker.waiting[index].pop_front()),
            Op::Read(count) => {
                for _ in 0..count {
                    follower.read();
                    tokio::task::yield_now().await;
                }
            }
            Op::Run(times) => {
                for _ in 0..times {
                    tokio::task::yield_now().await;
                }
            }
            Op::Reconnect(forget) => follower.reconnect(&world, capacity, forget),
            Op::Restart => {
                world.restart();
                follower.reconnect(&world, capacity, 0);
            }
        }
    }
    // The last deliveries show whatever was lost before them.
    settle().await;
    let last = world.logs.append(me(), &events(2));
    broker.take(&last);
    for index in 0..2 {
        broker.deliver(&world, index, usize::MAX).await;
    }
    let end = Position::after(last.header.seq);
    for _ in 0..10_000 {
        if TOPICS.into_iter().all(|topic| follower.reached(topic) == Some(end)) {
            break;
        }
        follower.read();
        tokio::task::yield_now().await;
    }
    let floor = follower.floor.expect("it was told where it starts");
    for topic in TOPICS {
        let applied = follower.applied.iter().filter(|(on, _, _)| *on == topic);
        let applied: Vec<Position> = applied.map(|(_, at, _)| *at).collect();
        let happened = world.logs.commits(me());
        let happened = happened.iter().flat_map(|commit| commit.cloud_events(topic).unwrap());
        let expected: Vec<Position> = happened
            .filter(|event| is_shown(event.event_type))
            .map(|event| Position::of(&event))
            .filter(|at| *at > floor.on(topic))
            .collect();
        assert_eq!(applied, expected, "{topic:?} after {floor:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_missed_or_doubled_whatever_happens(
        ops in prop::collection::vec(op(), 0..60),
        capacity in 1..4_usize,
        queue_frames in prop_oneof![Just(3_usize), Just(1000_usize)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(ops, capacity, queue_frames));
    }
}
