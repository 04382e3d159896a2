//! How a golden database comes to be: a server lives a short life, and its file is written as SQL, which people can read.

use std::fmt::Write as _;

use rusqlite::{Connection, types::ValueRef};
use serde_json::{Value, json};

use crate::{
    client::{Client, id},
    golden::{EMAIL, data, everything},
    metrics::actors_leave_memory,
    server::{Data, Server},
    socket::Socket,
};

/// Years nobody waits for, in a zone that does not change: what is open is not overdue and fires nothing.
const FAR: &str = "2999-03-04T09:00:00";

/// The database and what the API says of it.
pub(crate) async fn live() -> (String, Value) {
    lived(async |client| {
        tasks(client).await;
        a_series(client).await;
        reminders(client).await;
    })
    .await
}

/// The same of a life in which everything comes up that is stored of times.
pub(crate) async fn live_times() -> (String, Value) {
    lived(async |client| {
        let hours = json!({"quiet_hours": {"at_once": ["high", "urgent"], "from": "22:00", "until": "07:00"}});
        client.patch("/v1/me/reminders", &hours).await.expect(200);
        late_policies(client).await;
        nagging(client).await;
    })
    .await
}

async fn lived(life: impl AsyncFnOnce(&Client)) -> (String, Value) {
    let data = data();
    let flags = ["--webhook-allow", "127.0.0.0/8", "--idle-seconds", "1"];
    let server = Server::start_with(&data, &flags);
    let mut client = server.client();
    client.register(EMAIL, "Etc/UTC").await;
    life(&client).await;
    client.audit_verifies().await;
    actors_leave_memory(&client).await;
    // After its pages were saved, something is in the log only.
    client.create(json!({"title": "The last"})).await;
    client.audit_verifies().await;
    let said = everything(&client).await;
    assert!(server.terminate().success());
    (dump(&data), said)
}

/// A series of each policy and one that counts from completions, each with the instance after its first; with dates, and reminders from the start.
async fn late_policies(client: &Client) {
    let mut socket = Socket::open(client, None).await;
    for policy in ["keep_one_open", "skip", "catch_up", "completion"] {
        let how = if policy == "completion" {
            "anchor"
        } else {
            "late_policy"
        };
        let mut weekly = json!({
            "title": format!("Weekly, {policy}"),
            "start": {"at": "2999-03-04T08:00:00", "time_zone": "Etc/UTC"}, "due": {"at": FAR, "time_zone": "Etc/UTC"},
            "recurrence": {"rrule": "FREQ=WEEKLY", how: policy},
            "reminders": [{"before": "P1DT1H", "related": "start", "repeat": {"every": "PT10M", "times": 5}}],
        });
        if how == "late_policy" {
            weekly["recurrence"]["rdate"] = json!(["2999-03-06T09:00:00"]);
            weekly["recurrence"]["exdate"] = json!(["2999-03-11T09:00:00"]);
        } else {
            // What comes after a completion is soon: the first stays open. It counts workdays, and travels along with the user.
            weekly["recurrence"] = json!({"rrule": "FREQ=DAILY;INTERVAL=3", how: policy, "workdays": true});
            weekly["due"] = json!({"at": FAR, "floating": true});
            weekly["reminders"] = json!([{"time": "08:00", "before": "P1D"}]);
            client.create(weekly).await;
            continue;
        }
        let first = client.create(weekly).await;
        client.complete(&first).await.expect(200);
        let series = first["series"].clone();
        socket
            .task(|task| task["series"] == series && task["occurrence"] == 1)
            .await;
    }
}

/// What nagged and was dismissed, and what was snoozed and is done: nothing that comes again, for whoever opens the database years later.
async fn nagging(client: &Client) {
    let mut socket = Socket::open(client, None).await;
    for title in ["Nagged", "Snoozed"] {
        let soon = (chrono::Utc::now() + chrono::TimeDelta::milliseconds(200)).to_rfc3339();
        let reminder = json!({"at": soon, "repeat": {"every": "PT24H", "times": 3}});
        let task = client
            .create(json!({"title": title, "priority": "urgent", "reminders": [reminder]}))
            .await;
        let fired = socket.event_of("reminder.fired").await;
        let notification = format!("/v1/notifications/{}", id(&fired["data"]));
        if title == "Nagged" {
            client
                .post(&format!("{notification}/dismiss"), &json!({}))
                .await
                .expect(200);
        } else {
            let snooze = json!({"for": "P2D"});
            client
                .post(&format!("{notification}/snooze"), &snooze)
                .await
                .expect(200);
            client.complete(&task).await.expect(200);
        }
    }
}

async fn tasks(client: &Client) {
    let full = json!({
        "title": "Water the plants", "description": "Twice.\nThe ferns too.", "priority": "urgent", "tags": ["home", "garden"],
        "start": {"date": "2999-03-01"}, "due": {"at": FAR, "time_zone": "Etc/UTC"},
        "reminders": [{"before": "PT15M"}, {"at": "2999-02-28T18:00:00Z"}], "external_uid": "plants@example.org",
    });
    client.create(full).await;
    let done = client.create(json!({"title": "Done"})).await;
    client.complete(&done).await.expect(200);
    let deleted = client.create(json!({"title": "Deleted"})).await;
    assert_eq!(client.delete(&format!("/v1/tasks/{}", id(&deleted))).await.status, 204);
}

async fn a_series(client: &Client) {
    let mut socket = Socket::open(client, None).await;
    let weekly = json!({
        "title": "Weekly", "due": {"at": FAR, "time_zone": "Etc/UTC"},
        "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO"}, "reminders": [{"before": "PT1H"}],
    });
    let first = client.create(weekly).await;
    client.complete(&first).await.expect(200);
    socket.task(|task| task["occurrence"] == 1).await;
}

/// Two reminders fire, one is dismissed, and the webhook they go to is away: its deliveries wait as jobs.
async fn reminders(client: &Client) {
    let away = json!({"url": "http://127.0.0.1:9/hook"});
    client.post("/v1/webhooks", &away).await.expect(201);
    let mut socket = Socket::open(client, None).await;
    for title in ["Tea", "Coffee"] {
        let soon = (chrono::Utc::now() + chrono::TimeDelta::milliseconds(200)).to_rfc3339();
        client
            .create(json!({"title": title, "reminders": [{"at": soon}]}))
            .await;
        let fired = socket.event_of("reminder.fired").await;
        if title == "Tea" {
            let path = format!("/v1/notifications/{}/dismiss", id(&fired["data"]));
            client.post(&path, &json!({})).await.expect(200);
        }
    }
}

fn dump(data: &Data) -> String {
    let database = Connection::open(data.path().join("punctual.db")).unwrap();
    let pragma = |name: &str| {
        database
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let mut sql = String::from("-- A database as its release wrote it. Never changed.\n");
    for name in ["application_id", "user_version"] {
        writeln!(sql, "PRAGMA {name} = {};", pragma(name)).unwrap();
    }
    sql += "BEGIN TRANSACTION;\n";
    let mut schema = database
        .prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name")
        .unwrap();
    let mut rows = schema.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (kind, name, create): (String, String, String) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        writeln!(sql, "{create};").unwrap();
        if kind == "table" {
            dump_table(&database, &name, &mut sql);
        }
    }
    sql + "COMMIT;\n"
}

fn dump_table(database: &Connection, table: &str, sql: &mut String) {
    let mut select = database
        .prepare(&format!("SELECT * FROM \"{table}\" ORDER BY 1, 2"))
        .unwrap();
    let columns = select.column_count();
    let mut rows = select.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let values: Vec<String> = (0..columns).map(|index| literal(row.get_ref(index).unwrap())).collect();
        writeln!(sql, "INSERT INTO \"{table}\" VALUES({});", values.join(",")).unwrap();
    }
}

/// A value as SQL; bytes that are text are shown as text, so that people can read what is stored.
fn literal(value: ValueRef<'_>) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => quoted(std::str::from_utf8(text).unwrap()),
        ValueRef::Blob(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if text.contains('{') && !text.contains('\0') && !text.contains('\n') => {
                format!("CAST({} AS BLOB)", quoted(text))
            }
            // Lines stay on one line, so that each row does.
            Ok(text) if text.contains('{') && !text.contains('\0') => {
                let lines: Vec<String> = text.split('\n').map(quoted).collect();
                format!("CAST({} AS BLOB)", lines.join("||char(10)||"))
            }
            _ => format!(
                "X'{}'",
                bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>()
            ),
        },
    }
}
