//! What a digest tells of a user's tasks, asked of the user's actor.

use punctual_actors::{
    ports::{Environment, Failure},
    user::{TaskItems, UserAnswer, UserQuestion, search::TaskQuery},
};
use punctual_events::{Principal, Timestamp, UserId};

use super::pages::{Listed, Overview, line};
use crate::ports::Actors;

/// Tasks shown of each kind.
const MAX_LINES: u16 = 20;

/// The tasks as they are now, for somebody who lives in `time_zone`.
pub(super) async fn of(
    actors: &dyn Actors,
    environment: &Environment,
    user: UserId,
    time_zone: &str,
) -> Result<Overview, Failure> {
    let ask = async |query: TaskQuery| tasks(actors, user, query).await;
    let listed = |found: TaskItems| Listed {
        lines: found
            .items
            .iter()
            .map(|task| line(task, time_zone, &*environment.zones))
            .collect(),
        total: found.total,
    };
    let open = TaskQuery {
        limit: 1,
        ..TaskQuery::default()
    };
    let overdue = TaskQuery {
        limit: MAX_LINES,
        overdue: Some(true),
        ..TaskQuery::default()
    };
    let (begin, end) = today(environment, time_zone)?;
    let due_today = TaskQuery {
        due_after: Some(begin),
        due_before: Some(end),
        limit: MAX_LINES,
        overdue: Some(false),
        ..TaskQuery::default()
    };
    Ok(Overview {
        open: ask(open).await?.total,
        overdue: listed(ask(overdue).await?),
        due_today: listed(ask(due_today).await?),
    })
}

/// The first instant of the present day and of the next.
fn today(environment: &Environment, time_zone: &str) -> Result<(Timestamp, Timestamp), Failure> {
    let (zones, now) = (&environment.zones, environment.clock.now());
    let bounds = || {
        let day = zones.wall_time(time_zone, now)?.date();
        let end = zones.day_start(time_zone, day.succ_opt()?)?;
        Some((zones.day_start(time_zone, day)?, end))
    };
    bounds().ok_or_else(|| Failure::new("a user lives in a zone that is not known"))
}

async fn tasks(actors: &dyn Actors, user: UserId, query: TaskQuery) -> Result<TaskItems, Failure> {
    let question = UserQuestion::Tasks { query: Box::new(query) };
    match actors.ask_user(user, Principal::System, &question).await {
        Ok(UserAnswer::Tasks(items)) => Ok(items),
        Ok(_) => Err(Failure::new("an actor answered something else")),
        Err(error) => Err(Failure::new(error)),
    }
}
