//! Erasing what deleted users wrote. Chain and digests stay, so the record still verifies.
//!
//! Each actor says its own end, in a commit that shares nothing with what came before and after which it says nothing more that a person wrote.
//! When audit hears of that commit it has copied everything before: whatever was late, offered again or repeated by a crash is in what it erases.

use punctual_actors::ports::Failure;
use punctual_events::{CloudEvent, EventType, Seq};

use super::AuditRole;

impl AuditRole {
    /// Erases content whose end these events say. May be done again at any time.
    pub(super) async fn erase_what_was_deleted(&self, events: &[CloudEvent]) -> Result<(), Failure> {
        let is_end =
            |event: &&CloudEvent| matches!(event.event_type, EventType::UserDeleted | EventType::SeriesDeleted);
        for event in events.iter().filter(is_end) {
            self.erase_before(event).await?;
        }
        Ok(())
    }

    async fn erase_before(&self, end: &CloudEvent) -> Result<(), Failure> {
        let (actor, through) = (end.commit.actor, Seq(end.commit.seq.0.saturating_sub(1)));
        if through == Seq::ZERO {
            return Ok(());
        }
        tracing::info!(%actor, %through, "content is erased");
        self.logs.erase(actor, through).await?;
        self.store.erase(actor, through).await
    }
}
