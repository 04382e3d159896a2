//! Promise: two servers never write the same data.

use crate::server::{Data, Server};

#[test]
fn a_second_server_on_the_same_data_is_refused_with_a_clear_message() {
    let data = Data::new();
    let _first = Server::start(&data);
    let second = std::process::Command::new(env!("CARGO_BIN_EXE_punctual"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(!second.status.success());
    let message = String::from_utf8_lossy(&second.stderr);
    assert!(message.contains("in use by another server"), "{message}");
}
