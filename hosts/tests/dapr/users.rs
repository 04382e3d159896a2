//! Users and what is asked of them.

use punctual::ports::{Actors as _, system_command};
use punctual_actors::{
    turn::TurnError,
    user::{UserAnswer, UserCommand, UserQuestion, UserReply},
};
use punctual_events::{Principal, Task, Timestamp, UserId};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::{asking::eventually, host::Host};

/// Somebody who was never there.
pub(crate) fn somebody(host: &Host) -> UserId {
    UserId(host.environment.new_uuid())
}

async fn command(host: &Host, user: UserId, command: UserCommand) -> Result<UserReply, TurnError> {
    let pending = system_command(&host.environment, command, None);
    host.remote
        .command_user(user, pending)
        .await
        .map(|answered| answered.reply)
}

/// Signs up, however long it takes until placement knows a host.
pub(crate) async fn sign_up(host: &Host, user: UserId) {
    eventually("an actor answers", async || {
        let sign_in = UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: host.environment.new_uuid().into(),
            time_zone: "Etc/UTC".into(),
        };
        command(host, user, sign_in).await.ok()
    })
    .await;
}

pub(crate) async fn create(host: &Host, user: UserId, task: Value) -> Result<Arc<Task>, TurnError> {
    let draft = serde_json::from_value(task).unwrap();
    match command(host, user, UserCommand::CreateTask { draft, imported: None }).await? {
        UserReply::Task { task, .. } => Ok(task),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn titles(host: &Host, user: UserId) -> Result<Vec<String>, TurnError> {
    let query = serde_json::from_value(json!({})).unwrap();
    let question = UserQuestion::Tasks { query };
    match host.remote.ask_user(user, Principal::System, &question).await? {
        UserAnswer::Tasks(tasks) => Ok(tasks.items.iter().map(|task| task.title.to_string()).collect()),
        other => panic!("{other:?}"),
    }
}
