//! Importing calendars.

use punctual::roles::api::{ApiConfig, Limits};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    occurrences::instance,
    support::{Answer, Client, Server, client::send, server::unlimited},
};

pub(crate) async fn import(client: &Client, calendar: impl Into<reqwest::Body>) -> Answer {
    let request = client
        .request(Method::POST, "/v1/import")
        .header(CONTENT_TYPE, "text/calendar; charset=utf-8");
    send(request.body(calendar)).await
}

pub(crate) fn counts(answer: &Answer) -> [u64; 3] {
    assert_eq!(answer.status, 200, "{answer:?}");
    ["taken", "existing", "refused"].map(|count| answer.body[count].as_u64().unwrap())
}

const CALENDAR: &str = "\
BEGIN:VCALENDAR\r
BEGIN:VEVENT\r
UID:party\r
END:VEVENT\r
BEGIN:VTODO\r
UID:plants\r
SUMMARY:Water the plants\r
DUE;TZID=Europe/Paris:20300107T090000\r
PRIORITY:1\r
CATEGORIES:home,garden\r
RRULE:FREQ=WEEKLY;BYDAY=MO\r
BEGIN:VALARM\r
ACTION:DISPLAY\r
TRIGGER:-PT15M\r
END:VALARM\r
END:VTODO\r
BEGIN:VTODO\r
UID:plants\r
RECURRENCE-ID;TZID=Europe/Paris:20300114T090000\r
SUMMARY:Water them twice\r
END:VTODO\r
BEGIN:VTODO\r
UID:minutes\r
SUMMARY:Every second\r
DTSTART:20300101T000000Z\r
RRULE:FREQ=SECONDLY\r
END:VTODO\r
BEGIN:VTODO\r
UID:done\r
SUMMARY:Done long ago\r
STATUS:COMPLETED\r
COMPLETED:20200101T120000Z\r
END:VTODO\r
END:VCALENDAR\r
";

#[tokio::test]
async fn each_item_is_taken_or_refused_by_itself() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let report = import(&ann, CALENDAR).await;
    assert_eq!((counts(&report), &report.body["passed_over"]), ([3, 0, 1], &json!(1)));
    let refused = &report.body["items"][2];
    assert_eq!(
        (&refused["uid"], &refused["code"]),
        (&json!("minutes"), &json!("recurrence_too_frequent"))
    );
    assert!(refused["reason"].is_string() && refused["task"].is_null());
    let plants = ann
        .get(&format!(
            "/v1/tasks/{}",
            report.body["items"][0]["task"].as_str().unwrap()
        ))
        .await
        .body;
    assert_eq!(
        (&plants["title"], &plants["priority"]),
        (&json!("Water the plants"), &json!("urgent"))
    );
    assert_eq!(
        (&plants["tags"], &plants["external_uid"]),
        (&json!(["home", "garden"]), &json!("plants"))
    );
    assert_eq!(plants["due"]["instant"], "2030-01-07T08:00:00.000Z");
    assert_eq!(
        (&plants["reminders"][0]["before"], &plants["recurrence"]["rrule"]),
        (&json!("PT15M"), &json!("FREQ=WEEKLY;BYDAY=MO"))
    );
    let done = ann.get("/v1/tasks?status=done").await;
    assert_eq!(done.body["items"][0]["completed"], "2020-01-01T12:00:00.000Z");
}

#[tokio::test]
async fn importing_again_changes_nothing() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = import(&ann, CALENDAR).await;
    let again = import(&ann, CALENDAR).await;
    assert_eq!(counts(&again), [0, 3, 1]);
    let tasks = |answer: &Answer| -> Vec<Value> {
        answer.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["task"].clone())
            .collect()
    };
    assert_eq!(tasks(&again), tasks(&first));
}

#[tokio::test]
async fn a_series_whose_first_date_is_cancelled_or_deleted_comes_once_however_often_the_file_comes() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let series = "\
BEGIN:VTODO\r\nUID:pills\r\nSUMMARY:Pills\r\nDUE;TZID=Europe/Paris:20300107T090000\r\nRRULE:FREQ=DAILY\r\nEND:VTODO\r\n";
    let cancelled = "\
BEGIN:VTODO\r\nUID:pills\r\nRECURRENCE-ID;TZID=Europe/Paris:20300107T090000\r\nSUMMARY:Pills\r\n\
DUE;TZID=Europe/Paris:20300107T090000\r\nSTATUS:CANCELLED\r\nEND:VTODO\r\n";
    let calendar = format!("BEGIN:VCALENDAR\r\n{series}{cancelled}END:VCALENDAR\r\n");
    let open = async || {
        let list = ann.get("/v1/tasks").await.body;
        let due = |task: &Value| task["due"]["at"].as_str().unwrap().to_owned();
        list["items"].as_array().unwrap().iter().map(due).collect::<Vec<_>>()
    };
    assert_eq!(counts(&import(&ann, calendar.clone()).await)[2], 0);
    let next = instance(&ann, 1).await;
    assert_eq!(counts(&import(&ann, calendar.clone()).await)[0], 0, "nothing is new");
    assert_eq!(open().await, ["2030-01-08T09:00:00"]);
    let next = format!("/v1/tasks/{}?series=true", next["id"].as_str().unwrap());
    assert_eq!(ann.delete(&next).await.status, 204);
    assert_eq!(
        counts(&import(&ann, calendar).await)[0],
        2,
        "a series that was ended comes anew"
    );
}

#[tokio::test]
async fn items_without_uid_are_taken_once_however_often_the_file_is_sent() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let todo = |title: &str| format!("BEGIN:VTODO\r\nSUMMARY:{title}\r\nEND:VTODO\r\n");
    let (milk, bread) = (todo("Milk"), todo("Bread"));
    // Two say the same: as many tasks as the file has.
    let calendar = format!("BEGIN:VCALENDAR\r\n{milk}{bread}{milk}END:VCALENDAR\r\n");
    let first = import(&ann, calendar.clone()).await;
    assert_eq!(counts(&first), [3, 0, 0]);
    assert_eq!(
        first.body["items"][0]["notes"],
        json!(["it has no UID and is known by what it says"])
    );
    let again = import(&ann, calendar).await;
    assert_eq!(counts(&again), [0, 3, 0]);
    let tasks = |report: &Answer| [0, 1, 2].map(|index| report.body["items"][index]["task"].clone());
    assert_eq!(tasks(&again), tasks(&first));
    assert_eq!(ann.get("/v1/tasks?status=all").await.body["total"], 3);
    let more = format!("BEGIN:VCALENDAR\r\n{bread}{milk}{milk}{milk}END:VCALENDAR\r\n");
    assert_eq!(counts(&import(&ann, more).await), [1, 3, 0]);
}

#[tokio::test]
async fn a_long_file_in_small_pieces_is_taken_whole() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let items: String = (0..500)
        .map(|number| format!("BEGIN:VTODO\r\nUID:{number}\r\nSUMMARY:No. {number}\r\nEND:VTODO\r\n"))
        .collect();
    let calendar = format!("BEGIN:VCALENDAR\r\n{items}END:VCALENDAR\r\n").into_bytes();
    let pieces: Vec<_> = calendar
        .chunks(777)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
        .collect();
    let report = import(&ann, reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))).await;
    assert_eq!(counts(&report), [500, 0, 0]);
    let summaries = report.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["summary"].as_str().unwrap());
    assert!(
        summaries.eq((0..500).map(|number| format!("No. {number}"))),
        "in the order of the file"
    );
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 500);
}

#[tokio::test]
async fn what_is_no_calendar_is_refused() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for body in ["", "{}", "hello", "\0\0\0"] {
        assert_eq!(import(&ann, body).await.problem(), (400, "bad_request"), "{body:?}");
    }
    let json = ann.post("/v1/import", &json!({})).await;
    assert_eq!(json.problem(), (415, "unsupported_media_type"));
    let encoded = ann
        .request(Method::POST, "/v1/import")
        .header("content-type", "text/calendar");
    let encoded = encoded.header("content-encoding", "gzip").body(CALENDAR);
    assert_eq!(send(encoded).await.problem(), (415, "unsupported_media_type"));
    let anonymous = import(&server.anonymous(), CALENDAR).await;
    assert_eq!(anonymous.problem(), (401, "unauthorised"));
    assert_eq!(
        counts(&import(&ann, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").await),
        [0, 0, 0]
    );
}

#[tokio::test]
async fn hostile_calendars_end_in_a_report() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let nested = "BEGIN:VTODO\r\n".repeat(10_000);
    let endless_line = format!("BEGIN:VTODO\r\nSUMMARY:{}\r\nEND:VTODO\r\n", "x".repeat(1 << 20));
    let never = "BEGIN:VTODO\r\nSUMMARY:x\r\nDUE:20300101T000000Z\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\nEND:VTODO\r\n";
    for calendar in [&nested, &endless_line, never] {
        let report = import(&ann, calendar.to_owned()).await;
        let [taken, existing, refused] = counts(&report);
        assert!((taken, existing) == (0, 0) && refused > 0, "{:.300}", report.text);
    }
    assert_eq!(ann.get("/v1/tasks?status=all").await.body["total"], 0);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused() {
    let limits = Limits {
        import_bytes: 1000,
        ..Limits::default()
    };
    let server = Server::start_with(ApiConfig { limits, ..unlimited() }).await;
    let ann = server.register("ann").await;
    let answer = import(&ann, format!("{CALENDAR}{CALENDAR}")).await;
    assert_eq!(answer.problem(), (413, "body_too_large"));
    assert_eq!(ann.get("/v1/tasks?status=all").await.body["total"], 0);
}

#[tokio::test]
async fn of_a_stream_that_turns_out_to_be_too_large_what_came_before_is_taken_and_reported() {
    let limits = Limits {
        import_bytes: 1000,
        ..Limits::default()
    };
    let server = Server::start_with(ApiConfig { limits, ..unlimited() }).await;
    let ann = server.register("ann").await;
    let pieces = [CALENDAR, CALENDAR].map(|piece| Ok::<_, std::io::Error>(piece.to_owned()));
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let answer = import(&ann, stream).await;
    assert_eq!(counts(&answer), [3, 0, 1]);
    assert_eq!(answer.body["unread"], "too_large");
    // One of the three is a date of another's series.
    assert_eq!(ann.get("/v1/tasks?status=all").await.body["total"], 2);
}

#[tokio::test]
async fn of_a_stream_that_does_not_end_in_time_what_came_is_taken_and_reported() {
    use futures_util::StreamExt as _;

    let limits = Limits {
        import_timeout: std::time::Duration::from_millis(200),
        ..Limits::default()
    };
    let server = Server::start_with(ApiConfig { limits, ..unlimited() }).await;
    let ann = server.register("ann").await;
    let piece = futures_util::stream::iter([Ok::<_, std::io::Error>(CALENDAR.to_owned())]);
    let never_ends = reqwest::Body::wrap_stream(piece.chain(futures_util::stream::pending()));
    let answer = import(&ann, never_ends).await;
    assert_eq!(
        (counts(&answer), &answer.body["unread"]),
        ([3, 0, 1], &json!("too_slow"))
    );
}
