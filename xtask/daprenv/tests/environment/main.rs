//! The environment itself, on both stores: everything the services will use works with the files in `components/` as they are, and every
//! process can be killed and started again.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod app;

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use app::{App, Call};
use daprenv::http::{self, Answer};
use daprenv::{Environment, Failure, Kind, Options, Process, Store, Temporary};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
const CONSOLE_CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";

/// Three applications with the app-ids of services, each beside its sidecar.
struct World {
    environment: Temporary,
    api: (App, Process),
    audit: (App, Process),
    sync: (App, Process),
    _folder: tempfile::TempDir,
}

impl World {
    fn on(store: Store) -> World {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = Temporary::up(&Options {
            store,
            sidecars: false,
            ..Options::new(folder.path().join("state"))
        })
        .unwrap();
        let mut start = |app_id: &str, actor_type| {
            let app = App::start(actor_type);
            let sidecar = environment.add_sidecar(app_id, app_id, Some(app.port)).unwrap();
            (app, sidecar)
        };
        World {
            api: start("api", Some("UserActor")),
            audit: start("audit", None),
            sync: start("sync", None),
            environment,
            _folder: folder,
        }
    }
}

fn ask(sidecar: &Process, method: &str, path: &str, body: &str) -> Answer {
    let token = &sidecar.variables["DAPR_API_TOKEN"];
    let headers = [("dapr-api-token", token.as_str())];
    http::request(sidecar.port("http"), method, path, &headers, body, PATIENCE).unwrap()
}

/// Asks until the answer is a success; what was just started may need a moment for its connections.
fn ask_until_done(sidecar: &Process, method: &str, path: &str, body: &str) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = ask(sidecar, method, path, body);
        if answer.status < 300 {
            return answer;
        }
        assert!(Instant::now() < deadline, "{method} {path}: {answer:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn publish(sidecar: &Process, pubsub: &str, topic: &str, key: &str, data: &str) {
    let path = format!("/v1.0/publish/{pubsub}/{topic}?metadata.partitionKey={key}");
    ask_until_done(sidecar, "POST", &path, &json!({ "said": data }).to_string());
}

fn says(data: &str) -> impl Fn(&Call) -> bool {
    move |call| call.path.starts_with("/events/") && call.body.contains(&format!("\"said\":\"{data}\""))
}

#[test]
fn everything_works_on_postgres() {
    everything_works_on(Store::Postgres);
}

#[test]
fn everything_works_on_redis() {
    everything_works_on(Store::Redis);
}

fn everything_works_on(store: Store) {
    let world = World::on(store);
    a_stale_etag_is_a_conflict_and_roles_share_their_keys(&world);
    only_what_a_role_needs_is_open_to_it(&world);
    events_reach_subscribers_with_their_place_in_the_log(&world);
    a_replica_hears_its_own_markers_from_every_partition(&world);
    a_refused_event_is_a_dead_letter_at_once(&world);
    actors_reminders_jobs_and_invocations_arrive(&world);
    what_is_killed_comes_back_with_what_it_had(&world, store);
    down_leaves_nothing(world);
}

fn a_stale_etag_is_a_conflict_and_roles_share_their_keys(world: &World) {
    let save = |value: u32, etag: Option<&str>| {
        let mut item = json!({ "key": "head", "value": value });
        if let Some(etag) = etag {
            item["etag"] = json!(etag);
        }
        let body = json!([item]).to_string();
        ask(&world.api.1, "POST", "/v1.0/state/statestore", &body).status
    };
    assert_eq!(save(1, None), 204);
    let read = ask(&world.audit.1, "GET", "/v1.0/state/statestore/head", "");
    let etag = read.header("etag").unwrap();
    assert_eq!((read.status, read.body.as_str()), (200, "1"));
    assert_eq!(save(2, Some(etag)), 204);
    assert_eq!(save(3, Some(etag)), 409);
}

fn only_what_a_role_needs_is_open_to_it(world: &World) {
    let publish = |sidecar, topic: &str| ask(sidecar, "POST", &format!("/v1.0/publish/events/{topic}"), "{}").status;
    assert_eq!(publish(&world.audit.1, "reminders"), 403);
    assert_eq!(publish(&world.sync.1, "sync-dead-letters"), 403);
    assert_eq!(publish(&world.api.1, "something-else"), 403);
    let secret = |sidecar, name: &str| ask(sidecar, "GET", &format!("/v1.0/secrets/secrets/{name}"), "").status;
    for (sidecar, signing_key) in [(&world.api.1, 200), (&world.sync.1, 200), (&world.audit.1, 403)] {
        assert_eq!(secret(sidecar, "signingkey"), signing_key);
        for of_the_sidecar in ["postgresconnection", "smtpuser", "smtppassword"] {
            assert_eq!(secret(sidecar, of_the_sidecar), 403, "{of_the_sidecar}");
        }
    }
    let metadata: Value = serde_json::from_str(&ask(&world.sync.1, "GET", "/v1.0/metadata", "").body).unwrap();
    let names: BTreeSet<&str> = metadata["components"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|c| c["name"].as_str())
        .collect();
    assert_eq!(
        names,
        BTreeSet::from(["events", "events-per-replica", "secrets", "statestore"])
    );
    let without_token = http::request(world.api.1.port("http"), "GET", "/v1.0/metadata", &[], "", PATIENCE).unwrap();
    assert_eq!(without_token.status, 401);
}

fn events_reach_subscribers_with_their_place_in_the_log(world: &World) {
    let mut last_offset = None;
    for data in ["first", "second"] {
        publish(&world.api.1, "events", "task-events", "ada", data);
        let call = world.audit.0.wait_for(data, says(data));
        assert_eq!(call.path, "/events/task-events");
        assert_eq!(
            call.header("dapr-api-token"),
            Some(world.api.1.variables["APP_API_TOKEN"].as_str())
        );
        assert_eq!(call.header("__key"), Some("ada"));
        assert_eq!(call.header("__topic"), Some("task-events"));
        let offset: u64 = call.header("__offset").unwrap().parse().unwrap();
        assert!(last_offset < Some(offset), "one key, one partition, in order");
        last_offset = Some(offset);
    }
}

fn a_replica_hears_its_own_markers_from_every_partition(world: &World) {
    let mut seen = BTreeSet::new();
    let deadline = Instant::now() + PATIENCE;
    // The replica's group begins with what comes after it joined, and nothing says when that was: markers are sent until all came back.
    for number in 0.. {
        publish(
            &world.sync.1,
            "events-per-replica",
            "task-updates",
            &format!("marker-{number}"),
            "marker",
        );
        seen.extend(world.sync.0.partitions_of(says("marker")));
        if seen.len() == 12 {
            break;
        }
        assert!(Instant::now() < deadline, "partitions seen: {seen:?}");
    }
}

fn a_refused_event_is_a_dead_letter_at_once(world: &World) {
    publish(&world.api.1, "events", "task-events", "ada", "poison");
    publish(&world.api.1, "events", "task-events", "ada", "after the poison");
    world.audit.0.wait_for("poison", says("poison"));
    world.audit.0.wait_for("what came after it", says("after the poison"));
    let mut consumer = world.environment.kafka_tool(CONSOLE_CONSUMER).unwrap();
    let broker = format!(
        "127.0.0.1:{}",
        world.environment.process("kafka").unwrap().port("broker")
    );
    consumer.args([
        "--bootstrap-server",
        &broker,
        "--topic",
        "audit-dead-letters",
        "--from-beginning",
    ]);
    consumer.args([
        "--max-messages",
        "1",
        "--timeout-ms",
        "30000",
        "--property",
        "print.headers=true",
    ]);
    let said = String::from_utf8(consumer.output().unwrap().stdout).unwrap();
    assert!(said.contains("\"said\":\"poison\""), "{said}");
    assert_eq!(world.audit.0.count(says("poison")), 0, "it is not tried again");
}

fn actors_reminders_jobs_and_invocations_arrive(world: &World) {
    let answer = ask_until_done(
        &world.sync.1,
        "POST",
        "/v1.0/actors/UserActor/ada/method/greet",
        "\"hello\"",
    );
    assert_eq!(answer.body, "\"hello\"");
    let call = world.api.0.wait_for("an actor call", |call| {
        call.path == "/actors/UserActor/ada/method/greet"
    });
    assert_eq!(call.method, "PUT");

    let soon = json!({ "dueTime": "1s", "data": "ring" }).to_string();
    ask_until_done(&world.api.1, "POST", "/v1.0/actors/UserActor/ada/reminders/bell", &soon);
    world.api.0.wait_for("a reminder", |call| {
        call.path == "/actors/UserActor/ada/method/remind/bell"
    });

    ask_until_done(&world.audit.1, "POST", "/v1.0-alpha1/jobs/digest", &soon);
    world.audit.0.wait_for("a job", |call| call.path == "/job/digest");

    let answer = ask_until_done(&world.audit.1, "POST", "/v1.0/invoke/api/method/ask", "\"how are you\"");
    assert_eq!(answer.body, "\"how are you\"");
    world.api.0.wait_for("an invocation", |call| call.path == "/ask");
}

fn what_is_killed_comes_back_with_what_it_had(world: &World, store: Store) {
    let environment = &world.environment;
    for name in [store.as_str(), "kafka", "placement", "scheduler", "api-sidecar"] {
        let before = environment.pid(name).unwrap();
        environment.kill(name).unwrap();
        assert_eq!(environment.pid(name), None);
        environment.start(name).unwrap();
        assert_ne!(environment.pid(name), Some(before));
    }
    let read = ask_until_done(&world.api.1, "GET", "/v1.0/state/statestore/head", "");
    assert_eq!(read.body, "2");
    publish(&world.api.1, "events", "task-events", "ada", "after the storm");
    world
        .audit
        .0
        .wait_for("an event after the storm", says("after the storm"));
    let answer = ask_until_done(
        &world.sync.1,
        "POST",
        "/v1.0/actors/UserActor/ada/method/greet",
        "\"again\"",
    );
    assert_eq!(answer.body, "\"again\"");
}

fn down_leaves_nothing(world: World) {
    let state = world.environment.state().to_path_buf();
    let ids: Vec<u32> = world
        .environment
        .status()
        .iter()
        .filter_map(|status| status.pid)
        .collect();
    let ports: Vec<u16> = world
        .environment
        .processes()
        .iter()
        .flat_map(|process| process.ports.clone().into_values())
        .collect();
    assert_eq!(ids.len(), 7);
    drop(world);
    assert!(!state.exists());
    assert!(
        ids.iter()
            .all(|id| !std::path::Path::new(&format!("/proc/{id}")).exists())
    );
    assert!(
        ports
            .iter()
            .all(|port| TcpStream::connect(("127.0.0.1", *port)).is_err())
    );
}

#[test]
fn a_sidecar_that_gives_up_at_first_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut environment = Temporary::prepare(&Options::new(folder.path().join("state"))).unwrap();
    let names: Vec<String> = environment
        .processes()
        .iter()
        .filter(|process| process.kind == Kind::Sidecar)
        .map(|process| process.name.clone())
        .collect();
    let seen = |name: &str| folder.path().join(format!("{name}.seen"));
    for name in &names {
        let gives_up_once = format!(
            "[ -e {0} ] || {{ : > {0}; exit 1; }}; exec \"$0\" \"$@\"",
            seen(name).display()
        );
        environment
            .change(name, |sidecar| {
                let daprd = std::mem::replace(&mut sidecar.program, "sh".into());
                let before = ["-c".to_owned(), gives_up_once, daprd.display().to_string()];
                sidecar.arguments.splice(0..0, before);
            })
            .unwrap();
    }
    environment.start_all(|_| ()).unwrap();
    assert!(names.len() == 5 && names.iter().all(|name| seen(name).exists()));
    assert!(environment.status().iter().all(|status| status.ready));
}

#[test]
fn an_environment_outlives_whoever_started_it_and_is_not_started_twice() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        store: Store::Redis,
        sidecars: false,
        ..Options::new(folder.path())
    };
    // Forgotten without a word, as by a command that crashed.
    std::mem::forget(Environment::up(&options).unwrap());
    assert!(matches!(Environment::up(&options), Err(Failure::AlreadyUp(_))));
    let found = Environment::open(folder.path()).unwrap();
    let ports = found.process("redis").unwrap().ports.clone();
    assert!(found.status().iter().all(|status| status.ready));
    found.down(false).unwrap();
    let again = Temporary::up(&options).unwrap();
    assert_eq!(again.process("redis").unwrap().ports, ports, "ports are remembered");
    assert_eq!(
        again
            .process("nobody")
            .map_err(|failure| failure.to_string())
            .unwrap_err(),
        "there is no process `nobody`; `status` lists them"
    );
}
