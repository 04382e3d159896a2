//! The Scheduler is lost with everything it held.

use std::time::Duration;

use daprenv::Role;
use punctual::dapr::keys::{Keys as _, Written};
use punctual_actors::{
    ports::Clock as _,
    zone::{BundledZones, ZoneData as _},
};
use punctual_events::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    asking::eventually,
    installation::{Account, Installation, text},
};

fn now() -> Timestamp {
    punctual::environment::SystemClock.now()
}

/// Waits until an instant has passed.
async fn until(instant: Timestamp) {
    let ahead_ms = u64::try_from(instant.as_millis() - now().as_millis()).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(ahead_ms + 500)).await;
}

async fn inbox(installation: &Installation, account: &Account) -> Vec<Value> {
    let inbox = installation.get("/v1/notifications", account).await;
    inbox["items"].as_array().unwrap().clone()
}

/// The Scheduler goes, with everything it held.
async fn lose_the_scheduler(installation: &Installation) {
    let scheduler = installation.environment.process("scheduler").unwrap();
    let data = scheduler.folder.join("etcd");
    installation
        .with(|environment| environment.kill("scheduler"))
        .await
        .unwrap();
    std::fs::remove_dir_all(data).unwrap();
}

/// Asks for a digest at the first whole minute that is a minute or more ahead.
async fn digest_a_minute_from(begun: Timestamp, installation: &Installation, account: &Account) {
    let at = begun
        .plus_millis(119_000)
        .to_utc()
        .and_utc()
        .with_timezone(&chrono_tz::Europe::Paris);
    let wish = json!({"digest": {"at": at.format("%H:%M").to_string()}});
    let shown = installation
        .ask(Method::PATCH, "/v1/me/mail", Some(account), Some(wish))
        .await;
    assert_eq!(shown["available"], true);
}

async fn mails_failed(installation: &Installation) -> u64 {
    let notification = installation.environment.url(Role::Notification).unwrap();
    let metrics = crate::actors::http()
        .get(format!("{notification}/metrics"))
        .send()
        .await
        .unwrap();
    let text = metrics.text().await.unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("punctual_mails_failed_total "));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reminders_fire_once_after_the_scheduler_lost_everything_and_everybody_armed_anew() {
    // Nobody takes mail here, which is enough to see that somebody tries.
    let installation = Installation::up(&[("PUNCTUAL_MAIL_FROM", "punctual@example.org")], |_| {}).await;
    let begun = now();
    // Due while the Scheduler is away, and long after.
    let (overdue, ahead) = (begun.plus_millis(6_000), begun.plus_millis(75_000));
    let mut accounts = Vec::new();
    for name in ["ada", "bob"] {
        let account = installation.sign_up(&format!("{name}@example.org")).await;
        for (title, at) in [("overdue", overdue), ("ahead", ahead)] {
            let task = json!({"title": title, "reminders": [{"at": at}]});
            installation.create(&account, task).await;
        }
        accounts.push(account);
    }
    digest_a_minute_from(begun, &installation, &accounts[0]).await;
    assert!(now() < overdue, "this machine is too slow for this test");
    lose_the_scheduler(&installation).await;
    // Long enough to count as late.
    until(overdue.plus_millis(5_000)).await;
    installation
        .with(|environment| environment.start("scheduler"))
        .await
        .unwrap();
    for account in &accounts {
        assert_eq!(
            inbox(&installation, account).await,
            [] as [Value; 0],
            "nobody knows of it"
        );
    }

    // The sidecars find the Scheduler again in their own time; until then those who cannot arm are named.
    let output = eventually("everybody is armed", async || {
        let output = installation.punctual(&["rearm"]).await;
        output.status.success().then_some(output)
    })
    .await;
    let said = text(&output.stdout);
    assert!(
        said.starts_with("2 users and series: 2 armed what they wait for"),
        "{said}"
    );
    assert!(said.contains(&format!("the next wake-up is at {ahead}")), "{said}");
    for account in &accounts {
        let fired = inbox(&installation, account).await;
        assert_eq!((fired.len(), &fired[0]["late"]), (1, &json!(true)), "{fired:?}");
        assert_eq!(fired[0]["due_at"], json!(overdue));
    }
    // Doing it again changes nothing.
    let again = installation.punctual(&["rearm", "--at-once", "1"]).await;
    assert!(again.status.success());

    until(ahead).await;
    for account in &accounts {
        let fired = eventually("what was ahead fires", async || {
            let fired = inbox(&installation, account).await;
            (fired.len() >= 2).then_some(fired)
        })
        .await;
        let second = fired.iter().find(|fired| fired["due_at"] == json!(ahead)).unwrap();
        let fired_at: Timestamp = second["fired_at"].as_str().unwrap().parse().unwrap();
        assert!(fired_at >= ahead, "early: {second}");
    }
    eventually("the digest is tried", async || {
        (mails_failed(&installation).await > 0).then_some(())
    })
    .await;
    // A wake-up that was armed twice has come twice by now.
    tokio::time::sleep(Duration::from_secs(3)).await;
    for account in &accounts {
        assert_eq!(inbox(&installation, account).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_arm_is_named_and_the_walk_says_so_in_its_end() {
    let installation = Installation::up(&[], |_| {}).await;
    let ada = installation.sign_up("ada@example.org").await;
    let task = json!({"title": "ahead", "reminders": [{"at": now().plus_millis(3_600_000)}]});
    installation.create(&ada, task).await;
    installation
        .with(|environment| environment.kill("scheduler"))
        .await
        .unwrap();
    let output = installation.punctual(&["rearm"]).await;
    assert_eq!(output.status.code(), Some(2));
    let named = format!("failed  user/{}: ", ada.user);
    assert!(text(&output.stdout).starts_with(&named), "{}", text(&output.stdout));
}

/// With which zone data wake-ups are armed, as the store remembers it.
const ZONE_DATA: &str = "zone-data";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_with_other_zone_data_has_everybody_arm_anew_by_itself() {
    let installation = Installation::up(&[], |_| {}).await;
    let state = installation.state();
    let ours = format!("\"zone_data\":\"{}\"", BundledZones.version());
    let is_ours = async || {
        let (remembered, _) = state.get(ZONE_DATA).await.ok()??;
        let remembered = std::str::from_utf8(&remembered).unwrap();
        // While somebody is about it that says so, as `walk`.
        (remembered.contains(&ours) && !remembered.contains("walk")).then_some(())
    };
    eventually("the zone data is remembered", is_ours).await;

    let ada = installation.sign_up("ada@example.org").await;
    let at = now().plus_millis(45_000);
    let task = json!({"title": "ahead", "reminders": [{"at": at}]});
    installation.create(&ada, task).await;
    // As after a release with other data: what the Scheduler holds is of no use.
    let (_, version) = state.get(ZONE_DATA).await.unwrap().unwrap();
    let earlier = "{\"format\":1,\"zone_data\":\"2025b\"}\n";
    let replaced = state.replace(ZONE_DATA, &version, earlier.into()).await.unwrap();
    assert_eq!(replaced, Written::Done);
    lose_the_scheduler(&installation).await;
    installation
        .with(|environment| {
            environment.start("scheduler")?;
            environment.restart("api")
        })
        .await
        .unwrap();

    eventually("everybody armed anew", is_ours).await;
    let fired = eventually("the reminder fires", async || {
        let inbox = installation.look("/v1/notifications", &ada).await?;
        let fired = inbox["items"].as_array()?.clone();
        (!fired.is_empty()).then_some(fired)
    })
    .await;
    assert_eq!((fired.len(), &fired[0]["due_at"]), (1, &json!(at)), "{fired:?}");
}
