//! Actors that only know who was signed out, for the tests of roles that ask no more.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use punctual_actors::{
    Code, Refusal,
    ports::BoxFuture,
    series::{SeriesActor, SeriesAnswer, SeriesCommand, SeriesQuestion},
    turn::{Outcome, Pending, TurnError},
    user::{UserActor, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{MailSettings, Principal, SeriesId, SessionId, UserId};

use crate::ports::Actors;

/// Everybody is signed in and exists, but for these.
#[derive(Debug, Default)]
pub(super) struct TestActors {
    signed_out: Mutex<HashSet<SessionId>>,
}

impl TestActors {
    pub(super) fn end_session(&self, session: SessionId) {
        self.signed_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(session);
    }

    fn profile(&self, by: Principal) -> Result<UserAnswer, TurnError> {
        let signed_out = self.signed_out.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(by, Principal::User(_, session) if signed_out.contains(&session)) {
            return Err(Refusal::new(Code::SessionEnded, "over").into());
        }
        Ok(UserAnswer::Profile {
            account: "account".into(),
            quiet_hours: None,
            mail: MailSettings::default(),
            time_zone: "UTC".into(),
        })
    }
}

impl Actors for TestActors {
    fn command_user(&self, _: UserId, _: Pending<UserCommand>) -> BoxFuture<'_, Outcome<UserActor>> {
        unreachable!("nobody is commanded")
    }

    fn ask_user<'a>(
        &'a self,
        _: UserId,
        by: Principal,
        _: &'a UserQuestion,
    ) -> BoxFuture<'a, Result<UserAnswer, TurnError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.profile(by)
        })
    }

    fn command_series(&self, _: SeriesId, _: Pending<SeriesCommand>) -> BoxFuture<'_, Outcome<SeriesActor>> {
        unreachable!("nobody is commanded")
    }

    fn ask_series<'a>(
        &'a self,
        _: SeriesId,
        _: Principal,
        _: &'a SeriesQuestion,
    ) -> BoxFuture<'a, Result<SeriesAnswer, TurnError>> {
        unreachable!("no series is asked")
    }
}
