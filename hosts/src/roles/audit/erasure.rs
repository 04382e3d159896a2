//! Erasing what deleted users wrote. Chain and digests stay, so the record still verifies.

use punctual_actors::{
    ports::Failure,
    turn::TurnError,
    user::{UserAnswer, UserQuestion},
};
use punctual_events::{ActorId, CloudEvent, EventType, Principal, Seq, SeriesEnded, UserDeleted, UserId};

use super::AuditRole;

impl AuditRole {
    /// Erases content whose end these events say. May be done again at any time.
    pub(super) async fn erase_what_was_deleted(&self, events: &[CloudEvent]) -> Result<(), Failure> {
        for event in events {
            match event.event_type {
                EventType::UserDeleted => self.erase_user(event).await?,
                EventType::SeriesEnded => self.erase_orphan(event).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Everything before the deletion, and everything of the user's series.
    async fn erase_user(&self, event: &CloudEvent) -> Result<(), Failure> {
        let deleted: UserDeleted = serde_json::from_str(event.data.get()).map_err(Failure::new)?;
        let before = Seq(event.commit.seq.0.saturating_sub(1));
        self.erase(event.commit.actor, before).await?;
        for series in deleted.series {
            let actor = ActorId::Series(series);
            let head = self.logs.head(actor).await?;
            self.erase(actor, head).await?;
        }
        Ok(())
    }

    /// A series that ends because its user was deleted may have committed, or audit may have copied, after the user's deletion was seen here.
    /// Its end comes after all that.
    async fn erase_orphan(&self, event: &CloudEvent) -> Result<(), Failure> {
        // Erased already.
        if event.data.get() == "null" {
            return Ok(());
        }
        let ended: SeriesEnded = serde_json::from_str(event.data.get()).map_err(Failure::new)?;
        if ended.exhausted || !self.is_deleted(event.commit.owner).await? {
            return Ok(());
        }
        self.erase(event.commit.actor, event.commit.seq).await
    }

    async fn is_deleted(&self, user: UserId) -> Result<bool, Failure> {
        let question = UserQuestion::Profile;
        match self.actors.ask_user(user, Principal::System, &question).await {
            // Who has a series has an account, or had one.
            Ok(UserAnswer::Profile { account, .. }) => Ok(account.is_empty()),
            Ok(_) | Err(TurnError::Refused(_)) => Ok(false),
            Err(TurnError::Unknown(failure)) => Err(failure),
        }
    }

    async fn erase(&self, actor: ActorId, through: Seq) -> Result<(), Failure> {
        if through == Seq::ZERO {
            return Ok(());
        }
        tracing::info!(%actor, %through, "content is erased");
        self.logs.erase(actor, through).await?;
        self.store.erase(actor, through).await
    }
}
