//! Items that are tasks of their own: what each is known by, the command that takes it, and what became of it.

use std::sync::Arc;

use punctual_actors::{
    Code, Refusal,
    turn::TurnError,
    user::{UserAnswer, UserCommand, UserQuestion, draft::Imported},
};
use punctual_events::{IdempotencyKey, Task};

use super::{
    draft,
    identity::{self, Identities},
    report::Outcome,
};
use crate::{
    icalendar::{ImportDraft, ImportItem, Refused as RefusedItem},
    roles::api::{
        Api,
        auth::Caller,
        command::{task_of, unexpected},
        idempotency::key_of_item,
        problem::Problem,
    },
};

/// Code and reason of an item that is not taken.
pub(super) type Refused = (String, String);

pub(super) fn refused(refusal: Refusal) -> Refused {
    (refusal.code.as_str().to_owned(), refusal.detail.into())
}

pub(super) fn of_item(refused: &RefusedItem) -> Refused {
    (refused.code.as_str().to_owned(), refused.reason.clone())
}

/// What an item is known by, and its key, if the request has one.
pub(super) struct Known {
    pub(super) external_uid: String,
    pub(super) key: Option<IdempotencyKey>,
}

/// What the file's next item is known by.
pub(super) fn known(
    item: &ImportItem,
    identities: &mut Identities,
    key: Option<IdempotencyKey>,
    place: u64,
) -> Result<Known, Refused> {
    let draft = item.draft.as_ref().map_err(of_item)?;
    let external_uid = identities.next(draft).map_err(refused)?;
    let cancelled: &[u8] = if draft.cancelled { b"cancelled" } else { b"" };
    let content = [external_uid.as_bytes(), &identity::digest(draft).0, cancelled];
    // As it was before anything cancelled was taken.
    let content = &content[..if draft.cancelled { 3 } else { 2 }];
    let key = key.map(|key| key_of_item(key, place, content));
    Ok(Known { external_uid, key })
}

/// The command that takes an item as a task of its own, and what it is known by.
pub(super) fn command(draft: &ImportDraft, known: Known) -> Result<(UserCommand, Known), Refused> {
    if draft.cancelled {
        return Err(of_item(&RefusedItem::cancelled()));
    }
    let command = UserCommand::CreateTask {
        draft: Box::new(draft::task(draft, known.external_uid.clone())),
        imported: Some(Imported {
            completed: draft.completed,
            done: draft.status_done,
        }),
    };
    Ok((command, known))
}

/// Has the caller's actor take an item. A problem is one of the whole import: the session has ended, or the outcome is not known.
pub(super) async fn take(
    api: &Api,
    caller: &Caller,
    item: ImportItem,
    command: Result<(UserCommand, Known), Refused>,
) -> Result<Outcome, Problem> {
    let (command, known) = match command {
        Ok(command) => command,
        Err(refused) => return Ok(Outcome::refused(item, refused)),
    };
    match api.submit(caller.again(), command, known.key).await {
        Ok(answered) => {
            let (is_new, task) = task_of(answered)?;
            Ok(Outcome::found(item, task.id, is_new))
        }
        // It was taken before, and what was answered then is forgotten. One that was deleted since stays so.
        Err(TurnError::Refused(refusal)) if refusal.code == Code::AnswerForgotten => {
            Ok(match task_by_uid(api, caller, &known.external_uid).await? {
                Some(task) => Outcome::found(item, task.id, false),
                None => Outcome::refused(item, refused(refusal)),
            })
        }
        Err(TurnError::Refused(refusal)) if refusal.code != Code::SessionEnded => {
            Ok(Outcome::refused(item, refused(refusal)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The task that is known by this UID.
pub(super) async fn task_by_uid(api: &Api, caller: &Caller, uid: &str) -> Result<Option<Arc<Task>>, Problem> {
    let question = UserQuestion::TaskByUid { uid: uid.into() };
    match api.services.actors.ask_user(caller.user, caller.by, &question).await {
        Ok(UserAnswer::Task { task }) => Ok(Some(task)),
        Ok(_) => Err(unexpected()),
        Err(TurnError::Refused(refusal)) if refusal.code == Code::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
