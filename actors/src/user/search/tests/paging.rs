//! Pages while tasks change, and cursors that are not what they should be.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use punctual_events::{TaskId, UserId};
use uuid::Uuid;

use super::{OWNER, any_query, any_task, at, model, search, task, tasks};
use crate::{
    Code,
    user::{
        record::{TaskRecord, Tasks},
        search::{self, Cursor, Sort, TaskQuery},
    },
};

/// Something that happens between two pages.
#[derive(Clone, Debug)]
enum Change {
    /// A new task, or a task becomes another.
    Put(TaskRecord),
    /// A task becomes another: the one at this place of those that there are.
    Replace(prop::sample::Index, TaskRecord),
    Remove(prop::sample::Index),
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any_task().prop_map(Change::Put),
        (any::<prop::sample::Index>(), any_task()).prop_map(|(index, record)| Change::Replace(index, record)),
        any::<prop::sample::Index>().prop_map(Change::Remove),
    ]
}

/// Makes the change and says to which task.
fn make(change: Change, tasks: &mut Tasks) -> Option<TaskId> {
    let pick = |index: prop::sample::Index| tasks.iter().nth(index.index(tasks.len().max(1))).map(|(id, _)| *id);
    let (id, record) = match change {
        Change::Put(record) => (record.task.id, Some(record)),
        Change::Replace(index, record) => {
            let id = pick(index)?;
            (id, Some(record.with(|task| task.id = id)))
        }
        Change::Remove(index) => (pick(index)?, None),
    };
    match record {
        Some(record) => tasks.insert(id, Arc::new(record)),
        None => drop(tasks.remove(&id)),
    }
    Some(id)
}

proptest! {
    #[test]
    fn a_task_that_stays_as_it_is_is_on_exactly_one_page_whatever_happens_to_others(
        records in prop::collection::vec(any_task(), 0..100),
        mut query in any_query(),
        changes in prop::collection::vec(prop::collection::vec(any_change(), 0..10), 0..10),
    ) {
        let mut tasks = tasks(records);
        let mut untouched: Vec<TaskId> = model::all(&tasks, &query, at(3)).iter().map(|record| record.task.id).collect();
        let mut seen = Vec::new();
        let mut changes = changes.into_iter();
        loop {
            let page = search(&tasks, &query, at(3)).unwrap();
            seen.extend(page.items.iter().map(|record| record.task.id));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
            for change in changes.next().into_iter().flatten() {
                let id = make(change, &mut tasks);
                untouched.retain(|other| Some(*other) != id);
            }
        }
        seen.retain(|id| untouched.contains(id));
        prop_assert_eq!(seen, untouched);
    }

    #[test]
    fn any_text_for_a_cursor_is_a_mismatch(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        for text in [text, URL_SAFE_NO_PAD.encode(bytes)] {
            let query = TaskQuery { cursor: Some(Cursor::new(text)), ..TaskQuery::default() };
            prop_assert_eq!(search(&Tasks::default(), &query, at(0)).unwrap_err().code, Code::CursorMismatch);
        }
    }

    #[test]
    fn an_altered_cursor_is_a_mismatch(
        records in prop::collection::vec(any_task(), 2..20),
        query in any_query(),
        (at_byte, value, cut) in (any::<prop::sample::Index>(), any::<u8>(), any::<prop::sample::Index>()),
    ) {
        let tasks = tasks(records);
        let query = TaskQuery { limit: 1, ..query };
        if let Some(cursor) = search(&tasks, &query, at(3)).unwrap().next_cursor {
            let bytes = URL_SAFE_NO_PAD.decode(cursor.as_str()).unwrap();
            let mut changed = bytes.clone();
            changed[at_byte.index(bytes.len())] = value;
            for altered in [&bytes[..cut.index(bytes.len())], &changed].into_iter().filter(|altered| *altered != bytes) {
                let altered = Some(Cursor::new(URL_SAFE_NO_PAD.encode(altered)));
                let refusal = search(&tasks, &TaskQuery { cursor: altered, ..query.clone() }, at(3)).unwrap_err();
                prop_assert_eq!(refusal.code, Code::CursorMismatch);
            }
        }
    }
}

/// Ten tasks, and a cursor after the first of them.
fn ten_and_a_cursor(query: &TaskQuery) -> (Tasks, Cursor) {
    let tasks = tasks((0..10).map(|id| task(id, "Call")));
    let first = search(
        &tasks,
        &TaskQuery {
            limit: 1,
            ..query.clone()
        },
        at(0),
    )
    .unwrap();
    (tasks, first.next_cursor.unwrap())
}

#[test]
fn a_cursor_of_another_filter_or_sort_is_a_mismatch() {
    let (tasks, cursor) = ten_and_a_cursor(&TaskQuery::default());
    let others: BTreeMap<&str, TaskQuery> = [
        (
            "q",
            TaskQuery {
                q: Some("call".into()),
                ..TaskQuery::default()
            },
        ),
        (
            "tags",
            TaskQuery {
                tags: vec!["call".into()],
                ..TaskQuery::default()
            },
        ),
        (
            "due_after",
            TaskQuery {
                due_after: Some(at(0)),
                ..TaskQuery::default()
            },
        ),
        (
            "due_before",
            TaskQuery {
                due_before: Some(at(0)),
                ..TaskQuery::default()
            },
        ),
        (
            "overdue",
            TaskQuery {
                overdue: Some(false),
                ..TaskQuery::default()
            },
        ),
        (
            "sort",
            TaskQuery {
                sort: Sort::parse("due,-priority,-created").unwrap(),
                ..TaskQuery::default()
            },
        ),
    ]
    .into();
    for (name, query) in others {
        let refusal = search(
            &tasks,
            &TaskQuery {
                cursor: Some(cursor.clone()),
                ..query
            },
            at(0),
        )
        .unwrap_err();
        assert_eq!(refusal.code, Code::CursorMismatch, "{name}");
    }
}

#[test]
fn a_cursor_of_another_user_is_a_mismatch() {
    let (tasks, cursor) = ten_and_a_cursor(&TaskQuery::default());
    let query = TaskQuery {
        cursor: Some(cursor),
        ..TaskQuery::default()
    };
    let other = UserId(Uuid::from_u128(OWNER.0.as_u128() + 1));
    let refusal = search::search(other, &tasks, &query, at(0)).unwrap_err();
    assert_eq!(refusal.code, Code::CursorMismatch);
    assert_eq!(search(&tasks, &query, at(0)).unwrap().items.len(), 9);
}

#[test]
fn a_cursor_goes_on_with_another_limit_and_with_the_same_filter_written_otherwise() {
    let query = |q: &str| TaskQuery {
        q: Some(q.into()),
        ..TaskQuery::default()
    };
    let (tasks, cursor) = ten_and_a_cursor(&query("CALL al"));
    let next = search(
        &tasks,
        &TaskQuery {
            limit: 200,
            cursor: Some(cursor),
            ..query(" al  call ")
        },
        at(0),
    )
    .unwrap();
    assert_eq!((next.items.len(), next.total, next.next_cursor), (9, 10, None));
}

#[test]
fn the_longest_title_fits_a_cursor_and_pages_of_titles_that_differ_only_at_their_end_are_right() {
    // The folded title is eleven times as long.
    let long = "\u{fdfa}".repeat(499);
    let widest = "\u{1d7d8}".repeat(500);
    let records = (0..9)
        .map(|id| task(id, &format!("{long}{}", 9 - id)))
        .chain([task(9, &widest)]);
    let tasks = tasks(records);
    let mut query = TaskQuery {
        sort: Sort::parse("title").unwrap(),
        limit: 1,
        ..TaskQuery::default()
    };
    let mut ids = Vec::new();
    loop {
        let page = search(&tasks, &query, at(0)).unwrap();
        ids.extend(page.items.iter().map(|record| record.task.id.0.as_u128()));
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(ids, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
}

/// Pages of `query` until the last: how many tasks each has, and the tasks.
fn all_pages(tasks: &Tasks, mut query: TaskQuery) -> (Vec<usize>, Vec<Arc<TaskRecord>>) {
    let (mut lengths, mut items) = (Vec::new(), Vec::new());
    loop {
        let page = search(tasks, &query, at(0)).unwrap();
        lengths.push(page.items.len());
        items.extend(page.items);
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => return (lengths, items),
        }
    }
}

#[test]
fn a_page_of_the_largest_tasks_is_short_enough_for_a_message_and_the_next_goes_on_with_the_rest() {
    // Quotes are two bytes each in JSON, these letters three each.
    for (description, tag) in [("\"".repeat(16_384), "\""), ("語".repeat(16_384), "語")] {
        let tags: Box<[Box<str>]> = (0..50).map(|n| format!("{n}{}", tag.repeat(62)).into()).collect();
        let large = |id| {
            task(id, &tag.repeat(500)).with(|task| {
                (task.description, task.tags) = (Some(description.clone().into()), tags.clone());
            })
        };
        let limit = 200;
        let (lengths, items) = all_pages(
            &tasks((0..300).map(large)),
            TaskQuery {
                limit,
                ..TaskQuery::default()
            },
        );
        let longest = lengths.iter().max().copied().unwrap();
        assert!((10..100).contains(&longest), "{lengths:?}");
        let page: Vec<_> = items[..longest].iter().map(|record| &record.task).collect();
        assert!(serde_json::to_vec(&page).unwrap().len() < 5 << 19);
        let ids = items.iter().map(|record| record.task.id.0.as_u128());
        assert!(ids.eq(0..300));
    }
}

#[test]
fn a_page_of_tasks_as_they_usually_are_is_as_long_as_was_asked() {
    let usual = |id| task(id, "Call").with(|task| task.description = Some("about ".repeat(500).into()));
    let limit = 200;
    let (lengths, _) = all_pages(
        &tasks((0..201).map(usual)),
        TaskQuery {
            limit,
            ..TaskQuery::default()
        },
    );
    assert_eq!(lengths, [200, 1]);
}
