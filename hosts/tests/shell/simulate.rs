//! `punctual simulate`.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Output, Stdio},
};

use chrono::{DateTime, Days, NaiveDate, TimeZone as _, Utc};
use punctual_actors::zone::{BundledZones, ZoneData as _};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::program::{Server, client, punctual, text};

/// The zone of everybody here.
const ZONE: chrono_tz::Tz = chrono_tz::Europe::Paris;

/// Today, where they live.
fn today() -> NaiveDate {
    Utc::now().with_timezone(&ZONE).date_naive()
}

fn day(ahead: u64) -> NaiveDate {
    today() + Days::new(ahead)
}

fn simulate(data: &Path, until: &str, arguments: &[&str]) -> Command {
    let mut command = punctual();
    command
        .args(["simulate", "--until", until, "--data"])
        .arg(data)
        .args(arguments);
    command
}

/// What a simulation shows, line by line; it has to succeed.
fn shown(data: &Path, until: &str, arguments: &[&str]) -> Vec<Value> {
    let output = simulate(data, until, arguments).arg("--json").output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let lines = text(&output.stdout);
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_kind<'a>(shown: &'a [Value], kind: &str) -> Vec<&'a Value> {
    shown.iter().filter(|line| line["kind"] == kind).collect()
}

async fn create(server: &Server, token: &str, task: &Value) {
    let create = client().post(format!("{}/v1/tasks", server.url)).bearer_auth(token);
    assert_eq!(create.json(task).send().await.unwrap().status(), 201);
}

/// A task every day at nine from tomorrow on, that reminds half an hour before.
fn daily(title: &str) -> Value {
    json!({
        "title": title,
        "due": {"at": format!("{}T09:00:00", day(1)), "time_zone": "Europe/Paris"},
        "recurrence": {"rrule": "FREQ=DAILY"},
        "reminders": [{"before": "PT30M"}],
    })
}

/// The data of a server that has ended, with a daily task in it.
async fn at_rest() -> TempDir {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path());
    let token = server.sign_up(&client()).await;
    create(&server, &token, &daily("Water the plants")).await;
    assert!(server.terminate().status.success());
    folder
}

fn files(folder: &Path) -> BTreeMap<std::ffi::OsString, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .collect()
}

fn refused(output: &Output, code: i32) -> String {
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(code), String::new())
    );
    text(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_completed_on_time_comes_every_day_at_its_wall_time_and_the_data_is_untouched() {
    let folder = at_rest().await;
    let before = files(folder.path());
    // Over both changes of the clocks.
    let shown = shown(folder.path(), &day(365).to_string(), &["--complete", "on-time"]);
    assert!(files(folder.path()) == before, "a file was changed, made or removed");
    let (reminders, instances) = (of_kind(&shown, "reminder"), of_kind(&shown, "instance"));
    let expected: Vec<DateTime<Utc>> = (1..=365)
        .map(|ahead| ZONE.from_local_datetime(&day(ahead).and_hms_opt(8, 30, 0).unwrap()))
        .map(|at| at.earliest().unwrap().to_utc())
        .collect();
    let came = |line: &&Value| line["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(reminders.iter().map(came).collect::<Vec<_>>(), expected);
    assert!(
        reminders
            .iter()
            .all(|line| line["local"].as_str().unwrap()[10..].starts_with("T08:30:00.000+0"))
    );
    // The first was open already.
    let due: Vec<&str> = instances
        .iter()
        .map(|line| line["due"]["at"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = (2..=366).map(|ahead| format!("{}T09:00:00", day(ahead))).collect();
    assert_eq!(due, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_completes_anything_the_next_instance_does_not_come() {
    let folder = at_rest().await;
    let output = simulate(folder.path(), &day(30).to_string(), &[]).output().unwrap();
    let table = text(&output.stdout);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(output.status.code(), Some(0), "{table}");
    assert!(
        lines[0].starts_with("user ") && lines[0].contains(", Europe/Paris, until "),
        "{table}"
    );
    assert!(
        lines[1].ends_with("  reminder  Water the plants") && lines[1].contains(" 08:30:00 +0"),
        "{table}"
    );
    assert_eq!(lines[2], "  1 reminder, 0 instances");
    let version = BundledZones.version();
    assert_eq!(
        lines[4],
        format!("1 user: 1 reminder, 0 instances; zone data {version}")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_simulated_as_it_is_and_notices_nothing() {
    let (folder, client) = (tempdir().unwrap(), client());
    let server = Server::start(folder.path());
    let (ada, bob) = (
        server.sign_up_as(&client, "ada@example.org").await,
        server.sign_up_as(&client, "bob@example.org").await,
    );
    create(&server, &ada, &daily("Water the plants")).await;
    create(&server, &bob, &daily("Walk the dog")).await;
    let until = day(10).to_string();
    let first = shown(folder.path(), &until, &["--complete", "on-time"]);
    assert_eq!(of_kind(&first, "reminder").len(), 20);
    // One user after the other.
    let users: Vec<&Value> = first.iter().map(|line| &line["user"]).collect();
    assert!(users.is_sorted_by_key(|user| *user != users[0]) && users[0] != users[users.len() - 1]);
    assert_eq!(
        shown(folder.path(), &until, &["--complete", "on-time"]),
        first,
        "it is not the same again"
    );
    // What is only in memory and the write-ahead log of the server is there.
    create(
        &server,
        &ada,
        &json!({"title": "x", "reminders": [{"at": format!("{}T10:00:00Z", day(3))}]}),
    )
    .await;
    assert_eq!(of_kind(&shown(folder.path(), &until, &[]), "reminder").len(), 3);
    for (path, expected) in [("tasks", 2), ("notifications", 0)] {
        let list = client.get(format!("{}/v1/{path}", server.url)).bearer_auth(&ada);
        let list: Value = list.send().await.unwrap().json().await.unwrap();
        assert_eq!(list["items"].as_array().unwrap().len(), expected, "{path}");
    }
    assert!(server.terminate().status.success());
}

#[test]
fn where_there_is_no_data_and_where_it_cannot_be_copied_to_is_named_and_a_past_day_is_refused() {
    let folder = tempdir().unwrap();
    let none = folder.path().join("none");
    let complaint = refused(&simulate(&none, &day(1).to_string(), &[]).output().unwrap(), 1);
    assert_eq!(
        complaint,
        format!(
            "punctual: there is no data in {}: no punctual.db is there\n",
            none.display()
        )
    );
    assert!(!none.exists());
    let complaint = refused(&simulate(&none, "2020-01-01", &[]).output().unwrap(), 1);
    assert_eq!(
        complaint,
        "punctual: a simulation begins now: it cannot end in the past\n"
    );
    let complaint = refused(&simulate(&none, "tomorrow", &[]).output().unwrap(), 2);
    assert!(
        complaint.contains("neither a day, 2027-12-31, nor an instant"),
        "{complaint}"
    );
    fs::write(folder.path().join("punctual.db"), "x").unwrap();
    let mut nowhere = simulate(folder.path(), &day(1).to_string(), &[]);
    let complaint = refused(&nowhere.env("TMPDIR", &none).output().unwrap(), 1);
    assert!(complaint.contains(none.to_str().unwrap()), "{complaint}");
}

#[test]
fn a_database_that_is_empty_or_cannot_be_looked_at_is_not_said_to_be_absent() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("punctual.db");
    let complaint = || refused(&simulate(folder.path(), &day(1).to_string(), &[]).output().unwrap(), 1);
    fs::write(&file, "").unwrap();
    let expected = format!("punctual: {} is empty: ", file.display());
    assert!(complaint().starts_with(&expected), "{}", complaint());
    // A link to itself, which not even an administrator can follow.
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&file, &file).unwrap();
    let expected = format!("punctual: cannot read {}: ", file.display());
    assert!(complaint().starts_with(&expected), "{}", complaint());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_what_is_to_come_cannot_be_written_that_is_said() {
    let folder = at_rest().await;
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = simulate(folder.path(), &day(3).to_string(), &[]);
    let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(
        complaint.starts_with("punctual: cannot write what is to come: "),
        "{complaint}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_cannot_be_read_is_named_and_the_others_are_shown() {
    let (folder, client) = (tempdir().unwrap(), client());
    let server = Server::start(folder.path());
    for (email, title) in [
        ("hit@example.org", "To be damaged"),
        ("spared@example.org", "Water the plants"),
    ] {
        let token = server.sign_up_as(&client, email).await;
        create(&server, &token, &daily(title)).await;
    }
    assert!(server.terminate().status.success());
    crate::damage::damage(&folder.path().join("punctual.db"), b"\"To be damaged\"");
    let output = simulate(folder.path(), &day(1).to_string(), &[]).output().unwrap();
    let (table, complaint) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(
        table.contains("\n1 user: 1 reminder, 0 instances; zone data ") && table.contains("Water the plants"),
        "{table}"
    );
    assert!(complaint.starts_with("punctual: user/"), "{complaint}");
}

/// A simulation that takes long, with its first line, of which it has shown some.
fn long(data: &Path, temporary: &Path) -> (std::process::Child, BufReader<std::process::ChildStdout>) {
    let mut command = simulate(data, "9999-12-31", &["--complete", "on-time"]);
    command
        .env("TMPDIR", temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    assert_eq!(fs::read_dir(temporary).unwrap().count(), 1, "the copy is elsewhere");
    (child, output)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_goes_when_a_simulation_is_interrupted_and_when_nobody_reads_on() {
    let (folder, temporary) = (at_rest().await, tempdir().unwrap());
    let (mut child, mut output) = long(folder.path(), temporary.path());
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::INT).unwrap();
    output.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let mut complaint = String::new();
    child.stderr.unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!(complaint, "punctual: interrupted\n");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);

    let (mut child, output) = long(folder.path(), temporary.path());
    drop(output);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut complaint = String::new();
    child.stderr.unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!(complaint, "");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_over_for_everybody_is_refused_though_it_is_not_over_everywhere() {
    let (folder, client) = (tempdir().unwrap(), client());
    let server = Server::start(folder.path());
    let live_in = |token: String, zone: &'static str| {
        let change = client.patch(format!("{}/v1/me", server.url)).bearer_auth(token);
        change.json(&json!({"time_zone": zone})).send()
    };
    let ada = server.sign_up(&client).await;
    assert!(live_in(ada, "Pacific/Kiritimati").await.unwrap().status().is_success());
    // Where a day ends last.
    let day = (Utc::now() - chrono::TimeDelta::hours(12)).date_naive().to_string();
    let complaint = refused(&simulate(folder.path(), &day, &[]).output().unwrap(), 1);
    assert!(complaint.contains("it cannot end in the past"), "{complaint}");
    let bob = server.sign_up_as(&client, "bob@example.org").await;
    assert!(live_in(bob, "Etc/GMT+12").await.unwrap().status().is_success());
    let output = simulate(folder.path(), &day, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("1 user:"));
    let complaint = text(&output.stderr);
    assert!(
        complaint.contains("that day is over in Pacific/Kiritimati"),
        "{complaint}"
    );
}
