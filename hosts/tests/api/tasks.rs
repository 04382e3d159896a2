//! One task at a time, and the list.

use reqwest::{Method, header::IF_MATCH};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, client::send};

fn path(task: &Answer) -> String {
    format!("/v1/tasks/{}", task.id())
}

async fn patch_if(client: &Client, path: &str, condition: &str, body: &Value) -> Answer {
    let request = client.request(Method::PATCH, path).header(IF_MATCH, condition);
    send(request.json(body)).await
}

#[tokio::test]
async fn a_created_task_has_every_field_and_is_found_at_its_location() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let created = ann.create(&json!({"title": " Water the plants "})).await;
    assert_eq!(created.header("location"), path(&created));
    assert_eq!(created.header("etag"), "\"1\"");
    let mut expected = json!({
        "list": null, "title": "Water the plants", "description": null, "status": "open", "priority": null, "tags": [], "start": null, "due": null,
        "overdue": false, "reminders": [], "recurrence": null, "series": null, "occurrence": null, "external_uid": null, "version": 1, "completed": null,
    });
    for field in ["id", "created", "updated"] {
        expected[field] = created.body[field].clone();
        assert!(expected[field].is_string());
    }
    assert_eq!(created.body, expected);
    let read = ann.get(created.header("location")).await;
    assert_eq!(
        (read.status, read.header("etag"), &read.body),
        (200, "\"1\"", &expected)
    );
}

#[tokio::test]
async fn a_due_is_answered_with_its_instant() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let due = json!({"at": "2030-03-31T02:30:00", "time_zone": "Europe/Paris"});
    let task = ann
        .create(&json!({"title": "x", "due": due, "reminders": [{"before": "PT15M"}]}))
        .await;
    let expected =
        json!({"at": "2030-03-31T02:30:00", "time_zone": "Europe/Paris", "instant": "2030-03-31T01:30:00.000Z"});
    assert_eq!(task.body["due"], expected, "clocks skip that half hour");
    assert_eq!(task.body["reminders"][0]["before"], "PT15M");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_takes_away() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann
        .create(&json!({"title": "x", "description": "long", "tags": ["a", "b"], "priority": "low"}))
        .await;
    let patched = ann
        .patch(&path(&task), &json!({"description": null, "tags": ["c"]}))
        .await;
    assert_eq!((patched.status, patched.header("etag")), (200, "\"2\""));
    assert_eq!(
        (
            &patched.body["description"],
            &patched.body["tags"],
            &patched.body["priority"]
        ),
        (&Value::Null, &json!(["c"]), &json!("low"))
    );
    let same = ann.patch(&path(&task), &json!({"tags": ["c"]})).await;
    assert_eq!((same.status, &same.body), (200, &patched.body), "nothing changed");
}

#[tokio::test]
async fn read_only_fields_are_accepted_when_they_are_equal() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let mut task = ann.create(&json!({"title": "x"})).await;
    task.body["title"] = json!("y");
    let whole = ann.patch(&path(&task), &task.body).await;
    assert_eq!((whole.status, &whole.body["title"]), (200, &json!("y")));
    for (field, value) in [
        ("status", json!("done")),
        ("version", json!(7)),
        ("created", Value::Null),
    ] {
        let answer = ann.patch(&path(&task), &json!({field: value})).await;
        assert_eq!(
            (answer.problem(), &answer.body["field"]),
            ((422, "read_only"), &json!(field))
        );
    }
    assert_eq!(
        ann.patch(&path(&task), &json!({"colour": "red"})).await.problem(),
        (422, "invalid")
    );
}

#[tokio::test]
async fn both_media_types_of_a_patch_are_taken() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x"})).await;
    for (media_type, status) in [
        ("application/merge-patch+json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/json-patch+json", 415),
    ] {
        let request = ann
            .request(Method::PATCH, &path(&task))
            .header("content-type", media_type);
        assert_eq!(send(request.body("{}")).await.status, status, "{media_type}");
    }
    let create = ann
        .request(Method::POST, "/v1/tasks")
        .header("content-type", "application/merge-patch+json");
    assert_eq!(send(create.body("{}")).await.problem(), (415, "unsupported_media_type"));
}

#[tokio::test]
async fn a_body_that_is_said_to_be_encoded_is_not_taken_for_a_plain_one() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for (encoding, status) in [
        ("gzip", 415),
        ("br", 415),
        ("identity", 201),
        ("Identity", 201),
        ("", 201),
    ] {
        let create = ann
            .request(Method::POST, "/v1/tasks")
            .header("content-type", "application/json")
            .header("content-encoding", encoding);
        assert_eq!(
            send(create.body(r#"{"title": "plain"}"#)).await.status,
            status,
            "{encoding}"
        );
    }
}

#[tokio::test]
async fn completing_and_reopening_twice_is_the_same_as_once() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x"})).await;
    for (action, status, version) in [
        ("complete", "done", 2),
        ("complete", "done", 2),
        ("reopen", "open", 3),
        ("reopen", "open", 3),
    ] {
        let answer = ann.act(&format!("{}/{action}", path(&task))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            (&answer.body["status"], &answer.body["version"]),
            (&json!(status), &json!(version))
        );
        assert_eq!(answer.body["completed"].is_string(), status == "done");
    }
}

#[tokio::test]
async fn a_deleted_task_is_not_found_any_more() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x"})).await;
    assert_eq!(ann.delete(&path(&task)).await.status, 204);
    assert_eq!(ann.get(&path(&task)).await.problem(), (404, "not_found"));
    assert_eq!(ann.delete(&path(&task)).await.problem(), (404, "not_found"));
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 0);
}

#[tokio::test]
async fn a_change_is_made_only_to_the_version_the_client_knows() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x"})).await;
    let path = path(&task);
    let change = json!({"title": "y"});
    let stale = patch_if(&ann, &path, "\"7\"", &change).await;
    assert_eq!(stale.problem(), (412, "version_mismatch"));
    assert_eq!(stale.body["current"], task.body);
    assert_eq!(patch_if(&ann, &path, "W/\"1\"", &change).await.status, 412);
    assert_eq!(
        patch_if(&ann, &path, "1", &change).await.problem(),
        (400, "bad_request")
    );
    assert_eq!(patch_if(&ann, &path, "\"7\", \"1\"", &change).await.status, 200);
    assert_eq!(patch_if(&ann, &path, "*", &json!({"title": "z"})).await.status, 200);
    assert_eq!(patch_if(&ann, &path, "\"3\"", &change).await.status, 200);
    for action in ["complete", "reopen"] {
        let request = ann
            .request(Method::POST, &format!("{path}/{action}"))
            .header(IF_MATCH, "\"1\"");
        assert_eq!(send(request).await.status, 412, "{action}");
    }
    let delete = ann.request(Method::DELETE, &path).header(IF_MATCH, "\"1\"");
    assert_eq!(send(delete).await.status, 412);
}

#[tokio::test]
async fn what_belongs_to_another_user_is_not_found() {
    let server = Server::start().await;
    let (ann, bob) = (server.register("ann").await, server.register("bob").await);
    let task = ann
        .create(&json!({"title": "x", "due": {"date": "2030-01-01"}, "recurrence": {"rrule": "FREQ=DAILY"}}))
        .await;
    let (path, series) = (path(&task), task.body["series"].as_str().unwrap());
    let answers = [
        bob.get(&path).await,
        bob.patch(&path, &json!({"title": "mine"})).await,
        bob.act(&format!("{path}/complete")).await,
        bob.act(&format!("{path}/reopen")).await,
        bob.delete(&path).await,
        bob.get(&format!("/v1/series/{series}")).await,
        bob.get(&format!("/v1/series/{series}/occurrences")).await,
    ];
    for answer in answers {
        assert_eq!(answer.problem(), (404, "not_found"));
    }
    assert_eq!(ann.get(&path).await.body, task.body);
    assert_eq!(bob.get("/v1/tasks").await.body["total"], 0);
}

#[tokio::test]
async fn the_list_holds_the_callers_tasks_and_their_number() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let empty = ann.get("/v1/tasks").await;
    assert_eq!(empty.body, json!({"items": [], "next_cursor": null, "total": 0}));
    let task = ann.create(&json!({"title": "x"})).await;
    let list = ann.get("/v1/tasks?status=all&sort=-title&limit=10").await;
    assert_eq!(
        list.body,
        json!({"items": [task.body], "next_cursor": null, "total": 1})
    );
}

#[tokio::test]
async fn a_page_has_fifty_tasks_where_nothing_else_is_asked_for() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for number in 0..51 {
        ann.create(&json!({"title": format!("{number}")})).await;
    }
    let page = ann.get("/v1/tasks").await.body;
    assert_eq!(
        (page["items"].as_array().unwrap().len(), &page["total"]),
        (50, &json!(51))
    );
    let rest = format!("/v1/tasks?cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = ann.get(&rest).await.body;
    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["next_cursor"]),
        (1, &Value::Null)
    );
}
