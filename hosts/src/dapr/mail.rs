//! Mail by the SMTP binding of the sidecar.
//!
//! One at a time: the binding writes recipient and subject of a call into fields that all calls share before it makes the message of them
//! (`mergeWithRequestMetadata` in `bindings/smtp/smtp.go`, components-contrib 1.18.3). Of two calls at once, one could send the text of one person to the
//! address of another. For the same reason every call names all three, so that none is left from the call before.

use std::{sync::Arc, time::Duration};

use dapr::dapr::proto::runtime::v1::{GetMetadataRequest, InvokeBindingRequest};
use punctual_actors::ports::{BoxFuture, Failure};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::{sleep, timeout},
};
use tonic::{Code, Status};

use super::sidecar::{Sidecar, failure};
use crate::mail::{Mail, MailAddress, Mailer, Sent};

/// The component.
const BINDING: &str = "mail";
const OPERATION: &str = "create";
/// How long a mail waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a call that was not answered may still be making its message of the shared fields, once the sidecar answers again.
const SETTLING: Duration = Duration::from_secs(1);

/// Mail by the sidecar.
pub struct BoundMail {
    sidecar: Sidecar,
    from: MailAddress,
    lane: Arc<Mutex<Lane>>,
}

/// Whoever holds it may call.
#[derive(Default)]
struct Lane {
    /// Set while nobody knows whether the sidecar has taken up the last call.
    unanswered: bool,
}

impl BoundMail {
    /// Mail that comes from this address.
    #[must_use]
    pub fn new(sidecar: Sidecar, from: MailAddress) -> Self {
        Self {
            sidecar,
            from,
            lane: Arc::default(),
        }
    }

    async fn send_in_turn(&self, mail: Mail) -> Sent {
        let Ok(lane) = timeout(PATIENCE, Arc::clone(&self.lane).lock_owned()).await else {
            return Sent::Busy;
        };
        // A task of its own: whoever waits may go, the lane is free only when the sidecar has answered.
        let call = tokio::spawn(call(self.sidecar.clone(), self.request(mail), lane));
        match call.await {
            Ok(Ok(())) => Sent::Taken,
            Ok(Err(failure)) => {
                tracing::warn!(reason = %redacted(&failure), "a mail was not taken");
                Sent::Failed("not taken".into())
            }
            Err(_) => Sent::Failed("the server is stopping".into()),
        }
    }

    fn request(&self, mail: Mail) -> InvokeBindingRequest {
        let metadata = [
            ("emailFrom", self.from.as_str()),
            ("emailTo", mail.to.as_str()),
            ("subject", &mail.subject),
        ];
        InvokeBindingRequest {
            name: BINDING.to_owned(),
            metadata: metadata.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            data: mail.body.into_bytes(),
            operation: OPERATION.to_owned(),
        }
    }
}

impl Mailer for BoundMail {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Sent> {
        Box::pin(self.send_in_turn(mail))
    }
}

async fn call(sidecar: Sidecar, request: InvokeBindingRequest, mut lane: OwnedMutexGuard<Lane>) -> Result<(), Failure> {
    if lane.unanswered {
        // The sidecar hears things in order: when it answers this, it has begun with what it was asked before.
        let metadata = sidecar.client().get_metadata(GetMetadataRequest {}).await;
        metadata.map_err(|status| failure("look for the sidecar", &status))?;
        sleep(SETTLING).await;
    }
    lane.unanswered = true;
    let answer = sidecar.client().invoke_binding(request).await;
    lane.unanswered = answer.as_ref().is_err_and(is_unanswered);
    answer.map(drop).map_err(|status| failure("send mail", &status))
}

/// True where the call ended, but perhaps not in the sidecar.
fn is_unanswered(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Cancelled | Code::DeadlineExceeded | Code::Unavailable | Code::Unknown
    )
}

/// The words of the mail server, which often repeat the address it was asked about, without any.
fn redacted(failure: &Failure) -> String {
    let words = failure.to_string();
    let kept = words
        .split_whitespace()
        .map(|word| if word.contains('@') { "…" } else { word });
    kept.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mail_server_says_is_logged_without_addresses() {
        let failure = Failure::new("550 5.1.1 <ann@example.org>: no such mailbox");
        assert_eq!(redacted(&failure), "550 5.1.1 … no such mailbox");
    }
}
