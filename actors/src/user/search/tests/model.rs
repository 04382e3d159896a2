//! What a search finds, said as plainly as possible: look at every task, sort all that pass.

use std::{cmp::Ordering, sync::Arc};

use caseless::Caseless;
use proptest::prelude::*;
use punctual_events::{Status, Task, Timestamp};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{any_query, any_task, at, search, tasks};
use crate::user::{
    record::{TaskRecord, Tasks},
    search::{StatusFilter, TaskQuery},
};

/// Everything `query` is about, whatever its limit and cursor.
pub(super) fn all(tasks: &Tasks, query: &TaskQuery, now: Timestamp) -> Vec<Arc<TaskRecord>> {
    let mut found: Vec<Arc<TaskRecord>> = tasks
        .iter()
        .map(|(_, record)| record.clone())
        .filter(|record| passes(record, query, now))
        .collect();
    let sort = query.sort.to_string();
    found.sort_by(|a, b| compare(&a.task, &b.task, &sort));
    found
}

fn folded(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .default_case_fold()
        .collect()
}

fn passes(record: &TaskRecord, query: &TaskQuery, now: Timestamp) -> bool {
    let task = &record.task;
    let status = match query.status {
        StatusFilter::Open => task.status == Status::Open,
        StatusFilter::Done => task.status == Status::Done,
        StatusFilter::All => true,
    };
    let due = task.due.as_ref().map(|due| due.instant());
    let has_term = |term: &str| {
        let texts = [Some(&task.title), task.description.as_ref()]
            .into_iter()
            .flatten()
            .chain(&task.tags);
        texts.into_iter().any(|text| folded(text).contains(term))
    };
    record.deleted.is_none()
        && status
        && (query.priorities.is_empty()
            || task
                .priority
                .is_some_and(|priority| query.priorities.contains(&priority)))
        && query
            .tags
            .iter()
            .all(|tag| task.tags.iter().any(|other| folded(other) == folded(tag)))
        && query.due_after.is_none_or(|after| due.is_some_and(|due| due >= after))
        && query
            .due_before
            .is_none_or(|before| due.is_some_and(|due| due < before))
        && query.overdue.is_none_or(|overdue| record.is_overdue(now) == overdue)
        && folded(query.q.as_deref().unwrap_or_default()).split(' ').all(has_term)
}

fn compare(a: &Task, b: &Task, sort: &str) -> Ordering {
    let by_key = |key: &str| {
        let (name, descending) = key.strip_prefix('-').map_or((key, false), |name| (name, true));
        match name {
            "due" => by_value(
                a.due.as_ref().map(|due| due.instant()),
                b.due.as_ref().map(|due| due.instant()),
                descending,
            ),
            "priority" => by_value(a.priority, b.priority, descending),
            "created" => by_value(Some(a.created), Some(b.created), descending),
            "updated" => by_value(Some(a.updated), Some(b.updated), descending),
            _ => by_value(Some(folded(&a.title)), Some(folded(&b.title)), descending),
        }
    };
    sort.split(',')
        .map(by_key)
        .find(|ordering| ordering.is_ne())
        .unwrap_or_else(|| a.id.cmp(&b.id))
}

fn by_value<T: Ord>(a: Option<T>, b: Option<T>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

proptest! {
    #[test]
    fn the_pages_of_a_search_together_are_what_the_model_finds(
        records in prop::collection::vec(any_task(), 0..100),
        query in any_query(),
    ) {
        check_pages(&tasks(records), query)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn so_are_large_pages_of_many_tasks(
        records in prop::collection::vec(any_task(), 300..900),
        query in any_query(),
        limit in 20..=200_u16,
    ) {
        check_pages(&tasks(records), TaskQuery { limit, ..query })?;
    }
}

fn check_pages(tasks: &Tasks, mut query: TaskQuery) -> Result<(), TestCaseError> {
    let expected = all(tasks, &query, at(3));
    let mut found = Vec::new();
    loop {
        let page = search(tasks, &query, at(3)).unwrap();
        prop_assert_eq!(page.total, expected.len());
        prop_assert!(page.items.len() <= usize::from(query.limit));
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
        // Another limit makes no difference to a cursor.
        query.limit = query.limit % 200 + 1;
    }
    let ids = |records: &[Arc<TaskRecord>]| records.iter().map(|record| record.task.id).collect::<Vec<_>>();
    prop_assert_eq!(ids(&found), ids(&expected));
    Ok(())
}
