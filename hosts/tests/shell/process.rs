//! Starting and ending.

use serde_json::Value;
use tempfile::tempdir;

use crate::program::{Server, client, punctual, text};

/// Starts a server that cannot; what it complains of.
fn refused_start(data: &std::path::Path) -> String {
    let mut command = punctual();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    text(&output.stderr)
}

#[test]
fn the_first_line_says_the_url_and_the_folder() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    assert!(server.first_line.contains("http://127.0.0.1:"), "{}", server.first_line);
    assert!(
        server.first_line.contains(data.to_str().unwrap()),
        "{}",
        server.first_line
    );
}

#[tokio::test]
async fn a_server_is_ready_once_it_has_said_so() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path());
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = client().get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[test]
fn sigterm_ends_the_server_in_good_order_and_its_logs_are_json() {
    let folder = tempdir().unwrap();
    let output = Server::start_with(folder.path(), |command| command.args(["--log", "debug"])).terminate();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), "");
    let logs = text(&output.stderr);
    let messages: Vec<Value> = logs
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .map(|line| line["message"].clone())
        .collect();
    assert!(
        messages
            .iter()
            .any(|message| message == "draining; the same again ends at once"),
        "{logs}"
    );
}

#[test]
fn a_second_sigterm_ends_a_server_that_drains_at_once() {
    let folder = tempdir().unwrap();
    let server = Server::start_with(folder.path(), |command| command.args(["--drain-seconds", "30"]));
    let output = server.terminate_again_once("draining; the same again ends at once");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let logs = text(&output.stderr);
    assert!(logs.contains("ended while draining"), "{logs}");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let folder = tempdir().unwrap();
    let _first = Server::start(folder.path());
    let second = punctual()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let complaint = text(&second.stderr);
    assert!(complaint.contains("is in use by another server"), "{complaint}");
}

#[tokio::test]
async fn without_its_key_a_server_with_accounts_does_not_start_and_makes_no_other() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path());
    server.sign_up(&client()).await;
    server.terminate();
    let key = folder.path().join("signing.key");
    std::fs::remove_file(&key).unwrap();
    let output = refused_start(folder.path());
    assert!(output.contains("restore it from a backup"), "{output}");
    assert!(!key.exists());
}

#[tokio::test]
async fn without_its_key_a_server_nobody_has_an_account_at_starts() {
    let folder = tempdir().unwrap();
    Server::start(folder.path()).terminate();
    std::fs::remove_file(folder.path().join("signing.key")).unwrap();
    Server::start(folder.path());
}

#[tokio::test]
async fn with_the_key_of_another_server_one_with_accounts_does_not_start() {
    let (folder, other) = (tempdir().unwrap(), tempdir().unwrap());
    let server = Server::start(folder.path());
    server.sign_up(&client()).await;
    server.terminate();
    Server::start(other.path()).terminate();
    let (key, theirs) = (folder.path().join("signing.key"), other.path().join("signing.key"));
    let own = std::fs::read(&key).unwrap();
    std::fs::copy(&theirs, &key).unwrap();
    let output = refused_start(folder.path());
    assert!(output.contains("Restore the one they were made with"), "{output}");
    std::fs::write(&key, own).unwrap();
    Server::start(folder.path()).terminate();
    // Nobody has an account there: it begins with whatever key it finds, and belongs to that from then on.
    std::fs::copy(&key, &theirs).unwrap();
    Server::start(other.path()).terminate();
    Server::start(other.path());
}

#[tokio::test]
async fn a_database_of_which_nothing_is_left_is_not_begun_anew_in_silence() {
    let folder = tempdir().unwrap();
    Server::start(folder.path()).terminate();
    let database = folder.path().join("punctual.db");
    std::fs::write(&database, "").unwrap();
    let output = refused_start(folder.path());
    assert!(
        output.contains("is empty, and the signing key beside it says"),
        "{output}"
    );
    std::fs::remove_file(&database).unwrap();
    let output = Server::start(folder.path()).terminate();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("no database beside it"), "{complaint}");
}

#[cfg(unix)]
#[test]
fn what_is_in_the_folder_is_for_its_owner_only_whoever_made_the_folder_and_however_the_files_were() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let modes = || {
        let entries = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
        let mode = |entry: &std::fs::DirEntry| entry.metadata().unwrap().permissions().mode() & 0o777;
        entries
            .map(|entry| (entry.file_name(), mode(&entry)))
            .collect::<Vec<_>>()
    };
    let server = Server::start(folder.path());
    assert!(
        modes().len() >= 4 && modes().iter().all(|(_, mode)| *mode == 0o600),
        "{:?}",
        modes()
    );
    // Killed: so the files that SQLite keeps beside the database stay.
    drop(server);
    for name in ["punctual.db", "punctual.db-wal", "punctual.db-shm"] {
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let _server = Server::start(folder.path());
    assert!(modes().iter().all(|(_, mode)| *mode == 0o600), "{:?}", modes());
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("punctual.db"), "dear diary\n".repeat(1_000)).unwrap();
    let complaint = refused_start(folder.path());
    let file = folder.path().join("punctual.db");
    assert!(complaint.contains(file.to_str().unwrap()), "{complaint}");
}

#[test]
fn an_address_in_use_is_named() {
    let folder = tempdir().unwrap();
    let first = Server::start(&folder.path().join("first"));
    let address = first.url.trim_start_matches("http://");
    let second = punctual()
        .args(["serve", "--listen", address, "--data"])
        .arg(folder.path().join("second"))
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let complaint = text(&second.stderr);
    assert!(
        complaint.starts_with(&format!("punctual: cannot listen on {address}: ")),
        "{complaint}"
    );
}

#[test]
fn a_wrong_variable_is_named_and_nothing_is_started() {
    let output = punctual().env("PUNCTUAL_RATE_LIMIT", "many").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = text(&output.stderr);
    assert!(complaint.starts_with("punctual: PUNCTUAL_RATE_LIMIT: "), "{complaint}");
}
