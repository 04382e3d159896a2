//! Whether audit has everything of a user: it says itself that what it has is whole, but where it ends only the logs can say.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use daprenv::Environment;
use punctual_events::{ActorId, Topic};
use serde_json::{Value, json};

use crate::{
    client::{Client, PATIENCE},
    stored::{log_of, seen_by_the_api},
};

/// Where a log ends: the number and the hash of a commit.
type End = (u64, String);

/// Between two looks: no event says that audit has something.
const REST: Duration = Duration::from_millis(100);

/// Waits until the audit trail of a user has the logs of their own actor and of their series to the last event, and verifies. Nobody may be at work.
pub(crate) async fn whole(environment: &Environment, client: &Client) {
    let ends = ends_of_logs(environment, client).await;
    let (mut trail, began) = (Trail::default(), Instant::now());
    loop {
        trail.read_on(client).await;
        let missing: Vec<_> = ends.iter().filter(|(actor, end)| trail.lacks(actor, end)).collect();
        if missing.is_empty() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "audit ends before {missing:?}");
        tokio::time::sleep(REST).await;
    }
    for (actor, (sequence, hash)) in &ends {
        let copied = trail.commits.get(&(actor.clone(), *sequence));
        assert_eq!(copied, Some(hash), "commit {sequence} of {actor} is another one");
    }
    let own = ActorId::User(client.user.parse().unwrap()).to_string();
    let has_the_last = |verified: &Value| verified["head"]["sequence"].as_u64() >= Some(ends[&own].0);
    let verified = client.audit_verifies_with(has_the_last).await;
    assert_eq!(verified["flaws"], json!([]), "{verified}");
}

/// Where the logs of a user and of their series end, by actor. A commit may be empty, only to be the last; no event of it comes to audit.
async fn ends_of_logs(environment: &Environment, client: &Client) -> BTreeMap<String, End> {
    let logs = seen_by_the_api(environment).logs;
    let tasks = client.all_tasks("all").await;
    let series: BTreeSet<&str> = tasks.iter().filter_map(|task| task["series"].as_str()).collect();
    let series = series
        .into_iter()
        .map(|series| ActorId::Series(series.parse().unwrap()));
    let own = ActorId::User(client.user.parse().unwrap());
    let mut ends = BTreeMap::new();
    for actor in series.chain([own]) {
        let log = log_of(&*logs, actor).await;
        let last = log.iter().rfind(|commit| commit.is_on(Topic::TaskEvents)).unwrap();
        ends.insert(actor.to_string(), (last.header.seq.0, last.header.hash.to_string()));
    }
    ends
}

/// An audit trail as far as it was read.
#[derive(Default)]
struct Trail {
    after: u64,
    commits: BTreeMap<(String, u64), String>,
}

impl Trail {
    async fn read_on(&mut self, client: &Client) {
        loop {
            let answer = client.get(&format!("/v1/audit?limit=500&after={}", self.after)).await;
            // Between processes that have just started, audit may be away for a moment.
            if answer.status == 503 {
                return;
            }
            let page = answer.expect(200);
            for item in page["items"].as_array().unwrap() {
                let text = |name: &str| item[name].as_str().unwrap().to_owned();
                let sequence = item["sequence"].as_u64().unwrap();
                self.commits.insert((text("actor"), sequence), text("hash"));
                self.after = item["place"].as_u64().unwrap();
            }
            match page["next"].as_u64() {
                Some(next) => self.after = next,
                None => return,
            }
        }
    }

    fn lacks(&self, actor: &str, (sequence, _): &End) -> bool {
        !self.commits.contains_key(&(actor.to_owned(), *sequence))
    }
}
