//! Hand-overs between users and series, carried at once: what the recurring role does on a runtime.

use std::sync::{Arc, Mutex, OnceLock, Weak};

use punctual::ports::{Actors, system_command};
use punctual_actors::{
    ports::{Environment, Failure, Publisher},
    series::SeriesCommand,
    user::UserCommand,
};
use punctual_events::{ActorId, Commit, EventType, Handover, HandoverOffered, SeriesId, UserId};

/// Takes commits, keeps them, and carries the hand-overs in them.
#[derive(Clone)]
pub(crate) struct Carrier(Arc<Inner>);

struct Inner {
    actors: OnceLock<Weak<dyn Actors>>,
    environment: Environment,
    published: Mutex<Vec<Arc<Commit>>>,
}

impl Carrier {
    pub(crate) fn new(environment: Environment) -> Self {
        Self(Arc::new(Inner {
            actors: OnceLock::new(),
            environment,
            published: Mutex::default(),
        }))
    }

    /// Between these actors.
    pub(crate) fn connect(&self, actors: &Arc<dyn Actors>) {
        assert!(self.0.actors.set(Arc::downgrade(actors)).is_ok());
    }

    /// Everything that was ever published, as text.
    pub(crate) fn published_text(&self) -> String {
        let published = self.0.published.lock().unwrap();
        let commits = published.iter().map(|commit| commit.encode().unwrap());
        commits.map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    }

    async fn carry(&self, from: ActorId, handover: Handover) {
        let Some(actors) = self.0.actors.get().and_then(Weak::upgrade) else {
            return;
        };
        let number = handover.number;
        match (from, handover.to) {
            (ActorId::User(user), ActorId::Series(series)) => {
                self.to_series(&*actors, series, SeriesCommand::Receive { handover })
                    .await;
                self.to_user(&*actors, user, UserCommand::Acknowledge { number }).await;
            }
            (ActorId::Series(from), ActorId::User(user)) => {
                self.to_user(&*actors, user, UserCommand::Receive { from, handover })
                    .await;
                self.to_series(&*actors, from, SeriesCommand::Acknowledge { number })
                    .await;
            }
            (from, to) => panic!("a hand-over from {from} to {to}"),
        }
    }

    async fn to_user(&self, actors: &dyn Actors, user: UserId, command: UserCommand) {
        let pending = system_command(&self.0.environment, command, None);
        actors.command_user(user, pending).await.unwrap();
    }

    async fn to_series(&self, actors: &dyn Actors, series: SeriesId, command: SeriesCommand) {
        let pending = system_command(&self.0.environment, command, None);
        actors.command_series(series, pending).await.unwrap();
    }
}

impl Publisher for Carrier {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        self.0.published.lock().unwrap().extend(commits.iter().cloned());
        let offers: Vec<(ActorId, Handover)> = commits.iter().flat_map(|commit| offers(commit)).collect();
        let carrier = self.clone();
        tokio::spawn(async move {
            for (from, handover) in offers {
                carrier.carry(from, handover).await;
            }
        });
        Ok(())
    }
}

fn offers(commit: &Commit) -> impl Iterator<Item = (ActorId, Handover)> {
    let offered = commit
        .events
        .iter()
        .filter(|event| event.event_type == EventType::HandoverOffered);
    offered.map(|event| {
        let offered: HandoverOffered = serde_json::from_str(event.data.get()).unwrap();
        (commit.header.actor, offered.handover)
    })
}
