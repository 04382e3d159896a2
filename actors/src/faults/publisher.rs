//! A publisher that goes wrong.

use std::sync::Arc;

use punctual_events::Commit;

use super::Faulty;
use crate::ports::{Failure, Publisher};

impl<P: Publisher + Clone> Publisher for Faulty<P> {
    async fn publish(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        let publish = || {
            let (publisher, commits) = (self.inner.clone(), commits.to_vec());
            async move { publisher.publish(&commits).await }
        };
        self.faults.write(publish).await
    }
}
