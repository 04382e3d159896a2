//! Who hears of what a user does, from sync and from notification: a device on a socket and a receiver of webhooks.

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
    device: JoinHandle<Seen>,
    received: UnboundedReceiver<Received>,
    secret: String,
}

impl Witnesses {
    /// Has a device of a user follow, and their notifications go to a receiver.
    pub(crate) async fn of(client: &Client) -> Self {
        let socket = Socket::open(client, None).await;
        let device = tokio::spawn(follow(client.clone(), socket));
        let (url, received) = receiver(0).await;
        let hook = client.post("/v1/webhooks", &json!({"url": url})).await.expect(201);
        Self {
            device,
            received,
            secret: hook["secret"].as_str().unwrap().to_owned(),
        }
    }

    /// Each event that a client may see came to the device, once, and each notification to the receiver, once or more. Nobody may be at work.
    pub(crate) async fn missed_nothing(self, environment: &Environment, client: &Client) {
        end(client).await;
        let seen = self.device.await.unwrap();
        seen.missed_nothing_of(&client.all_tasks("all").await);
        let logs = seen_by_the_api(environment).logs;
        let log = log_of(&*logs, ActorId::User(client.user.parse().unwrap())).await;
        let on = |topic: Topic| log.iter().flat_map(move |commit| commit.cloud_events(topic).unwrap());
        let shown: Vec<CloudEvent> = on(Topic::TaskUpdates)
            .chain(on(Topic::Reminders))
            .filter(is_shown)
            .collect();
        let there_are: BTreeSet<_> = shown.iter().map(place).collect();
        let came: BTreeSet<_> = seen.events.into_iter().collect();
        assert_eq!(came, there_are, "what the device saw, and what happened");
        let fired = shown
            .iter()
            .filter(|event| event.event_type == EventType::ReminderFired);
        let notification = |event: &CloudEvent| serde_json::from_str::<Notification>(event.data.get()).unwrap();
        let missing = fired.map(|event| notification(event).id.to_string()).collect();
        receives(self.received, &self.secret, missing).await;
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

/// Source and id.
fn place(event: &CloudEvent) -> (String, String) {
    (format!("/punctual/{}", event.topic.as_str()), event.id())
}

/// Waits until each of these notifications was received.
async fn receives(mut received: UnboundedReceiver<Received>, secret: &str, mut missing: BTreeSet<String>) {
    assert!(!missing.is_empty(), "nothing was to be delivered");
    let all = async {
        while !missing.is_empty() {
            let delivery = received.recv().await.unwrap();
            verify(secret, &delivery);
            missing.remove(delivery.header("webhook-id"));
        }
    };
    let waited = tokio::time::timeout(WEBHOOKS_WITHIN, all).await;
    assert!(waited.is_ok(), "no webhook for {missing:?}");
}
