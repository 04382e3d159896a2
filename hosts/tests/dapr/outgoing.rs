//! What notification sends into the world from five processes: webhooks, reminders by mail, and the digest of the day. The mail server is `aiosmtpd`,
//! which asks for a user and a password.

use std::{
    env,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use chrono::{TimeDelta, Utc};
use daprenv::{Options, Role, Temporary, repository, service};
use punctual::webhooks::WebhookSecret;
use punctual_events::Timestamp;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, time::Instant};

use crate::{asking::eventually, machinery::free_port};

const SMTP_USER: &str = "punctual";
const SMTP_PASSWORD: &str = "known to the secret store alone";
/// A digest is due at a whole minute, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(240);

/// A mail server that can be away.
struct MailServer {
    port: u16,
    file: PathBuf,
    child: Option<Child>,
}

impl MailServer {
    fn new(folder: &Path) -> Self {
        let mut server = Self {
            port: free_port(),
            file: folder.join("mails.jsonl"),
            child: None,
        };
        server.start();
        server
    }

    fn start(&mut self) {
        let script = repository().join("hosts/tests/dapr/mail_server.py");
        let child = Command::new(python())
            .args(["-W", "ignore"])
            .arg(script)
            .args([&self.port.to_string(), SMTP_USER, SMTP_PASSWORD])
            .arg(&self.file)
            .stdin(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn is_there(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }

    /// What was taken with this in the subject.
    fn taken(&self, subject: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let mails = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        mails
            .filter(|mail| mail["subject"].as_str().unwrap().contains(subject))
            .collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A Python that has `aiosmtpd`: that of `cargo xtask test`, which installs it.
fn python() -> PathBuf {
    let python = env::var_os("PUNCTUAL_PYTHON").map(PathBuf::from);
    let python = python.unwrap_or_else(|| repository().join(".cache/python/bin/python"));
    assert!(
        python.exists(),
        "no {}: `cargo xtask test --only dapr` installs it",
        python.display()
    );
    python
}

async fn up(folder: PathBuf, smtp: u16) -> Temporary {
    let variables = [
        ("PUNCTUAL_MAIL_FROM", "punctual@example.org"),
        ("PUNCTUAL_WEBHOOK_ALLOW", "127.0.0.0/8"),
    ];
    let secrets = [("smtpuser", SMTP_USER), ("smtppassword", SMTP_PASSWORD)];
    let owned = |pairs: [(&str, &str); 2]| pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let options = Options {
        services: Some(PathBuf::from(env!("CARGO_BIN_EXE_punctual"))),
        variables: owned(variables),
        secrets: owned(secrets),
        ..Options::new(folder)
    };
    let up = move || {
        let mut environment = Temporary::prepare(&options)?;
        environment.change("notification-sidecar", |sidecar| {
            sidecar.variables.insert("SMTP_PORT".to_owned(), smtp.to_string());
        })?;
        environment.start_all(options.say)?;
        Ok::<_, daprenv::Failure>(environment)
    };
    let up = tokio::task::spawn_blocking(up).await.unwrap();
    up.unwrap_or_else(|failure| panic!("{failure}"))
}

/// Somebody with an account.
struct User {
    http: Client,
    api: String,
    token: String,
}

impl User {
    async fn sign_up(environment: &Temporary, email: &str) -> Self {
        let (http, api) = (crate::actors::http(), environment.url(Role::Api).unwrap());
        let form = json!({"email": email, "password": "correct horse battery", "time_zone": "Asia/Kathmandu"});
        let account: Value = http
            .post(format!("{api}/v1/users"))
            .json(&form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let token = account["token"]
            .as_str()
            .unwrap_or_else(|| panic!("{account}"))
            .to_owned();
        Self { http, api, token }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.api)).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json().await.unwrap()
    }

    async fn wants(&self, wishes: Value) -> Value {
        let request = self
            .http
            .patch(format!("{}/v1/me/mail", self.api))
            .bearer_auth(&self.token);
        let answer = request.json(&wishes).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    /// A task whose reminder is due at once.
    async fn is_reminded_of(&self, title: &str) {
        let at = (Utc::now() + TimeDelta::milliseconds(500)).to_rfc3339();
        self.post("/v1/tasks", json!({"title": title, "reminders": [{"at": at}]}))
            .await;
    }
}

/// A receiver that answers the first delivery with 500, and what arrives there.
async fn receiver() -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
    let (sender, arrived) = mpsc::unbounded_channel();
    let count = Arc::new(AtomicUsize::new(0));
    let take = async move |headers: HeaderMap, body: Bytes| {
        sender.send((headers, body)).unwrap();
        match count.fetch_add(1, Ordering::Relaxed) {
            0 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::NO_CONTENT,
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", post(take))).await });
    (url, arrived)
}

fn metric(text: &str, name: &str) -> u64 {
    let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_mails_and_digests_go_out_by_the_sidecar_and_are_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut mail_server = MailServer::new(folder.path());
    eventually("the mail server is there", async || {
        mail_server.is_there().then_some(())
    })
    .await;
    let environment = up(tempfile::tempdir().unwrap().keep(), mail_server.port).await;
    let ann = User::sign_up(&environment, "ann@example.org").await;
    let shown = ann.wants(json!({"reminders": true})).await;
    assert_eq!(shown, json!({"available": true, "reminders": true, "digest": null}));

    webhook_arrives(&ann).await;
    reminder_arrives(&ann, &mail_server).await;
    mail_waits_for_its_server(&ann, &environment, &mut mail_server).await;
    digest_arrives(&ann, &mail_server).await;
    mails_at_once_reach_each_their_own(&environment, &mail_server).await;
    assert_eq!(mail_server.taken("Reminder: by mail").len(), 1);
    assert_eq!(mail_server.taken("Reminder: later").len(), 1);
}

/// By the sidecar, signed, and again with the same id when it was refused.
async fn webhook_arrives(ann: &User) {
    let (url, mut arrived) = receiver().await;
    let webhook = ann.post("/v1/webhooks", json!({"url": url})).await;
    let secret = WebhookSecret::parse(webhook["secret"].as_str().unwrap()).unwrap();
    ann.is_reminded_of("by webhook").await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (headers, body) = tokio::time::timeout(PATIENCE, arrived.recv()).await.unwrap().unwrap();
        let text = |name: &str| headers[name].to_str().unwrap().to_owned();
        let seconds: i64 = text("webhook-timestamp").parse().unwrap();
        let (id, at) = (text("webhook-id"), Timestamp::from_millis(seconds * 1_000));
        assert_eq!(text("webhook-signature"), secret.sign(&id, at, &body));
        assert!(!headers.contains_key("dapr-api-token"));
        ids.push(id);
    }
    assert_eq!(ids[0], ids[1]);
}

async fn reminder_arrives(ann: &User, mail_server: &MailServer) {
    ann.is_reminded_of("by mail <now> – ✓").await;
    let mail = eventually("the reminder is mailed", async || {
        mail_server.taken("Reminder: by mail").pop()
    })
    .await;
    assert_eq!(mail["recipients"], json!(["ann@example.org"]));
    assert_eq!(
        (&mail["to"], &mail["from"]),
        (&json!("ann@example.org"), &json!("punctual@example.org"))
    );
    assert_eq!(
        (&mail["subject"], &mail["type"]),
        (&json!("Reminder: by mail <now> – ✓"), &json!("text/html"))
    );
    assert!(
        mail["body"]
            .as_str()
            .unwrap()
            .contains("<h2>by mail &lt;now&gt; – ✓</h2>"),
        "{mail}"
    );
}

async fn mail_waits_for_its_server(ann: &User, environment: &Temporary, mail_server: &mut MailServer) {
    mail_server.stop();
    ann.is_reminded_of("later").await;
    let notification = environment.process("notification").unwrap().port(service::LISTEN_PORT);
    let metrics = format!("http://127.0.0.1:{notification}/metrics");
    eventually("a try has failed", async || {
        let text = ann.http.get(&metrics).send().await.ok()?.text().await.ok()?;
        (metric(&text, "punctual_mails_failed_total") > 0).then_some(())
    })
    .await;
    mail_server.start();
    let deadline = Instant::now() + PATIENCE;
    while mail_server.taken("Reminder: later").is_empty() {
        assert!(Instant::now() < deadline, "the mail never came");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn digest_arrives(ann: &User, mail_server: &MailServer) {
    // By clocks that are 5 h 45 min ahead, at the next minute that has not begun.
    let local = Utc::now() + TimeDelta::minutes(345) + TimeDelta::seconds(65);
    ann.wants(json!({"digest": {"at": local.format("%H:%M").to_string()}}))
        .await;
    let subject = local.format("%A, %-d %B %Y").to_string();
    let deadline = Instant::now() + PATIENCE;
    while mail_server.taken(&subject).is_empty() {
        assert!(Instant::now() < deadline, "the digest never came");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let digest = mail_server.taken(&subject).pop().unwrap();
    assert!(
        digest["body"]
            .as_str()
            .unwrap()
            .contains("3 to do, 0 due today, 0 overdue"),
        "{digest}"
    );
    assert_eq!(digest["recipients"], json!(["ann@example.org"]));
}

/// The binding of Dapr keeps the recipient in a place that all calls share.
async fn mails_at_once_reach_each_their_own(environment: &Temporary, mail_server: &MailServer) {
    const USERS: usize = 4;
    const EACH: usize = 8;
    let at = (Utc::now() + TimeDelta::seconds(3)).to_rfc3339();
    for number in 0..USERS {
        let email = format!("user-{number}@example.org");
        let user = User::sign_up(environment, &email).await;
        user.wants(json!({"reminders": true})).await;
        for _ in 0..EACH {
            let task = json!({"title": format!("at once for {email}"), "reminders": [{"at": at}]});
            user.post("/v1/tasks", task).await;
        }
    }
    let mails = eventually("all are mailed", async || {
        Some(mail_server.taken("at once")).filter(|mails| mails.len() >= USERS * EACH)
    })
    .await;
    for mail in mails {
        let whose = format!("at once for {}", mail["recipients"][0].as_str().unwrap());
        assert!(
            mail["body"].as_str().unwrap().contains(&whose),
            "one person's reminder went to another: {mail}"
        );
        assert!(mail["subject"].as_str().unwrap().contains(&whose), "{mail}");
    }
}
