//! Items of a calendar that are one occurrence of a series.

use punctual::roles::api::{ApiConfig, Limits};
use serde_json::{Value, json};

use crate::{
    import::{counts, import},
    support::{Answer, Client, Server, client::eventually, server::unlimited},
};

pub(crate) const PLANTS: &str =
    "UID:plants\r\nSUMMARY:Water the plants\r\nDUE;TZID=Europe/Paris:20300107T090000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO\r\n";

pub(crate) fn calendar(todos: &[&str]) -> String {
    let todos = todos.iter().map(|lines| format!("BEGIN:VTODO\r\n{lines}END:VTODO\r\n"));
    format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n", todos.collect::<String>())
}

/// One occurrence of the plants, by its day.
pub(crate) fn one(day: &str, lines: &str) -> String {
    format!("UID:plants\r\nRECURRENCE-ID;TZID=Europe/Paris:{day}T090000\r\n{lines}")
}

/// The paths of the task and the series of the first item that is a series.
pub(crate) async fn plants(client: &Client, report: &Answer) -> (String, String) {
    let items = report.body["items"].as_array().unwrap();
    let whole = items.iter().find(|item| item["recurrence_id"].is_null()).unwrap();
    let task = format!("/v1/tasks/{}", whole["task"].as_str().unwrap());
    let series = client.get(&task).await.body["series"].as_str().unwrap().to_owned();
    (task, format!("/v1/series/{series}"))
}

/// Day and outcome of each occurrence, once there are this many with an instance or an outcome.
pub(crate) async fn story(client: &Client, series: &str, known: usize) -> Vec<(String, Value)> {
    eventually(&format!("{known} occurrences"), async || {
        let page = client.get(&format!("{series}/occurrences?upcoming=0")).await;
        let items = page.body["items"].as_array().unwrap().iter();
        let told = items.map(|item| {
            (
                item["recurrence_id"].as_str().unwrap()[..10].to_owned(),
                item["outcome"].clone(),
            )
        });
        Some(told.collect::<Vec<_>>()).filter(|told| told.len() >= known)
    })
    .await
}

pub(crate) async fn open_instance(client: &Client, occurrence: u64) -> Value {
    eventually(&format!("occurrence {occurrence}"), async || {
        let list = client.get("/v1/tasks").await;
        let mut items = list.body["items"].as_array().unwrap().iter();
        items.find(|task| task["occurrence"] == occurrence).cloned()
    })
    .await
}

#[tokio::test]
async fn one_occurrence_is_a_date_of_its_series_and_no_second_task() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let moved = one(
        "20300114",
        "SUMMARY:Water them well\r\nDUE;TZID=Europe/Paris:20300115T180000\r\nPRIORITY:1\r\n",
    );
    let cancelled = one("20300121", "SUMMARY:Water the plants\r\nSTATUS:CANCELLED\r\n");
    // The series may come after what is one of its occurrences.
    let file = calendar(&[&moved, PLANTS, &cancelled]);
    let report = import(&ann, file.clone()).await;
    assert_eq!(counts(&report), [3, 0, 0], "{report:?}");
    let items = &report.body["items"];
    assert_eq!(
        (&items[0]["recurrence_id"], &items[0]["task"]),
        (&json!("2030-01-14T08:00:00.000Z"), &Value::Null)
    );
    assert!(items[0]["series"].is_string() && items[1]["series"].is_null());
    assert_eq!(ann.get("/v1/tasks?status=all").await.body["total"], 1);
    assert_eq!(counts(&import(&ann, file.clone()).await), [0, 3, 0]);

    let (task, series) = plants(&ann, &report).await;
    ann.act(&format!("{task}/complete")).await;
    let second = open_instance(&ann, 1).await;
    assert_eq!(
        (&second["title"], &second["priority"]),
        (&json!("Water them well"), &json!("urgent"))
    );
    assert_eq!(second["due"]["at"], "2030-01-15T18:00:00");
    let again = import(&ann, file.clone()).await;
    assert_eq!(
        (counts(&again), &again.body["items"][0]["task"]),
        ([0, 3, 0], &second["id"])
    );
    ann.act(&format!("/v1/tasks/{}/complete", second["id"].as_str().unwrap()))
        .await;
    assert_eq!(open_instance(&ann, 3).await["title"], "Water the plants");
    let day = str::to_owned;
    let expected = [
        (day("2030-01-07"), json!("done")),
        (day("2030-01-14"), json!("done")),
        (day("2030-01-21"), json!("skipped")),
        (day("2030-01-28"), Value::Null),
    ];
    assert_eq!(story(&ann, &series, 4).await, expected);
    assert_eq!(counts(&import(&ann, file).await), [0, 3, 0]);
    assert_eq!(ann.get("/v1/tasks?status=all").await.body["total"], 3);
}

#[tokio::test]
async fn occurrences_that_are_done_are_recorded_and_the_series_goes_on_after_now() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let past = "UID:plants\r\nSUMMARY:Water the plants\r\nDUE;TZID=Europe/Paris:20200106T090000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO\r\n";
    let done = |day: &str| one(day, &format!("STATUS:COMPLETED\r\nCOMPLETED:{day}T120000Z\r\n"));
    let file = calendar(&[past, &done("20200106"), &done("20200113"), &done("20200127")]);
    let report = import(&ann, file.clone()).await;
    assert_eq!(counts(&report), [4, 0, 0], "{report:?}");
    let (_, series) = plants(&ann, &report).await;
    let story = story(&ann, &series, 5).await;
    let outcomes: Vec<&Value> = story[..5].iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, ["done", "done", "missed", "done", "missed"]);
    let page = ann.get(&format!("{series}/occurrences?limit=2")).await;
    assert_eq!(page.body["items"][1]["closed"], "2020-01-13T12:00:00.000Z");
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 1);
    assert_eq!(counts(&import(&ann, file).await), [0, 4, 0]);
    assert_eq!(ann.get("/v1/tasks?status=all").await.body["total"], 2);
}

#[tokio::test]
async fn the_first_occurrence_is_the_task_itself() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = one("20300107", "SUMMARY:Water them well\r\n");
    let file = calendar(&[PLANTS, &first]);
    let report = import(&ann, file.clone()).await;
    assert_eq!(counts(&report), [2, 0, 0]);
    assert_eq!(report.body["items"][0]["task"], report.body["items"][1]["task"]);
    let (task, _) = plants(&ann, &report).await;
    assert_eq!(ann.get(&task).await.body["title"], "Water them well");
    // What a person makes of it afterwards stays.
    ann.patch(&task, &json!({"title": "mine"})).await;
    assert_eq!(counts(&import(&ann, file).await), [0, 2, 0]);
    assert_eq!(ann.get(&task).await.body["title"], "mine");
}

#[tokio::test]
async fn a_start_apart_from_the_due_and_days_find_their_date() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let tax = "UID:tax\r\nSUMMARY:Tax\r\nDTSTART;TZID=Europe/Paris:20300101T080000\r\nDUE;TZID=Europe/Paris:20300103T170000\r\nRRULE:FREQ=WEEKLY\r\n";
    let tax_moved = "UID:tax\r\nRECURRENCE-ID:20300108T070000Z\r\nSUMMARY:Late tax\r\n";
    let bin = "UID:bin\r\nSUMMARY:Bin\r\nDUE;VALUE=DATE:20300102\r\nRRULE:FREQ=WEEKLY\r\n";
    let no_bin = "UID:bin\r\nRECURRENCE-ID;VALUE=DATE:20300109\r\nSTATUS:CANCELLED\r\n";
    let report = import(&ann, calendar(&[tax, tax_moved, bin, no_bin])).await;
    assert_eq!(counts(&report), [4, 0, 0], "{report:?}");
    assert_eq!(ann.get("/v1/tasks?status=all").await.body["total"], 2);
    for (item, date) in [(0, "2030-01-10T17:00:00"), (2, "2030-01-09")] {
        let task = format!("/v1/tasks/{}", report.body["items"][item]["task"].as_str().unwrap());
        let series = ann.get(&task).await.body["series"].as_str().unwrap().to_owned();
        let page = ann.get(&format!("/v1/series/{series}/occurrences")).await;
        let next = &page.body["items"][1];
        assert_eq!(
            (&next["recurrence_id"], next["changes"].is_object()),
            (&json!(date), true),
            "{next}"
        );
    }
}

#[tokio::test]
async fn what_is_no_date_of_its_series_is_a_task_of_its_own_once() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let tuesday = one("20300115", "SUMMARY:On a Tuesday\r\n");
    let alone = "UID:other\r\nRECURRENCE-ID:20300115T080000Z\r\nSUMMARY:Alone\r\n";
    let gone = "UID:other\r\nRECURRENCE-ID:20300122T080000Z\r\nSTATUS:CANCELLED\r\n";
    let file = calendar(&[PLANTS, &tuesday, alone, gone]);
    let report = import(&ann, file.clone()).await;
    assert_eq!(counts(&report), [3, 0, 1], "{report:?}");
    let items = &report.body["items"];
    assert!(items[1]["task"].is_string());
    assert_eq!(
        items[1]["notes"],
        json!(["it is a task of its own: the rule has no occurrence then"])
    );
    assert_eq!(items[3]["code"], "cancelled");
    assert_eq!(counts(&import(&ann, file).await), [0, 3, 1]);
    // Of a series that was there before, nobody knows whether it was taken with it.
    let late = calendar(&[&one("20300116", "SUMMARY:On a Wednesday\r\n")]);
    let report = import(&ann, late).await;
    assert_eq!(
        (counts(&report), &report.body["items"][0]["code"]),
        ([0, 0, 1], &json!("occurrence_unknown"))
    );
}

#[tokio::test]
async fn a_long_history_is_recorded_as_done_wherever_the_file_has_the_series() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let daily = "UID:pills\r\nSUMMARY:Pills\r\nDUE;TZID=Europe/Paris:20200101T090000\r\nRRULE:FREQ=DAILY\r\n";
    let first: chrono::NaiveDate = "2020-01-01".parse().unwrap();
    let done: Vec<String> = (0..600)
        .map(|days| {
            let day = (first + chrono::Days::new(days)).format("%Y%m%d");
            format!(
                "UID:pills\r\nRECURRENCE-ID;TZID=Europe/Paris:{day}T090000\r\nSTATUS:COMPLETED\r\nCOMPLETED:{day}T100000Z\r\n"
            )
        })
        .collect();
    let mut todos: Vec<&str> = done.iter().map(String::as_str).collect();
    todos.push(daily);
    let report = import(&ann, calendar(&todos)).await;
    assert_eq!(counts(&report), [601, 0, 0], "{:.2000}", report.text);
    let task = report.body["items"][600]["task"].as_str().unwrap();
    let series = ann.get(&format!("/v1/tasks/{task}")).await.body["series"].clone();
    let series = format!("/v1/series/{}", series.as_str().unwrap());
    let open = eventually("the date after now", async || {
        ann.get("/v1/tasks").await.body["items"]
            .as_array()
            .unwrap()
            .first()
            .cloned()
    })
    .await;
    assert!(open["occurrence"].as_u64().unwrap() > 600);
    let (mut outcomes, mut after) = (Vec::new(), String::new());
    for _ in 0..4 {
        let page = ann
            .get(&format!("{series}/occurrences?limit=200&upcoming=0{after}"))
            .await
            .body;
        outcomes.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["outcome"].clone()),
        );
        after = format!("&after={}", page["next"]);
    }
    assert!(outcomes[..600].iter().all(|outcome| outcome == "done"), "{outcomes:?}");
    assert_eq!(outcomes[600], "missed");
}

#[tokio::test]
async fn the_open_date_that_is_done_keeps_when_it_was_done_and_the_next_is_open() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let past = "UID:plants\r\nSUMMARY:Water the plants\r\nDUE;TZID=Europe/Paris:20200106T090000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO\r\n";
    let done = one("20200106", "STATUS:COMPLETED\r\nCOMPLETED:20200106T120000Z\r\n");
    let report = import(&ann, calendar(&[&done, past])).await;
    assert_eq!(counts(&report), [2, 0, 0], "{report:?}");
    let (task, series) = plants(&ann, &report).await;
    let completed = ann.get(&task).await.body;
    assert_eq!(
        (&completed["status"], &completed["completed"]),
        (&json!("done"), &json!("2020-01-06T12:00:00.000Z"))
    );
    let story = story(&ann, &series, 3).await;
    assert_eq!((&story[0].1, &story[1].1), (&json!("done"), &json!("missed")));
    let page = ann.get(&format!("{series}/occurrences?limit=1")).await;
    assert_eq!(page.body["items"][0]["closed"], "2020-01-06T12:00:00.000Z");
    let open = ann.get("/v1/tasks").await.body;
    assert_eq!(
        (&open["total"], &open["items"][0]["overdue"]),
        (&json!(1), &json!(false))
    );
}

#[tokio::test]
async fn a_series_that_comes_after_its_occurrences_leaves_them_their_dates() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = one("20300107", "SUMMARY:Water them well\r\n");
    let third = one("20300121", "SUMMARY:Water them twice\r\n");
    let done = one("20300114", "STATUS:COMPLETED\r\nCOMPLETED:20260106T120000Z\r\n");
    let early = import(&ann, calendar(&[&first, &third, &done])).await;
    assert_eq!(counts(&early), [3, 0, 0], "{early:?}");
    assert_eq!(ann.get("/v1/tasks").await.body["total"], 2);
    let file = calendar(&[&third, PLANTS]);
    let report = import(&ann, file.clone()).await;
    assert_eq!(counts(&report), [1, 1, 0], "{report:?}");
    assert_eq!(report.body["items"][0]["task"], early.body["items"][1]["task"]);
    let fourth = open_instance(&ann, 3).await;
    assert_eq!(fourth["due"]["at"], "2030-01-28T09:00:00");
    let series = format!("/v1/series/{}", fourth["series"].as_str().unwrap());
    let outcomes: Vec<Value> = story(&ann, &series, 4)
        .await
        .into_iter()
        .map(|(_, outcome)| outcome)
        .collect();
    assert_eq!(
        outcomes,
        [json!("skipped"), json!("done"), json!("skipped"), Value::Null]
    );
    let titles = async || {
        let list = ann.get("/v1/tasks?sort=title").await.body;
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .map(|task| task["title"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let expected = ["Water the plants", "Water them twice", "Water them well"];
    assert_eq!(titles().await, expected, "each is there once");
    assert_eq!(counts(&import(&ann, file).await), [0, 2, 0]);
    assert_eq!(titles().await, expected);
}

#[tokio::test]
async fn what_there_is_no_room_to_wait_for_its_series_is_refused_and_comes_with_the_next_file() {
    let limits = Limits {
        import_waiting: 2,
        ..Limits::default()
    };
    let server = Server::start_with(ApiConfig { limits, ..unlimited() }).await;
    let mondays = ["20300114", "20300121", "20300128", "20300204"];
    let gone = mondays.map(|day| one(day, "STATUS:CANCELLED\r\n"));
    let [first, second, third, fourth] = gone.each_ref().map(String::as_str);
    let ann = server.register("ann").await;
    let file = calendar(&[first, second, third, PLANTS, fourth]);
    let report = import(&ann, file.clone()).await;
    assert_eq!(counts(&report), [4, 0, 1], "{report:?}");
    assert_eq!(report.body["items"][2]["code"], "limit_reached");
    assert_eq!(report.body["items"][2]["recurrence_id"], "2030-01-28T08:00:00.000Z");
    assert_eq!(counts(&import(&ann, file).await), [1, 4, 0]);
    let (task, _) = plants(&ann, &report).await;
    ann.act(&format!("{task}/complete")).await;
    open_instance(&ann, 5).await;
    let bob = server.register("bob").await;
    let report = import(&bob, calendar(&[PLANTS, first, second, third, fourth])).await;
    assert_eq!(counts(&report), [5, 0, 0], "{report:?}");
}
