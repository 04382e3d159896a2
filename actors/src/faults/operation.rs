//! How an operation goes wrong.

use super::{Fault, Faults};
use crate::ports::Failure;

impl Faults {
    /// An operation that changes something. `perform` carries it out, each time it is called.
    pub(super) async fn write<T, F>(&self, perform: impl Fn() -> F + Send) -> Result<T, Failure>
    where
        T: Send,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let late = |operation: F| self.send_late(Box::pin(async move { drop(operation.await) }));
        self.step().await?;
        let outcome = match self.draw() {
            Fault::Nothing => perform().await,
            Fault::RequestLost => Err(Failure::new("the request was lost")),
            Fault::ReplyLost => {
                drop(perform().await);
                Err(Failure::new("the reply was lost"))
            }
            Fault::Twice => {
                drop(perform().await);
                perform().await
            }
            Fault::Late => {
                late(perform());
                Err(Failure::new("no reply yet"))
            }
            Fault::Echo => {
                let outcome = perform().await;
                late(perform());
                outcome
            }
        };
        self.step().await?;
        outcome
    }

    /// An operation that changes nothing: all that can happen to it is that it fails.
    pub(super) async fn read<T: Send>(
        &self,
        operation: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, Failure> {
        self.step().await?;
        let outcome = match self.draw() {
            Fault::Nothing | Fault::Twice | Fault::Echo => operation.await,
            Fault::RequestLost | Fault::ReplyLost | Fault::Late => Err(Failure::new("no reply")),
        };
        self.step().await?;
        outcome
    }
}
