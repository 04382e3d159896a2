//! A directory that goes wrong.

use punctual_events::ActorId;

use super::Faulty;
use crate::ports::{Directory, Failure};

impl<D: Directory + Clone> Directory for Faulty<D> {
    async fn register(&self, actor: ActorId) -> Result<(), Failure> {
        let register = || {
            let directory = self.inner.clone();
            async move { directory.register(actor).await }
        };
        self.faults.write(register).await
    }

    async fn list(&self, after: Option<ActorId>, limit: usize) -> Result<Vec<ActorId>, Failure> {
        self.faults.read(self.inner.list(after, limit)).await
    }
}
