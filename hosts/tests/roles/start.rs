//! What a start does for actors that nobody asks for.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use punctual::{
    actor_host::{HostConfig, Unobserved},
    embedded::runtime::{Embedded, Running},
    ports::{JobHandler, Services, system_command},
};
use punctual_actors::{
    ports::{BoxFuture, Failure},
    user::UserCommand,
};
use punctual_events::{SessionId, Timestamp, UserId};
use serde_json::json;
use uuid::Uuid;

/// Long enough for a loaded machine; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(20);
const OLD: &str = "2000a";

struct NoJobs;

impl JobHandler for NoJobs {
    fn run<'a>(&'a self, _: &'a str, _: Bytes) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

fn start(folder: &Path) -> (Services, Running) {
    let embedded = Embedded::open(folder, HostConfig::default(), Arc::new(Unobserved)).unwrap();
    let services = embedded.services().clone();
    (services, embedded.run(Vec::new(), Arc::new(NoJobs)).unwrap())
}

async fn user_with_a_reminder(services: &Services, user: UserId) {
    let sign_in = UserCommand::SignIn {
        account: "account".into(),
        expires: Timestamp::MAX,
        session: SessionId(Uuid::from_u128(1)),
        time_zone: "Europe/Paris".into(),
    };
    let draft = json!({"title": "t", "reminders": [{"at": "2999-01-01T00:00:00Z"}]});
    let create = UserCommand::CreateTask {
        draft: Box::new(serde_json::from_value(draft).unwrap()),
        imported: None,
    };
    for command in [sign_in, create] {
        let command = system_command(&services.environment, command, None);
        services.actors.command_user(user, command).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_that_cannot_be_read_leaves_no_other_on_old_zone_data() {
    let folder = tempfile::tempdir().unwrap();
    let (services, running) = start(folder.path());
    for user in 1..=3 {
        user_with_a_reminder(&services, UserId(Uuid::from_u128(user))).await;
    }
    running.stop().await;
    drop(services);
    let database = rusqlite::Connection::open(folder.path().join("punctual.db")).unwrap();
    database.execute("UPDATE actors SET zone_version = ?1", [OLD]).unwrap();
    let of_the_first = "UPDATE commits SET body = ?1 WHERE actor = (SELECT min(id) FROM actors)";
    database
        .execute(of_the_first, [br#"{"format":99}"#.as_slice()])
        .unwrap();

    let (_services, running) = start(folder.path());
    let left = || {
        let sql = "SELECT count(*) FROM actors WHERE zone_version = ?1";
        database.query_row(sql, [OLD], |row| row.get::<_, i64>(0)).unwrap()
    };
    let moved_on = async {
        while left() > 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let outcome = tokio::time::timeout(PATIENCE, moved_on).await;
    running.stop().await;
    assert!(outcome.is_ok(), "{} actors have old zone data", left());
}
