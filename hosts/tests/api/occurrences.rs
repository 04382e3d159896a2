//! Pausing, resuming and ending a series, and single dates to come, over the wire.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Client, Server,
    client::{eventually, send},
};

/// A weekly series whose first instance is due in 2030, as paths of its task and of itself.
async fn weekly(client: &Client) -> (String, String) {
    let due = json!({"at": "2030-01-07T09:00:00", "time_zone": "Europe/Paris"});
    let recurrence = json!({"rrule": "FREQ=WEEKLY;BYDAY=MO"});
    let first = client
        .create(&json!({"title": "Water the plants", "due": due, "recurrence": recurrence}))
        .await;
    let series = first.body["series"].as_str().unwrap();
    (first.header("location").to_owned(), format!("/v1/series/{series}"))
}

/// Past, open and to come: number, date, status, outcome.
async fn listed(client: &Client, series: &str, upcoming: u8) -> Vec<(u64, String, String, Value)> {
    let page = client.get(&format!("{series}/occurrences?upcoming={upcoming}")).await;
    let items = page.body["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let listed = items.map(|item| {
        let number = item["occurrence"].as_u64().unwrap();
        (
            number,
            text(&item["recurrence_id"]),
            text(&item["status"]),
            item["outcome"].clone(),
        )
    });
    listed.collect()
}

/// The open instance of a series, once it is this occurrence.
pub(crate) async fn instance(client: &Client, occurrence: u64) -> Value {
    eventually(&format!("occurrence {occurrence}"), async || {
        let list = client.get("/v1/tasks").await;
        let items = list.body["items"].as_array().unwrap();
        let task = items.iter().find(|task| task["occurrence"] == occurrence)?;
        assert_eq!(items.len(), 1, "{}", list.text);
        Some(task.clone())
    })
    .await
}

/// Waits until the series knows what became of an occurrence.
async fn closed(client: &Client, series: &str, occurrence: usize) {
    eventually(&format!("the end of occurrence {occurrence}"), async || {
        let listed = listed(client, series, 0).await;
        let (_, _, status, _) = listed.get(occurrence)?;
        (status == "closed").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_paused_series_makes_nothing_until_it_is_resumed() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let (task, series) = weekly(&ann).await;
    assert_eq!(ann.get(&series).await.body["paused"], Value::Null);
    let paused = ann.act(&format!("{series}/pause")).await;
    assert_eq!(
        (paused.status, paused.body["paused"].is_string()),
        (200, true),
        "{paused:?}"
    );
    let again = ann.act(&format!("{series}/pause")).await;
    assert_eq!((again.status, &again.body), (200, &paused.body));
    assert_eq!(listed(&ann, &series, 3).await.len(), 1, "nothing is to come");
    ann.act(&format!("{task}/complete")).await;
    closed(&ann, &series, 0).await;
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 0);
    let shown = ann.get(&series).await;
    assert_eq!(
        (&shown.body["open"], &shown.body["ended"]),
        (&Value::Null, &json!(false))
    );
    let resumed = ann.act(&format!("{series}/resume")).await;
    assert_eq!(
        (resumed.status, &resumed.body["paused"]),
        (200, &Value::Null),
        "{resumed:?}"
    );
    assert_eq!(instance(&ann, 1).await["due"]["at"], "2030-01-14T09:00:00");
    assert_eq!(ann.act(&format!("{series}/resume")).await.status, 200);
    assert_eq!(listed(&ann, &series, 0).await.len(), 2);
}

#[tokio::test]
async fn an_instance_is_reopened_in_a_pause_and_completed_after_it() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let (task, series) = weekly(&ann).await;
    ann.act(&format!("{series}/pause")).await;
    ann.act(&format!("{task}/complete")).await;
    assert_eq!(ann.act(&format!("{task}/reopen")).await.status, 200);
    ann.act(&format!("{series}/resume")).await;
    instance(&ann, 0).await;
    ann.act(&format!("{task}/complete")).await;
    instance(&ann, 1).await;
}

#[tokio::test]
async fn a_series_is_ended_by_itself_and_its_open_instance_stays() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let (task, series) = weekly(&ann).await;
    let ended = ann.act(&format!("{series}/end")).await;
    assert_eq!((ended.status, &ended.body["ended"]), (200, &json!(true)), "{ended:?}");
    assert_eq!(ann.act(&format!("{series}/end")).await.status, 200);
    assert_eq!(ann.get(&task).await.body["recurrence"], Value::Null);
    ann.act(&format!("{task}/complete")).await;
    closed(&ann, &series, 0).await;
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 0);
    for action in ["pause", "resume"] {
        let refused = ann.act(&format!("{series}/{action}")).await;
        assert_eq!(refused.problem(), (409, "series_ended"), "{action}");
    }
}

#[tokio::test]
async fn a_paused_series_without_an_instance_is_ended_too() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let (task, series) = weekly(&ann).await;
    ann.act(&format!("{series}/pause")).await;
    ann.act(&format!("{task}/complete")).await;
    let ended = ann.act(&format!("{series}/end")).await;
    assert_eq!(
        (&ended.body["ended"], &ended.body["paused"]),
        (&json!(true), &Value::Null)
    );
    closed(&ann, &series, 0).await;
    assert_eq!(listed(&ann, &series, 3).await.len(), 1);
}

#[tokio::test]
async fn dates_to_come_are_skipped_moved_and_made_different_and_so_they_come() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let (task, series) = weekly(&ann).await;
    let date = |day: u8| format!("{series}/occurrences/2030-01-{day}T09:00:00");
    for _ in 0..2 {
        assert_eq!(ann.delete(&date(14)).await.status, 204);
    }
    let patch =
        json!({"title": "Water them well", "due": {"at": "2030-01-22T10:00:00"}, "reminders": [{"before": "PT1H"}]});
    let changed = ann.patch(&date(21), &patch).await;
    assert_eq!(
        (changed.status, &changed.body["recurrence_id"]),
        (200, &json!("2030-01-21T09:00:00")),
        "{changed:?}"
    );
    assert_eq!(changed.body["changes"]["due"]["instant"], "2030-01-22T09:00:00.000Z");
    let text = str::to_owned;
    let expected = [
        (0, text("2030-01-07T09:00:00"), text("open"), Value::Null),
        (1, text("2030-01-14T09:00:00"), text("closed"), json!("skipped")),
        (2, text("2030-01-21T09:00:00"), text("upcoming"), Value::Null),
        (3, text("2030-01-28T09:00:00"), text("upcoming"), Value::Null),
    ];
    assert_eq!(listed(&ann, &series, 3).await, expected);
    ann.act(&format!("{task}/complete")).await;
    let opened = instance(&ann, 2).await;
    assert_eq!(
        (&opened["title"], &opened["due"]["at"]),
        (&json!("Water them well"), &json!("2030-01-22T10:00:00"))
    );
    assert_eq!(opened["reminders"].as_array().unwrap().len(), 1);
    ann.act(&format!("/v1/tasks/{}/complete", opened["id"].as_str().unwrap()))
        .await;
    let next = instance(&ann, 3).await;
    assert_eq!(
        (&next["title"], &next["due"]["at"]),
        (&json!("Water the plants"), &json!("2030-01-28T09:00:00"))
    );
}

#[tokio::test]
async fn an_edit_of_all_that_would_leave_the_other_dates_where_they_are_is_refused() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for (rrule, due, is_taken) in [
        ("FREQ=WEEKLY;BYDAY=MO", "2030-01-08T09:00:00", false),
        ("FREQ=WEEKLY;BYDAY=MO", "2030-01-07T10:00:00", true),
        ("FREQ=DAILY;BYHOUR=9,17", "2030-01-07T10:00:00", false),
        ("FREQ=MONTHLY;BYMONTHDAY=7", "2030-01-08T09:00:00", false),
        ("FREQ=WEEKLY", "2030-01-08T09:00:00", true),
        ("FREQ=MONTHLY", "2030-01-31T09:00:00", true),
    ] {
        let draft = json!({"title": "a", "due": {"at": "2030-01-07T09:00:00"}, "recurrence": {"rrule": rrule}});
        let task = format!("/v1/tasks/{}?edit=all", ann.create(&draft).await.id());
        let edited = ann.patch(&task, &json!({"due": {"at": due}})).await;
        assert_eq!(
            edited.status,
            if is_taken { 200 } else { 422 },
            "{rrule} {due}: {edited:?}"
        );
        if !is_taken {
            assert_eq!(
                (edited.problem(), &edited.body["field"]),
                ((422, "invalid"), &json!("due"))
            );
            let with_rule = |rrule: &str| json!({"due": {"at": due}, "recurrence": {"rrule": rrule}});
            let sent_back = ann.patch(&task, &with_rule(rrule)).await;
            assert_eq!(sent_back.problem(), (422, "invalid"), "{rrule}");
            let moved = rrule
                .replace("BYDAY=MO", "BYDAY=TU")
                .replace("BYHOUR=9,17", "BYHOUR=10,18")
                .replace("BYMONTHDAY=7", "BYMONTHDAY=8");
            assert_eq!(ann.patch(&task, &with_rule(&moved)).await.status, 200, "{moved}");
        }
    }
}

#[tokio::test]
async fn an_edit_of_all_moves_what_is_to_come_and_leaves_what_was() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let (task, series) = weekly(&ann).await;
    ann.act(&format!("{task}/complete")).await;
    let second = format!("/v1/tasks/{}", instance(&ann, 1).await["id"].as_str().unwrap());
    ann.delete(&format!("{series}/occurrences/2030-01-21T09:00:00")).await;
    let patch = json!({"title": "Water all", "due": {"at": "2030-01-14T10:30:00"}});
    let edited = ann.patch(&format!("{second}?edit=all"), &patch).await;
    assert_eq!(
        (edited.status, &edited.body["title"]),
        (200, &json!("Water all")),
        "{edited:?}"
    );
    ann.act(&format!("{second}/complete")).await;
    let next = instance(&ann, 3).await;
    assert_eq!(
        (&next["title"], &next["due"]["at"]),
        (&json!("Water all"), &json!("2030-01-28T10:30:00"))
    );
    let listed = listed(&ann, &series, 0).await;
    let dates: Vec<&str> = listed.iter().map(|(_, date, _, _)| date.as_str()).collect();
    assert_eq!(
        dates,
        [
            "2030-01-07T09:00:00",
            "2030-01-14T10:30:00",
            "2030-01-21T10:30:00",
            "2030-01-28T10:30:00"
        ]
    );
    let shown = ann.get(&series).await;
    assert_eq!(
        (&shown.body["first_occurrence"], &shown.body["due"]["at"]),
        (&json!(0), &json!("2030-01-07T10:30:00"))
    );
    assert_eq!(ann.get(&task).await.body["title"], "Water the plants");
    let refused = ann.patch(&format!("{task}?edit=all"), &json!({"title": "late"})).await;
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ((422, "invalid"), &json!("edit"))
    );
}

#[tokio::test]
async fn what_was_changed_is_taken_back() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let (task, series) = weekly(&ann).await;
    let next = format!("{series}/occurrences/2030-01-14T09:00:00");
    ann.delete(&next).await;
    assert_eq!(
        ann.patch(&next, &json!({"title": "b"})).await.problem(),
        (409, "occurrence_closed")
    );
    for _ in 0..2 {
        assert_eq!(ann.act(&format!("{next}/restore")).await.status, 204);
    }
    ann.patch(&next, &json!({"title": "b", "priority": "high"})).await;
    let changed = ann.patch(&next, &json!({"title": null})).await;
    assert_eq!(changed.body["changes"], json!({"priority": "high"}));
    let changed = ann.patch(&next, &json!({"priority": null})).await;
    assert_eq!(changed.body["changes"], Value::Null);
    ann.act(&format!("{task}/complete")).await;
    assert_eq!(instance(&ann, 1).await["title"], "Water the plants");
}

#[tokio::test]
async fn what_cannot_be_done_to_a_date_says_why() {
    let server = Server::start().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let (task, series) = weekly(&ann).await;
    let id = task.rsplit('/').next().unwrap();
    let open = ann.delete(&format!("{series}/occurrences/2030-01-07T09:00:00")).await;
    assert_eq!(open.problem(), (409, "occurrence_open"));
    assert!(open.body["detail"].as_str().unwrap().contains(id), "{open:?}");
    ann.act(&format!("{task}/complete")).await;
    instance(&ann, 1).await;
    for (date, status, code) in [
        ("2030-01-07T09:00:00", 409, "occurrence_closed"),
        ("2030-01-22T09:00:00", 404, "occurrence_unknown"),
        ("2030-01-21", 404, "occurrence_unknown"),
        ("next", 404, "occurrence_unknown"),
        ("2030-01-21T09:00:00Z", 404, "occurrence_unknown"),
    ] {
        let path = format!("{series}/occurrences/{date}");
        assert_eq!(ann.delete(&path).await.problem(), (status, code), "{date}");
        assert_eq!(
            ann.patch(&path, &json!({"title": "b"})).await.problem(),
            (status, code),
            "{date}"
        );
        assert_eq!(
            ann.act(&format!("{path}/restore")).await.problem(),
            (status, code),
            "{date}"
        );
    }
    let next = format!("{series}/occurrences/2030-01-21T09:00:00");
    for (patch, field) in [
        (json!({"title": ""}), "title"),
        (json!({"colour": "red"}), "colour"),
        (json!({"due": {"at": "soon"}}), "due.at"),
        (json!({"recurrence": null}), "recurrence"),
    ] {
        let refused = ann.patch(&next, &patch).await;
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ((422, "invalid"), &json!(field))
        );
    }
    assert_eq!(bob.delete(&next).await.problem(), (404, "not_found"));
    for action in ["pause", "resume", "end"] {
        assert_eq!(
            bob.act(&format!("{series}/{action}")).await.problem(),
            (404, "not_found")
        );
    }
}

#[tokio::test]
async fn a_repeat_with_its_key_does_nothing_twice() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let (_, series) = weekly(&ann).await;
    let keyed = |method: Method, path: String| send(ann.request(method, &path).header("Idempotency-Key", "once"));
    let next = format!("{series}/occurrences/2030-01-14T09:00:00");
    assert_eq!(keyed(Method::DELETE, next.clone()).await.status, 204);
    ann.act(&format!("{next}/restore")).await;
    // The repeat of what was taken back since takes it not again.
    assert_eq!(keyed(Method::DELETE, next.clone()).await.status, 204);
    assert_eq!(listed(&ann, &series, 1).await[1].2, "upcoming");
    let other = keyed(Method::POST, format!("{series}/pause")).await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
}
