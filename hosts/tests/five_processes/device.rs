//! A device: it follows what happens to a user's tasks, and comes back with its cursor when its socket is closed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    client::{Client, PATIENCE, id},
    socket::Socket,
};

/// How long a device waits before it tries to connect again.
const REST: Duration = Duration::from_millis(250);

/// How long a device hears nothing at most, while something is away and after it; pings are no news.
const SILENCE: Duration = PATIENCE.saturating_mul(4);
/// The title of the last task, and of its reminder.
const LAST: &str = "the last task";

/// What a device saw.
#[derive(Default)]
pub(crate) struct Seen {
    /// Source and id of each event, in their order.
    pub(crate) events: Vec<(String, String)>,
    /// The latest version of each task.
    tasks: BTreeMap<String, u64>,
    is_last_task_there: bool,
    is_last_reminder_there: bool,
    /// What its sockets were closed with.
    pub(crate) codes: Vec<Option<u16>>,
}

/// Has every device of a user see that there is nothing more to come, on either topic: both are in order for themselves only.
pub(crate) async fn end(client: &Client) {
    let soon = chrono::Utc::now() + chrono::TimeDelta::milliseconds(500);
    let last = json!({"title": LAST, "reminders": [{"at": soon.to_rfc3339()}]});
    client.create(last).await;
}

/// Follows what happens to a user's tasks, through this socket and as many others as it takes, until the [`end`].
pub(crate) async fn follow(client: Client, mut socket: Socket) -> Seen {
    let mut seen = Seen::default();
    let mut cursor = json!(socket.cursor);
    loop {
        let next = tokio::time::timeout(SILENCE, socket.next_or_code()).await;
        let frame = match next.expect("nothing comes to the device") {
            Ok(frame) => frame,
            Err(code) => {
                seen.codes.push(code);
                socket = come_back(&client, &cursor).await;
                continue;
            }
        };
        assert_ne!(frame["type"], "resync", "{frame}");
        cursor = frame["cursor"].clone();
        seen.take(&frame["event"]);
        if seen.is_last_task_there && seen.is_last_reminder_there {
            return seen;
        }
    }
}

/// A new socket that said hello; where nobody answers yet, it is tried again. Not at once: until a balancer knows which replica ends, that one closes it.
async fn come_back(client: &Client, cursor: &Value) -> Socket {
    let began = Instant::now();
    loop {
        tokio::time::sleep(REST).await;
        if let Some(mut socket) = Socket::try_connect(client).await {
            let hello = json!({"type": "hello", "token": client.token, "cursor": cursor});
            if socket.try_send(&hello).await {
                return socket;
            }
        }
        assert!(began.elapsed() < PATIENCE, "no socket any more");
    }
}

impl Seen {
    fn take(&mut self, event: &Value) {
        if event.is_null() {
            return;
        }
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        self.events.push((text("source"), text("id")));
        let (data, is_reminder) = (&event["data"], text("type").contains("reminder"));
        if let (false, Some(version)) = (is_reminder, data["version"].as_u64()) {
            let latest = self.tasks.entry(id(data).to_owned()).or_default();
            assert!(*latest <= version, "a task goes back from {latest}: {event}");
            *latest = version;
        }
        if data["title"] == LAST {
            self.is_last_task_there |= !is_reminder;
            self.is_last_reminder_there |= is_reminder;
        }
    }

    /// Each of these tasks was seen as it is, and no event twice.
    pub(crate) fn missed_nothing_of(&self, tasks: &[Value]) {
        let mut distinct: Vec<_> = self.events.iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), self.events.len(), "an event came twice");
        let is_missed = |task: &&Value| self.tasks.get(id(task)).copied() < task["version"].as_u64();
        let missed: Vec<_> = tasks.iter().filter(is_missed).collect();
        assert!(missed.is_empty(), "{missed:?}");
    }
}
