//! The rules of searching, one by one.

use proptest::prelude::*;
use punctual_events::{Priority, Status};

use super::{any_query, at, due, search, task, tasks};
use crate::{
    Code,
    user::{
        record::{TaskRecord, Tasks},
        search::{MAX_TAGS, Sort, StatusFilter, TaskQuery},
    },
};

/// The ids of what a query finds.
fn found(tasks: &Tasks, query: &TaskQuery) -> Vec<u128> {
    let page = search(tasks, query, at(100)).unwrap();
    page.items.iter().map(|record| record.task.id.0.as_u128()).collect()
}

fn finds(record: TaskRecord, q: &str) -> bool {
    let query = TaskQuery {
        q: Some(q.into()),
        ..TaskQuery::default()
    };
    !found(&tasks([record]), &query).is_empty()
}

fn sorted(records: impl IntoIterator<Item = TaskRecord>, sort: &str) -> Vec<u128> {
    found(
        &tasks(records),
        &TaskQuery {
            sort: Sort::parse(sort).unwrap(),
            ..TaskQuery::default()
        },
    )
}

#[test]
fn every_term_must_be_part_of_the_title_the_description_or_a_tag() {
    let record = || {
        task(1, "Call Müller").with(|task| {
            task.description = Some("about the INVOICE\nof May".into());
            task.tags = ["Büro".into()].into();
        })
    };
    assert!(finds(record(), "mull voic may buro"));
    assert!(!finds(record(), "müller june"));
    assert!(finds(record(), "  "), "no term at all");
    assert!(finds(record(), "müller　büro"), "other spaces separate too");
}

#[test]
fn a_term_does_not_reach_over_a_space_or_from_one_text_to_another() {
    let record = || task(1, "Call me").with(|task| task.tags = ["later".into(), "today".into()].into());
    assert!(!finds(record(), "callme"));
    assert!(!finds(record(), "melater"));
    assert!(!finds(record(), "latertoday"));
}

#[test]
fn case_marks_and_width_do_not_count() {
    for (title, q) in [
        ("Straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("İzmir", "izmir"),
        ("Cafe\u{301}", "CAFÉ"),
        ("Café", "cafe\u{301}"),
        ("10 kΩ", "10 k\u{2126}"),
        ("ＡＢＣ", "abc"),
        ("ΣΊΣΥΦΟΣ", "σισυφος"),
    ] {
        assert!(finds(task(1, title), q), "{title} {q}");
    }
}

#[test]
fn all_tags_must_be_there_whole_and_folded() {
    let tasks = tasks([
        task(1, "a").with(|task| task.tags = ["Büro".into(), "deep work".into()].into()),
        task(2, "b").with(|task| task.tags = ["büros".into(), "work".into()].into()),
    ]);
    let with = |tags: &[&str]| {
        found(
            &tasks,
            &TaskQuery {
                tags: tags.iter().map(|tag| (*tag).into()).collect(),
                ..TaskQuery::default()
            },
        )
    };
    assert_eq!(with(&["BURO"]), [1]);
    assert_eq!(with(&["buro", "Deep Work", "buro"]), [1]);
    assert_eq!(with(&["work"]), [2]);
    assert_eq!(with(&["buro", "work"]), []);
    assert_eq!(with(&[""]), []);
}

#[test]
fn a_due_range_includes_its_start_and_not_its_end_nor_tasks_without_a_due() {
    let mut records: Vec<TaskRecord> = (1..=4)
        .map(|id| task(id as u128, "a").with(|task| task.due = due(at(id))))
        .collect();
    records.push(task(5, "a"));
    let tasks = tasks(records);
    let between = |after: Option<i64>, before: Option<i64>| {
        found(
            &tasks,
            &TaskQuery {
                due_after: after.map(at),
                due_before: before.map(at),
                ..TaskQuery::default()
            },
        )
    };
    assert_eq!(between(Some(2), Some(4)), [2, 3]);
    assert_eq!(between(Some(3), None), [3, 4]);
    assert_eq!(between(None, Some(3)), [1, 2]);
    assert_eq!(between(Some(3), Some(2)), []);
}

#[test]
fn a_task_is_overdue_from_the_instant_its_record_says_and_only_while_it_is_open() {
    let day = |id, from, status| {
        let mut record = task(id, "a").with(|task| (task.due, task.status) = (due(at(0)), status));
        record.overdue_from = Some(at(from));
        record
    };
    let tasks = tasks([
        day(1, 100, Status::Open),
        day(2, 101, Status::Open),
        day(3, 1, Status::Done),
        task(4, "a"),
    ]);
    let overdue = |overdue| {
        found(
            &tasks,
            &TaskQuery {
                status: StatusFilter::All,
                overdue: Some(overdue),
                ..TaskQuery::default()
            },
        )
    };
    assert_eq!(overdue(true), [1]);
    assert_eq!(overdue(false), [2, 3, 4]);
}

#[test]
fn deleted_tasks_are_never_found() {
    let mut deleted = task(1, "Call");
    deleted.deleted = Some(at(1));
    let tasks = tasks([deleted, task(2, "Call")]);
    let query = TaskQuery {
        status: StatusFilter::All,
        q: Some("call".into()),
        ..TaskQuery::default()
    };
    assert_eq!(found(&tasks, &query), [2]);
    assert_eq!(search(&tasks, &query, at(0)).unwrap().total, 1);
}

#[test]
fn the_default_order_is_by_due_then_urgency_then_creation_and_ties_are_by_id() {
    let a = |id, due_at: Option<i64>, priority, created| {
        task(id, "a").with(|task| {
            (task.due, task.priority, task.created) = (due_at.map(at).and_then(due), priority, at(created));
        })
    };
    let records = [
        a(1, None, Some(Priority::Urgent), 0),
        a(2, Some(2), None, 0),
        a(3, Some(2), Some(Priority::Low), 9),
        a(4, Some(2), Some(Priority::Urgent), 9),
        a(5, Some(1), None, 9),
        a(6, Some(2), Some(Priority::Low), 8),
        a(7, Some(2), Some(Priority::Low), 8),
    ];
    assert_eq!(found(&tasks(records), &TaskQuery::default()), [5, 4, 6, 7, 3, 2, 1]);
}

#[test]
fn tasks_without_a_value_come_last_in_both_directions() {
    let records = || {
        [
            task(1, "a"),
            task(2, "a").with(|task| (task.due, task.priority) = (due(at(1)), Some(Priority::Low))),
            task(3, "a").with(|task| (task.due, task.priority) = (due(at(2)), Some(Priority::High))),
        ]
    };
    for (ascending, descending) in [("due", "-due"), ("priority", "-priority")] {
        assert_eq!(sorted(records(), ascending), [2, 3, 1]);
        assert_eq!(sorted(records(), descending), [3, 2, 1]);
    }
}

#[test]
fn titles_sort_folded() {
    let records = || {
        [
            task(1, "Zebra"),
            task(2, "éclair"),
            task(3, "Eclair"),
            task(4, "apple"),
            task(5, "eclairs"),
        ]
    };
    assert_eq!(sorted(records(), "title"), [4, 2, 3, 5, 1]);
    assert_eq!(sorted(records(), "-title"), [1, 5, 2, 3, 4]);
}

#[test]
fn an_unknown_or_repeated_sort_key_is_refused() {
    for bad in [
        "",
        "due,",
        "Due",
        "+due",
        "--due",
        "due,-due",
        "id",
        "title ",
        "due,priority,created,updated,title,due",
    ] {
        let refusal = Sort::parse(bad).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            (Code::Invalid, Some("sort")),
            "{bad}"
        );
    }
    assert_eq!(Sort::parse("due,-priority,created"), Ok(Sort::default()));
}

#[test]
fn what_is_out_of_bounds_is_refused_by_its_field() {
    let query = TaskQuery::default;
    let terms = |count: u8| {
        (0..count)
            .map(|n| char::from(b'a' + n).to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let good = [
        TaskQuery {
            q: Some("é".repeat(256).into()),
            ..query()
        },
        TaskQuery {
            q: Some(terms(16).into()),
            ..query()
        },
        TaskQuery { limit: 200, ..query() },
        TaskQuery {
            tags: vec!["a".into(); MAX_TAGS],
            ..query()
        },
    ];
    for query in good {
        assert!(search(&Tasks::default(), &query, at(0)).is_ok(), "{query:?}");
    }
    let bad = [
        (
            "q",
            TaskQuery {
                q: Some("é".repeat(257).into()),
                ..query()
            },
        ),
        (
            "q",
            TaskQuery {
                q: Some(terms(17).into()),
                ..query()
            },
        ),
        ("limit", TaskQuery { limit: 0, ..query() }),
        ("limit", TaskQuery { limit: 201, ..query() }),
        (
            "tag",
            TaskQuery {
                tags: vec!["a".into(); MAX_TAGS + 1],
                ..query()
            },
        ),
    ];
    for (field, query) in bad {
        let refusal = search(&Tasks::default(), &query, at(0)).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (Code::Invalid, Some(field)));
    }
}

#[test]
fn a_change_shows_in_the_next_search() {
    let mut all = tasks((0..500).map(|id| task(id, "Call")));
    let query = TaskQuery {
        q: Some("write".into()),
        ..TaskQuery::default()
    };
    assert_eq!(found(&all, &query), []);
    let changed = task(250, "Write");
    all.insert(changed.task.id, changed.into());
    assert_eq!(found(&all, &query), [250]);
}

proptest! {
    #[test]
    fn a_query_survives_the_way_to_another_process(query in any_query()) {
        let text = serde_json::to_string(&query).unwrap();
        prop_assert_eq!(serde_json::from_str::<TaskQuery>(&text).unwrap(), query);
    }
}
