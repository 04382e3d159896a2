//! Files that come more than once, and what became of their items meanwhile.

use std::sync::Arc;

use futures_util::StreamExt as _;
use punctual::{
    accounts::SigningKey,
    ports::{Actors, Services},
    roles::api::Api,
};
use punctual_actors::{
    ports::{BoxFuture, Failure},
    series::{SeriesActor, SeriesAnswer, SeriesCommand, SeriesQuestion},
    turn::{Outcome, Pending, TurnError},
    user::{UserActor, UserAnswer, UserCommand, UserQuestion},
};
use punctual_events::{Principal, SeriesId, UserId};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    import::{counts, import},
    import_occurrences::{PLANTS, calendar, one, open_instance, plants, story},
    support::{
        Answer, Client, Server,
        client::{eventually, send},
        server::{KEY, listen, unlimited},
    },
};

const PILLS: &str = "UID:pills\r\nSUMMARY:Pills\r\nDUE;TZID=Europe/Paris:20200101T090000\r\nRRULE:FREQ=DAILY\r\n";

/// One of the pills, by its day.
fn pill(day: &str, lines: &str) -> String {
    format!("UID:pills\r\nRECURRENCE-ID;TZID=Europe/Paris:{day}T090000\r\n{lines}")
}

async fn keyed(client: &Client, calendar: &str) -> Answer {
    let request = client.request(Method::POST, "/v1/import");
    let request = request
        .header(CONTENT_TYPE, "text/calendar")
        .header("idempotency-key", "import");
    send(request.body(calendar.to_owned())).await
}

/// Days from the first on, as a calendar writes them.
fn days(first: &str, count: u64, step: usize) -> Vec<String> {
    let first: chrono::NaiveDate = first.parse().unwrap();
    let days = (1..=count).map(|day| first + chrono::Days::new(day * step as u64));
    days.map(|day| day.format("%Y%m%d").to_string()).collect()
}

#[tokio::test]
async fn a_keyed_import_whose_answers_are_forgotten_finds_what_it_took() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = one("20300107", "SUMMARY:Water them well\r\n");
    let file = calendar(&["UID:a\r\nSUMMARY:a\r\n", "SUMMARY:b\r\n", PLANTS, &first]);
    let report = keyed(&ann, &file).await;
    assert_eq!(counts(&report), [4, 0, 0], "{report:?}");
    // More than is kept of answers.
    let long = "x".repeat(16_000);
    for number in 0..280 {
        let request = ann.request(Method::POST, "/v1/tasks");
        let request = request.header("idempotency-key", format!("{number}"));
        let answer = send(request.json(&json!({"title": "long", "description": long}))).await;
        assert_eq!(answer.status, 201);
    }
    let again = keyed(&ann, &file).await;
    assert_eq!(counts(&again), [0, 4, 0], "{again:?}");
    for item in 0..4 {
        assert_eq!(again.body["items"][item]["task"], report.body["items"][item]["task"]);
    }
    let task = format!("/v1/tasks/{}", report.body["items"][0]["task"].as_str().unwrap());
    assert_eq!(ann.delete(&task).await.status, 204);
    let again = keyed(&ann, &file).await;
    assert_eq!(counts(&again), [0, 3, 1], "what was deleted is not brought back");
    assert_eq!(again.body["items"][0]["code"], "answer_forgotten");
}

#[tokio::test]
async fn a_date_that_was_missed_is_done_when_a_later_file_says_so() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let report = import(&ann, calendar(&[PILLS])).await;
    let (task, series) = plants(&ann, &report).await;
    ann.act(&format!("{task}/complete")).await;
    let done = pill("20200103", "STATUS:COMPLETED\r\nCOMPLETED:20200103T120000Z\r\n");
    assert_eq!(story(&ann, &series, 4).await[2].1, "missed");
    let file = calendar(&[&done]);
    assert_eq!(counts(&import(&ann, file.clone()).await), [1, 0, 0]);
    assert_eq!(story(&ann, &series, 4).await[2].1, "done");
    assert_eq!(counts(&import(&ann, file).await), [0, 1, 0]);
    for (day, status, reason) in [
        ("20200103", "CANCELLED", "it is done in the series"),
        ("20240101", "COMPLETED", "it is past, and nothing of it was recorded"),
    ] {
        let refused = pill(day, &format!("STATUS:{status}\r\n"));
        let report = import(&ann, calendar(&[&refused])).await;
        assert_eq!(counts(&report), [0, 0, 1], "{report:?}");
        let item = &report.body["items"][0];
        assert_eq!(
            (&item["code"], &item["reason"]),
            (&json!("occurrence_closed"), &json!(reason))
        );
    }
}

/// Titles of the open tasks, by their alphabet.
async fn titles(client: &Client) -> Vec<String> {
    let list = client.get("/v1/tasks?sort=title&limit=200").await.body;
    let items = list["items"].as_array().unwrap().iter();
    items.map(|task| task["title"].as_str().unwrap().to_owned()).collect()
}

/// A file that has the plants breaks off once they are taken.
async fn break_off(client: &Client) {
    let others: Vec<String> = (0..60)
        .map(|number| format!("UID:{number}\r\nSTATUS:COMPLETED\r\n"))
        .collect();
    let todos: Vec<&str> = std::iter::once(PLANTS)
        .chain(others.iter().map(String::as_str))
        .collect();
    let (breaks, broken) = tokio::sync::oneshot::channel::<()>();
    let start = futures_util::stream::iter([Ok(calendar(&todos).replace("END:VCALENDAR\r\n", ""))]);
    let end = futures_util::stream::once(async move {
        broken.await.unwrap();
        Err(std::io::Error::other("broken"))
    });
    let request = client
        .request(Method::POST, "/v1/import")
        .header(CONTENT_TYPE, "text/calendar")
        .body(reqwest::Body::wrap_stream(start.chain(end)));
    let sent = tokio::spawn(request.send());
    eventually("the plants", async || {
        let titles = titles(client).await;
        titles.contains(&"Water the plants".to_owned()).then_some(())
    })
    .await;
    breaks.send(()).unwrap();
    assert!(sent.await.unwrap().is_err());
}

#[tokio::test]
async fn what_was_there_before_a_file_that_broke_off_is_not_there_twice_once_it_has_come_whole() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let first = one("20300107", "SUMMARY:Water them well\r\n");
    let second = one("20300114", "SUMMARY:Water them twice\r\n");
    let early = import(&ann, calendar(&[&first, &second])).await;
    assert_eq!(counts(&early), [2, 0, 0]);
    break_off(&ann).await;
    let file = calendar(&[PLANTS]);
    assert_eq!(counts(&import(&ann, file.clone()).await), [0, 1, 0]);
    let third = open_instance(&ann, 2).await;
    assert_eq!(third["due"]["at"], "2030-01-21T09:00:00");
    let expected = ["Water the plants", "Water them twice", "Water them well"];
    assert_eq!(titles(&ann).await, expected, "each is there once");
    assert_eq!(counts(&import(&ann, file).await), [0, 1, 0]);
    assert_eq!(titles(&ann).await, expected);
}

#[tokio::test]
async fn a_date_beyond_those_that_can_be_different_is_left_to_its_task() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let moved: Vec<String> = days("2030-01-07", 367, 7)
        .iter()
        .map(|day| one(day, "SUMMARY:Water them well\r\n"))
        .collect();
    let todos: Vec<&str> = std::iter::once(PLANTS)
        .chain(moved.iter().map(String::as_str))
        .collect();
    let file = calendar(&todos);
    let report = import(&ann, file.clone()).await;
    assert_eq!(counts(&report), [368, 0, 0], "{:.2000}", report.text);
    let items = report.body["items"].as_array().unwrap();
    assert!(items[366]["task"].is_null() && items[367]["task"].is_string());
    assert!(
        items[367]["notes"][0]
            .as_str()
            .unwrap()
            .starts_with("it is a task of its own")
    );
    let (_, series) = plants(&ann, &report).await;
    let date = &moved[366].split_once("Paris:").unwrap().1[..8];
    let date = format!("{}-{}-{}T09:00:00", &date[..4], &date[4..6], &date[6..]);
    let occurrence = format!("{series}/occurrences/{date}");
    let patch = json!({"title": "mine"});
    assert_eq!(
        ann.patch(&occurrence, &patch).await.problem(),
        (409, "occurrence_closed")
    );
    assert_eq!(counts(&import(&ann, file).await), [0, 368, 0]);
}

#[tokio::test]
async fn dates_there_is_no_room_to_leave_to_tasks_are_reported() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let done: Vec<String> = days("2030-01-07", 4_002, 1)
        .iter()
        .map(|day| pill(day, "SUMMARY:Other pills\r\n"))
        .collect();
    let todos: Vec<&str> = done.iter().map(String::as_str).collect();
    assert_eq!(counts(&import(&ann, calendar(&todos)).await), [4_002, 0, 0]);
    let future = PILLS.replace("2020", "2030");
    let report = import(&ann, calendar(&[&future])).await;
    assert_eq!(counts(&report), [1, 0, 0]);
    let note = report.body["items"][0]["notes"][0].as_str().unwrap();
    assert!(note.starts_with("2 of its dates are there twice"), "{note}");
}

/// Actors of a release that does not know about tasks beside a series.
struct Older(Arc<dyn Actors>);

impl Actors for Older {
    fn command_user(&self, user: UserId, command: Pending<UserCommand>) -> BoxFuture<'_, Outcome<UserActor>> {
        self.0.command_user(user, command)
    }

    fn ask_user<'a>(
        &'a self,
        user: UserId,
        by: Principal,
        question: &'a UserQuestion,
    ) -> BoxFuture<'a, Result<UserAnswer, TurnError>> {
        if matches!(question, UserQuestion::TasksBesideSeries { .. }) {
            let unknown = Failure::Unavailable("unknown variant".into());
            return Box::pin(std::future::ready(Err(unknown.into())));
        }
        self.0.ask_user(user, by, question)
    }

    fn command_series(&self, series: SeriesId, command: Pending<SeriesCommand>) -> BoxFuture<'_, Outcome<SeriesActor>> {
        self.0.command_series(series, command)
    }

    fn ask_series<'a>(
        &'a self,
        series: SeriesId,
        by: Principal,
        question: &'a SeriesQuestion,
    ) -> BoxFuture<'a, Result<SeriesAnswer, TurnError>> {
        self.0.ask_series(series, by, question)
    }
}

/// The same client, of an API whose actors are of an older release.
async fn at_older(server: &Server, client: &Client) -> Client {
    let services = Services {
        actors: Arc::new(Older(Arc::clone(&server.services.actors))),
        ..server.services.clone()
    };
    let audit = Arc::clone(&server.audit) as _;
    let api = Api::new(&unlimited(), services, audit, &SigningKey::from_bytes(KEY));
    Client::new(listen(&api).await).with_token(client.token())
}

#[tokio::test]
async fn what_was_taken_is_reported_when_older_actors_do_not_know_what_is_beside_it() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    let second = one("20300114", "SUMMARY:Water them twice\r\n");
    assert_eq!(counts(&import(&ann, calendar(&[&second])).await), [1, 0, 0]);
    let file = calendar(&[PLANTS]);
    let report = import(&at_older(&server, &ann).await, file.clone()).await;
    assert_eq!(counts(&report), [1, 0, 0]);
    assert_eq!(
        report.body["items"][0]["notes"],
        json!(["dates of it may be there twice; import the file once more"])
    );
    let again = import(&ann, file).await;
    assert_eq!(
        (counts(&again), &again.body["items"][0]["notes"]),
        ([0, 1, 0], &json!([]))
    );
    let (task, series) = plants(&ann, &again).await;
    ann.act(&format!("{task}/complete")).await;
    let outcomes: Vec<Value> = story(&ann, &series, 3)
        .await
        .into_iter()
        .map(|(_, told)| told)
        .collect();
    assert_eq!(outcomes, [json!("done"), json!("skipped"), Value::Null]);
}
