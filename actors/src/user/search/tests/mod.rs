//! Searches against a plain model, and the facts about them by name.

mod facts;
mod model;
mod paging;

use std::sync::Arc;

use proptest::prelude::*;
use punctual_events::{Moment, Priority, Status, Task, TaskId, Timestamp, UserId};
use uuid::Uuid;

use super::{Sort, StatusFilter, TaskPage, TaskQuery, columns::PRIORITIES};
use crate::{
    Refusal,
    user::record::{TaskRecord, Tasks},
};

/// Whose tasks these are.
const OWNER: UserId = UserId(Uuid::from_u128(1));

fn search(tasks: &Tasks, query: &TaskQuery, now: Timestamp) -> Result<TaskPage, Refusal> {
    super::search(OWNER, tasks, query, now)
}

/// An instant of the tests, where there are few different ones.
fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + ms)
}

/// An open task with nothing but a title.
fn task(id: u128, title: &str) -> TaskRecord {
    let task = Task {
        completed: None,
        created: at(0),
        description: None,
        due: None,
        external_uid: None,
        id: TaskId(Uuid::from_u128(id)),
        list: None,
        occurrence: None,
        overdue: false,
        priority: None,
        recurrence: None,
        reminders: Box::default(),
        series: None,
        start: None,
        status: Status::Open,
        tags: Box::default(),
        title: title.into(),
        updated: at(0),
        version: 1,
    };
    TaskRecord {
        task: Arc::new(task),
        deleted: None,
        reminded_until: at(0),
        reminding: Default::default(),
        overdue_from: None,
        reminders_from: None,
        reminders_from_days: std::collections::BTreeMap::new(),
    }
}

impl TaskRecord {
    /// The same with some properties changed.
    fn with(mut self, change: impl FnOnce(&mut Task)) -> Self {
        change(Arc::make_mut(&mut self.task));
        self.overdue_from = self.task.due.as_ref().map(Moment::instant);
        self
    }
}

/// A due.
fn due(instant: Timestamp) -> Option<Moment> {
    Some(Moment::Day {
        date: instant.to_utc().date(),
        instant,
    })
}

fn tasks(records: impl IntoIterator<Item = TaskRecord>) -> Tasks {
    let mut tasks = Tasks::default();
    for record in records {
        tasks.insert(record.task.id, Arc::new(record));
    }
    tasks
}

/// Words that fold to each other, contain each other or neither.
fn any_word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "call",
        "Recall",
        "CAFÉ",
        "cafe\u{301}",
        "caf",
        "straße",
        "STRASSE",
        "ss",
        "İstanbul",
        "istanbul",
        "Ω",
        "\u{2126}",
        "ω",
        "ｗｉｄｅ",
        "wide",
        "日本",
        "日本語",
        "\u{301}",
        "№1",
        "no",
        "1",
    ])
}

/// Words with one of several kinds of space between them.
fn any_text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let space = prop::sample::select(vec![" ", "  ", "\u{3000}", "\u{a0}", "\n", "-", ""]);
    let parts = prop::collection::vec((any_word(), space), words);
    parts.prop_map(|parts| parts.into_iter().flat_map(|(word, space)| [word, space]).collect())
}

fn any_instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![8 => (0..6_i64).prop_map(at), 1 => Just(Timestamp::MIN), 1 => Just(Timestamp::MAX)]
}

fn any_priority() -> impl Strategy<Value = Priority> {
    prop::sample::select(PRIORITIES.to_vec())
}

prop_compose! {
    /// A task whose properties are often the same as another's.
    fn any_task()(
        id in 0..100_000_u128,
        title in any_text(1..4),
        (description, tags) in (prop::option::of(any_text(0..6)), prop::collection::vec(any_text(1..3), 0..3)),
        (due_at, created, updated) in (prop::option::of(any_instant()), any_instant(), any_instant()),
        priority in prop::option::of(any_priority()),
        (done, deleted) in (prop::bool::weighted(0.3), prop::bool::weighted(0.1)),
    ) -> TaskRecord {
        let mut record = task(id, &title).with(|task| {
            task.description = description.map(Into::into);
            task.tags = tags.into_iter().map(Into::into).collect();
            (task.due, task.priority) = (due_at.and_then(due), priority);
            (task.created, task.updated) = (created, updated);
            task.status = if done { Status::Done } else { Status::Open };
        });
        record.deleted = deleted.then_some(updated);
        record
    }
}

fn any_sort() -> impl Strategy<Value = Sort> {
    let keys = prop::sample::subsequence(vec!["due", "priority", "created", "updated", "title"], 1..=5).prop_shuffle();
    (keys, any::<[bool; 5]>()).prop_map(|(keys, descending)| {
        let parts = keys
            .iter()
            .zip(descending)
            .map(|(key, descending)| format!("{}{key}", if descending { "-" } else { "" }));
        Sort::parse(&parts.collect::<Vec<_>>().join(",")).unwrap()
    })
}

prop_compose! {
    /// A query with few filters, so that most find something.
    fn any_query()(
        q in prop::option::weighted(0.4, any_text(0..3)),
        status in prop::sample::select(vec![StatusFilter::Open, StatusFilter::Done, StatusFilter::All, StatusFilter::All]),
        priorities in prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(any_priority(), 1..4)],
        tags in prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(any_text(1..2), 1..3)],
        (due_after, due_before) in (prop::option::weighted(0.2, any_instant()), prop::option::weighted(0.2, any_instant())),
        overdue in prop::option::weighted(0.3, any::<bool>()),
        sort in any_sort(),
        limit in 1..8_u16,
    ) -> TaskQuery {
        TaskQuery {
            q: q.map(Into::into),
            tags: tags.into_iter().map(Into::into).collect(),
            status, priorities, due_after, due_before, overdue, sort, limit,
            cursor: None,
        }
    }
}
