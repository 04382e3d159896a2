//! More replicas than partitions: one of them has nothing to do until it takes the place of another.

use std::{collections::BTreeMap, fs, path::PathBuf};

use daprenv::{Options, Role, Temporary};
use serde_json::json;

use crate::{
    asking::eventually,
    installation::{Installation, edit},
};

const STANDS_BY: &str = "no partition comes to this replica";
const SUBSCRIBES_ANEW: &str = "the sidecar is to subscribe anew";

/// Two replicas of audit, which share one partition.
async fn up() -> Installation {
    let options = Options {
        services: Some(PathBuf::from(env!("CARGO_BIN_EXE_punctual"))),
        replicas: BTreeMap::from([(Role::Audit, 2)]),
        variables: BTreeMap::from([("PUNCTUAL_PARTITIONS".to_owned(), "1".to_owned())]),
        ..Options::new(tempfile::tempdir().unwrap().keep())
    };
    Installation::of(options, |environment| {
        let settings = environment.state().join("data/kafka/server.properties");
        edit(&settings, "\nnum.partitions=12\n", "\nnum.partitions=1\n");
    })
    .await
}

fn log(environment: &Temporary, replica: &str) -> String {
    fs::read_to_string(environment.log(replica)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes three minutes: only at length"]
async fn a_replica_without_a_partition_stands_by_and_takes_the_place_of_one_that_ends() {
    let installation = up().await;
    let environment = &installation.environment;
    let both = ["audit", "audit-2"];
    for attempt in 1..=3 {
        let asks = |replica: &&str| log(environment, replica).matches(SUBSCRIBES_ANEW).count() == attempt;
        eventually("one of the replicas hears nothing", async || {
            both.iter().find(|replica| asks(replica))
        })
        .await;
    }
    let stands_by = |replica: &&str| log(environment, replica).contains(STANDS_BY);
    let spare = eventually("it stands by", async || both.into_iter().find(stands_by)).await;
    let busy = if spare == both[0] { both[1] } else { both[0] };
    installation
        .with(|environment| environment.stop_together(&[busy, &format!("{busy}-sidecar")]))
        .await
        .unwrap();
    let account = installation.sign_up("spare@example.org").await;
    installation.create(&account, json!({"title": "recorded"})).await;
    eventually("the other one records", async || {
        let verified = installation.look("/v1/audit/verify", &account).await?;
        (verified["valid"] == true && verified["entries"].as_u64() >= Some(2)).then_some(())
    })
    .await;
    let said = log(environment, spare);
    assert_eq!(said.matches(SUBSCRIBES_ANEW).count(), 3, "{said}");
}
