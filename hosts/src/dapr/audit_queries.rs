//! The audit service, asked from another process.

use punctual_actors::{
    ports::{BoxFuture, Failure},
    turn::TurnError,
};
use punctual_events::UserId;
use serde::de::DeserializeOwned;

use super::{app::AuditPath, invoke::Asked, sidecar::Sidecar, wire::Outcome};
use crate::ports::{AuditPage, AuditPlace, AuditQueries, AuditVerification};

/// The app-id of the audit service. App-ids are the names of roles.
const APP_ID: &str = "audit";

/// The audit service behind the sidecar.
pub struct RemoteAudit {
    sidecar: Sidecar,
}

impl RemoteAudit {
    /// The audit service this sidecar can reach.
    #[must_use]
    pub fn new(sidecar: Sidecar) -> Self {
        Self { sidecar }
    }

    async fn get<T: DeserializeOwned>(&self, path: AuditPath, query: String) -> Result<Outcome<T>, Failure> {
        let asked = Asked::get(APP_ID, path.method(), query);
        asked.answer(&self.sidecar).await
    }
}

impl AuditQueries for RemoteAudit {
    fn page(&self, user: UserId, after: AuditPlace, limit: usize) -> BoxFuture<'_, Result<AuditPage, Failure>> {
        let query = format!("after={}&limit={limit}", after.0);
        Box::pin(async move { self.get(AuditPath::Page(user), query).await?.into_port() })
    }

    fn verify(&self, user: UserId) -> BoxFuture<'_, Result<AuditVerification, TurnError>> {
        Box::pin(async move { self.get(AuditPath::Verify(user), String::new()).await?.into_result() })
    }
}

#[cfg(test)]
mod tests {
    use punctual_actors::{Code, Refusal};

    use super::*;
    use crate::dapr::app::audit_answer;

    #[test]
    fn an_answer_a_refusal_and_damage_travel_and_what_is_away_is_asked_again_by_the_sidecar() {
        let there_and_back = |answer: Result<u8, TurnError>| {
            let axum::Json(sent) = audit_answer(answer)?;
            let received: Outcome<u8> = serde_json::from_value(serde_json::to_value(&sent).unwrap()).unwrap();
            Ok(received.into_result())
        };
        let failed = |failure: Failure| there_and_back(Err(failure.into()));
        assert!(matches!(there_and_back(Ok(7)), Ok(Ok(7))));
        let too_long = Refusal::new(Code::RecordTooLong, "cut");
        let back = there_and_back(Err(too_long.into()));
        assert!(matches!(back, Ok(Err(TurnError::Refused(refusal))) if refusal.code == Code::RecordTooLong));
        let damaged = failed(Failure::damaged("a batch"));
        assert!(matches!(damaged, Ok(Err(TurnError::Unknown(failure))) if failure.is_damage()));
        assert!(matches!(failed(Failure::new("away")), Err((status, _)) if status == 503));
    }
}
