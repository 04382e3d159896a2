//! Starts the program.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// What a program wrote.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The program, with nothing of this process's environment that would configure it.
pub(crate) fn punctual() -> Command {
    configured_by_nobody(Command::new(env!("CARGO_BIN_EXE_punctual")))
}

/// The program by way of a shell that runs `preparations` first.
pub(crate) fn punctual_after(preparations: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!(r#"{preparations}; exec "$0" "$@""#));
    command.arg(env!("CARGO_BIN_EXE_punctual"));
    configured_by_nobody(command)
}

fn configured_by_nobody(mut command: Command) -> Command {
    let foreign = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("PUNCTUAL_") || name.starts_with("OTEL_") || name == "RUST_LOG"
    });
    for name in foreign {
        command.env_remove(name);
    }
    command
}

/// A server on a port of its own.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) first_line: String,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, |command| command)
    }

    pub(crate) fn start_with(data: &Path, change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = punctual();
        change(command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data));
        Self::run(command)
    }

    /// A server by a command of the caller's, which has its arguments.
    pub(crate) fn run(command: Command) -> Self {
        Self::try_run(command).unwrap_or_else(|output| panic!("{output:?}"))
    }

    /// The same, where it need not start; what it did until it ended.
    pub(crate) fn try_run(mut command: Command) -> Result<Self, Output> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        if output.read_line(&mut first_line).unwrap() == 0 {
            return Err(child.wait_with_output().unwrap());
        }
        let url = first_line.split(' ').find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("no URL in {first_line:?}")).to_owned();
        Ok(Self {
            child,
            output,
            first_line,
            url,
        })
    }

    /// SIGTERM; what it did until it ended. The first line is not among it.
    pub(crate) fn terminate(mut self) -> Output {
        kill_process(self.pid(), Signal::TERM).unwrap();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        self.output.read_to_end(&mut stdout).unwrap();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        Output {
            status: self.child.wait().unwrap(),
            stdout,
            stderr,
        }
    }

    /// SIGTERM, and once more when the logs say this; what it did after that.
    pub(crate) fn terminate_again_once(mut self, logged: &str) -> Output {
        kill_process(self.pid(), Signal::TERM).unwrap();
        let mut logs = BufReader::new(self.child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(logged) {
            line.clear();
            assert_ne!(logs.read_line(&mut line).unwrap(), 0, "it never said {logged:?}");
        }
        kill_process(self.pid(), Signal::TERM).unwrap();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        logs.read_to_end(&mut stderr).unwrap();
        self.output.read_to_end(&mut stdout).unwrap();
        Output {
            status: self.child.wait().unwrap(),
            stdout,
            stderr,
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap()
    }

    /// Signs somebody up; the token.
    pub(crate) async fn sign_up(&self, client: &reqwest::Client) -> String {
        self.sign_up_as(client, "ada@example.org").await
    }

    /// The same with an address.
    pub(crate) async fn sign_up_as(&self, client: &reqwest::Client, email: &str) -> String {
        let account = json!({
            "email": email, "password": "correct horse battery staple", "time_zone": "Europe/Paris"
        });
        let answer = client.post(format!("{}/v1/users", self.url)).json(&account).send();
        let answer: Value = answer.await.unwrap().json().await.unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn client() -> reqwest::Client {
    punctual::tls::install_crypto_provider();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
