//! `GET /v1/tasks`: finding tasks.

use std::{borrow::Cow, sync::Arc};

use axum::{extract::State, response::Response};
use punctual_actors::{
    Code,
    user::{
        UserAnswer, UserQuestion,
        search::{Cursor, Sort, StatusFilter, TaskQuery},
    },
};
use punctual_events::{Priority, Task, Timestamp};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Api, answer,
    auth::Caller,
    command::unexpected,
    openapi::{AUTHENTICATED, Problems},
    problem::Problem,
    query::{FromQuery, Query, parse, parse_limit, set_once, unknown},
};

const MAX_LIMIT: u16 = 200;
const INSTANT: &str = "an RFC 3339 instant, `2026-12-01T09:00:00Z` (a `+` is written %2B)";

pub(super) const PROBLEMS: Problems = &[("list_tasks", &[AUTHENTICATED, &[Code::CursorMismatch, Code::Invalid]])];

/// Finds tasks.
///
/// Every filter that is set must hold. `total` is how many the filter finds. A task that is not modified while the pages are read is on exactly one of
/// them. A page of large tasks can be shorter than `limit`: whether there is another, `next_cursor` says.
#[utoipa::path(
    get,
    path = "/v1/tasks",
    tag = "tasks",
    operation_id = "list_tasks",
    params(ListParams),
    responses((status = 200, description = "A page of tasks.", body = TaskList)),
    security(("token" = []))
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let query = Box::new(params.query);
    match api.ask(&caller, &UserQuestion::Tasks { query }).await? {
        UserAnswer::Tasks(page) => Ok(answer::list(&page, page.items.len())),
        _ => Err(unexpected()),
    }
}

/// The parameters read so far.
#[derive(Default)]
pub(super) struct Params {
    query: TaskQuery,
    sort: Option<()>,
    status: Option<()>,
    limit: Option<()>,
}

impl FromQuery for Params {
    fn set(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Problem> {
        let query = &mut self.query;
        match name {
            "q" => set_once(&mut query.q, name, value.into()),
            "status" => {
                query.status = status(&value)?;
                set_once(&mut self.status, name, ())
            }
            "priority" => {
                query.priorities.push(priority(&value)?);
                bounded(query.priorities.len(), name)
            }
            "tag" => {
                query.tags.push(value.into());
                bounded(query.tags.len(), name)
            }
            "due_after" => set_once(&mut query.due_after, name, parse(name, &value, INSTANT)?),
            "due_before" => set_once(&mut query.due_before, name, parse(name, &value, INSTANT)?),
            "overdue" => set_once(&mut query.overdue, name, parse(name, &value, "true or false")?),
            "sort" => {
                query.sort = Sort::parse(&value).map_err(|refusal| Problem::bad_request(refusal.detail).on(name))?;
                set_once(&mut self.sort, name, ())
            }
            "limit" => {
                query.limit = parse_limit(name, &value, MAX_LIMIT)?;
                set_once(&mut self.limit, name, ())
            }
            "cursor" => set_once(&mut query.cursor, name, Cursor::new(value)),
            _ => Err(unknown(name)),
        }
    }
}

fn status(value: &str) -> Result<StatusFilter, Problem> {
    match value {
        "open" => Ok(StatusFilter::Open),
        "done" => Ok(StatusFilter::Done),
        "all" => Ok(StatusFilter::All),
        _ => Err(Problem::bad_request("expected open, done or all").on("status")),
    }
}

fn priority(value: &str) -> Result<Priority, Problem> {
    match value {
        "low" => Ok(Priority::Low),
        "medium" => Ok(Priority::Medium),
        "high" => Ok(Priority::High),
        "urgent" => Ok(Priority::Urgent),
        _ => Err(Problem::bad_request("expected low, medium, high or urgent").on("priority")),
    }
}

/// Nobody needs more than a task can have.
fn bounded(count: usize, name: &str) -> Result<(), Problem> {
    if count > 50 {
        return Err(Problem::bad_request("at most 50 of these").on(name));
    }
    Ok(())
}

/// A page of tasks.
#[derive(Serialize, ToSchema)]
struct TaskList {
    /// The tasks, in the order that was asked for.
    items: Vec<Task>,
    /// For the next page; null on the last.
    next_cursor: Option<String>,
    /// How many the filter finds, on all pages together.
    #[schema(minimum = 0)]
    total: u64,
}

/// For the document only; [`Params`] is what reads them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the parameters in the OpenAPI document")]
struct ListParams {
    /// Terms separated by spaces; each must be part of the title, of the description or of a tag. Case, marks and width do not count.
    q: Option<String>,
    /// Open tasks (also when it is absent), completed ones or both.
    #[param(inline)]
    status: Option<StatusParam>,
    /// One of these; repeat it for several.
    #[param(explode = true, max_items = 50)]
    priority: Option<Vec<Priority>>,
    /// All of these; repeat it for several. The whole tag counts; case, marks and width do not.
    #[param(explode = true, max_items = 50)]
    tag: Option<Vec<String>>,
    /// Due at this instant or later.
    due_after: Option<Timestamp>,
    /// Due before this instant.
    due_before: Option<Timestamp>,
    /// Overdue or not.
    overdue: Option<bool>,
    /// Keys separated by commas, each of due, priority, created, updated and title at most once, with `-` in front to descend. Nulls come last.
    #[param(default = "due,-priority,created", example = "-priority,due")]
    sort: Option<String>,
    /// How many at most; fewer are shown where they are large.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// The `next_cursor` of the page before, with the same filter and sort.
    cursor: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes a parameter in the OpenAPI document")]
enum StatusParam {
    Open,
    Done,
    All,
}

#[cfg(test)]
mod tests {
    use super::{super::query::read, *};

    fn query(text: &str) -> Result<TaskQuery, Code> {
        read::<Params>(text)
            .map(|params| params.query)
            .map_err(|problem| problem.code())
    }

    #[test]
    fn without_parameters_it_is_the_first_fifty_open_tasks() {
        assert_eq!(query(""), Ok(TaskQuery::default()));
    }

    #[test]
    fn every_parameter_is_read() {
        let read = query(
            "q=call%20ann&status=all&priority=high&priority=urgent&tag=a&tag=b+c&due_after=2026-12-01T00:00:00Z\
             &due_before=2026-12-02T00:00:00%2B01:00&overdue=true&sort=title&limit=200&cursor=x",
        )
        .unwrap();
        assert_eq!(read.q.as_deref(), Some("call ann"));
        assert_eq!(
            (read.status, read.overdue, read.limit),
            (StatusFilter::All, Some(true), 200)
        );
        assert_eq!(read.priorities, [Priority::High, Priority::Urgent]);
        assert_eq!(read.tags, ["a".into(), "b c".into()] as [Box<str>; 2]);
        assert_eq!(read.due_before, "2026-12-01T23:00:00Z".parse().ok());
        assert_eq!(read.cursor, Some(Cursor::new("x")));
    }

    #[test]
    fn what_is_unknown_doubled_or_no_value_is_a_bad_request() {
        for text in [
            "colour=red",
            "q=a&q=b",
            "limit=10&limit=10",
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=",
            "sort=colour",
            "sort=due,due",
            "status=gone",
            "priority=9",
            "overdue=yes",
            "due_after=tomorrow",
            "due_after=99999-01-01T00:00:00Z",
            &"tag=x&".repeat(10_000),
        ] {
            assert_eq!(query(text), Err(Code::BadRequest), "{text:.60}");
        }
    }
}
