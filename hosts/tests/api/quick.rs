//! Quick add: a task from a sentence.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Server,
    client::{eventually, send},
};

const QUICK: &str = "/v1/tasks/quick";

async fn quick(client: &Client, text: &str) -> Answer {
    client.post(QUICK, &json!({"text": text})).await
}

async fn preview(client: &Client, text: &str) -> Answer {
    client.post(QUICK, &json!({"text": text, "dry_run": true})).await
}

fn kinds(answer: &Answer) -> Vec<&str> {
    let spans = answer.body["understood"].as_array().unwrap();
    spans.iter().map(|span| span["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_sentence_becomes_a_task_and_says_what_it_was_taken_for() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let made = quick(
        &ann,
        "Rent 1 mar 2031 at 17:30 every month remind me 2h before #home !high",
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let task = &made.body["task"];
    assert_eq!(
        made.header("location"),
        format!("/v1/tasks/{}", task["id"].as_str().unwrap())
    );
    assert_eq!(made.header("etag"), "\"1\"");
    assert_eq!(
        (&task["title"], &task["due"]["at"]),
        (&json!("Rent"), &json!("2031-03-01T17:30:00"))
    );
    assert_eq!((&task["priority"], &task["tags"]), (&json!("high"), &json!(["home"])));
    assert_eq!(task["recurrence"]["rrule"], "FREQ=MONTHLY");
    assert_eq!(task["reminders"][0]["before"], "PT2H");
    assert_eq!(
        kinds(&made),
        ["date", "time", "recurrence", "reminder", "tag", "priority"]
    );
    let read = ann.get(made.header("location")).await;
    assert_eq!(&read.body, task);
}

#[tokio::test]
async fn a_dry_run_stores_nothing_and_shows_a_draft_that_can_be_sent() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let shown = preview(&ann, "Dentist 31 march 2030 at 2:30am #health").await;
    assert_eq!((shown.status, &shown.body["refused"]), (200, &Value::Null));
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 0);
    let made = ann.create(&shown.body["task"]).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.body["due"]["instant"], shown.body["task"]["due"]["instant"]);
    assert_eq!(made.body["title"], "Dentist");
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_refused_and_still_what_was_understood() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for (text, code, field) in [
        ("tomorrow", "invalid", "title"),
        (
            "x daily starting 5 may 2030 until 1 may 2030",
            "recurrence_never_occurs",
            "recurrence",
        ),
    ] {
        let shown = preview(&ann, text).await;
        assert_eq!(
            (shown.status, &shown.body["task"]),
            (200, &Value::Null),
            "{}",
            shown.text
        );
        let refused = &shown.body["refused"];
        assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!(field)));
        assert!(!kinds(&shown).is_empty());
        let made = quick(&ann, text).await;
        assert_eq!(made.problem(), (422, code), "{text}");
    }
}

#[tokio::test]
async fn a_list_nobody_has_stays_in_the_title_and_is_said_to_be_not_understood() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let made = quick(&ann, "😀 milk @shop").await;
    assert_eq!(
        (made.status, &made.body["task"]["title"]),
        (201, &json!("😀 milk @shop"))
    );
    let expected = json!([{
        "kind": "list", "start": 7, "end": 12, "text": "@shop", "understood": false, "ambiguous": null, "meaning": "there is no such list"
    }]);
    assert_eq!(made.body["understood"], expected, "places are in characters");
}

#[tokio::test]
async fn a_repeated_sentence_makes_one_task_and_has_one_answer() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let again = || {
        let request = ann.request(Method::POST, QUICK).header("Idempotency-Key", "k");
        send(request.json(&json!({"text": "tea tomorrow at 17:00"})))
    };
    let (first, second) = (again().await, again().await);
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 1);
}

#[tokio::test]
async fn a_text_is_bounded_and_belongs_to_somebody() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let long = preview(&ann, &"ä".repeat(2001)).await;
    assert_eq!(
        (long.problem(), &long.body["field"]),
        ((422, "invalid"), &json!("text"))
    );
    let longest = preview(&ann, &"ä".repeat(2000)).await;
    assert_eq!(
        (longest.status, &longest.body["refused"]["field"]),
        (200, &json!("title"))
    );
    assert_eq!(ann.post(QUICK, &json!({"text": 7})).await.problem(), (422, "invalid"));
    assert_eq!(
        ann.post(QUICK, &json!({"text": "x", "dry": true})).await.problem(),
        (422, "invalid")
    );
    let nobody = server.anonymous().post(QUICK, &json!({"text": "x"})).await;
    assert_eq!(nobody.problem(), (401, "unauthorised"));
}

#[tokio::test]
async fn a_phrase_is_previewed_like_a_rule() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let path = "/v1/recurrence/preview";
    let form =
        json!({"phrase": "every 31 march at 02:30 starting 2030-01-01", "time_zone": "Europe/Paris", "count": 2});
    let shown = ann.post(path, &form).await;
    assert_eq!(
        (shown.status, &shown.body["rrule"]),
        (200, &json!("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31"))
    );
    let expected = json!([
        {"at": "2030-03-31T02:30:00", "instant": "2030-03-31T01:30:00.000Z",
            "notes": ["clocks go forward; 02:30 becomes 03:30"], "utc_offset": "+02:00"},
        {"at": "2031-03-31T02:30:00", "instant": "2031-03-31T00:30:00.000Z", "notes": [], "utc_offset": "+02:00"},
    ]);
    assert_eq!(shown.body["occurrences"], expected);
    assert_eq!(kinds(&shown), ["recurrence", "time", "start"]);
    for (form, field) in [
        (json!({"phrase": "tomorrow", "time_zone": "UTC"}), "phrase"),
        (json!({"phrase": "x".repeat(2001), "time_zone": "UTC"}), "phrase"),
        (json!({"time_zone": "UTC"}), "rrule"),
        (
            json!({"phrase": "daily", "rrule": "FREQ=DAILY", "time_zone": "UTC"}),
            "rrule",
        ),
        (json!({"rrule": "FREQ=DAILY", "time_zone": "UTC"}), "start"),
        (json!({"phrase": "daily", "time_zone": "Mars/Olympus"}), "time_zone"),
    ] {
        let answer = ann.post(path, &form).await;
        assert_eq!((answer.status, &answer.body["field"]), (422, &json!(field)), "{form}");
    }
}

#[tokio::test]
async fn every_instance_of_a_sentence_reminds_at_its_time_of_day_and_nags_as_it_says() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let made = quick(
        &ann,
        "Pills every day at 9 starting 1 mar 2031 remind me at 8:30 nag every 10 min, at most 5",
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let reminder = |task: &Value| {
        let reminder = &task["reminders"][0];
        (reminder["time"].clone(), reminder["repeat"].clone())
    };
    let expected = (json!("08:30"), json!({"every": "PT10M", "times": 5}));
    assert_eq!(
        (&made.body["task"]["title"], reminder(&made.body["task"])),
        (&json!("Pills"), expected.clone())
    );
    ann.act(&format!("{}/complete", made.header("location"))).await;
    let list = eventually("the next instance", async || {
        let list = ann.get("/v1/tasks").await;
        Some(list).filter(|list| list.body["total"] == 1)
    })
    .await;
    let next = &list.body["items"][0];
    assert_eq!(
        (&next["due"]["at"], reminder(next)),
        (&json!("2031-03-02T09:00:00"), expected)
    );
}

#[tokio::test]
async fn remind_me_every_day_makes_a_series_that_reminds_and_what_is_unclear_is_said() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let made = quick(&ann, "Remind me every day at 8am to take pills starting 1 mar 2031").await;
    assert_eq!(made.status, 201, "{}", made.text);
    let task = &made.body["task"];
    assert_eq!(
        (&task["title"], &task["due"]["at"], &task["reminders"][0]["before"]),
        (&json!("take pills"), &json!("2031-03-01T08:00:00"), &json!("PT0S"))
    );
    let unclear = preview(&ann, "Pills every! 0 workdays").await;
    assert_eq!(unclear.body["task"]["recurrence"], Value::Null);
    assert_eq!(
        unclear.body["understood"],
        json!([{
            "kind": "recurrence", "start": 6, "end": 23, "text": "every! 0 workdays", "understood": false,
            "ambiguous": null, "meaning": "a step is 1 at least"
        }])
    );
}

#[tokio::test]
async fn a_preview_of_what_counts_from_completions_is_as_if_each_was_completed_on_its_day() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let mut phrase = json!({"phrase": "every! month starting 31 jan 2030", "time_zone": "Etc/UTC", "count": 3});
    let preview = ann.post("/v1/recurrence/preview", &phrase).await;
    let found = preview.body["occurrences"].as_array().unwrap().iter();
    let days: Vec<&str> = found.map(|one| one["date"].as_str().unwrap()).collect();
    assert_eq!(days, ["2030-01-31", "2030-02-28", "2030-03-28"]);
    phrase["rdate"] = json!(["2030-02-01"]);
    let dated = ann.post("/v1/recurrence/preview", &phrase).await;
    assert_eq!(
        (dated.problem(), &dated.body["field"]),
        ((422, "recurrence_invalid"), &json!("rdate"))
    );
}
