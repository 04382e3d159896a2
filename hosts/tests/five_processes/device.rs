//! A device: it follows what happens to a user's tasks, and comes back with its cursor when its socket is closed.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    client::{Client, PATIENCE},
    socket::Socket,
};

/// How long a device waits before it tries to connect again.
const REST: Duration = Duration::from_millis(250);

/// What a device saw.
#[derive(Default)]
pub(crate) struct Seen {
    /// Source and id of each event, in their order.
    events: Vec<(String, String)>,
    tasks: BTreeSet<String>,
    /// What its sockets were closed with.
    pub(crate) codes: Vec<Option<u16>>,
}

/// Follows what happens to a user's tasks, through this socket and as many others as it takes, until a task of this title comes.
pub(crate) async fn follow(client: Client, mut socket: Socket, last: &'static str) -> Seen {
    let mut seen = Seen::default();
    let mut cursor = json!(socket.cursor);
    loop {
        let frame = match socket.next_or_code().await {
            Ok(frame) => frame,
            Err(code) => {
                seen.codes.push(code);
                socket = come_back(&client, &cursor).await;
                continue;
            }
        };
        assert_ne!(frame["type"], "resync", "{frame}");
        cursor = frame["cursor"].clone();
        if seen.take(&frame["event"], last) {
            return seen;
        }
    }
}

/// A new socket that said hello; where nobody answers yet, it is tried again.
async fn come_back(client: &Client, cursor: &Value) -> Socket {
    let began = Instant::now();
    loop {
        if let Some(mut socket) = Socket::try_connect(client).await {
            let hello = json!({"type": "hello", "token": client.token, "cursor": cursor});
            if socket.try_send(&hello).await {
                return socket;
            }
        }
        assert!(began.elapsed() < PATIENCE, "no socket any more");
        tokio::time::sleep(REST).await;
    }
}

impl Seen {
    /// Whether this is the last event.
    fn take(&mut self, event: &Value, last: &str) -> bool {
        if event.is_null() {
            return false;
        }
        self.events.push((event["source"].to_string(), event["id"].to_string()));
        let task = &event["data"];
        self.tasks.extend(task["id"].as_str().map(str::to_owned));
        task["title"] == last
    }

    /// Each of these tasks was seen, and no event twice.
    pub(crate) fn missed_nothing_of(&self, tasks: &BTreeSet<String>) {
        let distinct: BTreeSet<_> = self.events.iter().collect();
        assert_eq!(distinct.len(), self.events.len(), "an event came twice");
        let missed: Vec<_> = tasks.difference(&self.tasks).collect();
        assert!(missed.is_empty(), "{missed:?}");
    }
}
