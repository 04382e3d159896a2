//! What the routes about accounts have in common: a record and an actor that go together.

use punctual_actors::{
    Code,
    ports::Failure,
    user::{UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{ActorId, Principal, Seq, SessionId, UserId};

use super::{Api, command::unexpected, problem::Problem};
use crate::accounts::{AccountKey, AccountRecord, HasherError, Token};

/// The record kept changing under us.
pub(super) fn contended() -> Problem {
    Problem::unavailable("an account is being changed by several requests at once")
}

impl From<HasherError> for Problem {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy => Self::unavailable(error),
            HasherError::Unusable(_) | HasherError::Interrupted(_) | HasherError::Closed(_) => Self::internal(error),
        }
    }
}

impl Api {
    /// Starts a session of somebody who has proved who they are. An actor that was never told of its user is told now: the registration may have been cut
    /// off after the record was made.
    pub(super) async fn start_session(
        &self,
        name: AccountKey,
        record: &AccountRecord,
    ) -> Result<(Token, SessionId), Problem> {
        let session = SessionId(self.services.environment.new_uuid());
        let (token, claims) = self.tokens.issue(record.user, session, self.now());
        let command = UserCommand::SignIn {
            account: name.to_string().into(),
            expires: claims.expires,
            session,
            time_zone: record.time_zone.clone(),
        };
        self.command_as_system(record.user, command).await?;
        Ok((token, session))
    }

    /// The zone a user lives in, by their actor; empty when they have deleted their account.
    pub(super) async fn zone_of(&self, user: UserId) -> Result<Box<str>, Problem> {
        let answer = self
            .services
            .actors
            .ask_user(user, Principal::System, &UserQuestion::Profile)
            .await?;
        match answer {
            UserAnswer::Profile { time_zone, .. } => Ok(time_zone),
            _ => Err(unexpected()),
        }
    }

    /// Whether the user deleted the account while the record still stands, because the server stopped between the two. One that has not begun to exist, after
    /// a registration that was cut off, has no log.
    pub(super) async fn is_deleted(&self, user: UserId) -> Result<bool, Problem> {
        let head = self.services.logs.head(ActorId::User(user)).await?;
        Ok(head > Seq::ZERO && self.zone_of(user).await?.is_empty())
    }
}

/// Runs steps that belong together to their end, also when the client hangs up in between.
pub(super) async fn to_the_end<T: Send + 'static>(
    steps: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(steps).await.map_err(Problem::internal)?
}

/// The e-mail address or the password is wrong; which of them is not said.
pub(super) fn bad_credentials() -> Problem {
    Problem::new(Code::BadCredentials, "the e-mail address or the password is wrong")
}

/// The name of a user's record, as their actor keeps it.
pub(super) fn name_of(account: &str) -> Result<AccountKey, Problem> {
    AccountKey::from_hex(account).ok_or_else(|| Problem::internal(Failure::new("an actor keeps no account key")))
}
