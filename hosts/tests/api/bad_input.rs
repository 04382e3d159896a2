//! Bad input: a clear problem each, and nothing half done.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::{Client, Server, client::send};

async fn nothing_was_made(client: &Client) {
    assert_eq!(client.get("/v1/tasks?status=all").await.body["total"], 0);
}

#[tokio::test]
async fn what_is_not_json_is_400() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "{",
        "null and void",
        "{\"title\": \"x\"} {}",
        "{\"title\": \"\\ud800\"}",
        "{\"title\": \"\\udc00\\ud800\"}",
        "{\"title\": \"a\u{0}b\"}",
        "{'title': 'x'}",
        "\u{feff}{\"title\": \"x\"}",
        &deep,
    ] {
        let answer = ann.post_bytes("/v1/tasks", body.to_owned()).await;
        assert_eq!(answer.problem(), (400, "bad_request"), "{body:.60}");
        assert!(answer.text.len() < 2000, "the answer is as long as the question");
    }
    let answer = ann.post_bytes("/v1/tasks", b"{\"title\": \"\xff\xfe\"}".to_vec()).await;
    assert_eq!(answer.problem(), (400, "bad_request"));
    nothing_was_made(&ann).await;
}

#[tokio::test]
async fn values_of_the_wrong_shape_or_size_are_422_and_named() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let many: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    for (field, value) in [
        ("title", json!(7)),
        ("title", json!("")),
        ("title", json!(" \t ")),
        ("title", json!("a\u{0}b")),
        ("title", json!("two\nlines")),
        ("title", json!("é".repeat(501))),
        ("title", Value::Null),
        ("description", json!("x".repeat(16_385))),
        ("description", json!("a\u{0}b")),
        ("tags", json!(many)),
        ("tags", json!([""])),
        ("tags", json!(["x".repeat(65)])),
        ("tags", json!("a")),
        ("due", json!({})),
        ("due", json!("2030-01-01")),
        ("due", json!({"date": "2030-01-01", "at": "2030-01-01T00:00:00"})),
        ("start", json!({"time_zone": "Europe/Paris"})),
        ("reminders", json!([{}])),
        ("list", json!("groceries")),
        ("external_uid", json!("x".repeat(256))),
        ("id", json!("00000000-0000-7000-8000-000000000000")),
        ("colour", json!("red")),
    ] {
        let mut task = json!({"title": "x"});
        task[field] = value;
        let answer = ann.post("/v1/tasks", &task).await;
        let named = answer.body["field"].as_str().unwrap_or_default();
        assert_eq!((answer.problem(), named), ((422, "invalid"), field), "{}", answer.text);
    }
    for (field, value) in [
        ("due.date", json!({"due": {"date": "99999-12-31"}})),
        ("due.date", json!({"due": {"date": "2030-02-30"}})),
        ("due.date", json!({"due": {"date": "+99999-12-31"}})),
        ("due.date", json!({"due": {"date": "0000-01-01"}})),
        ("due.date", json!({"due": {"date": "2030-1-1"}})),
        ("due.date", json!({"due": {"date": "2030-01-1"}})),
        ("due.date", json!({"due": {"date": " 2030-1-01"}})),
        ("due.date", json!({"due": {"date": "20300101"}})),
        ("start.date", json!({"start": {"date": "2030-01-01T00:00:00"}})),
        ("due.at", json!({"due": {"at": "2030-01-01T9:00:00"}})),
        ("due.at", json!({"due": {"at": "2030-1-01T09:00:00"}})),
        ("due.at", json!({"due": {"at": "2030-01-01T09:00"}})),
        ("due.at", json!({"due": {"at": "2030-01-01 09:00:00"}})),
        // Beyond the last instant, and before the first.
        (
            "due",
            json!({"due": {"at": "9999-12-31T23:00:00", "time_zone": "America/New_York"}}),
        ),
        (
            "start",
            json!({"start": {"at": "0001-01-01T08:00:00", "time_zone": "Asia/Tokyo"}}),
        ),
        ("due", json!({"due": {"date": "0001-01-01"}})),
        ("reminders[0].at", json!({"reminders": [{"at": "2030-01-01T9:00:00Z"}]})),
        ("reminders[0].at", json!({"reminders": [{"at": "2030-1-1T09:00:00Z"}]})),
        (
            "recurrence.exdate[0]",
            json!({"due": {"date": "2030-01-01"}, "recurrence": {"rrule": "FREQ=DAILY", "exdate": ["2030-1-2"]}}),
        ),
        ("due.at", json!({"due": {"at": "99999-01-01T00:00:00"}})),
        ("due.at", json!({"due": {"at": "2030-01-01T25:00:00"}})),
        (
            "reminders[0].at",
            json!({"reminders": [{"at": "99999-01-01T00:00:00Z"}]}),
        ),
        ("reminders[0].before", json!({"reminders": [{"before": "P1Y"}]})),
        ("priority", json!({"priority": "huge"})),
    ] {
        let mut task = value;
        task["title"] = json!("x");
        let answer = ann.post("/v1/tasks", &task).await;
        assert_eq!(
            (answer.problem(), &answer.body["field"]),
            ((422, "invalid"), &json!(field)),
            "{}",
            answer.text
        );
    }
    nothing_was_made(&ann).await;
}

#[tokio::test]
async fn unknown_zones_and_hostile_rules_are_refused_by_their_own_codes() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let due = json!({"date": "2030-01-01"});
    let timed = json!({"at": "2030-01-01T09:00:00", "time_zone": "Etc/UTC"});
    for (code, task) in [
        (
            "unknown_time_zone",
            json!({"due": {"at": "2030-01-01T00:00:00", "time_zone": "Mars/Olympus"}}),
        ),
        (
            "unknown_time_zone",
            json!({"due": {"at": "2030-01-01T00:00:00", "time_zone": "x".repeat(100_000)}}),
        ),
        (
            "recurrence_invalid",
            json!({"due": due, "recurrence": {"rrule": "FREQ=SOMETIMES"}}),
        ),
        (
            "recurrence_invalid",
            json!({"due": due, "recurrence": {"rrule": "FREQ=DAILY;INTERVAL=0"}}),
        ),
        (
            "recurrence_invalid",
            json!({"due": due, "recurrence": {"rrule": "x".repeat(100_000)}}),
        ),
        (
            "recurrence_too_frequent",
            json!({"due": timed, "recurrence": {"rrule": "FREQ=SECONDLY"}}),
        ),
        (
            "recurrence_unsupported",
            json!({"due": due, "recurrence": {"rrule": "FREQ=YEARLY;RSCALE=HEBREW"}}),
        ),
        (
            "recurrence_unsupported",
            json!({"due": due, "recurrence": {"rrule": "FREQ=DAILY;COUNT=10001"}}),
        ),
        (
            "recurrence_invalid",
            json!({"due": timed, "recurrence": {"rrule": "FREQ=DAILY", "exdate": ["2030-01-02"]}}),
        ),
        (
            "recurrence_invalid",
            json!({"due": timed, "recurrence": {"rrule": "FREQ=DAILY", "rdate": vec!["2030-01-02T03:04:05"; 367]}}),
        ),
        (
            "recurrence_invalid",
            json!({"due": timed, "recurrence":
                {"rrule": "FREQ=DAILY", "anchor": "completion", "rdate": ["2030-01-02T03:04:05"]}}),
        ),
        (
            "recurrence_never_occurs",
            json!({"due": due, "recurrence": {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}}),
        ),
        (
            "recurrence_without_date",
            json!({"recurrence": {"rrule": "FREQ=DAILY"}}),
        ),
    ] {
        let mut task = task;
        task["title"] = json!("x");
        let answer = ann.post("/v1/tasks", &task).await;
        assert_eq!(answer.problem(), (422, code));
        assert!(answer.text.len() < 2000, "{}", answer.text.len());
    }
    nothing_was_made(&ann).await;
}

#[tokio::test]
async fn a_megabyte_is_too_large_whether_it_says_so_or_not() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let body = json!({"title": "x".repeat(1 << 20)}).to_string();
    let stated = ann.post_bytes("/v1/tasks", body.clone()).await;
    assert_eq!(stated.problem(), (413, "body_too_large"));
    let chunks = body
        .into_bytes()
        .chunks(1 << 16)
        .map(<[u8]>::to_vec)
        .collect::<Vec<_>>();
    let stream = futures_util::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
    let request = ann
        .request(Method::POST, "/v1/tasks")
        .header(CONTENT_TYPE, "application/json");
    // The server answers and hangs up while we are still sending, so the answer may be lost; what must not happen is that it is taken.
    if let Ok(response) = request.body(reqwest::Body::wrap_stream(stream)).send().await {
        assert_eq!(response.status(), 413);
    }
    nothing_was_made(&ann).await;
}

#[tokio::test]
async fn paths_and_methods_there_are_not_are_problems_too() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for path in [
        "/v1",
        "/v1/nothing",
        "/v1/tasks/",
        "/v1/tasks/7",
        "/v1/tasks/%00",
        "/v1/tasks/%ff%fe",
        "/v1/tasks/..%2f..%2fetc%2fpasswd",
        "/v1/tasks/{018F2A6E-0000-7000-8000-000000000000}",
        "/v1/tasks/018f2a6e000070008000000000000000",
        "/v1/tasks/018f2a6e-0000-7000-8000-000000000000",
        "/v1/series/nonsense",
    ] {
        assert_eq!(ann.get(path).await.problem(), (404, "not_found"), "{path}");
    }
    let put = send(ann.request(Method::PUT, "/v1/tasks")).await;
    assert_eq!(put.problem(), (405, "method_not_allowed"));
    let allowed = put.header("allow");
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

#[tokio::test]
async fn query_strings_are_read_strictly() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for (query, field) in [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=1&limit=2", "limit"),
        ("status=gone", "status"),
        ("overdue=maybe", "overdue"),
        ("priority=huge", "priority"),
        ("due_after=99999-01-01T00:00:00Z", "due_after"),
        ("due_before=yesterday", "due_before"),
    ] {
        let answer = ann.get(&format!("/v1/tasks?{query}")).await;
        assert_eq!(
            (answer.problem(), &answer.body["field"]),
            ((400, "bad_request"), &json!(field)),
            "{query}"
        );
    }
    let tags = "tag=x&".repeat(1000);
    assert_eq!(
        ann.get(&format!("/v1/tasks?{tags}")).await.problem(),
        (400, "bad_request")
    );
    let task = ann.create(&json!({"title": "x"})).await;
    let odd = ann.delete(&format!("{}?series=perhaps", task.header("location"))).await;
    assert_eq!(odd.problem(), (400, "bad_request"));
    assert_eq!(ann.get(task.header("location")).await.status, 200);
}
