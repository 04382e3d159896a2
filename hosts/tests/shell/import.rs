//! `punctual import`.

use std::{fs, path::Path, process::Output};

use tempfile::{TempDir, tempdir};

use crate::program::{Server, client, punctual};

const FILE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//shell//EN\r\n\
    BEGIN:VTODO\r\nUID:1\r\nSUMMARY:Water the plants\r\nEND:VTODO\r\n\
    BEGIN:VTODO\r\nUID:2\r\nSUMMARY:Sow\r\nDTSTART:20310303T080000Z\r\nDUE:20310303T090000Z\r\n\
    RRULE:RSCALE=CHINESE;FREQ=WEEKLY;BYDAY=MO\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";

fn import(file: &Path, url: &str, token: &str) -> Output {
    let mut command = punctual();
    command.arg("import").arg(file).args(["--url", url]);
    command.env("PUNCTUAL_TOKEN", token).output().unwrap()
}

fn calendar() -> (TempDir, std::path::PathBuf) {
    let folder = tempdir().unwrap();
    let file = folder.path().join("todos.ics");
    fs::write(&file, FILE).unwrap();
    (folder, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_is_counted_and_what_was_refused_is_named() {
    let (folder, file) = calendar();
    let server = Server::start(&folder.path().join("data"));
    let token = server.sign_up(&client()).await;
    let output = import(&file, &server.url, &token);
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{report}");
    assert!(report.starts_with("refused  Sow: "), "{report}");
    assert!(report.ends_with("1 taken, 0 there already, 1 refused\n"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_or_place_fails_the_import_in_the_servers_words_however_large_the_file() {
    let (folder, small) = calendar();
    let server = Server::start(&folder.path().join("data"));
    let large = folder.path().join("large.ics");
    fs::write(&large, fs::read_to_string(&small).unwrap().repeat(20_000)).unwrap();
    for file in [&small, &large] {
        for (url, code) in [
            (server.url.clone(), "(unauthorised)"),
            (format!("{}/nope", server.url), "(not_found)"),
        ] {
            let output = import(file, &url, "wrong");
            assert_eq!(output.status.code(), Some(1));
            let complaint = String::from_utf8(output.stderr).unwrap();
            assert!(
                complaint.starts_with("punctual: the server refused the import: ") && complaint.contains(code),
                "{complaint}"
            );
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = import(Path::new("/nowhere.ics"), "http://127.0.0.1:1", "any");
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.starts_with("punctual: cannot read /nowhere.ics: "),
        "{complaint}"
    );
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let (_folder, file) = calendar();
    let output = import(&file, "http://127.0.0.1:1", "any");
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.starts_with("punctual: no answer from http://127.0.0.1:1/: "),
        "{complaint}"
    );
    assert!(complaint.contains("refused"), "{complaint}");
}

#[test]
fn a_file_larger_than_a_server_takes_is_refused_by_its_size_and_a_folder_by_its_name() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("huge.ics");
    fs::File::create(&file).unwrap().set_len(64 * 1024 * 1024 + 1).unwrap();
    for (path, reason) in [(&*file, "67108865 bytes"), (folder.path(), "is a directory")] {
        let output = import(path, "http://127.0.0.1:1", "any");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            complaint.contains(reason) && complaint.contains(path.to_str().unwrap()),
            "{complaint}"
        );
    }
}
