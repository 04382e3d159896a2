//! The listener for the sidecar, which others may not reach unless they have its token.

use crate::program::{Server, client, punctual, text};

/// A process beside a sidecar that never comes, whose listener for it is there.
fn beside_a_sidecar(app_listen: &str) -> std::process::Command {
    let mut command = punctual();
    command
        .args([
            "serve",
            "--runtime",
            "dapr",
            "--listen",
            "127.0.0.1:0",
            "--app-listen",
            app_listen,
        ])
        .env_remove("APP_API_TOKEN")
        .env("DAPR_GRPC_PORT", "1");
    command
}

#[test]
fn without_the_sidecars_token_a_listener_that_others_reach_is_refused() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let mut empty = beside_a_sidecar(address);
        empty.env("APP_API_TOKEN", "");
        for command in [beside_a_sidecar(address), empty] {
            let Err(output) = Server::try_run(command) else {
                panic!("{address} is listened on");
            };
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            let complaint = text(&output.stderr);
            assert!(
                complaint.contains("APP_API_TOKEN") && complaint.contains(address),
                "{complaint}"
            );
        }
    }
}

#[test]
fn a_listener_for_the_sidecar_warns_where_there_is_no_token_and_is_silent_where_there_is() {
    for (address, token, warns) in [
        ("127.0.0.1:0", "", true),
        ("localhost:0", "", true),
        ("127.0.0.1:0", "secret", false),
        ("0.0.0.0:0", "secret", false),
    ] {
        let mut command = beside_a_sidecar(address);
        command.env("APP_API_TOKEN", token);
        let logs = text(&Server::run(command).terminate().stderr);
        assert_eq!(logs.contains("APP_API_TOKEN is not set"), warns, "{address}: {logs}");
    }
}

#[tokio::test]
async fn without_its_sidecar_a_process_lives_and_says_why_it_is_not_ready() {
    let server = Server::run(beside_a_sidecar("127.0.0.1:0"));
    let ask = async |path: &str| {
        let answer = client().get(format!("{}{path}", server.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ask("/healthz").await.0, 200);
    assert_eq!(ask("/readyz").await, (503, "the sidecar is away\n".to_owned()));
}
