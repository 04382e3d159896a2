//! What Kafka and the Scheduler stand behind, held to the contracts that every runtime's ports are held to. Nothing of either contract has to be
//! left out: neither needs a clock of its own, and both say what was delivered by an instant, which here is waited for.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
};

use futures_util::future::join_all;
use punctual::dapr::{
    publisher::Topics,
    sidecar::Sidecar,
    wakeups::Reminders,
    wire::{SERIES_ACTOR, USER_ACTOR},
};
use punctual_actors::{
    conformance::{self, Delivery, LogWriter, PublisherMaker, WakeUpsMaker},
    ports::{Failure, Publisher as _, WakeUp, WakeUps},
};
use punctual_events::{ActorId, CloudEvent, Timestamp};

use crate::{
    application::{self, Heard},
    beside::{Beside, environment},
};

/// The broker's component.
const PUBSUB: &str = "events";
/// How many partitions each of its topics has.
const PARTITIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(11);

/// A publisher, and a service of its own that hears task events.
struct Broker {
    publishing: Sidecar,
    heard: Arc<Heard>,
}

impl PublisherMaker for Broker {
    type Publisher = Topics;

    async fn make(&self) -> Topics {
        Topics::new(&self.publishing, PUBSUB, PARTITIONS)
    }

    async fn delivered(&self, _: &Topics, enough: impl Fn(&[CloudEvent]) -> bool) -> Vec<CloudEvent> {
        let is_enough = || enough(&self.heard.events.lock().unwrap());
        self.heard.until("events", is_enough).await;
        self.heard.events.lock().unwrap().clone()
    }
}

/// Reminders, and the process that hosts their actors.
struct Scheduler {
    sidecar: Sidecar,
    heard: Arc<Heard>,
}

/// Reminders that remember what was armed, since the Scheduler does not say what it has still to deliver.
struct Armed {
    reminders: Reminders,
    armed: Mutex<Vec<(ActorId, WakeUp)>>,
}

impl WakeUps for Armed {
    fn guard_interval_ms(&self) -> Option<u64> {
        self.reminders.guard_interval_ms()
    }

    async fn arm(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.armed.lock().unwrap().push((actor, wake_up));
        self.reminders.arm(actor, wake_up).await
    }

    async fn cancel(&self, actor: ActorId, wake_up: WakeUp) -> Result<(), Failure> {
        self.armed.lock().unwrap().retain(|armed| *armed != (actor, wake_up));
        self.reminders.cancel(actor, wake_up).await
    }
}

impl WakeUpsMaker for Scheduler {
    type WakeUps = Armed;

    /// None is armed: the suite has waited for all it armed before, but for one in a year.
    async fn make(&self) -> Armed {
        self.heard.wake_ups.lock().unwrap().clear();
        Armed {
            reminders: Reminders::new(self.sidecar.clone(), environment().clock),
            armed: Mutex::default(),
        }
    }

    fn now(&self) -> Timestamp {
        environment().clock.now()
    }

    async fn delivered(&self, wake_ups: &Armed, until: Timestamp) -> Vec<Delivery> {
        let armed = wake_ups.armed.lock().unwrap().clone();
        let by_then = armed.iter().filter(|(_, wake_up)| wake_up.at <= until);
        let by_then: Vec<(ActorId, WakeUp)> = by_then.copied().collect();
        let has_come = |(actor, wake_up): &(ActorId, WakeUp), come: &[Delivery]| {
            come.iter()
                .any(|delivery| (delivery.actor, delivery.wake_up) == (*actor, *wake_up))
        };
        let have_all_come = || {
            let come = self.heard.wake_ups.lock().unwrap();
            by_then.iter().all(|one| has_come(one, &come))
        };
        self.heard.until("wake-ups", have_all_come).await;
        self.heard.wake_ups.lock().unwrap().clone()
    }
}

pub(crate) async fn publisher(beside: &mut Beside) {
    let (port, heard) = application::start(&[]).await;
    // Of the services only these may publish, and audit hears task events.
    let publishing = Sidecar::new(&beside.add_sidecar("publishing", "api", None)).unwrap();
    beside.add_sidecar("listening", "audit", Some(port));
    conformance::publisher(&Broker { publishing, heard }).await;
}

/// More than the broker's component takes for one message, and less than a call of ours may carry.
const TOO_LARGE: usize = 1_010_000;

/// What many actors publish at once goes out together, and what the broker does not take of it fails for its own actor only. The same commit may be
/// published twice at once: by the outbox, and once more for audit.
pub(crate) async fn published_together(beside: &mut Beside) {
    let sidecar = Sidecar::new(&beside.add_sidecar("together", "api", None)).unwrap();
    let topics = Topics::new(&sidecar, PUBSUB, PARTITIONS);
    let commits = |user: u128, text: &str| [LogWriter::user(user).draft(text).commit];
    // What comes while this one is on its way waits for it, and so goes together.
    let first = commits(1_000, "first");
    let small: Vec<_> = (1_001..1_041).map(|user| commits(user, "small")).collect();
    let large = commits(1_041, &"x".repeat(TOO_LARGE));
    let (first, small, again, large) = tokio::join!(
        topics.publish(&first),
        join_all(small.iter().map(|commits| topics.publish(commits))),
        topics.publish(&small[0]),
        topics.publish(&large),
    );
    first.unwrap();
    again.unwrap();
    small.into_iter().for_each(Result::unwrap);
    large.unwrap_err();
}

pub(crate) async fn wake_ups(beside: &mut Beside) {
    let (port, heard) = application::start(&[USER_ACTOR, SERIES_ACTOR]).await;
    let sidecar = Sidecar::new(&beside.add_sidecar("hosting", "recurring", Some(port))).unwrap();
    conformance::wake_ups(&Scheduler { sidecar, heard }).await;
}
