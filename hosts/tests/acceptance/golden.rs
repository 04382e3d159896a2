//! Databases as released servers left them: the binary must open them for ever, serve what is in them and go on from there. A file in
//! `hosts/tests/golden/` is never changed. `docs/adding-a-golden-state.md` says how a release gets its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use punctual::accounts::SigningKey;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    audit_forged::{has_commit, last_commit},
    client::{Client, PASSWORD, id},
    golden_life,
    server::{Data, Server},
    socket::Socket,
};

pub(crate) const EMAIL: &str = "golden@example.com";
const RELEASE: &str = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn text(release: &str, kind: &str) -> String {
    let path = folder().join(format!("{release}.{kind}"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn releases() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut releases: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
        .collect();
    releases.sort();
    releases
}

/// An empty data directory with a key that is no secret, so that e-mail addresses lead to the accounts that are in the golden files.
pub(crate) fn data() -> Data {
    let data = Data::new();
    SigningKey::load_or_create(data.path(), [7; 32]).unwrap();
    data
}

/// A data directory with this database in it.
fn restored(sql: &str) -> Data {
    let data = data();
    let database = Connection::open(data.path().join("punctual.db")).unwrap();
    database.execute_batch(sql).unwrap();
    data
}

/// Signs in as the user whose data it is.
async fn sign_in(server: &Server) -> Client {
    let mut client = server.client();
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let body = client.post("/v1/sessions", &body).await.expect(201);
    client.token = body["token"].as_str().unwrap().to_owned();
    client
}

/// What the API says of everything that is stored.
pub(crate) async fn everything(client: &Client) -> Value {
    let mut tasks = client.all_tasks("all").await;
    tasks.sort_by(|one, other| id(one).cmp(id(other)));
    let series = tasks.iter().find_map(|task| task["series"].as_str()).unwrap();
    let occurrences = client
        .get(&format!("/v1/series/{series}/occurrences?limit=200&upcoming=0"))
        .await;
    let mut webhooks = client.get("/v1/webhooks").await.expect(200);
    for webhook in webhooks["items"].as_array_mut().unwrap() {
        // Deliveries go on, and are given up after a day.
        webhook.as_object_mut().unwrap().remove("disabled");
    }
    json!({
        "audit": client.get("/v1/audit?limit=200").await.expect(200)["items"],
        "reminders": client.get("/v1/me/reminders").await.expect(200),
        "notifications": client.get("/v1/notifications?filter=all").await.expect(200),
        "occurrences": occurrences.expect(200),
        "series": client.get(&format!("/v1/series/{series}")).await.expect(200),
        "tasks": tasks,
        "webhooks": webhooks,
    })
}

/// Panics unless `found` begins with everything that `expected` says. Later releases may say more, and the audit trail grows.
#[track_caller]
fn assert_holds(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Object(_), Value::Object(members)) => {
            for (name, member) in members {
                assert_holds(&found[name], member, &format!("{place}.{name}"));
            }
        }
        (Value::Array(found), Value::Array(items)) => {
            assert!(found.len() >= items.len(), "{place} has become shorter");
            for (index, (found, item)) in found.iter().zip(items).enumerate() {
                assert_holds(found, item, &format!("{place}[{index}]"));
            }
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

/// Keeps the entries of the logs that `expected` has entries of: the trail of release 0.1 showed none of series.
fn keep_logs_of(found: &mut Value, expected: &Value) {
    let shown: Vec<&Value> = expected
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["actor"])
        .collect();
    found
        .as_array_mut()
        .unwrap()
        .retain(|entry| shown.contains(&&entry["actor"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_golden_database_opens_serves_what_it_holds_and_verifies() {
    for release in releases() {
        let data = restored(&text(&release, "sql"));
        let server = Server::start(&data);
        let client = sign_in(&server).await;
        let expected: Value = serde_json::from_str(&text(&release, "json")).unwrap();
        let mut found = everything(&client).await;
        keep_logs_of(&mut found["audit"], &expected["audit"]);
        assert_holds(&found, &expected, &release);

        // It goes on from there: an instance is completed, the next one comes, and the whole chain verifies.
        let mut socket = Socket::open(&client, None).await;
        let open = client.all_tasks("open").await;
        let instance = open.iter().find(|task| task["series"].is_string()).unwrap();
        let series_at = last_commit(&client, &instance["series"]).await;
        client.complete(instance).await.expect(200);
        let following = instance["occurrence"].as_u64().unwrap() + 1;
        socket.task(|task| task["occurrence"] == following).await;
        has_commit(&client, &instance["series"], series_at + 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_release_has_its_golden_database() {
    let of_times = format!("{RELEASE}-times");
    let mut is_new = false;
    for name in [RELEASE, &of_times] {
        if releases().iter().any(|release| release == name) {
            continue;
        }
        let (sql, said) = if name == RELEASE {
            golden_life::live().await
        } else {
            golden_life::live_times().await
        };
        let keep = |kind: &str, text: &str| {
            let mut file = fs::File::create_new(folder().join(format!("{name}.{kind}"))).unwrap();
            std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        };
        keep("sql", &sql);
        keep("json", &(serde_json::to_string_pretty(&said).unwrap() + "\n"));
        is_new = true;
    }
    assert!(
        !is_new,
        "golden databases of {RELEASE} were missing and are written now: read them and commit them"
    );
}

#[test]
fn a_database_of_a_newer_release_is_refused_and_says_so() {
    let sql = text(RELEASE, "sql");
    let (before, after) = sql.split_once("PRAGMA user_version = ").unwrap();
    let (_, after) = after.split_once(';').unwrap();
    let data = restored(&format!("{before}PRAGMA user_version = 99;{after}"));
    let refused = Command::new(env!("CARGO_BIN_EXE_punctual"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let message = String::from_utf8_lossy(&refused.stderr);
    assert!(message.contains("newer"), "{message}");
}

/// The database with every value of this table in a newer format.
fn with_newer(table: &str) -> Data {
    let insert = format!("INSERT INTO \"{table}\"");
    let newer = |line: &str| {
        if line.starts_with(&insert) {
            line.replace("\"format\":1", "\"format\":99") + "\n"
        } else {
            line.to_owned() + "\n"
        }
    };
    let sql = text(RELEASE, "sql");
    let changed: String = sql.lines().map(newer).collect();
    assert_ne!(changed.trim_end(), sql.trim_end(), "nothing of {table} has a format");
    restored(&changed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_value_of_a_newer_format_is_an_error_and_never_taken_for_nothing() {
    for table in ["commits", "pages", "records"] {
        let data = with_newer(table);
        let server = Server::start(&data);
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let answer = server.client().post("/v1/sessions", &body).await;
        assert!(
            answer.status.is_server_error(),
            "{table}: {} {}",
            answer.status,
            answer.body
        );
    }
    let data = with_newer("audit_batches");
    let server = Server::start(&data);
    let client = sign_in(&server).await;
    let answer = client.get("/v1/audit").await;
    assert!(answer.status.is_server_error(), "{} {}", answer.status, answer.body);
}
