//! Five processes as an operator has them: clients of their API, their state, and `punctual` run beside a sidecar.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use daprenv::{Options, Role, Temporary};
use punctual::dapr::{
    logs::LogReader,
    sidecar::{Sidecar, SidecarAddress},
    state::State,
};
use punctual_events::UserId;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

const PUNCTUAL: &str = env!("CARGO_BIN_EXE_punctual");

/// Five processes on Kafka and PostgreSQL.
pub(crate) struct Installation {
    pub(crate) environment: Temporary,
    http: Client,
}

/// Somebody with an account.
pub(crate) struct Account {
    pub(crate) user: UserId,
    pub(crate) token: String,
}

impl Installation {
    /// Brings everything up, once `prepare` has had its hands on what was laid out, with these variables for every service.
    pub(crate) async fn up(variables: &[(&str, &str)], prepare: impl FnOnce(&Temporary)) -> Self {
        let options = Options {
            services: Some(PathBuf::from(PUNCTUAL)),
            variables: pairs(variables),
            ..Options::new(tempfile::tempdir().unwrap().keep())
        };
        Self::of(options, prepare).await
    }

    /// Brings up what these options say, once `prepare` has had its hands on what was laid out.
    pub(crate) async fn of(options: Options, prepare: impl FnOnce(&Temporary)) -> Self {
        let environment = blocking(move || Temporary::prepare(&options)).await.unwrap();
        prepare(&environment);
        let environment = blocking(move || environment.start_all(|_| {}).map(|()| environment)).await;
        Self {
            environment: environment.unwrap_or_else(|failure| panic!("{failure}")),
            http: crate::actors::http(),
        }
    }

    /// Asks the API for something that it must give.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        account: Option<&Account>,
        body: Option<Value>,
    ) -> Value {
        let (status, answer) = self.send(method, path, account, body).await;
        assert!(status.is_success(), "{path}: {status}: {answer}");
        answer
    }

    /// What the API shows of something, if it can at the moment.
    pub(crate) async fn look(&self, path: &str, account: &Account) -> Option<Value> {
        let (status, answer) = self.send(Method::GET, path, Some(account), None).await;
        status.is_success().then_some(answer)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        account: Option<&Account>,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let api = self.environment.url(Role::Api).unwrap();
        let mut request = self.http.request(method, format!("{api}{path}"));
        if let Some(account) = account {
            request = request.bearer_auth(&account.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or_default())
    }

    pub(crate) async fn get(&self, path: &str, account: &Account) -> Value {
        self.ask(Method::GET, path, Some(account), None).await
    }

    pub(crate) async fn sign_up(&self, email: &str) -> Account {
        let registration = json!({"email": email, "password": "correct horse battery", "time_zone": "Europe/Paris"});
        let answer = self.ask(Method::POST, "/v1/users", None, Some(registration)).await;
        Account {
            user: answer["user"]["id"].as_str().unwrap().parse().unwrap(),
            token: answer["token"].as_str().unwrap().to_owned(),
        }
    }

    pub(crate) async fn create(&self, account: &Account, task: Value) -> Value {
        self.ask(Method::POST, "/v1/tasks", Some(account), Some(task)).await
    }

    /// Publishes a message to a topic by the API's sidecar, behind the events of a user.
    pub(crate) async fn publish(&self, topic: &str, user: UserId, message: &Value) {
        let query = format!("metadata.partitionKey={user}");
        self.publish_as("application/cloudevents+json", topic, &query, message.to_string())
            .await;
    }

    /// Publishes bytes as they are.
    pub(crate) async fn publish_raw(&self, topic: &str, message: &str) {
        self.publish_as("text/plain", topic, "metadata.rawPayload=true", message.to_owned())
            .await;
    }

    async fn publish_as(&self, content_type: &str, topic: &str, query: &str, message: String) {
        let sidecar = self.environment.process("api-sidecar").unwrap();
        let port = sidecar.port("http");
        let url = format!("http://127.0.0.1:{port}/v1.0/publish/events/{topic}?{query}");
        let request = self.http.post(url).body(message).header("content-type", content_type);
        let request = request.header("dapr-api-token", &sidecar.variables["DAPR_API_TOKEN"]);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    }

    fn sidecar(&self) -> Sidecar {
        let beside = &self.environment.process("api").unwrap().variables;
        Sidecar::new(&SidecarAddress {
            grpc_port: beside["DAPR_GRPC_PORT"].parse().unwrap(),
            api_token: Some(beside["DAPR_API_TOKEN"].clone()),
        })
        .unwrap()
    }

    /// Everything the installation keeps.
    pub(crate) fn state(&self) -> State {
        State::new(self.sidecar(), "statestore")
    }

    pub(crate) fn logs(&self) -> LogReader {
        LogReader::new(self.state())
    }

    /// Runs `punctual` with the variables of the API's process.
    pub(crate) async fn punctual(&self, arguments: &[&str]) -> Output {
        let beside = &self.environment.process("api").unwrap().variables;
        let mut command = Command::new(PUNCTUAL);
        command.args(arguments).env_remove("PUNCTUAL_LOG").envs(beside);
        let output = blocking(move || command.output()).await.unwrap();
        println!("$ punctual {}", arguments.join(" "));
        println!("{}{}", text(&output.stdout), text(&output.stderr));
        output
    }

    /// Does something to a process, which may take a while.
    pub(crate) async fn with<T: Send>(&self, work: impl FnOnce(&Temporary) -> T + Send) -> T {
        tokio::task::block_in_place(|| work(&self.environment))
    }
}

/// What a program wrote.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Replaces text that a file must have.
pub(crate) fn edit(file: &Path, from: &str, to: &str) {
    let before = fs::read_to_string(file).unwrap();
    assert!(before.contains(from), "{from}: {before}");
    fs::write(file, before.replace(from, to)).unwrap();
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn pairs(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    variables.iter().map(owned).collect()
}
