//! One call of an actor, made until it succeeds or its time is up.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use dapr::dapr::proto::runtime::v1::InvokeActorRequest;
use punctual_actors::ports::{Clock, Failure};
use punctual_events::{ActorId, Timestamp};
use serde_json::value::RawValue;
use tonic::{Code, Status};

use super::lane::{Answer, Calls, Letter};
use crate::dapr::{
    sidecar::{Sidecar, failure},
    wire::{self, Commands, FORMAT, Outcome, Outcomes},
};

/// How long a call is tried for, in milliseconds, and how long whoever asked waits for its outcome: long enough for placement to notice that a host is
/// gone, and within the time an API request may take.
const PATIENCE_MS: u64 = 20_000;
const FIRST_PAUSE_MS: u64 = 20;
const LONGEST_PAUSE_MS: u64 = 1_000;

/// The calls by which an actor carries out commands.
pub(super) struct CommandCalls<'a> {
    pub(super) caller: &'a Caller,
    pub(super) actor: ActorId,
}

impl Calls for CommandCalls<'_> {
    async fn make(&self, letters: &[Letter]) -> Answer {
        let body = wire::encode(&Commands {
            format: FORMAT,
            commands: letters.iter().map(|letter| &*letter.body).collect(),
        })?;
        let is_awaited = || letters.iter().any(Letter::is_awaited);
        self.caller.call(self.actor, wire::COMMAND, body, is_awaited).await
    }
}

/// Makes calls.
#[derive(Clone)]
pub(super) struct Caller {
    sidecar: Sidecar,
    clock: Arc<dyn Clock>,
}

impl Caller {
    pub(super) fn new(sidecar: Sidecar, clock: Arc<dyn Clock>) -> Self {
        Self { sidecar, clock }
    }

    /// Calls a method until an answer comes back, or nobody waits for one: the outcomes, of which there is one at least. What it does can be done
    /// twice.
    pub(super) async fn call(
        &self,
        actor: ActorId,
        method: &str,
        body: Bytes,
        is_awaited: impl Fn() -> bool + Send,
    ) -> Result<Vec<Outcome<Box<RawValue>>>, Failure> {
        let until = after_ms(self.clock.now(), PATIENCE_MS);
        let mut pause_ms = FIRST_PAUSE_MS;
        loop {
            let status = match self.try_once(actor, method, &body).await {
                Ok(answer) => return wire::decode::<Outcomes<_>>(&answer)?.into_outcomes(),
                Err(status) => status,
            };
            let is_over = after_ms(self.clock.now(), pause_ms) >= until;
            if is_final(&status) || is_over {
                return Err(failure("call actor", &status));
            }
            if !is_awaited() {
                tracing::warn!(%actor, method, code = ?status.code(), reason = status.message(), "a call of an actor failed, and nobody waits for it any more");
                return Err(failure("call actor", &status));
            }
            tracing::debug!(%actor, method, code = ?status.code(), reason = status.message(), "a call of an actor failed and is made again");
            self.clock.sleep_ms(pause_ms).await;
            pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
        }
    }

    /// Waits for an outcome no longer than [`PATIENCE_MS`], whatever is under way meanwhile.
    pub(super) async fn in_time<T, E: From<Failure>>(
        &self,
        outcome: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        tokio::select! {
            biased;
            outcome = outcome => outcome,
            () = self.clock.sleep_ms(PATIENCE_MS) => Err(Failure::new("an actor did not answer in time").into()),
        }
    }

    async fn try_once(&self, actor: ActorId, method: &str, body: &Bytes) -> Result<Vec<u8>, Status> {
        let request = InvokeActorRequest {
            actor_type: wire::type_of(actor).to_owned(),
            actor_id: actor.uuid().as_hyphenated().to_string(),
            method: method.to_owned(),
            data: body.to_vec(),
            metadata: HashMap::new(),
        };
        let answer = self.sidecar.client().invoke_actor(request).await?;
        Ok(answer.into_inner().data)
    }
}

fn after_ms(now: Timestamp, ms: u64) -> Timestamp {
    now.plus_millis(i64::try_from(ms).unwrap_or(i64::MAX))
}

/// Failures that the next try would meet again: a wrong token, or a message too large.
fn is_final(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented | Code::OutOfRange
    )
}
