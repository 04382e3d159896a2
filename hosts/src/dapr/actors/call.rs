//! One call of an actor, made until it succeeds or its time is up.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use dapr::dapr::proto::runtime::v1::InvokeActorRequest;
use punctual_actors::ports::{Clock, Failure};
use punctual_events::ActorId;
use serde_json::value::RawValue;
use tonic::{Code, Status};

use super::lane::Letter;
use crate::dapr::{
    sidecar::{Sidecar, failure},
    wire::{self, Commands, FORMAT, Outcome, Outcomes},
};

/// How long a call is tried for, in milliseconds: long enough for placement to notice that a host is gone, and within the time an API request
/// may take.
const PATIENCE_MS: i64 = 20_000;
const FIRST_PAUSE_MS: u64 = 20;
const LONGEST_PAUSE_MS: u64 = 1_000;

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

    /// Has an actor carry out the commands of `letters`.
    pub(super) async fn command(
        &self,
        actor: ActorId,
        letters: &[Letter],
    ) -> Result<Vec<Outcome<Box<RawValue>>>, Failure> {
        let body = wire::encode(&Commands {
            format: FORMAT,
            commands: letters.iter().map(|letter| &*letter.body).collect(),
        })?;
        self.call(actor, wire::COMMAND, body)
            .await
            .map(|answer| answer.outcomes)
    }

    /// Calls a method until an answer comes back. What it does can be done twice.
    pub(super) async fn call(
        &self,
        actor: ActorId,
        method: &str,
        body: Bytes,
    ) -> Result<Outcomes<Box<RawValue>>, Failure> {
        let until = self.clock.now().plus_millis(PATIENCE_MS);
        let mut pause_ms = FIRST_PAUSE_MS;
        loop {
            let status = match self.try_once(actor, method, &body).await {
                Ok(answer) => return wire::decode(&answer),
                Err(status) => status,
            };
            let is_over = self
                .clock
                .now()
                .plus_millis(i64::try_from(pause_ms).unwrap_or(i64::MAX))
                >= until;
            if is_final(&status) || is_over {
                return Err(failure("call actor", &status));
            }
            tracing::debug!(%actor, method, code = ?status.code(), reason = status.message(), "a call of an actor failed and is made again");
            self.clock.sleep_ms(pause_ms).await;
            pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
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

/// Failures that the next try would meet again: a wrong token, or a message too large.
fn is_final(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented | Code::OutOfRange
    )
}
