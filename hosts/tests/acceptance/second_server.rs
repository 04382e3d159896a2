//! Promise: two servers never write the same data.

use std::process::{Command, Output};

use crate::server::{Data, Server};

fn second_server(data: &Data) -> Output {
    Command::new(env!("CARGO_BIN_EXE_punctual"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap()
}

fn is_refused(second: &Output) {
    assert!(!second.status.success());
    let message = String::from_utf8_lossy(&second.stderr);
    assert!(message.contains("in use by another server"), "{message}");
}

#[test]
fn a_second_server_on_the_same_data_is_refused_with_a_clear_message() {
    let data = Data::new();
    let _first = Server::start(&data);
    is_refused(&second_server(&data));
}

#[cfg(unix)]
#[test]
fn a_second_server_is_refused_though_the_file_of_the_lock_was_removed() {
    let data = Data::new();
    let _first = Server::start(&data);
    std::fs::remove_file(data.path().join("lock")).unwrap();
    is_refused(&second_server(&data));
    // Nor does the file that the second made let a third in.
    is_refused(&second_server(&data));
}
