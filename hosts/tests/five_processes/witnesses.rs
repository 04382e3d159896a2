//! Who hears of what a user does, from sync and from notification: devices on sockets and a receiver of webhooks.

use std::{collections::BTreeSet, time::Duration};

use daprenv::Environment;
use punctual_events::{ActorId, CloudEvent, EventType, Notification, Topic};
use serde_json::json;
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle};

use crate::{
    client::{Client, PATIENCE},
    device::{Seen, end, follow},
    socket::Socket,
    stored::{log_of, seen_by_the_api},
    webhooks::{Received, receiver, verify},
};

/// What a server needs so that it may call the receiver.
pub(crate) const FLAGS: [&str; 2] = ["--webhook-allow", "127.0.0.0/8"];
/// A webhook that failed twice comes again after half a minute, and a fifth more.
const WEBHOOKS_WITHIN: Duration = PATIENCE.saturating_mul(2);

/// Both, at work.
pub(crate) struct Witnesses {
    devices: Vec<JoinHandle<Seen>>,
    received: UnboundedReceiver<Received>,
    secret: String,
}

impl Witnesses {
    /// Has a device of a user follow, and their notifications go to a receiver. Nothing may have happened yet that a device is to see.
    pub(crate) async fn of(client: &Client) -> Self {
        Self::with_devices(client, 1).await
    }

    /// The same with so many devices.
    pub(crate) async fn with_devices(client: &Client, devices: usize) -> Self {
        let mut following = Vec::new();
        for _ in 0..devices {
            let socket = Socket::open(client, None).await;
            following.push(tokio::spawn(follow(client.clone(), socket)));
        }
        let (url, received) = receiver(0).await;
        let hook = client.post("/v1/webhooks", &json!({"url": url})).await.expect(201);
        Self {
            devices: following,
            received,
            secret: hook["secret"].as_str().unwrap().to_owned(),
        }
    }

    /// Each event that a client may see came to each device, once, those of a topic in the order they happened; and each notification to the receiver, once
    /// or more, and no other. Nobody may be at work. What the devices' sockets were closed with is returned.
    pub(crate) async fn missed_nothing(self, environment: &Environment, client: &Client) -> Vec<Option<u16>> {
        end(client).await;
        let mut all_seen = Vec::new();
        for device in self.devices {
            all_seen.push(device.await.unwrap());
        }
        let tasks = client.all_tasks("all").await;
        let logs = seen_by_the_api(environment).logs;
        let log = log_of(&*logs, ActorId::User(client.user.parse().unwrap())).await;
        let shown = |topic: Topic| -> Vec<CloudEvent> {
            let events = log.iter().flat_map(|commit| commit.cloud_events(topic).unwrap());
            events.filter(is_shown).collect()
        };
        let (updates, reminders) = (shown(Topic::TaskUpdates), shown(Topic::Reminders));
        for seen in &all_seen {
            seen.missed_nothing_of(&tasks);
            for (topic, happened) in [(Topic::TaskUpdates, &updates), (Topic::Reminders, &reminders)] {
                let happened: Vec<String> = happened.iter().map(CloudEvent::id).collect();
                let what = "what a device saw of a topic, and what happened, in order";
                assert_eq!(ids(seen, topic), happened, "{what}");
            }
        }
        let fired = reminders
            .iter()
            .filter(|event| event.event_type == EventType::ReminderFired);
        let notification = |event: &CloudEvent| serde_json::from_str::<Notification>(event.data.get()).unwrap();
        let wanted = fired.map(|event| notification(event).id.to_string()).collect();
        receives(self.received, &self.secret, wanted).await;
        all_seen.into_iter().flat_map(|seen| seen.codes).collect()
    }
}

/// Whether clients see it. The others on these topics are for the services.
fn is_shown(event: &CloudEvent) -> bool {
    use EventType as T;
    matches!(
        event.event_type,
        T::TaskState | T::TaskRemoved | T::ReminderFired | T::ReminderDismissed | T::ReminderSnoozed
    )
}

/// Waits until each of these notifications was received. Some may come more than once, and no other may come.
async fn receives(mut received: UnboundedReceiver<Received>, secret: &str, wanted: BTreeSet<String>) {
    assert!(!wanted.is_empty(), "nothing was to be delivered");
    let mut missing = wanted.clone();
    let all = async {
        while !missing.is_empty() {
            let delivery = received.recv().await.unwrap();
            verify(secret, &delivery);
            let id = delivery.header("webhook-id");
            assert!(wanted.contains(id), "a webhook of what did not happen: {id}");
            missing.remove(id);
        }
    };
    let waited = tokio::time::timeout(WEBHOOKS_WITHIN, all).await;
    assert!(waited.is_ok(), "no webhook for {missing:?}");
}

/// The ids of the events of a topic that a device saw, in the order in which they came.
fn ids(seen: &Seen, topic: Topic) -> Vec<String> {
    let source = format!("/punctual/{}", topic.as_str());
    let events = seen.events.iter().filter(|event| event.0 == source);
    events.map(|event| event.1.clone()).collect()
}
