//! From a request to the caller's actor and back.

use std::sync::Arc;

use punctual_actors::{
    turn::{Answered, Outcome, Pending},
    user::{UserActor, UserAnswer, UserCommand, UserQuestion, UserReply},
};
use punctual_events::{CommandId, IdempotencyKey, MailSettings, QuietHours, Task, UserId};

use super::{Api, auth::Caller, problem::Problem};
use crate::ports::system_command;

impl Api {
    /// Has the caller's actor carry out a command.
    pub(super) async fn command(
        &self,
        caller: Caller,
        command: UserCommand,
        key: Option<IdempotencyKey>,
    ) -> Result<Answered<UserReply>, Problem> {
        Ok(self.submit(caller, command, key).await?)
    }

    /// The same, for who wants to look at a refusal.
    pub(super) async fn submit(
        &self,
        caller: Caller,
        command: UserCommand,
        key: Option<IdempotencyKey>,
    ) -> Outcome<UserActor> {
        let environment = &self.services.environment;
        let pending = Pending {
            id: CommandId(environment.new_uuid()),
            by: caller.by,
            command,
            key,
            seed: environment.entropy.random(),
            traceparent: caller.traceparent,
        };
        self.services.actors.command_user(caller.user, pending).await
    }

    /// Has the actor of somebody who has proved who they are, but has no session yet, carry out a command.
    pub(super) async fn command_as_system(&self, user: UserId, command: UserCommand) -> Result<(), Problem> {
        let pending = system_command(&self.services.environment, command, None);
        self.services.actors.command_user(user, pending).await?;
        Ok(())
    }

    /// Asks the caller's actor.
    pub(super) async fn ask(&self, caller: &Caller, question: &UserQuestion) -> Result<UserAnswer, Problem> {
        Ok(self.services.actors.ask_user(caller.user, caller.by, question).await?)
    }

    /// Refuses a caller whose session has ended. For what no command or question to their actor would refuse.
    pub(super) async fn profile_of(&self, caller: &Caller) -> Result<Profile, Problem> {
        match self.ask(caller, &UserQuestion::Profile).await? {
            UserAnswer::Profile {
                account,
                mail,
                quiet_hours,
                time_zone,
            } => Ok(Profile {
                account,
                mail,
                quiet_hours,
                time_zone,
            }),
            _ => Err(unexpected()),
        }
    }
}

/// A user's settings, as their actor has them.
pub(super) struct Profile {
    /// Key of the account record.
    pub(super) account: Box<str>,
    /// What they want by mail.
    pub(super) mail: MailSettings,
    /// When they want to be left in peace.
    pub(super) quiet_hours: Option<QuietHours>,
    /// IANA zone the user lives in.
    pub(super) time_zone: Box<str>,
}

/// The task in a reply, and whether it is new.
pub(super) fn task_of(answered: Answered<UserReply>) -> Result<(bool, Arc<Task>), Problem> {
    match answered.reply {
        UserReply::Task { created, task } => Ok((created, task)),
        UserReply::Notification { .. } | UserReply::Done => Err(unexpected()),
    }
}

/// An actor answered something else than its command or question is answered with.
pub(super) fn unexpected() -> Problem {
    Problem::internal("an actor answered something else")
}
