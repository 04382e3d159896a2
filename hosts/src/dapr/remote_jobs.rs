//! The jobs of notification, asked about from elsewhere: a job belongs to the service that made it.

use punctual_actors::ports::Failure;
use punctual_events::UserId;

use super::{invoke::Asked, sidecar::Sidecar, wire::Outcome};

/// The app-id of the notification service.
const APP_ID: &str = "notification";

/// The notification service behind the sidecar.
pub struct RemoteJobs {
    sidecar: Sidecar,
}

impl RemoteJobs {
    /// The notification service this sidecar can reach.
    #[must_use]
    pub fn new(sidecar: Sidecar) -> Self {
        Self { sidecar }
    }

    /// Has the jobs of a user made anew, as far as records tell of them: the daily digest.
    ///
    /// # Errors
    /// When the service is away, or cannot make them.
    pub async fn rearm(&self, user: UserId) -> Result<(), Failure> {
        let asked = Asked::post(APP_ID, format!("jobs/{user}/rearm"), &())?;
        asked.answer::<Outcome<()>>(&self.sidecar).await?.into_port()
    }
}
