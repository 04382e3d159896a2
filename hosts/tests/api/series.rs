//! Recurring series over the wire, and the preview of rules.

use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, client::eventually};

async fn weekly(client: &Client) -> Answer {
    let due = json!({"at": "2030-01-07T09:00:00", "time_zone": "Europe/Paris"});
    let recurrence = json!({"rrule": "FREQ=WEEKLY;BYDAY=MO"});
    client
        .create(&json!({"title": "Water the plants", "due": due, "recurrence": recurrence}))
        .await
}

/// The open tasks, once there are as many as expected.
async fn open_tasks(client: &Client, count: u64) -> Vec<Value> {
    eventually(&format!("{count} open tasks"), async || {
        let list = client.get("/v1/tasks").await;
        (list.body["total"] == count).then(|| list.body["items"].as_array().unwrap().clone())
    })
    .await
}

#[tokio::test]
async fn completing_an_instance_makes_the_next_one() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = weekly(&ann).await;
    assert_eq!(first.body["occurrence"], 0);
    ann.act(&format!("{}/complete", first.header("location"))).await;
    let next = open_tasks(&ann, 1).await.remove(0);
    assert_eq!(
        (&next["series"], &next["occurrence"]),
        (&first.body["series"], &json!(1))
    );
    assert_eq!(next["due"]["at"], "2030-01-14T09:00:00");
    assert_eq!(
        (&next["title"], &next["version"]),
        (&json!("Water the plants"), &json!(1))
    );
}

#[tokio::test]
async fn a_series_can_be_read_as_soon_as_its_task_was_answered() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = weekly(&ann).await;
    let series = ann
        .get(&format!("/v1/series/{}", first.body["series"].as_str().unwrap()))
        .await;
    assert_eq!(series.status, 200, "{series:?}");
    assert_eq!(series.body["open"], first.body["id"]);
    assert_eq!(series.body["recurrence"], first.body["recurrence"]);
    assert_eq!(
        (&series.body["ended"], &series.body["time_zone"]),
        (&json!(false), &json!("Europe/Paris"))
    );
}

#[tokio::test]
async fn occurrences_are_listed_page_by_page_with_what_became_of_them() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = weekly(&ann).await;
    ann.act(&format!("{}/complete", first.header("location"))).await;
    let second = open_tasks(&ann, 1).await.remove(0);
    ann.delete(&format!("/v1/tasks/{}", second["id"].as_str().unwrap()))
        .await;
    let third = open_tasks(&ann, 1).await.remove(0);
    assert_eq!(third["due"]["at"], "2030-01-21T09:00:00");
    let path = format!("/v1/series/{}/occurrences", first.body["series"].as_str().unwrap());
    let page = ann.get(&format!("{path}?limit=2")).await;
    let outcomes: Vec<&Value> = page.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["outcome"])
        .collect();
    assert_eq!(
        (outcomes, &page.body["next"]),
        (vec![&json!("done"), &json!("skipped")], &json!(1))
    );
    let rest = ann.get(&format!("{path}?after=1")).await;
    assert_eq!(
        (&rest.body["items"][0]["task"], &rest.body["next"]),
        (&third["id"], &Value::Null)
    );
    assert_eq!(
        ann.get(&format!("{path}?after=-1")).await.problem(),
        (400, "bad_request")
    );
    assert_eq!(
        ann.get(&format!("{path}?limit=1000")).await.problem(),
        (400, "bad_request")
    );
}

#[tokio::test]
async fn deleting_with_the_series_ends_it() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = weekly(&ann).await;
    assert_eq!(
        ann.delete(&format!("{}?series=true", first.header("location")))
            .await
            .status,
        204
    );
    let path = format!("/v1/series/{}", first.body["series"].as_str().unwrap());
    let series = ann.get(&path).await;
    assert_eq!(
        (&series.body["ended"], &series.body["open"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(only_occurrence(&ann, &path).await["outcome"], "skipped");
}

#[tokio::test]
async fn an_instance_that_outlives_its_series_is_completed_like_any_other() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = weekly(&ann).await;
    let task = first.header("location");
    assert_eq!(ann.patch(task, &json!({"recurrence": null})).await.status, 200);
    ann.act(&format!("{task}/complete")).await;
    let path = format!("/v1/series/{}", first.body["series"].as_str().unwrap());
    let occurrence = only_occurrence(&ann, &path).await;
    assert_eq!(
        (&occurrence["outcome"], &occurrence["task"]),
        (&json!("done"), &first.body["id"])
    );
}

/// The only occurrence of a series, once it has an outcome.
async fn only_occurrence(client: &Client, series: &str) -> Value {
    let path = format!("{series}/occurrences");
    eventually("an outcome", async || {
        let page = client.get(&path).await;
        let items = page.body["items"].as_array().unwrap();
        let is_known = !items[0]["outcome"].is_null();
        assert!(!is_known || items.len() == 1, "{}", page.text);
        is_known.then(|| items[0].clone())
    })
    .await
}

#[tokio::test]
async fn a_preview_resolves_wall_times_across_changes_of_clocks() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let rule = json!({"rrule": "FREQ=DAILY", "start": "2030-03-30T02:30:00", "time_zone": "Europe/Paris", "count": 3});
    let preview = ann.post("/v1/recurrence/preview", &rule).await;
    let note = "clocks go forward; 02:30 becomes 03:30";
    let expected = json!([
        {"at": "2030-03-30T02:30:00", "instant": "2030-03-30T01:30:00.000Z", "notes": [], "utc_offset": "+01:00"},
        {"at": "2030-03-31T02:30:00", "instant": "2030-03-31T01:30:00.000Z", "notes": [note], "utc_offset": "+02:00"},
        {"at": "2030-04-01T02:30:00", "instant": "2030-04-01T00:30:00.000Z", "notes": [], "utc_offset": "+02:00"},
    ]);
    assert_eq!((preview.status, &preview.body["occurrences"]), (200, &expected));
}

#[tokio::test]
async fn a_preview_shows_dates_added_and_leaves_out_those_taken_away() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let rule = json!({
        "rrule": "FREQ=DAILY;COUNT=3", "start": "2030-01-01T09:00:00", "time_zone": "Etc/UTC",
        "rdate": ["2030-01-02T12:00:00"], "exdate": ["2030-01-02T09:00:00"],
    });
    let preview = ann.post("/v1/recurrence/preview", &rule).await;
    let expected = json!([
        {"at": "2030-01-01T09:00:00", "instant": "2030-01-01T09:00:00.000Z", "notes": [], "utc_offset": "+00:00"},
        {"at": "2030-01-02T12:00:00", "instant": "2030-01-02T12:00:00.000Z", "notes": [], "utc_offset": "+00:00"},
        {"at": "2030-01-03T09:00:00", "instant": "2030-01-03T09:00:00.000Z", "notes": [], "utc_offset": "+00:00"},
    ]);
    assert_eq!((preview.status, &preview.body["occurrences"]), (200, &expected));
}

#[tokio::test]
async fn a_preview_of_days_shows_days_from_where_they_begin() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let path = "/v1/recurrence/preview";
    // Clocks in Santiago skip midnight on 8 September 2030.
    let expected = json!([
        {"date": "2030-09-07", "instant": "2030-09-07T04:00:00.000Z", "notes": [], "utc_offset": "-04:00"},
        {"date": "2030-09-08", "instant": "2030-09-08T04:00:00.000Z",
            "notes": ["clocks go forward; 00:00 becomes 01:00"], "utc_offset": "-03:00"},
        {"date": "2030-09-10", "instant": "2030-09-10T03:00:00.000Z", "notes": [], "utc_offset": "-03:00"},
        {"date": "2030-09-20", "instant": "2030-09-20T03:00:00.000Z", "notes": [], "utc_offset": "-03:00"},
    ]);
    for start in [json!("2030-09-07"), json!({"date": "2030-09-07"})] {
        let form = json!({
            "rrule": "FREQ=DAILY;COUNT=4", "start": start, "time_zone": "America/Santiago",
            "rdate": ["2030-09-20"], "exdate": ["2030-09-09"],
        });
        let preview = ann.post(path, &form).await;
        assert_eq!(
            (preview.status, &preview.body["occurrences"]),
            (200, &expected),
            "{start}"
        );
    }
    let phrase = json!({"phrase": "every day starting 7 sep 2030", "time_zone": "America/Santiago", "count": 2});
    let preview = ann.post(path, &phrase).await;
    let first = preview.body["occurrences"].as_array().unwrap();
    assert_eq!(*first, expected.as_array().unwrap()[..2]);
    let at_eight =
        json!({"phrase": "every day at 8", "start": "2030-09-07", "time_zone": "America/Santiago", "count": 1});
    assert_eq!(
        ann.post(path, &at_eight).await.body["occurrences"][0]["at"],
        "2030-09-07T08:00:00"
    );
    let timed =
        json!({"rrule": "FREQ=DAILY", "start": {"at": "2030-09-07T09:00:00"}, "time_zone": "Etc/UTC", "count": 1});
    assert_eq!(
        ann.post(path, &timed).await.body["occurrences"][0]["at"],
        "2030-09-07T09:00:00"
    );
}

#[tokio::test]
async fn a_preview_of_days_is_refused_what_days_do_not_have() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let form = |field: &str, value: Value| {
        let mut form = json!({"rrule": "FREQ=DAILY", "start": "2030-01-01", "time_zone": "Etc/UTC"});
        form[field] = value;
        form
    };
    for (field, value, code) in [
        ("start", json!({}), "invalid"),
        (
            "start",
            json!({"date": "2030-01-01", "at": "2030-01-01T09:00:00"}),
            "invalid",
        ),
        ("start", json!({"date": "2030-02-30"}), "invalid"),
        ("start", json!({"day": "2030-01-01"}), "invalid"),
        ("start", json!("2030-1-1"), "invalid"),
        ("rdate", json!(["2030-01-02T09:00:00"]), "recurrence_invalid"),
        ("exdate", json!(["2030-01-02T09:00:00"]), "recurrence_invalid"),
        ("rrule", json!("FREQ=HOURLY"), "recurrence_invalid"),
    ] {
        let answer = ann.post("/v1/recurrence/preview", &form(field, value)).await;
        assert_eq!(
            (answer.problem(), &answer.body["field"]),
            ((422, code), &json!(field)),
            "{answer:?}"
        );
    }
    let days =
        json!({"rrule": "FREQ=DAILY", "start": "2030-01-01T09:00:00", "time_zone": "Etc/UTC", "rdate": ["2030-01-02"]});
    let answer = ann.post("/v1/recurrence/preview", &days).await;
    assert_eq!(answer.problem(), (422, "recurrence_invalid"));
}

#[tokio::test]
async fn completing_passes_over_a_date_taken_away_and_a_patch_can_give_it_back() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let recurrence = json!({"rrule": "FREQ=DAILY", "exdate": ["2030-01-02T09:00:00", "2030-01-04T09:00:00"]});
    let due = json!({"at": "2030-01-01T09:00:00", "time_zone": "Etc/UTC"});
    let task = json!({"title": "a", "due": due, "recurrence": recurrence});
    let first = ann.post("/v1/tasks", &task).await;
    assert_eq!(
        (first.status, &first.body["recurrence"]["exdate"]),
        (201, &recurrence["exdate"])
    );
    let path = first.header("location").to_owned();
    ann.act(&format!("{path}/complete")).await;
    let next = open_tasks(&ann, 1).await.remove(0);
    assert_eq!(next["due"]["at"], "2030-01-03T09:00:00");
    let path = format!("/v1/tasks/{}", next["id"].as_str().unwrap());
    let own = json!({"recurrence": {"exdate": ["2030-01-03T09:00:00"]}});
    assert_eq!(ann.patch(&path, &own).await.problem(), (422, "recurrence_invalid"));
    let patched = ann.patch(&path, &json!({"recurrence": {"exdate": null}})).await;
    assert_eq!((patched.status, patched.body["recurrence"].get("exdate")), (200, None));
    ann.act(&format!("{path}/complete")).await;
    assert_eq!(open_tasks(&ann, 1).await[0]["due"]["at"], "2030-01-04T09:00:00");
}

#[tokio::test]
async fn a_preview_ends_where_instants_can_be_written_no_more() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let form = |start: &str, time_zone: &str| json!({"rrule": "FREQ=DAILY", "start": start, "time_zone": time_zone, "count": 5});
    for (start, time_zone) in [
        ("9999-12-31T23:00:00", "America/New_York"),
        ("0001-01-01T08:00:00", "Asia/Tokyo"),
    ] {
        let answer = ann.post("/v1/recurrence/preview", &form(start, time_zone)).await;
        assert_eq!(
            (answer.problem(), &answer.body["field"]),
            ((422, "invalid"), &json!("start")),
            "{answer:?}"
        );
    }
    let answer = ann
        .post(
            "/v1/recurrence/preview",
            &form("9999-12-30T23:00:00", "America/New_York"),
        )
        .await;
    let occurrences = answer.body["occurrences"].as_array().unwrap();
    assert_eq!(occurrences.len(), 1, "{answer:?}");
    assert_eq!(occurrences[0]["instant"], "9999-12-31T04:00:00.000Z");
}

#[tokio::test]
async fn a_preview_is_bounded_whatever_the_rule() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let form = |field: &str, value: Value| {
        let mut form =
            json!({"rrule": "FREQ=DAILY", "start": "2030-01-01T00:00:00", "time_zone": "Etc/UTC", "count": 1000});
        form[field] = value;
        form
    };
    for (field, value, code) in [
        ("count", json!(0), "invalid"),
        ("count", json!(1001), "invalid"),
        ("count", json!(99_999), "invalid"),
        ("start", json!("99999-01-01T00:00:00"), "invalid"),
        ("time_zone", json!("Mars/Olympus"), "unknown_time_zone"),
        (
            "rrule",
            json!("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
            "recurrence_never_occurs",
        ),
        ("rrule", json!("FREQ=YEARLY;RSCALE=HEBREW"), "recurrence_unsupported"),
        ("rdate", json!(vec!["2030-01-02T03:04:05"; 367]), "invalid"),
        ("rrule", json!("FREQ=DAILY;".repeat(10_000)), "recurrence_invalid"),
    ] {
        let answer = ann.post("/v1/recurrence/preview", &form(field, value)).await;
        assert_eq!(
            (answer.problem(), &answer.body["field"]),
            ((422, code), &json!(field)),
            "{answer:?}"
        );
    }
    for rule in [
        "FREQ=DAILY",
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;INTERVAL=4294967295",
    ] {
        let answer = ann.post("/v1/recurrence/preview", &form("rrule", json!(rule))).await;
        assert_eq!(answer.status, 200, "{rule}");
        assert!(answer.body["occurrences"].as_array().unwrap().len() <= 1000);
    }
}

#[tokio::test]
async fn past_open_and_upcoming_occurrences_are_one_list_of_pages() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = weekly(&ann).await;
    ann.act(&format!("{}/complete", first.header("location"))).await;
    open_tasks(&ann, 1).await;
    let path = format!("/v1/series/{}/occurrences", first.body["series"].as_str().unwrap());
    let shown = |page: &Value| -> Vec<(u64, String)> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                (
                    item["occurrence"].as_u64().unwrap(),
                    item["status"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    };
    let all = ann.get(&format!("{path}?upcoming=3")).await;
    let expected = ["closed", "open", "upcoming", "upcoming", "upcoming"];
    let expected: Vec<(u64, String)> = (0..).zip(expected.map(str::to_owned)).collect();
    assert_eq!((shown(&all.body), &all.body["next"]), (expected.clone(), &Value::Null));
    assert_eq!(all.body["items"][2]["at"]["at"], "2030-01-21T09:00:00");
    let (mut found, mut after) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = ann.get(&format!("{path}?upcoming=3&limit=2{after}")).await;
        found.extend(shown(&page.body));
        after = format!("&after={}", page.body["next"]);
    }
    assert_eq!((found, after.as_str()), (expected, "&after=null"));
    assert_eq!(shown(&ann.get(&format!("{path}?upcoming=0")).await.body).len(), 2);
    assert_eq!(shown(&ann.get(&path).await.body).len(), 12);
    assert_eq!(
        ann.get(&format!("{path}?upcoming=201")).await.problem(),
        (400, "bad_request")
    );
}

#[tokio::test]
async fn an_edit_is_of_one_instance_or_of_the_later_ones_too() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = weekly(&ann).await;
    let task = first.header("location");
    let series = format!("/v1/series/{}", first.body["series"].as_str().unwrap());
    let title = |name: &str| json!({"title": name});
    assert_eq!(
        ann.patch(&format!("{task}?edit=this_and_later"), &title("all"))
            .await
            .status,
        200
    );
    assert_eq!(
        ann.patch(&format!("{task}?edit=this"), &title("one")).await.body["title"],
        "one"
    );
    for edit in ["later", "", "this&edit=this"] {
        let refused = ann.patch(&format!("{task}?edit={edit}"), &title("none")).await;
        assert_eq!(refused.problem(), (400, "bad_request"), "{edit}");
    }
    ann.act(&format!("{task}/complete")).await;
    assert_eq!(open_tasks(&ann, 1).await[0]["title"], "all");
    assert_eq!(ann.get(&series).await.body["title"], "all");
    let refused = ann.patch(&format!("{task}?edit=this_and_later"), &title("late")).await;
    assert_eq!(
        (refused.problem(), &refused.body["field"]),
        ((422, "invalid"), &json!("edit"))
    );
}

#[tokio::test]
async fn a_task_that_counts_workdays_from_its_completion_skips_weekends() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let recurrence = json!({"rrule": "FREQ=DAILY;INTERVAL=3", "anchor": "completion", "workdays": true});
    let due = json!({"date": "2030-01-07"});
    let first = ann
        .create(&json!({"title": "x", "due": due, "recurrence": recurrence}))
        .await;
    assert_eq!(first.body["recurrence"]["workdays"], true, "{first:?}");
    let today = chrono::Utc::now().with_timezone(&chrono_tz::Europe::Paris).date_naive();
    ann.act(&format!("{}/complete", first.header("location"))).await;
    let next = open_tasks(&ann, 1).await.remove(0);
    let next: chrono::NaiveDate = next["due"]["date"].as_str().unwrap().parse().unwrap();
    let is_workday = |day: &chrono::NaiveDate| chrono::Datelike::weekday(day).num_days_from_monday() < 5;
    let workdays = |from: chrono::NaiveDate| {
        from.iter_days()
            .skip(1)
            .take_while(|day| *day <= next)
            .filter(is_workday)
            .count()
    };
    // Midnight may have passed meanwhile.
    assert!(
        is_workday(&next) && (workdays(today) == 3 || workdays(today.succ_opt().unwrap()) == 3),
        "{next}"
    );
}

#[tokio::test]
async fn workdays_that_no_rule_can_count_are_refused_and_a_preview_counts_them() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    for recurrence in [
        json!({"rrule": "FREQ=DAILY", "workdays": true}),
        json!({"rrule": "FREQ=WEEKLY", "anchor": "completion", "workdays": true}),
        json!({"rrule": "FREQ=DAILY;BYDAY=MO", "anchor": "completion", "workdays": true}),
        json!({"rrule": "FREQ=DAILY;BYHOUR=8", "anchor": "completion", "workdays": true}),
    ] {
        let task = json!({"title": "x", "due": {"at": "2030-01-07T08:00:00"}, "recurrence": recurrence});
        let refused = ann.post("/v1/tasks", &task).await;
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ((422, "recurrence_invalid"), &json!("recurrence.workdays")),
            "{recurrence}"
        );
    }
    let days = |preview: &Answer| -> Vec<String> {
        let found = preview.body["occurrences"].as_array().unwrap().iter();
        let date = |one: &Value| one["at"].as_str().or(one["date"].as_str()).unwrap()[..10].to_owned();
        found.map(date).collect()
    };
    let expected = ["2030-01-03", "2030-01-08", "2030-01-11"];
    let rule = json!({"rrule": "FREQ=DAILY;INTERVAL=3", "workdays": true, "start": "2030-01-03T09:00:00", "time_zone": "Etc/UTC", "count": 3});
    assert_eq!(days(&ann.post("/v1/recurrence/preview", &rule).await), expected);
    let phrase = json!({"phrase": "every! 3 workdays starting 3 jan 2030", "time_zone": "Etc/UTC", "count": 3});
    assert_eq!(days(&ann.post("/v1/recurrence/preview", &phrase).await), expected);
    let odd = json!({"rrule": "FREQ=WEEKLY", "workdays": true, "start": "2030-01-03T09:00:00", "time_zone": "Etc/UTC"});
    let odd = ann.post("/v1/recurrence/preview", &odd).await;
    assert_eq!(
        (odd.problem(), &odd.body["field"]),
        ((422, "recurrence_invalid"), &json!("workdays"))
    );
}
