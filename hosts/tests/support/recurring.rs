//! Commits are kept, and their events given to the recurring role, at once.

use std::sync::{Arc, Mutex, OnceLock};

use punctual::{
    ports::{Actors, EventHandler as _},
    roles::recurring::Recurring,
};
use punctual_actors::ports::{Environment, Failure, Publisher};
use punctual_events::{Commit, Topic};

/// What the actors publish to.
#[derive(Clone, Default)]
pub(crate) struct Delivery(Arc<Inner>);

#[derive(Default)]
struct Inner {
    recurring: OnceLock<Recurring>,
    published: Mutex<Vec<Arc<Commit>>>,
}

impl Delivery {
    /// To the recurring role between these actors.
    pub(crate) fn connect(&self, actors: &Arc<dyn Actors>, environment: &Environment) {
        let recurring = Recurring::new(Arc::clone(actors), environment.clone());
        assert!(self.0.recurring.set(recurring).is_ok());
    }

    /// Everything that was ever published, as text.
    pub(crate) fn published_text(&self) -> String {
        let published = self.0.published.lock().unwrap();
        let commits = published.iter().map(|commit| commit.encode().unwrap());
        commits.map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    }
}

impl Publisher for Delivery {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        self.0.published.lock().unwrap().extend(commits.iter().cloned());
        let (inner, commits) = (Arc::clone(&self.0), commits.to_vec());
        tokio::spawn(async move {
            for commit in commits {
                let events = commit.cloud_events(Topic::TaskEvents).unwrap();
                let recurring = inner.recurring.get().unwrap();
                recurring.handle(Topic::TaskEvents, &events).await.unwrap();
            }
        });
        Ok(())
    }
}
