//! Asking again until the answer is there, and what an actor is asked.

use std::{sync::Arc, time::Duration};

use punctual::ports::Actors;
use punctual_actors::user::{NotificationFilter, UserAnswer, UserQuestion};
use punctual_events::{Notification, Principal, UserId};

/// Asks again and again until the answer is there, or a minute has passed.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The inbox of a user, the latest first.
pub(crate) async fn inbox(actors: &dyn Actors, user: UserId) -> Vec<Arc<Notification>> {
    let question = UserQuestion::Notifications {
        filter: NotificationFilter::All,
        limit: 200,
    };
    match actors.ask_user(user, Principal::System, &question).await {
        Ok(UserAnswer::Notifications { items }) => items,
        other => panic!("{other:?}"),
    }
}
