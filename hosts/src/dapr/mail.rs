//! Mail by the SMTP binding of the sidecar.
//!
//! One at a time: the binding writes recipient and subject of a call into fields that all calls share before it makes the message of them
//! (`mergeWithRequestMetadata` in `bindings/smtp/smtp.go`, components-contrib 1.18.3). Of two calls at once, one can send the text of one person to the
//! address of another: of 3,600 mails that 24 callers sent through a daprd 1.18.2, two went astray. For the same reason every call names all three, so that none is left from the call before.

use std::{sync::Arc, time::Duration};

use dapr::dapr::proto::runtime::v1::{GetMetadataRequest, InvokeBindingRequest};
use punctual_actors::ports::{BoxFuture, Failure};
use tokio::{
    sync::Mutex,
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
    lane: Lane,
}

/// Lets one call through at a time.
#[derive(Default)]
struct Lane(Arc<Mutex<Last>>);

/// What became of the call before.
#[derive(Default)]
struct Last {
    /// Set while nobody knows whether the sidecar has taken it up.
    unanswered: bool,
}

impl Lane {
    /// Makes a call when it is its turn; `None` when that does not come. After a call that was not answered, `check` goes first: the sidecar hears things
    /// in order, so when it has answered that, it has begun with what it was asked before.
    async fn pass(
        &self,
        check: impl Future<Output = Result<(), Failure>> + Send + 'static,
        call: impl Future<Output = Result<(), Status>> + Send + 'static,
    ) -> Option<Result<(), Failure>> {
        let mut last = timeout(PATIENCE, Arc::clone(&self.0).lock_owned()).await.ok()?;
        let turn = async move {
            if last.unanswered {
                check.await?;
            }
            last.unanswered = true;
            let answer = call.await;
            last.unanswered = answer.as_ref().is_err_and(is_unanswered);
            answer.map_err(|status| failure("send mail", &status))
        };
        // A task of its own: whoever waits may go, the turn ends only when the sidecar has answered.
        let turn = tokio::spawn(turn).await;
        Some(turn.unwrap_or_else(|_| Err(Failure::new("the server is stopping"))))
    }
}

impl BoundMail {
    /// Mail that comes from this address.
    #[must_use]
    pub fn new(sidecar: Sidecar, from: MailAddress) -> Self {
        Self {
            sidecar,
            from,
            lane: Lane::default(),
        }
    }

    async fn send_in_turn(&self, mail: Mail) -> Sent {
        let (check, call) = (self.sidecar.clone(), self.sidecar.clone());
        let request = self.request(mail);
        let check = async move {
            let metadata = check.client().get_metadata(GetMetadataRequest {}).await;
            metadata.map_err(|status| failure("look for the sidecar", &status))?;
            sleep(SETTLING).await;
            Ok(())
        };
        let call = async move { call.client().invoke_binding(request).await.map(drop) };
        match self.lane.pass(check, call).await {
            Some(Ok(())) => Sent::Taken,
            Some(Err(failure)) => {
                tracing::warn!(reason = %redacted(&failure), "a mail was not taken");
                Sent::Failed("not taken".into())
            }
            None => Sent::Busy,
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
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    /// A call that ends when it is told to, and notes that it began.
    fn call(
        began: &Arc<AtomicU32>,
    ) -> (
        oneshot::Sender<Result<(), Status>>,
        impl Future<Output = Result<(), Status>> + use<>,
    ) {
        let ((end, ended), began) = (oneshot::channel(), Arc::clone(began));
        let call = async move {
            began.fetch_add(1, Ordering::SeqCst);
            ended.await.unwrap()
        };
        (end, call)
    }

    #[tokio::test]
    async fn a_call_waits_for_the_one_before_also_when_nobody_waits_for_that_any_more() {
        let (lane, began) = (Arc::new(Lane::default()), Arc::new(AtomicU32::new(0)));
        let (end_first, first) = call(&began);
        let waits = timeout(Duration::from_millis(20), lane.pass(async { Ok(()) }, first));
        assert!(waits.await.is_err(), "whoever waited has gone");
        let (end_second, second) = call(&began);
        let in_line = Arc::clone(&lane);
        let passes = tokio::spawn(async move { in_line.pass(async { Ok(()) }, second).await });
        sleep(Duration::from_millis(20)).await;
        assert_eq!(began.load(Ordering::SeqCst), 1);
        end_first.send(Ok(())).unwrap();
        end_second.send(Ok(())).unwrap();
        assert!(passes.await.unwrap().unwrap().is_ok());
        assert_eq!(began.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn after_a_call_that_was_not_answered_the_sidecar_is_asked_whether_it_is_there() {
        let (lane, checks) = (Lane::default(), Arc::new(AtomicU32::new(0)));
        let check = |is_there: bool| {
            let checks = Arc::clone(&checks);
            async move {
                checks.fetch_add(1, Ordering::SeqCst);
                is_there.then_some(()).ok_or_else(|| Failure::new("away"))
            }
        };
        let unanswered = async { Err(Status::deadline_exceeded("")) };
        assert!(lane.pass(check(true), unanswered).await.unwrap().is_err());
        assert_eq!(checks.load(Ordering::SeqCst), 0);
        let never = async { panic!("nothing is sent while the call before may be under way") };
        assert!(lane.pass(check(false), never).await.unwrap().is_err());
        let refused = async { Err(Status::internal("550")) };
        assert!(lane.pass(check(true), refused).await.unwrap().is_err());
        assert!(lane.pass(check(true), async { Ok(()) }).await.unwrap().is_ok());
        assert_eq!(
            checks.load(Ordering::SeqCst),
            2,
            "none after an answer, whatever it was"
        );
    }

    #[test]
    fn what_a_mail_server_says_is_logged_without_addresses() {
        let failure = Failure::new("550 5.1.1 <ann@example.org>: no such mailbox");
        assert_eq!(redacted(&failure), "550 5.1.1 … no such mailbox");
    }
}
