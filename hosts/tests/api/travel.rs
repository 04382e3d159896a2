//! A user who changes zones, over the wire: what stays where it was meant, and what travels along.

use punctual_actors::zone::{BundledZones, ZoneData as _};
use serde_json::{Value, json};

use crate::support::{Server, client::eventually};

#[tokio::test]
async fn a_change_of_zone_takes_floating_dues_along_and_leaves_those_with_a_zone() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let stays = ann
        .create(&json!({"title": "meeting", "due": {"at": "2030-07-01T09:00:00"}}))
        .await;
    let travels = json!({"at": "2030-07-01T09:00:00", "floating": true});
    let travels = ann
        .create(&json!({"title": "pills", "due": travels, "start": travels}))
        .await;
    let at_home = json!({
        "at": "2030-07-01T09:00:00", "floating": true, "instant": "2030-07-01T07:00:00.000Z", "time_zone": "Europe/Paris",
    });
    assert_eq!((&travels.body["due"], &travels.body["start"]), (&at_home, &at_home));
    assert_eq!(stays.body["due"].get("floating"), None);

    ann.patch("/v1/me", &json!({"time_zone": "Asia/Tokyo"})).await;
    let there = json!({
        "at": "2030-07-01T09:00:00", "floating": true, "instant": "2030-07-01T00:00:00.000Z", "time_zone": "Asia/Tokyo",
    });
    let read = ann.get(&format!("/v1/tasks/{}", travels.id())).await;
    assert_eq!(
        (&read.body["due"], &read.body["start"], &read.body["version"]),
        (&there, &there, &json!(1))
    );
    assert_eq!(
        ann.get(&format!("/v1/tasks/{}", stays.id())).await.body["due"],
        stays.body["due"]
    );

    // Sorted by instants, the one that travelled is the earlier now.
    let list = ann.get("/v1/tasks?sort=due").await;
    let titles: Vec<&Value> = list.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| &task["title"])
        .collect();
    assert_eq!(titles, ["pills", "meeting"]);
}

#[tokio::test]
async fn the_choice_is_a_patch_away_and_bad_ones_are_refused() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann
        .create(&json!({"title": "x", "due": {"at": "2030-07-01T09:00:00", "time_zone": "Asia/Tokyo"}}))
        .await;
    let path = format!("/v1/tasks/{}", task.id());
    let floating = ann.patch(&path, &json!({"due": {"floating": true}})).await;
    assert_eq!(
        (&floating.body["due"]["time_zone"], &floating.body["due"]["instant"]),
        (&json!("Europe/Paris"), &json!("2030-07-01T07:00:00.000Z"))
    );
    let stays = ann.patch(&path, &json!({"due": {"floating": false}})).await;
    assert_eq!((stays.status, stays.body["due"].get("floating")), (200, None));
    let day = ann
        .patch(&path, &json!({"due": {"date": "2030-07-01", "floating": true}}))
        .await;
    assert_eq!(
        (day.problem(), &day.body["field"]),
        ((422, "invalid"), &json!("due.floating"))
    );
    let odd = ann.patch(&path, &json!({"due": {"floating": "yes"}})).await;
    assert_eq!(
        (odd.problem(), &odd.body["field"]),
        ((422, "invalid"), &json!("due.floating"))
    );
}

#[tokio::test]
async fn the_occurrences_of_a_floating_series_are_shown_where_the_user_is() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let due = json!({"at": "2030-01-07T09:00:00", "floating": true});
    let task = ann
        .create(&json!({"title": "x", "due": due, "recurrence": {"rrule": "FREQ=WEEKLY"}}))
        .await;
    let path = format!(
        "/v1/series/{}/occurrences?upcoming=1",
        task.body["series"].as_str().unwrap()
    );
    let zones = |page: &Value| -> Vec<Value> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["at"]["time_zone"].clone())
            .collect()
    };
    assert_eq!(zones(&ann.get(&path).await.body), ["Europe/Paris", "Europe/Paris"]);
    ann.patch("/v1/me", &json!({"time_zone": "Asia/Tokyo"})).await;
    let page = eventually("the news of the flight", async || {
        let page = ann.get(&path).await;
        Some(page).filter(|page| zones(&page.body) == ["Asia/Tokyo", "Asia/Tokyo"])
    })
    .await;
    let instants: Vec<&Value> = page.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["at"]["instant"])
        .collect();
    assert_eq!(
        instants,
        ["2030-01-07T00:00:00.000Z", "2030-01-14T00:00:00.000Z"],
        "{page:?}"
    );
}

#[tokio::test]
async fn an_imported_floating_time_travels_and_one_with_a_zone_stays() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let calendar = "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:pills\r\nDUE:20300701T090000\r\nEND:VTODO\r\n\
                    BEGIN:VTODO\r\nUID:2\r\nSUMMARY:meeting\r\nDUE;TZID=Europe/Paris:20300701T090000\r\nEND:VTODO\r\n\
                    BEGIN:VTODO\r\nUID:3\r\nSUMMARY:launch\r\nDUE:20300701T090000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    crate::import::import(&ann, calendar).await;
    ann.patch("/v1/me", &json!({"time_zone": "Asia/Tokyo"})).await;
    let list = ann.get("/v1/tasks?sort=due").await;
    let dues: Vec<(&str, &str)> = list.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| {
            (
                task["title"].as_str().unwrap(),
                task["due"]["time_zone"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        dues,
        [
            ("pills", "Asia/Tokyo"),
            ("meeting", "Europe/Paris"),
            ("launch", "Etc/UTC")
        ]
    );
}

#[tokio::test]
async fn every_answer_names_the_zone_data_its_instants_were_derived_with() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let task = ann.create(&json!({"title": "x", "due": {"date": "2030-07-01"}})).await;
    let rule = json!({"rrule": "FREQ=DAILY", "start": "2030-01-01T09:00:00", "time_zone": "Europe/Paris", "count": 1});
    let preview = ann.post("/v1/recurrence/preview", &rule).await;
    let read = ann.get(&format!("/v1/tasks/{}", task.id())).await;
    let refused = ann.get("/v1/tasks/no-such").await;
    assert_eq!(refused.status, 404);
    for answer in [&task, &preview, &read, &refused] {
        assert_eq!(answer.header("time-zone-data"), BundledZones.version(), "{answer:?}");
    }
    assert_eq!(preview.body["time_zone_data"], BundledZones.version());
}
